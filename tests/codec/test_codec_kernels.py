"""The kernels against plain numpy: the specification as it reads, in 64-bit integers or exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from codec_oracles import noise, scene

from understudy.codec import dct as transforms
from understudy.codec.color import rgb_to_ycbcr, ycbcr_to_rgb
from understudy.codec.quantize import quantize
from understudy.codec.sampling import downsample, upsample
from understudy.codec.variants import Color, Dct, Downsampling, Quantizer, Upsampling


def every_colour() -> np.ndarray:
    """About a million colours: all combinations of 64 levels with both ends, and noise."""
    levels = np.unique(np.r_[np.arange(0, 256, 4), 1, 254, 255]).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(-1, 1, 3)
    return np.concatenate([grid, noise(1, 700_000)])


def test_libjpeg_colour() -> None:
    rgb = every_colour()
    r, g, b = (rgb[..., i].astype(np.int64) for i in range(3))
    want = (
        (19595 * r + 38470 * g + 7471 * b + 32768) >> 16,
        (-11059 * r - 21709 * g + 32768 * b + (128 << 16) + 32767) >> 16,
        (32768 * r - 27439 * g - 5329 * b + (128 << 16) + 32767) >> 16,
    )
    assert all(np.array_equal(a, b) for a, b in zip(rgb_to_ycbcr(rgb, Color.LIBJPEG), want, strict=True))


def test_facebook_classic_colour() -> None:
    rgb = every_colour()
    r, g, b = (rgb[..., i].astype(np.int64) for i in range(3))
    want = (
        (9798 * r + 19235 * g + 3736 * b + 16266) >> 15,
        (-5529 * r - 10855 * g + 16384 * b + (128 << 15) + 16384) >> 15,
        (16384 * r - 13720 * g - 2664 * b + (128 << 15) + 16384) >> 15,
    )
    got = rgb_to_ycbcr(rgb, Color.FACEBOOK_CLASSIC)
    assert all(np.array_equal(a, np.clip(b, 0, 255)) for a, b in zip(got, want, strict=True))
    grey = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3)
    y, cb, cr = rgb_to_ycbcr(grey, Color.FACEBOOK_CLASSIC)
    assert np.array_equal(y[0], grey[0, :, 0]) and (cb == 128).all() and (cr == 128).all()


def test_inverse_colour() -> None:
    planes = every_colour()
    y, cb, cr = (planes[..., i].astype(np.int64) for i in range(3))
    cb, cr = cb - 128, cr - 128
    want = np.stack(
        [
            y + ((91881 * cr + 32768) >> 16),
            y + ((-22554 * cb - 46802 * cr + 32768) >> 16),
            y + ((116130 * cb + 32768) >> 16),
        ],
        -1,
    )
    assert np.array_equal(ycbcr_to_rgb(*(planes[..., i] for i in range(3))), np.clip(want, 0, 255))


def ap922_in_numpy(block: np.ndarray) -> np.ndarray:
    """facts/facebook-classic.md, section 2, line by line, on one block of samples."""
    x = block.astype(np.int64) - 128
    T1, T2, T3, C = 13036, 27146, -21746, 23170

    def mh(a: np.ndarray, k: int) -> np.ndarray:
        return (a * k) >> 16

    t = [(x[i] + x[7 - i]) << 3 for i in range(4)]
    t7, t4, t6, t5 = (x[0] - x[7]) << 3, (x[3] - x[4]) << 3, (x[1] - x[6]) << 4, (x[2] - x[5]) << 4
    a, b, c, d = t[0] + t[3], t[0] - t[3], t[1] + t[2], t[1] - t[2]
    p, m = mh(t6 + t5, C) | 1, mh(t6 - t5, C)
    e, f, g, h = t4 + m, t4 - m, t7 + p, t7 - p
    rows = [
        a + c, (g + mh(e, T1)) | 1, (b + mh(d, T2)) | 1, h - (mh(f, T3) + f),
        a - c, mh(h, T3) + h + f, (mh(b, T2) - d) | 1, mh(g, T1) - e,
    ]  # fmt: skip
    assert max(np.abs(r).max() for r in rows) < 32768
    scales = {
        0: (22725, 21407, 19266, 16384, 12873, 8867, 4520),
        1: (31521, 29692, 26722, 22725, 17855, 12299, 6270),
        2: (29692, 27969, 25172, 21407, 16819, 11585, 5906),
        3: (26722, 25172, 22654, 19266, 15137, 10426, 5315),
    }
    out = np.empty((8, 8), np.int64)
    for r, v in enumerate(rows):
        c1, c2, c3, c4, c5, c6, c7 = scales[(0, 1, 2, 3, 0, 3, 2, 1)[r]]
        s, d = v[:4] + v[:3:-1], v[:4] - v[:3:-1]
        out[r] = [
            c4 * (s[0] + s[1] + s[2] + s[3]),
            c1 * d[0] + c3 * d[1] + c5 * d[2] + c7 * d[3],
            c2 * (s[0] - s[3]) + c6 * (s[1] - s[2]),
            c3 * d[0] - c7 * d[1] - c1 * d[2] - c5 * d[3],
            c4 * (s[0] - s[1] - s[2] + s[3]),
            c5 * d[0] - c1 * d[1] + c7 * d[2] + c3 * d[3],
            c6 * (s[0] - s[3]) - c2 * (s[1] - s[2]),
            c7 * d[0] - c5 * d[1] + c3 * d[2] - c1 * d[3],
        ]
    return (out + (1 << 19)) >> 20


def planes() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    ends = rng.choice(np.array([0, 255], np.uint8), (48, 200))
    return [
        noise(200, 48)[..., 0].copy(),
        scene(200, 48)[..., 0].copy(),
        ends,
        np.full((8, 8), 255, np.uint8),
    ]


def test_ap922() -> None:
    for plane in planes():
        got = transforms.forward(plane, Dct.AP922)
        for v, h in np.ndindex(got.shape[:2]):
            assert np.array_equal(got[v, h], ap922_in_numpy(plane[8 * v : 8 * v + 8, 8 * h : 8 * h + 8])), (
                v,
                h,
            )


@pytest.mark.parametrize(
    ("dct", "tolerance"), [(Dct.ISLOW, 0.35), (Dct.IFAST, 8.0), (Dct.FLOAT, 0.001), (Dct.AP922, 1.0)]
)
def test_each_variant_is_near_the_ideal_transform(dct: Dct, tolerance: float) -> None:
    """T.81 A.3.3 in float64; the documented scales, and orientation ([..., v, h]), would show here."""
    k = np.arange(8)
    basis = np.cos((2 * k[None] + 1) * k[:, None] * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    aan = np.r_[1, np.sqrt(2) * np.cos(k[1:] * np.pi / 16)]
    scale = {Dct.ISLOW: 8.0, Dct.AP922: 1.0}.get(dct, 8 * np.outer(aan, aan))
    for plane in planes():
        blocks = plane.reshape(plane.shape[0] // 8, 8, -1, 8).swapaxes(1, 2).astype(np.float64) - 128
        ideal = np.einsum("ki,vhij,lj->vhkl", basis, blocks, basis)
        assert np.abs(transforms.forward(plane, dct) / scale - ideal).max() < tolerance


STEPS = [1, 2, 3, 4, 5, 6, 7, 10, 16, 31, 99, 128, 200, 254, 255, 256, 1000, 32767, 65535]


def every_value(limit: int) -> np.ndarray:
    values = np.arange(-limit, limit)
    return np.resize(values, (-(-values.size // 64), 1, 8, 8)).astype(np.int16)


@pytest.mark.parametrize("dct", [Dct.ISLOW, Dct.IFAST, Dct.AP922])
def test_plain_division_is_exact_for_every_value(dct: Dct) -> None:
    raw = every_value(32768)
    aan = np.r_[1, np.sqrt(2) * np.cos(np.arange(1, 8) * np.pi / 16)]
    scale14 = np.rint(np.outer(aan, aan) * 16384).astype(np.int64)
    for step in STEPS:
        divisor = {Dct.ISLOW: 8 * step, Dct.IFAST: (step * scale14 + 1024) >> 11, Dct.AP922: step}[dct]
        magnitude = np.abs(raw.astype(np.int64))
        want = np.sign(raw) * ((magnitude + divisor // 2) // divisor)
        fits = np.abs(want) < 32768
        assert np.array_equal(quantize(raw, [step] * 64, dct, Quantizer.PLAIN)[fits], want[fits]), step


@pytest.mark.parametrize(("dct", "eighths"), [(Dct.AP922, 1), (Dct.ISLOW, 8)])
def test_reciprocal15_is_half_even_of_the_exact_product(dct: Dct, eighths: int) -> None:
    """In exact fractions: |c| m / 2^15, half to even. `round` of a Fraction is half to even."""
    raw = every_value(1100 * eighths)
    for step in STEPS:
        m = (32768 + (step >> 1)) // step
        want = [(1 if c >= 0 else -1) * round(Fraction(abs(int(c)) * m, 32768 * eighths)) for c in raw.reshape(-1)]
        got = quantize(raw, [step] * 64, dct, Quantizer.RECIPROCAL15_HALF_EVEN)
        assert got.reshape(-1).tolist() == want, step


def test_float_quantiser_rounds_half_to_even() -> None:
    raw = (np.arange(-32, 32, dtype=np.float32) * 4).reshape(1, 1, 8, 8)
    got = quantize(raw, [1] * 64, Dct.FLOAT, Quantizer.PLAIN)[0, 0, 0, 0]
    assert got == -16 and quantize(raw / 32, [1] * 64, Dct.FLOAT, Quantizer.PLAIN)[0, 0, 0, 0] == 0  # -0.5
    assert quantize(raw * 3 / 32, [1] * 64, Dct.FLOAT, Quantizer.PLAIN)[0, 0, 0, 0] == -2  # -1.5


@pytest.mark.parametrize("method", Downsampling)
def test_h2v2_means(method: Downsampling) -> None:
    plane = noise(66, 34)[..., 0]
    total = plane.astype(int).reshape(17, 2, 33, 2).sum((1, 3))
    bias = 2 if method == Downsampling.GO else 1 + np.arange(33) % 2
    assert np.array_equal(downsample(plane, 2, 2, method), (total + bias) >> 2)


def test_facebook_classic_knows_no_other_ratio() -> None:
    with pytest.raises(Exception, match="never seen"):
        downsample(np.zeros((8, 8), np.uint8), 2, 1, Downsampling.FACEBOOK_CLASSIC)


def test_h2v2_triangle() -> None:
    """libjpeg's documented filter: 9/16, 3/16, 3/16, 1/16 of the four nearest, the edge repeated."""
    plane = noise(9, 7)[..., 0]
    wide = np.pad(plane.astype(int), 1, mode="edge")
    want = np.empty((14, 18), int)
    for y, x in np.ndindex(want.shape):
        r, c, dy, dx = y // 2 + 1, x // 2 + 1, 2 * (y % 2) - 1, 2 * (x % 2) - 1
        near, far = 3 * wide[r, c] + wide[r + dy, c], 3 * wide[r, c + dx] + wide[r + dy, c + dx]
        want[y, x] = (3 * near + far + 8 - x % 2) >> 4
    assert np.array_equal(upsample(plane, 2, 2, Upsampling.FANCY, 14, 18), want)
    assert np.array_equal(upsample(plane, 2, 2, Upsampling.FANCY, 13, 17), want[:13, :17])
