"""codec/resample/skia.py and codec/skia_color.py against Chromium itself: no sample may differ."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from chromium_oracle import drawn
from PIL import Image, ImageCms

from oracles import pillow, scene
from understudy.codec import skia_color
from understudy.codec.resample import skia
from understudy.codec.sizes import Fit, ShrinkOnLoad
from understudy.errors import PictureError
from understudy.steps import Context, Source
from understudy.steps.decode import Decode
from understudy.steps.orient import Orient, upright
from understudy.steps.resize import Resize

Case = tuple[Any, int, int, int]
"""Pixels as stored, EXIF orientation, width and height as drawn."""


def png(pixels: Any, orientation: int = 1, icc: bytes | None = None) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return pillow(pixels, "PNG", exif=exif, icc_profile=icc)


def check(cases: Sequence[Case], quality: str = "high") -> None:
    pictures = drawn([(png(p, o), width, height) for p, o, width, height in cases], quality)
    for (pixels, orientation, width, height), theirs in zip(cases, pictures, strict=True):
        stored = (width, height) if orientation < 5 else (height, width)
        ours = upright(skia.resize(pixels, *stored, kernel=quality, orientation=orientation), orientation)
        channels = slice(0, 4) if pixels.shape[2] == 4 else slice(0, 3)
        wrong = np.argwhere(ours != theirs[:, :, channels])
        assert not len(wrong), (pixels.shape, orientation, width, height, len(wrong), wrong[:3].tolist())


def test_up_and_down_with_mipmaps_odd_and_tiny() -> None:
    targets = [
        (150, 101),
        (151, 102),
        (149, 100),
        (120, 80),
        (76, 51),
        (75, 50),
        (40, 27),
        (38, 26),
        (37, 25),
        (36, 24),
    ]
    targets += [(20, 14), (7, 5), (2, 1), (1, 1), (3, 200), (100, 2), (19, 13), (10, 7), (75, 20), (30, 60)]
    cases: list[Case] = []
    for width, height in [(301, 203), (300, 200), (257, 64), (31, 17), (5, 3), (1, 9), (7, 1), (1, 1)]:
        fitting = [t for t in targets if t[0] <= width and t[1] <= height]
        for seed, to in enumerate([*fitting, (width + 3, height + 1), (2 * width, height), (1, height), (width, 1)]):
            cases.append((scene(width, height, 3, seed), 1, *to))
    check(cases)


def test_long_rows_where_rounding_adds_up() -> None:
    sizes = [
        (3000, 1600),
        (1600, 2500),
        (2304, 1600),
        (1999, 1777),
        (5000, 4999),
        (5000, 5001),
        (1440, 1067),
        (1800, 1600),
    ]
    cases: list[Case] = []
    for seed, (before, after) in enumerate(sizes):
        cases.append((scene(before, 9, 3, seed), 1, after, 9))
        cases.append((scene(9, before, 3, seed), 3, 9, after))
        cases.append((scene(before, 20, 3, seed), 6, 13, after))
    check(cases)


def test_every_orientation() -> None:
    cases: list[Case] = []
    for i, (x, y) in enumerate([(1.0, 1.0), (0.61, 0.55), (0.3, 0.27), (1.7, 2.3), (0.12, 0.2)]):
        for orientation in range(1, 9):
            pixels = scene(211 + i, 133, 3, orientation)
            width, height = (211 + i, 133) if orientation < 5 else (133, 211 + i)
            cases.append((pixels, orientation, round(width * x), round(height * y)))
    check(cases)


def test_low_quality_is_the_same() -> None:
    sizes = [(180, 120), (90, 61), (400, 300)]
    check([(scene(201, 133, 3, i), (1, 6, 3)[i], *to) for i, to in enumerate(sizes)], "low")


def test_any_ratio() -> None:
    rng = np.random.default_rng(3)
    cases: list[Case] = []
    for seed in range(40):
        width, height = rng.integers(2, 420, 2).tolist()
        orientation = int(rng.integers(1, 9))
        to = [max(1, int(side * share)) for side, share in zip((width, height), rng.uniform(0.1, 1.7, 2), strict=True)]
        cases.append((scene(width, height, 3, seed), orientation, *(to if orientation < 5 else to[::-1])))
    check(cases)


def test_alpha() -> None:
    cases: list[Case] = []
    for seed, to in enumerate([(200, 150), (133, 99), (70, 50), (260, 171)]):
        for orientation in (1, 6):
            pixels = scene(200, 150, 4, 2 * seed + (orientation > 1)).copy()
            pixels[:40, :, 3], pixels[90:, 120:, 3] = 0, 255
            cases.append((pixels, orientation, *(to if orientation == 1 else to[::-1])))
    ramp = np.stack(np.broadcast_arrays(*np.ogrid[:256, :256], 255 - np.arange(256)[None], np.arange(256)[:, None]), -1)
    check([*cases, (ramp.astype(np.uint8), 1, 256, 256)])
    two = skia.resize(cases[1][0][:, :, 2:], 77, 66)
    assert np.array_equal(two, skia.resize(cases[1][0], 77, 66)[:, :, 2:]), "grey with alpha is as any colour with it"


def test_jpegs_of_whole_mcus_are_made_smaller_by_the_decoder() -> None:
    """Through the steps of a profile: decode, resize, orient."""
    rows = [
        (608, 400, 70, 2, 1),
        (640, 640, 100, 2, 1),
        (640, 480, 200, 2, 6),
        (640, 480, 300, 0, 3),
        (640, 480, 321, 2, 1),
    ]
    rows += [(640, 640, 40, 0, 1), (640, 472, 150, 1, 1), (632, 480, 150, 1, 1), (601, 403, 70, 0, 1)]
    sent, ours = [], []
    for i, (width, height, limit, subsampling, orientation) in enumerate(rows):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = pillow(scene(width, height, 3, i), quality=90, subsampling=subsampling, exif=exif)
        raster = Decode(draft=Fit.LONGEST_SIDE, draft_limit=limit, draft_by=ShrinkOnLoad.CHROMIUM).exact(
            Source(data), Context()
        )
        raster = Orient().exact(Resize(limit=limit, code="skia", kernel="high").exact(raster, Context()), Context())
        sent.append((data, raster.width, raster.height))
        ours.append(raster.pixels)
    for row, pixels, theirs in zip(rows, ours, drawn(sent), strict=True):
        assert np.array_equal(pixels, theirs[:, :, :3]), row


def test_grey_is_as_any_colour_and_what_does_not_exist_is_refused() -> None:
    pixels = scene(50, 40, 3)
    assert np.array_equal(skia.resize(pixels[:, :, 1:2], 33, 31), skia.resize(pixels, 33, 31)[:, :, 1:2])
    for bad in ({"kernel": "lanczos"}, {"orientation": 9}, {"orientation": 0}):
        with pytest.raises(ValueError, match="expected one of"):
            skia.resize(pixels, 33, 31, **bad)
    with pytest.raises(ValueError):
        skia.resize(pixels[:0], 3, 3)


# --- ICC


def profile(primaries: Sequence[Sequence[float]], curve: bytes, grey: bool = False) -> bytes:
    """An ICC version 2 display profile of a matrix (XYZ of red, green, blue at D50) and one curve."""

    def xyz(values: Sequence[float]) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))

    rows = {b"rXYZ": xyz(primaries[0]), b"gXYZ": xyz(primaries[1]), b"bXYZ": xyz(primaries[2])}
    rows |= {b"wtpt": xyz((0.9642, 1.0, 0.8249)), b"desc": b"desc\0\0\0\0" + struct.pack(">I", 2) + b"x\0" + b"\0" * 78}
    rows |= {b"cprt": b"text\0\0\0\0none\0\0\0\0", b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    at, table, body = 132 + 12 * len(rows), b"", b""
    for name, data in rows.items():
        padded = data + b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += padded
    space = b"GRAY" if grey else b"RGB "
    head = (
        b"\0" * 8 + b"\x02\x10\0\0mntr" + space + b"XYZ " + b"\x07\xd0\0\x01\0\x01\0\0\0\0\0\0" + b"acsp" + b"\0" * 28
    )
    head += struct.pack(">3i", 63190, 65536, 54061) + b"\0" * 48
    out = head + struct.pack(">I", len(rows)) + table + body
    return struct.pack(">I", len(out)) + out[4:]


def para(kind: int, *values: float) -> bytes:
    return (
        b"para\0\0\0\0"
        + struct.pack(">HH", kind, 0)
        + struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))
    )


def curv(*values: int) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)


P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
PROPHOTO = ((0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491))
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_X = np.linspace(0, 1, 1024)
SRGB_TABLE = np.rint(65535 * np.where(_X > 0.04045, ((_X + 0.055) / 1.055) ** 2.4, _X / 12.92)).astype(int).tolist()

PROFILES = {
    "display p3": profile(P3, para(3, *SRGB_CURVE)),
    "adobe rgb": profile(ADOBE, curv(563)),
    "prophoto": profile(PROPHOTO, curv(461)),
    "p3, linear": profile(P3, curv()),
    "p3, para 0": profile(P3, para(0, 1.9)),
    "p3, para 4": profile(P3, para(4, 2.0, 0.9, 0.1, 0.2, 0.1, 0.0, 0.0)),
    "srgb primaries, 2.2": profile(SRGB, curv(563)),
    "srgb, table": profile(SRGB, curv(*SRGB_TABLE)),
    "p3, srgb's table": profile(P3, curv(*SRGB_TABLE)),
    "littlecms' srgb": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
}


def test_icc_profiles_equal_chromium() -> None:
    pictures = [np.random.default_rng(i).integers(0, 256, (200, 250, 3), np.uint8) for i in range(len(PROFILES))]
    files = [(png(p, 1, icc), 250, 200) for p, icc in zip(pictures, PROFILES.values(), strict=True)]
    for (name, icc), pixels, theirs in zip(PROFILES.items(), pictures, drawn(files), strict=True):
        ours = skia_color.to_srgb(pixels, icc)
        assert int((ours != theirs[:, :, :3]).sum()) == 0, name


def test_profiles_that_are_not_known_are_refused() -> None:
    rgb = np.zeros((2, 2, 3), np.uint8)
    known = PROFILES["display p3"]
    gamma_table = curv(*np.rint(65535 * _X**1.8).astype(int).tolist())
    odd = [
        b"",
        known[:100],
        known[:300],
        profile(P3, curv(563), grey=True),
        profile(P3, gamma_table),
        profile(P3, b"mft2"),
    ]
    for icc in odd:
        with pytest.raises(PictureError, match="ICC profile of the sent picture"):
            skia_color.to_srgb(rgb, icc)
