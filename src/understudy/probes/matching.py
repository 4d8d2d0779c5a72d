"""Renamed downloads back to their probes: by mark, else by name; what stays unknown is said.

Pure: bytes and names in, names out. Moving files is the command line's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from .mark import read_mark

SUFFIXES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"GIF8": ".gif", b"BM": ".bmp"}


@dataclass(frozen=True, slots=True)
class Match:
    """What became of one download."""

    download: str
    probe: str = ""
    """The sent file's name; "" where it is not known."""
    how: str = ""
    """`mark` or `name`."""
    received: str = ""
    """The name that it should have in `received/`: the probe's stem, the suffix of what it is."""
    reason: str = ""
    """Why it has no partner, where it has none."""


def match(manifest: Mapping[str, Any], downloads: Iterable[tuple[str, bytes]]) -> tuple[Match, ...]:
    """The probe of each download (its file name, its bytes), in their order.

    manifest: see `manifest.read`. A mark that can be read decides; a picture without one goes by its name, if that is
    the name of a probe that has no mark. Two downloads of one probe: the first keeps it, the others are told.
    """
    rows = manifest["files"]
    marked = {row["number"]: row["name"] for row in rows if row["marked"]}
    plain = {PurePath(row["name"]).stem.casefold(): row["name"] for row in rows if not row["marked"]}
    taken: dict[str, str] = {}
    out = []
    for name, data in downloads:
        found = read_mark(data)
        probe, how, reason = "", "", ""
        if found is not None and found.set_id == manifest["id"]:
            probe, how = marked.get(found.number, ""), "mark"
            reason = "" if probe else f"its mark says probe {found.number}, which this set does not have"
        elif found is not None:
            reason = f"its mark is of another set of probes ({found.set_id}, not {manifest['id']})"
        else:
            probe = plain.get(PurePath(name).stem.casefold(), "")
            how = "name"
            reason = "" if probe else "no mark can be read, and its name is not that of a probe without one"
        if probe in taken:
            reason, probe = f"{taken[probe]} is the same probe", ""
        if not probe:
            out.append(Match(name, reason=reason))
            continue
        taken[probe] = name
        out.append(Match(name, probe, how, PurePath(probe).stem + _suffix(name, data)))
    return tuple(out)


def missing(manifest: Mapping[str, Any], matches: Iterable[Match]) -> tuple[str, ...]:
    """The probes that none of the downloads is."""
    found = {m.probe for m in matches}
    return tuple(row["name"] for row in manifest["files"] if row["name"] not in found)


def _suffix(name: str, data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    known = next((suffix for head, suffix in SUFFIXES.items() if data.startswith(head)), "")
    return known or PurePath(name).suffix.lower()[:8]
