"""Which compressor and which encoder a PNG's bytes fit: the zlib header, the blocks, the chunk sizes, the filters.

What zlib shows (its source, deflate.c and trees.c, 1.2.11 to 1.3): a block ends after 2^(memLevel + 6) - 1 symbols; no
match reaches further back than 32,506 bytes; Z_FILTERED takes no match under 6 bytes; Z_RLE none from further than one.
Encoders: 108 files of 9 pictures by Pillow 13, OpenCV 5, libpng 1.6, libspng 0.7, libvips 8.18, ImageMagick 6.9, FFmpeg
5.1, OptiPNG 0.7, ZopfliPNG 1.0 and oxipng 9.1, November 2026 (benchmarks/format_claims.py): 96 are told as
they should be, 1 of `Pillow with optimize` as Pillow, 11 not at all (8 of a ramp that packs to 4 KB, 3 of noise).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..evidence.base import Observation, anomaly, plural
from .base import Found, claim, consistent_with
from .deflate import DYNAMIC, FIXED, STORED, Walk, walk
from .png_rows import Rows

ZLIB_BLOCKS = {2 ** (level + 6) - 1: level for level in range(1, 10)}
"""Symbols in a block -> zlib's memLevel."""
ZLIB_FARTHEST = 32_768 - 262
"""zlib's MAX_DIST at a window of 15 bits."""
LEVELS = ("0 or 1", "2 to 5", "6, zlib's default", "7 to 9")
"""zlib's level by FLEVEL. Source: RFC 1950 2.2; zlib's deflate.c."""
MAX_PACKED = 1 << 20
"""Bytes of the stream that the walk is given; it stops long before."""
SOURCE = "108 files by 10 encoders, November 2026; zlib's source"


def compressor(offset: int, sizes: Sequence[int], rows: Rows, data: bytes) -> Found:
    """What the picture data says of who packed it. offset: of the first IDAT; sizes: of all."""
    seen = walk(_stream(offset, len(sizes), data))
    if seen.window_bits:
        level = LEVELS[seen.flevel]
        told = f"zlib header: window of {1 << seen.window_bits:,} bytes, FLEVEL {seen.flevel} (level {level})"
        value = {"window_bits": seen.window_bits, "flevel": seen.flevel}
        yield Observation("png", "zlib_header", value, told, offset + 8, "RFC 1950 2.2")
    else:
        yield anomaly(f"IDAT at {offset:#x}: {seen.trouble}", offset, "RFC 1950 2.2")
        return
    if seen.blocks:
        told = ", ".join(_block(b) for b in seen.blocks[:3]) + (", ..." if len(seen.blocks) > 3 else "")
        yield Observation("png", "blocks", seen.blocks[:20], f"blocks: {told}", offset + 8, "RFC 1951 3.2.3")
    kind, why = packer(seen)
    about: dict[str, Any] = {
        "class": kind,
        "why": why,
        "shortest_match": seen.shortest_match,
        "farthest_match": seen.farthest,
    }
    yield Observation("png", "compressor", about, f"compressed by {kind}: {why}" if why else f"compressed by {kind}",
                      offset + 8, SOURCE)  # fmt: skip
    last = f", the last {sizes[-1]:,}" if len(sizes) > 1 else ""
    told = f"{plural(len(sizes), 'IDAT chunk')} of {sizes[0]:,} bytes{last}"
    yield Observation("png", "idat", {"count": len(sizes), "first": sizes[0], "last": sizes[-1]}, told, offset, SOURCE)
    yield from consistent_with(_encoders(seen, kind, sizes, rows), offset)


def _stream(offset: int, count: int, data: bytes) -> bytes:
    """The data of the first IDAT chunks in a piece."""
    out, at = bytearray(), offset
    for _ in range(count):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] != b"IDAT" or len(out) > MAX_PACKED:
            break
        out += data[at + 8 : at + 8 + min(size, MAX_PACKED)]
        at += size + 12
    return bytes(out)


def _block(block: dict[str, Any]) -> str:
    if block["type"] == STORED:
        return f"stored, {plural(block['bytes'], 'byte')}"
    return f"{block['type']}, {plural(block['symbols'], 'symbol')}"


def packer(seen: Walk) -> tuple[str, str]:
    """(class of compressor, why): zlib, another, or an unknown one where the stream is too short to tell."""
    inner = [b["symbols"] for b in seen.blocks if not b["final"] and b["type"] in (DYNAMIC, FIXED)]
    if seen.farthest > ZLIB_FARTHEST:
        return "another than zlib", f"a match from {seen.farthest:,} bytes back, further than zlib looks"
    sizes = set(inner)
    if not sizes:
        return "an unknown compressor", "no block but the last was seen whole" if seen.blocks else ""
    if len(sizes) == 1 and next(iter(sizes)) in ZLIB_BLOCKS:
        level = ZLIB_BLOCKS[next(iter(sizes))]
        return f"zlib with memLevel {level} (or a fork of it)", f"blocks of {inner[0]:,} symbols"
    return "another than zlib", f"blocks of {', '.join(f'{n:,}' for n in inner[:3])} symbols"


def _encoders(seen: Walk, kind: str, sizes: Sequence[int], rows: Rows) -> list[dict[str, Any]]:
    """The encoders that the signs fit; none where they are too few to say."""
    used = {f for f, n in enumerate(rows.filters[:5]) if n}
    level = next((n for n in (8, 9) if kind.startswith(f"zlib with memLevel {n}")), 0)
    full = sizes[0] if len(sizes) > 1 and len(set(sizes[:-1])) == 1 else 0
    out = []
    if level == 9 and not used & {3} and (seen.shortest_match >= 6 or seen.flevel < 2) and full != 32_768:
        out.append(claim("Pillow", ["blocks of 32,767 symbols (memLevel 9)", "the Average filter is never used",
                                    "no match under 6 bytes (Z_FILTERED)" if seen.flevel > 1 else "packed fast"],
                         "its versions; oxipng keeps such a stream where it finds no shorter", SOURCE))  # fmt: skip
    elif level == 9 and 3 in used and seen.flevel == 3 and full != 32_768:
        out.append(
            claim(
                "Pillow with optimize",
                ["blocks of 32,767 symbols (memLevel 9)", "FLEVEL 3"],
                "OptiPNG with memLevel 9, and others that pack at level 9 with much memory",
                SOURCE,
            )
        )
    if level == 9 and full == 32_768:
        out.append(claim("ImageMagick", ["IDAT chunks of 32,768 bytes", "blocks of 32,767 symbols (memLevel 9)"],
                         "ImageMagick 6 was measured", SOURCE))  # fmt: skip
    if level == 8 and full == 8192:
        out.append(_of_8192(seen, used))
    if level == 8 and full == 4096 and used == {0}:
        out.append(claim("FFmpeg", ["IDAT chunks of 4,096 bytes", "no row is filtered"], "its versions", SOURCE))
    if level == 8 and len(sizes) == 1 and seen.flevel == 3:
        out.append(claim("OptiPNG", ["one IDAT chunk", "blocks of 16,383 symbols (memLevel 8)", "FLEVEL 3"],
                         "other optimisers that use zlib", SOURCE))  # fmt: skip
    if kind == "another than zlib" and len(sizes) == 1:
        if seen.flevel == 0:
            out.append(claim("Zopfli", ["blocks that zlib does not write", "FLEVEL 0", "one IDAT chunk"],
                             "zopflipng, and advpng, pngcrush or oxipng where they use Zopfli", SOURCE))  # fmt: skip
        if seen.flevel == 3:
            out.append(claim("libdeflate", ["blocks that zlib does not write", "FLEVEL 3", "one IDAT chunk"],
                             "oxipng, and others that use libdeflate", SOURCE))  # fmt: skip
    return out


def _of_8192(seen: Walk, used: set[int]) -> dict[str, Any]:
    """libpng and libspng write IDAT chunks of 8,192 bytes; how they were asked tells more."""
    supports = ["IDAT chunks of 8,192 bytes", "blocks of 16,383 symbols (memLevel 8)"]
    if used == {1} and seen.farthest <= 1:
        packed = "no match from further than 1 (Z_RLE)" if seen.farthest else "no match at all, as in noise"
        return claim(
            "OpenCV (libpng)",
            [*supports, "every row has the filter Sub", packed],
            "others that ask libpng for the same",
            SOURCE,
        )
    if used == {0}:
        return claim("libpng or libspng without filters", [*supports, "no row is filtered"],
                     "libvips writes so, and others that switch filters off", SOURCE)  # fmt: skip
    return claim("libpng or libspng", supports, "most programs write PNG with libpng", SOURCE)
