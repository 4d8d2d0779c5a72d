"""Ctrl-C while learn reads, searches, settles or proves: one line, or what is known so far, marked as interrupted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from pictures import jpeg, picture, png

import understudy as us
from understudy.cli.app import main
from understudy.learning import learned as learning
from understudy.learning.search import Search
from understudy.profile import dumps, loads
from understudy.report import html
from understudy.terminal.learned import page
from understudy.verification import compare


def pairs() -> list[tuple[bytes, bytes]]:
    return [(png(picture(i, 96, 64)), jpeg(picture(i, 96, 64), quality=80)) for i in range(2)]


def struck(*args: Any, **options: Any) -> Any:
    raise KeyboardInterrupt


def after(calls: int, real: Any) -> Any:
    """`real`, which from its call number `calls` on is interrupted."""
    count = 0

    def once(*args: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count > calls:
            raise KeyboardInterrupt
        return real(*args, **options)

    return once


def usable(found: us.Learned) -> None:
    """Whether it can be written, shown and played."""
    assert found.interrupted and found.to_dict()["interrupted"]
    assert any("interrupted" in text for text in found.profile.unproven)
    assert loads(dumps(found.profile)) == found.profile
    assert "interrupted" in html(found) and page(found)
    assert us.mimic(pairs()[0][0], found.profile).data[:2] == b"\xff\xd8"


@pytest.mark.parametrize("name", ["match", "headers", "size_rules"])
def test_while_reading(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, name, struck)
    with pytest.raises(KeyboardInterrupt, match="before anything was learned"):
        us.learn(pairs())


def test_while_reading_from_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for side, index in (("sent", 0), ("received", 1)):
        (tmp_path / side).mkdir()
        for i, pair in enumerate(pairs()):
            (tmp_path / side / f"{i}.{'png' if index == 0 else 'jpg'}").write_bytes(pair[index])
    monkeypatch.setattr(learning, "match", struck)
    monkeypatch.setattr(sys, "argv", ["understudy", "learn", str(tmp_path), "-o", str(tmp_path / "p.toml")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "understudy: interrupted before anything was learned: nothing to write\n"
    assert not (tmp_path / "p.toml").exists()


def test_while_searching(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Search, "ask", after(3, Search.ask))
    found = us.learn(pairs())
    usable(found)
    assert found.scores.pairs == 2


@pytest.mark.parametrize("name", ["settle", "as_profile"])
def test_while_settling(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    struck_once = iter([struck])
    real = getattr(learning, name)
    monkeypatch.setattr(learning, name, lambda *a, **k: next(struck_once, real)(*a, **k))
    found = us.learn(pairs())
    usable(found)
    assert found.scores.pairs == 0
    assert "Not proved: no pair was played." in html(found)


def test_while_proving(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scores are those of the pairs that were played."""
    monkeypatch.setattr(learning, "compare", after(1, compare))
    found = us.learn(pairs())
    usable(found)
    assert (found.scores.pairs, found.scores.bytes_identical) == (1, 1)
    assert found.profile.proof[0].result.startswith("1 of 1 files byte for byte")
