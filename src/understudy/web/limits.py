"""What the page takes: sizes, counts, pixels, memory, time. One place, told to the user where he meets it."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds on what is sent and on what its handling may cost. All sizes in bytes, all times in seconds."""

    file: int = 64 * MIB
    """One file."""
    request: int = 512 * MIB
    """All files of one request, as they travel."""
    files: int = 600
    """Files of one request, and of one archive."""
    unpacked: int = 1024 * MIB
    """All files of one archive, unpacked."""
    ratio: int = 200
    """Unpacked size of an archive over its own, from `RATIO_FROM` on. Deflate reaches 1,032; photographs below 10."""
    directory: int = 1 * MIB
    """An archive's list of its files."""
    pixels: int = 50_000_000
    """Of one picture, as its header states it."""
    pixels_to_learn: int = 400_000_000
    """Of all sent pictures of one search: a pair takes about 20 bytes a pixel while it is learned from."""
    memory: int = 8192 * MIB
    """Address space of a worker process."""
    seconds: float = 120.0
    """An inspection or a comparison."""
    waiting: int = 8
    """Jobs of a kind that wait behind the one that runs."""
    kept: int = 24
    """Results; then the oldest goes."""
    kept_bytes: int = 2048 * MIB
    """All files of all results; then the oldest goes."""


RATIO_FROM = 16 * MIB
"""Unpacked size from which `Limits.ratio` counts: a small file of one colour may well be packed 1,000 times smaller."""


def size(count: int) -> str:
    """Bytes in words: 64 MB, 1.5 GB (powers of 1024, as file managers have them)."""
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")):
        if count >= unit:
            return f"{count / unit:,.0f} {name}" if count >= 100 * unit else f"{count / unit:.3g} {name}"
    return f"{count} bytes"
