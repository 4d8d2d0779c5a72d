"""Bluesky: the lexicons' shapes, one place a key, sessions that end."""

from __future__ import annotations

import re

import httpx
import pytest
from scripted import KEY, OTHER_KEY, Platform, Reply, body, file, js, picture

from understudy.connectors.base import AgainError, AuthError, ConnectorError, Picture, Posted, RejectedError
from understudy.connectors.bluesky import Bluesky, tid

DID, CID, PASSWORD = "did:plc:abc234", "bafkreiabc", "aaaa-bbbb-cccc-dddd"
URI = f"at://{DID}/app.bsky.feed.post/{tid(KEY)}"
BLOB = {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/jpeg", "size": 9}
X = "/xrpc/com.atproto."
LOGIN, UPLOAD, PUT, GET = f"POST {X}server.createSession", f"POST {X}repo.uploadBlob", f"POST {X}repo.putRecord", (
    f"GET {X}repo.getRecord"
)  # fmt: skip
SERVICE = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://pds.example"}
SESSION = {
    "did": DID, "handle": "probe.example", "accessJwt": "jwt-1", "refreshJwt": "r", "didDoc": {"service": [SERVICE]},
}  # fmt: skip


def platform(replies: dict[str, Reply | list[Reply]]) -> Platform:
    told: dict[str, Reply | list[Reply]] = {
        LOGIN: js(SESSION),
        UPLOAD: js({"blob": BLOB}),
        PUT: js({"uri": URI, "cid": "bafyrecord"}),
    }
    return Platform({**told, **replies})


def connect(platform: Platform, **settings: str) -> Bluesky:
    return platform.connect(Bluesky, handle="probe.example", app_password=PASSWORD, **settings)


def refused(kind: str, status: int = 400, **headers: str) -> httpx.Response:
    return js({"error": kind, "message": "why"}, status, **headers)


def test_the_record_stands_where_the_key_says() -> None:
    told = platform({})
    sent = picture()
    assert connect(told).send(sent, KEY) == Posted(URI, {"cid": CID, "type": "image/jpeg"})
    upload = told.last(UPLOAD)
    assert upload.content == sent.data
    assert upload.headers["content-type"] == "image/jpeg"
    asked = body(told.last(PUT))
    assert (asked["repo"], asked["collection"], asked["rkey"]) == (DID, "app.bsky.feed.post", tid(KEY))
    image = asked["record"]["embed"]["images"][0]
    assert image["image"] == BLOB
    assert image["aspectRatio"] == {"width": 40, "height": 30}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", asked["record"]["createdAt"])
    assert asked["record"]["$type"] == "app.bsky.feed.post"
    assert told.last(PUT).url.host == "pds.example"
    assert told.asked[0].url.host == "bsky.social"


def read_tid(text: str) -> tuple[int, int]:
    """(microseconds since 1970, clock's number) of a TID, by atproto.com/specs/tid."""
    value = 0
    for letter in text:
        value = value * 32 + "234567abcdefghijklmnopqrstuvwxyz".index(letter)
    return value >> 10, value & 1023


def test_record_keys_are_tids() -> None:
    """The specification's reference expression; never in the future; one for each key."""
    assert read_tid("3l25zusnsfctk") == (1_724_171_495_793_000, 816)  # the documentation of @atcute/tid
    keys = [f"{i * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}" for i in range(1, 2001)]
    made = {tid(key) for key in [*keys, "0" * 32, "f" * 32]}
    assert len(made) == 2002
    assert all(re.fullmatch(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", t) for t in made)
    start = 1_672_531_200_000_000  # 2023-01-01
    assert read_tid(tid("0" * 32)) == (start, 0)
    assert read_tid(tid("f" * 32)) == (start + (1 << 46) - 1, 1023)
    assert all(start <= read_tid(t)[0] < 1_743_000_000_000_000 for t in made)


def test_find_reads_that_place() -> None:
    record = {"embed": {"images": [{"image": BLOB}]}}
    told = platform({GET: js({"uri": URI, "cid": "c", "value": record})})
    assert connect(told).find(KEY) == Posted(URI, {"cid": CID, "type": "image/jpeg"})
    assert told.asked[-1].url.params["rkey"] == tid(KEY)
    assert connect(platform({GET: refused("RecordNotFound")})).find(OTHER_KEY) is None
    with pytest.raises(ConnectorError, match="a post with an image"):
        connect(platform({GET: js({"uri": URI, "value": {"text": "other"}})})).find(KEY)
    with pytest.raises(ConnectorError):
        connect(platform({GET: refused("InvalidRequest")})).find(KEY)


def test_renditions_are_the_blob_and_what_the_app_shows() -> None:
    cdn = f"https://cdn.example/img/{{}}/plain/{DID}/{CID}@jpeg"
    view = {"$type": "app.bsky.embed.images#view"}
    view |= {"images": [{"thumb": cdn.format("feed_thumbnail"), "fullsize": cdn.format("feed_fullsize"), "alt": ""}]}
    told = platform(
        {
            "GET /xrpc/app.bsky.feed.getPosts": [js({"posts": []}), js({"posts": [{"uri": URI, "embed": view}]})],
            f"GET {X}sync.getBlob": file(b"as sent"),
            "GET /img/.*": lambda r: file(r.url.path.encode()),
        }
    )
    made = connect(told)
    posted = Posted(URI, {"cid": CID})
    with pytest.raises(AgainError) as caught:
        list(made.fetch(posted))
    assert caught.value.working
    got = list(made.fetch(posted))
    assert [(r.name, r.main) for r in got] == [("original", False), ("feed_fullsize", True), ("feed_thumbnail", False)]
    assert got[0].data == b"as sent"
    assert got[0].url == f"https://pds.example{X}sync.getBlob?did=did%3Aplc%3Aabc234&cid={CID}"
    assert "feed_fullsize" in got[1].url and "feed_thumbnail" in got[2].url
    asked = told.last("GET /xrpc/app.bsky.feed.getPosts")
    assert asked.headers["atproto-proxy"].endswith("#bsky_appview")
    assert all("authorization" not in r.headers for r in told.asked[-3:])


def test_a_session_that_ends_is_opened_again_once() -> None:
    told = platform(
        {
            LOGIN: [js(SESSION), js(SESSION | {"accessJwt": "jwt-2"})],
            GET: [refused("ExpiredToken"), refused("RecordNotFound")],
        }
    )
    assert connect(told).find(KEY) is None
    assert told.asked[-1].headers["authorization"] == "Bearer jwt-2"
    with pytest.raises(AuthError):
        connect(platform({GET: refused("ExpiredToken")})).find(KEY)


@pytest.mark.parametrize(
    ("place", "answer", "kind"),
    [
        (LOGIN, refused("AuthenticationRequired", 401), AuthError),
        (LOGIN, refused("RateLimitExceeded", 429), AgainError),
        (UPLOAD, refused("BlobTooLarge"), RejectedError),
        (UPLOAD, refused("InvalidRequest", 413), RejectedError),
        (UPLOAD, refused("InvalidToken"), AuthError),
        (PUT, refused("InvalidRequest"), ConnectorError),
        (PUT, refused("InvalidSwap"), ConnectorError),
        (PUT, httpx.Response(502, content=b"bad gateway"), AgainError),
    ],
)
def test_errors(place: str, answer: httpx.Response, kind: type[ConnectorError]) -> None:
    with pytest.raises(ConnectorError) as caught:
        connect(platform({place: answer})).send(picture(), KEY)
    assert type(caught.value) is kind
    assert PASSWORD not in str(caught.value) and "jwt-1" not in str(caught.value)


def test_the_wait_is_until_ratelimit_reset() -> None:
    limited = refused("RateLimitExceeded", 429, ratelimit_reset="1575547800", date="Thu, 05 Dec 2019 12:08:30 GMT")
    with pytest.raises(AgainError) as caught:
        connect(platform({PUT: limited})).send(picture(), KEY)
    assert caught.value.wait_s == 90
    assert not caught.value.landed


def test_what_is_larger_than_the_lexicon_allows_is_not_sent() -> None:
    told = platform({})
    with pytest.raises(RejectedError, match="1,000,000"):
        connect(told).send(Picture("a.jpg", bytes(1_000_001), "image/jpeg"), KEY)
    assert told.asked == []


def test_removing_twice_does_nothing() -> None:
    """com.atproto.repo.deleteRecord: "Delete a record, or ensure it doesn't exist"."""
    told = platform({f"POST {X}repo.deleteRecord": js({})})
    connect(told).remove(Posted(URI, {"cid": CID}))
    assert body(told.asked[-1]) == {"repo": DID, "collection": "app.bsky.feed.post", "rkey": tid(KEY)}


def test_who_we_are_says_that_all_is_public() -> None:
    made = connect(platform({}))
    assert made.check() == f"probe.example, {DID}; all posts are public"
    assert made.account() == DID
