"""What AV1 and HEVC headers say of a still picture's coding, and which quality known encoders code so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..evidence.base import Observation, anomaly, visible
from . import av1, hevc
from .base import Found, claim, consistent_with, sentence

SPEC = "AV1 Bitstream & Decoding Process Specification"
H265 = "ITU-T H.265"
PRIMARIES = {1: "BT.709/sRGB", 9: "BT.2020", 11: "DCI P3", 12: "Display P3"}
TRANSFERS = {1: "BT.709", 8: "linear", 13: "sRGB", 16: "PQ", 18: "HLG"}
MATRICES = {0: "RGB", 1: "BT.709", 5: "BT.601", 6: "BT.601", 9: "BT.2020"}
"""Code points that pictures have. Source: ITU-T H.273 (the twin text of ISO/IEC 23091-2), 8.1 to 8.3, tables 2 to 4, as
W3C's WebCodecs cites them."""

NEWER_LIBAVIF = (
    255, 255, 255, 249, 249, 249, 244, 244, 240, 240, 236, 236, 232, 232, 228, 228, 224, 224, 220, 220, 216,
    216, 212, 212, 208, 208, 204, 204, 200, 200, 196, 196, 192, 192, 188, 184, 184, 180, 180, 176, 172, 172,
    168, 168, 164, 160, 160, 156, 156, 152, 148, 148, 144, 144, 140, 136, 132, 132, 128, 124, 120, 120, 116,
    112, 108, 108, 104, 100, 96, 96, 92, 88, 84, 84, 80, 76, 72, 72, 68, 64, 60, 60, 56, 52, 48, 48, 44, 40, 36,
    36, 32, 28, 24, 24, 20, 16, 12, 12, 8, 4, 0,
)  # fmt: skip
"""base_q_idx at each quality 0 to 100. Measured: libavif 1.4.0 (imagecodecs) and 1.4.2 (Pillow), with libaom."""
X265_INTRA = 3
"""By how much x265 lowers an I slice's QP below its constant rate factor (6 log2 1.4 = 2.9). Measured with libheif."""


def linear_q_idx(quality: int) -> int:
    """base_q_idx of libheif's AVIF, and of libavif before it had a curve of its own: a straight line.

    Source: quantiser (100 - q) * 63 / 100, rounded, of 0 to 63; 4 of base_q_idx each, the last two 249 and 255.
    Measured at 21 qualities: libheif 1.15.1 with libaom 3.6.0.
    """
    quantizer = ((100 - quality) * 63 + 50) // 100
    return {62: 249, 63: 255}.get(quantizer, 4 * quantizer)


def av1_qualities(base_q_idx: int) -> dict[str, list[int]]:
    """The qualities, by law, at which base_q_idx is this; laws without any are left out."""
    laws = {"libavif-1.4": NEWER_LIBAVIF, "libheif-linear": tuple(linear_q_idx(q) for q in range(101))}
    found = {law: [q for q, idx in enumerate(table) if idx == base_q_idx] for law, table in laws.items()}
    return {law: fits for law, fits in found.items() if fits}


def code_points(points: Sequence[int]) -> str:
    """The names of primaries, transfer and matrix, where they are known."""
    tables = (PRIMARIES, TRANSFERS, MATRICES)
    return ", ".join("not stated" if p == 2 else t.get(p, "?") for p, t in zip(points, tables, strict=True))


def av1_facts(stream: av1.Stream, at: int, width: int, height: int) -> Found:
    """at: where the coded picture begins; width and height: as ispe states them."""
    if stream.trouble:
        yield anomaly(f"AV1 at {at:#x}: {stream.trouble}", at, f"{SPEC}, 5")
    s, f = stream.sequence, stream.frame
    if s is None:
        return
    value: dict[str, Any] = {
        "seq_profile": s.seq_profile,
        "still_picture": s.still_picture,
        "bit_depth": s.bit_depth,
        "sampling": s.sampling,
        "color": list(s.color),
        "full_range": s.full_range,
        "superblock": 128 if s.use_128x128_superblock else 64,
        "reduced_still_picture_header": s.reduced_still_picture_header,
        "enable_cdef": s.enable_cdef,
        "enable_restoration": s.enable_restoration,
        "film_grain": s.film_grain_params_present,
    }
    grain = ", film grain" if s.film_grain_params_present else ""
    text = f"AV1 profile {s.seq_profile}, {s.bit_depth} bits, {s.sampling}, {s.max_width} x {s.max_height}{grain}"
    yield Observation("isobmff", "av1_sequence", value, text, at, f"{SPEC}, 5.5")
    if width and (s.max_width, s.max_height) != (width, height):
        yield anomaly(f"AV1 at {at:#x}: {s.max_width} x {s.max_height}, ispe states {width} x {height}", at,
                      "AV1 Image File Format 1.1, 2.1")  # fmt: skip
    if f is None:
        return
    value = {"base_q_idx": f.base_q_idx, "deltas": list(f.deltas), "using_qmatrix": f.using_qmatrix, "qm": list(f.qm),
             "segmentation": f.segmentation_enabled, "delta_q": f.delta_q_present,
             "tiles": [f.tile_cols, f.tile_rows]}  # fmt: skip
    shifts = f", deltas {' '.join(f'{d:+d}' for d in f.deltas)}" if any(f.deltas) else ""
    more = ", quantiser matrices" if f.using_qmatrix else ""
    more += ", varied by block" if f.delta_q_present or f.segmentation_enabled else ""
    yield Observation("isobmff", "av1_quantizer", value, f"base_q_idx {f.base_q_idx} (0 to 255){shifts}{more}", at,
                      f"{SPEC}, 5.9.12")  # fmt: skip
    laws = av1_qualities(f.base_q_idx)
    if laws:
        names = {
            "libavif-1.4": "libavif 1.4's curve",
            "libheif-linear": "the straight line of libheif (and older libavif)",
        }
        told = ", ".join(f"{_span(fits)} by {names[law]}" for law, fits in laws.items())
        ranges = {law: [fits[0], fits[-1]] for law, fits in laws.items()}
        yield Observation("isobmff", "quality", ranges, f"quality {told}, if the quantiser was theirs", at,
                          "libavif 1.4.0, 1.4.2, libheif 1.15.1, measured")  # fmt: skip
        yield sentence("quality", f"base_q_idx {f.base_q_idx}: quality {told}.", at)


def _span(fits: list[int]) -> str:
    return str(fits[0]) if len(fits) == 1 else f"{fits[0]} to {fits[-1]}"


def hevc_facts(h: hevc.Headers, config_at: int, at: int) -> Found:
    """config_at: where hvcC begins; at: where the coded picture begins."""
    if h.trouble:
        yield anomaly(f"HEVC at {at:#x}: {h.trouble}", at, f"{H265}, 7.3")
    if h.chroma_format_idc is None:
        yield anomaly(
            f"hvcC at {config_at:#x}: no readable sequence parameter set", config_at, "ISO/IEC 14496-15, 8.3.3"
        )
        return
    value: dict[str, Any] = {
        "profile_idc": h.profile_idc, "level": round(h.level_idc / 30, 1), "sampling": hevc.CHROMA[h.chroma_format_idc],
        "bit_depth": h.bit_depth, "width": h.width, "height": h.height, "ctb": 1 << min(h.log2_ctb, 16),
        "amp": h.amp, "sao": h.sao, "scaling_lists": h.scaling_lists,
    }  # fmt: skip
    text = (f"HEVC profile {h.profile_idc}, level {h.level_idc / 30:g}, {h.bit_depth} bits, "
            f"{hevc.CHROMA[h.chroma_format_idc]}, blocks of {1 << min(h.log2_ctb, 16)}")  # fmt: skip
    yield Observation("isobmff", "hevc_sequence", value, text, config_at, f"{H265}, 7.3.2.2")
    if h.init_qp is not None:
        value = {
            "init_qp": h.init_qp,
            "slice_qp": h.slice_qp,
            "cb_qp_offset": h.cb_qp_offset,
            "cr_qp_offset": h.cr_qp_offset,
            "cu_qp_delta": h.cu_qp_delta,
            "sign_data_hiding": h.sign_data_hiding,
        }
        told = f"QP {h.slice_qp} in the first slice" if h.slice_qp is not None else f"QP {h.init_qp} to begin with"
        told += ", varied by block" if h.cu_qp_delta else ""
        yield Observation("isobmff", "hevc_quantizer", value, told, at, f"{H265}, 7.3.2.3 and 7.3.6")
    if h.user_data:
        yield Observation(
            "comments",
            "comment",
            {"offset": at, "bytes": len(h.user_data), "text": visible(h.user_data)},
            visible(h.user_data),
            at,
            f"{H265}, D.2.7",
        )
        if h.user_data.startswith("x265"):
            yield from consistent_with(
                [
                    claim(
                        "x265",
                        ["it says so in an SEI message"],
                        "nothing else writes that, unless it lies",
                        "x265's SEI message",
                    )
                ],
                at,
            )
    if h.slice_qp is not None and not h.user_data:
        fits = [q for q in range(101) if max(0, int((100 - q) / 2 - X265_INTRA)) == h.slice_qp]
        if fits:
            yield Observation(
                "isobmff",
                "quality",
                {"libheif-x265": [fits[0], fits[-1]]},
                f"quality {_span(fits)}, if libheif wrote it with x265",
                at,
                "libheif 1.15.1, 40 files, and pillow-heif 1.8.1 (libheif 1.23), 52",
            )
            yield sentence(
                "quality", f"Slice QP {h.slice_qp}: quality {_span(fits)}, if libheif wrote it with x265.", at
            )
