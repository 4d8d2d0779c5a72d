"""The one error tree. Every error carries its facts: the place, what was expected, what was got, the remedy.

The low level raises the fact; whoever knows the file's name adds it once with `at`.
"""

from __future__ import annotations

from typing import Self


class UnderstudyError(Exception):
    """Base of everything that understudy raises on purpose.

    `str(error)` is one line: `place: got; expected ...; remedy`. Parts that are not known are left out.
    """

    def __init__(self, got: str, *, place: str = "", expected: str = "", remedy: str = "") -> None:
        self.got = got
        self.place = place
        self.expected = expected
        self.remedy = remedy
        super().__init__(got)

    def __str__(self) -> str:
        line = f"{self.place}: {self.got}" if self.place else self.got
        if self.expected:
            line += f"; expected {self.expected}"
        if self.remedy:
            line += f"; {self.remedy}"
        return " ".join(line.split())

    def at(self, place: str) -> Self:
        """The same error with `place` put before the place that it already names."""
        self.place = f"{place}: {self.place}" if self.place else place
        return self


class JpegError(UnderstudyError):
    """A file that is not a JPEG, or whose structure gives no picture (ITU-T T.81)."""


class UnsupportedJpegError(JpegError):
    """A legal JPEG of a process that is parsed but not decoded: arithmetic, lossless, 12 bit, hierarchical."""


class LimitError(UnderstudyError):
    """Honouring the input would take more memory or time than the stated limit."""


class PictureError(UnderstudyError):
    """Something that was given as a picture and cannot be read as one."""


class ProfileError(UnderstudyError):
    """A profile that does not exist, does not load, or lacks what the picture at hand needs."""


class PairsError(UnderstudyError):
    """Pairs (sent, received) that cannot be found or do not belong together."""
