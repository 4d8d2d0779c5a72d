"""A walk along a zlib stream's blocks and symbols, which show its compressor. Nothing is unpacked.

Source: RFC 1950 (the header), RFC 1951 (blocks, 3.2.3; codes, 3.2.5 to 3.2.7).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .base import EndedError

MAX_SYMBOLS = 70_000
"""Literals and matches that are walked past: two blocks of zlib's largest kind, about 50 ms."""
MAX_BLOCKS = 400

STORED, FIXED, DYNAMIC = "stored", "fixed", "dynamic"
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_LENGTHS: tuple[tuple[int, int], ...] = (
    *((3 + i, 0) for i in range(8)),
    *((3 + (4 + i % 4 << extra), extra) for extra in range(1, 6) for i in range(4)),
    (258, 0),
)
"""Symbols 257 to 285: base length and extra bits. Source: RFC 1951 3.2.5."""
_DISTANCES: tuple[tuple[int, int], ...] = (
    (1, 0), (2, 0), (3, 0), (4, 0), *((1 + (2 + i << extra), extra) for extra in range(1, 14) for i in range(2)),
)  # fmt: skip
"""Symbols 0 to 29: base distance and extra bits. Source: RFC 1951 3.2.5."""

Table = tuple[list[tuple[int, int]], int]
"""A prefix code as (length, symbol) over its longest length, and that length; length 0 is no code."""


@dataclass(slots=True)
class Walk:
    """What a zlib stream shows of its compressor."""

    window_bits: int = 0
    flevel: int = 0
    """FLEVEL, 0 to 3: fastest, fast, default, best (RFC 1950 2.2)."""
    trouble: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    """{"type", "symbols" (without the end of block), "bytes" (stored ones), "final"}, those walked to their end."""
    literals: int = 0
    matches: int = 0
    shortest_match: int = 0
    farthest: int = 0
    farthest_of_3: int = 0
    """The largest distance of a match of 3 bytes."""
    whole: bool = False
    """Walked to the last block's end."""


class _Bits:
    __slots__ = ("at", "data", "held", "kept")

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at, self.held, self.kept = data, at, 0, 0

    def need(self, n: int) -> None:
        while self.kept < n:
            more = self.data[self.at : self.at + 6]
            if not more:
                raise EndedError("the data ends inside a block")
            self.held |= int.from_bytes(more, "little") << self.kept
            self.kept += 8 * len(more)
            self.at += len(more)

    def read(self, n: int) -> int:
        self.need(n)
        out = self.held & ((1 << n) - 1)
        self.held >>= n
        self.kept -= n
        return out

    def symbol(self, table: Table) -> int:
        rows, longest = table
        if self.kept < longest:
            more = self.data[self.at : self.at + 6]
            self.held |= int.from_bytes(more, "little") << self.kept
            self.kept += 8 * len(more)
            self.at += len(more)
        length, symbol = rows[self.held & ((1 << longest) - 1)]
        if not length or length > self.kept:
            raise EndedError("the data ends inside a block" if length else "a code that the block does not define")
        self.held >>= length
        self.kept -= length
        return symbol


def _table(lengths: list[int]) -> Table:
    """Raises EndedError for more codes than the lengths allow; fewer are legal for a single distance (3.2.7)."""
    longest = max(lengths, default=0)
    if not longest:
        return [(0, 0)], 0
    if sum(1 << (longest - n) for n in lengths if n) > 1 << longest:
        raise EndedError("a code with more symbols than its lengths allow")
    rows = [(0, 0)] * (1 << longest)
    code = 0
    for length in range(1, longest + 1):
        for symbol, n in enumerate(lengths):
            if n == length:
                backwards = int(f"{code:0{length}b}"[::-1], 2)
                rows[backwards :: 1 << length] = [(length, symbol)] * (1 << longest - length)
                code += 1
        code <<= 1
    return rows, longest


_FIXED_CODES = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8, [5] * 30


def walk(data: bytes) -> Walk:
    """The blocks of the zlib stream in `data`, as far as MAX_SYMBOLS; what stops it before is its `trouble`."""
    out = Walk()
    if len(data) < 2 or data[0] & 15 != 8 or (data[0] << 8 | data[1]) % 31 or data[0] >> 4 > 7:
        out.trouble = f"no zlib header: {data[:2].hex(' ') or 'nothing'}"
        return out
    out.window_bits, out.flevel = 8 + (data[0] >> 4), data[1] >> 6
    try:
        _blocks(_Bits(data, 2), out)
    except EndedError as error:
        out.trouble = str(error)
    return out


def _blocks(bits: _Bits, out: Walk) -> None:
    for _ in range(MAX_BLOCKS):
        final, kind = bits.read(1) == 1, bits.read(2)
        if kind == 3:
            raise EndedError("a block of the reserved type")
        if kind == 0:
            bits.read(bits.kept % 8)
            size, complement = bits.read(16), bits.read(16)
            if size ^ complement != 0xFFFF:
                raise EndedError("a stored block whose length contradicts its complement")
            behind = bits.at - bits.kept // 8 + size
            bits.at, bits.held, bits.kept = behind, 0, 0
            if behind > len(bits.data):
                raise EndedError("the data ends inside a block")
            out.blocks.append({"type": STORED, "symbols": 0, "bytes": size, "final": final})
        else:
            literals, distances = _codes(bits) if kind == 2 else (_table(_FIXED_CODES[0]), _table(_FIXED_CODES[1]))
            before = out.literals + out.matches
            if not _symbols(bits, literals, distances, out):
                return
            symbols = out.literals + out.matches - before
            out.blocks.append({"type": DYNAMIC if kind == 2 else FIXED, "symbols": symbols, "bytes": 0, "final": final})
        if final:
            out.whole = True
            return


def _codes(bits: _Bits) -> tuple[Table, Table]:
    """RFC 1951 3.2.7."""
    literals, distances, count = bits.read(5) + 257, bits.read(5) + 1, bits.read(4) + 4
    lengths = [0] * 19
    for symbol in _ORDER[:count]:
        lengths[symbol] = bits.read(3)
    code = _table(lengths)
    found: list[int] = []
    while len(found) < literals + distances:
        n = bits.symbol(code)
        if n < 16:
            found.append(n)
        elif n == 16:
            if not found:
                raise EndedError("a repeated code length before the first")
            found += [found[-1]] * (3 + bits.read(2))
        else:
            found += [0] * (3 + bits.read(3) if n == 17 else 11 + bits.read(7))
    if len(found) > literals + distances:
        raise EndedError("more code lengths than symbols")
    return _table(found[:literals]), _table(found[literals:])


def _symbols(bits: _Bits, literals: Table, distances: Table, out: Walk) -> bool:
    """Walks to the block's end; False where MAX_SYMBOLS is reached before."""
    left = MAX_SYMBOLS - out.literals - out.matches
    plain = 0
    symbol = bits.symbol
    while left:
        left -= 1
        value = symbol(literals)
        if value < 256:
            plain += 1
            continue
        if value == 256:
            out.literals += plain
            return True
        if value > 285:
            raise EndedError("a length symbol that is not defined")
        base, extra = _LENGTHS[value - 257]
        length = base + (bits.read(extra) if extra else 0)
        value = symbol(distances)
        if value > 29:
            raise EndedError("a distance symbol that is not defined")
        base, extra = _DISTANCES[value]
        far = base + (bits.read(extra) if extra else 0)
        out.matches += 1
        out.farthest = max(out.farthest, far)
        out.shortest_match = min(out.shortest_match or 258, length)
        if length == 3:
            out.farthest_of_3 = max(out.farthest_of_3, far)
    out.literals += plain
    return False
