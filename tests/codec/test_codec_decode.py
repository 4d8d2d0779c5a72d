"""codec.decode against libjpeg-turbo, through Pillow, pixel by pixel."""

from __future__ import annotations

import io
from pathlib import Path

import jpeglib
import numpy as np
import pytest
from codec_oracles import SHARED, SIZES, by_jpeglib, by_pillow, noise, scene, shared
from codec_oracles import File as JpegFile
from PIL import Image

from understudy.codec.dct import inverse_islow
from understudy.codec.decode import to_planes, to_rgb
from understudy.codec.variants import Upsampling

SAMPLINGS = [
    [(1, 1)] * 3,
    [(2, 1), (1, 1), (1, 1)],
    [(2, 2), (1, 1), (1, 1)],
    [(1, 2), (1, 1), (1, 1)],
    [(4, 1), (1, 1), (1, 1)],
    [(1, 4), (1, 1), (1, 1)],
    [(4, 2), (1, 1), (1, 1)],
    [(2, 2), (1, 2), (2, 1)],
    [(2, 2), (1, 2), (1, 2)],
    [(1, 1), (2, 2), (2, 1)],
]


def ours(file: JpegFile, **options: object) -> np.ndarray:
    return to_rgb(file.coefficients, file.steps, file.factors, file.width, file.height, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("factors", SAMPLINGS, ids=str)
def test_every_sampling_and_odd_size(factors: list[tuple[int, int]], tmp_path: Path) -> None:
    small = [(w, h) for w in (2, 3, 4, 5, 6, 9) for h in (1, 2, 3, 5)]
    for width, height in [*SIZES, *small]:
        for make in (noise, scene):
            file = by_jpeglib(make(width, height), tmp_path, factors, 75)
            assert file.factors == factors
            assert np.array_equal(ours(file), file.pixels), (width, height)


@pytest.mark.parametrize("quality", [1, 10, 50, 95, 100])
def test_every_quality_and_grey(quality: int, tmp_path: Path) -> None:
    for width, height in SIZES:
        for picture in (noise(width, height), noise(width, height)[:, :, 0].copy()):
            file = by_pillow(picture, tmp_path, quality=quality)
            assert np.array_equal(ours(file), file.pixels)


def test_rgb_components_are_left_alone(tmp_path: Path) -> None:
    file = by_pillow(noise(33, 21), tmp_path, quality=90, keep_rgb=True)
    assert np.array_equal(ours(file, ycbcr=False), file.pixels)


def test_four_components_are_planes(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (21, 33, 4), np.uint8), "CMYK").save(buffer, "JPEG")
    path = tmp_path / "cmyk.jpg"
    path.write_bytes(buffer.getvalue())
    image, read = Image.open(path), jpeglib.read_dct(str(path))
    components = [read.Y, read.Cb, read.Cr, read.K]
    planes = to_planes(components, [image.quantization[0]] * 4, [(1, 1)] * 4, 33, 21)
    assert np.array_equal(255 - np.stack(planes, -1), np.asarray(image))  # Adobe's CMYK is inverted
    with pytest.raises(ValueError, match="4 components"):
        to_rgb(components, [image.quantization[0]] * 4, [(1, 1)] * 4, 33, 21)


def test_plain_upsampling_is_repetition(tmp_path: Path) -> None:
    file = by_pillow(scene(37, 29), tmp_path, quality=90)
    planes = to_planes(file.coefficients, file.steps, file.factors, 37, 29, Upsampling.PLAIN)
    chroma = inverse_islow(file.coefficients[1], np.reshape(file.steps[1], (8, 8)))
    assert np.array_equal(planes[1], np.kron(chroma, np.ones((2, 2), np.uint8))[:29, :37])
    assert (ours(file, upsampling=Upsampling.PLAIN) != file.pixels).any()


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize(("limit", "step"), [(1023, 1), (1023, 8), (100, 255), (1023, 64), (1023, 255), (1000, 16)])
def test_values_that_no_encoder_writes(limit: int, step: int, sparse: bool, tmp_path: Path) -> None:
    """Products beyond 16 bits and results far beyond 0..255 wrap and clip as in libjpeg-turbo's SIMD code."""
    path = tmp_path / "hostile.jpg"
    Image.new("L", (256, 128)).save(path)
    file = jpeglib.read_dct(str(path))
    rng = np.random.default_rng(limit + step)
    blocks = rng.integers(-limit, limit + 1, file.Y.shape).astype(np.int16)
    if sparse:
        blocks[rng.random(blocks.shape) < 0.97] = 0
    blocks[..., 0, 0] = rng.integers(-1023, 1023, blocks.shape[:2])  # DC differences have 11 bits
    file.Y, file.qt = blocks, np.full_like(file.qt, step)
    file.write_dct(str(path))
    assert np.array_equal(inverse_islow(blocks, np.full(64, step, np.uint16)), np.asarray(Image.open(path)))


def test_too_few_blocks_say_so() -> None:
    with pytest.raises(ValueError, match="expected \\(2, 2\\)"):
        to_rgb([np.zeros((1, 2, 8, 8), np.int16)], [[1] * 64], [(1, 1)], 9, 9)


def real_files() -> list[str]:
    """Every JPEG of the shared folder; without it two names, whose absence `shared` then reports."""
    found = [p for folder in ("real", "photos", "golden") for p in sorted((SHARED / folder).rglob("*.jpg"))]
    return [str(p.relative_to(SHARED)) for p in found] or ["real", "photos"]


@pytest.mark.shared
@pytest.mark.parametrize("name", real_files())
def test_real_files(name: str, tmp_path: Path) -> None:
    file = JpegFile(shared(name).read_bytes(), tmp_path)
    assert file.mode in ("RGB", "L")
    assert np.array_equal(ours(file), file.pixels)
