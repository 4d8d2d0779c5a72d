"""GIF: indices against Pillow, what was asked for against what is told, and the habits of six encoders."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
import pyvips
from formats_made import by_tool, families, inspected, odd, smooth, tool, whole_files
from PIL import Image

from oracles import Picture, image_of, pillow, scene
from understudy.formats import lzw

CONVERT, FFMPEG, GIFSICLE = tool("convert", "imagemagick"), tool("ffmpeg", "ffmpeg"), tool("gifsicle", "gifsicle")
PICTURE = smooth(200, 140)
SENT = pillow(PICTURE, "PNG")
PALETTE_USE = "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither="


def first_image(data: bytes) -> tuple[bytes, int, bool]:
    """(LZW data, code size, interlaced) of the first frame, found by what is told of it."""
    frame = inspected(data).value("gif", "frames")[0]
    at = frame["offset"] + 10 + (3 * frame["local_palette"]["size"] if frame["local_palette"] else 0) + 1
    out = b""
    while data[at]:
        out += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return out, frame["code_size"], frame["interlaced"]


@pytest.mark.parametrize("size", [(1, 1), (7, 11), (33, 17), (130, 90)])
@pytest.mark.parametrize("colors", [2, 5, 256])
def test_pixels_are_those_that_pillow_reads(size: tuple[int, int], colors: int) -> None:
    image = image_of(scene(*size)).quantize(colors)
    data = pillow(image, "GIF", interlace=0)
    packed, code_size, interlaced = first_image(data)
    assert not interlaced
    seen = lzw.decode(packed, code_size, size[0] * size[1])
    assert seen.pixels == Image.open(io.BytesIO(data)).tobytes()
    assert not odd(inspected(data))


def made() -> dict[str, tuple[str, bytes]]:
    """Encoder's name here -> (the family that it should be, a file)."""
    plain = image_of(PICTURE).quantize(256, dither=0)
    colors = np.resize(np.asarray(plain.getpalette(), np.uint8).reshape(-1, 3), (256, 3)).copy()
    ffmpeg = by_tool(FFMPEG, "-y", "-i", "IN", "-vf", PALETTE_USE + "none", "OUT:.gif", sent=SENT)
    return {
        "Pillow": ("Pillow or cgif", pillow(plain, "GIF")),
        "cgif": ("Pillow or cgif", pyvips.Image.new_from_array(PICTURE).write_to_buffer(".gif")),
        "giflib": ("giflib", imagecodecs.gif_encode(np.asarray(plain), colormap=colors)),
        "ImageMagick": ("ImageMagick", by_tool(CONVERT, "IN", "OUT:.gif", sent=SENT)),
        "FFmpeg": ("FFmpeg", ffmpeg),
        "gifsicle": ("gifsicle", by_tool(GIFSICLE, "IN", "-o", "OUT:.gif", sent=ffmpeg, suffix=".gif")),
    }


def test_encoders_are_told_by_when_they_clear_their_table() -> None:
    for name, (family, data) in made().items():
        assert families(inspected(data)) == [family], name


def dithered(picture: Picture) -> list[tuple[str, bytes]]:
    """(what was done: none, diffused, light, where the palette leaves little to spread, or ordered; a file)."""
    image, sent = image_of(picture), pillow(picture, "PNG")
    return [
        ("none", pillow(image.quantize(256, dither=0), "GIF")),
        ("none", pillow(image.quantize(32, dither=0), "GIF")),
        ("none", by_tool(CONVERT, "IN", "+dither", "OUT:.gif", sent=sent)),
        ("none", by_tool(FFMPEG, "-y", "-i", "IN", "-vf", PALETTE_USE + "none", "OUT:.gif", sent=sent)),
        ("diffused", pillow(image.convert("P"), "GIF")),
        ("diffused", by_tool(FFMPEG, "-y", "-i", "IN", "OUT:.gif", sent=sent)),
        ("light", by_tool(CONVERT, "IN", "OUT:.gif", sent=sent)),
        ("light", by_tool(FFMPEG, "-y", "-i", "IN", "-vf", PALETTE_USE + "floyd_steinberg", "OUT:.gif", sent=sent)),
        ("ordered", by_tool(CONVERT, "IN", "-ordered-dither", "o8x8,6", "OUT:.gif", sent=sent)),
        (
            "ordered",
            by_tool(FFMPEG, "-y", "-i", "IN", "-vf", PALETTE_USE + "bayer:bayer_scale=1", "OUT:.gif", sent=sent),
        ),
    ]


def test_dithering_is_told_where_it_shows() -> None:
    """No undithered file is told as dithered, no file with strong dithering as undithered."""
    for done, data in dithered(PICTURE):
        if done == "light":
            continue
        told = inspected(data).value("gif", "dithering")["verdict"]
        assert (told in ("none seen", "cannot tell")) == (done == "none"), (done, told)
        assert (told == "ordered") == (done == "ordered")


def test_animation_is_what_was_asked_for() -> None:
    seen = inspected(whole_files()["gif animation"])
    value = seen.to_dict()["gif"]
    assert [f["duration_ms"] for f in value["frames"]] == [10, 20, 30]
    assert value["loop_count"] == 2
    assert value["disposal"] == ["background"]
    assert "3 frames" in seen.verdict[0]


def test_comments_palettes_and_the_map() -> None:
    data = whole_files()["gif"]
    seen = inspected(data)
    assert [o.text for o in seen.all("comments")] == ["a comment"]
    assert sum(r["bytes"] for r in seen.to_dict()["segments"]) == len(data)
    grey = pillow(image_of(scene(30, 20, 1)), "GIF")
    assert inspected(grey).value("gif", "global_palette")["kind"] == "grey"
    web = pillow(image_of(scene(60, 50)).convert("P", palette=Image.Palette.WEB), "GIF", optimize=False)
    assert inspected(web).value("gif", "global_palette")["kind"] in ("web-safe", None)


def test_an_image_that_ends_behind_its_code_size_is_answered() -> None:
    """Found by tests/fuzz: no sub-block, not even the last and empty one."""
    data = b"GIF89a" + bytes(7) + b",\0\0\0\0\1\0\1\0\0\2"
    seen = inspected(data)
    assert seen.value("gif", "lzw")["sub_block"] is None
    assert any("inside its data" in t for t in odd(seen))


def test_damage_is_told() -> None:
    whole = whole_files()["gif"]
    assert any("without its trailer" in t for t in odd(inspected(whole[:-1])))
    assert any("after the trailer" in t for t in odd(inspected(whole + b"more")))
    assert any("sub-blocks" in t or "inside its data" in t for t in odd(inspected(whole[:-30])))
    at = inspected(whole).value("gif", "frames")[0]["offset"]
    broken = bytearray(whole)
    broken[at + 12 : at + 60] = b"\xff" * 48
    assert odd(inspected(bytes(broken)))
