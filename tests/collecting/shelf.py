"""A platform for tests, small enough to be read whole: a server on loopback, and the connector for it.

The server keeps what it takes in memory, delivers each picture as two JPEG files, and misbehaves on demand: `faults` is
a list of (method, beginning of the path, what), each of which happens once, in order.
"""

from __future__ import annotations

import hashlib
import io
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from PIL import Image

from understudy.connectors.base import (
    AgainError,
    ConnectorError,
    Http,
    Picture,
    Posted,
    RejectedError,
    Rendition,
    Repeats,
    Setting,
)

TOKEN = "tok/en+Zx81=secret"
"""What a secret may look like: characters that URLs write otherwise."""
SIZES = {"small": 24, "large": 48}


@lru_cache(maxsize=200)
def delivered(data: bytes, longest: int) -> bytes:
    """What the server makes of a picture."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    image.thumbnail((longest, longest))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


class Server(ThreadingHTTPServer):
    """The server, on a port of its own, in a thread. `posts` are all that were ever made, removed ones too."""

    daemon_threads = True

    def __init__(self, latency_s: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts: list[dict[str, Any]] = []
        self.put: dict[str, list[bytes]] = {}
        self.requests: list[str] = []
        self.faults: list[tuple[str, str, str]] = []
        self.latency_s = latency_s
        self.on: Callable[[str], None] = lambda event: None
        """Is called at `taking`, `taken`, `answering`, `finding`, `delivering` (half of a file is out), `removing`."""
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are killed are what this is for."""

    def fault(self, method: str, path: str) -> str:
        with self.lock:
            for i, (m, start, what) in enumerate(self.faults):
                if m == method and path.startswith(start):
                    del self.faults[i]
                    return what
        return ""

    def alive(self) -> list[dict[str, Any]]:
        return [p for p in self.posts if not p["removed"]]


class Handler(BaseHTTPRequestHandler):
    """POST /photos?key=, GET /photos?key=, GET /photos/ID/SIZE, DELETE /photos/ID; PUT /in/NAME, GET /out/NAME."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Not on standard error."""

    def _answer(self, status: int, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        half = len(data) // 2
        self.wfile.write(data[:half])
        if data[:2] == b"\xff\xd8":
            self.server.on("delivering")
        self.wfile.write(data[half:])

    def _json(self, document: Any, status: int = 200) -> None:
        self._answer(status, json.dumps(document).encode(), {"content-type": "application/json"})

    def _reset(self) -> None:
        """RST instead of an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _misbehaves(self, what: str) -> bool:
        """Whether there was no proper answer."""
        if what == "reset":
            self._reset()
        elif what.startswith("429"):
            seconds = what.partition(" ")[2]
            self._answer(429, b"slow down", {"retry-after": seconds} if seconds else {})
        elif what.isdecimal():
            self._answer(int(what), f"status {what}, token {TOKEN}, {quote(TOKEN, safe='')}".encode())
        elif what == "html":
            self._answer(200, b"<html><body>Please log in</body></html>", {"content-type": "text/html"})
        elif what == "cut":
            data = delivered(self.server.posts[0]["data"], 48)
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        elif what == "cut without a length":
            data = delivered(self.server.posts[0]["data"], 48)
            self.send_response(200)
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        else:
            return False
        return True

    def _any(self) -> None:
        server, url = self.server, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with server.lock:
            server.requests.append(f"{self.command} {self.path}")
        time.sleep(server.latency_s)
        fault = server.fault(self.command, url.path)
        if self._misbehaves(fault):
            return
        if url.path.startswith("/photos") and self.headers.get("authorization") != f"Bearer {TOKEN}":
            self._answer(401, f"wrong token: {self.headers.get('authorization')}".encode())
            return
        after = fault.removeprefix("after ") if fault.startswith("after ") else ""
        parts = url.path.strip("/").split("/")
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        getattr(self, f"_{self.command.lower()}_{parts[0] or 'root'}")(parts[1:], query, body, after)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _any

    def _head_root(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        self._answer(404, b"")

    def _post_photos(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        server = self.server
        server.on("taking")
        try:
            delivered(body, 24)
        except OSError:
            self._answer(415, b"no picture that we take")
            return
        with server.lock:
            post = {"id": f"n{len(server.posts)}", "key": query["key"], "data": body, "removed": False}
            server.posts.append(post)
        server.on("taken")
        time.sleep(server.latency_s)
        if self._misbehaves(after):
            return
        self._json({"id": post["id"]})
        server.on("answering")

    def _get_photos(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        if not parts and "key" in query:
            self.server.on("finding")
            self._json([p["id"] for p in self.server.alive() if p["key"] == query["key"]])
            return
        if not parts:
            self._json({"who": "shelf of tests"})
            return
        post = next((p for p in self.server.alive() if p["id"] == parts[0]), None)
        if post is None:
            self._answer(404, b"no such photo")
            return
        headers = {"content-type": "image/jpeg", "x-echo": TOKEN, "set-cookie": "a=b"}
        self._answer(200, delivered(post["data"], SIZES[parts[1]]), headers)

    def _delete_photos(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        self.server.on("removing")
        for post in self.server.posts:
            if post["id"] == parts[0]:
                post["removed"] = True
        self._json({})

    def _put_in(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        self.server.on("taking")
        self.server.put.setdefault(parts[0], []).append(body)
        self.server.on("taken")
        if not self._misbehaves(after):
            self._answer(201, b"")

    def _post_image(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        name = hashlib.md5(body).hexdigest()
        self.server.put[name] = [body]
        self._answer(201, b"", {"location": f"/image/{name}/{self.headers.get('slug', 'image')}"})

    def _post_form(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        data = body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
        name = hashlib.md5(data).hexdigest()
        self.server.put[name] = [data]
        self._json({"data": [{"a/b": f"/out/{name}"}]})

    def _post_convert(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        self._answer(200, delivered(body, 48), {"content-type": "image/jpeg"})

    def _get_out(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        data = self.server.put.get(parts[-1])
        longest = int(parts[0]) if len(parts) > 1 else 48
        self._answer(200, delivered(data[-1], longest)) if data else self._answer(404, b"")

    def _get_unsafe(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        self._get_out([parts[0].partition("x")[0], parts[1]], query, body, after)

    def _delete_in(self, parts: list[str], query: dict[str, str], body: bytes, after: str) -> None:
        self._answer(204 if self.server.put.pop(parts[0], None) else 404, b"")


class Shelf:
    """The connector for it; `find` works."""

    name: ClassVar[str] = "shelf"
    title: ClassVar[str] = "A platform for tests"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("url", "Where it listens."),
        Setting("token", "The token.", secret=True),
    )
    takes: ClassVar[tuple[str, ...]] = ("image/png", "image/jpeg", "image/webp")
    repeats: Repeats = Repeats.FINDABLE
    terms: ClassVar[str] = "there are no terms on a shelf"
    source: ClassVar[str] = "this file"
    settles_s: float = 0.1
    most_bytes: int = 1 << 20

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        self._url, self._http = settings["url"], http
        self._headers = {"authorization": f"Bearer {settings['token']}"}

    def check(self) -> str:
        return str(self._http.request("GET", f"{self._url}/photos", headers=self._headers).json()["who"])

    def send(self, picture: Picture, key: str) -> Posted:
        answer = self._http.request(
            "POST", f"{self._url}/photos", params={"key": key}, content=picture.data, headers=self._headers, ok=(415,)
        )
        if answer.status == 415:
            raise RejectedError("not taken", place=picture.name)
        document = answer.json()
        if "id" not in document:
            raise ConnectorError("no id", place=answer.url)
        return Posted(document["id"], {"name": picture.name})

    def find(self, key: str) -> Posted | None:
        found = self._http.request("GET", f"{self._url}/photos", params={"key": key}, headers=self._headers).json()
        return Posted(found[0]) if found else None

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        for name in SIZES:
            url = f"{self._url}/photos/{posted.id}/{name}"
            answer = self._http.request("GET", url, params={"token": TOKEN}, headers=self._headers)
            yield Rendition(name, answer.url, answer.data, answer.headers, name == "large")

    def remove(self, posted: Posted) -> None:
        self._http.request("DELETE", f"{self._url}/photos/{posted.id}", headers=self._headers)


class Blind(Shelf):
    """The same without a way to look."""

    name: ClassVar[str] = "blind"
    repeats = Repeats.UNKNOWABLE

    def find(self, key: str) -> Posted | None:
        raise NotImplementedError


class Slow(Shelf):
    """The same, whose platform is at work on each picture for a while."""

    name: ClassVar[str] = "slow"

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        super().__init__(settings, http)
        self.asked: dict[str, int] = {}

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        self.asked[posted.id] = self.asked.get(posted.id, 0) + 1
        if self.asked[posted.id] < 12:
            raise AgainError("still at work", working=True)
        yield from super().fetch(posted)
