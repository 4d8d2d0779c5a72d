"""Whether an answer stands out from the usual one where nothing known explains the pairs.

A resampler that is not known, a filter that is not known: then every answer to any other question leaves much unequal,
and the one that leaves least may do so because it blurs or sharpens a little the right way. Counting coefficients does
not tell: there are so many that any tendency is far beyond chance. So blocks are the units, each goes to the answer
that gives more of its coefficients, and what counts is how one-sided that is.

Measured on three channels outside the battery that nothing known explained (PHP's imagescale, Pillow's UnsharpMask,
libvips' sharpen; up to eight photographs each, delivered with 0.4 to 1 megapixels): leaving the ICC profile alone,
known to be right of the first two, got 0.72 to 0.81 of the disputed blocks there; islow, right, 0.34 to 0.72 against
other DCTs; smooth upsampling, right, 0.49 to 0.68. The worst wrong answer, a float DCT, got 0.65 and 0.66 in two
pictures, of some 400 blocks each. The limit of 0.7 lies between them; these are few channels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ..errors import UnderstudyError
from .observed import Box, Observed
from .pipeline import Pipeline
from .rendering import Rendering

STANDS_OUT = 0.7
"""Share of the disputed blocks above which an answer is believed though nothing explains the pairs: above every wrong
one that was measured."""
BEYOND_CHANCE = 3.0
"""Standard deviations of a fair coin by which blocks must favour it too, which matters where few are disputed."""


def stands_out(
    answer: Pipeline,
    usual: Pipeline,
    pairs: Sequence[Observed],
    rendering: Rendering,
    boxes: Callable[[Observed], Sequence[Box]],
) -> bool:
    """Whether `answer` gives more of a block's coefficients than `usual` in so many of the blocks in which they do not
    give as many, and in most of those of each picture. An answer that cannot take a picture does not; one that stands
    beside a usual one that cannot take it does."""
    won = lost = 0
    for pair in pairs:
        where = boxes(pair)
        try:
            theirs = _wrong(usual, pair, rendering, where)
        except UnderstudyError:
            return True
        try:
            ours = _wrong(answer, pair, rendering, where)
        except UnderstudyError:
            return False
        better, worse = int(np.count_nonzero(ours < theirs)), int(np.count_nonzero(ours > theirs))
        if worse > better:
            return False
        won, lost = won + better, lost + worse
    disputed = won + lost
    return disputed > 0 and won >= STANDS_OUT * disputed and won - lost >= BEYOND_CHANCE * math.sqrt(disputed)


def _wrong(
    pipeline: Pipeline, pair: Observed, rendering: Rendering, where: Sequence[Box]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Unequal coefficients of each block in the boxes, all components one after the other."""
    counts = [rendering.wrong(pair, pipeline, box) for box in where]
    return np.concatenate([part.ravel() for parts in counts for part in parts])
