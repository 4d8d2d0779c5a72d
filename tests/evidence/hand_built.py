"""Small JPEG streams built by hand, one knob a test. Their scan data is nonsense: inspect does not look."""

from __future__ import annotations

from understudy.inspection import Inspection, inspect
from understudy.jpeg.huffman import STANDARD
from understudy.jpeg.parse import write
from understudy.jpeg.syntax import (
    APP0,
    COM,
    EOI,
    SOI,
    Dht,
    Dqt,
    Element,
    FrameComponent,
    JpegStream,
    Opaque,
    QuantTable,
    ScanComponent,
    Sof,
    Sos,
    Standalone,
)

JFIF = Opaque(code=APP0, data=b"JFIF\0\x01\x01\x00\x00\x01\x00\x01\x00\x00")
SOI_, EOI_ = Standalone(code=SOI), Standalone(code=EOI)
FLAT = (16,) * 64


def app(n: int, data: bytes) -> Opaque:
    return Opaque(code=APP0 + n, data=data)


def comment(data: bytes) -> Opaque:
    return Opaque(code=COM, data=data)


def dqt(steps_zigzag: tuple[int, ...] = FLAT, Tq: int = 0, Pq: int = 0) -> Dqt:
    return Dqt(tables=(QuantTable(Tq, steps_zigzag, Pq),))


def frame(factors: str = "1x1", code: int = 0xC0, first_id: int = 1, Tq: int = 0) -> Sof:
    rows = [f.split("x") for f in factors.split()]
    components = tuple(FrameComponent(first_id + i, int(h), int(v), Tq) for i, (h, v) in enumerate(rows))
    return Sof(code=code, precision=8, height=8, width=8, components=components)


def scan(ids: tuple[int, ...] = (1,), band: tuple[int, int, int, int] = (0, 63, 0, 0), selectors: int = 0) -> Sos:
    Ss, Se, Ah, Al = band
    parts = tuple(ScanComponent(i, selectors >> 4, selectors & 15) for i in ids)
    return Sos(components=parts, Ss=Ss, Se=Se, Ah=Ah, Al=Al, data=b"\x2a" * 5)


STANDARD_DHT = tuple(Dht(tables=(STANDARD[name],)) for name in ("DC 0", "AC 0", "DC 1", "AC 1"))


def file(*elements: Element, trailing: bytes = b"") -> bytes:
    """SOI, the elements, EOI."""
    return write(JpegStream((SOI_, *elements, EOI_), trailing))


def picture(*extra: Element, trailing: bytes = b"") -> bytes:
    """A grey baseline file with `extra` behind its JFIF header."""
    return file(JFIF, *extra, dqt(), frame(), *STANDARD_DHT[:2], scan(), trailing=trailing)


def seen(*extra: Element, trailing: bytes = b"") -> Inspection:
    return inspect(picture(*extra, trailing=trailing))


def odd(inspection: Inspection) -> list[str]:
    return [o.text for o in inspection.all("anomalies")]


def photoshop(*resources: bytes) -> Opaque:
    return app(13, b"Photoshop 3.0\0" + b"".join(resources))


def resource(data: bytes, number: int = 0x0404, declared: int | None = None) -> bytes:
    size = len(data) if declared is None else declared
    return b"8BIM" + number.to_bytes(2, "big") + b"\0\0" + size.to_bytes(4, "big") + data + b"\0" * (len(data) % 2)


def record(data: bytes, number: int, section: int = 2, declared: int | None = None) -> bytes:
    size = len(data) if declared is None else declared
    return bytes([0x1C, section, number]) + size.to_bytes(2, "big") + data


def fbmd_segment(note: bytes) -> Opaque:
    return photoshop(resource(record(note, 40)))


def fbmd_note(type_: str, numbers: list[int], count: int | None = None) -> bytes:
    n = len(numbers) - 1 if count is None else count
    return f"FBMD{type_}{n:04x}".encode() + b"".join(x.to_bytes(4, "little").hex().encode() for x in numbers)


def icc_segment(profile: bytes, number: int = 1, of: int = 1) -> Opaque:
    return app(2, b"ICC_PROFILE\0" + bytes([number, of]) + profile)


def icc_profile(*tags: tuple[bytes, bytes], count: int | None = None) -> bytes:
    """A profile of which the header and these tags (signature, data) are all there is."""
    at = 132 + 12 * len(tags)
    rows, body = b"", b""
    for signature, data in tags:
        rows += signature + (at + len(body)).to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += data
    n = len(tags) if count is None else count
    size = at + len(body)
    head = size.to_bytes(4, "big") + b"test" + b"\x02\x10\0\0" + b"mntrRGB XYZ ".ljust(116, b"\0")
    return head + n.to_bytes(4, "big") + rows + body


def desc(text: bytes, count: int | None = None) -> bytes:
    n = len(text) + 1 if count is None else count
    return b"desc\0\0\0\0" + n.to_bytes(4, "big") + text + b"\0"


def mluc(*texts: tuple[bytes, str], count: int | None = None, width: int = 12) -> bytes:
    n = len(texts) if count is None else count
    at = 16 + 12 * len(texts)
    rows, body = b"", b""
    for language, text in texts:
        raw = text.encode("utf-16-be")
        rows += language + b"US" + len(raw).to_bytes(4, "big") + (at + len(body)).to_bytes(4, "big")
        body += raw
    return b"mluc\0\0\0\0" + n.to_bytes(4, "big") + width.to_bytes(4, "big") + rows + body
