"""Matrix: the client-server API's shapes; what a real Synapse does is in tests/servers."""

from __future__ import annotations

import httpx
import pytest
from scripted import KEY, TOKEN, Platform, Reply, body, file, js, picture

from understudy.connectors.base import AgainError, AuthError, ConnectorError, Picture, Posted, RejectedError
from understudy.connectors.matrix import Matrix, thumbnails

ROOM, USER, EVENT, URI = "!room/1:example.org", "@probe:example.org", "$event/1", "mxc://example.org/AbC-12"
C = "/_matrix/client/v3"
IN_ROOM = f"{C}/rooms/!room/1:example.org"
"""As httpx shows a path: decoded."""
CONFIG, UPLOAD = "GET /_matrix/client/v1/media/config", "POST /_matrix/media/v3/upload"
SEND = rf"PUT {IN_ROOM}/send/m.room.message/understudy-{KEY}"
SEEN = rf"GET {IN_ROOM}/event/\$event/1"
CONTENT = {"msgtype": "m.image", "body": f"understudy {KEY}", "filename": "p07.jpeg", "url": URI}
POSTED = Posted(EVENT, {"room": ROOM})
THUMBNAIL = "GET /_matrix/client/v1/media/thumbnail/example.org/AbC-12"
DOWNLOAD = "GET /_matrix/client/v1/media/download/example.org/AbC-12"


def platform(replies: dict[str, Reply | list[Reply]]) -> Platform:
    told: dict[str, Reply | list[Reply]] = {
        CONFIG: js({"m.upload.size": 50_000}),
        UPLOAD: js({"content_uri": URI}),
        SEND: js({"event_id": EVENT}),
        SEEN: js({"event_id": EVENT, "type": "m.room.message", "content": CONTENT}),
        f"GET {C}/account/whoami": js({"user_id": USER}),
    }
    return Platform({**told, **replies})


def connect(platform: Platform, **settings: str) -> Matrix:
    return platform.connect(Matrix, base_url="https://matrix.example.org/", token=TOKEN, room=ROOM, **settings)


def test_an_image_event_under_a_transaction_of_the_key() -> None:
    told = platform({})
    sent = picture()
    assert connect(told).send(sent, KEY) == POSTED
    upload = told.last(UPLOAD)
    assert upload.content == sent.data
    assert upload.headers["content-type"] == "image/jpeg"
    assert upload.url.params["filename"] == "p07.jpeg"
    event = told.last(SEND)
    assert b"/rooms/%21room%2F1%3Aexample.org/send/" in event.url.raw_path
    info = {"mimetype": "image/jpeg", "size": len(sent.data), "w": 40, "h": 30}
    assert body(event) == CONTENT | {"info": info}
    assert all(r.headers["authorization"] == f"Bearer {TOKEN}" for r in told.asked)


def test_a_transaction_whose_event_was_redacted_gets_a_successor() -> None:
    """As Synapse 1.163 does it: the transaction is remembered, the event is empty."""
    told = platform(
        {
            SEEN: js({"event_id": EVENT, "content": {}}),
            SEND + "-2": js({"event_id": "$new"}),
            rf"GET {IN_ROOM}/event/\$new": js({"content": CONTENT}),
        }
    )
    assert connect(told).send(picture(), KEY) == Posted("$new", {"room": ROOM})


def test_what_fails_after_the_event_may_have_landed() -> None:
    limited = js({"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 1754}, 429)
    with pytest.raises(AgainError) as caught:
        connect(platform({SEEN: limited})).send(picture(), KEY)
    assert caught.value.landed
    with pytest.raises(AgainError) as caught:
        connect(platform({SEND: limited})).send(picture(), KEY)
    assert caught.value.wait_s == 1.754 and not caught.value.landed


@pytest.mark.parametrize(
    ("place", "answer", "kind", "landed"),
    [
        (CONFIG, js({"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token"}, 401), AuthError, False),
        (UPLOAD, js({"errcode": "M_TOO_LARGE", "error": "Cannot upload"}, 413), RejectedError, False),
        (UPLOAD, js({"errcode": "M_FORBIDDEN", "error": "no"}, 403), AuthError, False),
        (UPLOAD, js({"content_uri": "https://elsewhere/x"}), ConnectorError, True),
        (SEND, js({"errcode": "M_FORBIDDEN", "error": "not in room"}, 403), AuthError, False),
        (SEND, js({"errcode": "M_BAD_JSON", "error": "no"}, 400), ConnectorError, False),
        (SEND, httpx.Response(502, content=b"<html>"), AgainError, True),
        (SEND, httpx.Response(429, headers={"retry-after": "3"}), AgainError, False),
    ],
)
def test_errors(place: str, answer: httpx.Response, kind: type[ConnectorError], landed: bool) -> None:
    with pytest.raises(ConnectorError) as caught:
        connect(platform({place: answer})).send(picture(), KEY)
    assert type(caught.value) is kind
    assert caught.value.landed is landed


def test_the_servers_limit_is_kept() -> None:
    told = platform({})
    with pytest.raises(RejectedError, match="50,000"):
        connect(told).send(Picture("a.jpg", bytes(50_001), "image/jpeg"), KEY)
    assert UPLOAD not in told.lines()


def event(name: str, key: str, sender: str = USER) -> dict[str, object]:
    return {"event_id": name, "sender": sender, "content": {"body": f"understudy {key}", "url": URI}}


def test_find_reads_until_no_end_is_given() -> None:
    """An empty chunk "does not necessarily imply that no more events are available"."""
    messages = f"GET {IN_ROOM}/messages"
    told = platform({messages: [js({"chunk": [], "start": "a", "end": "t1"}), js({"chunk": [event(EVENT, KEY)]})]})
    assert connect(told).find(KEY) == POSTED
    assert [r.url.params.get("from") for r in told.asked if r.url.path.endswith("messages")] == [None, "t1"]
    strangers = js({"chunk": [event("$x", KEY, "@other:example.org"), {"content": {}, "sender": USER}], "start": "a"})
    assert connect(platform({messages: strangers})).find(KEY) is None
    with pytest.raises(ConnectorError, match="a listing that ends"):
        connect(platform({messages: js({"chunk": [], "start": "a", "end": "t1"})})).find(KEY)


def test_thumbnails_are_fetched_as_asked_with_the_token() -> None:
    told = platform({DOWNLOAD: file(b"as sent"), THUMBNAIL: lambda r: file(r.url.query)})
    got = list(connect(told).fetch(POSTED))
    assert [r.name for r in got] == [
        "original", "32x32-crop", "96x96-crop", "320x240-scale", "640x480-scale", "800x600-scale",
    ]  # fmt: skip
    assert [r.name for r in got if r.main] == ["800x600-scale"]
    assert got[0].data == b"as sent"
    assert got[5].data == b"width=800&height=600&method=scale&animated=false"
    assert got[5].url == (
        "https://matrix.example.org/_matrix/client/v1/media/thumbnail/example.org/AbC-12"
        "?width=800&height=600&method=scale&animated=false"
    )
    assert told.asked[-1].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "answer",
    [
        js({"errcode": "M_NOT_FOUND", "error": "Not found"}, 404),
        js({"errcode": "M_UNKNOWN", "error": "Cannot generate thumbnails for the requested content"}, 400),
        js({"errcode": "M_TOO_LARGE", "error": "Content is too large to thumbnail"}, 413),
    ],
)
def test_without_thumbnails_the_original_is_main(answer: httpx.Response) -> None:
    got = list(connect(platform({DOWNLOAD: file(b"as sent"), THUMBNAIL: answer})).fetch(POSTED))
    assert [(r.name, r.main) for r in got] == [("original", True)]


def test_a_redacted_event_has_no_files() -> None:
    with pytest.raises(ConnectorError, match="not redacted"):
        list(connect(platform({SEEN: js({"content": {}})})).fetch(POSTED))


def test_removing_redacts_under_one_transaction() -> None:
    told = platform({rf"PUT {IN_ROOM}/redact/\$event/1/.*": js({"event_id": "$r"})})
    made = connect(told)
    made.remove(POSTED)
    made.remove(POSTED)
    assert told.lines()[0] == told.lines()[1]
    gone = js({"errcode": "M_NOT_FOUND", "error": "no such event"}, 404)
    connect(platform({rf"PUT {IN_ROOM}/redact/.*": gone})).remove(POSTED)


def test_thumbnails_may_be_chosen() -> None:
    assert thumbnails("500x400-scale, 96x96-crop") == [(500, 400, "scale"), (96, 96, "crop")]
    assert thumbnails("-") == []
    for wrong in ("500x400", "0x4-crop", "500x400-stretch"):
        with pytest.raises(ConnectorError, match="800x600-scale"):
            thumbnails(wrong)


def test_who_we_are_and_that_we_are_in_the_room() -> None:
    made = connect(platform({f"GET {C}/joined_rooms": js({"joined_rooms": [ROOM]})}))
    assert made.check() == f"{USER}, room {ROOM}"
    assert made.account() == f"{USER} in {ROOM}"
    with pytest.raises(AuthError, match="is not in"):
        connect(platform({f"GET {C}/joined_rooms": js({"joined_rooms": []})})).check()
