"""Rust's image crate, its resizing and its JPEG encoder, against goldens that packages built on it made.

The goldens are SHA-256 sums of their results (recorded_rust_image.json), by the job that made each; the pictures are
made of integers only. `python tests/codec/test_rust_image.py` asks both again and writes the file anew: @cf-wasm/photon
0.4.0 (WebAssembly), and for the encoder of later releases @napi-rs/image 1.15.0, under Node 20; NODE_PATH names the
folder that they are in.
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from test_resample_go import picture

import understudy as us
from understudy.codec.resample import rust_image
from understudy.codec.variants import Color, Dct
from understudy.steps.encode import Encode
from understudy.steps.generation import Generation

GOLDENS = Path(__file__).with_name("recorded_rust_image.json")
FILES = [(1, 1), (7, 11), (8, 8), (17, 33), (65, 57), (131, 97)]
QUALITIES = (1, 20, 50, 77, 95, 100)
RESIZED = [((1, 1), (3, 4)), ((7, 11), (3, 5)), ((7, 11), (20, 31)), ((64, 48), (32, 24)), ((131, 97), (50, 37)),
           ((60, 40), (131, 97)), ((300, 20), (299, 21)), ((60, 40), (46, 3)), ((640, 480), (427, 320))]  # fmt: skip

FILTERS = {"nearest": 1, "triangle": 2, "catmull_rom": 3, "lanczos3": 5}
"""photon's numbers of the kernels."""

Job = tuple[int, ...]
"""Width, height, quality; or width, height, new ones, photon's number of the kernel."""

ASK = """
const {PhotonImage, resize} = require('@cf-wasm/photon');
const jobs = JSON.parse(require('fs').readFileSync(0));
console.log(JSON.stringify(jobs.map(j => {
  const image = new PhotonImage(new Uint8Array(Buffer.from(j.rgba, 'base64')), j.job[0], j.job[1]);
  const made = j.job.length == 3 ? image.get_bytes_jpeg(j.job[2])
    : resize(image, j.job[2], j.job[3], j.job[4]).get_raw_pixels();
  return Buffer.from(made).toString('base64');
})));
"""


def jobs() -> list[Job]:
    files = [(*size, quality) for size in FILES for quality in QUALITIES]
    return files + [(*a, *b, k) for a, b in RESIZED for k in FILTERS.values()]


def by_photon(wanted: Sequence[Job]) -> list[bytes]:
    """Files, or R, G, B and alpha. A file's alpha is not looked at; in a resize it is a channel as any other."""
    asked = []
    for job in wanted:
        rgba = picture(job[0], job[1], 4)
        if len(job) == 3:
            rgba[:, :, :3] = picture(job[0], job[1], 3)
        asked.append({"job": job, "rgba": base64.b64encode(rgba.tobytes()).decode()})
    told = subprocess.run(["node", "-e", ASK], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return [base64.b64decode(text) for text in json.loads(told.stdout)]


ASK_NAPI = """
const {Transformer} = require('@napi-rs/image');
const jobs = JSON.parse(require('fs').readFileSync(0));
const made = j => new Transformer(Buffer.from(j.png, 'base64')).jpegSync(j.job[2]).toString('base64');
console.log(JSON.stringify(jobs.map(made)));
"""


def by_napi(wanted: Sequence[Job]) -> list[bytes]:
    """Files."""
    asked = []
    for job in wanted:
        png = io.BytesIO()
        Image.fromarray(picture(job[0], job[1], 3)).save(png, "PNG")
        asked.append({"job": job, "png": base64.b64encode(png.getvalue()).decode()})
    told = subprocess.run(["node", "-e", ASK_NAPI], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return [base64.b64decode(text) for text in json.loads(told.stdout)]


def file(job: Job, color: str) -> bytes:
    """Our file of three channels."""
    given = {"color": color, "dct": "rust-image", "sampling": "4:4:4", "jfif": "1.02", "frame_first": True}
    return us.mimic(picture(job[0], job[1], 3), "generic/libjpeg-turbo", quality=job[2], **given).data


def ours(job: Job) -> bytes:
    pixels = picture(job[0], job[1], 4)
    if len(job) > 3:
        kernel = next(name for name, number in FILTERS.items() if number == job[4])
        return rust_image.resize(pixels, job[2], job[3], kernel=kernel).tobytes()
    return file(job, "rust-image")


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:16]


def test_equals_what_photon_made() -> None:
    goldens = json.loads(GOLDENS.read_text(encoding="ascii"))
    assert len(goldens) == len(jobs()) + len(later_files())
    assert [job for job in jobs() if digest(ours(job)) != goldens[" ".join(map(str, job))]] == []


def later_files() -> list[Job]:
    return [job for job in jobs() if len(job) == 3]


def test_equals_what_later_releases_made() -> None:
    goldens = json.loads(GOLDENS.read_text(encoding="ascii"))
    made = {" ".join(["later", *map(str, job)]): digest(file(job, "rust-image-integer")) for job in later_files()}
    assert {job: found for job, found in made.items() if found != goldens[job]} == {}


@pytest.mark.parametrize("kernel", rust_image.KERNELS)
@pytest.mark.parametrize("size", [(13, 9), (31, 40), (22, 20)])
def test_is_weighted_sums_in_float32(kernel: str, size: tuple[int, int]) -> None:
    """The kernel against its plan, played in plain numpy."""
    width, height = size
    pixels = picture(22, 20, 3)
    value: NDArray[np.float32] = pixels.astype(np.float32)
    for stage in rust_image.plan(22, 20, width, height, kernel=kernel).stages[:2]:
        value = np.moveaxis(value, stage.axis, 0)  # type: ignore[union-attr]
        total = np.zeros((len(stage.at), *value.shape[1:]), np.float32)  # type: ignore[union-attr]
        for at, weights in zip(stage.at.T, stage.weights.T, strict=True):  # type: ignore[union-attr]
            total = total + value[at] * weights[:, None, None]
        value = np.moveaxis(total, 0, stage.axis)  # type: ignore[union-attr]
    expected = np.floor(np.clip(value, 0, 255).astype(np.float64) + 0.5)
    assert (rust_image.resize(pixels, width, height, kernel=kernel) == expected).all()


def test_the_encoder_is_not_libjpegs() -> None:
    """The colour and the transform each change coefficients, so neither can be taken for libjpeg's."""
    pixels = picture(64, 64, 3)
    made = {
        (color, dct): us.mimic(pixels, "generic/libjpeg-turbo", quality=95, sampling="4:4:4", color=color, dct=dct).data
        for color in ("libjpeg", "rust-image")
        for dct in ("islow", "rust-image")
    }
    assert len(set(made.values())) == 4


def test_torch_is_told_what_it_cannot_do() -> None:
    for given in ({"color": Color.RUST_IMAGE}, {"dct": Dct.RUST_IMAGE}):
        assert "Rust" in Encode(**given).outside_torch()  # type: ignore[arg-type]
        assert "Rust" in Generation(**given).outside_torch()  # type: ignore[arg-type]


if __name__ == "__main__":
    goldens = {" ".join(map(str, job)): digest(data) for job, data in zip(jobs(), by_photon(jobs()), strict=True)}
    for job, data in zip(later_files(), by_napi(later_files()), strict=True):
        goldens[" ".join(["later", *map(str, job)])] = digest(data)
    GOLDENS.write_text(json.dumps(goldens, indent=0) + "\n", encoding="ascii")
