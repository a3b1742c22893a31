"""Test vectors and mutants.

Every mutant must be refused by ``Malformed`` or ``Refused``; any other
exception is a failure, like acceptance.
"""

from __future__ import annotations

import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any, Iterator, Optional

from .circuit import Circuit, parse_circuit
from .errors import Malformed, Refused
from .fields import Element
from .proof import SECTIONS, Proof, parse_proof
from .transcript import Draws
from .verifier import Snapshot, Verifier, soundness_bits, verify


class Counts:
    """Numbers of checks by kind, with the failures among them."""

    def __init__(self) -> None:
        self.checks: dict[str, int] = {}
        self.failures: list[str] = []

    def check(self, kind: str, good: bool, what: str) -> None:
        """Count one check."""
        self.checks[kind] = self.checks.get(kind, 0) + 1
        if not good:
            self.failures.append(f"{kind}: {what}")

    @property
    def total(self) -> int:
        """Number of checks."""
        return sum(self.checks.values())

    def __str__(self) -> str:
        return ", ".join(f"{kind} {count}" for kind, count in self.checks.items())


def _outcome(circuit: Circuit, data: bytes) -> str:
    """``accepted``, ``malformed``, ``refused`` or the name of a bug."""
    try:
        verify(circuit, data, min_bits=0.0)
    except Malformed:
        return "malformed"
    except Refused:
        return "refused"
    except Exception as error:  # a bug in this verifier: a failed check
        return f"{type(error).__name__}: {error}"
    return "accepted"


def _circuit_outcome(original: Circuit, data: bytes, proof: bytes) -> str:
    """Outcome of a changed circuit file with the valid proof of the original."""
    try:
        circuit = parse_circuit(data)
    except Malformed:
        return "malformed"
    except Exception as error:  # a bug in this verifier: a failed check
        return f"{type(error).__name__}: {error}"
    return _outcome(circuit, proof) if circuit.digest != original.digest else "same digest"


def small_mutants(data: bytes, all_bits: bool) -> Iterator[tuple[str, bytes]]:
    """The mutants of a small file: in byte ``i`` the bit ``(5 i + i // 8) mod 8``
    flipped (or all eight), truncation to every shorter length, an appended byte
    of each of nine values, and two appended blocks."""
    for i in range(len(data)):
        for bit in range(8) if all_bits else ((5 * i + i // 8) % 8,):
            changed = bytearray(data)
            changed[i] ^= 1 << bit
            yield f"bit {bit} of byte {i} flipped", bytes(changed)
    for length in range(len(data)):
        yield f"cut to {length} bytes", data[:length]
    for value in (0, *(1 << bit for bit in range(8))):
        yield f"byte {value} appended", data + bytes([value])
    yield "32 zero bytes appended", data + bytes(32)
    yield "appended to itself", data + data


def non_canonical_mutants(data: bytes, circuit: Circuit, proof: Proof) -> Iterator[tuple[str, bytes]]:
    """The modulus added to a base element of a section, wherever it fits: a
    decoder that reduces and encodes again would not notice."""
    width = circuit.field.base_bytes
    if circuit.field.modulus == 2:  # of gf2, only the base elements have an unused range
        names = ["public", "input"] + ([] if proof.outputs_in_challenge_field else ["output"])
    else:
        names = list(SECTIONS)
    for name in names:
        for at in range(*proof.spans[name], width):
            value = int.from_bytes(data[at : at + width], "little") + circuit.field.modulus
            if value < 1 << (8 * width):
                yield f"modulus added at byte {at}", data[:at] + value.to_bytes(width, "little") + data[at + width :]


def _check_vector(vector: dict[str, Any], counts: Counts, all_bits: bool) -> None:
    """All checks of one vector."""
    circuit_file, data = bytes.fromhex(vector["circuit"]), bytes.fromhex(vector["proof"])
    circuit = parse_circuit(circuit_file)
    counts.check("digest", circuit.digest.hex() == vector["digest"], "differs")
    proof = parse_proof(circuit, data)
    header = (circuit.field.name, "challenge" if proof.random_in_challenge_field else "base", proof.instances)
    expected = (vector["field"], vector["random_coefs"], vector["instances"])
    counts.check("header", header == expected, f"{header}, not {expected}")
    bits = soundness_bits(circuit, proof.instances, proof.random_in_challenge_field)
    counts.check("bits", abs(bits - vector["soundness_bits"]) < 1e-9, f"{bits}")
    log: Draws = []
    try:
        verify(circuit, data, min_bits=0.0, log=log)
        counts.check("accepted", True, "")
    except (Malformed, Refused) as error:
        counts.check("accepted", False, str(error))
    draws = [(entry["label"], entry["elements"]) for entry in vector["challenges"]]
    counts.check("number of draws", len(log) == len(draws), f"{len(log)}, not {len(draws)}")
    for i, (ours, theirs) in enumerate(zip(log, draws)):
        counts.check("draws", ours == theirs, f"draw {i}: {ours}, not {theirs}")
    for what, changed in small_mutants(data, all_bits):
        outcome = _outcome(circuit, changed)
        counts.check("proof mutants", outcome in ("malformed", "refused"), f"{what}: {outcome}")
    for what, changed in non_canonical_mutants(data, circuit, proof):
        outcome = _outcome(circuit, changed)
        counts.check("non-canonical", outcome == "malformed", f"{what}: {outcome}")
    for what, changed in small_mutants(circuit_file, all_bits):
        outcome = _circuit_outcome(circuit, changed, data)
        counts.check("circuit mutants", outcome in ("malformed", "refused"), f"{what}: {outcome}")


def run_vectors(folder: Path, all_bits: bool = False) -> bool:
    """Check every vector of a folder; whether all is well."""
    files = sorted(folder.glob("*.json"))
    total, failures = 0, 0
    for file in files:
        start, counts = time.process_time(), Counts()
        try:
            _check_vector(json.loads(file.read_text(encoding="utf-8")), counts, all_bits)
        except (Malformed, Refused, ValueError, KeyError, TypeError) as error:
            counts.check("vector", False, f"{type(error).__name__}: {error}")
        seconds = time.process_time() - start
        print(f"{file.name}: {counts}; {len(counts.failures)} failures, {seconds:.1f} s", flush=True)
        for failure in counts.failures[:10]:
            print(f"  FAILED {failure}")
        total += counts.total
        failures += len(counts.failures)
    good = bool(files) and failures == 0
    print(f"{'ok' if good else 'FAILED'}: {len(files)} vectors, {total} checks, {failures} failures")
    return good


class _Numbers:
    """Deterministic numbers: SHA-256 of a counter."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self.count = 0

    def below(self, bound: int) -> int:
        """The next number below ``bound``."""
        self.count += 1
        digest = sha256(self.seed + self.count.to_bytes(8, "little")).digest()
        return int.from_bytes(digest, "little") % bound


KINDS = ("header", "lengths", *SECTIONS, "message", "message", "swap message", "swap input",
         "truncation", "append")


def _swap(data: bytes, span: tuple[int, int], width: int, numbers: _Numbers) -> Optional[bytes]:
    """Two different elements of a section swapped, if there are such."""
    count = (span[1] - span[0]) // width
    for _ in range(64 if count > 1 else 0):
        i, j = (span[0] + numbers.below(count) * width for _ in range(2))
        a, b = data[i : i + width], data[j : j + width]
        if a != b:
            changed = bytearray(data)
            changed[i : i + width], changed[j : j + width] = b, a
            return bytes(changed)
    return None


def large_mutants(data: bytes, circuit: Circuit, proof: Proof, count: int) -> Iterator[tuple[str, bytes]]:
    """``count`` mutants of a large proof, the kinds of ``KINDS`` in turn."""
    numbers = _Numbers(b"astraea mutants" + circuit.digest)
    spans = {"header": (0, 60), **proof.spans}
    widths = {"swap message": circuit.field.element_bytes, "swap input": circuit.field.base_bytes}
    for i in range(count):
        kind = KINDS[i % len(KINDS)]
        changed: Optional[bytes] = None
        if kind in widths:
            changed = _swap(data, proof.spans[kind.split()[1]], widths[kind], numbers)
        elif kind == "truncation":
            changed = data[: numbers.below(len(data))]
        elif kind == "append":
            changed = data + bytes(numbers.below(256) for _ in range(1 + numbers.below(40)))
        if changed is None:
            span = spans.get(kind, (0, 0))
            if kind == "lengths":
                end = proof.spans[SECTIONS[numbers.below(4)]][0]
                span = (end - 8, end)
            if span[0] == span[1]:  # an empty section, or nothing to swap
                kind, span = f"{kind} (anywhere)", (0, len(data))
            at, bit = span[0] + numbers.below(span[1] - span[0]), numbers.below(8)
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            kind, changed = f"{kind}: bit {bit} of byte {at}", bytes(flipped)
        yield kind, changed


def _resume_point(circuit: Circuit, data: bytes, proof: Proof, changed: bytes,
                  snapshots: list[Snapshot]) -> Optional[Snapshot]:
    """The last snapshot before the first change, if only messages change."""
    start = proof.spans["message"][0]
    if len(changed) != len(data) or changed[:start] != data[:start]:
        return None
    old: list[Element] = proof.messages
    new = circuit.field.decode(changed[start:])
    first = next(i for i, (a, b) in enumerate(zip(old, new)) if a != b)
    return max((s for s in snapshots if s.position <= first), key=lambda s: s.position)


def _large_outcome(circuit: Circuit, data: bytes, proof: Proof, changed: bytes,
                   snapshots: list[Snapshot]) -> str:
    """Outcome of a mutant, from the last layer whose claims it leaves alone."""
    try:
        mutant = parse_proof(circuit, changed)
        Verifier(circuit, mutant).run(_resume_point(circuit, data, proof, changed, snapshots))
    except Malformed as error:
        return f"malformed: {error}"
    except Refused as error:
        return f"refused: {error}"
    except Exception as error:  # a bug in this verifier: a failed check
        return f"{type(error).__name__}: {error}"
    return "accepted"


def run_mutants(circuit: Circuit, data: bytes, count: int) -> bool:
    """Refuse ``count`` mutants of a valid proof; whether all is well.

    The valid proof is verified once, and the state before each layer is kept.
    A mutant that changes only messages is verified from the layer of its first
    change on: all before is the same computation.
    """
    proof = parse_proof(circuit, data)
    valid = Verifier(circuit, proof)
    valid.run(record=True)
    print(f"the proof is valid ({time.process_time():.1f} s)", flush=True)
    outcomes: dict[str, int] = {}
    failures = 0
    for what, changed in large_mutants(data, circuit, proof, count):
        outcome = _large_outcome(circuit, data, proof, changed, valid.snapshots)
        if changed == data or not outcome.startswith(("malformed: ", "refused: ")):
            failures += 1
            print(f"  FAILED {what}: {outcome}")
        reason = "refused: a layer's claim" if outcome.startswith("refused: layer") else outcome
        outcomes[reason] = outcomes.get(reason, 0) + 1
    for outcome, number in sorted(outcomes.items()):
        print(f"  {number:6} {outcome}")
    good = failures == 0
    print(f"{'ok' if good else 'FAILED'}: {count} mutants, {failures} failures, {time.process_time():.1f} s")
    return good
