"""jpegli's quantisation tables: quality -> distance -> 64 steps, for YCbCr in 4:2:0 and in all other samplings.

Tables here are symmetric, so each is written as a triangle: row v holds the entries (v, 0) to (v, v). Plain Python,
in which every product is rounded to float32, as jpegli's is. Imports nothing heavy.

Source: the constants of libjxl's lib/jpegli/quant.cc (BSD-3-Clause; numbers only), the law of its
jpegli_quality_to_distance and SetQuantMatrices. Proved: pyjpegli 0.3.2 at all 100 qualities (4:2:0), all 101 rows of
deliveries.csv that were solved as jpegli (tests/codec/test_jpegli_tables.py). Outside 4:2:0 no file was seen.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache

Table = tuple[int, ...]
Numbers = tuple[float, ...]


def f32(x: float) -> float:
    """`x` rounded to the nearest float32."""
    rounded: float = struct.unpack("f", struct.pack("f", x))[0]
    return rounded


def square(triangle: Iterable[Numbers]) -> Numbers:
    """64 numbers in natural order, as float32, of a symmetric table's lower triangle."""
    rows = tuple(triangle)
    return tuple(f32(rows[max(v, h)][min(v, h)]) for v in range(8) for h in range(8))


# fmt: off
Y_BASE_NATURAL = square((
    (1.2397409345866273,),
    (1.7227115097630963, 2.0928894413636874),
    (2.9212167156636855, 2.8456760904429297, 2.9587403520905338),
    (2.812737435286529, 2.704506820909662, 3.3862948970669273, 3.380058821812233),
    (3.339819711906184, 3.4407673520905337, 3.619523781336757, 4.1679867415584315, 4.579851258441568),
    (3.463603762596166, 3.166232352090534, 3.9046279999999998, 4.805510627261856, 4.923237, 5.43936),
    (3.840915217993518, 4.025208741558432, 3.757835838431854, 4.784259, 5.574107, 5.093895741558431, 5.438461),
    (3.86956, 4.035324490952577, 4.237447515714274, 4.605934, 5.48533336146308, 6.0872254423617225,
     5.4037359493250845, 4.37787101190424),
))
"""Luma's steps at distance 1, before the global scale."""
CB_BASE_NATURAL = square((
    (2.8236197786377537,),
    (6.495639358561486, 8.890103846667353),
    (9.310489207538302, 8.976895794294748, 11.08737706005991),
    (10.64747864717083, 13.666270550318826, 18.20548239870446, 18.628012327860365),
    (11.07419143098738, 16.547071905624193, 19.752481654011646, 16.042509519487183, 19.373482748612577),
    (17.146390223910462, 16.63871382827686, 23.985660533114896, 25.04918273242625, 14.677529999999999,
     31.320412426835304),
    (18.463982229408998, 26.778396930893695, 102.6457378402362, 25.017140189353015, 19.94695960400931,
     46.357234000000005, 61.315764694388044),
    (29.087001644203088, 21.33034294694781, 24.450989, 35.79788782635831, 51.094112, 67.48111451705412,
     88.34665293823721, 112.16099098350989),
))
"""The Cb row: no table is made of it (both chromas use Cr's), but jpegli reads distances back with it."""
CR_BASE_NATURAL = square((
    (2.9217254961255255,),
    (4.497681013199305, 6.309548851989123),
    (7.356344520940414, 7.024608962670982, 6.892101177327445),
    (6.583891506504051, 7.156445324163424, 6.882819916277163, 7.003072944847055),
    (8.535608740100237, 8.049059218663244, 8.782226090078568, 7.7223464701024875, 6.778005927001542),
    (8.799434353234647, 7.0124290657218555, 6.8774750000000004, 7.955425720217421, 9.484922741558432,
     8.607606527385098),
    (9.188341534163023, 6.711923184393611, 7.8858175969577955, 7.4734110000000005, 9.043702663686046,
     9.922697394370815, 63.184936549738225),
    (9.482700481227672, 8.380307846134853, 8.67909, 8.362933242943903, 8.053178199770173, 64.25135180237939,
     83.35294340273799, 114.89202448569779),
))
"""The Cr row: steps of both chromas at distance 1, before the global scale."""
CHROMA_420_NATURAL = square((
    (0.4093,),
    (0.3209, 0.3111),
    (0.3477, 0.3489, 0.3586),
    (0.3333, 0.2801, 0.3257, 0.3020),
    (0.3144, 0.3059, 0.2727, 0.3515, 0.3105),
    (0.2823, 0.3119, 0.3754, 0.3410, 0.3397, 0.3212),
    (0.3214, 0.4135, 0.3369, 0.3971, 0.2716, 0.3203, 0.0798),
    (0.3354, 0.3445, 0.3484, 0.3839, 0.3836, 0.0726, 0.0553, 0.3368),
))
"""What 4:2:0 scales chroma's steps by."""
EXPONENTS_NATURAL = square((
    (1.00,),
    (0.51, 0.66),
    (0.67, 0.69, 0.84),
    (0.74, 0.87, 0.83, 1.00),
    (1.00, 1.00, 0.96, 1.00, 1.00),
    (1.00, 1.00, 1.00, 0.91, 1.00, 1.00),
    (1.00, 1.00, 1.00, 0.91, 1.00, 1.00, 1.00),
    (1.00, 1.00, 1.00, 1.00, 1.00, 1.00, 1.00, 1.00),
))
"""How fast each step grows beyond KNEE."""
# fmt: on

GLOBAL_SCALE = f32(1.7396601)
GLOBAL_SCALE_420 = f32(GLOBAL_SCALE * f32(1.22))
KNEE = 1.5
"""The distance up to which steps grow in proportion to it."""


def distance_of(quality: int) -> float:
    """The distance that jpegli gives a quality, 1 to 100: 25 at 0, 6.4 at 30, 0.1 at 99.. and 0.01 at 100."""
    if not 1 <= quality <= 100:
        raise ValueError(f"quality {quality}, expected 1 to 100")
    if quality == 100:
        return f32(0.01)
    if quality >= 30:
        return f32(f32(0.1) + f32((100 - quality) * f32(0.09)))
    square_term = f32(f32(f32(f32(53.0 / f32(3000.0))) * quality) * quality)
    return f32(f32(square_term - f32(f32(1.15) * quality)) + 25.0)


@lru_cache(maxsize=4)
def scales_of(distance: float) -> Numbers:
    """What each step, in natural order, is multiplied by at a distance."""
    if distance < KNEE:
        return (distance,) * 64
    half = f32(0.5 * distance)
    return tuple(max(half, f32(f32(KNEE ** (1.0 - e)) * f32(distance**e))) for e in EXPONENTS_NATURAL)


def steps(distance: float, *, chroma: bool, is_420: bool, force_baseline: bool = True) -> Table:
    """One table, 64 steps in natural order, at a distance above 0.

    is_420: luma 2x2, chroma 1x1; both tables grow by 1.22, chroma's is then rescaled entry by entry.
    force_baseline: steps end at 255, else at 32767.
    """
    top = 255 if force_baseline else 32767
    base = CR_BASE_NATURAL if chroma else Y_BASE_NATURAL
    out = []
    for k, scale in enumerate(scales_of(distance)):
        factor = f32((GLOBAL_SCALE_420 if is_420 else GLOBAL_SCALE) * scale)
        if is_420 and chroma:
            factor = f32(factor * CHROMA_420_NATURAL[k])
        out.append(max(1, min(int(f32(factor * base[k]) + 0.5), top)))
    return tuple(out)


def quant_tables(quality: int, *, is_420: bool, force_baseline: bool = True) -> tuple[Table, Table]:
    """(luma, chroma) of a quality, 1 to 100, natural order; see `steps`."""
    distance = distance_of(quality)
    luma, chroma = (steps(distance, chroma=c, is_420=is_420, force_baseline=force_baseline) for c in (False, True))
    return luma, chroma
