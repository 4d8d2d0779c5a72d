"""Reed-Solomon codes over GF(256), for marks: a few bytes, some of which may be read wrong.

Source: I. S. Reed, G. Solomon, Polynomial Codes over Certain Finite Fields, 1960; decoding by Berlekamp and Massey
(J. L. Massey, Shift-Register Synthesis and BCH Decoding, 1969) and Forney (1965). Field polynomial x^8 + x^4 + x^3 +
x^2 + 1, generator 2, first root 2^0: a choice of ours, which nothing else has to read.
"""

from __future__ import annotations

from functools import cache

FIELD = 0x11D


@cache
def _tables() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(powers of the generator, twice round; logarithms, that of 0 being unused)."""
    powers, logs, value = [0] * 510, [0] * 256, 1
    for i in range(255):
        powers[i] = powers[i + 255] = value
        logs[value] = i
        value <<= 1
        if value > 255:
            value ^= FIELD
    return tuple(powers), tuple(logs)


def _times(a: int, b: int) -> int:
    powers, logs = _tables()
    return powers[logs[a] + logs[b]] if a and b else 0


def _over(a: int, b: int) -> int:
    powers, logs = _tables()
    return powers[logs[a] - logs[b] + 255] if a else 0


def _power(i: int) -> int:
    return _tables()[0][i % 255]


def _product(a: list[int], b: list[int]) -> list[int]:
    """Of two polynomials, lowest power first."""
    out = [0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            out[i + j] ^= _times(x, y)
    return out


def _value(polynomial: list[int], at: int) -> int:
    """Lowest power first."""
    out = 0
    for c in reversed(polynomial):
        out = _times(out, at) ^ c
    return out


def encode(message: bytes, checks: int) -> bytes:
    """The message with `checks` bytes behind it; any `checks // 2` bytes of the whole may then be wrong."""
    generator = [1]
    for i in range(checks):
        generator = _product([_power(i), 1], generator)
    rest = [*message, *([0] * checks)]  # highest power first
    for i in range(len(message)):
        factor = rest[i]
        for j, c in enumerate(reversed(generator)):
            rest[i + j] ^= _times(factor, c)
    return message + bytes(rest[len(message) :])


def decode(word: bytes, checks: int) -> bytes | None:
    """The message, with up to `checks // 2` wrong bytes put right; None where more are wrong, as far as can be seen."""
    received = list(reversed(word))  # lowest power first
    syndromes = [_value(received, _power(i)) for i in range(checks)]
    if any(syndromes):
        locator = _locator(syndromes)
        wrong = [i for i in range(len(word)) if not _value(locator, _power(-i))]
        if len(wrong) != len(locator) - 1 or len(wrong) > checks // 2:
            return None
        evaluator = _product(syndromes, locator)[:checks]
        slope = [c if i % 2 else 0 for i, c in enumerate(locator)][1:]  # the formal derivative in characteristic 2
        for i in wrong:
            bottom = _value(slope, _power(-i))
            if not bottom:
                return None
            received[i] ^= _times(_power(i), _over(_value(evaluator, _power(-i)), bottom))
        if any(_value(received, _power(i)) for i in range(checks)):
            return None
    return bytes(reversed(received))[: len(word) - checks]


def _locator(syndromes: list[int]) -> list[int]:
    """The shortest shift register that makes the syndromes: its polynomial, lowest power first."""
    current, before = [1], [1]
    length, gap, last = 0, 1, 1
    for i, s in enumerate(syndromes):
        off = s
        for j in range(1, length + 1):
            off ^= _times(current[j] if j < len(current) else 0, syndromes[i - j])
        if not off:
            gap += 1
            continue
        factor = _over(off, last)
        moved = [*([0] * gap), *(_times(factor, c) for c in before)]
        old = current
        size = max(len(current), len(moved))
        padded = [p + [0] * (size - len(p)) for p in (current, moved)]
        current = [a ^ b for a, b in zip(*padded, strict=True)]
        if 2 * length <= i:
            length, before, last, gap = i + 1 - length, old, off, 1
        else:
            gap += 1
    while len(current) > 1 and not current[-1]:
        current.pop()
    return current
