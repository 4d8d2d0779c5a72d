"""`collect` to the emulated Graph API, killed at 30 random moments: no upload lost or doubled, every file whole.

The emulator answers as Facebook documents; its pictures are made by a profile. Killed is the connector that ships, as
it ships, with what it does not know about the real Facebook (whether unpublished photos are listed) left unknown.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image
from test_kill import KILLS, STATES, Worker, _states, enough, killed_at_random

import understudy as us
from understudy.connectors.base import Http, Posted
from understudy.connectors.facebook import Facebook
from understudy.emulators.running import Running, running

PICTURES = 4


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close()


@pytest.fixture(scope="module")
def facebook() -> Iterator[Running]:
    with running("facebook") as there:
        yield there


def settings(there: Running) -> dict[str, str]:
    names = {s.name for s in Facebook.settings}
    return {k: v for k, v in {**there.settings, "token": there.token}.items() if k in names}


def pictures(folder: Path, seed: int) -> Path:
    (folder / "sent").mkdir(parents=True)
    for i in range(PICTURES):
        image = Image.radial_gradient("L").resize((90 + i, 70)).convert("RGB")
        image.putpixel((0, 0), (seed % 256, i, seed // 256))
        image.save(folder / "sent" / f"p{i}.png")
    return folder


def is_right(folder: Path, there: Running) -> None:
    """Every picture was posted once, and every file is what the emulator delivers for it, byte for byte."""
    state = there.state()
    values = {s.name: s.default or "" for s in Facebook.settings} | settings(there)
    db = sqlite3.connect(folder / "collect.sqlite")
    rows = dict(db.execute("SELECT sha256, json_extract(posted, '$.id') FROM uploads WHERE state = 'fetched'"))
    db.close()
    assert len(rows) == PICTURES
    with Http([there.token]) as http:
        connector = Facebook(values, http)
        for i in range(PICTURES):
            sent = sha256((folder / "sent" / f"p{i}.png").read_bytes()).hexdigest()
            assert state["times_taken"][sent] == state["times_posted"][sent] == state["times_live"][sent] == 1
            for r in connector.fetch(Posted(rows[sent])):
                assert (folder / "renditions" / f"p{i}" / f"{r.name}.jpg").read_bytes() == r.data
                if r.main:
                    assert (folder / "received" / f"p{i}.jpg").read_bytes() == r.data
    assert not list(folder.rglob("*.tmp"))
    assert len(us.find_pairs(folder)) == PICTURES


def test_killed_at_30_random_moments_against_the_emulated_facebook(
    worker: Worker, facebook: Running, tmp_path: Path
) -> None:
    rng = random.Random(30)
    facebook.misbehave("slow on=upload seconds=0.05 times=9999; slow on=download seconds=0.02 times=9999")
    job = {"via": "facebook", "settings": settings(facebook), "settles_s": 5.0}
    killed = rounds = 0
    states: Counter[str] = Counter()
    lasts = 0.0
    while not enough(killed, states):
        folder = pictures(tmp_path / str(rounds), rounds)
        job["place"] = str(folder)
        while rounds > 0 and not enough(killed, states):
            pid = worker.start(**job)
            if not killed_at_random(worker, pid, rng.uniform(0.0, lasts)):
                break
            killed += 1
            states.update(_states(folder))
        for _ in range(3):  # where nothing of ours is listed yet, the connector rather asks a person than posts twice
            began = time.monotonic()
            worker.start(**job)
            if worker.end() == 0:
                break
        else:
            pytest.fail("it does not come to its end")
        lasts = lasts or time.monotonic() - began
        is_right(folder, facebook)
        rounds += 1
    assert killed >= KILLS
    assert set(states) >= STATES, f"{killed} kills, none of them in {STATES - set(states)}"
