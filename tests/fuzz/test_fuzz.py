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
SECONDS = {"parse": 8, "decode": 18, "inspect": 10, "mimic": 18}


def fuzz(*arguments: str, **environment: str) -> dict[str, Any]:
    """The figures of one run of the driver; a failure shows what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.run", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    figures: dict[str, Any] = json.loads(done.stdout)[0]
    return figures


@pytest.mark.parametrize("kind", SECONDS)
def test_only_our_errors_come_out(kind: str) -> None:
    figures = fuzz("--kind", kind, "--seconds", str(SECONDS[kind]), "--seed", os.environ.get("FUZZ_SEED", "2026"))
    assert figures["inputs"] > 100
    assert figures["outcomes"]["done"] > 0.1 * figures["inputs"], "most damage is bearable; or the fuzzer tests nothing"


@pytest.mark.parametrize("kind", ["decode", "mimic"])
def test_no_kernel_reads_out_of_bounds(kind: str, tmp_path: Path) -> None:
    """numba's own check; an index that is off raises IndexError, which the driver does not forgive."""
    figures = fuzz(
        "--kind", kind, "--seconds", "8", "--seed", "5", NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path)
    )  # fmt: skip
    assert figures["inputs"] > 50


def test_the_driver_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A bug put in on purpose is reported with the command that shows it again, and its input is kept."""
    broken = (
        "import sys, runpy; import understudy.jpeg.parse as p; real = p.parse_dht\n"
        "def parse_dht(payload, *more):\n"
        "    return real(payload, *more) if len(payload) > 20 else [][1]\n"
        "p.parse_dht = parse_dht\n"
        "sys.argv = ['run', *sys.argv[1:]]; runpy.run_module('tests.fuzz.run', run_name='__main__')"
    )
    command = [sys.executable, "-c", broken, "--kind", "parse", "--count", "2000", "--save", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert "again: python -m tests.fuzz.run --kind parse --seed 0 --only" in done.stderr
    assert "IndexError" in done.stderr
    assert len(list(tmp_path.iterdir())) == 1
