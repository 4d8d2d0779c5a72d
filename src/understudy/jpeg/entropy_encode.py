"""Quantised coefficients -> entropy-coded segments: Huffman, sequential and progressive, any script, any tables.

`tokenize` walks the coefficients once and counts symbols; `Tokens.encode` writes the bits with given tables.
Source: ITU-T T.81 annexes F.1 and G.1; where the standard leaves a choice, libjpeg's (its end-of-band runs end at
0x7FFF blocks or, in refinement scans, beyond 937 correction bits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import JpegError
from . import encode_kernels as kernels
from .coefficients import Blocks, Grid, check_blocks, grids
from .huffman import codes
from .syntax import HuffTable, ScanSpec

LIBJPEG_MOST_CORRECTIONS = 937
"""libjpeg: MAX_CORR_BITS (1000) - DCTSIZE2 (64) + 1. jpegli: 255 (measured, see facts of its deliveries)."""

Slot = tuple[int, int]
"""(Tc, Th): class and destination of a Huffman table."""


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """One scan, ready for any Huffman tables."""

    tokens: npt.NDArray[np.uint32]
    counts: dict[Slot, npt.NDArray[np.int64]]
    """Symbol frequencies `[256]` of each table that the scan uses."""
    extra_bits: int
    """Bits that stand beside codes: values, signs, corrections."""
    restarts: int

    def encode(self, tables: Mapping[Slot, HuffTable]) -> bytes:
        """The entropy-coded data, stuffed, RSTm included, padded with ones.

        Raises JpegError if a table that the scan needs is missing or lacks a symbol that occurs.
        """
        lookup = np.zeros(8 * 256, np.uint32)
        bits = self.extra_bits
        for (Tc, Th), counts in self.counts.items():
            name = f"Huffman table {'AC' if Tc else 'DC'} {Th}"
            if (Tc, Th) not in tables:
                raise JpegError("missing", place=name, expected="a table that the scan selects")
            row = np.zeros(256, np.uint32)
            for symbol, code, length in codes(tables[Tc, Th]):
                row[symbol] = code << 8 | length
            lacking = np.flatnonzero((counts > 0) & (row == 0))
            if lacking.size:
                raise JpegError(
                    f"no code for symbol {int(lacking[0]):#04x}",
                    place=name,
                    expected="codes for all that occurs",
                    remedy="use optimal tables for these coefficients",
                )
            lookup[(4 * Tc + Th) * 256 :][:256] = row
            bits += int((counts * (row & 255)).sum())
        out = np.empty(2 * (bits // 8 + 1) + 4 * self.restarts + 16, np.uint8)
        size = kernels.emit(self.tokens, lookup, out)
        return out[:size].tobytes()


def tokenize(
    blocks: Sequence[Blocks],
    spec: ScanSpec,
    *,
    width: int,
    height: int,
    factors: Sequence[tuple[int, int]],
    slots: Sequence[tuple[int, int]],
    progressive: bool,
    restart_interval: int = 0,
    most_corrections: int = LIBJPEG_MOST_CORRECTIONS,
) -> Tokens:
    """One scan of a picture as tokens, with the frequency of each symbol.

    blocks: each frame component's int16 `[v_blocks, h_blocks, 8, 8]`, natural order, partial MCUs included.
    factors: (h_samp_factor, v_samp_factor) of each frame component.
    slots: (dc_tbl_no, ac_tbl_no), 0 to 3, of each component of the scan, in the scan's order.
    restart_interval: MCUs between RSTm; 0 for none.
    most_corrections: see LIBJPEG_MOST_CORRECTIONS.

    Raises JpegError for shapes that do not fit and for coefficients too large for T.81's symbols (beyond 15 bits).
    """
    layout = grids(width, height, factors)
    check_blocks(blocks, layout)
    flat, geometry, mcus_x, mcus = _geometry(blocks, spec, width, height, factors, slots, layout, progressive)
    n_blocks = int(mcus * (geometry[:, 2] * geometry[:, 3]).sum())
    band = 64 if not progressive else spec.Se - spec.Ss + 1
    restarts = (mcus - 1) // restart_interval if restart_interval else 0
    # Room for the worst case; pages that stay empty cost no memory. A refined coefficient takes 2 tokens at most
    # (itself and the corrections before it), and each block or restart 4 for end-of-band, ZRL and rounding up.
    room = np.empty(n_blocks * (2 * band + 4) + 4 * restarts + most_corrections + 16, np.uint32)
    counts = np.zeros(8 * 256, np.int64)
    args = (flat, geometry, mcus_x, mcus, restart_interval, room, counts)
    if not progressive:
        n, extra, done = kernels.sequential(*args)
    elif spec.Ss == 0:
        n, extra, done = kernels.dc_first(*args, spec.Al) if spec.Ah == 0 else kernels.dc_refine(*args, spec.Al)
    elif spec.Ah == 0:
        n, extra, done = kernels.ac_first(*args, spec.Ss, spec.Se, spec.Al)
    else:
        n, extra, done = kernels.ac_refine(*args, spec.Ss, spec.Se, spec.Al, most_corrections)
    if n < 0:
        raise JpegError(
            f"value {int(flat[-1 - n])}", place=f"coefficient {-1 - n}", expected="differences and values under 15 bits"
        )
    used = _slots_used(spec, slots, progressive)
    by_slot = {(Tc, Th): counts[(4 * Tc + Th) * 256 :][:256].copy() for Tc, Th in used}
    return Tokens(room[:n].copy(), by_slot, extra, done)


def _slots_used(spec: ScanSpec, slots: Sequence[tuple[int, int]], progressive: bool) -> list[Slot]:
    """The tables that the scan's codes come from, in order of first use; DC refinement uses none."""
    dc = [(0, d) for d, _ in slots] if spec.Ss == 0 and spec.Ah == 0 else []
    ac = [(1, a) for _, a in slots] if not progressive or spec.Ss > 0 else []
    return list(dict.fromkeys(dc + ac))


def _geometry(
    blocks: Sequence[Blocks],
    spec: ScanSpec,
    width: int,
    height: int,
    factors: Sequence[tuple[int, int]],
    slots: Sequence[tuple[int, int]],
    layout: Sequence[Grid],
    progressive: bool,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int64], int, int]:
    """The scan's coefficients (a DC scan's DCs) in one flat array, rows for the kernels, MCUs a row, MCUs; T.81 A.2."""
    alone = len(spec.components) == 1
    dc_only = progressive and spec.Ss == 0
    rows = []
    arrays = []
    first = 0
    for i, (dc, ac) in zip(spec.components, slots, strict=True):
        h, v = (1, 1) if alone else factors[i]
        rows.append((first, layout[i].h_blocks, h, v, dc, 4 + ac))
        kept = blocks[i][:, :, 0, 0] if dc_only else blocks[i]
        arrays.append(np.ascontiguousarray(kept).reshape(-1))
        first += layout[i].h_blocks * layout[i].v_blocks
    flat = arrays[0] if alone else np.concatenate(arrays)
    if alone:
        grid = layout[spec.components[0]]
        return flat, np.array(rows, np.int64), grid.h_real, grid.h_real * grid.v_real
    max_h, max_v = max(h for h, _ in factors), max(v for _, v in factors)
    mcus_x = -(-width // (8 * max_h))
    return flat, np.array(rows, np.int64), mcus_x, mcus_x * -(-height // (8 * max_v))
