"""`inspect`: bytes -> Inspection. At depth "headers" nothing is decoded and nothing but the standard library loads; at
depth "coefficients" the coefficients are read too."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from .errors import JpegError, LimitError
from .evidence import Observation, examine, observe
from .evidence._filenames import observe_name
from .evidence._resemblance import SAME_HEADERS
from .evidence.base import plural, visible
from .evidence.quality import text as quality_text
from .evidence.tables import law_text, nearest_text
from .files import Given, bytes_of
from .formats import observe as observe_format
from .formats import sniff
from .jpeg.parse import parse
from .jpeg.syntax import JpegStream

SCHEMA = "understudy-inspection/1"

Depth = Literal["headers", "coefficients"]

SECTIONS = (
    "identity",
    "quality",
    "frame",
    "scans",
    "huffman",
    "markers",
    "jfif",
    "adobe",
    "exif",
    "xmp",
    "mpf",
    "c2pa",
    "icc",
    "photoshop",
    "iptc",
    "fbmd",
    "family",
)
"""Topics that become an object in the document (null where nothing was observed). Others of one name each
follow."""

LISTS = ("tables", "comments", "anomalies")
"""Topics that become an array: one value for each observation."""

INTACT = {
    "yes": "Untouched since Facebook delivered it, as far as FBMD shows (it notes positions, signs nothing).",
    "no": "Changed since Facebook delivered it: ",
    "stale": "Not the file that Facebook delivered: ",
    "cannot tell": "Whether it is as Facebook delivered it, this FBMD cannot say: ",
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the bytes of one file say, each observation with its place."""

    stream: JpegStream
    """The JPEG's segments; of other formats a stream without any."""
    observations: tuple[Observation, ...]
    size_bytes: int
    sha256: str
    format: str = "jpeg"
    """`jpeg`, `webp`, `png`, `gif`, `avif` or `heic`."""

    def __repr__(self) -> str:
        return f"Inspection({self.format}: {' '.join(self.verdict)})"

    def find(self, topic: str, name: str | None = None) -> Observation | None:
        """The first observation of `topic` (and `name`), None if nothing of the kind was observed."""
        return next((o for o in self.observations if o.topic == topic and name in (None, o.name)), None)

    def value(self, topic: str, name: str, default: Any = None) -> Any:
        """The value of the first observation of `topic` and `name`, `default` if there is none."""
        found = self.find(topic, name)
        return default if found is None else found.value

    def all(self, topic: str) -> tuple[Observation, ...]:
        """Every observation of `topic`, in the order in which they were made."""
        return tuple(o for o in self.observations if o.topic == topic)

    @property
    def verdict(self) -> tuple[str, ...]:
        """The file in a few plain sentences, the most telling first; safe to print."""
        return tuple(sentence for sentence, _ in self.claims)

    @property
    def claims(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The verdict's sentences, each with the topics of the observations that it rests on."""
        odd = (_anomalies(self), ("anomalies",))
        ending = [(_family(self), ("family",)), (_intact(self), ("fbmd",)), (_name(self), ("filename",)), odd]
        if self.format != "jpeg":
            topic = {"avif": "isobmff", "heic": "isobmff"}.get(self.format, self.format)
            told = [(o.text, (topic,)) for o in self.all("summary")]
            return tuple((s, topics) for s, topics in (*told, *ending) if s)
        identity = (_identity(self), ("identity",))
        rows = [(_picture(self), ("frame", "scans")), (_tables(self), ("tables", "quality")), *ending[:2]]
        alike = (_alike(self), ("identity",))
        rows = [identity, *rows] if self.value("identity", "platforms") else [*rows, identity, alike]
        return tuple((s, topics) for s, topics in (*rows, *ending[2:]) if s)

    def to_dict(self) -> dict[str, Any]:
        """The inspection as a document for `json.dumps`. In schema 1 keys are only ever added.

        schema        "understudy-inspection/1"
        format        "jpeg", "webp", "png", "gif", "avif" or "heic"; of the others than JPEG, keys that have no meaning
                      there are null or empty, and what they have of their own is in `webp`, `png`, `gif` or `isobmff`
        size_bytes    int
        sha256        hex digits
        verdict       [sentence, ...]
        tables        [{"law", "quality" (or null), "exact", "residual" (mean absolute difference of the
                      steps), "role" ("luma", "chroma", "both"), "ties" (what else gives it), "Tq", "Pq",
                      "components" (frame indexes), "offset", "steps_natural" (64, row by row)}, ...]
        identity      {"platforms" (the best supported first; empty where it cannot be told), "confidence" ("consistent
                      with" or "cannot tell"), "operator" ({"name", "confidence" ("marked" or "consistent with")};
                      only with FBMD), "era", "candidates" ([{"id", "platform", "surface", "since", "until", "era",
                      "profile", "telling", "supports", "contradicts", "not_distinguished", "source", "files",
                      "sources"}, ...]), "nearest", "not_distinguished", "delivered_untouched" ("yes", "no" or
                      "cannot tell"), "traits", "resembles" (only where the platform cannot be told: {"compared",
                      "known", "platforms": [{"platform", "files", "of", "sources", "same_size", "longest", "beyond"},
                      ...]}: counts of known deliveries with the same headers)} or null; a candidate's "trace" says that
                      it tells of a forerunner
        filename      {"form": {"form", "platforms", "at"}} where a name was given and has a known form
        quality       {"law", "quality", "exact", "residual", "ties" ([{"law", "quality"}, ...]), "luma", "chroma"}: the
                      law of all components' tables together (null where they have none in common), or null
        frame         {"process", "sof", "progressive", "width", "height", "precision", "component_ids",
                      "sampling" ("4:2:0" or ""), "sampling_factors" ("2x2 1x1 1x1"), "quant_tbl_no"} or null
        scans         {"count", "name" (or null), "script" ([[component indexes], Ss, Se, Ah, Al], ...),
                      "legal", "unfinished", "list" ([{"offset", "bytes", "selectors", ...}, ...])} or null
        huffman       {"tables", "dht_segments", "dht_tables", "grouping", "all_standard", "replaced_unused"}
                      or null
        markers       {"order" ("SOI>APP0>..."), "restart_interval", "apps", "trailing_bytes"}
        jfif, adobe, exif, xmp, mpf, c2pa, icc, photoshop, iptc    what was observed, by name, or null
        fbmd          {"type", "count", "positions", "delivered_bytes", "intact" ("yes", "no", "stale" or
                      "cannot tell"), "shift", "where"} or null
        family        {"consistent_with" ([{"family", "id", "supports", "contradicts", "not_distinguished",
                      "source"}, ...]), "traits", "nearest"} or null
        coefficients, generations, rounding   what the coefficients say (see understudy.traces), at that depth only
        huffman_bits  {"kind", "bits", "optimal_bits", "excess_bits", "scans_reproduced", "tables"}; at depth
                      "coefficients" only
        comments      [{"offset", "bytes", "text"}, ...]
        anomalies     [{"offset", "text", "clause"}, ...]
        segments      [{"offset", "marker", "bytes", "says"}, ...]   the whole file: segments, chunks, blocks or
                      boxes (two spaces before the name for each box or frame around it)
        observations  [{"topic", "name", "text", "offset", "source"}, ...]   the claims behind these values

        Offsets are bytes from the start of the file, of a marker's FF (in `segments` of its first fill byte),
        or null. Keys of a section that were not observed are missing from it.
        """
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "format": self.format,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "verdict": list(self.verdict),
        }
        for topic in LISTS:
            document[topic] = [o.value for o in self.all(topic)]
        topics = {o.topic for o in self.observations}.difference(LISTS, SECTIONS, ("segments", "summary"))
        for topic in (*SECTIONS, *sorted(topics)):
            document[topic] = {o.name: o.value for o in self.all(topic)} or None
        document["segments"] = self.value("segments", "map", [])
        document["observations"] = [
            {"topic": o.topic, "name": o.name, "text": o.text, "offset": o.offset, "source": o.source}
            for o in self.observations
        ]
        return document


def inspect(data: Given, depth: Depth = "headers", name: str | None = None) -> Inspection:
    """Everything that one file says: its headers, and at depth "coefficients" a JPEG's picture data too.

    name: what the file is called, if that is to be looked at as well (of a path in `data` it is not): weak evidence,
    told as `filename`, on which nothing else depends.

    data: a whole JPEG, WebP, PNG, GIF, AVIF or HEIC, or its path. Raises PictureError when the bytes begin as none of
    them, or the file cannot be read; all damage is reported among the observations, under `anomalies`. Where a JPEG's
    coefficients cannot be read, `coefficients` says why.
    """
    if depth not in ("headers", "coefficients"):
        raise ValueError(f'depth {depth!r}, expected "headers" or "coefficients"')
    data = bytes_of(data, "inspect")
    format = sniff(data)
    named = tuple(observe_name(name)) if name else ()
    if format != "jpeg":
        seen = observe_format(data, format) + named
        return Inspection(JpegStream((), b"", ()), seen, len(data), sha256(data).hexdigest(), format)
    stream = parse(data)
    observations = observe(stream) + named
    if depth == "coefficients":
        observations += _look_deeper(stream)
    return Inspection(stream, observations, len(data), sha256(data).hexdigest())


def _look_deeper(stream: JpegStream) -> tuple[Observation, ...]:
    """What the coefficients say; that they cannot be read, where they cannot."""
    from .jpeg.entropy_decode import read_coefficients
    from .traces import observe as traces

    clause = "T.81 F.2, G.2"
    try:
        coefficients = read_coefficients(stream)
    except (JpegError, LimitError) as error:
        why = f"the coefficients cannot be read: {visible(str(error))}"
        return (Observation("coefficients", "readable", False, why, None, clause),)
    damage = [{"offset": a.offset, "text": visible(a.text), "clause": a.clause} for a in coefficients.anomalies[:20]]
    whole = f"every coefficient read, {plural(len(coefficients.anomalies), 'anomaly', 'anomalies')}"
    readable = Observation("coefficients", "readable", True, whole, None, clause)
    told = Observation("coefficients", "anomalies", damage, whole, None, clause)
    return (readable, told, *examine(stream, coefficients), *traces(coefficients, stream))


def _identity(seen: Inspection) -> str:
    found = seen.find("identity", "platforms")
    return "" if found is None else f"{found.text[0].upper()}{found.text[1:]}."


def _alike(seen: Inspection) -> str:
    """The known deliveries with the same headers; nothing where there is none, or only some that carry other things
    along, which says too little for a verdict (the page's details have them)."""
    found = seen.find("identity", "resembles")
    if found is None or not found.value["platforms"] or found.value["compared"] != SAME_HEADERS:
        return ""
    return f"{found.text[0].upper()}{found.text[1:]}."


def _name(seen: Inspection) -> str:
    found = seen.find("filename", "form")
    return "" if found is None else f"{found.text[0].upper()}{found.text[1:]}."


def _picture(seen: Inspection) -> str:
    if seen.find("frame") is None:
        return "A JPEG file without a frame header: there is no picture in it."
    kind = {"SOF0": "Baseline", "SOF2": "Progressive"}.get(seen.value("frame", "sof"), "")
    kind = f"{kind} JPEG" if kind else f"JPEG, {seen.value('frame', 'process')}"
    sampling = seen.value("frame", "sampling") or f"sampled {seen.value('frame', 'sampling_factors')}"
    size = f"{seen.value('frame', 'width')} x {seen.value('frame', 'height')}"
    count, name = seen.value("scans", "count", 0), seen.value("scans", "name")
    scans = plural(count, "scan") + (f" ({name})" if name and count > 1 else "")
    return f"{kind}, {size}, {sampling}, {scans}, {plural(seen.size_bytes, 'byte')}."


def _tables(seen: Inspection) -> str:
    values = [o.value for o in seen.all("tables")]
    if not values:
        return "No quantisation table."
    pair = {name: seen.value("quality", name) for name in ("law", "quality", "exact", "ties")}
    if pair["exact"]:
        return f"Quantisation: {quality_text(pair)}."
    told = list(dict.fromkeys(law_text(v) for v in values if v["exact"]))
    near = list(dict.fromkeys(nearest_text(v) for v in values if not v["exact"]))
    if near:
        told.append(
            f"{'no exact law known here' if not told else 'and one that no law known here gives'}; nearest "
            + " and ".join(near[:2])
        )
    return f"Quantisation: {', '.join(told[:4])}."


def _family(seen: Inspection) -> str:
    found = seen.find("family", "consistent_with")
    return "" if found is None else f"{found.text[0].upper()}{found.text[1:]}."


def _intact(seen: Inspection) -> str:
    found = seen.find("fbmd", "intact")
    if found is None:
        return ""
    head = INTACT[found.value]
    return head if found.value == "yes" else head + found.text.partition(": ")[2] + "."


def _anomalies(seen: Inspection) -> str:
    count = len(seen.all("anomalies"))
    if not count:
        return ""
    return f"{count:,} {'thing is' if count == 1 else 'things are'} odd in its structure; see the anomalies."
