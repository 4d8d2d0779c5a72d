"""parse and write are inverse to each other, whatever the bytes; every oddity is told with its place and clause."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles import cjpeg, cmyk_jpeg, pillow, scene
from shared_folder import battery_files, name_of, photo_files, real_files
from understudy.errors import JpegError
from understudy.jpeg import JpegStream, parse, write
from understudy.jpeg.parse import MAX_ELEMENTS
from understudy.jpeg.syntax import Dnl, Opaque, Sof, Sos, Standalone, Stray, marker_name

BASELINE = cjpeg(scene(40, 24), "-quality", "60")
PROGRESSIVE = cjpeg(scene(40, 24), "-quality", "60", "-progressive")
RESTARTS = cjpeg(scene(40, 24), "-quality", "60", "-restart", "1B")
GREY = pillow(scene(33, 17, 1))
CMYK = cmyk_jpeg(33, 17)
WIDE_STEPS = cjpeg(scene(16, 16), "-quality", "1", "-qslots", "0")
SMALL = {
    "baseline": BASELINE,
    "progressive": PROGRESSIVE,
    "restarts": RESTARTS,
    "grey": GREY,
    "cmyk": CMYK,
    "16-bit steps": WIDE_STEPS,
}


def parsed(data: bytes) -> JpegStream:
    """The stream, after the invariants that hold for every stream: it writes its bytes, its oddities are in it."""
    stream = parse(data)
    assert write(stream) == data
    for anomaly in stream.anomalies:
        assert 0 <= anomaly.offset <= len(data)
        assert anomaly.text
        assert "\n" not in anomaly.text
    offset = 0
    for at, element in stream.located():
        assert at == offset + getattr(element, "fill", 0), "the offset is the marker's"
        assert element.size == len(element.to_bytes())
        offset += element.size
    return stream


@pytest.mark.parametrize("data", SMALL.values(), ids=SMALL)
def test_generated_files_have_no_anomalies(data: bytes) -> None:
    stream = parsed(data)
    assert stream.anomalies == ()
    assert stream.frame is not None
    assert not any(isinstance(e, Stray) for e in stream.elements)


@pytest.mark.shared
def test_every_shared_file_is_written_as_it_was_read() -> None:
    files = real_files() + photo_files() + battery_files()
    odd = {name_of(path): parsed(path.read_bytes()).anomalies for path in files}
    assert len(odd) > 200
    assert {name: a for name, a in odd.items() if a} == {}


@pytest.mark.parametrize("data", [BASELINE, PROGRESSIVE, RESTARTS], ids=["baseline", "progressive", "restarts"])
def test_every_prefix(data: bytes) -> None:
    assert len(data) < 6000, "every prefix of a large file would take long"
    for end in range(len(data)):
        if end < 2:
            with pytest.raises(JpegError):
                parse(data[:end])
        else:
            told = parsed(data[:end]).anomalies
            assert any("ends without EOI" in a.text for a in told)


@pytest.mark.parametrize("tail", [b"\0", b"\xff", b"\xff\xd9", b"\xff\xd8\xff\xe0", b"MPF" * 400, BASELINE])
def test_what_follows_eoi_is_trailing_and_no_anomaly(tail: bytes) -> None:
    stream = parsed(BASELINE + tail)
    assert stream.trailing == tail
    assert stream.anomalies == ()


@pytest.mark.parametrize("start", [b"", b"\xff", b"\x89PNG\r\n", b"\0" + BASELINE, b"\xff\xd9"])
def test_without_soi_it_is_no_jpeg(start: bytes) -> None:
    with pytest.raises(JpegError) as caught:
        parse(start)
    line = str(caught.value)
    assert "\n" not in line
    assert "expected ff d8 (SOI)" in line
    assert (start[:4].hex(" ") or "an empty file") in line


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_like(kind: type) -> None:
    assert parse(kind(BASELINE)) == parse(BASELINE)


@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_fill_bytes_belong_to_the_marker_behind_them(n: int) -> None:
    """T.81 B.1.1.2: any marker may be preceded by fill bytes FF."""
    for offset, element in parse(BASELINE).located()[1:]:
        stream = parsed(BASELINE[:offset] + b"\xff" * n + BASELINE[offset:])
        assert stream.anomalies == ()
        filled = [e for e in stream.elements if getattr(e, "fill", 0)]
        assert [(type(e), e.fill) for e in filled] == [(type(element), n)]


def test_an_anomaly_behind_fill_bytes_stands_at_the_marker() -> None:
    told = parsed(b"\xff\xd8\xff\xff\xff" + SOF[1:-1] + b"\0" + seg(0xDB, bytes(64))).anomalies
    assert [a.offset for a in told if "DQT" in a.text] == [4 + len(SOF)]
    told = parsed(b"\xff\xd8" + SOF + b"\xff\xff" + seg(0xDB, bytes(64))).anomalies
    assert [a.offset for a in told if "DQT" in a.text] == [2 + len(SOF) + 2]
    assert any(f"DQT at {2 + len(SOF) + 2:#x}" in a.text for a in told)


@pytest.mark.parametrize("junk", [b"\0", b"\x12\x34", b"\xff\0", b"JUNK" * 50])
def test_bytes_between_segments_are_told_with_their_place(junk: bytes) -> None:
    """T.81 B.1.1.2: nothing stands between segments; libjpeg skips it with a warning, we keep it."""
    for offset, element in parse(BASELINE).located()[1:]:
        if isinstance(element, Standalone):
            continue  # before EOI they would be scan data
        stream = parsed(BASELINE[:offset] + junk + BASELINE[offset:])
        assert [(a.offset, a.clause) for a in stream.anomalies] == [(offset, "T.81 B.1.1.2")]
        assert f"{len(junk)} bytes between segments at {offset:#x}" in stream.anomalies[0].text


def test_a_second_soi() -> None:
    stream = parsed(b"\xff\xd8" + BASELINE)
    assert [(a.offset, a.clause) for a in stream.anomalies] == [(2, "T.81 B.2.1")]
    assert stream.frame is not None


def test_dnl_gives_the_height() -> None:
    """T.81 B.2.5: Y = 0 in the frame header, the number of lines in a DNL segment after the first scan."""
    at = BASELINE.index(b"\xff\xc0") + 5
    dnl = b"\xff\xdc\0\4\0\x18"
    data = BASELINE[:at] + b"\0\0" + BASELINE[at + 2 : -2] + dnl + b"\xff\xd9"
    stream = parsed(data)
    assert stream.anomalies == ()
    assert [e for e in stream.elements if isinstance(e, Dnl)] == [Dnl(height=24)]
    assert next(e for e in stream.elements if isinstance(e, Sof)).height == 0
    assert stream.frame is not None
    assert (stream.frame.width, stream.frame.height) == (40, 24)
    assert stream.scans[0].data == parse(BASELINE).scans[0].data


def test_restart_markers_and_stuffing_stay_in_the_scan() -> None:
    scan = parse(RESTARTS).scans[0]
    assert [scan.data[i + 1] for i in range(len(scan.data) - 1) if scan.data[i] == 0xFF and scan.data[i + 1]] == [
        0xD0 + i % 8 for i in range(3 * 2 - 1)
    ]


@pytest.mark.parametrize("code", sorted({*range(0xC0, 0xD0), *range(0xE0, 0xFF), 0x01, 0xD8, 0xDE}))
def test_any_real_marker_ends_a_scan(code: int) -> None:
    """T.81 B.1.1.2, B.1.1.3: but for RSTm and the reserved codes, which stay inside."""
    body = b"" if code in (0x01, 0xD8) else b"\0\2"
    stream = parsed(BASELINE[:-2] + b"\xff" + bytes([code]) + body + b"\xff\xd9")
    assert stream.scans[0].data == parse(BASELINE).scans[0].data


@pytest.mark.parametrize("code", [0x02, 0x4F, 0xBF, *range(0xD0, 0xD8)])
def test_reserved_and_restart_codes_stay_in_the_scan(code: int) -> None:
    inside = bytes([0xFF, code, 7])
    scan = parsed(BASELINE[:-2] + inside + b"\xff\xd9").scans[0]
    assert scan.data == parse(BASELINE).scans[0].data + inside


def test_segments_beyond_the_limit_stay_one_run() -> None:
    comment = b"\xff\xfe\0\2"
    data = b"\xff\xd8" + comment * (MAX_ELEMENTS + 1000) + b"\xff\xd9"
    stream = parsed(data)
    assert len(stream.elements) == MAX_ELEMENTS + 1
    assert any(f"after {MAX_ELEMENTS} segments" in a.text for a in stream.anomalies)


def seg(code: int, payload: bytes) -> bytes:
    return bytes([0xFF, code]) + (len(payload) + 2).to_bytes(2, "big") + payload


def file(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xd9"


SOF = seg(0xC0, b"\x08\0\x08\0\x08\1\1\x11\0")
GOOD_DHT = bytes([0, *[0, 1, *[0] * 14], 5])
CASES: dict[str, tuple[bytes, int, str, str]] = {
    # name: (file, offset of the anomaly, clause, words in the text)
    "DQT cut short": (file(seg(0xDB, bytes(64)), SOF), 2, "B.2.4.1", "64 bytes after table 0 are no table"),
    "DQT with bytes left": (
        file(seg(0xDB, b"\0" + b"\1" * 64 + b"\0\0\0"), SOF),
        2,
        "B.2.4.1",
        "3 bytes after table 1",
    ),
    "DQT Pq 2": (file(seg(0xDB, b"\x20" + b"\1" * 128), SOF), 2, "B.2.4.1", "129 bytes after table 0"),
    "DQT 16 bit cut short": (file(seg(0xDB, b"\x10" + b"\1" * 127), SOF), 2, "B.2.4.1", "128 bytes after table 0"),
    "DQT Tq 4": (file(seg(0xDB, b"\4" + b"\1" * 64), SOF), 2, "B.2.4.1", "destination Tq=4, expected 0 to 3"),
    "DQT step 0": (file(seg(0xDB, b"\0" + bytes([1] * 63 + [0])), SOF), 2, "B.2.4.1", "Tq=0 has a step of 0"),
    "DHT cut short": (file(seg(0xC4, bytes(16)), SOF), 2, "B.2.4.2", "16 bytes after table 0 are no table"),
    "DHT symbols missing": (file(seg(0xC4, GOOD_DHT[:-1]), SOF), 2, "B.2.4.2", "17 bytes after table 0 are no table"),
    "DHT class 2": (file(seg(0xC4, b"\x20" + GOOD_DHT[1:]), SOF), 2, "B.2.4.2", "Tc=2 Th=0"),
    "DHT destination 4": (file(seg(0xC4, b"\x04" + GOOD_DHT[1:]), SOF), 2, "B.2.4.2", "Tc=0 Th=4"),
    "DHT overfull": (file(seg(0xC4, bytes([0, 3, *[0] * 15, 1, 2, 3])), SOF), 2, "C.2", "DC 0 has more codes"),
    "SOF cut short": (file(seg(0xC0, b"\x08\0\x08\0\x08\3" + b"\1\x11\0" * 2)), 2, "B.2.2", "12 bytes, expected 15"),
    "SOF nearly empty": (file(seg(0xC2, b"\x08")), 2, "B.2.2", "SOF2 at 0x2: 1 bytes"),
    "SOF too long": (file(seg(0xC0, b"\x08\0\x08\0\x08\1\1\x11\0?")), 2, "B.2.2", "1 bytes too many"),
    "SOF factor 0": (file(seg(0xC0, b"\x08\0\x08\0\x08\1\1\x01\0")), 2, "B.2.2", "factors 0x1, expected 1 to 4"),
    "SOF factor 15": (file(seg(0xC0, b"\x08\0\x08\0\x08\1\1\x1f\0")), 2, "B.2.2", "factors 1x15"),
    "SOF ids repeat": (file(seg(0xC0, b"\x08\0\x08\0\x08\2\1\x11\0\1\x11\0")), 2, "B.2.2", "component ids repeat"),
    "SOS cut short": (file(SOF, seg(0xDA, b"\3\1\0\2\x11")), 15, "B.2.3", "5 bytes, expected 10"),
    "SOS empty": (file(SOF, seg(0xDA, b"")), 15, "B.2.3", "0 bytes, expected 4"),
    "SOS too long": (file(SOF, seg(0xDA, b"\1\1\0\0\x3f\0??")), 15, "B.2.3", "2 bytes too many"),
    "SOS no components": (file(SOF, seg(0xDA, b"\0\0\x3f\0")), 15, "B.2.3", "0 components, expected 1 to 4"),
    "SOS five components": (file(SOF, seg(0xDA, b"\5" + b"\1\0" * 5 + b"\0\x3f\0")), 15, "B.2.3", "5 components"),
    "DRI empty": (file(seg(0xDD, b""), SOF), 2, "B.2.4.4", "DRI at 0x2: 0 bytes, expected 2"),
    "DRI too long": (file(seg(0xDD, b"\0\4\0"), SOF), 2, "B.2.4.4", "DRI at 0x2: 3 bytes, expected 2"),
    "DNL too long": (file(SOF, seg(0xDC, b"\0\4\0")), 15, "B.2.5", "DNL at 0xf: 3 bytes, expected 2"),
    "length 1": (b"\xff\xd8" + SOF + b"\xff\xfe\0\1\xff\xd9", 15, "B.1.1.4", "COM at 0xf: length 1, expected 2"),
    "length 0": (b"\xff\xd8" + SOF + b"\xff\xe5\0\0\xff\xd9", 15, "B.1.1.4", "APP5 at 0xf: length 0"),
    "no frame": (file(seg(0xFE, b"hello")), 13, "B.2.2", "no frame header"),
}


@pytest.mark.parametrize(("data", "offset", "clause", "words"), CASES.values(), ids=CASES)
def test_each_rule_by_hand(data: bytes, offset: int, clause: str, words: str) -> None:
    told = parsed(data).anomalies
    fitting = [a for a in told if words in a.text]
    assert fitting, told
    assert fitting[0].offset == offset
    assert clause in fitting[0].clause
    assert len(fitting) == 1


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_segment_that_the_file_ends_in(cut: int) -> None:
    data = (b"\xff\xd8" + SOF + seg(0xFE, b"hello"))[:-cut]
    stream = parsed(data)
    place = 2 + len(SOF)
    last = stream.elements[-1]
    assert isinstance(last, Stray)
    assert last.marker == 0xFE
    assert last.name == "cut-off COM"
    assert (place, "T.81 B.1.1.4") in [(a.offset, a.clause) for a in stream.anomalies]


def test_marker_names_cover_the_standard() -> None:
    """T.81 table B.1."""
    names = [marker_name(code) for code in range(1, 0xFF)]
    assert len(set(names)) == len(names)
    expected = {0xC0: "SOF0", 0xC4: "DHT", 0xC8: "JPG", 0xCC: "DAC", 0xCF: "SOF15", 0xD7: "RST7", 0xDE: "DHP",
                0xDF: "EXP",
                0xEF: "APP15", 0xF0: "JPG0", 0xFD: "JPG13", 0xFE: "COM", 0x01: "TEM", 0x02: "RES02"}  # fmt: skip
    assert {code: marker_name(code) for code in expected} == expected


def test_a_segment_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="65533"):
        Opaque(code=0xFE, data=bytes(65534)).to_bytes()


def mutated(data: bytes, seed: int, other: bytes) -> bytes:
    """`data` with a few bits flipped, bytes set, runs deleted, inserted, or another file spliced in; SOI stays."""
    rng = random.Random(seed)
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(2, max(3, len(out)))
        kind = rng.randrange(5)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            out[at : at + 1] = bytes([rng.choice((0, 0xFF, 0xD8, 0xD9, 0xDA, rng.randrange(256)))])
        elif kind == 2:
            del out[at : at + rng.choice((1, 2, 30, 300))]
        elif kind == 3:
            out[at:at] = rng.randbytes(rng.choice((1, 2, 3, 40)))
        else:
            begin = rng.randrange(len(other))
            out[at:at] = other[begin : begin + rng.randrange(1, 400)]
    return bytes(out)


@settings(max_examples=400)
@given(st.sampled_from(sorted(SMALL)), st.sampled_from(sorted(SMALL)), st.integers(0, 2**32))
def test_mutations(kind: str, other: str, seed: int) -> None:
    parsed(mutated(SMALL[kind], seed, SMALL[other]))


@settings(max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=6), st.builds(lambda c, p: seg(c, p), st.integers(0xC0, 0xFE), st.binary(max_size=90))
        ),
        max_size=12,
    )
)
def test_anything_behind_soi(parts: list[bytes]) -> None:
    parsed(b"\xff\xd8" + b"".join(parts))


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_anything_at_all_is_a_stream_or_one_clear_line(data: bytes) -> None:
    try:
        parsed(data)
    except JpegError as error:
        assert not data.startswith(b"\xff\xd8")
        assert "\n" not in str(error)


def test_scans_know_their_data(tmp_path: Path) -> None:
    stream = parse(PROGRESSIVE)
    assert [(s.Ss, s.Se, s.Ah, s.Al) for s in stream.scans][:2] == [(0, 0, 0, 1), (1, 5, 0, 2)]
    assert all(isinstance(s, Sos) and s.data for s in stream.scans)
