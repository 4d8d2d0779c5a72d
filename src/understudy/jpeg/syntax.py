"""Markers, orders and segment types of ITU-T T.81. The reader and the writer share these frozen types.

Every segment's fields determine its bytes: `parse` and `to_bytes` are inverse to each other, for damaged segments
too, because what a field cannot hold stays in `extra` (bytes after the last whole table or parameter).
Names are T.81's where it has one (`Ss Se Ah Al`, `Tq`, `Pq`), libjpeg's otherwise (`h_samp_factor`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

# fmt: off
NATURAL_OF_ZIGZAG: tuple[int, ...] = (
    0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
)
"""Row-major index (8 v + h) of each zigzag position; T.81 figure A.6."""
# fmt: on
ZIGZAG_OF_NATURAL: tuple[int, ...] = tuple(NATURAL_OF_ZIGZAG.index(i) for i in range(64))
"""Zigzag position of each row-major index; the inverse of NATURAL_OF_ZIGZAG."""

SOI, EOI, SOS, DQT, DNL, DRI, DHP, EXP = 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF
DHT, DAC, TEM, COM, APP0, RST0 = 0xC4, 0xCC, 0x01, 0xFE, 0xE0, 0xD0

SOF_NAMES: dict[int, str] = {
    0xC0: "baseline DCT",
    0xC1: "extended sequential DCT",
    0xC2: "progressive DCT",
    0xC3: "lossless",
    0xC5: "differential sequential DCT",
    0xC6: "differential progressive DCT",
    0xC7: "differential lossless",
    0xC9: "extended sequential DCT, arithmetic",
    0xCA: "progressive DCT, arithmetic",
    0xCB: "lossless, arithmetic",
    0xCD: "differential sequential DCT, arithmetic",
    0xCE: "differential progressive DCT, arithmetic",
    0xCF: "differential lossless, arithmetic",
}
"""T.81 table B.1, the SOF markers."""

STANDALONE = frozenset({SOI, EOI, TEM})
"""Markers without a length, table B.1. The others, RSTm, belong to a scan's data (outside of one they are stray)."""


@cache
def marker_name(marker: int) -> str:
    """T.81's name of the marker FF `marker`, such as `SOF2` or `APP13`; table B.1."""
    if marker in SOF_NAMES:
        return f"SOF{marker - 0xC0}"
    if 0xD0 <= marker <= 0xD7:
        return f"RST{marker - 0xD0}"
    if 0xE0 <= marker <= 0xEF:
        return f"APP{marker - 0xE0}"
    if 0xF0 <= marker <= 0xFD:
        return f"JPG{marker - 0xF0}"
    fixed = {SOI: "SOI", EOI: "EOI", SOS: "SOS", DQT: "DQT", DNL: "DNL", DRI: "DRI", DHP: "DHP", EXP: "EXP",
             DHT: "DHT", DAC: "DAC", TEM: "TEM", COM: "COM", 0xC8: "JPG"}  # fmt: skip
    return fixed.get(marker, f"RES{marker:02X}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What stands between two markers: `fill` extra FF bytes, FF, the marker's code, and what belongs to it."""

    fill: int = 0

    @property
    def marker(self) -> int:
        """The marker's second byte, 0x01 to 0xFE."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        return marker_name(self.marker)

    def payload(self) -> bytes:
        """The parameters after the length field (empty for a standalone marker)."""
        return b""

    @property
    def payload_size(self) -> int:
        """Bytes of `payload()`, without making it."""
        return len(self.payload())

    @property
    def size(self) -> int:
        """Bytes in the file, fill bytes and a scan's data included."""
        return self.fill + 4 + self.payload_size

    def to_bytes(self) -> bytes:
        """The segment as it stands in a file; T.81 B.1.1.4: the length counts itself, not the marker."""
        payload = self.payload()
        if len(payload) > 65533:
            raise ValueError(f"{self.name}: {len(payload)} payload bytes, a segment holds 65533")
        return b"\xff" * (self.fill + 1) + bytes([self.marker]) + (len(payload) + 2).to_bytes(2, "big") + payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Standalone(Segment):
    """SOI, EOI or TEM: a marker without parameters."""

    code: int

    @property
    def marker(self) -> int:
        return self.code

    @property
    def size(self) -> int:
        return self.fill + 2

    def to_bytes(self) -> bytes:
        return b"\xff" * (self.fill + 1) + bytes([self.code])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Bytes that belong to no segment: between segments, or a segment cut off by the end of the file.

    `marker` is that of the cut-off segment, or 0 where there is none.
    """

    data: bytes
    marker: int = 0

    @property
    def name(self) -> str:
        return f"cut-off {marker_name(self.marker)}" if self.marker else "stray bytes"

    @property
    def size(self) -> int:
        return len(self.data)

    def to_bytes(self) -> bytes:
        return self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque(Segment):
    """A segment that is carried, not read: APPn, COM, DAC, DHP, EXP, JPGn, or one too short for its parameters."""

    code: int
    data: bytes

    @property
    def marker(self) -> int:
        return self.code

    @property
    def payload_size(self) -> int:
        return len(self.data)

    def payload(self) -> bytes:
        return self.data


@dataclass(frozen=True, slots=True)
class QuantTable:
    """One quantisation table: T.81 B.2.4.1."""

    Tq: int
    """Destination, 0 to 3."""
    steps_zigzag: tuple[int, ...]
    """64 step sizes in zigzag order, 1 to 255 (Pq 0) or 1 to 65535 (Pq 1)."""
    Pq: int = 0
    """Element precision: 0 for 8 bit, 1 for 16 bit."""

    @property
    def steps_natural(self) -> tuple[int, ...]:
        """The 64 step sizes row by row, index 8 v + h."""
        return tuple(self.steps_zigzag[k] for k in ZIGZAG_OF_NATURAL)

    def to_bytes(self) -> bytes:
        width = 2 if self.Pq else 1
        return bytes([self.Pq << 4 | self.Tq]) + b"".join(q.to_bytes(width, "big") for q in self.steps_zigzag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dqt(Segment):
    """Define quantisation tables; T.81 B.2.4.1."""

    tables: tuple[QuantTable, ...]
    extra: bytes = b""

    @property
    def marker(self) -> int:
        return DQT

    @property
    def payload_size(self) -> int:
        return sum(129 if t.Pq else 65 for t in self.tables) + len(self.extra)

    def payload(self) -> bytes:
        return b"".join(t.to_bytes() for t in self.tables) + self.extra


@dataclass(frozen=True, slots=True)
class HuffTable:
    """One Huffman table: T.81 B.2.4.2."""

    Tc: int
    """Class: 0 for DC (or lossless), 1 for AC."""
    Th: int
    """Destination, 0 to 3."""
    counts: tuple[int, ...]
    """How many codes of each length 1 to 16 (T.81's BITS)."""
    symbols: bytes
    """The symbols in order of code (T.81's HUFFVAL)."""

    @property
    def name(self) -> str:
        return f"{'AC' if self.Tc else 'DC'} {self.Th}"

    @property
    def overfull(self) -> bool:
        """Whether the counts ask for more codes than a prefix code of these lengths has (Kraft's inequality)."""
        return sum(n << (16 - length) for length, n in enumerate(self.counts, 1)) > 1 << 16

    def to_bytes(self) -> bytes:
        return bytes([self.Tc << 4 | self.Th]) + bytes(self.counts) + self.symbols


@dataclass(frozen=True, slots=True, kw_only=True)
class Dht(Segment):
    """Define Huffman tables; T.81 B.2.4.2."""

    tables: tuple[HuffTable, ...]
    extra: bytes = b""

    @property
    def marker(self) -> int:
        return DHT

    @property
    def payload_size(self) -> int:
        return sum(17 + len(t.symbols) for t in self.tables) + len(self.extra)

    def payload(self) -> bytes:
        return b"".join(t.to_bytes() for t in self.tables) + self.extra


@dataclass(frozen=True, slots=True)
class FrameComponent:
    """One component of a frame header; T.81 B.2.2."""

    id: int
    """T.81's Ci."""
    h_samp_factor: int
    v_samp_factor: int
    quant_tbl_no: int
    """T.81's Tqi."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sof(Segment):
    """Frame header; T.81 B.2.2."""

    code: int
    """0xC0 to 0xCF: the process, see SOF_NAMES."""
    precision: int
    """Bits a sample, T.81's P."""
    height: int
    """Lines, T.81's Y; 0 where a DNL segment gives it."""
    width: int
    """Samples a line, T.81's X."""
    components: tuple[FrameComponent, ...]
    extra: bytes = b""

    @property
    def marker(self) -> int:
        return self.code

    @property
    def progressive(self) -> bool:
        return self.code in (0xC2, 0xC6, 0xCA, 0xCE)

    @property
    def process(self) -> str:
        return SOF_NAMES[self.code]

    @property
    def max_h(self) -> int:
        """The largest horizontal sampling factor, at least 1."""
        return max((c.h_samp_factor for c in self.components), default=1) or 1

    @property
    def max_v(self) -> int:
        """The largest vertical sampling factor, at least 1."""
        return max((c.v_samp_factor for c in self.components), default=1) or 1

    @property
    def payload_size(self) -> int:
        return 6 + 3 * len(self.components) + len(self.extra)

    def payload(self) -> bytes:
        head = bytes([self.precision]) + self.height.to_bytes(2, "big") + self.width.to_bytes(2, "big")
        rows = (bytes([c.id, c.h_samp_factor << 4 | c.v_samp_factor, c.quant_tbl_no]) for c in self.components)
        return head + bytes([len(self.components)]) + b"".join(rows) + self.extra


@dataclass(frozen=True, slots=True)
class ScanComponent:
    """One component of a scan header; T.81 B.2.3."""

    id: int
    """T.81's Csj, the id that the frame gave."""
    dc_tbl_no: int
    """T.81's Tdj."""
    ac_tbl_no: int
    """T.81's Taj."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sos(Segment):
    """Scan header and the entropy-coded data that follows it; T.81 B.2.3, B.1.1.5."""

    components: tuple[ScanComponent, ...]
    Ss: int
    Se: int
    Ah: int
    Al: int
    extra: bytes = b""
    data: bytes = b""
    """The entropy-coded segments as they stand: stuffed zeros and RSTm markers included."""

    @property
    def marker(self) -> int:
        return SOS

    @property
    def payload_size(self) -> int:
        return 4 + 2 * len(self.components) + len(self.extra)

    def payload(self) -> bytes:
        rows = (bytes([c.id, c.dc_tbl_no << 4 | c.ac_tbl_no]) for c in self.components)
        tail = bytes([self.Ss, self.Se, self.Ah << 4 | self.Al])
        return bytes([len(self.components)]) + b"".join(rows) + tail + self.extra

    @property
    def size(self) -> int:
        return self.fill + 4 + self.payload_size + len(self.data)

    def to_bytes(self) -> bytes:
        return Segment.to_bytes(self) + self.data


@dataclass(frozen=True, slots=True)
class ScanSpec:
    """What one scan carries; a scan script is a tuple of these. T.81 B.2.3, G.1.1.1."""

    components: tuple[int, ...]
    """Indexes into the frame's components, in order."""
    Ss: int = 0
    """First coefficient, zigzag position 0 to 63."""
    Se: int = 63
    """Last coefficient, zigzag position 0 to 63."""
    Ah: int = 0
    """Point transform of the scan before in these coefficients, 0 for a first scan."""
    Al: int = 0
    """Point transform: the bits below that this scan leaves out."""

    def __str__(self) -> str:
        """libjpeg's `-scans` syntax without the semicolon, such as `0 1 2: 0-0, 0, 1`."""
        return f"{' '.join(map(str, self.components))}: {self.Ss}-{self.Se}, {self.Ah}, {self.Al}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dri(Segment):
    """Define restart interval; T.81 B.2.4.4."""

    restart_interval: int
    """MCUs between RSTm markers; 0 for none."""
    extra: bytes = b""

    @property
    def marker(self) -> int:
        return DRI

    def payload(self) -> bytes:
        return self.restart_interval.to_bytes(2, "big") + self.extra


@dataclass(frozen=True, slots=True, kw_only=True)
class Dnl(Segment):
    """Define number of lines; T.81 B.2.5."""

    height: int
    extra: bytes = b""

    @property
    def marker(self) -> int:
        return DNL

    def payload(self) -> bytes:
        return self.height.to_bytes(2, "big") + self.extra


Element = Segment | Stray


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something in the bytes that the standard does not allow, or that no encoder in order writes: evidence."""

    offset: int
    """Where it stands, in bytes from the start of the file."""
    text: str
    """Place, got, expected, in one line."""
    clause: str = ""
    """The rule that it breaks, such as `T.81 B.2.4.1`."""


@dataclass(frozen=True)
class JpegStream:
    """A JPEG file: its segments in file order, the bytes after EOI, and what was odd on the way.

    `write(stream)` gives back exactly the bytes that were parsed.
    """

    elements: tuple[Element, ...]
    trailing: bytes = b""
    anomalies: tuple[Anomaly, ...] = ()

    def located(self) -> tuple[tuple[int, Element], ...]:
        """Each element with its offset in the file: that of its marker's FF, after any fill bytes."""
        return self._located

    @cached_property
    def _located(self) -> tuple[tuple[int, Element], ...]:
        out: list[tuple[int, Element]] = []
        offset = 0
        for element in self.elements:
            fill = element.fill if isinstance(element, Segment) else 0
            out.append((offset + fill, element))
            offset += element.size
        return tuple(out)

    @property
    def frame(self) -> Sof | None:
        """The first frame header, with a DNL's height filled in where the header says 0; None if there is none."""
        return self._frame

    @cached_property
    def _frame(self) -> Sof | None:
        sof = next((e for e in self.elements if isinstance(e, Sof)), None)
        if sof is None or sof.height:
            return sof
        dnl = next((e for e in self.elements if isinstance(e, Dnl)), None)
        if dnl is None:
            return sof
        return Sof(fill=sof.fill, code=sof.code, precision=sof.precision, height=dnl.height, width=sof.width,
                   components=sof.components, extra=sof.extra)  # fmt: skip

    @property
    def scans(self) -> tuple[Sos, ...]:
        return self._scans

    @cached_property
    def _scans(self) -> tuple[Sos, ...]:
        return tuple(e for e in self.elements if isinstance(e, Sos))

    def app(self, n: int) -> tuple[bytes, ...]:
        """The payloads of all APPn segments, in file order."""
        return tuple(e.payload() for e in self.elements if isinstance(e, Opaque) and e.code == APP0 + n)
