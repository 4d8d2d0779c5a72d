"""HEVC's parameter sets in a HEIC file, and the quantiser of its first slice.

Source: ITU-T H.265: 7.3.1 (NAL units), 7.3.2.2 (SPS), 7.3.2.3 (PPS), 7.3.3 (profile, tier and level), 7.3.6 (slice
header); ISO/IEC 14496-15, 8.3.3 (hvcC).
"""

from __future__ import annotations

from dataclasses import dataclass

from .base import Bits, EndedError, be

VPS, SPS, PPS = 32, 33, 34
SEI_PREFIX = 39
IDR = (19, 20)
CHROMA = ("grey", "4:2:0", "4:2:2", "4:4:4")
"""chroma_format_idc, 7.4.3.2."""
MAX_NALS = 64


@dataclass(slots=True)
class Headers:
    """What the parameter sets and the first slice say, by H.265's names."""

    profile_idc: int = 0
    level_idc: int = 0
    chroma_format_idc: int | None = None
    width: int = 0
    height: int = 0
    bit_depth: int = 0
    log2_min_cb: int = 0
    log2_ctb: int = 0
    scaling_lists: bool = False
    amp: bool = False
    sao: bool = False
    separate_colour_plane: bool = False
    init_qp: int | None = None
    """26 + init_qp_minus26."""
    sign_data_hiding: bool = False
    cu_qp_delta: bool = False
    cb_qp_offset: int = 0
    cr_qp_offset: int = 0
    slice_qp: int | None = None
    """SliceQpY of the first slice; None where it was not reached."""
    user_data: str = ""
    """What the encoder wrote about itself into an SEI message, as x265 does."""
    output_flag_present: bool = False
    extra_slice_bits: int = 0
    trouble: str = ""


def parameter_sets(config: bytes) -> tuple[list[bytes], int]:
    """(the NAL units of an hvcC box's payload, bytes of a NAL unit's length in the data)."""
    nals: list[bytes] = []
    at = 23
    for _ in range(config[22] if len(config) > 22 else 0):
        count, at = be(config, at + 1, 2), at + 3
        for _ in range(count):
            size = be(config, at, 2)
            if len(nals) >= MAX_NALS or at + 2 > len(config):
                break
            nals.append(config[at + 2 : at + 2 + size])
            at += 2 + size
    return nals, (config[21] & 3) + 1 if len(config) > 21 else 4


def read(config: bytes, data: bytes) -> Headers:
    """The headers of the picture with this hvcC (payload) and data (NAL units with their lengths)."""
    out = Headers()
    nals, length = parameter_sets(config)
    at = 0
    while at + length < len(data) and len(nals) < MAX_NALS:
        size = be(data, at, length)
        nals.append(data[at + length : at + length + min(size, 4096)])
        at += length + size
    for nal in nals:
        kind = nal[0] >> 1 & 63 if nal else 0
        try:
            _one(out, kind, _unescaped(nal[2:]))
        except EndedError:
            out.trouble = out.trouble or f"a NAL unit of type {kind} ends inside its header"
    return out


def _one(out: Headers, kind: int, body: bytes) -> None:
    if kind == SPS and out.chroma_format_idc is None:
        _sps(out, Bits(body))
    elif kind == PPS and out.init_qp is None:
        _pps(out, Bits(body))
    elif kind == SEI_PREFIX and not out.user_data:
        out.user_data = _user_data(body)
    elif kind in IDR and out.slice_qp is None and out.init_qp is not None and out.chroma_format_idc is not None:
        _slice(out, Bits(body[:64]))


def _unescaped(nal: bytes) -> bytes:
    """7.3.1.1: without the 03 that keeps 00 00 01 from occurring."""
    return nal.replace(b"\0\0\3", b"\0\0")


def _sps(out: Headers, b: Bits) -> None:
    """7.3.2.2, as far as pcm_enabled_flag."""
    b.u(4)
    layers = b.u(3)
    b.u(1)
    _profile(out, b, layers)
    b.ue()
    chroma = b.ue()
    if chroma == 3:
        out.separate_colour_plane = b.flag()
    out.width, out.height = b.ue(), b.ue()
    if b.flag():
        left, right, top, bottom = b.ue(), b.ue(), b.ue(), b.ue()
        x, y = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1)
        out.width, out.height = max(0, out.width - x * (left + right)), max(0, out.height - y * (top + bottom))
    out.bit_depth = 8 + b.ue()
    b.ue()
    b.ue()
    for _ in range(layers + 1 if b.flag() else 1):
        b.ue(), b.ue(), b.ue()
    out.log2_min_cb = 3 + b.ue()
    out.log2_ctb = out.log2_min_cb + b.ue()
    for _ in range(4):
        b.ue()
    out.chroma_format_idc = min(chroma, 3)
    out.scaling_lists = b.flag()
    if out.scaling_lists and b.flag():
        return  # lists of its own stand here: what follows them is not read
    out.amp, out.sao = b.flag(), b.flag()


def _profile(out: Headers, b: Bits, layers: int) -> None:
    """7.3.3."""
    b.u(3)
    out.profile_idc = b.u(5)
    b.u(32)
    b.u(48)
    out.level_idc = b.u(8)
    flags = [(b.flag(), b.flag()) for _ in range(layers)]
    if layers:
        b.u(2 * (8 - layers))
    for profile, level in flags:
        if profile:
            b.u(64)
            b.u(24)
        if level:
            b.u(8)


def _pps(out: Headers, b: Bits) -> None:
    """7.3.2.3, as far as pps_cr_qp_offset."""
    b.ue(), b.ue()
    b.u(1)
    out.output_flag_present, out.extra_slice_bits = b.flag(), b.u(3)
    out.sign_data_hiding = b.flag()
    b.u(1)
    b.ue(), b.ue()
    init = 26 + b.se()
    b.u(2)
    out.cu_qp_delta = b.flag()
    if out.cu_qp_delta:
        b.ue()
    out.cb_qp_offset, out.cr_qp_offset = b.se(), b.se()
    out.init_qp = init


def _slice(out: Headers, b: Bits) -> None:
    """7.3.6.1, of the first slice of an IDR picture (all of its slices are I slices)."""
    if not b.flag():
        return
    b.u(1)
    b.ue()
    b.u(out.extra_slice_bits)
    if b.ue() != 2:
        return
    if out.output_flag_present:
        b.u(1)
    if out.separate_colour_plane:
        b.u(2)
    if out.sao:
        b.u(1 if out.chroma_format_idc == 0 or out.separate_colour_plane else 2)
    out.slice_qp = (out.init_qp or 0) + b.se()


def _user_data(body: bytes) -> str:
    """The text of an SEI message `user data unregistered` (type 5), behind its 16 bytes of UUID; D.2.7."""
    if len(body) < 20 or body[0] != 5:
        return ""
    at, size = 1, 0
    while at < len(body) and body[at] == 255:
        size, at = size + 255, at + 1
    size += body[at] if at < len(body) else 0
    return body[at + 17 : at + 1 + size].split(b"\0")[0].decode("latin-1")[:2000]
