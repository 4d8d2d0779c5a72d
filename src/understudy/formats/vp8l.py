"""The header of a VP8L (lossless WebP) image: transforms, colour cache, entropy image, predictors.

The transforms stand one behind the other with their data, so their small images have to be decoded to get past them;
their pixels are bounded by MAX_PIXELS. The picture itself is not decoded.
Source: RFC 9649, 3: 3.4 header, 4 transforms, 5 image data, 6 entropy coding (its own section numbers).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .base import EndedError

MAX_PIXELS = 200_000
"""Pixels of all transforms' images together that are decoded; beyond them the header counts as unread."""
PREDICTOR, COLOUR, SUBTRACT_GREEN, COLOUR_INDEXING = range(4)
TRANSFORMS = ("predictor", "colour", "subtract green", "colour indexing")
"""RFC 9649 4: the transforms by their two bits."""

_LENGTH_ORDER = (17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
"""RFC 9649 6.2.1, kCodeLengthCodeOrder."""
_NEAR = bytes.fromhex(
    "1807171928062729161a262a38053739151b363a252b48044749141c353b464a242c58454b343c035759131d565a232d444c555b333d68026769"
    "121e666a222e545c434d656b323e78017779535d111f646c424e767a212f757b313f636d525e00747c414f1020626e30737d515f40727e616f50"
    "717f6070"
)
"""The 120 distance codes of RFC 9649 5.2.2: in the high four bits how many rows up, in the low four 8 minus how many
pixels to the left."""
_MULTIPLIER = 0x1E35A7BD
"""RFC 9649 5.2.3: the colour cache's hash."""


@dataclass(slots=True)
class Lossless:
    """A VP8L image's header."""

    width: int = 0
    height: int = 0
    alpha_is_used: bool = False
    version: int = 0
    transforms: list[dict[str, Any]] = field(default_factory=list)
    """In the order in which they stand: {"transform", "block" (its block's side in pixels), "colors", "modes"}."""
    color_cache_bits: int = 0
    entropy_block: int = 0
    """Side of the blocks that choose among groups of prefix codes, 0 where there is one group for all."""
    whole: bool = False
    """The header was read to its end."""
    trouble: str = ""


class _Bits:
    """Bits, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.end = data, 0, 8 * len(data)

    def read(self, n: int) -> int:
        if self.at + n > self.end:
            raise EndedError("the data ends inside the header")
        byte = self.at >> 3
        word = int.from_bytes(self.data[byte : byte + 5], "little") >> (self.at & 7)
        self.at += n
        return word & ((1 << n) - 1)

    def symbol(self, code: _Code) -> int:
        if code.only is not None:
            return code.only
        byte = self.at >> 3
        word = int.from_bytes(self.data[byte : byte + 3], "little") >> (self.at & 7)
        length, symbol = code.table[word & code.mask]
        self.at += length
        if self.at > self.end:
            raise EndedError("the data ends inside the header")
        return symbol


class _Code:
    """A prefix code as a table over its longest length. Raises EndedError where the lengths make no whole code."""

    def __init__(self, lengths: dict[int, int]) -> None:
        self.only: int | None = None
        self.table: list[tuple[int, int]] = []
        self.mask = 0
        if len(lengths) == 1:
            self.only = next(iter(lengths))
            return
        longest = max(lengths.values(), default=0)
        if sum(1 << (longest - length) for length in lengths.values()) != 1 << longest or not longest:
            raise EndedError("a prefix code that is not complete")
        self.mask = (1 << longest) - 1
        self.table = [(0, 0)] * (1 << longest)
        code = 0
        for length in range(1, longest + 1):
            for symbol in sorted(s for s, n in lengths.items() if n == length):
                backwards = int(f"{code:0{length}b}"[::-1], 2)
                for slot in range(backwards, 1 << longest, 1 << length):
                    self.table[slot] = length, symbol
                code += 1
            code <<= 1


def read(data: bytes, size: tuple[int, int] | None = None) -> Lossless:
    """The header of the VP8L image in `data`; what is wrong with it is its `trouble`.

    size: width and height of a stream without the five bytes that state them, as an ALPH chunk has it.
    """
    image = Lossless()
    if size is None:
        if len(data) < 5 or data[0] != 0x2F:
            image.trouble = f"{len(data)} bytes starting {data[:1].hex()}, expected 5 or more starting 2f"
            return image
        head = int.from_bytes(data[1:5], "little")
        image.width, image.height = (head & 0x3FFF) + 1, (head >> 14 & 0x3FFF) + 1
        image.alpha_is_used, image.version = bool(head >> 28 & 1), head >> 29
        data = data[5:]
    else:
        image.width, image.height = size
    try:
        _image(image, _Bits(data))
    except EndedError as error:
        image.trouble = str(error)
    return image


def _image(image: Lossless, bits: _Bits) -> None:
    width, seen, budget = image.width, set(), [MAX_PIXELS]
    while bits.read(1):
        kind = bits.read(2)
        if kind in seen:
            raise EndedError(f"a second {TRANSFORMS[kind]} transform")
        seen.add(kind)
        told: dict[str, Any] = {"transform": TRANSFORMS[kind]}
        image.transforms.append(told)
        if kind in (PREDICTOR, COLOUR):
            shift = bits.read(3) + 2
            told["block"] = 1 << shift
            greens = _pixels(bits, -(-width >> shift), -(-image.height >> shift), budget)
            if kind == PREDICTOR:
                modes = Counter(argb >> 8 & 15 for argb in greens)
                told["modes"] = {str(mode): modes[mode] for mode in sorted(modes)}
        elif kind == COLOUR_INDEXING:
            colors = bits.read(8) + 1
            told["colors"] = colors
            _pixels(bits, colors, 1, budget)
            packed = 3 if colors <= 2 else 2 if colors <= 4 else 1 if colors <= 16 else 0
            width = -(-width >> packed)
    if bits.read(1):
        image.color_cache_bits = bits.read(4)
        if not 1 <= image.color_cache_bits <= 11:
            raise EndedError(f"a colour cache of {image.color_cache_bits} bits, expected 1 to 11")
    if bits.read(1):
        image.entropy_block = 1 << (bits.read(3) + 2)
    image.whole = True


def _pixels(bits: _Bits, width: int, height: int, budget: list[int]) -> list[int]:
    """The ARGB values of a transform's image. Source: RFC 9649 5."""
    count = width * height
    budget[0] -= count
    if budget[0] < 0:
        raise EndedError(f"transforms of more than {MAX_PIXELS:,} pixels are not read")
    cache_bits = 0
    if bits.read(1):
        cache_bits = bits.read(4)
        if not 1 <= cache_bits <= 11:
            raise EndedError(f"a colour cache of {cache_bits} bits, expected 1 to 11")
    cache = [0] * (1 << cache_bits if cache_bits else 0)
    green, red, blue, alpha, far = (_code(bits, n) for n in (280 + len(cache), 256, 256, 256, 40))
    out: list[int] = []
    cached = 0
    while len(out) < count:
        symbol = bits.symbol(green)
        if symbol < 256:
            rest = bits.symbol(red) << 16, bits.symbol(blue), bits.symbol(alpha) << 24
            out.append(symbol << 8 | rest[0] | rest[1] | rest[2])
        elif symbol < 280:
            length = _long(bits, symbol - 256)
            back = _distance(_long(bits, bits.symbol(far)), width)
            if back > len(out):
                raise EndedError("a reference to before the first pixel")
            for _ in range(min(length, count - len(out))):
                out.append(out[-back])
        else:
            for argb in out[cached:]:
                cache[(_MULTIPLIER * argb & 0xFFFFFFFF) >> (32 - cache_bits)] = argb
            cached = len(out)
            out.append(cache[symbol - 280])
    return out


def _long(bits: _Bits, prefix: int) -> int:
    """A length or a distance code from its prefix. Source: RFC 9649 5.2.2."""
    if prefix < 4:
        return prefix + 1
    extra = (prefix - 2) >> 1
    return ((2 + (prefix & 1)) << extra) + bits.read(extra) + 1


def _distance(code: int, width: int) -> int:
    if code > 120:
        return code - 120
    near = _NEAR[code - 1]
    return max(1, (near >> 4) * width + 8 - (near & 15))


def _code(bits: _Bits, alphabet: int) -> _Code:
    """One prefix code over symbols 0 to alphabet - 1. Source: RFC 9649 6.2.1."""
    if bits.read(1):
        two = bits.read(1)
        symbols = [bits.read(8 if bits.read(1) else 1)]
        if two:
            symbols.append(bits.read(8))
        return _Code(dict.fromkeys(symbols, 1))
    order = _LENGTH_ORDER[: 4 + bits.read(4)]
    coded = {symbol: n for symbol in order if (n := bits.read(3))}
    code = _Code(coded)
    left = 2 + bits.read(2 + 2 * bits.read(3)) if bits.read(1) else alphabet
    lengths: dict[int, int] = {}
    at, last = 0, 8
    while at < alphabet and left:
        left -= 1
        n = bits.symbol(code)
        if n < 16:
            if n:
                lengths[at] = last = n
            at += 1
            continue
        times = 3 + bits.read(2) if n == 16 else 3 + bits.read(3) if n == 17 else 11 + bits.read(7)
        if n == 16:
            lengths.update(dict.fromkeys(range(at, at + times), last))
        at += times
    if at > alphabet:
        raise EndedError("more code lengths than symbols")
    return _Code(lengths)
