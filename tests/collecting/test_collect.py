"""`collect` against a server that misbehaves, a folder that does too, and a person who stops it."""

from __future__ import annotations

import csv
import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image
from shelf import TOKEN, Blind, Server, Shelf, Slow, delivered

import understudy as us
from understudy.collecting import place as placing
from understudy.collecting.collect import Collected, collect
from understudy.collecting.ledger import StorageError
from understudy.collecting.waiting import Patience
from understudy.connectors.base import AgainError, AuthError, ConnectorError
from understudy.errors import PairsError, UnderstudyError


class Clock:
    """Time that goes on by sleeping only."""

    def __init__(self) -> None:
        self.at, self.slept = 1.7e9, 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds
        self.slept += seconds

    def patience(self, limit_s: float = 900.0) -> Patience:
        return Patience(limit_s, now=self.now, sleep=self.sleep, jitter=lambda: 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


def folder_of(folder: Path, number: int = 3) -> Path:
    (folder / "sent").mkdir(parents=True)
    for i in range(number):
        Image.radial_gradient("L").resize((60 + i, 50)).convert("RGB").save(folder / "sent" / f"p{i}.png")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "dir")


def run(folder: Path, server: Server, clock: Clock, via: Any = Shelf, **options: Any) -> Collected:
    settings = {"url": server.url, "token": TOKEN}
    return collect(folder, via, settings=settings, **{"patience": clock.patience(), **options})


def states(folder: Path) -> list[str]:
    db = sqlite3.connect(folder / "collect.sqlite")
    try:
        return [row[0] for row in db.execute("SELECT state FROM uploads ORDER BY name")]
    finally:
        db.close()


# --- what is written


def test_everything_is_kept_and_learn_and_verify_take_it(folder: Path, server: Server, clock: Clock) -> None:
    done = run(folder, server, clock)
    assert (done.sent, done.fetched, done.failures, done.stopped) == (3, 3, (), "")
    assert done.account == "shelf of tests"
    data = (folder / "sent/p1.png").read_bytes()
    assert (folder / "received/p1.jpg").read_bytes() == delivered(data, 48)
    assert (folder / "renditions/p1/small.jpg").read_bytes() == delivered(data, 24)
    assert [p.name for p in us.find_pairs(folder)] == ["p0", "p1", "p2"]
    rows = list(csv.DictReader((folder / "collected.csv").open(newline="")))
    assert [(r["sent"], r["received"], r["rendition"]) for r in rows] == [
        (f"sent/p{i}.png", f"received/p{i}.jpg", "large") for i in range(3)
    ]
    assert us.verify("generic", folder / "collected.csv").to_dict()["pairs"] == 3
    document = json.loads((folder / "collected.json").read_text())
    renditions = document["pictures"][1]["renditions"]
    assert [(r["name"], r["main"], r["file"]) for r in renditions] == [
        ("large", True, "renditions/p1/large.jpg"), ("small", False, "renditions/p1/small.jpg")
    ]  # fmt: skip
    assert ["content-type", "image/jpeg"] in renditions[0]["headers"]
    assert f"{server.url}/photos/n1/large?token=" in renditions[0]["url"]
    assert set(document["pictures"][1]["times"]) == {"planned", "sending", "posted", "fetched", "removed"}
    before = len(server.requests)
    again = run(folder, server, clock)
    assert (again.sent, again.fetched) == (0, 0)
    assert server.requests[before:] == ["GET /photos"]


def test_the_command(folder: Path, server: Server) -> None:
    environment = {**os.environ, "UNDERSTUDY_FAKE_PROFILE": "generic"}
    command = [sys.executable, "-m", "understudy", "collect", str(folder), "--via", "fake", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fetched"] == 3
    assert done.stderr.splitlines() == ["terms: none: everything stays in a folder of this machine"]
    assert us.verify("generic", folder).to_dict()["bytes_identical"] == 3
    (folder / "received/p0.jpg").unlink()
    done = subprocess.run(command[:-1], capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 of 3 delivered and here" in done.stdout
    assert us.verify("generic", folder).to_dict()["bytes_identical"] == 3


def test_twins_are_sent_once_and_delivered_twice(folder: Path, server: Server, clock: Clock) -> None:
    (folder / "sent/twin.png").write_bytes((folder / "sent/p0.png").read_bytes())
    done = run(folder, server, clock)
    assert len(server.posts) == 3
    assert done.notes == ("twin.png has the same bytes as p0.png: sent once, delivered to both",)
    assert (folder / "received/twin.jpg").read_bytes() == (folder / "received/p0.jpg").read_bytes()
    assert len(us.find_pairs(folder)) == 4
    (folder / "sent/third.png").write_bytes((folder / "sent/p0.png").read_bytes())
    run(folder, server, clock)
    assert len(server.posts) == 3
    assert (folder / "renditions/third/small.jpg").exists() and len(us.find_pairs(folder)) == 5


@pytest.mark.parametrize("other", ["p0.jpg", "P0.webp"])
def test_two_files_of_one_stem_are_refused_before_anything_is_sent(
    other: str, folder: Path, server: Server, clock: Clock
) -> None:
    (folder / "sent" / other).write_bytes(b"x")
    with pytest.raises(UnderstudyError, match=r"p0\.png.*one file a stem|P0\.webp and p0\.png"):
        run(folder, server, clock)
    assert server.requests == []


def test_what_cannot_be_sent_is_told_and_the_others_go(folder: Path, server: Server, clock: Clock) -> None:
    (folder / "sent/text.png").write_text("hello")
    Image.new("RGB", (9, 9)).save(folder / "sent/old.bmp")
    (folder / "sent/large.png").write_bytes((folder / "sent/p0.png").read_bytes() + b"x" * (1 << 20))
    (folder / "sent/.hidden").write_text("")
    done = run(folder, server, clock)
    assert done.sent == 3
    told = "\n".join(sorted(done.failures))
    assert "old.bmp: image/bmp is not taken there" in told and "at most 1,048,576" in told
    assert "text.png: no picture" in told
    assert len(us.find_pairs(folder / "collected.csv")) == 3


def test_another_rendition(folder: Path, server: Server, clock: Clock) -> None:
    done = run(folder, server, clock, rendition="huge")
    assert len(done.failures) == 3
    assert "no rendition 'huge'; expected --rendition, one of large, small" in done.failures[0]
    posts = len(server.requests)
    done = run(folder, server, clock, rendition="small")
    assert done.failures == () and len(server.requests) == posts + 1, "what is here is not fetched again"
    data = (folder / "sent/p0.png").read_bytes()
    assert (folder / "received/p0.jpg").read_bytes() == delivered(data, 24)


def test_somebody_elses_files_are_left_alone(folder: Path, server: Server, clock: Clock) -> None:
    (folder / "received").mkdir()
    (folder / "received/p1.png").write_text("mine")
    done = run(folder, server, clock)
    assert done.sent == 2
    assert "p1.png: received/p1.png is there already" in done.failures[0]
    assert (folder / "received/p1.png").read_text() == "mine"
    other = collect(folder, "fake", settings={"profile": "generic"}, patience=clock.patience())
    assert other.sent == 0 and len(other.failures) == 3


def test_files_that_are_gone_or_damaged_come_back(folder: Path, server: Server, clock: Clock) -> None:
    run(folder, server, clock)
    whole = {p: p.read_bytes() for p in folder.glob("re*/**/*.jpg")}
    assert len(whole) == 9
    (folder / "received/p0.jpg").unlink()
    (folder / "renditions/p0/large.jpg").write_bytes(b"\xff\xd8 damaged")
    (folder / "renditions/p1/small.jpg").unlink()
    (folder / "received/p2.jpg").write_bytes(b"")
    done = run(folder, server, clock)
    assert (done.sent, done.failures) == (0, ())
    assert {p: p.read_bytes() for p in folder.glob("re*/**/*.jpg")} == whole


def test_an_original_that_changed_is_another_picture(folder: Path, server: Server, clock: Clock) -> None:
    run(folder, server, clock)
    Image.new("RGB", (70, 70), "red").save(folder / "sent/p0.png")
    assert run(folder, server, clock).sent == 1
    assert (folder / "received/p0.jpg").read_bytes() == delivered((folder / "sent/p0.png").read_bytes(), 48)


def test_an_original_that_changes_meanwhile_is_not_sent(folder: Path, server: Server, clock: Clock) -> None:
    server.on = lambda event: event == "taking" and (folder / "sent/p1.png").write_bytes(b"other")  # type: ignore[func-returns-value]
    done = run(folder, server, clock)
    assert done.sent == 2
    assert "changed meanwhile" in done.failures[0]


# --- a server that misbehaves


def test_reset_before_the_server_took_it(folder: Path, server: Server, clock: Clock) -> None:
    server.faults = [("POST", "/photos", "reset")]
    done = run(folder, server, clock)
    assert (done.sent, done.stopped, len(server.posts)) == (4, "", 3)
    assert states(folder) == ["fetched"] * 3


@pytest.mark.parametrize("what", ["reset", "500", "html", "429"])
def test_trouble_after_the_server_took_it(what: str, folder: Path, server: Server, clock: Clock) -> None:
    """It is found, and not sent again; 429 after taking it in is a lie that only a search would show: a server that
    says so did nothing."""
    server.faults = [("POST", "/photos", f"after {what}")]
    done = run(folder, server, clock)
    if what == "html":
        assert "expected JSON" in done.failures[0]
        done = run(folder, server, clock)
    assert done.failures == ()
    assert len(server.posts) == (4 if what == "429" else 3)
    assert states(folder) == ["fetched"] * 3


def test_retry_after_is_obeyed_and_told(folder: Path, server: Server, clock: Clock) -> None:
    server.faults = [("POST", "/photos", "429 37"), ("GET", "/photos/", "429 41")]
    told: list[str] = []
    done = run(folder, server, clock, progress=lambda text, n, of: told.append(text))
    assert done.failures == () and len(server.posts) == 3
    assert clock.slept == pytest.approx(37 + 41)
    assert done.waited_s == pytest.approx(37 + 41)
    assert any(t.startswith("waiting 37 s: as the platform asks (status 429") for t in told)


def test_patience_ends_and_the_next_run_goes_on(folder: Path, server: Server, clock: Clock) -> None:
    server.faults = [("POST", "/photos", "429 3600")]
    done = run(folder, server, clock)
    assert "3,600 s more to wait" in done.stopped and "--patience" in done.stopped
    assert clock.slept == 0 and len(server.posts) == 0
    assert states(folder) == ["planned"] * 3
    assert run(folder, server, clock).fetched == 3


def test_waits_grow_where_nothing_is_asked(folder: Path, server: Server, clock: Clock) -> None:
    server.faults = [("GET", "/photos/", "500")] * 6
    waits: list[str] = []
    done = run(folder, server, clock, progress=lambda text, n, of: waits.append(text.partition(":")[0]))
    assert done.failures == ()
    assert [w for w in waits if w.startswith("waiting")] == [f"waiting {2**i} s" for i in range(6)]


def test_a_picture_that_always_fails_does_not_hold_up_the_others(folder: Path, server: Server, clock: Clock) -> None:
    server.faults = [("GET", "/photos/n1/", "503")] * 50
    done = run(folder, server, clock)
    assert states(folder) == ["fetched", "posted", "fetched"]
    assert len(done.failures) == 1 and "p1.png" in done.failures[0] and "503" in done.failures[0]
    server.faults = []
    assert run(folder, server, clock).fetched == 1


@pytest.mark.parametrize("what", ["cut", "cut without a length"])
def test_a_download_that_is_cut_short_is_fetched_again(what: str, folder: Path, server: Server, clock: Clock) -> None:
    server.faults = [("GET", "/photos/n1/large", what)]
    assert run(folder, server, clock).failures == ()
    data = (folder / "sent/p1.png").read_bytes()
    assert (folder / "received/p1.jpg").read_bytes() == delivered(data, 48)


def test_a_page_instead_of_a_picture_is_no_delivery(folder: Path, server: Server, clock: Clock) -> None:
    server.faults = [("GET", "/photos/n1/large", "html")]
    done = run(folder, server, clock)
    assert len(done.failures) == 1 and "looks like an HTML page; expected a picture" in done.failures[0]
    assert not (folder / "received/p1.jpg").exists() and not (folder / "renditions/p1").exists()
    assert run(folder, server, clock).failures == ()


def test_three_failures_in_a_row_end_it(tmp_path: Path, server: Server, clock: Clock) -> None:
    folder = folder_of(tmp_path, 6)
    server.faults = [("POST", "/photos", "418")] * 9
    done = run(folder, server, clock)
    assert done.sent == 3 and "3 pictures in a row failed" in done.stopped
    server.faults = []
    assert run(folder, server, clock).fetched == 6
    assert len(server.posts) == 6


def test_a_refused_token_stops_at_once(folder: Path, server: Server, clock: Clock) -> None:
    with pytest.raises(AuthError, match="401"):
        collect(folder, Shelf, settings={"url": server.url, "token": "wrong"}, patience=clock.patience())
    server.faults = [("POST", "/photos", "401")]
    with pytest.raises(AuthError, match="401"):
        run(folder, server, clock)
    assert states(folder) == ["planned"] * 3 and len(server.posts) == 0


def test_rejected_pictures_are_noted_and_not_sent_again(folder: Path, server: Server, clock: Clock) -> None:
    data = (folder / "sent/p1.png").read_bytes()
    (folder / "sent/p1.png").write_bytes(data[:60])
    done = run(folder, server, clock)
    assert states(folder) == ["fetched", "rejected", "fetched"] and "not taken" in done.failures[0]
    assert run(folder, server, clock).sent == 0
    assert run(folder, server, clock, retry_rejected=True).sent == 1


def test_a_platform_at_work_is_asked_until_it_is_done(folder: Path, server: Server, clock: Clock) -> None:
    done = run(folder, server, clock, via=Slow)
    assert (done.fetched, done.failures) == (3, ())
    assert clock.slept > 100


def test_no_server_at_all(folder: Path, clock: Clock) -> None:
    with Server() as gone:
        pass
    with pytest.raises(AgainError, match="expected a server"):
        run(folder, gone, clock)
    assert clock.slept > 60


def test_a_connector_that_breaks_its_promises(folder: Path, server: Server, clock: Clock) -> None:
    class Broken(Shelf):
        name = "broken"

        def fetch(self, posted: Any) -> Any:
            return {"a": 1}[f"secret {TOKEN}"]

    done = run(folder, server, clock, via=Broken)
    assert "KeyError" in done.failures[0] and "test_collect.py" in done.failures[0] and TOKEN not in str(done)


# --- exactly once, and a person who decides


def test_what_nothing_tells_is_not_sent_again(folder: Path, server: Server, clock: Clock) -> None:
    server.faults = [("POST", "/photos", "after reset")]
    done = run(folder, server, clock, via=Blind)
    assert states(folder) == ["uncertain", "fetched", "fetched"] and len(server.posts) == 3
    assert len(done.failures) == 1
    assert run(folder, server, clock, via=Blind).sent == 0
    assert run(folder, server, clock, via=Blind, resend_uncertain=True).sent == 1
    assert len(server.posts) == 4


def test_removing(folder: Path, server: Server, clock: Clock) -> None:
    server.faults = [("DELETE", "/photos/n1", "500")]
    done = run(folder, server, clock, remove=True)
    assert (done.removed, server.alive()) == (3, [])
    assert states(folder) == ["removed"] * 3
    before = len(server.requests)
    assert run(folder, server, clock, remove=True).sent == 0
    assert len(server.requests) == before + 1
    (folder / "received/p0.jpg").unlink()
    assert run(folder, server, clock).failures == () and (folder / "received/p0.jpg").exists()
    (folder / "received/p0.jpg").unlink()
    (folder / "renditions/p0/large.jpg").unlink()
    assert "removed from the platform" in run(folder, server, clock).failures[0]


def test_clean_up_as_a_later_command(folder: Path, server: Server, clock: Clock) -> None:
    server.faults = [("GET", "/photos/n1/large", "html"), ("POST", "/photos", "reset")]
    run(folder, server, clock, limit=2)
    run(folder, server, clock, limit=2)
    (folder / "sent/p0.png").unlink()
    assert len(server.alive()) == 3
    done = run(folder, server, clock, clean_up=True)
    assert done.removed == 3 and server.alive() == []
    assert set(states(folder)) == {"removed"}
    with pytest.raises(UnderstudyError, match="no ledger"):
        run(folder / "sent", server, clock, clean_up=True)


def test_clean_up_takes_away_what_was_not_fetched_and_it_can_be_sent_anew(
    folder: Path, server: Server, clock: Clock
) -> None:
    server.faults = [("GET", "/photos/n1/large", "html")]
    run(folder, server, clock)
    run(folder, server, clock, clean_up=True)
    assert states(folder) == ["removed", "planned", "removed"] and server.alive() == []
    assert run(folder, server, clock).sent == 1
    assert len({p["key"] for p in server.posts}) == 4


def test_dry_run_sends_and_writes_nothing(folder: Path, server: Server, clock: Clock) -> None:
    Image.new("RGB", (9, 9)).save(folder / "sent/old.bmp")
    before = sorted(folder.rglob("*"))
    said: list[str] = []
    done = run(folder, server, clock, dry_run=True, say=said.append)
    assert sorted(folder.rglob("*")) == before and said == []
    assert server.requests == ["GET /photos"]
    assert [p["plan"] for p in done.pictures] == ["nothing", "send", "send", "send"]
    assert "not taken" in done.failures[0]
    with pytest.raises(UnderstudyError, match="url is not given"):
        collect(folder, Shelf, dry_run=True)
    run(folder, server, clock, only=["p0*"])
    done = run(folder, server, clock, dry_run=True, only=["p0", "p1.png"])
    assert [p["plan"] for p in done.pictures][1:] == ["nothing, it is here", "send", "nothing, it is not asked for"]


def test_only_limit_and_pause(folder: Path, server: Server, clock: Clock) -> None:
    assert run(folder, server, clock, only=["p2"]).sent == 1
    with pytest.raises(UnderstudyError, match="no picture 'p9'"):
        run(folder, server, clock, only=["p9"])
    with pytest.raises(PairsError):
        us.find_pairs(folder)
    assert len(us.find_pairs(folder / "collected.csv")) == 1
    assert run(folder, server, clock, limit=1).sent == 1
    assert run(folder, server, clock, limit=1, pause_s=50).sent == 1
    assert run(folder, server, clock, limit=1).sent == 0
    other = folder_of(folder.parent / "other")
    clock.slept = 0
    run(other, server, clock, pause_s=50)
    assert clock.slept == pytest.approx(100)


def test_terms_are_told_once_before_the_first_upload(folder: Path, server: Server, clock: Clock) -> None:
    said: list[str] = []
    server.on = lambda event: said.append(event) if event == "taking" else None
    run(folder, server, clock, say=said.append)
    run(folder, server, clock, say=said.append)
    assert said == ["terms: there are no terms on a shelf", "taking", "taking", "taking"]


# --- stopping


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_the_request(number: int, folder: Path, server: Server, clock: Clock) -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    first = iter([True])
    server.on = lambda event: os.kill(os.getpid(), number) if event == "taken" and next(first, False) else None
    done = run(folder, server, clock, via=Blind)
    assert (done.stopped, done.signal, len(server.posts)) == ("stopped", number, 1)
    assert states(folder) == ["posted", "planned", "planned"], "the answer was waited for and noted"
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
    assert run(folder, server, clock, via=Blind).failures == ()
    assert len(server.posts) == 3


def test_a_signal_ends_a_wait(folder: Path, server: Server) -> None:
    server.faults = [("POST", "/photos", "429 600")]
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    done = collect(folder, Shelf, settings={"url": server.url, "token": TOKEN})
    assert (done.stopped, done.signal) == ("stopped", signal.SIGINT)


def test_the_second_signal_ends_it_at_once(folder: Path, server: Server, clock: Clock) -> None:
    first = iter([True])

    def on(event: str) -> None:
        if event == "taken" and next(first, False):
            for pause in (0.0, 0.3):
                threading.Event().wait(pause)
                os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(1.0)

    server.on = on
    done = run(folder, server, clock)
    assert done.stopped == "stopped at once"
    assert states(folder) == ["sending", "planned", "planned"]
    assert run(folder, server, clock).failures == ()
    assert len(server.posts) == 3


# --- the folder and the disk


def test_no_pictures(tmp_path: Path, server: Server, clock: Clock) -> None:
    for there in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UnderstudyError, match=r"sent: No such file.*expected a folder with the pictures to send"):
            run(there, server, clock)
    (tmp_path / "sent").mkdir()
    with pytest.raises(UnderstudyError, match="no files"):
        run(tmp_path, server, clock)
    assert [p.name for p in tmp_path.iterdir()] == ["sent"]


def test_a_full_disk_stops_it_and_the_next_run_goes_on(
    folder: Path, server: Server, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, real = iter(range(99)), placing.write_file

    def full(path: Path, data: bytes, *, durable: bool = False) -> None:
        if next(calls) == 3:
            raise UnderstudyError("No space left on device", place=str(path), expected="a place to write to")
        real(path, data, durable=durable)

    monkeypatch.setattr(placing, "write_file", full)
    with pytest.raises(StorageError, match="No space left on device"):
        run(folder, server, clock)
    monkeypatch.undo()
    assert run(folder, server, clock).failures == ()
    assert len(server.posts) == 3 and len(us.find_pairs(folder)) == 3


def test_a_ledger_that_cannot_grow_stops_it_before_anything_is_sent_twice(
    folder: Path, server: Server, clock: Clock
) -> None:
    """SQLite's own limit plays the full disk at the moment when `posted` should be noted."""
    from understudy.collecting.ledger import Ledger

    real = Ledger.move

    def full(self: Ledger, upload: Any, state: Any, **more: Any) -> Any:
        if state.value == "posted":
            pages = self._db.execute("PRAGMA page_count").fetchone()[0]
            self._db.execute(f"PRAGMA max_page_count = {pages}")
            more["error"] = "x" * 100_000
        return real(self, upload, state, **more)

    Ledger.move = full  # type: ignore[method-assign]
    try:
        with pytest.raises(StorageError, match="full"):
            run(folder, server, clock)
    finally:
        Ledger.move = real  # type: ignore[method-assign]
    assert states(folder)[0] == "sending" and len(server.posts) == 1
    assert run(folder, server, clock).failures == ()
    assert len(server.posts) == 3


def test_a_folder_that_cannot_be_written() -> None:
    """As somebody who is not root, whom permissions do not hold."""
    code = (
        "import os, sys\nfrom understudy.collecting.collect import collect\nimport understudy.connectors.fake\n"
        "os.setuid(65534) if os.geteuid() == 0 else None\n"
        "try:\n    collect(sys.argv[1], 'fake', settings={'profile': 'generic', 'store': '/nowhere'})\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    with tempfile.TemporaryDirectory() as above:
        Path(above).chmod(0o755)
        folder = folder_of(Path(above) / "dir")
        folder.chmod(0o555)
        command = [sys.executable, "-c", code, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        folder.chmod(0o755)
    assert done.stdout.startswith("StorageError"), done.stdout + done.stderr
    assert "collect.sqlite: unable to open database file" in done.stdout


# --- secrets


def forms(token: str) -> list[str]:
    return [token, quote(token), quote(token, safe=""), json.dumps(token)[1:-1]]


def test_the_token_is_nowhere(
    folder: Path, server: Server, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in any file, not in what is returned, told, logged or raised: neither as it is nor as URLs write it."""
    monkeypatch.setenv("UNDERSTUDY_SHELF_TOKEN", TOKEN)
    told: list[str] = []
    caplog.set_level(logging.DEBUG)
    server.faults = [
        ("POST", "/photos", "after 500"), ("GET", "/photos/n1/large", "404"), ("GET", "/photos/n2/large", "503"),
    ]  # fmt: skip
    done = collect(
        folder, Shelf, settings={"url": server.url}, patience=clock.patience(),
        progress=lambda text, n, of: told.append(text), say=told.append,
    )  # fmt: skip
    assert done.fetched == 2 and "404" in done.failures[0]
    server.faults = [("GET", "/photos", "401")]
    with pytest.raises(AuthError) as raised:
        collect(folder, Shelf, settings={"url": server.url}, patience=clock.patience())
    texts = {str(p): p.read_bytes().decode("latin-1") for p in folder.rglob("*") if p.is_file()}
    assert len(texts) > 8
    texts |= {"told": "\n".join(told), "returned": repr(done) + json.dumps(done.to_dict())}
    texts |= {"raised": "".join(traceback.format_exception(raised.value)) + str(raised.value)}
    texts["logged"] = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("httpx"))
    assert "HTTP Request: GET" in texts["logged"] and "[hidden]" in texts["raised"]
    for where, text in texts.items():
        assert not any(form in text for form in forms(TOKEN)), where


def test_a_secret_on_the_command_line_is_refused(folder: Path) -> None:
    command = [sys.executable, "-m", "understudy", "collect", str(folder), "--via", "web"]
    given = ["--set", "to=http://127.0.0.1:9/{key}", "--set", f"secret={TOKEN}"]
    done = subprocess.run([*command, *given], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "UNDERSTUDY_WEB_SECRET" in line and "keyring set understudy web/secret" in line and TOKEN not in line
    assert not (folder / "collect.sqlite").exists()


def test_a_connector_error_is_one(folder: Path) -> None:
    with pytest.raises(ConnectorError, match="web, to"):
        collect(folder, "web", settings={"to": "ftp://x/{key}", "delivered": "http://x/{key}"})
    with pytest.raises(ConnectorError, match=r"web, to: {id}; expected of {ext}"):
        collect(folder, "web", settings={"to": "http://x/{id}", "delivered": "http://x/{key}"})
    with pytest.raises(UnderstudyError, match="one of"):
        collect(folder, "nobody")
