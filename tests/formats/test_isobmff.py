"""AVIF and HEIC: the quality that was asked for, what libheif and Pillow say of the file, and lies."""

from __future__ import annotations

import io
import struct

import imagecodecs
import pillow_heif
import pytest
from formats_made import by_tool, heic, inspected, odd, smooth, tool, whole_files
from heif_made import grid
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


@pytest.mark.parametrize("kind", ["avif", "heic"])
def test_a_grid_is_told_as_the_decoders_read_it(kind: str) -> None:
    tiles = [smooth(64, 64, seed) for seed in range(6)]
    made = [pillow(t, "AVIF", quality=60, speed=10) if kind == "avif" else heic(t, 60) for t in tiles]
    data = grid(made, 2, 3, 180, 120)
    theirs = Image.open(io.BytesIO(data)) if kind == "avif" else pillow_heif.open_heif(io.BytesIO(data)).to_pillow()
    theirs.load()
    seen = inspected(data)
    assert theirs.size == (seen.value("frame", "width"), seen.value("frame", "height")) == (180, 120)
    assert seen.value("isobmff", "grid") == {"rows": 2, "columns": 3, "width": 180, "height": 120}
    assert "in 6 tiles" in seen.verdict[0]
    assert not odd(seen)
    low, high = next(iter(seen.value("isobmff", "quality").values()))
    assert low <= 60 <= high
    fewer = data.replace(struct.pack(">HHHH", 1, 6, 2, 3), struct.pack(">HHHH", 1, 5, 2, 3))
    assert fewer != data and any("a grid of 6 tiles with 5 items" in text for text in odd(inspected(fewer)))


@pytest.mark.parametrize(("chroma", "said"), [("420", "4:2:0"), ("422", "4:2:2"), ("444", "4:4:4")])
def test_heic_sampling(chroma: str, said: str) -> None:
    data = heic(smooth(64, 48), 60, chroma=chroma)
    seen = inspected(data)
    assert seen.value("frame", "sampling") == seen.value("isobmff", "hevc_sequence")["sampling"] == said
    assert not odd(seen)


def test_several_pictures_in_one_heic() -> None:
    pictures = pillow_heif.from_pillow(image_of(smooth(64, 48)))
    pictures.add_from_pillow(image_of(smooth(48, 64, 1)))
    out = io.BytesIO()
    pictures.save(out, quality=60)
    seen = inspected(out.getvalue())
    theirs = pillow_heif.open_heif(io.BytesIO(out.getvalue()))
    assert sum(item["type"] == "hvc1" for item in seen.value("isobmff", "items")) == len(theirs) == 2
    assert (seen.value("frame", "width"), seen.value("frame", "height")) == theirs[theirs.primary_index].size
    assert not odd(seen)


def test_a_sequence_tells_its_pictures_and_its_time() -> None:
    frames = [image_of(smooth(64, 48, seed)) for seed in range(4)]
    data = pillow(frames[0], "AVIF", save_all=True, append_images=frames[1:], duration=[100, 200, 300, 400], speed=10)
    seen = inspected(data)
    assert Image.open(io.BytesIO(data)).n_frames == 4
    (track,) = seen.value("isobmff", "tracks")
    assert track == {"handler": "pict", "codec": "av01", "samples": 4, "seconds": 1.0}
    assert "a sequence of 4 pictures" in seen.verdict[0]
    assert not odd(seen)


def test_a_sequence_without_a_still_picture() -> None:
    """FFmpeg's MP4 with the brand of an HEIF sequence: tracks alone, no items."""
    source = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=5:duration=1")
    coded = ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1")
    tool("ffmpeg", "ffmpeg")
    film = by_tool("ffmpeg", "-v", "error", "-y", *source, *coded, "OUT:.mp4")
    data = film[:8] + b"hevc" + film[12:16] + b"msf1" + film[20:]
    seen = inspected(data)
    tracks = seen.value("isobmff", "tracks")
    assert [(t["codec"], t["samples"], t["seconds"]) for t in tracks] == [("hvc1", 5, 1.0)]
    assert "sequence of 5 pictures" in seen.verdict[0]


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
