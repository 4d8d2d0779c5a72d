"""Entropy-coded segments -> quantised coefficients: Huffman, sequential and progressive, any legal scan script.

Source: ITU-T T.81 annexes F.2 (sequential) and G.2 (progressive). Hostile input: every index is bounded by
construction, damage stops a restart segment (the next goes on), memory follows the header only up to a limit and is
touched only where data fills it, and the work is bounded by what a legal script could ask for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..errors import JpegError, LimitError, UnsupportedJpegError
from . import decode_kernels as kernels
from .coefficients import Coefficients, Component, Grid, grids
from .syntax import Anomaly, Dht, Dqt, Dri, HuffTable, JpegStream, QuantTable, Sof, Sos, marker_name

MAX_PIXELS = 1 << 28
"""Pictures beyond this need `max_pixels=`: 268 megapixels, 0.8 GB of coefficients at 4:2:0."""

_MOST_ANOMALIES = 1000
"""Told of one file; a file can have millions of damaged restart segments."""
_VISITS_A_COEFFICIENT = 14
"""T.81 G.1.1.1.1: Ah and Al go down from 13 to 0 one by one, so no legal script sends a coefficient more often."""


def read_coefficients(stream: JpegStream, *, max_pixels: int = MAX_PIXELS) -> Coefficients:
    """Every quantised coefficient that `stream` carries.

    Each component's blocks are int16 `[v_blocks, h_blocks, 8, 8]`, natural order, with the blocks of partial MCUs
    beyond the picture (encoders fill them differently). Damage is told in `anomalies`; what it hides is zero.

    Raises JpegError without a usable frame, UnsupportedJpegError for arithmetic, lossless, hierarchical and 12-bit
    files, LimitError above `max_pixels` samples a component or for scripts that repeat scans beyond any legal one.
    """
    sof = _usable_frame(stream)
    if sof.width * sof.height > max_pixels:
        raise LimitError(
            f"{sof.width} x {sof.height} pixels",
            place="frame header",
            expected=f"at most {max_pixels} pixels",
            remedy="raise max_pixels if the file deserves the memory",
        )
    return _Decoder(stream, sof).run()


def _usable_frame(stream: JpegStream) -> Sof:
    sof = stream.frame
    if sof is None:
        raise JpegError("no frame header (SOF)", place="file", expected="one (T.81 B.2.2)")
    place = marker_name(sof.code)
    if sof.code not in (0xC0, 0xC1, 0xC2) or sof.precision != 8:
        raise UnsupportedJpegError(
            f"{sof.process}, {sof.precision} bit",
            place=place,
            expected="8-bit baseline, extended or progressive Huffman",
            remedy="its segments can be inspected, its coefficients cannot be read here",
        )
    if sum(isinstance(e, Sof) for e in stream.elements) > 1:
        raise UnsupportedJpegError("more than one frame", place=place, expected="a file that is not hierarchical")
    if not sof.width or not sof.height:
        raise JpegError(f"{sof.width} x {sof.height} pixels", place=place, expected="at least 1 x 1 (or a DNL segment)")
    if not 1 <= len(sof.components) <= 4:
        raise JpegError(f"{len(sof.components)} components", place=place, expected="1 to 4")
    if any(not (1 <= c.h_samp_factor <= 4 and 1 <= c.v_samp_factor <= 4) for c in sof.components):
        raise JpegError("a sampling factor outside 1 to 4", place=place, expected="1 to 4 (T.81 B.2.2)")
    return sof


@dataclass(slots=True)
class _Decoder:
    """The decoder's state while it walks a stream; lives for one call of `read_coefficients`."""

    stream: JpegStream
    sof: Sof
    layout: tuple[Grid, ...] = ()
    first_block: list[int] = field(default_factory=list)
    flat: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    quant: dict[int, QuantTable] = field(default_factory=dict)
    latched: dict[int, QuantTable] = field(default_factory=dict)
    huffman: dict[tuple[int, int], HuffTable] = field(default_factory=dict)
    restart_interval: int = 0
    visits_left: int = 0
    anomalies: list[Anomaly] = field(default_factory=list)

    def run(self) -> Coefficients:
        factors = [(c.h_samp_factor, c.v_samp_factor) for c in self.sof.components]
        self.layout = grids(self.sof.width, self.sof.height, factors)
        sizes = [g.h_blocks * g.v_blocks for g in self.layout]
        self.first_block = [sum(sizes[:i]) for i in range(len(sizes))]
        self.flat = np.zeros(sum(sizes) * 64, np.int16)  # calloc: pages that no scan fills are never touched
        self.visits_left = (_VISITS_A_COEFFICIENT * 64 + 64) * sum(sizes)
        for offset, element in self.stream.located():
            if isinstance(element, Dqt):
                self.quant.update((t.Tq, t) for t in element.tables)
            elif isinstance(element, Dht):
                self.huffman.update(((t.Tc, t.Th), t) for t in element.tables)
            elif isinstance(element, Dri):
                self.restart_interval = element.restart_interval
            elif isinstance(element, Sos):
                self.scan(offset, element)
        return Coefficients(self.sof.width, self.sof.height, self._components(sizes), tuple(self.anomalies))

    def _components(self, sizes: list[int]) -> tuple[Component, ...]:
        out = []
        for i, (header, grid) in enumerate(zip(self.sof.components, self.layout, strict=True)):
            start = self.first_block[i] * 64
            blocks = self.flat[start : start + sizes[i] * 64].reshape(grid.v_blocks, grid.h_blocks, 8, 8)
            table = self.latched.get(i)
            steps = np.array(table.steps_natural if table else (0,) * 64, np.uint16).reshape(8, 8)
            out.append(Component(header, grid, blocks, steps))
        return tuple(out)

    def odd(self, offset: int, text: str, clause: str = "") -> None:
        if len(self.anomalies) < _MOST_ANOMALIES:
            self.anomalies.append(Anomaly(offset, text, clause))

    def scan(self, offset: int, sos: Sos) -> None:
        """One scan into `flat`. A scan that cannot be read is told and left out."""
        problem = self._why_unreadable(sos)
        if problem:
            self.odd(offset, f"SOS at {offset:#x}: {problem}; the scan is left out", "T.81 B.2.3, G.1.1.1")
            return
        order = [self._index_of(c.id) for c in sos.components]
        for i in order:
            tq = self.sof.components[i].quant_tbl_no
            if i not in self.latched and tq in self.quant:
                self.latched[i] = self.quant[tq]
        luts = self._lookups(sos)
        geometry, mcus_x, mcus = self._geometry(sos, order)
        data, starts, bad_at = kernels.unstuff(np.frombuffer(sos.data, np.uint8))
        base = offset - sos.fill + sos.size - len(sos.data)
        if bad_at >= 0:
            self.odd(
                base + bad_at, f"scan data at {base + bad_at:#x}: FF and a code that no scan holds", "T.81 B.1.1.5"
            )
        segments = len(starts) - 1
        interval = self.restart_interval or mcus
        expected = -(-mcus // interval)
        if segments != expected:
            self.odd(base, f"scan data at {base:#x}: {segments} restart segments, expected {expected}", "T.81 E.2.4")
        damage = np.full((min(segments, expected), 2), -1, np.int64)
        args = (data, starts, luts, geometry, mcus_x, mcus, interval, self.flat, damage)
        if not self.sof.progressive:
            visited = 64 * kernels.sequential(*args)
        elif sos.Ss == 0:
            visited = kernels.dc_first(*args, sos.Al) if sos.Ah == 0 else kernels.dc_refine(*args, sos.Al)
        else:
            decode = kernels.ac_first if sos.Ah == 0 else kernels.ac_refine
            visited = (sos.Se - sos.Ss + 1) * decode(*args, sos.Ss, sos.Se, sos.Al)
        self._tell_damage(base, damage)
        self.visits_left -= int(visited)
        if self.visits_left < 0:
            raise LimitError(
                "scans repeat coefficients",
                place=f"SOS at {offset:#x}",
                expected=f"at most {_VISITS_A_COEFFICIENT} visits a coefficient (T.81 G.1.1.1.1)",
            )

    def _why_unreadable(self, sos: Sos) -> str:
        """Why the scan cannot be read, or "" if it can."""
        ids = [c.id for c in sos.components]
        if not ids or len(ids) > 4 or len(set(ids)) < len(ids):
            return f"components {ids}"
        if any(self._index_of(i) < 0 for i in ids):
            return f"components {ids} are not all in the frame"
        sampling = [self.sof.components[self._index_of(i)] for i in ids]
        if len(ids) > 1 and sum(c.h_samp_factor * c.v_samp_factor for c in sampling) > 10:
            return "more than 10 blocks in an MCU"
        needs_dc, needs_ac = True, True
        if self.sof.progressive:
            if not (sos.Ss == sos.Se == 0 or (1 <= sos.Ss <= sos.Se <= 63 and len(ids) == 1)):
                return f"Ss={sos.Ss} Se={sos.Se} with {len(ids)} components is no legal band"
            if sos.Al > 13 or (sos.Ah and sos.Al != sos.Ah - 1):
                return f"Ah={sos.Ah} Al={sos.Al} is no legal approximation"
            needs_dc, needs_ac = sos.Ss == 0 and sos.Ah == 0, sos.Ss > 0
        for c in sos.components:
            for needed, Tc, Th in ((needs_dc, 0, c.dc_tbl_no), (needs_ac, 1, c.ac_tbl_no)):
                table = self.huffman.get((Tc, Th))
                if needed and (table is None or table.overfull):
                    return f"Huffman table {'AC' if Tc else 'DC'} {Th} is {'overfull' if table else 'not defined'}"
        return ""

    def _index_of(self, component_id: int) -> int:
        return next((i for i, c in enumerate(self.sof.components) if c.id == component_id), -1)

    def _lookups(self, sos: Sos) -> npt.NDArray[np.int32]:
        """The decoding tables: row i for the i-th component's DC table, row 4 + i for its AC table."""
        rows = np.zeros((8, kernels.LUT_SIZE), np.int32)
        made: dict[tuple[int, int], int] = {}
        for i, c in enumerate(sos.components):
            for Tc, Th, row in ((0, c.dc_tbl_no, i), (1, c.ac_tbl_no, 4 + i)):
                table = self.huffman.get((Tc, Th))
                if table is None or table.overfull:
                    continue
                if (Tc, Th) in made:
                    rows[row] = rows[made[Tc, Th]]
                else:
                    counts = np.array(table.counts, np.int32)
                    kernels.fill_lut(rows[row], counts, np.frombuffer(table.symbols, np.uint8))
                    made[Tc, Th] = row
        return rows

    def _geometry(self, sos: Sos, order: list[int]) -> tuple[npt.NDArray[np.int64], int, int]:
        """Rows (first block, blocks a row, blocks across an MCU, blocks down an MCU), MCUs a row, MCUs; T.81 A.2."""
        alone = len(order) == 1
        rows = []
        for i in order:
            c, grid = self.sof.components[i], self.layout[i]
            h, v = (1, 1) if alone else (c.h_samp_factor, c.v_samp_factor)
            rows.append((self.first_block[i], grid.h_blocks, h, v))
        if alone:
            grid = self.layout[order[0]]
            return np.array(rows, np.int64), grid.h_real, grid.h_real * grid.v_real
        mcus_x = -(-self.sof.width // (8 * self.sof.max_h))
        return np.array(rows, np.int64), mcus_x, mcus_x * -(-self.sof.height // (8 * self.sof.max_v))

    def _tell_damage(self, base: int, damage: npt.NDArray[np.int64]) -> None:
        for kind, mcu in damage[np.flatnonzero(damage[:, 0] >= 0)[:_MOST_ANOMALIES]]:
            self.odd(base, f"scan data at {base:#x}: {kernels.DAMAGE[int(kind)]} at MCU {int(mcu)}", "T.81 F.2, G.2")
