"""A platform of a few written answers, for the connectors' tests: no socket, every request kept."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx
from PIL import Image

from understudy.connectors.base import Connector, Picture
from understudy.connectors.http import Http

KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "f" * 32
TOKEN = "SECRET+token/of 1"

Reply = httpx.Response | Callable[[httpx.Request], httpx.Response]


def js(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    """A JSON answer."""
    return httpx.Response(status, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def file(data: bytes, kind: str = "image/jpeg") -> httpx.Response:
    """A delivered file."""
    return httpx.Response(200, content=data, headers={"content-type": kind, "set-cookie": "a=b", "x-served-by": "cdn"})


@dataclass
class Platform:
    """Answers by `METHOD path` (a regular expression on the whole, host left out); a list is used up one by one, its
    last reply stays. What it was not told of is a failure of the test."""

    replies: dict[str, Reply | list[Reply]]
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        line = f"{request.method} {request.url.path}"
        for pattern, reply in self.replies.items():
            if re.fullmatch(pattern, line):
                one = (reply.pop(0) if len(reply) > 1 else reply[0]) if isinstance(reply, list) else reply
                return one if isinstance(one, httpx.Response) else one(request)
        raise AssertionError(f"nobody told what to answer to {line}?{request.url.query.decode()}")

    def lines(self) -> list[str]:
        return [f"{r.method} {r.url.path}" for r in self.asked]

    def last(self, pattern: str) -> httpx.Request:
        """The last request whose `METHOD path` fits."""
        return next(r for r in reversed(self.asked) if re.fullmatch(pattern, f"{r.method} {r.url.path}"))

    def http(self, *secrets: str) -> Http:
        """An `Http` whose requests end here."""
        made = Http(secrets or (TOKEN,))
        made._client._transport = httpx.MockTransport(self)
        made._client._mounts = {}
        return made

    def connect(self, kind: type[Connector], **settings: str) -> Any:
        """A connector with these settings and its own defaults for the others."""
        values = {s.name: s.default for s in kind.settings if s.default is not None} | settings
        assert set(values) == {s.name for s in kind.settings}
        return kind(values, self.http(*(values[s.name] for s in kind.settings if s.secret)))


def parts(request: httpx.Request) -> dict[str, tuple[dict[str, str], bytes]]:
    """The fields of a multipart request: name -> (headers, body)."""
    boundary = re.search(r"boundary=(\S+)", request.headers["content-type"])
    assert boundary
    out = {}
    for part in request.content.split(b"--" + boundary[1].encode())[1:-1]:
        head, _, body = part.strip(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        headers = {k.lower(): v for k, v in headers.items()}
        name = re.search(r'name="([^"]*)"', headers["content-disposition"])
        assert name
        out[name[1]] = (headers, body)
    return out


def form(request: httpx.Request) -> dict[str, str]:
    """The fields of a url-encoded or multipart form."""
    if request.headers["content-type"].startswith("multipart"):
        return {k: body.decode("latin-1") for k, (_, body) in parts(request).items()}
    return {k: v[0] for k, v in parse_qs(request.content.decode()).items()}


def body(request: httpx.Request) -> Any:
    """The JSON that was sent."""
    return json.loads(request.content)


def picture(width: int = 40, height: int = 30, kind: str = "jpeg", name: str = "") -> Picture:
    """A small picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 30)).save(out, kind)
    return Picture(name or f"p07.{kind}", out.getvalue(), f"image/{kind}")
