"""The page of one inspected file: the verdict, what it rests on, the map, tables, scans, codes, frequencies, metadata.

Every claim is an observation of the inspection, shown with its place in the file and its source; the page makes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import UnderstudyError
from ..evidence import Observation
from ..evidence.base import channel_names
from ..evidence.identity import NAMES as PLATFORMS
from ..evidence.tables import law_text
from ..inspection import Inspection
from ..jpeg.syntax import Dht, Sos
from .charts import Chart, Line, bar
from .file_figures import Map, code_lengths, histograms, law_steps, regions_map, steps_heat
from .file_pictures import Decoded, decoded, shown_by_pillow
from .marks import Markup, badge, details, safe, table, tag
from .skeleton import document

MOST_TABLES = 16
MOST_CARDS = 12
"""Arguments of one observation that are shown."""
MOST_ROWS = 200
"""Rows of one list that are shown."""
MOST_CODES = 48
"""Huffman tables whose code lengths are drawn."""
MOST_OBSERVATIONS = 2_000

FACTS = (
    ("identity", "platforms"), ("identity", "operator"), ("identity", "delivered_untouched"), ("filename", "form"),
    ("frame", "process"),
    ("frame", "sampling"), ("quality", "law"), ("tables", None), ("scans", "name"), ("huffman", "all_standard"),
    ("huffman_bits", "kind"), ("icc", "description"), ("icc", "known"), ("fbmd", "intact"),
    ("isobmff", "av1_quantizer"), ("isobmff", "hevc_quantizer"), ("isobmff", "quality"), ("webp", "y_ac_qi"),
    ("webp", "quality"), ("png", "filters"), ("png", "compressor"), ("gif", "lzw"), ("gif", "dithering"),
)  # fmt: skip
"""Topics and names of the observations below the arguments; None for all of a topic."""
DRAWN = ("frame", "tables", "scans", "huffman", "segments", "anomalies", "generations", "rounding", "summary")
"""Topics that have a section of their own below, or stand above."""
PLACES = {
    "identity": "rests-on", "filename": "rests-on", "family": "rests-on", "frame": "map", "scans": "scans",
    "tables": "tables", "quality": "tables", "anomalies": "anomalies",
}  # fmt: skip
"""Where the evidence of a topic is shown; of others under `topic-NAME`."""
NAMES = {
    "jfif": "JFIF", "adobe": "Adobe", "exif": "EXIF", "xmp": "XMP", "mpf": "MPF", "c2pa": "C2PA", "icc": "ICC",
    "photoshop": "Photoshop (8BIM)", "iptc": "IPTC", "fbmd": "FBMD, Facebook's note", "family": "Encoder family",
    "markers": "Markers", "comments": "Comments", "frame": "Frame", "scans": "Scans",
    "identity": "Platform", "filename": "File name", "quality": "Quality", "huffman_bits": "Huffman codes",
    "summary": "In short", "generations": "Earlier compressions", "rounding": "Rounding", "gain_map": "Gain map",
    "huffman": "Huffman tables", "tables": "Quantisation tables", "segments": "Segments",
    "isobmff": "HEIF", "webp": "WebP", "png": "PNG", "gif": "GIF",
}  # fmt: skip


def inspection_html(seen: Inspection, name: str = "", data: bytes = b"") -> str:
    """The page as one HTML document, UTF-8. name: what to call the file; data: the file, to show a picture that is no
    JPEG."""
    chart = Map(seen.value("segments", "map", []))
    made, why = _decoded(seen)
    sections = [
        ("rests-on", "What this rests on", _arguments(seen, chart)),
        ("picture", "The picture", _picture(seen, made, why, data)),
        ("map", "The file as a map", _map(chart)),
        ("tables", "Quantisation tables", _tables(seen, chart)),
        ("scans", "The scans as they arrive", _scans(seen, chart, made)),
        ("frequencies", "What each frequency holds", _frequencies(seen, made)),
        ("generations", "Earlier compressions and rounding", _generations(seen, chart, made)),
        ("grid", "The 8 x 8 grid", _grid(made)),
        ("huffman", "Huffman codes", _huffman(seen, chart)),
        ("carries", "What else it says", _others(seen, chart)),
        ("anomalies", "Anomalies", _anomalies(seen, chart)),
        ("observations", "Every observation", _observations(seen, chart)),
    ]
    title = f"{name or 'A file'}: what its bytes say"
    return document(title, _header(seen, name, _anchors(seen, sections)), sections)


def _anchors(seen: Inspection, sections: Sequence[tuple[str, str, Markup]]) -> set[str]:
    """What a link can lead to."""
    topics = {f"topic-{o.topic}" for o in seen.observations if o.topic not in DRAWN}
    return topics | {at for at, _, body in sections if body}


def _decoded(seen: Inspection) -> tuple[Decoded | None, str]:
    """The picture data, or why there is none."""
    if seen.format != "jpeg":
        return None, ""
    try:
        return decoded(seen), ""
    except (UnderstudyError, ValueError) as error:
        return None, str(error)


def _header(seen: Inspection, name: str, anchors: set[str]) -> list[Markup]:
    """The name, then the verdict: its first sentence large, the others below, each leading to what it rests on."""
    kind = {"yes": "good", "no": "bad", "stale": "bad"}.get(str(seen.value("fbmd", "intact")), "plain")
    out = [tag("h1", name or "A file")]
    for number, (sentence, topics) in enumerate(seen.claims or ((f"{seen.format.upper()} file.", ()),)):
        places = dict.fromkeys(PLACES.get(topic, f"topic-{topic}") for topic in topics)
        links = [tag("a", f"[{at.removeprefix('topic-')}]", href=f"#{at}") for at in places if at in anchors]
        because = tag("small", *(Markup(" " + link) for link in links), class_="because")
        out.append(tag("p", sentence, because, class_=f"verdict {kind}" if number == 0 else None))
    told = f"{seen.format.upper()}, {seen.size_bytes:,} bytes, SHA-256 {seen.sha256}"
    return [*out, tag("p", told, class_="quiet")]


# --- arguments


def _arguments(seen: Inspection, chart: Map) -> Markup:
    """Every conclusion that lists what supports and what contradicts it, then the facts below the verdict."""
    ordered = sorted(seen.observations, key=lambda o: o.topic != "identity")
    cards = [card for o in ordered for card in _cards(o)]
    facts = [o for topic, name in FACTS for o in seen.all(topic) if name in (None, o.name)]
    return safe([tag("div", *cards, class_="cards") if cards else None, _alike(seen), _rows(facts[:40], chart)])


def _alike(seen: Inspection) -> Markup | None:
    """The known deliveries with the same headers, where the platform cannot be told."""
    alike = seen.value("identity", "resembles")
    if not alike or not alike["platforms"]:
        return None
    rows = [
        (PLATFORMS.get(r["platform"], r["platform"]), f"{r['files']} of {r['of']}", r["sources"], r["same_size"],
         f"{r['longest']:,}")
        for r in alike["platforms"]
    ]  # fmt: skip
    head = ("platform", "files", "sources", "as long", "longest")
    told = (
        f"Of {alike['known']} known deliveries without FBMD those that have {alike['compared']}; how many are as long "
        "as this file, and the longest of them. Counts of files that were gathered, no probabilities: how many other "
        "files have such headers is not known."
    )
    return safe(
        [tag("h3", "Known files that resemble it"), table(head, rows, {1, 2, 3, 4}), tag("p", told, class_="quiet")]
    )


def _cards(found: Observation) -> Iterator[Markup]:
    """A card for each argument in an observation's value: what was concluded, for, against, what stays open."""
    values = found.value if isinstance(found.value, list) else [found.value]
    for value in values[:MOST_CARDS]:
        if not isinstance(value, dict) or "supports" not in value:
            continue
        against = value.get("contradicts")
        mark = badge("nearly", "unsure") if against else badge("consistent with", "good")
        if not against and value.get("trace"):
            mark = badge("of a forerunner", "unsure")
        elif not against and "telling" in value and not value["telling"]:
            mark = badge("others write the same", "unsure")
        rows = (
            ("for", _listed(value.get("supports"))),
            ("against", _listed(against)),
            ("telling", _listed(value.get("telling"))),
            ("not told apart", _listed(value.get("not_distinguished"))),
            ("source", _listed(value.get("source"))),
        )
        told = (tag("div", tag("dt", k), tag("dd", v)) for k, v in rows if v)
        yield tag("article", tag("strong", _title(value)), " ", mark, tag("dl", *told))


def _title(value: dict[str, Any]) -> str:
    """What an argument concludes: a platform with its surface and era, or a family."""
    platform = PLATFORMS.get(str(value.get("platform")), value.get("platform"))
    words = [platform, *(value.get(key) for key in ("family", "encoder", "name", "surface", "era"))]
    return ", ".join(str(w) for w in words if w)


def _listed(value: object) -> Markup | str:
    if isinstance(value, (list, tuple)):
        return tag("ul", *(tag("li", _plain(v)) for v in value[:24])) if value else ""
    return str(value) if value else ""


def _plain(value: object) -> str:
    """A dict by its words: its `text` if it has one."""
    if isinstance(value, dict):
        return str(value.get("text") or ", ".join(f"{k}: {v}" for k, v in value.items()))
    return str(value)


def _rows(found: Sequence[Observation], chart: Map) -> Markup:
    """Observations, each with its place and who says so."""
    rows = [(NAMES.get(o.topic, o.topic), o.text, chart.link(o.offset), tag("small", o.source, class_="quiet"))
            for o in found]  # fmt: skip
    if not rows:
        return Markup("")
    return tag("div", table(("about", "observed", "at", "source"), rows), class_="claims")


# --- the picture and the map


def _picture(seen: Inspection, made: Decoded | None, why: str, data: bytes) -> Markup:
    if made is not None:
        size = f"{made.coefficients.width} x {made.coefficients.height}"
        odd = [tag("li", a.text) for a in made.coefficients.anomalies[:10]]
        note = details(f"Decoding met {len(made.coefficients.anomalies)} faults", tag("ul", *odd)) if odd else None
        url = made.stages[-1].overview if made.stages else ""
        return safe([tag("img", src=url, alt=f"The picture, {size}", class_="shown") if url else None, note])
    url = shown_by_pillow(data) if data else ""
    if url:
        return tag("img", src=url, alt="The picture, as Pillow reads it", class_="shown")
    if data and not why:
        why = f"Pillow here does not read this {seen.format.upper()} file, or it is too large"
    return tag("p", f"It is not shown: {why}.", class_="quiet") if why else Markup("")


def _map(chart: Map) -> Markup:
    if not chart.starts:
        return Markup("")

    def row(item: dict[str, Any]) -> Markup:
        at = int(item["offset"])
        cells = (tag("span", f"{at:#x}", class_="at"), item["marker"] or "—", f"{int(item['bytes']):,}", item["says"])
        return tag("tr", *(tag("td", c, class_="n" if i == 2 else None) for i, c in enumerate(cells)), id=f"at-{at:x}")

    head = tag("thead", tag("tr", *(tag("th", c) for c in ("at", "segment", "bytes", "holds"))))
    gap = tag("tr", tag("td", f"{chart.left_out:,} more", colspan="4")) if chart.left_out else None
    body = tag("tbody", *(row(i) for i in chart.head), gap, *(row(i) for i in chart.tail))
    listed = tag("div", tag("table", head, body, class_="segments"), class_="wide", tabindex="0")
    return safe([chart.bars(), listed])


# --- tables


def _tables(seen: Inspection, chart: Map) -> Markup:
    found = seen.all("tables")
    names = channel_names(seen.stream) if seen.format == "jpeg" else ()
    drawn = [_table(o, chart, names) for o in found[:MOST_TABLES] if "steps_natural" in o.value]
    rest = len(found) - MOST_TABLES
    return safe([*drawn, tag("p", f"and {rest} tables more", class_="quiet") if rest > 0 else None])


def _table(found: Observation, chart: Map, names: Sequence[str]) -> Markup:
    value = found.value
    steps, law = value["steps_natural"], law_steps(value)
    users = " ".join(names[i] for i in value["components"][:4] if i < len(names)) or "no component"
    mark = badge("exact", "good") if value["exact"] else badge("nearest", "unsure")
    title = tag("h3", f"Table {value['Tq']}, for {users}: {law_text(value)} ", mark)
    at = tag("p", "At ", chart.link(found.offset), ". ", tag("small", found.source, class_="quiet"))
    pair = [steps_heat(steps, "In the file", law)]
    if law is not None:
        differ = sum(a != b for a, b in zip(steps, law, strict=True))
        label = f"{value['law']}" + ("" if value["quality"] is None else f" quality {value['quality']}")
        told = "the same" if not differ else f"{differ} of 64 steps differ (framed)"
        pair.append(steps_heat(law, f"{label}: {told}", steps))
    ties = value.get("ties") or []
    tied = [f"{t['law']}" + ("" if t["quality"] is None else f" quality {t['quality']}") for t in ties[:12]]
    also = tag("p", "The same table is also that of ", ", ".join(tied), ".") if tied else None
    return safe([title, at, tag("div", *pair, class_="beside"), also])


# --- scans


def _scans(seen: Inspection, chart: Map, made: Decoded | None) -> Markup:
    rows = seen.value("scans", "list", [])
    if not rows:
        return Markup("")
    total = sum(r["bytes"] for r in rows) or 1
    listed = [
        (i, chart.link(r["offset"]), r["says"], f"{r['bytes']:,}", bar(r["bytes"] / total))
        for i, r in enumerate(rows[:MOST_ROWS])
    ]
    told = table(("scan", "at", "carries", "bytes", ""), listed, {0, 3})
    stages = made.stages if made else ()
    cards = []
    arrived = 0
    sums = [arrived := arrived + r["bytes"] for r in rows]
    for stage in stages if len(stages) > 1 else ():
        row = rows[stage.scan]
        share = f"{100 * sums[stage.scan] / total:.0f} % of the data"
        cards.append(
            tag("li", tag("strong", f"{stage.scan}: {row['says']}"), tag("br"), tag("small", share, class_="quiet"),
                tag("img", src=stage.overview, alt=f"The picture after scan {stage.scan}", loading="lazy"),
                tag("img", src=stage.crop, alt="A part of it at full size, doubled", class_="crop", loading="lazy"))
        )  # fmt: skip
    note = tag("p", "The whole picture after each scan, and its busiest part at full size, enlarged.", class_="quiet")
    return safe([note if cards else None, tag("ul", *cards, class_="pairs") if cards else None, told])


# --- coefficients


def _frequencies(seen: Inspection, made: Decoded | None) -> Markup:
    if made is None:
        return Markup("")
    names = channel_names(seen.stream)
    drawn = []
    for i, component in enumerate(made.coefficients.components[:4]):
        label = (
            f"{names[i] if i < len(names) else i}: quantised values from -16 to 16 for each frequency, DC (top left) "
            "over its whole range; square-root scale, the zeros cut"
        )
        figure = histograms(component.real, label)
        drawn.append(figure if i == 0 else details(f"The same of {names[i] if i < len(names) else i}", figure))
    return safe(drawn)


def _generations(seen: Inspection, chart: Map, made: Decoded | None) -> Markup:
    """What the traces say; the earlier step that each frequency names, beside the table that they were taken for; where
    in the picture it shows."""
    found = [*seen.all("generations"), *seen.all("rounding")]
    drawn: list[Markup] = []
    value = seen.value("generations", "aligned", {})
    named = {int(k): int(q) for k, q in (value.get("steps_by_frequency") or {}).items()}
    if named:
        drawn.append(
            steps_heat([named.get(k) for k in range(64)], "The earlier step that each frequency names by itself")
        )
        tables = value.get("table") or []
        law = law_steps({**tables[0], "role": "luma", "steps_natural": [255] * 64}) if tables else None
        if law is not None:
            text = " ".join(str(v) for v in (tables[0]["law"], tables[0]["quality"]) if v is not None)
            drawn.append(steps_heat(law, f"{text}, luma"))
    where = seen.value("generations", "regions")
    placed = None
    if where and made is not None and (where["shows"] or where["against"]):
        grid = made.coefficients.components[0].grid
        told = (
            "A part that was put in after the earlier compression would speak against it. Flat parts say nothing; one "
            "region alone may be wrong (measured: docs/generations.md)."
        )
        url = made.stages[-1].overview if made.stages else ""
        placed = safe([tag("h3", "Where it shows"), regions_map(where, grid.width, grid.height, url), tag("p", told)])
    return safe([_rows(found, chart), tag("div", *drawn, class_="beside") if drawn else None, placed])


def _grid(made: Decoded | None) -> Markup:
    if made is None or not made.grid:
        return Markup("")
    across, down = made.phases
    lines = [Line(name, [(float(p), v) for p, v in enumerate(values)], kind)
             for name, values, kind in (("columns", across, "best"), ("rows", down, "rival")) if values]  # fmt: skip
    label = "Mean second difference of the first component at each place in its block: 0 and 7 touch the block's edge"
    chart = Chart(label, "place in the block", "mean |2b - a - c|", lines, y_from=0.0).svg()
    crop = tag("img", src=made.grid, alt="Differences between neighbours in a flat part", class_="crop", loading="lazy")
    told = tag("figcaption", "Differences between neighbours in a flat part, 24 times amplified (darker: more)")
    return safe([tag("div", tag("figure", crop, told), chart, class_="beside")])


def _huffman(seen: Inspection, chart: Map) -> Markup:
    if seen.format != "jpeg":
        return Markup("")
    rows = seen.value("huffman", "tables", [])
    drawn: list[Markup] = []
    scan = number = 0
    for _, element in seen.stream.located():
        scan += isinstance(element, Sos)
        if not isinstance(element, Dht):
            continue
        for huff in element.tables:
            said = rows[number] if number < len(rows) else {}
            number += 1
            if len(drawn) < MOST_CODES:
                title = f"{huff.name}, before scan {scan}: {sum(huff.counts)} codes"
                standard = badge(f"T.81 {said['standard']}", "quiet") if said.get("standard") else None
                link = chart.link(said.get("offset"))
                drawn.append(tag("div", code_lengths(huff, title), tag("small", link, " ", standard)))
    if not drawn:
        return Markup("")
    more = tag("p", f"and {number - len(drawn)} tables more", class_="quiet") if number > len(drawn) else None
    texts = [o for o in seen.all("huffman") if o.name not in ("tables", "dht_segments", "dht_tables")]
    return safe([_rows(texts, chart), tag("div", *drawn, class_="codes"), more])


# --- the rest


def _others(seen: Inspection, chart: Map) -> Markup:
    """The topics without a section of their own, in the order in which they were observed."""
    topics = dict.fromkeys(o.topic for o in seen.observations if o.topic not in DRAWN)
    parts = []
    for topic in topics:
        found = seen.all(topic)
        parts.append(tag("h3", NAMES.get(topic, topic), id=f"topic-{topic}"))
        rows = [(o.text, chart.link(o.offset), tag("small", o.source, class_="quiet")) for o in found[:MOST_ROWS]]
        parts.append(tag("div", table(("observed", "at", "source"), rows), class_="said"))
    return safe(parts)


def _anomalies(seen: Inspection, chart: Map) -> Markup:
    found = seen.all("anomalies")
    rows = [(o.text, chart.link(o.offset), o.source) for o in found[:MOST_ROWS]]
    more = tag("p", f"and {len(found) - MOST_ROWS:,} more", class_="quiet") if len(found) > MOST_ROWS else None
    return safe([table(("what is odd", "at", "clause"), rows), more]) if rows else Markup("")


def _observations(seen: Inspection, chart: Map) -> Markup:
    """All of them, in the order in which they were made: the JSON document's `observations`."""
    shown = _rows(seen.observations[:MOST_OBSERVATIONS], chart)
    return details(f"{len(seen.observations):,} observations, each with its place and its source", shown)
