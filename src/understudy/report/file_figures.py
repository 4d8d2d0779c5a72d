"""Figures of one file: its map, its tables as heat maps, its code lengths, the histograms of its frequencies.

They draw what the file holds; what it means is said by the inspection's observations alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import log2, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from ..codec.photoshop_tables import PHOTOSHOP
from ..codec.tables import Law, quant_tables
from ..jpeg.syntax import HuffTable
from .marks import Markup, tag

MOST_SEGMENTS = 400
"""Segments that are drawn and listed; of more the first and the last."""
REACH = 16
"""Largest quantised value that a histogram shows; what is beyond is left out."""

_DATA = ("SOS", "IDAT", "FDAT", "VP8", "VP8L", "ALPH", "ANMF", "MDAT", "IMAGE")
_META = ("APP", "COM", "ICCP", "EXIF", "XMP", "TEXT", "ITXT", "ZTXT", "TIME", "COMMENT", "APPLICATION", "UUID", "UDTA")
_STRUCTURE = (
    "DQT", "DHT", "SOF", "DRI", "DNL", "IHDR", "PLTE", "VP8X", "ANIM", "FTYP", "LSD", "GCT", "GCE", "META", "HDLR",
    "PITM", "ILOC", "IINF", "INFE", "IREF", "IPRP", "IPCO", "IPMA", "ISPE", "PIXI", "AV1C", "HVCC", "COLR", "IROT",
    "IMIR", "AUXC", "CLAP", "PASP", "CLLI", "MDCV", "GRPL", "MOOV", "MVHD", "TRAK", "TKHD", "MDIA", "MDHD", "MINF",
    "DINF", "DREF", "VMHD", "STBL", "STSD", "STTS", "STSC", "STSZ", "STCO", "STSS", "EDTS", "ELST",
)  # fmt: skip
_EDGE = ("SOI", "EOI", "IEND", "RIFF", "HEADER", "TRAILER", "SIGNATURE")


def kind_of(marker: str) -> str:
    """How a segment is coloured: `data`, `meta`, `structure`, `edge` or `other`."""
    name = marker.strip().upper()
    for kind, names in (("structure", _STRUCTURE), ("data", _DATA), ("edge", _EDGE), ("meta", _META)):
        if name.startswith(names):
            return kind
    return "other"


class Map:
    """The segments of a file that the page lists, and the links that lead to them."""

    def __init__(self, segments: Sequence[dict[str, Any]]) -> None:
        half = MOST_SEGMENTS // 2
        cut = len(segments) > MOST_SEGMENTS
        self.head = list(segments[:half] if cut else segments)
        self.tail = list(segments[-half:] if cut else [])
        self.left_out = len(segments) - len(self.head) - len(self.tail)
        self.listed = {int(s["offset"]) for s in (*self.head, *self.tail)}
        self.starts = [int(s["offset"]) for s in segments]

    def link(self, offset: int | None) -> Markup:
        """The offset in hex, leading to the segment that it lies in; nothing for None."""
        if offset is None:
            return Markup("")
        index = bisect_right(self.starts, offset) - 1
        shown = f"{offset:#x}"
        if index < 0 or self.starts[index] not in self.listed:
            return tag("span", shown, class_="at")
        return tag("a", shown, href=f"#at-{self.starts[index]:x}", class_="at")

    def bars(self) -> Markup:
        """Two bars: the segments as long as they are, and all equally long, in order."""
        rows = [*self.head, *self.tail]
        total = sum(max(0, int(s["bytes"])) for s in rows) or 1
        return tag(
            "figure",
            self._bar(rows, [int(s["bytes"]) / total for s in rows], "The file, each segment as long as it is"),
            self._bar(rows, [1 / len(rows)] * len(rows), "The same in order, each segment equally long"),
            tag("p", *(tag("span", text, class_=f"swatch {kind}") for kind, text in KINDS), class_="legend"),
        )

    def _bar(self, rows: Sequence[dict[str, Any]], shares: Sequence[float], label: str) -> Markup:
        parts: list[Markup] = []
        x = 0.0
        for row, share in zip(rows, shares, strict=True):
            name = f"{row['marker'] or 'bytes'} at {int(row['offset']):#x}, {int(row['bytes']):,} bytes: {row['says']}"
            rect = tag("rect", tag("title", name), x=f"{x:.2f}", y="0", width=f"{max(1000 * share, 0.4):.2f}",
                       height="34", class_=f"seg {kind_of(str(row['marker']))}")  # fmt: skip
            parts.append(tag("a", rect, href=f"#at-{int(row['offset']):x}"))
            x += 1000 * share
        drawn = tag("svg", *parts, viewBox="0 0 1000 34", role="img", aria_label=label, class_="map",
                    preserveAspectRatio="none")  # fmt: skip
        return Markup(drawn + tag("small", label, class_="quiet"))


KINDS = (
    ("data", "picture data"),
    ("structure", "tables and headers"),
    ("meta", "metadata"),
    ("edge", "start and end"),
    ("other", "other"),
)


def law_steps(value: dict[str, Any]) -> tuple[int, ...] | None:
    """The 64 steps, row by row, of the law, quality and role that a table was found to be or be nearest to; None where
    they cannot be had."""
    role = 1 if value.get("role") == "chroma" else 0
    law, quality, own = str(value.get("law")), value.get("quality"), value["steps_natural"]
    if law in PHOTOSHOP:
        return PHOTOSHOP[law][role]
    try:
        found = [quant_tables(Law(law), quality, max(own) <= 255, is_420)[role] for is_420 in (True, False)]
    except ValueError:
        return None
    return min(found, key=lambda steps: sum(abs(a - b) for a, b in zip(steps, own, strict=True)))


def steps_heat(steps: Sequence[int | None], label: str, other: Sequence[int] | None = None) -> Markup:
    """64 steps (None for unknown), row by row, as 8 x 8 cells, coarser ones warmer; framed where `other` differs."""
    cell, parts = 40, []
    for i, step in enumerate(steps):
        x, y = i % 8 * cell, i // 8 * cell
        if step is None:
            parts.append(tag("rect", x=x + 1, y=y + 1, width=cell - 2, height=cell - 2, class_="cell none"))
            continue
        warmth = min(7, int(log2(max(step, 1))))
        differs = other is not None and other[i] != step
        told = f"v {i // 8}, h {i % 8}: {step}" + (f", the other {other[i]}" if differs and other else "")
        rect = tag("rect", tag("title", told), x=x + 1, y=y + 1, width=cell - 2, height=cell - 2,
                   class_=f"cell h{warmth}" + (" differs" if differs else ""))  # fmt: skip
        parts += [rect, tag("text", step, x=x + cell / 2, y=y + cell / 2 + 4, text_anchor="middle")]
    drawn = tag("svg", *parts, viewBox=f"0 0 {8 * cell} {8 * cell}", role="img", aria_label=label, class_="heat")
    return tag("figure", drawn, tag("figcaption", label))


def code_lengths(table: HuffTable, title: str) -> Markup:
    """How many codes of each length, 1 to 16 bits, as bars."""
    top = max(table.counts, default=0) or 1
    parts: list[Markup] = []
    for i, count in enumerate(table.counts):
        high = 44 * sqrt(count / top)
        rect = tag("rect", tag("title", f"{count} codes of {i + 1} bits"), x=i * 10 + 1, y=f"{46 - high:.1f}",
                   width=8, height=f"{high:.1f}", class_="hist")  # fmt: skip
        parts.append(rect)
    label = f"Codes of {title} by length, 1 to 16 bits: {' '.join(map(str, table.counts))}"
    ticks = [tag("text", n, x=10 * n - 5, y=58, text_anchor="middle") for n in (1, 4, 8, 12, 16)]
    drawn = tag("svg", *parts, *ticks, viewBox="0 0 160 60", role="img", aria_label=label)
    return tag("figure", drawn, tag("figcaption", title), class_="small")


def histograms(blocks: npt.NDArray[np.int16], label: str) -> Markup:
    """A histogram of the quantised values for each of the 64 frequencies, 0 left out of the AC ones' scale.

    blocks: [v_blocks, h_blocks, 8, 8]. DC over its whole range in bins, AC from -REACH to REACH; square-root scale.
    """
    flat = blocks.reshape(-1, 64)
    width, height = 84, 56
    parts: list[Markup] = []
    for k in range(64):
        counts, told = _dc_counts(flat[:, 0]) if k == 0 else _ac_counts(flat[:, k])
        x0, y0 = k % 8 * width, k // 8 * height
        middle = len(counts) // 2
        top = max((c for i, c in enumerate(counts) if k == 0 or i != middle), default=0) or 1
        step = (width - 6) / len(counts)
        path = "".join(
            f"M{x0 + 3 + i * step:.1f} {y0 + height - 4}v{-(height - 10) * min(1.0, sqrt(c / top)):.1f}"
            for i, c in enumerate(counts)
            if c
        )
        frame = tag("rect", tag("title", f"v {k // 8}, h {k % 8}: {told}"), x=x0 + 1, y=y0 + 1, width=width - 2,
                    height=height - 2, class_="cell")  # fmt: skip
        parts += [frame, tag("path", d=path, class_="spikes")]
    drawn = tag("svg", *parts, viewBox=f"0 0 {8 * width} {8 * height}", role="img", aria_label=label)
    return tag("figure", drawn, tag("figcaption", label))


def _ac_counts(values: npt.NDArray[np.int16]) -> tuple[list[int], str]:
    inside = values[np.abs(values.astype(np.int32)) <= REACH].astype(np.int64) + REACH
    counts = np.bincount(inside, minlength=2 * REACH + 1)
    nonzero = int(np.count_nonzero(values))
    largest = int(np.abs(values.astype(np.int32)).max()) if len(values) else 0
    return [int(c) for c in counts], f"{nonzero:,} of {len(values):,} not 0, the largest {largest}"


def _dc_counts(values: npt.NDArray[np.int16]) -> tuple[list[int], str]:
    low, high = int(values.min()), int(values.max())
    counts, _ = np.histogram(values, bins=33, range=(low, max(high, low + 1)))
    return [int(c) for c in counts], f"DC from {low} to {high}"


def regions_map(value: dict[str, Any], width: int, height: int, url: str) -> Markup:
    """The picture with the regions that show an earlier compression and those that speak against it.

    value: the observation `generations.regions`; url: the picture as a data URL, stretched to width x height.
    """
    side, threshold = int(value["side"]), float(value["threshold"])
    parts: list[Markup] = (
        [tag("image", href=url, width=width, height=height, preserveAspectRatio="none", class_="under")] if url else []
    )
    for row, scores in enumerate(value["scores"]):
        for column, score in enumerate(scores):
            kind = "shows" if score >= threshold else "against" if score <= -threshold else "silent"
            x, y = side * column, side * row
            told = tag("title", f"{x}, {y}: {score:+g}, " + _REGION[kind])
            parts.append(tag("rect", told, x=x, y=y, width=min(side, width - x), height=min(side, height - y),
                             class_=f"region {kind}"))  # fmt: skip
    label = f"Regions of {side} x {side} samples: where the earlier compression shows"
    drawn = tag("svg", *parts, viewBox=f"0 0 {width} {height}", role="img", aria_label=label, class_="regions")
    keys = (tag("span", _REGION[kind], class_=f"swatch {kind}") for kind in _REGION)
    return tag("figure", drawn, tag("figcaption", label), tag("p", *keys, class_="legend"))


_REGION = {"shows": "shows it", "against": "speaks against it", "silent": "says nothing"}
