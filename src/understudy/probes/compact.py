"""The compact set: nine pictures for the questions that most platforms raise, five that nearly every platform keeps at
their size and four that are larger than nearly every limit.

Sides were searched for: of 19 usual limits from 480 to 2048 each shows how the other side is rounded, and most show
whether it is computed from the file's sides or from what a shrinking decoder leaves. No file exceeds the 4,000,000
bytes that Facebook's Graph API takes.
"""

from __future__ import annotations

import numpy as np

from . import drawing as d
from . import icc
from .base import Family, Pixels, Probe, Random
from .saving import jpeg, png


def kept(random: Random, width: int, height: int) -> Pixels:
    """A scene with text, colour edges, noise, flat colours and DCT ramps in the lower part."""
    picture = d.photograph(random, width, height, grain=3 if width * height < 500_000 else 0)
    top, part = height * 9 // 16, width // 4
    low = height - top
    panels = (
        d.text(part, low),
        d.colour_edges(part, low),
        d.noise(random, part, low, 40, 216),
        d.ramps(part, low, step=9),
    )
    for i, panel in enumerate(panels):
        d.put(picture, panel, i * part, top)
    d.put(picture, d.patches(part, low // 2, 4), 3 * part, top)
    return picture


def large(random: Random, width: int, height: int) -> Pixels:
    """A scene with slanted edges, rings, text and noise, in patches large enough to be seen after any reduction."""
    picture = d.photograph(random, width, height, grain=0)
    part = min(width, height) // 5
    left, top = width - part - part // 3, height // 8
    d.put(picture, d.zone_plate(part, part), left, top)
    d.put(picture, d.slanted_edges(part, part), left, top + part + part // 4)
    d.put(picture, d.text(part, part, 2), left - part - part // 4, top)
    d.put(picture, d.colour_edges(part, part), left - part - part // 4, top + part + part // 4)
    return picture


def with_alpha(random: Random, width: int, height: int) -> Pixels:
    """A scene under a slope of opacity; what is clear hides colours, neither black nor white."""
    return np.dstack([kept(random, width, height), d.opacity(width, height)])


def in_steps(pixels: Pixels, step: int = 4) -> Pixels:
    """The samples to the nearest multiple of `step`, 255 at most: a PNG of half the bytes. What a resampling rounds is
    sums, which stay as fine."""
    return np.minimum((pixels.astype(np.int32) + step // 2) // step * step, 255).astype(np.uint8)


def large_in_steps(random: Random, width: int, height: int) -> Pixels:
    """`large`, in steps of 4."""
    return in_steps(large(random, width, height))


def large_with_alpha(random: Random, width: int, height: int) -> Pixels:
    """`with_alpha`, its colours in steps of 4."""
    picture = with_alpha(random, width, height)
    return np.dstack([in_steps(picture[:, :, :3]), picture[:, :, 3:]])


def grey(random: Random, width: int, height: int) -> Pixels:
    """The green of a scene, `[H, W, 1]`."""
    return np.ascontiguousarray(kept(random, width, height)[:, :, 1:2])


P3 = icc.profile(icc.DISPLAY_P3)

FAMILY = Family(
    "compact",
    "the common questions in nine uploads",
    (
        Probe("kept-rgb", ".png", (
            "encoder", "chroma downsampling", "edges", "blocks beyond the picture", "overshoot deringing",
            "trellis options", "earlier generation", "earlier generation's arithmetic", "tones",
        ), ("chroma sampling", "scan script", "Huffman tables", "quantisation tables"),
            "every sample is known and the picture is small enough to be kept at its size: the encoder's arithmetic "
            "alone; both sides are 8 more than a multiple of 16",
            (616, 456), kept, png(), "kept"),
        Probe("kept-alpha", ".png", ("transparency", "transparency of resized pictures"), ("edges", "encoder"),
              "opacity from 0 to 255 over colours that differ: what is put behind it, and how the blend is rounded; "
              "odd sides", (521, 467), with_alpha, png(), "kept"),
        Probe("kept-turned", ".jpg", ("JPEG decoder", "EXIF orientation", "sent metadata", "density", "comment"),
              ("quantisation tables", "chroma sampling"),
              "a 4:2:0 JPEG on its side, with Exif, XMP, IPTC, a comment and a density of its own, and no ICC profile",
              (632, 488), kept,
              jpeg(92, "4:2:0", orientation=6, notes=True, comment=True, density=300), "kept"),
        Probe("kept-p3", ".jpg", ("ICC profile", "embedded ICC profile"),
              ("JPEG decoder", "chroma sampling", "quantisation tables", "comment", "density"),
              "strong colours in Display P3: converted, kept or dropped; a 4:4:4 JPEG of a low quality without notes",
              (600, 450), kept, jpeg(80, "4:4:4", icc=P3), "kept"),
        Probe("kept-grey", ".png", ("grey pictures", "factors of grey pictures", "unused tables of grey pictures"), (),
              "one channel: whether it stays one", (618, 458), grey, png(), "kept"),
        Probe("large-rgb", ".png", (
            "resampling", "order", "sharpening", "size rule", "tones before or after the resize",
            "grey before the resize",
        ), ("quantisation tables",),
              "larger than most limits, every sample known: the resampling alone", (2406, 1584), large_in_steps, png(),
              "large"),
        Probe("large-jpeg", ".jpg", ("large reductions", "size rule"), ("resampling", "quantisation tables"),
              "a large upright portrait in JPEG: whether the decoder already shrinks it", (3065, 4312), large,
              jpeg(86, "4:2:0"), "large"),
        Probe("large-alpha", ".png", ("transparency of resized pictures", "order"), ("size rule", "resampling"),
              "opacity above the limit: whether the resize comes first, and how opacity goes through it",
              (1457, 2213), large_with_alpha, png(), "large"),
        Probe("large-turned", ".jpg", ("order", "size rule"), ("EXIF orientation", "resampling"),
              "large and on its side: whether the limit is of the picture as stored or as shown, and what comes first",
              (2860, 1853), large, jpeg(85, "4:2:2", orientation=8), "large"),
    ),
)  # fmt: skip
