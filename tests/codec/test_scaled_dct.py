"""codec.scaled_dct and scaled decoding against every libjpeg that jpeglib bundles, djpeg and Pillow's draft()."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from codec_oracles import File as JpegFile
from codec_oracles import by_jpeglib, by_pillow, noise, scene, shared
from libjpeg_scaled import decode as by_libjpeg
from libjpeg_scaled import inverse_block
from PIL import Image

from oracles import djpeg
from understudy.codec import scaled_dct
from understudy.codec.dct import forward as forward_8x8
from understudy.codec.decode import to_rgb
from understudy.codec.variants import Dct, Decoder, Upsampling

SAMPLINGS = [
    [(1, 1)] * 3,
    [(2, 1), (1, 1), (1, 1)],
    [(2, 2), (1, 1), (1, 1)],
    [(1, 2), (1, 1), (1, 1)],
    [(4, 1), (1, 1), (1, 1)],
    [(1, 4), (1, 1), (1, 1)],
    [(4, 2), (1, 1), (1, 1)],
    [(2, 2), (1, 2), (2, 1)],
    [(1, 1), (2, 2), (2, 1)],
]
SIZES = [(1, 1), (7, 11), (17, 16), (67, 45)]
VERSIONS = {Decoder.LIBJPEG_TURBO: "turbo210", Decoder.LIBJPEG_7: "8d", Decoder.LIBJPEG_9A: "9e"}
OTHERS = {
    Decoder.LIBJPEG_TURBO: ["turbo130", "turbo150", "turbo200", "mozjpeg101", "mozjpeg403"],
    Decoder.LIBJPEG_7: ["7", "8", "8a", "8b", "8c", "9"],
    Decoder.LIBJPEG_9A: ["9a", "9b", "9c", "9d", "9f"],
}


def ours(file: JpegFile, **options: object) -> np.ndarray:
    return to_rgb(file.coefficients, file.steps, file.factors, file.width, file.height, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("decoder", VERSIONS)
@pytest.mark.parametrize("factors", SAMPLINGS, ids=str)
def test_every_size_and_sampling(factors: list[tuple[int, int]], decoder: Decoder, tmp_path: Path) -> None:
    for width, height in SIZES:
        file = by_jpeglib((noise if width % 2 else scene)(width, height), tmp_path, factors, 90)
        assert file.factors == factors
        for eighths in range(1, 17):
            for upsampling in Upsampling:
                theirs = by_libjpeg(file.data, VERSIONS[decoder], eighths, upsampling == Upsampling.FANCY)
                mine = ours(file, eighths=eighths, decoder=decoder, upsampling=upsampling)
                assert mine.shape == theirs.shape
                assert np.array_equal(mine, theirs), (width, height, eighths, upsampling)


@pytest.mark.parametrize("decoder", VERSIONS)
def test_every_other_version(decoder: Decoder, tmp_path: Path) -> None:
    """Releases that decode alike; libjpeg-turbo 1.2 and libjpeg 6b know 1, 2, 4 and 8 eighths only."""
    file = by_jpeglib(scene(67, 45), tmp_path, [(2, 2), (1, 1), (1, 1)], 85)
    for eighths in (1, 2, 3, 4, 6, 8, 12, 16):
        mine = ours(file, eighths=eighths, decoder=decoder)
        known = OTHERS[decoder] + (
            ["6b", "turbo120"] if decoder == Decoder.LIBJPEG_TURBO and eighths in (1, 2, 4, 8) else []
        )
        for version in known:
            assert np.array_equal(mine, by_libjpeg(file.data, version, eighths)), (version, eighths)


def test_decoders_differ(tmp_path: Path) -> None:
    """Equal to its own code is worth something only if the others are not: shares of samples, in percent."""
    file = by_pillow(scene(256, 256), tmp_path, quality=90, subsampling="4:2:0")
    turbo, seven, nine = (ours(file, eighths=4, decoder=d).astype(int) for d in VERSIONS)
    assert round(100 * float((turbo != seven).mean())) > 50
    assert 0 < 100 * float((seven != nine).mean()) < 1


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("scale", [1, 2, 3, 5, 7, 9, 13, 16])
def test_djpeg_scale(scale: int, subsampling: str, tmp_path: Path) -> None:
    """libjpeg-turbo as Debian builds it, with SIMD code."""
    for width, height in ((67, 45), (129, 200)):
        file = by_pillow(scene(width, height), tmp_path, quality=93, subsampling=subsampling)
        assert np.array_equal(ours(file, eighths=scale), djpeg(file.data, "-scale", f"{scale}/8"))


@pytest.mark.parametrize("quality", [1, 30, 100])
def test_pillow_draft(quality: int, tmp_path: Path) -> None:
    """The libjpeg-turbo inside Pillow; grey and colour, noise and a scene, baseline and progressive."""
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        for make in (noise, scene):
            picture = make(133, 99)
            for pixels in (picture, picture[:, :, 0].copy()):
                file = by_pillow(pixels, tmp_path, quality=quality, subsampling=subsampling, progressive=make is scene)
                for shrink in (2, 4, 8):
                    image = Image.open(io.BytesIO(file.data))
                    image.draft(None, (133 // shrink, 99 // shrink))
                    assert np.array_equal(ours(file, eighths=8 // shrink), np.asarray(image)), (subsampling, shrink)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["m6_q85_prog.jpg", "m7_q90_422.jpg", "m5_q96_444.jpg"])
def test_photographs(name: str, tmp_path: Path) -> None:
    file = JpegFile(shared(f"photos/{name}").read_bytes(), tmp_path)
    for shrink in (2, 4, 8):
        image = Image.open(io.BytesIO(file.data))
        image.draft(None, (image.width // shrink, image.height // shrink))
        assert np.array_equal(ours(file, eighths=8 // shrink), np.asarray(image)), shrink
    eight = by_libjpeg(file.data, "8d", 4)
    assert np.array_equal(ours(file, eighths=4, decoder=Decoder.LIBJPEG_7), eight)


# --- the transforms themselves


def basis(size: int) -> np.ndarray:
    """T.81 A.3.3 for `size` samples, times 8 / size: [size, 8], zero from frequency `size` on."""
    i, k = np.arange(size)[:, None], np.arange(8)[None]
    out = np.cos((2 * i + 1) * k * np.pi / (2 * size)) * np.where(k == 0, np.sqrt(1 / 8), 0.5)
    return np.where(k < size, out, 0)


@pytest.mark.parametrize("decoder", [Decoder.LIBJPEG_TURBO, Decoder.LIBJPEG_7])
def test_every_inverse_is_near_its_definition(decoder: Decoder) -> None:
    """In float64. libjpeg-turbo's 4 and 2 are means of the 8-point inverse; all others the N-point one."""
    rng = np.random.default_rng(3)
    levels = (rng.normal(0, 12, (6, 20, 8, 8)) / (1 + np.add.outer(np.arange(8), np.arange(8)))).astype(np.int16)
    steps = np.arange(2, 66).reshape(8, 8)
    sizes = [(n, n) for n in range(1, 17)]
    if decoder == Decoder.LIBJPEG_7:
        sizes += [(2 * n, n) for n in range(1, 9)] + [(n, 2 * n) for n in range(1, 9)]
    for h_size, v_size in sizes:
        down, along = basis(v_size), basis(h_size)
        if decoder == Decoder.LIBJPEG_TURBO and h_size in (2, 4):
            down = along = basis(8).reshape(h_size, 8 // h_size, 8).mean(axis=1)
        ideal = np.einsum("ik,vhkl,jl->vihj", down, levels * steps.astype(np.float64), along) + 128
        got = scaled_dct.inverse(levels, steps.astype(np.uint16), h_size, v_size, decoder)
        ideal = np.clip(ideal.reshape(got.shape), 0, 255)
        assert np.abs(got - ideal).max() < 0.6, (h_size, v_size)


@pytest.mark.parametrize(("h_size", "v_size"), [(16, 16), (16, 8), (8, 16), (8, 8)])
def test_every_forward_is_near_its_definition(h_size: int, v_size: int) -> None:
    for make in (noise, scene):
        plane = make(160, 96)[:, :, 0].copy()
        got = scaled_dct.forward(plane, h_size, v_size)
        blocks = plane.reshape(96 // v_size, v_size, 160 // h_size, h_size).swapaxes(1, 2).astype(np.float64) - 128
        down, along = basis(v_size) * 8 / v_size, basis(h_size) * 8 / h_size
        ideal = np.einsum("ik,vhij,jl->vhkl", down, blocks, along)
        assert np.abs(got / 8 - ideal).max() < 0.35
        if (h_size, v_size) == (8, 8):
            assert np.array_equal(got, forward_8x8(plane, Dct.ISLOW))


def test_sizes_that_do_not_exist_say_so() -> None:
    blocks, steps = np.zeros((1, 1, 8, 8), np.int16), np.ones(64, np.uint16)
    for decoder, h_size, v_size in [
        (Decoder.LIBJPEG_TURBO, 8, 4), (Decoder.LIBJPEG_7, 8, 3), (Decoder.LIBJPEG_7, 17, 17), (Decoder.LIBJPEG_7, 0, 0)
    ]:  # fmt: skip
        with pytest.raises(ValueError, match="no inverse DCT"):
            scaled_dct.inverse(blocks, steps, h_size, v_size, decoder)
    with pytest.raises(ValueError, match="in blocks of"):
        scaled_dct.forward(np.zeros((8, 8), np.uint8), 16, 8)


def test_values_that_no_encoder_writes_stay_in_range() -> None:
    """Extremes clip or wrap; nothing is read or written out of bounds, and arguments are not changed."""
    rng = np.random.default_rng(1)
    blocks = rng.choice(np.array([-32768, -1, 0, 32767], np.int16), (3, 5, 8, 8))
    before, steps = blocks.copy(), np.full(64, 65535, np.uint16)
    for decoder in VERSIONS:
        for size in range(1, 17):
            assert scaled_dct.inverse(blocks, steps, size, size, decoder).shape == (3 * size, 5 * size)
    assert np.array_equal(blocks, before)


LARGER = [(2 * n, n) for n in range(1, 9)]


@pytest.mark.parametrize("version", ["turbo210", "7", "8d", "9f"])
def test_every_function_of_libjpeg_block_by_block(version: str) -> None:
    """jpeg_idct_1x1 to 16x16, 2x1 to 16x8 and their like, on blocks whose results need no clipping."""
    decoder = Decoder.LIBJPEG_TURBO if version == "turbo210" else Decoder.LIBJPEG_7
    rng = np.random.default_rng(11)
    sizes = [(n, n) for n in range(1, 17)]
    if decoder == Decoder.LIBJPEG_7:
        sizes += LARGER + [(v, h) for h, v in LARGER]
    for h_size, v_size in sizes:
        for _ in range(150):
            step = int(rng.integers(1, 8))
            levels = (rng.normal(0, 40 / step, (8, 8)) * (rng.random((8, 8)) < rng.random())).astype(np.int16)
            got = scaled_dct.inverse(levels[None, None], np.full(64, step, np.uint16), h_size, v_size, decoder)
            if got.min() > 0 and got.max() < 255:
                theirs = inverse_block(version, levels, step, h_size, v_size)
                assert np.array_equal(got, theirs), (h_size, v_size)
