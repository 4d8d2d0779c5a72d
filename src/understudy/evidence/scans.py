"""The scan script: what arrives when, its name, and whether T.81 allows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..codec.scans import Script, check, name_of
from ..jpeg.syntax import JpegStream, ScanSpec, Sos
from ._knowledge import script_text
from ._scripts import KINDS, kinds_of
from .base import Observation, anomaly, channel_names, placed, plural, script_of
from .segments import scan_text

MAX_SCANS = 1_000
"""Scans that are held against the rules and looked up: no encoder writes a tenth of them."""

MAX_TEXT_SCANS = 40
"""Scans of a script that is told in one line."""

MAX_PROBLEMS = 20
"""Broken rules that are told one by one."""

DCT_PROCESSES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
"""SOF markers of the non-hierarchical DCT processes, to whose scans the rules apply."""

MAX_MCU_BLOCKS = 10
"""Blocks that an interleaved MCU may have; T.81 B.2.3."""


def detect(stream: JpegStream) -> Iterator[Observation]:
    places = list(placed(stream, Sos))
    if not places:
        yield anomaly("no scan (SOS)", 0, "T.81 B.2.1")
        return
    script = script_of(stream)
    at = places[0][0]
    count = len(script)
    name = _name(stream, script)
    yield Observation("scans", "count", count, plural(count, "scan"), at, "T.81 B.2.3")
    told = f'the script "{name}"' if name else "a script without a name here"
    yield Observation("scans", "name", name, f"{plural(count, 'scan')}, {told}", at, "measured scripts, codec/scans")
    yield Observation(
        "scans",
        "script",
        script,
        f"{plural(count, 'scan')} of [components, Ss, Se, Ah, Al]",
        at,
        "T.81 B.2.3",
    )
    if progressive := stream.frame is not None and stream.frame.progressive:
        yield from _kinds(script, at)
    names = channel_names(stream)
    rows = [
        _row(offset, sos, row, scan_text(row, names, progressive))
        for (offset, sos), row in zip(places, script, strict=True)
    ]
    total = sum(len(sos.data) for _, sos in places)
    yield Observation("scans", "list", rows, f"{plural(total, 'byte')} of entropy-coded data", at, "T.81 B.1.1.5")
    problems = broken_rules(stream, script)
    for text, clause in problems[:MAX_PROBLEMS]:
        yield anomaly(text, at, clause)
    if len(problems) > MAX_PROBLEMS:
        yield anomaly(f"and {len(problems) - MAX_PROBLEMS:,} more rules broken by the script", at, "T.81 G.1.1.1")
    text = "a legal script" if not problems else f"the script breaks {plural(len(problems), 'rule')}"
    yield Observation("scans", "legal", not problems, text, at, "T.81 B.2.3, G.1.1.1")
    unsent = unfinished(stream, script)
    text = "every coefficient arrives whole" if not unsent else f"{plural(unsent, 'coefficient')} never arrive whole"
    yield Observation("scans", "unfinished", unsent, text, at, "T.81 G.1.1.1")


def _kinds(script: list[list[Any]], at: int) -> Iterator[Observation]:
    """What an optimiser could have chosen so, and the script in one line."""
    kinds = kinds_of(script)
    if kinds:
        told = "; ".join(f"{kind} ({KINDS[kind]})" for kind in kinds)
        yield Observation("scans", "kinds", list(kinds), told, at, "evidence/_scripts")
    if len(script) <= MAX_TEXT_SCANS:
        line = script_text(_specs(script))
        yield Observation("scans", "text", line, line, at, "T.81 B.2.3")


def _row(offset: int, sos: Sos, row: list[Any], says: str) -> dict[str, Any]:
    return {
        "offset": offset,
        "components": row[0],
        "Ss": sos.Ss,
        "Se": sos.Se,
        "Ah": sos.Ah,
        "Al": sos.Al,
        "selectors": [f"{c.dc_tbl_no}{c.ac_tbl_no}" for c in sos.components],
        "bytes": len(sos.data),
        "says": says,
    }


def _specs(script: list[list[Any]]) -> Script:
    """The script as codec/scans has it; of a component list that is too long, enough to be seen as that."""
    return tuple(ScanSpec(tuple(components[:5]), *band) for components, *band in script[:MAX_SCANS])


def _name(stream: JpegStream, script: list[list[Any]]) -> str | None:
    """The script's name. A frame of one process cannot have the script of another, whatever the numbers
    are."""
    frame = stream.frame
    if frame is None or len(script) > MAX_SCANS:
        return None
    sequential = all(band == [0, 63, 0, 0] for _, *band in script)
    return name_of(_specs(script)) if sequential != frame.progressive else None


def broken_rules(stream: JpegStream, script: list[list[Any]]) -> list[tuple[str, str]]:
    """(what is wrong, clause) for each rule of T.81 that the script breaks in this frame."""
    frame = stream.frame
    if frame is None or frame.code not in DCT_PROCESSES:
        return []
    found = [_clause_apart(problem) for problem in check(_specs(script), len(frame.components))]
    sequential = [band == [0, 63, 0, 0] for _, *band in script[:MAX_SCANS]]
    if frame.progressive and all(sequential):
        found.append((f"only sequential scans (0-63) in {frame.name}", "T.81 G.1.1.1.1"))
    if not frame.progressive and not all(sequential):
        number = sequential.index(False)
        band = script[number][1:]
        text = f"scan {number + 1}: Ss Se Ah Al are {band}, expected 0 63 0 0 in {frame.name}"
        found.append((text, "T.81 B.2.3"))
    for number, (components, *_) in enumerate(script[:MAX_SCANS], 1):
        known = [frame.components[i] for i in components[:5] if i >= 0]
        blocks = sum(c.h_samp_factor * c.v_samp_factor for c in known)
        if len(known) > 1 and blocks > MAX_MCU_BLOCKS:
            text = f"scan {number}: {blocks} blocks in an MCU, expected {MAX_MCU_BLOCKS} or fewer"
            found.append((text, "T.81 B.2.3"))
    return found


def _clause_apart(problem: str) -> tuple[str, str]:
    """`what; T.81 B.2.3` in its two parts."""
    text, _, clause = problem.rpartition("; ")
    return (text, clause) if clause.startswith("T.81") else (problem, "T.81 G.1.1.1")


def unfinished(stream: JpegStream, script: list[list[Any]]) -> int:
    """How many of the 64 coefficients of all components together lack bits when the last scan has come."""
    frame = stream.frame
    if frame is None or frame.code not in DCT_PROCESSES:
        return 0
    missing = {i: [True] * 64 for i in range(len(frame.components))}
    for components, Ss, Se, _, Al in script[:MAX_SCANS]:
        for i in components[:5]:
            if i >= 0 and Ss <= Se <= 63:
                missing[i][Ss : Se + 1] = [Al > 0] * (Se + 1 - Ss)
    return sum(sum(bits) for bits in missing.values())
