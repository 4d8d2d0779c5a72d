"""Discord: messages, attachments and limits as discord-api-docs shows them."""

from __future__ import annotations

import json

import httpx
import pytest
from scripted import KEY, TOKEN, Platform, Reply, file, js, parts, picture

from understudy.connectors.base import AgainError, AuthError, ConnectorError, Picture, Posted, RejectedError
from understudy.connectors.discord import Discord, asking

CHANNEL = "1100"
MESSAGES = f"/api/v10/channels/{CHANNEL}/messages"
ATTACHED = {
    "id": "5",
    "filename": "p07.jpeg",
    "url": "https://cdn.example/attachments/1100/5/p07.jpeg?ex=1&is=2&hm=3",
    "proxy_url": "https://media.example/attachments/1100/5/p07.jpeg?ex=1&is=2&hm=3",
}
MESSAGE = {"id": "42", "channel_id": CHANNEL, "content": KEY, "attachments": [ATTACHED]}
POSTED = Posted("42", {"channel": CHANNEL})


def connect(replies: dict[str, Reply | list[Reply]], **settings: str) -> tuple[Discord, Platform]:
    told = Platform(replies)
    return told.connect(Discord, token=TOKEN, channel_id=CHANNEL, **settings), told


def test_a_message_with_one_attachment_and_an_enforced_nonce() -> None:
    made, told = connect({f"POST {MESSAGES}": js(MESSAGE)})
    sent = picture()
    assert made.send(sent, KEY) == POSTED
    fields = parts(told.asked[0])
    assert fields["files[0]"][1] == sent.data
    payload = json.loads(fields["payload_json"][1])
    assert payload["content"] == KEY
    assert payload["nonce"] == KEY[:25] and payload["enforce_nonce"] is True
    assert payload["allowed_mentions"] == {"parse": []}
    assert payload["attachments"] == [{"id": 0, "filename": "p07.jpeg"}]
    assert told.asked[0].headers["authorization"] == f"Bot {TOKEN}"
    assert told.asked[0].headers["user-agent"].startswith("DiscordBot (")


def test_find_goes_back_page_by_page() -> None:
    others = [{"id": str(500 - i), "content": "hello"} for i in range(100)]
    made, told = connect({f"GET {MESSAGES}": [js(others), js([MESSAGE])]})
    assert made.find(KEY) == POSTED
    assert [r.url.params.get("before") for r in told.asked] == [None, "401"]
    assert connect({f"GET {MESSAGES}": js(others[:99])})[0].find(KEY) is None
    with pytest.raises(ConnectorError, match="newest 4,000"):
        connect({f"GET {MESSAGES}": js(others)})[0].find(KEY)


def test_renditions() -> None:
    made, told = connect(
        {f"GET {MESSAGES}/42": js(MESSAGE), "GET /attachments/.*": lambda r: file(str(r.url).encode())},
        variants="format=webp;width=400&height=300",
    )
    got = list(made.fetch(POSTED))
    assert [(r.name, r.main) for r in got] == [
        ("original", True), ("proxy", False), ("proxy-format-webp", False), ("proxy-width-400-height-300", False),
    ]  # fmt: skip
    assert got[0].url == ATTACHED["url"]
    assert got[2].url == f"{ATTACHED['proxy_url']}&format=webp"
    assert got[3].data == f"{ATTACHED['proxy_url']}&width=400&height=300".encode()
    assert all("authorization" not in r.headers for r in told.asked[1:])
    bare, _ = connect({f"GET {MESSAGES}/42": js(MESSAGE), "GET /attachments/.*": file(b"x")}, variants="-")
    assert [r.name for r in bare.fetch(POSTED)] == ["original", "proxy"]


def test_a_variants_parameters_take_the_place_of_the_addresss() -> None:
    assert asking("https://a/b?format=png&hm=3", "format=webp&width=4") == "https://a/b?hm=3&format=webp&width=4"
    assert asking("https://a/b?x=1", "") == "https://a/b?x=1"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (js({"code": 0, "message": "401: Unauthorized"}, 401), AuthError),
        (js({"code": 50001, "message": "Missing Access"}, 403), AuthError),
        (js({"code": 50013, "message": "Missing Permissions"}, 403), AuthError),
        (js({"code": 10003, "message": "Unknown Channel"}, 404), ConnectorError),
        (js({"code": 40005, "message": "Request entity too large"}, 413), RejectedError),
        (js({"code": 50035, "message": "Invalid Form Body"}, 400), ConnectorError),
        (js({"message": "You are being rate limited.", "retry_after": 1.5, "global": False}, 429), AgainError),
        (httpx.Response(503, content=b"busy"), AgainError),
    ],
)
def test_errors(answer: httpx.Response, kind: type[ConnectorError]) -> None:
    with pytest.raises(ConnectorError) as caught:
        connect({f"POST {MESSAGES}": answer})[0].send(picture(), KEY)
    assert type(caught.value) is kind


def test_the_wait_is_the_bodys() -> None:
    limited = js(
        {"message": "You are being rate limited.", "retry_after": 64.57, "global": False}, 429, retry_after="65"
    )
    with pytest.raises(AgainError) as caught:
        connect({f"POST {MESSAGES}": limited})[0].send(picture(), KEY)
    assert caught.value.wait_s == 64.57 and not caught.value.landed
    with pytest.raises(AgainError) as caught:
        connect({f"POST {MESSAGES}": httpx.Response(429, headers={"retry-after": "65"})})[0].send(picture(), KEY)
    assert caught.value.wait_s == 65


def test_what_is_too_large_is_not_sent() -> None:
    made, told = connect({})
    with pytest.raises(RejectedError, match="10,485,760"):
        made.send(Picture("a.png", bytes((10 << 20) + 1), "image/png"), KEY)
    assert told.asked == []


def test_removing_twice_does_nothing() -> None:
    connect({f"DELETE {MESSAGES}/42": httpx.Response(204)})[0].remove(POSTED)
    connect({f"DELETE {MESSAGES}/42": js({"code": 10008, "message": "Unknown Message"}, 404)})[0].remove(POSTED)
    with pytest.raises(AuthError):
        connect({f"DELETE {MESSAGES}/42": js({"code": 50013, "message": "Missing Permissions"}, 403)})[0].remove(POSTED)


def test_who_we_are() -> None:
    made, _ = connect(
        {
            "GET /api/v10/users/@me": js({"id": "9", "username": "probe"}),
            f"GET /api/v10/channels/{CHANNEL}": js({"id": CHANNEL, "name": "pictures"}),
        }
    )
    assert made.check() == "bot probe, channel #pictures (1100)"
    assert made.account() == CHANNEL
