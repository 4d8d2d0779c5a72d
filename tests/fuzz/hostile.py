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
DQT = seg(0xDB, b"\0" + bytes([1] * 64))
DC = dht(0, {1: 1, 2: 1}, b"\0\1")
"""Code 0: no difference. Code 10: one bit follows."""
EOBRUN = dht(1, {1: 1, 2: 1, 3: 1}, b"\xe0\0\x01")
"""Code 0: an end-of-band run of 2^14 blocks and 14 more bits. Code 10: end of block. 110: +1 or -1."""
FULL_RUN = b"\x7f\xfe" * 1 + b"\0\0"
END = b"\xff\xd9"


def jpeg(*parts: bytes) -> bytes:
    return b"\xff\xd8" + DQT + b"".join(parts) + END


def runs(blocks: int) -> bytes:
    """Scan data that says `no more coefficients` for so many blocks, in as few bits as T.81 has: code 0, then 14 ones."""
    count = -(-blocks // 32767)
    bits = "011111111111111" * count
    bits += "1" * (-len(bits) % 8)
    raw = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return raw.replace(b"\xff", b"\xff\0")


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
    big = sof(0xC2, 16384, 16384, *GREY)
    many = (1 << 22) // 64 * 64
    out = {
        "a header of 65535 x 65535": jpeg(sof(0xC0, 65535, 65535, *RGB), DC, sos((0, 63, 0, 0), b"\0", 1, 2, 3)),
        "a header of 16384 x 16384 and one byte": jpeg(sof(0xC0, 16384, 16384, *RGB), DC, EOBRUN, sos((0, 63, 0, 0), b"\0", 1, 2, 3)),
        "a progressive header of 16384 x 16384 and one byte": jpeg(big, DC, sos((0, 0, 0, 0), b"\0", 1)),
        "10,000 empty scans": jpeg(sof(0xC0, 64, 64, *RGB), DC, EOBRUN, sos((0, 63, 0, 0), b"", 1, 2, 3) * 10_000),
        "10,000 empty scans of a large picture": jpeg(sof(0xC0, 16384, 16384, *RGB), DC, EOBRUN, sos((0, 63, 0, 0), b"", 1, 2, 3) * 10_000),
        "10,000 scans without tables": jpeg(sof(0xC0, 64, 64, *RGB), sos((0, 63, 0, 0), b"\0\0", 1, 2, 3) * 10_000),
        "5 million restart markers": jpeg(sof(0xC0, 64, 64, *GREY), DC, EOBRUN, sos((0, 63, 0, 0), b"\xff\xd0" * 5_000_000, 1)),
        "5 million restart markers, each expected": jpeg(
            sof(0xC0, 16384, 16384, *GREY), seg(0xDD, b"\0\1"), DC, EOBRUN, sos((0, 63, 0, 0), b"\xff\xd0" * 5_000_000, 1)
        ),
        "10 MB of restart markers before the frame": b"\xff\xd8" + b"\xff\xd0" * 5_000_000,
        "10 MB of fill bytes": b"\xff\xd8" + b"\xff" * 10_000_000,
        "10 MB of fill bytes in a scan": jpeg(sof(0xC0, 64, 64, *GREY), DC, EOBRUN, sos((0, 63, 0, 0), b"\xff" * 10_000_000, 1)),
        "10 MB of stuffed bytes": jpeg(sof(0xC0, 64, 64, *GREY), DC, EOBRUN, sos((0, 63, 0, 0), b"\xff\0" * 5_000_000, 1)),
        "overfull DHT": jpeg(sof(0xC0, 64, 64, *GREY), dht(0, {1: 3}, b"\0\1\2"), EOBRUN, sos((0, 63, 0, 0), b"\0" * 99, 1)),
        "DHT with 256 codes of 8 bits": jpeg(
            sof(0xC0, 64, 64, *GREY), dht(0, {8: 255, 9: 2}, bytes(range(255)) + b"\0\1"), EOBRUN, sos((0, 63, 0, 0), b"\0" * 99, 1)
        ),
        "DHT with 256 symbols of 16 bits": jpeg(
            sof(0xC0, 64, 64, *GREY), dht(0, {16: 255}, bytes(range(255))), dht(1, {1: 1, 16: 255}, bytes(256)), sos((0, 63, 0, 0), b"\0\xfe" * 99, 1)
        ),
        "DHT with 4080 codes": jpeg(sof(0xC0, 64, 64, *GREY), dht(0, dict.fromkeys(range(1, 17), 255), bytes(4080)), sos((0, 63, 0, 0), b"\0" * 9, 1)),
        "20,000 Huffman tables": jpeg(sof(0xC0, 64, 64, *GREY), DC * 10_000, EOBRUN * 10_000, sos((0, 63, 0, 0), b"\0" * 99, 1)),
        "a DC size of 16 and more": jpeg(sof(0xC0, 64, 64, *GREY), dht(0, {1: 1, 2: 1}, b"\x10\xff"), EOBRUN, sos((0, 63, 0, 0), b"\x55" * 999, 1)),
        "runs of zeros without end": jpeg(sof(0xC0, 64, 64, *GREY), DC, dht(1, {1: 1}, b"\xf0"), sos((0, 63, 0, 0), b"\0" * 999, 1)),
        "values of 15 bits": jpeg(sof(0xC0, 512, 512, *GREY), dht(0, {1: 1}, b"\x0f"), dht(1, {1: 1}, b"\x0f"), sos((0, 63, 0, 0), b"\x2a" * 99_999, 1)),
        "end-of-band runs, 10,000 times": jpeg(big, DC, EOBRUN, sos((0, 0, 0, 0), bytes(many // 8), 1), sos((1, 63, 0, 1), runs(many), 1) * 10_000),
        "end-of-band runs in refinement scans, 10,000 times": jpeg(
            sof(0xC2, 2048, 2048, *GREY), DC, EOBRUN, sos((0, 0, 0, 0), bytes(1 << 13), 1), sos((1, 63, 0, 1), runs(1 << 16), 1),
            sos((1, 63, 1, 0), runs(1 << 16), 1) * 10_000,
        ),
        "single coefficients refined, 10,000 times": jpeg(
            sof(0xC2, 2048, 2048, *GREY), DC, EOBRUN, sos((0, 0, 0, 0), bytes(1 << 13), 1), sos((1, 1, 1, 0), runs(1 << 16), 1) * 10_000
        ),
        "DC refined, 10,000 times": jpeg(
            sof(0xC2, 2048, 2048, *GREY), DC, sos((0, 0, 0, 1), bytes(1 << 13), 1), sos((0, 0, 1, 0), bytes(1 << 13), 1) * 2_000
        ),
        "deep nested SOI": b"\xff\xd8" * 5_000_000 + END,
        "a DNL without a scan": jpeg(sof(0xC0, 64, 0, *GREY), seg(0xDC, b"\xff\xff")),
        "a DNL of 65535": jpeg(sof(0xC0, 65535, 0, *GREY), DC, EOBRUN, sos((0, 63, 0, 0), b"\0" * 9, 1), seg(0xDC, b"\xff\xff")),
        "a DNL of 0": jpeg(sof(0xC0, 64, 0, *GREY), DC, EOBRUN, sos((0, 63, 0, 0), b"\0" * 9, 1), seg(0xDC, b"\0\0")),
        "60,000 DNLs": jpeg(sof(0xC0, 64, 0, *GREY), seg(0xDC, b"\0\0") * 60_000),
        "no components": jpeg(sof(0xC0, 64, 64), DC, sos((0, 63, 0, 0), b"\0")),
        "255 components": jpeg(sof(0xC0, 64, 64, *(bytes([i, 0x11, 0]) for i in range(255))), DC, sos((0, 63, 0, 0), b"\0", 1)),
        "four components of one id": jpeg(sof(0xC0, 64, 64, *GREY * 4), DC, EOBRUN, sos((0, 63, 0, 0), b"\0" * 999, 1)),
        "a scan of one component four times": jpeg(sof(0xC0, 64, 64, *RGB), DC, EOBRUN, sos((0, 63, 0, 0), b"\0" * 999, 1, 1, 1, 1)),
        "65,000 segments": b"\xff\xd8" + seg(0xFE, b"") * 65_000 + END,
        "one million segments": b"\xff\xd8" + seg(0xFE, b"") * 1_000_000 + END,
        "PNG of 2^31 x 2^31": _png(2**31 - 1, 2**31 - 1, b"\0"),
        "PNG of 13,000 x 13,000 and one byte": _png(13_000, 13_000, b"\0"),
        "PNG whose zlib data is 200 MB of zeros": _png(64, 64, bytes(200_000_000)),
        "BMP of 60,000 x 60,000": _bmp(60_000, 60_000),
        "BMP of 9,000 x -9,000": _bmp(9_000, -9_000),
        "GIF of 65,535 x 65,535": _gif(65535, 65535),
    }  # fmt: skip
    for factors in (0x00, 0x01, 0x10, 0x0F, 0xF0, 0xFF, 0x51, 0x15, 0x44):
        frame = sof(0xC0, 64, 64, bytes([1, factors, 0]), *RGB[1:])
        out[f"sampling factors {factors >> 4}x{factors & 15}"] = jpeg(
            frame, DC, EOBRUN, sos((0, 63, 0, 0), b"\0" * 999, 1, 2, 3)
        )
    return out
