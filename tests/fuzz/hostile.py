"""Small files that ask for much, made by hand: each attacks one bound."""

from __future__ import annotations

import struct
import zlib


def seg(code: int, payload: bytes) -> bytes:
    """A JPEG segment."""
    return bytes([0xFF, code]) + (len(payload) + 2).to_bytes(2, "big") + payload


def sof(code: int, width: int, height: int, *components: bytes) -> bytes:
    """A frame header; a component is id, sampling factors, quantisation table."""
    head = b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + bytes([len(components)])
    return seg(code, head + b"".join(components))


def sos(band: tuple[int, int, int, int], data: bytes, *ids: int) -> bytes:
    """A scan of these components with tables 0 and 0."""
    Ss, Se, Ah, Al = band
    rows = b"".join(bytes([i, 0]) for i in ids)
    return seg(0xDA, bytes([len(ids)]) + rows + bytes([Ss, Se, Ah << 4 | Al])) + data


def dht(Tc: int, counts: dict[int, int], symbols: bytes) -> bytes:
    """A table under destination 0: how many codes of each length."""
    return seg(0xC4, bytes([Tc << 4, *[counts.get(i, 0) for i in range(1, 17)]]) + symbols)


GREY, RGB = (b"\1\x11\0",), (b"\1\x22\0", b"\2\x11\0", b"\3\x11\0")
WHOLE, END = (0, 63, 0, 0), b"\xff\xd9"
DQT = seg(0xDB, b"\0" + bytes([1] * 64))
DC = dht(0, {1: 1, 2: 1}, b"\0\1")
"""Code 0: no difference. Code 10: one bit follows."""
AC = dht(1, {1: 1, 2: 1, 3: 1}, b"\xe0\0\1")
"""Code 0: an end-of-band run of 2^14 blocks and 14 bits more. Code 10: end of block. 110: +1 or -1."""


def jpeg(*parts: bytes) -> bytes:
    """A file with one quantisation table."""
    return b"\xff\xd8" + DQT + b"".join(parts) + END


def grey(data: bytes, *tables: bytes, side: int = 64) -> bytes:
    """A grey baseline file with one scan."""
    return jpeg(sof(0xC0, side, side, *GREY), *(tables or (DC, AC)), sos(WHOLE, data, 1))


def colour(data: bytes, *tables: bytes, side: int = 64, scans: int = 1) -> bytes:
    """A 4:2:0 baseline file with the same scan once or often."""
    return jpeg(sof(0xC0, side, side, *RGB), *(tables or (DC, AC)), sos(WHOLE, data, 1, 2, 3) * scans)


def steps(side: int, *scans: bytes) -> bytes:
    """A grey progressive file whose first scan sends every DC as 0."""
    dc = sos((0, 0, 0, 1), bytes((side // 8) ** 2 // 8), 1)
    return jpeg(sof(0xC2, side, side, *GREY), DC, AC, dc, *scans)


def runs(blocks: int) -> bytes:
    """Scan data that says `nothing more` for so many blocks, as shortly as T.81 can: code 0, then 14 ones."""
    bits = "011111111111111" * -(-blocks // 32767)
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def _png(width: int, height: int, pixels: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def _bmp(width: int, height: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    )


def _gif(width: int, height: int) -> bytes:
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\2\2\x44\1\0"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + frame + b";"


def cases() -> dict[str, bytes]:
    """Every file by what it attacks."""
    out = {
        "a header of 65535 x 65535": colour(b"\0", side=65535),
        "a header of 16384 x 16384 and one byte": colour(b"\0", side=16384),
        "a progressive header of 16384 x 16384": jpeg(sof(0xC2, 16384, 16384, *GREY), DC, sos((0, 0, 0, 0), b"\0", 1)),
        "10,000 empty scans": colour(b"", scans=10_000),
        "10,000 empty scans of a large picture": colour(b"", side=16384, scans=10_000),
        "10,000 scans without tables": colour(b"\0\0", b"", scans=10_000),
        "5 million restart markers": grey(b"\xff\xd0" * 5_000_000),
        "4 million restart markers, each expected": grey(
            b"\xff\xd0" * 4_200_000, seg(0xDD, b"\0\1"), DC, AC, side=16384
        ),
        "10 MB of restart markers before the frame": b"\xff\xd8" + b"\xff\xd0" * 5_000_000,
        "10 MB of fill bytes": b"\xff\xd8" + b"\xff" * 10_000_000,
        "10 MB of fill bytes in a scan": grey(b"\xff" * 10_000_000),
        "10 MB of stuffed bytes": grey(b"\xff\0" * 5_000_000),
        "overfull DHT": grey(b"\0" * 99, dht(0, {1: 3}, b"\0\1\2"), AC),
        "DHT with 257 codes of 8 and 9 bits": grey(b"\0" * 99, dht(0, {8: 255, 9: 2}, bytes(range(255)) + b"\0\1"), AC),
        "DHT with 256 symbols, of 16 bits": grey(
            b"\0\xfe" * 99, dht(0, {16: 255}, bytes(range(255))), dht(1, {1: 1, 16: 255}, bytes(256))
        ),
        "DHT with 4080 codes": grey(b"\0" * 9, dht(0, dict.fromkeys(range(1, 17), 255), bytes(4080))),
        "20,000 Huffman tables": grey(b"\0" * 99, *[DC, AC] * 10_000),
        "a DC size of 16 and more": grey(b"\x55" * 999, dht(0, {1: 1, 2: 1}, b"\x10\xff"), AC),
        "runs of zeros without end": grey(b"\0" * 999, DC, dht(1, {1: 1}, b"\xf0")),
        "values of 15 bits": grey(b"\x2a" * 99_999, dht(0, {1: 1}, b"\x0f"), dht(1, {1: 1}, b"\x0f"), side=512),
        "end-of-band runs, 10,000 times": steps(2048, sos((1, 63, 0, 1), runs(1 << 16), 1) * 10_000),
        "end-of-band runs in refinement scans, 10,000 times": steps(
            2048, sos((1, 63, 0, 1), runs(1 << 16), 1), sos((1, 63, 1, 0), runs(1 << 16), 1) * 10_000
        ),
        "one coefficient refined, 10,000 times": steps(2048, sos((1, 1, 1, 0), runs(1 << 16), 1) * 10_000),
        "DC refined, 2,000 times": steps(2048, sos((0, 0, 1, 0), bytes(1 << 13), 1) * 2_000),
        "deep nested SOI": b"\xff\xd8" * 5_000_000 + END,
        "a DNL without a scan": jpeg(sof(0xC0, 64, 0, *GREY), seg(0xDC, b"\xff\xff")),
        "a DNL of 65535": jpeg(sof(0xC0, 65535, 0, *GREY), DC, AC, sos(WHOLE, b"\0" * 9, 1), seg(0xDC, b"\xff\xff")),
        "a DNL of 0": jpeg(sof(0xC0, 64, 0, *GREY), DC, AC, sos(WHOLE, b"\0" * 9, 1), seg(0xDC, b"\0\0")),
        "60,000 DNLs": jpeg(sof(0xC0, 64, 0, *GREY), seg(0xDC, b"\0\0") * 60_000),
        "no components": jpeg(sof(0xC0, 64, 64), DC, sos(WHOLE, b"\0")),
        "255 components": jpeg(sof(0xC0, 64, 64, *(bytes([i, 0x11, 0]) for i in range(255))), DC, sos(WHOLE, b"\0", 1)),
        "four components of one id": jpeg(sof(0xC0, 64, 64, *GREY * 4), DC, AC, sos(WHOLE, b"\0" * 999, 1)),
        "a scan of one component four times": jpeg(
            sof(0xC0, 64, 64, *RGB), DC, AC, sos(WHOLE, b"\0" * 999, 1, 1, 1, 1)
        ),
        "65,000 segments": b"\xff\xd8" + seg(0xFE, b"") * 65_000 + END,
        "one million segments": b"\xff\xd8" + seg(0xFE, b"") * 1_000_000 + END,
        "PNG of 2^31 x 2^31": _png(2**31 - 1, 2**31 - 1, b"\0"),
        "PNG of 13,000 x 13,000 and one byte": _png(13_000, 13_000, b"\0"),
        "PNG whose zlib data is 200 MB of zeros": _png(64, 64, bytes(200_000_000)),
        "BMP of 60,000 x 60,000": _bmp(60_000, 60_000),
        "BMP of 9,000 x -9,000": _bmp(9_000, -9_000),
        "GIF of 65,535 x 65,535": _gif(65535, 65535),
    }
    for factors in (0x00, 0x01, 0x10, 0x0F, 0xF0, 0xFF, 0x51, 0x15, 0x44):
        frame = sof(0xC0, 64, 64, bytes([1, factors, 0]), *RGB[1:])
        out[f"sampling factors {factors >> 4}x{factors & 15}"] = jpeg(frame, DC, AC, sos(WHOLE, b"\0" * 999, 1, 2, 3))
    return out
