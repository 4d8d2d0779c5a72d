"""What every connector promises, whoever wrote it: its fields, its settings, its words. No network."""

from __future__ import annotations

import inspect
import re

import pytest

from understudy.collecting.given import variable
from understudy.connectors.base import Connector, Http, More, Repeats
from understudy.connectors.registry import connector, connectors
from understudy.errors import UnderstudyError

ALL = connectors()
METHODS = ("check", "send", "find", "fetch", "remove")
SECRET_WORDS = ("token", "password", "secret", "webhook", "api_key")


def test_all_are_found() -> None:
    assert {
        "facebook",
        "instagram",
        "mastodon",
        "bluesky",
        "telegram",
        "discord",
        "matrix",
        "web",
        "folder",
        "fake",
    } <= {*ALL}
    assert list(ALL) == sorted(ALL)
    assert connector("web") is ALL["web"]
    with pytest.raises(UnderstudyError, match="--via: 'nobody'; expected one of bluesky"):
        connector("nobody")


@pytest.mark.parametrize("name", ALL)
def test_fields(name: str) -> None:
    c = ALL[name]
    assert c.name == name and re.fullmatch("[a-z][a-z0-9-]*", name)
    module = inspect.getmodule(c)
    assert module is not None and module.__name__.rpartition(".")[2] == name.replace("-", "_"), "a file of its name"
    assert c.title and not c.title.endswith(".")
    assert len(c.terms) > 10 and len(c.source) > 10
    assert all(re.fullmatch(r"image/[a-z0-9.+-]+", kind) for kind in c.takes)
    assert len(set(c.takes)) == len(c.takes)
    assert isinstance(c.repeats, Repeats)
    assert inspect.getdoc(c) and inspect.getdoc(module)


@pytest.mark.parametrize("name", ALL)
def test_settings(name: str) -> None:
    settings = ALL[name].settings
    names = [s.name for s in settings]
    assert len(set(names)) == len(names)
    assert len({variable(ALL[name], s) for s in settings}) == len(names)
    for s in settings:
        assert re.fullmatch("[a-z][a-z0-9_]*", s.name) and len(s.says) > 8
        if any(word in s.name for word in SECRET_WORDS):
            assert s.secret, f"{s.name} looks like a secret"
        assert not (s.secret and s.default), "a secret with a default is none"


@pytest.mark.parametrize("name", ALL)
def test_methods(name: str) -> None:
    for method in METHODS:
        ours = inspect.signature(getattr(ALL[name], method))
        assert list(ours.parameters) == list(inspect.signature(getattr(Connector, method)).parameters), method
    for extra in ("settles_s", "harmless_s", "most_bytes"):
        assert float(getattr(ALL[name], extra, getattr(More, extra))) >= 0


@pytest.mark.parametrize("name", [n for n, c in ALL.items() if c.repeats is Repeats.UNKNOWABLE])
def test_what_cannot_be_found_says_so(name: str) -> None:
    values = {s.name: s.default if s.default is not None else "https://example.org/1" for s in ALL[name].settings}
    with Http() as http, pytest.raises(NotImplementedError):
        ALL[name](values, http).find("0" * 32)


@pytest.mark.parametrize("name", ALL)
def test_making_one_asks_nobody_and_shows_no_secret(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a request")

    monkeypatch.setattr(Http, "request", refuse)
    there = {s.name: s.default for s in ALL[name].settings if s.default is not None and not s.secret}
    values = {s.name: "hush" if s.secret else "https://example.org/1" for s in ALL[name].settings} | there
    with Http() as http:
        made = ALL[name](values, http)
        assert "hush" not in repr(made) + str(made)
        if callable(getattr(made, "account", None)):
            assert "hush" not in repr(made.account)
