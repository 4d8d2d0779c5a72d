"""What the platforms' connectors share: a picture's sides, limits checked before sending, times, file names."""

from __future__ import annotations

import contextlib
import email.utils
import io
import re
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from .base import AgainError, AuthError, ConnectorError, Picture, RejectedError
from .http import Answer, retry_after, said

CLIENT_ERRORS = tuple(range(400, 500))
"""For `Http.request(ok=...)`: answers whose body the connector reads itself. 5xx stay with `Http`."""
PAGES = 40
"""Pages of a listing that are followed at most: `find` then says that it does not know."""


def sides(picture: Picture) -> tuple[int, int]:
    """(width, height) in pixels as stored, before any EXIF orientation. Raises RejectedError where nothing reads it."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture.data)) as opened:
            return opened.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RejectedError(str(error), place=picture.name, expected="a picture") from None


def fits(picture: Picture, platform: str, takes: Sequence[str], limit: int | None) -> None:
    """Nothing, where the type is one of `takes` and the bytes are at most `limit`. Raises RejectedError."""
    if picture.media_type not in takes:
        expected = f"what {platform} documents: {', '.join(takes)}"
        raise RejectedError(picture.media_type, place=picture.name, expected=expected)
    if limit is not None and len(picture.data) > limit:
        expected = f"at most {limit:,} bytes on {platform}"
        raise RejectedError(f"{len(picture.data):,} bytes", place=picture.name, expected=expected)


def seconds_until(moment: float, answer: Answer) -> float:
    """From the server's own clock (its Date header, RFC 9110 6.6.1; ours without one) to `moment`, seconds since
    1970; at least 0."""
    now = time.time()
    with contextlib.suppress(ValueError, TypeError):
        now = email.utils.parsedate_to_datetime(answer.header("date") or "").timestamp()
    return max(0.0, moment - now)


def number(value: Any) -> float | None:
    """`value` as a finite number that is not negative; None for anything else."""
    try:
        out = float(value)
    except (TypeError, ValueError):
        return None
    return out if 0 <= out < float("inf") else None


def file_safe(text: str) -> str:
    """`text` with whatever is unsafe in a file name replaced by `-`: letters, digits, `.`, `_`, `-` stay."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-") or "x"


def failed(answer: Answer, words: str, *, sends: bool, wait_s: float | None = None) -> NoReturn:
    """Raises what a status alone tells (RFC 9110 15.5): 408, 425 and 429 AgainError, 401 and 403 AuthError, 413 and 415
    RejectedError, 5xx AgainError that may have landed, else ConnectorError. words: the platform's own, without
    secrets."""
    told = f"status {answer.status}: {words or said(answer)}"
    if answer.status in (408, 425, 429):
        raise AgainError(told, wait_s=retry_after(answer) if wait_s is None else wait_s, place=answer.url)
    if answer.status in (401, 403):
        raise AuthError(told, place=answer.url, remedy="look at the token and its rights")
    if answer.status in (413, 415):
        raise RejectedError(told, place=answer.url)
    if answer.status >= 500:
        raise AgainError(told, wait_s=retry_after(answer), landed=sends, place=answer.url)
    raise ConnectorError(told, landed=answer.status < 400, place=answer.url, expected="status 2xx")


def document(answer: Answer) -> dict[str, Any]:
    """The body as a JSON object; an empty one where it is none (an error page of a proxy)."""
    try:
        out = answer.json()
    except ConnectorError:
        return {}
    return out if isinstance(out, dict) else {}


def too_many(place: str, count: int) -> ConnectorError:
    """The error for a listing that was not read to its end, so that absence is not proved."""
    return ConnectorError(
        f"the key is not among the newest {count:,}, and there are more",
        place=place,
        expected="a listing that ends",
        remedy="use an album, room or channel of its own for collecting, or look there by hand",
    )
