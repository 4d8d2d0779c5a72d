"""A zip of pairs: `sent/` and `received/`, folders with `sent.*` and `received.*`, or a CSV; read with limits.

A member's name is text: it is looked up and shown, and never used as a path. Sizes are checked as the archive declares
them, and again as they come out.
"""

from __future__ import annotations

import csv
import io
import posixpath
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import LimitError, PairsError
from .limits import RATIO_FROM, Limits, size

PLACE = "the zip"
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
END, LOCATOR = b"PK\x05\x06", b"PK\x06\x07"
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive that belongs to a pair."""

    side: str
    """`sent` or `received`."""
    name: str
    """What the pair is called by this file, and the file's ending: `beach.png`."""
    info: zipfile.ZipInfo
    pair: int | None = None
    """Which pair a CSV puts it into; None where names decide."""


def members(path: Path, limits: Limits) -> tuple[zipfile.ZipFile, list[Member]]:
    """The opened archive and its files, each with its side.

    Raises PairsError for what is no zip or has no pairs, LimitError where it declares too much.
    """
    _bounded_directory(path, limits)
    try:
        opened = zipfile.ZipFile(path)
    except Exception as error:  # zipfile raises many kinds on what is damaged
        raise PairsError(f"{error}", place=PLACE, expected="a zip of pictures") from None
    files = {name: info for info in opened.infolist() if (name := _name(info)) is not None}
    _declared(path, files.values(), limits)
    tables = sorted((n for n in files if n.lower().endswith(".csv")), key=lambda n: (n.count("/"), n))
    found = _by_csv(opened, tables[0], files, limits) if tables else _by_folder(files)
    if not found:
        raise PairsError(
            "no pairs", place=PLACE, expected="folders sent/ and received/, or a CSV with columns sent, received"
        )
    return opened, found


def content(opened: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> bytes:
    """A member's bytes. Raises LimitError where more comes out than is allowed, PairsError where it is damaged."""
    out = bytearray()
    try:
        with opened.open(info) as file:
            while chunk := file.read(CHUNK):
                out += chunk
                if len(out) > min(info.file_size, limits.file):
                    raise LimitError(
                        f"more than the {info.file_size:,} bytes that the zip declares", place=_shown(info.filename)
                    )
    except LimitError:
        raise
    except Exception as error:  # as above
        raise PairsError(f"{error}", place=f"{PLACE}: {_shown(info.filename)}", expected="a whole file") from None
    return bytes(out)


def _bounded_directory(path: Path, limits: Limits) -> None:
    """Refuses an archive whose list of files is larger than allowed, before zipfile makes an object of each entry.

    Looks where zipfile does: at the last 22 bytes, then at the last end record in the last 64 KiB.
    """
    with path.open("rb") as file:
        length = file.seek(0, io.SEEK_END)
        file.seek(max(0, length - (1 << 16) - 22 - 20))
        tail = file.read()
    at = len(tail) - 22
    if at < 0 or tail[at : at + 4] != END or tail[-2:] != b"\0\0":
        at = tail.rfind(END)
    if at < 0 or len(tail) < at + 22:
        raise PairsError("no zip archive", place=PLACE, expected="a zip of pictures")
    if tail[max(0, at - 20) : at].startswith(LOCATOR):
        raise PairsError("a zip64 archive", place=PLACE, expected="a zip below 4 GB", remedy="pack fewer pictures")
    listed = int.from_bytes(tail[at + 12 : at + 16], "little")
    if listed > limits.directory:
        raise LimitError(f"a list of files of {size(listed)}", place=PLACE, expected=f"up to {size(limits.directory)}")


def _declared(path: Path, infos: Collection[zipfile.ZipInfo], limits: Limits) -> None:
    """Raises LimitError where the files are too many, too large, or packed as no picture is; PairsError for a password
    or a packing other than deflate."""
    if len(infos) > limits.files:
        raise LimitError(f"{len(infos):,} files", place=PLACE, expected=f"up to {limits.files:,}")
    for info in infos:
        where = f"{PLACE}: {_shown(info.filename)}"
        if info.flag_bits & 1:
            raise PairsError("a password", place=where, expected="a zip without one")
        if info.compress_type not in PACKED:
            raise PairsError(f"packing method {info.compress_type}", place=where, expected="stored or deflate")
        if info.file_size > limits.file:
            raise LimitError(f"{size(info.file_size)} unpacked", place=where, expected=f"up to {size(limits.file)}")
    total = sum(info.file_size for info in infos)
    if total > limits.unpacked:
        raise LimitError(f"{size(total)} unpacked", place=PLACE, expected=f"up to {size(limits.unpacked)}")
    if total > RATIO_FROM and total > limits.ratio * path.stat().st_size:
        raise LimitError(f"{size(total)} in {size(path.stat().st_size)}", place=PLACE, expected="pictures")


def _name(info: zipfile.ZipInfo) -> str | None:
    """A member's name; None for folders and for what systems add: hidden files, macOS's second forks."""
    name = info.filename.replace("\\", "/")
    parts = name.split("/")
    if not parts[-1]:
        return None
    return None if any((p.startswith(".") and p not in (".", "..")) or p == "__MACOSX" for p in parts) else name


def _by_folder(files: Mapping[str, zipfile.ZipInfo]) -> list[Member]:
    """By the folder that a file is in; else by its stem, which then is named after the folder."""
    out = []
    for name, info in sorted(files.items()):
        folders, base = name.split("/")[:-1], posixpath.basename(name)
        stem, ending = posixpath.splitext(base)
        side = next((f.lower() for f in reversed(folders) if f.lower() in ("sent", "received")), "")
        if side:
            out.append(Member(side, base, info))
        elif stem.lower() in ("sent", "received"):
            out.append(Member(stem.lower(), (folders[-1] if folders else "pair") + ending, info))
    return out


def _by_csv(opened: zipfile.ZipFile, table: str, files: Mapping[str, zipfile.ZipInfo], limits: Limits) -> list[Member]:
    """The pairs that a CSV lists, its paths being names beside it in the archive. Raises PairsError."""
    place = f"{PLACE}: {_shown(table)}"
    try:
        reader = csv.DictReader(io.StringIO(content(opened, files[table], limits).decode("utf-8-sig"), newline=""))
        if not {"sent", "received"} <= set(reader.fieldnames or ()):
            raise PairsError(f"columns {_shown(str(reader.fieldnames))}", place=place, expected="sent, received")
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise PairsError(f"{error}", place=place, expected="a CSV file in UTF-8") from None
    if len(rows) > limits.files:
        raise LimitError(f"{len(rows):,} rows", place=place, expected=f"up to {limits.files:,}")
    out = []
    for number, row in enumerate(rows):
        for side in ("sent", "received"):
            name = posixpath.normpath(posixpath.join(posixpath.dirname(table), row[side] or ""))
            if name not in files:
                raise PairsError(
                    f"{_shown(row[side] or '')!r} is not in the zip", place=f"{place} line {number + 2}",
                    expected="the name of a file of the zip, as seen from the CSV",
                )  # fmt: skip
            out.append(Member(side, posixpath.basename(name), files[name], number))
    return out


def _shown(name: str) -> str:
    return name if len(name) <= 120 else f"{name[:117]}..."
