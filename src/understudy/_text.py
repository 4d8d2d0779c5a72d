"""Words and figures that several floors show alike."""

from __future__ import annotations


def percent(share: float) -> str:
    """A share, 0 to 1, in percent: two decimals, or more, so that it reads 100 % only if it is, and 0 % likewise."""
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    digits = 2
    while digits < 12 and not 0 < float(f"{100 * share:.{digits}f}") < 100:
        digits += 1
    return f"{100 * share:.{digits}f} %"
