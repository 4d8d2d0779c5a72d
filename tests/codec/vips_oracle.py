"""libvips as an oracle: pyvips-binary's own (8.18) in this process, Debian's (8.14, libvips42) in another one.

pyvips takes the library that comes with `pyvips-binary` where that is installed, so the other process hides it. Neither
is skipped where it is missing, and neither is taken for the other: the versions are checked.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Case = tuple[str, Any, tuple[Any, ...], dict[str, Any]]
"""(operation of pyvips.Image, uint8 `[H, W, C]` or the path of a file, arguments, keyword arguments)."""


def _library(wanted: tuple[int, int]) -> Any:
    import pyvips

    found = (pyvips.version(0), pyvips.version(1))
    if found != wanted:
        raise RuntimeError(f"libvips {found}, expected {wanted}: pip install pyvips 'pyvips-binary==8.18.*' for 8.18, "
                           "apt-get install libvips42 on Debian 12 for 8.14")  # fmt: skip
    pyvips.cache_set_max(0)
    return pyvips


def _answer(pyvips: Any, case: Case) -> Pixels:
    operation, picture, arguments, named = case
    if isinstance(picture, np.ndarray):
        height, width, channels = picture.shape
        image = pyvips.Image.new_from_memory(np.ascontiguousarray(picture).tobytes(), width, height, channels, "uchar")
        image = image.copy(interpretation="b-w" if channels < 3 else "srgb")
        if operation.endswith("_to_uchar"):
            made = getattr(image, operation.removesuffix("_to_uchar"))(*arguments, **named).cast("uchar")
        else:
            made = getattr(image, operation)(*arguments, **named)
    else:
        made = getattr(pyvips.Image, operation)(str(picture), *arguments, **named)
    return np.frombuffer(made.write_to_memory(), np.uint8).reshape(made.height, made.width, made.bands)


def ask(version: str, cases: Sequence[Case]) -> list[Pixels]:
    """What libvips makes of each case. version: "8.18", "8.14", or "8.14-plain" for 8.14 without its vector code."""
    if version == "8.18":
        return [_answer(_library((8, 18)), case) for case in cases]
    environment = dict(os.environ)
    environment.pop("VIPS_NOVECTOR", None)
    if version == "8.14-plain":
        environment["VIPS_NOVECTOR"] = "1"
    done = subprocess.run(
        [sys.executable, __file__], input=pickle.dumps(list(cases)), capture_output=True, env=environment, timeout=300,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"Debian's libvips: {done.stderr.decode(errors='replace')[-500:]}")
    answers: list[Pixels] = pickle.loads(done.stdout)
    return answers


if __name__ == "__main__":
    sys.modules["_libvips"] = None  # type: ignore[assignment]
    library = _library((8, 14))
    sys.stdout.buffer.write(pickle.dumps([_answer(library, case) for case in pickle.loads(sys.stdin.buffer.read())]))
