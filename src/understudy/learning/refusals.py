"""Why a pair is nothing to learn from, by its two files alone, before any pixel is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import UnderstudyError
from ..evidence import fbmd
from ..jpeg.entropy_decode import read_coefficients
from ..jpeg.syntax import JpegStream, Sos
from ..steps import Context
from .observed import Observed
from .size_rules import Sizes

Kind = Literal[
    "unreadable", "damaged", "not a jpeg", "unsupported", "untouched", "rewritten", "resaved", "other picture",
    "cropped", "padded", "turned", "swapped", "no partner", "ambiguous", "other platform",
]  # fmt: skip

HEADS = {
    b"\x89PNG": "a PNG",
    b"RIFF": "a WebP or another RIFF file",
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"<": "text, HTML perhaps",
    b"{": "text, JSON perhaps",
}
"""What files begin with that are no JPEG."""


@dataclass(frozen=True)
class SetAside:
    """A pair, or a file without a partner, that is not learned from."""

    name: str
    reason: str
    kind: Kind
    sizes: Sizes | None = None
    """Of a pair that was delivered as a picture of another format: evidence for the size rule all the same."""


def refusal(pair: Observed) -> SetAside | None:
    """Why the received file, or the two files beside each other, are nothing to learn from, before pixels are looked
    at; None where they may be."""
    name, sent, received = pair.name, pair.sent, pair.received
    if not received or not sent:
        return SetAside(name, f"the {'received' if not received else 'sent'} file is empty", "unreadable")
    if sent == received:
        return SetAside(name, "the received file is the sent one, byte for byte", "untouched")
    if received[:2] != b"\xff\xd8":
        kind = _kind_of(received)
        asked = "; if the columns are swapped, swap them" if sent[:2] == b"\xff\xd8" else ""
        return SetAside(name, f"the received file is {kind}, no JPEG{asked}", "not a jpeg", _sizes(pair))
    try:
        c = pair.coefficients
    except UnderstudyError as error:
        return SetAside(name, f"the received file cannot be read: {error}", "unsupported")
    if c.anomalies:
        return SetAside(name, f"the received file is damaged: {c.anomalies[0].text}", "damaged")
    if len(c.components) not in (1, 3):
        return SetAside(name, f"the received file has {len(c.components)} components, not 1 or 3", "unsupported")
    if not all(part.steps.all() for part in c.components):
        return SetAside(name, "a component of the received file has no quantisation table", "damaged")
    if told := _resaved(pair):
        return SetAside(name, told, "resaved")
    if pair.is_jpeg and (told := _swapped_marks(pair)):
        return SetAside(name, told, "swapped")
    if pair.is_jpeg and _same_coefficients(pair):
        return SetAside(name, "the coefficients are those of the sent JPEG: written anew without loss", "rewritten")
    return None


def _sizes(pair: Observed) -> Sizes | None:
    """The sizes of a pair whose received file is a picture that Pillow knows; None where it is not."""
    received = Context(pair.received).sent_size
    if received is None:
        return None
    try:
        return Sizes(pair.name, pair.sent_size, pair.orientation, received)
    except UnderstudyError:
        return None


def _kind_of(data: bytes) -> str:
    if data[4:12] in (b"ftypavif", b"ftypheic", b"ftypmif1"):
        return "an AVIF or HEIC"
    return next((what for head, what in HEADS.items() if data.startswith(head)), "of an unknown kind")


def _resaved(pair: Observed) -> str:
    """Why FBMD says that the file is not as Facebook delivered it; "" if it does not, or was sent already."""
    notes = list(fbmd.find(pair.stream))
    if not notes:
        return ""
    sent = list(fbmd.find(pair.context.sent_stream)) if pair.context.sent_stream is not None else []
    if any(n.numbers == notes[0].numbers for n in sent):
        return ""  # the platform kept what was sent
    positions = [offset for offset, e in pair.stream.located() if isinstance(e, Sos)]
    verdict, told, _ = fbmd.judge(notes[0], positions, len(pair.received))
    return f"re-saved since Facebook delivered it: {told}" if verdict in ("no", "stale") else ""


def _swapped_marks(pair: Observed) -> str:
    """Marks that tell which of two JPEGs came first: a camera's Exif, Facebook's note; "" where there are none."""
    sent = pair.context.sent_stream
    if sent is None:
        return ""
    ask = "; if the columns are swapped, swap them"
    if _has_exif_camera(pair.stream) and not _has_exif_camera(sent):
        return f"the received file has a camera's Exif that the sent one lacks{ask}"
    noted, ours = list(fbmd.find(sent)), list(fbmd.find(pair.stream))
    positions = [offset for offset, e in sent.located() if isinstance(e, Sos)]
    if noted and not ours and fbmd.judge(noted[0], positions, len(pair.sent))[0] == "yes":
        larger = pair.size[0] * pair.size[1] > pair.sent_size[0] * pair.sent_size[1]
        if larger:
            return f"the sent file is as Facebook delivered it, and smaller than the received one{ask}"
    return ""


def _has_exif_camera(stream: JpegStream) -> bool:
    """Whether an Exif segment names a camera's maker and exposure: TIFF tags 010F and 829A (Exif 2.32)."""
    for payload in stream.app(1):
        if payload.startswith(b"Exif\0\0"):
            order = "little" if payload[6:8] == b"II" else "big"
            tags = [n.to_bytes(2, order) for n in (0x010F, 0x829A)]  # type: ignore[arg-type]
            if all(tag in payload for tag in tags):
                return True
    return False


def _same_coefficients(pair: Observed) -> bool:
    stream = pair.context.sent_stream
    if stream is None or stream.frame is None or (stream.frame.width, stream.frame.height) != pair.size:
        return False
    try:
        sent = read_coefficients(stream)
    except UnderstudyError:
        return False
    theirs = pair.coefficients
    tables = zip(sent.components, theirs.components, strict=False)
    return sent.equal_share(theirs) == 1.0 and all((a.steps == b.steps).all() for a, b in tables)
