"""AVIF and HEIC: the quality that was asked for, what libheif and Pillow say of the file, and lies."""

from __future__ import annotations

import io

import imagecodecs
import pillow_heif
import pytest
from formats_made import heic, inspected, odd, smooth, whole_files
from PIL import Image

from oracles import image_of, pillow, scene
from understudy.formats import iso_quality
from understudy.formats.base import Bits, EndedError

SMALL = scene(32, 24)


@pytest.mark.parametrize("quality", [0, 10, 30, 50, 65, 75, 80, 88, 95, 99, 100])
def test_avif_quality_is_among_those_told(quality: int) -> None:
    for data in (
        pillow(SMALL, "AVIF", quality=quality, speed=10),
        imagecodecs.avif_encode(SMALL, level=quality, speed=10),
    ):
        low, high = inspected(data).value("isobmff", "quality")["libavif-1.4"]
        assert low <= quality <= high
        assert high - low <= 2
        assert not odd(inspected(data))


@pytest.mark.parametrize("quality", [5, 20, 49, 50, 60, 75, 80, 90])
def test_heic_quality_is_among_those_told(quality: int) -> None:
    for picture in (SMALL, smooth(64, 48), scene(16, 16, 1)):
        low, high = inspected(heic(picture, quality)).value("isobmff", "quality")["libheif-x265"]
        assert low <= quality <= high
        assert high - low <= 2


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4", "4:0:0"])
def test_avif_sampling_and_size(subsampling: str) -> None:
    seen = inspected(pillow(scene(35, 21), "AVIF", subsampling=subsampling, speed=10))
    sequence = seen.value("isobmff", "av1_sequence")
    expected = "grey" if subsampling == "4:0:0" else subsampling
    assert sequence["sampling"] == seen.value("frame", "sampling") == expected
    assert (seen.value("frame", "width"), seen.value("frame", "height")) == (35, 21)
    assert not odd(seen)


@pytest.mark.parametrize("tiles", [0, 1, 2])
def test_avif_tiles(tiles: int) -> None:
    """Tile info stands before the quantiser: a wrong turn there would show in base_q_idx."""
    data = pillow(smooth(256, 256), "AVIF", quality=60, speed=10, tile_rows=tiles, tile_cols=tiles)
    value = inspected(data).value("isobmff", "av1_quantizer")
    assert value["base_q_idx"] == iso_quality.NEWER_LIBAVIF[60]
    assert value["tiles"] == [min(1 << tiles, 4)] * 2


def test_avif_deep_and_lossless() -> None:
    deep = imagecodecs.avif_encode(scene(32, 24).astype("uint16") * 4, level=80, bitspersample=10, speed=10)
    assert inspected(deep).value("isobmff", "av1_sequence")["bit_depth"] == 10
    whole = inspected(pillow(SMALL, "AVIF", quality=100, subsampling="4:4:4", speed=10))
    assert whole.value("isobmff", "av1_quantizer")["base_q_idx"] == 0


def test_heic_headers_are_what_libheif_says() -> None:
    data = heic(smooth(70, 50), 60)
    theirs = pillow_heif.open_heif(io.BytesIO(data))
    seen = inspected(data)
    assert (seen.value("frame", "width"), seen.value("frame", "height")) == theirs.size
    sequence = seen.value("isobmff", "hevc_sequence")
    assert sequence["width"] >= 70 and sequence["height"] >= 50
    assert sequence["bit_depth"] == 8
    assert sequence["sampling"] == "4:2:0"
    assert not odd(seen)


@pytest.mark.parametrize("name", ["avif alpha", "heic alpha"])
def test_alpha_is_found(name: str) -> None:
    seen = inspected(whole_files()[name])
    assert "with alpha" in seen.verdict[0]
    assert seen.value("isobmff", "alpha")["bytes"] > 0


def test_metadata_and_colour_are_found() -> None:
    from PIL import ImageCms

    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    exif = Image.Exif()
    exif[0x010E] = "words"
    for data in (pillow(SMALL, "AVIF", icc_profile=icc, exif=exif, xmp=xmp, speed=10),
                 heic(SMALL, 50, exif=exif.tobytes(), xmp=xmp)):  # fmt: skip
        seen = inspected(data)
        assert seen.value("exif", "entries") == 1
        assert seen.value("xmp", "bytes") == len(xmp)
    assert inspected(pillow(SMALL, "AVIF", icc_profile=icc, speed=10)).value("icc", "bytes") == len(icc)


def test_rotation_is_told() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert inspected(pillow(SMALL, "AVIF", exif=exif, speed=10)).value("isobmff", "rotation") == 270


def test_the_map_covers_the_file() -> None:
    for name in ("avif alpha", "heic"):
        data = whole_files()[name]
        rows = inspected(data).to_dict()["segments"]
        assert sum(r["bytes"] for r in rows if not r["marker"].startswith(" ")) == len(data)


def test_lies_are_anomalies() -> None:
    whole = whole_files()["avif"]
    assert any("stated" in t or "beyond the file" in t for t in odd(inspected(whole[:-50])))
    ispe = whole.index(b"ispe")
    other = whole[: ispe + 8] + (99).to_bytes(4, "big") + whole[ispe + 12 :]
    assert any("ispe states 99" in t for t in odd(inspected(other)))
    meta = whole.index(b"meta") - 4
    loop = whole[:meta] + b"\0\0\0\4meta" + whole[meta + 8 :]
    assert any("form no box" in t for t in odd(inspected(loop)))
    assert image_of(SMALL).size == (32, 24)


def test_exp_golomb() -> None:
    """ITU-T H.265 9.2, table 9-3: 1, 010, 011, 00100 are 0 to 3; signed 0, 1, -1, 2."""
    bits = Bits(bytes([0b10100110, 0b01000000]))
    assert [bits.ue() for _ in range(4)] == [0, 1, 2, 3]
    bits = Bits(bytes([0b10100110, 0b01000000]))
    assert [bits.se() for _ in range(4)] == [0, 1, -1, 2]
    with pytest.raises(EndedError):
        Bits(b"\0\0\0\0\0").ue()
