"""survey: a folder of files into one Parquet file, on several processes, going on where it was stopped."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from ..errors import UnderstudyError
from ..files import check_place
from . import workers
from .store import Store, parts_of
from .workers import Found

CHUNK = 32
"""Files that a worker is given at a time."""
AHEAD = 3
"""Chunks for each worker that wait or are read: what is in memory at most, with a part's rows."""
ROWS_A_PART = 2_000
SECONDS_A_PART = 20.0
"""A part is written when there are so many rows or so much time has gone: what a kill can cost."""

Progress = Callable[[int, int], None]
"""Called with files done and files in all."""
Rows = list[dict[str, Any]]
Task = Callable[[Sequence[Found], bool], Rows]


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a survey did."""

    out: Path
    rows: int
    """Rows in the file."""
    read: int
    """Files that were read now."""
    kept: int
    """Files whose rows were there already, unchanged."""
    errors: int
    """Files read now that gave nothing but their error."""
    seconds: float


def survey(
    folder: Path | str,
    out: Path | str,
    *,
    coefficients: bool = False,
    jobs: int = 0,
    progress: Progress | None = None,
) -> Surveyed:
    """Reads every file below `folder` and writes one row for each into the Parquet file `out`; see COLUMNS.

    coefficients: decode each JPEG too and add STATISTICS. jobs: processes, 0 for one a core; 1 reads in this process.
    A file that cannot be read becomes a row with its `error`. Hidden files (a dot first) and links to folders are left
    out. What was read is in `OUT.parts` from time to time: after a kill or Ctrl-C (KeyboardInterrupt comes through,
    with what was read kept) the same call goes on. Files whose rows `out` has already, equal in path, length and time
    of change, read by this version to at least this depth, are not read again; rows of files that are gone go.

    With several processes a script needs `if __name__ == "__main__":` around the call: workers are spawned.
    Raises UnderstudyError where `folder` is none, `out` is no survey or cannot be written, or pyarrow is missing.
    """
    began = time.monotonic()
    folder, out = Path(folder), Path(out)
    if not folder.is_dir():
        raise UnderstudyError("no folder", place=str(folder), expected="a folder with the corpus")
    check_place(out)
    store = Store(out, coefficients)
    total = sum(1 for _ in files_of(folder, out))
    done = _Tally(store, progress or (lambda done, total: None), total)
    to_read = done.unread(files_of(folder, out))
    try:
        with closing(_read(to_read, coefficients, jobs or os.cpu_count() or 1)) as all_rows:
            for made in all_rows:
                done.take(made)
    finally:  # after Ctrl-C too
        done.flush()
    store.merge()
    return Surveyed(out, done.read + done.kept, done.read, done.kept, done.errors, time.monotonic() - began)


def files_of(folder: Path, out: Path) -> Iterator[Found]:
    """The files of the corpus, in order of name, folder by folder; not the survey itself. Folders that cannot be listed
    are left out."""
    own = {p.name: os.path.realpath(p) for p in (out, parts_of(out))}
    waiting = [(str(folder), "")]
    while waiting:
        place, path = waiting.pop()
        try:
            with os.scandir(place) as listing:
                entries = sorted((e for e in listing if not e.name.startswith(".")), key=lambda e: e.name)
        except OSError:
            continue
        inner = []
        for entry in entries:
            below = f"{path}{entry.name}"
            if entry.name in own and os.path.realpath(entry.path) == own[entry.name]:
                continue
            if entry.is_dir(follow_symlinks=False):
                inner.append((entry.path, f"{below}/"))
            elif (state := _state(entry)) is not None:
                yield Found(entry.path, _printable(below), state.st_size, state.st_mtime_ns)
        waiting += reversed(inner)


def _state(entry: os.DirEntry[str]) -> os.stat_result | None:
    """A file's length and times, None of what is no file, or gone."""
    try:
        return entry.stat() if entry.is_file() else None
    except OSError:
        return None


def _printable(path: str) -> str:
    """The path as text that any file can hold: bytes that are no UTF-8 as \\xNN."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(slots=True)
class _Tally:
    """Rows on their way to the store, and how far it all is."""

    store: Store
    progress: Progress
    total: int
    waiting: Rows = field(default_factory=list)
    written_at: float = field(default_factory=time.monotonic)
    read: int = 0
    kept: int = 0
    errors: int = 0

    def unread(self, files: Iterator[Found]) -> Iterator[Found]:
        """Those of `files` that have no row yet; the rows of the others stay."""
        for file in files:
            if self.store.keep(file.path, file.bytes, file.mtime_ns):
                self.kept += 1
                if self.kept % 1000 == 0:
                    self.progress(self.read + self.kept, self.total)
            else:
                yield file

    def take(self, rows: Rows) -> None:
        self.waiting += rows
        self.read += len(rows)
        self.errors += sum(row["error"] is not None for row in rows)
        self.progress(self.read + self.kept, max(self.total, self.read + self.kept))
        if len(self.waiting) >= ROWS_A_PART or time.monotonic() - self.written_at > SECONDS_A_PART:
            self.flush()

    def flush(self) -> None:
        if self.waiting:
            self.store.add(self.waiting)
            self.waiting = []
        self.written_at = time.monotonic()


def _read(files: Iterator[Found], coefficients: bool, jobs: int) -> Generator[Rows, None, None]:
    """The rows of `files`, a chunk at a time, in order."""
    chunks = iter(lambda: list(islice(files, CHUNK)), [])
    if jobs == 1:
        for chunk in chunks:
            for file in chunk:
                yield [workers.row(file, coefficients)]
        return
    first = next(chunks, None)
    if first is None:
        return
    with _Pool(jobs, coefficients) as pool:
        pool.give(first)
        for chunk in chunks:
            if pool.full:
                yield pool.take()
            pool.give(chunk)
        while not pool.idle:
            yield pool.take()


@contextmanager
def _deaf() -> Iterator[None]:
    """Within, Ctrl-C waits. Processes that start here inherit that: one that came while they load is not theirs."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would unblock it when it is first started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Pool:
    """Workers with a bounded queue. Where one dies (killed, out of memory), the files it may have died of are read
    again, one to a process, and the one that kills again becomes a row that says so."""

    def __init__(self, jobs: int, coefficients: bool, task: Task = workers.rows) -> None:
        self.jobs, self.coefficients, self.task = jobs, coefficients, task
        self.waiting: deque[tuple[list[Found], Future[Rows]]] = deque()
        self.pool = self._started(jobs)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)

    @property
    def full(self) -> bool:
        return len(self.waiting) >= AHEAD * self.jobs

    @property
    def idle(self) -> bool:
        return not self.waiting

    def _started(self, jobs: int) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), workers.start)
        try:
            with _deaf():
                first = pool.submit(workers.ready)
            first.result()
        except BrokenProcessPool:
            raise UnderstudyError(
                "no worker process could start", place="survey",
                remedy='in a script, call it under `if __name__ == "__main__":`, or with jobs=1',
            ) from None  # fmt: skip
        return pool

    def give(self, chunk: list[Found]) -> None:
        try:
            with _deaf():
                future = self.pool.submit(self.task, chunk, self.coefficients)
            self.waiting.append((chunk, future))
        except BrokenProcessPool:  # told by the chunk that broke it, which comes before
            broken: Future[Rows] = Future()
            broken.set_exception(BrokenProcessPool())
            self.waiting.append((chunk, broken))

    def take(self) -> Rows:
        """The rows of the oldest chunk."""
        chunk, future = self.waiting.popleft()
        try:
            return future.result()
        except BrokenProcessPool:
            return self._after_a_death(chunk)

    def _after_a_death(self, chunk: list[Found]) -> Rows:
        others = [files for files, _ in self.waiting]
        self.waiting.clear()
        self.pool.shutdown(wait=True, cancel_futures=True)
        made: Rows = []
        lone = self._started(1)
        for file in chunk:
            try:
                made += lone.submit(self.task, [file], self.coefficients).result()
            except BrokenProcessPool:
                made.append(workers.blank(file, self.coefficients, "the process that read it died"))
                lone.shutdown(wait=True)
                lone = self._started(1)
        lone.shutdown(wait=True)
        self.pool = self._started(self.jobs)
        for files in others:
            self.give(files)
        return made
