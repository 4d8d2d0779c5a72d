"""libvips' sharpen against libvips' own: every conversion and the whole, over parameters and odd sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from vips_oracle import ask

from understudy.codec.lab_sharpen import from_labs, lab_sharpen, taps, to_labs
from understudy.steps import Context, Raster
from understudy.steps.convolve import Convolve
from understudy.steps.lab_sharpen import LabSharpen

PARAMETERS: tuple[dict[str, float], ...] = (
    {},
    {"sigma": 0.8, "m1": 1, "m2": 2},
    {"sigma": 0.1, "m1": 1},
    {"sigma": 3.3, "x1": 0, "m1": 2.5, "m2": 40, "y2": 100, "y3": 50},
    {"sigma": 1.5, "x1": 0.5, "y2": 7.7, "y3": 1},
    {"sigma": 9.9, "x1": 3, "m1": 0.3},
)


def image(samples: NDArray[Any], kind: str, space: str) -> Any:
    height, width, channels = samples.shape
    made = pyvips.Image.new_from_memory(np.ascontiguousarray(samples).tobytes(), width, height, channels, kind)
    return made.copy(interpretation=space)


def pictures() -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(5)
    noise = random.integers(0, 256, (70, 81, 3), np.uint8)
    noise[:3], noise[3:6] = 255, 0
    y, x = np.mgrid[:99, :120]
    waves = np.stack([128 + 120 * np.sin(x / 9 + y / 30), 128 + 100 * np.cos(y / 7), (x * y) % 256], -1)
    dark = random.integers(0, 30, (60, 70, 3), np.uint8)
    same = np.repeat(noise[:40, :30, :1], 3, 2)
    return [
        noise,
        noise[:, :, :1],
        waves.astype(np.uint8),
        noise[:1, :1],
        noise[20:27, :11],
        noise[:3, 4:5],
        dark,
        same,
    ]


def test_libvips_has_the_version_that_was_measured() -> None:
    assert (pyvips.version(0), pyvips.version(1)) == (8, 18)


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_it_is_libvips(parameters: dict[str, float]) -> None:
    every = pictures()
    answers = ask("8.18", [("sharpen", picture, (), parameters) for picture in every])
    for picture, theirs in zip(every, answers, strict=True):
        np.testing.assert_array_equal(lab_sharpen(picture, **parameters), theirs)


def test_an_older_libvips_differs_a_little() -> None:
    """What the module says of 8.14: its samples are one level apart at most, and few."""
    picture = pictures()[0]
    ours = lab_sharpen(picture, 0.8, m1=1, m2=2).astype(int)
    (theirs,) = ask("8.14", [("sharpen", picture, (), {"sigma": 0.8, "m1": 1, "m2": 2})])
    assert 0 < (ours != theirs).mean() < 0.01
    assert abs(ours - theirs).max() == 1


def test_the_conversions_are_libvips() -> None:
    """One 64th of all colours, and all greys, there and back; and all greys that LabS has."""
    levels = np.arange(256, dtype=np.uint8)
    some = np.stack(np.meshgrid(levels[3::4], levels[1::4], levels[2::4], indexing="ij"), -1).reshape(512, 512, 3)
    for colours in (some, np.repeat(levels[None, :, None], 3, 2)):
        labs = image(colours, "uchar", "srgb").colourspace("labs")
        theirs = np.frombuffer(labs.write_to_memory(), np.int16).reshape(colours.shape)
        np.testing.assert_array_equal(to_labs(colours), theirs)
        back = np.frombuffer(labs.colourspace("srgb").write_to_memory(), np.uint8).reshape(colours.shape)
        np.testing.assert_array_equal(from_labs(theirs), back)
    greys = np.zeros((128, 256, 3), np.int16)
    greys[:, :, 0] = np.arange(32768).reshape(128, 256)
    back = np.frombuffer(image(greys, "short", "labs").colourspace("srgb").write_to_memory(), np.uint8)
    np.testing.assert_array_equal(from_labs(greys), back.reshape(greys.shape))


def test_the_taps_are_libvips() -> None:
    for sigma in (0.05, 0.1, 0.46, 0.47, 0.5, 0.55, 0.73, 1.0, 1.5, 2.2, 5.0, 9.9, 25.0):
        made = pyvips.Image.gaussmat(sigma, 0.1, separable=True, precision="integer")
        theirs = np.frombuffer(made.write_to_memory(), np.float64)
        np.testing.assert_array_equal(taps(sigma), theirs)


def test_alpha_stays() -> None:
    picture = np.dstack([pictures()[0], pictures()[0][:, ::-1, 1]])
    (theirs,) = ask("8.18", [("sharpen", picture, (), {"sigma": 1.0})])
    np.testing.assert_array_equal(LabSharpen(1.0).exact(Raster(picture), Context()).pixels, theirs)


MILD = Convolve((-1.0, -1.0, -1.0, -1.0, 32.0, -1.0, -1.0, -1.0, -1.0), 24.0, edge="repeat")


def test_sharps_mild_sharpen_is_a_filter() -> None:
    """sharp's sharpen() without parameters is documented as a mild one by a mask of 3 x 3."""
    mask = pyvips.Image.new_from_array([[-1, -1, -1], [-1, 32, -1], [-1, -1, -1]], scale=24)
    for picture in pictures():
        theirs = image(picture, "uchar", "srgb").conv(mask, precision="integer")
        samples = np.frombuffer(theirs.write_to_memory(), np.uint8).reshape(picture.shape)
        np.testing.assert_array_equal(MILD.exact(Raster(picture), Context()).pixels, samples)
