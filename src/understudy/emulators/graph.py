"""What Meta's Graph API has in common: versions in paths, tokens, fields, cursors, errors, and the CDN's signed URLs.

Source: developers.facebook.com/docs/graph-api: overview, using the API, results (cursors), guides/error-handling,
overview/rate-limiting; read 2026-11 in stored copies. The CDN's URLs are documented nowhere: their parameters, the
expiry as hexadecimal seconds in `oe` and the answer "URL signature expired" are as they are seen on the web.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .base import Emulator, Refused, jpeg, same, text_of, whole
from .limiting import Standing
from .storing import Record

EXPIRES_S = 4 * 86400.0
"""Lifetime of a CDN's URL: 3 to 5 days, as people report it; not documented."""
FETCH_S = 20.0
MESSAGES = {
    4: "(#4) Application request limit reached",
    17: "(#17) User request limit reached",
    32: "(#32) Page request limit reached",
    368: "The action attempted has been deemed abusive or is otherwise disallowed",
    613: "(#613) Calls to this api have exceeded the rate limit.",
    80001: "(#80001) There have been too many calls to this Page account. Wait a bit and try again. For more info, "
    "please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.",
    80002: "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again. For more "
    "info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.",
}
"""Codes that mean: not now. The wording of 32 and 80001 is the documentation's."""


class Graph(Emulator):
    """Endpoints under one path: /{id} and /{id}/{edge}, with or without a version before them."""

    bucket: ClassVar[str]
    limit_code: ClassVar[int]
    """The error of this product's rate limit for a call with its own token."""
    usage_type: ClassVar[str]
    """As X-Business-Use-Case-Usage calls it."""
    cdn_kind: ClassVar[str]
    """The part of a CDN's path that says what it is."""

    def routes(self) -> list[Route]:
        """The CDN, and everything else."""
        return [
            self.on("GET", "/v/{kind}/{file}", self.cdn, kind="download"),
            self.on("GET", "/{path:path}", self.get, kind="read", bucket=self.bucket),
            self.on("POST", "/{path:path}", self.post, kind="upload", bucket=self.bucket),
            self.on("DELETE", "/{path:path}", self.delete, kind="remove", bucket=self.bucket),
        ]

    def account(self) -> str:
        """The id of the demo page or account."""
        raise NotImplementedError

    async def get(self, request: Request) -> Response:
        """GET /{id} and /{id}/{edge}."""
        raise NotImplementedError

    async def post(self, request: Request) -> Response:
        """POST /{id}/{edge}."""
        raise NotImplementedError

    async def delete(self, request: Request) -> Response:
        """DELETE /{id}."""
        raise NotImplementedError

    # Requests.

    async def parts(self, request: Request) -> tuple[list[str], FormData, dict[str, str]]:
        """(the path without its version, the form, its and the query's text fields) of an authorised request."""
        form = await self.form(request)
        fields = {**request.query_params, **{name: text_of(form, name) for name in form}}
        if request.headers.get("content-type", "").startswith("application/json"):
            fields |= _json_fields(await request.body(), self)
        given = fields.get("access_token", "")
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if not given and scheme.lower() in ("bearer", "oauth"):
            given = bearer.strip()
        if not given:
            raise self.refusal(104, "An access token is required to request this resource.")
        if not same(self.token(), given):
            raise self.refusal(190, "Invalid OAuth access token - Cannot parse access token")
        segments = [s for s in request.url.path.split("/") if s]
        if segments and re.fullmatch(r"v\d{1,2}\.\d", segments[0]):
            segments = segments[1:]
        if segments and segments[0] == "me":
            segments[0] = self.account()
        return segments, form, fields

    def error(
        self, code: int, message: str, *, status: int = 400, subcode: int = 0, kind: str = "OAuthException", **more: Any
    ) -> JSONResponse:
        """The Graph API's error object."""
        body: dict[str, Any] = {"message": message, "type": kind, "code": code}
        if subcode:
            body["error_subcode"] = subcode
        body |= {**more, "fbtrace_id": "A" + self.store.letters("trace", 22)}
        headers = {"WWW-Authenticate": f'OAuth "Facebook Platform" "invalid_token" "{message}"'} if code == 190 else {}
        return JSONResponse({"error": body}, status, headers)

    def refusal(self, code: int, message: str, **more: Any) -> Refused:
        """The same, to be raised."""
        return Refused(self.error(code, message, **more))

    def missing(self, verb: str, id: str) -> Refused:
        """The answer about an id that is not there, or not for this."""
        return self.refusal(
            100,
            f"Unsupported {verb} request. Object with ID '{id[:64]}' does not exist, cannot be loaded due to missing "
            "permissions, or does not support this operation. Please read the Graph API documentation at "
            "https://developers.facebook.com/docs/graph-api",
            subcode=33,
            kind="GraphMethodException",
        )

    def rate_limited(self, wait_s: float, standing: Standing | None, code: int) -> Response:
        """The error of a rate limit; how long is told by X-Business-Use-Case-Usage, in minutes."""
        code = code or self.limit_code
        message = MESSAGES.get(code, f"(#{code}) Request limit reached")
        response = self.error(code, message, status=403 if code == 4 else 400)
        response.headers.update(self._usage(100, math.ceil(wait_s / 60)))
        return response

    def limit_headers(self, standing: Standing) -> Mapping[str, str]:
        """How much of the limit is used up."""
        return self._usage(standing.percent, math.ceil(standing.wait_s / 60) if standing.refused else 0)

    def _usage(self, percent: int, minutes: int) -> dict[str, str]:
        usage = {"call_count": percent, "total_cputime": percent // 4, "total_time": percent // 4}
        mine = {"type": self.usage_type, **usage, "estimated_time_to_regain_access": minutes}
        return {"X-App-Usage": json.dumps(usage), "X-Business-Use-Case-Usage": json.dumps({self.account(): [mine]})}

    def failed(self) -> Response:
        """Code 2: a temporary issue."""
        message = "An unexpected error has occurred. Please retry your request later."
        return self.error(2, message, status=500, is_transient=True)

    def unauthorized(self) -> Response:
        """Code 190, subcode 463: expired."""
        return self.error(190, "Error validating access token: Session has expired.", subcode=463)

    def expired(self, request: Request) -> Response:
        """The CDN's words."""
        return Response("URL signature expired", 403, media_type="text/plain")

    def malformed(self, reason: str) -> Response:
        """Code 100: a parameter that is not what it should be."""
        return self.error(100, f"(#100) {reason}")

    def too_large(self) -> Response:
        """A body beyond all limits."""
        return self.error(1, "Please reduce the amount of data you're asking for, then retry your request", status=413)

    # Results.

    def chosen(self, node: str, wanted: str, default: Sequence[str], fields: Mapping[str, Callable[[], Any]]) -> Record:
        """The fields of a node that `?fields=` names, the default ones without it; those without a value are left out.

        Raises Refused for a field that the node does not have.
        """
        names = list(dict.fromkeys(["id", *_field_names(wanted)])) if wanted else list(default)
        out: Record = {}
        for name in names:
            if name not in fields:
                raise self.refusal(100, f"(#100) Tried accessing nonexisting field ({name[:64]}) on node type ({node})")
            value = fields[name]()
            if value is not None:
                out[name] = value
        return out

    def page(self, request: Request, items: Iterable[Record], show: Callable[[Record], Record]) -> Response:
        """A list's page with cursors. items: the newest first."""
        ids = {record["id"]: record for record in items}
        order = list(ids)
        limit = whole(request.query_params.get("limit"), 25, 1, 100)
        after, before = request.query_params.get("after", ""), request.query_params.get("before", "")
        start = self._place(order, after) + 1 if after else 0
        if before:
            start = max(0, self._place(order, before) - limit)
        shown = order[start : start + limit]
        if not shown:
            return JSONResponse({"data": []})
        paging: Record = {"cursors": {"before": _cursor(shown[0]), "after": _cursor(shown[-1])}}
        if start + limit < len(order):
            paging["next"] = self._here(request, after=_cursor(shown[-1]), limit=str(limit))
        if start:
            paging["previous"] = self._here(request, before=_cursor(shown[0]), limit=str(limit))
        return JSONResponse({"data": [show(ids[id]) for id in shown], "paging": paging})

    def _here(self, request: Request, **changed: str) -> str:
        """This request's address with other parameters. The token stands in it, as the real ones' does."""
        kept = {k: v for k, v in request.query_params.items() if k not in ("after", "before", "limit")}
        return f"{self.base_url(request)}{request.url.path}?{urlencode({**kept, **changed})}"

    def _place(self, order: list[str], cursor: str) -> int:
        """Where a cursor stands; raises Refused for one that is none."""
        try:
            return order.index(base64.urlsafe_b64decode(cursor.encode()).decode())
        except (ValueError, UnicodeDecodeError):
            raise self.refusal(100, "(#100) Invalid cursor") from None

    # The CDN.

    def cdn_url(self, base: str, record: Record, rendition: Record) -> str:
        """The signed address of a rendition, which expires."""
        name = f"{rendition['sha256'][:8]}_{record['id']}_{rendition['sha256'][8:24]}_n.jpg"
        path = f"/v/{self.cdn_kind}/{name}"
        limit = rendition["limit"]
        lifetime = EXPIRES_S if self.plan.expire_s is None else self.plan.expire_s
        host = urlsplit(base).hostname or ""
        given = {
            "stp": f"dst-jpg_p{limit}x{limit}_tt6" if limit else "dst-jpg_tt6",
            "_nc_cat": str(100 + int(rendition["sha256"][:2], 16) % 12),
            "ccb": "1-7",
            "_nc_sid": rendition["sha256"][24:30],
            "_nc_ohc": rendition["sha256"][30:41],
            "_nc_ht": host,
        }
        expiry = f"{int(self.clock() + lifetime):X}"
        return f"{base}{path}?{urlencode({**given, 'oh': self._signature(path, given, expiry), 'oe': expiry})}"

    def _signature(self, path: str, given: Mapping[str, str], expiry: str) -> str:
        signed = f"{path}?{urlencode(sorted(given.items()))}&{expiry}".encode()
        digest = hmac.digest(self.store.secret("cdn"), signed, hashlib.sha256)
        return "00_" + base64.urlsafe_b64encode(digest).decode()[:38]

    async def cdn(self, request: Request) -> Response:
        """A rendition, if the signature is right and has not expired."""
        given = dict(parse_qsl(request.url.query))
        signature, expiry = given.pop("oh", ""), given.pop("oe", "")
        if not same(self._signature(request.url.path, given, expiry), signature):
            return Response("URL signature mismatch", 403, media_type="text/plain")
        if int(expiry, 16) <= self.clock():
            return self.expired(request)
        found = re.fullmatch(r"([0-9a-f]{8})_(\d+)_([0-9a-f]{16})_n\.jpg", request.path_params["file"])
        assert found is not None, "it was signed"
        record = self.store.table("pictures").get(found[2], {"renditions": []})
        for rendition in record["renditions"]:
            if rendition["sha256"].startswith(found[1] + found[3]):
                return jpeg(self.store.file(rendition["sha256"]), **{"cache-control": "max-age=1209600, no-transform"})
        return Response("Content not found", 404, media_type="text/plain")

    async def fetched(self, url: str, most: int) -> tuple[bytes, str]:
        """(bytes, media type) at an http(s) address, at most `most` + 1 bytes. Raises OSError or ValueError."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("not an http address")
        return await run_in_threadpool(_fetch, url, most)


class _HttpOnly(HTTPRedirectHandler):
    """Follows redirects to http and https only."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise ValueError("a redirect away from http")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(url: str, most: int) -> tuple[bytes, str]:
    opener = build_opener(ProxyHandler({}), _HttpOnly())
    with opener.open(url, timeout=FETCH_S) as answer:
        data = b""
        end = time.monotonic() + FETCH_S
        while len(data) <= most and (part := answer.read(min(65536, most + 1 - len(data)))):
            data += part
            if time.monotonic() > end:
                raise TimeoutError("too slow")
        expected = answer.headers.get("content-length")
        if expected is not None and len(data) < min(int(expected), most + 1):
            raise ValueError("a truncated answer")
        return data, answer.headers.get_content_type()


def _json_fields(body: bytes, graph: Graph) -> dict[str, str]:
    """The fields of a JSON body as text."""
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        raise graph.refusal(100, "(#100) The body is no JSON") from None
    if not isinstance(given, dict):
        raise graph.refusal(100, "(#100) The body is no JSON object")
    return {str(k): v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}


def _field_names(wanted: str) -> list[str]:
    """Names in `?fields=a,b{c,d},e.limit(3)`, without what is asked of their insides."""
    flat, depth = "", 0
    for letter in wanted[:4096]:
        depth += letter in "{("
        if not depth:
            flat += letter
        depth = max(0, depth - (letter in "})"))
    return [name for part in flat.split(",") if (name := part.strip().partition(".")[0])]


def _cursor(id: str) -> str:
    return base64.urlsafe_b64encode(id.encode()).decode()
