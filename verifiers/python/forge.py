#!/usr/bin/env python3
"""False proofs in which exactly one check of the verifier can notice the lie.

A flipped bit changes every later challenge, so flips cannot tell a verifier
that skips a check from a complete one.  This small dense prover (for the tiny
circuits of the vectors only) proves honestly except for one chosen lie:

* ``honest``: none; must be accepted and, for a vector's own witness, equal the
  vector's proof byte for byte;
* ``output``: one claimed output is wrong (the last layer's check);
* ``first i``, ``second i``, ``both i``: of layer ``i``'s evaluations ``v_x`` and ``v_y``
  the first, the second or both are false, but solve the layer's own check (the
  check of the layer below, or for layer 0 that of the input, must notice);
* ``witness``: one input changed and everything else honest: the proof must be
  accepted exactly if no asserted and no declared-zero output is violated.

    forge.py VECTORS
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Optional

from astraea_verifier.circuit import Circuit, Layer, parse_circuit
from astraea_verifier.errors import Malformed, Refused
from astraea_verifier.fields import Element, Field, GateList, Table as EqTable, eq_table
from astraea_verifier.proof import Proof, parse_proof
from astraea_verifier.transcript import Transcript
from astraea_verifier.verifier import Verifier, verify

Table = list[Element]
Gate = tuple[int, int, int, Element]


def full_eq(field: Field, point: list[Element]) -> Table:
    """The whole table of ``eq(point, .)``."""
    table = eq_table(field, point, field.one, set(range(1 << len(point))))
    return [table[i] for i in range(1 << len(point))]


def inverse(field: Field, a: Element) -> Element:
    """``1 / a``."""
    result, power, exponent = field.one, a, field.size - 2
    while exponent:
        if exponent & 1:
            result = field.mul(result, power)
        power, exponent = field.mul(power, power), exponent >> 1
    return result


def expand(gates: GateList, constants: list[int], rho: list[Element]) -> list[Gate]:
    """Gates as ``(z, x, y, coefficient in F)``; ``y`` is 0 for add gates."""
    ys = gates.y if len(gates.y) else [0] * len(gates.z)
    plain = [(z, x, y, constants[c]) for z, x, y, c in zip(gates.z, gates.x, ys, gates.coef)]
    return plain + [(z, x, y, rho[i]) for z, x, y, i in gates.random]


class Prover(Verifier):
    """The verifier's bookkeeping with the prover's tables."""

    def __init__(self, circuit: Circuit, proof: Proof, lie: tuple[str, int]) -> None:
        super().__init__(circuit, proof)
        self.lie = lie
        self.sent: list[Element] = []
        self.tables: list[list[Table]] = []
        self.lied = False

    def _evaluate(self) -> None:
        """``tables[i][s]``: wires that layer ``i`` reads in instance ``s``."""
        width = 1 << self.circuit.input_vars
        rows = [self.proof.inputs[i : i + width] for i in range(0, len(self.proof.inputs), width)]
        self.tables = [rows]
        for layer in self.circuit.layers:
            rows = [self._outputs(layer, row, s) for s, row in enumerate(rows)]
            self.tables.append(rows)

    def _outputs(self, layer: Layer, row: Table, s: int) -> Table:
        """One layer in one instance."""
        f, out = self.field, [0] * (1 << layer.out_vars)
        for z, x, y, c in expand(layer.mul, layer.constants, self.rho):
            out[z] = f.add(out[z], f.mul(c, f.mul(row[x], row[y])))
        for z, x, _, c in expand(layer.add, layer.constants, self.rho):
            out[z] = f.add(out[z], f.mul(c, row[x]))
        width = self.circuit.num_public
        values = [(z, layer.constants[c]) for z, c in layer.const]
        values += [(z, self.proof.public[s * width + i]) for z, i in layer.const_public]
        values += [(z, self.rho[i]) for z, i in layer.const_random]
        for z, c in values:
            out[z] = f.add(out[z], c)
        return out

    def _send(self, label: str, *values: Element) -> None:
        """Append to the message section and absorb."""
        self.sent += values
        self.transcript.absorb(label, b"".join(map(self.field.encode, values)))

    def prove(self) -> bytes:
        """The whole proof file."""
        f, circuit, proof = self.field, self.circuit, self.proof
        self._opening()  # only for the random coefficients
        rho = self.rho
        self._evaluate()
        outputs = [v for row in self.tables[-1] for v in row[circuit.num_zero_outputs : circuit.num_outputs]]
        if self.lie[0] == "output" and outputs:
            outputs[self.lie[1] % len(outputs)] = f.add(outputs[self.lie[1] % len(outputs)], f.one)
            self.lied = True
        if proof.outputs_in_challenge_field:
            raw = b"".join(map(f.encode, outputs))
        else:
            raw = b"".join(f.encode(v)[: f.base_bytes] for v in outputs)
        object.__setattr__(proof, "outputs", outputs)
        proof.raw["output"] = raw
        self.transcript = Transcript(f)
        claims, t = self._opening()
        assert rho == self.rho
        for i in range(len(circuit.layers) - 1, -1, -1):
            claims, t = self._prove_layer(i, claims, t)
        proof.raw["message"] = b"".join(map(f.encode, self.sent))
        head = struct.pack("<4I", 2, f.number, proof.random_in_challenge_field, 0)
        data = b"ASTRAEAP" + head + circuit.digest + struct.pack("<I", proof.instances)
        for name in ("public", "input", "output", "message"):
            data += struct.pack("<Q", len(proof.raw[name])) + proof.raw[name]
        return data

    def _rounds(self, v: Table, h: Table, weights: Table, n: int, block: int,
                claim: Element, lie: bool) -> tuple[list[Element], Element]:
        """``n`` rounds on the top bits; index ``bits * block + s``, weight by ``s``."""
        f, point = self.field, []
        for _ in range(n):
            half = len(v) // 2
            s0 = s_inf = 0
            for i in range(half):
                e = weights[i % block]
                s0 = f.add(s0, f.mul(e, f.mul(v[i], h[i])))
                d = f.mul(f.sub(v[i + half], v[i]), f.sub(h[i + half], h[i]))
                s_inf = f.add(s_inf, f.mul(e, d))
            if lie and len(point) == n - 1:
                s_inf = f.add(s_inf, f.one)
            self._send("round", s0, s_inf)
            r = self.transcript.challenges("challenge", 1)[0]
            claim = self._at(s0, f.sub(claim, s0), s_inf, r)
            for table in (v, h):
                table[:] = [f.add(a, f.mul(r, f.sub(b, a))) for a, b in zip(table, table[half:])]
            point.append(r)
        return point, claim

    def _s_rounds(self, v: Table, h: Table, t: list[Element],
                  claim: Element, lie: bool) -> tuple[list[Element], Element]:
        """The rounds over the instances."""
        f, point = self.field, []
        for j in range(len(t)):
            half, rest = len(v) // 2, full_eq(self.field, t[j + 1 :])
            dots = [f.dot(rest, [f.mul(a, b) for a, b in zip(p, q)]) for p, q in (
                (v[:half], h[:half]), (v[half:], h[half:]),
                ([f.sub(b, a) for a, b in zip(v, v[half:])], [f.sub(b, a) for a, b in zip(h, h[half:])]))]
            d = f.sub(dots[1], dots[0])
            if lie and j == len(t) - 1:
                dots[2] = f.add(dots[2], f.one)
            self._send("round", d, dots[2])
            r = self.transcript.challenges("challenge", 1)[0]
            q0 = f.sub(claim, f.mul(t[j], d))
            claim = self._at(q0, f.add(q0, d), dots[2], r)
            for table in (v, h):
                table[:] = [f.add(a, f.mul(r, f.sub(b, a))) for a, b in zip(table, table[half:])]
            point.append(r)
        return point, claim

    def _prove_layer(self, i: int, claims: list, t: list[Element]) -> tuple[list, list[Element]]:
        """Section 7 for one layer from the prover's side, with the lie if it is here."""
        f, layer, n = self.field, self.circuit.layers[i], self.circuit.layers[i].in_vars
        w, claim = self._weights(layer, claims)
        claim = f.sub(claim, self._constants(layer, w, t))
        table, h, muls = self._wire_tables(i, w)
        count, v = 1 << self.n_s, list(table)
        first, both, second = (self.lie == (kind, i) for kind in ("first", "both", "second"))
        r_x, claim = self._rounds(v, h, full_eq(f, t), n, count, claim, first)
        r_s, claim = self._s_rounds(v, h, t, claim, first and n == 0)
        ex, v_x = full_eq(f, r_x), v[0]
        adds = f.add_gates(layer.add, layer.constants, self.rho, w, ex)
        m = [0] * (1 << n)
        for z, x, y, c in muls:
            m[y] = f.add(m[y], f.mul(f.mul(c, w[z]), ex[x]))
        es = full_eq(f, r_s)
        vy = [f.dot(es, table[y * count : (y + 1) * count]) for y in range(1 << n)]
        slope = f.add(adds, f.dot(m, vy))
        if first and n + self.n_s and slope:
            v_x, self.lied = f.mul(claim, inverse(f, slope)), True
        elif both and muls or first and slope == claim == 0:
            v_x = f.add(v_x, f.one)
            self.lied = first
        self._send("eval-x", v_x)
        claim = f.sub(claim, f.mul(adds, v_x))
        if not muls:
            return [(r_x, v_x)], r_s
        m = [f.mul(v_x, a) for a in m]
        r_y, claim = self._rounds(m, vy, [f.one], n, 1, claim, second)
        v_y = vy[0]
        if (both or second and n) and m[0]:
            v_y, self.lied = f.mul(claim, inverse(f, m[0])), True
        self._send("eval-y", v_y)
        return [(r_x, v_x), (r_y, v_y)], r_s

    def _wire_tables(self, i: int, w: EqTable) -> tuple[Table, Table, list[Gate]]:
        """``V`` and ``H`` over wires and instances, and the mul gates of layer ``i``."""
        f, layer = self.field, self.circuit.layers[i]
        last, count = self.proof.instances - 1, 1 << self.n_s
        table = [self.tables[i][min(s, last)][x] for x in range(1 << layer.in_vars) for s in range(count)]
        h = [0] * len(table)
        muls = expand(layer.mul, layer.constants, self.rho)
        for s in range(count):
            for z, x, y, c in muls:
                at = x * count + s
                h[at] = f.add(h[at], f.mul(f.mul(c, w[z]), table[y * count + s]))
            for z, x, _, c in expand(layer.add, layer.constants, self.rho):
                h[x * count + s] = f.add(h[x * count + s], f.mul(c, w[z]))
        return table, h, muls


def is_true(prover: Prover) -> bool:
    """Whether all asserted and declared-zero wires are zero."""
    circuit = prover.circuit
    for layer, rows in zip(circuit.layers, prover.tables[1:]):
        if any(row[z] for row in rows for z in layer.asserted):
            return False
    return not any(any(row[: circuit.num_zero_outputs]) for row in prover.tables[-1])


def forged(circuit: Circuit, data: bytes, lie: tuple[str, int]) -> Optional[tuple[bytes, bool]]:
    """A proof with the lie, if the lie is possible, and whether it must be accepted."""
    proof = parse_proof(circuit, data)
    if lie[0] == "witness":
        proof.inputs[lie[1]] = (proof.inputs[lie[1]] + 1) % circuit.field.modulus
        width = circuit.field.base_bytes
        proof.raw["input"] = b"".join(v.to_bytes(width, "little") for v in proof.inputs)
    prover = Prover(circuit, proof, lie)
    result = prover.prove()
    if lie[0] in ("honest", "witness"):
        return result, is_true(prover)
    return (result, False) if prover.lied else None


def main() -> int:
    """Forge for every vector; exit code 1 on any surprise."""
    bad = 0
    for file in sorted(Path(sys.argv[1]).glob("*.json")):
        vector = json.loads(file.read_text(encoding="utf-8"))
        circuit = parse_circuit(bytes.fromhex(vector["circuit"]))
        data = bytes.fromhex(vector["proof"])
        inputs = len(parse_proof(circuit, data).inputs)
        lies = [("honest", 0), *(("output", i) for i in range(4))]
        lies += [(kind, i) for kind in ("first", "second", "both") for i in range(len(circuit.layers))]
        lies += [("witness", i) for i in range(inputs)]
        print(f"{file.name}:")
        for lie in lies:
            made = forged(circuit, data, lie)
            if made is None:
                print(f"  {lie[0]} {lie[1]}: not possible")
                continue
            proof, valid = made
            try:
                verify(circuit, proof, min_bits=0.0)
                outcome = "accepted"
            except (Malformed, Refused) as error:
                outcome = f"refused: {error}"
            good = (outcome == "accepted") == valid and (lie[0] != "honest" or proof == data)
            bad += not good
            print(f"  {lie[0]} {lie[1]}: {outcome}{'' if good else '   <-- WRONG'}")
    print(f"{'ok' if not bad else 'FAILED'}: {bad} surprises")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
