"""Quantised coefficients -> coded scans -> a file's segments, in the layout of a named writer.

`encode` does what depends on the coefficients (tokens, Huffman tables, bits); `layout` arranges the result as
segments. Two writers with the same entropy layer differ only in `Layout`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..errors import JpegError
from .coefficients import Blocks
from .entropy_encode import LIBJPEG_MOST_CORRECTIONS, Slot, Tokenizer, Tokens
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


class DhtLayout(StrEnum):
    """How tables are spread over DHT segments."""

    SEPARATE = "separate"
    """libjpeg: a segment a table, before the scan that first uses it, no table twice."""
    PER_COMPONENT = "per-component"
    """Facebook's classic encoder: a segment for each component of the scan, so a shared table stands twice."""
    MERGED = "merged"
    """One segment a scan."""


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
    tables: Mapping[Slot, HuffTable]
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A picture after entropy coding, before it is arranged as a file."""

    width: int
    height: int
    progressive: bool
    components: tuple[FrameComponent, ...]
    quant_tables: tuple[QuantTable, ...]
    table_numbers: tuple[tuple[int, int], ...]
    """(dc_tbl_no, ac_tbl_no) of each frame component."""
    restart_interval: int
    blocks: tuple[Blocks, ...]
    """Each component's quantised coefficients `[v_blocks, h_blocks, 8, 8]`."""
    scans: tuple[CodedScan, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a writer arranges segments."""

    component_ids: tuple[int, ...] = (1, 2, 3, 4)
    merge_dqt: bool = False
    """One DQT segment for all tables."""
    dht: DhtLayout = DhtLayout.SEPARATE
    selectors: Selectors = Selectors.ZERO_UNUSED


def encode(
    blocks: Sequence[Blocks],
    *,
    width: int,
    height: int,
    components: Sequence[FrameComponent],
    quant_tables: Sequence[QuantTable],
    script: Sequence[ScanSpec],
    progressive: bool,
    huffman: Huffman = Huffman.OPTIMAL,
    restart_interval: int = 0,
    most_corrections: int = LIBJPEG_MOST_CORRECTIONS,
) -> Encoded:
    """The entropy-coded picture.

    blocks: int16 `[v_blocks, h_blocks, 8, 8]` a component, natural order, partial MCUs included.
    script: scans in order. Luma (the first component) uses Huffman tables 0, the others 1, as libjpeg does.
    restart_interval: MCUs between RSTm, 0 for none.

    Raises JpegError for shapes that do not fit, coefficients without a code, standard tables in a progressive file.
    """
    if progressive and huffman is Huffman.STANDARD:
        raise JpegError(
            "standard Huffman tables",
            place="progressive scans",
            expected="optimal ones (K.5 and K.6 have no EOBn codes)",
        )
    numbers = tuple((0, 0) if i == 0 else (1, 1) for i in range(len(components)))
    factors = [(c.h_samp_factor, c.v_samp_factor) for c in components]
    tokenizer = Tokenizer(blocks, width=width, height=height, factors=factors, progressive=progressive)
    scans = []
    for spec in script:
        slots = [numbers[i] for i in spec.components]
        tokens = tokenizer.scan(spec, slots, restart_interval=restart_interval, most_corrections=most_corrections)
        tables = _tables(tokens, huffman)
        scans.append(CodedScan(spec, tables, tokens.encode(tables)))
    return Encoded(width, height, progressive, tuple(components), tuple(quant_tables), numbers, restart_interval,
                   tuple(blocks), tuple(scans))  # fmt: skip


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
    elements += [Dqt(tables=tuple(g)) for g in groups]
    elements.append(_frame(encoded, ids))
    sent: dict[Slot, HuffTable] = {}
    interval_sent = 0
    for scan in encoded.scans:
        elements += _dht(encoded, scan, how.dht, sent)
        if encoded.restart_interval != interval_sent:
            elements.append(Dri(restart_interval=encoded.restart_interval))
            interval_sent = encoded.restart_interval
        elements.append(_sos(encoded, scan, ids, how.selectors))
    elements.append(Standalone(code=EOI))
    return JpegStream(tuple(elements))


def _frame(encoded: Encoded, ids: Sequence[int]) -> Sof:
    components = tuple(
        FrameComponent(ci, c.h_samp_factor, c.v_samp_factor, c.quant_tbl_no)
        for ci, c in zip(ids, encoded.components, strict=True)
    )
    wide = any(t.Pq for t in encoded.quant_tables)  # T.81 B.2.4.1: 16-bit steps are not baseline
    code = 0xC2 if encoded.progressive else 0xC1 if wide else 0xC0
    return Sof(code=code, precision=8, height=encoded.height, width=encoded.width, components=components)


def _dht(encoded: Encoded, scan: CodedScan, how: DhtLayout, sent: dict[Slot, HuffTable]) -> list[Element]:
    """The DHT segments before `scan`; `sent` remembers what the decoder has by then."""
    wanted: list[Slot] = []
    for i in scan.spec.components:
        dc, ac = encoded.table_numbers[i]
        wanted += [slot for slot in ((0, dc), (1, ac)) if slot in scan.tables]
    if how is not DhtLayout.PER_COMPONENT:
        wanted = [s for s in dict.fromkeys(wanted) if sent.get(s) != scan.tables[s] or _fresh(encoded, scan)]
    sent.update(scan.tables)
    if how is DhtLayout.MERGED:
        return [Dht(tables=tuple(scan.tables[s] for s in wanted))] if wanted else []
    return [Dht(tables=(scan.tables[s],)) for s in wanted]


def _fresh(encoded: Encoded, scan: CodedScan) -> bool:
    """Whether the tables were made for this scan: then libjpeg sends them even if they equal the last ones."""
    return any(table is not STANDARD.get(table.name) for table in scan.tables.values())


def _sos(encoded: Encoded, scan: CodedScan, ids: Sequence[int], how: Selectors) -> Sos:
    spec = scan.spec
    components = []
    for i in spec.components:
        dc, ac = encoded.table_numbers[i]
        if how is Selectors.ZERO_UNUSED and encoded.progressive:
            dc = dc if spec.Ss == 0 and spec.Ah == 0 else 0
            ac = ac if spec.Ss > 0 else 0
        components.append(ScanComponent(ids[i], dc, ac))
    return Sos(components=tuple(components), Ss=spec.Ss, Se=spec.Se, Ah=spec.Ah, Al=spec.Al, data=scan.data)
