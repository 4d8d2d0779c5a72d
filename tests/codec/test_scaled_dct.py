"""codec.scaled_dct and scaled decoding against every libjpeg that jpeglib bundles, against djpeg and Pillow's draft()."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from codec_oracles import DCT_METHODS, by_jpeglib, by_pillow, noise, scene, shared
from codec_oracles import File as JpegFile
from libjpeg_scaled import decode as by_libjpeg
from oracles import djpeg
from PIL import Image

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


@pytest.mark.parametrize("decoder", Decoder)
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
