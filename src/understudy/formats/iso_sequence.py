"""The tracks of an image sequence (AVIF's `avis`, HEIF's `msf1`): what they are, how many pictures, for how long.

Source: ISO/IEC 14496-12 (track, media header, sample sizes, sample entries), by the boxes' names; read from files of
libavif, libheif and FFmpeg.
"""

from __future__ import annotations

from typing import Any

from ..evidence.base import Observation, plural, visible
from .base import Found, be
from .boxes import BMFF, Box, Tree

MOST_TRACKS = 16
HANDLERS = {"pict": "pictures", "vide": "video", "auxv": "an auxiliary track", "soun": "sound", "meta": "metadata"}


def tracks(tree: Tree) -> Found:
    """One observation `isobmff.tracks` where the file has a movie, and nothing where it has none."""
    movie = tree.first(b"moov")
    if movie is None:
        return
    found = [box for box in tree.boxes if box.kind == b"trak" and box.path == (b"moov",)]
    rows = [_track(tree, box) for box in found[:MOST_TRACKS]]
    told = "; ".join(_told(row) for row in rows) or "a movie without a track"
    if len(found) > MOST_TRACKS:
        told += f"; and {len(found) - MOST_TRACKS} tracks more"
    yield Observation("isobmff", "tracks", rows, told, movie.offset, BMFF)


def frames(tree: Tree) -> int:
    """How many pictures the longest picture track has; 0 without one."""
    found = [_track(tree, box) for box in tree.boxes if box.kind == b"trak" and box.path == (b"moov",)][:MOST_TRACKS]
    return max((row["samples"] or 0 for row in found if row["handler"] in ("pict", "vide")), default=0)


def _track(tree: Tree, track: Box) -> dict[str, Any]:
    inner = {box.kind: tree.payload(box)[:256] for box in reversed(tree.boxes) if track.begin <= box.offset < track.end}
    header, sizes = inner.get(b"mdhd", b""), inner.get(b"stsz", b"")
    wide = 8 if header[:1] == b"\1" else 4
    scale = be(header, 4 + 2 * wide, 4)
    length = be(header, 8 + 2 * wide, wide)
    unknown = not scale or length == (1 << 8 * wide) - 1
    return {
        "handler": visible(inner.get(b"hdlr", b"")[8:12]),
        "codec": visible(inner.get(b"stsd", b"")[12:16]),
        "samples": be(sizes, 8, 4) if len(sizes) >= 12 else None,
        "seconds": None if unknown else round(length / scale, 3),
    }


def _told(row: dict[str, Any]) -> str:
    count = "an unknown number of samples" if row["samples"] is None else plural(row["samples"], "sample")
    seconds = "" if row["seconds"] is None else f", {row['seconds']:g} s"
    return (
        f"a track of {HANDLERS.get(row['handler'], row['handler'] or 'unknown kind')}: {count}{seconds}, {row['codec']}"
    )
