"""The headers as words, trait by trait: what layouts of encoders and signatures of platforms are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..codec.tables import TableMatch, candidates, identify
from ..jpeg.syntax import APP0, COM, Dht, JpegStream, Opaque, Sof
from ._knowledge import NONE, OR, PARTS
from .base import Observation, before_scans, dqt_grouping

Said = dict[tuple[str, str], Any]
"""(topic, name) -> the value that was observed."""

MAX_METADATA = 40
LONGEST = "longest side"
"""The trait that holds the longest side, in pixels."""


def said(observations: tuple[Observation, ...]) -> Said:
    """The observations' values by topic and name; of a list's, the last."""
    return {(o.topic, o.name): o.value for o in observations}


def container(stream: JpegStream, observed: Said) -> dict[str, str]:
    """The container's traits, only those that the file has; empty without a frame or a scan."""
    frame = stream.frame
    if frame is None or not stream.scans:
        return {}
    found = {
        "process": frame.name,
        "component ids": " ".join(str(c.id) for c in frame.components[:8]),
        "JFIF": observed.get(("jfif", "version"), NONE),
        "Adobe marker": "yes" if ("adobe", "transform") in observed else "no",
        "tables before the frame": _before_frame(stream),
    }
    dqt = dqt_grouping(stream)
    if sum(dqt) > 1:
        found["quantisation tables"] = grouping(dqt)
    dht = [len(e.tables) for e in stream.elements if isinstance(e, Dht)]
    if sum(dht) > 1:
        found["Huffman tables"] = grouping(dht)
    first = [t.name for e in before_scans(stream) if isinstance(e, Dht) for t in e.tables]
    if first:
        mixed = frame.progressive and any(name.startswith("AC") for name in first)
        found["first scan's tables"] = "DC and AC together" if mixed else ", ".join(first[:8])
    interleaved = frame.components and len(stream.scans[0].components) == len(frame.components)
    if interleaved:
        found["DC scan selectors"] = " ".join(f"{c.dc_tbl_no}{c.ac_tbl_no}" for c in stream.scans[0].components[:8])
    ac = {f"{c.dc_tbl_no}{c.ac_tbl_no}" for s in stream.scans if s.Ss for c in s.components}
    if ac:
        found["AC scan selectors"] = " ".join(sorted(ac)[:16])
    names = [observed.get(("scans", "name")), *observed.get(("scans", "kinds"), ())]
    if any(names):
        found["script"] = OR.join(n for n in names if n)
    return found


def delivered(stream: JpegStream, observed: Said, observations: tuple[Observation, ...]) -> dict[str, str]:
    """The traits that tell platforms apart; empty without a frame or a scan."""
    found = container(stream, observed)
    if not found:
        return {}
    pair = laws([o.value for o in observations if o.topic == "tables"], observed)
    found["law"], found["quality"] = NONE, NONE
    if pair["exact"]:
        found["law"] = OR.join(dict.fromkeys([pair["law"], *(t["law"] for t in pair["ties"])]))
        found["quality"] = OR.join(dict.fromkeys(str(t["quality"]) for t in (pair, *pair["ties"])))
    found.setdefault("script", observed.get(("scans", "text"), ""))
    found["sampling"] = observed.get(("frame", "sampling")) or observed.get(("frame", "sampling_factors"), "")
    standard = [bool(row["standard"]) for row in observed.get(("huffman", "tables"), ())]
    if standard:
        found["Huffman codes"] = codes_text(all(standard), any(standard))
    if ("jfif", "density") in observed:
        x, y = observed["jfif", "density"]
        found["density"] = f"{observed['jfif', 'units']} {x}x{y}"
    found["ICC"] = icc_text(observed.get(("icc", "description"), ""), observed.get(("icc", "bytes"), 0))
    found["FBMD"] = observed.get(("fbmd", "type"), NONE)
    found["metadata"] = " ".join(_metadata(stream)) or NONE
    found[LONGEST] = str(max(observed.get(("frame", "width"), 0), observed.get(("frame", "height"), 0)))
    comments = [e.data for e in stream.elements if isinstance(e, Opaque) and e.code == COM]
    found["comment"] = comments[0][:20].hex() if comments else NONE
    return found


def codes_text(every: bool, some: bool) -> str:
    """Whether the Huffman tables are T.81's."""
    return "standard" if every else "partly standard" if some else "made for the picture"


def icc_text(description: str | None, size: int) -> str:
    """`uRGB 456`: a profile by what it calls itself and its bytes."""
    return f"{description or 'unnamed'} {size}" if size else NONE


def grouping(counts: Sequence[int]) -> str:
    """How tables are spread over segments, from how many each segment holds."""
    if len(counts) == 1:
        return "all in one segment"
    return "one a segment" if max(counts) == 1 else "several share a segment"


def _before_frame(stream: JpegStream) -> str:
    names: list[str] = []
    for element in stream.elements:
        if isinstance(element, Sof):
            break
        if element.name in ("DQT", "DHT") and element.name not in names:
            names.append(element.name)
    return " ".join(names) or NONE


def _metadata(stream: JpegStream) -> list[str]:
    """What each APPn segment before the frame holds, runs folded: `JFIF ICC APP13`."""
    known = (
        (0, b"JFIF\0", "jfif"),
        (2, b"ICC_PROFILE\0", "icc"),
        (13, b"Photoshop 3.0\0", "iptc"),
        (14, b"Adobe", "adobe"),
    )
    out: list[str] = []
    for element in stream.elements:
        if isinstance(element, Sof) or len(out) >= MAX_METADATA:
            break
        if isinstance(element, Opaque) and APP0 <= element.code <= APP0 + 15:
            n = element.code - APP0
            part = next((PARTS[p] for m, head, p in known if m == n and element.data.startswith(head)), f"APP{n}")
            if out[-1:] != [part]:
                out.append(part)
    return out


def laws(values: Sequence[dict[str, Any]], observed: Said) -> dict[str, Any]:
    """The law that gives the tables of all components together; `law` is None where the tables obey none in common.

    values: those of the topic `tables`. Returns law, quality, exact, residual (the larger of the two), ties (other laws
    and qualities that give the very same tables), luma and chroma (each table's own law, quality, exact, residual).
    """
    by_Tq = {value["Tq"]: value for value in values}
    used = [by_Tq.get(Tq) for Tq in observed.get(("frame", "quant_tbl_no"), ())][:4]
    parts = {"luma": used[0] if used else None, "chroma": used[1] if len(used) > 2 else None}
    steps = {role: tuple(v["steps_natural"]) for role, v in parts.items() if v is not None}
    told: dict[str, Any] = {role: _own(role, steps[role]) if role in steps else None for role in parts}
    fits = _common(steps, observed.get(("frame", "sampling")) == "4:2:0") if "luma" in steps else []
    more = len({v["steps_natural"] and tuple(v["steps_natural"]) for v in used[1:] if v}) > 1
    if fits and not more:
        (law, quality), *others = fits
        ties = [{"law": other, "quality": q} for other, q in others]
        return {"law": law, "quality": quality, "exact": True, "residual": 0.0, "ties": ties, **told}
    residual = max((t["residual"] for t in told.values() if t), default=None)
    return {"law": None, "quality": None, "exact": False, "residual": residual, "ties": [], **told}


def _own(role: str, steps: tuple[int, ...]) -> dict[str, Any]:
    match = next((m for m in candidates(steps) if m.role in (role, "both")), None) or identify(steps)
    return {"law": str(match.law), "quality": match.quality, "exact": match.exact, "residual": round(match.residual, 4)}


def _common(steps: dict[str, tuple[int, ...]], is_420: bool) -> list[tuple[str, int | None]]:
    """(law, quality) that give every table in its role, the commoner first. A table that serves both may be either."""
    one = len(set(steps.values())) == 1
    sets: list[list[TableMatch]] = []
    for role, table in steps.items():
        found = [m for m in candidates(table) if m.is_420 in (None, is_420)]
        sets.append([m for m in found if one or m.role in (role, "both")])
    both = [m for m in sets[0] if all(any((m.law, m.quality) == (n.law, n.quality) for n in rest) for rest in sets[1:])]
    return list(dict.fromkeys((str(m.law), m.quality) for m in both))
