"""Files that jpegli itself made, as digests: what pyjpegli cannot be asked for (progressive, sampling, grey, ...).

`python tests/codec/jpegli_goldens.py LIBRARY` makes jpegli_goldens.json anew; jpegli_driver.cpp says how LIBRARY is
built. Pictures are made in integers, so that they are the same everywhere.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import sys
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.codec.scans import SCRIPTS
from understudy.steps.encode import SAMPLINGS

FILE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Case:
    """One file."""

    width: int
    height: int
    grey: bool = False
    quality: int = 80
    sampling: str = "4:2:0"
    script: str = "baseline"
    optimize: bool = False
    adaptive: bool = True
    force_baseline: bool = True
    restart_interval: int = 0
    tiles: bool = False
    """One 8x8 pattern, repeated: long runs of end-of-bands with many corrections."""

    @property
    def name(self) -> str:
        """As a golden is named: its settings."""
        settings = asdict(self)
        size = f"{settings.pop('width')}x{settings.pop('height')}"
        changed = [f"{k}={v}" for k, v in settings.items() if v != Case.__dataclass_fields__[k].default]
        return "_".join([size, *changed])


def cases() -> list[Case]:
    """Each sampling, script and switch with several qualities; odd and tiny sizes; runs of over 255 corrections."""
    out = [Case(97, 83, True, q, adaptive=a) for q in (10, 80, 97) for a in (True, False)]
    scripts = ("baseline", "simple10", "facebook-30", "facebook-0f", "jpegli-1", "jpegli-2")
    for n, (sampling, script) in enumerate(itertools.product(SAMPLINGS, scripts)):
        script += "-444" if script.startswith("jpegli") and sampling == "4:4:4" else ""
        for quality in ((5, 65, 90), (30, 80, 100))[n % 2]:
            optimize = script == "baseline" and quality > 60
            out.append(Case(97, 83, False, quality, sampling, script, optimize, (n + quality) % 3 > 0, n % 5 > 1))
    for width, height in ((1, 1), (7, 11), (8, 8), (17, 16), (16, 17), (40, 9)):
        out += [Case(width, height, script=script) for script in ("baseline", "simple10", "facebook-30")]
    out += [Case(97, 83, script=script, restart_interval=3) for script in ("simple10", "jpegli-2")]
    out += [Case(97, 83, quality=50, restart_interval=5, optimize=True)]
    out += [Case(200, 160, quality=90, sampling="4:4:4", script=s, tiles=True) for s in ("simple10", "jpegli-2-444")]
    out += [
        Case(400, 300, quality=q, script=s, force_baseline=False) for q in (65, 96) for s in ("simple10", "facebook-30")
    ]
    return out


def picture(case: Case) -> NDArray[np.uint8]:
    """Slopes, edges, flat and noisy parts, uint8 `[H, W]` or `[H, W, 3]`."""
    y, x = np.mgrid[: case.height, : case.width].astype(np.int64)
    if case.tiles:
        y, x = y % 8, x % 8
    planes = []
    for c in range(1 if case.grey else 3):
        slope = np.abs((x * (3 + 2 * c) + y * (4 - c)) % 512 - 256)
        edges = 70 * ((x + 2 * y) // (19 + c) % 2)
        noise = ((x * 73856093) ^ (y * 19349663) ^ (c * 83492791)) // 128 % 31 * ((x // 40 + y // 24) % 2)
        if case.tiles:
            slope, edges = 0 * slope, 255 * ((x * (5 + c) ^ y * 3) // 4 % 2)
        planes.append(np.clip(slope + edges + noise - 40, 0, 255).astype(np.uint8))
    return planes[0] if case.grey else np.stack(planes, -1)


def digest(data: bytes) -> list[Any]:
    """[bytes, the first 16 digits of SHA-256]."""
    return [len(data), sha256(data).hexdigest()[:16]]


def made_by_jpegli(library: Any, case: Case) -> bytes:
    """The file that the driver makes."""
    samples = np.ascontiguousarray(picture(case))
    levels = {"baseline": 0, "jpegli-1": 1, "jpegli-1-444": 1, "jpegli-2": 2, "jpegli-2-444": 2}
    script = () if case.script in levels else SCRIPTS[case.script]
    rows = [n for s in script for n in (*(*s.components, -1, -1, -1)[:4], s.Ss, s.Se, s.Ah, s.Al)]
    out = ctypes.POINTER(ctypes.c_ubyte)()
    factors = (1, 1) if case.grey else SAMPLINGS[case.sampling]
    size = library.jpegli_driver(
        ctypes.c_void_p(samples.ctypes.data), case.width, case.height, 1 if case.grey else 3, case.quality, *factors,
        levels.get(case.script, 2), case.optimize, case.adaptive, case.force_baseline, case.restart_interval,
        (ctypes.c_int * max(1, len(rows)))(*rows), len(script), ctypes.byref(out),
    )  # fmt: skip
    data = ctypes.string_at(out, size)
    ctypes.CDLL(None).free(out)
    return data


if __name__ == "__main__":
    driver = ctypes.CDLL(sys.argv[1])
    driver.jpegli_driver.restype = ctypes.c_long
    lines = [f"  {json.dumps(c.name)}: {json.dumps(digest(made_by_jpegli(driver, c)))}" for c in cases()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
