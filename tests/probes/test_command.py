"""`understudy probe` from a shell's side: what it writes, what it leaves alone, what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import understudy as us
from understudy.cli import app
from understudy.pairs import find_pairs

SMALL = "16-bit samples"


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["probe", *words])
    assert done.exit_code == code, done.output
    return done.output


def test_it_writes_pictures_and_a_manifest_and_overwrites_nothing(tmp_path: Path) -> None:
    run("-o", str(tmp_path), "--for", SMALL)
    files = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert set(files) == {"sent/deep-rgb.png", "sent/deep-grey.png", "manifest.json"}
    assert {f"sent/{name}": data for name, data in us.probe(SMALL).by_name.items()}.items() <= files.items()
    run("-o", str(tmp_path), "--for", SMALL)  # the same again changes nothing
    done = CliRunner().invoke(app, ["probe", "-o", str(tmp_path), "--for", SMALL, "--seed", "1"])
    assert "is there already" in str(done.exception)
    assert {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == files


def test_json_is_the_manifest_and_photographs_come_along(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "cat.jpg").write_bytes(b"as it is")
    done = CliRunner().invoke(
        app, ["probe", "-o", str(tmp_path / "out"), "--for", SMALL, "--photographs", str(own), "--json"]
    )
    document = json.loads(done.stdout)
    assert document == json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [row["name"] for row in document["files"]][-1] == "cat.jpg"
    assert (tmp_path / "out" / "sent" / "cat.jpg").read_bytes() == b"as it is"


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    """A folder of probes, and their deliveries under other names in `downloads/`."""
    made = us.probe(SMALL)
    run("-o", str(tmp_path), "--for", SMALL)
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    for i, data in enumerate(made.by_name.values()):
        (downloads / f"IMG_{9 - i}.jpg").write_bytes(us.mimic(data, "telegram/2025").data)
    (downloads / "holiday.jpg").write_bytes(b"no picture")
    return tmp_path


def test_renamed_downloads_become_pairs(loop: Path) -> None:
    told = run("--match", str(loop), str(loop / "downloads"))
    assert "2 of 3 downloads are known" in told
    assert "not matched: holiday.jpg: no mark can be read" in told
    pairs = find_pairs(loop)
    assert [p.name for p in pairs] == ["deep-grey", "deep-rgb"]
    for pair in pairs:
        sent, received = pair.read()
        assert received == us.mimic(sent, "telegram/2025").data


def test_what_lies_in_received_stays(loop: Path) -> None:
    (loop / "received").mkdir()
    (loop / "received" / "deep-rgb.png").write_bytes(b"another")
    told = run("--match", str(loop), str(loop / "downloads"))
    assert "left as it was" in told
    assert {p.name for p in (loop / "received").iterdir()} == {"deep-rgb.png", "deep-grey.jpg"}
    assert (loop / "received" / "deep-rgb.png").read_bytes() == b"another"
    document = json.loads(run("--match", str(loop), str(loop / "downloads"), "--json"))
    assert [m["probe"] for m in document["matches"]] == ["deep-grey.png", "deep-rgb.png", ""]
    assert document["missing"] == []
    assert len(document["kept"]) == 1


def test_a_learned_profile_says_what_to_send_next(tmp_path: Path) -> None:
    """The guesses of a profile as `learn` writes it become probes; one that was not learned is refused."""
    from dataclasses import replace

    from understudy.profile import Answer, LearnedPair, Learning, dumps

    answers = (Answer(SMALL, "strip", guess=True), Answer("software", "Pillow", guess=True))
    pairs = (LearnedPair("some", "0" * 64, "0" * 64),)
    profile = replace(us.load_profile("telegram"), learned=Learning("a test", "2026-01-01", pairs, answers))
    (tmp_path / "p.toml").write_text(dumps(profile), encoding="utf-8")
    run("-o", str(tmp_path / "next"), "--for", str(tmp_path / "p.toml"))
    assert {p.name for p in (tmp_path / "next" / "sent").iterdir()} == {"deep-rgb.png", "deep-grey.png"}
    (tmp_path / "q.toml").write_text(dumps(us.load_profile("telegram")), encoding="utf-8")
    done = CliRunner().invoke(app, ["probe", "-o", str(tmp_path), "--for", str(tmp_path / "q.toml")])
    assert "not learned" in str(done.exception)
    assert CliRunner().invoke(app, ["probe"]).exit_code == 2
