"""Misbehaviour on demand: what an emulator does wrong, to whom and when. A plan is data: it does the same each time.

    Plan.parse("reset-after on=upload after=2 times=3; slow on=download seconds=2; limit media 5 60; seed 7")

One request can also ask for its own fault, by the header `X-Emulator-Fault: reset-after` (`rate-limit seconds=3`).
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..errors import UnderstudyError

WHAT = {
    "rate-limit": "refused as the platform refuses what exceeds a rate limit (`seconds`: for how long; `code`: which)",
    "error": "answered with the platform's 500; nothing was done",
    "error-after": "done, then answered with the platform's 500",
    "slow": "done, and answered only after `seconds`",
    "reset-before": "read whole, then the connection is reset; nothing was done",
    "reset-after": "done, then the connection is reset instead of an answer",
    "truncate": "answered with half of the body, then the connection is closed",
    "expired": "refused as the platform refuses a URL or an upload that has expired",
    "unauthorized": "refused as the platform refuses a token that has expired",
}
"""What can go wrong with a request -> what then happens."""
ON = ("any", "login", "upload", "post", "read", "download", "remove")
"""Which requests: `upload` brings a picture's bytes (or its address), `post` publishes what was uploaded before."""
DONE_ALL_THE_SAME = frozenset({"error-after", "slow", "reset-after", "truncate"})
HEADER = "x-emulator-fault"


class PlanError(UnderstudyError):
    """A plan that is not one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of misbehaviour, and the requests that it meets."""

    what: str
    """A key of `WHAT`."""
    on: str = "upload"
    """One of `ON`."""
    after: int = 0
    """The first so many of these requests are spared."""
    every: int = 1
    """Of the others, the first and then every so-manyth is met."""
    times: int = 0
    """At most so many in all; 0 for no end."""
    share: float = 1.0
    """0 to 1: of those, so many at random; the plan's seed decides which."""
    seconds: float = 1.0
    """How long to wait (`slow`), or how long the platform says to wait (`rate-limit`)."""
    code: int = 0
    """Which of the platform's codes, where it has several for this; 0 for the usual one."""

    def __post_init__(self) -> None:
        if self.what not in WHAT:
            raise PlanError(repr(self.what), place="misbehaviour", expected=f"one of {', '.join(WHAT)}")
        if self.on not in ON:
            raise PlanError(f"on={self.on}", place=self.what, expected=f"one of {', '.join(ON)}")
        if min(self.after, self.times, self.code) < 0 or self.every < 1:
            raise PlanError("a count below zero", place=self.what, expected="after, times, code >= 0; every >= 1")
        if not (0 <= self.share <= 1 and 0 <= self.seconds <= 3600):
            raise PlanError("out of range", place=self.what, expected="share from 0 to 1, seconds from 0 to 3600")


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong, and which limits hold."""

    faults: tuple[Fault, ...] = ()
    limits: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """Bucket -> (requests, seconds), instead of the documented limit; 0 requests: none."""
    expire_s: float | None = None
    """Lifetime of the addresses and tokens that expire, in seconds; None for the platform's."""
    processing: int = 0
    """How often a client that asks is told that an upload is still being worked on, before it is ready."""
    hide_unpublished: bool = False
    """Whether listings leave out what was not published (see `facebook`)."""
    seed: int = 0

    @classmethod
    def parse(cls, text: str) -> Plan:
        """The plan that a line of text describes; parts stand between semicolons, an empty text is the plan without.

        Raises PlanError.
        """
        faults: list[Fault] = []
        limits: dict[str, tuple[int, float]] = {}
        more: dict[str, Any] = {}
        for part in text.split(";"):
            words = part.split()
            if not words:
                continue
            try:
                if words[0] == "limit":
                    _, bucket, requests, seconds = words
                    limits[bucket] = (int(requests), float(seconds))
                elif words[0] in ("seed", "processing"):
                    more[words[0]] = int(words[1])
                elif words[0] == "expire":
                    more["expire_s"] = float(words[1])
                elif words[0] == "hide-unpublished":
                    more["hide_unpublished"] = True
                else:
                    faults.append(fault(part))
            except (ValueError, IndexError):
                raise PlanError(repr(part.strip()), place="misbehaviour", expected=EXPECTED) from None
        return cls(tuple(faults), limits, **more)


EXPECTED = (
    "parts such as `reset-after on=upload times=1`, `limit media 5 60`, `expire 2`, `processing 3`, "
    "`hide-unpublished`, `seed 7`"
)
_NUMBERS: Mapping[str, Callable[[str], Any]] = {
    "after": int, "every": int, "times": int, "code": int, "share": float, "seconds": float, "on": str,
}  # fmt: skip


def fault(text: str) -> Fault:
    """The fault that `what name=value ...` describes. Raises PlanError."""
    words = text.split()
    given: dict[str, Any] = {}
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not equals or name not in _NUMBERS:
            raise PlanError(repr(word), place=words[0], expected=f"one of {', '.join(f'{n}=...' for n in _NUMBERS)}")
        try:
            given[name] = _NUMBERS[name](value)
        except ValueError:
            raise PlanError(repr(word), place=words[0], expected="a number") from None
    return Fault(words[0] if words else "", **given)


class Faults:
    """A plan at work: counts requests, and says which fault meets which."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.met: Counter[str] = Counter()
        """Fault -> how many requests it met."""
        self._seen: Counter[int] = Counter()
        self._applied: Counter[int] = Counter()

    def next(self, kind: str, asked: str | None = None) -> Fault | None:
        """What happens to the next request of this kind; the first fault of the plan that meets it.

        asked: what the request's own header says; it comes before the plan. Raises PlanError if it is no fault.
        """
        met = fault(asked) if asked else None
        for i, candidate in enumerate(self.plan.faults):
            if candidate.on not in ("any", kind):
                continue
            index = self._seen[i]
            self._seen[i] += 1
            if met is None and self._meets(i, candidate, index):
                self._applied[i] += 1
                met = candidate
        if met is not None:
            self.met[met.what] += 1
        return met

    def _meets(self, i: int, candidate: Fault, index: int) -> bool:
        """Whether the `index`th request of its kind is met by the plan's `i`th fault."""
        since = index - candidate.after
        if since < 0 or since % candidate.every or (candidate.times and self._applied[i] >= candidate.times):
            return False
        drawn = hashlib.sha256(f"{self.plan.seed}/{i}/{index}".encode()).digest()
        return int.from_bytes(drawn[:4], "big") < candidate.share * 2**32


class Reset(Response):
    """No answer: the connection is reset (TCP RST), as by a server that died or a proxy that gave up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Aborts the connection. Raises ConnectionResetError where there is none: in a test without a server."""
        transport = scope.get("state", {}).get("transport")
        if transport is None:
            raise ConnectionResetError("reset by the emulator")
        connection = transport.get_extra_info("socket")
        if connection is not None:  # l_onoff 1, l_linger 0: close() sends RST instead of FIN
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass  # until the server knows, or it would answer 500


class Truncated(Response):
    """Half of another answer's body under the whole one's Content-Length, then the connection is closed."""

    def __init__(self, whole: Response) -> None:
        super().__init__(bytes(whole.body), whole.status_code)
        self.raw_headers = whole.raw_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends half. The server closes the connection, because it was promised more."""
        body = bytes(self.body)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await asyncio.sleep(0.05)  # or the closing overtakes what was written
