"""Rows on disk: parts that are whole or not there, what is in them already, and their merging into one file.

A survey writes `OUT.parts/*.parquet`, each to a temporary name first, then renamed; at the end all rows that still
hold go, batch by batch, into a temporary file that takes the place of OUT. Memory does not follow the number of rows:
what is known of rows on disk is one 8-byte hash each.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from .._version import __version__
from ..errors import UnderstudyError
from .columns import COLUMNS
from .extra import load

MARK = b"understudy.survey"
KEY = ("path", "bytes", "mtime_ns", "depth", "version")
"""The columns that say whether a row holds."""
BATCH = 2_000
"""Rows that are in memory at a time when files are merged."""


def schema() -> Any:
    """The Parquet schema, a pyarrow.Schema; its metadata says that the file is a survey."""
    pa = load("pyarrow")
    kinds = {
        "string": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_(),
        "steps": pa.list_(pa.uint16()), "figures": pa.list_(pa.float32()),
    }  # fmt: skip
    fields = [pa.field(c.name, kinds[c.kind], metadata={"says": c.says}) for c in COLUMNS]
    return pa.schema(fields, metadata={MARK: b"1"})


def key(path: str, size: int, mtime_ns: int) -> int:
    """What tells a file and its state from others, 64 bits: two of a million files share one with a chance of 3e-8."""
    text = f"{path}\0{size}\0{mtime_ns}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def _sources(out: Path) -> list[Path]:
    """The files that hold rows: the last survey, then the parts of one that did not end."""
    parts = sorted(parts_of(out).glob("part-*.parquet")) if parts_of(out).is_dir() else []
    return [*([out] if out.exists() else []), *parts]


def parts_of(out: Path) -> Path:
    """The folder of parts beside `out`."""
    return out.with_name(out.name + ".parts")


def _opened(path: Path) -> Any:
    """The Parquet file, of which only a survey's is taken. Raises UnderstudyError."""
    pq, pa = load("pyarrow.parquet"), load("pyarrow")
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise UnderstudyError(words, place=str(path), expected="a survey, or a new name") from None
    if MARK not in (file.schema_arrow.metadata or {}):
        file.close()
        raise UnderstudyError("a Parquet file of something else", place=str(path), expected="a survey, or a new name")
    return file


def check(path: Path) -> None:
    """Raises UnderstudyError where `path` is no survey."""
    if not path.is_file():
        raise UnderstudyError("no file", place=str(path), expected="a survey")
    _opened(path).close()


class Store:
    """The rows of one survey on disk, while it is made."""

    def __init__(self, out: Path, coefficients: bool) -> None:
        self.out = out
        self.depths = ("coefficients",) if coefficients else ("headers", "coefficients")
        self.schema = schema()
        self.old = _sources(out)
        self.new: list[Path] = []
        self.known = np.unique(np.fromiter(self._old_keys(), np.uint64))
        self.kept = np.zeros(len(self.known), bool)

    def _old_keys(self) -> Iterator[int]:
        for path in self.old:
            for batch in self._batches(path, list(KEY)):
                yield from (key_ for key_ in self._keys(batch) if key_ is not None)

    def _batches(self, path: Path, columns: list[str] | None = None) -> Iterator[Any]:
        """Batches of a file of this schema; none of one that another version of the columns wrote."""
        file = _opened(path)
        try:
            if file.schema_arrow.equals(self.schema):
                yield from file.iter_batches(batch_size=BATCH, columns=columns)
        finally:
            file.close()

    def _keys(self, batch: Any) -> Iterator[int | None]:
        """The key of each row that may stay, None of one that another version or a lesser depth made."""
        columns = (batch.column(name).to_pylist() for name in KEY)
        for path, size, mtime, depth, version in zip(*columns, strict=True):
            yield key(path, size, mtime) if depth in self.depths and version == __version__ else None

    def keep(self, path: str, size: int, mtime_ns: int) -> bool:
        """Whether there is a row of this file, unchanged, already; if so it stays."""
        index = self._index(key(path, size, mtime_ns))
        if index < 0:
            return False
        self.kept[index] = True
        return True

    def _index(self, key_: int) -> int:
        index = int(np.searchsorted(self.known, np.uint64(key_)))
        return index if index < len(self.known) and int(self.known[index]) == key_ else -1

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Writes a part."""
        pa, pq = load("pyarrow"), load("pyarrow.parquet")
        folder = parts_of(self.out)
        folder.mkdir(parents=True, exist_ok=True)
        name = folder / f"part-{secrets.token_hex(8)}.parquet"
        temporary = name.with_suffix(".tmp")
        try:
            pq.write_table(pa.Table.from_pylist(list(rows), self.schema), temporary, compression="zstd")
            temporary.replace(name)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        self.new.append(name)

    def merge(self) -> None:
        """All rows that hold into `out`: those kept, once each, then the new ones; then the parts go."""
        pq = load("pyarrow.parquet")
        folder = parts_of(self.out)
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{secrets.token_hex(8)}.tmp"
        left = self.kept.copy()
        try:
            with pq.ParquetWriter(temporary, self.schema, compression="zstd") as writer:
                for path in self.old:
                    for batch in self._batches(path):
                        chosen = self._chosen(batch, left)
                        if chosen.num_rows:
                            writer.write_batch(chosen)
                for path in self.new:
                    for batch in self._batches(path):
                        writer.write_batch(batch)
            temporary.replace(self.out)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        self._clear(folder)

    def _clear(self, folder: Path) -> None:
        """Removes what was merged."""
        for path in (*self.old, *self.new):
            if path != self.out:
                path.unlink(missing_ok=True)
        for path in folder.glob("*.tmp"):  # of runs that were killed
            path.unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()

    def _chosen(self, batch: Any, left: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Any:
        """The rows of `batch` whose turn in `left` is still to come; it goes with them."""
        pa = load("pyarrow")
        mask = []
        for key_ in self._keys(batch):
            index = -1 if key_ is None else self._index(key_)
            stays = index >= 0 and bool(left[index])
            if stays:
                left[index] = False
            mask.append(stays)
        return batch.filter(pa.array(mask, pa.bool_()))
