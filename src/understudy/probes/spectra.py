"""What transforms and quantisers do: every frequency at every level, flat blocks, noise, text, ends of rows."""

from __future__ import annotations

import numpy as np

from . import drawing as d
from .base import Family, Pixels, Probe, Random
from .compact import kept
from .saving import png


def fine_ramps(random: Random, width: int, height: int) -> Pixels:
    """Each of the 64 frequencies, its level one more from row of blocks to row of blocks."""
    return d.ramps(width, height)


def coarse_ramps(random: Random, width: int, height: int) -> Pixels:
    """The same in steps of nine, up to where samples are cut off."""
    return d.ramps(width, height, step=9)


def red_ramps(random: Random, width: int, height: int) -> Pixels:
    """In red alone: luma and both chroma planes at once, in another ratio than grey."""
    return d.ramps(width, height, channels=(0,), step=3)


def blue_ramps(random: Random, width: int, height: int) -> Pixels:
    """In blue alone: mostly Cb."""
    return d.ramps(width, height, channels=(2,), step=5)


def levels(random: Random, width: int, height: int) -> Pixels:
    """Flat blocks of 16 x 16 at each grey, shuffled: thresholds of DC alone."""
    rows, columns = -(-height // 16), -(-width // 16)
    order = np.arange(rows * columns).reshape(rows, columns) * 89 % 256
    flat = np.kron(order, np.ones((16, 16), np.int64))[:height, :width]
    return np.repeat(flat.astype(np.uint8)[:, :, None], 3, axis=2)


def white_noise(random: Random, width: int, height: int) -> Pixels:
    """Every sample anything: clipping, the last levels of every table, Huffman codes of every size."""
    return d.noise(random, width, height)


def soft_noise(random: Random, width: int, height: int) -> Pixels:
    """Noise of 16 levels around grey: coefficients near one threshold, where trellis and dead zones show."""
    return d.noise(random, width, height, 120, 137)


def words(random: Random, width: int, height: int) -> Pixels:
    """Black on white, large and small."""
    picture = d.text(width, height)
    d.put(picture, d.text(width, height // 2, 3), 0, height // 2)
    return picture


_ENDS = tuple(
    Probe(f"ends-{w}x{h}", ".png", settles, ("encoder",), f"sides of {w % 16} and {h % 16} more than multiples of 16",
          (w, h), kept, png(), "kept")
    for w, h, settles in (
        (624, 464, ("edges",)), (616, 440, ("blocks beyond the picture",)), (618, 454, ("edges",)),
        (621, 467, ("edges", "blocks beyond the picture")),
    )
)  # fmt: skip

FAMILY = Family(
    "spectra",
    "the encoder's transform, quantiser and entropy coder",
    (
        Probe("ramps-fine", ".png", ("encoder", "trellis options", "DCT by quality"), ("quantisation tables",),
              "each DCT frequency at each level, one more a row", (640, 640), fine_ramps, png(), "kept"),
        Probe("ramps-coarse", ".png", ("encoder", "trellis options"), ("quantisation tables",),
              "each DCT frequency at each ninth level, up to clipping", (640, 640), coarse_ramps, png(), "kept"),
        Probe("ramps-red", ".png", ("encoder",), ("colour space", "chroma downsampling"),
              "the same in red: luma and chroma together", (640, 640), red_ramps, png(), "kept"),
        Probe("ramps-blue", ".png", ("encoder",), ("colour space", "chroma downsampling"),
              "the same in blue: Cb above all", (640, 640), blue_ramps, png(), "kept"),
        Probe("levels", ".png", ("encoder",), ("padding of the last byte",), "flat blocks of every grey: DC alone",
              (640, 480), levels, png(), "kept"),
        Probe("noise-white", ".png", ("encoder", "Huffman tables", "scan script"), ("restart interval", "8-bit steps"),
              "every code of the entropy coder, every threshold, samples that clip", (600, 456), white_noise, png(),
              "kept"),
        Probe("noise-soft", ".png", ("trellis options", "encoder"), ("DCT by quality",),
              "coefficients near one threshold", (632, 472), soft_noise, png(), "kept"),
        Probe("text", ".png", ("overshoot deringing", "trellis options"), ("encoder",), "black on white",
              (632, 456), words, png(), "kept"),
        *_ENDS,
    ),
)  # fmt: skip
