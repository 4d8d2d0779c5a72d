"""`understudy mimic` of many photographs, on one core and on two: wall-clock seconds of the whole command.

    python benchmarks/parallel.py [--pictures 200] [--rounds 3] [--wait 300]

The commands take turns. A run is repeated while others keep more than a tenth of a core busy; the worst that was
counted is told. A command starts in half a second or more (imports, loading compiled kernels), on one core whatever
`--jobs` says; the second ratio leaves out what a command of two pictures takes. Python's bytecode is cached, as it is
for any package that pip installed, even where the environment forbids it for the checkout.
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
from typing import NamedTuple

import numpy as np
from common import head, photograph
from PIL import Image

PROFILE = "facebook/classic-2014"
SIZES = ((1152, 864), (2048, 1536))
"""1 and 3 megapixels."""
QUIET = 0.1


class Run(NamedTuple):
    """One command: seconds, and how many cores others kept busy meanwhile."""

    wall: float
    cpu: float
    others: float


def photographs(folder: Path, count: int, size: tuple[int, int] = SIZES[0]) -> list[Path]:
    """`count` JPEG files of quality 92: parts of a photograph at as many places, every other one mirrored."""
    whole = photograph(2304, 1536)
    rng = np.random.default_rng(0)
    out = []
    for i in range(count):
        left, top = rng.integers(0, whole.shape[1] - size[0] + 1), rng.integers(0, whole.shape[0] - size[1] + 1)
        part = whole[top : top + size[1], left : left + size[0]]
        out.append(folder / f"{i:03}.jpg")
        Image.fromarray(np.ascontiguousarray(part[:, ::-1] if i % 2 else part)).save(out[-1], quality=92)
    return out


def cores_used() -> float:
    """CPU seconds that the machine has used since it started: proc(5), the first line of /proc/stat."""
    user, nice, system, _idle, _wait, irq, softirq, steal, *_ = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def run(pictures: list[Path], out: Path, profile: str, jobs: int) -> Run:
    """What one command takes."""
    settings = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    settings["PYTHONPYCACHEPREFIX"] = str(out.parent / "bytecode")
    command = [sys.executable, "-m", "understudy", "mimic", *map(str, pictures), "-o", str(out), "--as", profile]
    before, everybody = resource.getrusage(resource.RUSAGE_CHILDREN), cores_used()
    start = time.perf_counter()
    subprocess.run([*command, "--jobs", str(jobs)], check=True, capture_output=True, env=settings)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(wall, cpu, max(0.0, cores_used() - everybody - cpu) / wall)


def undisturbed(pictures: list[Path], out: Path, profile: str, jobs: int, end: float) -> Run:
    """A run during which others kept less than QUIET cores busy, or the last one before `end`."""
    while True:
        made = run(pictures, out, profile, jobs)
        if made.others < QUIET or time.monotonic() > end:
            return made


def row(size: tuple[int, int], folder: Path, profile: str, count: int, rounds: int, wait: float) -> str:
    pictures = photographs(folder, count, size)
    out = folder / "out"
    out.mkdir(exist_ok=True)
    run(pictures[:2], out, profile, 1)  # the kernels are compiled
    runs: dict[tuple[int, int], list[Run]] = {(n, jobs): [] for n in (2, count) for jobs in (1, 2)}
    end = time.monotonic() + wait
    for _ in range(rounds):
        for (n, jobs), times in runs.items():
            times.append(undisturbed(pictures[:n], out, profile, jobs, end))
    wall = {key: [made.wall for made in times] for key, times in runs.items()}
    one, two = wall[count, 1], wall[count, 2]
    ratio = statistics.median(a / b for a, b in zip(one, two, strict=True))
    starts = zip(one, wall[2, 1], two, wall[2, 2], strict=True)
    inner = statistics.median((a - a0) / (b - b0) for a, a0, b, b0 in starts)
    cpu = [statistics.median(made.cpu for made in runs[count, jobs]) for jobs in (1, 2)]
    others = max(made.others for times in runs.values() for made in times)
    return (
        f"| {size[0]}x{size[1]} | {statistics.median(one):.1f} | {statistics.median(two):.1f} | {ratio:.2f} | "
        f"{statistics.median(wall[2, 1]):.1f} | {inner:.2f} | {cpu[0]:.1f} / {cpu[1]:.1f} | {others:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wait", type=float, default=0, help="seconds a row may spend on repeating disturbed runs")
    parser.add_argument("--profile", default=PROFILE)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rows = [row(s, Path(name), given.profile, given.pictures, given.rounds, given.wait) for s in SIZES]
    print(head("parallel", f"{given.pictures} JPEG files as {given.profile}; {given.rounds} rounds, in turns"))
    columns = "--jobs 1, wall s | --jobs 2, wall s | ratio | start, s | ratio without start | CPU s | others, cores"
    print(f"| pictures | {columns} |")
    print("| --- |" + " ---: |" * 7)
    print("\n".join(rows))


if __name__ == "__main__":
    main()
