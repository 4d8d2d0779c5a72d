"""`understudy mimic` of many photographs, on one core and on two: wall-clock seconds of the whole command.

    python benchmarks/parallel.py [--pictures 200] [--rounds 3] [--wait 300]

The commands take turns. The machine must be idle: the load is waited for and told, and each run's CPU seconds stand
beside its wall seconds, so that a busy machine shows.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import head, photograph
from PIL import Image

PROFILES = ("facebook/classic-2014", "instagram/2023")
SIZE = (1152, 864)
"""1 megapixel."""


def photographs(folder: Path, count: int) -> list[Path]:
    """`count` JPEG files of quality 92: parts of a photograph at as many places, every other one mirrored."""
    whole = photograph(2304, 1536)
    rng = np.random.default_rng(0)
    out = []
    for i in range(count):
        left, top = rng.integers(0, whole.shape[1] - SIZE[0] + 1), rng.integers(0, whole.shape[0] - SIZE[1] + 1)
        part = whole[top : top + SIZE[1], left : left + SIZE[0]]
        out.append(folder / f"{i:03}.jpg")
        Image.fromarray(np.ascontiguousarray(part[:, ::-1] if i % 2 else part)).save(out[-1], quality=92)
    return out


def seconds(pictures: list[Path], out: Path, profile: str, jobs: int) -> tuple[float, float]:
    """(wall, CPU) seconds of one command."""
    command = [sys.executable, "-m", "understudy", "mimic", *map(str, pictures), "-o", str(out), "--as", profile]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, "--jobs", str(jobs)], check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def wait_for_idleness(most: float) -> None:
    end = time.monotonic() + most
    while os.getloadavg()[0] > 0.3 and time.monotonic() < end:
        time.sleep(5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wait", type=float, default=0, help="seconds to wait at most for a load under 0.3")
    parser.add_argument("--profile", action="append", help=f"instead of {', '.join(PROFILES)}; repeatable")
    given = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = photographs(folder, given.pictures)
        out = folder / "out"
        out.mkdir()
        wait_for_idleness(given.wait)
        load = os.getloadavg()
        for profile in given.profile or PROFILES:
            seconds(pictures[:2], out, profile, 1)  # the kernels are compiled
            runs: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
            for _ in range(given.rounds):
                for jobs, times in runs.items():
                    times.append(seconds(pictures, out, profile, jobs))
            one, two = (statistics.median(wall for wall, _ in times) for times in runs.values())
            cpu = [statistics.median(used for _, used in times) for times in runs.values()]
            ratio = statistics.median(a[0] / b[0] for a, b in zip(*runs.values(), strict=True))
            lines.append(f"| {profile} | {one:.1f} | {two:.1f} | {ratio:.2f} | {cpu[0]:.1f} | {cpu[1]:.1f} |")
    what = f"{given.pictures} JPEG files of {SIZE[0]}x{SIZE[1]}, {given.rounds} rounds; load before {load[0]:.1f}"
    print(head("parallel", what))
    print("| understudy mimic as | --jobs 1, wall s | --jobs 2, wall s | ratio | CPU s, 1 | CPU s, 2 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
