"""ffmpeg's mjpeg encoder, its coefficients and tables, against goldens that ffmpeg itself made.

The goldens are SHA-256 sums of coefficients and tables (recorded_ffmpeg.json), by the job that made each; samples are
made of integers only, and go in as Y, Cb, Cr planes, so that ffmpeg's own colour conversion has no part.
`python tests/codec/test_ffmpeg.py` asks ffmpeg again and writes the file anew. Made with ffmpeg 5.1.9 (Debian 12) on
x86-64 with its assembly code.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from test_resample_go import picture

import understudy as us
from understudy.codec import dct as transforms
from understudy.codec import tables
from understudy.codec.quantize import quantize
from understudy.codec.tables import Law
from understudy.codec.variants import Dct, Quantizer
from understudy.steps import Context, Raster
from understudy.steps.encode import Encode

GOLDENS = Path(__file__).with_name("recorded_ffmpeg.json")
SIZES = [(8, 8), (16, 16), (17, 33), (65, 57), (130, 97)]
QSCALES = (2, 3, 5, 8, 13, 21, 31)
PARTS = {"dct": Dct.FFMPEG, "quantizer": Quantizer.FFMPEG}

Job = tuple[int, int, str, int]
"""Width, height, `444` or `420`, -q:v."""


def jobs() -> list[Job]:
    """Odd sizes in 4:4:4, where the picture's edge is one for all planes; 4:2:0 of whole MCUs."""
    out = [(w, h, "444", q) for w, h in SIZES for q in QSCALES]
    return out + [(w, h, "420", q) for w, h in ((16, 16), (64, 48)) for q in QSCALES]


def planes(job: Job) -> list[NDArray[np.uint8]]:
    width, height, sampling, _ = job
    full = picture(width, height, 3)
    out = [np.ascontiguousarray(full[:, :, i]) for i in range(3)]
    return out if sampling == "444" else [out[0], out[1][::2, ::2].copy(), out[2][::2, ::2].copy()]


def ours(job: Job) -> list[NDArray[np.int16]]:
    """Our levels, the real blocks of each component."""
    _, _, sampling, q = job
    given = planes(job)
    if sampling == "444":
        step = Encode(law=Law.FFMPEG_MJPEG, quality=q, sampling="4:4:4", color="none", **PARTS)  # type: ignore[arg-type]
        blocks, _ = step.levels(Raster(np.dstack(given), space="ycbcr"), Context())
        return blocks
    steps, _ = tables.quant_tables(Law.FFMPEG_MJPEG, q)
    return [quantize(transforms.forward(p, Dct.FFMPEG), steps, Dct.FFMPEG, Quantizer.FFMPEG) for p in given]


def told(blocks: Sequence[NDArray[np.int16]], steps: Sequence[int]) -> str:
    data = b"".join(np.ascontiguousarray(b).astype("<i2").tobytes() for b in blocks)
    return sha256(data + np.asarray(steps, "<u2").tobytes()).hexdigest()[:16]


def by_ffmpeg(job: Job) -> str:
    """What ffmpeg's file holds."""
    width, height, sampling, q = job
    run = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", f"yuvj{sampling}p", "-s", f"{width}x{height}",
           "-i", "-", "-c:v", "mjpeg", "-q:v", str(q), "-f", "image2pipe", "-"]  # fmt: skip
    data = b"".join(plane.tobytes() for plane in planes(job))
    file = subprocess.run(run, input=data, capture_output=True, check=True).stdout
    read = us.jpeg.read_coefficients(us.jpeg.parse(file))
    assert all((c.steps == read.components[0].steps).all() for c in read.components)
    return told([c.real for c in read.components], read.components[0].steps.reshape(64).tolist())


@pytest.mark.parametrize("sampling", ["444", "420"])
def test_equals_ffmpeg(sampling: str) -> None:
    goldens = json.loads(GOLDENS.read_text(encoding="ascii"))
    assert set(goldens) == {" ".join(map(str, job)) for job in jobs()}
    chosen = [job for job in jobs() if job[2] == sampling]
    steps = {q: tables.quant_tables(Law.FFMPEG_MJPEG, q)[0] for q in QSCALES}
    assert [job for job in chosen if told(ours(job), steps[job[3]]) != goldens[" ".join(map(str, job))]] == []


def test_its_tables_identify_themselves() -> None:
    for q in range(2, 32):
        luma, chroma = tables.quant_tables(Law.FFMPEG_MJPEG, q)
        assert luma == chroma
        assert luma[0] == 8
        match = tables.identify(luma)
        assert (match.law, match.quality, match.role, match.exact) == ("ffmpeg-mjpeg", q, "both", True)


def test_it_is_another_arithmetic() -> None:
    """Neither libjpeg's DCT nor plain rounding gives these levels, nor AP-922 as Facebook has it."""
    y = planes((130, 97, "444", 5))[0][:96, :128].copy()
    steps, _ = tables.quant_tables(Law.FFMPEG_MJPEG, 5)
    theirs = quantize(transforms.forward(y, Dct.FFMPEG), steps, Dct.FFMPEG, Quantizer.FFMPEG)
    for dct, quantizer in ((Dct.ISLOW, Quantizer.FFMPEG), (Dct.FFMPEG, Quantizer.PLAIN)):
        assert (quantize(transforms.forward(y, dct), steps, dct, quantizer) != theirs).any()
    classic = transforms.forward(y, Dct.AP922).astype(int)
    finer = transforms.forward(y, Dct.FFMPEG).astype(int)
    assert np.array_equal(classic, (finer + 4) >> 3) or np.abs(classic - finer / 8).max() <= 0.5
    with pytest.raises(us.UnderstudyError, match="ffmpeg or islow"):
        quantize(transforms.forward(y, Dct.AP922), steps, Dct.AP922, Quantizer.FFMPEG)


def main() -> None:
    GOLDENS.write_text(
        json.dumps({" ".join(map(str, j)): by_ffmpeg(j) for j in jobs()}, indent=0) + "\n", encoding="ascii"
    )


if __name__ == "__main__":
    main()
