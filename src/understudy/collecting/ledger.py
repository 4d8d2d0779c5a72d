"""The ledger: what was sent where and what became of it, in one SQLite file that survives a kill at any moment.

A rollback journal and no WAL: WAL needs memory that processes share, which network folders do not have, and keeps two
more files beside the ledger. Every change is one transaction that is on the disk when the call returns. The ledger is
held exclusively from opening to closing, by SQLite's own lock, which the system releases when the process dies.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from ..connectors.base import Posted
from ..errors import UnderstudyError

MARK = 0x75736C31
"""`usl1`, SQLite's application_id of a ledger."""
VERSION = 1

SCHEMA = """
CREATE TABLE uploads (
    id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, connector TEXT NOT NULL, account TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, bytes INTEGER NOT NULL, media_type TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, posted TEXT, error TEXT NOT NULL DEFAULT '',
    planned_at REAL NOT NULL, sending_at REAL, posted_at REAL, fetched_at REAL, removed_at REAL,
    UNIQUE (sha256, connector, account));
CREATE TABLE renditions (
    upload INTEGER NOT NULL REFERENCES uploads (id), name TEXT NOT NULL, main INTEGER NOT NULL, url TEXT NOT NULL,
    headers TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, media_type TEXT NOT NULL,
    fetched_at REAL NOT NULL, PRIMARY KEY (upload, name));
CREATE TABLE files (
    path TEXT PRIMARY KEY, upload INTEGER NOT NULL REFERENCES uploads (id), rendition TEXT NOT NULL,
    sha256 TEXT NOT NULL);
CREATE TABLE told (what TEXT PRIMARY KEY, at REAL NOT NULL);
"""


class StorageError(UnderstudyError):
    """What must be noted or kept cannot be: the disk is full, read-only or damaged. Nothing further is done."""


class State(Enum):
    """Where an upload stands."""

    PLANNED = "planned"
    """It has a key; the platform knows nothing of it."""
    SENDING = "sending"
    """`send` is about to be called, or was, and nobody noted how it ended."""
    POSTED = "posted"
    """The platform has it."""
    FETCHED = "fetched"
    """Every rendition is in its file."""
    REMOVED = "removed"
    """Fetched, then taken away from the platform."""
    REJECTED = "rejected"
    """The platform does not take it."""
    UNCERTAIN = "uncertain"
    """Sent once, and nothing tells whether it arrived: a person decides."""


STEPS = {
    State.PLANNED: {State.SENDING, State.REJECTED},
    State.SENDING: {State.SENDING, State.POSTED, State.PLANNED, State.REJECTED, State.UNCERTAIN},
    State.POSTED: {State.FETCHED, State.PLANNED},
    State.FETCHED: {State.REMOVED, State.POSTED},
    State.REMOVED: set(),
    State.REJECTED: {State.PLANNED},
    State.UNCERTAIN: {State.PLANNED},
}
"""What may follow what. POSTED to PLANNED: removed before it was fetched; FETCHED to POSTED: a file is gone."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One picture on one account: a row of the ledger."""

    id: int
    sha256: str
    """Of the picture as it is sent."""
    key: str = field(repr=False)
    name: str
    """The file name that it is sent under."""
    media_type: str
    state: State
    attempts: int
    """How often `send` was called."""
    posted: Posted | None
    error: str
    """The last one, "" where the last attempt succeeded."""
    sending_at: float | None
    """Seconds since 1970, of the last call of `send`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A rendition that was fetched, without its bytes."""

    name: str
    main: bool
    url: str
    headers: tuple[tuple[str, str], ...]
    sha256: str
    bytes: int
    media_type: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that the ledger answers for."""

    path: str
    """Relative to the folder that is collected, with `/`."""
    upload: int
    rendition: str
    sha256: str


class Ledger:
    """The ledger at `path`, None for one in memory; a context manager.

    Raises StorageError where the file is no ledger, damaged, written by a later version, not writable, or held by
    another process. `clock` gives seconds since 1970.
    """

    def __init__(self, path: Path | None, *, clock: Callable[[], float] = time.time) -> None:
        self._place = str(path or "the ledger")
        self._clock = clock
        with self._told():
            # No transactions but those that are asked for; a second process is told at once.
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=0)
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise

    def _open(self) -> None:
        db = self._db
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA synchronous = EXTRA")  # the journal's removal is what commits: it is on the disk too
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("BEGIN EXCLUSIVE")
        mark, version = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if mark == 0 and version == 0 and tables == 0:
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {MARK}")
            db.execute(f"PRAGMA user_version = {VERSION}")
        elif mark != MARK:
            raise self._error("a database of something else", "a ledger of `understudy collect`", "move it away")
        elif version != VERSION:
            raise self._error(f"version {version}", f"version {VERSION}", "use the understudy that wrote it")
        elif (found := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise self._error(f"damaged: {found}", "a whole ledger", "restore a copy of it")
        db.execute("COMMIT")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def plan(self, connector: str, account: str, sha256: str, name: str, size: int, media_type: str) -> Upload:
        """The row of the picture, made with a key of its own where there is none."""
        now = self._clock()
        values = (sha256, connector, account, secrets.token_hex(16), name, size, media_type, "planned", now)
        with self._change() as db:
            db.execute(
                "INSERT INTO uploads (sha256, connector, account, key, name, bytes, media_type, state, planned_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                values,
            )
        return next(u for u in self.uploads(connector, account) if u.sha256 == sha256)

    def uploads(self, connector: str, account: str) -> tuple[Upload, ...]:
        """All rows of an account, in the order in which they were planned."""
        query = "SELECT * FROM uploads WHERE connector = ? AND account = ? ORDER BY id"
        return tuple(_upload(row) for row in self._ask(query, connector, account))

    def upload(self, number: int) -> Upload:
        """The row of that id."""
        return _upload(next(iter(self._ask("SELECT * FROM uploads WHERE id = ?", number))))

    def accounts(self) -> tuple[tuple[str, str], ...]:
        """(connector, account) of all rows."""
        return tuple((r[0], r[1]) for r in self._ask("SELECT DISTINCT connector, account FROM uploads ORDER BY 1, 2"))

    def move(self, upload: Upload, state: State, *, posted: Posted | None = None, error: str = "") -> Upload:
        """The row in its new state, with the time noted; on the disk on return."""
        if state not in STEPS[upload.state]:
            raise AssertionError(f"{upload.name}: {upload.state.value} is not followed by {state.value}")
        now, sent = self._clock(), state is State.SENDING
        with self._change() as db:
            db.execute(
                "UPDATE uploads SET state = ?, error = ?, attempts = attempts + ? WHERE id = ?",
                (state.value, error, sent, upload.id),
            )
            if state in (State.SENDING, State.POSTED, State.FETCHED, State.REMOVED):
                db.execute(f"UPDATE uploads SET {state.value}_at = ? WHERE id = ?", (now, upload.id))
            if posted is not None:
                written = json.dumps({"id": posted.id, "details": dict(posted.details)})
                db.execute("UPDATE uploads SET posted = ? WHERE id = ?", (written, upload.id))
            if state is State.PLANNED and upload.state is State.POSTED:
                fresh = secrets.token_hex(16)  # what was removed must not be found for what is sent next
                db.execute("UPDATE uploads SET posted = NULL, key = ? WHERE id = ?", (fresh, upload.id))
        return self.upload(upload.id)

    def note(self, upload: Upload, error: str) -> Upload:
        """The row with its last error."""
        with self._change() as db:
            db.execute("UPDATE uploads SET error = ? WHERE id = ?", (error, upload.id))
        return self.upload(upload.id)

    def keep(self, upload: Upload, renditions: Sequence[Kept], files: Sequence[File]) -> None:
        """Notes the renditions of an upload in place of those noted before, and the files that will hold them."""
        now = self._clock()
        rows = [
            (upload.id, r.name, r.main, r.url, json.dumps(r.headers), r.sha256, r.bytes, r.media_type, now)
            for r in renditions
        ]
        with self._change() as db:
            db.execute("DELETE FROM renditions WHERE upload = ?", (upload.id,))
            db.executemany("INSERT INTO renditions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", [_values(f) for f in files])

    def renditions(self, upload: Upload) -> tuple[Kept, ...]:
        """What was fetched, the main one first."""
        rows = self._ask("SELECT * FROM renditions WHERE upload = ? ORDER BY main DESC, name", upload.id)
        return tuple(
            Kept(
                r["name"], bool(r["main"]), r["url"], tuple((k, v) for k, v in json.loads(r["headers"])), r["sha256"],
                r["bytes"], r["media_type"],
            )
            for r in rows
        )  # fmt: skip

    def answer_for(self, file: File) -> None:
        """Notes that the file is the ledger's, before it is written: what lies there without it is somebody else's."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", _values(file))

    def forget(self, path: str) -> None:
        """The opposite."""
        with self._change() as db:
            db.execute("DELETE FROM files WHERE path = ?", (path,))

    def files(self) -> Mapping[str, File]:
        """Every file that the ledger answers for, by path."""
        return {r["path"]: File(*r) for r in self._ask("SELECT path, upload, rendition, sha256 FROM files")}

    def tell_once(self, what: str) -> bool:
        """Whether this is the first time that somebody asks about `what`."""
        with self._change() as db:
            return db.execute("INSERT OR IGNORE INTO told VALUES (?, ?)", (what, self._clock())).rowcount == 1

    def times(self, upload: Upload) -> dict[str, float | None]:
        """`planned`, `sending` (the last), `posted`, `fetched`, `removed`: seconds since 1970."""
        row = next(iter(self._ask("SELECT * FROM uploads WHERE id = ?", upload.id)))
        return {name: row[f"{name}_at"] for name in ("planned", "sending", "posted", "fetched", "removed")}

    def _ask(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._told():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One transaction."""
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors as ours."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            words = str(error)
            if "locked" in words:
                raise self._error(
                    "in use by another process", "one `collect` of a folder at a time", "wait until it ends"
                ) from None
            if "not a database" in words or "malformed" in words:
                raise self._error(words, "a ledger of `understudy collect`", "move it away") from None
            raise self._error(words, "a ledger that can be read and written") from None

    def _error(self, got: str, expected: str, remedy: str = "") -> StorageError:
        return StorageError(got, place=self._place, expected=expected, remedy=remedy)


def _values(file: File) -> tuple[str, int, str, str]:
    return file.path, file.upload, file.rendition, file.sha256


def _upload(row: sqlite3.Row) -> Upload:
    posted = json.loads(row["posted"]) if row["posted"] else None
    return Upload(
        row["id"], row["sha256"], row["key"], row["name"], row["media_type"], State(row["state"]), row["attempts"],
        Posted(posted["id"], posted["details"]) if posted else None, row["error"], row["sending_at"],
    )  # fmt: skip
