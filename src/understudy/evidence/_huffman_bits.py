"""Huffman tables beside the symbols that they code: standard, libjpeg's optimal ones, jpegli's or others; their cost.

Needs the coefficients, so it runs at depth "coefficients" only. Every scan is coded again; where that gives the file's
own bytes the counts are exact, and a table's place among the known ones is proved, not guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import JpegError
from ..jpeg.coefficients import Coefficients
from ..jpeg.entropy_encode import JPEGLI_MOST_CORRECTIONS, Slot, Tokenizer, Tokens
from ..jpeg.histogram_merge import Histogram
from ..jpeg.histogram_merge import table as jpegli_table
from ..jpeg.huffman import optimal, total_bits
from ..jpeg.syntax import Dht, Dri, HuffTable, JpegStream, ScanSpec, Sos
from .base import Observation, plural, script_of
from .huffman import standard_name

SOURCE = "T.81 K.2; libjpeg's and jpegli's rules (jpeg/huffman, jpeg/histogram_merge)"
MAX_SCANS = 200
MAX_SAMPLES = 1 << 26
"""Samples a component of the largest picture that is coded again: 67 megapixels."""

STANDARD, LIBJPEG, JPEGLI, OTHER = "standard", "libjpeg-optimal", "jpegli", "other"
KINDS = {
    STANDARD: "T.81's typical tables",
    LIBJPEG: "optimal by libjpeg's rule",
    JPEGLI: "made by jpegli's rule",
    f"{LIBJPEG} or {JPEGLI}": "optimal, by libjpeg's rule and by jpegli's alike",
    OTHER: "neither standard nor optimal by a rule known here",
}


@dataclass
class Used:
    """One table of one DHT segment, and how often each symbol was coded with it."""

    table: HuffTable
    counts: Histogram = field(default_factory=lambda: np.zeros(256, np.int64))
    scans: int = 0


def examine(stream: JpegStream, coefficients: Coefficients) -> Iterator[Observation]:
    """What the tables cost; nothing where scans cannot be coded again (damaged, illegal, far too many or too large)."""
    frame = stream.frame
    if frame is None or not 1 <= len(stream.scans) <= MAX_SCANS or coefficients.anomalies:
        return
    if frame.width * frame.height > MAX_SAMPLES:
        return
    try:
        used, same, scans = _count(stream, coefficients)
    except JpegError:
        return
    rows = [row for use in used if (row := _row(use)) is not None]
    if not rows:
        return
    kinds = sorted({row["kind"] for row in rows})
    kind = _common(kinds)
    spent, best = sum(r["bits"] for r in rows), sum(r["optimal_bits"] for r in rows)
    over = spent - best
    told = f"{KINDS.get(kind, kind)}; {_beside(over, best)}"
    if same < scans:
        told += f"; {scans - same} of {scans} scans were coded by another rule, so the counts are near, not exact"
    yield Observation("huffman_bits", "kind", kind, told, None, SOURCE)
    yield Observation("huffman_bits", "bits", spent, f"{plural(spent, 'bit')} of codes", None, SOURCE)
    yield Observation("huffman_bits", "optimal_bits", best, f"{plural(best, 'bit')} with optimal tables", None, SOURCE)
    yield Observation("huffman_bits", "excess_bits", over, f"{plural(over, 'bit')} more", None, SOURCE)
    yield Observation(
        "huffman_bits", "scans_reproduced", same, f"{same} of {scans} scans coded again alike", None, SOURCE
    )
    yield Observation("huffman_bits", "tables", rows, plural(len(rows), "table"), None, SOURCE)


def _beside(over: int, best: int) -> str:
    """How many bits more or fewer than with libjpeg's optimal tables, whose codes are cut to 16 bits by T.81 K.3."""
    if not over:
        return "as many bits as libjpeg's optimal tables take"
    word = "more" if over > 0 else "fewer"
    return f"{plural(abs(over), 'bit')} ({abs(over) / max(best, 1):.2%}) {word} than libjpeg's optimal tables take"


def _common(kinds: list[str]) -> str:
    """The one kind that all tables can be, otherwise all kinds."""
    for kind in (STANDARD, LIBJPEG, JPEGLI):
        if all(kind in k.split(" or ") for k in kinds):
            both = kind == LIBJPEG and all(JPEGLI in k for k in kinds)
            return f"{LIBJPEG} or {JPEGLI}" if both else kind
    return " and ".join(kinds)


def _row(use: Used) -> dict[str, Any] | None:
    """One used table as a row; None for one without symbols or with codes missing."""
    if not use.counts.any():
        return None
    counts = [int(n) for n in use.counts]
    bits = total_bits(use.table, counts)
    if bits is None:
        return None
    table = use.table
    best = optimal(counts, table.Tc, table.Th)
    own = (table.counts, table.symbols)
    names = [LIBJPEG] if own == (best.counts, best.symbols) else []
    theirs = jpegli_table(use.counts, table.Tc, table.Th)
    names += [JPEGLI] if own == (theirs.counts, theirs.symbols) else []
    kind = " or ".join(names) or (STANDARD if standard_name(table) else OTHER)
    return {
        "name": table.name,
        "kind": kind,
        "scans": use.scans,
        "bits": bits,
        "optimal_bits": total_bits(best, counts),
        "symbols_used": int((use.counts > 0).sum()),
        "codes": sum(table.counts),
    }


def _count(stream: JpegStream, coefficients: Coefficients) -> tuple[list[Used], int, int]:
    """(each table with its counts, scans that come out byte for byte alike, scans)."""
    frame = stream.frame
    assert frame is not None
    tokenizer = Tokenizer(
        [c.blocks for c in coefficients.components],
        width=frame.width,
        height=frame.height,
        factors=[(c.h_samp_factor, c.v_samp_factor) for c in frame.components],
        progressive=frame.progressive,
    )
    script = iter(script_of(stream))
    used: list[Used] = []
    current: dict[Slot, Used] = {}
    interval = same = 0
    for element in stream.elements:
        if isinstance(element, Dri):
            interval = element.restart_interval
        elif isinstance(element, Dht):
            for table in element.tables:
                current[table.Tc, table.Th] = use = Used(table)
                used.append(use)
        elif isinstance(element, Sos):
            components, *band = next(script)
            tokens, alike = _again(tokenizer, element, ScanSpec(tuple(components), *band), interval, current)
            same += alike
            for slot, counts in tokens.counts.items():
                if slot in current:
                    current[slot].counts += counts
                    current[slot].scans += 1
    return used, same, len(stream.scans)


def _again(
    tokenizer: Tokenizer, sos: Sos, spec: ScanSpec, interval: int, current: dict[Slot, Used]
) -> tuple[Tokens, bool]:
    """The scan's tokens, and whether they give its bytes with its tables: by libjpeg's rule, else by jpegli's."""
    slots = [(c.dc_tbl_no, c.ac_tbl_no) for c in sos.components]
    if any(number > 3 for slot in slots for number in slot) or -1 in spec.components:
        raise JpegError(
            "a scan that selects what is not there", place="SOS", expected="tables 0 to 3, known components"
        )
    tables = {slot: use.table for slot, use in current.items()}
    first = tokenizer.scan(spec, slots, restart_interval=interval)
    if _gives(first, tables, sos.data):
        return first, True
    if not spec.Ah:
        return first, False
    second = tokenizer.scan(
        spec, slots, restart_interval=interval, most_corrections=JPEGLI_MOST_CORRECTIONS, close_before=True
    )
    return (second, True) if _gives(second, tables, sos.data) else (first, False)


def _gives(tokens: Tokens, tables: dict[Slot, HuffTable], data: bytes) -> bool:
    try:
        return tokens.encode(tables) == data or tokens.encode(tables, always_pad=True) == data
    except JpegError:
        return False
