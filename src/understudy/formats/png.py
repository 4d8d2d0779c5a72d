"""PNG: chunks with their checksums, row filters, the compressor's signs, colour, text, animation, what follows IEND.

Source: PNG specification (W3C, third edition), by section or by the chunk's name.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..evidence.base import Observation, anomaly, plural, visible
from . import png_encoders
from .base import (
    MAX_PARTS,
    Found,
    Part,
    be,
    exif_facts,
    file_map,
    icc_facts,
    picture,
    sentence,
    unpack,
    xmp_facts,
)  # fmt: skip
from .png_rows import Rows, read_rows

SPEC = "PNG, third edition"
COLOR_TYPES = {0: "grey", 2: "RGB", 3: "palette", 4: "grey and alpha", 6: "RGB and alpha"}
"""Source: 11.2.1, table 12."""
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bit depths that each colour type may have. Source: 11.2.1, table 12."""
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
SAYS = {
    b"IHDR": "size and kind of samples", b"PLTE": "palette", b"IDAT": "picture data", b"IEND": "end",
    b"tRNS": "transparency", b"cHRM": "chromaticities", b"gAMA": "gamma", b"iCCP": "ICC profile", b"sBIT": "bits",
    b"sRGB": "sRGB", b"cICP": "colour by code points", b"mDCV": "mastering display", b"cLLI": "light levels",
    b"tEXt": "text", b"zTXt": "text, compressed", b"iTXt": "text, UTF-8", b"bKGD": "background", b"hIST": "histogram",
    b"pHYs": "pixel size", b"sPLT": "suggested palette", b"eXIf": "EXIF", b"tIME": "time", b"acTL": "animation",
    b"fcTL": "frame", b"fdAT": "frame data", b"iDOT": "Apple's table of strips", b"CgBI": "Apple's form of PNG",
    b"caBX": "C2PA manifest", b"oFFs": "offset", b"vpAg": "ImageMagick's page", b"orNT": "orientation",
}  # fmt: skip
MAX_TEXTS = 200
DISPOSAL, BLEND = ("none", "background", "previous"), ("source", "over")
"""fcTL's dispose_op and blend_op."""


@dataclass(slots=True)
class Chunks:
    """What one pass over the file finds."""

    data: bytes
    parts: list[Part] = field(default_factory=list)
    odd: list[Observation] = field(default_factory=list)
    placed: list[tuple[int, bytes, int, int]] = field(default_factory=list)
    """(offset, name, where its data begins, where it ends)."""
    trailing: int = 0

    def first(self, name: bytes) -> tuple[int, bytes] | None:
        """Offset and data of the first chunk of that name."""
        return next(((o, self.data[a:b]) for o, n, a, b in self.placed if n == name), None)

    def every(self, name: bytes, most: int = MAX_PARTS) -> list[tuple[int, bytes]]:
        """Offset and data of the first `most` chunks of that name."""
        return [(o, self.data[a:b]) for o, n, a, b in self.placed if n == name][:most]


def detect(data: bytes) -> Found:
    """What the file says. data: begins with PNG's signature."""
    chunks = _read(data)
    yield from chunks.odd
    head = chunks.first(b"IHDR")
    rows = Rows()
    if head is None or len(head[1]) < 13:
        yield anomaly("no readable IHDR: there is no picture in it", 8, f"{SPEC}, 11.2.1")
        yield sentence("picture", "A PNG file without a header: there is no picture in it.", 8)
    else:
        yield from _header(chunks, *head)
        rows = read_rows(data, [(a, b) for _, n, a, b in chunks.placed if n == b"IDAT"], head[1])
        yield from _rows(chunks, rows, be(head[1], 4, 4))
    yield from _compressor(chunks, rows)
    yield from _order(chunks)
    yield from _ancillary(chunks)
    yield from _texts(chunks)
    yield from _animation(chunks)
    yield from _metadata(chunks)
    yield file_map(_folded(chunks.parts), f"{SPEC}, 5.3", "chunk")


def _read(data: bytes) -> Chunks:
    out = Chunks(data, [Part(0, 8, "signature")])
    at, clause = 8, f"{SPEC}, 5.3"
    while at < len(data):
        if len(out.placed) >= MAX_PARTS:
            out.odd.append(anomaly(f"more than {MAX_PARTS:,} chunks; the rest is not told apart", at, clause))
            out.parts.append(Part(at, len(data) - at, "", "not told apart"))
            return out
        size, name = be(data, at, 4), data[at + 4 : at + 8]
        told = visible(name)
        if len(data) - at < 12 or size > len(data) - at - 12:
            out.odd.append(anomaly(f"{told or 'a chunk'} at {at:#x}: {size:,} bytes stated, "
                                   f"{max(0, len(data) - at - 12):,} are there", at, clause))  # fmt: skip
            out.parts.append(Part(at, len(data) - at, told, "cut short"))
            out.placed.append((at, name, min(at + 8, len(data)), len(data)))
            return out
        end = at + 8 + size
        if not name.isalpha():
            out.odd.append(anomaly(f"chunk at {at:#x}: the name {told} is not four letters", at, clause))
        elif zlib.crc32(data[at + 4 : end]) != be(data, end, 4):
            out.odd.append(anomaly(f"{told} at {at:#x}: its checksum does not fit", at, f"{SPEC}, 5.5"))
        out.parts.append(Part(at, size + 12, told, SAYS.get(name, _unknown(name))))
        out.placed.append((at, name, at + 8, end))
        at = end + 4
        if name == b"IEND":
            break
    else:
        out.odd.append(anomaly("the file ends without IEND", len(data), f"{SPEC}, 5.6"))
    if at < len(data):
        out.trailing = len(data) - at
        says = f"bytes after IEND, {_looks_like(data[at : at + 16])}"
        out.parts.append(Part(at, out.trailing, "", says))
        out.odd.append(anomaly(f"{out.trailing:,} {says}", at, f"{SPEC}, 5.6"))
    return out


def _unknown(name: bytes) -> str:
    return "unknown, private" if name[1:2].islower() else "unknown"


def _looks_like(head: bytes) -> str:
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "another PNG"
    if head[4:8] == b"IDAT" or b"IDAT" in head:
        return "a piece of a PNG (an older, longer file was overwritten?)"
    return "all zero at first" if not head.strip(b"\0") else f"starting {head[:8].hex(' ')}"


def _folded(parts: list[Part]) -> list[Part]:
    """The map with runs of more than four equal chunks (IDAT) as two and a sum."""
    out: list[Part] = []
    at = 0
    while at < len(parts):
        run = at
        while run < len(parts) and parts[run].name == parts[at].name:
            run += 1
        if run - at > 4 and parts[at].name:
            middle = parts[at + 1 : run - 1]
            out += [parts[at], Part(middle[0].offset, sum(p.size for p in middle), parts[at].name,
                                    f"{len(middle):,} chunks more"), parts[run - 1]]  # fmt: skip
        else:
            out += parts[at:run]
        at = run
    return out


def _header(chunks: Chunks, offset: int, head: bytes) -> Found:
    width, height, clause = be(head, 0, 4), be(head, 4, 4), f"{SPEC}, 11.2.1"
    depth, kind, interlace = head[8], head[9], head[12]
    name = COLOR_TYPES.get(kind, f"colour type {kind}")
    frames = chunks.first(b"acTL")
    animated = f", animated ({plural(be(frames[1], 0, 4), 'frame')})" if frames else ""
    adam7 = ", interlaced" if interlace else ""
    text = f"PNG, {width} x {height}, {name}, {depth} bits{adam7}{animated}, {plural(len(chunks.data), 'byte')}."
    yield from picture(width, height, text, offset, clause, precision=depth)
    yield Observation("png", "color_type", kind, name, offset, clause)
    yield Observation("png", "bit_depth", depth, f"{depth} bits a sample", offset, clause)
    yield Observation("png", "interlace", interlace, "Adam7" if interlace else "rows in order", offset, clause)
    if depth not in DEPTHS.get(kind, ()):
        yield anomaly(f"IHDR at {offset:#x}: {depth} bits with colour type {kind}", offset, clause)
    if head[10] or head[11] or interlace > 1:
        told = f"compression {head[10]}, filter {head[11]}, interlace {interlace}"
        yield anomaly(f"IHDR at {offset:#x}: {told}; expected 0, 0 and 0 or 1", offset, clause)
    if not width or not height:
        yield anomaly(f"IHDR at {offset:#x}: a size of {width} x {height}", offset, clause)
    if chunks.first(b"CgBI"):
        yield Observation("png", "apple", True, "Apple's form of PNG (CgBI): not a standard PNG", offset, SPEC)


def _rows(chunks: Chunks, rows: Rows, height: int) -> Found:
    found = chunks.first(b"IDAT")
    offset = found[0] if found else 8
    if found is None:
        yield anomaly("no picture data (IDAT)", 8, f"{SPEC}, 11.2.3")
        return
    names = ("None", "Sub", "Up", "Average", "Paeth")
    told = ", ".join(f"{names[f]} {n}" for f, n in enumerate(rows.filters[:5]) if n) or "none read"
    value = {"none": rows.filters[0], "sub": rows.filters[1], "up": rows.filters[2], "average": rows.filters[3],
             "paeth": rows.filters[4], "rows": rows.count, "by_row": rows.by_row}  # fmt: skip
    yield Observation("png", "filters", value, f"row filters: {told}", offset, f"{SPEC}, 9.2")
    if rows.filters[5]:
        yield anomaly(f"{plural(rows.filters[5], 'row')} with a filter above 4", offset, f"{SPEC}, 9.2")
    if rows.trouble:
        yield anomaly(f"IDAT at {offset:#x}: {rows.trouble}", offset, f"{SPEC}, 10.1")
    elif rows.extra:
        yield anomaly(f"IDAT at {offset:#x}: {plural(rows.extra, 'byte')} after the picture's last row (or its stream)",
                      offset, f"{SPEC}, 10.1")  # fmt: skip
    if rows.limited:
        yield Observation("png", "rows_read", rows.count, f"the first {rows.count:,} of {height:,} rows were looked at",
                          offset, SPEC)  # fmt: skip


def _compressor(chunks: Chunks, rows: Rows) -> Found:
    found = chunks.first(b"IDAT")
    if found is None:
        return
    sizes = [b - a for _, n, a, b in chunks.placed if n == b"IDAT"]
    yield from png_encoders.compressor(found[0], sizes, rows, chunks.data)


def _order(chunks: Chunks) -> Found:
    """Source: 5.6: IHDR first, PLTE before IDAT, IDATs together, colour chunks before PLTE and IDAT."""
    names = [n for _, n, _, _ in chunks.placed]
    clause = f"{SPEC}, 5.6"
    if names and names[0] not in (b"IHDR", b"CgBI"):
        yield anomaly(f"the first chunk is {visible(names[0])}, expected IHDR", 8, clause)
    counts = Counter(names)
    for name in (b"IHDR", b"PLTE", b"IEND", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf", b"acTL"):
        if counts[name] > 1:
            yield anomaly(f"{counts[name]} {name.decode()} chunks, expected one at most", 8, clause)
    if counts[b"IDAT"]:
        at = [i for i, n in enumerate(names) if n == b"IDAT"]
        if at[-1] - at[0] + 1 != len(at):
            yield anomaly("IDAT chunks that do not stand together", chunks.placed[at[0]][0], clause)
        late = {n for n in names[at[0] :] if n in (b"PLTE", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"acTL", b"pHYs")}
        for name in sorted(late):
            yield anomaly(f"{name.decode()} stands behind the picture data", chunks.placed[at[0]][0], clause)
    kind = (chunks.first(b"IHDR") or (0, b""))[1][9:10]
    if kind == b"\3" and not counts[b"PLTE"]:
        yield anomaly("a palette picture without PLTE", 8, f"{SPEC}, 11.2.2")
    for offset, name, _, _ in chunks.placed:
        if name[:1].isupper() and name.isalpha() and name not in SAYS:
            yield anomaly(f"{visible(name)} at {offset:#x}: an unknown chunk that is marked as needed", offset, clause)


def _srgb(d: bytes) -> tuple[Any, str]:
    names = ("perceptual", "relative colorimetric", "saturation", "absolute colorimetric")
    return d[0], f"sRGB, {names[d[0]]}" if d[0] < 4 else f"sRGB, intent {d[0]}"


def _phys(d: bytes) -> tuple[Any, str]:
    x, y, unit = be(d, 0, 4), be(d, 4, 4), d[8]
    dots = f" ({x * 0.0254:.0f} x {y * 0.0254:.0f} dpi)" if unit == 1 else ""
    return {"x": x, "y": y, "unit": unit}, f"{x} x {y} pixels a {'metre' if unit == 1 else 'unit'}{dots}"


def _time(d: bytes) -> tuple[Any, str]:
    text = f"{be(d, 0, 2):04}-{d[2]:02}-{d[3]:02} {d[4]:02}:{d[5]:02}:{d[6]:02}"
    return text, f"last changed {text} (UTC, as it says)"


_KNOWN: dict[bytes, tuple[str, int, Callable[[bytes], tuple[Any, str]]]] = {
    b"gAMA": ("gamma", 4, lambda d: (be(d, 0, 4) / 100_000, f"gamma {be(d, 0, 4) / 100_000:g}")),
    b"sRGB": ("srgb_intent", 1, _srgb),
    b"pHYs": ("pixel_size", 9, _phys),
    b"tIME": ("time", 7, _time),
    b"cICP": ("cicp", 4, lambda d: (list(d[:4]), "colour by code points (primaries, transfer, matrix, range): "
                                    + " ".join(map(str, d[:4])))),
    b"cHRM": ("chromaticities", 32, lambda d: ([be(d, i, 4) / 100_000 for i in range(0, 32, 4)],
                                               "chromaticities: " + " ".join(f"{be(d, i, 4) / 100_000:g}"
                                                                             for i in range(0, 32, 4)))),
    b"bKGD": ("background", 1, lambda d: (d[:6].hex(), f"background {d[:6].hex(' ')}")),
    b"sBIT": ("significant_bits", 1, lambda d: (list(d[:4]), "significant bits " + " ".join(map(str, d[:4])))),
    b"PLTE": ("palette", 3, lambda d: (len(d) // 3, f"a palette of {plural(len(d) // 3, 'colour')}")),
    b"tRNS": ("transparency", 1, lambda d: (len(d), f"transparency, {plural(len(d), 'byte')}")),
}  # fmt: skip
"""Chunk -> the observation's name, its least length, what it says. Source: 11.2 and 11.3, each under its name."""


def _ancillary(chunks: Chunks) -> Found:
    for name, (what, least, say) in _KNOWN.items():
        found = chunks.first(name)
        if found is None:
            continue
        offset, data = found
        if len(data) < least:
            yield anomaly(f"{name.decode()} at {offset:#x}: {len(data)} bytes, expected {least} or more", offset,
                          f"{SPEC}: {name.decode()}")  # fmt: skip
            continue
        value, text = say(data)
        yield Observation("png", what, value, text, offset, f"{SPEC}: {name.decode()}")
    order = list(dict.fromkeys(n for _, n, _, _ in chunks.placed))
    told = ">".join(visible(n) for n in order[:60])
    yield Observation("markers", "order", told, f"chunks in the order {told}", 8, f"{SPEC}, 5.6")
    yield Observation("markers", "trailing_bytes", chunks.trailing, plural(chunks.trailing, "byte") + " after IEND",
                      len(chunks.data) - chunks.trailing, f"{SPEC}, 5.6")  # fmt: skip


def _texts(chunks: Chunks) -> Found:
    texts = [(o, n, chunks.data[a:b]) for o, n, a, b in chunks.placed if n in (b"tEXt", b"zTXt", b"iTXt")]
    for offset, name, data in texts[:MAX_TEXTS]:
        key, _, rest = data.partition(b"\0")
        clause, trouble = f"{SPEC}: {name.decode()}", ""
        if name == b"zTXt":
            rest, trouble = unpack(rest[1:])
        elif name == b"iTXt":
            packed, fields = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
            rest = fields[2] if len(fields) == 3 else b""
            if packed:
                rest, trouble = unpack(rest)
        if trouble:
            yield anomaly(f"{name.decode()} at {offset:#x}: {trouble}", offset, clause)
        if key == b"XML:com.adobe.xmp":
            yield from xmp_facts(rest, offset, clause)
            continue
        text = f"{visible(key, 79)}: {visible(rest)}"
        yield Observation("comments", "comment", {"offset": offset, "bytes": len(rest), "text": text}, text, offset,
                          clause)  # fmt: skip
    if len(texts) > MAX_TEXTS:
        yield anomaly(f"{len(texts):,} texts, of which {MAX_TEXTS} are told", texts[MAX_TEXTS][0], SPEC)


def _animation(chunks: Chunks) -> Found:
    found, clause = chunks.first(b"acTL"), f"{SPEC}: acTL, fcTL"
    if found is None:
        return
    offset, data = found
    stated, plays = be(data, 0, 4), be(data, 4, 4)
    told = "plays for ever" if not plays else f"plays {plural(plays, 'time')}"
    yield Observation("png", "plays", plays, told, offset, clause)
    frames: list[dict[str, Any]] = []
    for at, d in chunks.every(b"fcTL"):
        if len(d) < 26:
            yield anomaly(f"fcTL at {at:#x}: {len(d)} bytes, expected 26", at, clause)
            continue
        delay, unit = be(d, 20, 2), be(d, 22, 2) or 100
        frames.append({"offset": at, "x": be(d, 12, 4), "y": be(d, 16, 4), "width": be(d, 4, 4), "height": be(d, 8, 4),
                       "duration_ms": round(1000 * delay / unit), "blend": BLEND[d[25] & 1] == "over",
                       "dispose": DISPOSAL[min(d[24], 2)]})  # fmt: skip
    total = sum(f["duration_ms"] for f in frames)
    yield Observation("png", "frames", frames, f"{plural(len(frames), 'frame')} in {total / 1000:g} s", offset, clause)
    if stated != len(frames):
        yield anomaly(f"acTL at {offset:#x}: states {stated:,} frames, {len(frames):,} are there", offset, clause)


def _metadata(chunks: Chunks) -> Found:
    exif, icc, c2pa = (chunks.first(n) for n in (b"eXIf", b"iCCP", b"caBX"))
    if exif:
        yield from exif_facts(exif[1], exif[0])
    if c2pa:
        told = "a C2PA manifest is there (not verified)"
        yield Observation("c2pa", "manifest", True, told, c2pa[0], "C2PA 2.1, A.3.3")
        yield Observation("c2pa", "bytes", len(c2pa[1]), plural(len(c2pa[1]), "byte"), c2pa[0], "C2PA 2.1, A.3.3")
    if icc:
        offset, data = icc
        name, _, rest = data.partition(b"\0")
        profile, trouble = unpack(rest[1:])
        yield Observation("png", "icc_name", visible(name, 79), f"iCCP calls its profile {visible(name, 79)}", offset,
                          f"{SPEC}: iCCP")  # fmt: skip
        if trouble:
            yield anomaly(f"iCCP at {offset:#x}: {trouble}", offset, f"{SPEC}: iCCP")
        if profile:
            yield from icc_facts(profile, offset)
