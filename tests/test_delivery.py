"""mimic: what it takes, what it gives back, what it refuses."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import understudy as us
from oracles import cmyk_jpeg, jpeglib_blocks, pillow, scene
from understudy.jpeg import parse
from understudy.steps.encode import Encode

GENERIC, IMGUR = us.load_profile("generic/libjpeg-turbo"), us.load_profile("imgur/2015")

REFUSED: dict[str, tuple[Any, str]] = {
    "no bytes": (b"", "an empty file"),
    "a file that is none": (Path("none.png"), "none.png: No such file"),
    "a number": (7, "int; expected bytes, a path, a Pillow image or a uint8 array"),
    "nothing": (None, "NoneType; expected bytes"),
    "floats": (np.zeros((4, 4, 3)), "float64 array"),
    "16 bit": (np.zeros((4, 4, 3), np.uint16), "uint16 array"),
    "five channels": (np.zeros((4, 4, 5), np.uint8), "expected uint8"),
    "a row": (np.zeros(4, np.uint8), "expected uint8"),
    "a single number": (np.uint8(4) * np.ones((), np.uint8), "expected"),
    "a batch": (np.zeros((1, 4, 4, 3), np.uint8), "expected uint8"),
    "no pixels": (np.zeros((0, 4, 3), np.uint8), "expected uint8"),
    "a 16-bit image": (Image.fromarray(np.zeros((4, 4), np.uint16)), "8 bit a sample"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture(name: str) -> None:
    picture, words = REFUSED[name]
    with pytest.raises(us.UnderstudyError) as caught:
        us.mimic(picture, GENERIC)
    line = str(caught.value)
    assert words in line
    assert "\n" not in line


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "BMP"])
def test_a_damaged_file_that_pillow_has_only_opened(format: str) -> None:
    image = Image.open(io.BytesIO(pillow(scene(90, 80), format)[:2500]))
    with pytest.raises(us.PictureError, match=f"{format} picture"):
        us.mimic(image, GENERIC)


def test_an_image_in_memory_where_a_file_is_needed() -> None:
    with pytest.raises(us.PictureError, match="step transcode wants a file; expected bytes or a path"):
        us.mimic(scene(8, 8), IMGUR)


def test_a_picture_is_not_changed() -> None:
    picture = scene(40, 33)
    before = picture.copy()
    us.mimic(picture, GENERIC)
    np.testing.assert_array_equal(picture, before)
    picture.flags.writeable = False
    assert us.mimic(picture, GENERIC).data == us.mimic(before, GENERIC).data


def test_what_a_delivery_knows() -> None:
    delivery = us.mimic(pillow(scene(40, 33), "PNG"), GENERIC, quality=83, trace=True)
    assert delivery.stream == parse(delivery.data)
    assert delivery.profile.step("encode") == Encode(quality=83)
    assert [s.step for s in delivery.stages] == [s.name for s in GENERIC.steps]
    np.testing.assert_array_equal(delivery.pixels(), np.asarray(Image.open(io.BytesIO(delivery.data))))
    np.testing.assert_array_equal(delivery.stages[0].pixels(), scene(40, 33))
    for ours, theirs in zip(delivery.coefficients().components, jpeglib_blocks(delivery.data), strict=True):
        np.testing.assert_array_equal(ours.real, theirs)
    assert us.mimic(scene(40, 33), GENERIC).stages == ()


def test_grey_deliveries_have_one_channel() -> None:
    delivery = us.mimic(scene(40, 33, 1), GENERIC)
    assert delivery.pixels().shape == (33, 40, 1)
    np.testing.assert_array_equal(delivery.pixels()[:, :, 0], np.asarray(Image.open(io.BytesIO(delivery.data))))


def test_four_components_are_transcoded_but_not_shown() -> None:
    sent = cmyk_jpeg(24, 17)
    delivery = us.mimic(sent, IMGUR)
    for ours, theirs in zip(jpeglib_blocks(delivery.data), jpeglib_blocks(sent), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(us.UnderstudyError, match="4 components"):
        delivery.pixels()


def test_many_threads_give_what_one_gives() -> None:
    """Kernels run without the GIL; nothing is shared."""
    from concurrent.futures import ThreadPoolExecutor

    pictures = [scene(90 + i, 70, seed=i) for i in range(24)]
    expected = [pillow(p, quality=60 + i, progressive=True) for i, p in enumerate(pictures)]
    settings = {"encode.script": "simple10", "huffman": "optimal"}
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda i: us.mimic(pictures[i], GENERIC, quality=60 + i, **settings).data, range(24)))
    assert made == expected
