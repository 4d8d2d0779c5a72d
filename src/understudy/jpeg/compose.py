"""Quantised coefficients -> coded scans -> a file's segments, in the layout of a named writer.

`encode` does what depends on the coefficients (tokens, Huffman tables, bits); `layout` arranges the result as
segments. Two writers with the same entropy layer differ only in `Layout`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..errors import JpegError
from .coefficients import Blocks, grids
from .entropy_encode import JPEGLI_MOST_CORRECTIONS, LIBJPEG_MOST_CORRECTIONS, Slot, Tokenizer, Tokens
from .histogram_merge import SLOTS, Histogram, merge
from .huffman import STANDARD, optimal
from .syntax import (
    EOI,
    SOI,
    Dht,
    Dqt,
    Dri,
    Element,
    FrameComponent,
    HuffTable,
    JpegStream,
    QuantTable,
    ScanComponent,
    ScanSpec,
    Sof,
    Sos,
    Standalone,
)


class Huffman(StrEnum):
    """Where a scan's Huffman tables come from."""

    STANDARD = "standard"
    """T.81 K.3 to K.6, for sequential scans."""
    OPTIMAL = "optimal"
    """Optimal for each scan, by libjpeg's rule (`huffman.optimal`)."""
    JPEGLI = "jpegli"
    """jpegli's whole entropy layer: tables for the whole file (`histogram_merge`), and its own rule for when a run of
    end-of-bands is closed in refinement scans."""


class DhtLayout(StrEnum):
    """How tables are spread over DHT segments."""

    SEPARATE = "separate"
    """libjpeg: a segment a table, before the scan that first uses it, no table twice."""
    PER_COMPONENT = "per-component"
    """Facebook's classic encoder: a segment for each component of the scan, so a shared table stands twice."""
    MERGED = "merged"
    """mozjpeg: one segment a scan, an empty one where the scan needs no table (4 files named WhatsApp of deliveries.csv
    have a DHT segment before each scan that refines DC, and no table in it)."""
    JPEGLI = "jpegli"
    """jpegli with its own tables: all DC and the first four AC tables in one segment before the first scan, each
    later table alone before the scan that first uses it. DRI stands before them, not behind."""


class Selectors(StrEnum):
    """What the table selectors (T.81's Tdj, Taj) say of tables that a progressive scan does not use."""

    ZERO_UNUSED = "zero-unused"
    """libjpeg: 0."""
    ALWAYS = "always"
    """Facebook's classic encoder: the component's table numbers in every scan."""


@dataclass(frozen=True, slots=True, eq=False)
class CodedScan:
    """One scan with its Huffman tables and its bits."""

    spec: ScanSpec
    selectors: tuple[tuple[int, int], ...]
    """(dc_tbl_no, ac_tbl_no) of each of its components, used or not."""
    tables: Mapping[Slot, HuffTable]
    """The tables that its codes come from."""
    data: bytes
    restart_interval: int = 0
    """MCUs of this scan between RSTm, 0 for none."""


ScanSearch = Callable[[Callable[[ScanSpec], CodedScan]], Sequence[CodedScan]]
"""Finds a picture's scans by trying: it is given the function that codes a scan, and returns those that it keeps."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A picture after entropy coding, before it is arranged as a file."""

    width: int
    height: int
    progressive: bool
    components: tuple[FrameComponent, ...]
    quant_tables: tuple[QuantTable, ...]
    blocks: tuple[Blocks, ...]
    """Each component's quantised coefficients `[v_blocks, h_blocks, 8, 8]`."""
    scans: tuple[CodedScan, ...]
    shared_tables: tuple[HuffTable, ...] = ()
    """Tables that were made for the whole file, in the order in which they are sent; empty where scans have their
    own."""
    rgb: bool = False
    """Whether three components are R, G and B, not YCbCr."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a writer arranges segments."""

    component_ids: tuple[int, ...] = (1, 2, 3, 4)
    merge_dqt: bool = False
    """One DQT segment for all tables."""
    dht: DhtLayout = DhtLayout.SEPARATE
    selectors: Selectors = Selectors.ZERO_UNUSED
    frame_first: bool = False
    """The frame header before the DQT segments: Rust's image crate."""


def encode(
    blocks: Sequence[Blocks],
    *,
    width: int,
    height: int,
    components: Sequence[FrameComponent],
    quant_tables: Sequence[QuantTable],
    script: Sequence[ScanSpec] | ScanSearch,
    progressive: bool,
    huffman: Huffman = Huffman.OPTIMAL,
    restart_interval: int = 0,
    restart_rows: int = 0,
    most_corrections: int = LIBJPEG_MOST_CORRECTIONS,
    force_baseline: bool = True,
    always_pad: bool = False,
    rgb: bool = False,
) -> Encoded:
    """The entropy-coded picture.

    blocks: int16 `[v_blocks, h_blocks, 8, 8]` a component, natural order, partial MCUs included.
    script: scans in order, or a search for them (not with JPEGLI). Luma (the first component) uses Huffman tables 0,
    the others 1, as libjpeg does, unless `huffman` is JPEGLI.
    most_corrections: see LIBJPEG_MOST_CORRECTIONS; JPEGLI has its own.
    force_baseline: with JPEGLI in a sequential file, at most two tables a class.
    restart_interval: MCUs between RSTm, 0 for none. restart_rows: rows of MCUs between them instead, counted in each
    scan's own MCUs as libjpeg does (T.81 A.2.2: a scan of one component has MCUs of one block); not with JPEGLI.
    always_pad: see `Tokens.encode`; not with JPEGLI.
    rgb: three components are R, G and B, and all use Huffman tables 0, as libjpeg writes them; not with JPEGLI.

    Raises JpegError for shapes that do not fit, coefficients without a code, standard tables in a progressive file.
    """
    if progressive and huffman is Huffman.STANDARD:
        raise JpegError(
            "standard Huffman tables",
            place="progressive scans",
            expected="optimal ones (K.5 and K.6 have no EOBn codes)",
        )
    factors = [(c.h_samp_factor, c.v_samp_factor) for c in components]
    tokenizer = Tokenizer(blocks, width=width, height=height, factors=factors, progressive=progressive)
    shared: tuple[HuffTable, ...] = ()
    scans: Sequence[CodedScan]
    if huffman is Huffman.JPEGLI:
        if callable(script):
            raise JpegError("a search for scans", place="jpegli's entropy layer", expected="a scan script")
        if restart_rows or rgb:
            told = "restarts by rows" if restart_rows else "RGB components"
            raise JpegError(told, place="jpegli's entropy layer", expected="what has been measured of it")
        most = 2 if force_baseline and not progressive else SLOTS
        scans, shared = _jpegli_scans(tokenizer, script, restart_interval, most)
    else:

        def code(spec: ScanSpec) -> CodedScan:
            slots = tuple((0, 0) if i == 0 or rgb else (1, 1) for i in spec.components)
            interval = restart_interval
            if restart_rows:
                interval = min(restart_rows * mcus_per_row(spec, width, height, factors), 65535)
            tokens = tokenizer.scan(spec, slots, restart_interval=interval, most_corrections=most_corrections)
            tables = _tables(tokens, huffman)
            return CodedScan(spec, slots, tables, tokens.encode(tables, always_pad), interval)

        scans = script(code) if callable(script) else [code(spec) for spec in script]
    return Encoded(
        width, height, progressive, tuple(components), tuple(quant_tables), tuple(blocks), tuple(scans), shared,
        rgb,
    )  # fmt: skip


def mcus_per_row(spec: ScanSpec, width: int, height: int, factors: Sequence[tuple[int, int]]) -> int:
    """MCUs in a row of a scan: of the picture's MCUs, or of one component's blocks. Source: T.81 A.2.2, A.2.3."""
    if len(spec.components) == 1:
        return grids(width, height, factors)[spec.components[0]].h_real
    return -(-width // (8 * max(h for h, _ in factors)))


def _jpegli_scans(
    tokenizer: Tokenizer, script: Sequence[ScanSpec], restart_interval: int, most: int
) -> tuple[list[CodedScan], tuple[HuffTable, ...]]:
    """(the scans, the tables that they share): jpegli counts DC by component, AC by scan and component, then merges.

    A scan without AC is given the AC selectors of the contexts that come next in the file, as jpegli writes them (it
    reads beyond its list where none is left; here that is 0).
    """
    scanned = []
    dc_counts = {i: np.zeros(256, np.int64) for spec in script for i in spec.components}
    ac_counts: list[Histogram] = []
    for spec in script:
        slots = [(i, at) for at, i in enumerate(spec.components)]  # apart until the merging
        tokens = tokenizer.scan(spec, slots, restart_interval=restart_interval,
                                most_corrections=JPEGLI_MOST_CORRECTIONS, close_before=True)  # fmt: skip
        scanned.append((spec, tokens, len(ac_counts)))
        for i in spec.components:
            dc_counts[i] += tokens.counts.get((0, i), 0)
        if spec.Se > 0:
            ac_counts += [tokens.counts[1, at] for at, _ in enumerate(spec.components)]
    order = sorted(dc_counts)
    dc, ac = merge((dc_counts[i] for i in order), 0, most), merge(ac_counts, 1, most)
    scans = []
    for spec, tokens, first in scanned:
        theirs = [(dc.of(order.index(i)), ac.of(first + at)) for at, i in enumerate(spec.components)]
        local = {(0, i): d for i, (d, _) in zip(spec.components, theirs, strict=True)}
        local |= {(1, at): a for at, (_, a) in enumerate(theirs)}
        used = {slot: table for slot, table in local.items() if slot in tokens.counts and table is not None}
        selectors = tuple((d.Th if d else 0, a.Th if a else 0) for d, a in theirs)
        tables = {(t.Tc, t.Th): t for t in used.values()}
        scans.append(CodedScan(spec, selectors, tables, tokens.encode(used), restart_interval))
    return scans, dc.tables + ac.tables


def _tables(tokens: Tokens, huffman: Huffman) -> dict[Slot, HuffTable]:
    if huffman is Huffman.STANDARD:
        return {(Tc, Th): STANDARD[f"{'AC' if Tc else 'DC'} {Th}"] for Tc, Th in tokens.counts}
    return {(Tc, Th): optimal(counts.tolist(), Tc, Th) for (Tc, Th), counts in tokens.counts.items()}


def layout(encoded: Encoded, how: Layout, before_tables: Sequence[Element] = ()) -> JpegStream:
    """The file's segments: SOI, `before_tables` (APPn and COM), DQT, SOF, then DHT, DRI and SOS of each scan, EOI.

    Source: the order of libjpeg's marker writer; T.81 B.2.1 leaves it free.
    """
    ids = how.component_ids[: len(encoded.components)]
    elements: list[Element] = [Standalone(code=SOI), *before_tables]
    groups = [encoded.quant_tables] if how.merge_dqt else [(t,) for t in encoded.quant_tables]
    tables: list[Element] = [Dqt(tables=tuple(g)) for g in groups]
    frame = _frame(encoded, ids)
    elements += [frame, *tables] if how.frame_first else [*tables, frame]
    sent: dict[Slot, HuffTable] = {}
    interval_sent = 0
    for scan in encoded.scans:
        dri = [Dri(restart_interval=scan.restart_interval)] if scan.restart_interval != interval_sent else []
        interval_sent = scan.restart_interval
        if how.dht is DhtLayout.JPEGLI:
            elements += [*dri, *_dht_jpegli(encoded, scan, sent)]
        else:
            elements += [*_dht(scan, how.dht, sent), *dri]
        elements.append(_sos(encoded, scan, ids, how.selectors))
    elements.append(Standalone(code=EOI))
    return JpegStream(tuple(elements))


def _frame(encoded: Encoded, ids: Sequence[int]) -> Sof:
    components = tuple(
        FrameComponent(ci, c.h_samp_factor, c.v_samp_factor, c.quant_tbl_no)
        for ci, c in zip(ids, encoded.components, strict=True)
    )
    # T.81 B.2.4.1, B.2.4.2: baseline has neither 16-bit steps nor more than two tables a class.
    wide = any(t.Pq for t in encoded.quant_tables) or any(t.Th > 1 for t in encoded.shared_tables)
    code = 0xC2 if encoded.progressive else 0xC1 if wide else 0xC0
    return Sof(code=code, precision=8, height=encoded.height, width=encoded.width, components=components)


def _dht_jpegli(encoded: Encoded, scan: CodedScan, sent: dict[Slot, HuffTable]) -> list[Element]:
    """DhtLayout.JPEGLI's segments before `scan`."""
    if not encoded.shared_tables:
        raise JpegError("tables made for each scan", place="DHT layout jpegli", expected="Huffman tables of jpegli")
    dc = [t for t in encoded.shared_tables if t.Tc == 0]
    ac = [t for t in encoded.shared_tables if t.Tc == 1]
    new = [t for slot, t in scan.tables.items() if sent.get(slot) is not t] if sent else [*dc, *ac[:SLOTS]]
    sent.update({(t.Tc, t.Th): t for t in new})
    return [Dht(tables=tuple(new))] if new else []


def _dht(scan: CodedScan, how: DhtLayout, sent: dict[Slot, HuffTable]) -> list[Element]:
    """The DHT segments before `scan`; `sent` remembers what the decoder has by then."""
    wanted: list[Slot] = []
    for dc, ac in scan.selectors:
        wanted += [slot for slot in ((0, dc), (1, ac)) if slot in scan.tables]
    if how is not DhtLayout.PER_COMPONENT:
        wanted = [s for s in dict.fromkeys(wanted) if sent.get(s) != scan.tables[s] or _fresh(scan)]
    sent.update(scan.tables)
    if how is DhtLayout.MERGED:
        return [Dht(tables=tuple(scan.tables[s] for s in wanted))]
    return [Dht(tables=(scan.tables[s],)) for s in wanted]


def _fresh(scan: CodedScan) -> bool:
    """Whether the tables were made for this scan: then libjpeg sends them even if they equal the last ones."""
    return any(table is not STANDARD.get(table.name) for table in scan.tables.values())


def _sos(encoded: Encoded, scan: CodedScan, ids: Sequence[int], how: Selectors) -> Sos:
    spec = scan.spec
    components = []
    for i, (dc, ac) in zip(spec.components, scan.selectors, strict=True):
        if how is Selectors.ZERO_UNUSED and encoded.progressive:
            dc = dc if spec.Ss == 0 and spec.Ah == 0 else 0
            ac = ac if spec.Ss > 0 else 0
        components.append(ScanComponent(ids[i], dc, ac))
    return Sos(components=tuple(components), Ss=spec.Ss, Se=spec.Se, Ah=spec.Ah, Al=spec.Al, data=scan.data)
