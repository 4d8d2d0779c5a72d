"""libjpeg's fast inverse DCT, against djpeg: every sample, with and without smooth upsampling, of any coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from oracles import SIZES, cjpeg, djpeg, scene
from understudy.codec import dct
from understudy.codec.decode import to_rgb
from understudy.codec.variants import Dct, Upsampling
from understudy.jpeg.entropy_decode import read_coefficients
from understudy.jpeg.parse import parse
from understudy.steps import Context, Raster, Source
from understudy.steps.decode import Decode


def decoded(data: bytes, **how: Any) -> Any:
    raster = Decode(**how).exact(Source(data), Context(data))
    assert isinstance(raster, Raster)
    return raster.pixels


def drawn(kind: str, width: int, height: int) -> Any:
    """A scene; noise; and black and white noise, whose sums leave 16 bits."""
    rng = np.random.default_rng([width, height])
    if kind == "scene":
        return scene(width, height)
    if kind == "noise":
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return (rng.integers(0, 2, (height, width, 1)) * 255).astype(np.uint8).repeat(3, axis=2)


@pytest.mark.parametrize("kind", ["scene", "noise", "black and white"])
@pytest.mark.parametrize("sampling", ["1x1", "2x1", "2x2", "1x2"])
def test_every_sample_is_djpegs(sampling: str, kind: str) -> None:
    for width, height in SIZES:
        for quality in ("5", "50", "95", "100"):
            data = cjpeg(drawn(kind, width, height), "-sample", sampling, "-quality", quality)
            for words, upsampling in (((), Upsampling.FANCY), (("-nosmooth",), Upsampling.PLAIN)):
                theirs = djpeg(data, "-dct", "fast", *words)
                ours = decoded(data, dct_method="ifast", upsampling=upsampling)
                assert np.array_equal(ours, theirs), (width, height, quality, upsampling)


def test_it_is_not_the_accurate_one_and_is_darker() -> None:
    data = cjpeg(scene(257, 265), "-quality", "90")
    fast, slow = decoded(data, dct_method="ifast").astype(int), decoded(data).astype(int)
    assert 0.3 < (fast != slow).mean() < 1
    assert -1.0 < (fast - slow).mean() < -0.3


def test_grey_and_what_is_decoded_smaller() -> None:
    """Of a smaller picture, only blocks that stay 8 x 8 (chroma's at a half) have it."""
    grey = cjpeg(np.ascontiguousarray(scene(61, 47)[:, :, 0]), "-quality", "80")
    assert np.array_equal(decoded(grey, dct_method="ifast")[:, :, 0], djpeg(grey, "-dct", "fast"))
    data = cjpeg(scene(64, 48), "-quality", "80")
    for eighths in (1, 2, 4):
        c = read_coefficients(parse(data))
        blocks, steps = [p.blocks for p in c.components], [p.steps for p in c.components]
        ours = to_rgb(blocks, steps, c.factors, c.width, c.height, eighths=eighths, dct=Dct.IFAST)
        assert np.array_equal(ours, djpeg(data, "-dct", "fast", "-scale", f"{eighths}/8")), eighths


def test_others_have_no_inverse_here() -> None:
    with pytest.raises(ValueError, match="no inverse float"):
        dct.inverse(np.zeros((1, 1, 8, 8), np.int16), np.ones(64, np.uint16), Dct.FLOAT)
    assert "ifast" in Decode(dct_method="ifast").outside_torch()
