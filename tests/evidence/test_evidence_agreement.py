"""Agreement with what was measured on real deliveries by an independent reader: facts/deliveries.csv."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared_folder import facts_rows, measured_files, real_files
from understudy.codec.scans import name_of
from understudy.codec.tables import candidates, identify
from understudy.inspection import Inspection, inspect
from understudy.jpeg.syntax import ScanSpec

pytestmark = pytest.mark.shared

NOWHERE = Path("missing")
FILES = real_files() or [NOWHERE]
MEASURED = measured_files() or [(NOWHERE, {})]
LAW_OF = {"annexK": "annex-k", "jpegli420": "jpegli", "custom-diag": "facebook-custom-diag"}
LAW_OF |= {f"moz{preset}": f"mozjpeg-{preset}" for preset in range(1, 9)}
"""The facts' names of the laws that are known here."""


each_measured = pytest.mark.parametrize(("path", "row"), MEASURED, ids=lambda x: getattr(x, "name", ""))


def test_enough_files_are_measured() -> None:
    assert len(MEASURED) >= 20
    assert len(FILES) >= 29


def expected_laws(solved: str) -> set[tuple[str, int | None]]:
    """`annexK:q71;moz1:q96` -> the (law, quality) pairs of it that are known here."""
    pairs = (part.partition(":q") for part in solved.split(";") if part)
    return {(LAW_OF[law], int(quality) if quality else None) for law, _, quality in pairs if law in LAW_OF}


def jfif_text(seen: Inspection) -> str:
    if seen.find("jfif") is None:
        return ""
    x, y = seen.value("jfif", "density")
    return f"{seen.value('jfif', 'version')} unit{seen.value('jfif', 'units')} {x}x{y}"


def header_facts(seen: Inspection) -> dict[str, str]:
    """The columns of deliveries.csv as `inspect` sees them."""
    frame, scans, huffman = seen.to_dict()["frame"], seen.to_dict()["scans"], seen.to_dict()["huffman"]
    return {
        "width": str(frame["width"]),
        "height": str(frame["height"]),
        "bytes": str(seen.size_bytes),
        "sof": frame["sof"],
        "ncomp": str(len(frame["component_ids"])),
        "sampling": frame["sampling_factors"],
        "comp_ids": " ".join(map(str, frame["component_ids"])),
        "scan_script": json.dumps(scans["script"], separators=(",", ":")),
        "n_scans": str(scans["count"]),
        "script_is_simple_progression": str(scans["name"] == "simple10"),
        "dht_segments": str(huffman["dht_segments"]),
        "dht_tables": str(huffman["dht_tables"]),
        "dht_all_standard": str(huffman["all_standard"]),
        "markers": seen.value("markers", "order"),
        "icc_bytes": str(seen.value("icc", "bytes", 0)),
        "icc_desc": seen.value("icc", "description", ""),
        "jfif": jfif_text(seen),
        "dri": str(seen.value("markers", "restart_interval", 0)),
        "exif": str(seen.find("exif") is not None),
        "xmp": str(seen.find("xmp") is not None),
        "adobe_app14": str(seen.value("adobe", "transform", "")),
        "trailing_bytes": str(seen.value("markers", "trailing_bytes", 0)),
    }


@each_measured
def test_headers_agree_with_the_measured_facts(path: Path, row: dict[str, str]) -> None:
    seen = inspect(path.read_bytes())
    facts = header_facts(seen)
    assert facts == {column: row[column].rstrip("\0") for column in facts}


@each_measured
def test_tables_agree_with_the_measured_facts(path: Path, row: dict[str, str]) -> None:
    seen = inspect(path.read_bytes())
    tables = {t["Tq"]: t for t in seen.to_dict()["tables"]}
    used = seen.value("frame", "quant_tbl_no")
    for component, column in ((0, "luma"), (1, "chroma")):
        table = tables[used[component]]
        assert " ".join(map(str, table["steps_natural"])) == row[f"{column}_q_natural"]
        expected = expected_laws(row[f"{column}_solved"])
        known_since = table["law"].startswith("photoshop/")  # the facts were solved without Photoshop's tables
        assert (table["exact"] and not known_since) == bool(expected)
        if expected:
            assert (table["law"], table["quality"]) in expected


@each_measured
def test_fbmd_agrees_with_the_measured_facts(path: Path, row: dict[str, str]) -> None:
    seen = inspect(path.read_bytes())
    fbmd = seen.to_dict()["fbmd"]
    assert (fbmd is not None) == bool(row["fbmd"])
    if fbmd:
        numbers = [*fbmd["positions"], fbmd["delivered_bytes"]]
        digits = "".join(n.to_bytes(4, "little").hex() for n in numbers)
        assert f"FBMD{fbmd['type']}{fbmd['count']:04x}{digits}" == row["fbmd"]
        assert (fbmd["intact"] == "yes") == (row["fbmd_check"] == "intact")


@pytest.mark.parametrize(
    ("golden", "quality", "records"),
    [
        ("facebook-2015-black", 71, ["2:103", "2:40"]),
        ("facebook-2015-image", 71, ["2:103", "2:40"]),
        ("facebook-2015-white", 71, ["2:103", "2:40"]),
        ("facebook-2021", 92, ["2:40"]),
    ],
)
def test_goldens_without_a_row(golden: str, quality: int, records: list[str]) -> None:
    """Facebook's classic deliveries: qualities of golden/README.md, layout of facebook-classic.md, 4."""
    (path,) = [p for p in FILES if p.parent.name == golden and p.name == "received.jpg"]
    seen = inspect(path.read_bytes())
    document = seen.to_dict()
    assert [(t["law"], t["quality"], t["exact"]) for t in document["tables"]] == [("annex-k", quality, True)] * 2
    assert document["frame"]["component_ids"] == [0, 1, 2]
    assert document["frame"]["sampling"] == "4:2:0"
    assert document["jfif"]["version"] == "1.02"
    assert document["scans"]["name"] == "simple10"
    assert document["scans"]["legal"] and document["scans"]["unfinished"] == 0
    assert document["huffman"]["replaced_unused"] == ["DC 1"]
    assert document["iptc"]["order"] == records
    assert document["fbmd"]["intact"] == "yes"
    (family,) = document["family"]["consistent_with"]
    assert family["family"].startswith("Facebook classic")
    assert not document["anomalies"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_whole_files_are_mapped(path: Path) -> None:
    """The map's rows cover the file without a gap, and the document survives JSON unchanged."""
    data = path.read_bytes()
    seen = inspect(data)
    rows = seen.to_dict()["segments"]
    at = 0
    for row in rows:
        assert row["offset"] == at
        at += row["bytes"]
    assert at == len(data)
    assert json.loads(json.dumps(seen.to_dict())) == seen.to_dict()


def test_every_row_of_the_facts_as_header_facts() -> None:
    """All 478 rows, most of whose files are not here: law and quality of both tables, the script's name."""
    rows = facts_rows()
    assert len(rows) >= 478
    wrong, photoshop = [], 0
    for row in rows:
        for column in ("luma", "chroma"):
            steps = tuple(map(int, row[f"{column}_q_natural"].split()))
            if len(steps) != 64:
                continue
            expected = expected_laws(row[f"{column}_solved"])
            match = identify(steps)
            known_since = match.exact and match.law.startswith("photoshop/")
            photoshop += known_since
            if (match.exact and not known_since) != bool(expected) or (
                expected and (match.law, match.quality) not in expected
            ):
                wrong.append((row["sha256"], column, match, row[f"{column}_solved"]))
            if {(m.law, m.quality) for m in candidates(steps)} & expected != expected:
                wrong.append((row["sha256"], column, candidates(steps), expected))
        script = tuple(ScanSpec(tuple(ids), *band) for ids, *band in json.loads(row["scan_script"]))
        if (name_of(script) == "simple10") != (row["script_is_simple_progression"] == "True"):
            wrong.append((row["sha256"], "script", name_of(script), row["scan_script"]))
    assert not wrong
    assert photoshop == 12, "both tables of 4 rows, which have an Adobe segment, and 4 single tables"
