"""Frame, tables, scans, Huffman tables, markers and family, on streams built by hand."""

from __future__ import annotations

import pytest
from hand_built import (
    EOI_,
    FLAT,
    JFIF,
    SOI_,
    STANDARD_DHT,
    app,
    comment,
    dqt,
    file,
    frame,
    odd,
    picture,
    scan,
    seen,
)

from understudy.codec.scans import SCRIPTS
from understudy.codec.tables import MOZJPEG_3_NATURAL, Law, quant_tables, scale
from understudy.errors import PictureError
from understudy.inspection import inspect
from understudy.jpeg.huffman import STANDARD
from understudy.jpeg.parse import write
from understudy.jpeg.syntax import (
    NATURAL_OF_ZIGZAG,
    Dht,
    Dri,
    FrameComponent,
    HuffTable,
    JpegStream,
    ScanComponent,
    Sof,
    Sos,
)

SAMPLING = [
    ("1x1 1x1 1x1", "4:4:4", True),
    ("2x1 1x1 1x1", "4:2:2", True),
    ("1x2 1x1 1x1", "4:4:0", True),
    ("2x2 1x1 1x1", "4:2:0", True),
    ("4x1 1x1 1x1", "4:1:1", True),
    ("4x2 1x1 1x1", "4:1:0", True),
    ("1x2 1x2 1x2", "4:4:4", False),  # ffmpeg's 4:4:4
    ("2x2 1x2 1x2", "4:2:2", False),  # ffmpeg's 4:2:2
    ("2x2 2x1 2x1", "4:4:0", False),
    ("2x2 2x2 2x2", "4:4:4", False),
    ("1x1", "grey", True),
    ("2x2", "grey", False),
    ("2x2 1x1 2x2", "", False),
    ("1x1 2x2 2x2", "", False),
    ("3x1 2x1 2x1", "", False),
    ("0x0 1x1 1x1", "", False),
    ("1x1 1x1 1x1 1x1", "", False),
    ("4x4 1x1 1x1", "", False),
]


@pytest.mark.parametrize(("factors", "name", "usual"), SAMPLING)
def test_sampling_is_named_and_unusual_factors_are_told(factors: str, name: str, usual: bool) -> None:
    inspection = inspect(file(JFIF, dqt(), frame(factors), *STANDARD_DHT, scan()))
    found = inspection.find("frame", "sampling")
    assert found is not None and found.value == name
    assert inspection.value("frame", "sampling_factors") == factors
    assert ("unusually" in found.text) == (bool(name) and not usual)


def test_component_ids_and_their_offset() -> None:
    inspection = inspect(file(JFIF, dqt(), frame("2x2 1x1 1x1", first_id=0), *STANDARD_DHT, scan((0, 1, 2))))
    found = inspection.find("frame", "component_ids")
    assert found is not None and found.value == [0, 1, 2]
    assert found.offset == 2 + 18 + 69
    assert "1 2 3" in found.text


def zigzag(natural: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(natural[i] for i in NATURAL_OF_ZIGZAG)


@pytest.mark.parametrize("quality", [1, 25, 49, 50, 71, 75, 85, 92, 99, 100])
def test_a_law_is_found_exactly_at_every_quality(quality: int) -> None:
    luma, chroma = quant_tables(Law.ANNEX_K, quality)
    data = file(dqt(zigzag(luma)), dqt(zigzag(chroma), Tq=1), frame("1x1 1x1 1x1"), *STANDARD_DHT, scan((1, 2, 3)))
    first, second = inspect(data).to_dict()["tables"]
    for table in (first, second):
        found = [(table["law"], table["quality"]), *((t["law"], t["quality"]) for t in table["ties"])]
        assert table["exact"] and table["residual"] == 0
        assert ("annex-k", quality) in found
    assert first["components"] == [0, 1, 2] and second["components"] == []


def test_a_table_that_obeys_no_law_is_never_called_exact() -> None:
    luma, _ = quant_tables(Law.ANNEX_K, 85)
    changed = (luma[0], luma[1] + 1, *luma[2:])
    inspection = inspect(file(dqt(zigzag(changed)), frame(), *STANDARD_DHT, scan()))
    (table,) = inspection.to_dict()["tables"]
    assert (table["law"], table["quality"], table["exact"]) == ("annex-k", 85, False)
    assert table["residual"] == round(1 / 64, 4)
    found = inspection.find("tables")
    assert found is not None and "no exact law known here; nearest annex-k quality 85" in found.text
    assert "no exact law known here" in " ".join(inspection.verdict)


def test_sixteen_bit_tables() -> None:
    steps = scale(MOZJPEG_3_NATURAL, 40, force_baseline=False)
    assert max(steps) > 255
    (table,) = inspect(file(dqt(zigzag(steps), Pq=1), frame(), *STANDARD_DHT, scan())).to_dict()["tables"]
    assert (table["law"], table["quality"], table["exact"], table["Pq"]) == ("mozjpeg-3", 40, True, 1)


def test_chroma_table_used_for_luma_is_told() -> None:
    _, chroma = quant_tables(Law.ANNEX_K, 85)
    found = inspect(file(dqt(zigzag(chroma)), frame(), *STANDARD_DHT, scan())).find("tables")
    assert found is not None and "the law's chroma table" in found.text


@pytest.mark.parametrize(
    ("ids", "adobe", "names"),
    [(b"RGB", b"", "R G B"), (b"\1\2\3", b"Adobe\0\x64\0\0\0\0\0", "R G B"), (b"\1\2\3", b"", "Y Cb Cr")],
)
def test_components_are_called_what_they_are(ids: bytes, adobe: bytes, names: str) -> None:
    parts = tuple(FrameComponent(i, 1, 1, 0) for i in ids)
    sof = Sof(code=0xC0, precision=8, height=8, width=8, components=parts)
    marker = [app(14, adobe)] if adobe else []
    inspection = inspect(file(*marker, dqt(), sof, *STANDARD_DHT, scan(tuple(ids))))
    assert inspection.value("scans", "list")[0]["says"] == names


def progressive(script: list[tuple[tuple[int, ...], int, int, int, int]]) -> bytes:
    scans = [scan(tuple(i + 1 for i in ids), (Ss, Se, Ah, Al)) for ids, Ss, Se, Ah, Al in script]
    return file(JFIF, dqt(), frame("2x2 1x1 1x1", code=0xC2), *STANDARD_DHT, *scans)


@pytest.mark.parametrize("name", [n for n in SCRIPTS if "grey" not in n and "baseline" not in n])
def test_scripts_are_named_and_legal(name: str) -> None:
    inspection = inspect(progressive([(s.components, s.Ss, s.Se, s.Ah, s.Al) for s in SCRIPTS[name]]))
    assert inspection.value("scans", "name") == name
    assert inspection.value("scans", "legal") is True
    assert inspection.value("scans", "unfinished") == 0
    assert odd(inspection) == []


ILLEGAL = [
    ([((0, 1, 2), 0, 5, 0, 0)], "band"),
    ([((0, 1, 2), 0, 0, 0, 0), ((0, 1), 1, 63, 0, 0)], "AC scan has one component"),
    ([((0,), 1, 63, 0, 0)], "AC before DC"),
    ([((0, 1, 2), 0, 0, 0, 1), ((0, 1, 2), 0, 0, 3, 2)], "bit 3"),
    ([((0, 1, 2), 0, 0, 0, 0), ((0, 1, 2), 0, 0, 0, 0)], "sent before"),
    ([((2, 1, 0), 0, 0, 0, 0)], "frame's order"),
    ([((0, 1, 6), 0, 0, 0, 0)], "component"),
]


@pytest.mark.parametrize(("script", "words"), ILLEGAL)
def test_illegal_scripts_are_anomalies(script: list[tuple[tuple[int, ...], int, int, int, int]], words: str) -> None:
    inspection = inspect(progressive(script))
    assert inspection.value("scans", "legal") is False
    assert any(words in text for text in odd(inspection))


def test_a_script_that_stops_early_is_legal_and_unfinished() -> None:
    inspection = inspect(progressive([((0, 1, 2), 0, 0, 0, 1)]))
    assert inspection.value("scans", "legal") is True
    assert inspection.value("scans", "unfinished") == 3 * 64


def test_a_sequential_scan_in_a_progressive_frame_has_no_name() -> None:
    inspection = inspect(progressive([((0, 1, 2), 0, 63, 0, 0)]))
    assert inspection.value("scans", "name") is None
    assert inspection.value("scans", "legal") is False


def test_progressive_parameters_in_a_baseline_frame() -> None:
    inspection = inspect(file(dqt(), frame(), *STANDARD_DHT, scan(band=(0, 0, 0, 1))))
    assert any("expected 0 63 0 0" in text for text in odd(inspection))


def test_an_mcu_of_too_many_blocks() -> None:
    inspection = inspect(file(dqt(), frame("4x2 2x2 1x1"), *STANDARD_DHT, scan((1, 2, 3))))
    assert any("13 blocks in an MCU" in text for text in odd(inspection))


def test_standard_huffman_tables_are_seen_in_any_destination() -> None:
    moved = HuffTable(0, 3, STANDARD["DC 1"].counts, STANDARD["DC 1"].symbols)
    inspection = inspect(file(dqt(), frame(), Dht(tables=(moved, STANDARD["AC 0"])), scan(selectors=0x30)))
    assert inspection.value("huffman", "all_standard") is True
    assert [t["standard"] for t in inspection.value("huffman", "tables")] == ["K.4 chroma", "K.5 luma"]
    assert inspection.value("huffman", "grouping") == [["DC 3", "AC 0"]]
    assert odd(inspection) == []


def test_a_table_written_again_before_use_is_told() -> None:
    dc1 = STANDARD_DHT[2]
    inspection = inspect(file(dqt(), frame(), *STANDARD_DHT, dc1, scan()))
    assert inspection.value("huffman", "replaced_unused") == ["DC 1"]
    again = inspect(file(dqt(), frame(), *STANDARD_DHT, scan(), dc1))
    assert again.find("huffman", "replaced_unused") is None


def test_custom_tables_are_not_called_optimal() -> None:
    table = HuffTable(0, 0, (0, 2, *(0,) * 14), b"\0\1")
    found = inspect(file(dqt(), frame(), Dht(tables=(table, STANDARD["AC 0"])), scan())).find("huffman", "all_standard")
    assert found is not None and found.value is False
    assert "optimal" not in found.text


def test_scans_without_their_tables_are_anomalies() -> None:
    assert any("selects DC 1" in t for t in odd(inspect(file(dqt(), frame(), *STANDARD_DHT[:2], scan(selectors=0x10)))))
    assert any("Motion JPEG" in t for t in odd(inspect(file(dqt(), frame(), scan()))))
    assert any("quantisation table 2" in t for t in odd(inspect(file(dqt(), frame(Tq=2), *STANDARD_DHT, scan()))))


def test_markers_restarts_comments_and_trailing_bytes() -> None:
    inspection = seen(Dri(restart_interval=7), comment(b"hello"), comment(b""), trailing=b"\xff\xd8\xff tail")
    document = inspection.to_dict()
    assert document["markers"]["order"] == "SOI>APP0>DRI>COM>COM>DQT>SOF0>DHT>DHT>SOS>EOI"
    assert document["markers"]["restart_interval"] == 7
    assert document["markers"]["trailing_bytes"] == 8
    assert [c["text"] for c in document["comments"]] == ["hello", ""]
    assert document["segments"][-1]["says"] == "bytes after EOI, another JPEG"


def test_offsets_point_at_the_marker_even_behind_fill_bytes() -> None:
    data = picture()
    at = data.index(b"\xff\xdb")
    inspection = inspect(data[:at] + b"\xff\xff\xff" + data[at:])
    found = inspection.find("tables")
    assert found is not None and found.offset == at + 3


def test_a_file_without_a_picture() -> None:
    inspection = inspect(write(JpegStream((SOI_, EOI_))))
    assert "no picture" in inspection.verdict[0]
    assert inspection.to_dict()["frame"] is None
    assert inspection.to_dict()["tables"] == []
    with pytest.raises(PictureError, match="looks like a BMP; expected a JPEG"):
        inspect(b"BM\x89PNG\r\n\x1a\n")


def colour(first_id: int, jfif: bytes, scans: list[Sos], *tables: Dht, code: int = 0xC2) -> bytes:
    """A 4:2:0 file with two DQT segments and the given container marks."""
    parts = tuple(FrameComponent(first_id + i, 2 - (i > 0), 2 - (i > 0), min(i, 1)) for i in range(3))
    sof = Sof(code=code, precision=8, height=16, width=16, components=parts)
    head = type(JFIF)(code=0xE0, data=jfif)
    return file(head, dqt(FLAT), dqt(FLAT, Tq=1), sof, *tables, *scans)


def families(data: bytes) -> list[str]:
    return [row["family"] for row in inspect(data).value("family", "consistent_with", [])]


def test_families_are_told_by_layout_and_unknown_stays_unknown() -> None:
    def dc_scan(first: int, selectors: tuple[int, int, int]) -> Sos:
        parts = tuple(ScanComponent(first + i, s >> 4, s & 15) for i, s in enumerate(selectors))
        return Sos(components=parts, Ss=0, Se=0, Ah=0, Al=0, data=b"\x2a")

    dc0, ac0, dc1, ac1 = STANDARD_DHT
    jfif_101, jfif_102 = JFIF.data, JFIF.data.replace(b"\x01\x01\0", b"\x01\x02\0", 1)
    classic = colour(0, jfif_102, [dc_scan(0, (0x00, 0x11, 0x11))], dc0, dc1, dc1)
    libjpeg = colour(1, jfif_101, [dc_scan(1, (0x00, 0x10, 0x10))], dc0, dc1)
    assert families(classic) == ["Facebook classic (2014 to 2021)"]
    (family,) = families(libjpeg)
    assert family.startswith("libjpeg, progressive")
    neither = colour(7, jfif_102, [dc_scan(7, (0x00, 0x11, 0x10))], dc1, dc0, ac0, ac1)
    assert families(neither) == []
    assert "No container layout known here fits." in inspect(neither).verdict
    asked = colour(0, jfif_102, [dc_scan(0, (0x00, 0x10, 0x10))], dc0, dc1)
    assert families(asked) == [family], "libjpeg's caller may ask for JFIF 1.02 and for other ids"
    jfif_103 = JFIF.data.replace(b"\x01\x01\0", b"\x01\x03\0", 1)
    mixed = colour(1, jfif_103, [dc_scan(1, (0x00, 0x10, 0x10))], dc0, dc1)
    assert families(mixed) == []
    near = inspect(mixed).value("family", "nearest")[0]
    assert near["family"] == family
    assert near["contradicts"] == ["JFIF: 1.03, expected 1.01 or none"]
