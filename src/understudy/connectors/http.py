"""HTTP for connectors: one request, its whole answer, and failures as the errors that `collecting` acts on.

Secrets never leave this file: they are sent as headers or parameters, and cut out of whatever is told or kept.
"""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import UnderstudyError

LIMIT = 64 << 20
"""Bytes of an answer that are read at most: no platform here delivers larger pictures."""
TIMEOUT_S = 60.0
HIDDEN_HEADERS = ("set-cookie", "authorization", "www-authenticate", "cookie")
HIDDEN = "[hidden]"


class ConnectorError(UnderstudyError):
    """A platform that refused, cannot be reached, or answered something else than its documentation says."""


class AuthError(ConnectorError):
    """A token that is missing, expired or without the right that is needed: nothing further can succeed."""


class RejectedError(ConnectorError):
    """The platform does not take this picture (its type, size, proportions); others may succeed."""


class AgainError(ConnectorError):
    """The platform asks to wait, or failed in a way that passes: rate limits, 5xx answers, timeouts, resets.

    wait_s: seconds that the platform asked for (Retry-After and the like), None where it named none.
    landed: whether what was asked may have been done all the same (True after a timeout or a reset while sending,
    False where the platform said that it did nothing).
    """

    def __init__(self, got: str, *, wait_s: float | None = None, landed: bool = False, **facts: str) -> None:
        super().__init__(got, **facts)
        self.wait_s = wait_s
        self.landed = landed


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
        self._secrets = sorted((s for s in secrets if s), key=len, reverse=True)
        self._limit = limit
        agent = f"understudy/{__version__}"
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=True, headers={"user-agent": agent})

    def __enter__(self) -> Http:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the connections back."""
        self._client.close()

    def hide(self, text: str) -> str:
        """`text` without secrets."""
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
        try:
            with self._client.stream(
                method, url, headers=headers, params=params, json=json, data=form, files=files, content=content
            ) as response:
                data = self._read(response)
        except self._httpx.ConnectError as error:
            raise AgainError(self.hide(str(error)), place=self.hide(url), expected="a server") from None
        except self._httpx.TransportError as error:
            words = self.hide(str(error)) or type(error).__name__
            raise AgainError(words, landed=sends, place=self.hide(url), expected="an answer") from None
        except self._httpx.InvalidURL as error:
            raise ConnectorError(self.hide(str(error)), place=self.hide(url), expected="a URL") from None
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

    def _failure(self, answer: Answer, sends: bool) -> ConnectorError:
        words = f"status {answer.status}: {self.hide(said(answer))}"
        if answer.status == 429:
            return AgainError(words, wait_s=retry_after(answer), place=answer.url)
        if answer.status >= 500:
            return AgainError(words, wait_s=retry_after(answer), landed=sends, place=answer.url)
        if answer.status == 401:
            return AuthError(words, place=answer.url, remedy="look at the token and its rights")
        return ConnectorError(words, place=answer.url, expected="status 2xx")


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
