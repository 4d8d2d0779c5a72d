"""Encoding as mozjpeg does, against libvips' mozjpeg and jpeglib's 4.0.3 in C.

    python benchmarks/mozjpeg.py [--rounds 7]

CPU time, interleaved, medians; each pair of ours and libvips' gives the same bytes. Needs the `oracles` extra.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import jpeglib
import numpy as np
import pyvips
from common import head, interleaved, photograph, report

from understudy.codec.tables import Law
from understudy.codec.variants import Quantizer
from understudy.jpeg.compose import Huffman
from understudy.steps import Context, Raster
from understudy.steps.encode import Encode
from understudy.steps.envelope import Envelope

SCRIPTS = {
    "baseline": {},
    "simple10": {"interlace": True},
    "mozjpeg-optimised": {"interlace": True, "optimize_scans": True},
}


def ours(pixels: np.ndarray, script: str, quality: int) -> bytes:
    encode = Encode(
        quality=quality, law=Law.MOZJPEG_3, huffman=Huffman.OPTIMAL, script=script,
        quantizer=Quantizer.MOZJPEG_TRELLIS, overshoot_deringing=True,
    )  # fmt: skip
    return Envelope(jfif="none").exact(encode.exact(Raster(pixels), Context()), Context()).data


def by_libvips(image: pyvips.Image, quality: int, **options: object) -> bytes:
    return image.jpegsave_buffer(
        Q=quality, quant_table=3, trellis_quant=True, overshoot_deringing=True, subsample_mode="on", keep="none",
        optimize_coding=True, **options,
    )  # fmt: skip


def by_jpeglib(pixels: np.ndarray, quality: int, path: Path) -> None:
    jpeglib.version.set("mozjpeg403")
    spatial = jpeglib.from_spatial(pixels)
    spatial.samp_factor = [[2, 2], [1, 1], [1, 1]]
    spatial.write_spatial(str(path), qt=quality, base_quant_tbl_idx=3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    pixels = photograph()
    height, width = pixels.shape[:2]
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, 3, "uchar").copy(interpretation="srgb")
    pyvips.cache_set_max(0)
    print(head("mozjpeg", f"photograph {width}x{height}; {rounds} rounds, interleaved"))
    with tempfile.TemporaryDirectory() as folder:
        for quality in (75, 90):
            for script, options in SCRIPTS.items():
                if ours(pixels, script, quality) != by_libvips(image, quality, **options):
                    raise SystemExit(f"quality {quality}, {script}: other bytes than libvips'")
                tasks = {
                    "libvips' mozjpeg": lambda q=quality, o=options: by_libvips(image, q, **o),
                    "understudy": lambda q=quality, s=script: ours(pixels, s, q),
                }
                if script == "mozjpeg-optimised":
                    path = Path(folder) / "made.jpg"
                    tasks["jpeglib, mozjpeg 4.0.3"] = lambda q=quality, p=path: by_jpeglib(pixels, q, p)
                title = f"{width}x{height}, quality {quality}, {script}, the same bytes"
                print("\n".join(report(title, interleaved(tasks, rounds), "libvips' mozjpeg")) + "\n")


if __name__ == "__main__":
    main()
