"""benchmarks/variants.py: its page forgets no variant, and what is missing or unequal is told."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from understudy.codec import resample

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import variants  # noqa: E402
import variants_encode  # noqa: E402
import variants_resample  # noqa: E402

PAGE = (ROOT / "docs" / "variants.md").read_text(encoding="utf-8")


def test_every_resampler_has_a_row() -> None:
    groups = {group.variant.split(",")[0] for group in variants_resample.GROUPS}
    libraries = set(resample.codes()) - {"fitted"}  # which is nobody's arithmetic
    assert groups == libraries
    for code in libraries:
        assert f"\n| {code}" in PAGE, f"{code}: python benchmarks/variants.py --write docs/variants.md"


@pytest.mark.parametrize(
    "group", [*variants_encode.ENCODERS, *variants_encode.DECODERS], ids=lambda group: group.variant
)
def test_every_encoder_and_decoder_has_a_row(group: variants.Group) -> None:
    assert f"| {group.variant.split(',')[0].split(' (')[0]}" in PAGE


def test_the_page_says_that_every_oracle_ran() -> None:
    for trouble in ("did not run here", "nothing was compared"):
        assert trouble not in PAGE


def test_an_oracle_that_is_missing_is_named() -> None:
    def run() -> list[variants.Row]:
        raise RuntimeError("chromium is\nnot installed")

    (row,) = variants.Group("skia", "Chromium", run).rows()
    assert (row.compared, row.equal) == ("nothing", "**oracle did not run here**: chromium is not installed")


def test_what_differs_is_counted() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    other = pixels.copy()
    other[0, 0] = 2, 0, 1
    tally = variants.Tally()
    assert str(tally) == "**nothing was compared**"
    tally.add("box", pixels, pixels)
    assert str(tally) == "all 1 pictures"
    tally.add("cubic", pixels, other)
    assert str(tally) == "1 of 2 pictures (cubic: 0 of 1, 2 of 18 samples differ, by at most 2)"
    files = variants.Tally("files")
    files.add("q 75", b"a", b"b")
    assert str(files) == "0 of 1 files (q 75: 0 of 1)"
    with pytest.raises(SystemExit, match="cubic"):
        tally.add("cubic", pixels, other[:1])
