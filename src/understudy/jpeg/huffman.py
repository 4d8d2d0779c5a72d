"""Huffman tables: the standard ones, optimal ones by libjpeg's rule, canonical codes, bits on top of the optimum.

Pure Python without imports, so that `inspect` starts fast.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from ..errors import JpegError
from .syntax import HuffTable

_DC_SYMBOLS = bytes(range(12))
_AC_LUMA = bytes.fromhex(
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435"
    "363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798"
    "999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4"
    "f5f6f7f8f9fa"
)
_AC_CHROMA = bytes.fromhex(
    "0001020311040521310612415107617113223281081442 91a1b1c109233352f0156272d10a162434e125f11718191a262728292a35"
    "363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a929394959697"
    "98999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5"
    "f6f7f8f9fa".replace(" ", "")
)

STANDARD: dict[str, HuffTable] = {
    "DC 0": HuffTable(0, 0, (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0), _DC_SYMBOLS),
    "DC 1": HuffTable(0, 1, (0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0), _DC_SYMBOLS),
    "AC 0": HuffTable(1, 0, (0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125), _AC_LUMA),
    "AC 1": HuffTable(1, 1, (0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119), _AC_CHROMA),
}
"""The typical tables of T.81 K.3 to K.6: luma under destination 0, chroma under 1, as every writer places them."""


def codes(table: HuffTable) -> list[tuple[int, int, int]]:
    """(symbol, code, length in bits) for each code of `table`, in order of code; T.81 C.2, figures C.1 and C.2.

    Raises JpegError for a table with more codes than its lengths allow.
    """
    if table.overfull:
        raise JpegError(
            "more codes than the lengths allow",
            place=f"Huffman table {table.name}",
            expected="a prefix code (T.81 C.2)",
        )
    out: list[tuple[int, int, int]] = []
    code = at = 0
    for length, count in enumerate(table.counts, 1):
        for symbol in table.symbols[at : at + count]:
            out.append((symbol, code, length))
            code += 1
        at += count
        code <<= 1
    return out


def optimal(counts: Sequence[int], Tc: int, Th: int) -> HuffTable:
    """The table that libjpeg builds for a histogram of symbols.

    counts: 256 frequencies, index = symbol. A histogram of zeros gives a table without codes.

    Source: T.81 K.2, as libjpeg fixes what the text leaves free: symbol 256 with frequency 1 takes the all-ones
    code and is removed again; of equal frequencies the largest index is merged first; K.3 shortens codes over 16 bits.
    """
    lengths = _code_lengths(counts)
    longest = max(16, *lengths.values())
    bits = [0] * (longest + 1)
    for length in lengths.values():
        bits[length] += 1
    for i in range(longest, 16, -1):  # T.81 figure K.3
        while bits[i] > 0:
            j = i - 2
            while bits[j] == 0:
                j -= 1
            bits[i] -= 2
            bits[i - 1] += 1
            bits[j + 1] += 2
            bits[j] -= 1
    last = max((i for i in range(1, 17) if bits[i]), default=0)
    if last:
        bits[last] -= 1  # the reserved code of symbol 256
    symbols = sorted((s for s in lengths if s != 256), key=lambda s: (lengths[s], s))
    return HuffTable(Tc, Th, tuple(bits[1:17]), bytes(symbols))


def _code_lengths(counts: Sequence[int]) -> dict[int, int]:
    """Length of each used symbol's code, and of the reserved symbol 256, before any limit; T.81 figure K.1."""
    heap = [(int(n), -s) for s, n in enumerate(counts) if n]
    heap.append((1, -256))
    heapq.heapify(heap)
    members = {-s: [-s] for _, s in heap}
    lengths = dict.fromkeys(members, 0)
    while len(heap) > 1:
        n1, s1 = heapq.heappop(heap)
        n2, s2 = heapq.heappop(heap)
        merged = members[-s1] + members.pop(-s2)
        for s in merged:
            lengths[s] += 1
        members[-s1] = merged
        heapq.heappush(heap, (n1 + n2, s1))
    return lengths


def total_bits(table: HuffTable, counts: Sequence[int]) -> int | None:
    """Bits that the codes of `table` take for a histogram of 256 frequencies; None if a used symbol has no code."""
    length_of = {symbol: length for symbol, _, length in codes(table)}
    total = 0
    for symbol, n in enumerate(counts):
        if n:
            if symbol not in length_of:
                return None
            total += int(n) * length_of[symbol]
    return total
