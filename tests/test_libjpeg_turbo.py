"""`generic/libjpeg-turbo` against Pillow's libjpeg-turbo: the same bytes, over every setting that Pillow has."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

import understudy as us
from oracles import Picture, pillow, scene
from shared_folder import shared

PROFILE = us.load_profile("generic/libjpeg-turbo")
QUALITIES = [1, 2, 5, 10, 25, 50, 75, 85, 90, 95, 99, 100]
SUBSAMPLING = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}
"""Pillow's numbers."""
CODINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # name: (for Pillow, for us)
    "standard": ({}, {}),
    "optimised": ({"optimize": True}, {"huffman": "optimal"}),
    "progressive": ({"progressive": True}, {"encode.script": "simple10", "huffman": "optimal"}),
}
SIZES = [(1, 1), (7, 11), (257, 265)]


def ours(picture: Any, **settings: Any) -> bytes:
    return us.mimic(picture, PROFILE, **settings).data


def assert_same(mine: bytes, theirs: bytes) -> None:
    if mine != theirs:
        at = next(
            (i for i, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), min(len(mine), len(theirs))
        )
        pytest.fail(f"{len(mine)} bytes against Pillow's {len(theirs)}; the first difference is at {at:#x}")


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("sampling", SUBSAMPLING)
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_qualities(size: tuple[int, int], sampling: str, coding: str) -> None:
    picture = scene(*size)
    theirs, mine = CODINGS[coding]
    for quality in QUALITIES:
        assert_same(
            ours(picture, quality=quality, sampling=sampling, **mine),
            pillow(picture, quality=quality, subsampling=SUBSAMPLING[sampling], **theirs),
        )


@pytest.mark.parametrize("coding", CODINGS)
def test_every_quality(coding: str) -> None:
    picture = scene(23, 19)
    theirs, mine = CODINGS[coding]
    for quality in range(1, 101):
        assert_same(ours(picture, quality=quality, **mine), pillow(picture, quality=quality, **theirs))


@pytest.mark.parametrize("width", range(1, 18))
def test_every_small_size(width: int) -> None:
    for height in range(1, 18):
        picture = scene(width, height)
        for sampling, number in SUBSAMPLING.items():
            assert_same(ours(picture, sampling=sampling), pillow(picture, subsampling=number))


@pytest.mark.parametrize("kind", ["noise", "black", "white", "checkers", "saturated"])
def test_hard_pictures(kind: str) -> None:
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:61, :67]
    grey = {"black": 0 * x, "white": 0 * x + 255, "checkers": (x + y) % 2 * 255}
    pictures: dict[str, Any] = {k: np.stack([v] * 3, -1) for k, v in grey.items()}
    pictures["noise"] = rng.integers(0, 256, (61, 67, 3))
    pictures["saturated"] = rng.choice([0, 255], (61, 67, 3))
    picture = pictures[kind].astype(np.uint8)
    for theirs, mine in CODINGS.values():
        for quality in (1, 30, 100):
            for sampling, number in SUBSAMPLING.items():
                assert_same(
                    ours(picture, quality=quality, sampling=sampling, **mine),
                    pillow(picture, quality=quality, subsampling=number, **theirs),
                )


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_grey(size: tuple[int, int], coding: str) -> None:
    picture = scene(*size, 1)
    theirs, mine = CODINGS[coding]
    for quality in (1, 50, 75, 90, 100):
        assert_same(ours(picture, quality=quality, **mine), pillow(picture, quality=quality, **theirs))
        assert_same(ours(picture[:, :, 0], quality=quality, **mine), pillow(picture, quality=quality, **theirs))


@pytest.mark.parametrize("edge", [0, 8, 16])
def test_long_runs_of_empty_blocks(edge: int) -> None:
    """End-of-band runs of progressive scans end at 0x7FFF blocks (T.81 G.1.2.2): 65,536 blocks here."""
    picture = np.full((2048, 2048), 77, np.uint8)
    picture[2048 - edge :, 2048 - edge :] = scene(edge, edge, 1)[:, :, 0] if edge else 0
    theirs, mine = CODINGS["progressive"]
    assert_same(ours(picture, **mine), pillow(picture, **theirs))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("interval", [1, 2, 7, 1000])
def test_restart_intervals(interval: int, coding: str) -> None:
    theirs, mine = CODINGS[coding]
    for channels in (1, 3):
        picture = scene(130, 61, channels)
        assert_same(
            ours(picture, quality=80, restart_interval=interval, **mine),
            pillow(picture, quality=80, restart_marker_blocks=interval, **theirs),
        )


def test_custom_tables() -> None:
    luma, chroma = [3 + i for i in range(64)], [70 + 3 * i for i in range(64)]
    picture = scene(40, 33)
    assert_same(
        ours(picture, luma_steps=tuple(luma), chroma_steps=tuple(chroma)), pillow(picture, qtables=[luma, chroma])
    )


def test_comment_density_and_icc() -> None:
    """Segments around the scans, as Pillow's libjpeg writes them."""
    picture = scene(40, 33)
    assert_same(ours(picture, density=(1, 72, 72)), pillow(picture, dpi=(72, 72)))
    assert_same(ours(picture, comment="Gruß"), pillow(picture, comment="Gruß".encode("latin-1")))


MODES = ["RGB", "L", "P", "1", "LA", "RGBA", "PA"]


@pytest.mark.parametrize("mode", MODES)
def test_from_png(mode: str) -> None:
    image = Image.fromarray(scene(57, 49))
    if mode in ("LA", "RGBA", "PA"):
        image.putalpha(Image.fromarray(scene(57, 49, 1, seed=5)[:, :, 0]))
    image = image.convert(mode)
    saved = pillow(image, "PNG") if mode != "PA" else pillow(image.convert("RGBA"), "PNG")
    opened = Image.open(io.BytesIO(saved))
    target = "L" if opened.mode in ("L", "1", "LA") else "RGB"
    for quality in (75, 92):
        assert_same(ours(saved, quality=quality), pillow(opened.convert(target), quality=quality))


@pytest.mark.parametrize("format", ["BMP", "TIFF", "WEBP", "GIF", "PPM"])
def test_from_other_formats(format: str) -> None:
    saved = pillow(scene(57, 49), format)
    assert_same(ours(saved), pillow(Image.open(io.BytesIO(saved)).convert("RGB")))


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
def test_from_jpeg(progressive: bool, subsampling: int, size: tuple[int, int]) -> None:
    """A generation on top of another: our decoder equals libjpeg-turbo's too."""
    sent = pillow(scene(*size), quality=83, subsampling=subsampling, progressive=progressive)
    assert_same(ours(sent, quality=71), pillow(Image.open(io.BytesIO(sent)), quality=71))


def test_from_grey_jpeg() -> None:
    sent = pillow(scene(57, 49, 1), quality=83)
    assert_same(ours(sent, quality=71), pillow(Image.open(io.BytesIO(sent)), quality=71))


def test_every_way_to_hand_a_picture_over(tmp_path: Any) -> None:
    picture = scene(40, 33)
    expected = pillow(picture)
    path = tmp_path / "sent.png"
    path.write_bytes(pillow(picture, "PNG"))
    data = path.read_bytes()
    ways: list[Any] = [
        picture,
        np.asfortranarray(picture),
        Image.fromarray(picture),
        path,
        str(path),
        data,
        bytearray(data),
        memoryview(data),
    ]
    for way in ways:
        assert_same(ours(way), expected)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["p03_kodim05.png", "m8_q75.jpg", "p11_adobergb.jpg", "p15_orient6.jpg", "s06_alpha800.png"]
)
def test_photographs(name: str) -> None:
    """ICC and EXIF orientation are left alone, alpha is dropped: what `Image.open(f).convert("RGB").save` does."""
    data = shared(f"photos/{name}").read_bytes()
    opened = Image.open(io.BytesIO(data)).convert("RGB")
    for quality, sampling, coding in (
        (75, "4:2:0", "standard"),
        (90, "4:4:4", "progressive"),
        (50, "4:2:2", "optimised"),
    ):
        theirs, mine = CODINGS[coding]
        assert_same(
            ours(data, quality=quality, sampling=sampling, **mine),
            pillow(opened, quality=quality, subsampling=SUBSAMPLING[sampling], **theirs),
        )


def test_it_is_not_blind() -> None:
    """The comparison fails where it should: another quality, another sampling, one sample changed."""
    picture: Picture = scene(57, 49)
    changed = picture.copy()
    changed[20, 20] ^= 64
    for rival in (pillow(picture, quality=76), pillow(picture, subsampling=0), pillow(changed)):
        assert ours(picture) != rival
