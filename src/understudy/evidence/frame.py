"""The frame header: process, size, precision, component ids and sampling."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from ..jpeg.syntax import FrameComponent, JpegStream, Sof
from .base import Observation, anomaly, placed, plural

CLAUSE = "T.81 B.2.2"

SAMPLING_NAMES: dict[tuple[int, int], str] = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (1, 2): "4:4:0",
    (2, 2): "4:2:0",
    (4, 1): "4:1:1",
    (4, 2): "4:1:0",
}
"""Name by how many times fewer chroma samples there are (horizontally, vertically). Source: the usual names
of video (J:a:b); T.81 has none. 4:4:0 is libjpeg-turbo's name for vertical halving, 4:1:0 video's for a
quarter by a half."""


def detect(stream: JpegStream) -> Iterator[Observation]:
    frame = stream.frame
    places = list(placed(stream, Sof))
    if frame is None or not places:
        return
    at = places[0][0]
    for offset, _ in places[1:]:
        yield anomaly(f"a second frame header at {offset:#x}, expected one", offset, "T.81 B.2.1")
    yield Observation("frame", "process", frame.process, f"{frame.process} ({frame.name})", at, "T.81 table B.1")
    yield Observation("frame", "sof", frame.name, f"marker {frame.name}", at, "T.81 table B.1")
    yield Observation(
        "frame",
        "progressive",
        frame.progressive,
        "arrives in passes" if frame.progressive else "arrives line by line",
        at,
        CLAUSE,
    )
    yield Observation("frame", "width", frame.width, plural(frame.width, "sample") + " a line", at, CLAUSE)
    yield Observation("frame", "height", frame.height, plural(frame.height, "line"), at, CLAUSE)
    yield Observation("frame", "precision", frame.precision, plural(frame.precision, "bit") + " a sample", at, CLAUSE)
    if not frame.width or not frame.height:
        yield anomaly(f"{frame.name} at {at:#x}: size {frame.width} x {frame.height}, expected 1 or more", at, CLAUSE)
    yield from _components(frame, at)


def _components(frame: Sof, at: int) -> Iterator[Observation]:
    ids = [c.id for c in frame.components]
    usual = ids == list(range(1, len(ids) + 1))
    told = " ".join(map(str, ids[:8])) + (" …" if len(ids) > 8 else "")
    yield Observation(
        "frame",
        "component_ids",
        ids,
        f"component ids {told}" + ("" if usual else " (JFIF asks for 1 2 3)" if len(ids) == 3 else ""),
        at,
        "T.81 B.2.2; JFIF 1.02, Required Marker Segments",
    )
    factors = factors_text(frame.components)
    name, usual = sampling_name(frame.components)
    text = f"{name} ({factors})" if name else f"sampling factors {factors}"
    if name and not usual:
        text = f"{name}, written unusually as {factors}"
    yield Observation("frame", "sampling", name, text, at, "T.81 A.1.1")
    yield Observation("frame", "sampling_factors", factors, f"factors {factors}, horizontal x vertical", at, CLAUSE)
    yield Observation(
        "frame",
        "quant_tbl_no",
        [c.quant_tbl_no for c in frame.components],
        "quantisation tables " + " ".join(str(c.quant_tbl_no) for c in frame.components[:8]),
        at,
        CLAUSE,
    )


def factors_text(components: tuple[FrameComponent, ...]) -> str:
    """`2x2 1x1 1x1`: horizontal x vertical factor of each component, as the header has them."""
    return " ".join(f"{c.h_samp_factor}x{c.v_samp_factor}" for c in components)


def sampling_name(components: tuple[FrameComponent, ...]) -> tuple[str, bool]:
    """(name such as `4:2:0` or empty, whether the factors are the usual way to write it).

    Unusual: factors with a common divisor (ffmpeg writes 4:4:4 as 1x2 1x2 1x2) or a single component other
    than 1x1.
    """
    if not components or any(not c.h_samp_factor or not c.v_samp_factor for c in components):
        return "", False
    first, others = components[0], components[1:]
    if not others:
        return "grey", (first.h_samp_factor, first.v_samp_factor) == (1, 1)
    if len(components) != 3 or len({(c.h_samp_factor, c.v_samp_factor) for c in others}) > 1:
        return "", False
    chroma = others[0]
    ratio_h, rest_h = divmod(first.h_samp_factor, chroma.h_samp_factor)
    ratio_v, rest_v = divmod(first.v_samp_factor, chroma.v_samp_factor)
    if rest_h or rest_v:
        return "", False
    shared_h = gcd(first.h_samp_factor, chroma.h_samp_factor)
    shared_v = gcd(first.v_samp_factor, chroma.v_samp_factor)
    return SAMPLING_NAMES.get((ratio_h, ratio_v), ""), shared_h == shared_v == 1
