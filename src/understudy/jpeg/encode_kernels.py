"""The loops that turn quantised coefficients into tokens, and tokens into entropy-coded data.

A scan is first written as tokens (uint32), with the frequency of each symbol counted on the way; once the Huffman
tables are known, the tokens become bits. So optimal tables cost one walk over the coefficients, not two.

A token, from the lowest bit:
    bits 0-15   the bits that follow the code
    bits 16-20  their number, 0 to 16; or RAW + n: n bits (1 to 15) without a code; 31 with slot 7: a restart
    bits 21-28  the symbol
    bits 29-31  the slot: 0 to 3 DC tables, 4 to 7 AC tables

A tokenizer returns (tokens, bits that follow codes, restarts), or tokens = -1 - (flat index of a coefficient too
large to be coded).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._jit import kernel
from .syntax import NATURAL_OF_ZIGZAG

Flat = npt.NDArray[np.int16]
Ints = npt.NDArray[np.int64]
Tokens = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.int64]
Result = tuple[int, int, int]

RAW = 16
RESTART = np.uint32(7 << 29 | 31 << 16)
_NATURAL = np.array(NATURAL_OF_ZIGZAG, np.int64)
_BIT_LENGTH = np.array([int(i).bit_length() for i in range(256)], np.int64)


@kernel
def _bit_length(x: int) -> int:
    """Bits of a number from 0 to 65535."""
    return _BIT_LENGTH[x] if x < 256 else 8 + _BIT_LENGTH[x >> 8]


@kernel
def _token(slot: int, symbol: int, size: int, bits: int) -> np.uint32:
    return np.uint32(slot << 29 | symbol << 21 | size << 16 | bits)


@kernel
def sequential(
    flat: Flat, geometry: Ints, mcus_x: int, mcus: int, interval: int, tokens: Tokens, counts: Counts
) -> Result:
    """Tokens of a sequential scan; T.81 F.1.2.

    geometry: rows (first block, blocks a row, blocks across and down an MCU, DC slot 0 to 3, AC slot 4 to 7).
    counts: [8 * 256], slot * 256 + symbol, added to.
    """
    n = extra = restarts = 0
    pred = np.zeros(4, np.int64)
    for mcu in range(mcus):
        if interval > 0 and mcu > 0 and mcu % interval == 0:
            tokens[n] = RESTART
            n += 1
            restarts += 1
            pred[:] = 0
        row, column = mcu // mcus_x, mcu % mcus_x
        for i in range(geometry.shape[0]):
            first, stride, h, v = geometry[i, 0], geometry[i, 1], geometry[i, 2], geometry[i, 3]
            dc_slot, ac_slot = geometry[i, 4], geometry[i, 5]
            for block in range(h * v):
                base = 64 * (first + (row * v + block // h) * stride + column * h + block % h)
                value = np.int64(flat[base])
                difference = value - pred[i]
                pred[i] = value
                size = _bit_length(abs(difference))
                if size > 15:
                    return -1 - base, 0, 0
                tokens[n] = _token(dc_slot, size, size, (difference if difference >= 0 else difference - 1) & ((1 << size) - 1))
                counts[dc_slot * 256 + size] += 1
                n += 1
                extra += size
                zeros = 0
                for k in range(1, 64):
                    value = np.int64(flat[base + _NATURAL[k]])
                    if value == 0:
                        zeros += 1
                        continue
                    while zeros > 15:
                        tokens[n] = _token(ac_slot, 0xF0, 0, 0)
                        counts[ac_slot * 256 + 0xF0] += 1
                        n += 1
                        zeros -= 16
                    size = _bit_length(abs(value))
                    if size > 15:
                        return -1 - (base + _NATURAL[k]), 0, 0
                    symbol = zeros << 4 | size
                    tokens[n] = _token(ac_slot, symbol, size, (value if value >= 0 else value - 1) & ((1 << size) - 1))
                    counts[ac_slot * 256 + symbol] += 1
                    n += 1
                    extra += size
                    zeros = 0
                if zeros > 0:
                    tokens[n] = _token(ac_slot, 0, 0, 0)
                    counts[ac_slot * 256] += 1
                    n += 1
    return n, extra, restarts


@kernel
def dc_first(
    dc: Flat, geometry: Ints, mcus_x: int, mcus: int, interval: int, tokens: Tokens, counts: Counts, Al: int
) -> Result:
    """Tokens of a DC scan with Ah = 0; T.81 G.1.2.1. The point transform is an arithmetic shift.

    dc: one value a block.
    """
    n = extra = restarts = 0
    pred = np.zeros(4, np.int64)
    for mcu in range(mcus):
        if interval > 0 and mcu > 0 and mcu % interval == 0:
            tokens[n] = RESTART
            n += 1
            restarts += 1
            pred[:] = 0
        row, column = mcu // mcus_x, mcu % mcus_x
        for i in range(geometry.shape[0]):
            first, stride, h, v, slot = geometry[i, 0], geometry[i, 1], geometry[i, 2], geometry[i, 3], geometry[i, 4]
            for block in range(h * v):
                at = first + (row * v + block // h) * stride + column * h + block % h
                value = np.int64(dc[at]) >> Al
                difference = value - pred[i]
                pred[i] = value
                size = _bit_length(abs(difference))
                if size > 15:
                    return -1 - 64 * at, 0, 0
                tokens[n] = _token(slot, size, size, (difference if difference >= 0 else difference - 1) & ((1 << size) - 1))
                counts[slot * 256 + size] += 1
                n += 1
                extra += size
    return n, extra, restarts


@kernel
def dc_refine(
    dc: Flat, geometry: Ints, mcus_x: int, mcus: int, interval: int, tokens: Tokens, counts: Counts, Al: int
) -> Result:
    """Tokens of a DC scan with Ah > 0: the next bit of each block of dc; T.81 G.1.2.1. counts stays as it is."""
    n = extra = restarts = 0
    pending = held = 0
    for mcu in range(mcus):
        if interval > 0 and mcu > 0 and mcu % interval == 0:
            if held:
                tokens[n] = _token(0, 0, RAW + held, pending)
                n += 1
            pending = held = 0
            tokens[n] = RESTART
            n += 1
            restarts += 1
        row, column = mcu // mcus_x, mcu % mcus_x
        for i in range(geometry.shape[0]):
            first, stride, h, v = geometry[i, 0], geometry[i, 1], geometry[i, 2], geometry[i, 3]
            for block in range(h * v):
                at = first + (row * v + block // h) * stride + column * h + block % h
                pending = pending << 1 | ((np.int64(dc[at]) >> Al) & 1)
                held += 1
                extra += 1
                if held == 15:
                    tokens[n] = _token(0, 0, RAW + held, pending)
                    n += 1
                    pending = held = 0
    if held:
        tokens[n] = _token(0, 0, RAW + held, pending)
        n += 1
    return n, extra, restarts


@kernel
def _end_of_band(run: int, slot: int, tokens: Tokens, n: int, counts: Counts) -> tuple[int, int]:
    """The EOBn token for `run` blocks: (tokens, bits that follow); T.81 G.1.2.2."""
    if run == 0:
        return n, 0
    size = _bit_length(run) - 1
    tokens[n] = _token(slot, size << 4, size, run & ((1 << size) - 1))
    counts[slot * 256 + (size << 4)] += 1
    return n + 1, size


@kernel
def ac_first(
    flat: Flat, geometry: Ints, mcus_x: int, mcus: int, interval: int, tokens: Tokens, counts: Counts, Ss: int, Se: int,
    Al: int,
) -> Result:  # fmt: skip
    """Tokens of an AC scan with Ah = 0; T.81 G.1.2.2. The point transform divides toward zero."""
    n = extra = restarts = 0
    run = 0
    first, stride, slot = geometry[0, 0], geometry[0, 1], geometry[0, 5]
    for mcu in range(mcus):
        if interval > 0 and mcu > 0 and mcu % interval == 0:
            n, size = _end_of_band(run, slot, tokens, n, counts)
            extra += size
            run = 0
            tokens[n] = RESTART
            n += 1
            restarts += 1
        base = 64 * (first + (mcu // mcus_x) * stride + mcu % mcus_x)
        zeros = 0
        for k in range(Ss, Se + 1):
            value = np.int64(flat[base + _NATURAL[k]])
            magnitude = abs(value) >> Al
            if magnitude == 0:
                zeros += 1
                continue
            if run > 0:
                n, size = _end_of_band(run, slot, tokens, n, counts)
                extra += size
                run = 0
            while zeros > 15:
                tokens[n] = _token(slot, 0xF0, 0, 0)
                counts[slot * 256 + 0xF0] += 1
                n += 1
                zeros -= 16
            size = _bit_length(magnitude)
            if size > 15:
                return -1 - (base + _NATURAL[k]), 0, 0
            symbol = zeros << 4 | size
            tokens[n] = _token(slot, symbol, size, (magnitude if value >= 0 else ~magnitude) & ((1 << size) - 1))
            counts[slot * 256 + symbol] += 1
            n += 1
            extra += size
            zeros = 0
        if zeros > 0:
            run += 1
            if run == 0x7FFF:
                n, size = _end_of_band(run, slot, tokens, n, counts)
                extra += size
                run = 0
    n, size = _end_of_band(run, slot, tokens, n, counts)
    return n, extra + size, restarts


@kernel
def _corrections(bits: npt.NDArray[np.uint8], start: int, stop: int, tokens: Tokens, n: int) -> int:
    """Buffered correction bits as raw tokens."""
    while start < stop:
        size = min(15, stop - start)
        value = 0
        for i in range(start, start + size):
            value = value << 1 | np.int64(bits[i])
        tokens[n] = _token(0, 0, RAW + size, value)
        n += 1
        start += size
    return n


@kernel
def ac_refine(
    flat: Flat, geometry: Ints, mcus_x: int, mcus: int, interval: int, tokens: Tokens, counts: Counts, Ss: int, Se: int,
    Al: int, most_corrections: int,
) -> Result:  # fmt: skip
    """Tokens of an AC scan with Ah > 0; T.81 G.1.2.3.

    most_corrections: a run of end-of-bands is closed once it carries more correction bits than this; libjpeg 937.
    """
    n = extra = restarts = 0
    run = held = 0  # blocks in the run of end-of-bands; correction bits that go with it
    first, stride, slot = geometry[0, 0], geometry[0, 1], geometry[0, 5]
    bits = np.empty(most_corrections + 128, np.uint8)
    for mcu in range(mcus):
        if interval > 0 and mcu > 0 and mcu % interval == 0:
            n, size = _end_of_band(run, slot, tokens, n, counts)
            n = _corrections(bits, 0, held, tokens, n)
            extra += size + held
            run = held = 0
            tokens[n] = RESTART
            n += 1
            restarts += 1
        base = 64 * (first + (mcu // mcus_x) * stride + mcu % mcus_x)
        last_new = 0  # ZRL is only sent before a coefficient that becomes non-zero
        for k in range(Ss, Se + 1):
            if abs(np.int64(flat[base + _NATURAL[k]])) >> Al == 1:
                last_new = k
        zeros = 0
        mine = held  # this block's correction bits are bits[held:mine]
        for k in range(Ss, Se + 1):
            value = np.int64(flat[base + _NATURAL[k]])
            magnitude = abs(value) >> Al
            if magnitude == 0:
                zeros += 1
                continue
            while zeros > 15 and k <= last_new:
                n, size = _end_of_band(run, slot, tokens, n, counts)
                n = _corrections(bits, 0, held, tokens, n)
                tokens[n] = _token(slot, 0xF0, 0, 0)
                counts[slot * 256 + 0xF0] += 1
                n = _corrections(bits, held, mine, tokens, n + 1)
                extra += size + mine
                run = held = mine = 0
                zeros -= 16
            if magnitude > 1:
                bits[mine] = magnitude & 1
                mine += 1
                continue
            n, size = _end_of_band(run, slot, tokens, n, counts)
            n = _corrections(bits, 0, held, tokens, n)
            symbol = zeros << 4 | 1
            tokens[n] = _token(slot, symbol, 1, 1 if value >= 0 else 0)
            counts[slot * 256 + symbol] += 1
            n = _corrections(bits, held, mine, tokens, n + 1)
            extra += size + mine + 1
            run = held = mine = 0
            zeros = 0
        if zeros > 0 or mine > held:
            run += 1
            held = mine
            if run == 0x7FFF or held > most_corrections:
                n, size = _end_of_band(run, slot, tokens, n, counts)
                n = _corrections(bits, 0, held, tokens, n)
                extra += size + held
                run = held = 0
    n, size = _end_of_band(run, slot, tokens, n, counts)
    n = _corrections(bits, 0, held, tokens, n)
    return n, extra + size + held, restarts


@kernel
def emit(tokens: Tokens, codes: npt.NDArray[np.uint32], out: npt.NDArray[np.uint8]) -> int:
    """Tokens as entropy-coded data with stuffing and RSTm, the last byte padded with ones; returns bytes written.

    codes: [8 * 256], slot * 256 + symbol, code << 8 | length; every symbol that occurs has one. T.81 F.1.2.3, B.1.1.5.
    """
    acc = np.uint64(0)
    cnt = 0
    o = 0
    restarts = 0
    for i in range(tokens.size):
        token = tokens[i]
        size = np.int64((token >> np.uint32(16)) & np.uint32(31))
        if size <= 16:
            entry = codes[token >> np.uint32(21)]
            length = np.int64(entry & np.uint32(255))
            acc = (acc << np.uint64(length)) | np.uint64(entry >> np.uint32(8))
            acc = (acc << np.uint64(size)) | np.uint64(token & np.uint32(0xFFFF))
            cnt += length + size
        elif token == RESTART:
            o = _flush(acc, cnt, out, o)
            acc, cnt = np.uint64(0), 0
            out[o] = 0xFF
            out[o + 1] = 0xD0 + restarts % 8
            o += 2
            restarts += 1
        else:
            acc = (acc << np.uint64(size - 16)) | np.uint64(token & np.uint32(0xFFFF))
            cnt += size - 16
        if cnt >= 32:
            cnt -= 32
            word = np.uint32(acc >> np.uint64(cnt))
            inverted = ~word
            if (inverted - np.uint32(0x01010101)) & word & np.uint32(0x80808080):
                for shift in (24, 16, 8, 0):
                    o = _byte((word >> np.uint32(shift)) & np.uint32(255), out, o)
            else:
                out[o] = word >> np.uint32(24)
                out[o + 1] = (word >> np.uint32(16)) & np.uint32(255)
                out[o + 2] = (word >> np.uint32(8)) & np.uint32(255)
                out[o + 3] = word & np.uint32(255)
                o += 4
    return _flush(acc, cnt, out, o)


@kernel
def _byte(value: int, out: npt.NDArray[np.uint8], o: int) -> int:
    out[o] = value
    if value == 0xFF:
        out[o + 1] = 0
        return o + 2
    return o + 1


@kernel
def _flush(acc: np.uint64, cnt: int, out: npt.NDArray[np.uint8], o: int) -> int:
    """The bits that are left, padded with ones to a byte."""
    pad = -cnt % 8
    acc = (acc << np.uint64(pad)) | np.uint64((1 << pad) - 1)
    cnt += pad
    while cnt > 0:
        cnt -= 8
        o = _byte(np.int64((acc >> np.uint64(cnt)) & np.uint64(255)), out, o)
    return o
