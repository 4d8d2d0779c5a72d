"""Forward and inverse DCTs and quantisers in torch, equal to `codec`'s kernels in every bit, on any device.

Integers are int32 tensors, or float64 where they meet a matrix product: a float64 holds every sum here exactly, so
neither TF32 nor a compiler that re-orders sums can change one. A pass is a product, a half, and a floor.

Blocks are `[..., 8, 8]`, natural order: vertical frequency (or row), horizontal frequency (or column).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..codec import matrices
from ..codec.variants import Dct, Quantizer
from ..errors import UnderstudyError


@cache
def _matrix(name: str, size: int, device: torch.device) -> Tensor:
    makers: dict[str, Callable[[], NDArray[np.int64]]] = {
        "islow": matrices.islow_forward, "islow inverse": matrices.islow_inverse, "ap922": matrices.ap922_rows,
        "libjpeg 7": lambda: matrices.libjpeg_7_forward(size),
    }  # fmt: skip
    return torch.from_numpy(np.ascontiguousarray(makers[name](), dtype=np.float64)).to(device)


def _shifted(sums: Tensor, shift: int) -> Tensor:
    """Integers in float64, shifted right by `shift` bits, rounded half up."""
    return torch.floor((sums + float(1 << (shift - 1))) * 2.0**-shift)


def _along(matrix: Tensor, blocks: Tensor, axis: int) -> Tensor:
    """`matrix` [n, m] times every row (axis -1) or column (axis -2) of float64 blocks."""
    return blocks @ matrix.T if axis == -1 else matrix @ blocks


def forward(blocks: Tensor, dct: Dct) -> Tensor:
    """What `codec.dct.forward` gives for samples int32 [..., v, h] minus 128; int32, FLOAT float32.

    Blocks of 16 in either direction are libjpeg 7's, in ISLOW's scale.
    """
    v_size, h_size = blocks.shape[-2:]
    if (v_size, h_size) != (8, 8):
        return _matrices(blocks, "libjpeg 7", 15 + (h_size == 16) + (v_size == 16))
    match Dct(dct):
        case Dct.ISLOW:
            return _matrices(blocks, "islow", 15)
        case Dct.IFAST:
            return _ifast(_ifast(blocks, -1), -2)
        case Dct.FLOAT:
            return _float(_float(blocks.float(), -1), -2)
        case Dct.AP922:
            return _ap922_rows(_ap922_columns(blocks))
    raise UnderstudyError(f"{dct} in torch", expected="a recipe that `outside_torch` allows")


def _matrices(blocks: Tensor, name: str, last: int) -> Tensor:
    """Rows, then columns; two bits more are kept between."""
    v_size, h_size = blocks.shape[-2:]
    rows = _shifted(_along(_matrix(name, h_size, blocks.device), blocks.double(), -1), 11)
    return _shifted(_along(_matrix(name, v_size, blocks.device), rows, -2), last).int()


def _folded(blocks: Tensor, axis: int) -> tuple[Tensor, ...]:
    """Sums of mirrored elements, folded once more: e0 to e3; then the differences d0 to d3."""
    x = blocks.unbind(axis)
    s0, s1, s2, s3 = x[0] + x[7], x[1] + x[6], x[2] + x[5], x[3] + x[4]
    return s0 + s3, s1 + s2, s1 - s2, s0 - s3, x[0] - x[7], x[1] - x[6], x[2] - x[5], x[3] - x[4]


def _ifast(blocks: Tensor, axis: int) -> Tensor:
    m1, m2, m3, m5 = matrices.AAN_INTEGER
    e0, e1, e2, e3, d0, d1, d2, d3 = _folded(blocks, axis)
    z1 = (e2 + e3) * m1 >> 8
    a, b, c = d3 + d2, d2 + d1, d1 + d0
    z5 = (a - c) * m5 >> 8
    z2, z4, z3 = (a * m2 >> 8) + z5, (c * m3 >> 8) + z5, b * m1 >> 8
    p, m = d0 + z3, d0 - z3
    return torch.stack([e0 + e1, p + z4, e3 + z1, m - z2, e0 - e1, m + z2, e3 - z1, p - z4], axis)


def _float(blocks: Tensor, axis: int) -> Tensor:
    """float32, each operation rounded by itself: as eager torch computes it."""
    m1, m2, m3, m5 = matrices.AAN_FLOAT
    e0, e1, e2, e3, d0, d1, d2, d3 = _folded(blocks, axis)
    z1 = (e2 + e3) * m1
    a, b, c = d3 + d2, d2 + d1, d1 + d0
    z5 = (a - c) * m5
    z2, z4, z3 = a * m2 + z5, c * m3 + z5, b * m1
    p, m = d0 + z3, d0 - z3
    return torch.stack([e0 + e1, p + z4, e3 + z1, m - z2, e0 - e1, m + z2, e3 - z1, p - z4], axis)


def _ap922_columns(blocks: Tensor) -> Tensor:
    t1, t2, t3, t4 = matrices.AP922_TANGENTS
    x = blocks.unbind(-2)
    s0, s1, s2, s3 = (x[0] + x[7]) << 3, (x[1] + x[6]) << 3, (x[2] + x[5]) << 3, (x[3] + x[4]) << 3
    d0, d1, d2, d3 = (x[0] - x[7]) << 3, (x[1] - x[6]) << 4, (x[2] - x[5]) << 4, (x[3] - x[4]) << 3
    a, b, c, d = s0 + s3, s0 - s3, s1 + s2, s1 - s2
    p, m = ((d1 + d2) * t4 >> 16) | 1, (d1 - d2) * t4 >> 16
    e, f, g, h = d3 + m, d3 - m, d0 + p, d0 - p
    return torch.stack([
        a + c, (g + (e * t1 >> 16)) | 1, (b + (d * t2 >> 16)) | 1, h - (f * t3 >> 16) - f,
        a - c, (h * t3 >> 16) + h + f, ((b * t2 >> 16) - d) | 1, (g * t1 >> 16) - e,
    ], -2)  # fmt: skip


def _ap922_rows(blocks: Tensor) -> Tensor:
    weights = _matrix("ap922", 8, blocks.device)  # [row, f, x]
    sums = (weights @ blocks.double().unsqueeze(-1)).squeeze(-1)
    return _shifted(sums, 20).int()


def quantise(raw: Tensor, steps: Tensor, dct: Dct, quantizer: Quantizer) -> Tensor:
    """int32 levels of what `forward` gave. `steps`: int64, broadcast against `raw` [..., 8, 8]."""
    if quantizer is Quantizer.RECIPROCAL15_HALF_EVEN:
        if dct not in (Dct.AP922, Dct.ISLOW):
            raise UnderstudyError(f"{quantizer} after {dct}", expected="ap922 or islow with this quantiser")
        shift = 18 if dct is Dct.ISLOW else 15
        scaled = raw.abs().long() * ((32768 + (steps >> 1)) // steps)
        size = (scaled + ((1 << (shift - 1)) - 1) + ((scaled >> shift) & 1)) >> shift
        return (size * raw.sign()).int()
    if dct is Dct.FLOAT:
        scale = torch.from_numpy(np.outer(matrices.AAN_SCALE, matrices.AAN_SCALE)).to(raw.device)
        return torch.round(raw * (1.0 / (steps * scale * 8.0)).float()).int()
    if dct is Dct.ISLOW:
        divisors = steps << 3
    elif dct is Dct.IFAST:
        scale14 = np.rint(np.outer(matrices.AAN_SCALE, matrices.AAN_SCALE) * 16384).astype(np.int64)
        divisors = (steps * torch.from_numpy(scale14).to(raw.device) + 1024) >> 11
    else:
        divisors = steps
    divisors = divisors.int()
    size = torch.div(raw.abs() + (divisors >> 1), divisors, rounding_mode="floor")
    return size * raw.sign()


def _int16(x: Tensor) -> Tensor:
    """Wrapped to 16 bits, as an int32."""
    return ((x + 32768) & 65535) - 32768


def inverse(levels: Tensor, steps: Tensor) -> Tensor:
    """int32 samples 0..255 of int32 levels, as libjpeg-turbo's islow makes them (x86-64 SIMD, wraps included)."""
    x = _int16(levels * steps.int())
    # The shortcut of blocks whose rows 1 to 7 are zero: what leaves 14 bits in row 0 wraps. No encoder writes that.
    wraps = ((x[..., 0, :] + 8192) >> 14).ne(0).any(-1) & levels[..., 1:, :].eq(0).flatten(-2).all(-1)
    top = torch.where(wraps[..., None], _int16(x[..., 0, :] << 2) >> 2, x[..., 0, :])
    x = torch.cat([top[..., None, :], x[..., 1:, :]], -2)
    x = _inverse_pass(x.transpose(-1, -2), 11).clamp(-32768, 32767)
    return _inverse_pass(x.transpose(-1, -2), 18).clamp(-128, 127) + 128


def _inverse_pass(x: Tensor, shift: int) -> Tensor:
    """One dimension of the inverse along the last axis, int32; sums wrap to 32 bits."""
    x0, x1, x2, x3, x4, x5, x6, x7 = x.unbind(-1)
    parts: Sequence[Tensor] = (
        _int16(x0 + x4), _int16(x0 - x4), x2, x6, _int16(x7 + x3), _int16(x5 + x1), x1, x3, x5, x7,
    )  # fmt: skip
    sums = torch.stack([p.double() for p in parts], -1) @ _matrix("islow inverse", 8, x.device)
    return (sums + float(1 << (shift - 1))).long().int() >> shift
