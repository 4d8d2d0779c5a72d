"""A picture beside its deliveries: the figures equal those of Pillow, libjpeg and plain arithmetic."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image, ImageOps
from visitors import jpeg, saved

import understudy as us
from oracles import jpeglib_blocks, scene
from understudy.web.comparison import GAINS, as_sent, coefficients_between, deliver, difference, png

PILLOW = us.load_profile("generic/libjpeg-turbo")


def pixels(data: bytes) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_delivery_is_measured_as_pillow_would() -> None:
    picture = scene(97, 61)
    made = deliver(saved(Image.fromarray(picture), "PNG"), picture, PILLOW)
    delivered = pixels(made.delivery.data)
    assert np.array_equal(made.pixels, delivered)
    off = delivered.astype(float) - picture
    found = made.difference
    assert found is not None and made.against == "the picture as it was sent"
    assert found.psnr_db == pytest.approx(10 * math.log10(255**2 / np.mean(off**2)))
    assert found.pixels == pytest.approx(np.mean(np.any(off != 0, axis=2)))
    assert found.largest == np.abs(off).max()
    shown = pixels(found.picture)
    assert np.array_equal(shown, np.clip(128 + found.gain * off, 0, 255))
    assert made.coefficients == "the sent file is no JPEG"


@pytest.mark.parametrize("size", [(1, 1), (7, 11), (64, 64), (257, 65)])
def test_equal_pictures_and_odd_sizes(size: tuple[int, int]) -> None:
    picture = scene(*size)
    same = difference(picture, picture)
    assert (same.psnr_db, same.pixels, same.largest) == (None, 0.0, 0)
    assert (pixels(same.picture) == 128).all()
    other = difference(picture, 255 - picture)
    assert 0 <= other.at[0] <= 1 and 0 <= other.at[1] <= 1 and other.gain == GAINS[-1]


def test_it_leads_to_where_most_differs() -> None:
    before = scene(640, 320)
    after = before.copy()
    after[260:270, 500:510] ^= 0x3F
    found = difference(before, after)
    assert abs(found.at[0] * 640 - 505) < 64 and abs(found.at[1] * 320 - 265) < 64
    assert found.gain == GAINS[0], "few samples differ: the others would be seen amplified most"
    noisy = np.clip(before.astype(int) + np.random.default_rng(0).integers(-8, 9, before.shape), 0, 255)
    assert difference(before, noisy.astype(np.uint8)).gain == 8, "127 / 8 is 15.9: 16 would clip"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_sent_picture_is_shown_as_a_viewer_shows_it(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(scene(40, 24)), "PNG", exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert np.array_equal(as_sent(data), np.asarray(expected))


def test_transparency_lies_over_white_and_grey_is_colour() -> None:
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[:2, :, 3] = 255
    shown = as_sent(saved(Image.fromarray(rgba), "PNG"))
    assert (shown[:2] == 0).all() and (shown[2:] == 255).all()
    assert as_sent(saved(Image.fromarray(scene(9, 9, 1)[:, :, 0]), "PNG")).shape == (9, 9, 3)


def test_coefficients_of_a_sent_jpeg_as_libjpeg_reads_them() -> None:
    sent = jpeg(96, 64, quality=88)
    made = deliver(sent, as_sent(sent), PILLOW)
    before, after = jpeglib_blocks(sent), jpeglib_blocks(made.delivery.data)
    changed = sum(int(np.count_nonzero(a != b)) for a, b in zip(before, after, strict=True))
    total = sum(a.size for a in before)
    assert f"{changed:,} of {total:,}" in made.coefficients and "steps of other sizes" in made.coefficients
    again = deliver(sent, as_sent(sent), PILLOW.with_values({"quality": 88}))
    assert "steps of other sizes" not in again.coefficients and " %: " in again.coefficients


def test_what_cannot_be_compared_says_why() -> None:
    full = jpeg(quality=80, subsampling=0)
    assert "another chroma sampling" in deliver(full, as_sent(full), PILLOW).coefficients
    broken = jpeg(96, 64)[:-400]
    with pytest.raises(us.PictureError):
        as_sent(broken)


def test_a_resized_delivery_is_compared_at_its_own_size() -> None:
    picture = scene(1300, 1301)
    sent = saved(Image.fromarray(picture), "JPEG", quality=95)
    made = deliver(sent, as_sent(sent), us.load_profile("mastodon/2019"))
    assert made.pixels.shape != as_sent(sent).shape and made.difference is not None
    assert "step resize" in made.against and made.difference.psnr_db is not None and made.difference.psnr_db > 20
    assert made.coefficients.startswith("not comparable: 1300 x 1301 became")


def test_two_eras() -> None:
    picture = scene(64, 48)
    sent = png(picture)
    first, second = (deliver(sent, picture, PILLOW.with_values({"quality": q})) for q in (75, 80))
    a, b = jpeglib_blocks(first.delivery.data), jpeglib_blocks(second.delivery.data)
    changed = sum(int(np.count_nonzero(x != y)) for x, y in zip(a, b, strict=True))
    told = coefficients_between(first.delivery, second.delivery)
    assert f"{changed:,} of {sum(x.size for x in a):,}, counted in steps of other sizes" in told
    assert coefficients_between(first.delivery, first.delivery) == f"0 %: 0 of {sum(x.size for x in a):,}"


@pytest.mark.parametrize("name", ["twitter/2023", "imgur/2015", "facebook/classic-2014"])
def test_profiles_that_keep_coefficients_and_those_that_do_not(name: str) -> None:
    sent = jpeg(96, 64)
    made = deliver(sent, as_sent(sent), us.load_profile(name))
    kept = name != "facebook/classic-2014"
    assert made.coefficients.startswith("0 %") == kept
    assert made.difference is not None and (made.difference.psnr_db is None) == kept
    facts = made.facts(sent)
    assert facts["bytes"] == len(made.delivery.data) and facts["proof"] and facts["said"]
