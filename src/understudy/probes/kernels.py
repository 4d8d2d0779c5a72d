"""What a resize and a filter do: rings, impulses, slanted edges, noise, larger than the limit and at their own size."""

from __future__ import annotations

from . import drawing as d
from .base import Family, Pixels, Probe, Random
from .compact import large
from .saving import jpeg, png


def rings(random: Random, width: int, height: int) -> Pixels:
    """Every frequency up to half a cycle a pixel, grey above, colour below."""
    picture = d.zone_plate(width, height)
    half = height // 2
    d.put(picture, d.zone_plate(half, half, colour=True), width - half, half)
    return picture


def points(random: Random, width: int, height: int) -> Pixels:
    """Single pixels at every phase of the grid: the kernel itself, sampled finer than the picture."""
    return d.impulses(width, height)


def edges(random: Random, width: int, height: int) -> Pixels:
    """Edges at 5 degrees."""
    return d.slanted_edges(width, height)


def noise(random: Random, width: int, height: int) -> Pixels:
    """Noise of equal power at every frequency, in blocks of 2 x 2, so that a third of it is left after a reduction."""
    fine = d.noise(random, -(-width // 2), -(-height // 2), 32, 224)
    return fine.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]


def halves(random: Random, width: int, height: int) -> Pixels:
    """A scene, of which 4:2:0 JPEGs show whether the decoder already shrinks."""
    return d.photograph(random, width, height, grain=0)


FAMILY = Family(
    "kernels",
    "resampling, its geometry, and filters behind it",
    (
        Probe("large-rings", ".png", ("resampling", "order"), ("sharpening",), "every frequency, above the limit",
              (2201, 1467), rings, png(), "large"),
        Probe("large-points", ".png", ("resampling",), ("sharpening", "order"), "single pixels at every phase",
              (2311, 1541), points, png(), "large"),
        Probe("large-edges", ".png", ("sharpening",), ("resampling",), "slanted edges above the limit", (2279, 1523),
              edges, png(), "large"),
        Probe("large-noise", ".png", ("resampling",), (), "noise above the limit, portrait", (1391, 2153), noise, png(),
              "large"),
        Probe("large-scene", ".png", ("resampling", "order", "ImageMagick's options"), ("size rule",),
              "a scene of another shape", (2473, 1361), large, png(), "large"),
        Probe("huge-scene", ".jpg", ("large reductions",), ("resampling", "size rule"),
              "a 4:2:0 JPEG at least four times as large as most deliveries, of whole MCUs", (5760, 3840), halves,
              jpeg(85, "4:2:0"), "large"),
        Probe("kept-edges", ".png", ("sharpening", "filter at own size"), ("encoder",), "slanted edges, not resized",
              (632, 456), edges, png(), "kept"),
        Probe("kept-points", ".png", ("filter at own size",), ("sharpening",), "single pixels at their own size",
              (624, 472), points, png(), "kept"),
        Probe("kept-rings", ".png", ("filter at own size",), ("sharpening", "encoder"), "every frequency, not resized",
              (613, 459), rings, png(), "kept"),
    ),
)  # fmt: skip
