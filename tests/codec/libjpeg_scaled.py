"""Every libjpeg that jpeglib bundles, driven through its C interface: scaled decoding, which jpeglib does not offer.

jpeglib's modules export libjpeg's own functions. `jpeg_decompress_struct` begins alike in all versions (6b to 9f,
libjpeg-turbo with the interface of 6b), and only that beginning is touched here.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import jpeglib
import numpy as np
from numpy.typing import NDArray

_SIZE = {"image_width": 48, "num_components": 56, "out_color_space": 64, "scale_num": 68, "scale_denom": 72}
_SIZE |= {"do_fancy_upsampling": 100, "output_width": 136, "output_height": 140, "output_components": 148}
"""Offsets of 32-bit fields on machines with 64-bit pointers (jpeglib.h)."""
_OUT_COMPONENTS = 148
_FOLDER = Path(jpeglib.__file__).parent / "cjpeglib"
VERSIONS = sorted(p.name.removeprefix("cjpeglib_").split(".")[0] for p in _FOLDER.glob("cjpeglib_*.so"))
_EXIT = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@_EXIT
def _go_on(_: int) -> None:
    """An error_exit that returns: what it lets pass is jpeg_CreateDecompress' check of version and struct size."""


@cache
def library(version: str) -> ctypes.CDLL:
    """jpeglib's build of libjpeg `version` (`6b`, `9e`, `turbo210`)."""
    return ctypes.CDLL(str(next(_FOLDER.glob(f"cjpeglib_{version}.*so"))), mode=os.RTLD_LOCAL | os.RTLD_NOW)


def decode(data: bytes, version: str, eighths: int = 8, fancy: bool = True) -> NDArray[np.uint8]:
    """The picture at eighths / 8 of its size, uint8 [H, W] or [H, W, 3], of an undamaged file."""
    lib, libc = library(version), ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    cinfo, error = ctypes.create_string_buffer(4096), ctypes.create_string_buffer(1024)
    lib.jpeg_std_error.restype = ctypes.c_void_p
    handler = ctypes.cast(cinfo, ctypes.POINTER(ctypes.c_void_p))
    handler[0] = lib.jpeg_std_error(error)
    standard = ctypes.cast(error, ctypes.POINTER(ctypes.c_void_p))[0]
    ctypes.cast(error, ctypes.POINTER(ctypes.c_void_p))[0] = ctypes.cast(_go_on, ctypes.c_void_p).value

    def field(name: str) -> Any:
        return ctypes.c_int32.from_buffer(cinfo, _SIZE[name])

    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(data)
        file.flush()
        stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"rb"))
        lib.jpeg_CreateDecompress(cinfo, 0, ctypes.c_size_t(0))
        handler[0] = ctypes.addressof(error)
        ctypes.cast(error, ctypes.POINTER(ctypes.c_void_p))[0] = standard
        lib.jpeg_stdio_src(cinfo, stream)
        lib.jpeg_read_header(cinfo, 1)
        field("scale_num").value, field("scale_denom").value = eighths, 8
        field("do_fancy_upsampling").value = int(fancy)
        lib.jpeg_start_decompress(cinfo)
        width, height, parts = (field(n).value for n in ("output_width", "output_height", "output_components"))
        out = np.zeros((height, width, parts), np.uint8)
        for row in range(height):
            line = ctypes.c_void_p(out[row].ctypes.data)
            assert lib.jpeg_read_scanlines(cinfo, ctypes.byref(line), 1) == 1
        lib.jpeg_finish_decompress(cinfo)
        lib.jpeg_destroy_decompress(cinfo)
        libc.fclose(stream)
    return out if parts == 3 else out[:, :, 0]


_TABLE = np.arange(1 << 20, dtype=np.int64).astype(np.uint8)
"""A table that gives the low 8 bits of its index, in place of the one with which libjpeg clips."""


def inverse_block(version: str, levels: NDArray[np.int16], step: int, h_size: int, v_size: int) -> NDArray[np.uint8]:
    """What libjpeg's own function for `h_size` x `v_size` makes of one block, uint8 [v_size, h_size], modulo 256.

    levels int16 [8, 8], natural order; every step is `step`. The function is called by itself: the two structures that
    it looks into are filled with the one pointer that it takes from each.
    """
    name = {(8, 8): "islow"}.get((h_size, v_size), f"{h_size}x{v_size}")
    function = getattr(library(version), f"jpeg_idct_{name}")
    steps = np.full(64, step, np.int16 if version.startswith("turbo") else np.int32)
    cinfo = (ctypes.c_void_p * 512)(*[_TABLE.ctypes.data + (1 << 19)] * 512)
    component = (ctypes.c_void_p * 64)(*[steps.ctypes.data] * 64)
    rows = np.zeros((16, 16), np.uint8)
    pointers = (ctypes.c_void_p * 16)(*[rows[i].ctypes.data for i in range(16)])

    def run(block: NDArray[np.int16]) -> NDArray[np.uint8]:
        coefficients = np.ascontiguousarray(block, np.int16)
        function(cinfo, component, ctypes.c_void_p(coefficients.ctypes.data), pointers, ctypes.c_uint(0))
        return rows[:v_size, :h_size].copy()

    return run(levels) - run(np.zeros((8, 8), np.int16)) + np.uint8(128)
