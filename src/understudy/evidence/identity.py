"""Which platform delivered the file, on which surface and in which era, and whether it is untouched since.

Three words, by rule. **marked**: FBMD is there and every position and the length in it fit this very file. Of
platforms only Meta's are known to write it; but it is a note, no signature, and others can write it: `understudy
mimic` does. So nothing here is ever certain. **consistent with**: every trait of a known signature (signatures.toml)
is there, among them what nobody else is known to write; or FBMD is there, but speaks of another file. **cannot
tell**: whatever fits is written by other software too, or nothing fits. Tables alone tell no platform. Where it
cannot be told, the known files with the same headers are counted (_resemblance.py): evidence, no probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..jpeg.syntax import JpegStream
from ._knowledge import Signature, Traits, compare, signatures
from ._resemblance import resembling
from ._traits import LONGEST, delivered, said
from .base import Observation

MARKED, CONSISTENT, CANNOT_TELL = "marked", "consistent with", "cannot tell"
META = "Meta"
NAMES = {
    "facebook": "Facebook",
    "flickr": "Flickr",
    "googlephotos": "Google Photos",
    "imgur": "Imgur",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "messenger": "Messenger",
    "reddit": "Reddit",
    "signal": "Signal",
    "telegram": "Telegram",
    "twitter": "X/Twitter",
    "wechat": "WeChat",
    "weibo": "Weibo",
    "whatsapp": "WhatsApp",
}
"""How platforms are written."""

MAX_CONTRADICTIONS = 2
"""What the nearest signature may contradict at most to be told where none fits."""

KNOWN = "header facts of delivered files from public repositories, November 2026: known_files.toml"

RULES = "rules and signatures: evidence/identity, signatures.toml; measured on 478 delivered files, November 2026"


def conclude(stream: JpegStream, observations: tuple[Observation, ...]) -> Iterator[Observation]:
    """One observation set for a file with a frame and a scan."""
    observed = said(observations)
    found = delivered(stream, observed, observations)
    if not found:
        return
    intact = observed.get(("fbmd", "intact"))
    at = next((o.offset for o in observations if o.topic == "fbmd"), None)
    verdict = identify(found, intact)
    text = sentence(verdict)
    for name in ("platforms", "confidence", "era", "candidates", "not_distinguished"):
        yield Observation("identity", name, verdict[name], text, at, RULES)
    if verdict["operator"]:
        how = verdict["operator"]["confidence"]
        told = f"{how} {META}, as its note FBMD shows (no signature: it can be forged)"
        source = "of platforms only Meta's are known to write FBMD; understudy mimic writes it too"
        yield Observation("identity", "operator", verdict["operator"], told, at, source)
    if verdict["nearest"]:
        near = verdict["nearest"][0]
        told = f"nearest: {title(near)}, but {'; '.join(near['contradicts'])}"
        yield Observation("identity", "nearest", verdict["nearest"], told, None, near["source"])
    if not verdict["platforms"]:
        alike = resembling(found)
        yield Observation("identity", "resembles", alike, alike_text(alike), None, KNOWN)
    answer, why = untouched(intact, verdict)
    yield Observation("identity", "delivered_untouched", answer, f"delivered untouched: {answer}; {why}", at, RULES)
    yield Observation("identity", "traits", found, f"{len(found)} traits of the headers", None, "the headers")


def identify(found: Traits, intact: str | None = None, known: Sequence[Signature] | None = None) -> dict[str, Any]:
    """What the traits say: a dict of operator, once, forerunner, platforms, confidence, era, candidates and so on.

    intact: FBMD's answer (see fbmd.judge), None without a note. known: the signatures, as shipped if None.
    platforms: the best supported first; empty where it cannot be told. candidates: the signatures without a
    contradiction; with FBMD those of its type, whatever they contradict, if none fits. once: FBMD is there, but speaks
    of another file: Meta delivered a forerunner of this one. forerunner: only a trace fits, which tells of one too.
    """
    rows = [_row(s, found) for s in (signatures() if known is None else known)]
    fits = _ordered(r for r in rows if not r["contradicts"])
    telling = [r for r in fits if r["telling"] and not r["trace"]]
    forerunner = intact is None and not telling and any(r["telling"] for r in fits)
    if forerunner:
        telling = [r for r in fits if r["telling"]]
    elif telling:
        fits = [r for r in fits if not r["trace"]]
    sure = intact == "yes"
    if intact is not None and not telling:
        marked = [r for r in rows if r["telling"] and f"FBMD: {found['FBMD']}" in r["supports"]]
        telling = fits = _ordered(marked)
    told = telling or fits
    platforms = list(dict.fromkeys(r["platform"] for r in telling))
    if intact is not None and not platforms:
        platforms = ["facebook", "instagram", "messenger"]  # FBMD of a type that is not known here
    near = _ordered(r for r in rows if 0 < len(r["contradicts"]) <= MAX_CONTRADICTIONS and len(r["supports"]) > 4)
    return {
        "operator": None if intact is None else {"name": META, "confidence": MARKED if sure else CONSISTENT},
        "once": intact in ("no", "stale"),
        "forerunner": forerunner,
        "platforms": platforms,
        "confidence": CONSISTENT if platforms else CANNOT_TELL,
        "era": _era(telling),
        "candidates": told,
        "nearest": [] if fits else near[:2],
        "not_distinguished": list(dict.fromkeys(r["not_distinguished"] for r in told if r["not_distinguished"])),
    }


def untouched(intact: str | None, verdict: dict[str, Any]) -> tuple[str, str]:
    """(`yes`, `no` or `cannot tell`; why) to: is the file as the platform delivered it?"""
    if intact == "yes":
        return "yes", "every position that FBMD notes, and the length, stand here"
    if intact in ("no", "stale"):
        return "no", "FBMD notes other positions or another length"
    if intact is None and verdict["platforms"]:
        return CANNOT_TELL, "nothing in the structure contradicts it, and no note of positions proves it"
    return CANNOT_TELL, "FBMD is damaged" if intact else "no platform is known by its structure"


def sentence(verdict: dict[str, Any]) -> str:
    """The verdict in plain words, without a full stop."""
    rows = verdict["candidates"]
    if not verdict["platforms"]:
        fits = list(dict.fromkeys(r["platform"] for r in rows))
        why = "no signature known here fits"
        if fits:
            deliver = "deliver" if len(fits) > 1 else "delivers"
            why = f"{_names(fits)} {deliver} such files, and other software writes the same"
        return f"which platform delivered it cannot be told: {why}"
    if verdict["forerunner"]:
        trace = " and ".join(dict.fromkeys(r["telling"] for r in rows))
        return (
            f"of no platform's own making, as far as known here; a forerunner is {CONSISTENT} "
            f"{_names(verdict['platforms'])}, by {trace}"
        )
    where = next((r["surface"] for r in rows if r["surface"]), "") if len(verdict["platforms"]) == 1 else ""
    detail = ", ".join(part for part in (where, verdict["era"]) if part)
    told = f"{CONSISTENT} {_names(verdict['platforms'])}" + (f" ({detail})" if detail else "")
    if not verdict["operator"]:
        return told
    if verdict["operator"]["confidence"] != MARKED and not verdict["once"]:
        return f"{META} delivered it or a forerunner: there is a damaged FBMD; {told}"
    if verdict["once"]:
        return f"changed since {META} delivered its forerunner: FBMD speaks of another file; {told}"
    return f"{MARKED} as delivered by {META}: FBMD fits this file, but signs nothing; {told}"


def alike_text(alike: dict[str, Any]) -> str:
    """What known deliveries have the same headers, in plain words."""
    if not alike["platforms"]:
        return f"none of the {alike['known']} known deliveries without FBMD has {alike['compared']}"
    told = []
    for row in alike["platforms"]:
        size = f", {row['same_size']} of this very longest side" if row["same_size"] else ""
        size = size or (f", none longer than {row['longest']:,} pixels" if row["beyond"] else "")
        told.append(f"{NAMES.get(row['platform'], row['platform'])} {row['files']} of {row['of']}{size}")
    return (
        f"known deliveries without FBMD that have {alike['compared']}: {'; '.join(told)} "
        "(counts of files gathered, no probabilities: how many others have them is not known)"
    )


def title(row: dict[str, Any]) -> str:
    """A candidate in a few words."""
    return ", ".join(part for part in (NAMES.get(row["platform"], row["platform"]), row["surface"], row["era"]) if part)


def _names(platforms: Sequence[str]) -> str:
    names = [NAMES.get(p, p) for p in platforms]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _era(rows: Sequence[dict[str, Any]]) -> str:
    """The years of all rows together."""
    since, until = [r["since"] for r in rows], [r["until"] for r in rows]
    if not rows or None in since:
        return ""
    last = None if None in until else max(until)
    return f"since {min(since)}" if last is None else str(last) if last == min(since) else f"{min(since)} to {last}"


def _ordered(rows: Any) -> list[dict[str, Any]]:
    """The least contradicted first, then the best supported, then the most seen."""
    return sorted(rows, key=lambda r: (len(r["contradicts"]), -len(r["supports"]), -r["files"]))


def _row(signature: Signature, found: Traits) -> dict[str, Any]:
    supports, contradicts = compare(signature.traits, found)
    if signature.limits and found.get(LONGEST, "").isdecimal():
        _by_size(signature.limits, int(found[LONGEST]), supports, contradicts)
    return {
        "id": signature.id,
        "platform": signature.platform,
        "surface": signature.surface,
        "since": signature.since,
        "until": signature.until,
        "era": signature.era,
        "profile": signature.profile or None,
        "telling": signature.telling,
        "trace": signature.trace,
        "supports": supports,
        "contradicts": contradicts,
        "not_distinguished": signature.note,
        "source": signature.source,
        "files": signature.files,
        "sources": signature.sources,
    }


def _by_size(limits: Sequence[int], longest: int, supports: list[str], contradicts: list[str]) -> None:
    """At one of the limits the size supports, beyond the last it contradicts; smaller pictures keep their size."""
    if longest in limits:
        supports.append(f"{LONGEST}: {longest}, at which the platform stops")
    elif longest > limits[-1]:
        contradicts.append(f"{LONGEST}: {longest}, expected {limits[-1]} or less")
