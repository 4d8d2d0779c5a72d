"""GIF: palettes, frames, delays and disposal, extensions, how the LZW codes are used, signs of dithering.

Source: GIF89a specification (CompuServe, 1990), by section.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..evidence.base import Observation, anomaly, plural, visible
from . import lzw
from .base import (
    MAX_METADATA,
    MAX_PARTS,
    Found,
    Part,
    claim,
    consistent_with,
    file_map,
    icc_facts,
    le,
    picture,
    sentence,
    xmp_facts,
)  # fmt: skip

SPEC = "GIF89a"
DISPOSALS = ("not stated", "none", "background", "previous")
"""Disposal methods 0 to 3. Source: GIF89a, 23."""
INTERLACE = ((0, 8), (4, 8), (2, 4), (1, 2))
"""First row and step of each pass. Source: GIF89a, appendix E."""
MAX_COMMENTS = 100
MEASURED = "72 files: Pillow 13, ImageMagick 6.9, FFmpeg 5.1, gifsicle 1.93, giflib 6.1, cgif (libvips 8.18); 2026"
DITHERED = "90 files of 9 pictures, by Pillow 13, ImageMagick 6.9 and FFmpeg 5.1 with and without dithering; 2026"


@dataclass(slots=True)
class _File:
    """What one pass over the blocks finds."""

    data: bytes
    parts: list[Part] = field(default_factory=list)
    odd: list[Observation] = field(default_factory=list)
    said: list[Observation] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    first_data: tuple[int, int, list[int]] | None = None
    """Where the first frame's LZW data begins and ends, and the sizes of its first sub-blocks."""
    control: dict[str, Any] = field(default_factory=dict)
    comments: int = 0


def detect(data: bytes) -> Found:
    """What the file says. data: begins with GIF87a or GIF89a."""
    file = _File(data, [Part(0, 6, "header", visible(data[:6]))])
    width, height = le(data, 6, 2), le(data, 8, 2)
    at = _screen(file)
    _blocks(file, at)
    frames = f", {plural(len(file.frames), 'frame')}" if len(file.frames) != 1 else ""
    text = f"GIF, {width} x {height}{frames}, {plural(len(data), 'byte')}."
    yield from picture(width, height, text, 6, f"{SPEC}, 18")
    yield from file.said
    yield from file.odd
    if file.frames:
        yield from _frames(file)
        yield from _first_frame(file)
    yield file_map(file.parts, SPEC, "block")


def _screen(file: _File) -> int:
    """The logical screen descriptor and the global palette; where the blocks begin."""
    data, clause = file.data, f"{SPEC}, 18"
    if len(data) < 13:
        file.odd.append(anomaly("the file ends inside its header", 6, clause))
        return len(data)
    flags, background, aspect = data[10], data[11], data[12]
    version = data[3:6].decode("ascii", "replace")
    file.parts.append(Part(6, 7, "LSD", f"screen, {le(data, 6, 2)} x {le(data, 8, 2)}"))

    def say(name: str, value: Any, text: str, offset: int = 6) -> None:
        file.said.append(Observation("gif", name, value, text, offset, clause))

    say("version", version, f"version {version}", 0)
    say(
        "color_resolution",
        (flags >> 4 & 7) + 1,
        f"made from {plural((flags >> 4 & 7) + 1, 'bit')} a colour, as it says",
    )
    say("background_index", background, f"background colour {background}")
    if aspect:
        say("aspect", round((aspect + 15) / 64, 4), f"pixels of {(aspect + 15) / 64:g} to 1")
    if not flags & 0x80:
        say("global_palette", None, "no global palette")
        return 13
    size = 2 << (flags & 7)
    table = data[13 : 13 + 3 * size]
    file.parts.append(Part(13, len(table), "GCT", f"palette of {size} colours"))
    if len(table) < 3 * size:
        file.odd.append(anomaly("the file ends inside the global palette", 13, f"{SPEC}, 19"))
    value = palette(table) | {"sorted": bool(flags & 8)}
    say("global_palette", value, f"global palette of {size} colours, {_palette_text(value)}", 13)
    return 13 + len(table)


def palette(table: bytes) -> dict[str, Any]:
    """{"size", "distinct", "kind"} of a palette of 3 bytes a colour; kind: `web-safe`, `grey`, `3-3-2`, null."""
    colors = [table[i : i + 3] for i in range(0, len(table) - 2, 3)]
    distinct = set(colors)
    kind = None
    levels = {0, 51, 102, 153, 204, 255}
    if distinct and all(c[0] == c[1] == c[2] for c in distinct):
        kind = "grey"
    elif len(distinct) >= 200 and sum(set(c) <= levels for c in distinct) >= 200:
        kind = "web-safe"
    elif (
        len(colors) == 256
        and {c[0] for c in colors} <= _LEVELS_8
        and {c[1] for c in colors} <= _LEVELS_8
        and (len({c[2] for c in colors}) <= 4 and len(distinct) >= 250)
    ):
        kind = "3-3-2"
    return {"size": len(colors), "distinct": len(distinct), "kind": kind}


_LEVELS_8 = {0, 32, 36, 64, 72, 73, 96, 109, 128, 145, 146, 160, 182, 192, 218, 219, 224, 255}
"""Eight levels as masks (32 apart) or stretched to 255 (36 and 37 apart)."""


def _palette_text(value: dict[str, Any]) -> str:
    kind = f", {value['kind']}" if value["kind"] else ""
    return f"{value['distinct']} of them different{kind}"


def _blocks(file: _File, at: int) -> None:
    data = file.data
    while at < len(data):
        if len(file.parts) >= MAX_PARTS:
            file.odd.append(anomaly(f"more than {MAX_PARTS:,} blocks; the rest is not told apart", at, SPEC))
            file.parts.append(Part(at, len(data) - at, "", "not told apart"))
            return
        kind = data[at]
        if kind == 0x3B:
            file.parts.append(Part(at, 1, "trailer"))
            _after(file, at + 1)
            return
        if kind == 0x21:
            at = _extension(file, at)
        elif kind == 0x2C:
            at = _image(file, at)
        else:
            stop = min((i for i in (data.find(b, at) for b in (b"!", b",", b";")) if i >= 0), default=len(data))
            file.odd.append(anomaly(f"{stop - at:,} bytes at {at:#x} that form no block", at, SPEC))
            file.parts.append(Part(at, stop - at, "", "bytes that form no block"))
            at = stop
    file.odd.append(anomaly("the file ends without its trailer", len(data), f"{SPEC}, 27"))


def _after(file: _File, at: int) -> None:
    rest = len(file.data) - at
    if rest:
        file.parts.append(Part(at, rest, "", f"bytes after the trailer, starting {file.data[at : at + 8].hex(' ')}"))
        file.odd.append(anomaly(f"{plural(rest, 'byte')} after the trailer", at, f"{SPEC}, 27"))
    file.said.append(
        Observation("markers", "trailing_bytes", rest, plural(rest, "byte") + " after the trailer", at, f"{SPEC}, 27")
    )


def _sub_blocks(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """(begin, end) of each data sub-block from `at` on; the last one is empty, unless the file ends before."""
    while at < len(data):
        size = data[at]
        yield at + 1, min(at + 1 + size, len(data))
        if not size:
            return
        at += 1 + size


def _skip(file: _File, at: int, what: str) -> tuple[int, bytes, list[int]]:
    """Where the sub-blocks from `at` end, their data (bounded) and the sizes of the first."""
    out, end, closed = bytearray(), at, False
    sizes: list[int] = []
    for begin, stop in _sub_blocks(file.data, at):
        end, closed = stop, begin == stop and file.data[begin - 1] == 0
        if len(out) < MAX_METADATA:
            out += file.data[begin:stop]
        if len(sizes) < 8:
            sizes.append(stop - begin)
    if not closed:
        file.odd.append(anomaly(f"{what} at {at:#x}: the file ends inside its sub-blocks", at, f"{SPEC}, 15"))
    return end, bytes(out), sizes


def _extension(file: _File, at: int) -> int:
    data = file.data
    label = data[at + 1] if at + 1 < len(data) else 0
    if label == 0xF9:
        end, body, _ = _skip(file, at + 2, "graphic control extension")
        if len(body) == 4:
            flags = body[0]
            file.control = {
                "offset": at,
                "dispose": DISPOSALS[flags >> 2 & 7] if (flags >> 2 & 7) < 4 else "reserved",
                "duration_ms": 10 * le(body, 1, 2),
                "transparent_index": body[3] if flags & 1 else None,
            }
            says = f"{file.control['duration_ms']} ms, disposal {file.control['dispose']}"
        else:
            says = "of a wrong length"
            file.odd.append(anomaly(f"graphic control extension at {at:#x}: {len(body)} bytes, expected 4", at,
                                    f"{SPEC}, 23"))  # fmt: skip
        file.parts.append(Part(at, end - at, "GCE", says))
        return end
    if label == 0xFE:
        end, body, _ = _skip(file, at + 2, "comment")
        file.comments += 1
        text = visible(body)
        if file.comments <= MAX_COMMENTS:
            value = {"offset": at, "bytes": len(body), "text": text}
            file.said.append(Observation("comments", "comment", value, text, at, f"{SPEC}, 24"))
        file.parts.append(Part(at, end - at, "comment", f'"{visible(body, 48)}"'))
        return end
    if label == 0xFF:
        return _application(file, at)
    end, body, _ = _skip(file, at + 2, "extension")
    name = "plain text" if label == 0x01 else f"extension {label:02x}"
    file.parts.append(Part(at, end - at, name, plural(len(body), "byte")))
    return end


def _application(file: _File, at: int) -> int:
    """GIF89a, 26; NETSCAPE2.0 and ANIMEXTS1.0: sub-block 1 holds how often it repeats, 0 for ever."""
    data, clause = file.data, f"{SPEC}, 26"
    head = data[at + 3 : at + 14]
    if data[at + 2 : at + 3] != b"\x0b" or len(head) < 11:
        end, _, _ = _skip(file, at + 2, "application extension")
        file.odd.append(anomaly(f"application extension at {at:#x}: no identifier of 11 bytes", at, clause))
        file.parts.append(Part(at, end - at, "application", "without an identifier"))
        return end
    if (
        head == b"XMP DataXMP"
    ):  # the packet stands bare, behind it a trailer that any reader of sub-blocks falls through
        end, _, _ = _skip(file, at + 14, "application extension")
        packet = data[at + 14 : max(at + 14, end - 258)]
        file.said += list(xmp_facts(packet, at, "XMP specification part 3, 1.1.2 (GIF)"))
    else:
        end, body, _ = _skip(file, at + 14, "application extension")
        if head in (b"NETSCAPE2.0", b"ANIMEXTS1.0") and body[:1] == b"\1" and len(body) >= 3:
            loop = le(body, 1, 2)
            told = "loops for ever" if not loop else f"repeats {plural(loop, 'time')}"
            file.said.append(
                Observation("gif", "loop_count", loop, told, at, "Netscape 2.0's extension, as browsers read it")
            )
        if head == b"ICCRGBG1012":
            file.said += list(icc_facts(body, at))
        if head[:4] == b"C2PA":
            told = "a C2PA manifest is there (not verified)"
            file.said.append(Observation("c2pa", "manifest", True, told, at, "C2PA 2.1, A.3.6"))
    name = visible(head)
    known = [o for o in file.said if o.topic == "gif" and o.name == "applications"]
    if known:
        known[0].value.append(name) if len(known[0].value) < 20 else None
    else:
        file.said.append(Observation("gif", "applications", [name], f"application extension {name}", at, clause))
    file.parts.append(Part(at, end - at, "application", name))
    return end


def _image(file: _File, at: int) -> int:
    data, clause = file.data, f"{SPEC}, 20"
    if at + 10 > len(data):
        file.odd.append(anomaly(f"image at {at:#x}: the file ends inside its descriptor", at, clause))
        file.parts.append(Part(at, len(data) - at, "image", "cut short"))
        return len(data)
    x, y, width, height, flags = (*(le(data, at + i, 2) for i in (1, 3, 5, 7)), data[at + 9])
    body = at + 10 + (3 * (2 << (flags & 7)) if flags & 0x80 else 0)
    local = palette(data[at + 10 : body]) if flags & 0x80 and len(file.frames) < 256 else None
    size = data[body] if body < len(data) else 0
    end = min(body + 1, len(data))
    sizes: list[int] = []
    closed = False
    for begin, stop in _sub_blocks(data, body + 1):
        end, closed = stop, begin == stop
        if len(sizes) < 8:
            sizes.append(stop - begin)
    if not closed:
        file.odd.append(anomaly(f"image at {at:#x}: the file ends inside its data", at, f"{SPEC}, 22"))
    if not 2 <= size <= 8:
        file.odd.append(anomaly(f"image at {at:#x}: a code size of {size}, expected 2 to 8", at, f"{SPEC}, 22"))
    if x + width > le(data, 6, 2) or y + height > le(data, 8, 2):
        file.odd.append(anomaly(f"image at {at:#x}: reaches beyond the screen", at, clause))
    if file.first_data is None:
        file.first_data = body + 1, end, sizes
    control = file.control
    file.frames.append(
        {"offset": at, "x": x, "y": y, "width": width, "height": height, "duration_ms": control.get("duration_ms"),
         "dispose": control.get("dispose", DISPOSALS[0]), "transparent_index": control.get("transparent_index"),
         "interlaced": bool(flags & 0x40), "local_palette": local, "code_size": size, "bytes": end - at}
    )  # fmt: skip
    file.control = {}
    file.parts.append(Part(at, end - at, "image", f"{width} x {height} at {x}, {y}"))
    return end


def _frames(file: _File) -> Found:
    first, count = file.frames[0], len(file.frames)
    total = sum(f["duration_ms"] or 0 for f in file.frames)
    told = f"{plural(count, 'frame')} in {total / 1000:g} s" if count > 1 else "one frame"
    local = sum(f["local_palette"] is not None for f in file.frames)
    told += f", {local} with a palette of their own" if local else ""
    yield Observation("gif", "frames", file.frames, told, first["offset"], f"{SPEC}, 20 and 23")
    ways = list(dict.fromkeys(f["dispose"] for f in file.frames))
    yield Observation("gif", "disposal", ways, "disposal: " + ", ".join(ways), first["offset"], f"{SPEC}, 23")
    if any(f["transparent_index"] is not None for f in file.frames):
        some = sum(f["transparent_index"] is not None for f in file.frames)
        yield Observation("gif", "transparent_frames", some, f"{plural(some, 'frame')} with a transparent colour",
                          first["offset"], f"{SPEC}, 23")  # fmt: skip


def _first_frame(file: _File) -> Found:
    """The first frame's codes: what they show of the encoder and of dithering."""
    assert file.first_data is not None
    first, (begin, end, sizes) = file.frames[0], file.first_data
    size, offset = first["code_size"], first["offset"]
    if not 1 <= size <= 11:
        return
    packed = bytearray()
    for a, b in _sub_blocks(file.data[:end], begin):
        packed += file.data[a:b]
        if len(packed) > 4 * lzw.MAX_PIXELS:
            break
    seen = lzw.decode(bytes(packed), size, min(lzw.MAX_PIXELS, first["width"] * first["height"]))
    if seen.trouble:
        yield anomaly(f"image at {offset:#x}: {seen.trouble}", offset, f"{SPEC}, 22")
    short = lzw.FULL - (1 << size) - seen.first_run if seen.first_run else None
    value = {"code_size": size, "starts_with_clear": seen.starts_with_clear, "clears": seen.clears,
             "first_run": seen.first_run or None, "codes_in_full_table": seen.full,
             "sub_block": sizes[0] if sizes else None}  # fmt: skip
    told = f"LZW: {size + 1} bits at first, sub-blocks of {sizes[0]} bytes" if sizes else "LZW without data"
    told += f", the table is cleared after {seen.first_run:,} codes" if seen.first_run else ""
    yield Observation("gif", "lzw", value, told, offset, f"{SPEC}, 22")
    if seen.pixels:
        used = len(set(seen.pixels))
        yield Observation("gif", "colors_used", used, f"{plural(used, 'colour')} used in the pixels looked at "
                          f"({len(seen.pixels):,})", offset, SPEC)  # fmt: skip
        yield from _dithering(first, seen.pixels)
    if short is not None and not seen.full:
        yield from consistent_with(_encoders(short, sizes), offset)


def _encoders(short: int, sizes: list[int]) -> list[dict[str, Any]]:
    """By how many codes sooner than it must the encoder clears its table; each has a habit of its own."""
    at = (
        f"the LZW table is cleared {plural(short, 'code')} early"
        if short
        else "the LZW table is cleared when it is full"
    )
    block = f"sub-blocks of {sizes[0]} bytes"
    if short == 0 and sizes[:2] == [254, 254]:
        return [claim("ImageMagick", [at, block], "GraphicsMagick; their versions", MEASURED)]
    if short == 0 and sizes[:1] == [255]:
        return [
            claim(
                "Pillow or cgif",
                [at, block],
                "Pillow and cgif (libvips, sharp) from each other; others with this habit",
                MEASURED,
            )
        ]
    if short == 1 and sizes[:1] == [255]:
        return [claim("giflib", [at, block], "programs that write with it", MEASURED)]
    if short == 2 and sizes[:1] == [255]:
        return [claim("FFmpeg", [at, block], "other encoders with this habit", MEASURED)]
    if short == 3 and sizes[:1] == [255]:
        return [
            claim("gifsicle", [at, block], "other encoders with this habit; gifsicle rewrites others' files", MEASURED)
        ]
    return []


def _dithering(frame: dict[str, Any], pixels: bytes) -> Found:
    """Signs of dithering: single pixels between two equal ones, and whether they stand in a pattern of 8 x 8.

    Measured on 9 pictures of 300 x 200 (six photographs, a ramp, a ramp under noise, noise), each quantised in ten ways
    by Pillow, ImageMagick and FFmpeg (benchmarks/format_claims.py): without dithering, such pixels are 0 to 9.7 %
    (18.9 % for the ramp under noise in 32 colours), and their counts in the 64 places of the pattern differ by up to
    0.19 of their mean; with error diffusion onto a fixed palette 7.8 to 36.9 %, onto one of its own 0.5 to 34.7 %, and
    up to 0.14; ordered 0.6 to 50.3 %, and up to 0.46.
    """
    width = frame["width"]
    rows = len(pixels) // width if width else 0
    if width < 16 or rows < 16:
        return
    order = [y for start, step in INTERLACE for y in range(start, frame["height"], step)]
    cells = [0] * 64
    for row in range(rows):
        line = pixels[row * width : (row + 1) * width]
        y = (order[row] if frame["interlaced"] else row) & 7
        for x, (a, b, c) in enumerate(zip(line, line[1:], line[2:], strict=False)):
            if a == c != b:
                cells[y * 8 + (x & 7)] += 1
    total = sum(cells)
    share = total / (rows * (width - 2))
    mean = total / 64
    uneven = (sum((n - mean) ** 2 for n in cells) / 64) ** 0.5 / mean if total > 640 else 0.0
    if uneven >= 0.22 and share >= 0.08:
        verdict, told = (
            "ordered",
            "a regular pattern, as ordered dithering leaves (or error diffusion on a smooth ramp)",
        )
    elif share >= 0.2:
        verdict, told = "diffused", "irregular single pixels, as error diffusion leaves"
    elif share < 0.05:
        verdict, told = "none seen", "no sign of dithering (light dithering of a detailed picture can hide)"
    else:
        verdict, told = "cannot tell", "whether it was dithered cannot be told (detail leaves as many single pixels)"
    value = {"verdict": verdict, "single_pixels": round(share, 4), "unevenness": round(uneven, 3)}
    yield Observation(
        "gif", "dithering", value, f"{told}: {100 * share:.1f} % single pixels", frame["offset"], DITHERED
    )
    if verdict in ("ordered", "diffused"):
        yield sentence("dithering", f"It shows {told}.", frame["offset"], DITHERED)
