"""HTTP for connectors: one request, its whole answer, and failures as the errors that `collecting` acts on.

Secrets never leave this file: they are sent as headers or parameters, and cut out of whatever is told or kept.
"""

from __future__ import annotations

import email.utils
import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from ..errors import UnderstudyError

LIMIT = 64 << 20
"""Bytes of an answer that are read at most: no platform here delivers larger pictures."""
TIMEOUT_S = 60.0
HIDDEN_HEADERS = ("set-cookie", "authorization", "www-authenticate", "cookie")
HIDDEN = "[hidden]"


class ConnectorError(UnderstudyError):
    """A platform that refused, cannot be reached, or answered something else than its documentation says.

    landed: whether what was asked may have been done all the same. True unless somebody knows better: an answer that
    cannot be understood says nothing about what the platform did before it.
    """

    def __init__(self, got: str, *, landed: bool = True, **facts: str) -> None:
        super().__init__(got, **facts)
        self.landed = landed


class AuthError(ConnectorError):
    """A token that is missing, expired or without the right that is needed: nothing further can succeed."""

    def __init__(self, got: str, *, landed: bool = False, **facts: str) -> None:
        super().__init__(got, landed=landed, **facts)


class RejectedError(ConnectorError):
    """The platform does not take this picture (its type, size, proportions); others may succeed."""

    def __init__(self, got: str, *, landed: bool = False, **facts: str) -> None:
        super().__init__(got, landed=landed, **facts)


class AgainError(ConnectorError):
    """The platform asks to wait, or failed in a way that passes: rate limits, 5xx answers, timeouts, resets.

    wait_s: seconds that the platform asked for (Retry-After and the like), None where it named none.
    landed: whether what was asked may have been done all the same (True after a timeout or a reset while sending,
    False where the platform said that it did nothing).
    working: nothing failed, the platform is still at work on the picture; it is asked again without counting tries.
    """

    def __init__(
        self, got: str, *, wait_s: float | None = None, landed: bool = False, working: bool = False, **facts: str
    ) -> None:
        super().__init__(got, landed=landed, **facts)
        self.wait_s = wait_s
        self.working = working


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of a server."""

    status: int
    url: str
    """The last one, after redirects, with secrets cut out."""
    headers: tuple[tuple[str, str], ...]
    """In the order received, names in lower case; cookies and the like are left out, secrets cut out."""
    data: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    def json(self) -> Any:
        """The body as JSON. Raises ConnectorError."""
        try:
            return json.loads(self.data)
        except ValueError:
            kind = self.header("content-type") or "no type"
            raise ConnectorError(f"{len(self.data)} bytes of {kind}", place=self.url, expected="JSON") from None


class Http:
    """A client for one platform. Not for several threads at once. Use as a context manager, or `close` it.

    secrets: texts that must not be shown: tokens, passwords. Raises UnderstudyError where httpx is not installed.
    """

    def __init__(self, secrets: Iterable[str] = (), *, timeout_s: float = TIMEOUT_S, limit: int = LIMIT) -> None:
        try:
            import httpx
        except ImportError:
            raise UnderstudyError(
                "httpx is not installed", expected="the extra `collect`", remedy="pip install 'understudy[collect]'"
            ) from None
        from .._version import __version__

        self._httpx = httpx
        given = {s for s in secrets if s}
        given |= {written for s in given for written in (quote(s), quote(s, safe=""), quote_plus(s))}
        self._secrets = sorted(given, key=len, reverse=True)
        self._limit = limit
        self._origin = ""
        agent = f"understudy/{__version__}"
        self._client = httpx.Client(
            timeout=timeout_s,
            follow_redirects=True,
            headers={"user-agent": agent},
            event_hooks={"request": [self._keep_to_one_origin]},
        )
        self._log = logging.getLogger("httpx")  # it tells whole URLs, in which some platforms want their token
        self._log.addFilter(self._hide_in_log)

    def __enter__(self) -> Http:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the connections back."""
        self._client.close()
        self._log.removeFilter(self._hide_in_log)

    def _hide_in_log(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self.hide(record.getMessage()), ()
        return True

    def _keep_to_one_origin(self, request: Any) -> None:
        """Takes headers with a secret off a request that a redirect sends to another server; httpx itself does so for
        Authorization only."""
        origin = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
        self._origin = self._origin or origin
        if origin != self._origin:
            for name in [k for k, v in request.headers.items() if self.hide(v) != v]:
                del request.headers[name]

    def hide(self, text: str) -> str:
        """`text` without secrets, as they are or percent-encoded."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def request(
        self,
        method: str,
        url: str,
        *,
        ok: Sequence[int] = (),
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """One request and its whole answer.

        ok: statuses that are returned although they are not 2xx, for the caller to read. files: field -> (file name,
        bytes, media type), sent as multipart/form-data. Raises AgainError (429, 5xx, timeout, reset), AuthError (401),
        ConnectorError (any other status, an answer over the limit); the platform's own words are in the error.
        """
        sends = method not in ("GET", "HEAD", "OPTIONS")
        self._origin = ""
        try:
            with self._client.stream(
                method, url, headers=headers, params=params, json=json, data=form, files=files, content=content
            ) as response:
                data = self._read(response)
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            raise self._unanswered(error, url, sends) from None
        kept = tuple((k.lower(), self.hide(v)) for k, v in response.headers.multi_items())
        answer = Answer(
            response.status_code,
            self.hide(str(response.url)),
            tuple((k, v) for k, v in kept if k not in HIDDEN_HEADERS),
            data,
        )
        if not response.is_success and answer.status not in ok:
            raise self._failure(answer, sends)
        return answer

    def _read(self, response: Any) -> bytes:
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._limit:
                place = self.hide(str(response.url))
                raise ConnectorError("a longer answer", place=place, expected=f"at most {self._limit:,} bytes")
            parts.append(part)
        return b"".join(parts)

    def _unanswered(self, error: Exception, url: str, sends: bool) -> ConnectorError:
        """What it means that there is no answer, or none that can be read."""
        words, place, is_a = self.hide(str(error)) or type(error).__name__, self.hide(url), self._httpx
        if isinstance(error, (is_a.InvalidURL, is_a.UnsupportedProtocol, is_a.LocalProtocolError)):
            return ConnectorError(words, landed=False, place=place, expected="a request that can be made")
        if isinstance(error, (is_a.ConnectError, is_a.ConnectTimeout, is_a.PoolTimeout, is_a.ProxyError)):
            return AgainError(words, landed=False, place=place, expected="a server")
        if isinstance(error, is_a.TooManyRedirects):
            return ConnectorError(words, landed=sends, place=place, expected="an answer")
        return AgainError(words, landed=sends, place=place, expected="an answer")

    def _failure(self, answer: Answer, sends: bool) -> ConnectorError:
        words = f"status {answer.status}: {self.hide(said(answer))}"
        if answer.status in (408, 425, 429):
            return AgainError(words, wait_s=retry_after(answer), place=answer.url)
        if answer.status >= 500:
            return AgainError(words, wait_s=retry_after(answer), landed=sends, place=answer.url)
        if answer.status == 401:
            return AuthError(words, place=answer.url, remedy="look at the token and its rights")
        return ConnectorError(words, landed=False, place=answer.url, expected="status 2xx")


def said(answer: Answer) -> str:
    """What the server said, in at most 300 characters of one line."""
    return " ".join(answer.data[:2000].decode("utf-8", "replace").split())[:300] or "nothing"


def retry_after(answer: Answer) -> float | None:
    """Seconds that the Retry-After header asks for: a number or a date (RFC 9110, 10.2.3); None without one."""
    value = (answer.header("retry-after") or "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
