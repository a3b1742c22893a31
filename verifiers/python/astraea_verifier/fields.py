"""The four fields (section 1) with the sums over gates that make verification fast.

An element of the challenge field is one Python integer:

* ``bn254``: the canonical integer;
* ``m31``, ``goldilocks``: the coefficients in wide slots of one integer
  (Kronecker substitution), so that one big-integer product is the product of
  the polynomials, and sums of products are reduced only once;
* ``gf2``: the 128-bit integer of the document.  For sums of products the bits
  are *spread*, one bit per byte: a product of two spread integers is the
  carry-less product, each byte counting at most 128 terms, and its lowest bit
  the parity.  Xor of such products keeps the parities.
"""

from __future__ import annotations

import operator
import struct
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Iterable, Iterator, Mapping, Sequence, Union

from .errors import Malformed

Element = int
Table = Union[Sequence[Element], Mapping[int, Element]]


@dataclass(frozen=True)
class GateList:
    """Gates of one kind in columns; gates with a random coefficient apart.

    ``y`` is empty for add gates.  ``random`` holds ``(z, x, y, number)``
    (``y`` is 0 for add gates).
    """

    z: Sequence[int]
    x: Sequence[int]
    y: Sequence[int]
    coef: Sequence[int]
    random: Sequence[tuple[int, int, int, int]]

    def __len__(self) -> int:
        return len(self.z) + len(self.random)

    def columns(self) -> tuple[set[int], set[int], set[int]]:
        """The sets of output, first and second wires that the gates use."""
        return (
            set(self.z) | {g[0] for g in self.random},
            set(self.x) | {g[1] for g in self.random},
            set(self.y) | {g[2] for g in self.random},
        )


class Field(ABC):
    """A base field together with its challenge field ``F``."""

    number: int
    name: str
    modulus: int
    """Number of elements of the base field."""
    degree: int
    base_bytes: int
    uniform_base: int
    """Uniform bytes of one base element drawn from the transcript."""
    one: Element = 1

    @property
    def size(self) -> int:
        """Number of elements of the challenge field."""
        return self.modulus**self.degree

    @property
    def element_bytes(self) -> int:
        """Length of an encoded challenge element."""
        return self.degree * self.base_bytes

    @property
    def uniform_element(self) -> int:
        """Uniform bytes of one challenge element."""
        return self.degree * self.uniform_base

    def decode_base(self, data: bytes) -> list[int]:
        """Decode base elements; refuse a non-canonical one."""
        width = self.base_bytes
        if width == 1:
            values = list(data)
        elif width in (4, 8):
            letter = "I" if width == 4 else "Q"
            values = list(struct.unpack(f"<{len(data) // width}{letter}", data))
        else:
            values = [int.from_bytes(data[i : i + width], "little") for i in range(0, len(data), width)]
        if values and max(values) >= self.modulus:
            raise Malformed("an element is not canonical")
        return values

    @abstractmethod
    def decode(self, data: bytes) -> list[Element]:
        """Decode challenge elements; refuse a non-canonical one."""

    @abstractmethod
    def encode(self, a: Element) -> bytes:
        """Encode one challenge element."""

    @abstractmethod
    def from_uniform(self, piece: bytes) -> Element:
        """A challenge element from ``uniform_element`` bytes, or a base
        element, embedded, from ``uniform_base`` bytes."""

    @abstractmethod
    def add(self, a: Element, b: Element) -> Element:
        """``a + b``."""

    @abstractmethod
    def sub(self, a: Element, b: Element) -> Element:
        """``a - b``."""

    @abstractmethod
    def mul(self, a: Element, b: Element) -> Element:
        """``a * b``."""

    @abstractmethod
    def scale_all(self, values: Sequence[Element], r: Element) -> list[Element]:
        """``v * r`` for each ``v``."""

    @abstractmethod
    def dot(self, a: Iterable[Element], b: Iterable[Element]) -> Element:
        """Sum of products of challenge elements."""

    @abstractmethod
    def dot_base(self, a: Iterable[Element], bases: Iterable[int]) -> Element:
        """Sum of products of challenge elements with base elements."""

    @abstractmethod
    def mul_gates(self, gates: GateList, constants: Sequence[int], rho: Sequence[Element],
                  w: Table, ex: Table, ey: Table) -> Element:
        """``sum c * w[z] * ex[x] * ey[y]`` over mul gates."""

    @abstractmethod
    def add_gates(self, gates: GateList, constants: Sequence[int], rho: Sequence[Element],
                  w: Table, ex: Table) -> Element:
        """``sum c * w[z] * ex[x]`` over add gates."""

    def sum(self, values: Iterable[Element]) -> Element:
        """Sum of elements."""
        total = 0
        for value in values:
            total = self.add(total, value)
        return total


class IntegerField(Field):
    """Base field of integers mod ``p``; elements packed in slots of ``slot`` bits.

    Slots are wide enough for a sum of 2^32 terms ``a * b * c`` with ``a, b`` in
    F and ``c`` in the base field, so sums over gates never overflow.
    """

    slot: int

    @abstractmethod
    def reduce(self, wide: int) -> Element:
        """Canonical form of a sum of products of packed elements."""

    @property
    def _packed_modulus(self) -> int:
        return sum(self.modulus << (self.slot * i) for i in range(self.degree))

    def __init__(self) -> None:
        self._p_all = self._packed_modulus

    def decode(self, data: bytes) -> list[Element]:
        base = self.decode_base(data)
        if self.degree == 1:
            return base
        columns: list[Iterator[int]] = [iter(base)] * self.degree
        return [sum(c << (self.slot * i) for i, c in enumerate(group)) for group in zip(*columns)]

    def encode(self, a: Element) -> bytes:
        mask = (1 << self.slot) - 1
        return b"".join(
            (a >> (self.slot * i) & mask).to_bytes(self.base_bytes, "little") for i in range(self.degree)
        )

    def from_uniform(self, piece: bytes) -> Element:
        u = self.uniform_base
        return sum(
            int.from_bytes(piece[i * u : (i + 1) * u], "little") % self.modulus << (self.slot * i)
            for i in range(len(piece) // u)
        )

    def add(self, a: Element, b: Element) -> Element:
        return self.reduce(a + b)

    def sub(self, a: Element, b: Element) -> Element:
        return self.reduce(a + self._p_all - b)

    def mul(self, a: Element, b: Element) -> Element:
        return self.reduce(a * b)

    def scale_all(self, values: Sequence[Element], r: Element) -> list[Element]:
        reduce = self.reduce
        return [reduce(v * r) for v in values]

    def dot(self, a: Iterable[Element], b: Iterable[Element]) -> Element:
        return self.reduce(sum(map(operator.mul, a, b)))

    dot_base = dot

    def mul_gates(self, gates: GateList, constants: Sequence[int], rho: Sequence[Element],
                  w: Table, ex: Table, ey: Table) -> Element:
        reduce = self.reduce
        total, group, last = 0, 0, -1
        for z, x, y, c in zip(gates.z, gates.x, gates.y, gates.coef):
            if z != last:
                if group:
                    total += reduce(group) * w[last]
                group, last = 0, z
            group += ex[x] * ey[y] * constants[c]
        if group:
            total += reduce(group) * w[last]
        for z, x, y, number in gates.random:
            total += reduce(w[z] * rho[number]) * reduce(ex[x] * ey[y])
        return reduce(total)

    def add_gates(self, gates: GateList, constants: Sequence[int], rho: Sequence[Element],
                  w: Table, ex: Table) -> Element:
        reduce = self.reduce
        total, group, last = 0, 0, -1
        for z, x, c in zip(gates.z, gates.x, gates.coef):
            if z != last:
                if group:
                    total += reduce(group) * w[last]
                group, last = 0, z
            group += ex[x] * constants[c]
        if group:
            total += reduce(group) * w[last]
        for z, x, _, number in gates.random:
            total += reduce(w[z] * rho[number]) * ex[x]
        return reduce(total)


class Bn254(IntegerField):
    """Integers mod the order of the BN254 group."""

    number, name, degree, base_bytes, uniform_base = 1, "bn254", 1, 32, 48
    modulus = 21888242871839275222246405745257275088548364400416034343698204186575808495617
    slot = 256

    def reduce(self, wide: int) -> Element:
        return wide % self.modulus


class M31(IntegerField):
    """Integers mod 2^31 - 1 and the extension by X^3 - 5."""

    number, name, degree, base_bytes, uniform_base = 2, "m31", 3, 4, 10
    modulus = 2**31 - 1
    slot = 128

    def reduce(self, wide: int) -> Element:
        mask = 0xFFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF
        p = 0x7FFF_FFFF
        c0, c1 = wide & mask, wide >> 128 & mask
        wide >>= 256
        c2 = wide & mask
        wide >>= 128
        if wide:
            c0 += 5 * (wide & mask)
            c1 += 5 * (wide >> 128)
        return c0 % p | c1 % p << 128 | c2 % p << 256


class Goldilocks(IntegerField):
    """Integers mod 2^64 - 2^32 + 1 and the extension by X^2 - 7."""

    number, name, degree, base_bytes, uniform_base = 4, "goldilocks", 2, 8, 16
    modulus = 2**64 - 2**32 + 1
    slot = 256

    def reduce(self, wide: int) -> Element:
        mask = (1 << 256) - 1
        c0, c1 = wide & mask, wide >> 256
        c2 = c1 >> 256
        if c2:
            c1 &= mask
            c0 += 7 * c2
        return c0 % 0xFFFF_FFFF_0000_0001 | c1 % 0xFFFF_FFFF_0000_0001 << 256


_ONES_128 = int.from_bytes(b"\x01" * 128, "big")
_ONES_255 = int.from_bytes(b"\x01" * 255, "big")
_ASCII_255 = int.from_bytes(b"0" * 255, "big")
_LOW_128 = (1 << 128) - 1


def _spread(a: int) -> int:
    """Bit ``i`` of ``a`` becomes bit ``8 * i``."""
    return int.from_bytes(format(a, "0128b").encode(), "big") & _ONES_128


def _gather(wide: int) -> int:
    """The field element of an xor of products of spread elements."""
    a = int(((wide & _ONES_255) | _ASCII_255).to_bytes(255, "big"), 2)
    high = a >> 128
    a = (a & _LOW_128) ^ high ^ high << 1 ^ high << 2 ^ high << 7
    high = a >> 128
    return (a & _LOW_128) ^ high ^ high << 1 ^ high << 2 ^ high << 7


def _spread_table(table: Table) -> Table:
    """A table with every element spread."""
    if isinstance(table, Mapping):
        return {i: _spread(v) for i, v in table.items()}
    return [_spread(v) for v in table]


class Gf2(Field):
    """GF(2) and GF(2^128)."""

    number, name, degree, base_bytes, uniform_base = 3, "gf2", 128, 1, 1
    modulus = 2

    @property
    def element_bytes(self) -> int:
        return 16

    @property
    def uniform_element(self) -> int:
        return 16

    def decode(self, data: bytes) -> list[Element]:
        return [int.from_bytes(data[i : i + 16], "little") for i in range(0, len(data), 16)]

    def encode(self, a: Element) -> bytes:
        return a.to_bytes(16, "little")

    def from_uniform(self, piece: bytes) -> Element:
        return piece[0] & 1 if len(piece) == 1 else int.from_bytes(piece, "little")

    def add(self, a: Element, b: Element) -> Element:
        return a ^ b

    def sub(self, a: Element, b: Element) -> Element:
        return a ^ b

    def mul(self, a: Element, b: Element) -> Element:
        return _gather(_spread(a) * _spread(b))

    def scale_all(self, values: Sequence[Element], r: Element) -> list[Element]:
        wide = _spread(r)
        return [_gather(_spread(v) * wide) for v in values]

    def dot(self, a: Iterable[Element], b: Iterable[Element]) -> Element:
        total = 0
        for u, v in zip(a, b):
            total ^= _spread(u) * _spread(v)
        return _gather(total)

    def dot_base(self, a: Iterable[Element], bases: Iterable[int]) -> Element:
        total = 0
        for value, bit in zip(a, bases):
            if bit:
                total ^= value
        return total

    def mul_gates(self, gates: GateList, constants: Sequence[int], rho: Sequence[Element],
                  w: Table, ex: Table, ey: Table) -> Element:
        sx, sy = _spread_table(ex), _spread_table(ey)
        total, group, last = 0, 0, -1
        for z, x, y in zip(gates.z, gates.x, gates.y):  # the only constant is 1
            if z != last:
                if group:
                    total ^= _spread(_gather(group)) * _spread(w[last])
                group, last = 0, z
            group ^= sx[x] * sy[y]
        if group:
            total ^= _spread(_gather(group)) * _spread(w[last])
        for z, x, y, number in gates.random:
            total ^= _spread(self.mul(w[z], rho[number])) * _spread(_gather(sx[x] * sy[y]))
        return _gather(total)

    def add_gates(self, gates: GateList, constants: Sequence[int], rho: Sequence[Element],
                  w: Table, ex: Table) -> Element:
        total, group, last = 0, 0, -1
        for z, x in zip(gates.z, gates.x):  # the only constant is 1
            if z != last:
                if group:
                    total ^= _spread(group) * _spread(w[last])
                group, last = 0, z
            group ^= ex[x]
        if group:
            total ^= _spread(group) * _spread(w[last])
        for z, x, _, number in gates.random:
            total ^= _spread(self.mul(w[z], rho[number])) * _spread(ex[x])
        return _gather(total)


FIELDS: dict[int, Field] = {f.number: f for f in (Bn254(), M31(), Gf2(), Goldilocks())}


def eq_table(field: Field, point: Sequence[Element], scale: Element, used: set[int]) -> Table:
    """``scale * eq(point, b)`` for at least every index ``b`` in ``used``.

    The whole table where much of it is used, else a dictionary that is built
    from the prefixes of the used indices (so 2^30 wires cost nothing).
    """
    if not used:
        return {}
    n = len(point)
    if 1 << n <= 4 * len(used) + 16:
        table = [scale]
        for r in point:
            ones = field.scale_all(table, r)
            zeros = map(field.sub, table, ones)
            table = [v for pair in zip(zeros, ones) for v in pair]
        return table
    sparse = {0: scale}
    for depth, r in enumerate(point, 1):
        ones = dict(zip(sparse, field.scale_all(list(sparse.values()), r)))
        prefixes = {b >> (n - depth) for b in used}
        sparse = {
            b: ones[b >> 1] if b & 1 else field.sub(sparse[b >> 1], ones[b >> 1]) for b in prefixes
        }
    return sparse
