"""What the benchmarks share: the photograph, interleaved CPU timings, medians of ratios."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

SHARED = Path(__file__).resolve().parents[2] / "shared"


def photograph(width: int = 2048, height: int = 1365) -> np.ndarray:
    """A photograph as uint8 [height, width, 3]: a crop of a Kodak mosaic, or scikit-learn's two photographs tiled."""
    kodak = SHARED / "photos" / "m1_2304x1536.png"
    if kodak.is_file():
        return np.asarray(Image.open(kodak).convert("RGB"))[:height, :width].copy()
    import sklearn

    folder = Path(sklearn.__file__).parent / "datasets" / "images"
    china, flower = (np.asarray(Image.open(folder / name).convert("RGB")) for name in ("china.jpg", "flower.jpg"))
    row = np.concatenate([china, flower, china, flower], axis=1)
    return np.concatenate([row] * 4, axis=0)[:height, :width].copy()


def interleaved(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU milliseconds (user and system, all threads) of each task in each round, tasks taking turns."""
    for task in tasks.values():
        task()
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            times[name].append(1000 * (time.process_time() - start))
    return times


def report(title: str, times: dict[str, list[float]], peer: str) -> list[str]:
    """Lines of a Markdown table: median CPU ms, and the median over rounds of the ratio to `peer`."""
    lines = [f"| {title} | CPU ms | ratio to {peer} |", "| --- | ---: | ---: |"]
    for name, values in times.items():
        ratios = [a / b for a, b in zip(values, times[peer], strict=True)]
        lines.append(f"| {name} | {statistics.median(values):.1f} | {statistics.median(ratios):.2f} |")
    return lines


def head(name: str, what: str) -> str:
    """The line above a benchmark's tables: day, what was measured, machine, and how busy it was."""
    loads = "/".join(f"{load:.1f}" for load in os.getloadavg()[:2])
    return f"{date.today().isoformat()}; `python benchmarks/{name}.py`; {what}; {machine()}; load {loads} (1/5 min)\n"


def machine() -> str:
    """The processor and Python, for the head of a report."""
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
