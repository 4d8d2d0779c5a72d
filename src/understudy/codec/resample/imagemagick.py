"""ImageMagick 6 (Q16, without HDRI): `-resize` with its filters, to the last bit of its 16-bit samples.

Samples are 16 bit wide from reading to writing: 8-bit values are multiplied by 257, each of the two passes sums in
double precision and rounds half up to 16 bits, and only writing an 8-bit file rounds to 8 bits.

Source: the filters are those of ImageMagick's published descriptions ("Resampling Filters", usage/filter on its site:
windowed sincs, Mitchell and Netravali's cubics (SIGGRAPH 1988), Robidoux's); where one pass follows the other, how
weights are normalised and samples rounded is measured on convert 6.9.11-60 Q16 (tests/codec/test_resample_imagemagick).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, exp, pi, sin
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..stages import Integer, Plan, Round, Stage, To8, WeightedSum, picking, tap_table
from ._imagemagick_kernels import columns_alpha, columns_opaque, rows_alpha, rows_opaque

__all__ = ["KERNELS", "default_kernel", "resize", "resize16"]

_EPSILON = 1e-12
"""What ImageMagick adds so that a whole-numbered ratio does not fall on the wrong side of a sample."""

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]
"""Of numbers from 0 on, one by one. Sines, cosines and powers of e are the C library's, whose last bits numpy's own
have not."""


def _by_one(function: Callable[[float], float], x: Floats) -> Floats:
    return np.array([function(v) for v in x.tolist()], np.float64)


def _box(x: Floats) -> Floats:
    return np.ones_like(x)


def _triangle(x: Floats) -> Floats:
    return np.where(x < 1.0, 1.0 - x, 0.0)


def _quadratic(x: Floats) -> Floats:
    return np.where(x < 0.5, 0.75 - x * x, np.where(x < 1.5, 0.5 * (x - 1.5) * (x - 1.5), 0.0))


def _gaussian(x: Floats) -> Floats:
    """Sigma 1/2."""
    return _by_one(exp, -2.0 * x * x)


def _cubic(b: float, c: float) -> Function:
    """Mitchell and Netravali's family, equation 8 of their paper, in x."""
    p0, p2, p3 = 1.0 - b / 3.0, -3.0 + 2.0 * b + c, 2.0 - 1.5 * b - c
    q0, q1, q2, q3 = b * (4.0 / 3.0) + 4.0 * c, -8.0 * c - 2.0 * b, b + 5.0 * c, -b / 6.0 - c

    def weight(x: Floats) -> Floats:
        inner, outer = p0 + x * (x * (p2 + x * p3)), q0 + x * (q1 + x * (q2 + x * q3))
        return np.where(x < 1.0, inner, np.where(x < 2.0, outer, 0.0))

    return weight


def _sinc(x: Floats) -> Floats:
    return _by_one(lambda v: sin(pi * v) / (pi * v) if v else 1.0, x)


_SINC_FAST = (
    0.173611107357320220183368594093166520811e-2,
    -0.384240921114946632192116762889211361285e-3,
    0.394201182359318128221229891724947048771e-4,
    -0.250963301609117217660068889165550534856e-5,
    0.111902032818095784414237782071368805120e-6,
    -0.372895101408779549368465614321137048875e-8,
    0.957694196677572570319816780188718518330e-10,
    -0.187208577776590710853865174371617338991e-11,
    0.253524321426864752676094495396308636823e-13,
    -0.177084805010701112639035485248501049364e-15,
)
"""sinc(x) / ((x^2 - 1) (x^2 - 4) (x^2 - 9) (x^2 - 16)) on [0, 4], as a polynomial in x^2 of least relative error.

Source: N. Robidoux and C. Racette's minimax fit, as ImageMagick's Q16 builds publish it.
"""


def _sinc_fast(x: Floats) -> Floats:
    xx, p = x * x, np.zeros_like(x)
    for c in reversed(_SINC_FAST):
        p = c + xx * p
    out: Floats = (xx - 1.0) * (xx - 4.0) * (xx - 9.0) * (xx - 16.0) * p
    beyond = x > 4.0
    out[beyond] = _sinc(x[beyond])
    return out


def _cos(x: Floats) -> Floats:
    return _by_one(cos, x)


def _hann(x: Floats) -> Floats:
    return 0.5 + 0.5 * _cos(pi * x)


def _hamming(x: Floats) -> Floats:
    return 0.54 + 0.46 * _cos(pi * x)


def _blackman(x: Floats) -> Floats:
    c = _cos(pi * x)
    return 0.34 + c * (0.5 + c * 0.16)


def _welch(x: Floats) -> Floats:
    return np.where(x < 1.0, 1.0 - x * x, 0.0)


def _cosine(x: Floats) -> Floats:
    return _cos(0.5 * pi * x)


def _bohman(x: Floats) -> Floats:
    c = _cos(pi * x)
    return np.asarray((1.0 - x) * c + (1.0 / pi) * np.sqrt(1.0 - c * c))


def _lagrange(x: Floats) -> Floats:
    """Cubic Lagrange interpolation: support 2."""
    n = (2.0 + x).astype(np.int64)
    value = np.ones_like(x)
    for i in range(4):
        other = i != n
        value[other] *= (n - i - x)[other] / (n - i)[other]
    return np.where(x > 2.0, 0.0, value)


@dataclass(frozen=True)
class Filter:
    """A weighting function of |x| in source pixels (destination pixels when the picture shrinks), and its window."""

    function: Function
    support: float
    window: Function = _box
    window_zero: float = 1.0
    """Where the window ends, in its own argument; it is stretched to the support."""
    blur: float = 1.0
    """The function is taken at |x| / blur."""

    def weights(self, x: Floats) -> Floats:
        x = np.abs(x) * (1.0 / self.blur)
        made = self.function(x)
        return made if self.window is _box else self.window(x * (self.window_zero / self.support)) * made


_FILTERS: dict[str, Filter] = {
    "point": Filter(_box, 0.0),
    "box": Filter(_box, 0.5),
    "triangle": Filter(_triangle, 1.0),
    "hermite": Filter(_cubic(0.0, 0.0), 1.0),
    "quadratic": Filter(_quadratic, 1.5),
    "cubic": Filter(_cubic(1.0, 0.0), 2.0),
    "catrom": Filter(_cubic(0.0, 0.5), 2.0),
    "mitchell": Filter(_cubic(1.0 / 3.0, 1.0 / 3.0), 2.0),
    "robidoux": Filter(_cubic(0.37821575509399867, 0.31089212245300067), 2.0),
    "robidouxsharp": Filter(_cubic(0.2620145123990142, 0.3689927438004929), 2.0),
    "gaussian": Filter(_gaussian, 2.0),
    "lagrange": Filter(_lagrange, 2.0),
    "sinc": Filter(_sinc, 4.0),
    "sincfast": Filter(_sinc_fast, 4.0),
    "lanczos": Filter(_sinc_fast, 3.0, _sinc_fast),
    "lanczossharp": Filter(_sinc_fast, 3.0, _sinc_fast, blur=0.9812505644269356),
    "lanczos2": Filter(_sinc_fast, 2.0, _sinc_fast),
    "lanczos2sharp": Filter(_sinc_fast, 2.0, _sinc_fast, blur=0.9549963639785485),
    "hann": Filter(_sinc_fast, 4.0, _hann),
    "hamming": Filter(_sinc_fast, 4.0, _hamming),
    "blackman": Filter(_sinc_fast, 4.0, _blackman),
    "welch": Filter(_sinc_fast, 3.0, _welch),
    "cosine": Filter(_sinc_fast, 3.0, _cosine),
    "bohman": Filter(_sinc_fast, 4.0, _bohman),
    "bartlett": Filter(_sinc_fast, 4.0, _triangle),
    "parzen": Filter(_sinc_fast, 4.0, _cubic(1.0, 0.0), 2.0),
}

KERNELS: tuple[str, ...] = ("default", *_FILTERS)


def default_kernel(from_size: tuple[int, int], to_size: tuple[int, int], channels: int) -> str:
    """The filter that ImageMagick takes where none is asked for; sizes are (width, height).

    Mitchell for a picture with alpha, for one whose area grows and for a grey one, Lanczos otherwise. (Grey PNGs and
    JPEGs are pictures with a palette to it; a grey PGM is not, nor is one that was made grey on the way. Other
    palettes get Mitchell as well, which a raster does not show.)
    """
    grows = (to_size[0] / from_size[0]) * (to_size[1] / from_size[1]) > 1.0
    return "lanczos" if channels == 3 and not grows else "mitchell"


@lru_cache(maxsize=16)
def _weights(
    kernel: str, before: int, after: int, own_support: float = 0.0
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """(first source sample, number of samples) of each of `after` samples, and their weights [after, most].

    own_support: instead of the filter's; its window is stretched to it. 0 for the filter's.
    """
    shape = replace(_FILTERS[kernel], support=own_support) if own_support else _FILTERS[kernel]
    factor = after / before
    scale = max(1.0 / factor + _EPSILON, 1.0)
    support = scale * (shape.support * shape.blur)
    if support < 0.5:
        support, scale = 0.5, 1.0
    scale = 1.0 / scale
    centre = (np.arange(after) + 0.5) / factor + _EPSILON
    first = np.maximum(centre - support + 0.5, 0.0).astype(np.int64)
    count = np.maximum(np.minimum(centre + support + 0.5, float(before)).astype(np.int64) - first, 0)
    steps = np.arange(max(1, int(count.max())))
    inside = steps < count[:, None]
    table = np.zeros(inside.shape)
    table[inside] = shape.weights((scale * (first[:, None] + steps - centre[:, None] + 0.5))[inside])
    density = np.add.accumulate(table, axis=1)[:, -1]  # from the first on; the zeros behind the last change nothing
    small = np.abs(density) < _EPSILON
    reciprocal = 1.0 / np.where(small, np.where(density < 0, -_EPSILON, _EPSILON), density)
    reciprocal[density == 0.0] = 1.0
    return first, count, table * reciprocal[:, None]


def _sampled(columns: int, rows: int, width: int, height: int) -> bool:
    """Whether `-thumbnail` first takes single samples, five times as many a side as are wanted, up or down.

    It does for a tenth of the area or less, unless that would leave less than 128 samples a side. Measured on
    ImageMagick 6.9.11-60, as is `_picked`.
    """
    return (width / columns) * (height / rows) <= 0.1 and 5 * min(width, height) >= 128


def _picked(before: int, after: int) -> NDArray[np.int64]:
    """`-sample`: the source sample under the middle of each output, that on the left where it lies between two."""
    return ((2 * np.arange(after, dtype=np.int64) + 1) * before - 1) // (2 * after)


def posterized(pixels: NDArray[np.uint16], levels: int, colours: int) -> NDArray[np.uint16]:
    """uint16, as given: the first `colours` channels brought to the nearest of `levels` (2 or more) evenly spaced
    values, 0 and 65535 the outermost: `-posterize` without dithering.

    No sample lies halfway between two: twice the levels less one, times a sample, is even, and the halves are odd.
    What `-posterize` does beside is not here: it then looks for at most 65,536 colours of all, and where alpha is
    partial other ones.
    Source: measured on convert 6.9.11-60 (tests/codec/test_resample_imagemagick_thumbnail.py).
    """
    last = levels - 1
    nearest = (2 * last * np.arange(65536) + 65535) // 131070
    table = ((131070 * nearest + last) // (2 * last)).astype(np.uint16)
    out = pixels.copy()
    out[:, :, :colours] = table[pixels[:, :, :colours]]
    return out


def resize16(
    pixels: NDArray[np.uint16], width: int, height: int, *, kernel: str = "default", thumbnail: bool = False,
    support: float = 0.0, posterize: int = 0,
) -> NDArray[np.uint16]:  # fmt: skip
    """uint16 `[height, width, C]` of uint16 `[H, W, C]`, 0 to 65535; C = 1 grey, 2 with alpha, 3 RGB, 4 with alpha.

    With alpha, colours are summed in proportion to it and divided by the sum; where that is nothing they become 0.
    thumbnail: as `-thumbnail` does it, which makes much smaller pictures of a sample.
    support: that of `-define filter:support`, in the filter's own pixels; 0 for the filter's.
    posterize: the levels that each colour is brought to afterwards (see `posterized`); 0 for all 65,536.
    Raises ValueError for an unknown kernel, an empty picture, another number of channels, a negative support and a
    single level.
    """
    if support < 0 or posterize < 0 or posterize == 1:
        raise ValueError(f"support {support}, posterize {posterize}, expected 0 or more, and not one level")
    out = _resized16(pixels, width, height, kernel, thumbnail, support)
    return posterized(out, posterize, out.shape[2] - (out.shape[2] in (2, 4))) if posterize else out


def _resized16(
    pixels: NDArray[np.uint16], width: int, height: int, kernel: str, thumbnail: bool, support: float
) -> NDArray[np.uint16]:
    rows, columns, channels = pixels.shape
    if min(rows, columns, width, height) < 1 or channels not in (1, 2, 3, 4):
        raise ValueError(f"{pixels.shape} to {width} x {height}")
    has_alpha = channels in (2, 4)
    if thumbnail and _sampled(columns, rows, width, height):
        pixels = pixels[_picked(rows, 5 * height)][:, _picked(columns, 5 * width)]
        rows, columns = 5 * height, 5 * width
    if kernel == "default":
        if (columns, rows) == (width, height):
            return pixels.copy()
        kernel = default_kernel((columns, rows), (width, height), channels)
    if kernel not in _FILTERS:
        raise ValueError(f"kernel {kernel!r}, expected one of {', '.join(KERNELS)}")
    across, down = (rows_alpha, columns_alpha) if has_alpha else (rows_opaque, columns_opaque)
    source = np.ascontiguousarray(pixels)

    def horizontal(source: NDArray[np.uint16]) -> NDArray[np.uint16]:
        out = np.empty((source.shape[0], width, channels), np.uint16)
        across(source, *_weights(kernel, columns, width, support), out)
        return out

    def vertical(source: NDArray[np.uint16]) -> NDArray[np.uint16]:
        out = np.empty((height, source.shape[1], channels), np.uint16)
        down(source, *_weights(kernel, rows, height, support), out)
        return out

    return vertical(horizontal(source)) if width / columns > height / rows else horizontal(vertical(source))


def resize(
    pixels: NDArray[np.uint8], width: int, height: int, *, kernel: str = "default", thumbnail: bool = False,
    support: float = 0.0, posterize: int = 0,
) -> NDArray[np.uint8]:  # fmt: skip
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`: as `resize16`, from and to 8 bits."""
    wide: NDArray[Any] = pixels.astype(np.uint16) * np.uint16(257)
    return to8(
        resize16(wide, width, height, kernel=kernel, thumbnail=thumbnail, support=support, posterize=posterize)
    )  # fmt: skip


def to8(pixels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """uint8 of uint16, 0 to 65535: v / 257 rounded, as an 8-bit file is written."""
    out = pixels.astype(np.uint32) + np.uint32(128)
    return ((out - (out >> np.uint32(8))) >> np.uint32(8)).astype(np.uint8)


def plan(
    columns: int, rows: int, width: int, height: int, *, kernel: str = "default", thumbnail: bool = False,
    support: float = 0.0, posterize: int = 0, channels: Literal[1, 3] = 3,
) -> Plan:  # fmt: skip
    """`resize` of so many channels, which `default` chooses by, as data."""
    sample: tuple[Stage, ...] = ()
    if thumbnail and _sampled(columns, rows, width, height):
        across, down = (_picked(before, 5 * after) for before, after in ((columns, width), (rows, height)))
        sample = picking(1, columns, across), picking(0, rows, down)
        columns, rows = 5 * width, 5 * height
    levels: tuple[Stage, ...] = ()
    if posterize:
        last = posterize - 1
        levels = (
            Integer(multiplier=2 * last, clip=False), Integer(add=65535, divisor=131070, clip=False),
            Integer(multiplier=131070, clip=False), Integer(add=last, divisor=2 * last, clip=False),
        )  # fmt: skip
    passes: tuple[Stage, ...] = ()
    if kernel != "default" or (columns, rows) != (width, height):
        kernel = default_kernel((columns, rows), (width, height), channels) if kernel == "default" else kernel

        def one(axis: Literal[0, 1], size: int, n: int) -> tuple[Stage, ...]:
            taps = tap_table(*_weights(kernel, size, n, support), size)
            return WeightedSum(axis, size, *taps, "float64"), Round("up", 65535)

        wide, tall = one(1, columns, width), one(0, rows, height)
        passes = wide + tall if width / columns > height / rows else tall + wide
    if not passes and not levels:
        return Plan(sample)
    return Plan((*sample, Integer(multiplier=257, clip=False), *passes, *levels, To8()))
