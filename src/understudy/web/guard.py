"""Who may ask at all: the right host name, the secret, the right origin, no more bytes than allowed.

Whoever lacks the secret gets the same few bytes for every path, whatever is there. How each attack is met:

    another visitor of this machine   the secret, 256 random bits, in the first address; then an HttpOnly cookie
    a page of another site            the cookie is SameSite=Strict; a POST needs our own Origin; nothing may be framed
    DNS rebinding                     the Host header must be an IP address or a name that was asked for
    a script in an uploaded file      the Content-Security-Policy of what is shown allows no script, no request
    much of anything                  the length is known before a byte is read, and counted again as it comes
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .limits import Limits, size

ENTRANCE = "/in/"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of our own pages: nothing but what this server gives."""
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Of reports, which show what files say: no script at all, no request at all."""
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True)
class Key:
    """The secrets of one run."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    """In the first address."""
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    """What it is exchanged for, so that the address alone, found in a history, is not in every request."""
    name: str = field(default_factory=lambda: f"understudy-{secrets.token_hex(4)}")
    """The cookie's: browsers keep cookies by host whatever the port, so that two servers must differ."""


class Guard:
    """Lets through whom the page is for; ASGI. hosts: names, beside IP addresses, under which it may be asked."""

    def __init__(self, app: ASGIApp, key: Key, limits: Limits, hosts: Iterable[str], anyone: bool) -> None:
        self._app, self._key, self._limits, self._anyone = app, key, limits, anyone
        self._hosts = {h.lower() for h in hosts} | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return None  # a WebSocket: uvicorn answers 403 where nothing is sent
        headers = Headers(scope=scope)
        answer = self._refused(scope, headers)
        if answer is not None:
            return await answer(scope, receive, _with_headers(send))
        counted = _counted(receive, self._limits.request)
        return await self._app(scope, counted, _with_headers(send))

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        """The answer to who is not let through, None for who is."""
        if not self._is_host(headers.get("host", "")):
            return _nothing()
        if scope["path"].startswith(ENTRANCE) and scope["method"] == "GET":
            given = scope["path"][len(ENTRANCE) :]
            return self._welcome() if _same(given, self._key.token) else _nothing()
        if not self._has_cookie(headers.get("cookie", "")):
            return _nothing()
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return _nothing()
        if scope["method"] == "POST":
            return self._refused_post(headers)
        return None

    def _refused_post(self, headers: Headers) -> Response | None:
        if headers.get("origin", "") != f"http://{headers['host']}":
            return PlainTextResponse("This was not sent from the page itself.\n", 403)
        try:
            length = int(headers["content-length"])
        except (KeyError, ValueError):
            return PlainTextResponse("The length of what is sent must be told.\n", 411)
        if not 0 <= length <= self._limits.request:
            told = f"{size(length)} at once; the page takes up to {size(self._limits.request)}.\n"
            return PlainTextResponse(told, 413, {"connection": "close"})
        return None

    def _is_host(self, host: str) -> bool:
        """Whether a Host header is an IP address or one of our names: another site's name cannot lead here then."""
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        name = name.strip("[]").lower()
        if name in self._hosts:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._anyone or address.is_loopback

    def _has_cookie(self, header: str) -> bool:
        try:
            morsel = SimpleCookie(header).get(self._key.name)
        except CookieError:
            return False
        return morsel is not None and _same(morsel.value, self._key.cookie)

    def _welcome(self) -> Response:
        """The cookie, and on to the page: by the browser itself, so that a Strict cookie is sent although the visitor
        came from elsewhere (a link in a mail, say), as it would not be behind a redirect."""
        page = '<!doctype html><meta http-equiv="refresh" content="0; url=/"><title>understudy</title>'
        answer = HTMLResponse(f'{page}<p><a href="/">Open the page</a></p>\n')
        answer.set_cookie(self._key.name, self._key.cookie, httponly=True, samesite="strict", path="/")
        answer.headers["content-security-policy"] = "default-src 'none'; frame-ancestors 'none'"
        return answer


def _nothing() -> Response:
    return PlainTextResponse("Not found.\n", 404)


def _same(given: str, secret: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())


def _with_headers(send: Send) -> Send:
    """Adds what every answer carries."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            more = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in given]
            if b"content-security-policy" not in given:
                more.append((b"content-security-policy", PAGE_POLICY.encode()))
            message["headers"] = [*message["headers"], *more]
        await send(message)

    return sent


def _counted(receive: Receive, most: int) -> Receive:
    """Counts the bytes of a body as they come, whatever length was told."""
    total = 0

    async def received() -> Message:
        nonlocal total
        message = await receive()
        if message["type"] == "http.request":
            total += len(message.get("body", b""))
            if total > most:
                raise HTTPException(413, f"more than {size(most)}")
        return message

    return received
