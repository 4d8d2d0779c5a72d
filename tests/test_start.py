"""What a process that makes one delivery loads, once its kernels are compiled: the start is the part that two cores
share worst."""

from __future__ import annotations

import subprocess
import sys
import types
from hashlib import sha256
from pathlib import Path

import understudy as us
from oracles import pillow, scene

PROFILE = "facebook/classic-2014"
CODE = f"""
import sys, hashlib, pathlib
import understudy as us
data = us.mimic(pathlib.Path(sys.argv[1]).read_bytes(), {PROFILE!r}).data
names = ("scipy.linalg", "numba.np.linalg", "cffi", "understudy.steps.resize", "understudy.steps.transcode")
print(hashlib.sha256(data).hexdigest(), *[name for name in names if name in sys.modules])
"""


def test_kernels_are_read_without_what_only_compiling_needs(tmp_path: Path) -> None:
    """Also, kernels that were read from the cache give what compiled ones give, here and in every other process."""
    sent = tmp_path / "sent.jpg"
    sent.write_bytes(pillow(scene(67, 49), quality=90))
    here = sha256(us.mimic(sent, PROFILE).data).hexdigest()
    told = []
    for _ in range(2):  # the first process compiles what this one had compiled for other types only
        done = subprocess.run([sys.executable, "-c", CODE, str(sent)], capture_output=True, text=True, check=True)
        told.append(done.stdout.split())
    assert told[1] == [here]
    assert told[0][0] == here


def test_a_kernel_that_calls_cached_ones_still_compiles(tmp_path: Path) -> None:
    """numba makes itself ready to compile later than it expects: here after a kernel was read from its cache."""
    module = tmp_path / "two_kernels.py"
    module.write_text(
        "import numpy as np\n"
        "from understudy._jit import kernel\n"
        "@kernel\n"
        "def inner(x):\n"
        "    total = 0.0\n"
        "    for v in x:\n"
        "        total += v\n"
        "    return total\n"
        "@kernel\n"
        "def outer(x):\n"
        "    return np.sqrt(inner(x * x))\n"
    )
    code = "import sys\nimport numpy as np\nfrom two_kernels import *\nx = np.array([3.0, 4.0])\n"
    said = [
        subprocess.run([sys.executable, "-c", code + call], capture_output=True, text=True, check=True, cwd=tmp_path)
        for call in ("print(inner(x))", "print(inner(x), 'scipy.linalg' in sys.modules, outer(x))", "print(outer(x))")
    ]
    assert [done.stdout.split() for done in said] == [["7.0"], ["7.0", "False", "5.0"], ["5.0"]]


def test_a_kernel_that_cannot_be_cached_is_compiled() -> None:
    """As on a machine where no folder can be written to; here because its source is in no file."""
    made = types.ModuleType("no_file")
    exec("from understudy._jit import kernel\n@kernel\ndef twice(x):\n    return x + x\n", made.__dict__)
    assert made.twice(21) == 42
    assert made.twice.stats.cache_hits == {}
