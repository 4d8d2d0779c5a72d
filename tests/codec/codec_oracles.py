"""Other people's codecs, asked as these tests need them, and pictures made to ask about.

Imported at the top of the test modules: where an oracle is missing, they fail, they do not skip.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import jpeglib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared_folder import shared_root

SHARED = shared_root() or Path("no-shared-folder")
DCT_METHODS = {"islow": 0, "ifast": 1, "float": 2}
"""libjpeg's J_DCT_METHOD."""

SIZES = [(1, 1), (7, 11), (16, 17), (17, 16), (257, 265)]
"""(width, height)."""


def shared(relative: str) -> Path:
    """A file of the shared folder; without it a test is skipped, in CI it fails."""
    path = SHARED / relative
    if not path.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no {relative} in the shared folder")
    return path


def noise(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def scene(width: int, height: int) -> NDArray[np.uint8]:
    """Something like a photograph: slopes, edges, texture, and both ends of the range."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    rng = np.random.default_rng(width * 65536 + height)
    planes = [128 + 90 * np.sin(x / (5 + 9 * c) + y / 31) + 60 * ((x + 2 * y) % (37 + c) > 20) for c in range(3)]
    return np.clip(np.stack(planes, -1) + rng.normal(0, 12, (height, width, 3)) - 20, 0, 255).astype(np.uint8)


PICTURES = {"noise": noise, "scene": scene}


class File:
    """A JPEG as Pillow's libjpeg-turbo decodes it and jpeglib reads its coefficients."""

    def __init__(self, data: bytes, folder: Path) -> None:
        image = Image.open(io.BytesIO(data))
        self.data = data
        self.width, self.height = image.size
        self.pixels = np.asarray(image)
        self.mode = image.mode
        self.factors = [(h, v) for _, h, v, _ in image.layer]
        self.steps = [image.quantization[table] for _, _, _, table in image.layer]
        path = folder / "file.jpg"
        path.write_bytes(data)
        read = jpeglib.read_dct(str(path))
        self.coefficients = [plane for plane in (read.Y, read.Cb, read.Cr) if plane is not None]

    def mismatches(self, ours: list[NDArray[np.int16]]) -> list[int]:
        """How many coefficients differ, a component, among the blocks that jpeglib shows: no dummy blocks."""
        assert len(ours) == len(self.coefficients)
        cut = [a[: b.shape[0], : b.shape[1]] for a, b in zip(ours, self.coefficients, strict=True)]
        return [int((a != b).sum()) for a, b in zip(cut, self.coefficients, strict=True)]


def by_pillow(picture: NDArray[np.uint8], folder: Path, **save: object) -> File:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", **save)
    return File(buffer.getvalue(), folder)


def by_jpeglib(
    picture: NDArray[np.uint8], folder: Path, factors: list[tuple[int, int]], quality: int, dct: str = "islow"
) -> File:
    """A file of jpeglib's libjpeg-turbo 2.1 (C code, no SIMD), whose samp_factor is (v, h) here."""
    before = jpeglib.version.get()
    jpeglib.version.set("turbo210")
    try:
        spatial = jpeglib.from_spatial(np.ascontiguousarray(picture))
        spatial.samp_factor = [[v, h] for h, v in factors]
        spatial.write_spatial(str(folder / "made.jpg"), qt=quality, dct_method=DCT_METHODS[dct])
    finally:
        jpeglib.version.set(before)
    return File((folder / "made.jpg").read_bytes(), folder)


def with_dummies_shown(file: File, folder: Path) -> list[NDArray[np.int16]]:
    """All blocks of a baseline interleaved file: its header is made to say whole MCUs, then it is read."""
    max_h, max_v = max(h for h, _ in file.factors), max(v for _, v in file.factors)
    height, width = -(-file.height // (8 * max_v)) * 8 * max_v, -(-file.width // (8 * max_h)) * 8 * max_h
    at = file.data.index(b"\xff\xc0") + 5
    data = file.data[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + file.data[at + 4 :]
    return File(data, folder).coefficients
