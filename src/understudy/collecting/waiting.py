"""Waiting: as long as the platform asks, else longer each time; never longer in all than a person has patience for.

And stopping: the first Ctrl-C (or SIGTERM) ends the work after the request that is under way, the second at once.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ..connectors.http import AgainError, ConnectorError

SHORTEST_S = 0.5
"""Where the platform asks for less: some say `Retry-After: 0`."""
SLICE_S = 0.2
"""How long a stop may go unnoticed in a sleep."""
FIRST_S, LONGEST_S = 1.0, 60.0
"""The first wait where the platform names none, and the longest; each is twice the one before, less up to a half."""
PATIENCE_S = 900.0


class StopError(Exception):
    """Somebody asked to stop, or patience is at an end: the work ends here, and can be taken up again."""


class Patience:
    """Waits, and counts what it waited.

    limit_s: seconds of waiting in all. For tests: now (seconds since 1970), sleep (is given seconds), jitter (0 to 1).
    """

    def __init__(
        self,
        limit_s: float = PATIENCE_S,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.limit_s = limit_s
        self.waited_s = 0.0
        self.now = now
        self.stop = False
        """Set it to stop before the next request."""
        self.signal = 0
        """The signal that asked to stop, 0 without one."""
        self._sleep_for = sleep
        self._jitter = jitter
        self._failures = 0

    def succeeded(self) -> None:
        """Something worked: the next wait is short again."""
        self._failures = 0

    def check(self) -> None:
        """Raises StopError where somebody asked to stop."""
        if self.stop:
            raise StopError("stopped")

    def after(self, error: AgainError, tell: Callable[[str], None]) -> None:
        """Waits as the error asks. Raises StopError where patience does not last, or somebody asks to stop."""
        if error.wait_s is not None:
            self.pause(max(error.wait_s, SHORTEST_S), tell, f"as the platform asks ({error.got})")
            return
        longest = min(LONGEST_S, FIRST_S * 2**self._failures)
        self._failures += 1
        self.pause(longest * (1 - self._jitter() / 2), tell, error.got)

    def pause(self, seconds: float, tell: Callable[[str], None], why: str) -> None:
        """Waits, telling so. Raises StopError as `after`."""
        self.check()
        if self.waited_s + seconds > self.limit_s:
            raise StopError(
                f"{why}: {seconds:,.0f} s more to wait, after {self.waited_s:,.0f} s of the {self.limit_s:,.0f} s that "
                "--patience allows"
            )
        tell(f"waiting {seconds:,.0f} s: {why}")
        self.waited_s += seconds
        self._sleep(seconds)

    def between(self, seconds: float) -> None:
        """A pause that a person asked for: patience is not counted. Raises StopError where somebody asks to stop."""
        self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        """In slices, as a signal's handler cannot end a sleep without an exception."""
        while seconds > 0:
            self.check()
            part = min(seconds, SLICE_S)
            self._sleep_for(part)
            seconds -= part
        self.check()

    @contextmanager
    def listening(self, tell: Callable[[str], None]) -> Iterator[None]:
        """Within, SIGINT and SIGTERM set `stop`; the second raises KeyboardInterrupt. Only in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def asked(number: int, frame: FrameType | None) -> None:
            if self.stop:
                raise KeyboardInterrupt
            self.signal = number
            self.stop = True
            tell("stopping after this request; once more to stop at once")

        before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def unexpected(error: Exception, doing: str, hide: Callable[[str], str]) -> ConnectorError:
    """A fault in a connector, as an error that shows where it is and no secret (a traceback might)."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "its code"
    return ConnectorError(
        f"{type(error).__name__}: {hide(str(error))[:300]}",
        place=f"{doing}, {where}",
        expected="no fault in a connector",
    )
