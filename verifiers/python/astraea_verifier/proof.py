"""The proof file (section 5)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .circuit import Circuit
from .errors import Malformed, Refused
from .fields import Element

SECTIONS = ("public", "input", "output", "message")


@dataclass(frozen=True)
class Proof:
    """A decoded proof, sections also as the bytes that the transcript absorbs."""

    random_in_challenge_field: bool
    commitment: int
    instances: int
    raw: dict[str, bytes]
    public: list[int]
    inputs: list[int]
    outputs: list[Element]
    outputs_in_challenge_field: bool
    messages: list[Element]
    spans: dict[str, tuple[int, int]]
    """Where each section lies in the file, without its length."""


def instance_vars(instances: int) -> int:
    """``n_s``: the smallest integer with ``2^(n_s) >= instances``."""
    return (instances - 1).bit_length()


def message_count(circuit: Circuit, instances: int) -> int:
    """Number of challenge elements in the message section."""
    n_s = instance_vars(instances)
    return sum(
        2 * layer.in_vars + 2 * n_s + 1 + (2 * layer.in_vars + 1 if len(layer.mul) else 0)
        for layer in circuit.layers
    )


def _header(circuit: Circuit, data: bytes) -> tuple[int, int, int]:
    """Check the fixed part; random coefficients, commitment and instances."""
    if len(data) < 60:
        raise Malformed("the proof file is truncated")
    if data[:8] != b"ASTRAEAP":
        raise Malformed("this is not a proof file")
    version, field, random, commitment = struct.unpack("<4I", data[8:24])
    (instances,) = struct.unpack("<I", data[56:60])
    if version != 2:
        raise Malformed("the proof's version is unknown")
    if random > 1 or commitment != 0:
        raise Malformed("the proof's configuration is unknown")
    if not 1 <= instances <= 1 << 20:
        raise Malformed("the number of instances is out of range")
    if field != circuit.field.number:
        raise Refused("the proof is over another field than the circuit")
    if data[24:56] != circuit.digest:
        raise Refused("the proof is for another circuit")
    return random, commitment, instances


def parse_proof(circuit: Circuit, data: bytes) -> Proof:
    """Decode a proof file for this circuit."""
    random, commitment, instances = _header(circuit, data)
    field = circuit.field
    wide_outputs = random == 1 and circuit.num_random > 0
    lengths = (
        instances * circuit.num_public * field.base_bytes,
        (instances << circuit.input_vars) * field.base_bytes,
        instances * circuit.num_claimed * (field.element_bytes if wide_outputs else field.base_bytes),
        message_count(circuit, instances) * field.element_bytes,
    )
    raw: dict[str, bytes] = {}
    spans: dict[str, tuple[int, int]] = {}
    at = 60
    for name, length in zip(SECTIONS, lengths):
        if len(data) < at + 8 + length:
            raise Malformed(f"the {name} section is truncated or has a wrong length")
        if int.from_bytes(data[at : at + 8], "little") != length:
            raise Malformed(f"the {name} section has a wrong length")
        at += 8
        raw[name], spans[name] = data[at : at + length], (at, at + length)
        at += length
    if at != len(data):
        raise Malformed("bytes follow the last section")
    decode_output = field.decode if wide_outputs else field.decode_base
    return Proof(
        random == 1, commitment, instances, raw,
        field.decode_base(raw["public"]), field.decode_base(raw["input"]),
        decode_output(raw["output"]), wide_outputs, field.decode(raw["message"]), spans,
    )
