"""Jimp's resize, against goldens that Jimp itself made.

The goldens are SHA-256 sums of its results (recorded_jimp.json), by the job that made each; the pictures are made of
integers only. `python tests/codec/test_resample_jimp.py` asks Jimp again and writes the file anew: jimp 1.6.1 under
Node 20; NODE_PATH names the folder that it is in.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from test_resample_go import picture

from understudy.codec.resample import jimp

GOLDENS = Path(__file__).with_name("recorded_jimp.json")
RESIZED = [((1, 1), (3, 4)), ((7, 11), (3, 5)), ((7, 11), (20, 31)), ((64, 48), (32, 24)), ((131, 97), (50, 37)),
           ((60, 40), (131, 97)), ((60, 40), (30, 97)), ((60, 40), (97, 30)), ((131, 97), (50, 97)),
           ((131, 97), (131, 200)), ((131, 97), (131, 50)), ((300, 20), (299, 19)),
           ((640, 480), (427, 320))]  # fmt: skip
ALPHAS = ("opaque", "some")
"""`some`: alpha of 0, 7, 128 and 255 in turn."""

Job = tuple[str, int, int, int, int]
"""Alpha, width, height, then the new ones."""

ASK = """
const {Jimp} = require('jimp');
const jobs = JSON.parse(require('fs').readFileSync(0));
const own = t => { const b = Buffer.from(t, 'base64'), o = Buffer.alloc(b.length); b.copy(o); return o; };
console.log(JSON.stringify(jobs.map(j => {
  const image = Jimp.fromBitmap({data: own(j.rgba), width: j.size[0], height: j.size[1]});
  image.resize({w: j.size[2], h: j.size[3]});
  return Buffer.from(image.bitmap.data).toString('base64');
})));
"""
"""A buffer of its own for each picture: Jimp's resizer reads a shared one from its beginning."""


def jobs() -> list[Job]:
    return [(alpha, *a, *b) for alpha in ALPHAS for a, b in RESIZED]


def sent(job: Job) -> NDArray[np.uint8]:
    """uint8 [H, W, 4]."""
    alpha, width, height, *_ = job
    pixels = picture(width, height, 4)
    pixels[:, :, 3] = 255 if alpha == "opaque" else np.array([0, 7, 128, 255], np.uint8)[pixels[:, :, 3] % 4]
    return pixels


def by_jimp(wanted: Sequence[Job]) -> list[bytes]:
    asked = [{"size": job[1:], "rgba": base64.b64encode(sent(job).tobytes()).decode()} for job in wanted]
    told = subprocess.run(["node", "-e", ASK], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return [base64.b64decode(text) for text in json.loads(told.stdout)]


def ours(job: Job) -> NDArray[np.uint8]:
    return jimp.resize(sent(job), job[3], job[4], kernel="default")


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:16]


def test_equals_what_jimp_made() -> None:
    goldens = json.loads(GOLDENS.read_text(encoding="ascii"))
    assert len(goldens) == len(jobs())
    assert [job for job in jobs() if digest(ours(job).tobytes()) != goldens[" ".join(map(str, job))]] == []


@pytest.mark.parametrize("size", [(13, 9), (62, 23), (31, 9), (13, 22)])
def test_alpha_is_a_channel_of_opaque_pictures(size: tuple[int, int]) -> None:
    """Three channels are what four are without alpha, and the plan is near."""
    rgba = np.dstack([picture(31, 22, 3), np.full((22, 31), 255, np.uint8)])
    made = jimp.resize(rgba, *size, kernel="default")
    assert (made[:, :, 3] >= 254).all()  # where rows keep their number, 254.99 is cut off
    assert (made[:, :, :3] == jimp.resize(rgba[:, :, :3], *size, kernel="default")).all()


if __name__ == "__main__":
    goldens = {" ".join(map(str, job)): digest(data) for job, data in zip(jobs(), by_jimp(jobs()), strict=True)}
    GOLDENS.write_text(json.dumps(goldens, indent=0) + "\n", encoding="ascii")
