"""The loops behind trellis.py: one component a call, one row of blocks after the other.

The AC levels of a block are a shortest path: a node is a coefficient that does not round to zero, an edge jumps from
one kept node to the next, and costs the rate of that run with the level chosen plus the distortion of what it leaves
out. The DC levels of a row are a second path, with a node for each candidate of each block.

All sums are float32 in mozjpeg's order of operations, because a tie that falls otherwise is another file.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._jit import kernel
from ...jpeg.syntax import NATURAL_OF_ZIGZAG

MOST_DC_CANDIDATES = 9
LARGEST = 1023
"""The largest level that mozjpeg gives an 8-bit picture."""
DC_REACH = 4 * LARGEST
"""Beyond every difference of two DC candidates."""

_NATURAL = np.array(NATURAL_OF_ZIGZAG, np.int64)
_NEVER = np.float32(1e38)


@kernel
def _lambda(raw: Any, base: int, numerator: float, offset: float) -> np.float32:
    """The block's Lagrangian multiplier: the more energy its AC has, the less a squared error weighs.

    offset: 0 for the same multiplier in all blocks.
    """
    if offset == 0:
        return np.float32(numerator)
    energy = np.float32(0)
    for k in range(1, 64):
        x = np.int32(raw[base + k])
        energy += np.float32(np.int32(x * x))
    return np.float32(numerator / (offset + np.float64(energy / np.float32(63))))


@kernel
def _path(
    raw: Any, base: int, steps8: Any, weights: Any, rates: Any, end_rate: np.float32, multiplier: np.float32,
    Ss: int, Se: int, zeroed: Any, at: Any, level: Any, cost: Any, previous: Any, distortion: Any,
) -> int:  # fmt: skip
    """Fills the path's nodes and returns the last one to keep, 0 for none.

    Node 0 stands before the band. Node n: its zigzag position at[n], the best level[n] (without sign), the cost[n] of
    the best path to it, and that path's previous[n] node.
    zeroed[k]: distortion of zeroing Ss to k.
    """
    nodes = 1
    at[0], cost[0] = Ss - 1, np.float32(0)
    zeroed[Ss - 1] = np.float32(0)
    for k in range(Ss, Se + 1):
        x = abs(np.int32(raw[base + _NATURAL[k]]))
        step = np.int32(steps8[k])
        weight = weights[k]
        before = zeroed[k - 1]
        zeroed[k] = np.float32(np.int32(x * x)) * multiplier * weight + before
        if x + (step >> 1) < step:
            continue
        rounded = min(np.int32((x + (step >> 1)) // step), np.int32(LARGEST))
        sizes = 0
        while rounded >> sizes:  # a candidate for each size: the largest level of that size, last the rounded one
            candidate = min(np.int32((2 << sizes) - 1), rounded)
            error = np.int32(candidate * step - x)
            distortion[sizes] = np.float32(np.int32(error * error)) * multiplier * weight
            sizes += 1
        best, best_size, best_from = _NEVER, -1, 0
        for n in range(nodes):
            reached = before - zeroed[at[n]] + cost[n]
            row = (k - 1 - at[n]) * 16 + 1
            for size in range(sizes):
                total = rates[row + size] + distortion[size] + reached
                if total < best:
                    best, best_size, best_from = total, size, n
        at[nodes], cost[nodes], previous[nodes] = k, best, best_from
        level[nodes] = rounded if best_size < 0 else min(np.int32((2 << best_size) - 1), rounded)
        nodes += 1
    everything = zeroed[Se]
    best, last = everything + end_rate, 0
    for n in range(1, nodes):
        total = cost[n] + everything - zeroed[at[n]]
        if at[n] < Se:
            total += end_rate
        if total < best:
            best, last = total, n
    return last


@kernel
def _dc_node_costs(
    x: np.int32, step: np.int32, candidates: int, weight: np.float32, column: int, level: Any, error: Any
) -> None:
    """The candidates around the rounded DC and the distortion of each, smallest magnitude first."""
    magnitude = abs(x)
    rounded = np.int32((magnitude + (step >> 1)) // step)
    for c in range(candidates):
        candidate = min(max(np.int32(rounded - candidates // 2 + c), np.int32(-LARGEST)), np.int32(LARGEST))
        miss = np.int32(candidate * step - magnitude)
        error[c] = np.float32(np.int32(miss * miss)) * weight
        level[column, c] = candidate if x >= 0 else -candidate


@kernel
def _dc_reach(
    column: int, candidates: int, predicted: np.int32, rates: Any, level: Any, origin: Any, error: Any, cost: Any,
    before: Any,
) -> None:  # fmt: skip
    """The cheapest way to each DC candidate of `column`: its cost, and in origin[column] the candidate before it."""
    for c in range(candidates):
        before[c] = cost[c]
    for c in range(candidates):
        here = level[column, c]
        if column == 0:
            cost[c] = rates[here - predicted + DC_REACH] + error[c]
            continue
        best, best_from = np.float32(0), -1
        for b in range(candidates):
            total = rates[here - level[column - 1, b] + DC_REACH] + error[c] + before[b]
            if best_from < 0 or total < best:
                best, best_from = total, b
        cost[c], origin[column, c] = best, best_from


@kernel
def _dc_choose(columns: int, candidates: int, level: Any, origin: Any, cost: Any, out: Any, first: int) -> np.int32:
    """Writes the DC levels of the cheapest path into the row of `out` that begins at `first`; returns the last."""
    chosen = 0
    for c in range(1, candidates):
        if cost[c] < cost[chosen]:
            chosen = c
    last = level[columns - 1, chosen]
    for column in range(columns - 1, -1, -1):
        out[first + 64 * column] = level[column, chosen]
        chosen = origin[column, chosen]
    return np.int32(last)


@kernel
def _cheapest_run(
    cost: np.float32, columns: int, zeroed: Any, kept: Any, ends: Any, run_rates: Any, whole: bool
) -> tuple[np.float32, int]:
    """(cost, first block) of the cheapest run of emptied blocks that ends before block `columns`.

    cost: of the block behind the run. zeroed[n], kept[n]: distortion of emptying all blocks before n, and cost of the
    best choice for them. ends[n]: end-of-block codes that block n - 1 needs, 2 for one that is empty anyway.
    run_rates: by the bit length of the run. whole: leave kept[n] out, as mozjpeg does at the end of a row.
    """
    best, first = _NEVER, 0
    for n in range(columns + 1):
        if ends[n] == 2:
            continue
        total = cost + zeroed[columns] - zeroed[n]
        if not whole:
            total += kept[n]
        bits, run = 0, columns - n + ends[n]
        while run >> bits:
            bits += 1
        total += run_rates[bits]
        if total < best:
            best, first = total, n
    return best, first


@kernel
def _empty(out: Any, first: int, last: int, Ss: int, Se: int) -> None:
    """Zeroes the band of blocks `first` to `last` - 1 of the flat `out`."""
    for block in range(first, last):
        for k in range(Ss, Se + 1):
            out[64 * block + _NATURAL[k]] = 0


@kernel
def requantise(
    raw: Any, out: Any, rows: int, columns: int, stride: int, rows_of_mcu: int, steps8: Any, weights: Any, rates: Any,
    end_rate: np.float32, run_rates: Any, dc_rates: Any, numerator: float, offset: float, Ss: int, Se: int,
    candidates: int, eob_opt: bool,
) -> None:  # fmt: skip
    """The levels of one component, over what stands in `out`.

    raw, out: flat, 64 values a block in natural order, `stride` blocks a row; the first `rows` x `columns` are done.
    steps8, weights: by zigzag position: 8 x the step, 1 / step^2.
    rates: [64 * 16], zeros skipped * 16 + size of the level -> bits, infinite where there is no code.
    end_rate: bits of the end-of-block code. run_rates: [17], by the bit length of a run of empty blocks, for `eob_opt`.
    dc_rates: [2 * DC_REACH + 1], difference + DC_REACH -> bits.
    numerator, offset: of the multiplier.
    candidates: DC levels tried a block; 0 keeps the DC of `out`.
    eob_opt: empty whole blocks where that makes runs of end-of-blocks cheaper.
    """
    zeroed, cost = np.zeros(64, np.float32), np.zeros(64, np.float32)
    at, previous, level = np.zeros(64, np.int64), np.zeros(64, np.int64), np.zeros(64, np.int32)
    distortion = np.zeros(16, np.float32)
    dc_level = np.zeros((columns, MOST_DC_CANDIDATES), np.int32)
    dc_from = np.zeros((columns, MOST_DC_CANDIDATES), np.int8)
    dc_cost, dc_before = np.zeros(MOST_DC_CANDIDATES, np.float32), np.zeros(MOST_DC_CANDIDATES, np.float32)
    dc_error = np.zeros(MOST_DC_CANDIDATES, np.float32)
    emptied, kept = np.zeros(columns + 1, np.float32), np.zeros(columns + 1, np.float32)
    ends, run_from = np.zeros(columns + 1, np.int64), np.zeros(columns + 1, np.int64)
    predicted = np.int32(0)
    for row in range(rows):
        if row % rows_of_mcu == 0:
            predicted = np.int32(0)  # as mozjpeg does, though the real coder's prediction goes on
        for column in range(columns):
            base = (row * stride + column) * 64
            multiplier = _lambda(raw, base, numerator, offset)
            if candidates > 0:
                _dc_node_costs(
                    np.int32(raw[base]), np.int32(steps8[0]), candidates, multiplier * weights[0], column, dc_level,
                    dc_error,
                )  # fmt: skip
                _dc_reach(column, candidates, predicted, dc_rates, dc_level, dc_from, dc_error, dc_cost, dc_before)
            node = _path(
                raw, base, steps8, weights, rates, end_rate, multiplier, Ss, Se, zeroed, at, level, cost, previous,
                distortion,
            )  # fmt: skip
            for k in range(Ss, Se + 1):
                out[base + _NATURAL[k]] = 0
            if eob_opt:
                behind = cost[node] + zeroed[Se] - zeroed[at[node]] if node > 0 else zeroed[Se]
                if node > 0:
                    kept[column + 1], run_from[column + 1] = _cheapest_run(
                        behind, column, emptied, kept, ends, run_rates, False
                    )
                emptied[column + 1] = emptied[column] + zeroed[Se]
                ends[column + 1] = 2 if node == 0 else 1 if at[node] < Se else 0
            while node > 0:
                z = base + _NATURAL[at[node]]
                out[z] = level[node] if raw[z] >= 0 else -level[node]
                node = previous[node]
        if eob_opt:
            block = columns
            _, first = _cheapest_run(np.float32(0), columns, emptied, kept, ends, run_rates, True)
            while block > 0:
                _empty(out, row * stride + first, row * stride + block, Ss, Se)
                block = first - 1
                first = run_from[first]
        if candidates > 0:
            predicted = _dc_choose(columns, candidates, dc_level, dc_from, dc_cost, out, row * stride * 64)
