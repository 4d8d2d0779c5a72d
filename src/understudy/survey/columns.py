"""What one row of a survey holds: a table of columns, each with its type and what it means.

Everything is taken from an `Inspection`, whose observations are the only source of claims: nothing is worked out here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..inspection import Inspection

MAX_SCRIPT = 100
"""Scans of a script that are written down; of a longer one the first."""
MAX_ORDER = 2_000
"""Characters of the order of markers that are kept."""
MAX_ERROR = 400
"""Characters of an error that are kept."""

Read = Callable[[Inspection], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type in the Parquet file, what it means, how it is read off an inspection."""

    name: str
    kind: str
    """`string`, `int64`, `float64`, `bool`, `steps` (64 numbers, row by row) or `figures` (a list of float64)."""
    says: str
    read: Read | None = None
    """None where the reader of files fills it in."""


def _value(topic: str, name: str) -> Read:
    return lambda seen: seen.value(topic, name)


def _text(topic: str, name: str) -> Read:
    """The value as a string, None where nothing was observed."""

    def read(seen: Inspection) -> str | None:
        value = seen.value(topic, name)
        return None if value is None else value if isinstance(value, str) else json.dumps(value)

    return read


def _joined(topic: str, name: str) -> Read:
    def read(seen: Inspection) -> str | None:
        value = seen.value(topic, name)
        return " ".join(str(v) for v in value[:16]) if isinstance(value, (list, tuple)) else value

    return read


def _table(component: int, key: str) -> Read:
    """A fact of the first quantisation table that a component uses; of a grey file's chroma nothing."""

    def read(seen: Inspection) -> Any:
        for found in seen.all("tables"):
            if component in found.value.get("components", ()):
                return found.value.get(key)
        return None

    return read


def _script(seen: Inspection) -> str | None:
    """The scan script as libjpeg's `-scans` files have it, scans parted by `; `."""
    rows = seen.value("scans", "script")
    if not rows:
        return None
    told = [f"{' '.join(map(str, c[:5]))}: {Ss}-{Se}, {Ah}, {Al}" for c, Ss, Se, Ah, Al in rows[:MAX_SCRIPT]]
    return "; ".join(told)


def _platforms(seen: Inspection) -> str | None:
    names = seen.value("identity", "platforms")
    return None if names is None else ", ".join(names)


def _operator(seen: Inspection) -> str | None:
    found = seen.value("identity", "operator")
    return found["name"] if isinstance(found, dict) else None


def _candidate(key: str) -> Read:
    """A fact of the best supported signature, None where no platform can be told."""

    def read(seen: Inspection) -> Any:
        rows = seen.value("identity", "candidates")
        return rows[0].get(key) if rows and seen.value("identity", "platforms") else None

    return read


def _families(seen: Inspection) -> str | None:
    rows = seen.value("family", "consistent_with")
    return None if rows is None else "; ".join(row["family"] for row in rows) or "unknown"


def _order(seen: Inspection) -> str | None:
    order = seen.value("markers", "order")
    return order[:MAX_ORDER] if isinstance(order, str) else None


def _anomaly(seen: Inspection) -> str | None:
    found = seen.find("anomalies")
    return None if found is None else found.text[:MAX_ERROR]


FILE = (
    Column("path", "string", "the file, below the surveyed folder, with /"),
    Column("bytes", "int64", "its length"),
    Column("mtime_ns", "int64", "its time of change, nanoseconds since 1970"),
    Column("year", "int64", "the year of that time, UTC: of the file on this disk, not of the picture"),
    Column("error", "string", "why there is nothing more to tell, null where there is"),
    Column("depth", "string", "`headers`, or `coefficients` where statistics were asked for"),
    Column("version", "string", "the version of understudy that read it"),
)
"""What is known of every file, readable or not."""

FACTS = (
    Column("sha256", "string", "of the whole file", lambda seen: seen.sha256),
    Column("format", "string", "`jpeg`, `webp`, `png`, ...", lambda seen: seen.format),
    Column("verdict", "string", "inspect's sentences", lambda seen: " ".join(seen.verdict)),
    Column("platforms", "string", "the platforms that it is consistent with, parted by `, `; empty: cannot be told",
           _platforms),
    Column("surface", "string", "the surface of the best supported signature", _candidate("surface")),
    Column("era", "string", "the years of the signatures that fit", _value("identity", "era")),
    Column("signature", "string", "the best supported signature", _candidate("id")),
    Column("operator", "string", "who delivered it, where a note says so", _operator),
    Column("delivered_untouched", "string", "`yes`, `no` or `cannot tell`", _value("identity", "delivered_untouched")),
    Column("process", "string", "T.81's process, such as `baseline DCT`", _value("frame", "process")),
    Column("progressive", "bool", "whether it is progressive", _value("frame", "progressive")),
    Column("width", "int64", "samples a line", _value("frame", "width")),
    Column("height", "int64", "lines", _value("frame", "height")),
    Column("precision", "int64", "bits a sample", _value("frame", "precision")),
    Column("component_ids", "string", "such as `1 2 3`", _joined("frame", "component_ids")),
    Column("sampling", "string", "such as `4:2:0`; empty where it has no such name", _value("frame", "sampling")),
    Column("sampling_factors", "string", "such as `2x2 1x1 1x1`", _value("frame", "sampling_factors")),
    Column("law", "string", "the law of all tables together, null where they have none in common",
           _value("quality", "law")),
    Column("quality", "int64", "the quality by that law", _value("quality", "quality")),
    Column("quality_exact", "bool", "whether it gives exactly these tables", _value("quality", "exact")),
    Column("luma_law", "string", "the law of the first component's table, or the nearest", _table(0, "law")),
    Column("luma_quality", "int64", "the quality by that law", _table(0, "quality")),
    Column("luma_exact", "bool", "whether the law gives exactly this table", _table(0, "exact")),
    Column("luma_residual", "float64", "mean absolute difference from the law's table", _table(0, "residual")),
    Column("luma_steps", "steps", "the table, row by row", _table(0, "steps_natural")),
    Column("chroma_law", "string", "as luma_law, of the second component", _table(1, "law")),
    Column("chroma_quality", "int64", "as luma_quality", _table(1, "quality")),
    Column("chroma_exact", "bool", "as luma_exact", _table(1, "exact")),
    Column("chroma_residual", "float64", "as luma_residual", _table(1, "residual")),
    Column("chroma_steps", "steps", "as luma_steps", _table(1, "steps_natural")),
    Column("scans", "int64", "how many scans", _value("scans", "count")),
    Column("script_name", "string", "the script's name, null where it has none here", _value("scans", "name")),
    Column("script", "string", "the script, as libjpeg's -scans files have it", _script),
    Column("script_legal", "bool", "whether it keeps T.81's rules", _value("scans", "legal")),
    Column("huffman_standard", "bool", "whether all Huffman tables are T.81's K.3 to K.6",
           _value("huffman", "all_standard")),
    Column("dht_tables", "int64", "Huffman tables", _value("huffman", "dht_tables")),
    Column("dht_segments", "int64", "DHT segments", _value("huffman", "dht_segments")),
    Column("markers", "string", "the order of markers, `SOI>APP0>...`", _order),
    Column("restart_interval", "int64", "MCUs between restarts", _value("markers", "restart_interval")),
    Column("trailing_bytes", "int64", "bytes after the end", _value("markers", "trailing_bytes")),
    Column("jfif_version", "string", "such as `1.01`", _value("jfif", "version")),
    Column("adobe_transform", "int64", "APP14's colour transform", _value("adobe", "transform")),
    Column("exif_bytes", "int64", "bytes of EXIF", _value("exif", "bytes")),
    Column("orientation", "int64", "EXIF's orientation", _value("exif", "orientation")),
    Column("xmp_bytes", "int64", "bytes of XMP", _value("xmp", "bytes")),
    Column("icc_bytes", "int64", "bytes of the ICC profile", _value("icc", "bytes")),
    Column("icc_description", "string", "what the profile calls itself", _value("icc", "description")),
    Column("icc_sha256", "string", "of the profile", _value("icc", "sha256")),
    Column("comments", "int64", "COM segments", lambda seen: len(seen.all("comments"))),
    Column("fbmd_type", "string", "the type of Facebook's note", _text("fbmd", "type")),
    Column("fbmd_intact", "string", "whether the file is as the note says", _value("fbmd", "intact")),
    Column("fbmd_delivered_bytes", "int64", "the length that the note says", _value("fbmd", "delivered_bytes")),
    Column("family", "string", "encoder families that the container is consistent with", _families),
    Column("anomalies", "int64", "how many things are odd", lambda seen: len(seen.all("anomalies"))),
    Column("first_anomaly", "string", "the first of them", _anomaly),
)  # fmt: skip
"""What inspect says."""

STATISTICS = (
    Column("luma_zero_share", "float64", "share of luma's AC coefficients that are 0"),
    Column("luma_one_share", "float64", "share of luma's nonzero AC coefficients that are 1 or -1"),
    Column("luma_nonzero_a_block", "float64", "nonzero AC coefficients of a luma block, on average"),
    Column("luma_dc_mean", "float64", "mean of luma's quantised DC"),
    Column("luma_dc_deviation", "float64", "its standard deviation"),
    Column("luma_mean_size", "figures", "mean absolute quantised value of each of luma's 64 frequencies, row by row"),
    Column("luma_odd_share", "figures", "share of odd values among the nonzero ones, for each; null where none is"),
    Column("chroma_zero_share", "float64", "share of chroma's AC coefficients that are 0"),
    Column("chroma_one_share", "float64", "as luma_one_share"),
    Column("chroma_nonzero_a_block", "float64", "as luma_nonzero_a_block"),
    Column("entropy_bytes", "int64", "bytes of entropy-coded data"),
    Column("earlier", "string", "whether it was compressed before on the same grid: `yes`, `no sign`, `cannot tell`"),
    Column("earlier_law", "string", "the law of the earlier table, of several the commonest; null where none fits"),
    Column("earlier_quality", "int64", "the quality by that law"),
    Column("dimples", "string", "how levels were rounded, as inspect says"),
    Column("levels", "string", "how levels were chosen, as inspect says"),
    Column("coefficient_error", "string", "why there are no statistics, null where there are"),
)
"""What `coefficients=True` adds, for JPEG files; null otherwise."""

COLUMNS = (*FILE, *FACTS, *STATISTICS)
"""Every column of a survey, in order."""


def facts(seen: Inspection) -> dict[str, Any]:
    """A row's FACTS columns."""
    return {column.name: _typed(column, column.read(seen)) for column in FACTS if column.read is not None}


_TYPES: dict[str, type] = {"string": str, "int64": int, "bool": bool}


def _typed(column: Column, value: Any) -> Any:
    """`value` if it is of the column's type, else None: another format may use a name for something else."""
    if value is None or column.kind == "steps":
        return value
    if column.kind == "float64":
        return float(value) if isinstance(value, (int, float)) else None
    fits = isinstance(value, _TYPES[column.kind]) and not (column.kind == "int64" and isinstance(value, bool))
    return value if fits and (column.kind != "int64" or abs(value) < 1 << 63) else None
