"""The Instagram emulator as the content publishing guide shows requests."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from emulating import NO_PICTURE, client, picture

import understudy as us
from understudy.emulators.running import Running, running

GOOD = picture(120, 120, "JPEG")
FILES = {
    "/good.jpg": GOOD,
    "/other.jpg": picture(120, 100, "JPEG", seed=2),
    "/a.png": picture(120, 120),
    "/wide.jpg": picture(200, 100, "JPEG"),
    "/tall.jpg": picture(70, 100, "JPEG"),
    "/large.jpg": GOOD + bytes(8 * 2**20),
    "/text.jpg": NO_PICTURE,
}


@pytest.fixture(scope="module")
def public() -> Iterator[str]:
    """A server with pictures, as the guide asks for."""

    class Host(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = FILES.get(self.path)
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            with contextlib.suppress(OSError):  # who asked has had enough
                self.wfile.write(found or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Host) as host:
        Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{host.server_port}"
        host.shutdown()


@pytest.fixture
def account() -> Iterator[Running]:
    with running("instagram") as it:
        yield it


def call(account: Running, method: str, path: str, **fields: str) -> httpx.Response:
    with client(headers={"Authorization": f"Bearer {account.token}"}) as http:
        url = f"{account.url}/v25.0/{path}"
        if method == "POST":
            return http.post(url, json=fields)
        return http.request(method, url, params=fields)


def create(account: Running, url: str, **fields: str) -> httpx.Response:
    return call(account, "POST", f"{account.settings['user_id']}/media", image_url=url, **fields)


def publish(account: Running, creation: str) -> httpx.Response:
    return call(account, "POST", f"{account.settings['user_id']}/media_publish", creation_id=creation)


def codes(response: httpx.Response) -> tuple[Any, Any]:
    return response.json()["error"]["code"], response.json()["error"].get("error_subcode")


def test_container_publication_and_picture(account: Running, public: str) -> None:
    mine = account.settings["user_id"]
    assert call(account, "GET", mine, fields="id,username").json() == {"id": mine, "username": "emulated"}
    container = create(account, f"{public}/good.jpg", caption="key 77").json()["id"]
    assert call(account, "GET", container, fields="status_code").json()["status_code"] == "FINISHED"
    assert account.state()["posts"] == []
    media = publish(account, container).json()["id"]
    assert call(account, "GET", container, fields="status_code").json()["status_code"] == "PUBLISHED"
    shown = call(account, "GET", media, fields="id,caption,media_url,media_type,permalink,timestamp").json()
    assert (shown["caption"], shown["media_type"]) == ("key 77", "IMAGE")
    with client() as http:
        assert http.get(shown["media_url"]).content == us.mimic(GOOD, "instagram").data
    listed = call(account, "GET", f"{mine}/media", fields="id,caption").json()
    assert listed["data"] == [{"id": media, "caption": "key 77"}]
    assert codes(publish(account, container)) == (24, 2207008)
    assert account.state()["times_posted"] == {hashlib.sha256(GOOD).hexdigest(): 1}
    assert codes(call(account, "DELETE", media)) == (100, 33)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a.png", (36001, 2207005)), ("/text.jpg", (36001, 2207005)), ("/large.jpg", (36000, 2207004)),
        ("/wide.jpg", (36003, 2207009)), ("/tall.jpg", (36003, 2207009)), ("/missing.jpg", (9004, 2207052)),
    ],
)  # fmt: skip
def test_what_is_not_taken(account: Running, public: str, path: str, expected: tuple[int, int]) -> None:
    refused = create(account, public + path)
    assert refused.status_code == 400
    assert codes(refused) == expected
    assert account.state()["pictures"] == []


def test_addresses_that_are_none(account: Running) -> None:
    assert codes(create(account, "file:///etc/hostname")) == (9004, 2207052)
    assert codes(create(account, "http://127.0.0.1:9/a.jpg")) == (9004, 2207052)
    assert codes(call(account, "POST", f"{account.settings['user_id']}/media")) == (100, None)


def test_a_container_takes_its_time_and_expires(account: Running, public: str) -> None:
    account.misbehave("processing 2")
    container = create(account, f"{public}/good.jpg").json()["id"]
    assert codes(publish(account, container)) == (9007, 2207027)
    seen = [call(account, "GET", container, fields="status_code").json()["status_code"] for _ in range(3)]
    assert seen == ["IN_PROGRESS", "IN_PROGRESS", "FINISHED"]
    account.misbehave("expire 0")
    assert call(account, "GET", container, fields="status_code").json()["status_code"] == "EXPIRED"
    assert codes(publish(account, container)) == (24, 2207008)


def test_the_publishing_limit(account: Running, public: str) -> None:
    path = f"{account.settings['user_id']}/content_publishing_limit"
    (entry,) = call(account, "GET", path, fields="config,quota_usage").json()["data"]
    assert entry == {"quota_usage": 0, "config": {"quota_total": 100, "quota_duration": 86400}}
    account.misbehave("limit publishing 1 86400")
    first, second = (create(account, f"{public}/{name}.jpg").json()["id"] for name in ("good", "other"))
    assert "id" in publish(account, first).json()
    assert codes(publish(account, second)) == (9, 2207042)
    assert call(account, "GET", path).json()["data"] == [{"quota_usage": 1}]


def test_publishing_is_a_fault_of_its_own(account: Running, public: str) -> None:
    account.misbehave("reset-after on=post times=1")
    container = create(account, f"{public}/good.jpg").json()["id"]
    with pytest.raises(httpx.TransportError):
        publish(account, container)
    assert call(account, "GET", container, fields="status_code").json()["status_code"] == "PUBLISHED"
    assert len(account.state()["posts"]) == 1
