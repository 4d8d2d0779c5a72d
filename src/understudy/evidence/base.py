"""What every detector yields, and the few helpers that they share.

A detector is a module of this package with `detect(stream) -> Iterator[Observation]`. A conclusion is one
with `conclude(stream, observations) -> Iterator[Observation]`, run when all detectors have spoken. Adding
either is adding a file. Neither may raise for anything that `jpeg.parse` accepts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from ..jpeg.syntax import APP0, Dqt, Element, JpegStream, Opaque, Sos

MAX_TEXT = 200
"""Characters of a file's own text that an observation repeats."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that the bytes say, and where they say it."""

    topic: str
    """The section that it belongs to, such as `tables` or `icc`."""
    name: str
    """What was observed, unique in its topic except in lists (`tables`, `comments`, `anomalies`)."""
    value: Any
    """The observation for programs: None, bool, int, float, str, and lists and dicts (str keys) of these."""
    text: str
    """The observation in plain words, one line, safe to print (a file's own words went through `visible`)."""
    offset: int | None = None
    """Byte in the file where it stands (the FF of its marker), None where it stands in no single place."""
    source: str = ""
    """Who says so: a clause of a standard, or a measurement."""


def anomaly(text: str, offset: int, clause: str) -> Observation:
    """Something that a standard does not allow, or that contradicts itself. Any detector may yield it."""
    return Observation("anomalies", "anomaly", {"offset": offset, "text": text, "clause": clause}, text, offset, clause)


def visible(text: str | bytes, limit: int = MAX_TEXT) -> str:
    """`text` with every character escaped that could act on a terminal or hide: controls, bidi marks.

    Bytes are read as UTF-8, or as Latin-1 where they are none. What is longer than `limit` characters is cut
    with an ellipsis. Trailing NULs are dropped, since C strings in files carry them.
    """
    words = _decoded(text[: 4 * limit + 4]) if isinstance(text, bytes) else text
    words = words.rstrip("\0")
    shown = "".join(c if c == " " or unicodedata.category(c)[0] not in "CZ" else _escaped(c) for c in words[:limit])
    return shown + ("…" if len(words) > limit else "")


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _escaped(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


E_ = TypeVar("E_", bound=Element)


def placed(stream: JpegStream, kind: type[E_]) -> Iterator[tuple[int, E_]]:
    """The elements of type `kind`, each with its marker's offset."""
    for offset, element in stream.located():
        if isinstance(element, kind):
            yield offset, element


def apps(stream: JpegStream, n: int, identifier: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset of the marker, bytes after the identifier) of each APPn segment that begins with
    `identifier`."""
    for offset, element in placed(stream, Opaque):
        if element.code == APP0 + n and element.data.startswith(identifier):
            yield offset, element.data[len(identifier) :]


def app_identifier(data: bytes) -> str:
    """What an APPn segment calls itself: the text before its first NUL, or nothing where it starts
    otherwise."""
    head = data[:48].split(b"\0")[0]
    return visible(head) if len(head) > 1 and all(32 <= b < 127 for b in head) else ""


def plural(n: int, noun: str, nouns: str = "") -> str:
    """`1 table`, `2 tables`, `1,000 bytes`."""
    return f"{n:,} {noun if n == 1 else nouns or noun + 's'}"


def script_of(stream: JpegStream) -> list[list[Any]]:
    """Each scan as [[component indexes], Ss, Se, Ah, Al]; an id that the frame does not have is index -1."""
    frame = stream.frame
    index: dict[int, int] = {}
    for i, component in enumerate(frame.components if frame else ()):
        index.setdefault(component.id, i)
    return [[[index.get(c.id, -1) for c in s.components], s.Ss, s.Se, s.Ah, s.Al] for s in stream.scans]


def channel_names(stream: JpegStream) -> tuple[str, ...]:
    """What the frame's components are called: `Y Cb Cr`, `R G B`, `Y`, or `c0 c1 ...` where nothing says it.

    Source: JFIF 1.02, Color Space. Without JFIF, Adobe's transform 0 or the ids R G B mean RGB (so libjpeg).
    """
    components = stream.frame.components if stream.frame else ()
    if len(components) == 1:
        return ("Y",)
    if len(components) != 3:
        return tuple(f"c{i}" for i in range(len(components)))
    adobe = next((data for _, data in apps(stream, 14, b"Adobe")), b"")
    jfif = any(True for _ in apps(stream, 0, b"JFIF\0"))
    ids = bytes(c.id for c in components)
    rgb = not jfif and (ids == b"RGB" if not adobe else adobe[6:7] == b"\0")
    return ("R", "G", "B") if rgb else ("Y", "Cb", "Cr")


def before_scans(stream: JpegStream) -> tuple[Element, ...]:
    """The elements before the first scan."""
    for i, element in enumerate(stream.elements):
        if isinstance(element, Sos):
            return stream.elements[:i]
    return stream.elements


def dqt_grouping(stream: JpegStream) -> list[int]:
    """How many tables each DQT segment holds."""
    return [len(e.tables) for e in stream.elements if isinstance(e, Dqt)]


def size_of(stream: JpegStream) -> int:
    """Bytes of the whole file, what follows EOI included."""
    return sum(e.size for e in stream.elements) + len(stream.trailing)
