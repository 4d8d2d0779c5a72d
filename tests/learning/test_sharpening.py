"""Strong sharpening and a hidden earlier JPEG generation, which hide each other: neither explains much alone, and what
the filter cuts off at black and white is nothing that a fit can express."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter
from resizing import Picture, asked

from oracles import pillow, scene
from understudy.codec.variants import Downsampling
from understudy.learning import sharpening
from understudy.learning.observed import Observed, whole
from understudy.learning.questions.generation import EarlierGeneration
from understudy.learning.questions.generation_parts import GenerationParts
from understudy.learning.questions.sharpen import Sharpening
from understudy.steps import Context, Raster
from understudy.steps.generation import Generation
from understudy.steps.sharpen import Sharpen

TAPS = Sharpen()


def contrasty(width: int, height: int, seed: int) -> Picture:
    """A scene from black to white, full of edges: strong sharpening clips a good part of it."""
    smooth = Image.fromarray(scene(width, height, 3, seed)).filter(ImageFilter.GaussianBlur(0.8))
    values = np.asarray(smooth).astype(np.float64)
    low, high = np.percentile(values, (1, 99))
    return ((values - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)


def through(pixels: Picture, *steps: Sharpen | Generation) -> Picture:
    raster = Raster(pixels)
    for step in steps:
        made = step.exact(raster, Context(b""))
        assert isinstance(made, Raster)
        raster = made
    return raster.pixels


def sent(generation: Generation) -> list[Observed]:
    out = []
    for seed, size in enumerate(((320, 240),)):
        picture = contrasty(*size, seed)
        delivered = pillow(through(picture, generation, TAPS), "JPEG", quality=80)
        out.append(Observed(str(seed), pillow(picture, "PNG"), delivered))
    return out


def test_blocks_that_a_filter_cuts_off_are_left_out_of_the_fit() -> None:
    """The shares of strong sharpening come out of pictures of which a good part is clipped."""
    picture = contrasty(400, 300, 3)
    made = through(picture, TAPS)
    assert ((made == 0) | (made == 255)).any(axis=2).mean() > 0.05
    pair = Observed("clipped", pillow(picture, "PNG"), pillow(made, "JPEG", quality=92, subsampling=0))
    r = sharpening.REACH
    plane = np.pad(picture.astype(np.float32), ((r, r), (r, r), (0, 0)), mode="edge")
    found = sharpening.neighbourhood([(pair, whole(pair), [plane])])
    assert found.helps
    assert found.after < 0.6  # pixels: nothing but roundings
    np.testing.assert_allclose(found.shares, sharpening.shares_of(TAPS) or (), atol=0.015)


def test_a_generation_behind_strong_sharpening() -> None:
    made = sent(Generation(quality=85))
    search, decisions = asked(made, Sharpening(), EarlierGeneration(), GenerationParts())
    assert search.pipeline.names[-3:] == ("generation", "sharpen", "encode")
    assert search.pipeline.get(Generation) == Generation(quality=85)
    assert search.pipeline.get(Sharpen) == TAPS
    assert decisions["earlier generation"].answer == "quality 85 by annex-k, 4:2:0, before the filter"
    assert all(search.agreement(p, search.pipeline).unequal == 0 for p in made)


def test_how_the_generation_made_chroma_smaller() -> None:
    """And a later round keeps it."""
    hidden = Generation(quality=85, downsampling=Downsampling.LIBJPEG_7)
    made = sent(hidden)
    search, decisions = asked(made, Sharpening(), EarlierGeneration(), GenerationParts())
    assert search.pipeline.get(Generation) == hidden
    assert "libjpeg 7's downsampling" in decisions["earlier generation's arithmetic"].answer
    assert all(search.agreement(p, search.pipeline).unequal == 0 for p in made)


def test_no_arithmetic_is_asked_of_a_generation_that_is_not_there() -> None:
    picture = contrasty(200, 160, 5)
    delivered = pillow(np.asarray(Image.open(io.BytesIO(pillow(picture, "PNG")))), "JPEG", quality=80)
    made = [Observed("plain", pillow(picture, "PNG"), delivered)]
    _, decisions = asked(made, EarlierGeneration(), GenerationParts())
    assert decisions["earlier generation's arithmetic"].answer == "nothing to tell"
    assert not decisions["earlier generation's arithmetic"].guess
