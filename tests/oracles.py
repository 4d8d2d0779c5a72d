"""Other people's codecs, and pictures to ask them about. A missing oracle is an error, never a skip.

cjpeg, djpeg and jpegtran are libjpeg-turbo's (Debian: libjpeg-turbo-progs); jpeglib and Pillow come with the
`oracles` and the main dependencies.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jpeglib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

ImageFile.MAXBLOCK = (
    1 << 22
)  # Pillow's JPEG buffer: else progressive files of noise fail ("Suspension not allowed here")

Picture = NDArray[np.uint8]
Blocks = NDArray[np.int16]

SIZES = [(1, 1), (7, 11), (8, 8), (17, 16), (257, 265)]
"""(width, height): smaller than a block, odd, whole, one over, larger than any strip."""


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed; the tests need libjpeg-turbo-progs")
    return found


CJPEG, DJPEG, JPEGTRAN = _tool("cjpeg"), _tool("djpeg"), _tool("jpegtran")


def _run(command: Sequence[str], data: bytes) -> bytes:
    done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.decode(errors='replace')}"
    return done.stdout


def scene(width: int, height: int, channels: int = 3, seed: int = 0) -> Picture:
    """Something like a photograph: slopes, edges, texture, both ends of the range. uint8 `[H, W, channels]`."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    rng = np.random.default_rng([width, height, seed])
    planes = [
        128 + 90 * np.sin(x / (5 + 9 * c) + y / (31 + seed)) + 60 * ((x + 2 * y) % (37 + c) > 20)
        for c in range(channels)
    ]
    return np.clip(np.stack(planes, -1) + rng.normal(0, 12, (height, width, channels)) - 20, 0, 255).astype(np.uint8)


def pnm(picture: Picture) -> bytes:
    """The picture as PPM (RGB) or PGM (grey), which cjpeg reads."""
    height, width = picture.shape[:2]
    kind = b"P6" if picture.ndim == 3 and picture.shape[2] == 3 else b"P5"
    return kind + b"\n%d %d\n255\n" % (width, height) + np.ascontiguousarray(picture).tobytes()


def cjpeg(picture: Picture, *options: str, scans: str = "") -> bytes:
    """A file by libjpeg-turbo's cjpeg; `scans` is a script in its own syntax."""
    if not scans:
        return _run([CJPEG, *options], pnm(picture))
    with tempfile.NamedTemporaryFile("w", suffix=".scans") as file:
        file.write(scans)
        file.flush()
        return _run([CJPEG, *options, "-scans", file.name], pnm(picture))


def jpegtran(data: bytes, *options: str) -> bytes:
    """The same coefficients, written anew by libjpeg-turbo."""
    return _run([JPEGTRAN, *options], data)


def djpeg(data: bytes, *options: str) -> Picture:
    """The pixels that libjpeg-turbo's djpeg gives, uint8 `[H, W]` or `[H, W, 3]`."""
    return np.asarray(Image.open(io.BytesIO(_run([DJPEG, "-pnm", *options], data))))


def image_of(picture: Picture) -> Image.Image:
    """uint8 `[H, W]` or `[H, W, channels]` as a Pillow image."""
    return Image.fromarray(picture[:, :, 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture)


def pillow(picture: Picture | Image.Image, format: str = "JPEG", **save: Any) -> bytes:
    """A file by Pillow."""
    image = picture if isinstance(picture, Image.Image) else image_of(picture)
    out = io.BytesIO()
    image.save(out, format, **save)
    return out.getvalue()


def cmyk_jpeg(width: int, height: int, **save: Any) -> bytes:
    """A four-component file by Pillow."""
    return pillow(Image.fromarray(scene(width, height, 4), "CMYK"), **save)


def jpeglib_blocks(data: bytes) -> list[Blocks]:
    """Each component's blocks as jpeglib (libjpeg 6b) reads them; those beyond the picture are not shown."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(data)
        file.flush()
        read = jpeglib.read_dct(file.name)
        planes = (read.Y, read.Cb, read.Cr, read.K)
        return [plane for plane in planes if plane is not None]


def with_whole_mcus(data: bytes, h: int, v: int) -> bytes:
    """The file with a size of whole MCUs (`8 h` x `8 v`) in its header, so that padding blocks become visible.

    Right for files in which every scan is interleaved: their data hold whole MCUs anyway.
    """
    at = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in (0xC0, 0xC1, 0xC2)) + 5
    height, width = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
    whole = (-(-height // (8 * v)) * 8 * v).to_bytes(2, "big") + (-(-width // (8 * h)) * 8 * h).to_bytes(2, "big")
    return data[:at] + whole + data[at + 4 :]


def saved(data: bytes, folder: Path, name: str = "file.jpg") -> Path:
    """`data` as a file."""
    path = folder / name
    path.write_bytes(data)
    return path
