"""mozjpeg as others carry it, asked as test_mozjpeg.py needs it, and ours beside it.

libvips (pyvips-binary) has each feature under a flag of its own; jpeglib has mozjpeg 3.0 and 4.0.3 with their
defaults. What neither can be asked for comes from cjpeg 5.0.0 and Squoosh's WebAssembly as hashes
(mozjpeg_goldens.json, made by make_mozjpeg_goldens.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jpeglib
import numpy as np
import pyvips
from numpy.typing import NDArray

from understudy.profile import loads
from understudy.steps import Context, Raster
from understudy.steps.base import Delivered
from understudy.steps.encode import SAMPLINGS, Encode
from understudy.steps.envelope import Envelope

Picture = NDArray[np.uint8]
TRELLIS = {"quantizer": "mozjpeg-trellis", "overshoot_deringing": True}
LIBVIPS = {"jfif": "none"}
MOZJPEG = {"merge_dqt": True, "dht": "merged"}


def drawn(width: int, height: int, white: int = 3) -> Picture:
    """Slopes, edges, texture and white squares, by integers alone: the same everywhere. white: of how many, one."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    planes = []
    for c in range(3):
        texture = ((x * 73 ^ y * 151 ^ c * 37) * 2654435761 >> 20) % 24
        plane = (x * (2 + c) + y * (3 - c)) // 2 % 190 + 40 * ((x // 13 + y // 9 + c) % 2) + texture
        planes.append(np.where((x // 21 + y // 17) % white == 0, 255, plane))
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def law(preset: int) -> str:
    return f"mozjpeg-{preset}" if preset else "annex-k"


def ours(picture: Picture, envelope: dict[str, Any], **encode: Any) -> bytes:
    """The steps encode and envelope with these parameters; optimal Huffman tables unless said."""
    rows = [{"step": "decode"}, {"step": "encode", "huffman": "optimal", **encode}, {"step": "envelope", **envelope}]
    profile = loads(_toml(rows))
    raster = Raster(np.ascontiguousarray(picture if picture.ndim == 3 else picture[:, :, None]))
    _, first, second = profile.steps
    assert isinstance(first, Encode)
    assert isinstance(second, Envelope)
    delivered = second.exact(first.exact(raster, Context()), Context())
    assert isinstance(delivered, Delivered)
    return delivered.data


def _toml(rows: list[dict[str, Any]]) -> str:
    text = 'schema = 1\nname = "test/mozjpeg"\n[when]\nplatform = "test"\n'
    for row in rows:
        text += "[[steps]]\n" + "".join(
            f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n" for key, value in row.items()
        )
    return text


def by_libvips(picture: Picture, **save: Any) -> bytes:
    height, width = picture.shape[:2]
    bands = picture.shape[2] if picture.ndim == 3 else 1
    image = pyvips.Image.new_from_memory(np.ascontiguousarray(picture).tobytes(), width, height, bands, "uchar")
    image = image.copy(interpretation="srgb" if bands == 3 else "b-w")
    return bytes(image.jpegsave_buffer(keep="none", **save))


def by_jpeglib(
    picture: Picture, folder: Path, version: str, quality: int, preset: int, sampling: str, flags: list[str]
) -> bytes:
    """jpeglib's defaults (all of mozjpeg's), less or more `flags`; its tables go beyond 255."""
    before = jpeglib.version.get()
    jpeglib.version.set(version)
    try:
        spatial = jpeglib.from_spatial(np.ascontiguousarray(picture))
        h, v = SAMPLINGS[sampling]
        spatial.samp_factor = [[v, h], [1, 1], [1, 1]]
        path = folder / "made.jpg"
        spatial.write_spatial(str(path), qt=quality, base_quant_tbl_idx=preset, flags=flags)
        return path.read_bytes()
    finally:
        jpeglib.version.set(before)
