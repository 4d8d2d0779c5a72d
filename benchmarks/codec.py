"""Reading coefficients and mimicking encoders against libjpeg-turbo in C, Pillow and jpeglib.

    python benchmarks/codec.py [--rounds 15]

CPU time, interleaved, medians. Needs the `oracles` extra and, for libjpeg's own C, a compiler and libjpeg62-turbo-dev.
"""

from __future__ import annotations

import argparse
import ctypes
import io
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jpeglib
from common import head, interleaved, photograph, report
from PIL import Image

import understudy as us

HERE = Path(__file__).resolve().parent


def libjpeg(folder: Path) -> ctypes.CDLL:
    """libjpeg's own coefficient reader as a shared library."""
    target = folder / "libjpeg_read.so"
    subprocess.run(
        ["cc", "-O2", "-shared", "-fPIC", str(HERE / "libjpeg_read.c"), "-o", str(target), "-ljpeg"], check=True
    )
    library = ctypes.CDLL(str(target))
    library.read_coefficients.argtypes = [ctypes.c_char_p, ctypes.c_ulong]
    library.read_coefficients.restype = ctypes.c_long
    return library


def saved(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "jpeg", **options)
    return out.getvalue()


def reading(image: Image.Image, folder: Path, rounds: int) -> list[str]:
    library = libjpeg(folder)
    lines = []
    for kind, options in (("baseline", {}), ("progressive", {"progressive": True})):
        data = saved(image, quality=80, **options)
        path = folder / f"{kind}.jpg"
        path.write_bytes(data)
        tasks = {
            "libjpeg-turbo, C": lambda data=data: library.read_coefficients(data, len(data)),
            "understudy": lambda data=data: us.jpeg.read_coefficients(us.jpeg.parse(data)),
            "jpeglib": lambda path=path: jpeglib.read_dct(str(path)).Y,
        }
        lines += [*report(f"read coefficients, {kind} quality 80", interleaved(tasks, rounds), "libjpeg-turbo, C"), ""]
    return lines


def mimicking(image: Image.Image, pixels: object, rounds: int) -> list[str]:
    profile = us.load_profile("generic/libjpeg-turbo")
    baseline = profile.with_values({"quality": 80})
    progressive = profile.with_values({"quality": 80, "script": "simple10", "huffman": "optimal"})
    classic = us.load_profile("facebook/classic-2014").with_values({"quality": 80})
    assert us.mimic(pixels, baseline).data == saved(image, quality=80), "the same work: the same bytes"
    assert us.mimic(pixels, progressive).data == saved(image, quality=80, progressive=True), (
        "the same work: the same bytes"
    )
    rows = {
        "baseline quality 80": ({}, baseline, "mimic, the same bytes"),
        "progressive quality 80": ({"progressive": True}, progressive, "mimic, the same bytes"),
        "Facebook classic quality 80": ({"progressive": True}, classic, "mimic as Facebook"),
    }
    lines = []
    for title, (options, which, label) in rows.items():
        tasks = {
            "Pillow save": lambda options=options: saved(image, quality=80, **options),
            label: lambda which=which: us.mimic(pixels, which),
        }
        lines += [*report(title, interleaved(tasks, rounds), "Pillow save"), ""]
    return lines


_PEAK = """
import sys, numpy as np
import understudy as us
from pathlib import Path
profile = us.load_profile(sys.argv[1])
us.mimic(np.zeros((64, 64, 3), np.uint8), profile)  # kernels are loaded before the measurement
pixels = np.load(sys.argv[2])
def resident(key):
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(key))
    return 1024 * int(line.split()[1])
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew: proc(5)
before = resident("VmRSS")
us.mimic(pixels, profile)
print((resident("VmHWM") - before) / pixels[:, :, 0].size)
"""


def memory(pixels: object, folder: Path) -> list[str]:
    import numpy as np

    path = folder / "pixels.npy"
    np.save(path, pixels)
    lines = ["| peak memory of mimic beside the picture itself (3 bytes a pixel) | bytes a pixel |", "| --- | ---: |"]
    for name in ("generic/libjpeg-turbo", "facebook/classic-2014"):
        run = subprocess.run([sys.executable, "-c", _PEAK, name, str(path)], capture_output=True, text=True, check=True)
        lines.append(f"| {name} | {float(run.stdout):.1f} |")
    return [*lines, ""]


_COLD = """
import time, numpy as np, understudy as us
start = time.perf_counter()
us.mimic(np.zeros((64, 64, 3), np.uint8), "facebook/classic-2014")
print(time.perf_counter() - start)
"""


def starting(folder: Path, image: Image.Image) -> list[str]:
    """First run with an empty kernel cache, the next, and `inspect` of a small file, wall seconds."""
    import os

    env = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache")}
    cold, warm = (
        float(subprocess.run([sys.executable, "-c", _COLD], env=env, capture_output=True, text=True, check=True).stdout)
        for _ in range(2)
    )
    small = folder / "small.jpg"
    small.write_bytes(saved(image.crop((0, 0, 256, 256)), quality=80))
    walls = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "understudy", "inspect", str(small)], capture_output=True, check=True)
        walls.append(time.perf_counter() - start)
    return [
        "| start | wall s |",
        "| --- | ---: |",
        f"| first mimic ever, kernels compile | {cold:.1f} |",
        f"| first mimic of a process, kernels cached | {warm:.1f} |",
        f"| `understudy inspect` of a small file, the whole process, median of 7 | {sorted(walls)[3]:.2f} |",
        "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    pixels = photograph()
    image = Image.fromarray(pixels)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = reading(image, folder, rounds) + mimicking(image, pixels, rounds)
        lines += memory(pixels, folder) + starting(folder, image)
    height, width = pixels.shape[:2]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    what = f"photograph {width}x{height}; {rounds} rounds, interleaved; peak of this run {peak} MiB"
    print(head("codec", what))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
