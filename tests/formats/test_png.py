"""PNG: rows and checksums against zlib and Pillow, the signs of encoders on files that they make here."""

from __future__ import annotations

import struct
import zlib

import cv2
import imagecodecs
import numpy as np
import oxipng
import pytest
import pyvips
from formats_made import by_tool, families, inspected, odd, smooth, tool, whole_files
from PIL import Image, ImageFile

from oracles import Picture, image_of, pillow, scene
from understudy.formats import deflate
from understudy.formats.png_rows import passes

PICTURE = smooth(256, 192)
SENT = pillow(PICTURE, "PNG")
CONVERT, FFMPEG, OPTIPNG, ZOPFLIPNG = (
    tool("convert", "imagemagick"),
    tool("ffmpeg", "ffmpeg"),
    tool("optipng", "optipng"),
    tool("zopflipng", "zopfli"),
)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    rows: bytes, width: int, height: int, *chunks: bytes, depth: int = 8, kind: int = 0, interlace: int = 0
) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunks) + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))  # fmt: skip


def filters_by_zlib(data: bytes) -> str:
    """Each row's filter, found the plain way."""
    idat, at = b"", 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            idat += data[at + 8 : at + 8 + size]
        at += 12 + size
    raw, out, at = zlib.decompress(idat), "", 0
    for line, rows in passes(data[16:29]):
        out += "".join(str(raw[at + i * line]) for i in range(rows))
        at += line * rows
    assert at == len(raw)
    return out


@pytest.mark.parametrize("size", [(1, 1), (7, 11), (64, 48)])
def test_filters_are_those_of_the_rows(size: tuple[int, int]) -> None:
    for picture in (scene(*size), scene(*size, 1), scene(*size, 4)):
        data = pillow(picture, "PNG")
        value = inspected(data).value("png", "filters")
        assert value["by_row"] == filters_by_zlib(data)
        assert value["rows"] == size[1]
        assert not odd(inspected(data))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 5), (8, 8), (33, 17)])
def test_interlaced_rows(size: tuple[int, int]) -> None:
    """Pillow reads what ImageMagick writes; the passes' rows sum up to what is there."""
    data = by_tool(CONVERT, "IN", "-interlace", "PNG", "OUT:.png", sent=pillow(scene(*size), "PNG"))
    seen = inspected(data)
    assert seen.value("png", "interlace") == 1
    assert seen.value("png", "filters")["by_row"] == filters_by_zlib(data)
    assert not [t for t in odd(seen) if "IDAT" in t]


def families_of(data: bytes) -> list[str]:
    seen = inspected(data)
    assert not odd(seen)
    return families(seen)


def made(picture: Picture) -> list[tuple[str, bytes]]:
    """(the family that it should be, a file), by ten encoders, some with two settings."""
    sent = pillow(picture, "PNG")
    raw = imagecodecs.png_encode(picture)
    zopfli = ("--iterations=1", "--filters=0", "--always_zopflify", "-y", "IN", "OUT:.png")
    return [
        ("Pillow", sent),
        ("Pillow", pillow(picture, "PNG", compress_level=1)),
        ("Pillow with optimize", pillow(picture, "PNG", optimize=True)),
        ("OpenCV (libpng)", cv2.imencode(".png", picture[:, :, ::-1].copy())[1].tobytes()),
        ("libpng or libspng", raw),
        ("libpng or libspng", imagecodecs.spng_encode(picture)),
        ("libpng or libspng without filters", pyvips.Image.new_from_array(picture).pngsave_buffer()),
        ("ImageMagick", by_tool(CONVERT, "IN", "OUT:.png", sent=sent)),
        ("FFmpeg", by_tool(FFMPEG, "-y", "-i", "IN", "OUT:.png", sent=sent)),
        ("OptiPNG", by_tool(OPTIPNG, "-force", "-o1", "IN", "-out", "OUT:.png", sent=sent)),
        ("libdeflate", oxipng.optimize_from_memory(raw, level=1, force=True)),
        ("Zopfli", by_tool(ZOPFLIPNG, *zopfli, sent=sent)),
    ]


def test_encoders_are_told_by_their_habits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "MAXBLOCK", 1 << 16)
    for family, data in made(PICTURE):
        assert families_of(data) == [family]


def test_a_small_file_is_not_attributed() -> None:
    seen = inspected(pillow(scene(20, 20), "PNG"))
    assert families(seen) == []
    assert seen.value("png", "compressor")["class"] == "an unknown compressor"


@pytest.mark.parametrize("level", range(10))
@pytest.mark.parametrize("strategy", [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_RLE, zlib.Z_HUFFMAN_ONLY])
def test_the_walk_counts_what_zlib_wrote(level: int, strategy: int) -> None:
    """Literals and matches cover the data; memLevel, level and strategy show."""
    raw = smooth(120, 100).tobytes()
    for memory in (1, 8, 9):
        packer = zlib.compressobj(level, zlib.DEFLATED, 15, memory, strategy)
        packed = packer.compress(raw) + packer.flush()
        seen = deflate.walk(packed)
        assert seen.whole
        assert not seen.trouble
        assert seen.flevel == (
            0 if level < 2 or strategy >= zlib.Z_HUFFMAN_ONLY else 1 if level < 6 else 2 if level == 6 else 3
        )
        assert seen.farthest <= 32_506
        if level == 0:
            assert sum(b["bytes"] for b in seen.blocks) == len(raw)
        else:
            inner = {b["symbols"] for b in seen.blocks[:-1] if b["type"] != "stored"}
            assert inner <= {2 ** (memory + 6) - 1}
        if strategy == zlib.Z_HUFFMAN_ONLY:
            assert seen.matches == 0
        if strategy == zlib.Z_RLE and seen.matches:
            assert seen.farthest == 1
        if strategy == zlib.Z_FILTERED and level > 3 and seen.matches:
            assert seen.shortest_match >= 6


def test_ancillary_chunks_and_texts() -> None:
    image = image_of(scene(16, 16))
    info = __import__("PIL.PngImagePlugin", fromlist=["PngInfo"]).PngInfo()
    info.add_text("Software", "a tool")
    info.add_text("Long", "x" * 3000, zip=True)
    info.add_itxt("Title", "größer", "de", "Titel")
    data = pillow(image, "PNG", pnginfo=info, dpi=(72, 72), gamma=0.45455)
    seen = inspected(data)
    texts = [o.text for o in seen.all("comments")]
    assert texts[0] == "Software: a tool" and "größer" in texts[2]
    assert texts[1].startswith("Long: xxx")
    assert seen.value("png", "pixel_size") == {"x": 2835, "y": 2835, "unit": 1}


def test_animation_is_what_was_asked_for() -> None:
    value = inspected(whole_files()["apng"]).to_dict()["png"]
    assert [f["duration_ms"] for f in value["frames"]] == [10, 20, 30]
    assert value["plays"] == 2


def test_damage_is_told() -> None:
    whole = pillow(scene(30, 20), "PNG")
    at = whole.index(b"IDAT")
    broken = bytearray(whole)
    broken[at + 20] ^= 255
    assert any("checksum" in t for t in odd(inspected(bytes(broken))))
    assert any("after IEND" in t for t in odd(inspected(whole + whole)))
    assert any("without IEND" in t for t in odd(inspected(whole[:-12])))
    assert any("there" in t for t in odd(inspected(whole[: at + 50])))
    rows = b"".join(b"\0" + bytes(8) for _ in range(8))
    assert not odd(inspected(png(rows, 8, 8)))
    assert any("filter above 4" in t for t in odd(inspected(png(b"\7" + rows[1:], 8, 8))))
    assert any("after the picture's last row" in t for t in odd(inspected(png(rows + b"hidden", 8, 8))))
    assert any("ends in row 7" in t for t in odd(inspected(png(rows[:-9], 8, 8))))
    assert any("without PLTE" in t for t in odd(inspected(png(rows, 8, 8, kind=3))))


def test_bombs_are_unpacked_up_to_a_bound() -> None:
    """Rows that claim 2 GB, and an ICC profile and a text of 140 MB each: seconds and megabytes stay few."""
    import time
    import tracemalloc

    packer = zlib.compressobj(9)
    zeros = b"".join(packer.compress(bytes(1 << 20)) for _ in range(140)) + packer.flush()
    head = struct.pack(">IIBBBBB", 40_000, 50_000, 8, 0, 0, 0, 0)
    data = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"iCCP", b"a\0\0" + zeros)
            + chunk(b"zTXt", b"a\0\0" + zeros) + chunk(b"IDAT", zeros) + chunk(b"IEND", b""))  # fmt: skip
    tracemalloc.start()
    start = time.process_time()
    seen = inspected(data)
    assert time.process_time() - start < 5
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()
    assert sum("unpacks to more" in t for t in odd(seen)) == 2
    assert seen.value("png", "rows_read") < 50_000


def test_sixteen_bits_and_palettes_have_rows_too() -> None:
    deep = imagecodecs.png_encode((scene(20, 30).astype(np.uint16) << 8) + 7)
    assert inspected(deep).value("png", "filters")["rows"] == 30
    few = pillow(Image.fromarray(scene(21, 9)).quantize(3), "PNG")
    assert inspected(few).value("png", "bit_depth") == 2
    assert inspected(few).value("png", "filters")["rows"] == 9
