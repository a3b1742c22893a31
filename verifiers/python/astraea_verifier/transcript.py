"""The Fiat-Shamir transcript (section 6)."""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import Optional

from .fields import Element, Field

Draws = list[tuple[str, list[str]]]
"""Every draw in order: label and the hexadecimal encodings of its elements."""


class Transcript:
    """The state ``h`` and, if asked for, a log of all draws."""

    def __init__(self, field: Field, log: Optional[Draws] = None) -> None:
        self.field = field
        self.log = log
        self.state = sha256(b"astraea/transcript/2").digest()

    def absorb(self, label: str, data: bytes) -> None:
        """Mix ``data`` into the state."""
        name = label.encode("ascii")
        head = b"\x00" + bytes([len(name)]) + name + struct.pack("<Q", len(data))
        self.state = sha256(self.state + head + data).digest()

    def draw(self, label: str, count: int) -> bytes:
        """``count`` uniform bytes."""
        name = label.encode("ascii")
        head = b"\x01" + bytes([len(name)]) + name + struct.pack("<Q", count)
        self.state = sha256(self.state + head).digest()
        blocks = range((count - 1) // 32)
        more = b"".join(sha256(self.state + b"\x02" + struct.pack("<I", i)).digest() for i in blocks)
        return (self.state + more)[:count]

    def challenges(self, label: str, count: int, base: bool = False) -> list[Element]:
        """``count`` elements of F, or of the base field (embedded)."""
        if count == 0:
            return []
        field = self.field
        u = field.uniform_base if base else field.uniform_element
        data = self.draw(label, count * u)
        elements = [field.from_uniform(data[i : i + u]) for i in range(0, len(data), u)]
        if self.log is not None:
            width = field.base_bytes if base else field.element_bytes
            self.log.append((label, [field.encode(e)[:width].hex() for e in elements]))
        return elements
