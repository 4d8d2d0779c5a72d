"""mozjpeg's scan optimisation: a progressive script found by coding the candidates and keeping the smallest.

Luma and chroma are searched alike, chroma's two components together: first how many low bits are left to refinement
scans (Al), then where the band of AC coefficients is split in two, if at all. A search stops early as mozjpeg's does,
so it need not find the best of all candidates.

Source: mozjpeg's jcparam.c and jcmaster.c (4.0.3) read for these facts; proved on the bytes of libvips' mozjpeg and of
jpeglib's 3.0 and 4.0.3, and of cjpeg 5.0 (tests/codec/test_mozjpeg*.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import cache, partial

from ...jpeg.compose import CodedScan, ScanSearch
from ...jpeg.syntax import ScanSpec

__all__ = ["DcScans", "search"]

SPLITS = (2, 8, 5, 12, 18)
"""Last coefficient of the lower band, in the order in which they are tried after no split at all."""
MOST_AL_LUMA, MOST_AL_CHROMA = 3, 2

_LUMA, _CHROMA = (0,), (1, 2)


class DcScans(StrEnum):
    """mozjpeg's `dc_scan_opt_mode`: how the DC coefficients of three components are sent."""

    TOGETHER = "together"
    """0: in one scan; the default of mozjpeg 4.0.3."""
    APART = "apart"
    """1: a scan each; the default of mozjpeg 3.0."""
    SMALLEST = "smallest"
    """2: luma in a scan of its own; Cb and Cr together or apart, whichever is smaller."""


def search(n_components: int, dc: DcScans = DcScans.TOGETHER) -> ScanSearch:
    """The search for a picture of 1 or 3 components, as `compose.encode` takes it in place of a script."""
    if n_components not in (1, 3):
        raise ValueError(f"{n_components} components, expected 1 or 3")
    return partial(_search, n_components, dc)


def _search(n_components: int, dc: DcScans, code: Callable[[ScanSpec], CodedScan]) -> list[CodedScan]:
    code = cache(code)

    def size(specs: Iterable[ScanSpec]) -> int:
        return sum(_size(code(spec)) for spec in specs)

    luma = _best_al(size, _LUMA, MOST_AL_LUMA)
    chroma = _best_al(size, _CHROMA, MOST_AL_CHROMA) if n_components == 3 else 0
    both = min(luma, chroma)
    every = _LUMA + _CHROMA if n_components == 3 else _LUMA
    script = [_dc(every)] if dc is DcScans.TOGETHER else [_dc((i,)) for i in every]
    if dc is DcScans.SMALLEST and n_components == 3 and size([_dc(_CHROMA)]) <= size(script[1:]):
        script[1:] = [_dc(_CHROMA)]
    script += _best_split(size, _LUMA, luma)
    script += [s for Al in range(luma - 1, both - 1, -1) for s in _refinement(_LUMA, Al)]
    if n_components == 3:
        script += _best_split(size, _CHROMA, chroma)
        script += [s for Al in range(chroma - 1, both - 1, -1) for s in _refinement(_CHROMA, Al)]
    script += [s for Al in range(both - 1, -1, -1) for s in _refinement(every, Al)]
    return [code(spec) for spec in script]


def _best_al(size: Callable[[Iterable[ScanSpec]], int], components: Sequence[int], most: int) -> int:
    """Bits left to refinement: one more is tried as long as that makes the scans smaller, bands split after 8."""
    best_size = size(_bands(components, 8, 0))
    refinements = 0
    for Al in range(1, most + 1):
        refinements += size(_refinement(components, Al - 1))
        total = size(_bands(components, 8, Al)) + refinements
        if total >= best_size:
            return Al - 1
        best_size = total
    return most


def _best_split(size: Callable[[Iterable[ScanSpec]], int], components: Sequence[int], Al: int) -> list[ScanSpec]:
    """The bands' first scans: not split, or split after 2 or 8 coefficients; if one of these is smaller, after 5; if 8
    is still the best, after 12; and if that is, after 18."""
    best = 0
    candidates = [_bands(components, 63, Al)]
    best_size = size(candidates[0])
    for number, split in enumerate(SPLITS, 1):
        candidates.append(_bands(components, split, Al))
        total = size(candidates[-1])
        if total < best_size:
            best, best_size = number, total
        if (number, best) == (2, 0) or (number == 3 and best != 2) or (number == 4 and best != 4):
            break
    return candidates[best]


def _dc(components: Sequence[int]) -> ScanSpec:
    return ScanSpec(tuple(components), 0, 0, 0, 0)


def _bands(components: Sequence[int], split: int, Al: int) -> list[ScanSpec]:
    """First scans of AC at `Al`: of 1 to `split`, and of the rest where there is one, component by component."""
    bands = [(1, split)] + ([(split + 1, 63)] if split < 63 else [])
    return [ScanSpec((i,), Ss, Se, 0, Al) for i in components for Ss, Se in bands]


def _refinement(components: Sequence[int], Al: int) -> list[ScanSpec]:
    return [ScanSpec((i,), 1, 63, Al + 1, Al) for i in components]


def _size(coded: CodedScan) -> int:
    """Bytes of a scan with its header and tables, each table in a segment of its own."""
    tables = sum(21 + len(table.symbols) for table in coded.tables.values())
    return 8 + 2 * len(coded.spec.components) + tables + len(coded.data)
