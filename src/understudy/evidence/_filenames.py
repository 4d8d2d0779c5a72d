"""What a file's name says of who named it so: filenames.toml. Weak evidence, and told apart from the bytes.

Nothing here looks at the file, and nothing in `identity` looks here: renaming leaves no trace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from ._knowledge import _toml
from .base import Observation, visible

WEAK = "a name is weak evidence: anybody can give it, and the bytes say nothing of it"
MAX_NAME = 255
"""Characters of a name that are looked at."""


@dataclass(frozen=True, slots=True)
class Form:
    """One form of name."""

    id: str
    platforms: tuple[str, ...]
    pattern: re.Pattern[str]
    time: str
    """`milliseconds` or `date`: what the group `at` holds; empty where there is none."""
    says: str
    kind: str
    """What deliveries.csv calls this kind of name."""
    rows: int
    source: str


@cache
def forms() -> tuple[Form, ...]:
    """The known forms, in the order of filenames.toml."""
    return tuple(
        Form(
            id=row["id"],
            platforms=tuple(row["platforms"]),
            pattern=re.compile(row["pattern"], re.IGNORECASE | re.ASCII),
            time=row.get("time", ""),
            says=row["says"],
            kind=row["kind"],
            rows=row["rows"],
            source=row["source"],
        )
        for row in _toml("filenames.toml")["name"]
    )


def observe_name(name: str) -> Iterator[Observation]:
    """One observation, `filename` `form`, where the name (without its folder) has a known form; none for most.

    Its value: form, platforms (whose files are named so), at (the day or moment in the name, ISO 8601, or None).
    """
    for form in forms():
        match = form.pattern.fullmatch(name[:MAX_NAME])
        if match is None:
            continue
        at = _moment(form.time, match["at"]) if form.time else None
        value: dict[str, Any] = {"form": form.id, "platforms": list(form.platforms), "at": at}
        told = f'its name, "{visible(name)}", is {form.says}' + (f" ({at})" if at else "")
        yield Observation("filename", "form", value, f"{told}; {WEAK}", None, form.source)
        return


def _moment(kind: str, digits: str) -> str | None:
    """The day or moment, None where the digits are none."""
    try:
        if kind == "milliseconds":
            return datetime.fromtimestamp(int(digits) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return datetime.strptime(digits.replace("-", ""), "%Y%m%d").date().isoformat()
    except (ValueError, OverflowError, OSError):
        return None
