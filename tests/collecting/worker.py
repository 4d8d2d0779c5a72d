"""Runs `collect` in processes that can be killed: forked, so that a run begins within a millisecond.

    python worker.py        reads one JSON document a line: {"place", "via", "settings", "die": n or null, "options"}
                            prints `pid N`, then `done CODE`

`die`: the process kills itself with SIGKILL at the n-th moment that matters: before, within and after each change of
the ledger, and before and after the renaming of each file.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx  # noqa: F401  (loaded before forking)
from shelf import Blind, Shelf

from understudy.collecting import ledger
from understudy.collecting.collect import collect
from understudy.collecting.waiting import Patience
from understudy.connectors.registry import connector

KINDS = {"shelf": Shelf, "blind": Blind}


def die_at(moment: int) -> None:
    """Has this process kill itself at the n-th moment."""
    left = [moment]

    def tick() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    change, sync = ledger.Ledger._change, os.fsync

    @contextmanager
    def changed(self: ledger.Ledger) -> Iterator[Any]:
        tick()
        with change(self) as db:
            yield db
            tick()  # before COMMIT
        tick()

    def synced(number: int) -> None:
        tick()  # the file is written, or renamed
        sync(number)
        tick()

    ledger.Ledger._change = changed  # type: ignore[method-assign]
    os.fsync = synced


def run(job: dict[str, Any]) -> None:
    """One run of `collect`; nothing is asked to wait long."""
    if job.get("die"):
        die_at(job["die"])
    patience = Patience(20.0, sleep=lambda s: time.sleep(min(s, 0.02)))
    kind = KINDS.get(job["via"]) or connector(job["via"])
    if job.get("settles_s") is not None:
        kind.settles_s = job["settles_s"]  # type: ignore[attr-defined]
    done = collect(job["place"], kind, settings=job["settings"], patience=patience, **job.get("options", {}))
    if done.stopped or done.failures:
        print(done.stopped, *done.failures, sep="\n", file=sys.stderr)
    os._exit(1 if done.stopped or done.failures else 0)


def main() -> None:
    """Forks for each line."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                run(json.loads(line))
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr)
                os._exit(3)
        print(f"pid {child}", flush=True)
        _, status = os.waitpid(child, 0)
        print(f"done {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main()
