"""What one received file states: for each parameter of `encode` and `envelope`, the values that give this file.

Most parameters have one such value; some have several (a file whose picture was sent without a profile and came back
without one agrees with `icc = none` and with `icc = sent`). Only files together decide, in `headers`.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, get_args

import numpy as np

from ..codec import scans, tables
from ..codec.variants import Color
from ..evidence.base import before_scans
from ..jpeg.compose import mcus_per_row
from ..jpeg.syntax import COM, Dht, Dqt, Dri, JpegStream, Opaque, ScanSpec, Sof, Sos, marker_name
from ..steps.decode import is_rgb
from ..steps.encode import SAMPLINGS, Encode
from ..steps.envelope import Envelope, Jfif, embeddable, sent_density, sent_icc
from .observed import Observed

ADOBE = b"Adobe\0\x64\0\0\0\0"
"""T.872 6.5.3 with flags of zero: what libjpeg writes before the transform."""

GENERAL = {"baseline-grey": "baseline", "simple6-grey": "simple10", "mozjpeg-simple-grey": "mozjpeg-simple"}
"""Scripts of one component -> the name that stands for them and for the one of three (`codec.scans.resolve`)."""

GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L"})
"""Pillow's modes of one channel, alpha apart."""


@dataclass(frozen=True, eq=False)
class Stated:
    """One file's options."""

    pair: Observed
    options: Mapping[str, tuple[Any, ...]]
    """Parameter -> its values that agree with the file, the simplest first; a parameter that the file does not show at
    all is missing. `tables` stands for (law, quality), `sent APP1` for whether a marker's segments were kept."""
    parts: tuple[str, ...]
    """The envelope's parts in the file's order; one that stands in two places is named twice."""
    problems: tuple[str, ...]
    """What no parameter of ours writes."""


def stated(pair: Observed) -> Stated:
    """The options of one pair. `pair.coefficients` has one or three components and no damage."""
    return pair.remembered("stated", lambda: _stated(pair))


def _stated(pair: Observed) -> Stated:
    problems: list[str] = []
    options = {**_frame(pair, problems), **_tables(pair, problems), **_coding(pair), **_jfif(pair, problems)}
    segments, parts = _segments(pair, problems)
    return Stated(pair, {**options, **segments}, parts, tuple(problems))


def _frame(pair: Observed, problems: list[str]) -> dict[str, tuple[Any, ...]]:
    """Sampling, grey pictures, ids."""
    parts = pair.coefficients.components
    out: dict[str, tuple[Any, ...]] = {"envelope.component_ids": (tuple(c.header.id for c in parts),)}
    given = [len(e.tables) for e in pair.stream.elements if isinstance(e, Dqt)]
    if len(parts) == 1:
        out["encode.unused_tables"] = (sum(given) > 1,)
        factors = pair.factors[0]
        name = next((n for n, f in SAMPLINGS.items() if f == factors), None)
        out["encode.grey_factors"] = (False, True) if factors == (1, 1) and name else (factors != (1, 1),)
        if factors != (1, 1):
            out["encode.sampling"] = (name,)
    else:
        name = Encode().observe(pair.stream).get("sampling")
        if name is None:
            told = " ".join(f"{h}x{v}" for h, v in pair.factors)
            problems.append(f"sampling factors {told}, which have no name here")
        else:
            # `sent` says nothing of a picture that has no sampling of its own.
            out["encode.sampling"] = (name, "sent") if sent_sampling(pair) in (None, name) else (name,)
    if is_rgb(pair.stream):
        out["encode.color"] = (Color.RGB,)
    if len(parts) == 3:
        number, usual = parts[1].header.quant_tbl_no, int(not is_rgb(pair.stream))
        out["encode.chroma_tbl_no"] = (-1,) if number == usual else (number,)
    if sum(given) > 1:
        out["envelope.merge_dqt"] = (len(given) == 1,)
    sent_grey = channels_sent(pair)
    if len(parts) == 3 and sent_grey < 3:
        out["encode.grey"] = ("widen",)
    elif len(parts) == 3:
        # A picture in colour agrees with all; whether every pixel of it is grey is asked where the answer matters.
        out["encode.grey"] = ("keep", "widen", "narrow") if not _is_grey(pair) else ("keep", "widen")
    elif sent_grey < 3:
        out["encode.grey"] = ("keep", "narrow", "luma")
    else:
        # A picture in colour, not only in RGB: every picture is made grey, be it here or, as far as files say, before.
        out["encode.grey"] = ("narrow", "luma") if _is_grey(pair) else ("luma",)
    return out


def _tables(pair: Observed, problems: list[str]) -> dict[str, tuple[Any, ...]]:
    """`tables`: every (law, quality) that gives them; `luma`: the same by luma alone; the steps themselves."""
    luma, chroma = pair.tables
    parts = pair.coefficients.components
    if len(parts) == 3 and (parts[1].steps != parts[2].steps).any():
        problems.append("Cb and Cr have different quantisation tables")
    is_420 = pair.factors[:1] == [(2, 2)] and len(parts) == 3
    grey = len(parts) == 1 or parts[1].header.quant_tbl_no == 0  # one table serves all
    by_luma = [(m.law, m.quality) for m in tables.candidates(luma) if _fits(m, "luma", is_420)]
    by_chroma = (
        by_luma if grey else [(m.law, m.quality) for m in tables.candidates(chroma) if _fits(m, "chroma", is_420)]
    )
    both = tuple(m for m in by_luma if m in by_chroma)
    out: dict[str, tuple[Any, ...]] = {"tables": both, "luma": tuple(by_luma), "luma_steps": (luma,)}
    if not grey:
        out["chroma_steps"] = (chroma,)
    quant = {t.Tq: t for e in pair.stream.elements if isinstance(e, Dqt) for t in e.tables}
    wide = any(t.Pq for t in quant.values())
    out["encode.force_baseline"] = (False,) if wide or max(*luma, *chroma) > 255 else (True, False)
    return out


def _fits(match: tables.TableMatch, role: str, is_420: bool) -> bool:
    return match.role in (role, "both") and match.is_420 in (None, is_420)


@dataclass(frozen=True)
class Restarts:
    """What a restart interval goes by."""

    count: int
    """0 for none."""
    of: Literal["interval", "rows"] = "interval"
    """MCUs, or rows of them: the parameter is `restart_interval` or `restart_rows`."""

    def __str__(self) -> str:
        what = "MCU" if self.of == "interval" else "row"
        return f"every {self.count} {what}s" if self.count > 1 else f"every {what}" if self.count else "none"


def _coding(pair: Observed) -> dict[str, tuple[Any, ...]]:
    """Script by name where it has one, restart interval."""
    stream = pair.stream
    script = Encode().observe(stream).get("script")
    frame = stream.frame
    if script is None and frame is not None:
        specs = tuple(ScanSpec((0,), s.Ss, s.Se, s.Ah, s.Al) for s in stream.scans)
        name = scans.name_of(specs)
        script = GENERAL.get(name or "", name) or specs
    return {"encode.script": (script,), "encode.restarts": _restarts(pair)}


def _restarts(pair: Observed) -> tuple[Restarts, ...]:
    """The counts of MCUs and of rows that each scan's interval is."""
    interval, scanned, ids = 0, [], [c.header.id for c in pair.coefficients.components]
    for element in pair.stream.elements:
        if isinstance(element, Dri):
            interval = element.restart_interval
        elif isinstance(element, Sos) and all(c.id in ids for c in element.components):
            spec = ScanSpec(tuple(ids.index(c.id) for c in element.components), 0, 63, 0, 0)
            scanned.append((interval, mcus_per_row(spec, *pair.size, pair.factors)))
    if not scanned or not any(n for n, _ in scanned):
        return (Restarts(0),)
    n, across = scanned[0]
    rows = (
        [Restarts(n // across, "rows")] if n and all(m == min(n // across * row, 65535) for m, row in scanned) else []
    )
    return (*([] if rows and len({m for m, _ in scanned}) > 1 else [Restarts(n)]), *rows)


def _jfif(pair: Observed, problems: list[str]) -> dict[str, tuple[Any, ...]]:
    found = [p for p in pair.stream.app(0) if p[:5] == b"JFIF\0"]
    if not found:
        return {"envelope.jfif": ("none",)}
    payload = found[0]
    version = f"{payload[5]}.{payload[6]:02}" if len(payload) >= 7 else "cut off"
    if len(found) > 1 or len(payload) != 14 or payload[12:] != b"\0\0" or version not in get_args(Jfif):
        problems.append(f"{len(found)} JFIF segments, version {version}, {len(payload)} bytes")
        return {"envelope.jfif": (version if version in get_args(Jfif) else "1.01",)}
    density = (payload[7], int.from_bytes(payload[8:10], "big"), int.from_bytes(payload[10:12], "big"))
    kept: tuple[Literal["sent", "sent-or-72"], ...] = ("sent", "sent-or-72")
    agreeing = (how for how in kept if sent_density(pair.context, how) == density)
    return {"envelope.jfif": (version,), "envelope.density": (density, *agreeing)}


def _segments(pair: Observed, problems: list[str]) -> tuple[dict[str, tuple[Any, ...]], tuple[str, ...]]:
    """Adobe, IPTC, ICC, comment, kept segments; and the order of all parts."""
    observed = Envelope().observe(pair.stream)
    theirs = [e for e in before_scans(pair.stream) if isinstance(e, Opaque)]
    late = [e.data for e in _opaque(pair.stream) if e.code == COM][sum(e.code == COM for e in theirs) :]
    sent = _opaque(pair.context.sent_stream) if pair.context.sent_stream is not None else []
    placed = [(part_of(e, sent), e) for e in theirs]
    iptc = observed["iptc"] if any(part == "iptc" for part, _ in placed) else ()
    out: dict[str, tuple[Any, ...]] = {"envelope.icc": _icc_options(pair, observed["icc"]), "envelope.iptc": (iptc,)}
    if "fbmd" in iptc:
        out["envelope.fbmd_type"] = (observed["fbmd_type"],)
    if "token" in iptc:
        out["envelope.token"] = (observed["token"],)
    adobe = [e.data for part, e in placed if part == "adobe"]
    out["envelope.adobe_transform"] = _or_sent(adobe[-1][-1] if adobe else -1, adobe, sent, 0xEE)
    comments = [e.data for part, e in placed if part == "comment"] + late
    if comments:
        out["envelope.comment_at"] = ("end" if late else "order",)
    text = comments[-1].decode("latin-1") if comments else ""
    out["envelope.comment"] = _or_sent(text, comments, sent, COM)
    if len(comments) > 1 and out["envelope.comment"] == (text,):
        problems.append(f"{len(comments)} comments")
    for code in sorted({e.code for part, e in placed if part == "kept"} | {e.code for e in sent if _loose(e)}):
        mine = [e.data for part, e in placed if part == "kept" and e.code == code]
        yours = [e.data for e in sent if e.code == code]
        if not mine:
            out[f"sent {marker_name(code)}"] = ("dropped",)
        elif mine == yours:
            out[f"sent {marker_name(code)}"] = ("kept",)
        else:
            problems.append(f"{marker_name(code)}, {sum(map(len, mine))} bytes, which were not sent so")
    _late(pair.stream, problems)
    return out, tuple(part for part, _ in groupby(part for part, _ in placed))


def _or_sent(value: Any, theirs: list[bytes], sent: list[Opaque], code: int) -> tuple[Any, ...]:
    """A value, and `sent` beside it where the sent file's segments of this marker are the same, none perhaps."""
    return (value, "sent") if theirs == [e.data for e in sent if e.code == code] else (value,)


def part_of(element: Opaque, sent: list[Opaque]) -> str:
    """The part of the envelope that a received segment is; `kept` for one that can only come from the sent file."""
    if element.code == 0xE0 and element.data[:5] == b"JFIF\0":
        return "jfif"
    if element.code == 0xE2 and element.data[:12] == b"ICC_PROFILE\0":
        return "icc"
    if element.code == 0xEE and element.data[:-1] == ADOBE:
        return "adobe"
    if element.code == 0xED and Envelope().observe(JpegStream((element,)))["iptc"]:
        same = any(e.code == element.code and e.data == element.data for e in sent)
        return "kept" if same else "iptc"  # nobody makes the same random string again
    return "comment" if element.code == COM else "kept"


def _loose(element: Opaque) -> bool:
    """Whether a sent segment is none of those that the envelope has parameters of their own for."""
    return part_of(element, [element]) == "kept"


def _icc_options(pair: Observed, received: str) -> tuple[Any, ...]:
    same = embeddable(sent_icc(pair.context)) == received
    if received == "none":
        return ("none", "sent") if same else ("none",)
    return ("sent", received) if same else (received,)


def _opaque(stream: JpegStream) -> list[Opaque]:
    return [e for e in stream.elements if isinstance(e, Opaque)]


def _late(stream: JpegStream, problems: list[str]) -> None:
    """Segments where none of ours stands: behind the first DQT (a comment before EOI apart), or bytes behind EOI."""
    started = False
    for element in stream.elements[: -2 if stream.elements[-2:-1] and stream.elements[-2].name == "COM" else None]:
        started = started or isinstance(element, (Dqt, Dht, Sof))
        if started and isinstance(element, Opaque):
            problems.append(f"{element.name} behind the tables")
    if stream.trailing:
        problems.append(f"{len(stream.trailing)} bytes behind the end")


def sent_sampling(pair: Observed) -> str | None:
    """The sampling of a sent JPEG of three components, by name; None for other files."""
    stream = pair.context.sent_stream
    if stream is None or stream.frame is None or len(stream.frame.components) != 3:
        return None
    found = Encode().observe(stream).get("sampling")
    return found if isinstance(found, str) else None


def channels_sent(pair: Observed) -> int:
    """1 for a sent file that is grey (alpha apart), else 3: from its header, where that tells."""
    stream = pair.context.sent_stream
    if stream is not None and stream.frame is not None:
        return 1 if len(stream.frame.components) == 1 else 3
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(pair.sent)) as image:
                return 1 if image.mode in GREY_MODES else 3
    except Exception:  # whatever Pillow meets in a damaged header; our own decoder may still read the picture
        return 1 if pair.as_sent.pixels.shape[2] < 3 else 3


def _is_grey(pair: Observed) -> bool:
    """Whether every pixel of the sent picture is grey. Looks at a few rows first, which tells for nearly all."""
    if len(pair.coefficients.components) == 3 and any(
        c.real[..., 0, 0].any() for c in pair.coefficients.components[1:]
    ):
        return False  # chroma was delivered
    pixels = pair.as_sent.pixels
    return pixels.shape[2] < 3 or bool(np.all(pixels[:, :, :3] == pixels[:, :, :1]))
