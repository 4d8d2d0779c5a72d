"""Quantised coefficients -> entropy-coded segments: Huffman, sequential and progressive, any script, any tables.

`Tokenizer.scan` walks the coefficients once and counts symbols; `Tokens.encode` writes the bits with given tables.
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
from .coefficients import Blocks, check_blocks, grids
from .huffman import codes
from .syntax import HuffTable, ScanSpec

LIBJPEG_MOST_CORRECTIONS = 937
"""libjpeg: MAX_CORR_BITS (1000) - DCTSIZE2 (64) + 1; the run is closed behind the block that exceeds them."""
JPEGLI_MOST_CORRECTIONS = 255
"""jpegli: what its tokens' eight bits hold; the run is closed before the block that would exceed them."""

Slot = tuple[int, int]
"""(Tc, Th): class and destination of a Huffman table."""


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """One scan, ready for any Huffman tables."""

    tokens: npt.NDArray[np.uint32]
    counts: dict[Slot, npt.NDArray[np.int64]]
    """Symbol frequencies `[256]` of each table that the scan uses."""
    restarts: int

    def encode(self, tables: Mapping[Slot, HuffTable], always_pad: bool = False) -> bytes:
        """The entropy-coded data, stuffed, RSTm included, padded with ones.

        always_pad: a scan without restarts that ends with a whole byte gets a byte of ones more.
        Raises JpegError if a table that the scan needs is missing or lacks a symbol that occurs.
        """
        lookup = np.zeros(8 * 256, np.uint32)
        bits = kernels.bits_beside_codes(self.tokens)
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
        more = b"\xff\0" if always_pad and not self.restarts and bits % 8 == 0 else b""
        return out[:size].tobytes() + more


class Tokenizer:
    """A picture's coefficients, ready to be cut into scans. What scans have in common is worked out once.

    blocks: each frame component's int16 `[v_blocks, h_blocks, 8, 8]`, natural order, partial MCUs included.
    factors: (h_samp_factor, v_samp_factor) of each frame component.
    Raises JpegError for shapes that do not fit.
    """

    def __init__(
        self,
        blocks: Sequence[Blocks],
        *,
        width: int,
        height: int,
        factors: Sequence[tuple[int, int]],
        progressive: bool,
    ) -> None:
        self._layout = grids(width, height, factors)
        check_blocks(blocks, self._layout)
        self._blocks = [np.ascontiguousarray(b) for b in blocks]
        self._size = width, height
        self._factors = tuple(factors)
        self._progressive = progressive
        self._masks: dict[tuple[int, int], npt.NDArray[np.uint64]] = {}

    def scan(
        self,
        spec: ScanSpec,
        slots: Sequence[tuple[int, int]],
        *,
        restart_interval: int = 0,
        most_corrections: int = LIBJPEG_MOST_CORRECTIONS,
        close_before: bool = False,
    ) -> Tokens:
        """One scan as tokens, with the frequency of each symbol.

        slots: (dc_tbl_no, ac_tbl_no), 0 to 3, of each component of the scan, in the scan's order.
        restart_interval: MCUs between RSTm; 0 for none.
        most_corrections, close_before: see LIBJPEG_MOST_CORRECTIONS and JPEGLI_MOST_CORRECTIONS.

        Raises JpegError for coefficients too large for T.81's symbols (beyond 15 bits).
        """
        geometry, mcus_x, mcus = self._geometry(spec, slots)
        n_blocks = int(mcus * (geometry[:, 2] * geometry[:, 3]).sum())
        band = 64 if not self._progressive else spec.Se - spec.Ss + 1
        restarts = (mcus - 1) // restart_interval if restart_interval else 0
        # Room for the worst case; pages that stay empty cost no memory. A refined coefficient takes 2 tokens at most
        # (itself and the corrections before it), and each block or restart 4 for end-of-band, ZRL and rounding up.
        room = np.empty(n_blocks * (2 * band + 4) + 4 * restarts + most_corrections + 16, np.uint32)
        counts = np.zeros(8 * 256, np.int64)
        where = (geometry, mcus_x, mcus, restart_interval, room, counts)
        if not self._progressive:
            n = kernels.sequential(self._flat(spec), self._joined_masks(spec, 0), *where)
        elif spec.Ss == 0:
            walk = kernels.dc_first if spec.Ah == 0 else kernels.dc_refine
            n = walk(self._flat(spec, dc_only=True), *where, spec.Al)
        elif spec.Ah == 0:
            n = kernels.ac_first(self._flat(spec), self._joined_masks(spec, spec.Al), *where, spec.Ss, spec.Se, spec.Al)
        else:
            nonzero, before = self._joined_masks(spec, spec.Al), self._joined_masks(spec, spec.Al + 1)
            n = kernels.ac_refine(
                self._flat(spec), nonzero, before, *where, spec.Ss, spec.Se, spec.Al, most_corrections, close_before
            )
        if n < 0:
            raise JpegError(
                f"a value beyond 15 bits in block {(-1 - n) // 64}", place=f"scan {spec}",
                expected="DC differences and AC values that T.81's symbols can carry",
            )  # fmt: skip
        by_slot = {(Tc, Th): counts[(4 * Tc + Th) * 256 :][:256].copy() for Tc, Th in self._slots_used(spec, slots)}
        return Tokens(room[:n].copy(), by_slot, restarts)

    def _slots_used(self, spec: ScanSpec, slots: Sequence[tuple[int, int]]) -> list[Slot]:
        """The tables that the scan's codes come from, in order of first use; DC refinement uses none."""
        dc = [(0, d) for d, _ in slots] if spec.Ss == 0 and spec.Ah == 0 else []
        ac = [(1, a) for _, a in slots] if not self._progressive or spec.Ss > 0 else []
        return list(dict.fromkeys(dc + ac))

    def _geometry(self, spec: ScanSpec, slots: Sequence[tuple[int, int]]) -> tuple[npt.NDArray[np.int64], int, int]:
        """Rows for the kernels, MCUs a row, MCUs; T.81 A.2."""
        alone = len(spec.components) == 1
        rows = []
        first = 0
        for i, (dc, ac) in zip(spec.components, slots, strict=True):
            h, v = (1, 1) if alone else self._factors[i]
            rows.append((first, self._layout[i].h_blocks, h, v, dc, 4 + ac))
            first += self._layout[i].h_blocks * self._layout[i].v_blocks
        if alone:
            grid = self._layout[spec.components[0]]
            return np.array(rows, np.int64), grid.h_real, grid.h_real * grid.v_real
        width, height = self._size
        max_h, max_v = max(h for h, _ in self._factors), max(v for _, v in self._factors)
        mcus_x = -(-width // (8 * max_h))
        return np.array(rows, np.int64), mcus_x, mcus_x * -(-height // (8 * max_v))

    def _flat(self, spec: ScanSpec, dc_only: bool = False) -> npt.NDArray[np.int16]:
        """The coefficients of the scan's components (their DCs alone), one behind the other."""
        kept = [self._blocks[i][:, :, 0, 0] if dc_only else self._blocks[i] for i in spec.components]
        arrays = [np.ascontiguousarray(k).reshape(-1) for k in kept]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)

    def _joined_masks(self, spec: ScanSpec, level: int) -> npt.NDArray[np.uint64]:
        """For each block of the scan's components the coefficients of magnitude `1 << level` and more."""
        arrays = [self._masks_of(i, level) for i in spec.components]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)

    def _masks_of(self, component: int, level: int) -> npt.NDArray[np.uint64]:
        key = component, level
        if key not in self._masks:
            flat = self._blocks[component].reshape(-1)
            self._masks[key] = np.empty(flat.size // 64, np.uint64)
            kernels.masks(flat, flat.view(np.uint64), 1 << level, self._masks[key])
        return self._masks[key]
