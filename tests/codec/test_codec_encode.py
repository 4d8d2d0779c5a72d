"""codec.encode against libjpeg-turbo (through Pillow and jpeglib) and against what Facebook delivered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from codec_oracles import PICTURES, SIZES, by_jpeglib, by_pillow, noise, scene, shared, with_dummies_shown
from codec_oracles import File as JpegFile
from PIL import Image

from understudy.codec import dct as transforms
from understudy.codec.color import rgb_to_ycbcr
from understudy.codec.encode import FACEBOOK_CLASSIC, LIBJPEG, forward
from understudy.codec.quantize import quantize
from understudy.codec.sampling import component_planes
from understudy.codec.tables import quant_tables
from understudy.codec.variants import Color, Dct, Edge, Quantizer
from understudy.errors import UnderstudyError

PLAIN_420 = [(2, 2), (1, 1), (1, 1)]
PILLOW = {"4:4:4": [(1, 1)] * 3, "4:2:2": [(2, 1), (1, 1), (1, 1)], "4:2:0": PLAIN_420}
UNUSUAL = [
    [(1, 2), (1, 1), (1, 1)],
    [(4, 1), (1, 1), (1, 1)],
    [(1, 4), (1, 1), (1, 1)],
    [(4, 2), (1, 1), (1, 1)],
    [(2, 2), (1, 2), (2, 1)],
    [(2, 2), (2, 1), (2, 1)],
    [(1, 1), (2, 2), (2, 1)],
]


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("sampling", PILLOW)
@pytest.mark.parametrize("quality", [1, 10, 50, 75, 85, 95, 100])
def test_islow_is_pillows(quality: int, sampling: str, kind: str, tmp_path: Path) -> None:
    for width, height in SIZES:
        picture = PICTURES[kind](width, height)
        file = by_pillow(picture, tmp_path, quality=quality, subsampling=sampling)
        assert file.factors == PILLOW[sampling]
        luma, chroma = quant_tables("annex-k", quality)
        ours = forward(picture, LIBJPEG, file.factors, luma, chroma)
        assert file.mismatches(ours) == [0, 0, 0], (width, height)


@pytest.mark.parametrize("quality", [1, 50, 90, 100])
def test_grey_is_pillows(quality: int, tmp_path: Path) -> None:
    for width, height in SIZES:
        picture = scene(width, height)[:, :, 1].copy()
        file = by_pillow(picture, tmp_path, quality=quality)
        assert file.mismatches(forward(picture, LIBJPEG, [(1, 1)], quant_tables("annex-k", quality)[0])) == [0]


@pytest.mark.parametrize("factors", UNUSUAL, ids=str)
def test_unusual_sampling_is_libjpegs(factors: list[tuple[int, int]], tmp_path: Path) -> None:
    for width, height in SIZES:
        for make in (noise, scene):
            picture = make(width, height)
            file = by_jpeglib(picture, tmp_path, factors, 83)
            assert file.factors == factors
            assert file.mismatches(forward(picture, LIBJPEG, factors, *quant_tables("annex-k", 83))) == [
                0,
                0,
                0,
            ]


@pytest.mark.parametrize("factors", [PLAIN_420, *UNUSUAL, [(1, 1)] * 3], ids=str)
def test_dummy_blocks_are_libjpegs(factors: list[tuple[int, int]], tmp_path: Path) -> None:
    """T.81 leaves them open; libjpeg repeats a neighbour's DC, and every one of them is compared here."""
    for width, height in [*SIZES, (9, 8), (8, 9), (33, 25), (24, 41)]:
        picture = noise(width, height)
        file = by_jpeglib(picture, tmp_path, factors, 90)
        ours = forward(picture, LIBJPEG, factors, *quant_tables("annex-k", 90))
        theirs = with_dummies_shown(file, tmp_path)
        assert [a.shape for a in ours] == [b.shape for b in theirs]
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True)), (width, height)


@pytest.mark.parametrize("quality", [1, 2, 5, 30, 75, 90, 98, 100])
def test_ifast_is_libjpegs(quality: int, tmp_path: Path) -> None:
    for width, height in SIZES:
        for make in (noise, scene):
            picture = make(width, height)
            file = by_jpeglib(picture, tmp_path, PLAIN_420, quality, "ifast")
            arithmetic = replace(LIBJPEG, dct=Dct.IFAST)
            ours = forward(picture, arithmetic, PLAIN_420, file.steps[0], file.steps[1])
            assert file.mismatches(ours) == [0, 0, 0]


@pytest.mark.parametrize("quality", [1, 50, 90, 100])
def test_float_transform_is_libjpegs(quality: int, tmp_path: Path) -> None:
    """Against libjpeg's C code, whose rounding differs from its SIMD code's (ours): so with that rounding.

    It is (int)(x * reciprocal + 16384.5f) - 16384, in float32. The SIMD one is proved on the battery, below.
    """
    for make in (noise, scene):
        picture = make(257, 265)
        file = by_jpeglib(picture, tmp_path, [(1, 1)] * 3, quality, "float")
        planes = component_planes(
            rgb_to_ycbcr(picture, LIBJPEG.color), file.factors, LIBJPEG.downsampling, LIBJPEG.edge
        )
        raw = transforms.forward(planes[0], Dct.FLOAT)
        aan = np.array([1.0] + [np.sqrt(2) * np.cos(k * np.pi / 16) for k in range(1, 8)])
        reciprocal = (1 / (np.reshape(file.steps[0], (8, 8)) * np.outer(aan, aan) * 8)).astype(np.float32)
        theirs = (raw * reciprocal + np.float32(16384.5)).astype(np.int32) - 16384
        assert file.mismatches([theirs, *file.coefficients[1:]])[0] == 0


def test_variants_differ() -> None:
    """Equal to its own code is worth something only if the others are not: data, so that a change shows."""
    picture, steps = scene(256, 256), quant_tables("annex-k", 90)
    islow, *others = (forward(picture, replace(LIBJPEG, dct=d), PLAIN_420, *steps)[0] for d in Dct)
    shares = {d.value: float((islow != other).mean()) for d, other in zip(list(Dct)[1:], others, strict=True)}
    assert {name: round(100 * share, 1) for name, share in shares.items()} == {
        "ifast": 5.1,
        "float": 1.0,
        "jpeg-js": 0.8,
        "ap922": 4.0,
        "ffmpeg": 0.4,
        "rust-image": 4.0,
    }


@pytest.mark.parametrize("quality", [1, 2, 4])
def test_sixteen_bit_steps(quality: int, tmp_path: Path) -> None:
    """Without force_baseline libjpeg goes beyond 255: 6,050 at Q1."""
    picture = scene(257, 265)
    file = by_jpeglib(picture, tmp_path, PLAIN_420, quality)
    luma, chroma = quant_tables("annex-k", quality, force_baseline=False)
    assert (list(luma), list(chroma)) == (list(file.steps[0]), list(file.steps[1]))
    assert file.mismatches(forward(picture, LIBJPEG, PLAIN_420, luma, chroma)) == [0, 0, 0]


# --- real deliveries


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("pair", "size"),
    [("facebook-2021", 431_680), ("facebook-2015-image", 254_016), ("facebook-2015-white", 254_016),
     ("facebook-2015-black", 254_016)],
)  # fmt: skip
def test_facebook_classic_is_what_facebook_delivered(pair: str, size: int, tmp_path: Path) -> None:
    received = JpegFile(shared(f"golden/{pair}/received.jpg").read_bytes(), tmp_path)
    sent = next(shared(f"golden/{pair}").glob("sent.*"))
    assert received.coefficients[0].size == size
    ours = forward(pixels(sent), FACEBOOK_CLASSIC, received.factors, received.steps[0], received.steps[1])
    assert received.mismatches(ours) == [0, 0, 0]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("changed", "luma"),
    [
        ({"color": Color.LIBJPEG}, 584),
        ({"dct": Dct.ISLOW}, 18_837),
        ({"quantizer": Quantizer.PLAIN}, 28_054),
    ],
    ids=str,
)
def test_every_part_of_facebook_classic_is_needed(changed: dict[str, Any], luma: int, tmp_path: Path) -> None:
    """The rivals leave this many luma mismatches on the 2021 pair; 584 and 28,054 also in the facts."""
    received = JpegFile(shared("golden/facebook-2021/received.jpg").read_bytes(), tmp_path)
    sent = pixels(shared("golden/facebook-2021/sent.tif"))
    arithmetic = replace(FACEBOOK_CLASSIC, **changed)
    ours = forward(sent, arithmetic, received.factors, received.steps[0], received.steps[1])
    assert received.mismatches(ours)[0] == luma


@pytest.mark.shared
@pytest.mark.parametrize("dct", [Dct.FLOAT, Dct.IFAST])
@pytest.mark.parametrize(
    "photo", ["p01_kodim01.png", "p03_kodim05.png", "m3_1536x1024.png", "p10_displayp3.jpg", "m8_q75.jpg"]
)
def test_battery_channels(dct: Dct, photo: str, tmp_path: Path) -> None:
    """cjpeg -dct float with its own tables; ImageMagick 6, documented as islow, in its data ifast."""
    channel = {Dct.FLOAT: "cjpeg_qtables_scans", Dct.IFAST: "im6_q85_plane420"}[dct]
    received = shared(f"battery/{channel}/received/{Path(photo).stem}.jpg")
    file = JpegFile(received.read_bytes(), tmp_path)
    arithmetic = replace(LIBJPEG, dct=dct)
    ours = forward(pixels(shared(f"photos/{photo}")), arithmetic, file.factors, file.steps[0], file.steps[1])
    assert file.mismatches(ours) == [0, 0, 0]


# --- rules of the room


@pytest.mark.parametrize("arithmetic", [LIBJPEG, FACEBOOK_CLASSIC], ids=["libjpeg", "facebook-classic"])
def test_arguments_are_not_changed(arithmetic: object) -> None:
    picture = noise(19, 21)
    before = picture.copy()
    picture.flags.writeable = False
    forward(picture, arithmetic, PLAIN_420, *quant_tables("annex-k", 80))  # type: ignore[arg-type]
    assert np.array_equal(picture, before)


def test_views_give_what_copies_give() -> None:
    picture = noise(64, 48)[::-1, ::-1]
    a = forward(picture, LIBJPEG, PLAIN_420, *quant_tables("annex-k", 80))
    b = forward(picture.copy(), LIBJPEG, PLAIN_420, *quant_tables("annex-k", 80))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_facebook_classic_dummies_have_their_own_dc_and_no_ac() -> None:
    picture = noise(19, 35)
    luma = forward(picture, FACEBOOK_CLASSIC, PLAIN_420, [1] * 64, [1] * 64)[0]
    full = forward(np.pad(picture, ((0, 13), (0, 13), (0, 0)), mode="edge"), FACEBOOK_CLASSIC, PLAIN_420, [1] * 64)[0]
    assert luma.shape == full.shape == (6, 4, 8, 8)
    assert np.array_equal(luma[:, :, 0, 0], full[:, :, 0, 0])
    assert np.array_equal(luma[:5, :3], full[:5, :3])
    assert not luma[5:].reshape(-1, 64)[:, 1:].any() and not luma[:, 3:].reshape(-1, 64)[:, 1:].any()


def test_edges_differ_only_below() -> None:
    """On an odd height the two edge rules give other chroma in the last row of blocks, and nowhere else."""
    picture = noise(40, 39)
    steps = [1] * 64, [1] * 64
    libjpeg = forward(picture, LIBJPEG, PLAIN_420, *steps)
    other = forward(picture, replace(LIBJPEG, edge=Edge.FACEBOOK_CLASSIC), PLAIN_420, *steps)
    assert np.array_equal(libjpeg[1][:-1], other[1][:-1]) and np.array_equal(libjpeg[0], other[0])


@pytest.mark.parametrize("dct", [Dct.IFAST, Dct.FLOAT])
def test_meaningless_combinations_say_so(dct: Dct) -> None:
    raw = transforms.forward(np.zeros((8, 8), np.uint8), dct)
    with pytest.raises(UnderstudyError, match="no exact normalised value"):
        quantize(raw, [16] * 64, dct, Quantizer.RECIPROCAL15_HALF_EVEN)


def test_fractional_sampling_says_so() -> None:
    with pytest.raises(UnderstudyError, match="2x1 beside 3x1"):
        forward(noise(16, 16), LIBJPEG, [(3, 1), (2, 1), (1, 1)], [1] * 64, [1] * 64)
