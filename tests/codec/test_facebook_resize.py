"""Facebook's resize of 2015, its sharpening, and Spectrum's form, against the facts written out in plain Python."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from codec_oracles import noise, scene

from understudy.codec import resample
from understudy.codec.resample import facebook, spectrum
from understudy.codec.three_tap import three_tap
from understudy.errors import ProfileError

SIZES = [((1, 1), (1, 1)), ((7, 11), (5, 9)), ((77, 51), (64, 42)), ((64, 40), (64, 20)), ((40, 30), (1, 1)),
         ((5, 5), (9, 13))]  # fmt: skip
"""(width, height) before and after; the third has the ratio that was measured, 77 to 64, across."""


def one_axis(samples: list[list[int]], n_out: int, constant: int) -> list[list[int]]:
    """facts/facebook-resize.md, C.1 and 2, word by word, on lines of samples."""
    n_in = len(samples[0])
    s = n_in / n_out

    def m(x: float) -> float:
        return 0.75 - x * x if x <= 0.5 else (x - 1.5) ** 2 / 2 if x <= 1.5 else 0.0

    side = round(2048 * m(1 / s) / (m(0) + 2 * m(1 / s)))
    out = []
    for line in samples:
        at = lambda i, line=line: line[min(max(i, 0), n_in - 1)]  # noqa: E731
        smooth = [
            min(max((side * at(i - 1) + (2048 - 2 * side) * at(i) + side * at(i + 1) + 1024) >> 11, 0), 255)
            for i in range(n_in)
        ]
        row = []
        for x in range(n_out):
            c = (x + Fraction(1, 2)) * n_in / n_out - Fraction(1, 2)
            i = floor(c)
            f = floor(2048 * (c - i) + Fraction(1, 2))
            left, right = smooth[min(max(i, 0), n_in - 1)], smooth[min(max(i + 1, 0), n_in - 1)]
            row.append(min(max((left * (2048 - f) + right * f + constant) >> 11, 0), 255))
        out.append(row)
    return out


def reference(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    across = 1040 if 64 * pixels.shape[1] == 77 * width else 1024
    planes = []
    for c in range(pixels.shape[2]):
        wide = one_axis(pixels[:, :, c].tolist(), width, across)
        planes.append(np.array(one_axis(np.array(wide).T.tolist(), height, 1024)).T)
    return np.stack(planes, axis=-1)


@pytest.mark.parametrize(("before", "after"), SIZES, ids=str)
def test_facebook_is_the_facts(before: tuple[int, int], after: tuple[int, int]) -> None:
    for make in (noise, scene):
        pixels = make(*before)
        got = facebook.resize(pixels, *after)
        assert got.dtype == np.uint8
        assert np.array_equal(got, reference(pixels, *after))


def test_the_measured_ratio_has_the_measured_numbers() -> None:
    """383 and 1282 across and down; fractions that are multiples of 16; 1040 moves ties only."""
    assert facebook._smoothing(2464, 2048) == facebook._smoothing(1632, 1356) == 383
    _, fractions = facebook._positions(2464, 2048)
    assert not (fractions % 16).any()
    pixels = noise(154, 60)
    measured, half_up = (facebook.resize(pixels, 128, 50, horizontal_constant=c).astype(int) for c in (0, 1024))
    assert np.array_equal(measured, facebook.resize(pixels, 128, 50, horizontal_constant=1040))
    difference = measured - half_up
    assert set(np.unique(difference)) == {0, 1}
    assert 0 < difference.mean() < 0.02


def test_flat_pictures_stay_flat() -> None:
    for value in (0, 1, 127, 254, 255):
        pixels = np.full((33, 47, 3), value, np.uint8)
        assert (facebook.resize(pixels, 31, 20) == value).all()
        assert (three_tap(pixels, -506, 1) == value).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_are_alike_and_axes_change_places(channels: int) -> None:
    pixels = np.dstack([noise(40, 30), noise(40, 30, 1)])[:, :, :channels]
    got = facebook.resize(pixels, 33, 25)
    for c in range(channels):
        assert np.array_equal(got[:, :, c : c + 1], facebook.resize(pixels[:, :, c : c + 1], 33, 25))
    down = three_tap(pixels, -506, axis=0)
    assert np.array_equal(down, three_tap(pixels.transpose(1, 0, 2), -506, axis=1).transpose(1, 0, 2))


def test_three_tap_is_the_facts() -> None:
    """C.5: (3060 c - 506 (l + r) + 1024) >> 11, clipped, edges repeated."""
    for width in (1, 2, 3, 50):
        pixels = noise(width, 9)
        p = np.pad(pixels.astype(int), ((0, 0), (1, 1), (0, 0)), mode="edge")
        want = np.clip((3060 * p[:, 1:-1] - 506 * (p[:, :-2] + p[:, 2:]) + 1024) >> 11, 0, 255)
        assert np.array_equal(three_tap(pixels, -506, axis=1), want)
    with pytest.raises(ValueError, match="side tap 1025"):
        three_tap(pixels, 1025, axis=1)


def test_smoothing_vanishes_where_the_picture_grows() -> None:
    """From two thirds of a pixel on there is nothing within reach: plain linear interpolation."""
    pixels = noise(20, 1)
    got = facebook.resize(pixels, 40, 1)[0].astype(int)
    p = pixels[0].astype(int)
    assert np.array_equal(got[1:-1:2], (p[:-1] * 1536 + p[1:] * 512 + 1024) >> 11)


# --- Spectrum


def spectrum_taps(n_in: int, n_out: int, x: int) -> dict[int, int]:
    """One output's weights in Q11, in single precision where Spectrum's C++ has `float`, scalar by scalar."""
    f = np.float32
    scale = n_out / n_in
    centre = f(float(f(x) + f(0.5)) / scale - 0.5)
    at, weights = [], []
    for j in range(floor(float(centre) - 1.5 / scale), ceil(float(centre) + 1.5 / scale) + 1):
        z = f(float(centre - f(j)) * scale)
        if abs(z) > 1.5:
            continue
        inner = -0.5 <= z < 0.5
        weight = f(0.75 - float(z * z)) if inner else f(0.5 * (abs(float(z)) - 1.5) ** 2)
        if weight:
            at.append(min(max(j, 0), n_in - 1))
            weights.append(weight)
    total = f(0)
    for weight in weights:
        total = total + weight
    normal = [f(float(weight) * float(f(1) / total)) for weight in weights]
    total = f(0)
    for weight in normal:
        total = total + weight
    largest = max(range(len(weights)), key=lambda k: weights[k])
    normal[largest] = normal[largest] + (f(1) - total)
    out: dict[int, int] = {}
    for j, weight in zip(at, normal, strict=True):
        out[j] = out.get(j, 0) + int(weight * f(2048))
    return out


@pytest.mark.parametrize(
    ("n_in", "n_out"), [(2464, 2048), (1632, 1356), (3000, 1080), (50, 3), (257, 131), (64, 100), (9, 9), (40, 1)]
)
def test_spectrum_taps(n_in: int, n_out: int) -> None:
    at, weights = spectrum.taps(n_in, n_out)
    for x in range(0, n_out, 1 if n_out < 1100 else 40):
        got: dict[int, int] = {}
        for j, weight in zip(at[x].tolist(), weights[x].tolist(), strict=True):
            if weight:
                got[j] = got.get(j, 0) + weight
        assert got == {j: w for j, w in spectrum_taps(n_in, n_out, x).items() if w}
    assert weights.sum(axis=1).max() <= 2048
    assert weights.sum(axis=1).min() > 2048 - at.shape[1]


@pytest.mark.parametrize(("before", "after"), [((20, 17), (13, 11)), ((9, 8), (4, 5)), ((6, 6), (2, 1))], ids=str)
def test_spectrum_in_plain_integers(before: tuple[int, int], after: tuple[int, int]) -> None:
    width, height = after
    ends = np.random.default_rng(2).choice(np.array([0, 255], np.uint8), (before[1], before[0], 3))
    for pixels in (noise(*before), scene(*before), ends):
        across = [spectrum_taps(before[0], width, x) for x in range(width)]
        down = [spectrum_taps(before[1], height, y) for y in range(height)]
        want = np.empty((height, width, 3), int)
        for c in range(3):
            plane = pixels[:, :, c].tolist()
            wide = [[sum(w * row[j] for j, w in taps.items()) for taps in across] for row in plane]
            small = [[sum(((w * wide[j][x]) >> 11) for j, w in taps.items()) for x in range(width)] for taps in down]
            for turn in (False, True):
                lines = [list(line) for line in zip(*small, strict=True)] if turn else small
                last = len(lines[0]) - 1
                lines = [
                    [((-506 * line[max(i - 1, 0)]) >> 11) + ((3060 * line[i]) >> 11)
                     + ((-506 * line[min(i + 1, last)]) >> 11) for i in range(last + 1)]
                    for line in lines
                ]  # fmt: skip
                small = [list(line) for line in zip(*lines, strict=True)] if turn else lines
            want[:, :, c] = [[min(max((v + 1024) >> 11, 0), 255) for v in line] for line in small]
        assert np.array_equal(spectrum.resize(pixels, width, height), want)


def test_spectrum_passes_its_own_size_on() -> None:
    pixels = scene(30, 20)
    got = spectrum.resize(pixels, 30, 20)
    assert np.array_equal(got, pixels)
    assert got is not pixels


@pytest.mark.parametrize("code", ["facebook", "spectrum", "magic_kernel"])
def test_registered(code: str) -> None:
    assert code in resample.codes()
    pixels = scene(40, 30)
    pixels.flags.writeable = False
    before = pixels.copy()
    for kernel in resample.kernels(code):
        got = resample.resize(code, pixels, 21, 17, kernel=kernel)
        assert (got.shape, got.dtype, got.flags.c_contiguous) == ((17, 21, 3), np.dtype(np.uint8), True)
        assert np.array_equal(got, resample.resize(code, pixels[::-1, ::-1][::-1, ::-1], 21, 17, kernel=kernel))
    assert np.array_equal(pixels, before)


def test_options_out_of_range_say_so() -> None:
    pixels = scene(8, 8)
    wrong = [("spectrum", {"side": 2048}), ("spectrum", {"side": "x"}), ("facebook", {"horizontal_constant": -1})]
    for code, option in [*wrong, ("facebook", {"vertical_constant": 1.5})]:
        with pytest.raises(ProfileError, match=f"resampling by {code}: .*expected an integer, 0 to 2047"):
            resample.resize(code, pixels, 4, 4, kernel=resample.kernels(code)[0], **option)
