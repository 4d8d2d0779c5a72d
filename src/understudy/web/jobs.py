"""Jobs: a queue a kind, a worker process each, results while they are kept.

A lane runs one job at a time in a process of its own, which lives on for the next. Whatever happens there - an error, a
crash, no memory, no end - costs that job alone: the process is replaced. Messages between the two are JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import queue
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import parent_process, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from ..errors import LimitError, UnderstudyError
from .limits import Limits, size

State = Literal["waiting", "running", "done", "failed", "stopped"]
LANES = {"inspect": "quick", "compare": "quick", "learn": "learn"}
"""Kind of job -> lane: a search of minutes does not hold up an inspection."""
LONGEST_MESSAGE = 16 << 20


@dataclass(eq=False)
class Job:
    """A thing to do for a visitor, and what came of it."""

    kind: str
    name: str
    """What it is about, in the visitor's words."""
    folder: Path
    task: dict[str, Any]
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    state: State = "waiting"
    text: str = ""
    """What is being done; of a failed job, why."""
    share: float = 0.0
    """How far it is, 0 to 1."""
    result: dict[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.time)
    seconds: float = 0.0
    enough: bool = False
    """Whether the visitor wants what is known so far."""
    dropped: bool = False
    """Whether the visitor wants nothing of it any more."""

    @property
    def finished(self) -> bool:
        return self.state in ("done", "failed", "stopped")


class Desk:
    """Takes jobs, has them done, keeps what came of the latest. Safe to use from several threads."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.folder = Path(tempfile.mkdtemp(prefix="understudy-page-"))
        """Private (mode 700): every file that the page handles is in it, under names of our own."""
        self.closing = False
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._numbers = iter(range(1, 1 << 62))
        self._lanes = {lane: _Lane(self, lane) for lane in dict.fromkeys(LANES.values())}

    def room(self) -> Path:
        """A new empty folder for a job."""
        with self._lock:
            place = self.folder / f"{next(self._numbers)}"
        place.mkdir(mode=0o700)
        return place

    def take(self, kind: str, name: str, task: dict[str, Any], folder: Path) -> Job:
        """Puts a job in its queue. Raises LimitError where too many wait."""
        job = Job(kind, name, folder, {"kind": kind, **task})
        lane = self._lanes[LANES[kind]]
        with self._lock:
            self._jobs[job.id] = job
        try:
            lane.put(job)
        except queue.Full:
            self.forget(job)
            raise LimitError(
                f"{self.limits.waiting} jobs wait already", place="the page", remedy="come back when one is done"
            ) from None
        self._tidy()
        return job

    def find(self, id: str) -> Job | None:
        """The job of that name, None if there is none (any more)."""
        with self._lock:
            return self._jobs.get(id)

    def jobs(self) -> list[Job]:
        """All that are kept, the latest first."""
        with self._lock:
            return list(self._jobs.values())[::-1]

    def ahead(self, job: Job) -> int:
        """How many jobs of its lane must end before this one begins."""
        lane = LANES[job.kind]
        with self._lock:
            same = [j for j in self._jobs.values() if LANES[j.kind] == lane and not j.finished]
        return same.index(job) if job in same else 0

    def forget(self, job: Job) -> None:
        """Drops a job and its files; one that runs is ended."""
        job.dropped = True
        with self._lock:
            self._jobs.pop(job.id, None)
        if job.finished or job.state == "waiting":
            shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """Ends everything: workers, threads, files."""
        self.closing = True
        for lane in self._lanes.values():
            lane.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _tidy(self) -> None:
        """Drops the oldest results beyond what is kept."""
        while True:
            done = [j for j in self.jobs()[::-1] if j.finished]
            held = sum(f.stat().st_size for j in done for f in j.folder.glob("*") if f.is_file())
            if len(done) <= self.limits.kept and held <= self.limits.kept_bytes:
                return
            self.forget(done[0])

    def settled(self, job: Job) -> None:
        """What a lane calls when a job is finished: what was sent is not needed any more."""
        for sent in job.folder.glob("upload-*"):
            sent.unlink(missing_ok=True)
        shutil.rmtree(job.folder if job.dropped else job.folder / "unpacked", ignore_errors=True)
        self._tidy()


class _Lane:
    """A queue, the thread that empties it, and the process that does the work."""

    def __init__(self, desk: Desk, name: str) -> None:
        self._desk = desk
        self._queue: queue.Queue[Job | None] = queue.Queue(desk.limits.waiting + 1)
        self._worker: _Worker | None = None
        self._warm = name == "quick"
        self._thread = threading.Thread(target=self._loop, name=f"page-{name}", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        self._queue.put_nowait(job)

    def close(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)
        self._thread.join(5)  # it looks at `closing` ten times a second, or is just starting a worker
        if self._worker is not None:
            self._worker.kill()

    def _loop(self) -> None:
        if hasattr(signal, "pthread_sigmask"):  # the workers inherit it: a Ctrl-C while they start is not theirs either
            resource_tracker.ensure_running()  # which unblocks it when it is first started
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        if self._warm:  # a process takes seconds to load all that it needs: the first visitor reads meanwhile
            self._worker = _Worker(self._desk.limits, self._desk.folder)
        while (job := self._queue.get()) is not None:
            if job.dropped:
                continue
            start = time.monotonic()
            job.state = "running"
            try:
                self._do(job, start)
            except UnderstudyError as error:
                job.state, job.text = "failed", str(error)
            except Exception as error:  # whatever it is, the next job must still be done
                job.state, job.text = "failed", f"not expected: {type(error).__name__}: {error}"
            job.seconds = time.monotonic() - start
            self._desk.settled(job)

    def _do(self, job: Job, start: float) -> None:
        """Has the worker do a job, and follows what it says. Raises LimitError where that ends before it is done."""
        limits = self._desk.limits
        if self._worker is None or not self._worker.alive:
            self._worker = _Worker(limits, self._desk.folder)
        worker = self._worker
        worker.begin(job.task, job.folder)
        told = False
        while not self._desk.closing:
            if job.dropped:
                return self._ended(job, "stopped", "ended, as you asked")
            if job.enough and not told:
                told = True
                worker.tell_enough()
            if LANES[job.kind] == "quick" and time.monotonic() - start > limits.seconds:
                worker.kill()
                raise LimitError(f"not done after {limits.seconds:.0f} seconds", place=job.name)
            message = worker.heard(0.1)
            if message is None:
                continue
            if message["says"] == "progress":
                job.text, job.share = message["text"], min(1.0, max(job.share, message["share"]))
            else:
                job.state, job.text, job.result = message["says"], message["text"], message["result"]
                return None
        return self._ended(job, "stopped", "the page was closed")

    def _ended(self, job: Job, state: State, text: str) -> None:
        if self._worker is not None:
            self._worker.kill()
        job.state, job.text = state, text


class _Worker:
    """The other process, as this one sees it."""

    def __init__(self, limits: Limits, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, limits, str(folder)), daemon=True)
        self._process.start()
        theirs.close()
        self._limits = limits

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def begin(self, task: dict[str, Any], folder: Path) -> None:
        self._ours.send_bytes(json.dumps({"task": task, "folder": str(folder)}).encode())

    def tell_enough(self) -> None:
        self._ours.send_bytes(json.dumps({"enough": True}).encode())

    def heard(self, seconds: float) -> dict[str, Any] | None:
        """The next message, None if none comes in time. Raises LimitError where the process has ended."""
        try:
            if not self._ours.poll(seconds):
                return None
            message: dict[str, Any] = json.loads(self._ours.recv_bytes(LONGEST_MESSAGE))
            return message
        except (EOFError, OSError):
            self.kill()
            code = self._process.exitcode
            raise LimitError(
                f"the work ended before it was done (exit code {code})", place="the page",
                remedy=f"a worker has {size(self._limits.memory)} of memory; send less at a time",
            ) from None  # fmt: skip

    def kill(self) -> None:
        self._process.kill()
        self._process.join(5)
        self._ours.close()


# --- in the worker process


def work(link: Connection, limits: Limits, folder: str) -> None:
    """The worker's life: tasks from `link`, one after the other, until the other end closes."""
    _settle_in(limits, Path(folder))
    from .tasks import TASKS, load

    load()
    while True:
        try:
            order = json.loads(link.recv_bytes())
        except (EOFError, OSError):
            shutil.rmtree(folder, ignore_errors=True)
            return
        if "task" not in order:
            continue  # enough of a task that was done meanwhile
        task = order["task"]
        try:
            result = TASKS[task["kind"]](task, Path(order["folder"]), limits, _telling(link))
            _say(link, "done", "", 1.0, result)
        except Exception as error:
            _say(link, "stopped" if _is_enough(error) else "failed", _in_a_line(error, limits), 0.0, {})


def _settle_in(limits: Limits, folder: Path) -> None:
    """Leaves Ctrl-C to the server, ends (and tidies) when that ends in whatever way, and takes no more memory than
    allowed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass  # a system without such limits


def _telling(link: Connection) -> Callable[[str, float], None]:
    """What a task calls with its progress; ends a search when the visitor has asked, once."""
    from ..learning.search import Enough

    asked = [False]

    def tell(text: str, share: float) -> None:
        if not asked[0] and link.poll():
            link.recv_bytes()  # all that can come while a task is done is that it is enough
            asked[0] = True
            _say(link, "progress", "proving what is known so far", share, {})
            raise Enough
        if not asked[0]:
            _say(link, "progress", text, share, {})

    return tell


def _say(link: Connection, says: str, text: str, share: float, result: dict[str, Any]) -> None:
    link.send_bytes(json.dumps({"says": says, "text": text, "share": share, "result": result}).encode())


def _is_enough(error: Exception) -> bool:
    from ..learning.search import Enough

    return isinstance(error, Enough)


def _in_a_line(error: Exception, limits: Limits) -> str:
    if isinstance(error, UnderstudyError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"more memory is needed than the {size(limits.memory)} that a job may have; send less at a time"
    if _is_enough(error):
        return "stopped before anything was known: the pairs were still being read"
    return " ".join(f"not expected: {type(error).__name__}: {error}".split())[:2000]
