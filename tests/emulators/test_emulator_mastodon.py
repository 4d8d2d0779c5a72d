"""The Mastodon emulator as docs.joinmastodon.org shows requests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from emulating import NO_PICTURE, client, picture

import understudy as us
from understudy.emulators.running import Running, running


@pytest.fixture
def server() -> Iterator[Running]:
    with running("mastodon") as it:
        yield it


def call(server: Running, method: str, path: str, *, key: str = "", token: bool = True, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {server.token}"} if token else {}
    with client(headers=headers | ({"Idempotency-Key": key} if key else {})) as http:
        return http.request(method, server.url + path, **more)


def upload(server: Running, data: bytes, version: str = "v2") -> httpx.Response:
    files = {"file": ("p.jpg", data, "image/jpeg")}
    return call(server, "POST", f"/api/{version}/media", files=files, data={"description": "a picture"})


def post(server: Running, media: str, key: str = "", visibility: str = "private") -> httpx.Response:
    fields = {"status": f"key {key}", "media_ids[]": [media], "visibility": visibility}
    return call(server, "POST", "/api/v1/statuses", key=key, data=fields)


def test_upload_post_list_fetch_delete(server: Running) -> None:
    data = picture(200, 150, "JPEG")
    media = upload(server, data)
    assert media.status_code == 200
    about = media.json()
    assert about["type"] == "image"
    assert about["description"] == "a picture"
    assert about["meta"]["original"]["size"] == "200x150"
    status = post(server, about["id"], "k1").json()
    assert status["visibility"] == "private"
    assert [a["id"] for a in status["media_attachments"]] == [about["id"]]
    who = call(server, "GET", "/api/v1/accounts/verify_credentials").json()["id"]
    listed = call(server, "GET", f"/api/v1/accounts/{who}/statuses", params={"only_media": "true"}).json()
    assert [s["id"] for s in listed] == [status["id"]]
    assert call(server, "GET", f"/api/v1/statuses/{status['id']}").json()["id"] == status["id"]
    with client() as http:
        delivered = http.get(status["media_attachments"][0]["url"])
        assert delivered.content == us.mimic(data, "mastodon").data
        assert http.get(about["preview_url"]).status_code == 200
        assert http.get(about["url"].replace("/original/", "/../")).status_code == 404
    deleted = call(server, "DELETE", f"/api/v1/statuses/{status['id']}").json()
    assert deleted["text"] == "key k1"
    assert call(server, "DELETE", f"/api/v1/statuses/{status['id']}").status_code == 404
    assert call(server, "GET", f"/api/v1/statuses/{status['id']}").json() == {"error": "Record not found"}
    state = server.state()
    assert state["times_posted"] == {hashlib.sha256(data).hexdigest(): 1}
    assert state["times_live"] == {}


def test_previews_are_smaller_where_the_profile_can() -> None:
    data = picture(900, 600, "JPEG")
    with running("mastodon", profile="mastodon/2019") as server:
        about = upload(server, data).json()
        with client() as http:
            small = http.get(about["preview_url"]).content
    assert about["meta"]["small"]["size"] == "640x427"
    profile = us.load_profile("mastodon/2019").with_values({"resize.limit": 640, "resize.fit": "longest_side"})
    assert small == us.mimic(data, profile).data


def test_an_idempotency_key_posts_once(server: Running) -> None:
    media = upload(server, picture(kind="JPEG")).json()["id"]
    first, second = post(server, media, "same").json(), post(server, media, "same").json()
    assert first["id"] == second["id"]
    assert len(server.state()["posts"]) == 1
    refused = post(server, media, "other")
    assert refused.status_code == 422, "an attachment goes into one status"
    assert post(server, "1234", "third").status_code == 422


def test_work_that_takes_time(server: Running) -> None:
    server.misbehave("processing 2")
    media = upload(server, picture(kind="JPEG"))
    assert (media.status_code, media.json()["url"]) == (202, None)
    assert media.json()["preview_url"]
    id = media.json()["id"]
    assert post(server, id).status_code == 422
    seen = [call(server, "GET", f"/api/v1/media/{id}") for _ in range(3)]
    assert [answer.status_code for answer in seen] == [206, 206, 200]
    assert seen[-1].json()["url"]
    assert post(server, id).status_code == 200
    assert upload(server, picture(kind="JPEG"), "v1").status_code == 200, "v1 waits"


def test_who_may_see_what(server: Running) -> None:
    ids = {}
    for n, visibility in enumerate(("public", "unlisted", "private", "direct")):
        media = upload(server, picture(kind="JPEG", seed=n)).json()["id"]
        ids[visibility] = post(server, media, visibility, visibility).json()["id"]
    who = call(server, "GET", "/api/v1/accounts/verify_credentials").json()["id"]
    path = f"/api/v1/accounts/{who}/statuses"
    assert len(call(server, "GET", path).json()) == 4
    assert len(call(server, "GET", path, token=False).json()) == 2
    assert call(server, "GET", f"/api/v1/statuses/{ids['private']}", token=False).status_code == 404
    first = call(server, "GET", path, params={"limit": 3})
    assert [s["visibility"] for s in first.json()] == ["direct", "private", "unlisted"]
    with client(headers={"Authorization": f"Bearer {server.token}"}) as http:
        rest = http.get(first.links["next"]["url"])
        assert [s["visibility"] for s in rest.json()] == ["public"]
        assert [s["visibility"] for s in http.get(rest.links["prev"]["url"]).json()] == [
            "direct",
            "private",
            "unlisted",
        ]


def test_errors_and_limits(server: Running) -> None:
    assert call(server, "GET", "/api/v1/accounts/verify_credentials", token=False).json() == {
        "error": "The access token is invalid"
    }
    bad = upload(server, NO_PICTURE)
    assert bad.status_code == 422
    assert bad.json() == {"error": "Validation failed: File content type is invalid, File is invalid"}
    assert call(server, "POST", "/api/v1/statuses", data={"status": ""}).json() == {
        "error": "Validation failed: Text can't be blank"
    }
    limits = call(server, "GET", "/api/v2/instance", token=False).json()["configuration"]["media_attachments"]
    assert upload(server, picture(kind="JPEG") + bytes(limits["image_size_limit"])).status_code == 422
    assert call(server, "GET", "/api/v1/nonsense").status_code == 404


def test_rate_limits(server: Running) -> None:
    told = call(server, "GET", "/api/v1/accounts/verify_credentials").headers
    assert (told["x-ratelimit-limit"], told["x-ratelimit-remaining"]) == ("300", "299")
    server.misbehave("limit media 1 60")
    assert upload(server, picture(kind="JPEG")).status_code == 200
    refused = upload(server, picture(kind="JPEG"))
    assert refused.status_code == 429
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["x-ratelimit-reset"].endswith("Z")
