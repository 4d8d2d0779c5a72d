"""Which pairs can say something about an encoder or a decoder, best first."""

from __future__ import annotations

from collections.abc import Sequence

from ...steps.encode import SAMPLINGS
from ..observed import Observed


def pixels(pair: Observed) -> int:
    """Of the received picture."""
    width, height = pair.size
    return width * height


def is_plain(pair: Observed) -> bool:
    """Whether nothing but decoding and encoding is in question: upright, opaque, without an ICC profile."""
    return pair.orientation == 1 and pair.icc is None and not (not pair.is_jpeg and pair.has_alpha)


def smallest_first(pairs: Sequence[Observed]) -> list[Observed]:
    """Less is rendered of small ones, and a thousand blocks are as good as a million."""
    return sorted(pairs, key=pixels)


def for_encoder(pairs: Sequence[Observed]) -> list[Observed]:
    """The purest kind that there is: same-size lossless ones of which every sample is known; else JPEGs, where the
    decoder is in question too; else those with alpha, a profile or an orientation; else resized ones."""
    same = [p for p in pairs if not p.is_resized]
    plain = [p for p in same if is_plain(p)]
    for kind in ([p for p in plain if not p.is_jpeg], plain, same, list(pairs)):
        if kind:
            return smallest_first(kind)
    return []


def known_samples(pairs: Sequence[Observed]) -> list[Observed]:
    """All same-size plain pairs, lossless ones first: for parts of an encoder that few pictures show."""
    same = [p for p in pairs if not p.is_resized and is_plain(p)]
    chosen = same or [p for p in pairs if not p.is_resized] or list(pairs)
    return sorted(chosen, key=lambda p: (p.is_jpeg, pixels(p)))


def is_subsampled(pair: Observed) -> bool:
    """Whether the received file's chroma is smaller than its luma."""
    return len(pair.factors) == 3 and pair.factors[0] != SAMPLINGS["4:4:4"]


def shows_lower_edge(pair: Observed) -> bool:
    """Whether the received picture tells rows repeated before downsampling from rows repeated after it: chroma is
    halved down the columns, and the height is even but no multiple of the MCU's."""
    max_v = max(v for _, v in pair.factors)
    height = pair.size[1]
    return max_v > 1 and height % max_v == 0 and height % (8 * max_v) != 0
