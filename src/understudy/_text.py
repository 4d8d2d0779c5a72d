"""Words and figures that several floors show alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any


def percent(share: float) -> str:
    """A share, 0 to 1, in percent: two decimals, or more, so that it reads 100 % only if it is, and 0 % likewise."""
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    digits = 2
    while digits < 12 and not 0 < float(f"{100 * share:.{digits}f}") < 100:
        digits += 1
    return f"{100 * share:.{digits}f} %"


def meant(word: str, known: Iterable[str]) -> str:
    """`did you mean ...?` with the known word that is spelled most like `word`; "" where none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word.casefold(), list(known), 1, 0.7)
    return f"did you mean {near[0]}?" if near else ""


def of_pydantic(error: Mapping[str, Any]) -> tuple[str, str]:
    """(`where = value`, what was expected) of one of pydantic's error details; the types that it tried are no place."""
    parts = [str(part) for part in error["loc"] if re.fullmatch(r"(?!(?:int|float|bool|str)$)\w+", str(part))]
    where = f"{'.'.join(parts)} = " if parts else ""
    said = error["msg"]
    return f"{where}{repr(error['input'])[:120]}", (said[0].lower() + said[1:]).removeprefix("input should be ")
