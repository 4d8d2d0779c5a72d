"""bytes -> JpegStream. No I/O, no pixels, no platform. Damage becomes an anomaly with its offset, not a crash.

Source: ITU-T T.81 annex B. Only bytes that do not begin with SOI are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..errors import JpegError
from .syntax import (
    DHT,
    DNL,
    DQT,
    DRI,
    EOI,
    SOF_NAMES,
    SOI,
    SOS,
    STANDALONE,
    Anomaly,
    Dht,
    Dnl,
    Dqt,
    Dri,
    Element,
    FrameComponent,
    HuffTable,
    JpegStream,
    Opaque,
    QuantTable,
    ScanComponent,
    Segment,
    Sof,
    Sos,
    Standalone,
    Stray,
    marker_name,
)

# T.81 B.1.1.5: in entropy-coded data FF is followed by 00 (stuffing) or is a marker. RSTm belongs to the scan. The
# reserved codes 02 to BF have no length to skip by, so they are left inside, where decoding reports them as damage.
_END_OF_SCAN = re.compile(rb"\xff[\x01\xc0-\xcf\xd8-\xfe]")
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")

MAX_ELEMENTS = 65_536
"""Segments that are told apart in one file. No encoder writes a hundredth of this; what follows stays one stray run."""


def parse(data: bytes | bytearray | memoryview) -> JpegStream:
    """The segments of one JPEG file, in order, with anomalies; `write(parse(data)) == data` for all that parses.

    data: a whole file. What follows the first EOI is `trailing`.
    Raises JpegError when the bytes do not begin with FF D8 (SOI).
    """
    data = bytes(data)
    if data[:2] != b"\xff\xd8":
        start = data[:4].hex(" ") or "an empty file"
        raise JpegError(f"starts with {start}", expected="ff d8 (SOI)", remedy="give a JPEG file; see T.81 B.2.1")
    return _Reader(data).read()


def write(stream: JpegStream) -> bytes:
    """The file that `stream` stands for. The inverse of `parse`."""
    return b"".join(e.to_bytes() for e in stream.elements) + stream.trailing


Report = Callable[[int, str, str], None]
"""Called with offset, text and clause for everything odd."""


@dataclass(slots=True)
class _Reader:
    data: bytes
    at: int = 0
    elements: list[Element] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)

    def odd(self, offset: int, text: str, clause: str = "") -> None:
        self.anomalies.append(Anomaly(offset, text, clause))

    def read(self) -> JpegStream:
        while self.at < len(self.data):
            if len(self.elements) == MAX_ELEMENTS:
                self.elements.append(self.stray(len(self.data), f"bytes after {MAX_ELEMENTS} segments"))
                continue
            element = self.element()
            self.elements.append(element)
            if isinstance(element, Standalone) and element.code == EOI:
                break
        else:
            self.odd(len(self.data), "the file ends without EOI", "T.81 B.2.1")
        if not any(isinstance(e, Sof) for e in self.elements):
            self.odd(len(self.data), "no frame header (SOF)", "T.81 B.2.2")
        return JpegStream(tuple(self.elements), self.data[self.at :], tuple(self.anomalies))

    def element(self) -> Element:
        """The next segment, or the stray bytes before it."""
        data, start = self.data, self.at
        found = _MARKER.search(data, start)
        if found is None:
            return self.stray(len(data), "bytes after the last marker that form no segment")
        marker_at = found.start()
        first = _before_fill(data, marker_at, start)
        if first > start:
            return self.stray(first, "bytes between segments")
        code = data[marker_at + 1]
        if code in STANDALONE:
            if code == SOI and start > 0:
                self.odd(marker_at, "a second SOI before EOI", "T.81 B.2.1")
            self.at = marker_at + 2
            return Standalone(fill=marker_at - first, code=code)
        return self.segment(code, first, marker_at)

    def segment(self, code: int, first: int, marker_at: int) -> Element:
        """The segment whose marker stands at `marker_at`, its fill bytes from `first` on."""
        data, body = self.data, marker_at + 2
        length = int.from_bytes(data[body : body + 2], "big")
        end = body + length
        place = f"{marker_name(code)} at {marker_at:#x}"
        if len(data) - body < 2 or end > len(data):
            self.odd(marker_at, f"{place}: the file ends inside the segment", "T.81 B.1.1.4")
            self.at = len(data)
            return Stray(data=data[first:], marker=code)
        if length < 2:
            self.odd(marker_at, f"{place}: length {length}, expected 2 or more", "T.81 B.1.1.4")
            self.at = body
            return Stray(data=data[first:body], marker=code)
        self.at = end
        segment = _read_segment(code, marker_at - first, data[body + 2 : end], marker_at, self.odd)
        if isinstance(segment, Sos):
            stop = _END_OF_SCAN.search(data, end)
            self.at = len(data) if stop is None else _before_fill(data, stop.start(), end)
            segment = replace(segment, data=data[end : self.at])
        return segment

    def stray(self, end: int, what: str) -> Stray:
        self.odd(self.at, f"{end - self.at} {what} at {self.at:#x}", "T.81 B.1.1.2")
        element = Stray(data=self.data[self.at : end])
        self.at = end
        return element


def _before_fill(data: bytes, marker_at: int, floor: int) -> int:
    """Where the fill bytes (T.81 B.1.1.2) before the marker at `marker_at` begin."""
    while marker_at > floor and data[marker_at - 1] == 0xFF:
        marker_at -= 1
    return marker_at


def _read_segment(code: int, fill: int, payload: bytes, offset: int, odd: Report) -> Segment:
    if code == DQT:
        return parse_dqt(payload, fill, offset, odd)
    if code == DHT:
        return parse_dht(payload, fill, offset, odd)
    if code in SOF_NAMES:
        return parse_sof(code, payload, fill, offset, odd)
    if code == SOS:
        return parse_sos(payload, fill, offset, odd)
    if code in (DRI, DNL):
        return _parse_one_number(code, payload, fill, offset, odd)
    return Opaque(fill=fill, code=code, data=payload)


def parse_dqt(payload: bytes, fill: int, offset: int, odd: Report) -> Dqt:
    """T.81 B.2.4.1: tables of 1 + 64 (Pq 0) or 1 + 128 (Pq 1) bytes until the segment ends."""
    tables: list[QuantTable] = []
    at = 0
    while at < len(payload):
        Pq, Tq = payload[at] >> 4, payload[at] & 15
        size = 128 if Pq else 64
        body = payload[at + 1 : at + 1 + size]
        if Pq > 1 or len(body) < size:
            odd(offset, f"DQT at {offset:#x}: {len(payload) - at} bytes after table {len(tables)} are no table "
                        "(one takes 65 or 129)", "T.81 B.2.4.1")  # fmt: skip
            break
        steps = tuple(body) if not Pq else tuple(body[i] << 8 | body[i + 1] for i in range(0, 128, 2))
        if Tq > 3:
            odd(offset, f"DQT at {offset:#x}: destination Tq={Tq}, expected 0 to 3", "T.81 B.2.4.1")
        if 0 in steps:
            odd(offset, f"DQT at {offset:#x}: table Tq={Tq} has a step of 0, expected 1 or more", "T.81 B.2.4.1")
        tables.append(QuantTable(Tq, steps, Pq))
        at += 1 + size
    return Dqt(fill=fill, tables=tuple(tables), extra=payload[at:])


def parse_dht(payload: bytes, fill: int, offset: int, odd: Report) -> Dht:
    """T.81 B.2.4.2: tables of 1 + 16 + (number of codes) bytes until the segment ends."""
    tables: list[HuffTable] = []
    at = 0
    while at < len(payload):
        Tc, Th = payload[at] >> 4, payload[at] & 15
        counts = tuple(payload[at + 1 : at + 17])
        symbols = payload[at + 17 : at + 17 + sum(counts)]
        if len(counts) < 16 or len(symbols) < sum(counts):
            odd(offset, f"DHT at {offset:#x}: {len(payload) - at} bytes after table {len(tables)} are no table",
                "T.81 B.2.4.2")  # fmt: skip
            break
        table = HuffTable(Tc, Th, counts, symbols)
        if Tc > 1 or Th > 3:
            odd(offset, f"DHT at {offset:#x}: Tc={Tc} Th={Th}, expected Tc 0 or 1 and Th 0 to 3", "T.81 B.2.4.2")
        if table.overfull:
            odd(offset, f"DHT at {offset:#x}: table {table.name} has more codes than its lengths allow", "T.81 C.2")
        tables.append(table)
        at += 17 + len(symbols)
    return Dht(fill=fill, tables=tuple(tables), extra=payload[at:])


def parse_sof(code: int, payload: bytes, fill: int, offset: int, odd: Report) -> Segment:
    """T.81 B.2.2: P, Y, X, Nf, then Nf times Ci, Hi Vi, Tqi."""
    name = marker_name(code)
    count = payload[5] if len(payload) > 5 else 0
    if len(payload) < 6 + 3 * count or len(payload) < 6:
        odd(offset, f"{name} at {offset:#x}: {len(payload)} bytes, expected {6 + 3 * count}", "T.81 B.2.2")
        return Opaque(fill=fill, code=code, data=payload)
    components = tuple(
        FrameComponent(ci, hv >> 4, hv & 15, tq)
        for ci, hv, tq in (payload[6 + 3 * i : 9 + 3 * i] for i in range(count))
    )
    if len(payload) > 6 + 3 * count:
        odd(offset, f"{name} at {offset:#x}: {len(payload) - 6 - 3 * count} bytes too many", "T.81 B.2.2")
    for c in components:
        if not (1 <= c.h_samp_factor <= 4 and 1 <= c.v_samp_factor <= 4):
            odd(offset, f"{name} at {offset:#x}: component {c.id} has sampling factors {c.h_samp_factor}x"
                        f"{c.v_samp_factor}, expected 1 to 4", "T.81 B.2.2")  # fmt: skip
    if len({c.id for c in components}) < len(components):
        odd(offset, f"{name} at {offset:#x}: component ids repeat", "T.81 B.2.2")
    return Sof(fill=fill, code=code, precision=payload[0], height=int.from_bytes(payload[1:3], "big"),
               width=int.from_bytes(payload[3:5], "big"), components=components,
               extra=payload[6 + 3 * count :])  # fmt: skip


def parse_sos(payload: bytes, fill: int, offset: int, odd: Report) -> Segment:
    """T.81 B.2.3: Ns, then Ns times Csj, Tdj Taj, then Ss, Se, Ah Al."""
    count = payload[0] if payload else 0
    if len(payload) < 4 + 2 * count:
        odd(offset, f"SOS at {offset:#x}: {len(payload)} bytes, expected {4 + 2 * count}", "T.81 B.2.3")
        return Opaque(fill=fill, code=SOS, data=payload)
    rows = (payload[1 + 2 * i : 3 + 2 * i] for i in range(count))
    components = tuple(ScanComponent(cs, t >> 4, t & 15) for cs, t in rows)
    tail = payload[1 + 2 * count :]
    if len(tail) > 3:
        odd(offset, f"SOS at {offset:#x}: {len(tail) - 3} bytes too many", "T.81 B.2.3")
    if not 1 <= count <= 4:
        odd(offset, f"SOS at {offset:#x}: {count} components, expected 1 to 4", "T.81 B.2.3")
    return Sos(fill=fill, components=components, Ss=tail[0], Se=tail[1], Ah=tail[2] >> 4, Al=tail[2] & 15,
               extra=tail[3:])  # fmt: skip


def _parse_one_number(code: int, payload: bytes, fill: int, offset: int, odd: Report) -> Segment:
    """T.81 B.2.4.4 (DRI) and B.2.5 (DNL): one 16-bit number."""
    name = marker_name(code)
    if len(payload) != 2:
        odd(offset, f"{name} at {offset:#x}: {len(payload)} bytes, expected 2", "T.81 B.2.4.4, B.2.5")
    if len(payload) < 2:
        return Opaque(fill=fill, code=code, data=payload)
    number = int.from_bytes(payload[:2], "big")
    if code == DRI:
        return Dri(fill=fill, restart_interval=number, extra=payload[2:])
    return Dnl(fill=fill, height=number, extra=payload[2:])
