"""Gain maps: a second JPEG behind the first that makes it HDR, told of by ISO 21496-1 segments or Ultra HDR's XMP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..errors import JpegError
from ..jpeg.parse import parse
from ..jpeg.syntax import JpegStream
from .base import Observation, anomaly, apps, size_of, visible

ISO = "ISO 21496-1, annex C"
ULTRA_HDR = "Ultra HDR image format 1.1"
_ISO_NAME = b"urn:iso:std:iso:ts:21496:-1\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ATTRIBUTE = re.compile(rb"hdrgm:(\w{1,40})\s*=\s*[\"']([^\"']{0,80})[\"']")
_LENGTH = re.compile(
    rb"Item:Semantic\s*=\s*[\"']GainMap[\"'][^>]{0,300}?Item:Length\s*=\s*[\"'](\d{1,12})[\"']", re.DOTALL
)
MULTICHANNEL, BASE_COLOR_SPACE, COMMON_DENOMINATOR = 0x80, 0x40, 0x08
"""Flags of the metadata. Source: ISO 21496-1 annex C; the third as libultrahdr 1.4 writes it."""
CHANNEL_FIELDS = ("gain_map_min", "gain_map_max", "gamma", "base_offset", "alternate_offset")


def detect(stream: JpegStream) -> Iterator[Observation]:
    """What the file says of its own gain map, then what the picture behind it says."""
    seen: list[Observation] = []
    for offset, data in list(apps(stream, 2, _ISO_NAME))[:1]:
        versions = [int.from_bytes(data[i : i + 2], "big") for i in (0, 2)]
        told = f"ISO 21496-1 gain map announced (versions {versions[0]} and {versions[1]})"
        seen.append(Observation("gain_map", "announced", "iso-21496-1", told, offset, ISO))
    length = None
    for offset, data in list(apps(stream, 1, _XMP))[:1]:
        found = _LENGTH.search(data)
        if found:
            length = int(found[1])
            told = f"Ultra HDR's XMP announces a gain map of {length:,} bytes"
            seen.append(Observation("gain_map", "xmp_length", length, told, offset, ULTRA_HDR))
    start = size_of(stream) - len(stream.trailing)
    begin = stream.trailing.find(b"\xff\xd8\xff") if seen or b"hdrgm:" in stream.trailing[:65_536] else -1
    if begin >= 0:
        seen += _second(stream.trailing[begin:], start + begin)
    yield from seen
    if seen and not any(o.name == "width" for o in seen):
        yield anomaly("a gain map is announced, and no second picture follows", start, ISO)
    if length is not None and length > len(stream.trailing):
        yield anomaly(
            f"Ultra HDR's XMP: a gain map of {length:,} bytes, {len(stream.trailing):,} follow", start, ULTRA_HDR
        )


def _second(data: bytes, start: int) -> list[Observation]:
    try:
        second = parse(data)
    except JpegError:
        return []
    out = []
    metadata = False
    for offset, payload in list(apps(second, 2, _ISO_NAME))[:1]:
        value = iso_metadata(payload)
        if value is not None:
            metadata = True
            out.append(Observation("gain_map", "metadata", value, _told(value), start + offset, ISO))
    for offset, packet in list(apps(second, 1, _XMP))[:1]:
        value = {visible(k): visible(v, 80) for k, v in _ATTRIBUTE.findall(packet)[:40]}
        if value:
            metadata = True
            told = ", ".join(f"{k} {v}" for k, v in value.items())
            out.append(Observation("gain_map", "xmp", value, f"Ultra HDR: {told}", start + offset, ULTRA_HDR))
    frame = second.frame
    if frame is not None and metadata:
        size = size_of(second) - len(second.trailing)
        kind = "grey" if len(frame.components) == 1 else f"{len(frame.components)} components"
        told = f"gain map of {frame.width} x {frame.height}, {kind}, {size:,} bytes"
        out.append(Observation("gain_map", "width", frame.width, told, start, ISO))
        out.append(Observation("gain_map", "height", frame.height, told, start, ISO))
        out.append(Observation("gain_map", "components", len(frame.components), told, start, ISO))
        out.append(Observation("gain_map", "bytes", size, told, start, ISO))
    return out


def iso_metadata(payload: bytes) -> dict[str, Any] | None:
    """The gain map's metadata, values in stops (log2) as floats; None where there are the versions alone.

    {"minimum_version", "writer_version", "multichannel", "base_color_space", "base_headroom", "alternate_headroom",
    "channels": [{"gain_map_min", "gain_map_max", "gamma", "base_offset", "alternate_offset"}, ...]}; a value is null
    where its denominator is 0.
    """
    if len(payload) < 5:
        return None
    flags = payload[4]
    channels = 3 if flags & MULTICHANNEL else 1
    common = bool(flags & COMMON_DENOMINATOR)
    words = [int.from_bytes(payload[i : i + 4], "big") for i in range(5, len(payload) - 3, 4)]
    numbers = (3 if common else 4) + channels * (5 if common else 10)
    if len(words) < numbers:
        return None
    denominator = words.pop(0) if common else None

    def take(signed: bool) -> float | None:
        top = words.pop(0)
        bottom = denominator if denominator is not None else words.pop(0)
        top -= 1 << 32 if signed and top >> 31 else 0
        return round(top / bottom, 6) if bottom else None

    value: dict[str, Any] = {
        "minimum_version": int.from_bytes(payload[:2], "big"), "writer_version": int.from_bytes(payload[2:4], "big"),
        "multichannel": channels == 3, "base_color_space": bool(flags & BASE_COLOR_SPACE),
        "base_headroom": take(False), "alternate_headroom": take(False),
    }  # fmt: skip
    value["channels"] = [{name: take(name != "gamma") for name in CHANNEL_FIELDS} for _ in range(channels)]
    return value


def _told(value: dict[str, Any]) -> str:
    first = value["channels"][0]
    many = ", a channel each" if value["multichannel"] else ""
    return (f"ISO 21496-1: headroom {value['base_headroom']} to {value['alternate_headroom']} stops, gain "
            f"{first['gain_map_min']} to {first['gain_map_max']} stops, gamma {first['gamma']}{many}")  # fmt: skip
