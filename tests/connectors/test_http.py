"""One request, its whole answer, and failures as errors that say whether it may have been done."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from understudy.connectors.http import AgainError, AuthError, ConnectorError, Http, retry_after
from understudy.errors import UnderstudyError

sys.path.insert(0, str(Path(__file__).parents[1] / "collecting"))
from shelf import TOKEN, Server


class Scripted(BaseHTTPRequestHandler):
    """Answers by path: /status/N, /long, /gzip, /to?URL (a redirect), /echo (the headers it got), /slow."""

    def log_message(self, format: str, *args: Any) -> None: ...

    def do_GET(self) -> None:
        kind, _, rest = self.path.strip("/").replace("?", "/", 1).partition("/")
        headers: dict[str, str] = {}
        status, data = 200, b"{}"
        if kind == "status":
            status = int(rest)
        elif kind == "again":
            status, headers = 429, {"retry-after": formatdate(time.time() + 30, usegmt=True)}
        elif kind == "long":
            data = b"x" * 5000
        elif kind == "gzip":
            headers, data = {"content-encoding": "gzip"}, b"no gzip"
        elif kind == "to":
            status, headers = 302, {"location": rest}
        elif kind == "echo":
            data = str(dict(self.headers)).encode()
        elif kind == "slow":
            time.sleep(0.5)
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(data)), "set-cookie": "a=1"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.do_GET()


def serve() -> HTTPServer:
    server = HTTPServer(("127.0.0.1", 0), Scripted)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@pytest.fixture
def url() -> Iterator[str]:
    server = serve()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def http() -> Iterator[Http]:
    with Http([TOKEN], timeout_s=0.3, limit=4000) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path", "kind", "landed"),
    [
        ("GET", "status/404", ConnectorError, False), ("POST", "status/404", ConnectorError, False),
        ("GET", "status/401", AuthError, False), ("POST", "status/429", AgainError, False),
        ("POST", "status/503", AgainError, True), ("GET", "status/503", AgainError, False),
        ("POST", "slow", AgainError, True), ("GET", "slow", AgainError, False), ("POST", "gzip", AgainError, True),
    ],
)  # fmt: skip
def test_failures(method: str, path: str, kind: type[ConnectorError], landed: bool, url: str, http: Http) -> None:
    with pytest.raises(ConnectorError) as raised:
        http.request(method, f"{url}/{path}")
    assert type(raised.value) is kind and raised.value.landed is landed
    assert f"/{path}" in str(raised.value)


def test_no_server_a_wrong_url_and_a_circle(url: str, http: Http) -> None:
    with Server() as gone:
        pass
    with pytest.raises(AgainError, match="expected a server") as raised:
        http.request("POST", gone.url)
    assert raised.value.landed is False
    for wrong in ("ftp://host/", "host/path", "http://[::1"):
        with pytest.raises(ConnectorError) as refused:
            http.request("POST", wrong)
        assert type(refused.value) is ConnectorError and refused.value.landed is False
    with pytest.raises(ConnectorError, match="redirect"):
        http.request("GET", f"{url}/to?/to?/to")


def test_retry_after_as_a_date_and_long_answers(url: str, http: Http) -> None:
    with pytest.raises(AgainError) as raised:
        http.request("GET", f"{url}/again")
    assert raised.value.wait_s is not None and 25 < raised.value.wait_s <= 30
    with pytest.raises(ConnectorError, match="at most 4,000 bytes"):
        http.request("GET", f"{url}/long")
    answer = http.request("GET", f"{url}/status/404", ok=(404,))
    assert (answer.status, answer.header("Set-Cookie"), answer.json()) == (404, None, {})
    assert retry_after(answer) is None
    with pytest.raises(ConnectorError, match="expected JSON") as unread:
        http.request("GET", f"{url}/echo").json()
    assert unread.value.landed is True, "nobody knows what was done before an answer that cannot be read"


def test_secrets_stay_with_the_server_they_are_for(url: str, http: Http) -> None:
    """A redirect to another server takes no header with a secret there; one within the server does."""
    other = serve()
    there = f"http://127.0.0.1:{other.server_address[1]}/echo"
    headers = {"x-api-key": TOKEN, "authorization": f"Bearer {TOKEN}", "x-plain": "1"}
    try:
        within = http.request("GET", f"{url}/to?{url}/echo", headers=headers).data.decode()
        across = http.request("GET", f"{url}/to?{there}", headers=headers).data.decode()
    finally:
        other.shutdown()
        other.server_close()
    assert within.count(TOKEN) == 2
    assert TOKEN not in across and "x-plain" in across.lower()
    hidden = http.request("GET", f"{url}/echo", params={"token": TOKEN}).url
    assert hidden == f"{url}/echo?token=[hidden]"


def test_without_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(UnderstudyError, match=r"httpx is not installed; .*pip install 'understudy\[collect\]'"):
        Http()
