"""The loops that turn quantised coefficients into tokens, and tokens into entropy-coded data.

A scan is first written as tokens (uint32), with the frequency of each symbol counted on the way; once the Huffman
tables are known, the tokens become bits. So optimal tables cost one walk over the coefficients, not two.

A token, from the lowest bit:
    bits 0-15   the bits that follow the code
    bits 16-20  their number, 0 to 16; or RAW + n: n bits (1 to 15) without a code; 31 with slot 7: a restart
    bits 21-28  the symbol
    bits 29-31  the slot: 0 to 3 DC tables, 4 to 7 AC tables

A tokenizer returns the number of tokens, or -1 - (flat index of a coefficient too large to be coded).

The AC loops do not look at 63 coefficients a block: `masks` has told them which reach a magnitude, bit k for zigzag
position k, and they go from bit to bit. The masks of a magnitude serve every scan that asks for it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._jit import kernel
from .syntax import NATURAL_OF_ZIGZAG, ZIGZAG_OF_NATURAL

Flat = npt.NDArray[np.int16]
Ints = npt.NDArray[np.int64]
Tokens = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.int64]
Masks = npt.NDArray[np.uint64]

RAW = 16
RESTART = np.uint32(7 << 29 | 31 << 16)
_NATURAL = np.array(NATURAL_OF_ZIGZAG, np.int64)
_BIT_LENGTH = np.array([int(i).bit_length() for i in range(256)], np.int64)
_DE_BRUIJN = 0x03F79D71B4CB0A89
_INDEX_OF_LOWEST = np.zeros(64, np.int64)
for _i in range(64):
    _INDEX_OF_LOWEST[((_DE_BRUIJN << _i) & (2**64 - 1)) >> 58] = _i
_ZIGZAG = np.array(ZIGZAG_OF_NATURAL, np.uint64)


@kernel
def _bit_length(x: int) -> int:
    """Bits of a number from 0 to 65535."""
    return _BIT_LENGTH[x] if x < 256 else 8 + _BIT_LENGTH[x >> 8]


@kernel
def _token(slot: int, symbol: int, size: int, bits: int) -> np.uint32:
    return np.uint32(slot << 29 | symbol << 21 | size << 16 | bits)


@kernel
def masks(flat: Flat, words: Masks, least: int, out: Masks) -> None:
    """out[block]: bit k is set where the coefficient at zigzag position k is at least `least` in magnitude.

    words: `flat` seen as 64-bit numbers, to pass over four zeros at a time.
    """
    for block in range(out.size):
        mask = np.uint64(0)
        for w in range(16):
            if words[16 * block + w]:
                for i in range(4 * w, 4 * w + 4):
                    value = np.int32(flat[64 * block + i])
                    mask |= np.uint64((value if value >= 0 else -value) >= least) << _ZIGZAG[i]
        out[block] = mask


@kernel
def _lowest(mask: np.uint64) -> int:
    """The index of the lowest set bit of a mask that is not 0."""
    lowest = mask & (~mask + np.uint64(1))
    return _INDEX_OF_LOWEST[(lowest * np.uint64(_DE_BRUIJN)) >> np.uint64(58)]


@kernel
def _band(Ss: int, Se: int) -> np.uint64:
    """The bits Ss to Se."""
    return (np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(63 - Se)) & (np.uint64(0xFFFFFFFFFFFFFFFF) << np.uint64(Ss))


@kernel
def _signed(value: int, size: int) -> int:
    """The `size` bits that stand for a value after its code; T.81 F.1.2.1."""
    return (value if value >= 0 else value - 1) & ((1 << size) - 1)


@kernel
def sequential(
    flat: Flat, nonzero: Masks, geometry: Ints, mcus_x: int, mcus: int, interval: int, tokens: Tokens, counts: Counts
) -> int:
    """Tokens of a sequential scan; T.81 F.1.2.

    nonzero: the masks of magnitude 1.
    geometry: rows (first block, blocks a row, blocks across and down an MCU, DC slot 0 to 3, AC slot 4 to 7).
    counts: [8 * 256], slot * 256 + symbol, added to.
    """
    n = 0
    pred = np.zeros(4, np.int64)
    for mcu in range(mcus):
        if interval > 0 and mcu > 0 and mcu % interval == 0:
            tokens[n] = RESTART
            n += 1
            pred[:] = 0
        row, column = mcu // mcus_x, mcu % mcus_x
        for i in range(geometry.shape[0]):
            first, stride, h, v = geometry[i, 0], geometry[i, 1], geometry[i, 2], geometry[i, 3]
            dc_slot, ac_slot = geometry[i, 4], geometry[i, 5]
            for block in range(h * v):
                at = first + (row * v + block // h) * stride + column * h + block % h
                base = 64 * at
                difference = np.int64(flat[base]) - pred[i]
                pred[i] = flat[base]
                size = _bit_length(abs(difference))
                if size > 15:
                    return -1 - base
                tokens[n] = _token(dc_slot, size, size, _signed(difference, size))
                counts[dc_slot * 256 + size] += 1
                n += 1
                last = 0
                rest = nonzero[at] & _band(1, 63)
                while rest:
                    k = _lowest(rest)
                    rest &= rest - np.uint64(1)
                    zeros = k - last - 1
                    last = k
                    while zeros > 15:
                        tokens[n] = _token(ac_slot, 0xF0, 0, 0)
                        counts[ac_slot * 256 + 0xF0] += 1
                        n += 1
                        zeros -= 16
                    value = np.int64(flat[base + _NATURAL[k]])
                    size = _bit_length(abs(value))
                    if size > 15:
                        return -1 - (base + _NATURAL[k])
                    symbol = zeros << 4 | size
                    tokens[n] = _token(ac_slot, symbol, size, _signed(value, size))
                    counts[ac_slot * 256 + symbol] += 1
                    n += 1
                if last < 63:
                    tokens[n] = _token(ac_slot, 0, 0, 0)
                    counts[ac_slot * 256] += 1
                    n += 1
    return n


@kernel
def dc_first(
    dc: Flat, geometry: Ints, mcus_x: int, mcus: int, interval: int, tokens: Tokens, counts: Counts, Al: int
) -> int:
    """Tokens of a DC scan with Ah = 0; T.81 G.1.2.1. The point transform is an arithmetic shift.

    dc: one value a block.
    """
    n = 0
    pred = np.zeros(4, np.int64)
    for mcu in range(mcus):
        if interval > 0 and mcu > 0 and mcu % interval == 0:
            tokens[n] = RESTART
            n += 1
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
                    return -1 - 64 * at
                tokens[n] = _token(slot, size, size, _signed(difference, size))
                counts[slot * 256 + size] += 1
                n += 1
    return n


@kernel
def dc_refine(
    dc: Flat, geometry: Ints, mcus_x: int, mcus: int, interval: int, tokens: Tokens, counts: Counts, Al: int
) -> int:
    """Tokens of a DC scan with Ah > 0: the next bit of each block of dc; T.81 G.1.2.1. counts stays as it is."""
    n = 0
    pending = held = 0
    for mcu in range(mcus):
        if interval > 0 and mcu > 0 and mcu % interval == 0:
            if held:
                tokens[n] = _token(0, 0, RAW + held, pending)
                n += 1
            pending = held = 0
            tokens[n] = RESTART
            n += 1
        row, column = mcu // mcus_x, mcu % mcus_x
        for i in range(geometry.shape[0]):
            first, stride, h, v = geometry[i, 0], geometry[i, 1], geometry[i, 2], geometry[i, 3]
            for block in range(h * v):
                at = first + (row * v + block // h) * stride + column * h + block % h
                pending = pending << 1 | ((np.int64(dc[at]) >> Al) & 1)
                held += 1
                if held == 15:
                    tokens[n] = _token(0, 0, RAW + held, pending)
                    n += 1
                    pending = held = 0
    if held:
        tokens[n] = _token(0, 0, RAW + held, pending)
        n += 1
    return n


@kernel
def _end_of_band(run: int, slot: int, tokens: Tokens, n: int, counts: Counts) -> int:
    """Writes EOBn for `run` blocks, 1 to 0x7FFF; returns the tokens by then. T.81 G.1.2.2."""
    size = _bit_length(run) - 1
    tokens[n] = _token(slot, size << 4, size, run & ((1 << size) - 1))
    counts[slot * 256 + (size << 4)] += 1
    return n + 1


@kernel
def ac_first(
    flat: Flat, nonzero: Masks, geometry: Ints, mcus_x: int, mcus: int, interval: int, tokens: Tokens, counts: Counts,
    Ss: int, Se: int, Al: int,
) -> int:  # fmt: skip
    """Tokens of an AC scan with Ah = 0; T.81 G.1.2.2. The point transform divides toward zero.

    nonzero: the masks of magnitude 1 << Al.
    """
    n = run = 0
    first, stride, slot = geometry[0, 0], geometry[0, 1], geometry[0, 5]
    band = _band(Ss, Se)
    for mcu in range(mcus):
        if interval > 0 and mcu > 0 and mcu % interval == 0:
            if run > 0:
                n = _end_of_band(run, slot, tokens, n, counts)
                run = 0
            tokens[n] = RESTART
            n += 1
        at = first + (mcu // mcus_x) * stride + mcu % mcus_x
        base = 64 * at
        last = Ss - 1
        rest = nonzero[at] & band
        if rest and run > 0:
            n = _end_of_band(run, slot, tokens, n, counts)
            run = 0
        while rest:
            k = _lowest(rest)
            rest &= rest - np.uint64(1)
            zeros = k - last - 1
            last = k
            while zeros > 15:
                tokens[n] = _token(slot, 0xF0, 0, 0)
                counts[slot * 256 + 0xF0] += 1
                n += 1
                zeros -= 16
            value = np.int64(flat[base + _NATURAL[k]])
            magnitude = abs(value) >> Al
            size = _bit_length(magnitude)
            if size > 15:
                return -1 - (base + _NATURAL[k])
            symbol = zeros << 4 | size
            tokens[n] = _token(slot, symbol, size, _signed(magnitude if value >= 0 else -magnitude, size))
            counts[slot * 256 + symbol] += 1
            n += 1
        if last < Se:
            run += 1
            if run == 0x7FFF:
                n = _end_of_band(run, slot, tokens, n, counts)
                run = 0
    if run > 0:
        n = _end_of_band(run, slot, tokens, n, counts)
    return n


@kernel
def _corrections(bits: npt.NDArray[np.uint8], start: int, stop: int, tokens: Tokens, n: int) -> int:
    """Writes buffered correction bits as raw tokens; returns the tokens by then."""
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
    flat: Flat, nonzero: Masks, before: Masks, geometry: Ints, mcus_x: int, mcus: int, interval: int, tokens: Tokens,
    counts: Counts, Ss: int, Se: int, Al: int, most_corrections: int, close_before: bool,
) -> int:  # fmt: skip
    """Tokens of an AC scan with Ah > 0; T.81 G.1.2.3.

    nonzero, before: the masks of magnitude 1 << Al, and 2 << Al: what earlier scans have sent.
    most_corrections: a run of end-of-bands is closed once it carries more correction bits than this; libjpeg 937.
    close_before: it is closed before the block that would exceed them (jpegli), not behind it (libjpeg).
    """
    n = 0
    run = held = 0  # blocks in the run of end-of-bands; correction bits that go with it
    first, stride, slot = geometry[0, 0], geometry[0, 1], geometry[0, 5]
    band = _band(Ss, Se)
    bits = np.empty(most_corrections + 128, np.uint8)
    for mcu in range(mcus):
        if interval > 0 and mcu > 0 and mcu % interval == 0:
            if run > 0:
                n = _end_of_band(run, slot, tokens, n, counts)
                n = _corrections(bits, 0, held, tokens, n)
                run = held = 0
            tokens[n] = RESTART
            n += 1
        at = first + (mcu // mcus_x) * stride + mcu % mcus_x
        base = 64 * at
        rest = nonzero[at] & band
        new = rest & ~before[at]
        zeros = 0
        last = Ss - 1
        mine = held  # this block's correction bits are bits[held:mine]
        while rest:
            k = _lowest(rest)
            lowest = rest & (~rest + np.uint64(1))
            rest &= ~lowest
            zeros += k - last - 1
            last = k
            while zeros > 15 and new:  # ZRL is sent only before a coefficient that becomes non-zero
                if run > 0:
                    n = _end_of_band(run, slot, tokens, n, counts)
                    n = _corrections(bits, 0, held, tokens, n)
                tokens[n] = _token(slot, 0xF0, 0, 0)
                counts[slot * 256 + 0xF0] += 1
                n = _corrections(bits, held, mine, tokens, n + 1)
                run = held = mine = 0
                zeros -= 16
            value = np.int64(flat[base + _NATURAL[k]])
            if not new & lowest:
                bits[mine] = (abs(value) >> Al) & 1
                mine += 1
                continue
            new &= ~lowest
            if run > 0:
                n = _end_of_band(run, slot, tokens, n, counts)
                n = _corrections(bits, 0, held, tokens, n)
            symbol = zeros << 4 | 1
            tokens[n] = _token(slot, symbol, 1, 1 if value >= 0 else 0)
            counts[slot * 256 + symbol] += 1
            n = _corrections(bits, held, mine, tokens, n + 1)
            run = held = mine = 0
            zeros = 0
        zeros += Se - last
        if zeros > 0 or mine > held:
            if close_before and run > 0 and mine > most_corrections:
                n = _end_of_band(run, slot, tokens, n, counts)
                n = _corrections(bits, 0, held, tokens, n)
                for i in range(held, mine):
                    bits[i - held] = bits[i]
                mine -= held
                run = 0
            run += 1
            held = mine
            if run == 0x7FFF or (held > most_corrections and not close_before):
                n = _end_of_band(run, slot, tokens, n, counts)
                n = _corrections(bits, 0, held, tokens, n)
                run = held = 0
    if run > 0:
        n = _end_of_band(run, slot, tokens, n, counts)
        n = _corrections(bits, 0, held, tokens, n)
    return n


@kernel
def bits_beside_codes(tokens: Tokens) -> int:
    """Bits that stand beside codes: values, signs, corrections. A restart counts a byte and a half."""
    total = 0
    for i in range(tokens.size):
        size = np.int64((tokens[i] >> np.uint32(16)) & np.uint32(31))
        total += size if size <= RAW else size - RAW
    return total


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
