"""codec.encode with libjpeg 7's chroma against libjpeg 7 to 9f, which jpeglib bundles, coefficient by coefficient."""

from __future__ import annotations

from pathlib import Path

import jpeglib
import numpy as np
import pytest
from codec_oracles import File as JpegFile
from codec_oracles import noise, scene, with_dummies_shown

from understudy.codec.encode import LIBJPEG, LIBJPEG_7, forward
from understudy.codec.tables import Law, quant_tables

VERSIONS = ["7", "8", "8a", "8b", "8c", "8d", "9", "9a", "9b", "9c", "9d", "9e", "9f"]
SAMPLINGS = [
    [(1, 1)] * 3,
    [(2, 1), (1, 1), (1, 1)],
    [(2, 2), (1, 1), (1, 1)],
    [(1, 2), (1, 1), (1, 1)],
    [(4, 1), (1, 1), (1, 1)],
    [(1, 4), (1, 1), (1, 1)],
    [(4, 2), (1, 1), (1, 1)],
    [(2, 2), (1, 2), (2, 1)],
    [(2, 2), (2, 1), (2, 1)],
    [(1, 1), (2, 2), (2, 1)],
]
SIZES = [(1, 1), (7, 11), (17, 16), (33, 25), (157, 131)]


def encoded(picture: np.ndarray, folder: Path, version: str, factors: list[tuple[int, int]], quality: int) -> JpegFile:
    before = jpeglib.version.get()
    jpeglib.version.set(version)
    try:
        spatial = jpeglib.from_spatial(np.ascontiguousarray(picture))
        spatial.samp_factor = [[v, h] for h, v in factors]
        spatial.write_spatial(str(folder / "made.jpg"), qt=quality)
    finally:
        jpeglib.version.set(before)
    return JpegFile((folder / "made.jpg").read_bytes(), folder)


@pytest.mark.parametrize("factors", SAMPLINGS, ids=str)
@pytest.mark.parametrize("version", ["7", "8d", "9f"])
def test_every_sampling_and_dummy_block(factors: list[tuple[int, int]], version: str, tmp_path: Path) -> None:
    for width, height in SIZES:
        for make in (noise, scene):
            picture = make(width, height)
            file = encoded(picture, tmp_path, version, factors, 90)
            assert file.factors == factors
            mine = forward(picture, LIBJPEG_7, factors, file.steps[0], file.steps[1])
            theirs = with_dummies_shown(file, tmp_path)
            assert [int((a != b).sum()) for a, b in zip(mine, theirs, strict=True)] == [0, 0, 0], (width, height)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("quality", [5, 50, 85, 100])
def test_every_version(version: str, quality: int, tmp_path: Path) -> None:
    picture, factors = scene(157, 131), SAMPLINGS[2]
    file = encoded(picture, tmp_path, version, factors, quality)
    assert file.mismatches(forward(picture, LIBJPEG_7, factors, file.steps[0], file.steps[1])) == [0, 0, 0]


def test_libjpeg_6b_differs_in_chroma_only(tmp_path: Path) -> None:
    picture, factors = noise(157, 131), SAMPLINGS[2]
    steps = quant_tables("annex-k", 85)
    seven, six = forward(picture, LIBJPEG_7, factors, *steps), forward(picture, LIBJPEG, factors, *steps)
    shares = [round(float((a != b).mean()), 3) for a, b in zip(seven, six, strict=True)]
    assert shares[0] == 0 and min(shares[1:]) > 0.05, shares


def test_9e_has_another_chroma_table(tmp_path: Path) -> None:
    """From 9e on the step of chroma's DC is 16, not T.81's 17, before scaling; all else is table K.2."""
    for version, dc in (("9d", 17), ("9e", 16), ("9f", 16)):
        file = encoded(noise(16, 16), tmp_path, version, SAMPLINGS[2], 50)
        luma, chroma = quant_tables("annex-k", 50)
        assert (list(file.steps[0]), list(file.steps[1])) == (list(luma), [dc, *chroma[1:]]), version


@pytest.mark.parametrize("version", ["9d", "9e", "9f"])
def test_the_tables_of_each_quality(version: str, tmp_path: Path) -> None:
    """9e and 9f begin chroma's with 16; steps above 255 are written as they are, in 16 bits."""
    law = Law.ANNEX_K if version == "9d" else Law.LIBJPEG_9E
    for quality in (*range(1, 100, 7), 99, 100):
        file = encoded(scene(8, 8), tmp_path, version, SAMPLINGS[2], quality)
        theirs = [tuple(np.asarray(steps).reshape(64).tolist()) for steps in file.steps[:2]]
        assert tuple(theirs) == quant_tables(law, quality, force_baseline=False), quality


def test_what_9e_changed() -> None:
    for quality in (30, 50):
        (luma, chroma), (old_luma, old_chroma) = (quant_tables(law, quality) for law in (Law.LIBJPEG_9E, Law.ANNEX_K))
        assert luma == old_luma
        assert [i for i in range(64) if chroma[i] != old_chroma[i]] == [0]
    assert quant_tables(Law.LIBJPEG_9E, 90) == quant_tables(Law.ANNEX_K, 90)
