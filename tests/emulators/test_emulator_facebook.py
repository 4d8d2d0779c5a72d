"""The Facebook emulator as the Graph API's documentation shows requests: curl's forms and queries, nothing of ours."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from emulating import NO_PICTURE, client, picture

import understudy as us
from understudy.emulators.running import Running, running

SIZED = "facebook/classic-2014-resized"


@pytest.fixture
def page() -> Iterator[Running]:
    with running("facebook", profile=SIZED) as it:
        yield it


def post(page: Running, data: bytes, **fields: str) -> httpx.Response:
    """curl -F source=@... -F access_token=... https://graph.facebook.com/v25.0/{page-id}/photos"""
    with client() as http:
        return http.post(
            f"{page.url}/v25.0/{page.settings['page_id']}/photos",
            data={"access_token": page.token, "published": "false", **fields},
            files={"source": ("p.png", data, "image/png")},
        )


def get(page: Running, path: str, **query: str) -> httpx.Response:
    with client() as http:
        return http.get(f"{page.url}/v25.0/{path}", params={"access_token": page.token, **query})


def error(response: httpx.Response) -> dict[str, object]:
    found = response.json()["error"]
    assert {"message", "type", "code", "fbtrace_id"} <= set(found)
    return dict(found)


def test_upload_read_renditions_delete(page: Running) -> None:
    data = picture(400, 300)
    answer = post(page, data, caption="key 0123")
    assert answer.status_code == 200
    assert list(answer.json()) == ["id"], "no post_id for what is not published"
    id = answer.json()["id"]

    photo = get(page, id, fields="images,name,width,height,link,created_time").json()
    assert photo["name"] == "key 0123"
    assert photo["id"] == id
    sizes = [(image["width"], image["height"]) for image in photo["images"]]
    assert sizes == [(400, 300), (320, 240), (130, 98)]
    assert (photo["width"], photo["height"]) == sizes[0]
    profile = us.load_profile(SIZED)
    for image, limit in zip(photo["images"], (None, 320, 130), strict=True):
        chosen = profile if limit is None else profile.with_values({"resize.limit": limit})
        with client() as http:
            delivered = http.get(image["source"])
        assert delivered.headers["content-type"] == "image/jpeg"
        assert delivered.content == us.mimic(data, chosen).data
        assert {"stp", "_nc_cat", "ccb", "_nc_sid", "_nc_ohc", "_nc_ht", "oh", "oe"} == set(
            parse_qs(urlsplit(image["source"]).query)
        )

    with client() as http:
        gone = http.request("DELETE", f"{page.url}/v25.0/{id}", params={"access_token": page.token})
        assert gone.json() == {"success": True}
        again = http.request("DELETE", f"{page.url}/v25.0/{id}", params={"access_token": page.token})
    assert error(again)["code"] == 100
    assert error(again)["error_subcode"] == 33
    assert get(page, id).status_code == 400
    assert page.state()["times_live"] == {}
    assert page.state()["times_posted"] == {hashlib.sha256(data).hexdigest(): 1}


def test_the_default_is_the_newest_main_surface() -> None:
    data = picture()
    with running("facebook") as page:
        id = post(page, data).json()["id"]
        images = get(page, id, fields="images").json()["images"]
        with client() as http:
            delivered = http.get(images[0]["source"]).content
        state = page.state()
    assert delivered == us.mimic(data, "facebook").data
    assert len(images) == 1, "this profile has no resize to set"
    assert state["profile"]["name"] == us.load_profile("facebook").name
    assert state["profile"]["stand_in"] is False


def test_published_photos_have_a_post_and_default_fields_are_few(page: Running) -> None:
    answer = post(page, picture(), published="true", message="hello").json()
    assert answer["post_id"].startswith(page.settings["page_id"] + "_")
    assert set(get(page, answer["id"]).json()) == {"id", "name", "created_time"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", get(page, answer["id"]).json()["created_time"])


def test_listing_goes_by_cursors(page: Running) -> None:
    ids = [post(page, picture(seed=n), caption=f"n{n}").json()["id"] for n in range(5)]
    mine = f"{page.settings['page_id']}/photos"
    assert get(page, mine).json() == {"data": []}, "without type: profile pictures"
    first = get(page, mine, type="uploaded", fields="id,name", limit="2").json()
    assert [photo["id"] for photo in first["data"]] == ids[:-3:-1]
    assert set(first["paging"]) == {"cursors", "next"}
    seen, following = list(first["data"]), first["paging"]["next"]
    while following:
        with client() as http:
            found = http.get(following).json()
        seen += found["data"]
        following = found["paging"].get("next")
    assert [photo["id"] for photo in seen] == ids[::-1]
    assert [photo["name"] for photo in seen] == [f"n{n}" for n in reversed(range(5))]
    after = first["paging"]["cursors"]["after"]
    assert get(page, mine, type="uploaded", after=after, limit="1").json()["data"][0]["id"] == ids[2]
    assert error(get(page, mine, type="uploaded", after="nonsense"))["code"] == 100


def test_unpublished_photos_can_be_hidden_and_temporary_ones_always_are(page: Running) -> None:
    mine = f"{page.settings['page_id']}/photos"
    post(page, picture(seed=1), temporary="true")
    post(page, picture(seed=2))
    post(page, picture(seed=3), published="true")
    assert len(get(page, mine, type="uploaded").json()["data"]) == 2
    page.misbehave("hide-unpublished")
    assert len(get(page, mine, type="uploaded").json()["data"]) == 1
    assert error(post(page, picture(), temporary="true", published="true"))["code"] == 100


def test_who_we_are_and_tokens(page: Running) -> None:
    assert get(page, "me").json() == {"name": "Emulated Page", "id": page.settings["page_id"]}
    with client() as http:
        bearer = http.get(f"{page.url}/me", headers={"Authorization": f"Bearer {page.token}"})
        assert bearer.json()["id"] == page.settings["page_id"], "a version is not needed, nor a query"
        assert error(http.get(f"{page.url}/v25.0/me"))["code"] == 104
        wrong = http.get(f"{page.url}/v25.0/me", params={"access_token": "EAAwrong"})
        assert http.get(f"{page.url}/v25.0/me/accounts", params={"access_token": page.token}).json()["data"]
    assert error(wrong)["code"] == 190
    assert error(wrong)["type"] == "OAuthException"
    assert "invalid_token" in wrong.headers["www-authenticate"]
    assert error(get(page, "me", fields="nonsense"))["code"] == 100


@pytest.mark.parametrize(
    "data", [NO_PICTURE, b"", picture(kind="PNG")[:-400], b"\xff\xd8\xff\xd9", picture(kind="ICO")]
)
def test_what_is_no_picture_is_refused_with_324(page: Running, data: bytes) -> None:
    assert error(post(page, data))["code"] == 324
    assert page.state()["pictures"] == []


def test_too_large_is_refused(page: Running) -> None:
    assert error(post(page, picture() + bytes(10**7)))["code"] == 324


def test_a_picture_can_be_fetched_from_an_address(page: Running) -> None:
    data = picture(kind="JPEG")

    class Host(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/a.jpg" else 302)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Host) as host:
        Thread(target=host.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{host.server_port}"
        mine = f"{page.url}/v25.0/{page.settings['page_id']}/photos"
        with client() as http:
            fields = {"access_token": page.token, "published": "false"}
            done = http.post(mine, data={**fields, "url": f"{base}/a.jpg"})
            away = http.post(mine, data={**fields, "url": f"{base}/redirected"})
            local = http.post(mine, data={**fields, "url": "file:///etc/hostname"})
        host.shutdown()
    assert done.json()["id"]
    assert page.state()["pictures"][0]["sha256"] == hashlib.sha256(data).hexdigest()
    assert error(away)["code"] == 324
    assert error(local)["code"] == 324


def test_rate_limits_are_told_in_headers_and_minutes(page: Running) -> None:
    page.misbehave("limit pages 4 90")
    usage = json.loads(get(page, "me").headers["x-business-use-case-usage"])
    (mine,) = usage[page.settings["page_id"]]
    assert (mine["type"], mine["call_count"], mine["estimated_time_to_regain_access"]) == ("pages", 25, 0)
    for _ in range(3):
        assert get(page, "me").status_code == 200
    refused = post(page, picture())
    assert error(refused)["code"] == 80001
    (mine,) = json.loads(refused.headers["x-business-use-case-usage"])[page.settings["page_id"]]
    assert (mine["call_count"], mine["estimated_time_to_regain_access"]) == (100, 2)
    assert json.loads(refused.headers["x-app-usage"])["call_count"] == 100
    assert page.state()["pictures"] == []


@pytest.mark.parametrize("code", [4, 17, 32, 613, 368])
def test_other_codes_that_mean_not_now(page: Running, code: int) -> None:
    page.misbehave(f"rate-limit on=read code={code} times=1")
    assert error(get(page, "me"))["code"] == code
    assert get(page, "me").status_code == 200


def test_addresses_are_signed_and_expire(page: Running) -> None:
    data = picture()
    id = post(page, data).json()["id"]
    source = get(page, id, fields="images").json()["images"][0]["source"]
    with client() as http:
        changed = http.get(source.replace("_nc_cat=1", "_nc_cat=2"))
        assert (changed.status_code, changed.text) == (403, "URL signature mismatch")
        later = re.sub("oe=[0-9A-F]+", "oe=7FFFFFFF", source)
        assert http.get(later).text == "URL signature mismatch"
        assert http.get(source).status_code == 200
        page.misbehave("expire 0")
        stale = get(page, id, fields="images").json()["images"][0]["source"]
        expired = http.get(stale)
        assert (expired.status_code, expired.text) == (403, "URL signature expired")
        page.misbehave("expired on=download times=1")
        assert http.get(source).text == "URL signature expired"
        assert http.get(source).content == us.mimic(data, SIZED).data


def test_expired_tokens_and_temporary_failures(page: Running) -> None:
    page.misbehave("unauthorized on=read times=1; error on=upload times=1")
    expired = error(get(page, "me"))
    assert (expired["code"], expired["error_subcode"]) == (190, 463)
    failed = post(page, picture())
    assert (failed.status_code, error(failed)["code"], error(failed)["is_transient"]) == (500, 2, True)
