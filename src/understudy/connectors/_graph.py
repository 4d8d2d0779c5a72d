"""Meta's Graph API, as Facebook and Instagram share it: the token, its errors, its rate limits, its pages.

Source: developers.facebook.com, read in stored copies on 2026-11-22: Graph API "Handling Errors" (codes 1, 2, 3, 4, 10,
17, 102, 190, 200-299, 341, 368, 506), "Rate Limits" (codes 4, 17, 32, 613, 80001 and siblings; the headers X-App-Usage,
with shares only, and X-Business-Use-Case-Usage, with estimated_time_to_regain_access in minutes). The references of
Pages show the token as the parameter access_token; that it may come as a bearer header is shown for other products on
the same host. Never tried on the real service. That 100 with subcode 1366046 means an unreadable photo is from answers
quoted in facebookarchive/php-graph-sdk issues 315 and 711.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ._common import CLIENT_ERRORS, PAGES, document, failed, number, too_many
from .base import AgainError, AuthError, ConnectorError, Http, RejectedError
from .http import Answer, retry_after

RATE_CODES = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
PASSING_CODES = frozenset({1, 2})
TOKEN_CODES = frozenset({3, 10, 102, 190, *range(200, 300)})
PICTURE_CODES = frozenset({324})
"""(#324) Missing or invalid image file."""
PICTURE_SUBCODES = frozenset({1366046})
"""Can't Read Files: less than 4 MB and JPG, PNG, GIF, TIFF, HEIF or WebP."""
GONE_SUBCODE = 33
"""Of code 100: the object does not exist, or this token may not see it. The API does not tell which."""

Judge = Callable[[Answer, Mapping[str, Any], str], None]
"""(answer, its error object, words): raises where the connector knows this error better than `_graph`."""


class Graph:
    """Requests to one Graph host with one token, which travels as a bearer header: no URL holds it."""

    def __init__(self, http: Http, base_url: str, token: str, judge: Judge | None = None) -> None:
        self._http = http
        self._base = base_url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}
        self._judge = judge

    def get(self, path: str, **params: str | int) -> dict[str, Any]:
        """The object at `path`. Raises AgainError, AuthError, RejectedError, ConnectorError."""
        return self._whole(self._ask("GET", path, params=params))

    def post(
        self, path: str, form: Mapping[str, str], files: Mapping[str, tuple[str, bytes, str]] | None = None
    ) -> dict[str, Any]:
        """What a POST with these fields answers. Raises as `get`."""
        return self._whole(self._ask("POST", path, form=form, files=files))

    def delete(self, path: str) -> None:
        """Deletes; nothing happens where the object is gone (or hidden from the token). Raises as `get`, and
        ConnectorError where it is still there."""
        answer = self._ask("DELETE", path, quiet=True)
        error = error_of(answer)
        if error is None:
            if document(answer).get("success") is False:
                raise ConnectorError("success: false", place=answer.url, expected="success: true")
        elif not is_gone(error):
            self._refuse(answer, error)
        elif error_of(self._ask("GET", path, quiet=True, params={"fields": "id"})) is None:
            # The same code says "does not support this operation": what can still be read is not gone.
            words = self._http.hide(str(error.get("message") or "refused"))
            raise ConnectorError(words, place=answer.url, expected="the object deleted", remedy="delete it by hand")

    def listing(self, path: str, **params: str | int) -> Iterator[dict[str, Any]]:
        """Everything an edge lists, newest first as the API gives it. Raises as `get`, and ConnectorError where the
        listing does not end within PAGES pages."""
        after: str | None = None
        count = 0
        for _ in range(PAGES):
            page = self.get(path, **params, **({"after": after} if after else {}))
            rows = [row for row in page.get("data") or [] if isinstance(row, dict)]
            count += len(rows)
            yield from rows
            paging = page.get("paging") or {}
            after = (paging.get("cursors") or {}).get("after")
            # `next` holds the token in its query, so it is only asked whether there is one.
            if not paging.get("next") or not after:
                return
        raise too_many(f"{self._base}/{path}", count)

    def _ask(self, method: str, path: str, *, quiet: bool = False, **sent: Any) -> Answer:
        url = f"{self._base}/{path}"
        answer = self._http.request(method, url, ok=CLIENT_ERRORS, headers=self._headers, **sent)
        error = error_of(answer)
        if not quiet and (error is not None or answer.status >= 400):
            self._refuse(answer, error or {})
        elif quiet and error is None and answer.status >= 400:
            self._refuse(answer, {})
        return answer

    def _whole(self, answer: Answer) -> dict[str, Any]:
        out = answer.json()
        if not isinstance(out, dict):
            raise ConnectorError(f"JSON {type(out).__name__}", place=answer.url, expected="a JSON object")
        return out

    def _refuse(self, answer: Answer, error: Mapping[str, Any]) -> None:
        code, subcode = error.get("code"), error.get("error_subcode")
        told = [str(error.get(field)) for field in ("message", "error_user_msg") if error.get(field)]
        words = self._http.hide(f"({code}/{subcode}) {': '.join(told)}")[:400]
        if self._judge is not None:
            self._judge(answer, error, words)
        if code in RATE_CODES:
            raise AgainError(words, wait_s=regain_s(answer), place=answer.url)
        if code in TOKEN_CODES:
            raise AuthError(words, place=answer.url, remedy="look at the token, its rights and when it expires")
        if code in PASSING_CODES or error.get("is_transient") is True:
            # "Possibly a temporary issue": whether anything was done is not said.
            raise AgainError(words, landed=True, wait_s=retry_after(answer), place=answer.url)
        if code in PICTURE_CODES or subcode in PICTURE_SUBCODES:
            raise RejectedError(words, place=answer.url)
        failed(answer, words if error else "", sends=True, wait_s=regain_s(answer))


def error_of(answer: Answer) -> dict[str, Any] | None:
    """The `error` object of an answer, None where it has none. A 200 may carry one, too."""
    if (answer.header("content-type") or "").startswith(("image/", "video/")):
        return None
    error = document(answer).get("error")
    return error if isinstance(error, dict) else None


def is_gone(error: Mapping[str, Any]) -> bool:
    """Whether the error is that of an object that is not there, as far as the API tells."""
    return error.get("code") == 803 or (error.get("code"), error.get("error_subcode")) == (100, GONE_SUBCODE)


def regain_s(answer: Answer) -> float | None:
    """Seconds until access comes back: the longest estimated_time_to_regain_access (minutes) of
    X-Business-Use-Case-Usage, else Retry-After; None where neither says."""
    try:
        usage = json.loads(answer.header("x-business-use-case-usage") or "{}")
    except ValueError:
        usage = {}
    rows = [row for rows in usage.values() if isinstance(rows, list) for row in rows] if isinstance(usage, dict) else []
    told = [number(row.get("estimated_time_to_regain_access")) for row in rows if isinstance(row, dict)]
    minutes = max((m for m in told if m), default=None)
    return retry_after(answer) if minutes is None else 60.0 * minutes
