"""Which code each variant equals: asks every oracle again, counts, and writes docs/variants.md.

    python benchmarks/variants.py [--only WORD] [--write docs/variants.md]

No number of the page is typed. An oracle that is missing here is named as missing. Needs the `oracles` extra and, for
all rows, Debian's imagemagick, libgd3, libvips42, chromium, libjpeg-turbo-progs, golang-go,
golang-github-nfnt-resize-dev, golang-github-disintegration-imaging-dev, golang-golang-x-image-dev, and the shared
folder. About three minutes on one core.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from common import machine, photograph
from numpy.typing import NDArray

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "codec")]  # the oracles are asked through the tests' own helpers

Pixels = NDArray[np.uint8]
MISSING = (ImportError, OSError, RuntimeError, subprocess.SubprocessError)
"""What an oracle raises that is not here, or not whole."""

RESIZED = (
    ((1, 1), (3, 4)), ((7, 11), (3, 5)), ((7, 11), (20, 31)), ((64, 48), (32, 24)), ((131, 97), (257, 265)),
    ((257, 265), (131, 97)), ((300, 20), (299, 21)), ((60, 40), (46, 3)), ((640, 480), (427, 320)),
)  # fmt: skip
"""(width, height) -> (width, height): tiny, odd, whole ratios, up, down, one axis each way."""
ENCODED = ((1, 1), (7, 11), (17, 16), (131, 97), (257, 265))
"""(width, height)."""


@dataclass
class Tally:
    """What was compared and how much of it is equal, a part (a filter, a setting) at a time."""

    unit: str = "pictures"
    values: str = "samples"
    cases: dict[str, list[int]] = field(default_factory=dict)
    """Part -> [compared, equal, values compared, values that differ, largest difference]."""

    def add(self, part: str, ours: Pixels | bytes, theirs: Pixels | bytes) -> None:
        counts = self.cases.setdefault(part, [0, 0, 0, 0, 0])
        counts[0] += 1
        if isinstance(ours, bytes):
            counts[1] += ours == theirs
            return
        if ours.shape != theirs.shape:
            raise SystemExit(f"{part}: {ours.shape} against {theirs.shape}")
        difference = np.abs(ours.astype(np.int64) - theirs)
        counts[1] += not difference.any()
        counts[2] += difference.size
        counts[3] += int(np.count_nonzero(difference))
        counts[4] = max(counts[4], int(difference.max(initial=0)))

    @property
    def total(self) -> tuple[int, int]:
        return sum(c[0] for c in self.cases.values()), sum(c[1] for c in self.cases.values())

    def __str__(self) -> str:
        compared, equal = self.total
        if compared == equal:
            return f"all {compared:,} {self.unit}" if compared else "**nothing was compared**"
        parts = []
        for part, (n, same, values, differ, largest) in self.cases.items():
            if same < n:
                told = f"{part}: {same:,} of {n:,}"
                parts.append(f"{told}, {differ:,} of {values:,} {self.values} differ, by at most {largest}" if values
                             else told)  # fmt: skip
        return f"{equal:,} of {compared:,} {self.unit} ({'; '.join(parts)})"


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    variant: str
    oracle: str
    compared: str
    equal: str


@dataclass(frozen=True)
class Group:
    """Rows that ask one oracle. `run` imports it, so that its absence shows as one of MISSING."""

    variant: str
    oracle: str
    run: Callable[[], Iterable[Row]]

    def rows(self) -> Iterator[Row]:
        try:
            yield from list(self.run())
        except MISSING as error:
            why = " ".join(str(error).split()) or type(error).__name__
            yield Row(self.variant, self.oracle, "nothing", f"**oracle did not run here**: {why[:160]}")


def noise(width: int, height: int, channels: int, seed: int = 0) -> Pixels:
    return np.random.default_rng([width, height, channels, seed]).integers(0, 256, (height, width, channels), np.uint8)


@cache
def _photograph() -> Pixels:
    return photograph(1024, 768)


def crop(width: int, height: int, channels: int, seed: int = 0) -> Pixels:
    """A part of the photograph; alpha, where wanted, is its green channel shifted."""
    whole = _photograph()
    part = whole[40 + 8 * seed :, 60 + 8 * seed :][:height, :width]
    planes = [part[:, :, 1:2]] if channels < 3 else [part]
    if channels in (2, 4):
        planes.append(whole[200 + seed :, 300:][:height, :width, 1:2])
    return np.ascontiguousarray(np.concatenate(planes, axis=2))


def drawing(width: int, height: int, channels: int, seed: int = 0) -> Pixels:
    from oracles import scene

    return scene(width, height, channels, seed)


MAKERS = (noise, drawing, crop)
PICTURES = "noise, a drawing, a photograph"


def table(rows: Iterable[Row]) -> list[str]:
    lines = ["| variant | oracle and version | what was compared | equal |", "| --- | --- | --- | --- |"]
    for row in rows:
        cells = (row.variant, row.oracle, row.compared, row.equal)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return lines


PAGE = """# Which code each variant equals

Every variant is named after a code. Where that code runs here, it was asked again, on {day}, by
`python benchmarks/variants.py`
({machine}, {seconds:.0f} s). No number here is typed by hand. Equal means every sample, coefficient or byte. The tests
(`tests/codec/`) ask the same oracles for more: alpha, boxes, orientations, options, every quality.

Resized, width x height:
{resized}.
Encoded and decoded: {encoded}. Each size as {pictures}; `benchmarks/variants.py` makes them.

## Resampling

{resampling}

## Encoding

{encoding}

## Decoding, full size and scaled in the inverse DCT

{decoding}
"""


def main() -> None:
    import variants_encode
    import variants_resample

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="groups whose variant contains this word; prints")
    parser.add_argument("--write", type=Path, help="the page")
    given = parser.parse_args()
    sections = {
        "resampling": variants_resample.GROUPS,
        "encoding": variants_encode.ENCODERS,
        "decoding": variants_encode.DECODERS,
    }
    start, made = time.perf_counter(), {}
    for name, groups in sections.items():
        rows = []
        for group in groups:
            if given.only.lower() in group.variant.lower():
                before = time.perf_counter()
                rows += group.rows()
                print(f"{group.variant}: {time.perf_counter() - before:.1f} s", file=sys.stderr)
        made[name] = "\n".join(table(rows))
    shown = {f: f"{f[0][0]}x{f[0][1]} to {f[1][0]}x{f[1][1]}" for f in RESIZED}
    page = PAGE.format(
        day=date.today().isoformat(), machine=machine(), seconds=time.perf_counter() - start,
        resized=", ".join(shown.values()), encoded=", ".join(f"{w}x{h}" for w, h in ENCODED), pictures=PICTURES, **made,
    )  # fmt: skip
    if given.write and not given.only:
        given.write.write_text(page, encoding="utf-8")
    else:
        print(page)


if __name__ == "__main__":
    main()
