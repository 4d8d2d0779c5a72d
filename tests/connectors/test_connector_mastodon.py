"""Mastodon: media, statuses and limits as docs.joinmastodon.org shows them."""

from __future__ import annotations

import httpx
import pytest
from scripted import KEY, TOKEN, Platform, Reply, body, file, js, parts, picture

from understudy.connectors.base import AgainError, AuthError, ConnectorError, Picture, Posted, RejectedError
from understudy.connectors.mastodon import WAITS_S, Mastodon

SERVER = "https://mastodon.example"
FILES = "https://files.mastodon.example/media_attachments/files/022/348/641"
MEDIA = {
    "id": "22348641",
    "type": "image",
    "url": f"{FILES}/original/e96382f26c72a29c.jpeg",
    "preview_url": f"{FILES}/small/e96382f26c72a29c.jpeg",
    "remote_url": None,
}
STATUS = {"id": "1032", "content": f"<p>understudy {KEY}</p>", "media_attachments": [MEDIA], "visibility": "direct"}
LIMITS = {"supported_mime_types": ["image/jpeg", "image/png"], "image_size_limit": 5000, "image_matrix_limit": 4000}
INSTANCE, UPLOAD, POST = "GET /api/v2/instance", "POST /api/v2/media", "POST /api/v1/statuses"
ME = "GET /api/v1/accounts/verify_credentials"


def platform(replies: dict[str, Reply | list[Reply]]) -> Platform:
    told: dict[str, Reply | list[Reply]] = {
        INSTANCE: js({"configuration": {"media_attachments": LIMITS}}),
        UPLOAD: js(MEDIA),
        POST: js(STATUS),
        ME: js({"id": "14715", "acct": "probe"}),
    }
    return Platform({**told, **replies})


def connect(platform: Platform, **settings: str) -> Mastodon:
    made = platform.connect(Mastodon, base_url=SERVER + "/", token=TOKEN, **settings)
    made.waited = []
    made.sleep = made.waited.append
    return made


def test_a_direct_status_that_mentions_nobody() -> None:
    told = platform({})
    sent = picture()
    assert connect(told).send(sent, KEY) == Posted("1032", {"media": "22348641"})
    assert parts(told.last(UPLOAD))["file"][1] == sent.data
    request = told.last(POST)
    assert request.headers["idempotency-key"] == KEY
    asked = body(request)
    assert asked["visibility"] == "direct"
    assert asked["media_ids"] == ["22348641"]
    assert KEY in asked["status"] and "@" not in asked["status"]
    assert all(r.headers["authorization"] == f"Bearer {TOKEN}" for r in told.asked)


def test_private_may_be_chosen_and_nothing_wider() -> None:
    told = platform({})
    connect(told, visibility="private").send(picture(), KEY)
    assert body(told.last(POST))["visibility"] == "private"
    with pytest.raises(ConnectorError, match="direct or private"):
        connect(told, visibility="public")


def test_media_in_the_background_are_awaited() -> None:
    waiting = httpx.Response(206, content=b"")
    told = platform(
        {UPLOAD: js(MEDIA | {"url": None}, 202), "GET /api/v1/media/22348641": [waiting, waiting, js(MEDIA)]}
    )
    made = connect(told)
    made.send(picture(), KEY)
    assert made.waited == list(WAITS_S[:2])
    told = platform({UPLOAD: js(MEDIA | {"url": None}, 202), "GET /api/v1/media/22348641": waiting})
    with pytest.raises(AgainError) as caught:
        connect(told).send(picture(), KEY)
    assert not caught.value.landed
    assert POST not in told.lines()


def test_a_repeat_gives_the_first_calls_media() -> None:
    first = STATUS | {"media_attachments": [MEDIA | {"id": "111"}]}
    assert connect(platform({POST: js(first)})).send(picture(), KEY) == Posted("1032", {"media": "111"})


def test_a_key_whose_status_was_deleted_gets_a_successor() -> None:
    told = platform({POST: [js({"error": "Record not found"}, 404), js(STATUS)]})
    connect(told).send(picture(), KEY)
    assert told.last(POST).headers["idempotency-key"] == f"{KEY}-2"


@pytest.mark.parametrize(
    "sent",
    [picture(kind="gif"), picture(100, 41), Picture("a.jpg", picture().data + bytes(5000), "image/jpeg")],
    ids=["type", "pixels", "bytes"],
)
def test_the_servers_own_limits_are_kept(sent: Picture) -> None:
    told = platform({})
    with pytest.raises(RejectedError):
        connect(told).send(sent, KEY)
    assert told.lines() == [INSTANCE]


def test_a_server_that_states_no_limits_gets_what_is_documented() -> None:
    told = platform({INSTANCE: js({"error": "Record not found"}, 404)})
    connect(told).send(picture(kind="gif"), KEY)
    with pytest.raises(RejectedError):
        connect(told).send(Picture("a.bmp", b"BM", "image/bmp"), KEY)


@pytest.mark.parametrize(
    ("place", "answer", "kind", "landed"),
    [
        (UPLOAD, js({"error": "Validation failed: File content type is invalid"}, 422), RejectedError, False),
        (UPLOAD, js({"error": "The access token is invalid"}, 401), AuthError, False),
        (POST, js({"error": "This action is outside the authorized scopes"}, 403), AuthError, False),
        (POST, js({"error": "Validation failed: Text can't be blank"}, 422), ConnectorError, False),
        (POST, httpx.Response(503, content=b"busy"), AgainError, True),
        (UPLOAD, js({"error": "Error processing thumbnail for uploaded media"}, 500), AgainError, True),
    ],
)
def test_errors(place: str, answer: httpx.Response, kind: type[ConnectorError], landed: bool) -> None:
    with pytest.raises(ConnectorError) as caught:
        connect(platform({place: answer})).send(picture(), KEY)
    assert type(caught.value) is kind
    assert caught.value.landed is landed


def test_the_wait_runs_by_the_servers_clock() -> None:
    limited = js(
        {"error": "Too many requests"}, 429,
        x_ratelimit_reset="2019-12-05T12:10:00.123456Z", date="Thu, 05 Dec 2019 12:08:30 GMT",
    )  # fmt: skip
    with pytest.raises(AgainError) as caught:
        connect(platform({UPLOAD: limited})).send(picture(), KEY)
    assert caught.value.wait_s == pytest.approx(90.123456)
    with pytest.raises(AgainError) as caught:
        connect(platform({UPLOAD: js({}, 429, retry_after="12")})).send(picture(), KEY)
    assert caught.value.wait_s == 12


def test_find_goes_back_until_there_are_no_more() -> None:
    others = [{"id": str(200 - i), "content": "<p>hello</p>", "media_attachments": []} for i in range(40)]
    told = platform({"GET /api/v1/accounts/14715/statuses": [js(others), js([STATUS])]})
    assert connect(told).find(KEY) == Posted("1032", {"media": "22348641"})
    assert told.asked[-1].url.params["max_id"] == "161"
    told = platform({"GET /api/v1/accounts/14715/statuses": [js(others[:3]), js([])]})
    assert connect(told).find(KEY) is None
    assert len(told.asked) == 3
    with pytest.raises(ConnectorError, match="newest 1,600"):
        connect(platform({"GET /api/v1/accounts/14715/statuses": js(others)})).find(KEY)


def test_renditions() -> None:
    remote = MEDIA | {"remote_url": "https://other.example/a.png"}
    told = platform(
        {
            "GET /api/v1/statuses/1032": js(STATUS | {"media_attachments": [remote]}),
            "GET /media_attachments/.*|GET /a.png": lambda r: file(r.url.path.encode()),
        }
    )
    got = list(connect(told).fetch(Posted("1032")))
    assert [(r.name, r.main) for r in got] == [("original", True), ("preview", False), ("remote", False)]
    assert [r.url for r in got] == [MEDIA["url"], MEDIA["preview_url"], "https://other.example/a.png"]
    assert all("authorization" not in r.headers for r in told.asked[1:])


def test_removing_twice_does_nothing() -> None:
    for answer in (js(STATUS), js({"error": "Record not found"}, 404)):
        told = platform({"DELETE /api/v1/statuses/1032": answer})
        connect(told).remove(Posted("1032"))
        assert len(told.asked) == 1


def test_who_we_are() -> None:
    made = connect(platform({}))
    assert made.check() == f"@probe on {SERVER}"
    assert made.account() == f"14715 on {SERVER}"
