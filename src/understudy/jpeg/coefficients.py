"""Quantised coefficients and their geometry: which blocks a frame has, which a scan visits. T.81 A.1.1, A.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import JpegError
from .syntax import Anomaly, FrameComponent

Blocks = npt.NDArray[np.int16]
"""Quantised coefficients `[v_blocks, h_blocks, 8, 8]`: block row, block column, vertical and horizontal frequency."""
Steps = npt.NDArray[np.uint16]
"""Quantisation steps `[8, 8]`, natural order: vertical, horizontal frequency."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The blocks of one component."""

    width: int
    """Samples a line, T.81's xi."""
    height: int
    """Lines, T.81's yi."""
    h_blocks: int
    """Blocks a row that are kept: whole MCUs, or those of the picture if the frame has one component."""
    v_blocks: int
    """Block rows that are kept."""

    @property
    def h_real(self) -> int:
        """Blocks a row that hold at least one sample of the picture; those a scan of this component alone visits."""
        return -(-self.width // 8)

    @property
    def v_real(self) -> int:
        """Block rows that hold at least one line of the picture."""
        return -(-self.height // 8)


def grids(width: int, height: int, factors: Sequence[tuple[int, int]]) -> tuple[Grid, ...]:
    """The grid of each component of a `width` x `height` picture.

    factors: (h_samp_factor, v_samp_factor) of each component, 1 to 4. Source: T.81 A.1.1, A.2.4.
    """
    max_h = max(h for h, _ in factors)
    max_v = max(v for _, v in factors)
    mcus_x = -(-width // (8 * max_h))
    mcus_y = -(-height // (8 * max_v))
    out = []
    for h, v in factors:
        w_i = -(-width * h // max_h)
        h_i = -(-height * v // max_v)
        if len(factors) == 1:
            out.append(Grid(w_i, h_i, -(-w_i // 8), -(-h_i // 8)))
        else:
            out.append(Grid(w_i, h_i, mcus_x * h, mcus_y * v))
    return tuple(out)


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One component's share of a picture."""

    header: FrameComponent
    grid: Grid
    blocks: Blocks
    """Quantised, natural order, partial MCUs beyond the picture included (zero where no scan sends them)."""
    steps: Steps
    """The table that was in force at the component's first scan (all zero if there was none)."""

    @property
    def real(self) -> Blocks:
        """A view of the blocks that hold at least one sample of the picture."""
        return self.blocks[: self.grid.v_real, : self.grid.h_real]


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """What a JPEG file says of its picture, before any arithmetic."""

    width: int
    height: int
    components: tuple[Component, ...]
    anomalies: tuple[Anomaly, ...] = ()
    """What went wrong in the entropy-coded data; blocks that could not be read are zero."""

    @property
    def factors(self) -> list[tuple[int, int]]:
        """(h_samp_factor, v_samp_factor) of each component."""
        return [(c.header.h_samp_factor, c.header.v_samp_factor) for c in self.components]

    def equal_share(self, other: Coefficients) -> float:
        """The share of coefficients, 0 to 1, over real blocks of all components, that are equal in both pictures.

        0 where size, number of components or sampling differ.
        """
        if (self.width, self.height, self.factors) != (other.width, other.height, other.factors):
            return 0.0
        equal = sum(
            int(np.count_nonzero(a.real == b.real)) for a, b in zip(self.components, other.components, strict=True)
        )
        return equal / sum(c.real.size for c in self.components)


def check_blocks(blocks: Sequence[Blocks], layout: Sequence[Grid]) -> None:
    """Raises JpegError unless each array of `blocks` is int16 `[v_blocks, h_blocks, 8, 8]` of its grid."""
    for i, (array, grid) in enumerate(zip(blocks, layout, strict=True)):
        expected = (grid.v_blocks, grid.h_blocks, 8, 8)
        if array.shape != expected or array.dtype != np.int16:
            raise JpegError(
                f"{array.dtype} {array.shape}", place=f"coefficients of component {i}", expected=f"int16 {expected}"
            )
