"""Files written again from their coefficients, with our own entropy layer: what the round-trip tests ask for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from understudy.jpeg import JpegStream, ScanSpec, read_coefficients
from understudy.jpeg.entropy_encode import LIBJPEG_MOST_CORRECTIONS, Tokenizer, Tokens
from understudy.jpeg.huffman import optimal
from understudy.jpeg.syntax import Dht, Dri, HuffTable, Sos

CORRECTIONS = {"libjpeg": LIBJPEG_MOST_CORRECTIONS, "jpegli": 255}
"""Correction bits after which an encoder closes a run of end-of-bands."""

Tables = dict[tuple[int, int], HuffTable]


@dataclasses.dataclass(frozen=True)
class Reencoded:
    """What came of writing a stream's scans again."""

    scans: tuple[bytes, ...]
    """Entropy-coded data, with the file's own tables."""
    tables_optimal: bool
    """Whether every table that a scan uses is the one that `huffman.optimal` makes for it."""


def tokenized(stream: JpegStream, corrections: int = LIBJPEG_MOST_CORRECTIONS) -> Iterator[tuple[Tokens, Tables]]:
    """Each scan of the stream, made anew from its coefficients, with the tables in force there."""
    read = read_coefficients(stream)
    assert not read.anomalies, read.anomalies
    assert stream.frame is not None
    ids = [c.header.id for c in read.components]
    tokenizer = Tokenizer(
        [c.blocks for c in read.components], width=read.width, height=read.height, factors=read.factors,
        progressive=stream.frame.progressive,
    )  # fmt: skip
    tables: Tables = {}
    interval = 0
    for element in stream.elements:
        if isinstance(element, Dht):
            tables.update({(t.Tc, t.Th): t for t in element.tables})
        elif isinstance(element, Dri):
            interval = element.restart_interval
        elif isinstance(element, Sos):
            order = tuple(ids.index(c.id) for c in element.components)
            spec = ScanSpec(order, element.Ss, element.Se, element.Ah, element.Al)
            slots = [(c.dc_tbl_no, c.ac_tbl_no) for c in element.components]
            yield tokenizer.scan(spec, slots, restart_interval=interval, most_corrections=corrections), dict(tables)


def reencode(stream: JpegStream, corrections: int = LIBJPEG_MOST_CORRECTIONS) -> Reencoded:
    """Decodes the stream, tokenises each scan anew and writes it with the tables in force there."""
    scans = list(tokenized(stream, corrections))
    return Reencoded(
        tuple(tokens.encode(tables) for tokens, tables in scans),
        all(table == optimal(counts, table.Tc, table.Th) for table, counts in histograms(scans)),
    )


def histograms(scans: list[tuple[Tokens, Tables]]) -> list[tuple[HuffTable, list[int]]]:
    """(table that the file has, histogram of the symbols that it codes) of each scan and table."""
    return [(tables[slot], counts.tolist()) for tokens, tables in scans for slot, counts in tokens.counts.items()]


def scan_data(stream: JpegStream) -> tuple[bytes, ...]:
    """The entropy-coded data of each scan, as the file has them."""
    return tuple(s.data for s in stream.scans)


def random_blocks(
    rng: np.random.Generator, shapes: list[tuple[int, int]], dc_limit: int, ac_limit: int, density: float
) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int16]]]:
    """int16 `[v_blocks, h_blocks, 8, 8]` a component: AC non-zero with probability `density`, small values likelier."""
    out = []
    for v_blocks, h_blocks in shapes:
        shape = (v_blocks, h_blocks, 8, 8)
        size = np.exp2(rng.uniform(0, np.log2(ac_limit + 1), shape)).astype(np.int64)
        values = np.minimum(size, ac_limit) * rng.choice((-1, 1), shape) * (rng.random(shape) < density)
        values[..., 0, 0] = rng.integers(-dc_limit, dc_limit + 1, shape[:2])
        out.append(values.astype(np.int16))
    return out
