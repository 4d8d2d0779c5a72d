"""Pictures as people send them: scenes of camera size and of screen size, without panels."""

from __future__ import annotations

from . import drawing as d
from .base import Family, Pixels, Probe, Random
from .saving import jpeg, png


def scene(random: Random, width: int, height: int) -> Pixels:
    """A scene."""
    return d.photograph(random, width, height)


FAMILY = Family(
    "scenes",
    "what people send: to prove what was learned",
    (
        Probe("scene-small", ".png", (), ("encoder",), "a scene of 640 pixels", (640, 427), scene, png(), "kept"),
        Probe("scene-phone", ".jpg", (), ("resampling", "size rule"), "a phone's 12 megapixels", (4032, 3024), scene,
              jpeg(90, "4:2:0", notes=True)),
        Probe("scene-screen", ".png", (), ("size rule",), "a screen's size", (1366, 768), scene, png()),
        Probe("scene-tall", ".jpg", (), ("size rule",), "upright, as phones show it", (1170, 2532), scene,
              jpeg(93, "4:2:0")),
        Probe("scene-video", ".jpg", (), ("size rule",), "a frame of a film", (1920, 1080), scene, jpeg(85, "4:2:0")),
    ),
)  # fmt: skip
