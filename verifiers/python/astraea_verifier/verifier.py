"""The verification (sections 4, 6, 7 and 8)."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Optional, Sequence

from .circuit import Circuit, Layer, parse_circuit
from .errors import Refused
from .fields import Element, Table, eq_table
from .proof import Proof, instance_vars, parse_proof
from .transcript import Draws, Transcript

DEFAULT_MIN_BITS = 75.0


@dataclass(frozen=True)
class Snapshot:
    """The whole state of a verifier before a layer: claims about the layer's
    outputs, ``(point, value)`` each, and the shared point ``t``."""

    layer: int
    position: int
    state: bytes
    rho: list[Element]
    claims: list[tuple[list[Element], Element]]
    t: list[Element]


def soundness_bits(circuit: Circuit, instances: int, random_in_challenge_field: bool) -> float:
    """Section 8."""
    n_s = instance_vars(instances)
    degree = circuit.layers[-1].out_vars + n_s
    for above, layer in zip([*circuit.layers[1:], None], circuit.layers):
        degree += 2 * layer.in_vars + 2 * n_s
        degree += 2 * layer.in_vars if len(layer.mul) else 0
        degree += 1 if above is not None and len(above.mul) else 0
        degree += 1 + layer.out_vars if len(layer.asserted) else 0
    bits = math.log2(circuit.field.size) - math.log2(max(degree, 1))
    if circuit.num_random:
        values = circuit.field.size if random_in_challenge_field else circuit.field.modulus
        bits = min(bits, math.log2(values))
    return bits


class Verifier:
    """One verification of one decoded proof."""

    def __init__(self, circuit: Circuit, proof: Proof, log: Optional[Draws] = None) -> None:
        self.circuit = circuit
        self.proof = proof
        self.field = circuit.field
        self.n_s = instance_vars(proof.instances)
        self.transcript = Transcript(circuit.field, log)
        self.position = 0
        self.rho: list[Element] = []
        self.snapshots: list[Snapshot] = []

    def run(self, resume: Optional[Snapshot] = None, record: bool = False) -> None:
        """Verify, or raise ``Refused``.

        ``record`` keeps a snapshot before each layer.  ``resume`` starts from
        a snapshot of a proof that agrees with this one in all that comes
        before ``resume.position``.
        """
        if resume is None:
            claims, t = self._opening()
            start = len(self.circuit.layers) - 1
        else:
            claims, t, start = resume.claims, resume.t, resume.layer
            self.position, self.rho = resume.position, resume.rho
            self.transcript.state = resume.state
        for i in range(start, -1, -1):
            if record:
                state = self.transcript.state
                self.snapshots.append(Snapshot(i, self.position, state, self.rho, claims, t))
            claims, t = self._layer(i, claims, t)
        self._check_input(claims, t)
        if self.position != len(self.proof.messages):
            raise Refused("messages are left over")

    def _opening(self) -> tuple[list[tuple[list[Element], Element]], list[Element]]:
        """The opening sequence and the first claim."""
        circuit, proof, transcript = self.circuit, self.proof, self.transcript
        transcript.absorb("protocol", b"astraea-gkr-2")
        transcript.absorb("config", struct.pack("<II", proof.random_in_challenge_field, proof.commitment))
        transcript.absorb("field", struct.pack("<I", self.field.number))
        transcript.absorb("circuit", circuit.digest)
        transcript.absorb("instances", struct.pack("<I", proof.instances))
        transcript.absorb("public", proof.raw["public"])
        transcript.absorb("input", proof.raw["input"])
        self.rho = transcript.challenges(
            "coefficients", circuit.num_random, base=not proof.random_in_challenge_field
        )
        transcript.absorb("outputs", proof.raw["output"])
        k = circuit.layers[-1].out_vars
        point = transcript.challenges("output-point", k + self.n_s)
        z, t = point[:k], point[k:]
        return [(z, self._output_claim(z, t))], t

    def _instance_weights(self, t: Sequence[Element]) -> list[Element]:
        """``eq(t, s)`` for ``s < N``, the last one with all its copies."""
        count = self.proof.instances
        table = eq_table(self.field, t, self.field.one, set(range(1 << self.n_s)))
        weights = [table[s] for s in range(1 << self.n_s)]
        return weights[: count - 1] + [self.field.sum(weights[count - 1 :])]

    def _output_claim(self, z: Sequence[Element], t: Sequence[Element]) -> Element:
        """The value of the output table at ``(z, t)``, from the claimed outputs."""
        circuit, proof, field = self.circuit, self.proof, self.field
        width = circuit.num_claimed
        if width == 0:
            return 0
        used = range(circuit.num_zero_outputs, circuit.num_outputs)
        table = eq_table(field, z, field.one, set(used))
        row = [table[i] for i in used]
        dot = field.dot if proof.outputs_in_challenge_field else field.dot_base
        values = [dot(row, proof.outputs[i : i + width]) for i in range(0, len(proof.outputs), width)]
        return field.dot(self._instance_weights(t), values)

    def _next(self) -> Element:
        """The next element of the message section."""
        self.position += 1
        return self.proof.messages[self.position - 1]

    def _round(self) -> tuple[Element, Element, Element]:
        """The two elements of a message and the challenge after them."""
        a, b = self._next(), self._next()
        self.transcript.absorb("round", self.field.encode(a) + self.field.encode(b))
        return a, b, self.transcript.challenges("challenge", 1)[0]

    def _at(self, q0: Element, q1: Element, q_inf: Element, r: Element) -> Element:
        """``q(r)``."""
        field = self.field
        linear = field.sub(field.sub(q1, q0), q_inf)
        return field.add(q0, field.mul(r, field.add(linear, field.mul(r, q_inf))))

    def _wire_rounds(self, n: int, claim: Element) -> tuple[list[Element], Element]:
        """Rounds over the bits of a wire (steps 5 and 10): point and claim."""
        point = []
        for _ in range(n):
            s0, s_inf, r = self._round()
            claim = self._at(s0, self.field.sub(claim, s0), s_inf, r)
            point.append(r)
        return point, claim

    def _instance_rounds(self, t: Sequence[Element], claim: Element) -> tuple[list[Element], Element]:
        """Rounds over the bits of the instance (step 6): point and claim."""
        field, point = self.field, []
        for t_j in t:
            d, q_inf, r = self._round()
            q0 = field.sub(claim, field.mul(t_j, d))
            claim = self._at(q0, field.add(q0, d), q_inf, r)
            point.append(r)
        return point, claim

    def _evaluation(self, label: str) -> Element:
        """A claimed evaluation of the layer's input table."""
        value = self._next()
        self.transcript.absorb(label, self.field.encode(value))
        return value

    def _weights(self, layer: Layer, claims: list[tuple[list[Element], Element]]) -> tuple[Table, Element]:
        """Steps 1 to 3: the table ``W`` and the combined claim."""
        field, k = self.field, layer.out_vars
        drawn = self.transcript.challenges("assert", 1 + k) if len(layer.asserted) else []
        point, claim = claims[0]
        weights = eq_table(field, point, field.one, layer.used_z)
        if len(claims) == 2:
            alpha = self.transcript.challenges("combine", 1)[0]
            second = eq_table(field, claims[1][0], alpha, layer.used_z)
            claim = field.add(claim, field.mul(alpha, claims[1][1]))
            weights = {z: field.add(weights[z], second[z]) for z in layer.used_z}
        if drawn:
            tested = layer.used_z.intersection(layer.asserted)
            third = eq_table(field, drawn[1:], drawn[0], tested)
            weights = {z: weights[z] for z in layer.used_z}
            weights.update((z, field.add(weights[z], third[z])) for z in tested)
        return weights, claim

    def _constants(self, layer: Layer, w: Table, t: Sequence[Element]) -> Element:
        """Step 4: what the const gates add to the claim."""
        field, proof = self.field, self.proof
        total = field.dot_base(
            (w[z] for z, _ in layer.const), (layer.constants[c] for _, c in layer.const)
        )
        random = layer.const_random
        total = field.add(total, field.dot((w[z] for z, _ in random), (self.rho[i] for _, i in random)))
        if layer.const_public:
            s_weights, width = self._instance_weights(t), self.circuit.num_public
            used = {i for _, i in layer.const_public}
            values = {i: field.dot_base(s_weights, proof.public[i::width]) for i in used}
            public = field.dot((w[z] for z, _ in layer.const_public),
                               (values[i] for _, i in layer.const_public))
            total = field.add(total, public)
        return total

    def _layer(self, index: int, claims: list[tuple[list[Element], Element]],
               t: list[Element]) -> tuple[list[tuple[list[Element], Element]], list[Element]]:
        """Section 7 for one layer: the claims about the layer below."""
        field, layer = self.field, self.circuit.layers[index]
        w, claim = self._weights(layer, claims)
        claim = field.sub(claim, self._constants(layer, w, t))
        r_x, claim = self._wire_rounds(layer.in_vars, claim)
        r_s, claim = self._instance_rounds(t, claim)
        v_x = self._evaluation("eval-x")
        ex = eq_table(field, r_x, field.one, layer.used_x)
        adds = field.add_gates(layer.add, layer.constants, self.rho, w, ex)
        claim = field.sub(claim, field.mul(adds, v_x))
        if not len(layer.mul):
            if claim != 0:
                raise Refused(f"layer {index}: the claim is not zero")
            return [(r_x, v_x)], r_s
        r_y, claim = self._wire_rounds(layer.in_vars, claim)
        v_y = self._evaluation("eval-y")
        ey = eq_table(field, r_y, field.one, layer.used_y)
        muls = field.mul_gates(layer.mul, layer.constants, self.rho, w, ex, ey)
        if claim != field.mul(field.mul(v_x, v_y), muls):
            raise Refused(f"layer {index}: the claim is not the product")
        return [(r_x, v_x), (r_y, v_y)], r_s

    def _check_input(self, claims: list[tuple[list[Element], Element]], t: Sequence[Element]) -> None:
        """Compare the last claims with the input section."""
        field, inputs = self.field, self.proof.inputs
        width = 1 << self.circuit.input_vars
        weights = self._instance_weights(t)
        for point, value in claims:
            table = eq_table(field, point, field.one, set(range(width)))
            row = [table[i] for i in range(width)]
            values = [field.dot_base(row, inputs[i : i + width]) for i in range(0, len(inputs), width)]
            if field.dot(weights, values) != value:
                raise Refused("the input does not have the claimed value")


def verify(circuit: Circuit, data: bytes, min_bits: float = DEFAULT_MIN_BITS,
           public: Optional[bytes] = None, log: Optional[Draws] = None) -> float:
    """Verify a proof file; its soundness bits, or ``Malformed`` or ``Refused``."""
    proof = parse_proof(circuit, data)
    if public is not None and public != proof.raw["public"]:
        raise Refused("the proof is for other public inputs")
    bits = soundness_bits(circuit, proof.instances, proof.random_in_challenge_field)
    if bits < min_bits:
        raise Refused(f"{bits:.2f} bits of soundness are below the limit of {min_bits:g}")
    Verifier(circuit, proof, log).run()
    return bits


def verify_files(circuit_file: bytes, proof_file: bytes, min_bits: float = DEFAULT_MIN_BITS,
                 public: Optional[bytes] = None) -> float:
    """Parse a circuit file and verify a proof file for it."""
    return verify(parse_circuit(circuit_file), proof_file, min_bits, public)
