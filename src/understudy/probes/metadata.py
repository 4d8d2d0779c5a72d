"""What becomes of what stands beside the picture: orientation, Exif, XMP, IPTC, comments, density."""

from __future__ import annotations

import numpy as np

from ..steps.orient import upright
from .base import Family, Pixels, Probe, Random, Scene
from .compact import kept, large
from .saving import jpeg, png, through_pillow

BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""EXIF orientation -> the one that undoes it."""


def stored(scene: Scene, orientation: int) -> Scene:
    """The scene as a camera would store it that held itself so: upright once Exif is obeyed."""

    def turned(random: Random, width: int, height: int) -> Pixels:
        sides = (height, width) if orientation >= 5 else (width, height)
        return np.ascontiguousarray(upright(scene(random, *sides), BACK[orientation]))

    return turned


NOTES = ("sent metadata", "comment", "density", "Adobe segment")
_TURNED = tuple(
    Probe(f"orient-{n}", ".jpg", ("EXIF orientation",), ("order", "JPEG decoder"), f"a JPEG with EXIF orientation {n}",
          (624, 464), stored(kept, n), jpeg(92, "4:2:0", orientation=n, notes=True), "kept")
    for n in range(1, 9)
)  # fmt: skip

FAMILY = Family(
    "metadata",
    "orientation and notes",
    (
        *_TURNED,
        Probe("orient-6-webp", ".webp", (), ("EXIF orientation",), "WebP with EXIF orientation 6", (624, 464),
              stored(kept, 6), through_pillow("WEBP", orientation=6, lossless=True, quality=50, method=2), "kept"),
        Probe("orient-3-png", ".png", (), ("EXIF orientation",), "PNG with EXIF orientation 3", (624, 464),
              stored(kept, 3), through_pillow("PNG", orientation=3), "kept"),
        Probe("large-orient-6", ".jpg", ("order", "size rule"), ("EXIF orientation", "resampling"),
              "on its side and above the limit", (2801, 1867), stored(large, 6), jpeg(90, "4:4:4", orientation=6),
              "large"),
        Probe("large-orient-3", ".jpg", ("order",), ("EXIF orientation", "resampling"),
              "upside down and above the limit", (2557, 1703), stored(large, 3), jpeg(90, "4:4:4", orientation=3),
              "large"),
        Probe("notes-all", ".jpg", NOTES, ("place of the comment",), "Exif, XMP, IPTC, a comment, 300 dots an inch",
              (632, 456), kept, jpeg(90, notes=True, comment=True, density=300), "kept"),
        Probe("notes-none", ".jpg", NOTES, (), "nothing but the picture", (632, 456), kept, jpeg(90), "kept"),
        Probe("notes-comment", ".jpg", ("comment",), ("place of the comment",), "a comment alone", (632, 456), kept,
              jpeg(90, comment=True), "kept"),
        Probe("notes-density", ".jpg", ("density",), ("JFIF",), "72 dots an inch", (632, 456), kept,
              jpeg(90, density=72), "kept"),
        Probe("notes-adobe", ".jpg", ("Adobe segment",), (), "Adobe's segment", (632, 456), kept, jpeg(90, adobe=True),
              "kept"),
        Probe("notes-png", ".png", ("density",), ("sent metadata",), "PNG with 300 dots an inch, a text and Exif",
              (632, 456), kept, png(notes=True), "kept"),
    ),
)  # fmt: skip
