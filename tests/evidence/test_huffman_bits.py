"""Huffman tables beside their symbols: files by libjpeg-turbo (Pillow), by jpegli, and tables that follow no rule."""

from __future__ import annotations

import io
from dataclasses import replace

import made_files
import pyjpegli
import pytest
from PIL import Image

import understudy as us
from shared_folder import real_files
from understudy.inspection import Inspection, inspect
from understudy.jpeg import parse, read_coefficients, write
from understudy.jpeg.huffman import STANDARD
from understudy.jpeg.syntax import Dht, HuffTable, JpegStream, Sos


def deep(data: bytes) -> Inspection:
    return inspect(data, depth="coefficients")


def saved(**options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(made_files.picture(200, 152)).save(out, "JPEG", quality=80, **options)
    return out.getvalue()


def scan_bits(data: bytes) -> int:
    """Bits of entropy-coded data, without stuffing."""
    return sum(8 * len(s.data.replace(b"\xff\0", b"\xff")) for s in parse(data).scans)


def test_standard_tables_cost_what_libjpeg_saves_by_optimal_ones() -> None:
    standard, optimal = saved(), saved(optimize=True)
    seen = deep(standard)
    assert seen.value("huffman_bits", "kind") == "standard"
    assert deep(optimal).value("huffman_bits", "kind").startswith("libjpeg-optimal")
    assert deep(optimal).value("huffman_bits", "excess_bits") == 0
    excess = seen.value("huffman_bits", "excess_bits")
    assert excess > 1000
    assert abs(excess - (scan_bits(standard) - scan_bits(optimal))) < 8, "padding aside"


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"progressive": True, "subsampling": "4:4:4"}, {"optimize": True}]
)
def test_libjpegs_own_tables_are_its_optimum_in_every_scan(options: dict[str, object]) -> None:
    seen = deep(saved(**options))
    assert seen.value("huffman_bits", "kind").startswith("libjpeg-optimal")
    assert seen.value("huffman_bits", "scans_reproduced") == seen.value("scans", "count")
    assert {row["kind"].split(" or ")[0] for row in seen.value("huffman_bits", "tables")} == {"libjpeg-optimal"}


def test_grey_and_restarts() -> None:
    out = io.BytesIO()
    Image.fromarray(made_files.picture(64, 40)).convert("L").save(out, "JPEG", optimize=True, restart_marker_blocks=3)
    seen = deep(out.getvalue())
    assert seen.value("markers", "restart_interval") == 3
    assert seen.value("huffman_bits", "kind").startswith("libjpeg-optimal")
    assert seen.value("huffman_bits", "scans_reproduced") == 1


def test_jpegli_merges_its_tables() -> None:
    """A progressive file in jpegli's entropy layer, which equals jpegli's own (tests/codec/test_jpegli_files.py)."""
    out = io.BytesIO()
    Image.fromarray(made_files.picture(320, 240)).save(out, "PNG")
    seen = deep(us.mimic(out.getvalue(), "facebook/android-2026").data)
    assert seen.value("huffman_bits", "kind") == "jpegli"
    assert seen.value("huffman_bits", "scans_reproduced") == seen.value("scans", "count")
    assert max(row["scans"] for row in seen.value("huffman_bits", "tables")) > 1, "several scans share a table"


def test_pyjpegli_writes_the_standard_tables() -> None:
    pixels = made_files.picture()
    seen = deep(pyjpegli.encode(pixels.tobytes(), pixels.shape[1], pixels.shape[0], 75))
    assert seen.value("huffman_bits", "kind") == "standard"


def test_a_table_of_no_rule_is_called_other() -> None:
    """The standard tables with two symbols of one length swapped, in a file coded with them."""
    stream = parse(saved())
    ac = STANDARD["AC 0"]
    symbols = bytearray(ac.symbols)
    symbols[0], symbols[-1] = symbols[-1], symbols[0]
    odd = HuffTable(ac.Tc, ac.Th, ac.counts, bytes(symbols))
    coefficients = read_coefficients(stream)
    from understudy.jpeg.entropy_encode import Tokenizer
    from understudy.jpeg.syntax import ScanSpec

    tables = {(t.Tc, t.Th): t for t in STANDARD.values()} | {(1, 0): odd}
    tokens = Tokenizer(
        [c.blocks for c in coefficients.components],
        width=200,
        height=152,
        factors=coefficients.factors,
        progressive=False,
    ).scan(ScanSpec((0, 1, 2), 0, 63, 0, 0), [(0, 0), (1, 1), (1, 1)])
    data = tokens.encode(tables)

    def swapped(element: object) -> object:
        if isinstance(element, Dht) and element.tables[0].name == "AC 0":
            return Dht(tables=(odd,))
        return replace(element, data=data) if isinstance(element, Sos) else element

    seen = deep(write(JpegStream(tuple(swapped(e) for e in stream.elements))))  # type: ignore[misc]
    kinds = {row["name"]: row["kind"] for row in seen.value("huffman_bits", "tables")}
    assert kinds["AC 0"] == "other"
    assert kinds["AC 1"] == "standard"
    assert seen.value("huffman_bits", "kind") == "other and standard"


@pytest.mark.shared
def test_facebooks_and_whatsapps_real_files() -> None:
    """facts/platforms.md: Huffman exactly libjpeg-optimal; facebook-classic.md: equal in 60 of 60 files."""
    for path in sorted(p for p in real_files() if p.parent.name == "real" and p.stat().st_size < 150_000):
        seen = deep(path.read_bytes())
        assert seen.value("huffman_bits", "kind").startswith("libjpeg-optimal"), path.name
        assert seen.value("huffman_bits", "excess_bits") == 0
        assert seen.value("huffman_bits", "scans_reproduced") == seen.value("scans", "count")


def test_headers_say_nothing_about_bits_and_damage_is_told() -> None:
    data = saved()
    assert inspect(data).find("huffman_bits") is None
    assert inspect(data).find("coefficients") is None
    assert deep(data).value("coefficients", "readable") is True
    arithmetic = data.replace(b"\xff\xc0", b"\xff\xc9", 1)
    seen = deep(arithmetic)
    assert seen.value("coefficients", "readable") is False
    assert seen.find("huffman_bits") is None
    with pytest.raises(ValueError, match="depth 'all', expected"):
        inspect(data, depth="all")  # type: ignore[arg-type]


def test_every_cut_is_answered() -> None:
    data = saved(progressive=True)
    for end in range(2, len(data), 211):
        deep(data[:end]).to_dict()
