"""Pairs (sent, received): where they are, by folder or CSV. What belongs together is decided by name only.

`find_pairs` is strict: every file has its partner. `gather` takes a folder as it is, and tells which files are left
over; `learning.matching` looks at those.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .errors import PairsError


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture as it was sent and as it was delivered."""

    sent: Path
    received: Path

    @property
    def name(self) -> str:
        """The sent file's stem, or its folder's name where the stem is just `sent`."""
        return self.sent.parent.name if self.sent.stem == "sent" else self.sent.stem

    def read(self) -> tuple[bytes, bytes]:
        """The bytes of both files. Raises PairsError where one cannot be read."""
        return read(self.sent), read(self.received)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files of a place: pairs by name, and what has no partner of its name."""

    pairs: tuple[Pair, ...]
    sent: tuple[Path, ...] = ()
    """Sent files left over, and those whose name several share."""
    received: tuple[Path, ...] = ()
    """Received files left over, and those whose name several share."""
    loose: bool = False
    """Whether names only suggest what belongs together, as in a folder of `sent/` and `received/`."""


def read(path: Path) -> bytes:
    """A file's bytes. Raises PairsError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PairsError(error.strerror or str(error), place=str(path), expected="a readable file") from None


def gather(place: str | Path) -> Gathered:
    """The files at `place`, as `find_pairs` takes it, except that files of `sent/` and `received/` need no partner.

    Raises PairsError where there is nothing of the kind.
    """
    path = Path(place)
    if not (path.is_dir() and (path / "sent").is_dir() and (path / "received").is_dir()):
        return Gathered(find_pairs(place))
    sent, received = (_by_name(path / side) for side in ("sent", "received"))
    if not sent or not received:
        empty = "sent" if not sent else "received"
        raise PairsError("no files", place=str(path / empty), expected="the pictures that were " + empty)
    alike = [stem for stem in sorted(sent) if len(sent[stem]) == len(received.get(stem, ())) == 1]
    return Gathered(
        tuple(Pair(sent[stem][0], received[stem][0]) for stem in alike),
        _left_over(sent, alike),
        _left_over(received, alike),
        loose=True,
    )


def _left_over(files: dict[str, list[Path]], taken: Iterable[str]) -> tuple[Path, ...]:
    names = set(taken)
    return tuple(path for stem, paths in sorted(files.items()) if stem not in names for path in paths)


def _by_name(folder: Path) -> dict[str, list[Path]]:
    """The visible files of a folder by stem, capitals ignored (cameras' and systems' habits differ in them)."""
    out: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            out.setdefault(path.stem.casefold(), []).append(path)
    return out


def find_pairs(place: str | Path) -> tuple[Pair, ...]:
    """The pairs at `place`, in order of name.

    place: a CSV with columns `sent` and `received` (paths relative to the CSV); a folder with `sent/` and `received/`
    whose files share stems; a folder with one `sent.*` and one `received.*`; or a folder of such folders.
    Raises PairsError when there are none, or when a file has no partner.
    """
    path = Path(place)
    if path.is_file():
        return _from_csv(path)
    if not path.is_dir():
        raise PairsError("not found", place=str(path), expected="a folder or a CSV file")
    if (path / "sent").is_dir() and (path / "received").is_dir():
        return _by_stem(path)
    single = _single(path)
    if single:
        return (single,)
    nested = [pair for folder in sorted(path.iterdir()) if folder.is_dir() and (pair := _single(folder))]
    if not nested:
        raise PairsError(
            "no pairs",
            place=str(path),
            expected="sent/ and received/ with the same stems, or sent.* and received.*, or a CSV",
        )
    return tuple(nested)


def _files(folder: Path) -> dict[str, Path]:
    out: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            if path.stem in out:
                raise PairsError(
                    f"{out[path.stem].name} and {path.name}", place=str(folder), expected="one file a stem"
                )
            out[path.stem] = path
    return out


def _by_stem(folder: Path) -> tuple[Pair, ...]:
    sent, received = _files(folder / "sent"), _files(folder / "received")
    alone = sorted(set(sent) ^ set(received))
    if alone or not sent:
        raise PairsError(
            f"{alone[0]!r} has no partner" if alone else "no files", place=str(folder),
            expected="the same stems in sent/ and received/", remedy="name partners alike, or list them in a CSV",
        )  # fmt: skip
    return tuple(Pair(sent[stem], received[stem]) for stem in sorted(sent))


def _single(folder: Path) -> Pair | None:
    files = [p for p in sorted(folder.iterdir()) if p.is_file()]
    sent = [p for p in files if p.stem == "sent"]
    received = [p for p in files if p.stem == "received"]
    return Pair(sent[0], received[0]) if len(sent) == len(received) == 1 else None


def _from_csv(path: Path) -> tuple[Pair, ...]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if not {"sent", "received"} <= set(reader.fieldnames or ()):
                got = f"columns {', '.join(reader.fieldnames)}" if reader.fieldnames else "an empty file"
                raise PairsError(got, place=str(path), expected="a CSV with the columns sent, received")
            rows = list(reader)
    except OSError as error:
        raise PairsError(error.strerror or str(error), place=str(path), expected="a readable file") from None
    except (UnicodeDecodeError, csv.Error):
        raise PairsError("no CSV in UTF-8", place=str(path), expected="a folder or a CSV of pairs") from None
    if not rows:
        raise PairsError("no rows", place=str(path), expected="one a pair")
    pairs = []
    for line, row in enumerate(rows, 2):
        if not row["sent"] or not row["received"]:
            raise PairsError("an empty cell", place=f"{path} line {line}", expected="two paths")
        pairs.append(Pair(path.parent / row["sent"], path.parent / row["received"]))
    return tuple(pairs)
