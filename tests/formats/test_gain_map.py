"""JPEG with a gain map: libultrahdr's file, a hand-made one with Ultra HDR's XMP, and announcements without a map."""

from __future__ import annotations

import io
from math import log2

import pytest
from formats_made import inspected, odd, ultra_hdr
from PIL import Image

from oracles import pillow, scene
from understudy.evidence.gain_map import iso_metadata

XMP = b"http://ns.adobe.com/xap/1.0/\0"


def app(n: int, payload: bytes) -> bytes:
    return bytes([0xFF, 0xE0 + n]) + (len(payload) + 2).to_bytes(2, "big") + payload


def with_segment(data: bytes, n: int, payload: bytes) -> bytes:
    return data[:2] + app(n, payload) + data[2:]


def test_libultrahdrs_file_is_read() -> None:
    """The map is made for the whole of HLG/PQ's range: 10,000 cd/m2 over a white of 203, libultrahdr's."""
    data = ultra_hdr()
    seen = inspected(data)
    value = seen.to_dict()["gain_map"]
    assert value["announced"] == "iso-21496-1"
    assert value["metadata"]["base_headroom"] == 0
    assert value["metadata"]["alternate_headroom"] == pytest.approx(log2(10_000 / 203), abs=1e-5)
    assert (value["width"], value["height"]) == (32, 32)
    pictures = seen.value("mpf", "pictures")
    assert [p["offset"] for p in pictures] == [0, len(data) - value["bytes"]]
    assert not odd(seen)
    # Pillow reads the same index.
    opened = Image.open(io.BytesIO(data))
    assert opened.n_frames == 2
    assert [e["Size"] for e in opened.mpinfo[0xB002]] == [p["bytes"] for p in pictures]


def test_ultra_hdrs_xmp_is_read() -> None:
    second = with_segment(pillow(scene(16, 12, 1)), 1, XMP + b'<r hdrgm:Version="1.0" hdrgm:GainMapMax="2.5"/>')
    told = b'<i Item:Semantic="GainMap" Item:Mime="image/jpeg" Item:Length="%d"/> hdrgm:Version="1.0"' % len(second)
    first = with_segment(pillow(scene(32, 24)), 1, XMP + told)
    seen = inspected(first + second)
    value = seen.to_dict()["gain_map"]
    assert value["xmp_length"] == value["bytes"] == len(second)
    assert value["xmp"] == {"Version": "1.0", "GainMapMax": "2.5"}
    assert value["components"] == 1
    assert not [t for t in odd(seen) if "gain map" in t]
    alone = inspected(first)
    assert any("no second picture" in t for t in odd(alone))
    assert any(f"{len(second):,} bytes, 0 follow" in t for t in odd(alone))


def test_a_jpeg_behind_a_jpeg_is_no_gain_map() -> None:
    one = pillow(scene(16, 12))
    assert inspected(one + one).find("gain_map") is None


def test_every_prefix_of_the_metadata() -> None:
    whole = bytes(4) + b"\xc8" + b"".join(n.to_bytes(4, "big") for n in (1000, 0, 2000, *range(15)))
    assert iso_metadata(whole) is not None
    assert iso_metadata(whole)["channels"][0]["gain_map_max"] == 0.001  # type: ignore[index]
    assert all(iso_metadata(whole[:n]) is None for n in range(len(whole)))
    zero = bytes(4) + b"\x08" + bytes(4 * 8)
    assert iso_metadata(zero)["base_headroom"] is None  # type: ignore[index]


def test_mpf_that_points_beyond_the_file() -> None:
    data = ultra_hdr()
    assert any("ends at" in t for t in odd(inspected(data[:-100])))
