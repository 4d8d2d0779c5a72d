"""The loops that read entropy-coded data. Every kernel here reads what strangers wrote.

Bits stand left-aligned in a 64-bit accumulator `acc` that holds `cnt` valid bits; `pos` is the next byte to take.
`data` is padded by PAD zero bytes, more than one block can ask for, and each block is checked against its segment's
end before the next begins: so no read leaves the array, and no block is kept that the data did not hold.

A lookup row (int32) begins with one entry for each value of the next LUT_BITS bits:
    bits 0-4    length of the code, 0 if longer than LUT_BITS or none
    bits 5-12   symbol (AC: run << 4 | size; DC: size)
    bit  13     HAS_VALUE, set when code and value bits fit together: then
    bits 14-19  length of code and value together
    bits 20-31  the value, signed (T.81 F.2.2.1's EXTEND done)
and goes on, for longer codes, with: LIMIT + l, the first 16-bit word beyond the codes of length l; OFFSET + l, what
to add to a code of length l to get its rank; SYMBOLS + rank, the symbol.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._jit import kernel
from .syntax import NATURAL_OF_ZIGZAG

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

Flat = npt.NDArray[np.int16]
Lut = npt.NDArray[np.int32]
Luts = npt.NDArray[np.int32]

LUT_BITS = 12
LIMIT, OFFSET, SYMBOLS, LUT_SIZE = 4096, 4096 + 32, 4096 + 64, 4096 + 64 + 256
HAS_VALUE = 1 << 13
PAD = 1024
DATA_ENDS, BAD_CODE, BAD_INDEX, BAD_SIZE = 0, 1, 2, 3
DAMAGE = ("the data ends", "a code that the table does not have", "a coefficient beyond its band", "an illegal size")
"""What a segment can suffer from, by the numbers above; the first column of `damage`."""
_NATURAL = np.array(NATURAL_OF_ZIGZAG, np.int64)


@kernel
def fill_lut(lut: npt.NDArray[np.int32], counts: npt.NDArray[np.int32], symbols: Bytes) -> None:
    """Fills one row of lookups from a table that is not overfull; T.81 C.2, F.2.2.3. counts: codes of each length."""
    code = 0  # left-aligned in 16 bits
    at = 0
    for length in range(1, 17):
        step = 1 << (16 - length)
        lut[OFFSET + length] = at - (code >> (16 - length))
        for _ in range(counts[length - 1]):
            symbol = np.int32(symbols[at])
            lut[SYMBOLS + at] = symbol
            if length <= 12:
                first = code >> 4
                for index in range(first, first + (1 << (12 - length))):
                    entry = length | symbol << 5
                    size = symbol & 15
                    total = length + size
                    if total <= 12 and (size > 0 or symbol == 0):
                        value = (index >> (12 - total)) & ((1 << size) - 1)
                        if size > 0 and value < 1 << (size - 1):
                            value -= (1 << size) - 1
                        entry |= HAS_VALUE | total << 14 | value << 20
                    lut[index] = entry
            at += 1
            code += step
        lut[LIMIT + length] = code


@kernel
def _unstuff(src: Bytes, out: Bytes, starts: Ints) -> tuple[int, int, int]:
    """Removes stuffing, splits at RSTm; returns bytes written, segments, where an unlawful FF stood (or -1)."""
    n = src.size
    o = 0
    segments = 0
    i = 0
    while i < n:
        b = src[i]
        i += 1
        if b != 0xFF:
            out[o] = b
            o += 1
            continue
        while i < n and src[i] == 0xFF:
            i += 1
        if i >= n:
            break
        b = src[i]
        i += 1
        if b == 0:
            out[o] = 0xFF
            o += 1
        elif 0xD0 <= b <= 0xD7:
            segments += 1
            starts[segments] = o
        else:
            starts[segments + 1] = o
            return o, segments + 1, i - 2
    starts[segments + 1] = o
    return o, segments + 1, -1


@kernel
def _count_restarts(src: Bytes) -> int:
    count = 0
    for i in range(1, src.size):
        if src[i - 1] == 0xFF and 0xD0 <= src[i] <= 0xD7:
            count += 1
    return count


def unstuff(src: Bytes) -> tuple[Bytes, Ints, int]:
    """Scan data without stuffed zeros and restart markers, padded; the segments' starts and end; the first damage.

    starts: [segments + 1]; segment i is data[starts[i]:starts[i + 1]]. Damage: offset into src, or -1.
    """
    out = np.empty(src.size + PAD, np.uint8)
    starts = np.zeros(_count_restarts(src) + 2, np.int64)
    size, segments, bad_at = _unstuff(src, out, starts)
    out[size:] = 0
    return out, starts[: segments + 1], bad_at


# The helpers return one number each: numba passes a tuple through memory, which costs these loops three times their
# time (measured). So the loops themselves keep `acc`, `cnt` and `pos`, and fill up with the same three lines.


@kernel
def _word(data: Bytes, pos: np.uint64) -> np.uint64:
    """The four bytes at `pos` as one number, the first highest."""
    return (
        np.uint64(data[pos]) << np.uint64(24)
        | np.uint64(data[pos + np.uint64(1)]) << np.uint64(16)
        | np.uint64(data[pos + np.uint64(2)]) << np.uint64(8)
        | np.uint64(data[pos + np.uint64(3)])
    )


@kernel
def _entry(acc: np.uint64, luts: Luts, row: int) -> int:
    """The lookup entry of the next code (without a value if the code is longer than LUT_BITS); 0 if there is none."""
    entry = np.int64(luts[row, acc >> np.uint64(52)])
    if entry & 31:
        return entry
    code = np.int64(acc >> np.uint64(48))
    for length in range(13, 17):
        if code < luts[row, LIMIT + length]:
            rank = ((code >> (16 - length)) + luts[row, OFFSET + length]) & 255
            return np.int64(luts[row, SYMBOLS + rank]) << 5 | length
    return 0


@kernel
def _value(acc: np.uint64, size: int) -> int:
    """The next `size` bits (1 to 16) as a signed value; T.81 F.2.2.1, RECEIVE and EXTEND."""
    value = np.int64(acc >> np.uint64(64 - size))
    return value if value >= 1 << (size - 1) else value - (1 << size) + 1


@kernel
def _end_of_band_run(acc: np.uint64, size: int) -> int:
    """Blocks that EOBn with n = `size` (0 to 14) ends, from the n bits that follow; T.81 G.1.2.2."""
    return 1 << size if size == 0 else (1 << size) + np.int64(acc >> np.uint64(64 - size))


@kernel
def sequential(
    data: Bytes,
    starts: Ints,
    luts: Luts,
    geometry: Ints,
    mcus_x: int,
    mcus: int,
    interval: int,
    flat: Flat,
    damage: Ints,
) -> int:
    """All segments of a sequential scan; T.81 F.2.

    geometry: rows (first block, blocks a row, blocks across an MCU, blocks down an MCU). interval: MCUs a segment.
    Returns the blocks that were read; damage[i] = (kind, MCU) where segment i broke off.
    """
    visited = 0
    pred = np.zeros(4, np.int64)
    for segment in range(damage.shape[0]):
        acc, cnt, pos, end = np.uint64(0), 0, np.uint64(starts[segment]), 8 * starts[segment + 1]
        pred[:] = 0
        bad = -1
        mcu = segment * interval
        while mcu < min((segment + 1) * interval, mcus) and bad < 0:
            row, column = mcu // mcus_x, mcu % mcus_x
            for i in range(geometry.shape[0]):
                first, stride, h, v = geometry[i, 0], geometry[i, 1], geometry[i, 2], geometry[i, 3]
                for block in range(h * v):
                    if bad >= 0:
                        continue
                    base = 64 * (first + (row * v + block // h) * stride + column * h + block % h)
                    if cnt <= 32:
                        acc |= _word(data, pos) << np.uint64(32 - cnt)
                        cnt += 32
                        pos += np.uint64(4)
                    entry = _entry(acc, luts, i)
                    size = (entry >> 5) & 255
                    if entry == 0 or size > 15:
                        bad = BAD_CODE if entry == 0 else BAD_SIZE
                        damage[segment, 0], damage[segment, 1] = bad, mcu
                        continue
                    acc <<= np.uint64(entry & 31)
                    cnt -= entry & 31
                    difference = 0
                    if size > 0:
                        difference = _value(acc, size)
                        acc <<= np.uint64(size)
                        cnt -= size
                    k = 1
                    while k < 64:
                        if cnt <= 32:
                            acc |= _word(data, pos) << np.uint64(32 - cnt)
                            cnt += 32
                            pos += np.uint64(4)
                        entry = np.int64(luts[4 + i, acc >> np.uint64(52)])
                        if entry & HAS_VALUE:
                            symbol = (entry >> 5) & 255
                            acc <<= np.uint64((entry >> 14) & 31)
                            cnt -= (entry >> 14) & 31
                            if symbol == 0:
                                break
                            k += symbol >> 4
                            value = entry >> 20
                        else:
                            entry = _entry(acc, luts, 4 + i)
                            if entry == 0:
                                bad = BAD_CODE
                                break
                            symbol = (entry >> 5) & 255
                            acc <<= np.uint64(entry & 31)
                            cnt -= entry & 31
                            size = symbol & 15
                            if size == 0:
                                if symbol != 0xF0:
                                    break
                                k += 16
                                continue
                            k += symbol >> 4
                            value = _value(acc, size)
                            acc <<= np.uint64(size)
                            cnt -= size
                        if k > 63:
                            bad = BAD_INDEX
                            break
                        flat[base + _NATURAL[k]] = value
                        k += 1
                    if 8 * np.int64(pos) - cnt > end:
                        bad = DATA_ENDS
                    if bad >= 0:
                        flat[base : base + 64] = 0
                        damage[segment, 0], damage[segment, 1] = bad, mcu
                        continue
                    pred[i] += difference
                    flat[base] = pred[i]
                    visited += 1
            mcu += 1
    return visited


@kernel
def dc_first(
    data: Bytes, starts: Ints, luts: Luts, geometry: Ints, mcus_x: int, mcus: int, interval: int, flat: Flat,
    damage: Ints, Al: int,
) -> int:  # fmt: skip
    """A DC scan with Ah = 0; as `sequential`, T.81 G.2.1."""
    visited = 0
    pred = np.zeros(4, np.int64)
    for segment in range(damage.shape[0]):
        acc, cnt, pos, end = np.uint64(0), 0, np.uint64(starts[segment]), 8 * starts[segment + 1]
        pred[:] = 0
        bad = -1
        mcu = segment * interval
        while mcu < min((segment + 1) * interval, mcus) and bad < 0:
            row, column = mcu // mcus_x, mcu % mcus_x
            for i in range(geometry.shape[0]):
                first, stride, h, v = geometry[i, 0], geometry[i, 1], geometry[i, 2], geometry[i, 3]
                for block in range(h * v):
                    if bad >= 0:
                        continue
                    if cnt <= 32:
                        acc |= _word(data, pos) << np.uint64(32 - cnt)
                        cnt += 32
                        pos += np.uint64(4)
                    entry = _entry(acc, luts, i)
                    size = (entry >> 5) & 255
                    if entry == 0 or size > 15:
                        bad = BAD_CODE if entry == 0 else BAD_SIZE
                        size = 0
                    acc <<= np.uint64(entry & 31)
                    cnt -= entry & 31
                    if size > 0:
                        pred[i] += _value(acc, size)
                        acc <<= np.uint64(size)
                        cnt -= size
                    if 8 * np.int64(pos) - cnt > end:
                        bad = DATA_ENDS
                    if bad >= 0:
                        damage[segment, 0], damage[segment, 1] = bad, mcu
                        continue
                    flat[64 * (first + (row * v + block // h) * stride + column * h + block % h)] = pred[i] << Al
                    visited += 1
            mcu += 1
    return visited


@kernel
def dc_refine(
    data: Bytes, starts: Ints, luts: Luts, geometry: Ints, mcus_x: int, mcus: int, interval: int, flat: Flat,
    damage: Ints, Al: int,
) -> int:  # fmt: skip
    """A DC scan with Ah > 0: one bit a block, without a code; T.81 G.1.2.1."""
    visited = 0
    bit = 1 << Al
    for segment in range(damage.shape[0]):
        at, end = 8 * starts[segment], 8 * starts[segment + 1]
        mcu = segment * interval
        short = False
        while mcu < min((segment + 1) * interval, mcus):
            row, column = mcu // mcus_x, mcu % mcus_x
            for i in range(geometry.shape[0]):
                first, stride, h, v = geometry[i, 0], geometry[i, 1], geometry[i, 2], geometry[i, 3]
                for block in range(h * v):
                    if at >= end:
                        short = True
                        continue
                    if (data[at >> 3] >> (7 - (at & 7))) & 1:
                        flat[64 * (first + (row * v + block // h) * stride + column * h + block % h)] |= bit
                    at += 1
                    visited += 1
            if short:
                damage[segment, 0], damage[segment, 1] = DATA_ENDS, mcu
                break
            mcu += 1
    return visited


@kernel
def ac_first(
    data: Bytes, starts: Ints, luts: Luts, geometry: Ints, mcus_x: int, mcus: int, interval: int, flat: Flat,
    damage: Ints, Ss: int, Se: int, Al: int,
) -> int:  # fmt: skip
    """An AC scan with Ah = 0 (one component, a block is an MCU); T.81 G.1.2.2."""
    visited = 0
    first, stride = geometry[0, 0], geometry[0, 1]
    for segment in range(damage.shape[0]):
        acc, cnt, pos, end = np.uint64(0), 0, np.uint64(starts[segment]), 8 * starts[segment + 1]
        mcu, stop = segment * interval, min((segment + 1) * interval, mcus)
        while mcu < stop:
            base = 64 * (first + (mcu // mcus_x) * stride + mcu % mcus_x)
            bad = -1
            run = 1
            k = Ss
            while k <= Se:
                if cnt <= 32:
                    acc |= _word(data, pos) << np.uint64(32 - cnt)
                    cnt += 32
                    pos += np.uint64(4)
                entry = _entry(acc, luts, 4)
                if entry == 0:
                    bad = BAD_CODE
                    break
                acc <<= np.uint64(entry & 31)
                cnt -= entry & 31
                size, zeros = (entry >> 5) & 15, (entry >> 9) & 15
                if size == 0:
                    if zeros == 15:
                        k += 16
                        continue
                    run = _end_of_band_run(acc, zeros)
                    acc <<= np.uint64(zeros)
                    cnt -= zeros
                    break
                k += zeros
                if k > Se:
                    bad = BAD_INDEX
                    break
                flat[base + _NATURAL[k]] = _value(acc, size) << Al
                acc <<= np.uint64(size)
                cnt -= size
                k += 1
            if 8 * np.int64(pos) - cnt > end:
                bad = DATA_ENDS
            if bad >= 0:
                for k in range(Ss, Se + 1):
                    flat[base + _NATURAL[k]] = 0
                damage[segment, 0], damage[segment, 1] = bad, mcu
                break
            visited += 1
            mcu += run
    return visited


@kernel
def ac_refine(
    data: Bytes, starts: Ints, luts: Luts, geometry: Ints, mcus_x: int, mcus: int, interval: int, flat: Flat,
    damage: Ints, Ss: int, Se: int, Al: int,
) -> int:  # fmt: skip
    """An AC scan with Ah > 0 (one component, a block is an MCU); T.81 G.1.2.3."""
    visited = 0
    first, stride = geometry[0, 0], geometry[0, 1]
    bit = 1 << Al
    for segment in range(damage.shape[0]):
        acc, cnt, pos, end = np.uint64(0), 0, np.uint64(starts[segment]), 8 * starts[segment + 1]
        run = 0
        for mcu in range(segment * interval, min((segment + 1) * interval, mcus)):
            base = 64 * (first + (mcu // mcus_x) * stride + mcu % mcus_x)
            bad = -1
            k = Ss
            while k <= Se:
                zeros, new = 64, 0  # with an end-of-band, what is left of the band is only corrected
                if run == 0:
                    if cnt <= 32:
                        acc |= _word(data, pos) << np.uint64(32 - cnt)
                        cnt += 32
                        pos += np.uint64(4)
                    entry = _entry(acc, luts, 4)
                    if entry == 0 or (entry >> 5) & 15 > 1:
                        bad = BAD_CODE if entry == 0 else BAD_SIZE
                        break
                    acc <<= np.uint64(entry & 31)
                    cnt -= entry & 31
                    zeros = (entry >> 9) & 15
                    if (entry >> 5) & 15:
                        new = bit if acc >> np.uint64(63) else -bit
                        acc <<= np.uint64(1)
                        cnt -= 1
                    elif zeros < 15:
                        run = _end_of_band_run(acc, zeros)
                        acc <<= np.uint64(zeros)
                        cnt -= zeros
                        zeros = 64
                while k <= Se:
                    at = base + _NATURAL[k]
                    value = np.int64(flat[at])
                    if value == 0:
                        if zeros == 0:
                            break
                        zeros -= 1
                    else:
                        if cnt == 0:
                            acc = _word(data, pos) << np.uint64(32)
                            cnt = 32
                            pos += np.uint64(4)
                        if acc >> np.uint64(63) and abs(value) & bit == 0:
                            flat[at] = value + bit if value > 0 else value - bit
                        acc <<= np.uint64(1)
                        cnt -= 1
                    k += 1
                if new:
                    if k > Se:
                        bad = BAD_INDEX
                        break
                    flat[base + _NATURAL[k]] = new
                k += 1
            if run > 0:
                run -= 1
            if 8 * np.int64(pos) - cnt > end:
                bad = DATA_ENDS
            if bad >= 0:
                damage[segment, 0], damage[segment, 1] = bad, mcu
                break
            visited += 1
    return visited
