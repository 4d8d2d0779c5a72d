"""GIF's LZW, decoded as far as a bound: the pixels for the signs of dithering, and how the encoder uses its table.

Source: GIF89a, 22 and appendix F.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_PIXELS = 60_000
FULL = 4096
"""Codes of 12 bits: the table's end."""


@dataclass(slots=True)
class Decoded:
    """The first pixels of one frame."""

    pixels: bytes = b""
    starts_with_clear: bool = False
    clears: int = 0
    """Clear codes, the first included."""
    codes: int = 0
    full: int = 0
    """Codes that came while the table was full: an encoder that goes on with a full table has many."""
    first_run: int = 0
    """Codes between the first two clear codes, 0 where there is one."""
    ended: bool = False
    trouble: str = ""


def decode(data: bytes, size: int, limit: int = MAX_PIXELS) -> Decoded:
    """The palette indices in `data` (its sub-blocks put together), at most `limit` of them.

    size: the minimum code size, 1 to 11. What stops the decoding before is its `trouble`.
    """
    out = Decoded()
    clear, end = 1 << size, (1 << size) + 1
    roots = [bytes([i & 255]) for i in range(clear)] + [b"", b""]
    table = list(roots)
    width = size + 1
    pieces: list[bytes] = []
    held = kept = at = count = run = 0
    last = b""
    while count < limit:
        while kept < width:
            if at >= len(data):
                out.trouble = "the data ends without its end code"
                out.pixels = b"".join(pieces)[:limit]
                return out
            more = data[at : at + 6]
            held |= int.from_bytes(more, "little") << kept
            kept, at = kept + 8 * len(more), at + len(more)
        code = held & ((1 << width) - 1)
        held, kept = held >> width, kept - width
        out.codes += 1
        run += 1
        if code == clear:
            out.starts_with_clear |= out.codes == 1
            out.clears += 1
            if out.clears == 2:
                out.first_run = run
            table, width, last, run = list(roots), size + 1, b"", 0
            continue
        if code == end:
            out.ended = True
            break
        if code < len(table):
            piece = table[code]
        elif code == len(table) and last:
            piece = last + last[:1]
        else:
            out.trouble = f"code {code} where the table has {len(table)}"
            break
        if last:
            if len(table) < FULL:
                # Bounded: a string is at most as long as the codes since the last clear.
                table.append(last + piece[:1])
                if len(table) == 1 << width and width < 12:
                    width += 1
            else:
                out.full += 1
        pieces.append(piece)
        count += len(piece)
        last = piece
    out.pixels = b"".join(pieces)[:limit]
    return out
