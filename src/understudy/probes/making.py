"""Probes to files: drawn, marked, saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np

from .._version import __version__
from .base import Made, Probe, randomness
from .mark import Mark, stamp
from .saving import CANARY

Progress = Callable[[str, float], None]

__all__ = ["CANARY", "make", "set_id"]


def set_id(probes: Sequence[Probe], seed: int) -> int:
    """16 bits that say which probes, of which version and seed: what their marks carry."""
    text = " ".join([__version__, str(seed), *(f"{p.name}{p.suffix}:{p.size[0]}x{p.size[1]}" for p in probes)])
    return int.from_bytes(sha256(text.encode()).digest()[:2], "big")


def make(
    probes: Sequence[tuple[str, Probe]], seed: int, progress: Progress = lambda text, share: None
) -> tuple[Made, ...]:
    """The files of (family, probe), in order; a probe's place is the number in its mark."""
    own = set_id([p for _, p in probes], seed)
    out = []
    for number, (family, probe) in enumerate(probes):
        progress(f"drawing {probe.name}", number / len(probes))
        out.append(_made(family, probe, Mark(own, number % 256), seed))
    return tuple(out)


def _made(family: str, probe: Probe, mark: Mark, seed: int) -> Made:
    width, height = probe.size
    pixels = probe.scene(randomness(seed, probe.name), width, height)
    frames = pixels if pixels.ndim == 4 else pixels[None]
    marked = probe.marked and all(tuple(stamp(frame, mark) for frame in frames))
    data = probe.save(np.ascontiguousarray(pixels))
    return Made(
        f"{probe.name}{probe.suffix}",
        data,
        mark.number,
        marked,
        family,
        probe.settles,
        probe.also,
        probe.why,
        probe.size,
    )


def scaled(probe: Probe, factor: float) -> Probe:
    """The same probe of another size; sides stay odd or even as they were."""
    width, height = (int(side * factor) // 2 * 2 + side % 2 for side in probe.size)
    return replace(probe, size=(width, height))
