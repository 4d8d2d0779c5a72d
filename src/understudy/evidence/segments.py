"""The file as a map: every segment with its offset, its bytes and, in a few words, what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..jpeg.syntax import Dht, Dnl, Dqt, Dri, Element, JpegStream, Opaque, QuantTable, Sof, Sos, Stray
from .base import Observation, app_identifier, channel_names, plural, script_of, visible
from .frame import factors_text


def detect(stream: JpegStream) -> Iterator[Observation]:
    rows: list[dict[str, str | int]] = []
    at = 0
    number = 0
    script = script_of(stream)
    names = channel_names(stream)
    progressive = stream.frame is not None and stream.frame.progressive
    for element in stream.elements:
        size = element.size
        if isinstance(element, Sos):
            says = scan_text(script[number], names, progressive)
            number += 1
        else:
            says = describe(element)
        rows.append({"offset": at, "marker": element.name, "bytes": size, "says": says})
        at += size
    if stream.trailing:
        says = f"bytes after EOI, {_looks_like(stream.trailing)}"
        rows.append({"offset": at, "marker": "", "bytes": len(stream.trailing), "says": says})
    yield Observation("segments", "map", rows, plural(len(stream.elements), "segment"), 0, "T.81 B.1.1")


def describe(element: Element) -> str:
    """What a segment other than SOS holds, in a few words; nothing where its name says all."""
    if isinstance(element, Dqt):
        return ", ".join(_quant_text(t) for t in element.tables[:8]) or "no table"
    if isinstance(element, Dht):
        return ", ".join(f"{t.name} ({plural(sum(t.counts), 'code')})" for t in element.tables[:8]) or "no table"
    if isinstance(element, Sof):
        return f"{element.process}, {element.width} x {element.height}, {factors_text(element.components[:4])}"
    if isinstance(element, Dri):
        return f"restart every {plural(element.restart_interval, 'MCU')}" if element.restart_interval else "no restarts"
    if isinstance(element, Dnl):
        return plural(element.height, "line")
    if isinstance(element, Stray):
        return plural(len(element.data), "byte") + " that form no segment"
    if isinstance(element, Opaque):
        if element.name == "COM":
            return f'"{visible(element.data, 48)}"'
        return app_identifier(element.data) or ("empty" if not element.data else "")
    return ""


def _quant_text(table: QuantTable) -> str:
    return f"table {table.Tq}" + (", 16 bit" if table.Pq else "")


def scan_text(scan: list[Any], names: tuple[str, ...], progressive: bool) -> str:
    """`Y Cb Cr DC, without the lowest bit`: what one scan of the script carries."""
    components, Ss, Se, Ah, Al = scan
    who = " ".join(names[i] if 0 <= i < len(names) else "?" for i in components[:4])
    if not progressive:
        return who
    band = "DC" if Ss == Se == 0 else f"AC {Ss}-{Se}"
    if Ah:
        return f"{who} {band}, {'the lowest bit' if Al == 0 else f'bit {Al}'} added"
    if not Al:
        return f"{who} {band}"
    return f"{who} {band}, without the lowest {'bit' if Al == 1 else f'{Al} bits'}"


def _looks_like(data: bytes) -> str:
    """What the bytes after EOI begin as, where it is plain."""
    if data.startswith(b"\xff\xd8\xff"):
        return "another JPEG"
    if data[4:8] == b"ftyp":
        return "an ISO media file (a motion photo?)"
    if not data.strip(b"\0"):
        return "all zero"
    return f"starting {data[:8].hex(' ')}"
