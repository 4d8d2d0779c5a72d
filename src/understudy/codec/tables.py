"""Quantisation tables, the laws that scale them by quality, and which law a given table obeys.

Every table is a tuple of 64 in NATURAL order (row by row, index 8 v + h). Imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from .jpegli import tables as jpegli
from .photoshop_tables import PHOTOSHOP


class Law(StrEnum):
    """What makes a pair of tables (luma, chroma) out of a quality."""

    ANNEX_K = "annex-k"
    """T.81's example tables, scaled by libjpeg's law: libjpeg and nearly everyone."""
    MOZJPEG_3 = "mozjpeg-3"
    """mozjpeg's preset 3, its default (N. Robidoux, for ImageMagick); luma and chroma alike, the same law."""
    MOZJPEG_1 = "mozjpeg-1"
    """mozjpeg's preset 1: flat. (Its preset 0 is ANNEX_K.) All presets are scaled by libjpeg's law."""
    MOZJPEG_2 = "mozjpeg-2"
    """mozjpeg's preset 2: tuned for MS-SSIM."""
    MOZJPEG_4 = "mozjpeg-4"
    """mozjpeg's preset 4: tuned for PSNR-HVS-M."""
    MOZJPEG_5 = "mozjpeg-5"
    """mozjpeg's preset 5: Klein, Silverstein and Carney 1992; luma and chroma alike, as in the presets that follow."""
    MOZJPEG_6 = "mozjpeg-6"
    """mozjpeg's preset 6: Watson, Taylor and Borthwick 1997."""
    MOZJPEG_7 = "mozjpeg-7"
    """mozjpeg's preset 7: Ahumada, Watson and Peterson 1993."""
    MOZJPEG_8 = "mozjpeg-8"
    """mozjpeg's preset 8: Peterson, Ahumada and Watson 1993."""
    LIBJPEG_9E = "libjpeg-9e"
    """libjpeg 9e and 9f: ANNEX_K, but chroma's first step is 16 of 100, not 17; the same law."""
    JAVA_IMAGEIO = "java-imageio"
    """Java's ImageIO: ANNEX_K's tables, scaled by a rule of its own in float32; quality is 100 times its number."""
    FFMPEG_MJPEG = "ffmpeg-mjpeg"
    """ffmpeg's mjpeg: MPEG-1's matrix for intra blocks times `-q:v` / 8; luma and chroma alike. The quality is `-q:v`,
    2 to 31 (from 1 on if it is told so), so a larger one is worse."""
    JPEGLI = "jpegli"
    """jpegli's own tables and distances, see jpegli/tables.py; they depend on whether chroma is 4:2:0."""
    CUSTOM_DIAG = "facebook-custom-diag"
    """One fixed pair that Facebook and Messenger use, 20 files of deliveries.csv; it has no quality."""


Table = tuple[int, ...]

# fmt: off
ANNEX_K_LUMA_NATURAL: Table = (
    16, 11, 10, 16, 24, 40, 51, 61,
    12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77,
    24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)
"""T.81 table K.1."""
ANNEX_K_CHROMA_NATURAL: Table = (
    17, 18, 24, 47, 99, 99, 99, 99,
    18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
    *(99,) * 32,
)
"""T.81 table K.2."""
LIBJPEG_9E_CHROMA_NATURAL: Table = (16, *ANNEX_K_CHROMA_NATURAL[1:])
"""Measured on jpeglib's 9e and 9f, every quality; 9d still has 17 (tests/codec/test_libjpeg_7.py)."""
MOZJPEG_3_NATURAL: Table = (
    16, 16, 16, 18, 25, 37, 56, 85,
    16, 17, 20, 27, 34, 40, 53, 75,
    16, 20, 24, 31, 43, 62, 91, 135,
    18, 27, 31, 40, 53, 74, 106, 156,
    25, 34, 43, 53, 69, 94, 131, 189,
    37, 40, 62, 74, 94, 124, 169, 238,
    56, 53, 91, 106, 131, 169, 226, 311,
    85, 75, 135, 156, 189, 238, 311, 418,
)
"""ImageMagick's recommended table (its www/quantization tables by N. Robidoux), mozjpeg's `-quant-table 3`.
Scaled, it gives all 45 files of deliveries.csv that have this law, q71 to q85."""
MOZJPEG_1_NATURAL: Table = (16,) * 64
"""mozjpeg 4.0.3, jcparam.c, as are the following; each equals libvips' at every quality (tests/codec)."""
MOZJPEG_2_LUMA_NATURAL: Table = (
    12, 17, 20, 21, 30, 34, 56, 63,
    18, 20, 20, 26, 28, 51, 61, 55,
    19, 20, 21, 26, 33, 58, 69, 55,
    26, 26, 26, 30, 46, 87, 86, 66,
    31, 33, 36, 40, 46, 96, 100, 73,
    40, 35, 46, 62, 81, 100, 111, 91,
    46, 66, 76, 86, 102, 121, 120, 101,
    68, 90, 90, 96, 113, 102, 105, 103,
)
"""mozjpeg 4.0.3."""
MOZJPEG_2_CHROMA_NATURAL: Table = (
    8, 12, 15, 15, 86, 96, 96, 98,
    13, 13, 15, 26, 90, 96, 99, 98,
    12, 15, 18, 96, 99, 99, 99, 99,
    17, 16, 90, 96, 99, 99, 99, 99,
    96, 96, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
)
"""mozjpeg 4.0.3."""
MOZJPEG_4_LUMA_NATURAL: Table = (
    9, 10, 12, 14, 27, 32, 51, 62,
    11, 12, 14, 19, 27, 44, 59, 73,
    12, 14, 18, 25, 42, 59, 79, 78,
    17, 18, 25, 42, 61, 92, 87, 92,
    23, 28, 42, 75, 79, 112, 112, 99,
    40, 42, 59, 84, 88, 124, 132, 111,
    42, 64, 78, 95, 105, 126, 125, 99,
    70, 75, 100, 102, 116, 100, 107, 98,
)
"""mozjpeg 4.0.3."""
MOZJPEG_4_CHROMA_NATURAL: Table = (
    9, 10, 17, 19, 62, 89, 91, 97,
    12, 13, 18, 29, 84, 91, 88, 98,
    14, 19, 29, 93, 95, 95, 98, 97,
    20, 26, 84, 88, 95, 95, 98, 94,
    26, 86, 91, 93, 97, 99, 98, 99,
    99, 100, 98, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    97, 97, 99, 99, 99, 99, 97, 99,
)
"""mozjpeg 4.0.3."""
MOZJPEG_5_NATURAL: Table = (
    10, 12, 14, 19, 26, 38, 57, 86,
    12, 18, 21, 28, 35, 41, 54, 76,
    14, 21, 25, 32, 44, 63, 92, 136,
    19, 28, 32, 41, 54, 75, 107, 157,
    26, 35, 44, 54, 70, 95, 132, 190,
    38, 41, 63, 75, 95, 125, 170, 239,
    57, 54, 92, 107, 132, 170, 227, 312,
    86, 76, 136, 157, 190, 239, 312, 419,
)
"""Relevance of human vision to JPEG-DCT compression, 1992; mozjpeg 4.0.3."""
MOZJPEG_6_NATURAL: Table = (
    7, 8, 10, 14, 23, 44, 95, 241,
    8, 8, 11, 15, 25, 47, 102, 255,
    10, 11, 13, 19, 31, 58, 127, 255,
    14, 15, 19, 27, 44, 83, 181, 255,
    23, 25, 31, 44, 72, 136, 255, 255,
    44, 47, 58, 83, 136, 255, 255, 255,
    95, 102, 127, 181, 255, 255, 255, 255,
    241, 255, 255, 255, 255, 255, 255, 255,
)
"""DCTune perceptual optimization of compressed dental X-rays, 1997; mozjpeg 4.0.3."""
MOZJPEG_7_NATURAL: Table = (
    15, 11, 11, 12, 15, 19, 25, 32,
    11, 13, 10, 10, 12, 15, 19, 24,
    11, 10, 14, 14, 16, 18, 22, 27,
    12, 10, 14, 18, 21, 24, 28, 33,
    15, 12, 16, 21, 26, 31, 36, 42,
    19, 15, 18, 24, 31, 38, 45, 53,
    25, 19, 22, 28, 36, 45, 55, 65,
    32, 24, 27, 33, 42, 53, 65, 77,
)
"""A visual detection model for DCT coefficient quantization, 1993; mozjpeg 4.0.3."""
MOZJPEG_8_NATURAL: Table = (
    14, 10, 11, 14, 19, 25, 34, 45,
    10, 11, 11, 12, 15, 20, 26, 33,
    11, 11, 15, 18, 21, 25, 31, 38,
    14, 12, 18, 24, 28, 33, 39, 47,
    19, 15, 21, 28, 36, 43, 51, 59,
    25, 20, 25, 33, 43, 54, 64, 74,
    34, 26, 31, 39, 51, 64, 77, 91,
    45, 33, 38, 47, 59, 74, 91, 108,
)
"""An improved detection model for DCT coefficient quantization, 1993; mozjpeg 4.0.3."""
CUSTOM_DIAG_LUMA_NATURAL: Table = (
    7, 7, 7, 12, 17, 23, 30, 36,
    7, 7, 7, 12, 17, 23, 30, 36,
    7, 7, 12, 17, 23, 30, 36, 43,
    12, 12, 17, 23, 30, 36, 43, 50,
    17, 17, 23, 30, 36, 43, 50, 56,
    23, 23, 30, 36, 43, 50, 56, 56,
    30, 30, 36, 43, 50, 56, 56, 56,
    36, 36, 43, 50, 56, 56, 56, 56,
)
"""Measured: facts/platforms.md."""
CUSTOM_DIAG_CHROMA_NATURAL: Table = (
    9, 9, 14, 25, 59, 59, 59, 59,
    9, 13, 13, 40, 59, 59, 59, 59,
    14, 13, 33, 59, 59, 59, 59, 59,
    25, 40, 59, 59, 59, 59, 59, 59,
    *(59,) * 32,
)
"""Measured: facts/platforms.md."""
MPEG_1_INTRA_NATURAL: Table = (
    8, 16, 19, 22, 26, 27, 29, 34,
    16, 16, 22, 24, 27, 29, 34, 37,
    19, 22, 26, 27, 29, 34, 34, 38,
    22, 22, 26, 27, 29, 34, 37, 40,
    22, 26, 27, 29, 32, 35, 40, 48,
    26, 27, 29, 32, 35, 40, 48, 58,
    26, 27, 29, 34, 38, 46, 56, 69,
    27, 29, 35, 38, 46, 56, 69, 83,
)
"""ISO/IEC 11172-2, 2.4.3.2, the default intra_quantizer_matrix."""
# fmt: on

_BASES: dict[Law, tuple[Table, Table]] = {
    Law.ANNEX_K: (ANNEX_K_LUMA_NATURAL, ANNEX_K_CHROMA_NATURAL),
    Law.MOZJPEG_3: (MOZJPEG_3_NATURAL, MOZJPEG_3_NATURAL),
    Law.MOZJPEG_1: (MOZJPEG_1_NATURAL, MOZJPEG_1_NATURAL),
    Law.MOZJPEG_2: (MOZJPEG_2_LUMA_NATURAL, MOZJPEG_2_CHROMA_NATURAL),
    Law.MOZJPEG_4: (MOZJPEG_4_LUMA_NATURAL, MOZJPEG_4_CHROMA_NATURAL),
    Law.MOZJPEG_5: (MOZJPEG_5_NATURAL, MOZJPEG_5_NATURAL),
    Law.MOZJPEG_6: (MOZJPEG_6_NATURAL, MOZJPEG_6_NATURAL),
    Law.MOZJPEG_7: (MOZJPEG_7_NATURAL, MOZJPEG_7_NATURAL),
    Law.MOZJPEG_8: (MOZJPEG_8_NATURAL, MOZJPEG_8_NATURAL),
    Law.LIBJPEG_9E: (ANNEX_K_LUMA_NATURAL, LIBJPEG_9E_CHROMA_NATURAL),
    Law.JAVA_IMAGEIO: (ANNEX_K_LUMA_NATURAL, ANNEX_K_CHROMA_NATURAL),
    Law.FFMPEG_MJPEG: (MPEG_1_INTRA_NATURAL, MPEG_1_INTRA_NATURAL),
}
KIN = frozenset({Law.ANNEX_K, Law.LIBJPEG_9E, Law.JAVA_IMAGEIO})
"""Laws that share tables because they scale T.81's: that one of them fits says little more than that another does."""


def scale(base_natural: Sequence[int], quality: int, force_baseline: bool = True) -> Table:
    """A base table at a libjpeg quality, 1 to 100: percentage s = 5000 // Q below 50, else 200 - 2 Q; (t s +
    50) // 100.

    Clamped to 1..255, or to 1..32767 without `force_baseline`. Source: libjpeg's jpeg_quality_scaling and
    jpeg_add_quant_table, as documented in its libjpeg.txt.
    """
    if not 1 <= quality <= 100:
        raise ValueError(f"quality {quality}, expected 1 to 100")
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    top = 255 if force_baseline else 32767
    steps = [(t * percent + 50) // 100 for t in base_natural]
    return tuple(steps) if min(steps) >= 1 and max(steps) <= top else tuple(min(max(q, 1), top) for q in steps)


def _scale_java(base_natural: Sequence[int], quality: int, force_baseline: bool) -> Table:
    """javax.imageio.plugins.jpeg.JPEGQTable.getScaledInstance at the scale of JPEGImageWriteParam's quality.

    Source: the documentation of both (a linear rating, 0.5 / quality below 0.5, else 2 - 2 quality; rounded, at least
    1); that all of it is float32 is measured: OpenJDK 17, every quality (tests/codec/test_recorded_encoders.py).
    """
    rating = jpegli.f32(quality / 100)
    factor = jpegli.f32(0.5 / rating if quality < 50 else 2 - jpegli.f32(2 * rating))
    top = 255 if force_baseline else 32767
    steps = (int(jpegli.f32(jpegli.f32(t * factor) + 0.5)) for t in base_natural)
    return tuple(min(max(q, 1), top) for q in steps)


def quant_tables(
    law: Law | str, quality: int | None = None, force_baseline: bool = True, is_420: bool = True
) -> tuple[Table, Table]:
    """(luma, chroma) of a law at a quality, natural order; CUSTOM_DIAG takes no quality.

    is_420: three components, chroma in 4:2:0; only JPEGLI asks.
    """
    law = Law(law)
    if law == Law.CUSTOM_DIAG:
        if quality is not None:
            raise ValueError(f"{law} is one fixed pair; quality {quality} has no meaning there")
        return CUSTOM_DIAG_LUMA_NATURAL, CUSTOM_DIAG_CHROMA_NATURAL
    if quality is None:
        raise ValueError(f"{law} needs a quality, 1 to 100")
    if law == Law.JPEGLI:
        return jpegli.quant_tables(quality, is_420=is_420, force_baseline=force_baseline)
    luma, chroma = _BASES[law]
    if law == Law.FFMPEG_MJPEG:
        # The first step is always 8; `t q >> 3`, 255 at most: measured on ffmpeg 5.1.9 (tests/codec/test_ffmpeg.py).
        steps = (luma[0], *(min(max(t * quality >> 3, 1), 255) for t in luma[1:]))
        return steps, steps
    if law == Law.JAVA_IMAGEIO:
        return _scale_java(luma, quality, force_baseline), _scale_java(chroma, quality, force_baseline)
    scaled = scale(luma, quality, force_baseline)
    return scaled, scaled if chroma is luma else scale(chroma, quality, force_baseline)


@dataclass(frozen=True, slots=True)
class TableMatch:
    """What a table is, or is nearest to."""

    law: str
    """A Law's value, or a setting of photoshop_tables."""
    quality: int | None
    """1 to 100; None where the law has no quality."""
    role: str
    """`luma`, `chroma`, or `both` where the law gives both the same table at this quality."""
    exact: bool
    residual: float
    """Mean absolute difference of the 64 steps; 0 if exact."""
    is_420: bool | None = None
    """Whether it is the law's table for 4:2:0; None where that makes no difference."""


@cache
def _known(force_baseline: bool) -> tuple[tuple[TableMatch, Table], ...]:
    """Every law at every quality and role with its table; the commoner law and the higher quality first."""
    out: list[tuple[TableMatch, Table]] = []
    for law in Law:
        highest = 31 if law == Law.FFMPEG_MJPEG else 100
        qualities = [None] if law == Law.CUSTOM_DIAG else range(highest, 0, -1)
        for is_420 in (True, False) if law == Law.JPEGLI else (None,):
            for quality in qualities:
                luma, chroma = quant_tables(law, quality, force_baseline, is_420 is not False)
                roles = {"both": luma} if luma == chroma else {"luma": luma, "chroma": chroma}
                out += [(TableMatch(law, quality, role, True, 0.0, is_420), table) for role, table in roles.items()]
    for setting, pair in PHOTOSHOP.items():
        out += [
            (TableMatch(setting, None, role, True, 0.0), t) for role, t in zip(("luma", "chroma"), pair, strict=True)
        ]
    return tuple(out)


@cache
def _by_table(force_baseline: bool) -> dict[Table, tuple[TableMatch, ...]]:
    index: dict[Table, tuple[TableMatch, ...]] = {}
    for match, table in _known(force_baseline):
        index[table] = (*index.get(table, ()), match)
    return index


def candidates(steps_natural: Sequence[int]) -> tuple[TableMatch, ...]:
    """Every law, quality and role that gives exactly this table; empty if none does.

    More than one where tables tie: the flat ones of MOZJPEG_1 come again at neighbouring qualities; all ones is Q100 of
    most laws and all 255 is Q1, of some also Q2 and Q3; two chroma tables at Q99 and Q2 are other laws' too; and
    JPEGLI's luma at Q92 in 4:2:0 is its luma at Q90 in other samplings.
    """
    steps = tuple(int(q) for q in steps_natural)
    if len(steps) != 64:
        raise ValueError(f"{len(steps)} steps, expected 64")
    return _by_table(max(steps) <= 255).get(steps, ())


def identify(steps_natural: Sequence[int]) -> TableMatch:
    """The first of `candidates` (the commoner law, then the higher quality), else the nearest, not exact."""
    exact = candidates(steps_natural)
    if exact:
        return exact[0]

    steps = tuple(int(q) for q in steps_natural)
    known, by_sum = _by_sum(max(steps) <= 255)
    total = sum(steps)
    best, chosen = 64 * 65536, 0
    # Sums differ by no more than the tables do, so the search ends where the sums alone are too far apart.
    for index in sorted(by_sum, key=lambda i: abs(by_sum[i] - total)):
        if abs(by_sum[index] - total) > best:
            break
        off = sum(abs(a - b) for a, b in zip(known[index][1], steps, strict=True))
        if (off, index) < (best, chosen):
            best, chosen = off, index
    match = known[chosen][0]
    return TableMatch(match.law, match.quality, match.role, False, best / 64, match.is_420)


@cache
def _by_sum(force_baseline: bool) -> tuple[tuple[tuple[TableMatch, Table], ...], dict[int, int]]:
    """All that is known, and the sum of each table's steps by its index."""
    known = _known(force_baseline)
    return known, {i: sum(table) for i, (_, table) in enumerate(known)}
