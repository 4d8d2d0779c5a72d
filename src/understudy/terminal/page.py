"""The page of `inspect`: the verdict first, then the evidence, each with its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..evidence.base import channel_names
from ..evidence.identity import title
from ..evidence.tables import law_text
from ..inspection import Inspection
from .parts import BAD, GOOD, QUIET, UNSURE, bar, grid, heading, row, say, steps_grid

MAX_ROWS = 40
"""Rows of one list that are shown; of a longer one the first and the last."""

INTACT_STYLE = {"yes": GOOD, "no": BAD, "stale": BAD, "cannot tell": UNSURE}
INTACT_HEAD = {
    "yes": "byte-intact since Facebook",
    "no": "changed since Facebook",
    "stale": "a stale note",
    "cannot tell": "cannot tell",
}


def page(seen: Inspection, name: str = "") -> RenderableType:
    """The whole page for one file. name: what to call the file."""
    parts: list[RenderableType] = [_verdict(seen, name)]
    for section in SECTIONS:
        drawn = list(section(seen))
        if drawn:
            parts += [Text(), *drawn]
    return Group(*parts)


def show(seen: Inspection, name: str = "", console: Console | None = None) -> None:
    """Prints the page; without a terminal, without colours and at 80 columns."""
    (console or Console(highlight=False)).print(page(seen, name))


def _verdict(seen: Inspection, name: str) -> RenderableType:
    first, *others = seen.verdict
    text = Text().append_text(say(first, "bold"))
    for sentence in others:
        text.append("\n").append_text(say(sentence))
    intact = seen.value("fbmd", "intact")
    style = INTACT_STYLE.get(intact, UNSURE if seen.all("anomalies") else "blue")
    return Panel(
        text,
        title=say(name, limit=60) if name else None,
        title_align="left",
        border_style=style,
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _shortened(rows: list[Any]) -> Iterator[Any]:
    """The rows, or of more than MAX_ROWS the first and the last with the number left out between them (an
    int)."""
    if len(rows) <= MAX_ROWS:
        yield from rows
        return
    half = MAX_ROWS // 2
    yield from rows[:half]
    yield len(rows) - 2 * half
    yield from rows[-half:]


def _map(seen: Inspection) -> Iterator[RenderableType]:
    rows = seen.value("segments", "map", [])
    yield heading("File map", f"{seen.size_bytes:,} bytes, offsets in hex")
    table = grid("r", "l", "r", "*")
    for item in _shortened(rows):
        if isinstance(item, int):
            row(table, "", "", "", say(f"… {item:,} more …", QUIET))
            continue
        row(
            table,
            say(f"{item['offset']:x}", QUIET),
            say(item["marker"] or "—", _marker_style(item["marker"])),
            f"{item['bytes']:,}",
            item["says"],
        )
    yield table


def _marker_style(marker: str) -> str:
    if marker == "SOS":
        return "blue"
    if marker in ("SOI", "EOI"):
        return QUIET
    if marker.startswith(("APP", "COM")):
        return "magenta"
    return "cyan" if marker.startswith(("D", "SOF")) else UNSURE


def _tables(seen: Inspection) -> Iterator[RenderableType]:
    values = [o.value for o in seen.all("tables")]
    if not values:
        return
    yield heading("Quantisation tables", "row by row, the lowest frequency first")
    cells = [_one_table(v, seen) for v in values[:8]]
    pair = Table.grid(padding=(0, 4, 0, 0))
    for start in range(0, len(cells), 2):
        if start:
            pair.add_row()
        pair.add_row(*cells[start : start + 2])
    yield Padding(pair, (0, 0, 0, 1))
    if len(values) > 8:
        yield say(f" … {len(values) - 8} more", QUIET)


def _one_table(value: dict[str, Any], seen: Inspection) -> RenderableType:
    names = channel_names(seen.stream)
    users = " ".join(names[i] for i in value["components"][:4]) or "unused"
    title = say(f"{value['Tq']}  {users}", "bold").append("  16 bit" if value["Pq"] else "", style=QUIET)
    law = Table.grid()
    law.add_column(width=33)
    law.add_row(say(law_text(value), GOOD if value["exact"] else UNSURE))
    return Group(title, law, steps_grid(value["steps_natural"]))


def _scans(seen: Inspection) -> Iterator[RenderableType]:
    rows = seen.value("scans", "list", [])
    if not rows:
        return
    name = seen.value("scans", "name")
    aside = f'the script "{name}"' if name else "a script without a name here"
    yield heading("Scans", aside if seen.value("scans", "legal") else aside + ", which breaks T.81")
    total = sum(r["bytes"] for r in rows) or 1
    table = grid("r", "r", "l", "l", "r", "l")
    row(table, *(say(t, QUIET) for t in ("#", "at", "carries", "tables", "bytes", "")))
    for number, item in enumerate(_shortened(rows)):
        if isinstance(item, int):
            row(table, "", "", say(f"… {item:,} more …", QUIET), "", "", "")
            continue
        index = number if number < MAX_ROWS // 2 or len(rows) <= MAX_ROWS else len(rows) - MAX_ROWS - 1 + number
        row(
            table,
            str(index),
            say(f"{item['offset']:x}", QUIET),
            item["says"],
            " ".join(item["selectors"][:4]),
            f"{item['bytes']:,}",
            bar(item["bytes"] / total),
        )
    yield table


def _huffman(seen: Inspection) -> Iterator[RenderableType]:
    rows = seen.value("huffman", "tables", [])
    if not rows:
        return
    yield heading("Huffman tables", "each with its codes and the longest in bits")
    summary = _texts(seen, "huffman", ("tables", "grouping", "all_standard", "replaced_unused"))
    summary += _texts(seen, "huffman_bits", ("kind",))
    yield Padding(say("; ".join(summary)), (0, 0, 0, 1))
    table = grid("l", "*")
    groups = [(key, list(items)) for key, items in groupby(rows, key=lambda r: r["before_scan"])]
    for item in _shortened(groups):
        if isinstance(item, int):
            row(table, "", say(f"… {item:,} more …", QUIET))
            continue
        number, group = item
        told = [f"{t['name']} {t['standard'] or '{codes}/{longest}'.format_map(t)}" for t in group]
        row(table, say(f"scan {number}", QUIET), ", ".join(told[:12]))
    yield table


FORMAT_TOPICS = {"avif": "isobmff", "heic": "isobmff"}
"""Format -> the topic of what it has of its own, where that is not the format's name."""


def _format(seen: Inspection) -> Iterator[RenderableType]:
    """What a WebP, PNG, GIF, AVIF or HEIC has of its own, an observation a line."""
    found = seen.all(FORMAT_TOPICS.get(seen.format, seen.format)) if seen.format != "jpeg" else ()
    if not found:
        return
    yield heading(seen.format.upper())
    table = grid("r", "l", "*")
    for o in found:
        row(
            table, say("" if o.offset is None else f"{o.offset:x}", QUIET), say(o.name.replace("_", " "), QUIET), o.text
        )
    yield table


DEEP = ("coefficients", "generations", "rounding")
"""Topics of depth "coefficients" that are told line by line."""


def _deep(seen: Inspection) -> Iterator[RenderableType]:
    found = [o for topic in DEEP for o in seen.all(topic)]
    if not found:
        return
    yield heading("Coefficients", "what the picture data tells of its past")
    table = grid("l", "*")
    for text, told in groupby(found, key=lambda o: o.text):
        row(table, say(next(told).name.replace("_", " "), QUIET), say(text, limit=400))
    yield table


def _texts(seen: Inspection, topic: str, names: tuple[str, ...]) -> list[str]:
    return [o.text for name in names if (o := seen.find(topic, name)) is not None]


METADATA: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("ids", "frame", ("component_ids", "sampling")),
    ("JFIF", "jfif", ("version", "density", "thumbnail", "extension")),
    ("Adobe", "adobe", ("transform",)),
    ("EXIF", "exif", ("bytes", "byte_order", "entries", "orientation", "make", "model", "software", "thumbnail")),
    ("XMP", "xmp", ("bytes", "extended_segments", "gain_map")),
    ("MPF", "mpf", ("images", "pictures")),
    ("gain map", "gain_map", ("width", "metadata", "xmp", "tone_map_items")),
    ("C2PA", "c2pa", ("manifest", "bytes")),
    ("ICC", "icc", ("description", "known")),
    ("8BIM", "photoshop", ("resources",)),
    ("restarts", "markers", ("restart_interval",)),
    ("trailing", "markers", ("trailing_bytes",)),
)
"""Label, topic and the observations that are told on its line."""


def _metadata(seen: Inspection) -> Iterator[RenderableType]:
    table = grid("l", "*")
    for label, topic, names in METADATA:
        texts = _texts(seen, topic, names)
        if texts:
            row(table, say(label, QUIET), "; ".join(texts))
    for record in seen.value("iptc", "records", [])[:20]:
        named = f" {record['name']}" if record["name"] else ""
        row(table, say("IPTC", QUIET), say(f"{record['record']}{named}: {record['text']}", limit=76))
    for comment in seen.all("comments")[:10]:
        row(table, say("COM", QUIET), comment.text)
    if table.row_count:
        yield heading("What it carries")
        yield table


def _fbmd(seen: Inspection) -> Iterator[RenderableType]:
    verdict = seen.find("fbmd", "intact")
    if verdict is None:
        return
    yield heading("FBMD, Facebook's own note")
    table = grid("l", "*")
    row(table, say("verdict", QUIET), say(INTACT_HEAD[verdict.value], f"bold {INTACT_STYLE[verdict.value]}"))
    row(table, "", verdict.text.partition(": ")[2])
    lines = (("note", "type"), ("positions", "positions"), ("length", "delivered_bytes"), ("more", "notes"))
    for label, name in lines:
        for text in _texts(seen, "fbmd", (name,)):
            row(table, say(label, QUIET), text)
    yield table


def _identity(seen: Inspection) -> Iterator[RenderableType]:
    found = seen.find("identity", "platforms")
    if found is None:
        return
    rows = seen.value("identity", "candidates", []) or seen.value("identity", "nearest", [])
    yield heading("Platform", "from the headers; nothing in them is signed")
    table = grid("l", "*")
    row(table, say("verdict", QUIET), say(found.text, GOOD if found.value else UNSURE))
    for item in rows[:4]:
        head = "unlike" if item["contradicts"] else "fits" if item["telling"] else "maybe"
        row(table, say(head, GOOD if head == "fits" else UNSURE), say(title(item), "bold"))
        row(table, say("for", QUIET), say("; ".join(item["supports"])))
        for contradiction in item["contradicts"][:4]:
            row(table, say("against", QUIET), say(contradiction))
        told = ("telling", item["telling"]), ("open", item["not_distinguished"])
        for label, text in told:
            if text:
                row(table, say(label, QUIET), text)
        seen_in = f"{item['source']} ({item['files']} files of {item['sources']} sources)"
        row(table, say("source", QUIET), say(seen_in, QUIET))
    if len(rows) > 4:
        row(table, "", say(f"… {len(rows) - 4} more …", QUIET))
    alike = seen.find("identity", "resembles")
    if alike is not None:
        row(table, say("alike", QUIET), say(alike.text))
    name = seen.find("filename", "form")
    if name is not None:
        row(table, say("name", QUIET), say(name.text))
    answer = seen.find("identity", "delivered_untouched")
    if answer is not None:
        row(table, say("untouched", QUIET), answer.text.partition(": ")[2])
    yield table


def _family(seen: Inspection) -> Iterator[RenderableType]:
    found = seen.find("family", "consistent_with")
    if found is None:
        return
    yield heading("Encoder family", "from the container alone; a layout is no proof")
    table = grid("l", "*")
    near = seen.find("family", "nearest")
    if not found.value:
        row(table, say("unknown", UNSURE), found.text)
    for item in found.value or (near.value if near else []):
        fits = not item["contradicts"]
        row(table, say("fits" if fits else "nearly", GOOD if fits else UNSURE), say(item["family"], "bold"))
        row(table, say("for", QUIET), "; ".join(item["supports"]))
        for contradiction in item["contradicts"]:
            row(table, say("against", QUIET), contradiction)
        row(table, say("open", QUIET), item["not_distinguished"])
        row(table, say("source", QUIET), say(item["source"], QUIET))
    yield table


def _anomalies(seen: Inspection) -> Iterator[RenderableType]:
    found = [o.value for o in seen.all("anomalies")]
    if not found:
        return
    yield heading("Anomalies", f"{len(found):,}")
    table = grid("r", "*", "l")
    for item in _shortened(found):
        if isinstance(item, int):
            row(table, "", say(f"… {item:,} more …", QUIET), "")
            continue
        row(table, say(f"{item['offset']:x}", QUIET), say(item["text"], UNSURE), say(item["clause"], QUIET))
    yield table


SECTIONS: tuple[Callable[[Inspection], Iterator[RenderableType]], ...] = (
    _fbmd,
    _identity,
    _family,
    _format,
    _tables,
    _scans,
    _huffman,
    _deep,
    _metadata,
    _anomalies,
    _map,
)
"""The page below the verdict, in order."""
