"""envelope: coded scans -> the file, with the segments that a platform writes around them."""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, get_args

from annotated_types import Interval, MaxLen

from ..errors import ProfileError
from ..evidence.fbmd import FIRST_AND_LAST
from ..jpeg.compose import DhtLayout, Encoded, Layout, Selectors, layout
from ..jpeg.parse import write
from ..jpeg.syntax import COM, Element, JpegStream, Opaque, Sos, marker_name
from .base import Context, Delivered, Step

_ICC_HEAD = b"ICC_PROFILE\0"
_ICC_CHUNK = 65533 - len(_ICC_HEAD) - 2
_PHOTOSHOP = b"Photoshop 3.0\0"
_IPTC_RESOURCE = b"8BIM\x04\x04"

Byte = Annotated[int, Interval(ge=0, le=255)]
Number = Annotated[int, Interval(ge=0, le=65535)]
Jfif = Literal["none", "1.00", "1.01", "1.02"]
Part = Literal["jfif", "iptc", "icc", "adobe", "comment", "kept"]


@dataclass(frozen=True)
class Envelope(Step):
    """Component ids, DQT and DHT layout, JFIF, IPTC with FBMD, ICC, Adobe, comment, segments kept of the sent file."""

    name: ClassVar[str] = "envelope"
    takes: ClassVar[type] = Encoded
    gives: ClassVar[type] = Delivered

    order: tuple[Part, ...] = ("jfif", "adobe", "iptc", "icc", "comment", "kept")
    """The order of the segments before DQT. What has nothing to write is left out."""
    jfif: Jfif = "1.01"
    """The version that a JFIF segment names; `none` for no segment."""
    density: tuple[Byte, Number, Number] | Literal["sent", "sent-or-72"] = (0, 1, 1)
    """JFIF's units (0 aspect ratio, 1 per inch, 2 per cm), X and Y density. `sent`: the resolution that the sent JPEG's
    JFIF segment (units 1 or 2) or the sent PNG's pHYs chunk states, else (0, 1, 1): ImageMagick. `sent-or-72`: else
    (1, 72, 72): GraphicsMagick 1.3.40."""
    adobe_transform: Annotated[int, Interval(ge=-1, le=2)] = -1
    """The transform flag of an Adobe APP14 segment; -1 for no segment."""
    iptc: tuple[Literal["fbmd", "token"], ...] = ()
    """IPTC records of APP13 in order: `fbmd` is 2:40 (special instructions), `token` 2:103 (transmission reference)."""
    token: Annotated[str, MaxLen(65000)] = ""
    """The platform's random string for 2:103; while it is empty the record is left out."""
    fbmd_type: Annotated[str, MaxLen(2)] = "01"
    """The type in FBMD, two hex digits."""
    icc: str = "none"
    """`none`; `sent`, the sent file's own profile where it has one; or `base64:` and the profile to embed."""
    comment: Annotated[str, MaxLen(65533)] = ""
    """Text of a COM segment, Latin-1; empty for none."""
    comment_at: Literal["order", "end"] = "order"
    """Where it stands: among the other segments as `order` says, or behind the last scan (WhatsApp in 2023)."""
    keep: tuple[str, ...] = ()
    """Markers of the sent JPEG that are copied, such as `APP14`."""
    component_ids: tuple[Byte, ...] = (1, 2, 3, 4)
    """The ids of the components, in order; as many as the picture has, or more."""
    merge_dqt: bool = False
    """One DQT segment for all tables."""
    frame_first: bool = False
    """The frame header (SOF) before the quantisation tables: Rust's image crate."""
    dht: DhtLayout = DhtLayout.SEPARATE
    """How Huffman tables are spread over DHT segments."""
    selectors: Selectors = Selectors.ZERO_UNUSED
    """What scan headers say of Huffman tables that the scan does not use."""

    def exact(self, value: Encoded, context: Context) -> Delivered:
        """The file. FBMD's positions are those of this file's SOS markers (type 30: of the first and the last), its
        last number the file's length."""
        ids = self.component_ids[: len(value.components)]
        if len(set(ids)) < len(value.components):
            raise ProfileError(
                f"{ids}", place="envelope.component_ids", expected=f"{len(value.components)} different ids"
            )
        how = Layout(self.component_ids, self.merge_dqt, self.dht, self.selectors, self.frame_first)
        ends_only = self.fbmd_type in FIRST_AND_LAST
        stream = self._ended(layout(value, how, self._head(context, [0] * (3 if ends_only else len(value.scans) + 1))))
        if "fbmd" in self.iptc:
            positions = [offset for offset, e in stream.located() if isinstance(e, Sos)]
            noted = [positions[0], positions[-1]] if ends_only else positions
            length = sum(e.size for e in stream.elements)
            stream = self._ended(layout(value, how, self._head(context, [*noted, length])))
        return Delivered(write(stream), stream)

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same `Coded`: an envelope changes no sample."""
        return value

    def _head(self, context: Context, fbmd: list[int]) -> list[Element]:
        made: dict[str, list[Element]] = {
            "jfif": self._jfif(context),
            "iptc": self._iptc(fbmd),
            "icc": self._icc(context),
            "adobe": self._adobe(),
            "comment": self._comment() if self.comment_at == "order" else [],
            "kept": self._kept(context),
        }
        return [element for part in self.order for element in made[part]]

    def _comment(self) -> list[Element]:
        return [Opaque(code=COM, data=self.comment.encode("latin-1", "replace"))] if self.comment else []

    def _ended(self, stream: JpegStream) -> JpegStream:
        """The file with its comment before EOI, if it belongs there."""
        *elements, eoi = stream.elements
        return JpegStream((*elements, *self._comment(), eoi)) if self.comment_at == "end" else stream

    def _jfif(self, context: Context) -> list[Element]:
        """JFIF 1.02, page 5: identifier, version, units, Xdensity, Ydensity, no thumbnail."""
        if self.jfif == "none":
            return []
        units, x, y = sent_density(context, self.density) if isinstance(self.density, str) else self.density
        version = bytes(int(part) for part in self.jfif.split("."))
        return [_app(0, b"JFIF\0" + version + bytes([units]) + x.to_bytes(2, "big") + y.to_bytes(2, "big") + b"\0\0")]

    def _adobe(self) -> list[Element]:
        """T.872 6.5.3: `Adobe`, version 100, flags 0 and 0, transform."""
        if self.adobe_transform < 0:
            return []
        return [_app(14, b"Adobe\0\x64\0\0\0\0" + bytes([self.adobe_transform]))]

    def _iptc(self, fbmd: list[int]) -> list[Element]:
        """Photoshop's image resource 0404 with IIM records; facts: facebook-classic, section 4."""
        records = b""
        for which in self.iptc:
            if which == "fbmd":
                records += _record(40, fbmd_text(self.fbmd_type, fbmd))
            elif self.token:
                records += _record(103, self.token)
        if not records:
            return []
        head = _PHOTOSHOP + _IPTC_RESOURCE + b"\0\0" + len(records).to_bytes(4, "big")
        if len(head) + len(records) > 65532:
            raise ProfileError(
                f"{len(records)} bytes of records", place="envelope.iptc", expected="one segment's worth"
            )
        return [_app(13, head + records + b"\0" * (len(records) % 2))]

    def _icc(self, context: Context) -> list[Element]:
        """ICC.1 B.4: chunks of at most 65,519 bytes, numbered from 1."""
        icc = embeddable(sent_icc(context)) if self.icc == "sent" else self.icc
        if icc == "none":
            return []
        try:
            if not icc.startswith("base64:"):
                raise ValueError("no base64: prefix")
            profile = base64.b64decode(icc.removeprefix("base64:"), validate=True)
        except (ValueError, binascii.Error) as error:
            raise ProfileError(
                f"{error}", place="envelope.icc", expected="`none`, `sent`, or `base64:` and a profile"
            ) from None
        if len(profile) > 255 * _ICC_CHUNK:
            raise ProfileError(f"{len(profile)} bytes", place="envelope.icc", expected="at most 255 chunks (ICC.1 B.4)")
        chunks = [profile[i : i + _ICC_CHUNK] for i in range(0, len(profile), _ICC_CHUNK)]
        return [_app(2, _ICC_HEAD + bytes([i, len(chunks)]) + chunk) for i, chunk in enumerate(chunks, 1)]

    def _kept(self, context: Context) -> list[Element]:
        sent = context.sent_stream
        if sent is None:
            return []
        opaque = [e for e in sent.elements if isinstance(e, Opaque)]
        return [Opaque(code=e.code, data=e.data) for e in opaque if marker_name(e.code) in self.keep]

    def observe(self, delivered: JpegStream) -> Mapping[str, Any]:
        """ICC profile, IPTC records and their order, FBMD type, JFIF version and density, component ids, comment."""
        out: dict[str, Any] = {"iptc": (), "token": "", "jfif": "none", "comment": ""}
        out["icc"] = embeddable(_icc_of(delivered))
        for payload in delivered.app(0):
            if payload[:5] == b"JFIF\0" and len(payload) >= 12:
                version = f"{payload[5]}.{payload[6]:02}"
                out |= {"jfif": version, "density": _jfif_density(delivered)}
        if out["jfif"] not in get_args(Jfif):
            del out["jfif"]  # a version that no JFIF has: nothing to take over
        for tag, text in iim_records(delivered):
            if tag == 40 and text.startswith("FBMD"):
                out["iptc"] += ("fbmd",)
                out["fbmd_type"] = text[4:6]
            elif tag == 103:
                out["iptc"] += ("token",)
                out["token"] = text
        before_scans = True
        for element in delivered.elements:
            before_scans &= not isinstance(element, Sos)
            if isinstance(element, Opaque) and element.code == COM:
                out["comment"] = element.data.decode("latin-1")
                out["comment_at"] = "order" if before_scans else "end"
        if delivered.frame is not None:
            out["component_ids"] = tuple(c.id for c in delivered.frame.components)
        return out


def sent_density(context: Context, how: Literal["sent", "sent-or-72"] = "sent") -> tuple[int, int, int]:
    """What `density = "sent"`, or `sent-or-72`, writes for this sent file: units, X, Y density."""
    stream = context.sent_stream
    found = _jfif_density(stream) if stream is not None else _png_density(context.sent or b"")
    stated = found if found is not None and found[0] in (1, 2) else None
    return stated or ((0, 1, 1) if how == "sent" else (1, 72, 72))


def sent_icc(context: Context) -> bytes:
    """The ICC profile in the sent file, empty where there is none: a JPEG's from its chunks, others' through Pillow."""
    if context.sent_stream is not None:
        return _icc_of(context.sent_stream)
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(context.sent or b"")) as image:
                return bytes(image.info.get("icc_profile") or b"")
    except Exception:  # whatever Pillow meets in a damaged header; a picture that decodes has one that it can read
        return b""


def embeddable(profile: bytes) -> str:
    """An ICC profile as the parameter `icc` has it; `none` for no bytes."""
    return "base64:" + base64.b64encode(profile).decode() if profile else "none"


def _icc_of(stream: JpegStream) -> bytes:
    """The profile in a JPEG's APP2 chunks, in order of their numbers (ICC.1 B.4)."""
    chunks = sorted((p for p in stream.app(2) if p.startswith(_ICC_HEAD)), key=lambda p: p[12:13])
    return b"".join(p[14:] for p in chunks)


def _jfif_density(stream: JpegStream) -> tuple[int, int, int] | None:
    """(units, X, Y density) of the last JFIF segment; None without one."""
    found = [p for p in stream.app(0) if p[:5] == b"JFIF\0" and len(p) >= 12]
    if not found:
        return None
    return found[-1][7], int.from_bytes(found[-1][8:10], "big"), int.from_bytes(found[-1][10:12], "big")


def _png_density(data: bytes) -> tuple[int, int, int] | None:
    """PNG 11.3.4.3, pHYs in pixels a metre, as JFIF's (2, X, Y) per cm; None without one before the image data."""
    at = 8 if data.startswith(b"\x89PNG\r\n\x1a\n") else len(data)
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"IDAT":
        size = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 8 : at + 8 + size]
        if data[at + 4 : at + 8] == b"pHYs" and len(body) == 9 and body[8] == 1:
            x, y = (min((int.from_bytes(body[i : i + 4], "big") + 50) // 100, 65535) for i in (0, 4))
            return (2, x, y) if x and y else None
        at += size + 12
    return None


def fbmd_text(fbmd_type: str, numbers: list[int]) -> str:
    """FBMD's text: type, count of positions as 16-bit hex, then each number as 32-bit little-endian hex.

    numbers: the positions of SOS markers, last the length of the file. Source: facts, facebook-classic, section 4.
    """
    return f"FBMD{fbmd_type}{len(numbers) - 1:04x}" + "".join(n.to_bytes(4, "little").hex() for n in numbers)


def iim_records(stream: JpegStream) -> list[tuple[int, str]]:
    """(dataset, text) of the IIM records 2:nn in the stream's Photoshop segments, in order; damage ends the list."""
    out: list[tuple[int, str]] = []
    for payload in stream.app(13):
        at = payload.find(_IPTC_RESOURCE)
        if not payload.startswith(_PHOTOSHOP) or at < 0:
            continue
        size = int.from_bytes(payload[at + 8 : at + 12], "big")
        data = payload[at + 12 : at + 12 + size]
        at = 0
        while data[at : at + 2] == b"\x1c\x02" and at + 5 <= len(data):
            length = int.from_bytes(data[at + 3 : at + 5], "big")
            out.append((data[at + 2], data[at + 5 : at + 5 + length].decode("latin-1")))
            at += 5 + length
    return out


def _record(dataset: int, text: str) -> bytes:
    """IIM 4.2, 1.5: 1C, record 2, dataset, 16-bit length, data."""
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        raise ProfileError(
            f"{text[:40]!r}", place=f"envelope, IPTC record 2:{dataset}", expected="Latin-1 text"
        ) from None
    return b"\x1c\x02" + bytes([dataset]) + len(data).to_bytes(2, "big") + data


def _app(n: int, data: bytes) -> Opaque:
    return Opaque(code=0xE0 + n, data=data)
