"""Rate limits as platforms count them: so many requests in a window, which begins with the first of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """How a client stands with one limit."""

    bucket: str
    limit: int
    seconds: float
    """The window's length."""
    used: int
    resets_at: float
    """Seconds since 1970."""
    wait_s: float
    """Until then."""
    refused: bool

    @property
    def remaining(self) -> int:
        """How many more requests the window takes."""
        return max(0, self.limit - self.used)

    @property
    def percent(self) -> int:
        """How much is used up, in whole percent, rounded up."""
        return min(100, math.ceil(100 * self.used / self.limit)) if self.limit else 0


class Limiter:
    """Counts requests by bucket. A refused request is not counted."""

    def __init__(self, limits: Mapping[str, tuple[int, float]], clock: Callable[[], float]) -> None:
        """limits: bucket -> (requests, seconds); 0 requests for no limit."""
        self.limits = dict(limits)
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}

    def hit(self, bucket: str, cost: int = 1) -> Standing | None:
        """One more request; None where the bucket has no limit."""
        limit, seconds = self.limits.get(bucket, (0, 0.0))
        if not limit:
            return None
        now = self._clock()
        began, used = self._windows.get(bucket, (now, 0))
        if now >= began + seconds:
            began, used = now, 0
        refused = used + cost > limit
        if not refused:
            used += cost
        self._windows[bucket] = (began, used)
        return Standing(bucket, limit, seconds, used, began + seconds, max(0.0, began + seconds - now), refused)
