"""HEIF files that no encoder at hand writes: a grid of tiles, put together from whole files of libavif and libheif.

That they are valid is for libavif (Pillow) and libheif (pillow-heif) to say: the tests decode them.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence


def box(kind: bytes, *inside: bytes) -> bytes:
    """A box."""
    payload = b"".join(inside)
    return struct.pack(">I", 8 + len(payload)) + kind + payload


def full(kind: bytes, version: int, flags: int, *inside: bytes) -> bytes:
    """A box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *inside)


def taken(data: bytes, kind: bytes) -> bytes:
    """The first box of that kind in a file, whole."""
    at = data.index(kind) - 4
    return data[at : at + struct.unpack(">I", data[at : at + 4])[0]]


def grid(tiles: Sequence[bytes], rows: int, columns: int, width: int, height: int) -> bytes:
    """A file whose primary item is a grid of the pictures in `tiles`, all of one encoder, size and setting.

    width, height: of the grid's output, which may cut the last tiles.
    """
    first = tiles[0]
    kind, config, brand = (b"av01", b"av1C", b"avif") if b"av1C" in first else (b"hvc1", b"hvcC", b"heic")
    coded = [taken(tile, b"mdat")[8:] for tile in tiles]
    numbers = range(2, 2 + len(tiles))
    size = full(b"ispe", 0, 0, struct.pack(">II", width, height))
    properties = box(b"ipco", taken(first, config), taken(first, b"ispe"), taken(first, b"pixi"), size)
    owners = [struct.pack(">HBBB", 1, 2, 4, 3)] + [struct.pack(">HBBBB", n, 3, 0x81, 2, 3) for n in numbers]
    infos = [full(b"infe", 2, 0, struct.pack(">HH", 1, 0), b"grid\0")]
    infos += [full(b"infe", 2, 1, struct.pack(">HH", n, 0), kind, b"\0") for n in numbers]
    described = bytes([0, 0, rows - 1, columns - 1]) + struct.pack(">HH", width, height)
    refers = box(b"dimg", struct.pack(">HH", 1, len(tiles)), *(struct.pack(">H", n) for n in numbers))

    def written(begin: int) -> bytes:
        places = [struct.pack(">HHHHII", 1, 1, 0, 1, 0, len(described))]
        for n, data in zip(numbers, coded, strict=True):
            places.append(struct.pack(">HHHHII", n, 0, 0, 1, begin, len(data)))
            begin += len(data)
        return box(b"ftyp", brand, bytes(4), b"mif1", b"miaf", brand) + full(
            b"meta", 0, 0,
            full(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)),
            full(b"pitm", 0, 0, struct.pack(">H", 1)),
            full(b"iinf", 0, 0, struct.pack(">H", len(infos)), *infos),
            full(b"iref", 0, 0, refers),
            box(b"iprp", properties, full(b"ipma", 0, 0, struct.pack(">I", len(owners)), *owners)),
            full(b"iloc", 1, 0, b"\x44\0", struct.pack(">H", len(places)), *places),
            box(b"idat", described),
        )  # fmt: skip

    head = written(0)
    return written(len(head) + 8) + box(b"mdat", *coded)
