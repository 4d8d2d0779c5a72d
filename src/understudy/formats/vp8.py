"""The header of a VP8 key frame: quantiser indices, segments, loop filter, partitions, probabilities.

Source: RFC 6386: 9 (the frame header), 19.2 (its order), 7.3 (the bool decoder), 13.4 (which probabilities change).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .base import EndedError, le

_UPDATE_ROWS = (
    "- - - b0f6 dff1fc f9fdfd fff4fc eafefe fd fff6fe effdfe fefffe fff8fe fbfffe - fffdfe fbfefe fefffe fffefdfffe "
    "fafffefffe fe - - - d9 e1fcf1fdfffffe eafaf1fafdfffdfe fffe dffefe eefdfefe fff8fe f9fe - fffd f7fe - fffdfe fc "
    "- fffefe fd - fffefd fa fe - - - bafbfa eafbf4fe fbfbf3fdfefffe fffdfe ecfdfe fbfdfdfefe fffefe fefefe - fffe "
    "fefe fe - fe - - - - - - - - - - f8 fafefcfe f8fef9fd fffdfd f6fdfd fcfefbfefe fffefc f8fefd fdfffefe fffbfe "
    "f5fbfe fdfdfe fffbfd fcfdfe fffe fffc f9fffe fffffe fffffd fa - - fe -"
)
UPDATE_PROBABILITIES = b"".join(
    bytes.fromhex("" if row == "-" else row).ljust(11, b"\xff") for row in _UPDATE_ROWS.split()
)
"""The probability, of 256, that each of the 4 x 8 x 3 x 11 token probabilities stays as it is. Written by rows of 11,
without the 255s at their ends. Source: RFC 6386 13.4, coeff_update_probs, held against the RFC's text row by row (96
rows, November 2026); a test finds the same 1,056 bytes in libwebp's own library."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What one of the four segments of macroblocks has of its own; 0 where nothing is sent (RFC 6386 9.3)."""

    quantizer: int
    loop_filter: int


@dataclass(slots=True)
class KeyFrame:
    """A VP8 key frame's header. Names are RFC 6386's."""

    version: int = 0
    show_frame: bool = True
    first_part_size: int = 0
    width: int = 0
    height: int = 0
    horizontal_scale: int = 0
    vertical_scale: int = 0
    color_space: int = 0
    clamping_type: int = 0
    segmentation_enabled: bool = False
    update_mb_segmentation_map: bool = False
    segment_feature_absolute: bool = False
    segments: list[Segment] = field(default_factory=list)
    segment_prob: list[int] = field(default_factory=list)
    """Probabilities, of 256, of the segment tree: first half; 0 rather than 1; 2 rather than 3."""
    filter_simple: bool = False
    loop_filter_level: int = 0
    sharpness_level: int = 0
    loop_filter_adj_enable: bool = False
    partitions: int = 1
    y_ac_qi: int = 0
    deltas: dict[str, int] = field(default_factory=dict)
    """y_dc, y2_dc, y2_ac, uv_dc, uv_ac: what is added to y_ac_qi for the other kinds of coefficients."""
    refresh_entropy_probs: bool = False
    token_prob_updates: int = 0
    mb_no_coeff_skip: bool = False
    prob_skip_false: int | None = None
    trouble: str = ""
    """What ended the reading before the header's end, or nothing."""

    @property
    def quantizers(self) -> list[int]:
        """y_ac_qi of each segment, 0 to 127; of a frame without segments the one that there is."""
        if not self.segmentation_enabled or not self.segments:
            return [self.y_ac_qi]
        base = 0 if self.segment_feature_absolute else self.y_ac_qi
        return [min(127, max(0, base + s.quantizer)) for s in self.segments]

    @property
    def shares(self) -> list[float]:
        """How much of the picture each segment has, as its tree's probabilities say; they sum to 1."""
        if not self.segmentation_enabled or len(self.segment_prob) != 3:
            return [1.0]
        half, low, high = (p / 255 for p in self.segment_prob)
        return [half * low, half * (1 - low), (1 - half) * high, (1 - half) * (1 - high)]


class _Bools:
    """The bool decoder. Source: RFC 6386 7.3: the value is cut at split = 1 + (range - 1) * prob / 256."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.value = int.from_bytes(data[:2].ljust(2, b"\0"), "big")
        self.at = 2
        self.range = 255
        self.shifted = 0

    def read(self, prob: int) -> int:
        split = 1 + (((self.range - 1) * prob) >> 8)
        if self.value >= split << 8:
            bit, self.range, self.value = 1, self.range - split, self.value - (split << 8)
        else:
            bit, self.range = 0, split
        while self.range < 128:
            self.value, self.range, self.shifted = self.value << 1, self.range << 1, self.shifted + 1
            if self.shifted == 8:
                if self.at > len(self.data) + 2:
                    raise EndedError
                self.value |= self.data[self.at] if self.at < len(self.data) else 0
                self.at, self.shifted = self.at + 1, 0
        return bit

    def flag(self) -> bool:
        return self.read(128) == 1

    def number(self, bits: int) -> int:
        """L(n): the highest bit first."""
        out = 0
        for _ in range(bits):
            out = out << 1 | self.read(128)
        return out

    def signed(self, bits: int) -> int:
        size = self.number(bits)
        return -size if self.flag() else size

    def optional(self, bits: int) -> int | None:
        """A flag, then a signed number where it is set."""
        return self.signed(bits) if self.flag() else None


def read(data: bytes) -> KeyFrame:
    """The header of the key frame in `data` (a `VP8 ` chunk's payload); what is wrong with it is its `trouble`."""
    frame = KeyFrame()
    if len(data) < 10:
        frame.trouble = f"{len(data)} bytes, a key frame's header takes 10"
        return frame
    tag = le(data, 0, 3)
    if tag & 1:
        frame.trouble = "not a key frame"
        return frame
    frame.version, frame.show_frame, frame.first_part_size = tag >> 1 & 7, bool(tag >> 4 & 1), tag >> 5
    if data[3:6] != b"\x9d\x01\x2a":
        frame.trouble = f"start code {data[3:6].hex(' ')}, expected 9d 01 2a"
        return frame
    wide, high = le(data, 6, 2), le(data, 8, 2)
    frame.width, frame.horizontal_scale = wide & 0x3FFF, wide >> 14
    frame.height, frame.vertical_scale = high & 0x3FFF, high >> 14
    try:
        _first_partition(frame, _Bools(data[10 : 10 + frame.first_part_size]))
    except EndedError:
        frame.trouble = "the first partition ends inside the header"
    else:
        if 10 + frame.first_part_size > len(data):
            frame.trouble = f"the first partition takes {frame.first_part_size:,} bytes, {len(data) - 10:,} are there"
    return frame


def _first_partition(frame: KeyFrame, bools: _Bools) -> None:
    frame.color_space, frame.clamping_type = bools.number(1), bools.number(1)
    frame.segmentation_enabled = bools.flag()
    if frame.segmentation_enabled:
        _segmentation(frame, bools)
    frame.filter_simple = bools.flag()
    frame.loop_filter_level, frame.sharpness_level = bools.number(6), bools.number(3)
    frame.loop_filter_adj_enable = bools.flag()
    if frame.loop_filter_adj_enable and bools.flag():
        for _ in range(8):
            bools.optional(6)
    frame.partitions = 1 << bools.number(2)
    frame.y_ac_qi = bools.number(7)
    for name in ("y_dc", "y2_dc", "y2_ac", "uv_dc", "uv_ac"):
        frame.deltas[name] = bools.optional(4) or 0
    frame.refresh_entropy_probs = bools.flag()
    for prob in UPDATE_PROBABILITIES:
        if bools.read(prob):
            bools.number(8)
            frame.token_prob_updates += 1
    frame.mb_no_coeff_skip = bools.flag()
    if frame.mb_no_coeff_skip:
        frame.prob_skip_false = bools.number(8)


def _segmentation(frame: KeyFrame, bools: _Bools) -> None:
    """RFC 6386 9.3."""
    frame.update_mb_segmentation_map = bools.flag()
    if bools.flag():
        frame.segment_feature_absolute = bools.flag()
        steps = [bools.optional(7) for _ in range(4)]
        levels = [bools.optional(6) for _ in range(4)]
        frame.segments = [Segment(q or 0, f or 0) for q, f in zip(steps, levels, strict=True)]
    if frame.update_mb_segmentation_map:
        frame.segment_prob = [bools.number(8) if bools.flag() else 255 for _ in range(3)]
