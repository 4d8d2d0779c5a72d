"""The Discord emulator as Discord's documentation shows requests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from emulating import NO_PICTURE, client, picture, size

import understudy as us
from understudy.emulators.pictures import STAND_IN
from understudy.emulators.running import Running, running


@pytest.fixture
def bot() -> Iterator[Running]:
    with running("discord") as it:
        it.misbehave("limit messages 0 0")
        yield it


def call(bot: Running, method: str, path: str, **more: Any) -> httpx.Response:
    with client(headers={"Authorization": f"Bot {bot.token}"}) as http:
        return http.request(method, f"{bot.settings['base_url']}/{path}", **more)


def messages(bot: Running) -> str:
    return f"channels/{bot.settings['channel_id']}/messages"


def send(bot: Running, data: bytes, name: str = "p.png", **payload: Any) -> httpx.Response:
    given = {"content": "hello", "attachments": [{"id": 0, "description": "alt", "filename": name}], **payload}
    files = {"payload_json": (None, json.dumps(given), "application/json"), "files[0]": (name, data, "image/png")}
    return call(bot, "POST", messages(bot), files=files)


def test_send_list_fetch_delete(bot: Running) -> None:
    data = picture(300, 200)
    message = send(bot, data, nonce="k1", enforce_nonce=True).json()
    assert message["nonce"] == "k1"
    (attachment,) = message["attachments"]
    assert (attachment["width"], attachment["height"], attachment["size"]) == (300, 200, len(data))
    assert (attachment["content_type"], attachment["description"]) == ("image/png", "alt")
    with client() as http:
        assert http.get(attachment["url"]).content == data
        assert http.get(attachment["proxy_url"]).content == us.mimic(data, STAND_IN).data
        assert size(http.get(attachment["proxy_url"] + "width=150&height=100").content) == (150, 100)
        assert http.get(attachment["url"].replace("&hm=", "&hm=0")).status_code == 404
        assert http.get(attachment["url"].partition("?")[0]).status_code == 404
    newer = send(bot, picture(seed=2)).json()
    assert [m["id"] for m in call(bot, "GET", messages(bot)).json()] == [newer["id"], message["id"]]
    before = call(bot, "GET", messages(bot), params={"before": newer["id"], "limit": 5}).json()
    assert [m["id"] for m in before] == [message["id"]]
    after = call(bot, "GET", messages(bot), params={"after": message["id"]}).json()
    assert [m["id"] for m in after] == [newer["id"]]
    one = f"{messages(bot)}/{message['id']}"
    assert call(bot, "GET", one).json()["content"] == "hello"
    assert call(bot, "DELETE", one).status_code == 204
    assert call(bot, "DELETE", one).json() == {"message": "Unknown Message", "code": 10008}
    state = bot.state()
    assert hashlib.sha256(data).hexdigest() not in state["times_live"]
    assert state["profile"]["stand_in"] is True


def test_an_enforced_nonce_sends_once(bot: Running) -> None:
    first = send(bot, picture(), nonce="same", enforce_nonce=True).json()
    second = send(bot, picture(), nonce="same", enforce_nonce=True).json()
    assert first["id"] == second["id"]
    third = send(bot, picture(), nonce="same").json()
    assert third["id"] != first["id"], "not enforced"
    assert len(bot.state()["posts"]) == 2
    long = send(bot, picture(), nonce="x" * 26)
    assert (long.status_code, long.json()["code"]) == (400, 50035)


def test_what_is_not_taken_and_what_is(bot: Running) -> None:
    (attachment,) = send(bot, NO_PICTURE, name="../../a b.txt").json()["attachments"]
    assert attachment["filename"] == "_.._a_b.txt"
    assert "width" not in attachment, "any file is taken"
    large = send(bot, bytes(10 * 2**20 + 1))
    assert (large.status_code, large.json()["code"]) == (413, 40005)
    assert call(bot, "POST", messages(bot), json={"content": ""}).json()["code"] == 50006
    assert call(bot, "POST", messages(bot), json={"content": "text"}).status_code == 200
    assert call(bot, "GET", "channels/123/messages").json() == {"message": "Unknown Channel", "code": 10003}
    with client() as http:
        assert http.get(f"{bot.url}/api/v10/users/@me").json() == {"message": "401: Unauthorized", "code": 0}


def test_rate_limits_and_addresses_that_expire(bot: Running) -> None:
    bot.misbehave("limit messages 1 30; expire 0")
    sent = send(bot, picture())
    assert (sent.headers["x-ratelimit-limit"], sent.headers["x-ratelimit-remaining"]) == ("1", "0")
    late = send(bot, picture())
    assert late.status_code == 429
    body = late.json()
    assert body["global"] is False
    assert 0 < body["retry_after"] <= 30
    assert float(late.headers["x-ratelimit-reset-after"]) <= 30
    assert late.headers["x-ratelimit-scope"] == "user"
    assert int(late.headers["retry-after"]) >= body["retry_after"]
    with client() as http:
        expired = http.get(sent.json()["attachments"][0]["url"])
    assert (expired.status_code, expired.text) == (404, "This content is no longer available.")
