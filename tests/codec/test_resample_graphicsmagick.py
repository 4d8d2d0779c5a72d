"""GraphicsMagick's `-resize` and its JPEG files against gm itself (Debian: graphicsmagick), sample by sample."""

from __future__ import annotations

import io
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

import understudy as us
from oracles import Picture, pnm, scene
from understudy.codec.resample import graphicsmagick
from understudy.errors import ProfileError

GM = shutil.which("gm")
assert GM, "GraphicsMagick (Debian: graphicsmagick) is missing"
SIZES = [(131, 97), (80, 59), (200, 148), (80, 148), (7, 5), (131, 30), (132, 96)]


def by_gm(picture: Picture, *options: str, out: str = "ppm:-") -> bytes:
    """A file by gm. (PGM and PPM carry no gamma or profile that it could act on.)"""
    run = [str(GM), "convert", "-", *options, out]
    return subprocess.run(run, input=pnm(picture), capture_output=True, check=True).stdout


def resized(picture: Picture, width: int, height: int, kernel: str) -> Picture:
    chosen = [] if kernel == "default" else ["-filter", kernel]
    made = np.asarray(Image.open(io.BytesIO(by_gm(picture, *chosen, "-resize", f"{width}x{height}!", "-depth", "8"))))
    return made.reshape(height, width, -1)[:, :, : picture.shape[2]]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kernel", graphicsmagick.KERNELS)
def test_every_sample(kernel: str, channels: int) -> None:
    for columns, rows, sizes in ((131, 97, SIZES), (17, 33, SIZES[3:6])):
        picture = scene(columns, rows, channels)
        for width, height in sizes:
            made = graphicsmagick.resize(picture, width, height, kernel=kernel)
            assert np.array_equal(made, resized(picture, width, height, kernel)), (columns, rows, width, height)


def test_one_side_alone_and_larger() -> None:
    """Weights at whole distances, where two pieces of a filter meet."""
    picture = scene(640, 480, 1)
    for size in ((640, 30), (100, 480), (320, 240), (641, 479)):
        for kernel in ("mitchell", "cubic", "box"):
            made = graphicsmagick.resize(picture, *size, kernel=kernel)
            assert np.array_equal(made, resized(picture, *size, kernel)), (size, kernel)


def test_its_files_are_libjpegs() -> None:
    """Optimal Huffman tables, 72 dots an inch; 4:2:0 below quality 90, 4:4:4 from there on."""
    for channels in (3, 1):
        picture = scene(131, 97, channels)
        for quality in (5, 75, 90, 100):
            for progressive in (False, True):
                how = {"script": "simple10"} if progressive else {}
                theirs = by_gm(
                    picture, "-quality", str(quality), *(["-interlace", "line"] if progressive else []), out="jpeg:-"
                )
                sampling = "4:2:0" if quality < 90 else "4:4:4"
                ours = us.mimic(picture, "generic/libjpeg-turbo", quality=quality, sampling=sampling,
                                huffman="optimal", density=(1, 72, 72), **how)  # fmt: skip
                assert ours.data == theirs, (channels, quality, progressive)


def test_what_it_does_not_do() -> None:
    with pytest.raises(ProfileError, match="alpha"):
        graphicsmagick.resize(scene(9, 9, 4), 5, 5)
    with pytest.raises(ValueError, match="sinc"):
        graphicsmagick.resize(scene(9, 9), 5, 5, kernel="sinc")
