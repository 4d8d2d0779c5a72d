"""What becomes of chroma: how it is halved, where its samples sit, at what edges."""

from __future__ import annotations

import numpy as np

from . import drawing as d
from .base import Family, Pixels, Probe, Random
from .saving import jpeg, png


def stripes(random: Random, width: int, height: int) -> Pixels:
    """Strong colours, 1 to 12 pixels wide, both ways."""
    return d.colour_edges(width, height)


def rings(random: Random, width: int, height: int) -> Pixels:
    """A zone plate in chroma at equal luma."""
    return d.zone_plate(width, height, colour=True)


def siting(random: Random, width: int, height: int) -> Pixels:
    """Coloured pixels by themselves, at each of the four places in a pair of rows and columns: where chroma's samples
    sit, and what weights make them."""
    out = np.full((height, width, 3), 128, np.uint8)
    y, x = np.mgrid[8:height:17, 8:width:17]
    for channel, level in ((0, 250), (1, 20), (2, 230)):
        out[y, x, channel] = level
    return out


def mosaic(random: Random, width: int, height: int) -> Pixels:
    """Every pixel another strong colour."""
    inks = np.array(d.STRONG, np.uint8)
    picked: Pixels = inks[random.randint(0, len(inks), (height, width))]
    return picked


FAMILY = Family(
    "chroma",
    "chroma downsampling, siting and the decoder's upsampling",
    (
        Probe("chroma-stripes", ".png", ("chroma downsampling", "earlier generation"), ("encoder", "chroma sampling"),
              "strong colour edges at every phase", (632, 456), stripes, png(), "kept"),
        Probe("chroma-rings", ".png", ("chroma downsampling", "input smoothing"), ("encoder",),
              "every frequency, in chroma alone", (618, 470), rings, png(), "kept"),
        Probe("chroma-siting", ".png", ("chroma downsampling",), ("order",), "coloured pixels at all four places",
              (617, 457), siting, png(), "kept"),
        Probe("chroma-mosaic", ".png",
              ("chroma downsampling", "earlier generation", "earlier generation's arithmetic"), ("encoder",),
              "a strong colour a pixel", (600, 440), mosaic, png(), "kept"),
        Probe("chroma-420", ".jpg", ("JPEG decoder",), ("chroma sampling", "earlier generation"),
              "strong colour edges in a 4:2:0 JPEG without a profile: how chroma is brought to full size",
              (632, 456), stripes, jpeg(95, "4:2:0"), "kept"),
        Probe("chroma-422", ".jpg", ("JPEG decoder", "chroma sampling"), (), "the same in 4:2:2", (632, 456), stripes,
              jpeg(95, "4:2:2"), "kept"),
    ),
)  # fmt: skip
