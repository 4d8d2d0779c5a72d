"""Bluesky, AT Protocol: sessions, blobs, records, and the CDN's renditions of pictures in posts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .base import Emulator, Refused, jpeg, same, truthy, whole
from .limiting import Standing
from .records import MAX_IMAGE, blobs_in, cid_of_blob, cid_of_record, images_of, is_record_key, objection_to, too_large

MAX_BLOB = 52_428_800
ACCESS_S, REFRESH_S = 7200.0, 90 * 86400.0
THUMBNAIL = 1000
"""Longest side of feed_thumbnail, as seen."""
COSTS = {"create": 3, "update": 2, "delete": 1}


class Bluesky(Emulator):
    """A personal data server with one account, and the CDN."""

    name: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky, AT Protocol"
    source: ClassVar[str] = (
        "github.com/bluesky-social/atproto: lexicons com.atproto.server, .repo, .sync, app.bsky.feed.post, "
        "app.bsky.embed.images; docs.bsky.app: advanced-guides/posts, rate-limits; atproto.com/specs/xrpc, blob; "
        "read 2026-11 in stored copies, those of createRecord and listRecords old; newer fields from memory"
    )
    unconfirmed: ClassVar[tuple[str, ...]] = (
        "createRecord on a key that is taken: refused with InvalidRequest here",
        "lifetimes of tokens: 2 hours and 90 days here",
        "the wording of messages, and BlobTooLarge as the name of the error about a picture above 1,000,000 bytes",
        "the CDN's longest side of feed_fullsize (no limit here) and feed_thumbnail (1000 here)",
        "a blob that no record uses is not served, and is kept for ever here",
        "records are checked as app.bsky.feed.post only, and in what concerns pictures",
    )
    secret_setting: ClassVar[str] = "app_password"
    documented_limits: ClassVar[dict[str, tuple[int, float]]] = {
        "all": (3000, 300.0),
        "sessions": (30, 300.0),
        "points": (5000, 3600.0),
    }

    def token(self) -> str:
        """The demo account's app password, in its shape."""
        letters = self.store.secret("password").hex()[:16]
        return "-".join(letters[i : i + 4] for i in range(0, 16, 4))

    def settings(self, base_url: str) -> dict[str, str]:
        """Where it is, and who."""
        return {"base_url": base_url, "handle": self.handle()}

    def handle(self) -> str:
        """The demo account's handle."""
        return "emulated.bsky.social"

    def did(self) -> str:
        """The demo account's DID."""
        return "did:plc:" + base64.b32encode(self.store.secret("did")).decode().lower()[:24]

    def routes(self) -> list[Route]:
        """The endpoints."""
        server, repo = "/xrpc/com.atproto.server.", "/xrpc/com.atproto.repo."
        return [
            self.on("POST", server + "createSession", self.create_session, kind="login", bucket="sessions"),
            self.on("POST", server + "refreshSession", self.refresh_session, kind="login", bucket="all"),
            self.on("GET", server + "getSession", self.get_session, kind="read", bucket="all"),
            self.on("POST", repo + "uploadBlob", self.upload, kind="upload", bucket="all"),
            self.on("POST", repo + "createRecord", self.create, kind="post", bucket="points", cost=COSTS["create"]),
            self.on("POST", repo + "putRecord", self.put, kind="post", bucket="points", cost=COSTS["update"]),
            self.on("POST", repo + "deleteRecord", self.delete, kind="remove", bucket="points", cost=COSTS["delete"]),
            self.on("GET", repo + "getRecord", self.get, kind="read", bucket="all"),
            self.on("GET", repo + "listRecords", self.listed, kind="read", bucket="all"),
            self.on("GET", "/xrpc/com.atproto.sync.getBlob", self.blob, kind="download", bucket="all"),
            self.on("GET", "/xrpc/app.bsky.feed.getPosts", self.posts, kind="read", bucket="all"),
            self.on("GET", "/img/{preset}/plain/{did}/{cid}", self.cdn, kind="download"),
        ]

    # Errors.

    def error(self, status: int, name: str, message: str) -> JSONResponse:
        """{"error": name, "message": ...}"""
        return JSONResponse({"error": name, "message": message}, status)

    def refusal(self, name: str, message: str, status: int = 400) -> Refused:
        """The same, to be raised."""
        return Refused(self.error(status, name, message))

    def rate_limited(self, wait_s: float, standing: Standing | None, code: int) -> Response:
        """429; when it ends is told by RateLimit-Reset."""
        response = self.error(429, "RateLimitExceeded", "Rate Limit Exceeded")
        limit, seconds = self.documented_limits["all"]
        told = standing or Standing("all", limit, seconds, limit, self.clock() + wait_s, wait_s, True)
        response.headers.update(self.limit_headers(told))
        return response

    def limit_headers(self, standing: Standing) -> Mapping[str, str]:
        """RateLimit-*, the reset in seconds since 1970."""
        return {
            "RateLimit-Limit": str(standing.limit),
            "RateLimit-Remaining": str(standing.remaining),
            "RateLimit-Reset": str(int(standing.resets_at) + 1),
            "RateLimit-Policy": f"{standing.limit};w={standing.seconds:.0f}",
        }

    def failed(self) -> Response:
        """500."""
        return self.error(500, "InternalServerError", "Internal Server Error")

    def unauthorized(self) -> Response:
        """An expired token is a 400 here, not a 401."""
        return self.error(400, "ExpiredToken", "Token has expired")

    def expired(self, request: Request) -> Response:
        """What the CDN does not have."""
        return self.error(404, "NotFound", "Not Found")

    def unknown_path(self) -> Response:
        """A method that is not there."""
        return self.error(501, "MethodNotImplemented", "Method Not Implemented")

    def malformed(self, reason: str) -> Response:
        """400."""
        return self.error(400, "InvalidRequest", reason)

    def too_large(self) -> Response:
        """413."""
        return self.error(413, "PayloadTooLarge", "request entity too large")

    # Sessions.

    def _jwt(self, scope: str, lifetime: float) -> str:
        """A signed token that says when it expires."""
        now = int(self.clock())
        serial = self.store.letters("jti", 16)
        claims = {"scope": scope, "sub": self.did(), "iat": now, "exp": self.clock() + lifetime, "jti": serial}
        head, body = (_b64(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
        return f"{head}.{body}.{self._signature(f'{head}.{body}')}"

    def _signature(self, signed: str) -> str:
        return _b64(hmac.digest(self.store.secret("jwt"), signed.encode(errors="replace"), hashlib.sha256))

    def authorised(self, request: Request, scope: str = "com.atproto.appPass") -> None:
        """Raises Refused unless the token is right, of this scope, and has not expired."""
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not given:
            raise self.refusal("AuthMissing", "Authentication Required", 401)
        signed, _, signature = given.strip().rpartition(".")
        if not same(self._signature(signed), signature):
            raise self.refusal("InvalidToken", "Token could not be verified")
        claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
        if claims["scope"] != scope or claims["jti"] in self.store.table("revoked"):
            raise self.refusal("InvalidToken", "Bad token scope" if claims["scope"] != scope else "Token was revoked")
        if claims["exp"] <= self.clock():
            raise Refused(self.unauthorized())
        if scope == "com.atproto.refresh":
            self.store.table("revoked")[claims["jti"]] = {"jti": claims["jti"]}

    def _session(self) -> Response:
        lifetime = ACCESS_S if self.plan.expire_s is None else self.plan.expire_s
        tokens = {
            "accessJwt": self._jwt("com.atproto.appPass", lifetime),
            "refreshJwt": self._jwt("com.atproto.refresh", REFRESH_S),
        }
        return JSONResponse({**tokens, "handle": self.handle(), "did": self.did(), "active": True})

    async def create_session(self, request: Request) -> Response:
        """createSession: by handle or DID, and app password."""
        given = await self._json(request)
        known = given.get("identifier") in (self.handle(), self.did())
        if not known or not same(self.token(), str(given.get("password"))):
            raise self.refusal("AuthenticationRequired", "Invalid identifier or password", 401)
        return self._session()

    async def refresh_session(self, request: Request) -> Response:
        """refreshSession: by refreshJwt, which works once."""
        self.authorised(request, "com.atproto.refresh")
        return self._session()

    async def get_session(self, request: Request) -> Response:
        """getSession."""
        self.authorised(request)
        return JSONResponse({"handle": self.handle(), "did": self.did(), "active": True})

    # Blobs.

    async def upload(self, request: Request) -> Response:
        """uploadBlob: any bytes; their type is the request's."""
        self.authorised(request)
        data = await request.body()
        if len(data) > MAX_BLOB:
            raise Refused(self.too_large())
        media_type = request.headers.get("content-type", "").partition(";")[0].strip()
        if not media_type:
            raise self.refusal("InvalidRequest", "Request encoding (Content-Type) required but not provided")
        cid = cid_of_blob(data)
        if cid not in self.store.table("pictures"):
            more = {"media_type": media_type[:100], "used": [], "times": 0}
            await self.take(data, id=cid, limits=(THUMBNAIL,), any_file=True, more=more)
        self.store.table("pictures")[cid]["times"] += 1
        blob = {"$type": "blob", "ref": {"$link": cid}, "mimeType": media_type, "size": len(data)}
        return JSONResponse({"blob": blob})

    async def blob(self, request: Request) -> Response:
        """sync.getBlob: the bytes as they were uploaded, once a record uses them."""
        self._own(request.query_params.get("did", ""))
        record = self.store.table("pictures").get(request.query_params.get("cid", ""))
        if record is None or not record["used"]:
            raise self.refusal("BlobNotFound", "Blob not found")
        safe = {"content-security-policy": "default-src 'none'; sandbox", "x-content-type-options": "nosniff"}
        return Response(self.store.file(record["sha256"]), headers=safe, media_type=record["media_type"])

    async def cdn(self, request: Request) -> Response:
        """/img/{feed_fullsize, feed_thumbnail}/plain/{did}/{cid}@jpeg, also without @jpeg."""
        cid, _, form = request.path_params["cid"].partition("@")
        preset = request.path_params["preset"]
        record = self.store.table("pictures").get(cid)
        wanted = request.path_params["did"] == self.did() and preset in ("feed_fullsize", "feed_thumbnail")
        if record is None or not wanted or form not in ("", "jpeg") or not record["used"] or not record["renditions"]:
            return self.expired(request)
        rendition = record["renditions"][0 if preset == "feed_fullsize" else -1]
        return jpeg(self.store.file(rendition["sha256"]), **{"cache-control": "public, max-age=604800"})

    # Records.

    async def _json(self, request: Request) -> dict[str, Any]:
        try:
            given = json.loads(await request.body())
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise self.refusal("InvalidRequest", "Input must be an object")
        return given

    def _own(self, repo: Any) -> None:
        if repo not in (self.handle(), self.did()):
            raise self.refusal("RepoNotFound", f"Could not find repo: {str(repo)[:200]}")

    async def _write(self, request: Request) -> tuple[dict[str, Any], str]:
        """(the input, the collection) of an authorised write to the account's own repository."""
        self.authorised(request)
        given = await self._json(request)
        self._own(given.get("repo"))
        collection = given.get("collection")
        if not isinstance(collection, str) or not 0 < len(collection) < 300:
            raise self.refusal("InvalidRequest", "Input must have the property collection")
        return given, collection

    async def create(self, request: Request) -> Response:
        """createRecord: under a key of its own, or of the client's."""
        given, collection = await self._write(request)
        rkey = given.get("rkey") or self._tid()
        if is_record_key(rkey) and self._uri(collection, rkey) in self.store.table("records"):
            raise self.refusal("InvalidRequest", f"Record already exists: {self._uri(collection, rkey)}")
        return self._stored(collection, rkey, given)

    async def put(self, request: Request) -> Response:
        """putRecord: under the client's key; what is there is replaced."""
        given, collection = await self._write(request)
        return self._stored(collection, given.get("rkey"), given)

    def _stored(self, collection: str, rkey: Any, given: Mapping[str, Any]) -> Response:
        value = given.get("record")
        if not is_record_key(rkey):
            raise self.refusal("InvalidRequest", "Input/rkey must be a valid Record Key")
        if not isinstance(value, dict):
            raise self.refusal("InvalidRequest", "Input/record must be an object")
        objection = objection_to(collection, value)
        if objection is not None and given.get("validate") is not False:
            raise self.refusal(*objection)
        pictures = self.store.table("pictures")
        blobs = blobs_in(value)
        for cid in blobs:
            if cid not in pictures:
                raise self.refusal("BlobNotFound", f"Could not find blob: {cid[:100]}")
        sizes = [pictures[cid]["bytes"] for cid, _ in images_of(value)]
        if collection == "app.bsky.feed.post" and sizes and max(sizes) > MAX_IMAGE:
            raise self.refusal(*too_large(max(sizes)))
        uri, cid = self._uri(collection, rkey), cid_of_record(value)
        for blob in blobs:
            pictures[blob]["used"] = sorted({*pictures[blob]["used"], uri})
        record = {"id": uri, "collection": collection, "rkey": rkey, "cid": cid, "value": value}
        self.store.table("records")[uri] = record
        self.posted(uri, [pictures[blob] for blob in blobs], key=rkey, text=str(value.get("text", "")))
        commit = {"cid": cid_of_record({"commit": uri, "cid": cid}), "rev": self._tid()}
        known = "valid" if collection == "app.bsky.feed.post" else "unknown"
        return JSONResponse({"uri": uri, "cid": cid, "commit": commit, "validationStatus": known})

    async def delete(self, request: Request) -> Response:
        """deleteRecord: nothing happens where there is none."""
        given, collection = await self._write(request)
        uri = self._uri(collection, str(given.get("rkey")))
        if self.store.table("records").pop(uri, None) is not None:
            self.withdrawn(uri)
            for record in self.store.table("pictures").values():
                record["used"] = [used for used in record["used"] if used != uri]
        return JSONResponse({"commit": {"cid": cid_of_record({"deleted": uri}), "rev": self._tid()}})

    async def get(self, request: Request) -> Response:
        """getRecord."""
        given = request.query_params
        self._own(given.get("repo"))
        uri = self._uri(given.get("collection", ""), given.get("rkey", ""))
        record = self.store.table("records").get(uri)
        if record is None:
            raise self.refusal("RecordNotFound", f"Could not locate record: {uri[:300]}")
        return JSONResponse({"uri": uri, "cid": record["cid"], "value": record["value"]})

    async def listed(self, request: Request) -> Response:
        """listRecords: by record key, the greatest first; `reverse` for the other way."""
        given = request.query_params
        self._own(given.get("repo"))
        backwards = not truthy(given.get("reverse", ""), False)
        mine = [r for r in self.store.table("records").values() if r["collection"] == given.get("collection")]
        mine.sort(key=lambda record: str(record["rkey"]), reverse=backwards)
        cursor = given.get("cursor", "")
        if cursor:
            mine = [r for r in mine if (r["rkey"] < cursor if backwards else r["rkey"] > cursor)]
        shown = mine[: whole(given.get("limit"), 50, 1, 100)]
        records = [{"uri": r["id"], "cid": r["cid"], "value": r["value"]} for r in shown]
        return JSONResponse({"records": records, **({"cursor": shown[-1]["rkey"]} if shown else {})})

    async def posts(self, request: Request) -> Response:
        """app.bsky.feed.getPosts: posts as others see them, with the addresses of their pictures."""
        self.authorised(request)
        author = {"did": self.did(), "handle": self.handle(), "labels": []}
        found = (self.store.table("records").get(uri) for uri in request.query_params.getlist("uris")[:25])
        views = []
        for record in found:
            if record is not None and record["collection"] == "app.bsky.feed.post":
                base = f"{self.base_url(request)}/img"
                images = []
                for cid, alt in images_of(record["value"]):
                    path = f"plain/{self.did()}/{cid}@jpeg"
                    full, thumb = f"{base}/feed_fullsize/{path}", f"{base}/feed_thumbnail/{path}"
                    images.append({"thumb": thumb, "fullsize": full, "alt": alt})
                at = datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
                view = {"uri": record["id"], "cid": record["cid"], "author": author, "record": record["value"]}
                embed = {"embed": {"$type": "app.bsky.embed.images#view", "images": images}} if images else {}
                views.append({**view, **embed, "indexedAt": at, "likeCount": 0, "replyCount": 0, "repostCount": 0})
        return JSONResponse({"posts": views})

    def _uri(self, collection: str, rkey: str) -> str:
        return f"at://{self.did()}/{collection}/{rkey}"

    def _tid(self) -> str:
        """A new timestamp identifier: 13 letters that sort by time."""
        clock = self.store.table("counters").setdefault("tid", {"last": 0})
        clock["last"] = max(clock["last"] + 1, int(self.clock() * 1e6))
        value = clock["last"] << 10
        return "".join("234567abcdefghijklmnopqrstuvwxyz"[value >> 5 * i & 31] for i in reversed(range(13)))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
