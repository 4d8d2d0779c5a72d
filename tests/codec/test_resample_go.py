"""Go's image/jpeg, nfnt/resize, imaging and x/image/draw, against goldens that Go itself made.

The goldens are SHA-256 sums of Go's results (go/goldens.json), by the job that made each; the pictures are made of
integers only, so they are the same everywhere. `python tests/codec/test_resample_go.py` asks Go again (golang-go,
golang-github-nfnt-resize-dev, golang-github-disintegration-imaging-dev, golang-golang-x-image-dev) and writes the file
anew. Made with Go 1.19.8, nfnt/resize 0.0~git20180221, imaging 1.6.2 and x/image 0.5.0 on x86-64.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from understudy.codec import resample
from understudy.codec.resample import nfnt
from understudy.jpeg.compose import DhtLayout
from understudy.steps import Context, Delivered, Raster, Source, registry

GOLDENS = Path(__file__).with_name("go") / "goldens.json"
SIZES = [(1, 1), (7, 11), (16, 16), (22, 20), (17, 33), (65, 57)]
RESIZED = {(1, 1): [(3, 2)], (7, 11): [(3, 5), (20, 31)], (65, 57): [(40, 31), (64, 13), (131, 97), (6, 57)]}
PACKAGES = {"imaging": "imaging", "draw": "go_draw"}
"""Operations that a Go package does, by the module that has its arithmetic."""
SAMPLINGS = {"444": "4:4:4", "422": "4:2:2", "420": "4:2:0"}


def picture(width: int, height: int, channels: int) -> NDArray[np.uint8]:
    """uint8 `[H, W, channels]`: slopes, edges, noise and both ends of the range, of integers only."""
    y, x, c = np.mgrid[:height, :width, :channels].astype(np.uint64)
    noise = (x * 7919 + y * 104729 + c * 1299709 + 1) * 2654435761 % 2**32 >> 27
    edges = ((x * (c + 3) + y * 5) // 11 % 2) * 150
    slopes = (x * 9 + y * (4 + c)) % 97
    return np.clip((noise + edges + slopes).astype(np.int64) - 20, 0, 255).astype(np.uint8)


def file_of(name: str) -> bytes:
    """The input file of a name such as `rgb-7x11.png`, `ycc420-65x57.jpg`, `progressive-65x57.jpg`."""
    stem, kind = name.split(".")
    what, size = stem.split("-")
    width, height = map(int, size.split("x"))
    pixels = picture(width, height, {"grey": 1, "rgba": 4}.get(what, 3))
    out = io.BytesIO()
    image = Image.fromarray(pixels[:, :, 0] if what == "grey" else pixels)
    if kind == "png":
        image.save(out, "PNG")
    elif what == "grey":
        image.save(out, "JPEG", quality=80)
    else:
        sampling = SAMPLINGS[what.removeprefix("ycc")] if what != "progressive" else "4:2:0"
        image.save(out, "JPEG", quality=80, subsampling=sampling, progressive=what == "progressive")
    return out.getvalue()


def jobs() -> list[str]:
    """What Go is asked, in the form that go/main.go reads."""
    out = []
    for width, height in SIZES:
        size = f"{width}x{height}"
        out += [f"{what}-{size}.png encode {q}" for what in ("rgb", "rgba", "grey") for q in (1, 50, 80, 95, 100)]
        inputs = [f"{what}-{size}.jpg" for what in ("ycc444", "ycc422", "ycc420", "grey", "progressive")]
        out += [f"{name} decode" for name in inputs] + [f"{name} encode 80" for name in inputs]
        out += [f"{what}-{size}.jpg rgb" for what in ("ycc444", "ycc422", "ycc420")]
    for (width, height), new_sizes in RESIZED.items():
        size = f"{width}x{height}"
        for w, h in new_sizes:
            for kernel in nfnt.KERNELS:
                inputs = [f"rgb-{size}.png", f"rgba-{size}.png", f"grey-{size}.png", f"ycc420-{size}.jpg"]
                out += [f"{name} resize {w} {h} {kernel}" for name in inputs]
            inputs = [f"{what}-{size}.png" for what in ("rgb", "rgba", "grey")]
            inputs += [f"{what}-{size}.jpg" for what in ("ycc444", "ycc422", "ycc420")]
            for operation, code in PACKAGES.items():
                for kernel in resample.kernels(code):
                    out += [f"{name} {operation} {w} {h} {kernel}" for name in inputs]
    return out


def step(name: str, **parameters: Any) -> Any:
    return registry()[name](**parameters)


def decoded(name: str) -> Raster:
    raster = step("decode", decoder="go").exact(Source(file_of(name)), Context())
    assert isinstance(raster, Raster)
    return raster


def resized(raster: Raster, code: str, width: int, height: int, kernel: str) -> bytes:
    """The result as Go's NRGBA or RGBA: three channels of a grey picture, alpha only where it is not all 255."""
    pixels = resample.resize(code, raster.pixels, width, height, kernel=kernel, ycbcr=raster.space == "ycbcr")
    if raster.has_alpha and (pixels[:, :, -1] == 255).all():
        pixels = pixels[:, :, :-1]
    pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    return np.ascontiguousarray(pixels).tobytes()


def ours(job: str) -> bytes:
    """What we answer to a job."""
    name, operation, *arguments = job.split()
    raster = decoded(name)
    if operation == "decode":
        return raster.pixels.tobytes()
    if operation == "resize":
        made = nfnt.resize(raster.pixels, int(arguments[0]), int(arguments[1]), kernel=arguments[2])
        return np.ascontiguousarray(made[:, :, :3] if raster.has_alpha else made).tobytes()
    if operation == "rgb":
        made = step("decode", decoder="go", to_rgb=True).exact(Source(file_of(name)), Context())
        assert made.space == "rgb"
        return bytes(made.pixels.tobytes())
    if operation in PACKAGES:
        return resized(raster, PACKAGES[operation], int(arguments[0]), int(arguments[1]), arguments[2])
    raster = step("flatten", background=(0, 0, 0), rounding="16-bit").exact(raster, Context())
    go = {"color": "go", "downsampling": "go", "edge": "go", "dummy_blocks": "go"}
    encoded = step("encode", quality=int(arguments[0]), unused_tables=True, **go).exact(raster, Context())
    file = step("envelope", jfif="none", merge_dqt=True, dht=DhtLayout.MERGED).exact(encoded, Context())
    assert isinstance(file, Delivered)
    return file.data


KINDS = sorted({f"{job.split('-')[0]} {job.split()[1]}" for job in jobs()})


@pytest.mark.parametrize("kind", KINDS)
def test_equals_go(kind: str) -> None:
    goldens = json.loads(GOLDENS.read_text(encoding="ascii"))
    what, operation = kind.split()
    chosen = [job for job in jobs() if job.startswith(f"{what}-") and job.split()[1] == operation]
    assert chosen
    different = [job for job in chosen if sha256(ours(job)).hexdigest()[:16] != goldens[job]]
    assert different == []


def test_a_jpeg_stays_in_ycbcr_until_it_is_encoded() -> None:
    raster = decoded("ycc420-65x57.jpg")
    assert raster.space == "ycbcr"
    for name in ("orient", "flatten", "resize", "sharpen"):
        assert step(name).exact(raster, Context()).space == "ycbcr", name
    assert step("color", icc="drop").exact(Raster(raster.pixels, b"profile", 1, "ycbcr"), Context()).space == "ycbcr"
    assert decoded("rgb-7x11.png").space == "rgb"
    assert decoded("grey-7x11.jpg").space == "rgb"


def asked(wanted: Sequence[str]) -> list[str]:
    """Go's answers to jobs: SHA-256 sums, 64 hexadecimal digits each. Raises OSError where there is no Go."""
    with tempfile.TemporaryDirectory() as folder:
        for name in {job.split()[0] for job in wanted}:
            Path(folder, name).write_bytes(file_of(name))
        source = str(GOLDENS.with_name("main.go"))
        environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
        lines = "".join(f"{folder}/{job}\n" for job in wanted)
        run = ["go", "run", source]
        return subprocess.run(
            run, input=lines, capture_output=True, text=True, check=True, env=environment
        ).stdout.split()


def make() -> None:
    """Asks Go, and writes goldens.json."""
    answers = asked(jobs())
    rows = [f'  "{job}": "{answer[:16]}"' for job, answer in zip(jobs(), answers, strict=True)]
    GOLDENS.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="ascii")
    sys.stdout.write(f"{len(rows)} goldens\n")


if __name__ == "__main__":
    make()
