"""What the readers of the other formats share: numbers out of hostile bytes, the map of a file, metadata, claims."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..evidence import exif, icc
from ..evidence.base import Observation, anomaly, plural

Found = Iterator[Observation]

MAX_PARTS = 65_536
"""Chunks, blocks or boxes that are told apart in one file; what follows them is one row of the map."""
MAX_ANOMALIES = 200
"""Anomalies that are told one by one; the rest is counted."""
MAX_METADATA = 1 << 22
"""Bytes that compressed metadata (an ICC profile, a text) is unpacked to, at most."""


class EndedError(Exception):
    """The bits end before the header does. Never leaves this package: a reader makes an anomaly of it."""


def be(data: bytes, at: int, size: int) -> int:
    """The big-endian number of `size` bytes at `at`; of what is there, where the data ends before."""
    return int.from_bytes(data[at : at + size], "big")


def le(data: bytes, at: int, size: int) -> int:
    """The little-endian number of `size` bytes at `at`; of what is there, where the data ends before."""
    return int.from_bytes(data[at : at + size], "little")


class Bits:
    """Bits of `data`, the highest of each byte first, as AV1 and HEVC headers have them."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = 8 * at
        self.end = 8 * len(data)

    def u(self, n: int) -> int:
        """An unsigned number of n bits, n up to 64. Raises EndedError."""
        if self.at + n > self.end:
            raise EndedError
        first, last = self.at >> 3, (self.at + n + 7) >> 3
        word = int.from_bytes(self.data[first:last], "big") >> (8 * last - self.at - n)
        self.at += n
        return word & ((1 << n) - 1)

    def flag(self) -> bool:
        """One bit."""
        return self.u(1) == 1

    def ue(self) -> int:
        """An Exp-Golomb number, as ue(v) of ITU-T H.265 9.2 and uvlc() of AV1 4.10.3; up to 2^32 - 2."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 31:
                raise EndedError
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """A signed Exp-Golomb number, as se(v) of ITU-T H.265 9.2.2."""
        k = self.ue()
        return (k + 1) // 2 if k & 1 else -(k // 2)


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk, block or box: where it begins, how long it is with its head, what it is called and says."""

    offset: int
    size: int
    name: str
    says: str = ""
    depth: int = 0


def file_map(parts: Sequence[Part], source: str, noun: str) -> Observation:
    """The map of the file, as the topic `segments` has it for JPEG: rows of offset, marker, bytes, says."""
    rows: list[dict[str, str | int]] = [
        {"offset": p.offset, "marker": "  " * p.depth + p.name, "bytes": p.size, "says": p.says} for p in parts
    ]
    return Observation("segments", "map", rows, plural(len(rows), noun, "boxes" if noun == "box" else ""), 0, source)


def limited(observations: Iterable[Observation]) -> Found:
    """The observations, of their anomalies the first MAX_ANOMALIES and how many more there are."""
    told, last = 0, 0
    for seen in observations:
        if seen.topic == "anomalies":
            told, last = told + 1, seen.offset or 0
            if told > MAX_ANOMALIES:
                continue
        yield seen
    if told > MAX_ANOMALIES:
        yield anomaly(f"and {told - MAX_ANOMALIES:,} more", last, "")


def unpack(packed: bytes, limit: int = MAX_METADATA) -> tuple[bytes, str]:
    """(what a zlib stream unpacks to, cut at `limit` bytes; what is wrong with it, or nothing)."""
    stream = zlib.decompressobj()
    try:
        out = stream.decompress(packed, limit)
    except zlib.error as error:
        return b"", str(error)
    if len(out) == limit and not stream.eof:
        return out, f"unpacks to more than {limit:,} bytes; the rest is not looked at"
    return out, "" if stream.eof else "the compressed data is cut short"


def picture(width: int, height: int, text: str, offset: int, source: str, **more: Any) -> Found:
    """The size and what else is the frame's, as the topic `frame` has it for JPEG, and the verdict's first sentence."""
    yield Observation("frame", "width", width, f"{width} pixels wide", offset, source)
    yield Observation("frame", "height", height, f"{height} pixels high", offset, source)
    for name, value in more.items():
        yield Observation("frame", name, value, f"{name.replace('_', ' ')}: {value}", offset, source)
    yield sentence("picture", text, offset, source)


def sentence(name: str, text: str, offset: int | None = None, source: str = "") -> Observation:
    """One sentence of the verdict, in the order in which they are made."""
    return Observation("summary", name, text, text, offset, source)


def exif_facts(tiff: bytes, offset: int) -> Found:
    """EXIF without its carrier; an `Exif\\0\\0` before it, which WebP files carry by mistake, is left out."""
    yield from exif.describe(tiff[6:] if tiff[:6] == b"Exif\0\0" else tiff, offset)


def icc_facts(profile: bytes, offset: int) -> Found:
    """An ICC profile that is there in one piece."""
    yield from icc.describe(profile, offset)


def xmp_facts(packet: bytes, offset: int, source: str) -> Found:
    """An XMP packet: its length, and whether it speaks of a gain map."""
    yield Observation("xmp", "bytes", len(packet), f"XMP, {plural(len(packet), 'byte')}", offset, source)
    if b"hdrgm:" in packet or b"hdr-gain-map" in packet:
        yield Observation("xmp", "gain_map", True, "XMP speaks of a gain map (Ultra HDR)", offset, "Ultra HDR 1.1")


def consistent_with(claims: Sequence[dict[str, Any]], offset: int) -> Found:
    """Encoder families as the topic `family` has them for JPEG: what supports each, and what was not told apart.

    claims: {"family", "supports", "contradicts", "not_distinguished", "source"}; none means unknown, and is not told.
    """
    if not claims:
        return
    names = " or ".join(claim["family"] for claim in claims)
    yield Observation(
        "family", "consistent_with", list(claims), f"consistent with {names}", offset, claims[0]["source"]
    )


def claim(family: str, supports: Sequence[str], open_: str, source: str) -> dict[str, Any]:
    """One entry of `consistent_with`."""
    return {"family": family, "supports": list(supports), "contradicts": [], "not_distinguished": open_,
            "source": source}  # fmt: skip
