"""Telegram: the Bot API's answers, and a token that stands in every address and is shown in none."""

from __future__ import annotations

import logging

import httpx
import pytest
from scripted import KEY, Platform, Reply, file, form, js, parts, picture

from understudy.connectors.base import AgainError, AuthError, ConnectorError, Posted, RejectedError, Repeats
from understudy.connectors.telegram import Telegram

BOT = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"
SIZES = [
    {"file_id": "A1", "file_unique_id": "a", "width": 90, "height": 67, "file_size": 1},
    {"file_id": "A3", "file_unique_id": "c", "width": 1280, "height": 960, "file_size": 3},
    {"file_id": "A2", "file_unique_id": "b", "width": 320, "height": 240, "file_size": 2},
]
SEND = f"POST /bot{BOT}/sendPhoto"
POSTED = Posted("42", {"chat": "77", "sizes": [{k: s[k] for k in ("file_id", "width", "height")} for s in SIZES]})


def ok(result: object) -> httpx.Response:
    return js({"ok": True, "result": result})


def refused(code: int, words: str, **parameters: int) -> httpx.Response:
    return js({"ok": False, "error_code": code, "description": words, "parameters": parameters}, code)


def connect(replies: dict[str, Reply | list[Reply]]) -> tuple[Telegram, Platform]:
    told = Platform(replies)
    return told.connect(Telegram, token=BOT, chat_id="77"), told


def test_a_silent_photo_with_its_key() -> None:
    made, told = connect({SEND: ok({"message_id": 42, "chat": {"id": 77, "type": "private"}, "photo": SIZES})})
    sent = picture()
    assert made.send(sent, KEY) == POSTED
    fields = parts(told.asked[0])
    assert fields["photo"][1] == sent.data
    assert (fields["chat_id"][1], fields["caption"][1]) == (b"77", KEY.encode())
    assert fields["disable_notification"][1] == b"true"


def test_every_size_is_fetched_and_no_address_shows_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made, _ = connect(
        {
            f"POST /bot{BOT}/getFile": lambda r: ok({"file_path": f"photos/{form(r)['file_id']}.jpg"}),
            f"GET /file/bot{BOT}/photos/.*": lambda r: file(r.url.path[-6:].encode()),
        }
    )
    got = list(made.fetch(POSTED))
    assert [(r.name, r.data, r.main) for r in got] == [
        ("90x67", b"A1.jpg", False), ("1280x960", b"A3.jpg", True), ("320x240", b"A2.jpg", False),
    ]  # fmt: skip
    assert got[0].url == "https://api.telegram.org/file/bot[hidden]/photos/A1.jpg"
    assert BOT not in caplog.text and caplog.text
    assert BOT not in repr(got)


@pytest.mark.parametrize("size", [(9000, 1001), (210, 10), (10, 201)])
def test_the_documented_sides_are_kept(size: tuple[int, int]) -> None:
    made, told = connect({})
    with pytest.raises(RejectedError, match="10000 and a ratio of at most 20"):
        made.send(picture(*size, kind="png"), KEY)
    with pytest.raises(RejectedError, match="10,000,000"):
        made.send(type(picture())("a.jpg", bytes(10_000_001), "image/jpeg"), KEY)
    assert told.asked == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused(401, "Unauthorized"), AuthError),
        (refused(404, "Not Found"), AuthError),
        (refused(403, "Forbidden: bot was blocked by the user"), AuthError),
        (refused(400, "Bad Request: chat not found"), ConnectorError),
        (refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"), RejectedError),
        (refused(400, "Bad Request: IMAGE_PROCESS_FAILED"), RejectedError),
        (refused(413, "Request Entity Too Large"), RejectedError),
        (refused(429, "Too Many Requests: retry after 5", retry_after=5), AgainError),
        (httpx.Response(502, content=b"Bad Gateway"), AgainError),
        (js({"ok": False, "error_code": 400, "description": "Bad Request: odd"}), ConnectorError),
    ],
)
def test_errors(answer: httpx.Response, kind: type[ConnectorError]) -> None:
    made, _ = connect({SEND: answer})
    with pytest.raises(ConnectorError) as caught:
        made.send(picture(), KEY)
    assert type(caught.value) is kind
    assert BOT not in str(caught.value)


def test_the_wait_is_the_parameters() -> None:
    made, _ = connect({SEND: refused(429, "Too Many Requests: retry after 5", retry_after=5)})
    with pytest.raises(AgainError) as caught:
        made.send(picture(), KEY)
    assert caught.value.wait_s == 5 and not caught.value.landed


def test_a_bot_cannot_look() -> None:
    made, _ = connect({})
    assert made.repeats is Repeats.UNKNOWABLE
    with pytest.raises(NotImplementedError):
        made.find(KEY)


def test_removing() -> None:
    place = f"POST /bot{BOT}/deleteMessage"
    made, told = connect({place: ok(True)})
    made.remove(POSTED)
    assert form(told.asked[0]) == {"chat_id": "77", "message_id": "42"}
    connect({place: refused(400, "Bad Request: message to delete not found")})[0].remove(POSTED)
    with pytest.raises(ConnectorError, match="48 hours"):
        connect({place: refused(400, "Bad Request: message can't be deleted")})[0].remove(POSTED)


def test_who_we_are() -> None:
    me, chat = {"id": 123456, "username": "probe_bot"}, {"id": 77, "type": "private"}
    made, _ = connect({f"POST /bot{BOT}/getMe": ok(me), f"POST /bot{BOT}/getChat": ok(chat)})
    assert made.check() == "bot @probe_bot, private chat 77"
    assert made.account() == "123456 in 77"
