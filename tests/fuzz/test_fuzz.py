"""The fuzzer for about a minute, each kind in a process of its own; then once more with every index checked.

For longer: python -m tests.fuzz.run --help
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COUNTS = {"parse": 5000, "decode": 5000, "inspect": 600, "formats": 1500, "mimic": 1800}
"""About a minute of processor time together."""


def fuzz(*arguments: str, **environment: str) -> list[dict[str, Any]]:
    """The figures of one run of the driver, one of each kind; a failure shows what it printed."""
    command = [sys.executable, "-m", "tests.fuzz.run", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr[-4000:]
    figures: list[dict[str, Any]] = json.loads(done.stdout)
    return figures


@pytest.mark.parametrize("kind", COUNTS)
def test_only_our_errors_come_out(kind: str) -> None:
    seed = os.environ.get("FUZZ_SEED", "2026")
    (figures,) = fuzz("--kind", kind, "--count", str(COUNTS[kind]), "--seed", seed)
    assert figures["inputs"] == COUNTS[kind]
    assert figures["outcomes"]["done"] > 0.1 * COUNTS[kind], "most damage is bearable; or the fuzzer tests nothing"


def test_no_kernel_reads_out_of_bounds(tmp_path: Path) -> None:
    """numba's own check; an index that is off raises IndexError, which the driver does not forgive.

    (Indexes from -1 down to minus the length count from the end, as in Python; numba does not tell those.)
    """
    asked = ("--kind", "decode", "--kind", "mimic", "--count", "400", "--seed", "5", "--limit", "60")
    figures = fuzz(*asked, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))
    assert [f["inputs"] for f in figures] == [400, 400]


def test_the_driver_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A bug put in on purpose is reported with the command that shows it again, and its input is kept."""
    broken = (
        "import sys, runpy, understudy.jpeg; p = sys.modules['understudy.jpeg.parse']; real = p.parse_dht\n"
        "def parse_dht(payload, *more):\n"
        "    return real(payload, *more) if payload[:1] < b'\\x20' else [][1]\n"
        "p.parse_dht = parse_dht\n"
        "sys.argv = ['run', *sys.argv[1:]]; runpy.run_module('tests.fuzz.run', run_name='__main__')"
    )
    command = [sys.executable, "-c", broken, "--kind", "parse", "--count", "2000", "--save", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert "again: python -m tests.fuzz.run --kind parse --seed 0 --only" in done.stderr
    assert "IndexError" in done.stderr
    assert len(list(tmp_path.iterdir())) == 1
