"""Each connector against the emulator of its platform: written by different hands from the same documentation.

Real sockets on loopback. What both got wrong in the same way shows here as right.
"""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from scripted import KEY, OTHER_KEY, picture

from understudy.connectors.base import AgainError, AuthError, ConnectorError, Picture, Posted, RejectedError, Repeats
from understudy.connectors.http import Http
from understudy.connectors.registry import connector
from understudy.emulators.running import Running, running

NAMES = ("facebook", "instagram", "mastodon", "bluesky", "telegram", "discord", "matrix")
LOOKING = tuple(name for name in NAMES if name != "telegram")
"""Those that can find."""
SENT = picture(400, 300)


@dataclass
class Desk:
    """A connector and the emulator it talks to."""

    made: Any
    there: Running
    sent: Picture


@contextmanager
def public(data: bytes) -> Iterator[str]:
    """A server that hands out the sent picture, as Instagram asks for."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "image/jpeg")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/{{name}}"
    finally:
        server.shutdown()
        server.server_close()


def told(name: str, there: Running, public_url: str, given: Mapping[str, str]) -> dict[str, str]:
    """The connector's settings, out of what the emulator says of itself."""
    kind, known = connector(name), {**there.settings, "public_url": public_url}
    values = {s.name: s.default for s in kind.settings if s.default is not None}
    values |= {s.name: known[s.name] for s in kind.settings if s.name in known}
    values |= {s.name: there.token for s in kind.settings if s.secret}
    return {**values, **given}


@contextmanager
def desk(name: str, **given: str) -> Iterator[Desk]:
    with running(name) as there, public(SENT.data) as public_url:
        values = told(name, there, public_url, given)
        with Http([there.token]) as client:
            made = connector(name)(values, client)
            if hasattr(made, "sleep"):
                made.sleep = lambda _: None  # type: ignore[attr-defined]
            yield Desk(made, there, SENT)


def patiently(desk: Desk, posted: Posted) -> list[Any]:
    """What is fetched once the platform is no longer at work."""
    for _ in range(20):
        try:
            return list(desk.made.fetch(posted))
        except AgainError as error:
            assert error.working
    raise AssertionError("still at work after twenty looks")


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back_and_away(name: str) -> None:
    with desk(name) as at:
        assert at.made.check()
        assert at.made.account()
        posted = at.made.send(at.sent, KEY)
        got = patiently(at, posted)
        assert sum(r.main for r in got) == 1
        assert len({r.name for r in got}) == len(got)
        assert all(r.data.startswith((b"\xff\xd8", b"RIFF", b"\x89PNG")) for r in got), [r.data[:4] for r in got]
        assert all(at.there.token not in f"{r.url}{r.headers}" for r in got)
        if name == "instagram":  # the emulator is of before 2025-12-03, when nothing could be deleted
            with pytest.raises(ConnectorError, match="by hand"):
                at.made.remove(posted)
            return
        at.made.remove(posted)
        if name != "telegram":  # whose files outlive their message
            with pytest.raises(ConnectorError):
                list(at.made.fetch(posted))
        at.made.remove(posted)


@pytest.mark.parametrize("name", LOOKING)
def test_what_was_sent_is_found_by_its_key_and_nothing_else_is(name: str) -> None:
    with desk(name) as at:
        first, second = at.made.send(at.sent, KEY), at.made.send(at.sent, OTHER_KEY)
        assert first.id != second.id
        assert at.made.find(KEY).id == first.id
        assert at.made.find(OTHER_KEY).id == second.id
        assert at.made.find("a" * 32) is None
        assert [r.name for r in patiently(at, at.made.find(KEY))] == [r.name for r in patiently(at, first)]


@pytest.mark.parametrize("what", ["reset-after", "error-after"])
@pytest.mark.parametrize("name", LOOKING)
def test_a_lost_answer_is_found_again(name: str, what: str) -> None:
    with desk(name) as at:
        at.made.send(at.sent, OTHER_KEY)
        publishes = "upload" if name in ("facebook", "discord") else "post"
        at.there.misbehave(f"{what} on={publishes} times=1")
        with pytest.raises(AgainError) as caught:
            at.made.send(at.sent, KEY)
        assert caught.value.landed
        found = at.made.find(KEY)
        assert found is not None
        assert patiently(at, found)
        if at.made.repeats is Repeats.HARMLESS:
            assert at.made.send(at.sent, KEY).id == found.id


@pytest.mark.parametrize("name", NAMES)
def test_a_rate_limit_says_how_long_and_nothing_landed(name: str) -> None:
    with desk(name) as at:
        at.made.check()
        at.there.misbehave("rate-limit on=upload seconds=120 times=1")
        with pytest.raises(AgainError) as caught:
            at.made.send(at.sent, KEY)
        assert not caught.value.landed
        assert caught.value.wait_s == pytest.approx(120, abs=2)
        assert at.made.send(at.sent, KEY)


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_token_stops_everything(name: str) -> None:
    with desk(name) as at:
        secret = next(s.name for s in connector(name).settings if s.secret)
        wrong = connector(name)(told(name, at.there, "http://x/{name}", {secret: "123:wrong"}), at.made._http)
        with pytest.raises(AuthError):
            wrong.check()
        at.there.misbehave("unauthorized on=upload")
        with pytest.raises(AuthError) as caught:
            at.made.send(at.sent, KEY)
        assert not caught.value.landed


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("instagram", "discord")])
def test_what_is_no_picture_is_refused(name: str) -> None:
    """By the connector, or by the platform in a way that the connector understands. Discord takes any file; to
    Instagram the connector sends an address only."""
    with desk(name) as at, pytest.raises(RejectedError):
        at.made.send(Picture("a.jpg", b"\xff\xd8\xff\xe0 no picture", "image/jpeg"), KEY)


def test_facebook_does_not_take_silence_for_absence() -> None:
    with desk("facebook") as at:
        at.there.misbehave("hide-unpublished; reset-after on=upload times=1")
        with pytest.raises(AgainError):
            at.made.send(at.sent, KEY)
        with pytest.raises(ConnectorError, match="not document"):
            at.made.find(KEY)


def test_mastodon_and_matrix_keep_to_their_keys_after_a_removal() -> None:
    for name in ("mastodon", "matrix"):
        with desk(name) as at:
            first = at.made.send(at.sent, KEY)
            assert at.made.send(at.sent, KEY).id == first.id
            at.made.remove(first)
            again = at.made.send(at.sent, KEY)
            assert patiently(at, again)
