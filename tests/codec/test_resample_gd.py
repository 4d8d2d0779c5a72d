"""codec.resample.gd against libgd itself (Debian: libgd3), called without a compiler."""

from __future__ import annotations

import ctypes
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oracles import pillow, scene
from understudy.codec.resample import gd, gd_scale
from understudy.errors import ProfileError

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
    ("gdImageSetInterpolationMethod", _INT, [_POINTER, _INT]),
    ("gdImageScale", _POINTER, [_POINTER, ctypes.c_uint, ctypes.c_uint]),
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


METHODS = {
    "bell": 1,
    "bicubic": 4,
    "bilinear_fixed": 3,
    "box": 7,
    "catmullrom": 9,
    "hermite": 12,
    "mitchell": 15,
    "triangle": 20,
}
"""gd.h's gdInterpolationMethod."""


def scaled_by_libgd(pixels: NDArray[np.uint8], size: tuple[int, int], kernel: str | int) -> NDArray[np.uint8]:
    """RGBA of gdImageScale's picture, by a kernel's name or gd.h's number of it."""
    png = pillow(pixels, "PNG")
    source = LIBGD.gdImageCreateFromPngPtr(len(png), png)
    LIBGD.gdImageSetInterpolationMethod(source, METHODS.get(str(kernel), kernel))
    scaled = LIBGD.gdImageScale(source, *size)
    LIBGD.gdImageSaveAlpha(scaled, 1)
    length = _INT()
    data = LIBGD.gdImagePngPtr(scaled, ctypes.byref(length))
    made = np.asarray(Image.open(io.BytesIO(ctypes.string_at(data, length.value))).convert("RGBA"))
    LIBGD.gdFree(data)
    LIBGD.gdImageDestroy(source)
    LIBGD.gdImageDestroy(scaled)
    return made


def test_scale_knows_the_methods_on_trial() -> None:
    assert set(METHODS) == set(gd_scale.KERNELS)


@pytest.mark.parametrize("kernel", gd_scale.KERNELS)
def test_scale_equals_libgd(kernel: str) -> None:
    rng = np.random.default_rng(11)
    sizes = [((257, 265), (131, 97)), ((61, 47), (100, 90)), ((35, 61), (35, 12)), ((1536, 3), (800, 2))]
    sizes += [((int(a), int(b)), (int(c), int(d))) for a, b, c, d in rng.integers(1, 90, (60, 4))]
    unequal = compared = 0
    for size, new in sizes:
        if kernel == "bicubic" and size[1] < 3:
            continue  # libgd reads what it never set, and may crash
        pixels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        ours = gd_scale.resize(pixels, *new, kernel=kernel)
        theirs = scaled_by_libgd(pixels, new, kernel)[:, :, :3]
        off = np.abs(ours.astype(np.int16) - theirs)
        assert off.max() <= (1 if kernel == "mitchell" else 0), (size, new)
        unequal, compared = unequal + int(np.count_nonzero(off)), compared + off.size
    # libgd adds the terms of Mitchell's polynomial in another order, which turns a sum now and then
    assert unequal <= compared / 300


def test_bicubic_is_one_whatever_its_number() -> None:
    """GD_BICUBIC_FIXED gives what GD_BICUBIC gives; the last rows, where libgd looks at what it looked at last, too."""
    pixels = np.random.default_rng(5).integers(0, 256, (33, 40, 3), dtype=np.uint8)
    for new in ((80, 66), (40, 33), (40, 32), (39, 33), (24, 20), (7, 3), (131, 97)):
        theirs = scaled_by_libgd(pixels, new, 5)[:, :, :3]
        assert np.array_equal(gd_scale.resize(pixels, *new, kernel="bicubic"), theirs), new


@pytest.mark.parametrize("kernel", ["bilinear_fixed", "bicubic"])
def test_fixed_point_scales_filter_alpha_as_a_colour(kernel: str) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (40, 50, 4), dtype=np.uint8)
    for new in ((31, 22), (70, 81)):
        ours = gd_scale.resize(pixels, *new, kernel=kernel)
        assert np.array_equal(ours, scaled_by_libgd(pixels, new, kernel))
    with pytest.raises(ProfileError, match="alpha"):
        gd_scale.resize(pixels, 31, 22, kernel="box")
