"""What becomes of colours and tones: profiles, ranges, matrices, 16 bits, four inks."""

from __future__ import annotations

import numpy as np

from . import drawing as d
from . import icc
from .base import Family, Pixels, Probe, Random
from .saving import cmyk, jpeg, png


def patches(random: Random, width: int, height: int) -> Pixels:
    """216 colours, grey steps and a strip of a scene."""
    picture = d.patches(width, height)
    part = height // 5
    d.put(picture, d.wedge(width, part), 0, height - part)
    d.put(picture, d.photograph(random, width // 2, part), width // 2, height - 2 * part)
    return picture


def wedges(random: Random, width: int, height: int) -> Pixels:
    """Grey from 0 to 255 in steps and in one slope, then in red, green and blue."""
    picture = np.zeros((height, width, 3), np.uint8)
    part = -(-height // 4)
    for i, keep in enumerate(((1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1))):
        d.put(picture, d.wedge(width, part) * np.array(keep, np.uint8), 0, i * part)
    return picture


def ends(random: Random, width: int, height: int) -> Pixels:
    """Greys of 0 to 16 and 235 to 255 in blocks of 16: whether a range is stretched or cut."""
    values = np.array([*range(17), *range(235, 256)])
    y, x = np.mgrid[:height, :width] // 16
    flat = values[(y * 7 + x) % len(values)].astype(np.uint8)
    return np.repeat(flat[:, :, None], 3, axis=2)


def stripes(random: Random, width: int, height: int) -> Pixels:
    """Strong colours in stripes and fields: a curve before a filter does not do what it does behind it."""
    picture = d.colour_edges(width, height)
    d.put(picture, patches(random, width, height // 2), 0, height // 2)
    return picture


def deep(random: Random, width: int, height: int) -> Pixels:
    """16 bits a sample, RGB: low bytes that are not the high ones, so that cutting and scaling differ."""
    return patches(random, width, height).astype(np.uint16) * 256 + random.randint(0, 256, (height, width, 3)).astype(
        np.uint16
    )


def deep_grey(random: Random, width: int, height: int) -> Pixels:
    """The same, one channel."""
    return np.ascontiguousarray(deep(random, width, height)[:, :, 1:2])


def plain_grey(random: Random, width: int, height: int) -> Pixels:
    """A scene's green, `[H, W, 1]`."""
    return np.ascontiguousarray(d.photograph(random, width, height)[:, :, 1:2])


def grey_in_colour(random: Random, width: int, height: int) -> Pixels:
    """RGB of which every pixel is grey."""
    return np.repeat(plain_grey(random, width, height), 3, axis=2)


SPACES = {"srgb": icc.profile(icc.SRGB), "p3": icc.profile(icc.DISPLAY_P3), "adobe-rgb": icc.profile(icc.ADOBE_RGB)}
GREY = ("grey pictures", "factors of grey pictures", "unused tables of grey pictures")

FAMILY = Family(
    "colours",
    "tone, matrix, range, ICC profiles, depth, grey",
    (
        *(Probe(f"icc-{name}", ".png", ("ICC profile", "embedded ICC profile"), (), f"216 colours in {name}",
                (632, 472), patches, png(data), "kept") for name, data in SPACES.items()),
        *(Probe(f"icc-{name}-jpeg", ".jpg", ("ICC profile", "embedded ICC profile"), (), f"the same as JPEG in {name}",
                (632, 472), patches, jpeg(95, "4:4:4", icc=data), "kept") for name, data in SPACES.items()),
        Probe("tone-patches", ".png", ("colour space", "tones"), ("encoder",), "216 colours, no profile: the matrix",
              (632, 472), patches, png(), "kept"),
        Probe("tone-wedges", ".png", ("colour space", "tones"), ("encoder",), "steps and slopes: curves and contrast",
              (640, 480), wedges, png(), "kept"),
        Probe("tone-ends", ".png", ("colour space", "tones"), (), "the first and last greys: a cut range", (640, 480),
              ends, png(), "kept"),
        Probe("large-tones", ".png", ("tones before or after the resize", "grey before the resize"),
              ("resampling", "tones"), "hard edges between strong colours, above the limit",
              (2239, 1491), stripes, png(), "large"),
        Probe("deep-rgb", ".png", ("16-bit samples",), (), "16 bits a sample: how they become 8", (616, 456), deep,
              png(), "kept"),
        Probe("deep-grey", ".png", ("16-bit samples",), ("grey pictures",), "16 bits, grey", (616, 456), deep_grey,
              png(), "kept"),
        Probe("grey", ".png", GREY, (), "one channel", (632, 456), plain_grey, png(), "kept"),
        Probe("grey-jpeg", ".jpg", GREY, ("JPEG decoder",), "a JPEG of one component", (632, 456), plain_grey, jpeg(90),
              "kept"),
        Probe("grey-in-colour", ".png", ("grey pictures",), (), "RGB, all grey", (632, 456), grey_in_colour,
              png(), "kept"),
        Probe("inks", ".jpg", ("colour space",), ("ICC profile",), "CMYK without a profile: is it taken?", (632, 456),
              patches, cmyk(), "kept"),
    ),
)  # fmt: skip
