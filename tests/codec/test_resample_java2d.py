"""Java's Graphics2D.drawImage, against goldens that Java itself made.

The goldens are SHA-256 sums of its results (recorded_java2d.json), by the job that made each; the pictures are made of
integers only. `python tests/codec/test_resample_java2d.py` asks Java again (Debian's openjdk-17-jdk-headless) and
writes the file anew. Made with OpenJDK 17.0.15 on x86-64.
"""

from __future__ import annotations

import json
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from test_resample_go import picture

from understudy.codec.resample import java2d

HERE = Path(__file__).parent
GOLDENS = HERE / "recorded_java2d.json"
RESIZED = [((1, 1), (3, 4)), ((7, 11), (3, 5)), ((7, 11), (20, 31)), ((64, 48), (32, 24)), ((131, 97), (50, 37)),
           ((60, 40), (131, 97)), ((300, 20), (299, 21)), ((60, 40), (46, 3)), ((640, 480), (427, 320)),
           ((257, 265), (131, 97)), ((257, 265), (256, 264)), ((97, 131), (33, 400))]  # fmt: skip
KINDS = (1, 5)
"""BufferedImage's types of the source: TYPE_INT_RGB, and TYPE_3BYTE_BGR, which ImageIO reads JPEGs into."""

Job = tuple[int, int, int, int, int, int]
"""The place of the kernel in KERNELS, kind, width, height, then the new ones."""


def jobs() -> list[Job]:
    return [(k, kind, *a, *b) for k in range(len(java2d.KERNELS)) for kind in KINDS for a, b in RESIZED]


def by_java(wanted: Sequence[Job]) -> list[bytes]:
    asked = b""
    for kernel, kind, width, height, *to in wanted:
        asked += struct.pack(">BBiiii", kernel + 1, kind, width, height, *to) + picture(width, height, 3).tobytes()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["javac", "-d", folder, str(HERE / "java" / "Scale.java")], check=True)
        run = ["java", "-Djava.awt.headless=true", "-cp", folder, "Scale"]
        told = subprocess.run(run, input=asked, capture_output=True, check=True).stdout
    out = []
    for *_, width, height in wanted:
        out.append(told[: 3 * width * height])
        told = told[3 * width * height :]
    return out


def ours(job: Job) -> bytes:
    kernel, _, width, height, *to = job
    return java2d.resize(picture(width, height, 3), to[0], to[1], kernel=java2d.KERNELS[kernel]).tobytes()


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:16]


def test_equals_what_java_made() -> None:
    goldens = json.loads(GOLDENS.read_text(encoding="ascii"))
    assert len(goldens) == len(jobs())
    assert [job for job in jobs() if digest(ours(job)) != goldens[" ".join(map(str, job))]] == []


@pytest.mark.parametrize("kernel", java2d.KERNELS)
def test_plan_and_kernel_agree(kernel: str) -> None:
    """Played in plain numpy; and the weights of every output add up to 256."""
    pixels = picture(31, 22, 3)
    for width, height in ((13, 9), (62, 23)):
        down, across, last = java2d.plan(31, 22, width, height, kernel=kernel).stages
        assert (down.weights.sum(1) == 256).all()  # type: ignore[union-attr]
        value = (pixels[down.at].astype(np.int64) * down.weights[:, :, None, None]).sum(1)  # type: ignore[union-attr]
        value = (value[:, across.at] * across.weights[None, :, :, None]).sum(2)  # type: ignore[union-attr]
        expected = np.clip((value + last.add) // last.divisor, 0, 255)  # type: ignore[union-attr]
        assert (java2d.resize(pixels, width, height, kernel=kernel) == expected).all()


if __name__ == "__main__":
    goldens = {" ".join(map(str, job)): digest(data) for job, data in zip(jobs(), by_java(jobs()), strict=True)}
    GOLDENS.write_text(json.dumps(goldens, indent=0) + "\n", encoding="ascii")
