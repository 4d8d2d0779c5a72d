"""AVIF and HEIC: boxes, brands, items and their properties, colour, alpha, grids, gain maps, the coded headers.

Source: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (HEIF), AV1 Image File Format 1.1, ISO/IEC 23091-2 (code points).
"""

from __future__ import annotations

from typing import Any

from ..evidence.base import Observation, anomaly, plural, visible
from . import av1, hevc, iso_quality, iso_sequence
from .base import Found, Part, be, exif_facts, file_map, icc_facts, picture, sentence, xmp_facts
from .boxes import BMFF, C2PA_UUID, Box, Item, Tree, read

HEIF = "ISO/IEC 23008-12"
CODED = {
    "av01": "AV1",
    "hvc1": "HEVC",
    "hev1": "HEVC",
    "avc1": "AVC",
    "jpeg": "JPEG",
    "j2k1": "JPEG 2000",
    "vvc1": "VVC",
    "unci": "uncompressed",
}
"""Item types that hold a coded picture."""
SAYS = {
    "ftyp": "file type",
    "meta": "what the file holds",
    "hdlr": "handler",
    "pitm": "primary item",
    "iloc": "where items are",
    "iinf": "items",
    "infe": "item",
    "iref": "references",
    "iprp": "properties",
    "ipco": "properties",
    "ipma": "whose",
    "ispe": "size",
    "pixi": "bits a channel",
    "av1C": "AV1 configuration",
    "hvcC": "HEVC configuration",
    "colr": "colour",
    "irot": "rotation",
    "imir": "mirror",
    "auxC": "auxiliary picture",
    "mdat": "data",
    "idat": "data",
    "clap": "crop",
    "pasp": "pixel shape",
    "clli": "light levels",
    "mdcv": "mastering display",
    "tmap": "tone map",
    "moov": "movie",
    "trak": "track",
    "mdhd": "how long",
    "stsd": "how samples are coded",
    "stsz": "sizes of samples",
    "free": "unused",
    "skip": "unused",
    "uuid": "by UUID",
    "grpl": "groups",
}
AUXILIARY = {"urn:mpeg:hevc:2015:auxid:1": "alpha", "urn:mpeg:hevc:2015:auxid:2": "depth"}
"""auxC's older names. Source: ISO/IEC 23008-12, its annex on HEVC; newer ones end with the word itself."""


def detect(data: bytes) -> Found:
    """What the file says. data: has ftyp at byte 4."""
    tree = read(data)
    yield from tree.odd
    brands = _brands(tree)
    main = tree.items.get(tree.primary if tree.primary is not None else -1)
    coded = _coded(tree, main)
    yield from _picture(tree, main, coded)
    yield from brands
    yield from _inventory(tree)
    if main is not None:
        yield from _properties(tree, main, coded)
    if coded is not None:
        yield from _codec(tree, coded)
    yield from iso_sequence.tracks(tree)
    yield from _others(tree, main)
    yield from _metadata(tree)
    parts = [Part(p.offset, p.size, p.name, SAYS.get(p.name, ""), p.depth) for p in tree.parts]
    yield file_map(parts, f"{BMFF}, 4.2", "box")


def _brands(tree: Tree) -> list[Observation]:
    box = tree.first(b"ftyp")
    if box is None:
        return [anomaly("no ftyp box", 0, f"{BMFF}, 4.3")]
    p = tree.payload(box)[:400]
    major, minor = visible(p[:4]), be(p, 4, 4)
    more = [visible(p[i : i + 4]) for i in range(8, len(p) - 3, 4)]
    text = f"brand {major}, compatible with {', '.join(more) or 'nothing'}"
    return [
        Observation(
            "isobmff",
            "brands",
            {"major": major, "minor_version": minor, "compatible": more},
            text,
            box.offset,
            f"{BMFF}, 4.3",
        )
    ]


def _coded(tree: Tree, main: Item | None) -> Item | None:
    """The primary item, or the first tile of it where it is a grid (or the base of a tone-mapped picture)."""
    for _ in range(4):
        if main is None or main.kind in CODED:
            return main
        below = main.references.get("dimg", [])
        main = tree.items.get(below[0]) if below else None
    return None


def _property(item: Item, kind: bytes) -> Box | None:
    return next((b for b in item.properties if b.kind == kind), None)


def _size(tree: Tree, item: Item | None) -> tuple[int, int]:
    box = _property(item, b"ispe") if item else None
    p = tree.payload(box) if box else b""
    return be(p, 4, 4), be(p, 8, 4)


def _shown_size(tree: Tree, item: Item) -> tuple[int, int]:
    """The size after the crop (clap), where there is one: libheif pads small pictures and crops them so."""
    box = _property(item, b"clap")
    p = tree.payload(box) if box else b""
    width, w_part, height, h_part = (be(p, i, 4) for i in (0, 4, 8, 12))
    return (width // w_part, height // h_part) if w_part and h_part else _size(tree, item)


def _picture(tree: Tree, main: Item | None, coded: Item | None) -> Found:
    name = (
        "AVIF"
        if coded is not None and coded.kind == "av01"
        else "HEIC"
        if coded and coded.kind[:3] in ("hvc", "hev")
        else "HEIF"
    )
    box = tree.first(b"meta")
    offset = box.offset if box else 0
    if main is None:
        yield from _without_primary(tree, offset)
        return
    width, height = _shown_size(tree, main)
    alpha = ", with alpha" if _auxiliary(tree, "alpha") else ""
    grid = f", in {plural(len(main.references.get('dimg', [])), 'tile')}" if main.kind == "grid" else ""
    frames = iso_sequence.frames(tree)
    moving = f", a sequence of {plural(frames, 'picture')}" if frames > 1 else ""
    gain = ", with a gain map" if any(i.kind == "tmap" for i in tree.items.values()) else ""
    sampling = _sampling(tree, coded)
    words = f"{', ' + sampling if sampling else ''}{alpha}{grid}{moving}{gain}"
    text = f"{name}, {width} x {height}{words}, {plural(len(tree.data), 'byte')}."
    more: dict[str, Any] = {"sampling": sampling} if sampling else {}
    yield from picture(width, height, text, offset, f"{HEIF}, 6.5.3", **more)


def _without_primary(tree: Tree, offset: int) -> Found:
    """A file may be a sequence alone, without `meta`; without that, a primary item is missing."""
    size, frames = plural(len(tree.data), "byte"), iso_sequence.frames(tree)
    if frames:
        yield sentence("picture", f"An HEIF sequence of {plural(frames, 'picture')}, {size}.", offset)
    else:
        yield anomaly("no primary item", offset, HEIF)
        yield sentence("picture", f"An HEIF file without a primary picture, {size}.", offset)


def _sampling(tree: Tree, coded: Item | None) -> str:
    config = _property(coded, b"av1C") if coded else None
    if config is not None:
        p = tree.payload(config)
        if len(p) > 2:
            bits = p[2]
            kinds = {(1, 1): "4:2:0", (1, 0): "4:2:2", (0, 0): "4:4:4"}
            return "grey" if bits >> 4 & 1 else kinds.get((bits >> 3 & 1, bits >> 2 & 1), "")
    config = _property(coded, b"hvcC") if coded else None
    p = tree.payload(config) if config else b""
    return hevc.CHROMA[p[16] & 3] if len(p) > 16 else ""


def _inventory(tree: Tree) -> Found:
    rows = [
        {
            "id": i.id,
            "type": i.kind,
            "bytes": sum(n for _, n in i.extents),
            "offset": i.extents[0][0] if i.extents else None,
            "references": {k: v[:64] for k, v in i.references.items()},
            "hidden": i.hidden,
        }
        for i in list(tree.items.values())[:500]
    ]
    if rows:
        kinds: dict[str, int] = {}
        for i in tree.items.values():
            kinds[i.kind] = kinds.get(i.kind, 0) + 1
        told = ", ".join(f"{n} {kind or 'untyped'}" for kind, n in list(kinds.items())[:12])
        box = tree.first(b"iinf")
        yield Observation("isobmff", "items", rows, f"{plural(len(tree.items), 'item')}: {told}",
                          box.offset if box else None, HEIF)  # fmt: skip
    missing = [r for i in tree.items.values() for rs in i.references.values() for r in rs if r not in tree.items]
    if missing:
        box = tree.first(b"iref")
        yield anomaly(f"references to {plural(len(missing), 'item')} that do not exist ({missing[0]}, ...)",
                      box.offset if box else 0, f"{BMFF}, 8.11.12")  # fmt: skip


def _properties(tree: Tree, main: Item, coded: Item | None) -> Found:
    for box in dict.fromkeys((*main.properties, *(coded.properties if coded else ()))):
        p, at = tree.payload(box), box.offset
        if box.kind == b"colr":
            yield from _colour(p, at)
        elif box.kind == b"pixi" and len(p) > 5:
            bits = list(p[5 : 5 + min(p[4], 16)])
            yield Observation(
                "isobmff", "pixi", bits, f"{' '.join(map(str, bits))} bits a channel", at, f"{HEIF}, 6.5.6"
            )
        elif box.kind == b"irot" and p:
            turn = 90 * (p[0] & 3)
            yield Observation(
                "isobmff", "rotation", turn, f"to be turned by {turn} degrees, anti-clockwise", at, f"{HEIF}, 6.5.10"
            )
        elif box.kind == b"imir" and p:
            axis = "left and right" if p[0] & 1 else "top and bottom"
            yield Observation(
                "isobmff", "mirror", p[0] & 1, f"to be mirrored: {axis} change places", at, f"{HEIF}, 6.5.12"
            )
        elif box.kind == b"clap":
            yield Observation(
                "isobmff", "crop", [be(p, i, 4) for i in range(0, 32, 4)], "to be cropped (clap)", at, f"{BMFF}, 12.1.4"
            )
        elif box.kind == b"clli" and len(p) >= 4:
            yield Observation(
                "isobmff",
                "light_levels",
                [be(p, 0, 2), be(p, 2, 2)],
                f"content light {be(p, 0, 2)} at most, {be(p, 2, 2)} a frame, cd/m2",
                at,
                BMFF,
            )


def _colour(p: bytes, at: int) -> Found:
    """colr: nclx (code points) or a profile."""
    if p[:4] == b"nclx" and len(p) >= 11:
        points, full = [be(p, i, 2) for i in (4, 6, 8)], bool(p[10] & 128)
        names = iso_quality.code_points(points)
        text = f"nclx {'/'.join(map(str, points))} ({names}), {'full' if full else 'limited'} range"
        yield Observation(
            "isobmff",
            "nclx",
            {"primaries": points[0], "transfer": points[1], "matrix": points[2], "full_range": full},
            text,
            at,
            "ITU-T H.273 (ISO/IEC 23091-2), 8.1 to 8.3",
        )
    elif p[:4] in (b"prof", b"rICC"):
        yield from icc_facts(p[4:], at)
    else:
        yield anomaly(
            f"colr at {at:#x}: {visible(p[:4]) or 'empty'}, expected nclx, prof or rICC", at, f"{BMFF}, 12.1.5"
        )


def _codec(tree: Tree, coded: Item) -> Found:
    name = CODED[coded.kind]
    yield Observation(
        "isobmff", "codec", name, f"coded as {name}", coded.extents[0][0] if coded.extents else None, HEIF
    )
    if not coded.extents:
        yield anomaly(f"item {coded.id} has no data", 0, f"{BMFF}, 8.11.3")
        return
    data, at = tree.bytes_of(coded), coded.extents[0][0]
    if coded.kind == "av01":
        yield from iso_quality.av1_facts(av1.read(data), at, *_size(tree, coded))
    elif name == "HEVC":
        config = _property(coded, b"hvcC")
        if config is None:
            yield anomaly(f"item {coded.id} has no hvcC", at, HEIF)
        else:
            yield from iso_quality.hevc_facts(hevc.read(tree.payload(config), data), config.offset, at)


def _auxiliary(tree: Tree, what: str) -> list[Item]:
    """Items whose auxC names this kind of picture (alpha, depth, hdrgainmap)."""
    out = []
    for item in tree.items.values():
        box = _property(item, b"auxC")
        name = tree.payload(box)[4:].split(b"\0")[0].decode("latin-1") if box is not None else ""
        if what in AUXILIARY.get(name, name):
            out.append(item)
    return out


def _others(tree: Tree, main: Item | None) -> Found:
    """The pictures beside the primary one."""
    for item in _auxiliary(tree, "alpha")[:1]:
        size = sum(n for _, n in item.extents)
        value: dict[str, Any] = {"item": item.id, "bytes": size, "codec": CODED.get(item.kind, item.kind)}
        told = f"alpha in item {item.id}, {plural(size, 'byte')}"
        if item.kind == "av01":
            frame = av1.read(tree.bytes_of(item)).frame
            value["base_q_idx"] = frame.base_q_idx if frame else None
            told += f", base_q_idx {frame.base_q_idx}" if frame else ""
        premultiplied = main is not None and item.id in main.references.get("prem", [])
        value["premultiplied"] = premultiplied
        yield Observation(
            "isobmff", "alpha", value, told, item.extents[0][0] if item.extents else None, f"{HEIF}, 6.5.8"
        )
    for kind, name in (("depth", "a depth map"), ("hdrgainmap", "Apple's HDR gain map")):
        if found := _auxiliary(tree, kind):
            yield Observation(
                "isobmff", kind, [i.id for i in found], f"{name} in item {found[0].id}", None, f"{HEIF}, 6.5.8"
            )
    maps = [i for i in tree.items.values() if i.kind == "tmap"]
    if maps:
        yield Observation(
            "gain_map",
            "tone_map_items",
            [i.id for i in maps],
            "a tone map item: base picture and gain map",
            None,
            "ISO/IEC 21496-1; HEIF tmap",
        )
    thumbs = [i for i in tree.items.values() if "thmb" in i.references]
    if thumbs:
        size = sum(n for _, n in thumbs[0].extents)
        yield Observation(
            "isobmff",
            "thumbnails",
            len(thumbs),
            f"{plural(len(thumbs), 'thumbnail')}, the first of {plural(size, 'byte')}",
            thumbs[0].extents[0][0] if thumbs[0].extents else None,
            HEIF,
        )
    if main is not None and main.kind == "grid":
        p = tree.bytes_of(main)
        wide = 4 if p[1:2] and p[1] & 1 else 2
        grid = {
            "rows": be(p, 2, 1) + 1,
            "columns": be(p, 3, 1) + 1,
            "width": be(p, 4, wide),
            "height": be(p, 4 + wide, wide),
        }
        text = f"a grid of {grid['rows']} x {grid['columns']} tiles, {grid['width']} x {grid['height']}"
        yield Observation(
            "isobmff", "grid", grid, text, main.extents[0][0] if main.extents else None, f"{HEIF}, 6.6.2.3"
        )
        tiles = len(main.references.get("dimg", []))
        if tiles != grid["rows"] * grid["columns"]:
            yield anomaly(f"a grid of {grid['rows'] * grid['columns']} tiles with {tiles} items", 0, f"{HEIF}, 6.6.2.3")


def _metadata(tree: Tree) -> Found:
    for item in tree.items.values():
        if item.kind == "Exif" and item.extents:
            data, at = tree.bytes_of(item), item.extents[0][0]
            yield from exif_facts(data[4 + be(data, 0, 4) :], at)
            break
    for item in tree.items.values():
        if item.kind == "mime" and item.content_type == "application/rdf+xml" and item.extents:
            yield from xmp_facts(tree.bytes_of(item), item.extents[0][0], HEIF)
            break
    for box in tree.boxes:
        if box.kind == b"uuid" and tree.data[box.begin - 16 : box.begin] == C2PA_UUID:
            told = "a C2PA manifest is there (not verified)"
            yield Observation("c2pa", "manifest", True, told, box.offset, "C2PA 2.1, A.5")
            size = box.end - box.begin
            yield Observation("c2pa", "bytes", size, plural(size, "byte"), box.offset, "C2PA 2.1, A.5")
            break
