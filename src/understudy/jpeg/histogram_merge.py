"""jpegli's Huffman tables: histograms of a whole file merged into at most four slots a class, and their code lengths.

Source: measured on 190 of Facebook's deliveries (facts: facebook-jpegli), read in libjxl's lib/jpegli
(entropy_coding.cc, huffman.cc), and checked against files: tests/jpeg/test_histogram_merge.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .syntax import HuffTable

Histogram = npt.NDArray[np.int64]
"""Frequencies `[256]`, index = symbol."""

SLOTS = 4
"""T.81 B.2.4.2: destinations 0 to 3 of each class."""
_LONGEST = 16


@dataclass(frozen=True, slots=True)
class Merged:
    """The tables of one class, in the order in which they were begun, and which histogram uses which."""

    tables: tuple[HuffTable, ...]
    """Th is the slot. A slot that comes again holds a later table, for later scans."""
    table_of: tuple[int, ...]
    """Index into `tables` for each histogram; 0 for one without symbols."""

    def of(self, histogram: int) -> HuffTable | None:
        """The table of a histogram; None for one beyond the last, or where there are no tables."""
        return self.tables[self.table_of[histogram]] if self.tables and histogram < len(self.table_of) else None


def merge(histograms: Iterable[Histogram], Tc: int, most: int = SLOTS) -> Merged:
    """Each histogram, in order, joins the table of the slot where it costs least, or begins one where that costs less.

    most: histograms kept apart (2 for sequential files that are to stay baseline); those after it join. A histogram
    that begins a table while four slots are taken, takes the slot after the one that was taken last.
    """
    totals: list[Histogram] = []
    slot_of: list[int] = []
    holds: list[int] = []  # slot -> index into totals
    costs: list[np.float32] = []  # slot -> what it costs so far
    table_of: list[int] = []
    for counts in histograms:
        if not counts.any():
            table_of.append(0)
            continue
        best = len(holds)
        least = cost(counts) if most >= SLOTS or best < most else np.float32(np.inf)
        for slot, index in enumerate(holds):
            more = np.float32(cost(totals[index] + counts) - costs[slot])
            if more < least:
                best, least = slot, more
        if best < len(holds):
            totals[holds[best]] = totals[holds[best]] + counts
            costs[best] = np.float32(costs[best] + least)
            table_of.append(holds[best])
            continue
        if best < SLOTS:
            holds.append(0)
            costs.append(least)
        else:
            best = (slot_of[-1] + 1) % SLOTS
        holds[best], costs[best] = len(totals), least
        table_of.append(len(totals))
        totals.append(counts)
        slot_of.append(best)
    tables = tuple(table(total, Tc, slot) for total, slot in zip(totals, slot_of, strict=True))
    return Merged(tables, tuple(table_of))


def cost(counts: Histogram) -> np.float32:
    """Bits of a table for these counts in DHT, and of its codes; a float32, as jpegli compares them."""
    lengths = code_lengths(counts.tolist())
    return np.float32(8 * (17 + len(lengths)) + sum(int(counts[s]) * n for s, n in lengths.items()))


def table(counts: Histogram, Tc: int, Th: int) -> HuffTable:
    """The table for these counts; symbols by length, then by value."""
    lengths = code_lengths(counts.tolist())
    bits = [0] * (_LONGEST + 1)
    for n in lengths.values():
        bits[n] += 1
    ordered = sorted((n, symbol) for symbol, n in lengths.items())
    return HuffTable(Tc, Th, tuple(bits[1:]), bytes(symbol for _, symbol in ordered))


def code_lengths(counts: Sequence[int]) -> dict[int, int]:
    """Length, 1 to 16, of each used symbol's code. A symbol 256 of count 1 takes the all-ones code and is left out.

    Counts below a limit are raised to it, and the limit doubled (0, 1, 3, 7, ...) until no code is longer than 16.
    """
    used = [256, *(s for s in range(len(counts) - 1, -1, -1) if counts[s])]
    count: dict[int, int] = {256: 1} | {s: int(counts[s]) for s in used[1:]}
    if len(used) == 1:
        return {}
    limit = 1
    while True:
        lengths = _huffman([(max(count[s], limit - 1), s) for s in used])
        if max(lengths.values()) <= _LONGEST:
            del lengths[256]
            return lengths
        limit *= 2


def _huffman(leaves: list[tuple[int, int]]) -> dict[int, int]:
    """Code lengths of (count, symbol) leaves, the least first, before joins of the same count; two queues.

    Of leaves of one count the one that comes first in `leaves` goes first.
    """
    leaves = sorted(leaves, key=lambda leaf: leaf[0])
    weights = [n for n, _ in leaves]
    parent = [0] * (2 * len(leaves) - 1)
    leaf, join = 0, len(leaves)
    for node in range(len(leaves), 2 * len(leaves) - 1):
        weight = 0
        for _ in range(2):
            if leaf < len(leaves) and (join >= node or weights[leaf] <= weights[join]):
                child, leaf = leaf, leaf + 1
            else:
                child, join = join, join + 1
            parent[child] = node
            weight += weights[child]
        weights.append(weight)
    depth = [0] * len(parent)
    for node in range(len(parent) - 2, -1, -1):
        depth[node] = depth[parent[node]] + 1
    return {symbol: depth[i] for i, (_, symbol) in enumerate(leaves)}
