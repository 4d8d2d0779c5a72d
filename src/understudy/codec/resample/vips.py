"""libvips' vips_resize and vips_thumbnail for 8-bit pictures, equal in every sample: the arithmetic of sharp.

Smaller: columns are filtered first, then rows. An axis that shrinks to a quarter or less (`gap` 2) is first averaged in
whole boxes; what is left of the factor is a filter at positions rounded to 1/64 sample, with integers for weights.
Larger: the kernel does not matter but for nearest and linear: Catmull-Rom, at positions x / scale - 1/2 (not centred).
All repeat the edge. What differs:

    8.14        box means are rounded half up; columns are filtered by its Orc code, with 6 fraction bits (!) a weight
    8.14-plain  the same without Orc (VIPS_NOVECTOR, and builds without it): 12 fraction bits for columns too
    8.18        box means by a rounded-down 24-bit reciprocal; 12 fraction bits both ways

Source: libvips' documentation of vips_resize, vips_reducev, vips_shrink, vips_affine and vips_thumbnail for the order
of things; every constant was measured against Debian's libvips 8.14.1 and pyvips-binary's 8.18.7
(tests/codec/test_resample_vips.py: no sample differs, but for ties of `nearest` where only one axis grows).
Other versions were not measured.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ProfileError
from ..stages import Integer, Plan, Stage, WeightedSum, picking, tap_table
from ._separable import Taps, filter_columns, filter_rows
from ._vips_filters import SUPPORT, value
from ._vips_kernels import bilinear, box_columns, box_rows, cubic_columns, cubic_rows
from ._vips_linear import Pass, resized_in_light

KERNELS = ("nearest", "linear", "cubic", "mitchell", "lanczos2", "lanczos3", "mks2013", "mks2021")
"""libvips' names. The two Magic Kernel Sharp are J. Costella's (johncostella.com/magic) and not in 8.14."""

Version = Literal["8.14", "8.14-plain", "8.18"]
VERSIONS = ("8.14", "8.14-plain", "8.18")
Pixels = NDArray[np.uint8]

_POSITIONS = 64
"""Filter positions a sample."""
_ORC_TAPS = 49
"""Above, 8.14's Orc program does not compile and the plain code runs: only with a `gap` of 0 or over 4."""
_STRIP, _TILE = 16, 128
"""libvips makes 16 rows at a time, or tiles of 128 x 128 where an axis has box means, and sums positions up anew in
each; their last bit decides where they are ties. Measured on sizes in rational ratios; see `_pieces`."""


def _new_size(size: int, scale: float) -> int:
    """Half up, by way of the shrink factor where the axis shrinks: the two differ in the last bit."""
    return int(size / (1.0 / scale) + 0.5) if scale < 1.0 else int(size * scale + 0.5)


def resize(
    pixels: Pixels,
    width: int,
    height: int,
    *,
    kernel: str = "lanczos3",
    version: Version = "8.18",
    factors: tuple[float, float] | None = None,
    gap: float = 2.0,
    premultiply: bool = True,
    linear: bool = False,
) -> Pixels:
    """vips_resize: uint8 `[height, width, C]` of uint8 `[H, W, C]`.

    kernel: one of KERNELS; the Magic Kernels only in 8.18.
    factors: output samples to one input sample, horizontally and vertically. vips_thumbnail and sharp use one factor
    for both axes, that of the side which a rule fixed; the other side is rounded, and samples stay centred. None takes
    the ratio of the sizes on each axis (`size=force`, sharp's `fit: "fill"`).
    gap: the shrink that is left at least to the filter where whole boxes are averaged first; 0 for no boxes.
    premultiply: with 2 or 4 channels, colours are multiplied by alpha before and divided after (vips_premultiply with
    samples cut to integers), as sharp and 8.18's vips_thumbnail do (8.14's vips_thumbnail keeps floats between, which
    is not built); False filters each channel alone, as vips_resize does.
    linear: in linear light (`_vips_linear`), as vips_thumbnail does it where it is asked to; 8.18's, smaller RGB
    pictures (grey ones are filtered in 16 bits there, not in linear light; this and enlarging are not built).

    Raises ProfileError for a kernel that the version lacks, and where `factors` do not give `width` x `height`.
    """
    rows, columns, channels = pixels.shape
    x_scale, y_scale = _scales(columns, rows, width, height, factors)
    if linear:
        _check(kernel, version, linear)
        if max(x_scale, y_scale) > 1.0 or channels < 3:
            got = "a larger picture" if channels > 2 else "a grey picture"
            raise ProfileError(got, place="resize by libvips in linear light", expected="a smaller one in RGB")
        return resized_in_light(pixels, _light_passes(columns, rows, x_scale, y_scale, kernel, gap))
    if premultiply and channels in (2, 4) and (width, height) != (columns, rows):
        return unpremultiplied(by_scale(premultiplied(pixels), x_scale, y_scale, kernel, version, gap))
    return by_scale(pixels, x_scale, y_scale, kernel, version, gap)


def by_scale(
    pixels: Pixels, x_scale: float, y_scale: float, kernel: str, version: Version = "8.18", gap: float = 2.0
) -> Pixels:
    """vips_resize itself: uint8 `[H, W, C]` by two factors (new / old), each channel alone. Arguments as `resize`."""
    _check(kernel, version)
    x_scale, y_scale = max(x_scale, 1.0 / pixels.shape[1]), max(y_scale, 1.0 / pixels.shape[0])
    if kernel == "nearest":
        xs, ys = _nearest_at(pixels.shape[1], pixels.shape[0], x_scale, y_scale, gap)
        return np.ascontiguousarray(pixels[ys[:, None], xs])
    out, (height, width, _) = pixels, pixels.shape
    down, across = _pieces(_box(width, 1.0 / x_scale, gap), _box(height, 1.0 / y_scale, gap), version)
    if y_scale < 1.0:
        out = _reduced(out, 1.0 / y_scale, kernel, version, gap, down, columns=True)
    if x_scale < 1.0:
        out = _reduced(out, 1.0 / x_scale, kernel, version, gap, across or width, columns=False)
    if max(x_scale, y_scale) > 1.0:
        out = _enlarged(out, max(x_scale, 1.0), max(y_scale, 1.0), kernel)
    return np.ascontiguousarray(out)


def _scales(
    columns: int, rows: int, width: int, height: int, factors: tuple[float, float] | None
) -> tuple[float, float]:
    """(horizontal, vertical) new side / old side, the reciprocals of libvips' shrink factors.

    A factor that is a ratio of sides but for its last bits becomes 1 / (old side / new side): how vips_thumbnail and
    sharp compute it, which matters where positions are ties. Neither side falls under one sample.
    Raises ProfileError where they do not give `width` x `height`.
    """
    shrinks = [columns / width, rows / height]
    if factors is not None:
        shrinks = [next((s for s in shrinks if abs(f * s - 1.0) < 1e-14), 1.0 / f) for f in factors]
    x_scale, y_scale = max(1.0 / shrinks[0], 1.0 / columns), max(1.0 / shrinks[1], 1.0 / rows)
    made = (_new_size(columns, x_scale), _new_size(rows, y_scale))
    if made != (width, height):
        raise ProfileError(
            f"{columns} x {rows} times {factors} is {made[0]} x {made[1]} in libvips", place="resize",
            expected=f"{width} x {height}", remedy='derive = "vips", rounding = "half_up" gives its sizes',
        )  # fmt: skip
    return x_scale, y_scale


def _check(kernel: str, version: str, linear: bool = False) -> None:
    if linear and (version != "8.18" or kernel == "nearest"):
        got = f"version {version!r}, kernel {kernel!r}"
        raise ProfileError(got, place="resize by libvips in linear light", expected="8.18, any kernel but nearest")
    if version not in VERSIONS:
        raise ProfileError(f"version {version!r}", place="resize by libvips", expected=", ".join(VERSIONS))
    if kernel not in KERNELS or (version != "8.18" and kernel.startswith("mks")):
        raise ProfileError(f"kernel {kernel!r}", place=f"resize by libvips {version}", expected=", ".join(KERNELS))


# -------------------------------------------------------------------------------------------------------- smaller


def _pieces(x_box: int, y_box: int, version: Version) -> tuple[int, int]:
    """(rows, columns) made at a time; 0 for all columns. 8.14's averaging along rows asks for them one by one."""
    if x_box > 1:
        return (_STRIP if version == "8.18" else 1), _TILE
    return (_TILE, _TILE) if y_box > 1 else (_STRIP, 0)


def _box(size: int, shrink: float, gap: float) -> int:
    """How many samples are averaged before the filter; 1 for none."""
    return max(1, math.floor(size / (int(size / shrink + 0.5) * gap))) if gap > 0 else 1


def _reduced(
    pixels: Pixels, shrink: float, kernel: str, version: Version, gap: float, strip: int, *, columns: bool
) -> Pixels:
    """One axis made smaller by `shrink` (over 1): boxes, then the filter."""
    box, made, shift = _reduction(pixels.shape[0 if columns else 1], shrink, kernel, version, gap, strip, columns)
    if box > 1:
        pixels = _boxed(pixels, box, version, columns)
    if made is None:
        return pixels
    return (filter_columns if columns else filter_rows)(pixels, made, 1 << (shift - 1), shift)


def _reduction(
    size: int, shrink: float, kernel: str, version: Version, gap: float, strip: int, columns: bool
) -> tuple[int, Taps | None, int]:
    """(samples averaged first, the filter behind it if one is left, its fraction bits) of an axis of `size` samples."""
    new_size = int(size / shrink + 0.5)
    excess = new_size * shrink - size  # samples beyond the picture that the new size claims, half of them on each side
    box = _box(size, shrink, gap)
    shrink, excess, size = shrink / box, excess / box, -(-size // box)
    if shrink == 1.0:
        return box, None, 0
    six_bits = version == "8.14" and columns and 2 * round(SUPPORT[kernel] * shrink) + 1 <= _ORC_TAPS
    made = _taps(kernel, size, new_size, shrink, excess, strip, six_bits)
    return box, made, 6 if six_bits else 12


def _light_passes(width: int, height: int, x_scale: float, y_scale: float, kernel: str, gap: float) -> list[Pass]:
    """What `_vips_linear` filters a picture by: boxes, then the kernel, the columns first; weights are not rounded."""
    boxes = [_box(size, 1.0 / scale, gap) for size, scale in ((height, y_scale), (width, x_scale))]
    down, across = _pieces(boxes[1], boxes[0], "8.18")
    passes: list[Pass] = []
    for columns, size, scale, box, strip in (
        (True, height, y_scale, boxes[0], down), (False, width, x_scale, boxes[1], across or width),
    ):  # fmt: skip
        if scale >= 1.0:
            continue
        new_size = int(size / (1.0 / scale) + 0.5)
        shrink, excess = 1.0 / scale / box, (new_size * (1.0 / scale) - size) / box
        if box > 1:
            at = np.minimum(np.arange(-(-size // box))[:, None] * box + np.arange(box), size - 1)
            passes.append(Pass(columns, at, None))
            size = len(at)
        if shrink != 1.0:
            first, weights = _windows(new_size, shrink, excess, strip, _shares(kernel, shrink))
            passes.append(Pass(columns, np.clip(first[:, None] + np.arange(weights.shape[1]), 0, size - 1), weights))
    return passes


def _boxed(pixels: Pixels, size: int, version: Version, columns: bool) -> Pixels:
    """Means of `size` samples, one more for what is left over."""
    height, width, channels = pixels.shape
    flat = np.require(pixels, requirements=["C", "W"]).reshape(height, width * channels)
    multiplier = (1 << 24) // size if version == "8.18" else 0
    if columns:
        out = np.empty((-(-height // size), width * channels), np.uint8)
        box_columns(flat, size, multiplier, out)
    else:
        out = np.empty((height, -(-width // size) * channels), np.uint8)
        box_rows(flat, channels, size, multiplier, out)
    return out.reshape(out.shape[0], -1, channels)


def _taps(kernel: str, size: int, new_size: int, shrink: float, excess: float, strip: int, six_bits: bool) -> Taps:
    """Which samples make each output. A window that reaches over the edge gives those weights to the edge's sample."""
    start, weights = _windows(new_size, shrink, excess, strip, _weights(kernel, shrink, six_bits))
    inside = np.clip(start[:, None] + np.arange(weights.shape[1]), 0, size - 1)
    first = inside[:, 0].copy()
    folded = np.zeros_like(weights)
    np.add.at(folded, (np.arange(new_size)[:, None], inside - first[:, None]), weights)
    return Taps(first, inside[:, -1] - first + 1, folded)


def _windows(
    new_size: int, shrink: float, excess: float, strip: int, table: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """(first sample, which may lie before the picture, and weights) of each output; table: `[65, reach]`."""
    at = _positions(new_size, shrink, 0.5 - (1.0 + excess) / 2.0, strip)
    steps = (at * (2 * _POSITIONS)).astype(np.int64)
    first = at.astype(np.int64) - (math.ceil(table.shape[1] / 2) - 1)
    return first, table[((steps % (2 * _POSITIONS)) + 1) >> 1]


def _positions(count: int, step: float, lead: float, strip: int, first: float = 0.5) -> NDArray[np.float64]:
    """Centres of outputs in the source, as libvips adds them up: (first + i) step + lead, anew each `strip`."""
    out = np.empty(count, np.float64)
    for start in range(0, count, strip):
        n = min(strip, count - start)
        steps = np.full(n, step)
        steps[0] = (start + first) * step + lead
        out[start : start + n] = np.cumsum(steps)
    return out


@lru_cache(maxsize=64)
def _weights(kernel: str, shrink: float, six_bits: bool) -> NDArray[np.int32]:
    """`[65, reach]`: the filter at offsets 0, 1/64, ... 1 of its window; 12 fraction bits, cut, or 6, rounded."""
    exact = _shares(kernel, shrink)
    if six_bits:
        return np.array([_summing_to(row, 64) for row in exact])
    table: NDArray[np.int32] = (exact * 4096).astype(np.int32)
    return table


@lru_cache(maxsize=64)
def _shares(kernel: str, shrink: float) -> NDArray[np.float64]:
    """`[65, reach]`: the filter's values at those offsets, each row adding up to 1."""
    reach = 2 * round(SUPPORT[kernel] * shrink) + 1
    table = np.empty((_POSITIONS + 1, reach))
    for i in range(_POSITIONS + 1):
        centre = i / _POSITIONS + reach / 2 - 1
        raw = [value(kernel, (t - centre) / shrink) for t in range(reach)]
        total = sum(raw)
        table[i] = [one / total for one in raw]
    return table


def _summing_to(exact: NDArray[np.float64], unit: int) -> NDArray[np.int32]:
    """`exact` (which sums to 1) as integers that sum to `unit`: a scale near `unit` is sought, by halving, at which the
    rounded values do; if there is none, what is missing is spread over all values, its remainder over the first ones.
    """
    low, high = unit - (len(exact) + 1) // 2, unit + (len(exact) + 1) // 2
    lower, upper = float(low), float(high)
    while True:
        scale = (upper + lower) / 2
        made = np.rint(exact * scale).astype(np.int32)
        missing = unit - int(made.sum())
        if missing == 0:
            return made
        lower, upper = (scale, upper) if missing > 0 else (lower, scale)
        if upper - lower <= 0.01:
            break
    each = int(missing / len(made))  # towards zero
    rest = missing - each * len(made)
    made += each
    made[: abs(rest)] += 1 if rest > 0 else -1
    return made


# --------------------------------------------------------------------------------------------------------- larger


def _enlarged(pixels: Pixels, x_scale: float, y_scale: float, kernel: str) -> Pixels:
    """vips_affine. A scale of 1 on one axis still averages neighbours there: the half-sample shift is on both."""
    rows, columns, channels = pixels.shape
    width, height = _new_size(columns, x_scale), _new_size(rows, y_scale)
    xs, ys = _affine_positions(width, height, x_scale, y_scale, -0.5)
    flat = np.require(pixels, requirements=["C", "W"]).reshape(rows, columns * channels)
    out = np.empty((height, width * channels), np.uint8)
    if kernel == "linear":
        left, upper = np.floor(xs), np.floor(ys)
        x_weights, y_weights = (((at - base) * 4096).astype(np.int32) for at, base in ((xs, left), (ys, upper)))
        bilinear(flat, channels, left.astype(np.int64) - 1, x_weights, upper.astype(np.int64) - 1, y_weights, out)
    else:
        between = np.empty((rows, width * channels), np.int32)
        cubic_rows(flat, channels, *_cubic_taps(xs), between)
        cubic_columns(between, *_cubic_taps(ys), out)
    return out.reshape(height, width, channels)


def _affine_positions(
    width: int, height: int, x_scale: float, y_scale: float, lead: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Source positions plus 1 (libvips puts a border of one sample around), with the inverse matrix's own rounding."""
    inverse = 1.0 / (x_scale * y_scale)
    xs = _positions(width, inverse * y_scale, lead + 1.0, width, 0.0)
    ys: NDArray[np.float64] = np.arange(height, dtype=np.float64) * (inverse * x_scale) + lead + 1.0
    return xs, ys


def _cubic_taps(at: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(second of the four samples, weights with 12 fraction bits) of positions that are one too large."""
    steps = np.floor(at * (2 * _POSITIONS)).astype(np.int64)
    t = np.arange(_POSITIONS + 1) / _POSITIONS
    keys = np.stack(
        [t * t - (t + t**3) / 2, 1 - 2.5 * t * t + 1.5 * t**3, t / 2 + 2 * t * t - 1.5 * t**3, (t**3 - t * t) / 2]
    )
    table = (keys.T * 4096).astype(np.int32)
    return np.floor(at).astype(np.int64) - 1, table[((steps % (2 * _POSITIONS)) + 1) >> 1]


def _nearest_at(
    columns: int, rows: int, x_scale: float, y_scale: float, gap: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(columns, rows) taken: whole steps, then steps of what is left; larger by rounding positions down."""
    ys, xs = _nearest_smaller(rows, y_scale, gap, _STRIP), _nearest_smaller(columns, x_scale, gap, columns)
    if max(x_scale, y_scale) > 1.0:
        x_up, y_up = max(x_scale, 1.0), max(y_scale, 1.0)
        wide, high = _affine_positions(_new_size(xs.size, x_up), _new_size(ys.size, y_up), x_up, y_up, 0.0)
        ys = ys[np.clip(np.floor(high).astype(np.int64) - 1, 0, ys.size - 1)]
        xs = xs[np.clip(np.floor(wide).astype(np.int64) - 1, 0, xs.size - 1)]
    return xs, ys


def _nearest_smaller(size: int, scale: float, gap: float, strip: int) -> NDArray[np.int64]:
    if scale >= 1.0:
        return np.arange(size)
    step = _box(size, 1.0 / scale, gap)
    shrink, left = 1.0 / (scale * step), size // step
    if shrink == 1.0:
        return np.arange(left) * step
    count = int(left / shrink + 0.5)
    excess = count * shrink - left
    at = _positions(count, shrink, 0.5 - (1.0 + excess) / 2.0, strip)
    return np.minimum(at.astype(np.int64), left - 1) * step


# ---------------------------------------------------------------------------------------------------------- alpha


def premultiplied(pixels: Pixels) -> Pixels:
    """vips_premultiply cast to uint8: colours times alpha / 255, rounded down; alpha as it was."""
    colours, alpha = pixels[:, :, :-1].astype(np.uint16), pixels[:, :, -1:]
    return np.dstack([(colours * alpha // np.uint16(255)).astype(np.uint8), alpha])


def unpremultiplied(pixels: Pixels) -> Pixels:
    """vips_unpremultiply cast to uint8: colours times 255 / alpha in float32, cut; 0 where alpha is 0."""
    alpha: Any = pixels[:, :, -1:].astype(np.float32)
    factor = np.divide(np.float32(255), alpha, out=np.zeros_like(alpha), where=alpha > 0)
    colours = np.minimum(pixels[:, :, :-1].astype(np.float32) * factor, np.float32(255))
    return np.dstack([colours.astype(np.uint8), pixels[:, :, -1]])


# -------------------------------------------------------------------------------------------------------- as data


def plan(
    columns: int,
    rows: int,
    width: int,
    height: int,
    *,
    kernel: str = "lanczos3",
    version: Version = "8.18",
    factors: tuple[float, float] | None = None,
    gap: float = 2.0,
    premultiply: bool = True,
    linear: bool = False,
) -> Plan:
    """`resize` of 1 or 3 channels, as data: exact but for kernel `linear` where a side grows, whose products are cut,
    and in linear light, which is left out."""
    _check(kernel, version, linear)
    x_scale, y_scale = _scales(columns, rows, width, height, factors)
    if kernel == "nearest":
        xs, ys = _nearest_at(columns, rows, x_scale, y_scale, gap)
        return Plan((picking(1, columns, xs), picking(0, rows, ys)))
    down, across = _pieces(_box(columns, 1.0 / x_scale, gap), _box(rows, 1.0 / y_scale, gap), version)
    stages: tuple[Stage, ...] = ()
    if y_scale < 1.0:
        stages += _reduced_stages(0, rows, 1.0 / y_scale, kernel, version, gap, down)
    if x_scale < 1.0:
        stages += _reduced_stages(1, columns, 1.0 / x_scale, kernel, version, gap, across or columns)
    if max(x_scale, y_scale) <= 1.0:
        return Plan(stages, "libvips' linear light is floats" if linear else "")
    left, upper = (width if x_scale < 1.0 else columns), (height if y_scale < 1.0 else rows)
    xs64, ys64 = _affine_positions(width, height, max(x_scale, 1.0), max(y_scale, 1.0), -0.5)
    return Plan(
        stages + _enlarged_stages(1, left, xs64, kernel) + _enlarged_stages(0, upper, ys64, kernel, last=True),
        "libvips' bilinear enlarging cuts its products" if kernel == "linear" else "",
    )


def _reduced_stages(
    axis: Literal[0, 1], size: int, shrink: float, kernel: str, version: Version, gap: float, strip: int
) -> tuple[Stage, ...]:
    box, made, shift = _reduction(size, shrink, kernel, version, gap, strip, axis == 0)
    stages: tuple[Stage, ...] = ()
    if box > 1:
        at = np.minimum(np.arange(-(-size // box))[:, None] * box + np.arange(box), size - 1)
        multiplier, divisor = ((1 << 24) // box, 1 << 24) if version == "8.18" else (1, box)
        stages += WeightedSum(axis, size, at, np.ones_like(at)), Integer(box // 2, multiplier, divisor)
        size = len(at)
    if made is None:
        return stages
    at, weights = tap_table(made.first, made.count, made.weights, size)
    return (*stages, WeightedSum(axis, size, at, weights), Integer(1 << (shift - 1), 1, 1 << shift))


def _enlarged_stages(
    axis: Literal[0, 1], size: int, at: NDArray[np.float64], kernel: str, last: bool = False
) -> tuple[Stage, ...]:
    """Of positions that are one too large."""
    if kernel == "linear":
        left = np.floor(at)
        share = ((at - left) * 4096).astype(np.int64)
        first, weights = left.astype(np.int64) - 1, np.stack([4096 - share, share], axis=1)
    else:
        second, four = _cubic_taps(at)
        first, weights = second - 1, four.astype(np.int64)
    taken = np.clip(first[:, None] + np.arange(weights.shape[1]), 0, size - 1)
    return WeightedSum(axis, size, taken, weights), Integer(2048, 1, 4096, clip=last)
