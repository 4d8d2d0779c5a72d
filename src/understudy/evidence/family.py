"""Which encoder family wrote the container, as far as the headers show: a table of layouts, compared trait by
trait.

A layout is never proof of an encoder: it says "consistent with", what supports that and what contradicts it.
Tables of quality say nothing here, since any encoder may be given any table. The picture data is not looked
at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..jpeg.syntax import Dht, JpegStream, Sof
from .base import Observation, before_scans, dqt_grouping

MAX_CONTRADICTIONS, MIN_SUPPORTS = 1, 5
"""What a family that does not fit may contradict at most, and must support, to be mentioned as near."""

Traits = dict[str, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """One family: what each trait is when it writes, and who says so."""

    name: str
    traits: dict[str, frozenset[str]]
    """Trait -> the values that the family writes. A trait that the file does not have is not compared."""
    source: str
    note: str
    """What it does not tell apart."""


def one(*values: str) -> frozenset[str]:
    """Any one of these values."""
    return frozenset(values)


LIBJPEG_SHARED = {
    "component ids": one("1 2 3", "1", "1 2 3 4"),
    "quantisation tables": one("one a segment"),
    "Huffman tables": one("one a segment"),
    "tables before the frame": one("DQT"),
    "JFIF": one("1.01", "none"),
}

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "Facebook classic (2014 to 2021)",
        {
            "JFIF": one("1.02"),
            "component ids": one("0 1 2"),
            "quantisation tables": one("one a segment"),
            "Huffman tables": one("one a segment"),
            "first scan's tables": one("DC 0, DC 1, DC 1"),
            "DC scan selectors": one("00 11 11"),
            "AC scan selectors": one("00 11"),
            "script": one("simple10"),
            "tables before the frame": one("DQT"),
        },
        "60 delivered files, rewritten byte for byte from their coefficients, November 2026",
        "the header marks suggest Intel IPP's sample encoder, which others may use too",
    ),
    Layout(
        "libjpeg, progressive (6b to 9f, libjpeg-turbo, mozjpeg -revert)",
        {
            **LIBJPEG_SHARED,
            "first scan's tables": one("DC 0, DC 1", "DC 0"),
            "DC scan selectors": one("00 10 10", "00"),
            "AC scan selectors": one("00", "00 01"),
            "process": one("SOF2"),
        },
        "libjpeg 6b jcmarker.c emit_sos, jcphuff.c; files by cjpeg, Pillow, OpenCV, libvips, GD, ImageMagick",
        "the versions and ports of libjpeg, who called them; mozjpeg where its caller kept its tables apart",
    ),
    Layout(
        "libjpeg, sequential (6b to 9f, libjpeg-turbo, mozjpeg -revert)",
        {
            **LIBJPEG_SHARED,
            "first scan's tables": one("DC 0, AC 0, DC 1, AC 1", "DC 0, AC 0"),
            "DC scan selectors": one("00 11 11", "00"),
            "process": one("SOF0", "SOF1"),
        },
        "libjpeg 6b jcmarker.c emit_sos; files by cjpeg, Pillow, OpenCV, libvips, GD, ImageMagick, Chromium",
        "the versions and ports of libjpeg, and who called them",
    ),
    Layout(
        "mozjpeg, its defaults",
        {
            "component ids": one("1 2 3", "1"),
            "quantisation tables": one("all in one segment"),
            "Huffman tables": one("several share a segment"),
            "first scan's tables": one("DC 0, DC 1", "DC 0"),
            "DC scan selectors": one("00 10 10", "00", "00, 00 00"),
            "AC scan selectors": one("00", "00 01"),
            "process": one("SOF2"),
            "JFIF": one("1.01", "none"),
        },
        "mozjpeg jcmarker.c emit_multi_dqt, emit_multi_dht; files by @jsquash/jpeg 1.6",
        "the versions of mozjpeg",
    ),
    Layout(
        "jpegli, progressive",
        {
            "component ids": one("1 2 3", "1"),
            "quantisation tables": one("all in one segment"),
            "Huffman tables": one("several share a segment"),
            "first scan's tables": one("DC and AC together"),
            "process": one("SOF2"),
            "JFIF": one("1.01", "none"),
        },
        "190 delivered files whose every header byte followed from jpegli's rules, November 2026",
        "the versions of jpegli, and Facebook's use of it from others'",
    ),
    Layout(
        "all tables in one DQT and one DHT, sequential (jpegli, Go's image/jpeg)",
        {
            "component ids": one("1 2 3", "1"),
            "quantisation tables": one("all in one segment"),
            "Huffman tables": one("all in one segment"),
            "first scan's tables": one("DC 0, AC 0, DC 1, AC 1", "DC 0, AC 0"),
            "process": one("SOF0"),
            "JFIF": one("none", "1.01"),
        },
        "files by pyjpegli 0.3 and by Go's image/jpeg, whose headers have the same layout",
        "jpegli from Go: Go's Huffman tables are always the standard ones",
    ),
    Layout(
        "ffmpeg's mjpeg",
        {
            "component ids": one("1 2 3"),
            "quantisation tables": one("one a segment", "all in one segment"),
            "tables before the frame": one("DQT DHT"),
            "process": one("SOF0"),
        },
        "ffmpeg writes DHT before SOF and 4:4:4 as 1x2 1x2 1x2; measured, November 2026",
        "other writers that place DHT before SOF",
    ),
)
"""What is known. A new family is one entry, with its source."""


def traits(stream: JpegStream, observations: tuple[Observation, ...]) -> Traits:
    """The container's traits as words, only those that the file has."""
    said = {(o.topic, o.name): o.value for o in observations}
    frame = stream.frame
    if frame is None or not stream.scans:
        return {}
    found: Traits = {
        "process": frame.name,
        "component ids": " ".join(str(c.id) for c in frame.components[:8]),
        "JFIF": said.get(("jfif", "version"), "none"),
        "tables before the frame": _before_frame(stream),
    }
    dqt = dqt_grouping(stream)
    if sum(dqt) > 1:
        found["quantisation tables"] = _grouping(dqt)
    dht = [len(e.tables) for e in stream.elements if isinstance(e, Dht)]
    if sum(dht) > 1:
        found["Huffman tables"] = _grouping(dht)
    first = [t.name for e in before_scans(stream) if isinstance(e, Dht) for t in e.tables]
    if first:
        mixed = frame.progressive and any(name.startswith("AC") for name in first)
        found["first scan's tables"] = "DC and AC together" if mixed else ", ".join(first[:8])
    interleaved = frame.components and len(stream.scans[0].components) == len(frame.components)
    if interleaved:
        found["DC scan selectors"] = " ".join(f"{c.dc_tbl_no}{c.ac_tbl_no}" for c in stream.scans[0].components[:8])
    ac = {f"{c.dc_tbl_no}{c.ac_tbl_no}" for s in stream.scans if s.Ss for c in s.components}
    if ac:
        found["AC scan selectors"] = " ".join(sorted(ac)[:16])
    if said.get(("scans", "name")):
        found["script"] = said["scans", "name"]
    return found


def _grouping(counts: list[int]) -> str:
    if len(counts) == 1:
        return "all in one segment"
    return "one a segment" if max(counts) == 1 else "several share a segment"


def _before_frame(stream: JpegStream) -> str:
    names: list[str] = []
    for element in stream.elements:
        if isinstance(element, Sof):
            break
        if element.name in ("DQT", "DHT") and element.name not in names:
            names.append(element.name)
    return " ".join(names) or "none"


def conclude(stream: JpegStream, observations: tuple[Observation, ...]) -> Iterator[Observation]:
    """Which layouts the traits agree with, each with what supports and contradicts it; nothing without a trait."""
    found = traits(stream, observations)
    if not found:
        return
    rows = sorted((_compare(layout, found) for layout in LAYOUTS), key=lambda r: (len(r["contradicts"]), r["family"]))
    consistent = [r for r in rows if not r["contradicts"]]
    near = [r for r in rows if _near(r)]
    yield Observation("family", "traits", found, f"{len(found)} traits of the container", None, "the headers")
    names = [r["family"] for r in consistent]
    told = "the container is consistent with " + "; or ".join(names) if names else "no container layout known here fits"
    source = consistent[0]["source"] if consistent else ""
    yield Observation("family", "consistent_with", consistent, told, None, source)
    if near and not consistent:
        told = "; ".join(f"{r['family']}, but {r['contradicts'][0]}" for r in near)
        yield Observation("family", "nearest", near, f"nearest: {told}", None, near[0]["source"])


def _near(row: dict[str, Any]) -> bool:
    return 0 < len(row["contradicts"]) <= MAX_CONTRADICTIONS and len(row["supports"]) >= MIN_SUPPORTS


def _compare(layout: Layout, found: Traits) -> dict[str, Any]:
    supports: list[str] = []
    contradicts: list[str] = []
    for trait, allowed in layout.traits.items():
        if trait not in found:
            continue
        if found[trait] in allowed:
            supports.append(f"{trait}: {found[trait]}")
        else:
            contradicts.append(f"{trait}: {found[trait]}, expected {' or '.join(sorted(allowed))}")
    return {
        "family": layout.name,
        "supports": supports,
        "contradicts": contradicts,
        "not_distinguished": layout.note,
        "source": layout.source,
    }
