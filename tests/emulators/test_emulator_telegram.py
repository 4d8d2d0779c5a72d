"""The Telegram emulator as the Bot API's documentation shows requests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from emulating import NO_PICTURE, client, picture

import understudy as us
from understudy.emulators.pictures import STAND_IN
from understudy.emulators.running import Running, running


@pytest.fixture
def bot() -> Iterator[Running]:
    with running("telegram") as it:
        yield it


def call(bot: Running, method: str, **more: Any) -> httpx.Response:
    with client() as http:
        return http.post(f"{bot.url}/bot{bot.token}/{method}", **more)


def send(bot: Running, data: bytes, **fields: str) -> httpx.Response:
    given = {"chat_id": bot.settings["chat_id"], **fields}
    return call(bot, "sendPhoto", data=given, files={"photo": ("p.png", data, "image/png")})


def refused(response: httpx.Response, code: int = 400) -> str:
    body = response.json()
    assert (response.status_code, body["ok"], body["error_code"]) == (code, False, code)
    return str(body["description"])


def test_send_fetch_sizes_delete(bot: Running) -> None:
    data = picture(500, 250)
    answer = send(bot, data, caption="key 9").json()
    assert answer["ok"] is True
    message = answer["result"]
    assert message["caption"] == "key 9"
    assert [(p["width"], p["height"]) for p in message["photo"]] == [(90, 45), (320, 160), (500, 250)]
    with client() as http:
        for size in message["photo"]:
            query = {"file_id": size["file_id"]}
            found = http.get(f"{bot.url}/bot{bot.token}/getFile", params=query).json()["result"]
            delivered = http.get(f"{bot.url}/file/bot{bot.token}/{found['file_path']}").content
            assert len(delivered) == found["file_size"] == size["file_size"]
        assert delivered == us.mimic(data, STAND_IN).data
        assert http.get(f"{bot.url}/file/bot1:wrong/{found['file_path']}").status_code == 401
    again = call(bot, "sendPhoto", json={"chat_id": bot.settings["chat_id"], "photo": message["photo"][-1]["file_id"]})
    assert again.json()["result"]["photo"] == message["photo"]
    assert bot.state()["times_posted"] == {hashlib.sha256(data).hexdigest(): 2}
    for id in (message["message_id"], again.json()["result"]["message_id"]):
        where = {"chat_id": bot.settings["chat_id"], "message_id": id}
        assert call(bot, "deleteMessage", json=where).json() == {"ok": True, "result": True}
    assert refused(call(bot, "deleteMessage", json=where)) == "Bad Request: message to delete not found"
    assert bot.state()["times_live"] == {}
    assert "Desktop" in bot.state()["profile"]["why"]


def test_who_we_are_and_tokens(bot: Running) -> None:
    assert call(bot, "getMe").json()["result"]["is_bot"] is True
    chat = call(bot, "getChat", data={"chat_id": bot.settings["chat_id"]}).json()["result"]
    assert str(chat["id"]) == bot.settings["chat_id"]
    with client() as http:
        assert refused(http.get(f"{bot.url}/bot1:wrong/getMe"), 401) == "Unauthorized"
    assert refused(call(bot, "noSuchMethod"), 404) == "Not Found"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (NO_PICTURE, "IMAGE_PROCESS_FAILED"), (picture()[:-500], "IMAGE_PROCESS_FAILED"),
        (picture(210, 10), "PHOTO_INVALID_DIMENSIONS"), (picture() + bytes(10**7), "too big for a photo"),
    ],
)  # fmt: skip
def test_what_is_not_taken(bot: Running, data: bytes, why: str) -> None:
    assert refused(send(bot, data)) == f"Bad Request: {why}"
    assert bot.state()["pictures"] == []


def test_other_refusals(bot: Running) -> None:
    assert "chat not found" in refused(send(bot, picture(), chat_id="1"))
    assert "caption is too long" in refused(send(bot, picture(), caption="x" * 1025))
    assert "no photo" in refused(call(bot, "sendPhoto", data={"chat_id": bot.settings["chat_id"]}))
    assert "wrong file_id" in refused(call(bot, "getFile", data={"file_id": "AgACnonsensea"}))


def test_rate_limits_and_files_that_expire(bot: Running) -> None:
    bot.misbehave("limit send 1 30; expire 0")
    sent = send(bot, picture()).json()["result"]
    late = send(bot, picture())
    assert refused(late, 429).startswith("Too Many Requests: retry after ")
    wait = late.json()["parameters"]["retry_after"]
    assert 1 <= wait <= 30
    assert late.headers["retry-after"] == str(wait)
    path = call(bot, "getFile", data={"file_id": sent["photo"][-1]["file_id"]}).json()["result"]["file_path"]
    with client() as http:
        assert http.get(f"{bot.url}/file/bot{bot.token}/{path}").status_code == 404
