"""AV1's sequence header and the frame header of a still picture, as far as its quantiser.

Source: AV1 Bitstream & Decoding Process Specification, 5.3 (OBU), 5.5 (sequence header), 5.9 (frame header), 4.10.
"""

from __future__ import annotations

from dataclasses import dataclass

from .base import Bits, EndedError

SELECT = 2
"""SELECT_SCREEN_CONTENT_TOOLS and SELECT_INTEGER_MV."""
MAX_OBUS = 64


@dataclass(slots=True)
class Sequence:
    """The sequence header, by the specification's names."""

    seq_profile: int = 0
    still_picture: bool = False
    reduced_still_picture_header: bool = False
    equal_picture_interval: bool = True
    decoder_model_info: int = 0
    """frame_presentation_time_length, 0 where there is no decoder model."""
    width_bits: int = 0
    height_bits: int = 0
    max_width: int = 0
    max_height: int = 0
    frame_id_bits: int = 0
    use_128x128_superblock: bool = False
    screen_content_tools: int = SELECT
    integer_mv: int = SELECT
    order_hint_bits: int = 0
    enable_superres: bool = False
    enable_cdef: bool = False
    enable_restoration: bool = False
    bit_depth: int = 8
    mono_chrome: bool = False
    color: tuple[int, int, int] = (2, 2, 2)
    """Colour primaries, transfer characteristics, matrix coefficients; 2: not stated."""
    full_range: bool = False
    subsampling_x: int = 1
    subsampling_y: int = 1
    separate_uv_delta_q: bool = False
    film_grain_params_present: bool = False

    @property
    def sampling(self) -> str:
        """`4:2:0`, `4:2:2`, `4:4:4` or `grey`."""
        if self.mono_chrome:
            return "grey"
        return {(1, 1): "4:2:0", (1, 0): "4:2:2", (0, 0): "4:4:4"}.get((self.subsampling_x, self.subsampling_y), "")


@dataclass(slots=True)
class Frame:
    """A shown key frame's header, by the specification's names."""

    base_q_idx: int = 0
    deltas: tuple[int, ...] = ()
    """DeltaQYDc, DeltaQUDc, DeltaQUAc, and V's where they differ."""
    using_qmatrix: bool = False
    qm: tuple[int, ...] = ()
    segmentation_enabled: bool = False
    delta_q_present: bool | None = None
    """None where it was not read (behind segmentation)."""
    tile_cols: int = 1
    tile_rows: int = 1


@dataclass(slots=True)
class Stream:
    """What the first OBUs of an item say."""

    sequence: Sequence | None = None
    frame: Frame | None = None
    trouble: str = ""


def read(data: bytes) -> Stream:
    """The sequence header and the first frame header in `data` (OBUs one behind the other, each with its size)."""
    out = Stream()
    at = 0
    try:
        for _ in range(MAX_OBUS):
            if at >= len(data):
                break
            head = data[at]
            kind, body = head >> 3 & 15, at + 1 + (head >> 2 & 1)
            end = len(data)
            if head & 2:
                size, body = _leb128(data, body)
                end = body + size
            if kind == 1:
                out.sequence = _sequence(Bits(data[body:end]))
            elif kind in (3, 6) and out.sequence is not None:
                out.frame = _frame(Bits(data[body : min(end, body + 256)]), out.sequence)
                break
            at = end
    except EndedError as error:
        out.trouble = str(error) or "the data ends inside a header"
    return out


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """4.10.5: (value, where it ends)."""
    value = 0
    for i in range(8):
        if at + i >= len(data):
            raise EndedError
        value |= (data[at + i] & 127) << (7 * i)
        if not data[at + i] & 128:
            return value, at + i + 1
    raise EndedError("a size that does not end")


def _sequence(b: Bits) -> Sequence:
    """5.5.1."""
    s = Sequence(b.u(3), b.flag(), b.flag())
    if s.reduced_still_picture_header:
        b.u(5)
    else:
        _operating_points(b, s)
    s.width_bits, s.height_bits = b.u(4) + 1, b.u(4) + 1
    s.max_width, s.max_height = b.u(s.width_bits) + 1, b.u(s.height_bits) + 1
    if not s.reduced_still_picture_header and b.flag():
        s.frame_id_bits = b.u(4) + 2
        s.frame_id_bits += b.u(3) + 1
    s.use_128x128_superblock = b.flag()
    b.u(2)
    if not s.reduced_still_picture_header:
        b.u(4)
        order_hint = b.flag()
        if order_hint:
            b.u(2)
        s.screen_content_tools = SELECT if b.flag() else b.u(1)
        if s.screen_content_tools:
            s.integer_mv = SELECT if b.flag() else b.u(1)
        if order_hint:
            s.order_hint_bits = b.u(3) + 1
    s.enable_superres, s.enable_cdef, s.enable_restoration = b.flag(), b.flag(), b.flag()
    _color_config(b, s)
    s.film_grain_params_present = b.flag()
    return s


def _operating_points(b: Bits, s: Sequence) -> None:
    """5.5.1, timing_info, decoder_model_info, operating points."""
    delay = 0
    if b.flag():
        b.u(64)
        s.equal_picture_interval = b.flag()
        if s.equal_picture_interval:
            b.ue()
        if b.flag():
            delay = b.u(5) + 1
            b.u(32)
            b.u(5)
            s.decoder_model_info = b.u(5) + 1
    display_delay = b.flag()
    for _ in range(b.u(5) + 1):
        b.u(12)
        if b.u(5) > 7:
            b.u(1)
        if delay and b.flag():
            b.u(delay)
            b.u(delay)
            b.u(1)
        if display_delay and b.flag():
            b.u(4)


def _color_config(b: Bits, s: Sequence) -> None:
    """5.5.2."""
    high = b.flag()
    s.bit_depth = 10 if high else 8
    if s.seq_profile == 2 and high and b.flag():
        s.bit_depth = 12
    s.mono_chrome = s.seq_profile != 1 and b.flag()
    if b.flag():
        s.color = b.u(8), b.u(8), b.u(8)
    if s.mono_chrome:
        s.full_range = b.flag()
        return
    if s.color == (1, 13, 0):
        s.full_range, s.subsampling_x, s.subsampling_y = True, 0, 0
    else:
        s.full_range = b.flag()
        if s.seq_profile == 1:
            s.subsampling_x = s.subsampling_y = 0
        elif s.seq_profile == 2:
            if s.bit_depth == 12:
                s.subsampling_x = b.u(1)
                s.subsampling_y = b.u(1) if s.subsampling_x else 0
            else:
                s.subsampling_x, s.subsampling_y = 1, 0
        if s.subsampling_x and s.subsampling_y:
            b.u(2)
    s.separate_uv_delta_q = b.flag()


def _frame(b: Bits, s: Sequence) -> Frame:
    """5.9.2, of a key frame that is shown; raises EndedError for others."""
    reduced = s.reduced_still_picture_header
    if not reduced:
        if b.flag():
            raise EndedError("the first frame header repeats another frame")
        kind, shown = b.u(2), b.flag()
        if kind != 0 or not shown:
            raise EndedError("the first frame is no key frame that is shown")
        if s.decoder_model_info and not s.equal_picture_interval:
            b.u(s.decoder_model_info)
    disable_cdf_update = b.flag()
    tools = b.u(1) if s.screen_content_tools == SELECT else s.screen_content_tools
    if tools and s.integer_mv == SELECT:
        b.u(1)
    b.u(s.frame_id_bits)
    override = not reduced and b.flag()
    b.u(s.order_hint_bits)
    if s.decoder_model_info and b.flag():
        raise EndedError("a decoder model's buffer times are not read")
    width, height = s.max_width, s.max_height
    if override:
        width, height = b.u(s.width_bits) + 1, b.u(s.height_bits) + 1
    upscaled = width
    if s.enable_superres and b.flag():
        denominator = b.u(3) + 9
        width = (upscaled * 8 + denominator // 2) // denominator
    if b.flag():
        b.u(32)
    if tools and upscaled == width:
        b.u(1)
    if not reduced and not disable_cdf_update:
        b.u(1)
    frame = Frame()
    _tile_info(b, s, frame, width, height)
    _quantization(b, s, frame)
    frame.segmentation_enabled = b.flag()
    if not frame.segmentation_enabled:
        frame.delta_q_present = b.flag() if frame.base_q_idx else False
    return frame


def _log2(blocks: int, target: int) -> int:
    """tile_log2: the least k with blocks << k >= target."""
    k = 0
    while blocks << k < target:
        k += 1
    return k


def _tile_info(b: Bits, s: Sequence, frame: Frame, width: int, height: int) -> None:
    """5.9.15."""
    shift = 5 if s.use_128x128_superblock else 4
    columns, rows = ((2 * ((n + 7) >> 3) + (1 << shift) - 1) >> shift for n in (width, height))
    widest, area = 4096 >> (shift + 2), (4096 * 2304) >> (2 * (shift + 2))
    least = _log2(widest, columns)
    at_least = max(least, _log2(area, rows * columns))
    if b.flag():
        log_columns = _increments(b, least, _log2(1, min(columns, 64)))
        log_rows = _increments(b, max(at_least - log_columns, 0), _log2(1, min(rows, 64)))
        each = -(-columns // (1 << log_columns)), -(-rows // (1 << log_rows))
        frame.tile_cols, frame.tile_rows = -(-columns // each[0]), -(-rows // each[1])
    else:
        frame.tile_cols, wide = _explicit(b, columns, widest)
        most = rows * columns >> (at_least + 1) if at_least else rows * columns
        frame.tile_rows, _ = _explicit(b, rows, max(most // wide, 1))
    log_columns, log_rows = _log2(1, frame.tile_cols), _log2(1, frame.tile_rows)
    if log_columns or log_rows:
        b.u(log_columns + log_rows)
        b.u(2)


def _increments(b: Bits, value: int, most: int) -> int:
    while value < most and b.flag():
        value += 1
    return value


def _explicit(b: Bits, blocks: int, most: int) -> tuple[int, int]:
    """(number of tiles, the widest in superblocks) of sizes that are each stated as ns(n), 4.10.7."""
    start = count = widest = 0
    while start < blocks:
        n = min(blocks - start, most)
        w = n.bit_length()
        m = (1 << w) - n
        v = b.u(w - 1)
        size = 1 + (v if v < m else (v << 1) - m + b.u(1))
        start, count, widest = start + size, count + 1, max(widest, size)
    return count, widest


def _quantization(b: Bits, s: Sequence, frame: Frame) -> None:
    """5.9.12."""
    frame.base_q_idx = b.u(8)

    def delta() -> int:
        if not b.flag():
            return 0
        value = b.u(7)
        return value - 128 if value & 64 else value

    deltas = [delta()]
    if not s.mono_chrome:
        differ = s.separate_uv_delta_q and b.flag()
        deltas += [delta(), delta()]
        if differ:
            deltas += [delta(), delta()]
    frame.deltas = tuple(deltas)
    frame.using_qmatrix = b.flag()
    if frame.using_qmatrix:
        frame.qm = tuple(b.u(4) for _ in range(3 if s.separate_uv_delta_q else 2))
