"""What is found of a resize between two compressions, or before one: the last tables of benchmarks/generations.py."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from common import SHARED
from generations_pictures import ENCODERS, LAWS, SETS, Picture, before, decoded, look, percent, pillow, tuning
from PIL import Image

import understudy as us
from understudy import traces
from understudy.traces import resampled, scaled

FIRST, SECOND = tuple(range(60, 96, 5)), tuple(range(70, 96, 5))
SCALES = (0.5, 0.6, 0.667, 0.75, 0.8, 0.9, 1.2, 1.5)
CELL = ("found", "size", "table")
"""What a cell counts: found at all, its size named within 2 samples, its table exact."""
CROP = 512
"""Samples a side of what is resized, at most."""
FILTERS = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
"""Pillow's, for two pictures in turn."""


@dataclass
class Resizes:
    """What was found of resizes, counted by whatever a table wants."""

    second: str
    pictures: int
    cells: dict[tuple[object, ...], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, q1: int | None, scale: float, q2: int, chosen_on: bool, seen: Counter[str]) -> None:
        keys: list[tuple[object, ...]] = [("q1", q1, scale), ("q2", q2, scale) if q1 else ("once", q2, scale)]
        if q1:
            keys += [("all",), ("smaller" if scale < 1 else "larger",)]
            keys += [("smaller, chosen on" if chosen_on else "smaller, others",), ("both", q1, q2)] * (scale < 1)
        else:
            keys += [("no first",)]
        for key in keys:
            self.cells[key] += seen + Counter(files=1)

    def table(self, kind: str, rows: tuple[object, ...], title: str, columns: tuple[object, ...]) -> Iterator[str]:
        each = self.cells[kind, rows[-1], columns[0]]["files"]
        yield f"| {title}; of {each} each | {' | '.join(map(str, columns))} |"
        yield f"| --- | {' | '.join('---:' for _ in columns)} |"
        for row in rows:
            cells = (self.cells[kind, row, column] for column in columns)
            told = ("/".join(str(c[what]) for what in CELL) for c in cells)
            yield f"| {row or 'nothing'} | {' | '.join(told)} |"
        yield ""

    def share(self, key: str) -> str:
        c = self.cells[key,]
        text = f"found {percent(c['found'], c['files'])} of {c['files']:,} (a size named in "
        text += (
            f"{percent(c['named'], c['files'])}, of these right {percent(c['size'], c['named'])}; of the right ones "
        )
        text += f"table exact {percent(c['table'], c['size'])}, exact or among its rivals "
        return f"{text}{percent(c['near'], c['size'])})"


def resized(names: tuple[str, ...], first: str, second: str) -> Iterator[str]:
    """Detection of resizing between two compressions, or before one (first is Pillow's turn); what others then say."""
    counted = Resizes(second, len(names))
    for q1 in (None, *FIRST) if first == "Pillow" else FIRST:
        for i, name in enumerate(names):
            picture = before(first, q1, name) if q1 else SETS[name]
            picture = picture[:CROP, :CROP]
            for scale in SCALES:
                small = _resized(picture, scale, FILTERS[i // 2 % len(FILTERS)])
                for q2 in SECOND:
                    data = ENCODERS[second](small, q2)
                    seen = _size_judged(data, picture.shape[:2], first, q1)
                    if i < 2:
                        whole = look(data)
                        seen["asked of others"] = 1
                        for key in ("aligned", "shifted"):
                            seen[key] = int(whole[key]["answer"] == "yes")
                    counted.add(q1, scale, q2, name in tuning_names(), seen)
    yield "Cells: found at all / its size named within 2 samples / its table exact.\n"
    rows = (None, *FIRST) if first == "Pillow" else FIRST
    yield from counted.table("q1", rows, f"{first} q1 \\ factor, {second} q2 70 to 95", SCALES)
    yield from counted.table("q2", SECOND, f"{second} q2 \\ factor, {first} q1 60 to 95", SCALES)
    yield from counted.table("both", FIRST, f"made smaller: {first} q1 \\ {second} q2", SECOND)
    for key in ("smaller", "smaller, chosen on", "smaller, others", "larger"):
        yield f"- made {key}: {counted.share(key)}"
    every = counted.cells["all",] + counted.cells["no first",]
    if first == "Pillow":
        once = counted.cells["no first",]
        told = f"{once['named']} of {once['files']}"
        yield f"- compressed once, after the resize: an earlier size told in {told}, which would be wrong"
    yield (
        f"- said to have been compressed before on the same grid {every['aligned']}, on another {every['shifted']} of "
        f"{every['asked of others']}, which would both be wrong"
    )
    yield ""


@cache
def tuning_names() -> frozenset[str]:
    return frozenset(tuning())


def _resized(picture: Picture, scale: float, resampling: Image.Resampling) -> Picture:
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    return np.asarray(Image.fromarray(picture).resize(size, resampling))


def _size_judged(data: bytes, size: tuple[int, int], first: str, q1: int | None) -> Counter[str]:
    """What one file counts for; size: (height, width) before."""
    luma = us.jpeg.read_coefficients(us.jpeg.parse(data)).components[0]
    plane = traces._samples(luma)
    peak, earlier = resampled.peak(plane), scaled.earlier_size(plane, luma)
    out: Counter[str] = Counter()
    out["named"] = int(earlier is not None and earlier.found)
    out["found"] = int(bool(out["named"]) or (peak is not None and peak.found))
    if earlier is None or not earlier.found or q1 is None:
        return out
    out["size"] = int(abs(earlier.size[0] - size[1]) <= 2 and abs(earlier.size[1] - size[0]) <= 2)
    if out["size"]:
        wanted = (LAWS[first], q1)
        out["table"] = int(earlier.table is not None and wanted in earlier.table.names)
        out["near"] = int(out["table"] or any(wanted in t.names for t in earlier.rivals))
    return out


def by_filter(names: tuple[str, ...]) -> Iterator[str]:
    """How much the filter of the resize matters."""
    scales, pairs = (0.5, 0.667, 0.75, 0.9), ((60, 80), (75, 90), (85, 95))
    yield f"| Pillow's filter \\ factor; of {len(names) * len(pairs)} each | {' | '.join(map(str, scales))} |"
    yield f"| --- | {' | '.join('---:' for _ in scales)} |"
    for resampling in Image.Resampling:
        cells = []
        for scale in scales:
            total: Counter[str] = Counter()
            for name in names:
                for q1, q2 in pairs:
                    picture = before("Pillow", q1, name)[:CROP, :CROP]
                    data = pillow(_resized(picture, scale, resampling), q2)
                    total += _size_judged(data, picture.shape[:2], "Pillow", q1)
            cells.append("/".join(str(total[what]) for what in CELL))
        yield f"| {resampling.name.lower()} | {' | '.join(cells)} |"
    yield ""


def unseen(pictures: dict[str, Picture]) -> Iterator[str]:
    """Pictures on which nothing at all was chosen; whole, as they are smaller than `CROP` on one side."""
    scales, seconds = (0.6, 0.75, 0.9), (75, 85, 95)
    yield (
        f"| Pillow q1 \\ factor, then q2 75, 85, 95; of {len(pictures) * len(seconds)} each | "
        + " | ".join(f"{scale}, {second}" for second in ("Pillow", "mozjpeg") for scale in scales)
        + " |"
    )
    yield f"| --- | {' | '.join('---:' for _ in range(2 * len(scales)))} |"
    for q1 in FIRST:
        cells: dict[tuple[str, float], Counter[str]] = defaultdict(Counter)
        for i, picture in enumerate(pictures.values()):
            once = decoded(pillow(picture, q1))
            for scale in scales:
                small = _resized(once, scale, FILTERS[i % len(FILTERS)])
                for second in ("Pillow", "mozjpeg"):
                    for q2 in seconds:
                        data = ENCODERS[second](small, q2)
                        cells[second, scale] += _size_judged(data, once.shape[:2], "Pillow", q1)
        told = [cells[second, scale] for second in ("Pillow", "mozjpeg") for scale in scales]
        yield f"| {q1} | {' | '.join('/'.join(str(c[what]) for what in CELL) for c in told)} |"
    yield ""


def platform_sizes() -> Iterator[str]:
    """One picture of 3.5 megapixels that was never a JPEG, compressed, made as wide as platforms make it, and again."""
    picture = np.asarray(Image.open(SHARED / "photos" / "m1_2304x1536.png").convert("RGB"))
    widths = (2048, 1600, 1440, 1080)
    yield f"| Pillow q1, then q2 by | {' | '.join(map(str, widths))} |"
    yield f"| --- | {' | '.join('---' for _ in widths)} |"
    for q1 in (75, 85, 90, 95):
        once = decoded(pillow(picture, q1))
        smaller = [_resized(once, width / 2304, Image.Resampling.LANCZOS) for width in widths]
        for second in ("Pillow", "mozjpeg"):
            for q2 in (75, 85, 95):
                cells = []
                for small in smaller:
                    seen = _size_judged(ENCODERS[second](small, q2), picture.shape[:2], "Pillow", q1)
                    size = "wrong size" if seen["named"] and not seen["size"] else "size" if seen["size"] else ""
                    told = [size, "table" if seen["table"] else "near table" if seen["near"] else ""]
                    told = [t for t in told if t] or ["resized" if seen["found"] else "-"]
                    cells.append(", ".join(told))
                yield f"| {q1}, {q2} {second} | {' | '.join(cells)} |"
    yield ""
