"""The tone step equals the software that it names, to the last bit. Oracles: Pillow, OpenCV, numpy's own arithmetic."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from understudy.errors import PictureError, ProfileError
from understudy.profile import dumps, load_profile, loads
from understudy.steps import Context, Raster
from understudy.steps.tone import Tone

FACTORS = (0.0, 0.05, 0.3, 0.5, 0.7, 0.85, 0.9, 1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.5, 1.7, 2.0, 3.3)
SEPIA = (0.393, 0.769, 0.189, 0.349, 0.686, 0.168, 0.272, 0.534, 0.131)
KINDS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


def noise(channels: int = 3, side: int = 200) -> NDArray[np.uint8]:
    return np.random.default_rng(channels).integers(0, 256, (side, side + 7, channels), np.uint8)


def played(step: Tone, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    made = step.exact(Raster(pixels), Context())
    assert isinstance(made, Raster)
    return made.pixels


@pytest.mark.parametrize("name", ["Brightness", "Contrast", "Color"])
@pytest.mark.parametrize("mode", KINDS)
def test_enhancements_are_pillows(name: str, mode: str) -> None:
    pixels = noise(KINDS[mode])
    image = Image.fromarray(pixels if mode != "L" else pixels[:, :, 0], mode)
    for factor in FACTORS:
        wanted = np.asarray(getattr(ImageEnhance, name)(image).enhance(factor)).reshape(pixels.shape)
        step = Tone(enhance=name.lower(), factor=factor)  # type: ignore[arg-type]
        np.testing.assert_array_equal(played(step, pixels), wanted, f"{name}({factor})")


def test_a_matrix_is_pillows_convert() -> None:
    """In float32, half up: `Image.convert("RGB", matrix)`."""
    pixels = noise(side=700)
    rows: list[float] = []
    for i, more in enumerate((0.0, -3.5, 12.25)):
        rows += [*SEPIA[3 * i : 3 * i + 3], more]
    wanted = np.asarray(Image.fromarray(pixels).convert("RGB", tuple(rows)))
    step = Tone(matrix=SEPIA, offset=(0.0, -3.5, 12.25), arithmetic="float32")
    np.testing.assert_array_equal(played(step, pixels), wanted)
    assert (played(Tone(matrix=SEPIA, offset=(0.0, -3.5, 12.25)), pixels) != wanted).any(), "float64 is another"


@pytest.mark.parametrize(("alpha", "beta"), [(1.2, 10.0), (0.8, 3.5), (1.5, 0.0), (0.05, 128.0), (2.25, 17.0)])
def test_a_gain_half_to_even_is_opencvs_scale(alpha: float, beta: float) -> None:
    pixels = noise()
    step = Tone(matrix=(alpha, 0.0, 0.0, 0.0, alpha, 0.0, 0.0, 0.0, alpha), offset=(beta, beta, beta),
                rounding="half_even", arithmetic="float32")  # fmt: skip
    np.testing.assert_array_equal(played(step, pixels), cv2.convertScaleAbs(pixels, alpha=alpha, beta=beta))


def test_a_gain_a_channel_cut_off_is_numpys() -> None:
    pixels = noise()
    wanted = np.clip(pixels * np.array([1.1, 1.0, 0.9]), 0, 255).astype(np.uint8)
    step = Tone(matrix=(1.1, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.9), rounding="down")
    np.testing.assert_array_equal(played(step, pixels), wanted)


@pytest.mark.parametrize("rounding", ["half_up", "half_even", "down"])
def test_gamma_is_the_formula(rounding: Any) -> None:
    exact = 255.0 * (np.arange(256) / 255.0) ** 0.8
    table = {"half_up": np.floor(exact + 0.5), "half_even": np.rint(exact), "down": np.floor(exact)}[rounding]
    pixels = noise()
    np.testing.assert_array_equal(played(Tone(gamma=1.25, rounding=rounding), pixels), table.astype(np.uint8)[pixels])


def test_curves() -> None:
    """256 values are a table; fewer are joined by straight lines; green and blue may have their own."""
    random = np.random.default_rng(0)
    table = tuple(float(v) for v in random.integers(0, 256, 256))
    pixels = noise()
    np.testing.assert_array_equal(played(Tone(curve=table), pixels), np.array(table, np.uint8)[pixels])
    made = played(Tone(curve=(0.0, 100.0, 255.0), curve_blue=(255.0, 0.0)), pixels)
    half_way = np.where(pixels <= 127.5, pixels * (100 / 127.5), 100 + (pixels - 127.5) * (155 / 127.5))
    np.testing.assert_array_equal(made[:, :, :2], np.floor(half_way + 0.5).astype(np.uint8)[:, :, :2])
    np.testing.assert_array_equal(made[:, :, 2], 255 - pixels[:, :, 2])


def test_stages_come_in_order_each_rounded() -> None:
    pixels = noise()
    whole = Tone(enhance="color", factor=1.4, gamma=0.7, matrix=SEPIA, offset=(1.0, 2.0, 3.0), rounding="down")
    apart = pixels
    for step in (Tone(enhance="color", factor=1.4), Tone(gamma=0.7, rounding="down"),
                 Tone(matrix=SEPIA, offset=(1.0, 2.0, 3.0), rounding="down")):  # fmt: skip
        apart = played(step, apart)
    np.testing.assert_array_equal(played(whole, pixels), apart)


def test_grey_stays_grey_where_channels_come_out_alike() -> None:
    grey = noise(1)
    wide = np.repeat(grey, 3, axis=2)
    for step in (Tone(gamma=2.2), Tone(enhance="contrast", factor=1.3), Tone(enhance="color", factor=0.2), Tone()):
        assert step.keeps_grey()
        np.testing.assert_array_equal(np.repeat(played(step, grey), 3, axis=2), played(step, wide))
    for step in (Tone(matrix=SEPIA), Tone(curve=(0.0, 255.0), curve_green=(10.0, 255.0))):
        assert not step.keeps_grey()
        np.testing.assert_array_equal(played(step, grey), played(step, wide))


def test_alpha_profile_and_orientation_stay() -> None:
    made = Tone(matrix=SEPIA).exact(Raster(noise(2), b"icc", 6), Context())
    assert isinstance(made, Raster)
    assert (made.pixels.shape[2], made.icc, made.orientation) == (4, b"icc", 6)
    np.testing.assert_array_equal(made.pixels[:, :, 3], noise(2)[:, :, 1])


@pytest.mark.parametrize(
    "step",
    [Tone(curve=(1.0,)), Tone(curve=(0.0,) * 257), Tone(curve_green=(0.0, 255.0)), Tone(matrix=(1.0, 2.0)),
     Tone(curve=(0.0, float("nan"))), Tone(offset=(0.0, 0.0, float("inf")))],
)  # fmt: skip
def test_what_it_cannot_do_is_one_line(step: Tone) -> None:
    with pytest.raises(ProfileError, match="tone: "):
        step.exact(Raster(noise()), Context())


def test_ycbcr_is_refused() -> None:
    with pytest.raises(PictureError, match="expected grey or RGB"):
        Tone().exact(Raster(noise(), space="ycbcr"), Context())


def test_in_a_profile() -> None:
    text = dumps(load_profile("generic/libjpeg-turbo"))
    step = '[[steps]]\nstep = "tone"\nenhance = "brightness"\nfactor = 1.2\ncurve = [0, 12.5, 255]\n\n'
    at = text.index('[[steps]]\nstep = "encode"')
    profile = loads(text[:at] + step + text[at:])
    assert profile.step("tone") == Tone(enhance="brightness", factor=1.2, curve=(0.0, 12.5, 255.0))
    assert loads(dumps(profile)) == profile
