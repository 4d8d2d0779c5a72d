"""Rows of deliveries.csv, which an independent reader wrote, as the traits that `identity` and `family` compare."""

from __future__ import annotations

import json
from itertools import groupby

from understudy.codec.scans import name_of
from understudy.codec.tables import identify
from understudy.evidence._knowledge import NONE, OR, script_text
from understudy.evidence._scripts import kinds_of
from understudy.evidence._traits import Said, codes_text, grouping, icc_text, laws
from understudy.evidence.frame import SAMPLING_NAMES
from understudy.evidence.tables import _value
from understudy.jpeg.syntax import QuantTable, ScanSpec

Row = dict[str, str]
PARTS = {"APP0": "JFIF", "APP2": "ICC", "APP13": "APP13", "APP14": "Adobe"}


def traits(row: Row) -> dict[str, str]:
    """The traits that the row's columns give; Huffman tables' names and selectors are not among them."""
    found = {"process": row["sof"], "component ids": row["comp_ids"]}
    version, _, density = row["jfif"].partition(" ")
    found["JFIF"] = version or NONE
    if version:
        found["density"] = density.removeprefix("unit")
    markers = row["markers"].split(">")
    before = markers[: markers.index(row["sof"])]
    found["tables before the frame"] = " ".join(dict.fromkeys(m for m in before if m in ("DQT", "DHT"))) or NONE
    found["Adobe marker"] = "yes" if row["adobe_app14"] else "no"
    n_dqt = int(row["dqt_segments"])
    found["quantisation tables"] = "all in one segment" if n_dqt == 1 else "one a segment"
    tables, segments = int(row["dht_tables"]), int(row["dht_segments"])
    found["Huffman tables"] = grouping([tables // segments + 1] * segments if tables > segments else [1] * segments)
    found["Huffman codes"] = codes_text(row["dht_all_standard"] == "True", False)
    found["script"] = script(row)
    h, v = row["sampling"].split()[0].split("x")
    found["sampling"] = SAMPLING_NAMES[int(h), int(v)]
    found["ICC"] = icc_text(row["icc_desc"].rstrip("\0"), int(row["icc_bytes"]))
    found["FBMD"] = row["fbmd"][4:6] or NONE
    parts = [PARTS.get(m, m) for m in before if m.startswith("APP")]
    if not int(row["icc_bytes"]):
        parts = ["APP2" if p == "ICC" else p for p in parts]
    found["metadata"] = " ".join(part for part, _ in groupby(parts)) or NONE
    found["comment"] = eval(row["com"]).hex() if row["com"] else NONE  # a bytes literal of ours
    found["longest side"] = str(max(int(row["width"]), int(row["height"])))
    found |= law(row)
    return found


def law(row: Row) -> dict[str, str]:
    """The pair's law and quality, as `quality` finds it."""
    pair = pair_of(row)
    if not pair["exact"]:
        return {"law": NONE, "quality": NONE}
    both = [pair, *pair["ties"]]
    return {
        "law": OR.join(dict.fromkeys(m["law"] for m in both)),
        "quality": OR.join(dict.fromkeys(str(m["quality"]) for m in both)),
    }


def pair_of(row: Row) -> dict[str, object]:
    """`quality`'s value for the row's tables."""
    values = []
    for Tq, column in enumerate(("luma", "chroma")):
        steps = tuple(map(int, row[f"{column}_q_natural"].split()))
        table = QuantTable(Tq, natural_to_zigzag(steps), int(max(steps) > 255))
        assert table.steps_natural == steps
        values.append(_value(table, identify(steps), [Tq], 0))
    observed: Said = {
        ("frame", "quant_tbl_no"): [0, 1, 1],
        ("frame", "sampling"): "4:2:0" if row["sampling"] == "2x2 1x1 1x1" else "",
    }
    return laws(values, observed)


def natural_to_zigzag(steps: tuple[int, ...]) -> tuple[int, ...]:
    """64 steps, row by row, in zigzag order; T.81 figure A.6."""
    order = sorted(range(64), key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else i % 8))
    return tuple(steps[i] for i in order)


def script(row: Row) -> str:
    """The script's name and kinds, or the script itself."""
    scans = json.loads(row["scan_script"])
    specs = tuple(ScanSpec(tuple(ids), *band) for ids, *band in scans)
    names = [name_of(specs), *(kinds_of(scans) if row["sof"] == "SOF2" else ())]
    return OR.join(n for n in names if n) or script_text(specs)
