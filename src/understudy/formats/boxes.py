"""ISO media boxes and a HEIF file's items: where each stands, what it is, which bytes and properties are its.

Source: ISO/IEC 14496-12 (4.2 boxes, 8.11 meta), ISO/IEC 23008-12 (HEIF), by the boxes' names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..evidence.base import Observation, anomaly, visible
from .base import MAX_PARTS, Part, be

BMFF = "ISO/IEC 14496-12"
MAX_DEPTH = 10
MAX_ITEMS = 4096
MAX_EXTENTS = 64
MAX_ITEM_BYTES = 1 << 20
"""Bytes of one item that are put together; headers and metadata are shorter."""
CONTAINERS = {
    b"meta": 4,
    b"iprp": 0,
    b"ipco": 0,
    b"dinf": 0,
    b"moov": 0,
    b"trak": 0,
    b"mdia": 0,
    b"minf": 0,
    b"stbl": 0,
    b"iinf": 6,
    b"iref": 4,
    b"grpl": 0,
    b"edts": 0,
    b"udta": 0,
}
"""Boxes that hold boxes, and what stands before them (iinf's count has 2 bytes more in version 1)."""
C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


@dataclass(frozen=True, slots=True)
class Box:
    """One box."""

    offset: int
    kind: bytes
    begin: int
    """Where its payload begins."""
    end: int
    path: tuple[bytes, ...]
    """Its ancestors' kinds."""


@dataclass(slots=True)
class Item:
    """One item of a HEIF file."""

    id: int
    kind: str = ""
    content_type: str = ""
    extents: list[tuple[int, int]] = field(default_factory=list)
    """(offset in the file, bytes)."""
    properties: list[Box] = field(default_factory=list)
    references: dict[str, list[int]] = field(default_factory=dict)
    """Kind of reference -> items that this one refers to."""
    hidden: bool = False


@dataclass(slots=True)
class Tree:
    """A file's boxes."""

    data: bytes
    boxes: list[Box] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    odd: list[Observation] = field(default_factory=list)
    items: dict[int, Item] = field(default_factory=dict)
    primary: int | None = None

    def first(self, kind: bytes) -> Box | None:
        """The first box of that kind, wherever it stands."""
        return next((b for b in self.boxes if b.kind == kind), None)

    def payload(self, box: Box) -> bytes:
        """The box's payload, at most MAX_ITEM_BYTES of it."""
        return self.data[box.begin : min(box.end, box.begin + MAX_ITEM_BYTES)]

    def bytes_of(self, item: Item) -> bytes:
        """The item's data, at most MAX_ITEM_BYTES of it."""
        out = bytearray()
        for offset, size in item.extents:
            out += self.data[offset : offset + min(size, MAX_ITEM_BYTES - len(out))]
            if len(out) >= MAX_ITEM_BYTES:
                break
        return bytes(out)


def read(data: bytes) -> Tree:
    """The boxes and items in `data`; what is wrong with them is `odd`."""
    tree = Tree(data)
    _walk(tree, 0, len(data), ())
    _items(tree)
    return tree


def _walk(tree: Tree, at: int, end: int, path: tuple[bytes, ...]) -> None:
    data = tree.data
    while at < end:
        if len(tree.parts) >= MAX_PARTS:
            tree.odd.append(anomaly(f"more than {MAX_PARTS:,} boxes; the rest is not told apart", at, BMFF))
            tree.parts.append(Part(at, end - at, "", "not told apart", len(path)))
            return
        size, kind, head = be(data, at, 4), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = be(data, at + 8, 8), 16
        elif size == 0 and not path:
            size = end - at
        if end - at < head or size < head:
            tree.odd.append(anomaly(f"{end - at:,} bytes at {at:#x} that form no box (a size of {size:,})", at,
                                    f"{BMFF}, 4.2"))  # fmt: skip
            tree.parts.append(Part(at, end - at, "", "bytes that form no box", len(path)))
            return
        if size > end - at:
            tree.odd.append(anomaly(f"{visible(kind)} at {at:#x}: {size:,} bytes stated, {end - at:,} are there", at,
                                    f"{BMFF}, 4.2"))  # fmt: skip
            size = end - at
        box = Box(at, kind, at + head + (16 if kind == b"uuid" else 0), at + size, path)
        tree.boxes.append(box)
        tree.parts.append(Part(at, size, visible(kind), "", len(path)))
        skip = CONTAINERS.get(kind)
        if skip is not None and len(path) < MAX_DEPTH:
            if kind == b"iinf" and data[box.begin : box.begin + 1] != b"\0":
                skip += 2
            _walk(tree, min(box.begin + skip, box.end), box.end, (*path, kind))
        at += size


def _of_meta(tree: Tree, kind: bytes) -> Iterator[tuple[Box, bytes]]:
    for box in tree.boxes:
        if box.kind == kind and box.path[:1] == (b"meta",):
            yield box, tree.payload(box)


def _item(tree: Tree, number: int) -> Item | None:
    if number not in tree.items:
        if len(tree.items) >= MAX_ITEMS:
            return None
        tree.items[number] = Item(number)
    return tree.items[number]


def _items(tree: Tree) -> None:
    for _, p in _of_meta(tree, b"pitm"):
        tree.primary = be(p, 4, 4 if p[:1] != b"\0" else 2)
    for _, p in _of_meta(tree, b"infe"):
        _info(tree, p)
    for box, p in _of_meta(tree, b"iloc"):
        _locations(tree, box, p)
    properties = [b for b in tree.boxes if b.path == (b"meta", b"iprp", b"ipco")]
    for box, p in _of_meta(tree, b"ipma"):
        _associations(tree, box, p, properties)
    for box in tree.boxes:
        if box.path == (b"meta", b"iref"):
            _references(tree, box)


def _info(tree: Tree, p: bytes) -> None:
    """infe, versions 2 and 3."""
    if p[:1] not in (b"\2", b"\3"):
        return
    wide = 4 if p[0] == 3 else 2
    item = _item(tree, be(p, 4, wide))
    if item is None:
        return
    at = 4 + wide + 2
    item.kind, item.hidden = visible(p[at : at + 4]), bool(p[3:4] and p[3] & 1)
    if p[at : at + 4] == b"mime":
        names = p[at + 4 :].split(b"\0", 2)
        item.content_type = visible(names[1]) if len(names) > 1 else ""


def _locations(tree: Tree, box: Box, p: bytes) -> None:
    """iloc, versions 0 to 2."""
    if len(p) < 8:
        return
    version = p[0]
    offset_size, length_size, base_size = p[4] >> 4, p[4] & 15, p[5] >> 4
    index_size = p[5] & 15 if version in (1, 2) else 0
    idat = next((b for b in tree.boxes if b.kind == b"idat" and b.path[:1] == (b"meta",)), None)
    wide = 4 if version == 2 else 2
    count, at = be(p, 6, wide), 6 + wide
    for _ in range(min(count, MAX_ITEMS)):
        if at >= len(p):
            tree.odd.append(anomaly(f"iloc at {box.offset:#x}: ends before its {count:,} items", box.offset, BMFF))
            return
        item, at = _item(tree, be(p, at, wide)), at + wide
        method = 0
        if version in (1, 2):
            method, at = be(p, at, 2) & 15, at + 2
        base, at = be(p, at + 2, base_size), at + 2 + base_size
        extents, at = be(p, at, 2), at + 2
        if method == 1 and idat is not None:
            base += idat.begin
        for number in range(extents):
            if at >= len(p) and index_size + offset_size + length_size:
                break
            at += index_size
            offset, at = be(p, at, offset_size), at + offset_size
            size, at = be(p, at, length_size), at + length_size
            if item is not None and len(item.extents) < MAX_EXTENTS and method < 2:
                item.extents.append((base + offset, size or max(0, len(tree.data) - base - offset)))
            if number >= MAX_EXTENTS and not index_size + offset_size + length_size:
                break
        if item is not None and any(o + n > len(tree.data) for o, n in item.extents):
            tree.odd.append(
                anomaly(f"iloc at {box.offset:#x}: item {item.id} reaches beyond the file", box.offset, BMFF)
            )


def _associations(tree: Tree, box: Box, p: bytes, properties: list[Box]) -> None:
    """ipma: the properties of each item, by their number in ipco, from 1."""
    if len(p) < 8:
        return
    wide = 4 if p[0] else 2
    large = p[3] & 1
    count, at = be(p, 4, 4), 8
    for _ in range(min(count, MAX_ITEMS)):
        if at >= len(p):
            break
        item, at = _item(tree, be(p, at, wide)), at + wide
        some, at = be(p, at, 1), at + 1
        for _ in range(some):
            value, at = be(p, at, 2 if large else 1), at + (2 if large else 1)
            index = value & (0x7FFF if large else 0x7F)
            if item is None or not index:
                continue
            if index > len(properties):
                tree.odd.append(anomaly(f"ipma at {box.offset:#x}: item {item.id} has property {index} of "
                                        f"{len(properties)}", box.offset, f"{BMFF}, 8.11.14"))  # fmt: skip
            elif len(item.properties) < 64:
                item.properties.append(properties[index - 1])


def _references(tree: Tree, box: Box) -> None:
    """A box of iref: from one item to others."""
    parent = next((b for b in tree.boxes if b.kind == b"iref"), None)
    wide = 4 if parent is not None and tree.data[parent.begin : parent.begin + 1] not in (b"\0", b"") else 2
    p = tree.payload(box)
    item = _item(tree, be(p, 0, wide))
    if item is not None:
        count = min(be(p, wide, 2), (len(p) - wide - 2) // wide if len(p) > wide + 2 else 0, MAX_ITEMS)
        item.references.setdefault(visible(box.kind), []).extend(be(p, wide + 2 + wide * i, wide) for i in range(count))
