"""The `-q` that libwebp was given, from a VP8 frame's quantiser indices.

What libwebp does, as its source says (src/enc/quant_enc.c and analysis_enc.c, 0.4 to 1.6): with x = q / 100, a
compression factor c = (2x/3 if x < 3/4 else 2x - 1)^(1/3); each segment has a susceptibility alpha from -127 to 127 and
the index int(127 * (1 - c^(1 - 0.9 * sns/100 * alpha/128))). alpha is 255 * (centre - middle) / (highest - lowest
centre), cut at 127, and the middle is the mean of the centres weighted by the macroblocks in them; so the weighted sum
of the alphas is 0 and their ends are 255 apart, where they are not cut. The chroma DC delta is int(-4 * sns / 100).
So one index gives q at once, and several with their shares give it within a few steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

SNS_OF_UV_DC = {0: 0, -1: 25, -2: 50, -3: 80, -4: 100}
"""libwebp's `-sns` by the chroma DC delta that it gives: the value that a preset has in that range (default 50; photo
and picture 80; drawing 25; icon and text 0). Source: src/enc/config_enc.c, WebPConfigInitInternal."""
SLACK = 10.0
"""By how much the weighted sum of alphas may miss 0: centres and alphas are rounded, the shares have 8 bits.

Measured on 720 files of Pillow's libwebp 1.6.0 (12 pictures, four methods, 15 qualities from 5 to 98): with 8 and more
the quality is always among those that fit, with 4 it is in 712. With 10 the best is the quality itself in 94 % and next
to it in the rest; 91 % of the spans are one quality or two, the widest four.
"""


@dataclass(frozen=True, slots=True)
class Quality:
    """The qualities, in whole steps, that would give these indices."""

    low: int
    high: int
    best: int
    sns: int
    exact: bool
    """One index tells it all: no segment has an index of its own."""


def compression(quality: float) -> float:
    """The factor c of the module's docstring, 0 to 1, of a quality from 0 to 100."""
    x = quality / 100
    linear = x * 2 / 3 if x < 0.75 else 2 * x - 1
    return float(linear ** (1 / 3))


def index_of(quality: float) -> int:
    """The quantiser index, 0 to 127, of a picture without segments (or of the segment whose alpha is 0)."""
    return int(127 * (1 - compression(quality)))


def estimate(indices: Sequence[int], shares: Sequence[float], uv_dc: int) -> Quality | None:
    """The qualities that fit the segments' indices, None where no quality does or `uv_dc` is none of libwebp's.

    indices: y_ac_qi of each segment; shares: how much of the picture each has (summing to 1).
    """
    sns = SNS_OF_UV_DC.get(uv_dc)
    if sns is None:
        return None
    used = [(i, w) for i, w in zip(indices, shares, strict=False) if w > 0.002]
    if len({i for i, _ in used}) == 1 or not used:
        index = used[0][0] if used else indices[0]
        fits = [q for q in range(101) if index_of(q) == index]
        if not fits:
            return None
        return Quality(fits[0], fits[-1], fits[len(fits) // 2], sns, True)
    if not sns:
        return None
    scored = [(abs(miss), q) for q in range(101) if (miss := _miss(q, used, sns)) is not None]
    if not scored:
        return None
    fits = [q for _, q in scored]
    return Quality(min(fits), max(fits), min(scored)[1], sns, False)


def _miss(quality: int, used: list[tuple[int, float]], sns: int) -> float | None:
    """By how much the likeliest alphas' weighted sum misses 0 at this quality; None where no alphas fit."""
    c = compression(quality)
    if not 0 < c < 1:
        return None
    amplitude = 0.9 * sns / 100 / 128
    low_sum = high_sum = middle = total = 0.0
    ends = []
    for index, share in used:
        # index <= 127 (1 - c_i) < index + 1; a higher c_i is a higher alpha
        most, least = 1 - index / 127, 1 - (index + 1) / 127
        if index == 127:
            most = 1 / 127
        high = 255.0 if most >= 1 else (1 - log(most) / log(c)) / amplitude
        low = -255.0 if least <= 0 else (1 - log(least) / log(c)) / amplitude
        if low > 128 or high < -128:
            return None
        low, high = (-255.0 if low <= -127 else low), (255.0 if high >= 127 else high)
        ends.append((low, high))
        low_sum, high_sum, total = low_sum + share * low, high_sum + share * high, total + share
        middle += share * (max(low, -200) + min(high, 200)) / 2
    if low_sum > SLACK * total or high_sum < -SLACK * total:
        return None
    if max(h for _, h in ends) - min(low for low, _ in ends) < 255 - SLACK:
        return None
    if max(low for low, _ in ends) - min(h for _, h in ends) > 255 + SLACK:
        return None
    return middle / total
