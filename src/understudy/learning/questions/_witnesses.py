"""Which pairs can say something about an encoder or a decoder, best first."""

from __future__ import annotations

from collections.abc import Sequence

from ...codec.png16 import is_png16
from ...errors import UnderstudyError
from ...steps.encode import SAMPLINGS
from ..fit import fit, plane_of
from ..observed import Observed, boxes
from ..pipeline import Pipeline
from ..rendering import Rendering, is_global

MOST = 4
"""Pairs that are enough for a question about arithmetic, which shows in most blocks."""


def pixels(pair: Observed) -> int:
    """Of the received picture."""
    width, height = pair.size
    return width * height


def is_plain(pair: Observed) -> bool:
    """Whether nothing but decoding and encoding is in question: upright, opaque, 8 bits, without an ICC profile."""
    if pair.orientation != 1 or pair.icc is not None or is_png16(pair.sent):
        return False
    return pair.is_jpeg or not pair.has_alpha


AFFORDABLE = 8_000_000
"""Pixels that a trial of one candidate may render, of the first pair whatever its size."""


def affordable(ranked: Sequence[Observed], pipeline: Pipeline) -> list[Observed]:
    """The first of the ranked pairs, and those that follow as long as together they are not too much to render."""
    out: list[Observed] = []
    spent = 0
    for pair in ranked[:MOST]:
        spent += work(pair) * (4 if is_global(pipeline.encode) else 1)
        if out and spent > AFFORDABLE:
            break
        out.append(pair)
    return out


def work(pair: Observed) -> int:
    """Pixels of the sent and of the received picture: what rendering it costs."""
    width, height = pair.sent_size
    return width * height + pixels(pair)


def is_predicted(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering, sigma: float) -> bool:
    """Whether a question need not wait for the resampling to be found: the best witness was not resized, or its luma is
    predicted with an error of at most `sigma` pixels (`fit`). True where there is no witness."""
    if not pairs or not pairs[0].is_resized:
        return True
    try:
        raster = rendering.raster(pairs[0], pipeline)
    except UnderstudyError:
        return False
    right = (raster.width, raster.height) == pairs[0].size
    plane = plane_of(raster.pixels, pairs[0], raster.space)
    return right and fit(plane, pairs[0], boxes(pairs[0])).sigma <= sigma


ENOUGH = 200 * 200
"""Pixels from which on a picture shows all that blocks have to tell; below, the more the better."""


def smallest_first(pairs: Sequence[Observed]) -> list[Observed]:
    """Pictures in colour before grey ones; small ones first, of which less is rendered, but tiny ones last."""
    return sorted(pairs, key=lambda p: (len(p.factors) == 1, pixels(p) < ENOUGH, abs(pixels(p) - ENOUGH)))


def for_encoder(pairs: Sequence[Observed]) -> list[Observed]:
    """The purest kind that there is: same-size lossless ones of which every sample is known; else JPEGs, where the
    decoder is in question too; else those with alpha, a profile or an orientation; else resized ones, alike."""
    same = [p for p in pairs if not p.is_resized]
    plain = [p for p in same if is_plain(p)]
    resized = [p for p in pairs if is_plain(p) and not p.is_jpeg]
    for kind in ([p for p in plain if not p.is_jpeg], plain, same, resized, list(pairs)):
        if kind:
            return smallest_first(kind)[:MOST]
    return []


def known_samples(pairs: Sequence[Observed]) -> list[Observed]:
    """All same-size plain pairs, lossless ones first: for parts of an encoder that few pictures show."""
    same = [p for p in pairs if not p.is_resized and is_plain(p)]
    chosen = same or [p for p in pairs if not p.is_resized] or list(pairs)
    return sorted(chosen, key=lambda p: (p.is_jpeg, pixels(p)))[:MOST]


def is_subsampled(pair: Observed) -> bool:
    """Whether the received file's chroma is smaller than its luma."""
    return len(pair.factors) == 3 and pair.factors[0] != SAMPLINGS["4:4:4"]


def shows_lower_edge(pair: Observed) -> bool:
    """Whether the received picture tells rows repeated before downsampling from rows repeated after it: chroma is
    halved down the columns, and the height is even but no multiple of the MCU's."""
    max_v = max(v for _, v in pair.factors)
    height = pair.size[1]
    return max_v > 1 and height % max_v == 0 and height % (8 * max_v) != 0
