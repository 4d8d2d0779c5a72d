"""The Matrix emulator as the client-server specification shows requests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from emulating import NO_PICTURE, client, picture, size

import understudy as us
from understudy.emulators.pictures import STAND_IN, Pictures, cast
from understudy.emulators.running import Running, running


@pytest.fixture
def server() -> Iterator[Running]:
    with running("matrix") as it:
        yield it


def call(server: Running, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
    given = server.token if token is None else token
    with client(headers={"Authorization": f"Bearer {given}"} if given else {}) as http:
        return http.request(method, f"{server.url}/_matrix/{path}", **more)


def upload(server: Running, data: bytes, kind: str = "image/png") -> str:
    answer = call(
        server, "POST", "media/v3/upload", params={"filename": "p.png"}, content=data, headers={"Content-Type": kind}
    )
    assert answer.status_code == 200
    return str(answer.json()["content_uri"]).removeprefix("mxc://")


def room(server: Running) -> str:
    return f"client/v3/rooms/{quote(server.settings['room'], safe='')}"


def send(server: Running, media: str, txn: str) -> str:
    content = {"msgtype": "m.image", "body": "p.png", "url": f"mxc://{media}"}
    answer = call(server, "PUT", f"{room(server)}/send/m.room.message/{txn}", json=content)
    return str(answer.json()["event_id"])


def test_upload_send_list_fetch_redact(server: Running) -> None:
    data = picture(640, 400)
    media = upload(server, data)
    event = send(server, media, "txn1")
    assert send(server, media, "txn1") == event, "the same transaction is done once"
    assert len(server.state()["posts"]) == 1
    download = call(server, "GET", f"client/v1/media/download/{media}")
    assert download.content == data
    assert download.headers["content-disposition"] == "inline; filename=p.png"
    same = call(server, "GET", f"client/v1/media/thumbnail/{media}", params={"width": 800, "height": 600})
    assert same.content == us.mimic(data, STAND_IN).data, "not enlarged"
    small = call(server, "GET", f"client/v1/media/thumbnail/{media}", params={"width": 96, "height": 96})
    profile = Pictures(cast("matrix")).sized(320)
    assert profile is not None
    assert small.content == us.mimic(data, profile).data
    assert size(small.content) == (320, 200)
    other = send(server, media, "txn2")
    chunk = call(server, "GET", f"{room(server)}/messages", params={"dir": "b", "limit": 1}).json()
    assert [e["event_id"] for e in chunk["chunk"]] == [other]
    assert chunk["chunk"][0]["unsigned"]["transaction_id"] == "txn2"
    more = call(server, "GET", f"{room(server)}/messages", params={"dir": "b", "from": chunk["end"]}).json()
    assert more["chunk"][0]["event_id"] == event
    assert [e["type"] for e in more["chunk"][1:]] == [
        "m.room.join_rules", "m.room.power_levels", "m.room.member", "m.room.create",
    ]  # fmt: skip
    assert "end" not in more
    redacted = call(server, "PUT", f"{room(server)}/redact/{quote(event, safe='')}/r1", json={"reason": "done"})
    again = call(server, "PUT", f"{room(server)}/redact/{quote(event, safe='')}/r1", json={"reason": "done"})
    assert redacted.json() == again.json()
    left = call(server, "GET", f"{room(server)}/event/{quote(event, safe='')}").json()
    assert left["content"] == {}
    assert left["unsigned"]["redacted_because"]["content"]["reason"] == "done"
    assert server.state()["times_live"] == {hashlib.sha256(data).hexdigest(): 1}


def test_media_by_reservation(server: Running) -> None:
    data = picture()
    media = call(server, "POST", "media/v1/create").json()["content_uri"].removeprefix("mxc://")
    assert call(server, "GET", f"client/v1/media/download/{media}").json()["errcode"] == "M_NOT_YET_UPLOADED"
    headers = {"Content-Type": "image/png"}
    assert call(server, "PUT", f"media/v3/upload/{media}", content=data, headers=headers).status_code == 200
    twice = call(server, "PUT", f"media/v3/upload/{media}", content=data, headers=headers)
    assert (twice.status_code, twice.json()["errcode"]) == (409, "M_CANNOT_OVERWRITE_MEDIA")
    assert call(server, "GET", f"client/v1/media/download/{media}").content == data


def test_errors(server: Running) -> None:
    whoami = "client/v3/account/whoami"
    assert call(server, "GET", whoami).json()["user_id"] == server.emulator.user()
    missing, wrong = call(server, "GET", whoami, token=""), call(server, "GET", whoami, token="syt_wrong")
    assert (missing.status_code, missing.json()["errcode"]) == (401, "M_MISSING_TOKEN")
    assert (wrong.status_code, wrong.json()["errcode"]) == (401, "M_UNKNOWN_TOKEN")
    media = upload(server, NO_PICTURE, "text/html")
    assert (
        call(server, "GET", f"client/v1/media/download/{media}").headers["content-disposition"].startswith("attachment")
    )
    thumbnail = call(server, "GET", f"client/v1/media/thumbnail/{media}", params={"width": 9, "height": 9})
    assert (thumbnail.status_code, thumbnail.json()["errcode"]) == (400, "M_UNKNOWN")
    assert call(server, "GET", "client/v1/media/download/emulated.invalid/nothing").json()["errcode"] == "M_NOT_FOUND"
    assert call(server, "GET", f"media/v3/download/{media}").json()["errcode"] == "M_NOT_FOUND"
    assert call(server, "GET", "media/v9/nothing").json()["errcode"] == "M_UNRECOGNIZED"
    most = call(server, "GET", "client/v1/media/config").json()["m.upload.size"]
    large = call(server, "POST", "media/v3/upload", content=bytes(most + 1))
    assert (large.status_code, large.json()["errcode"]) == (413, "M_TOO_LARGE")
    elsewhere = call(server, "PUT", "client/v3/rooms/!other:x/send/m.room.message/1", json={})
    assert elsewhere.json()["errcode"] == "M_FORBIDDEN"
    bad = call(server, "PUT", f"{room(server)}/send/m.room.message/1", content=b"{")
    assert bad.json()["errcode"] == "M_NOT_JSON"


def test_rate_limits(server: Running) -> None:
    server.misbehave("limit media 1 20")
    upload(server, picture())
    late = call(server, "POST", "media/v3/upload", content=picture())
    assert (late.status_code, late.json()["errcode"]) == (429, "M_LIMIT_EXCEEDED")
    assert 0 < late.json()["retry_after_ms"] <= 20_000
    assert 1 <= int(late.headers["retry-after"]) <= 20
