"""What becomes of opacity: what is put behind it, how it is rounded, on which side of a resize."""

from __future__ import annotations

import numpy as np

from . import drawing as d
from .base import Family, Pixels, Probe, Random
from .compact import with_alpha
from .saving import palette, png, through_pillow


def hard(random: Random, width: int, height: int) -> Pixels:
    """Clear and opaque only, in discs over strong colours: what a filter drags over the edge."""
    y, x = np.mgrid[:height, :width]
    u, v = x % 96 - 48, y % 96 - 48
    alpha = np.where(u * u + v * v < 36 * 36, 255, 0).astype(np.uint8)
    return np.dstack([d.colour_edges(width, height), alpha])


def hidden(random: Random, width: int, height: int) -> Pixels:
    """One field of each of 216 colours, wholly clear: does what nobody sees come to light?"""
    alpha = np.zeros((height, width), np.uint8)
    alpha[:, : width * 2 // 3] = d.opacity(width * 2 // 3, height)
    return np.dstack([d.patches(width, height), alpha])


def grey(random: Random, width: int, height: int) -> Pixels:
    """Grey with opacity."""
    return np.ascontiguousarray(with_alpha(random, width, height)[:, :, [1, 3]])


KEPT, LARGE = ("transparency",), ("transparency of resized pictures", "order")

FAMILY = Family(
    "transparency",
    "opacity at its own size and above the limit",
    (
        Probe("alpha-slope", ".png", (*KEPT, *LARGE), (), "every opacity over a scene", (605, 461), with_alpha, png(),
              "kept"),
        Probe("alpha-hidden", ".png", KEPT, (), "216 colours where it is clear", (632, 472), hidden, png(), "kept"),
        Probe("alpha-grey", ".png", KEPT, ("grey pictures",), "grey with opacity", (616, 456), grey, png(), "kept"),
        Probe("alpha-palette", ".png", KEPT, (), "a palette with a clear colour", (616, 456), with_alpha,
              palette("PNG", 64, clear=True), "kept"),
        Probe("alpha-webp", ".webp", KEPT, (), "the same as lossless WebP", (605, 461), with_alpha,
              through_pillow("WEBP", lossless=True, exact=True, quality=50, method=2), "kept"),
        Probe("large-alpha-slope", ".png", LARGE, ("size rule",), "every opacity, above the limit", (2213, 1477),
              with_alpha, png(), "large"),
        Probe("large-alpha-hard", ".png", LARGE, ("resampling",), "clear or opaque, above the limit",
              (2137, 1409), hard,
              png(), "large"),
    ),
)  # fmt: skip
