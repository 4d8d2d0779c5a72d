"""`understudy learn` as a person or a script meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

import understudy as us
from oracles import scene
from test_cli import Ran, failed
from understudy.learning.search import Search


def channel(folder: Path, names: dict[str, tuple[int, int]], **save: object) -> Path:
    """Pairs made by Pillow: PNGs, encoded at their own size."""
    for side in ("sent", "received"):
        (folder / side).mkdir(parents=True)
    for name, size in names.items():
        image = Image.fromarray(scene(*size))
        image.save(folder / "sent" / f"{name}.png")
        image.save(folder / "received" / f"{name}.jpg", **save)  # type: ignore[arg-type]
    return folder


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return channel(tmp_path_factory.mktemp("train") / "p", {"one": (144, 112), "three": (176, 90)}, quality=77)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return channel(tmp_path_factory.mktemp("test") / "p", {"another": (120, 150)}, quality=77)


def test_learned_written_and_proved(pairs: Path, others: Path, tmp_path: Path) -> None:
    """One JSON document on standard output; a profile that plays; a report; the other pairs' scores."""
    toml, page = tmp_path / "out" / "mine.toml", tmp_path / "mine.html"
    ran = Ran("learn", pairs, "-o", toml, "--report", page, "--test", others, "--json", "--name", "mine/2026")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert document["profile"] == "mine/2026"
    assert document["interrupted"] is False
    assert (document["scores"]["bytes_identical"], document["scores"]["pairs"]) == (2, 2)
    assert (document["test"]["bytes_identical"], document["test"]["pairs"]) == (1, 1)
    assert document["test"]["free"] == "predicted"
    profile = us.load_profile(toml)
    assert profile.name == "mine/2026"
    assert us.mimic(others / "sent" / "another.png", profile).data == (others / "received/another.jpg").read_bytes()
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(ran.err.splitlines()) == sorted([f"{toml}: written", f"{page}: written"])


def test_the_page_says_what_happens_and_what_was_guessed(pairs: Path) -> None:
    ran = Ran("learn", pairs)
    assert ran.code == 0, ran.err
    assert ran.err == "", "no progress where standard error is no terminal"
    assert ran.out.startswith("2 of 2 byte-identical")
    for words in ("Encoded at quality 77 (annex-k)", "what happens to a picture", "pairs learned from", "guesses",
                  "EXIF orientation", "what would tell"):  # fmt: skip
        assert words in ran.out


def test_a_profile_that_fails_on_other_pairs_is_not_praised(pairs: Path, tmp_path: Path) -> None:
    """--test with another channel's pairs: the verdict is about those."""
    strangers = channel(tmp_path / "p", {"stranger": (120, 150)}, quality=31)
    ran = Ran("learn", pairs, "--test", strangers)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("0 of 1 byte-identical")
    assert "2 of 2" not in ran.out.splitlines()[0]


def test_ctrl_c_leaves_what_is_known(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search is interrupted at its third question; the profile of what is known is written, and says so."""
    asked: list[str] = []
    ask = Search.ask

    def interrupted(self: Search, question: object) -> object:
        asked.append("one")
        if len(asked) == 3:
            raise KeyboardInterrupt
        return ask(self, question)  # type: ignore[arg-type]

    monkeypatch.setattr(Search, "ask", interrupted)
    toml, page = tmp_path / "part.toml", tmp_path / "part.html"
    ran = Ran("learn", pairs, "-o", toml, "--report", page)
    assert ran.code == 130
    assert "interrupted" in ran.out
    assert us.load_profile(toml).steps
    assert "It was stopped before every question was settled" in page.read_text(encoding="utf-8")


def test_what_cannot_be_learned_from_is_one_line(tmp_path: Path, pairs: Path) -> None:
    failed(Ran("learn", tmp_path / "nowhere"), "nowhere: not found")
    (tmp_path / "empty").mkdir()
    failed(Ran("learn", tmp_path / "empty"), "empty", "no pairs")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    failed(Ran("learn", tmp_path / "bad.csv"), "columns sent, received")
    failed(Ran("learn", pairs, "--test", tmp_path / "nowhere"), "nowhere: not found")
    broken = channel(tmp_path / "broken", {"one": (40, 30)})
    (broken / "received" / "one.jpg").write_bytes(b"not a JPEG")
    failed(Ran("learn", broken), "one")
    assert not (tmp_path / "out.toml").exists()


def test_a_place_that_cannot_be_written_is_one_line(pairs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = Ran("learn", pairs, "-o", tmp_path / "file" / "mine.toml")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1 and "file" in ran.err


def test_usage(pairs: Path) -> None:
    assert Ran("learn").code == 2
    assert Ran("learn", pairs, "--no-such").code == 2
