"""Threshold tomography: rounding classes and thresholds of other people's encoders, seen from their files alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pyjpegli
import pytest
import pyvips

from oracles import Picture, cjpeg, pillow, scene
from understudy.codec.quantize import quantize
from understudy.codec.variants import Dct, Quantizer
from understudy.learning.colour_matrix import JFIF, colour_matrix
from understudy.learning.observed import Observed, whole
from understudy.learning.tomography import (
    Events,
    Rounding,
    Samples,
    classify,
    differences,
    events,
    offset,
    samples,
    thresholds,
)
from understudy.steps import Raster
from understudy.steps.encode import Encode

PICTURE = scene(320, 256, seed=3)


def by_mozjpeg(picture: Picture) -> bytes:
    """libvips' mozjpeg with its trellis."""
    height, width = picture.shape[:2]
    image = pyvips.Image.new_from_memory(picture.tobytes(), width, height, 3, "uchar").copy(interpretation="srgb")
    return bytes(image.jpegsave_buffer(keep="none", Q=75, trellis_quant=True, optimize_coding=True))


def by_jpegli(picture: Picture) -> bytes:
    height, width = picture.shape[:2]
    return bytes(pyjpegli.encode(picture.tobytes(), width, height, 80))


def seen(received: bytes, picture: Picture = PICTURE) -> list[Samples]:
    pair = Observed("made", pillow(picture, "PNG"), received)
    return samples(Raster(picture), pair, whole(pair), Encode())


def likeliest(rows: list[Samples]) -> Rounding:
    shares = classify(events(rows[:1]))
    assert sum(shares.values()) == pytest.approx(1)
    return max(shares, key=lambda name: shares[name])


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda p: pillow(p, quality=75), Rounding.PLAIN),
        (lambda p: pillow(p, quality=92, subsampling=0, progressive=True), Rounding.PLAIN),
        (lambda p: cjpeg(p, "-quality", "60", "-dct", "float"), Rounding.PLAIN),
        (lambda p: cjpeg(p, "-quality", "85", "-dct", "fast"), Rounding.OTHER_TRANSFORM),
        (by_mozjpeg, Rounding.TRELLIS),
        (by_jpegli, Rounding.ADAPTIVE),
    ],
    ids=["pillow", "pillow 92 4:4:4 progressive", "float", "ifast", "mozjpeg", "jpegli"],
)
def test_the_rounding_class_of_real_encoders(made: Callable[[Picture], bytes], expected: Rounding) -> None:
    assert likeliest(seen(made(PICTURE))) is expected


def test_another_picture_fits_no_class() -> None:
    """Wrong samples are not mistaken for an encoder's rounding."""
    rows = seen(pillow(np.ascontiguousarray(PICTURE[::-1]), quality=75))
    assert likeliest(rows) is Rounding.UNKNOWN


def drawn(at: float, spread: float = 0.0, blocks: int = 600) -> list[Samples]:
    """Samples of an encoder that goes up from level n at n + `at`, give or take `spread` by the block."""
    rng = np.random.default_rng(5)
    values = rng.laplace(0, 1.2, (blocks, 64)).astype(np.float32)
    limits = at + rng.normal(0, spread, (blocks, 1)) if spread else np.full((blocks, 1), at)
    levels = np.sign(values) * np.floor(np.abs(values) + 1 - limits)
    return [Samples(0, np.full(64, 10, np.float32), values, levels.astype(np.int16))]


@pytest.mark.parametrize("at", [0.53, 0.6, 2 / 3, 0.8])
def test_a_dead_zone_is_measured(at: float) -> None:
    rows = drawn(at)
    found = offset(rows)
    assert found is not None
    assert found.wrong == 0
    assert found.low <= at <= found.high
    assert found.at == pytest.approx(at, abs=0.002)
    assert found.matters
    assert found.in_256ths == round(256 * (1 - at))
    if at > 0.56:
        assert likeliest(rows) is Rounding.DEAD_ZONE


def test_plain_rounding_has_no_offset_that_matters() -> None:
    for rows in (drawn(0.5), seen(pillow(PICTURE, quality=80)), seen(cjpeg(PICTURE, "-dct", "fast"))):
        found = offset(rows)
        assert found is not None
        assert not found.matters


def test_thresholds_by_frequency_hold_the_truth() -> None:
    rows = drawn(0.6)
    found = thresholds(rows)
    assert len(found) > 100
    assert all(t.low <= t.level + 0.6 <= t.high and t.wrong == 0 for t in found)
    blurred = thresholds(drawn(0.6, spread=0.08))
    assert np.mean([t.wrong for t in blurred]) > 1
    assert abs(np.mean([t.at - t.level for t in blurred]) - 0.6) < 0.02
    json.dumps([asdict(t) for t in found])


def test_thresholds_of_a_real_encoder_are_halves() -> None:
    found = thresholds(seen(pillow(PICTURE, quality=85)))
    assert len(found) > 60
    assert all(t.low - 0.02 <= t.level + 0.5 <= t.high + 0.02 for t in found)


def test_too_little_says_nothing() -> None:
    empty = [Samples(0, np.ones(64, np.float32), np.zeros((3, 64), np.float32), np.zeros((3, 64), np.int16))]
    assert offset(empty) is None
    assert thresholds(empty) == []
    none = classify(Events(0, 0, (0, 0), (0, 0), (0, 0), (0, 0), (0, 0)))
    assert max(none.values()) == pytest.approx(1 / len(Rounding))


def test_a_local_mark_is_found() -> None:
    marked = PICTURE.copy()
    marked[200:216, 240:280] = 255
    pair = Observed("marked", pillow(PICTURE, "PNG"), pillow(marked, quality=80))
    plain = Observed("plain", pillow(PICTURE, "PNG"), pillow(PICTURE, quality=80))
    levels = plain.coefficients.components[0].real
    assert differences(plain, levels) is None
    found = differences(pair, levels)
    assert found is not None
    assert found.is_local
    assert found.box == (240, 200, 280, 216)


@pytest.mark.parametrize("dct", [Dct.ISLOW, Dct.FLOAT, Dct.IFAST, Dct.AP922])
def test_the_fitted_quantiser_cuts_off_after_its_offset(dct: Dct) -> None:
    """Against the definition in float64, on values that lie on no threshold."""
    aan = np.array([1.0] + [np.sqrt(2) * np.cos(k * np.pi / 16) for k in range(1, 8)])
    scale = {
        Dct.ISLOW: np.full((8, 8), 8.0), Dct.AP922: np.ones((8, 8)),
        Dct.FLOAT: 8 * np.outer(aan, aan), Dct.IFAST: 8 * np.outer(aan, aan),
    }[dct]  # fmt: skip
    rng = np.random.default_rng(1)
    steps = rng.integers(40 if dct is Dct.IFAST else 3, 90, (8, 8))
    slack = 0.03 if dct is Dct.IFAST else 0.0  # its divisors are whole numbers, from 24 on here
    raw = np.rint(rng.laplace(0, 60, (40, 30, 8, 8)) * scale)
    for given in (0, 43, 85, 120, 200):
        share = np.full((8, 8), given / 256)
        share[0, 0] = 0.5
        x = np.abs(raw) / (steps * scale) + share
        want = np.sign(raw) * np.floor(x)
        sure = np.abs(x - np.rint(x)) > 0.01 + slack * x
        assert sure.mean() > 0.8
        typed = raw.astype(np.float32 if dct is Dct.FLOAT else np.int16)
        got = quantize(typed, steps.ravel(), dct, Quantizer.ROUNDING_OFFSET, given)
        assert np.array_equal(got[sure], want[sure])


def test_half_a_step_is_plain_rounding() -> None:
    rng = np.random.default_rng(2)
    raw = rng.integers(-4000, 4000, (50, 50, 8, 8)).astype(np.int16)
    steps = rng.integers(1, 60, 64) * 2
    got = quantize(raw, steps, Dct.ISLOW, Quantizer.ROUNDING_OFFSET, 128)
    assert np.array_equal(got, quantize(raw, steps, Dct.ISLOW, Quantizer.PLAIN))


@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_colour_matrix_is_measured(subsampling: int) -> None:
    pair = Observed("made", pillow(PICTURE, "PNG"), pillow(PICTURE, quality=85, subsampling=subsampling))
    found = colour_matrix(Raster(PICTURE), pair)
    assert found is not None
    assert found.is_jfif
    assert np.abs(np.array(found.weights) - np.array(JFIF)).max() < 0.01
    assert np.abs(np.array(found.constants) - [0, 128, 128]).max() < 1


def test_another_matrix_is_told_from_jfifs() -> None:
    """BT.709's luma, made by moving the weights in the samples before Pillow encodes them."""
    rgb = PICTURE.astype(np.float64) / 2 + 64
    moved = rgb + (rgb @ [0.2126 - 0.299, 0.7152 - 0.587, 0.0722 - 0.114])[:, :, None]
    pair = Observed("made", b"", pillow(np.rint(moved).clip(0, 255).astype(np.uint8), quality=90))
    found = colour_matrix(Raster(rgb.astype(np.uint8)), pair)
    assert found is not None
    assert not found.is_jfif
    assert found.weights[0] == pytest.approx((0.2126, 0.7152, 0.0722), abs=0.02)


def test_a_picture_without_colour_has_no_matrix() -> None:
    grey = np.repeat(PICTURE[:, :, :1], 3, axis=2)
    assert colour_matrix(Raster(grey), Observed("grey", b"", pillow(grey, quality=85))) is None
    assert colour_matrix(Raster(PICTURE[:, :, :1].copy()), Observed("one", b"", pillow(PICTURE, quality=85))) is None
