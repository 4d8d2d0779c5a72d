"""The Bluesky emulator as the protocol's lexicons and Bluesky's guide to posts show requests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from emulating import NO_PICTURE, client, picture, size

import understudy as us
from understudy.emulators.pictures import STAND_IN
from understudy.emulators.records import cid_of_blob, cid_of_record, dag_cbor
from understudy.emulators.running import Running, running


@pytest.fixture
def pds() -> Iterator[Running]:
    with running("bluesky") as it:
        yield it


def session(pds: Running) -> dict[str, str]:
    with client() as http:
        given = {"identifier": pds.settings["handle"], "password": pds.token}
        answer = http.post(f"{pds.url}/xrpc/com.atproto.server.createSession", json=given)
    assert answer.status_code == 200
    return dict(answer.json())


def call(pds: Running, method: str, nsid: str, token: str, **more: Any) -> httpx.Response:
    with client(headers={"Authorization": f"Bearer {token}"} if token else {}) as http:
        return http.request(method, f"{pds.url}/xrpc/{nsid}", **more)


def upload(pds: Running, token: str, data: bytes, kind: str = "image/png") -> httpx.Response:
    return call(pds, "POST", "com.atproto.repo.uploadBlob", token, content=data, headers={"Content-Type": kind})


def post_of(blob: dict[str, Any], text: str = "hello") -> dict[str, Any]:
    images = {"$type": "app.bsky.embed.images", "images": [{"alt": "a picture", "image": blob}]}
    return {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-11-22T00:00:00Z", "embed": images}


def write(pds: Running, who: dict[str, str], record: dict[str, Any], rkey: str, verb: str = "putRecord") -> Any:
    given = {"repo": who["did"], "collection": "app.bsky.feed.post", "rkey": rkey, "record": record}
    return call(pds, "POST", f"com.atproto.repo.{verb}", who["accessJwt"], json=given)


def test_upload_put_get_list_fetch_delete(pds: Running) -> None:
    who, data = session(pds), picture(1200, 40)
    blob = upload(pds, who["accessJwt"], data).json()["blob"]
    assert (blob["mimeType"], blob["size"], blob["$type"]) == ("image/png", len(data), "blob")
    cid = blob["ref"]["$link"]
    place = {"did": who["did"], "cid": cid}
    unused = call(pds, "GET", "com.atproto.sync.getBlob", "", params=place)
    assert unused.json()["error"] == "BlobNotFound", "until a record uses it"
    written = write(pds, who, post_of(blob), "3abc").json()
    assert written["uri"] == f"at://{who['did']}/app.bsky.feed.post/3abc"
    again = write(pds, who, post_of(blob), "3abc").json()
    assert again["cid"] == written["cid"]
    assert len(pds.state()["posts"]) == 1
    where = {"repo": who["handle"], "collection": "app.bsky.feed.post"}
    found = call(pds, "GET", "com.atproto.repo.getRecord", "", params={**where, "rkey": "3abc"}).json()
    assert found["value"] == post_of(blob)
    write(pds, who, {"text": "none", "createdAt": "x"}, "3abd")
    first = call(pds, "GET", "com.atproto.repo.listRecords", "", params={**where, "limit": 1}).json()
    assert [r["uri"][-4:] for r in first["records"]] == ["3abd"]
    rest = call(pds, "GET", "com.atproto.repo.listRecords", "", params={**where, "cursor": first["cursor"]}).json()
    assert [r["uri"][-4:] for r in rest["records"]] == ["3abc"]

    assert call(pds, "GET", "com.atproto.sync.getBlob", "", params=place).content == data
    view = call(pds, "GET", "app.bsky.feed.getPosts", who["accessJwt"], params={"uris": written["uri"]}).json()
    (image,) = view["posts"][0]["embed"]["images"]
    assert image["fullsize"].endswith(f"/img/feed_fullsize/plain/{who['did']}/{cid}@jpeg")
    with client() as http:
        assert http.get(image["fullsize"]).content == us.mimic(data, STAND_IN).data
        assert http.get(image["fullsize"].removesuffix("@jpeg")).status_code == 200
        assert size(http.get(image["thumb"]).content) == (1000, 33)
    gone = call(pds, "POST", "com.atproto.repo.deleteRecord", who["accessJwt"], json={**where, "rkey": "3abc"})
    assert gone.status_code == 200
    with client() as http:
        assert http.get(image["fullsize"]).status_code == 404
    missing = call(pds, "GET", "com.atproto.repo.getRecord", "", params={**where, "rkey": "3abc"})
    assert (missing.status_code, missing.json()["error"]) == (400, "RecordNotFound")
    assert pds.state()["times_live"] == {}
    assert pds.state()["profile"] == {
        "name": STAND_IN,
        "why": "a stand-in that says nothing about bluesky: no profile of it is shipped",
        "stand_in": True,
    }


def test_sessions_expire_and_are_refreshed(pds: Running) -> None:
    with client() as http:
        wrong = http.post(
            f"{pds.url}/xrpc/com.atproto.server.createSession",
            json={"identifier": pds.settings["handle"], "password": "wrong"},
        )
    assert (wrong.status_code, wrong.json()["error"]) == (401, "AuthenticationRequired")
    assert upload(pds, "", picture()).json()["error"] == "AuthMissing"
    assert upload(pds, "a.b.c", picture()).json()["error"] == "InvalidToken"
    pds.misbehave("expire 0")
    who = session(pds)
    late = upload(pds, who["accessJwt"], picture())
    assert (late.status_code, late.json()["error"]) == (400, "ExpiredToken")
    assert upload(pds, who["refreshJwt"], picture()).json()["error"] == "InvalidToken", "another scope"
    pds.misbehave("")
    fresh = call(pds, "POST", "com.atproto.server.refreshSession", who["refreshJwt"]).json()
    assert upload(pds, fresh["accessJwt"], picture()).status_code == 200
    used = call(pds, "POST", "com.atproto.server.refreshSession", who["refreshJwt"])
    assert used.json()["error"] == "InvalidToken", "a refresh token works once"


def test_what_is_not_taken(pds: Running) -> None:
    who = session(pds)
    token = who["accessJwt"]
    large = upload(pds, token, picture() + bytes(1_000_001)).json()["blob"]
    assert write(pds, who, post_of(large), "a").json()["error"] == "BlobTooLarge"
    shrunk = write(pds, who, post_of({**large, "size": 10}), "a")
    assert shrunk.json()["error"] == "BlobTooLarge", "the size is the server's to know"
    text = upload(pds, token, NO_PICTURE, "text/plain").json()["blob"]
    assert write(pds, who, post_of(text), "b").json()["error"] == "InvalidMimeType"
    unknown = {**large, "size": 9, "ref": {"$link": cid_of_blob(b"never sent")}}
    assert write(pds, who, post_of(unknown), "c").json()["error"] == "BlobNotFound"
    assert write(pds, who, {"text": "no date"}, "d").json()["error"] == "InvalidRequest"
    assert write(pds, who, post_of(large), "../d").json()["error"] == "InvalidRequest"
    five = post_of(text)
    five["embed"]["images"] *= 5
    assert write(pds, who, five, "e").json()["error"] == "InvalidRequest"
    fine = {"text": "t", "createdAt": "2026"}
    assert write(pds, who, fine, "f", "createRecord").status_code == 200
    assert write(pds, who, fine, "f", "createRecord").status_code == 400
    other = {"repo": "did:plc:other", "collection": "app.bsky.feed.post", "record": fine}
    assert call(pds, "POST", "com.atproto.repo.createRecord", token, json=other).json()["error"] == "RepoNotFound"
    assert call(pds, "GET", "com.example.nothing", token).status_code == 501


def test_rate_limits(pds: Running) -> None:
    who = session(pds)
    told = upload(pds, who["accessJwt"], picture()).headers
    assert (told["ratelimit-limit"], told["ratelimit-policy"]) == ("3000", "3000;w=300")
    pds.misbehave("limit points 5 60")
    fine = {"text": "t", "createdAt": "2026"}
    made = write(pds, who, fine, "a", "createRecord")
    assert (made.headers["ratelimit-limit"], made.headers["ratelimit-remaining"]) == ("5", "2")
    refused = write(pds, who, fine, "b", "createRecord")
    assert (refused.status_code, refused.json()["error"]) == (429, "RateLimitExceeded")
    assert int(refused.headers["ratelimit-reset"]) > 1_700_000_000
    assert write(pds, who, fine, "a").status_code == 200, "an update costs 2, a creation 3"


def test_identifiers_are_those_of_the_specification() -> None:
    """The empty raw block's CID is in every IPFS text; CBOR's examples are RFC 8949's appendix A."""
    assert cid_of_blob(b"") == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    assert cid_of_record({}) == "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua"
    cases = {
        "00": 0, "17": 23, "1818": 24, "1903e8": 1000, "1a000f4240": 1000000, "1b000000e8d4a51000": 1000000000000,
        "20": -1, "3903e7": -1000, "f4": False, "f5": True, "f6": None, "6449455446": "IETF", "62c3bc": "ü",
        "83010203": [1, 2, 3], "a0": {}, "a26161016162820203": {"a": 1, "b": [2, 3]},
    }  # fmt: skip
    assert {dag_cbor(value).hex(): value for value in cases.values()} == cases
    assert dag_cbor({"bb": 1, "a": 2, "ab": 3}).hex() == "a3616102626162036262" + "6201", "shorter keys come first"
    digest = hashlib.sha256(b"").digest()
    link = dag_cbor({"$link": cid_of_blob(b"")})
    assert link == b"\xd8\x2a\x58\x25\x00\x01\x55\x12\x20" + digest
