"""codec/imagemagick_quality.py against `identify -format %Q`. Debian: `imagemagick` 6.9.11-60, `identify-im6.q16`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from understudy.codec.imagemagick_quality import DEFAULT, estimate
from understudy.codec.tables import Law, quant_tables

Tables = list[list[int]]


def cases() -> list[Tables]:
    """Every quality of ANNEX_K; other laws; tables near ANNEX_K's; tables at random; one table, and three."""
    random = np.random.default_rng(1)

    def near(steps: tuple[int, ...]) -> list[int]:
        return [int(min(255, max(1, s + random.integers(-3, 4)))) for s in steps]

    out: list[Tables] = [[list(t) for t in quant_tables(Law.ANNEX_K, q)] for q in range(1, 101)]
    for law in (Law.MOZJPEG_3, Law.MOZJPEG_1, Law.MOZJPEG_2, Law.JPEGLI):
        out += [[list(t) for t in quant_tables(law, q)] for q in range(2, 101, 7)]
    out += [[near(t) for t in quant_tables(Law.ANNEX_K, q)] for q in range(3, 100, 3)]
    out += [random.integers(1, most, (2, 64)).tolist() for most in range(3, 200, 7)]
    out += [[list(quant_tables(Law.ANNEX_K, q)[0])] for q in range(1, 101, 3)]
    out += [[*(list(t) for t in quant_tables(Law.ANNEX_K, q)), [q] * 64] for q in range(1, 101, 9)]
    return out


def test_every_quality_is_the_one_that_imagemagick_reads(tmp_path: Path) -> None:
    tool = shutil.which("identify-im6.q16")
    if tool is None:
        pytest.fail("identify-im6.q16 is missing; Debian: apt-get install imagemagick")
    colour = Image.fromarray(np.random.default_rng(2).integers(0, 256, (8, 8, 3), np.uint8))
    files = []
    for i, tables in enumerate(cases()):
        image = colour.convert("L") if len(tables) == 1 else colour
        image.save(tmp_path / f"{i}.jpg", qtables=tables)
        files.append(str(tmp_path / f"{i}.jpg"))
    said = subprocess.run([tool, "-format", "%Q\n", *files], capture_output=True, text=True, check=True).stdout
    ours = [estimate(dict(enumerate(tables))) or DEFAULT for tables in cases()]
    assert ours == [int(q) for q in said.split()]
    assert len(set(ours)) == 100


def test_no_table_has_no_quality() -> None:
    assert estimate({}) is None
    assert estimate({1: [1] * 64}) is None
