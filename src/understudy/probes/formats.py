"""One scene in every format that platforms take: which are taken, and whether they are treated alike."""

from __future__ import annotations

import numpy as np

from . import drawing as d
from .base import Family, Pixels, Probe, Random, Save
from .compact import with_alpha
from .saving import animated, palette, png, through_pillow


def scene(random: Random, width: int, height: int) -> Pixels:
    """A scene."""
    return d.photograph(random, width, height)


def moving(random: Random, width: int, height: int) -> Pixels:
    """Four frames `[4, H, W, 3]`: a square walks over a scene, and each frame has colours of its own."""
    still = d.photograph(random, width, height, grain=0)
    frames = np.stack([still] * 4)
    side = height // 6
    for i, frame in enumerate(frames):
        at = width // 2 + i * side
        frame[height - 2 * side : height - side, at : at + side] = d.STRONG[i]
    return frames


def _probe(name: str, suffix: str, save: Save, why: str, source: str = "") -> Probe:
    drawn = moving if "animated" in name else with_alpha if source == "alpha" else scene
    return Probe(f"format-{name}", suffix, (), ("sent format",), why, (600, 450), drawn, save, "kept")


FAMILY = Family(
    "formats",
    "formats, palettes, animations",
    (
        _probe("png", ".png", png(), "PNG"),
        _probe("bmp", ".bmp", through_pillow("BMP"), "BMP"),
        _probe("tiff", ".tif", through_pillow("TIFF", compression="tiff_lzw"), "TIFF, LZW"),
        _probe("webp", ".webp", through_pillow("WEBP", quality=85, method=2), "WebP"),
        _probe("webp-lossless", ".webp", through_pillow("WEBP", lossless=True, quality=50, method=2), "lossless WebP"),
        _probe("gif", ".gif", palette("GIF", 256), "GIF"),
        _probe("gif-animated", ".gif", animated("GIF"), "a GIF that moves"),
        _probe("webp-animated", ".webp", animated("WEBP", quality=80, method=2), "a WebP that moves"),
        _probe("png-animated", ".png", animated("PNG"), "a PNG that moves"),
        _probe("png-palette", ".png", palette("PNG", 200), "PNG with a palette"),
        _probe("tiff-alpha", ".tif", through_pillow("TIFF", compression="tiff_lzw"), "TIFF with opacity", "alpha"),
    ),
)  # fmt: skip
