"""Jobs from start to end: what comes of each kind, what a crash, a cancel, too much and an end of the server cost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner
from visitors import SMALL, Visitor, files_below, jpeg, pairs, saved, visited, words, zipped

import understudy as us
from oracles import scene
from understudy.cli import app
from understudy.profile import loads
from understudy.web.limits import Limits
from understudy.web.serving import check_host, is_loopback


@pytest.fixture(scope="module")
def small() -> Iterator[Visitor]:
    with visited(SMALL) as visitor:
        yield visitor


def both(made: dict[str, tuple[bytes, bytes]]) -> list[tuple[str, tuple[str, bytes]]]:
    """Pairs as the two wells send them."""
    sent = [("sent", (f"{name}.png", data)) for name, (data, _) in made.items()]
    return sent + [("received", (f"{name}.jpg", data)) for name, (_, data) in made.items()]


def test_an_inspection_is_the_library_s_page(visitor: Visitor) -> None:
    data = jpeg(progressive=True)
    job = visitor.done(visitor.give("/inspect", {"file": ("<b>a.jpg", data)}))
    page = visitor.get(f"/job/{job.id}").text
    seen = us.inspect(data)
    assert all(sentence in words(page) for sentence in seen.verdict)
    assert seen.sha256 in page and "&lt;b&gt;a.jpg" in page and "<b>a" not in page
    assert "Download the page" in words(page)
    assert job.result["headline"] == seen.verdict[0]
    found = json.loads(visitor.get(f"/job/{job.id}/inspection.json").content)
    assert found == json.loads(json.dumps(us.inspect(data, "coefficients").to_dict()))


def test_a_file_that_is_no_picture_is_told_in_the_library_s_line(visitor: Visitor) -> None:
    job = visitor.done(visitor.give("/inspect", {"file": ("a.txt", b"hello")}))
    with pytest.raises(us.UnderstudyError) as error:
        us.inspect(b"hello")
    assert (job.state, job.text) == ("failed", str(error.value))
    assert "This was not done." in visitor.get(f"/job/{job.id}").text


def test_a_delivered_file_is_the_one_that_mimic_makes(visitor: Visitor) -> None:
    data = saved(Image.fromarray(scene(120, 90)), "PNG")
    job = visitor.done(visitor.give("/compare", {"picture": ("photo.png", data)}, profile="facebook/classic-2014",
                                    second="generic/libjpeg-turbo"))  # fmt: skip
    assert job.state == "done", job.text
    for number, name in enumerate(("facebook/classic-2014", "generic/libjpeg-turbo")):
        answer = visitor.get(f"/job/{job.id}/delivered-{number}.jpg?download")
        assert answer.content == us.mimic(data, name).data
        assert answer.headers["content-disposition"] == f'attachment; filename="photo-{name.replace("/", "-")}.jpg"'
    page = words(visitor.get(f"/job/{job.id}").text)
    assert "What the two do otherwise" in page and "Not proved" in page and "the sent file is no JPEG" in page
    assert [f for f in files_below(job.folder) if f.startswith("upload")] == []


@pytest.mark.parametrize("way", ["wells", "zip", "csv"])
def test_pairs_become_a_profile_however_they_come(visitor: Visitor, way: str) -> None:
    made = pairs(2, progressive=True)
    if way == "wells":
        files = [("sent", (f"{n}.png", s)) for n, (s, _) in made.items()]
        files += [("received", (f"{n.upper()}.JPG", r)) for n, (_, r) in made.items()]
    elif way == "zip":
        members = {f"p/sent/{n}.png": s for n, (s, _) in made.items()}
        members |= {f"p/received/{n}.jpg": r for n, (_, r) in made.items()}
        files = [("archive", ("pairs.zip", zipped(members)))]
    else:
        table = "sent,received\n" + "".join(f"{i}.png,out {i}.jpg\n" for i in range(2))
        members = {f"{i}.png": s for i, (s, _) in enumerate(made.values())}
        members |= {f"out {i}.jpg": r for i, (_, r) in enumerate(made.values())} | {"list.csv": table.encode()}
        files = [("archive", ("pairs.zip", zipped(members)))]
    job = visitor.done(visitor.give("/learn", files, name="mine/2026"))
    assert job.state == "done", job.text
    profile = loads(visitor.get(f"/job/{job.id}/profile.toml").text)
    assert profile.name == "mine/2026"
    for sent, received in made.values():
        assert us.mimic(sent, profile).data == received
    scores = json.loads(visitor.get(f"/job/{job.id}/scores.json").content)
    assert (scores["scores"]["bytes_identical"], scores["scores"]["pairs"]) == (2, 2)
    report = visitor.get(f"/job/{job.id}").text
    assert "Reproduced byte for byte" in report and "Download the profile (TOML)" in report
    assert not (job.folder / "unpacked").exists()
    if way == "wells":
        assert "picture 0" in report, "pairs keep the visitor's names"


def test_a_learned_profile_can_be_tried_at_once(visitor: Visitor) -> None:
    made = pairs(2)
    files = both(made)
    job = visitor.done(visitor.give("/learn", files, hold_out="1"))
    start = visitor.get(f"/?as=job:{job.id}").text
    assert "Learned here" in start and f'value="job:{job.id}" aria-describedby' in start
    (sent, received) = next(iter(made.values()))
    tried = visitor.done(visitor.give("/compare", {"picture": ("x.png", sent)}, profile=f"job:{job.id}"))
    assert visitor.get(f"/job/{tried.id}/delivered-0.jpg").content == received
    own = visitor.get(f"/job/{job.id}/profile.toml").content
    sent_along = [("picture", ("x.png", sent)), ("toml", ("mine.toml", own))]
    tried = visitor.done(visitor.give("/compare", sent_along, profile="generic/libjpeg-turbo"))
    assert [m["profile"] for m in tried.result["made"]] == ["learned/channel", "generic/libjpeg-turbo"]
    broken = visitor.done(visitor.give("/compare", [("picture", ("x.png", sent)), ("toml", ("x.toml", b"a = ["))]))
    assert broken.state == "failed" and broken.text.startswith("x.toml: ")


def test_renamed_files_are_paired_by_what_they_show(visitor: Visitor) -> None:
    made = list(pairs(3).values())
    files = [("sent", (f"IMG_{i}.png", s)) for i, (s, _) in enumerate(made)]
    files += [("received", (f"{9 - i}_n.jpg", r)) for i, (_, r) in enumerate(made)]
    job = visitor.done(visitor.give("/learn", files))
    assert job.state == "done" and (job.result["pairs"], job.result["set_aside"]) == (3, 0)
    assert "9_n.jpg is paired with IMG_0.png by content" in words(visitor.get(f"/job/{job.id}").text)


def test_pairs_that_teach_nothing_are_told(visitor: Visitor) -> None:
    job = visitor.done(visitor.give("/learn", [("sent", ("a.png", b"x")), ("received", ("a.jpg", b"y"))]))
    assert job.state == "failed" and job.text.startswith("learn: all 1 pairs were set aside")
    job = visitor.done(visitor.give("/learn", [("archive", ("a.zip", b"no zip"))]))
    assert job.state == "failed" and job.text.startswith("the zip: ")


def events(visitor: Visitor, path: str) -> list[dict[str, object]]:
    """What an event stream says until it ends."""
    with visitor.stream("GET", f"{path}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        return [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]


def test_progress_is_told_as_it_goes_and_a_search_can_be_ended_with_what_is_known(visitor: Visitor) -> None:
    made = pairs(6, 420, 300)
    files = both(made)
    answer = visitor.give("/learn", files)
    job = visitor.page.desk.find(answer.json()["job"].rpartition("/")[2])
    assert job is not None
    while not (job.state == "running" and job.text and not job.text.startswith(("unpacking", "reading", "comparing"))):
        assert not job.finished, job.text
        time.sleep(0.005)
    assert visitor.post(f"/job/{job.id}/enough").status_code == 303
    told = events(visitor, f"/job/{job.id}")
    assert told[-1]["state"] == "done"
    shares = [float(str(t["share"])) for t in told]
    assert shares == sorted(shares)
    assert job.result["interrupted"] is True
    assert "stopped before every question was settled" in visitor.get(f"/job/{job.id}").text
    assert loads(visitor.get(f"/job/{job.id}/profile.toml").text).steps


def test_a_job_is_dropped_while_it_runs_and_the_next_is_done(visitor: Visitor) -> None:
    made = pairs(4, 420, 300)
    files = both(made)
    first, second = visitor.give("/learn", files), visitor.give("/learn", files[:1] + files[4:5])
    one, two = (visitor.page.desk.find(a.json()["job"].rpartition("/")[2]) for a in (first, second))
    assert one is not None and two is not None
    assert visitor.page.desk.ahead(two) == 1 and "1 before this one" in visitor.get(f"/job/{two.id}").text
    assert visitor.post(f"/job/{one.id}/drop").status_code == 303
    assert visitor.get(f"/job/{one.id}").status_code == 404
    assert visitor.done(second).state == "done"
    assert not one.folder.exists()


def test_a_worker_that_dies_costs_one_job(visitor: Visitor) -> None:
    lane = visitor.page.desk._lanes["quick"]
    picture = {"picture": ("a.png", saved(Image.fromarray(scene(1500, 1200)), "PNG"))}
    answer = visitor.give("/compare", picture, profile="facebook/web-2024")
    job = visitor.page.desk.find(answer.json()["job"].rpartition("/")[2])
    while job is not None and job.state == "waiting":
        time.sleep(0.01)
    assert lane._worker is not None and lane._worker._process.pid
    os.kill(lane._worker._process.pid, signal.SIGKILL)
    assert visitor.done(answer).state == "failed"
    assert job is not None and "ended before it was done (exit code -9)" in job.text
    assert visitor.done(visitor.give("/inspect", {"file": ("a.jpg", jpeg())})).state == "done"


def test_only_the_latest_are_kept(small: Visitor) -> None:
    jobs = [small.done(small.give("/inspect", {"file": (f"{i}.jpg", jpeg(16, 16, i))})) for i in range(6)]
    kept = [job.name for job in small.page.desk.jobs()]
    assert kept == ["5.jpg", "4.jpg", "3.jpg"]
    answer = small.get(f"/job/{jobs[0].id}")
    assert answer.status_code == 404 and "not kept any more" in answer.text and not jobs[0].folder.exists()


def test_too_much_of_time_memory_and_waiting() -> None:
    with visited(Limits(seconds=0.001, waiting=1, memory=1500 << 20)) as visitor:
        desk = visitor.page.desk
        late = visitor.done(visitor.give("/inspect", {"file": ("a.jpg", jpeg())}))
        assert late.state == "failed" and "not done after" in late.text
        answers = [visitor.give("/learn", [("sent", ("a.png", b"x")), ("received", ("a.jpg", b"y"))]) for _ in range(6)]
        assert {a.status_code for a in answers} == {200, 413}
        assert "jobs wait already" in answers[-1].json()["error"]
        assert len([j for j in desk.jobs() if j.kind == "learn"]) == sum(a.status_code == 200 for a in answers)


def test_a_picture_that_needs_more_memory_than_allowed_fails_alone() -> None:
    with visited(Limits(memory=640 << 20)) as visitor:  # a worker has 460 MB before it does anything
        large = saved(Image.new("RGB", (3000, 3000), (9, 99, 199)), "PNG", compress_level=1)
        job = visitor.done(visitor.give("/compare", {"picture": ("a.png", large)}, profile="generic/libjpeg-turbo"), 90)
        assert job.state == "failed" and "memory" in job.text, job.text
        assert visitor.done(visitor.give("/inspect", {"file": ("a.jpg", jpeg())})).state == "done"


# --- the command


def test_hosts_that_others_reach_need_to_be_meant() -> None:
    assert all(is_loopback(h) for h in ("127.0.0.1", "::1", "localhost", "127.3.2.1"))
    for host in ("0.0.0.0", "::", "192.0.2.1", "pictures.example", ""):
        with pytest.raises(us.UnderstudyError, match="--anyone"):
            check_host(host, anyone=False)
        check_host(host, anyone=True)


class Served:
    """`understudy serve` as a process."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "understudy", "serve", "--no-browser", *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        assert self.process.stderr is not None
        self.address = self.process.stderr.readline().strip()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_end_leaves_nothing(how: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    served = Served()
    try:
        assert served.address.startswith("http://127.0.0.1:") and "/in/" in served.address, served.address
        home = served.address.partition("/in/")[0]
        for _ in range(100):
            try:
                urllib.request.urlopen(home, timeout=5)
            except urllib.error.HTTPError as error:
                assert error.code == 404
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        assert len(list(tmp_path.glob("understudy-page-*"))) == 1
        assert (next(tmp_path.glob("understudy-page-*")).stat().st_mode & 0o777) == 0o700
        time.sleep(1)  # its worker is there
        os.killpg(served.process.pid, how)
        _, said = served.process.communicate(timeout=20)
        assert served.process.returncode == (-9 if how == signal.SIGKILL else 0)
        if how != signal.SIGKILL:
            assert "Traceback" not in said and said.endswith("closed; what was sent is deleted\n")
            assert list(tmp_path.glob("understudy-page-*")) == []
    finally:
        served.process.kill()


def test_a_server_that_is_killed_alone_takes_its_workers_and_files_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    served = Served()
    time.sleep(2)
    served.process.kill()
    served.process.wait()
    end = time.monotonic() + 10
    while list(tmp_path.glob("understudy-page-*")) and time.monotonic() < end:
        time.sleep(0.1)
    assert list(tmp_path.glob("understudy-page-*")) == []


def test_what_the_command_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*options: str) -> str:
        done = CliRunner().invoke(app, ["serve", "--no-browser", *options])
        assert isinstance(done.exception, us.UnderstudyError), done.output
        assert "\n" not in str(done.exception)
        return str(done.exception)

    assert "--anyone" in said("--host", "0.0.0.0")
    assert "--anyone" in said("--host", "0.0.0.0", "--emulate", "facebook")
    assert "expected a free address of this machine" in said("--host", "192.0.2.1", "--anyone")
    assert CliRunner().invoke(app, ["serve", "--as", "facebook"]).exit_code == 2
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert said() == "serve: uvicorn is not installed; pip install 'understudy[web]'"
