"""Any server that takes a picture in one request and hands it out by URL: your own, nginx, thumbor, imgproxy.

    nginx, dav_methods PUT and image_filter     to=http://host/in/{key}.png  delivered=http://host/out/{key}.png
    thumbor, POST /image                        to=http://host/image  method=POST  found=location
                                                delivered=http://host/unsafe/fit-in/1280x1280/{id}
    a server that answers with the picture      to=http://host/convert  method=POST  found=body

What a URL is made of: {name} the file's name, {stem} without its ending, {key} the ledger's 32 hex digits, {ext} the
ending of the sent type, {id} what the server named the picture.
"""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urljoin, urlsplit

from .base import ConnectorError, Http, Picture, Posted, RejectedError, Rendition, Repeats, Setting
from .http import Answer, said

FIELDS = {"name", "stem", "key", "ext", "id"}
SUFFIXES = {"image/jpeg": "jpg", "image/tiff": "tif"}
REFUSED = (400, 413, 415, 422)
"""Statuses that speak of the picture: bad content, too large, a type that is not taken, not processable (RFC 9110,
15.5). The next picture may do better."""
SHOWN = 48 << 20
"""Bytes of an answer that is itself the delivery that a ledger holds at most."""


class Web:
    """Plain HTTP: PUT or POST, then GET."""

    name: ClassVar[str] = "web"
    title: ClassVar[str] = "A server of your own: HTTP PUT or POST, then GET"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("to", "URL that pictures are sent to; may contain {name}, {stem}, {key}, {ext}."),
        Setting("method", "PUT or POST.", default="PUT"),
        Setting("field", "Name of the form field that carries the file (multipart/form-data); empty: the body is it.",
                default=""),
        Setting("found", "How the delivery is found: `url` (it is known), `location` (the answer's Location), "
                "`body` (the answer is the delivery), or a JSON pointer into the answer, such as /data/link.",
                default="url"),
        Setting("delivered", "URL of the main delivery; may contain {id} besides: what was found at the pointer, or "
                "what Location adds to the path of `to` (else its last part). Empty: the URL that was "
                "found, or else sent to.",
                default=""),
        Setting("more", "Further renditions: name=URL, with spaces between.", default=""),
        Setting("again", "What sending twice does: `harmless` where a place is overwritten, `findable` where "
                "`delivered` holds {key} or {name} and answers 404 before it is there, else `unknowable`. Empty: "
                "harmless for PUT to a URL with {key}, {name} or {stem}, and where the answer is the delivery.",
                default=""),
        Setting("header", "The header that carries the secret.", default="Authorization"),
        Setting("secret", "What stands in that header, such as `Bearer ...`.", secret=True, default=""),
    )  # fmt: skip
    takes: ClassVar[tuple[str, ...]] = ()
    repeats: Repeats = Repeats.UNKNOWABLE
    terms: ClassVar[str] = "the server's owner says what may be sent; send to your own, or ask"
    source: ClassVar[str] = (
        "RFC 9110 (methods, Location, statuses), RFC 6901 (JSON pointer), RFC 7578 (form-data). Tried on nginx 1.22.1 "
        "with dav_methods and image_filter and on thumbor 7.8.0, November 2026 (tests/servers)"
    )

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        self._s = dict(settings)
        self._http = http
        self._method = settings["method"].upper()
        self._headers = {settings["header"]: settings["secret"]} if settings["secret"] else {}
        self._more = dict(_named(part) for part in settings["more"].split())
        self._check_settings()
        self.repeats = self._repeats()

    def _check_settings(self) -> None:
        s = self._s
        if self._method not in ("PUT", "POST"):
            raise ConnectorError(f"{self._method!r}", place="web, method", expected="PUT or POST", landed=False)
        for setting, text in {"to": s["to"], "delivered": s["delivered"], **self._more}.items():
            if text:
                _check_url(setting, text, FIELDS - {"id"} if setting == "to" else FIELDS)
        if s["found"] not in ("url", "location", "body") and not s["found"].startswith("/"):
            raise ConnectorError(
                f"{s['found']!r}", place="web, found", expected="url, location, body or a JSON pointer", landed=False
            )
        if "main" in self._more:
            raise ConnectorError("main", place="web, more", expected="another name", landed=False)

    def _repeats(self) -> Repeats:
        again = self._s["again"]
        try:
            if again:
                return Repeats(again)
        except ValueError:
            expected = ", ".join(r.value for r in Repeats)
            raise ConnectorError(f"{again!r}", place="web, again", expected=expected, landed=False) from None
        named = self._method == "PUT" and any(f"{{{f}}}" in self._s["to"] for f in ("key", "name", "stem"))
        return Repeats.HARMLESS if named or self._s["found"] == "body" else Repeats.UNKNOWABLE

    def account(self) -> str:
        """Where pictures are sent to."""
        return f"{self._method} {self._s['to']}"

    def check(self) -> str:
        """Only that the server can be reached: what it asks of a HEAD request is its own affair."""
        origin = "{0.scheme}://{0.netloc}/".format(urlsplit(self._s["to"]))
        self._http.request("HEAD", origin, ok=(*range(300, 500), 501))
        return self.account()

    def send(self, picture: Picture, key: str) -> Posted:
        """Raises as `Connector.send`."""
        values = self._values(picture, key)
        url = _filled(self._s["to"], values)
        kind = {"content-type": picture.media_type}
        field = self._s["field"]
        if field:
            files = {field: (picture.name, picture.data, picture.media_type)}
            answer = self._http.request(self._method, url, headers=self._headers, files=files, ok=REFUSED)
        else:
            headers = {**self._headers, **kind, "slug": quote(picture.name)}  # RFC 5023 9.7; thumbor names files by it
            answer = self._http.request(self._method, url, headers=headers, content=picture.data, ok=REFUSED)
        if answer.status in REFUSED:
            raise RejectedError(f"status {answer.status}: {self._http.hide(said(answer))}", place=answer.url)
        return self._found(answer, url, values)

    def _found(self, answer: Answer, url: str, values: dict[str, str]) -> Posted:
        how = self._s["found"]
        if how == "body":
            if len(answer.data) > SHOWN:
                raise ConnectorError(f"{len(answer.data):,} bytes", place=url, expected=f"at most {SHOWN:,}")
            details = {"body": base64.b64encode(answer.data).decode("ascii"), "url": answer.url}
            return Posted(values["key"], {**details, "headers": [list(h) for h in answer.headers], "values": values})
        at = url
        if how == "location":
            location = answer.header("location")
            if not location:
                raise ConnectorError("no Location header", place=answer.url, expected="one, as found=location")
            at = urljoin(answer.url, location)
            values = {**values, "id": _added(at, url)}
        elif how != "url":
            found = _pointed(answer, how)
            at = urljoin(answer.url, found)
            values = {**values, "id": found}
        return Posted(at, {"values": values, "sent_to": url})

    def find(self, key: str) -> Posted | None:
        """Looks whether `delivered` answers. Raises NotImplementedError where nothing tells."""
        template = self._s["delivered"] or self._s["to"]
        if self.repeats is not Repeats.FINDABLE or "{key}" not in template or self._s["found"] != "url":
            raise NotImplementedError("no URL of the delivery is known before the answer")
        values = {"key": key}
        if _fields(template) - {"key"}:
            raise NotImplementedError("the URL of the delivery needs more than the key")
        answer = self._http.request("GET", _filled(template, values), headers=self._headers, ok=(404, 410))
        return None if answer.status in (404, 410) else Posted(_filled(template, values), {"values": values})

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """`main`, then those of `more`."""
        values = posted.details["values"]
        if "body" in posted.details:
            headers = tuple((k, v) for k, v in posted.details["headers"])
            data = base64.b64decode(posted.details["body"])
            yield Rendition("main", posted.details["url"], data, headers, True)
        else:
            template = self._s["delivered"]
            yield self._got("main", _filled(template, values) if template else posted.id)
        for name, template in self._more.items():
            yield self._got(name, _filled(template, values))

    def _got(self, name: str, url: str) -> Rendition:
        answer = self._http.request("GET", url, headers=self._headers)
        return Rendition(name, answer.url, answer.data, answer.headers, name == "main")

    def remove(self, posted: Posted) -> None:
        """DELETE of what was PUT or found; where the answer was the delivery, there is nothing to remove.
        Raises ConnectorError where the server does not do that."""
        if "body" in posted.details:
            return
        at = posted.details.get("sent_to") if self._method == "PUT" else posted.id
        answer = self._http.request("DELETE", str(at), headers=self._headers, ok=(404, 405, 410, 501))
        if answer.status in (405, 501):
            raise ConnectorError(
                f"status {answer.status}",
                place=str(at),
                expected="a server that takes DELETE",
                remedy="remove it there",
            )

    def _values(self, picture: Picture, key: str) -> dict[str, str]:
        kind = picture.media_type
        ext = SUFFIXES.get(kind, kind.rpartition("/")[2])
        return {"name": picture.name, "stem": picture.name.rpartition(".")[0] or picture.name, "key": key, "ext": ext}


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def _check_url(setting: str, template: str, fields: set[str]) -> None:
    place = f"web, {setting}"
    try:
        used = _fields(template)
    except ValueError as error:
        raise ConnectorError(f"{error}", place=place, expected="a URL", landed=False) from None
    if used - fields:
        told = ", ".join(f"{{{f}}}" for f in sorted(fields))
        raise ConnectorError(f"{{{min(used - fields)}}}", place=place, expected=f"of {told}", landed=False)
    if not re.match(r"https?://[^/{}]+", template):
        raise ConnectorError(f"{template!r}", place=place, expected="http:// or https://, then a host", landed=False)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The URL; what is put in is quoted, an id keeps its slashes."""
    quoted = {k: quote(v, safe="/" if k == "id" else "") for k, v in values.items()}
    try:
        return template.format_map(quoted)
    except KeyError as error:
        raise ConnectorError(f"{error} is not known", place=template, expected="another URL") from None


def _added(found: str, sent_to: str) -> str:
    """`ID/NAME` of thumbor's /image/ID/NAME, which /image answered; else the last part of the path."""
    path, start = unquote(urlsplit(found).path), unquote(urlsplit(sent_to).path).rstrip("/") + "/"
    return path.removeprefix(start) if path.startswith(start) else path.rstrip("/").rpartition("/")[2]


def _pointed(answer: Answer, pointer: str) -> str:
    """The text at a JSON pointer (RFC 6901). Raises ConnectorError."""
    found: Any = answer.json()
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(part)] if isinstance(found, list) else found[part]
        except (KeyError, IndexError, ValueError, TypeError):
            raise ConnectorError(
                f"nothing at {pointer} of {json.dumps(answer.json())[:200]}", place=answer.url, expected="a URL there"
            ) from None
    if not isinstance(found, (str, int)):
        raise ConnectorError(f"{type(found).__name__} at {pointer}", place=answer.url, expected="a URL or an id")
    return str(found)


def _named(part: str) -> tuple[str, str]:
    name, equals, url = part.partition("=")
    if not equals:
        raise ConnectorError(f"{part!r}", place="web, more", expected="name=URL", landed=False)
    return name, url


CONNECTOR = Web
