"""The circuit file (section 3.1)."""

from __future__ import annotations

import operator
import struct
import sys
from array import array
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Sequence

from .errors import Malformed
from .fields import FIELDS, Field, GateList

RANDOM = 0xFFFF_FFFF
PUBLIC = 0x8000_0000


@dataclass(frozen=True)
class Layer:
    """One layer; ``const`` holds ``(z, constant index)`` and so on."""

    in_vars: int
    out_vars: int
    constants: list[int]
    mul: GateList
    add: GateList
    const: list[tuple[int, int]]
    const_public: list[tuple[int, int]]
    const_random: list[tuple[int, int]]
    asserted: Sequence[int]
    used_z: set[int]
    used_x: set[int]
    used_y: set[int]


@dataclass(frozen=True)
class Circuit:
    """A circuit in canonical form."""

    field: Field
    input_vars: int
    num_public: int
    num_random: int
    num_outputs: int
    num_zero_outputs: int
    layers: list[Layer]
    digest: bytes

    @property
    def num_claimed(self) -> int:
        """Outputs of one instance that the prover claims in public."""
        return self.num_outputs - self.num_zero_outputs


class _Reader:
    """Bytes read from the front; a read past the end is refused."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        if count > len(self.data) - self.at:
            raise Malformed("the circuit file is truncated")
        self.at += count
        return self.data[self.at - count : self.at]

    def u32(self) -> int:
        """The next integer."""
        return int.from_bytes(self.take(4), "little")

    def columns(self, width: int) -> list[array[int]]:
        """A count and as many rows of ``width`` integers, by column, checked
        to be in ascending order."""
        count = self.u32()
        flat = array("I")
        if flat.itemsize != 4:
            raise Malformed("this machine's array('I') has no 32 bits")
        flat.frombytes(self.take(4 * width * count))
        if sys.byteorder == "big":
            flat.byteswap()
        columns = [flat[i::width] for i in range(width)]
        rows = list(zip(*columns))
        if not all(map(operator.le, rows, islice(rows, 1, None))):
            raise Malformed("gates are not in ascending order")
        return columns


def _below(values: Sequence[int], bound: int, what: str) -> None:
    """Refuse a value that is not below the bound."""
    if len(values) and max(values) >= bound:
        raise Malformed(f"{what} out of range")


def _gates(columns: list[array[int]], random_from: int) -> GateList:
    """Split off the gates with random coefficients, numbered from ``random_from``."""
    coef = columns[-1]
    if RANDOM not in coef:
        y = columns[2] if len(columns) == 4 else array("I")
        return GateList(columns[0], columns[1], y, coef, ())
    plain = [array("I") for _ in columns]
    random = []
    for row in zip(*columns):
        if row[-1] == RANDOM:
            y = row[2] if len(columns) == 4 else 0
            random.append((row[0], row[1], y, random_from + len(random)))
        else:
            for column, value in zip(plain, row):
                column.append(value)
    y_column = plain[2] if len(columns) == 4 else array("I")
    return GateList(plain[0], plain[1], y_column, plain[-1], random)


def _constants(reader: _Reader, field: Field) -> list[int]:
    """The constants of a layer: canonical, ascending, none zero."""
    values = field.decode_base(reader.take(reader.u32() * field.base_bytes))
    if values and values[0] == 0:
        raise Malformed("a constant is zero")
    if not all(map(operator.lt, values, islice(values, 1, None))):
        raise Malformed("constants are not in ascending order")
    return values


def _check_coefs(columns: Sequence[array[int]], constants: int, num_public: int) -> None:
    """Coefficients of mul, add and const gates: in range, every constant used."""
    used: set[int] = set()
    for kind, coefs in enumerate(columns):
        allowed = {c for c in set(coefs) if c >= constants and c != RANDOM}
        if kind == 2:
            allowed = {c for c in allowed if not PUBLIC <= c < PUBLIC + num_public}
        if allowed:
            raise Malformed("a coefficient is out of range")
        used.update(coefs)
    used.discard(RANDOM)
    if sum(1 for c in used if c < constants) != constants:
        raise Malformed("a constant is not used")


def _layer(reader: _Reader, field: Field, n: int, num_public: int, num_random: int,
           z_limit: int) -> Layer:
    """One layer; ``z_limit`` is ``num_outputs`` in the last layer, else 2^30."""
    k = reader.u32()
    if k > 30:
        raise Malformed("a layer has more than 2^30 wires")
    constants = _constants(reader, field)
    mul, add, const = reader.columns(4), reader.columns(3), reader.columns(2)
    asserted = reader.columns(1)[0]
    if not all(map(operator.lt, asserted, islice(asserted, 1, None))):
        raise Malformed("asserted outputs are not strictly ascending")
    z_bound = min(1 << k, z_limit)
    for zs in (mul[0], add[0], const[0], asserted):
        _below(zs, z_bound, "an output wire")
    for xs in (mul[1], mul[2], add[1]):
        _below(xs, 1 << n, "an input wire")
    _check_coefs((mul[-1], add[-1], const[-1]), len(constants), num_public)
    mul_gates = _gates(mul, num_random)
    num_random += len(mul_gates.random)
    add_gates = _gates(add, num_random)
    num_random += len(add_gates.random)
    rows = list(zip(*const))
    random_z = [z for z, c in rows if c == RANDOM]
    mul_used, add_used = mul_gates.columns(), add_gates.columns()
    return Layer(
        n, k, constants, mul_gates, add_gates,
        [(z, c) for z, c in rows if c < PUBLIC],
        [(z, c - PUBLIC) for z, c in rows if PUBLIC <= c < RANDOM],
        [(z, num_random + i) for i, z in enumerate(random_z)],
        asserted,
        mul_used[0] | add_used[0] | set(const[0]),
        mul_used[1] | add_used[1],
        mul_used[2],
    )


def parse_circuit(data: bytes) -> Circuit:
    """Decode a circuit file; refuse anything that is not canonical."""
    reader = _Reader(data)
    if reader.take(8) != b"ASTRAEAC":
        raise Malformed("this is not a circuit file")
    header = struct.unpack("<8I", reader.take(32))
    version, number, count, input_vars, num_public, num_random, num_outputs, num_zero = header
    if version != 1:
        raise Malformed("the circuit's version is unknown")
    if number not in FIELDS:
        raise Malformed("the circuit's field is unknown")
    if not 1 <= count <= 1 << 20 or input_vars > 30:
        raise Malformed("the circuit's sizes are out of range")
    if num_outputs < 1 or num_zero > num_outputs:
        raise Malformed("the circuit's numbers of outputs are out of range")
    field = FIELDS[number]
    layers: list[Layer] = []
    n, randoms = input_vars, 0
    for i in range(count):
        z_limit = num_outputs if i == count - 1 else 1 << 30
        layer = _layer(reader, field, n, num_public, randoms, z_limit)
        randoms += len(layer.mul.random) + len(layer.add.random) + len(layer.const_random)
        layers.append(layer)
        n = layer.out_vars
    if num_outputs > 1 << n:
        raise Malformed("the circuit has more outputs than wires in the last layer")
    if randoms != num_random:
        raise Malformed("the circuit's number of random coefficients is wrong")
    if reader.at != len(data):
        raise Malformed("bytes follow the last layer")
    digest = sha256(data).digest()
    return Circuit(field, input_vars, num_public, num_random, num_outputs, num_zero, layers, digest)
