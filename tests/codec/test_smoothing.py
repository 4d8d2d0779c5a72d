"""libjpeg's input smoothing and its table slots, against cjpeg: every coefficient, then every bit of the scans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from oracles import cjpeg, scene
from understudy.codec.encode import GO, LIBJPEG, LIBJPEG_7, forward
from understudy.codec.sampling import smooth
from understudy.codec.tables import quant_tables
from understudy.codec.variants import Color, Dct
from understudy.errors import UnderstudyError
from understudy.jpeg.entropy_decode import read_coefficients
from understudy.jpeg.parse import parse
from understudy.steps import Context, Raster
from understudy.steps.encode import SAMPLINGS, Encode

SIZES = [(1, 1), (7, 11), (33, 50), (40, 41), (64, 48), (129, 65)]


def scans_of(step: Encode, picture: np.ndarray[Any, Any]) -> list[bytes]:
    pixels = picture if picture.ndim == 3 else picture[:, :, None]
    return [s.data for s in step.exact(Raster(pixels), Context()).scans]


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("smoothing", [1, 20, 57, 100])
def test_every_coefficient_is_cjpegs(smoothing: int, sampling: str) -> None:
    """Where libjpeg smooths chroma (4:4:4, 4:2:0) and where it does not, dummy blocks included."""
    h, v = SAMPLINGS[sampling]
    step = Encode(quality=90, sampling=sampling, smoothing=smoothing)  # type: ignore[arg-type]
    for width, height in SIZES:
        picture = scene(width, height)
        made = cjpeg(picture, "-smooth", str(smoothing), "-sample", f"{h}x{v}", "-quality", "90")
        theirs = read_coefficients(parse(made)).components
        ours, _ = step.levels(Raster(picture), Context())
        assert [int((a != b.blocks).sum()) for a, b in zip(ours, theirs, strict=True)] == [0, 0, 0], (width, height)
        assert scans_of(step, picture) == [s.data for s in parse(made).scans]


@pytest.mark.parametrize("dct", [Dct.ISLOW, Dct.IFAST, Dct.FLOAT])
def test_it_goes_with_every_dct_with_grey_and_with_stored_colours(dct: Dct) -> None:
    words = ("-smooth", "30", "-dct", {"islow": "int", "ifast": "fast", "float": "float"}[dct], "-quality", "75")
    step = Encode(smoothing=30, dct=dct)
    for width, height in SIZES:
        picture = scene(width, height)
        assert scans_of(step, picture) == [s.data for s in parse(cjpeg(picture, *words)).scans]
        grey = np.ascontiguousarray(picture[:, :, 0])
        assert scans_of(step, grey) == [s.data for s in parse(cjpeg(grey, *words)).scans]
        rgb = replace(step, color=Color.RGB, sampling="4:4:4")
        assert scans_of(rgb, picture) == [s.data for s in parse(cjpeg(picture, *words, "-rgb")).scans]


def test_it_is_what_it_is_told_to_be() -> None:
    """Eight neighbours alike, whose sums and roundings are exact, so that a plain reference has them too."""
    plane = scene(37, 21)[:, :, 0]
    wide = np.pad(plane.astype(np.int64), 1, mode="edge")
    around = sum(wide[y : y + 21, x : x + 37] for y in range(3) for x in range(3)) - plane.astype(np.int64)
    for n in (1, 33, 100):
        expected = ((1024 - 8 * n) * plane.astype(np.int64) + n * around + 512) >> 10
        assert np.array_equal(smooth(plane, 1, 1, n), expected)


def test_who_does_not_smooth_is_not_asked_to() -> None:
    picture = scene(20, 20)
    luma, chroma = quant_tables("annex-k", 75)
    for arithmetic in (GO, LIBJPEG_7):
        with pytest.raises(UnderstudyError, match="smoothing 5"):
            forward(picture, replace(arithmetic, smoothing=5), [(2, 2), (1, 1), (1, 1)], luma, chroma)
    none = forward(picture, LIBJPEG, [(1, 1)] * 3, luma, chroma)
    some = forward(picture, replace(LIBJPEG, smoothing=20), [(1, 1)] * 3, luma, chroma)
    assert any((a != b).any() for a, b in zip(none, some, strict=True))


def test_table_slots_are_cjpegs() -> None:
    picture = scene(50, 40)
    chroma = tuple(int(step) for step in quant_tables("annex-k", 70)[1])
    rgb = Encode(quality=90, color=Color.RGB, sampling="4:4:4", chroma_tbl_no=1, chroma_steps=chroma)
    one = Encode(quality=80, chroma_tbl_no=0)
    for step, words in (
        (rgb, ("-rgb", "-quality", "90,70", "-qslots", "0,1,1")),
        (one, ("-quality", "80", "-qslots", "0,0,0")),
    ):
        made = parse(cjpeg(picture, *words))
        coded = step.exact(Raster(picture), Context())
        assert [s.data for s in coded.scans] == [s.data for s in made.scans]
        assert made.frame is not None
        assert [c.quant_tbl_no for c in coded.components] == [c.quant_tbl_no for c in made.frame.components]
        assert len(coded.quant_tables) == len({c.quant_tbl_no for c in made.frame.components})
