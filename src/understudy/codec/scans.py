"""Scan scripts: which coefficients an encoder sends in which order. Plain tuples; imports nothing heavy.

A component stands as its index in the frame header (0 luma, 1 Cb, 2 Cr), not as the id that a file gives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..errors import ProfileError
from ..jpeg.syntax import ScanSpec

Script = tuple[ScanSpec, ...]


def _script(text: str) -> Script:
    """Rows as the facts write them: components together, Ss Se Ah Al; rows parted by semicolons."""
    rows = (row.split() for row in text.split(";"))
    return tuple(ScanSpec(tuple(map(int, c)), *map(int, numbers)) for c, *numbers in rows)


def _each(*bands: str) -> str:
    """Each band in turn for components 0, 1 and 2."""
    return "; ".join(f"{c} {band}" for band in bands for c in "012")


def baseline(n_components: int) -> Script:
    """Everything in one sequential scan."""
    return (ScanSpec(tuple(range(n_components)), 0, 63, 0, 0),)


SIMPLE10: Script = _script(
    "012 0 0 0 1; 0 1 5 0 2; 2 1 63 0 1; 1 1 63 0 1; 0 6 63 0 2; "
    "0 1 63 2 1; 012 0 0 1 0; 2 1 63 1 0; 1 1 63 1 0; 0 1 63 1 0"
)
"""libjpeg's jpeg_simple_progression for YCbCr, as cjpeg -progressive writes it; facts/facebook-classic.md."""


def simple_progression(n_components: int) -> Script:
    """libjpeg's jpeg_simple_progression: SIMPLE10 for three components (YCbCr), else 2 + 4 n scans."""
    if n_components == 3:
        return SIMPLE10
    every = tuple(range(n_components))

    def ac(Ss: int, Se: int, Ah: int, Al: int) -> Script:
        return tuple(ScanSpec((c,), Ss, Se, Ah, Al) for c in every)

    dc = (ScanSpec(every, 0, 0, 0, 1),), (ScanSpec(every, 0, 0, 1, 0),)
    return dc[0] + ac(1, 5, 0, 2) + ac(6, 63, 0, 2) + ac(1, 63, 2, 1) + dc[1] + ac(1, 63, 1, 0)


def mozjpeg_simple(n_components: int) -> Script:
    """mozjpeg's script without scan optimisation (`-fastcrush`): luma's AC in three steps, chroma's in two bands.

    Source: measured, cjpeg of mozjpeg 5.0.0. With `-dc-scan-opt` 1 or 2 only the DC scans differ (SCRIPTS).
    """
    luma = "0 1 63 2 1; 0 1 63 1 0"
    if n_components == 1:
        return _script(f"0 0 0 0 0; 0 1 8 0 2; 0 9 63 0 2; {luma}")
    if n_components != 3:
        raise ProfileError(f"{n_components} components", place="scan script mozjpeg-simple", expected="1 or 3")
    return _script(f"012 0 0 0 0; 0 1 8 0 2; 1 1 8 0 0; 2 1 8 0 0; 0 9 63 0 2; {luma}; 1 9 63 0 0; 2 9 63 0 0")


# The counts are deliveries of facts/deliveries.csv that have the script; its files are of 2014 to 2026.
SCRIPTS: dict[str, Script] = {
    "baseline": baseline(3),
    "baseline-grey": baseline(1),
    "baseline-planar": _script("0 0 63 0 0; 1 0 63 0 0; 2 0 63 0 0"),
    "simple10": SIMPLE10,
    "simple6-grey": simple_progression(1),
    "mozjpeg-simple": mozjpeg_simple(3),
    "mozjpeg-simple-grey": mozjpeg_simple(1),
    "mozjpeg-simple-dc1": _script("0 0 0 0 0; 1 0 0 0 0; 2 0 0 0 0") + mozjpeg_simple(3)[1:],
    "mozjpeg-simple-dc2": _script("0 0 0 0 0; 12 0 0 0 0") + mozjpeg_simple(3)[1:],
    # FBMD0f: Facebook's and Instagram's Android encoders, 62 files from 9 sources.
    "facebook-0f": _script("012 0 0 0 0; 0 1 7 0 1; 1 1 63 0 0; 2 1 63 0 0; 0 8 63 0 1; 0 1 30 1 0; 0 31 63 1 0"),
    # FBMD23: Instagram, 2014 to 2016, 12 files from 3 sources.
    "facebook-23": _script(
        "012 0 0 0 0; 1 1 63 0 0; 2 1 63 0 0; 0 1 63 0 2; 0 1 10 2 1; 0 11 63 2 1; 0 1 10 1 0; 0 11 19 1 0; 0 20 63 1 0"
    ),
    # FBMD30: the two commonest of 34 optimised scripts, Android, 2026, 27 files (one source) and 14 (three).
    "facebook-30": _script(
        "0 0 0 0 0; 12 0 0 0 0; 0 1 2 0 1; 0 3 63 0 1; 1 1 2 0 0; 1 3 4 0 0; 1 5 63 0 0; "
        "2 1 2 0 0; 2 3 4 0 0; 2 5 63 0 0; 0 1 63 1 0"
    ),
    "facebook-30-b": _script(
        "0 0 0 0 0; 12 0 0 0 0; 0 1 2 0 1; 0 3 63 0 1; 1 1 4 0 0; 1 5 63 0 0; 2 1 4 0 0; 2 5 63 0 0; 0 1 63 1 0"
    ),
    # jpegli's own progressive levels for three components (its SetDefaultScanScript; tests/codec/test_jpegli_files.py):
    # level 1 and 2, where chroma is subsampled, and where it is not (DC in one scan). cjpegli's default is level 2.
    "jpegli-1": _script("0 0 0 0 0; 1 0 0 0 0; 2 0 0 0 0; " + _each("1 63 0 1", "1 63 1 0")),
    "jpegli-1-444": _script("012 0 0 0 0; " + _each("1 63 0 1", "1 63 1 0")),
    "jpegli-2": _script("0 0 0 0 0; 1 0 0 0 0; 2 0 0 0 0; " + _each("1 2 0 0", "3 63 0 2", "3 63 2 1", "3 63 1 0")),
    "jpegli-2-444": _script("012 0 0 0 0; " + _each("1 2 0 0", "3 63 0 2", "3 63 2 1", "3 63 1 0")),
    # WhatsApp, 2024 to 2025: 31 files from 3 sources.
    "whatsapp-8": _script(
        "012 0 0 0 2; 012 0 0 2 1; 012 0 0 1 0; 1 1 63 0 0; 2 1 63 0 0; 0 1 63 0 2; 0 1 63 2 1; 0 1 63 1 0"
    ),
}
"""Scripts by name: libjpeg's own, then the platforms' (facts/platforms.md)."""

_NAMES = {script: name for name, script in SCRIPTS.items()}


def name_of(script: Script) -> str | None:
    """The name that SCRIPTS has for a script; None for one that it does not have."""
    return _NAMES.get(tuple(script))


def resolve(script: str | Sequence[ScanSpec], n_components: int) -> Script:
    """The scans for a picture of `n_components`, from a name in SCRIPTS or from the scans themselves.

    `baseline` and `simple10` fit any number of components, `mozjpeg-simple` one and three. Raises ProfileError for an
    unknown name or an illegal script.
    """
    if isinstance(script, str):
        general = {"baseline": baseline, "simple10": simple_progression, "mozjpeg-simple": mozjpeg_simple}
        if script not in SCRIPTS:
            raise ProfileError(f"{script!r}", place="scan script", expected=f"one of {', '.join(sorted(SCRIPTS))}")
        script = general[script](n_components) if script in general else SCRIPTS[script]
    script = tuple(script)
    problems = check(script, n_components)
    if problems:
        raise ProfileError(problems[0], place="scan script", expected="one that T.81 allows")
    return script


def check(script: Script, n_components: int) -> list[str]:
    """What is wrong with a script, each problem in a line; an empty list for a legal one.

    T.81 G.1.1.1 for progressive scripts (any scan other than 0-63 with Ah = Al = 0), B.2.3 for all. That the
    last bits are sent is not a rule: a file may stop at any precision.
    """
    return list(_problems(tuple(script), n_components))


@lru_cache(maxsize=128)  # the files of a corpus have the same few scripts
def _problems(script: Script, n_components: int) -> tuple[str, ...]:
    if not script:
        return ("no scans; T.81 B.2.1 expects at least one",)
    progressive = any((s.Ss, s.Se, s.Ah, s.Al) != (0, 63, 0, 0) for s in script)
    low: dict[tuple[int, int], int] = {}
    problems: list[str] = []
    for number, scan in enumerate(script, 1):
        found = _check_form(scan, n_components, progressive) or _check_history(scan, low, progressive)
        problems += [f"scan {number} ({scan}): {problem}" for problem in found]
        low.update({(c, k): scan.Al for c in scan.components for k in range(max(scan.Ss, 0), min(scan.Se, 63) + 1)})
    problems += [f"component {c} has no DC; T.81 G.1.1.1.1" for c in range(n_components) if (c, 0) not in low]
    return tuple(problems)


def _check_form(scan: ScanSpec, n_components: int, progressive: bool) -> list[str]:
    """What one scan's header alone can have wrong."""
    found = []
    ordered = all(a < b for a, b in zip(scan.components, scan.components[1:], strict=False))
    if not 1 <= len(scan.components) <= 4 or not ordered:
        found.append("expected 1 to 4 components in the frame's order; T.81 B.2.3")
    if any(not 0 <= c < n_components for c in scan.components):
        found.append(f"names a component beyond the frame's {n_components}; T.81 B.2.3")
    if not progressive:
        return found
    if not 0 <= scan.Ss <= scan.Se <= 63 or (scan.Ss == 0 and scan.Se != 0):
        found.append("the band is neither 0-0 nor within 1-63; T.81 G.1.1.1.1")
    if scan.Ss > 0 and len(scan.components) > 1:
        found.append("an AC scan has one component; T.81 G.1.1.1.1")
    if not 0 <= scan.Al <= 13 or scan.Ah not in (0, scan.Al + 1):
        found.append("expected Al 0 to 13 and Ah 0 or Al + 1; T.81 G.1.1.1.2")
    return found


def _check_history(scan: ScanSpec, low: dict[tuple[int, int], int], progressive: bool) -> list[str]:
    """What a well-formed scan has wrong after earlier ones; `low`: bits missing at (component, position)."""
    found = []
    for c in scan.components:
        seen = {low.get((c, k)) for k in range(scan.Ss, scan.Se + 1)}
        if not progressive:
            if (c, 0) in low:
                found.append(f"component {c} was sent before; T.81 B.2.3")
        elif scan.Ss > 0 and (c, 0) not in low:
            found.append(f"component {c} has AC before DC; T.81 G.1.1.1.1")
        elif scan.Ah == 0 and seen != {None}:
            found.append(f"component {c} had part of this band sent before; T.81 G.1.1.1.2")
        elif scan.Ah > 0 and seen != {scan.Ah}:
            found.append(f"component {c} does not stand at bit {scan.Ah} in all of the band; T.81 G.1.1.1.2")
    return found
