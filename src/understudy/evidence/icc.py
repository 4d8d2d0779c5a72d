"""APP2: the ICC profile, put together from its chunks, and what it calls itself."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from ..jpeg.syntax import JpegStream
from .base import Observation, anomaly, apps, plural, visible

SOURCE = "ICC.1:2022 (v4.4), 7.2, 7.3 and annex B.4"
MAX_TAGS = 100
MAX_RECORDS = 16
MAX_DESCRIPTION = 400
"""Bytes of a description that are looked at."""

KNOWN: dict[tuple[str, int], str] = {
    ("c2", 524): "the tiny sRGB that Facebook and Instagram wrote, about 2015 to 2021",
    ("uRGB", 456): "the tiny sRGB of Facebook's CDN, about 2022 to 2026",
    ("uP3", 456): "the tiny Display P3 of Facebook and Messenger, about 2024 to 2026: wide gamut kept",
    ("sRGB IEC61966-2-1 black scaled", 3048): "the ICC's own sRGB, which Facebook embedded in older files",
    ("sRGB built-in", 656): "littlecms' own sRGB, as X's portraits have it",
    ("Adobe RGB (1998)", 560): "Adobe RGB (1998)",
    ("sRGB IEC61966-2.1", 3144): "HP's sRGB of 1998, as cameras and editors embed it",
}
"""Profiles by (description, bytes). Source: 478 delivered files, November 2026: c2 in 28, uRGB in 98, uP3 in
12, the ICC's in 54 (all Facebook's), HP's in 8 (none Facebook's), littlecms' in 2 (X), Adobe RGB in 2."""


def detect(stream: JpegStream) -> Iterator[Observation]:
    chunks = list(apps(stream, 2, b"ICC_PROFILE\0"))
    if not chunks:
        return
    at = chunks[0][0]
    yield from _numbering(chunks, at)
    ordered = sorted(chunks, key=lambda chunk: chunk[1][:1])
    profile = b"".join(data[2:] for _, data in ordered)
    yield Observation("icc", "chunks", len(chunks), plural(len(chunks), "chunk"), at, "ICC.1:2022 B.4")
    yield from describe(profile, at)


def describe(profile: bytes, at: int) -> Iterator[Observation]:
    """What an ICC profile says, for any file that carries one. at: where its carrier begins."""
    size = len(profile)
    yield Observation("icc", "bytes", size, f"ICC profile, {plural(size, 'byte')}", at, "ICC.1:2022 B.4")
    if size < 128:
        yield anomaly(f"ICC profile at {at:#x}: {plural(size, 'byte')}, its header takes 128", at, "ICC.1:2022 7.2")
        return
    declared = int.from_bytes(profile[:4], "big")
    if declared != size:
        yield anomaly(f"ICC profile at {at:#x}: says {declared} bytes, has {size}", at, "ICC.1:2022 7.2.2")
    name = description(profile)
    if name is None:
        yield anomaly(f"ICC profile at {at:#x}: no readable description tag", at, "ICC.1:2022 9.2.41")
    told = f'ICC profile "{visible(name, 60)}", {plural(size, "byte")}' if name else "ICC profile without a name"
    yield Observation("icc", "description", None if name is None else visible(name), told, at, SOURCE)
    version = f"{profile[8]}.{profile[9] >> 4}"
    space = visible(profile[16:20]).strip()
    yield Observation("icc", "version", version, f"version {version}", at, "ICC.1:2022 7.2.4")
    yield Observation("icc", "color_space", space, f"colour space {space}", at, "ICC.1:2022 7.2.6")
    yield Observation("icc", "sha256", sha256(profile).hexdigest(), "SHA-256 of the profile", at)
    known = KNOWN.get((name or "", size))
    if known:
        yield Observation("icc", "known", known, known, at, "counted on 478 delivered files, November 2026")


def _numbering(chunks: list[tuple[int, bytes]], at: int) -> Iterator[Observation]:
    """Chunk i of n, counted from 1; ICC.1:2022 B.4."""
    clause = "ICC.1:2022 B.4"
    if any(len(data) < 2 for _, data in chunks):
        yield anomaly(f"ICC profile at {at:#x}: a chunk without its number", at, clause)
        return
    numbers = [data[0] for _, data in chunks]
    if sorted(numbers) != list(range(1, len(chunks) + 1)) or {data[1] for _, data in chunks} != {len(chunks)}:
        told = ", ".join(f"{data[0]}/{data[1]}" for _, data in chunks[:8])
        yield anomaly(f"ICC profile at {at:#x}: chunks {told}, expected 1 to {len(chunks)}", at, clause)
    elif numbers != sorted(numbers):
        yield anomaly(f"ICC profile at {at:#x}: chunks out of order", at, clause)


def description(profile: bytes) -> str | None:
    """The text of the profile's `desc` tag (types `desc`, `mluc` and `text`), None where it has none.

    Every offset and count is taken as hostile: at most MAX_TAGS tags, MAX_RECORDS records, MAX_DESCRIPTION
    bytes.
    """
    for i in range(min(int.from_bytes(profile[128:132], "big"), MAX_TAGS)):
        row = profile[132 + 12 * i : 144 + 12 * i]
        if len(row) < 12:
            return None
        if row[:4] == b"desc":
            start, size = int.from_bytes(row[4:8], "big"), int.from_bytes(row[8:12], "big")
            return _tag_text(profile[start : start + size])
    return None


def _tag_text(tag: bytes) -> str | None:
    kind = tag[:4]
    if kind == b"desc":  # textDescriptionType, ICC.1:2001-04 6.5.17
        count = min(int.from_bytes(tag[8:12], "big"), MAX_DESCRIPTION)
        return tag[12 : 12 + count].split(b"\0")[0].decode("latin-1")
    if kind == b"text":
        return tag[8 : 8 + MAX_DESCRIPTION].split(b"\0")[0].decode("latin-1")
    if kind == b"mluc":  # multiLocalizedUnicodeType, ICC.1:2022 10.15
        return _mluc_text(tag)
    return None


def _mluc_text(tag: bytes) -> str | None:
    """The English record's text, or the first one's."""
    count, width = int.from_bytes(tag[8:12], "big"), int.from_bytes(tag[12:16], "big")
    if width < 12:
        return None
    texts: dict[bytes, str] = {}
    for i in range(min(count, MAX_RECORDS)):
        row = tag[16 + width * i : 28 + width * i]
        if len(row) < 12:
            break
        size, start = int.from_bytes(row[4:8], "big"), int.from_bytes(row[8:12], "big")
        raw = tag[start : start + min(size, MAX_DESCRIPTION)]
        texts.setdefault(row[:2], raw.decode("utf-16-be", "replace").split("\0")[0])
    return texts.get(b"en") or next(iter(texts.values()), None)
