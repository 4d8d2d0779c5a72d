"""Who is let through, and who learns nothing: secret, host, origin, length; what each answer carries."""

from __future__ import annotations

from html.parser import HTMLParser

import anyio
import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message
from visitors import BASE, Visitor, jpeg

from understudy.web.guard import PAGE_POLICY, REPORT_POLICY, Guard, Key, _counted
from understudy.web.limits import Limits

EVERYWHERE = ["/", "/static/page.css", "/static/page.js", "/inspect", "/learn", "/compare", "/job/x", "/job/x/events",
              "/in/", "/in/x", "/docs", "/openapi.json", "/favicon.ico", "/..%2f..%2fetc/passwd"]  # fmt: skip


@pytest.fixture
def stranger(visitor: Visitor) -> Visitor:
    return Visitor(visitor.page, enters=False)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_who_has_no_secret_gets_the_same_nothing_everywhere(stranger: Visitor, visitor: Visitor, method: str) -> None:
    """A page that is there, one that is not, a job of another visitor: not to be told apart."""
    job = visitor.done(visitor.give("/inspect", {"file": ("a.jpg", jpeg())}))
    answers = [stranger.request(method, path) for path in [*EVERYWHERE, f"/job/{job.id}", f"/job/{job.id}/page.html"]]
    assert {a.status_code for a in answers} == {404}
    assert {a.content for a in answers} == {b"" if method == "HEAD" else b"Not found.\n"}
    assert len({tuple(sorted(a.headers.items())) for a in answers}) == 1
    assert "set-cookie" not in answers[0].headers and "server" not in answers[0].headers


def test_the_secret_is_exchanged_for_a_cookie_that_no_script_and_no_other_site_gets(stranger: Visitor) -> None:
    page = stranger.page
    assert stranger.get(page.entrance[:-1]).status_code == 404
    assert stranger.get(f"{page.entrance}x").status_code == 404
    assert stranger.get("/", headers={"cookie": f"{page.key.name}={page.key.token}"}).status_code == 404
    answer = stranger.get(page.entrance)
    assert answer.status_code == 200 and 'url=/"' in answer.text and page.key.token not in answer.text
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "domain" not in cookie
    assert page.key.token.lower() not in cookie
    assert stranger.get("/").status_code == 200


def test_two_runs_have_nothing_in_common() -> None:
    one, other = Key(), Key()
    assert not {one.token, one.cookie, one.name} & {other.token, other.cookie, other.name}
    assert len(one.token) >= 43, "256 bits"


@pytest.mark.parametrize("cookie", ["", ";", "understudy", "=;=", "a=b; c", "\xff=\xfe", "understudy-0=x" * 999])
def test_odd_cookies(stranger: Visitor, cookie: str) -> None:
    assert stranger.get("/", headers={"cookie": cookie.encode("latin-1")}).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "192.0.2.1",
                                  "[::2]", "localhost.evil.example", "0.0.0.0", "[", "]:1", ":8000"])  # fmt: skip
def test_another_name_for_this_machine_leads_nowhere(visitor: Visitor, host: str) -> None:
    """DNS rebinding: a page of another site makes its own name mean 127.0.0.1, and has the visitor's browser ask."""
    cookie = f"{visitor.page.key.name}={visitor.page.key.cookie}"
    for path in ("/", visitor.page.entrance):
        assert visitor.get(path, headers={"host": host, "cookie": cookie}).status_code == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost:8000", "LOCALHOST", "[::1]:8000", "127.9.9.9"])
def test_names_of_this_machine(visitor: Visitor, host: str) -> None:
    cookie = f"{visitor.page.key.name}={visitor.page.key.cookie}"
    assert visitor.get("/", headers={"host": host, "cookie": cookie}).status_code == 200


def test_who_serves_anyone_is_reached_by_address_and_by_the_name_asked_for() -> None:
    open_ = Guard(None, Key(), Limits(), ("pictures.example",), anyone=True)  # type: ignore[arg-type]
    assert all(open_._is_host(h) for h in ("192.0.2.1:80", "[2001:db8::1]:80", "pictures.example:80", "localhost"))
    assert not open_._is_host("evil.example")
    closed = Guard(None, Key(), Limits(), ("127.0.0.1",), anyone=False)  # type: ignore[arg-type]
    assert not closed._is_host("192.0.2.1:80")


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:8001", "https://127.0.0.1:8000",
                                    "http://127.0.0.1:8000.evil.example", "http://localhost:8000"])  # fmt: skip
def test_a_form_of_another_site_does_nothing(visitor: Visitor, origin: str | None) -> None:
    before = len(visitor.page.desk.jobs())
    headers = {} if origin is None else {"origin": origin}
    client = Visitor(visitor.page)
    if origin is None:
        del client.headers["origin"]
    for path in ("/inspect", "/learn", "/compare", "/job/x/drop"):
        answer = client.post(path, files={"file": ("a.jpg", jpeg())}, headers=headers)
        assert answer.status_code == 403 and len(answer.text.splitlines()) == 1
    assert len(visitor.page.desk.jobs()) == before


def test_the_length_is_known_before_a_byte_is_read(visitor: Visitor) -> None:
    def body():  # type: ignore[no-untyped-def]
        yield b"x"

    assert visitor.post("/inspect", content=body()).status_code == 411
    for told in ("-1", "x", "1e3"):
        assert visitor.post("/inspect", content=b"", headers={"content-length": told}).status_code in (411, 413)
    much = visitor.post("/inspect", content=b"", headers={"content-length": str(1 << 40)})
    assert much.status_code == 413 and "512 MB" in much.text and "1.02e+03" not in much.text


def test_a_body_is_counted_whatever_length_was_told() -> None:
    async def endless() -> Message:
        return {"type": "http.request", "body": bytes(1000), "more_body": True}

    async def read() -> int:
        receive, count = _counted(endless, 10_000), 0
        with pytest.raises(HTTPException) as error:
            while True:
                await receive()
                count += 1
        assert error.value.status_code == 413
        return count

    assert anyio.run(read) == 10


class Addresses(HTMLParser):
    """Whatever a page asks for, and what could run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.inline: list[str] = []
        self._in = ""

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = name
        for key, value in attrs:
            if key in (
                "src",
                "href",
                "action",
                "srcset",
                "data",
                "content",
                "data-left",
                "data-right",
                "data-difference",
            ):
                self.found.append((name, key, str(value)))
            assert not key.startswith("on") and key != "style", (name, key)

    def handle_data(self, data: str) -> None:
        if self._in in ("script", "style") and data.strip():
            self.inline.append(data)

    def handle_endtag(self, name: str) -> None:
        self._in = ""


def test_our_pages_ask_only_this_server_and_run_nothing_but_its_script(visitor: Visitor) -> None:
    made = visitor.done(visitor.give("/compare", {"picture": ("a.jpg", jpeg())}, profile="generic/libjpeg-turbo",
                                     second="facebook/classic-2014"))  # fmt: skip
    for path in ("/", f"/job/{made.id}", "/nowhere"):
        answer = visitor.get(path)
        assert answer.headers["content-security-policy"] == PAGE_POLICY
        seen = Addresses()
        seen.feed(answer.text)
        assert seen.inline == []
        for name, key, value in seen.found:
            if key != "content":
                assert value.startswith(("/", "#", "data:,")) and not value.startswith("//"), (name, key, value)
    for name in ("page.css", "page.js"):
        text = visitor.get(f"/static/{name}").text
        assert "http:" not in text and "https:" not in text and "url(" not in text and "@import" not in text
        assert "innerHTML" not in text and "eval(" not in text


def test_reports_may_run_nothing_and_ask_nobody(visitor: Visitor) -> None:
    job = visitor.done(visitor.give("/inspect", {"file": ("a.jpg", jpeg())}))
    for path in (f"/job/{job.id}", f"/job/{job.id}/page.html"):
        answer = visitor.get(path)
        assert answer.headers["content-security-policy"] == REPORT_POLICY
        assert "script-src" not in REPORT_POLICY and "default-src 'none'" in REPORT_POLICY


def test_what_every_answer_carries(visitor: Visitor, stranger: Visitor) -> None:
    for answer in (visitor.get("/"), visitor.get("/static/page.js"), visitor.get("/nowhere"), stranger.get("/")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (
            answer.headers["x-frame-options"] == "DENY"
            and "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        )
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "same-origin", "with no-referrer, a form's Origin would be null"
    assert BASE.endswith(":8000")
