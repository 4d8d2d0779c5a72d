"""The folder that is collected: what is in sent/, where deliveries go, the list of it all.

    DIR/sent/NAME.png                           the pictures, as they are sent; never touched
    DIR/received/NAME.jpg                       what became of them: the main rendition
    DIR/renditions/NAME/RENDITION.jpg           every rendition
    DIR/collected.csv, collected.json           what is what, for people and for programs
    DIR/collect.sqlite                          the ledger

The ledger answers for each file in received/ and renditions/ that was written here; what it does not answer for is
never overwritten or removed.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..connectors.base import AgainError, ConnectorError, Rendition
from ..errors import PictureError, UnderstudyError
from ..files import read_file, write_file
from .ledger import File, Kept, Ledger, StorageError, Upload
from .pictures import SUFFIXES, cut_short, media_type

TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")
"""What `files.write_file` leaves behind when it is killed."""
SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
"""Names of renditions."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture of sent/."""

    path: Path
    sha256: str
    size: int
    media_type: str
    """"" where it is no picture."""
    fault: str = ""
    """Why it is no picture."""

    @property
    def stem(self) -> str:
        """The name that its deliveries bear."""
        return self.path.stem


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return sha256(data).hexdigest()


def find_sent(folder: Path) -> tuple[Sent, ...]:
    """The visible files of folder/sent, by name. Raises UnderstudyError where there are none, or two of one stem."""
    place = folder / "sent"
    try:
        paths = sorted(p for p in place.iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError as error:
        raise UnderstudyError(
            error.strerror or str(error), place=str(place), expected="a folder with the pictures to send"
        ) from None
    if not paths:
        raise UnderstudyError("no files", place=str(place), expected="the pictures to send")
    seen: dict[str, Path] = {}
    for path in paths:
        other = seen.setdefault(path.stem.casefold(), path)
        if other is not path:
            raise UnderstudyError(
                f"{other.name} and {path.name}", place=str(place), expected="one file a stem, capitals ignored",
                remedy="rename one: what is delivered is named after it",
            )  # fmt: skip
    return tuple(_sent(path) for path in paths)


def _sent(path: Path) -> Sent:
    data = read_file(path)
    try:
        return Sent(path, digest(data), len(data), media_type(data))
    except PictureError as error:
        return Sent(path, digest(data), len(data), "", error.got)


def read_sent(picture: Sent) -> bytes:
    """Its bytes. Raises UnderstudyError where they are not those that were planned."""
    data = read_file(picture.path)
    if digest(data) != picture.sha256:
        raise UnderstudyError("it changed meanwhile", place=str(picture.path), expected="the file as it was planned")
    return data


class Place:
    """The folder with its ledger: puts renditions in their files and keeps the ledger's word about them."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.folder = folder
        self.ledger = ledger

    def tidy(self) -> None:
        """Removes half-written files of a run that was killed."""
        for folder in (self.folder, self.folder / "received", self.folder / "renditions"):
            if folder.is_dir():
                for path in [*folder.glob(".*.tmp"), *folder.glob("*/.*.tmp")]:
                    if TEMPORARY.fullmatch(path.name):
                        path.unlink(missing_ok=True)

    def in_the_way(self, stem: str, uploads: Iterable[int]) -> str:
        """The path of a file of received/ of that stem for which the ledger does not answer, or for which it answers
        with another upload than these; "" without one."""
        ours, theirs = self.ledger.files(), set(uploads)
        for path in self._of_stem(stem):
            file = ours.get(path)
            if file is None or file.upload not in theirs:
                return path
        return ""

    def _of_stem(self, stem: str) -> list[str]:
        folder = self.folder / "received"
        if not folder.is_dir():
            return []
        alike = (p.name for p in folder.iterdir() if p.stem.casefold() == stem.casefold() and p.name[0] != ".")
        return [f"received/{name}" for name in sorted(alike)]

    def store(self, upload: Upload, stems: Sequence[str], fetched: Sequence[tuple[Kept, bytes]]) -> None:
        """Notes the renditions, then writes renditions/STEM/ for each stem. Raises UnderstudyError."""
        data = {kept.name: bytes_ for kept, bytes_ in fetched}
        files = [File(f"renditions/{stem}/{_file_name(kept)}", upload.id, kept.name, kept.sha256)
                 for stem in stems for kept, _ in fetched]  # fmt: skip
        known = self.ledger.files()
        for file in files:
            self._free(file, known)
        if {*self.ledger.renditions(upload)} != {kept for kept, _ in fetched} or any(
            known.get(f.path) != f for f in files
        ):
            self.ledger.keep(upload, [kept for kept, _ in fetched], files)
        for file in files:
            if self.state(file) != "whole":
                _write(self.folder / file.path, data[file.rendition])

    def deliver(self, upload: Upload, stem: str, rendition: str | None) -> File:
        """received/STEM with the rendition of that name, the main one for None; earlier ones of the stem go.

        Raises UnderstudyError where there is no such rendition, or somebody else's file is in the way.
        """
        known = self.ledger.renditions(upload)
        chosen = [k for k in known if (k.name == rendition if rendition else k.main)]
        if not chosen:
            names = ", ".join(k.name for k in known)
            raise UnderstudyError(f"no rendition {rendition!r}", place=stem, expected=f"--rendition, one of {names}")
        file = File(f"received/{stem}.{SUFFIXES[chosen[0].media_type]}", upload.id, chosen[0].name, chosen[0].sha256)
        ours = self.ledger.files()
        others = [path for path in self._of_stem(stem) if path != file.path]
        for path in others:
            self._free(File(path, 0, "", ""), ours)
        self._free(file, ours)
        if ours.get(file.path) != file:
            self.ledger.answer_for(file)
        if self.state(file) != "whole":
            _write(self.folder / file.path, self._bytes(upload, chosen[0]))
        for path in others:
            (self.folder / path).unlink(missing_ok=True)
            self.ledger.forget(path)
        return file

    def _free(self, file: File, ours: Mapping[str, File]) -> None:
        """Raises UnderstudyError where somebody else's file is in its place."""
        if file.path not in ours and (self.folder / file.path).exists():
            raise UnderstudyError("a file that was not collected here", place=file.path, expected="no file there")

    def state(self, file: File) -> str:
        """`whole`, `gone`, or `changed`: since it was written."""
        path = self.folder / file.path
        if not path.is_file():
            return "gone"
        return "whole" if digest(read_file(path)) == file.sha256 else "changed"

    def copies(self, upload: Upload) -> dict[str, Path]:
        """SHA-256 -> a whole file that the ledger answers for, of every rendition that is on the disk."""
        files = [f for f in self.ledger.files().values() if f.upload == upload.id]
        return {f.sha256: self.folder / f.path for f in files if self.state(f) == "whole"}

    def _bytes(self, upload: Upload, kept: Kept) -> bytes:
        copy = self.copies(upload).get(kept.sha256)
        if copy is None:
            raise UnderstudyError("no copy is left", place=f"{upload.name}, {kept.name}", expected="its file")
        return read_file(copy)

    def fetched_before(self, upload: Upload) -> list[tuple[Kept, bytes]] | None:
        """Every rendition of an upload from the disk; None where one is gone."""
        known, copies = self.ledger.renditions(upload), self.copies(upload)
        if not known or any(k.sha256 not in copies for k in known):
            return None
        return [(k, read_file(copies[k.sha256])) for k in known]

    def list(self, rows: Sequence[dict[str, Any]], about: dict[str, Any]) -> None:
        """Writes collected.csv (one row a delivered picture) and collected.json (`about`, and everything)."""
        text = io.StringIO()
        columns = ("sent", "received", "rendition", "url", "sent_sha256", "received_sha256", "connector", "account")
        writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for row in rows if row["received"])
        _write(self.folder / "collected.csv", text.getvalue().encode())
        document = json.dumps({**about, "pictures": list(rows)}, indent=2, ensure_ascii=False)
        _write(self.folder / "collected.json", document.encode() + b"\n")


def _write(path: Path, data: bytes) -> None:
    try:
        write_file(path, data, durable=True)
    except UnderstudyError as error:
        raise StorageError(error.got, place=error.place, expected=error.expected) from None


def _file_name(kept: Kept) -> str:
    return f"{kept.name}.{SUFFIXES[kept.media_type]}"


def examined(renditions: Sequence[Rendition], hide: Any) -> list[tuple[Kept, bytes]]:
    """What a connector fetched, with secrets cut out of URLs and headers.

    Raises ConnectorError where it is not what a connector promises: pictures, names that can be files', one main;
    AgainError where a picture's end is missing.
    """
    names = [r.name.casefold() for r in renditions]
    if not renditions or len(set(names)) < len(names) or sum(r.main for r in renditions) != 1:
        told = ", ".join(f"{r.name}{' (main)' if r.main else ''}" for r in renditions) or "none"
        raise ConnectorError(f"renditions {told}", expected="different names, one of them main")
    out = []
    for r in renditions:
        if not SAFE.fullmatch(r.name):
            raise ConnectorError(f"a rendition {r.name[:80]!r}", expected="letters, digits, dots, dashes")
        try:
            kind = media_type(r.data)
        except PictureError as error:
            raise ConnectorError(error.got, place=hide(r.url), expected="a picture") from None
        if cut_short(r.data, kind):
            raise AgainError(f"{len(r.data):,} bytes without their end", place=hide(r.url), expected="a whole file")
        headers = tuple((k, hide(v)) for k, v in r.headers)
        out.append((Kept(r.name, r.main, hide(r.url), headers, digest(r.data), len(r.data), kind), r.data))
    return out
