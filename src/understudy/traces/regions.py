"""Where in the picture an earlier compression on the same grid shows: one score for each region of the picture.

Once aligned.py believes in an earlier table, each level of each frequency is likelier after that compression than
without it, or less likely; the logarithms of those ratios, as fitted to the whole picture, add up over the blocks of a
region. A part that was put into the picture later has no such comb: there the sum is negative. Flat ones say nothing.

Not to be seen this way: parts that were pasted so that their own grid falls on this one, with the same earlier table;
parts smaller than a region; a picture most of which is new, where the whole says nothing of an earlier table.

Source: the idea is that of Lin, He, Tang and Tang, "Fast, automatic and fine-grained tampered JPEG image detection via
DCT coefficient analysis" (Pattern Recognition 42, 2009); the likelihood is aligned.py's. Measured:
docs/generations.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..jpeg.coefficients import Component
from . import _comb_kernels as kernels
from . import aligned

SIDE = 8
"""Blocks a side of a region: 64 samples."""
MOST_REGIONS = 4096
"""Of larger pictures the regions are larger."""
THRESHOLD = 6.0
"""Log-likelihood from which (below which, negative) a region is told. How often that is right: docs/generations.md."""


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """What each region says of the earlier compression."""

    scores: NDArray[np.float64]
    """`[rows, columns]`: log-likelihood for it (positive) or against it."""
    side: int
    """Samples a side of a region; the last row and column may be cut."""

    @property
    def shows(self) -> int:
        """Regions that show the earlier compression."""
        return int(np.count_nonzero(self.scores >= THRESHOLD))

    @property
    def against(self) -> int:
        """Regions that speak against it."""
        return int(np.count_nonzero(self.scores <= -THRESHOLD))


def regions(luma: Component, counts: NDArray[np.int64], found: aligned.Combs, earlier: aligned.Earlier) -> Regions:
    """The scores for `earlier`, which must have a table. counts: as `aligned.histograms`; found: as `aligned.combs`."""
    assert earlier.table is not None
    weights = np.zeros((64, kernels.BINS))
    sizes = counts.sum(axis=1).astype(np.float64)
    for k in found.used:
        step = earlier.per_frequency.get(int(k), earlier.table.steps_natural[k])
        if step < aligned.LARGEST and step != found.steps[k]:
            last = aligned.spread(sizes[k])
            kernels.comb_weights(
                sizes[k], float(found.steps[k]), float(step), aligned.SIGMA, aligned.LEAK, last, weights[k]
            )
            weights[k] /= found.dispersion[k]
    blocks = np.ascontiguousarray(luma.real).reshape(*luma.real.shape[:2], 64)
    side = SIDE
    while -(-blocks.shape[0] // side) * -(-blocks.shape[1] // side) > MOST_REGIONS:
        side *= 2
    out = np.zeros((-(-blocks.shape[0] // side), -(-blocks.shape[1] // side)))
    kernels.region_scores(blocks, weights, side, out)
    return Regions(out, 8 * side)
