"""An earlier compression at another size: the loops against plain references, Pillow's files against their past."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from trace_pictures import Picture, jpeg, photograph, pixels, read

from understudy import traces
from understudy.traces import _samples, _scale_kernels, scaled

Filter = Image.Resampling


def resized(picture: Picture, width: int, height: int, by: Filter = Filter.BICUBIC) -> Picture:
    return np.asarray(Image.fromarray(picture).resize((width, height), by))


def asked(data: bytes) -> scaled.Scaled | None:
    luma = read(data)[0].components[0]
    return scaled.earlier_size(_samples(luma), luma)


def exact_mean(plane: np.ndarray, top: Fraction, left: Fraction, bottom: Fraction, right: Fraction) -> Fraction:
    """The mean of a rectangle whose edges cut samples, in fractions."""

    def shares(first: Fraction, last: Fraction, size: int) -> list[Fraction]:
        return [max(Fraction(0), min(last, Fraction(i + 1)) - max(first, Fraction(i))) for i in range(size)]

    high, wide = shares(top, bottom, plane.shape[0]), shares(left, right, plane.shape[1])
    total = Fraction(0)
    for y, v in enumerate(high):
        if v:
            total += v * sum((h * int(plane[y, x]) for x, h in enumerate(wide) if h), Fraction(0))
    return total / ((bottom - top) * (right - left))


@pytest.mark.parametrize(
    ("width", "height", "left", "top", "every"),
    [
        ("21/4", "27/5", 0, 0, 1),
        ("3", "3", 0, 0, 2),
        ("23/2", "21/2", 0, 0, 1),
        ("21/4", "27/5", Fraction(21, 8), Fraction(27, 10), 3),
    ],
)
def test_means_of_blocks_are_those_of_exact_fractions(
    width: str, height: str, left: Fraction, top: Fraction, every: int
) -> None:
    plane = np.random.default_rng(3).integers(0, 256, (40, 57)).astype(np.uint8)
    sums = np.zeros((41, 58))
    _scale_kernels.integral(plane, sums)
    assert (sums[1:, 1:] == np.cumsum(np.cumsum(plane.astype(int), axis=0), axis=1)).all()
    skipped = np.zeros((5, 8), np.uint8)
    skipped[1, 2] = 1
    wide, high, right, bottom = Fraction(width), Fraction(height), 50, 40
    grid = np.array([[float(wide), float(high), right, bottom, float(left), float(top), every]])
    out, counts = np.zeros((1, _scale_kernels.BINS), np.int32), np.zeros(1, np.int64)
    _scale_kernels.mean_histograms(sums, skipped, grid, out, counts)
    expected = []
    for i in range(0, int((bottom - top) / high), every):
        for j in range(int((right - left) / wide)):
            y, x = top + i * high, left + j * wide
            rows, columns = {int(y) >> 3, min(int(y + high) >> 3, 4)}, {int(x) >> 3, int(x + wide) >> 3}
            if not (1 in rows and 2 in columns):
                mean = exact_mean(plane, y, x, y + high, x + wide)
                expected.append(float(abs(8 * (mean - 128))))
    counted = np.repeat(np.arange(_scale_kernels.BINS), out[0])
    assert counts[0] == len(counted) == len(expected)
    # Each is rounded down or up: sorted alike, none is further off than a unit, and not always in one direction
    off = counted - np.sort(expected)
    assert np.abs(off).max() < 1.5 and abs(off.mean()) < 0.25


def test_means_of_whole_samples_do_not_gather_by_themselves() -> None:
    """Means of 3 x 3 samples are ninths: rounded to the nearest unit, every eighth unit would get one value more."""
    plane = np.random.default_rng(4).normal(100, 25, (600, 600)).clip(0, 255).astype(np.uint8)
    sums = np.zeros((601, 601))
    _scale_kernels.integral(plane, sums)
    grid, out = np.array([[3.0, 3.0, 600, 600, 0, 0, 1]]), np.zeros((1, _scale_kernels.BINS), np.int32)
    _scale_kernels.mean_histograms(sums, np.zeros((75, 75), np.uint8), grid, out, np.zeros(1, np.int64))
    units = np.arange(_scale_kernels.BINS)
    for step in (4, 8):
        gathered = float((out[0] * np.cos(2 * np.pi * units / step)).sum()) / np.sqrt(out.sum() / 2)
        assert abs(gathered) < 4
    means = plane.reshape(200, 3, 200, 3).astype(float).mean(axis=(1, 3))
    nearest = np.rint(np.abs(8 * (means - 128)))
    assert abs(np.cos(2 * np.pi * nearest / 8).sum()) / np.sqrt(nearest.size / 2) > 8


def test_levels_are_counted_without_dc() -> None:
    blocks = np.random.default_rng(5).integers(-1, 2, (50, 64)).astype(np.int16)
    out = np.zeros(50, np.uint8)
    _scale_kernels.level_counts(blocks, out)
    assert (out == (blocks[:, 1:] != 0).sum(axis=1)).all()


def test_blur_is_that_of_rounding_noise() -> None:
    """Against noise drawn in the frequencies; up to half too much is told, as other grids' blocks cut the waves."""
    rng = np.random.default_rng(6)
    steps = rng.integers(2, 20, (8, 8)).astype(float)
    basis = scaled.dct_basis(8)
    noise = rng.uniform(-0.5, 0.5, (60, 60, 8, 8)) * steps
    plane = (basis.T @ noise @ basis).transpose(0, 2, 1, 3).reshape(480, 480)
    sums = np.zeros((481, 481))
    sums[1:, 1:] = np.cumsum(np.cumsum(plane, axis=0), axis=1)
    for side in (4, 5, 7):
        at = np.arange(0, 480 - side, side)
        part = sums[at[:, None] + side, at + side] - sums[at[:, None], at + side]
        part += sums[at[:, None], at] - sums[at[:, None] + side, at]
        measured = float((8 * part / side**2).std())
        assert 1.1 < scaled.blur(steps, np.array([8 / side]))[0] / measured < 1.5


@pytest.mark.parametrize(
    ("width", "q1", "q2", "by"),
    [
        (576, 75, 90, Filter.BICUBIC),
        (691, 70, 85, Filter.LANCZOS),
        (512, 60, 85, Filter.BILINEAR),
        (384, 60, 95, Filter.LANCZOS),
        (900, 70, 90, Filter.BILINEAR),
    ],
)
def test_the_size_before_is_named(width: int, q1: int, q2: int, by: Filter) -> None:
    before = pixels(jpeg(photograph(768, 640), q1))
    found = asked(jpeg(resized(before, width, round(640 * width / 768), by), q2))
    assert found is not None and found.found
    assert abs(found.size[0] - 768) <= 2 and abs(found.size[1] - 640) <= 2
    assert found.factors[0] == pytest.approx(width / 768, rel=0.004)
    near = [q for t in (found.table, *found.rivals) if t for law, q in t.names if law == "annex-k" and q is not None]
    assert near and min(abs(q - q1) for q in near) <= 1


def test_a_large_picture_is_searched_by_some_of_its_rows() -> None:
    before = pixels(jpeg(photograph(1504, 1000), 70))
    luma = read(jpeg(resized(before, 1280, 851), 90))[0].components[0]
    plane = _samples(luma)
    side, every = scaled._Asked(plane, luma).start()
    assert side == 1280 and every > 4
    found = scaled.earlier_size(plane, luma)
    assert found is not None and found.found
    assert abs(found.size[0] - 1504) <= 2 and abs(found.size[1] - 1000) <= 2


@pytest.mark.parametrize("quality", [60, 75, 90, 98])
def test_no_size_is_named_without_an_earlier_compression(quality: int) -> None:
    plain = photograph(640, 512, seed=3)
    for picture in (plain, resized(plain, 480, 384)):
        found = asked(jpeg(picture, quality))
        assert found is not None and not found.found and found.table is None


def test_an_earlier_compression_at_the_same_size_is_not_told_as_another() -> None:
    before = pixels(jpeg(photograph(640, 512), 70))
    for moved in (before, np.ascontiguousarray(before[3:, 5:])):
        found = asked(jpeg(moved, 85))
        assert found is not None and not found.found


def test_of_a_large_picture_the_first_rows_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = jpeg(resized(pixels(jpeg(photograph(768, 1024), 70)), 576, 768), 92)
    coefficients, stream = read(data)
    monkeypatch.setattr(traces, "MOST_BLOCKS", 60 * 72)
    assert _samples(coefficients.components[0]).shape == (480, 576)
    (found,) = (o for o in traces.observe(coefficients, stream) if o.name == "scaled")
    assert found.value["answer"] == "yes" and "resized by 0.75" in found.text
    assert abs(found.value["before"]["width"] - 768) <= 2 and found.value["factors"]["h"] == pytest.approx(
        0.75, abs=0.003
    )


def test_even_gradients_are_not_taken_for_a_former_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their means lie evenly apart on every grid; one that is moved by half a block tells."""
    y, x = np.mgrid[:600, :800]
    noise = np.random.default_rng(1).normal(0, 2, (600, 800, 1))
    picture = np.clip((30 + 180 * (x + y) / 1400)[..., None] + noise, 0, 255).astype(np.uint8).repeat(3, axis=2)
    luma = read(jpeg(picture, 90))[0].components[0]
    found = scaled.earlier_size(_samples(luma), luma)
    assert found is not None and not found.found
    monkeypatch.setattr(scaled, "HELD", np.inf)
    wrong = scaled.earlier_size(_samples(luma), luma)
    assert wrong is not None and wrong.found


def test_small_and_empty_pictures_are_no_error() -> None:
    assert asked(jpeg(photograph(120, 300), 80)) is None
    flat = np.full((200, 260, 3), 77, np.uint8)
    found = asked(jpeg(flat, 80))
    assert found is not None and not found.found
    long = asked(jpeg(photograph(1500, 130), 80))
    assert long is not None and not long.found
