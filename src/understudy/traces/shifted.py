"""An earlier JPEG compression on another 8x8 grid: the picture was cropped, or moved, and compressed again.

The samples are transformed on each of 64 grids. On the earlier one, ten low frequencies of luma gather about multiples
of their earlier step, blurred by the present compression; the mean of cos(2 pi x / q) measures that for every q. What
the present grid itself does to its neighbours is the same at mirrored shifts, (y, x) and (8 - y, x) and so on, so a
shift is judged by how far it stands out from its mirrors. Then every known table is tried as a whole, as in aligned.py.

Not to be seen this way: earlier steps clearly smaller than the present ones (their comb is blurred away), and shifts on
the present grid (aligned.py's) or by exactly half a block in one or both directions, the other being 0.

In drawings, evenly spaced means and repeated shapes gather by themselves, but at many shifts: where other grids gather
about multiples of the same table nearly as well, nothing is claimed. That is measured on drawings in
docs/generations.md; a drawing that was compressed before on another grid is mostly not told either.

Source: periodicity of DC on shifted grids is Bianchi and Piva's, "Detection of nonaligned double JPEG compression based
on integer periodicity maps" (IEEE TIFS 7(2), 2012); frequencies beyond DC, mirrors and laws are of this project:
docs/generations.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..codec.matrices import dct_basis
from . import _grid_kernels as kernels
from .aligned import Table, known_tables, surprise

ORDER_NATURAL = (0, 1, 8, 9, 2, 16, 10, 17, 3, 24)
"""Natural index 8 v + h of the kernels' ten frequencies."""
STEPS = np.arange(2, 64)
"""Earlier steps that are tried."""
LEAST_SIZE = 4.0
"""Size of three low frequencies together, below which a block is flat and its DC is not counted."""
THRESHOLD = 6.0
"""Standard deviations from which an earlier grid is believed. False alarms: docs/generations.md."""
FALSE_ALARMS = (5, 3096)
"""Alarms and files compressed once by four encoders at nine qualities: 5 of 1,296 of the 18 photographs that the
threshold was chosen on, 0 of 1,800 of 38 others. Counted before other grids were asked too (`SHARE`), which all five
do not pass."""
MARGIN = 1.0
"""Standard deviations within which two tables are not told apart."""
CHANCE = 2.0
"""Standard deviations by which other grids may differ from their mirrors in any picture, and"""
SHARE = 0.35
"""the share of what the earlier grid stands out by that they may have beyond that. In 1,425 files of
photographs in which the grid was found, 0.30 at most; of 190 files of drawings 4 are taken for compressed before,
without this 91."""
LEAST_SIDE = 64
"""Pixels a side that a picture must have."""


@dataclass(frozen=True, slots=True)
class Shifted:
    """The grid and table that stand out most, believed or not."""

    score: float
    """Standard deviations above the mirrored grids."""
    shift: tuple[int, int]
    """(v, h): the first sample of the earlier grid's blocks, 0 to 7 each, not both 0."""
    table: Table
    rivals: tuple[Table, ...]
    """Tables within `MARGIN` on the same grid."""
    beside: float
    """Standard deviations by which another grid stands out, or stays behind, with the same table: the most."""
    allowed: float
    """How many it may: `CHANCE` and a `SHARE`."""

    @property
    def found(self) -> bool:
        """Whether the score is above the threshold whose false alarms were measured, and no other grid comes near."""
        return self.score >= THRESHOLD and not self.drawn

    @property
    def drawn(self) -> bool:
        """Whether other grids stand out nearly as far, as they do in even gradients and flat shapes."""
        return self.beside > self.allowed


SELF_MIRRORED = ((0, 4), (4, 0), (4, 4))
"""Shifts without a mirror, which are not asked: halfway between blocks the present steps leave combs of their own, in
5 of 17 real deliveries as strong as an earlier compression's."""
_AC_BINS = 1024


@cache
def _waves() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosines of each size in each step, `[BINS, steps]` for DC, `[_AC_BINS, steps]` without sizes under half a
    step."""
    sizes = np.arange(kernels.BINS)[:, None] / 4
    waves = np.cos(2 * np.pi * sizes / STEPS).astype(np.float32)
    return waves, (waves * (sizes >= STEPS / 2))[:_AC_BINS].astype(np.float32)


def gathered(histograms: NDArray[np.int32]) -> NDArray[np.float64]:
    """`[n, 10, len(STEPS)]`: how far sizes gather about multiples of each step, in standard deviations of chance.

    histograms: `[n, 10, BINS]`, sizes of the kernels' ten frequencies in quarters of a unit. Of all but DC, sizes under
    half a step do not count.
    """
    whole, upper = _waves()
    low = histograms[:, 1:, :_AC_BINS].astype(np.float32)
    numbers = np.empty((len(histograms), kernels.FREQUENCIES, len(STEPS)), np.float32)
    numbers[:, 0] = histograms[:, 0].sum(axis=1, keepdims=True)
    numbers[:, 1:] = np.cumsum(low[:, :, ::-1], axis=2)[:, :, ::-1][:, :, 2 * STEPS]
    sums = np.empty_like(numbers)
    sums[:, 0] = histograms[:, 0].astype(np.float32) @ whole
    sums[:, 1:] = (low.reshape(-1, _AC_BINS) @ upper).reshape(len(histograms), kernels.FREQUENCIES - 1, -1)
    return (sums / np.sqrt(numbers / 2 + 1)).astype(np.float64)


def _mirrors(v: int, h: int) -> set[tuple[int, int]]:
    return {((8 - v) % 8, h), (v, (8 - h) % 8), ((8 - v) % 8, (8 - h) % 8)} - {(v, h)}


def standings(plane: NDArray[np.uint8]) -> NDArray[np.float64]:
    """`[8, 8, 10, len(STEPS)]`: how far each shift (v, h) stands out from its mirrors, in standard deviations.

    By frequency and earlier step. plane: luma's samples, at least 64 a side.
    """
    histogram = np.zeros((64, kernels.FREQUENCIES, kernels.BINS), np.int32)
    kernels.shift_histograms(np.ascontiguousarray(plane), dct_basis(8)[:4].astype(np.float32), LEAST_SIZE, histogram)
    z = gathered(histogram).reshape(8, 8, kernels.FREQUENCIES, -1)
    out = np.zeros_like(z)
    for v in range(8):
        for h in range(8):
            mirrors = _mirrors(v, h)
            if mirrors:
                mean = sum(z[m] for m in mirrors) / len(mirrors)
                out[v, h] = (z[v, h] - mean) * np.sqrt(len(mirrors) / (len(mirrors) + 1))
    return out


def earlier_grid(plane: NDArray[np.uint8], steps: NDArray[np.int64]) -> Shifted | None:
    """The grid and known table that stand out most; None where the picture is too small to ask.

    plane: luma's samples as decoded; steps: luma's present steps, 64 in natural order.
    """
    if min(plane.shape) < LEAST_SIDE:
        return None
    z = standings(plane)
    tables = known_tables()
    wanted = np.array([[t.steps_natural[k] for k in ORDER_NATURAL] for t in tables])
    present = np.asarray(steps, np.float64).reshape(64)[list(ORDER_NATURAL)]
    # A comb of step q1 keeps exp(-2 pi^2 s^2 / q1^2) of its contrast under the present rounding, s^2 = q2^2 / 12
    kept = np.exp(-2 * np.pi**2 * (present**2 / 12 + 0.15) / np.maximum(wanted, 1) ** 2)
    usable = (wanted >= STEPS[0]) & (wanted <= STEPS[-1]) & (kept > 0.003)
    weights = np.where(usable, kept, 0)
    index = np.clip(wanted - STEPS[0], 0, len(STEPS) - 1)
    norm = np.sqrt((weights**2).sum(axis=1))
    picked = z[:, :, np.arange(len(ORDER_NATURAL)), index]  # [8, 8, tables, 10]
    scores = np.einsum("vhtf,tf->vht", picked, weights) / np.maximum(norm, 1e-9)
    standing = scores.copy()
    scores[0, 0] = 0
    scores -= surprise()
    for v, h in SELF_MIRRORED:
        scores[v, h] = 0
    v, h, best = (int(i) for i in np.unravel_index(int(np.argmax(scores)), scores.shape))
    here = scores[v, h]
    rivals = tuple(tables[int(i)] for i in np.argsort(-here, kind="stable")[1:9] if here[i] > here[best] - MARGIN)
    beside = _beside(standing[:, :, best], (v, h))
    allowed = CHANCE + SHARE * float(standing[v, h, best])
    return Shifted(float(here[best]), (v, h), tables[best], rivals, beside, allowed)


def _beside(standing: NDArray[np.float64], shift: tuple[int, int]) -> float:
    """The furthest that any other of the 8 x 8 shifts lies from where an earlier grid at `shift` alone would put it."""
    expected = np.zeros((8, 8))
    mirrors = _mirrors(*shift)
    for mirror in mirrors:
        # Each is judged beside the others, of which the earlier grid is one
        expected[mirror] = -standing[shift] / len(mirrors)
    off = np.abs(standing - expected)
    for v, h in (shift, (0, 0), *SELF_MIRRORED):
        off[v, h] = 0
    return float(off.max())
