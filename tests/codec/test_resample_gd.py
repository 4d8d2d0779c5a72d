"""codec.resample.gd against libgd itself (Debian: libgd3), called without a compiler."""

from __future__ import annotations

import ctypes
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oracles import pillow, scene
from understudy.codec.resample import gd

try:
    LIBGD = ctypes.CDLL("libgd.so.3")
except OSError as error:
    raise RuntimeError(f"{error}: the tests need libgd (apt-get install libgd3)") from None

_POINTER, _INT = ctypes.c_void_p, ctypes.c_int
for _name, _result, _arguments in (
    ("gdImageCreateTrueColor", _POINTER, [_INT, _INT]),
    ("gdImageCreateFromPngPtr", _POINTER, [_INT, _POINTER]),
    ("gdImagePngPtr", _POINTER, [_POINTER, _POINTER]),
    ("gdFree", None, [_POINTER]),
    ("gdImageDestroy", None, [_POINTER]),
    ("gdImageAlphaBlending", None, [_POINTER, _INT]),
    ("gdImageSaveAlpha", None, [_POINTER, _INT]),
    ("gdImageCopyResampled", None, [_POINTER, _POINTER] + [_INT] * 8),
    ("gdImageCopyResized", None, [_POINTER, _POINTER] + [_INT] * 8),
):
    getattr(LIBGD, _name).restype = _result
    getattr(LIBGD, _name).argtypes = _arguments

SIZES = [
    ((1, 1), (3, 4)),
    ((1, 9), (1, 4)),
    ((7, 11), (3, 5)),
    ((7, 11), (20, 31)),
    ((257, 265), (131, 97)),
    ((131, 97), (257, 265)),
    ((64, 60), (32, 20)),
    ((300, 20), (299, 21)),
    ((1536, 30), (1200, 25)),
    ((250, 250), (96, 96)),
    ((7667, 2), (2189, 1)),
]


def by_libgd(pixels: NDArray[np.uint8], size: tuple[int, int], kernel: str, blend: bool) -> NDArray[np.uint8]:
    """RGBA of a true-colour canvas that the picture was copied onto."""
    png = pillow(pixels, "PNG")
    source, canvas = LIBGD.gdImageCreateFromPngPtr(len(png), png), LIBGD.gdImageCreateTrueColor(*size)
    LIBGD.gdImageAlphaBlending(canvas, int(blend))
    LIBGD.gdImageSaveAlpha(canvas, 1)
    copy = LIBGD.gdImageCopyResampled if kernel == "resampled" else LIBGD.gdImageCopyResized
    copy(canvas, source, 0, 0, 0, 0, *size, pixels.shape[1], pixels.shape[0])
    length = _INT()
    data = LIBGD.gdImagePngPtr(canvas, ctypes.byref(length))
    made = np.asarray(Image.open(io.BytesIO(ctypes.string_at(data, length.value))).convert("RGBA"))
    LIBGD.gdFree(data)
    LIBGD.gdImageDestroy(source)
    LIBGD.gdImageDestroy(canvas)
    return made


@pytest.mark.parametrize("kernel", gd.KERNELS)
@pytest.mark.parametrize(("size", "new"), SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_equals_libgd(size: tuple[int, int], new: tuple[int, int], kernel: str) -> None:
    for channels in (3, 4):
        noise = np.random.default_rng([*size, channels]).integers(0, 256, (*size[::-1], channels), dtype=np.uint8)
        for pixels in (noise, scene(*size, channels)):
            for blend in (True, False):
                ours = gd.resize(pixels, *new, kernel=kernel, blend=blend)
                assert np.array_equal(ours, by_libgd(pixels, new, kernel, blend)[:, :, :channels])


def test_random_sizes_equal_libgd() -> None:
    rng = np.random.default_rng(5)
    for _ in range(400):
        width, height, new_width, new_height = (int(n) for n in rng.integers(1, 100, 4))
        pixels = rng.integers(0, 256, (height, width, int(rng.integers(3, 5))), dtype=np.uint8)
        ours = gd.resize(pixels, new_width, new_height, kernel="resampled")
        theirs = by_libgd(pixels, (new_width, new_height), "resampled", True)
        assert np.array_equal(ours, theirs[:, :, : pixels.shape[2]]), (pixels.shape, ours.shape)


def test_grey_is_a_channel_of_colour() -> None:
    grey = scene(33, 21, 1)
    assert np.array_equal(
        gd.resize(grey, 20, 13, kernel="resampled").repeat(3, axis=2),
        by_libgd(grey.repeat(3, axis=2), (20, 13), "resampled", True)[:, :, :3],
    )
    both = scene(33, 21, 2)
    wide = both[:, :, [0, 0, 0, 1]]
    assert np.array_equal(
        gd.resize(both, 20, 13, kernel="resampled", blend=False)[:, :, [0, 0, 0, 1]],
        by_libgd(wide, (20, 13), "resampled", False),
    )
