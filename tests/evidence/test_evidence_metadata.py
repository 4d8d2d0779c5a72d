"""JFIF, Adobe, EXIF, XMP, MPF, C2PA, ICC, IPTC and FBMD, sound and hostile, on streams built by hand."""

from __future__ import annotations

import re

import pytest
from hand_built import (
    app,
    desc,
    fbmd_note,
    fbmd_segment,
    icc_profile,
    icc_segment,
    mluc,
    odd,
    photoshop,
    picture,
    record,
    resource,
    seen,
)
from PIL import Image

from understudy.evidence.base import visible
from understudy.inspection import Inspection, inspect
from understudy.jpeg.parse import parse
from understudy.jpeg.syntax import Sos


def test_jfif_header() -> None:
    document = seen().to_dict()["jfif"]
    assert document == {"version": "1.01", "units": 0, "density": [1, 1], "thumbnail": [0, 0]}
    assert any("second JFIF" in t for t in odd(seen(app(0, b"JFIF\0\x01\x02\0\0\1\0\1\0\0"))))


@pytest.mark.parametrize("n", range(16))
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"JFIF\0",
        b"JFXX\0",
        b"Adobe",
        b"Exif\0",
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        b"MPF\0",
        b"MPF\0II*\0",
        b"JP",
        b"ICC_PROFILE\0",
        b"ICC_PROFILE\0\1",
        b"ICC_PROFILE\0\0\0" + b"\xff" * 200,
        b"Photoshop 3.0\0",
        b"Photoshop 3.0\x008BIM",
        b"Photoshop 3.0\x008BIM\x04\x04\xff",
        b"http://ns.adobe.com/xap/1.0/\0",
        b"\xff" * 1000,
    ],
)
def test_empty_and_cut_off_apps_are_survived(n: int, data: bytes) -> None:
    seen(app(n, data), app(n, data)).to_dict()


def test_adobe_marker() -> None:
    assert seen(app(14, b"Adobe\0\x64\0\0\0\0\1")).value("adobe", "transform") == 1
    assert any("Adobe marker" in t for t in odd(seen(app(14, b"Adobe\0\x64"))))


@pytest.mark.parametrize(("order", "head"), [("little", b"II*\0\x08\0\0\0"), ("big", b"MM\0*\0\0\0\x08")])
def test_exif_byte_order_and_orientation(order: str, head: bytes) -> None:
    def number(n: int, width: int) -> bytes:
        return n.to_bytes(width, "little" if order == "little" else "big")

    row = number(0x0112, 2) + number(3, 2) + number(1, 4) + number(6, 2) + b"\0\0"
    inspection = seen(app(1, b"Exif\0\0" + head + number(1, 2) + row))
    assert inspection.value("exif", "byte_order") == order
    assert inspection.value("exif", "orientation") == 6
    assert any("no TIFF header" in t for t in odd(seen(app(1, b"Exif\0\0nonsense"))))


def test_xmp_mpf_and_c2pa_are_seen() -> None:
    mpf = b"MPF\0MM\0*\0\0\0\x08\0\1" + b"\xb0\x01\0\4\0\0\0\1\0\0\0\2"
    boxes = b"JP\0\1\0\0\0\1\0\0\1\0jumb\0\0\0\x20jumdc2pa"
    inspection = seen(app(1, b"http://ns.adobe.com/xap/1.0/\0<x/>"), app(2, mpf), app(11, boxes))
    assert inspection.value("xmp", "bytes") == 4
    assert inspection.value("mpf", "images") == 2
    assert inspection.value("c2pa", "manifest") is True
    assert seen(app(11, boxes.replace(b"c2pa", b"none"))).value("c2pa", "manifest") is False


def test_icc_description_of_each_type() -> None:
    for tag, name in [
        (desc(b"c2"), "c2"),
        (b"text\0\0\0\0plain\0", "plain"),
        (mluc((b"de", "Anzeige"), (b"en", "Display P3")), "Display P3"),
        (mluc((b"de", "Anzeige")), "Anzeige"),
    ]:
        inspection = seen(icc_segment(icc_profile((b"cprt", b"text\0\0\0\0no"), (b"desc", tag))))
        assert inspection.value("icc", "description") == name
        assert odd(inspection) == []
        assert inspection.value("icc", "version") == "2.1"
        assert inspection.value("icc", "color_space") == "RGB"


def test_tiny_profiles_are_known_by_name_and_size() -> None:
    profile = icc_profile((b"desc", desc(b"c2")))
    tiny = profile[:3] + b"\x0c" + profile[4:]
    padded = (524).to_bytes(4, "big") + tiny[4:] + bytes(524 - len(tiny))
    assert "Facebook" in seen(icc_segment(padded)).value("icc", "known")
    assert seen(icc_segment(profile)).value("icc", "known") is None


def test_icc_chunks_are_put_in_order_and_odd_numbering_is_told() -> None:
    profile = icc_profile((b"desc", desc(b"split")))
    swapped = seen(icc_segment(profile[100:], 2, 2), icc_segment(profile[:100], 1, 2))
    assert swapped.value("icc", "description") == "split"
    assert odd(swapped) == [f"ICC profile at {swapped.find('icc').offset:#x}: chunks out of order"]  # type: ignore[union-attr]
    assert any("expected 1 to 1" in t for t in odd(seen(icc_segment(profile, 1, 3))))


@pytest.mark.parametrize(
    "tag",
    [
        desc(b"x", count=0xFFFFFFFF),
        b"desc",
        b"mluc",
        b"mluc\0\0\0\0" + b"\xff" * 8,
        mluc((b"en", "x"), count=0xFFFFFFFF),
        mluc((b"en", "x"), width=0),
        mluc((b"en", "x"), width=0xFFFFFFFF),
        mluc((b"en", "x"))[:24] + b"\xff\xff\xff\xff",
        mluc((b"en", "\ud83d".encode("utf-16-be", "surrogatepass").decode("latin-1"))),
        b"????" + bytes(40),
    ],
)
def test_hostile_icc_descriptions_are_survived(tag: bytes) -> None:
    seen(icc_segment(icc_profile((b"desc", tag)))).to_dict()


def test_icc_tables_of_wild_counts_and_offsets() -> None:
    profile = icc_profile((b"desc", desc(b"far")), count=0xFFFFFFFF)
    assert seen(icc_segment(profile)).value("icc", "description") == "far"
    wild = bytearray(icc_profile((b"desc", desc(b"far"))))
    wild[136:144] = b"\xff" * 8
    inspection = seen(icc_segment(bytes(wild)))
    assert inspection.value("icc", "description") is None
    assert any("no readable description" in t for t in odd(inspection))


def test_an_mluc_bomb_is_read_in_bounds() -> None:
    """4,000 records that all point at 60,000 bytes: 240 MB if each were read."""
    rows = b"".join(b"xx" + b"US" + (60_000).to_bytes(4, "big") + (0).to_bytes(4, "big") for _ in range(4_000))
    bomb = b"mluc\0\0\0\0" + (4_000).to_bytes(4, "big") + (12).to_bytes(4, "big") + rows
    inspection = seen(icc_segment(icc_profile((b"desc", bomb))))
    assert len(inspection.value("icc", "description")) <= 8 * 201


def test_iptc_records_in_order() -> None:
    iptc = record(b"abc", 103) + record(b"note", 40)
    inspection = seen(photoshop(resource(b"1234", 0x0425), resource(iptc)))
    assert inspection.value("iptc", "order") == ["2:103", "2:40"]
    assert [r["text"] for r in inspection.value("iptc", "records")] == ["abc", "note"]
    assert [r["id"] for r in inspection.value("photoshop", "resources")] == ["0425", "0404"]
    first = inspection.value("iptc", "records")[0]
    assert picture(photoshop(resource(b"1234", 0x0425), resource(iptc)))[first["offset"]] == 0x1C


def test_iptc_lengths_that_lie() -> None:
    assert any("says 9999" in t for t in odd(seen(photoshop(resource(record(b"x", 40), declared=9999)))))
    assert any("says 900 " in t for t in odd(seen(photoshop(resource(record(b"x", 40, declared=900))))))
    extended = bytes([0x1C, 2, 40]) + (0x8004).to_bytes(2, "big") + (3).to_bytes(4, "big") + b"abc"
    assert seen(photoshop(resource(extended))).value("iptc", "records")[0]["text"] == "abc"
    seen(photoshop(resource(bytes([0x1C, 2, 40]) + b"\xff\xff" + b"\xff" * 60)))


def with_note(type_: str, change: int = 0, moved: int = 0, trailing: bytes = b"") -> Inspection:
    """A one-scan file whose note is true but for `change` on the position and `moved` on the length."""
    count = 2 if type_ == "30" else 1
    empty = picture(fbmd_segment(fbmd_note(type_, [0] * (count + 1))))
    stream = parse(empty)
    at = next(offset for offset, element in stream.located() if isinstance(element, Sos))
    note = fbmd_note(type_, [at + change] * count + [len(empty) + moved])
    return seen(fbmd_segment(note), trailing=trailing)


@pytest.mark.parametrize("type_", ["01", "0a", "0f", "23", "30", "77"])
def test_fbmd_of_an_untouched_file(type_: str) -> None:
    inspection = with_note(type_)
    document = inspection.to_dict()["fbmd"]
    assert document["intact"] == "yes" and document["type"] == type_
    assert document["delivered_bytes"] == inspection.size_bytes
    assert document["where"] == "IPTC 2:40"
    assert any("Untouched since Facebook delivered it" in s for s in inspection.verdict)


@pytest.mark.parametrize(
    ("change", "moved", "trailing", "intact", "words"),
    [
        (0, 0, b"!", "no", "has 1 byte more"),
        (0, 9, b"", "no", "has 9 bytes fewer"),
        (5, 0, b"", "no", "some does not"),
        (5, 5, b"", "stale", "nothing in it fits"),
    ],
)
def test_fbmd_of_a_changed_file(change: int, moved: int, trailing: bytes, intact: str, words: str) -> None:
    found = with_note("01", change, moved, trailing).find("fbmd", "intact")
    assert found is not None and found.value == intact
    assert words in found.text


def test_fbmd_of_a_file_whose_headers_grew() -> None:
    """EXIF put before the scans moves them all by its length: the spacing still is Facebook's."""
    stream = [offset for offset, e in parse(two_scans(fbmd_note("01", [0, 0, 0]))).located() if isinstance(e, Sos)]
    data = two_scans(fbmd_note("01", [stream[0] - 40, stream[1] - 40, 1]))
    inspection = inspect(data)
    assert inspection.value("fbmd", "shift") == 40
    assert inspection.value("fbmd", "intact") == "no"


def two_scans(note: bytes) -> bytes:
    data = picture(fbmd_segment(note))
    at = data.rindex(b"\xff\xda")
    return data[:at] + data[at:-2] + data[at:]


@pytest.mark.parametrize(
    "note",
    [
        b"FBMD01ffff" + b"00" * 4,
        b"FBMD010001",
        b"FBMD01000a12345",
        b"FBMD010000" + b"00000000",
        b"FBMD010001zzzzzzzz00000000",
    ],
)
def test_damaged_fbmd_cannot_tell(note: bytes) -> None:
    inspection = seen(fbmd_segment(note))
    assert inspection.value("fbmd", "intact") == "cannot tell"
    assert inspection.value("fbmd", "positions") is not None


@pytest.mark.parametrize("note", [b"FBMD", b"FBMDzz0001", b"FBMD01zzzz", b"fbmd010001" + b"0" * 16])
def test_what_is_no_fbmd_is_not_taken_for_one(note: bytes) -> None:
    assert seen(fbmd_segment(note)).to_dict()["fbmd"] is None


def test_fbmd_with_65535_positions_is_read_in_bounds() -> None:
    body = fbmd_note("01", list(range(8_000)), count=65_535)
    inspection = seen(app(1, b"http://ns.adobe.com/xap/1.0/\0" + body[:65_000]))
    assert inspection.value("fbmd", "intact") == "cannot tell"
    assert inspection.value("fbmd", "where") == "APP1"
    assert len(inspection.value("fbmd", "positions")) == 8_000


def test_visible_lets_nothing_act_on_a_terminal() -> None:
    nasty = "\x1b[31m\x07\r\n\x9b2J\u202e\u2066\u200b\ufeff\x7f\x00end"
    shown = visible(nasty)
    assert re.fullmatch(r"[ -~…]*", shown)
    assert shown.endswith("end") and "\\x1b[31m" in shown
    assert visible(b"\x1b]0;t\x07\xff") == "\\x1b]0;t\\x07ÿ"
    assert visible("é 漢 😀") == "é 漢 😀"
    assert visible("x" * 300) == "x" * 200 + "…"


def test_exif_says_who_wrote_it_and_has_a_thumbnail() -> None:
    """Pillow writes the fields; exiftool's view of such a file is the benchmark's matter. A cut thumbnail is told."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Maker", "Mo\x1bdel", "Ed"
    first = exif.tobytes()[6:]
    assert first[:4] in (b"II*\0", b"MM\0*")
    order = "little" if first[:2] == b"II" else "big"
    thumbnail = picture()
    count_at = int.from_bytes(first[4:8], order)
    count = int.from_bytes(first[count_at : count_at + 2], order)
    link = count_at + 2 + 12 * count

    def entry(tag: int, value: int) -> bytes:
        return b"".join(n.to_bytes(size, order) for n, size in ((tag, 2), (4, 2), (1, 4), (value, 4)))  # type: ignore[arg-type]

    second = len(first)
    rows = entry(0x0201, second + 2 + 24 + 4) + entry(0x0202, len(thumbnail))
    tiff = first[:link] + second.to_bytes(4, order) + first[link + 4 :]  # type: ignore[arg-type]
    tiff += (2).to_bytes(2, order) + rows + bytes(4) + thumbnail  # type: ignore[arg-type]
    inspection = seen(app(1, b"Exif\0\0" + tiff))
    assert inspection.value("exif", "make") == "Maker"
    assert inspection.value("exif", "model") == "Mo\\x1bdel"
    assert inspection.value("exif", "software") == "Ed"
    assert inspection.value("exif", "thumbnail") == {"bytes": len(thumbnail), "jpeg": True, "whole": True}
    cut = seen(app(1, b"Exif\0\0" + tiff[:-5]))
    assert cut.value("exif", "thumbnail") == {"bytes": len(thumbnail), "jpeg": True, "whole": False}
    assert "cut off" in cut.find("exif", "thumbnail").text  # type: ignore[union-attr]
