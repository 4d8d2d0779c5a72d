"""`collect` killed with SIGKILL again and again, and taken up again: nothing lost or doubled, every file whole."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from shelf import SIZES, TOKEN, Server, delivered

import understudy as us

KILLS = 30
MOST_KILLS = 300
STATES = {"planned", "sending", "posted", "fetched"}
"""Of an upload in the ledger. `sending`: begun, and its answer not noted."""
PICTURES = 4


class Worker:
    """`collect` in a process of its own; see worker.py."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, **job: Any) -> int:
        """Begins a run and returns its process's id."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        word, pid = self._process.stdout.readline().split()
        assert word == "pid"
        return int(pid)

    def end(self) -> int:
        """Waits for the end of the run; its exit code, negative for a signal."""
        assert self._process.stdout
        word, code = self._process.stdout.readline().split()
        assert word == "done"
        return int(code)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close()


def pictures(folder: Path, number: int = PICTURES, seed: int = 0) -> Path:
    """A folder whose sent/ has that many pictures."""
    (folder / "sent").mkdir(parents=True)
    for i in range(number):
        image = Image.radial_gradient("L").resize((60 + i, 50)).convert("RGB")
        image.putpixel((0, 0), (seed, i, 7))
        image.save(folder / "sent" / f"p{i}.png")
    return folder


def whole(folder: Path, number: int, sizes: dict[str, int] = SIZES, main: int = 48) -> None:
    """Every file is there, is what the server delivers, and nothing else is."""
    for i in range(number):
        data = (folder / "sent" / f"p{i}.png").read_bytes()
        assert (folder / "received" / f"p{i}.jpg").read_bytes() == delivered(data, main)
        for name, longest in sizes.items():
            assert (folder / "renditions" / f"p{i}" / f"{name}.jpg").read_bytes() == delivered(data, longest)
    assert sorted(p.name for p in (folder / "received").iterdir()) == [f"p{i}.jpg" for i in range(number)]
    assert not list(folder.rglob("*.tmp"))
    assert len(us.find_pairs(folder)) == len(us.find_pairs(folder / "collected.csv")) == number
    with sqlite3.connect(folder / "collect.sqlite") as db:
        assert {row[0] for row in db.execute("SELECT state FROM uploads")} == {"fetched"}
    db.close()


def nothing_half(folder: Path) -> None:
    """What is there after a kill, is there whole."""
    right = {delivered(p.read_bytes(), size) for p in (folder / "sent").iterdir() for size in SIZES.values()}
    there = [p for p in folder.glob("re*/**/*") if p.is_file() and p.name[0] != "."]
    assert all(p.read_bytes() in right for p in there)


def posted_once(server: Server, number: int) -> None:
    """No upload lost, none doubled."""
    counts = Counter(p["data"] for p in server.posts)
    assert len(counts) == number
    assert set(counts.values()) == {1}


def settings(server: Server, via: str) -> dict[str, str]:
    if via == "web":
        to = {"to": f"{server.url}/in/{{key}}", "delivered": f"{server.url}/out/{{key}}"}
        return {**to, "more": f"small={server.url}/out/24/{{key}}"}
    return {"url": server.url, "token": TOKEN}


def killed_at_random(worker: Worker, pid: int, seconds: float) -> bool:
    """Whether the run was killed before its end."""
    timer = threading.Timer(seconds, lambda: _kill(pid))
    timer.start()
    code = worker.end()
    timer.cancel()
    assert code in (0, 1, -signal.SIGKILL), code
    return code == -signal.SIGKILL


def enough(killed: int, states: Counter[str]) -> bool:
    """Whether there were KILLS kills and one in each state; also where chance has had its due."""
    return killed >= MOST_KILLS or (killed >= KILLS and set(states) >= STATES)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("via", ["shelf", "web"])
def test_killed_at_30_random_moments(via: str, worker: Worker, tmp_path: Path) -> None:
    """Moments spread over the whole of a run; one that comes to its end is followed by one of other pictures. It
    goes on beyond 30 until a kill has fallen into each state of an upload, since chance may leave out a short one."""
    rng = random.Random(7)
    killed = rounds = 0
    with Server(latency_s=0.02) as server:
        job = {"place": str(pictures(tmp_path / "timed")), "via": via, "settings": settings(server, via)}
        began = time.monotonic()
        worker.start(**job)
        assert worker.end() == 0
        lasts = time.monotonic() - began
    states: Counter[str] = Counter()
    while not enough(killed, states):
        folder = pictures(tmp_path / str(rounds), seed=rounds)
        with Server(latency_s=0.02) as server:
            job = {"place": str(folder), "via": via, "settings": settings(server, via)}
            while not enough(killed, states):
                pid = worker.start(**job)
                if not killed_at_random(worker, pid, rng.uniform(0.0, lasts)):
                    break
                killed += 1
                states.update(_states(folder))
            worker.start(**job)
            assert worker.end() == 0
            if via == "shelf":
                posted_once(server, PICTURES)
                whole(folder, PICTURES)
            else:
                assert len(server.put) == PICTURES
                assert all(len(set(sent)) == 1 for sent in server.put.values())
                whole(folder, PICTURES, {"main": 48, "small": 24})
        rounds += 1
    assert killed >= KILLS
    assert set(states) >= STATES, f"{killed} kills, none of them in {STATES - set(states)}"


def _states(folder: Path) -> list[str]:
    if not (folder / "collect.sqlite").exists():
        return []
    db = sqlite3.connect(folder / "collect.sqlite")
    try:
        return [row[0] for row in db.execute("SELECT state FROM uploads")]
    except sqlite3.OperationalError:  # killed before there were tables
        return []
    finally:
        db.close()


@pytest.mark.parametrize("event", ["taking", "taken", "answering", "delivering"])
def test_killed_by_the_server_at_each_point_of_a_request(event: str, worker: Worker, tmp_path: Path) -> None:
    """The process dies while the server takes the picture in, when it has it, after the answer, and half-way through a
    download: for the second picture of three."""
    folder = pictures(tmp_path, 3)
    with Server() as server:
        seen: Counter[str] = Counter()
        pid = 0

        def on(what: str) -> None:
            seen[what] += 1
            if what == event and seen[what] == 2:
                _kill(pid)
                time.sleep(0.05)

        job = {"place": str(folder), "via": "shelf", "settings": settings(server, "shelf")}
        gate = threading.Event()
        server.on = lambda what: (gate.wait(5), on(what))[1]
        pid = worker.start(**job)
        gate.set()
        assert worker.end() == -signal.SIGKILL
        server.on = lambda what: None
        worker.start(**job)
        assert worker.end() == 0
        posted_once(server, 3)
        whole(folder, 3)


def test_killed_before_and_after_every_change_of_the_ledger_and_every_file(worker: Worker, tmp_path: Path) -> None:
    """One kill at each moment that matters, in turn, until a run comes to its end without dying."""
    moment = 0
    with Server() as server:
        while True:
            moment += 1
            folder = pictures(tmp_path / str(moment), 1, seed=moment)
            job = {"place": str(folder), "via": "shelf", "settings": settings(server, "shelf")}
            worker.start(**job, die=moment)
            code = worker.end()
            if code == 0:
                break
            assert code == -signal.SIGKILL
            nothing_half(folder)
            worker.start(**job)
            assert worker.end() == 0
            whole(folder, 1)
        posted_once(server, moment)
    assert moment > 30


def test_removing_survives_kills(worker: Worker, tmp_path: Path) -> None:
    """--remove, killed at every moment of a second run: what was posted is gone, what was fetched stays."""
    moment = 0
    with Server() as server:
        while True:
            moment += 1
            folder = pictures(tmp_path / str(moment), 1, seed=moment)
            job = {"place": str(folder), "via": "shelf", "settings": settings(server, "shelf")}
            worker.start(**job)
            assert worker.end() == 0
            job["options"] = {"remove": True}
            worker.start(**job, die=moment)
            code = worker.end()
            if code == 0:
                break
            worker.start(**job)
            assert worker.end() == 0
            assert (folder / "received" / "p0.jpg").exists()
            assert server.alive() == []
        posted_once(server, moment)
    assert moment > 5


@pytest.mark.parametrize(("settles_s", "posts"), [(0.0, 2), (20.0, 1)])
def test_an_upload_still_on_its_way_is_waited_for(settles_s: float, posts: int, worker: Worker, tmp_path: Path) -> None:
    """Killed while the server is slow to take the picture in. The first look finds nothing; to believe it is to post
    twice, which the first case shows to be no idle fear."""
    folder = pictures(tmp_path, 1)
    with Server() as server:
        pid, started, looked, landed = 0, threading.Event(), threading.Event(), threading.Event()
        slow = iter([True])
        mine: list[int] = []

        def on(what: str) -> None:
            if what == "taking" and next(slow, False):
                mine.append(threading.get_ident())
                started.wait(5)
                _kill(pid)
                looked.wait(20)
            if what == "finding":
                threading.Timer(0.3, looked.set).start()
            if what == "taken" and threading.get_ident() in mine:
                landed.set()

        server.on = on
        job = {"place": str(folder), "via": "shelf", "settings": settings(server, "shelf")}
        pid = worker.start(**job)
        started.set()
        assert worker.end() == -signal.SIGKILL
        assert server.posts == []
        worker.start(**job, settles_s=settles_s)
        assert worker.end() == 0
        assert landed.wait(20)
        assert len(server.posts) == posts


def test_what_nothing_tells_is_left_to_a_person(worker: Worker, tmp_path: Path) -> None:
    folder = pictures(tmp_path, 1)
    with Server() as server:
        pid = 0
        started = threading.Event()

        def on(what: str) -> None:
            if what == "taken" and len(server.posts) == 1:
                started.wait(5)
                _kill(pid)

        server.on = on
        job = {"place": str(folder), "via": "blind", "settings": settings(server, "blind")}
        pid = worker.start(**job)
        started.set()
        assert worker.end() == -signal.SIGKILL
        for _ in range(2):
            worker.start(**job)
            assert worker.end() in (0, 1)
            assert _states(folder) == ["uncertain"]
        assert len(server.posts) == 1
        worker.start(**job, options={"resend_uncertain": True})
        assert worker.end() == 0
        assert len(server.posts) == 2
        whole(folder, 1)


def test_the_pictures_are_what_the_tests_think(tmp_path: Path) -> None:
    folder = pictures(tmp_path, 2)
    one, two = ((folder / "sent" / f"p{i}.png").read_bytes() for i in range(2))
    assert Image.open(io.BytesIO(delivered(one, 48))).size == (48, 40)
    assert len({one, two, delivered(one, 48), delivered(two, 48), delivered(one, 24)}) == 5
