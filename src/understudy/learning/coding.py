"""The received file's entropy coding, found by doing it again: Huffman tables, script search, layout of tables.

A file's coefficients determine its scans' bytes once the script, the source of the Huffman tables and the rule for long
runs are known. So each hypothesis is put to the proof on the file itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from ..errors import UnderstudyError
from ..jpeg.compose import DhtLayout, Encoded, Huffman, Layout, Selectors, layout
from ..jpeg.huffman import STANDARD
from ..jpeg.syntax import Dht, Dqt, JpegStream, Opaque, ScanSpec, Sof
from ..steps.encode import SEARCHES, Encode
from .observed import Observed
from .stated import Restarts, Stated

Options = dict[str, tuple[Any, ...]]

SEARCHED_ON = 3
"""Files, the smallest, on which a search for scans is run: it codes some sixty scans a file."""


def explicit(file: Stated) -> Encode:
    """`encode` with everything as this file states it, tables and scans as data."""
    options = file.options
    script = options["encode.script"][0]
    return Encode(
        luma_steps=options["luma_steps"][0],
        chroma_steps=options.get("chroma_steps", options["luma_steps"])[0],
        force_baseline=options["encode.force_baseline"][0],
        script=script,
        color=options.get("encode.color", (Encode.color,))[0],
        chroma_tbl_no=options.get("encode.chroma_tbl_no", (-1,))[0],
        **restarts(options["encode.restarts"][0]),
        unused_tables=options.get("encode.unused_tables", (False,))[0],
    )


def restarts(value: Restarts) -> dict[str, Any]:
    """The parameter of `encode` and its value."""
    return {f"restart_{value.of}": value.count}


def coded(pair: Observed, encode: Encode) -> Encoded:
    """The pair's delivered coefficients, coded anew. Raises UnderstudyError where the step cannot."""
    c = pair.coefficients
    return encode.coded([part.blocks for part in c.components], c.width, c.height, c.factors)


def codings(files: Sequence[Stated]) -> list[Options]:
    """For each file the options of `encode.huffman`, `encode.always_pad`, `envelope.dht`, `envelope.selectors`,
    `envelope.merge_dqt`; empty where no hypothesis gives the scans' bytes."""
    tried_first: Huffman | None = None
    out: list[Options] = []
    for file in files:
        first = tried_first
        found = dict(file.pair.remembered(("coding", first), lambda file=file, first=first: _coding(file, first)))  # type: ignore[misc]
        tried_first = found.get("encode.huffman", (tried_first,))[0]
        out.append(found)
    if any(found.get("encode.always_pad") == (True,) for found in out):
        # A scan that ends within a byte is padded either way: such files agree with both.
        for file, found in zip(files, out, strict=True):
            if found.get("encode.always_pad") == (False,) and _writes(file, found["encode.huffman"][0], True):
                found["encode.always_pad"] = (False, True)
    return out


def _coding(file: Stated, tried_first: Huffman | None) -> Options:
    kinds = sorted(hypotheses(file.pair.stream), key=lambda kind: kind is not tried_first)
    for huffman, always_pad in product(kinds, (False, True)):
        if always_pad and not (huffman is Huffman.STANDARD and _ends_with_ones(file.pair.stream)):
            continue
        encoded = _writes(file, huffman, always_pad)
        if encoded is not None:
            return {"encode.huffman": (huffman,), "encode.always_pad": (always_pad,)} | _layouts(file, encoded)
    return {}


def _ends_with_ones(stream: JpegStream) -> bool:
    return any(s.data.endswith(b"\xff\x00") for s in stream.scans)


def _writes(file: Stated, huffman: Huffman, always_pad: bool) -> Encoded | None:
    """The file's coefficients coded so, where that gives its scans' bytes; else None."""
    try:
        encoded = coded(file.pair, replace(explicit(file), huffman=huffman, always_pad=always_pad))
    except UnderstudyError:
        return None
    return encoded if [s.data for s in encoded.scans] == [s.data for s in file.pair.stream.scans] else None


def hypotheses(stream: JpegStream) -> tuple[Huffman, ...]:
    """Where a file's Huffman tables may come from, by what they look like."""
    given = [t for e in stream.elements if isinstance(e, Dht) for t in e.tables]
    if given and all(t == STANDARD.get(t.name) for t in given):
        return (Huffman.STANDARD,)
    return (Huffman.OPTIMAL, Huffman.JPEGLI)


def _layouts(file: Stated, encoded: Encoded) -> Options:
    """The layouts that give all of the file's segments but APPn and COM, parameter by parameter."""
    ids = file.options["envelope.component_ids"][0]
    wanted = _bytes(file.pair.stream)
    kinds = [type(e) for e in file.pair.stream.elements if isinstance(e, (Sof, Dqt))]
    frame_first = kinds[:1] == [Sof]
    fitting = []
    for dht, selectors, merge_dqt in product(DhtLayout, Selectors, (False, True)):
        try:
            made = layout(encoded, Layout(ids, merge_dqt, dht, selectors, frame_first))
        except UnderstudyError:  # jpegli's layout needs its tables
            continue
        if _bytes(made) == wanted:
            fitting.append((dht, selectors, merge_dqt))
    if not fitting:
        return {}
    # Who merges quantisation tables merges Huffman tables: mozjpeg, jpegli, Go (evidence/encoders.toml).
    fitting.sort(key=lambda row: row[2] and row[0] is not DhtLayout.MERGED)
    names = ("envelope.dht", "envelope.selectors", "envelope.merge_dqt")
    told: Options = {"envelope.frame_first": (frame_first,)}
    return told | {name: tuple(dict.fromkeys(row[i] for row in fitting)) for i, name in enumerate(names)}


def _bytes(stream: JpegStream) -> list[bytes]:
    return [e.to_bytes() for e in stream.elements if not isinstance(e, Opaque)]


def searches(files: Sequence[Stated]) -> tuple[str, ...]:
    """The names of mozjpeg's searches for scans that give the scripts of these files, tried on the smallest ones; empty
    where none does, or where nothing asks for one: every script has a name, or one file's is a different kind."""
    unnamed = [f for f in files if not isinstance(f.options["encode.script"][0], str)]
    varied = len({f.options["encode.script"] for f in files if len(f.pair.coefficients.components) == 3}) > 1
    if not (unnamed or varied) or any(f.pair.stream.frame and not f.pair.stream.frame.progressive for f in files):
        return ()
    names = [name for name in SEARCHES if all(_may_be(name, f) for f in files)]
    smallest = sorted(files, key=lambda f: len(f.pair.received))[:SEARCHED_ON]
    return tuple(name for name in names if all(_searched(f, name) for f in smallest))


def _may_be(name: str, file: Stated) -> bool:
    """Whether the file's DC scans are such as the search writes."""
    components = len(file.pair.coefficients.components)
    dc = [s for s in specs_of(file.pair.stream) if s.Ss == 0]
    if any(s.Ah or s.Al for s in dc):
        return False
    groups = [s.components for s in dc]
    if components == 1:
        return groups == [(0,)]
    allowed: dict[str, Iterable[list[tuple[int, ...]]]] = {
        "mozjpeg-optimised": ([(0, 1, 2)],),
        "mozjpeg-optimised-dc1": ([(0,), (1,), (2,)],),
        "mozjpeg-optimised-dc2": ([(0,), (1,), (2,)], [(0,), (1, 2)]),
    }
    return groups in allowed[name]


def _searched(file: Stated, name: str) -> bool:
    return file.pair.remembered(("searched", name), lambda: _finds(file, name))


def _finds(file: Stated, name: str) -> bool:
    """Whether this search for scans finds the file's."""
    try:
        made = coded(file.pair, replace(explicit(file), script=name, huffman=Huffman.OPTIMAL))
    except (UnderstudyError, ValueError):
        return False
    return [s.spec for s in made.scans] == list(specs_of(file.pair.stream))


def specs_of(stream: JpegStream) -> tuple[ScanSpec, ...]:
    """The scans as a script; an id that the frame does not have is -1."""
    ids = [c.id for c in stream.frame.components] if stream.frame else []
    return tuple(
        ScanSpec(tuple(ids.index(c.id) if c.id in ids else -1 for c in s.components), s.Ss, s.Se, s.Ah, s.Al)
        for s in stream.scans
    )
