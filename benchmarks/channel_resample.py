"""Every library's resize as tensor operations against the library's own code here: how many samples differ.

    python benchmarks/channel_resample.py [PICTURE...]

What the channel runs on a GPU (`nn.resample.play`), run on a CPU; noise, and pictures if they are named. Prints one
line a library: kernels and options, samples compared, samples that differ, and those left out because their plan says
that it is not exact.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from understudy.codec import resample as codec
from understudy.nn.resample import play

OPTIONS: dict[str, list[dict[str, object]]] = {
    "pillow": [{}, {"release": 12}, {"reducing_gap": 1.5}, {"reducing_gap": 3.0}],
    "vips": [{}, {"version": "8.14"}, {"version": "8.14-plain"}, {"gap": 0.0}],
    "opencv": [{}, {"ipp": False}],
    "skia": [{"orientation": o} for o in range(1, 9)],
}


def pictures(names: list[str]) -> list[np.ndarray]:
    """Noise of odd size, black and white noise, and the named pictures."""
    rng = np.random.default_rng(0)
    out = [rng.integers(0, 256, (331, 417, 3), np.uint8), 255 * rng.integers(0, 2, (200, 333, 3), np.uint8)]
    return out + [np.asarray(Image.open(Path(name)).convert("RGB")) for name in names]


def main() -> None:
    """Prints the table."""
    every = pictures(sys.argv[1:])
    total = 0
    for code in codec.codes():
        compared = different = left_out = 0
        started = time.time()
        for kernel in codec.kernels(code):
            for options in OPTIONS.get(code, [{}]):
                if options.get("version", "8.18") != "8.18" and kernel.startswith("mks"):
                    continue
                for pixels in every:
                    rows, columns, _ = pixels.shape
                    for width, height in _sizes(columns, rows):
                        plan = codec.plan(code, columns, rows, width, height, kernel=kernel, **options)
                        if plan.inexact:
                            left_out += 3 * width * height
                            continue
                        wanted = codec.resize(code, pixels, width, height, kernel=kernel, **options)
                        samples = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].double()
                        made = play(samples, plan)[0].permute(1, 2, 0).numpy()
                        compared += wanted.size
                        different += int((made != wanted).sum())
        total += compared
        seconds = time.time() - started
        print(f"{code}: {compared:,} samples, {different} differ, {left_out:,} left out, {seconds:.0f} s", flush=True)
    print(f"in all: {total:,}")


def _sizes(columns: int, rows: int) -> list[tuple[int, int]]:
    shrunk = [(columns * 5 // 8, rows * 5 // 8), (columns // 2, rows // 2), (columns // 5, rows // 3)]
    return [*shrunk, (columns * 3 // 2, rows * 4 // 3), (columns * 77 // 100, rows - 1)]


if __name__ == "__main__":
    main()
