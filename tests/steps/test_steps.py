"""Each step against something that does not come from us: Pillow, littlecms, jpegtran, or the formula written out."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from oracles import SIZES, Picture, cjpeg, image_of, jpegtran, pillow, scene
from shared_folder import shared
from understudy.codec.sampling import Upsampling
from understudy.errors import LimitError, PictureError, ProfileError, UnderstudyError
from understudy.jpeg import parse
from understudy.steps import Context, Raster, Rule, Source
from understudy.steps.color import Color
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.envelope import Envelope, fbmd_text, iim_records
from understudy.steps.flatten import Flatten
from understudy.steps.orient import Orient
from understudy.steps.transcode import Transcode


def decoded(data: bytes, **parameters: Any) -> Raster:
    return Decode(**parameters).exact(Source(data), Context())


def pixels(image: Image.Image) -> Picture:
    array = np.asarray(image)
    return array if array.ndim == 3 else array[:, :, None]


# --- orient


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_pillows(orientation: int, channels: int) -> None:
    picture = scene(7, 11, channels)
    image = image_of(picture)
    exif = Image.Exif()
    exif[0x0112] = orientation
    saved = pillow(image, "PNG", exif=exif)
    expected = pixels(ImageOps.exif_transpose(Image.open(io.BytesIO(saved))))
    raster = decoded(saved)
    assert raster.orientation == orientation
    upright = Orient().exact(raster, Context())
    np.testing.assert_array_equal(upright.pixels, expected)
    assert upright.orientation == 1
    ignored = Orient(apply=False).exact(raster, Context())
    np.testing.assert_array_equal(ignored.pixels, picture)
    assert ignored.orientation == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_a_jpeg(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    saved = pillow(scene(17, 9), exif=exif)
    expected = pixels(ImageOps.exif_transpose(Image.open(io.BytesIO(saved))))
    np.testing.assert_array_equal(Orient().exact(decoded(saved), Context()).pixels, expected)


@pytest.mark.parametrize("value", [0, 9, 300])
def test_an_orientation_outside_of_1_to_8_means_upright(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert decoded(pillow(scene(8, 8), exif=exif)).orientation == 1


# --- flatten


@pytest.mark.parametrize("rounding", ["nearest", "down"])
@pytest.mark.parametrize("background", [(255, 255, 255), (0, 0, 0), (12, 130, 200)])
def test_flatten_by_its_formula(background: tuple[int, int, int], rounding: Any) -> None:
    alpha, colour = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    raster = Raster(np.stack([colour, 255 - colour, colour // 2, alpha], -1), b"icc", 3)
    flat = Flatten(background=background, rounding=rounding).exact(raster, Context())
    a = alpha.astype(float) / 255
    for channel in range(3):
        exact = a * raster.pixels[:, :, channel] + (1 - a) * background[channel]
        expected = np.floor(exact + (0.5 if rounding == "nearest" else 0) + 1e-9)
        np.testing.assert_array_equal(flat.pixels[:, :, channel], expected)
    assert (flat.icc, flat.orientation) == (b"icc", 3)


def test_flatten_grey_drop_and_opaque() -> None:
    grey = Raster(np.array([[[10, 0], [10, 255]]], np.uint8))
    assert Flatten(background=(90, 1, 2)).exact(grey, Context()).pixels.tolist() == [[[90], [10]]]
    hidden = Raster(scene(9, 5, 4))
    np.testing.assert_array_equal(Flatten(alpha="drop").exact(hidden, Context()).pixels, hidden.pixels[:, :, :3])
    opaque = Raster(scene(9, 5, 3))
    assert Flatten().exact(opaque, Context()) is opaque


# --- color


def srgb_like(gamma_shift: bool = False) -> bytes:
    """A profile: littlecms' own sRGB, or its Lab-independent XYZ one, which turns colours round."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ" if gamma_shift else "sRGB")).tobytes()


def by_littlecms(picture: Picture, icc: bytes, intent: int = 0, flags: int = 0) -> Picture:
    """Through ImageCms' two-step interface: build a transform, apply it."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    mode = "L" if picture.shape[2] == 1 else "RGB"
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB", intent, flags)
    out = ImageCms.applyTransform(image_of(picture), transform)
    assert out is not None
    return np.asarray(out)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["p10_displayp3.jpg", "p11_adobergb.jpg"])
@pytest.mark.parametrize("intent", ["perceptual", "relative", "saturation", "absolute"])
def test_color_is_littlecms(name: str, intent: Any) -> None:
    icc = decoded(shared(f"photos/{name}").read_bytes()).icc
    assert icc is not None
    number = ["perceptual", "relative", "saturation", "absolute"].index(intent)
    for channels in (3, 4):
        raster = Raster(scene(57, 49, channels), icc, 5)
        for bpc in (False, True):
            made = Color(intent=intent, black_point_compensation=bpc).exact(raster, Context())
            np.testing.assert_array_equal(
                made.pixels[:, :, :3], by_littlecms(raster.pixels[:, :, :3], icc, number, 0x2000 if bpc else 0)
            )
            assert (made.icc, made.orientation) == (None, 5)
            if channels == 4:
                np.testing.assert_array_equal(made.pixels[:, :, 3], raster.pixels[:, :, 3])
    assert (made.pixels[:, :, :3] != raster.pixels[:, :, :3]).any(), "the profile does something"


def test_color_keep_drop_and_none() -> None:
    with_icc, without = Raster(scene(9, 5), srgb_like()), Raster(scene(9, 5))
    assert Color(icc="keep").exact(with_icc, Context()) is with_icc
    assert Color().exact(without, Context()) is without
    dropped = Color(icc="drop").exact(with_icc, Context())
    assert dropped.icc is None
    np.testing.assert_array_equal(dropped.pixels, with_icc.pixels)


@pytest.mark.parametrize("icc", [b"", b"nonsense", srgb_like()[:200], bytes(128)])
def test_color_names_a_profile_that_does_not_fit(icc: bytes) -> None:
    with pytest.raises(PictureError, match="ICC profile of the sent picture"):
        Color().exact(Raster(scene(9, 5), icc), Context())


def test_an_rgb_profile_on_a_grey_picture_is_refused() -> None:
    with pytest.raises(PictureError, match="a profile for L pixels"):
        Color().exact(Raster(scene(9, 5, 1), srgb_like()), Context())


# --- decode

LOSSLESS = [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {"lossless": True})]


@pytest.mark.parametrize(("format", "save"), LOSSLESS)
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_lossless_formats_give_what_went_in(size: tuple[int, int], format: str, save: dict[str, Any]) -> None:
    picture = scene(*size)
    np.testing.assert_array_equal(decoded(pillow(picture, format, **save)).pixels, picture)


MODES = {
    "PNG": ["1", "L", "LA", "P", "RGB", "RGBA"],
    "TIFF": ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK"],
    "GIF": ["1", "L", "LA", "P", "RGB", "RGBA"],
    "BMP": ["1", "L", "P", "RGB", "RGBA"],
    "WEBP": ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"],
}
"""What Pillow writes."""


@pytest.mark.parametrize(("format", "mode"), [(f, m) for f, modes in MODES.items() for m in modes])
def test_modes_are_pillows_conversions(format: str, mode: str) -> None:
    image = Image.fromarray(scene(33, 17))
    if mode in ("LA", "PA", "RGBA"):
        image.putalpha(image_of(scene(33, 17, 1, seed=3)))
    data = pillow(image.convert(mode), format)
    opened = Image.open(io.BytesIO(data))
    raster = decoded(data)
    target = ["L", "LA", "RGB", "RGBA"][raster.pixels.shape[2] - 1]
    np.testing.assert_array_equal(raster.pixels, pixels(opened.convert(target)))
    assert raster.has_alpha == ("A" in opened.mode or "transparency" in opened.info)


@pytest.mark.parametrize("sampling", ["1x1", "2x1", "2x2", "1x2"])
@pytest.mark.parametrize("options", [(), ("-progressive",), ("-restart", "3B")], ids=lambda o: "".join(o))
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_jpegs_are_pillows(size: tuple[int, int], options: tuple[str, ...], sampling: str) -> None:
    data = cjpeg(scene(*size), "-quality", "80", "-sample", sampling, *options)
    np.testing.assert_array_equal(decoded(data).pixels, pixels(Image.open(io.BytesIO(data))))


def test_other_jpegs_are_pillows() -> None:
    files = {
        "grey": pillow(scene(33, 17, 1)),
        "RGB components": cjpeg(scene(33, 17), "-rgb"),
        "keep_rgb": pillow(scene(33, 17), keep_rgb=True),
        "16-bit steps": cjpeg(scene(33, 17), "-quality", "1"),
    }
    for name, data in files.items():
        np.testing.assert_array_equal(decoded(data).pixels, pixels(Image.open(io.BytesIO(data))), err_msg=name)


def test_what_we_do_not_decode_goes_through_pillow_with_a_note() -> None:
    data = cjpeg(scene(33, 17), "-arithmetic")
    context = Context()
    raster = Decode().exact(Source(data), context)
    np.testing.assert_array_equal(raster.pixels, pixels(Image.open(io.BytesIO(data)).convert("RGB")))
    assert len(context.notes) == 1
    assert context.notes[0].startswith("decoded by Pillow")


def test_plain_upsampling_is_another_setting() -> None:
    data = cjpeg(scene(33, 17), "-quality", "90")
    assert (decoded(data).pixels != decoded(data, upsampling=Upsampling.PLAIN).pixels).any()


@pytest.mark.parametrize("icc", [None, srgb_like()])
@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_the_icc_profile_comes_along(format: str, icc: bytes | None) -> None:
    save = {"icc_profile": icc} if icc else {}
    assert decoded(pillow(scene(9, 5), format, **save)).icc == icc


NO_PICTURES = {
    "nothing": (b"", "an empty file"),
    "text": (b"hello, world", "expected JPEG, PNG, BMP, TIFF, WebP or GIF"),
    "SOI only": (b"\xff\xd8", "no frame header"),
    "half a JPEG": (pillow(scene(40, 40))[:900], "expected whole scans"),
    "half a PNG": (pillow(scene(40, 40), "PNG")[:900], "PNG picture"),
    "half a TIFF": (pillow(scene(40, 40), "TIFF")[:900], "expected"),
    "float TIFF": (pillow(Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF"), "8 bit a sample"),
    "a JPEG without tables": (
        b"\xff\xd8\xff\xc0\0\x0b\x08\0\x08\0\x08\1\1\x11\0\xff\xda\0\x08\1\1\0\0\x3f\0\0\xff\xd9",
        "left out",
    ),
}


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_gives_one_clear_line(name: str) -> None:
    data, words = NO_PICTURES[name]
    with pytest.raises(UnderstudyError) as caught:
        decoded(data)
    line = str(caught.value)
    assert words in line
    assert "\n" not in line


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    import struct
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(65535, 65535), (2**31 - 1, 1), (20000, 20000)])
def test_pictures_beyond_the_limit(size: tuple[int, int]) -> None:
    with pytest.raises((LimitError, PictureError)):
        decoded(png_header(*size))


# --- encode, envelope, transcode


def test_rules() -> None:
    rule = Rule("longest_side", ((960, 71), (2048, 85)), 60)
    assert [rule(*size) for size in ((960, 10), (10, 960), (961, 1), (2048, 2048), (2049, 1))] == [71, 71, 85, 85, 60]
    assert [Rule(by, ((100, 1),), 2)(50, 101) for by in ("shortest_side", "width", "height", "pixels")] == [1, 1, 2, 2]
    encode = Encode(quality=rule)
    assert encode.tables_for(960, 5) == Encode(quality=71).tables_for(1, 1)
    with pytest.raises(ProfileError, match=r"encode\.quality"):
        Encode(quality=Rule("width", (), 0)).tables_for(1, 1)


def test_encode_refuses_what_it_cannot_do() -> None:
    with pytest.raises(PictureError, match="an alpha channel"):
        Encode().exact(Raster(scene(9, 5, 4)), Context())
    with pytest.raises(PictureError, match="65535"):
        Encode().exact(Raster(np.zeros((1, 65536, 1), np.uint8)), Context())
    with pytest.raises(ProfileError, match="63 steps"):
        Encode(luma_steps=(1,) * 63).exact(Raster(scene(9, 5)), Context())
    with pytest.raises(ProfileError, match="'no-such'"):
        Encode(script="no-such").exact(Raster(scene(9, 5)), Context())
    with pytest.raises(UnderstudyError, match="standard Huffman"):
        Encode(script="simple10").exact(Raster(scene(9, 5)), Context())


def test_fbmd_notes_the_scans_and_the_length() -> None:
    encoded = Encode(script="simple10", huffman="optimal").exact(Raster(scene(57, 49)), Context())  # type: ignore[arg-type]
    made = Envelope(iptc=("token", "fbmd"), token="abc", fbmd_type="01").exact(encoded, Context())
    records = iim_records(parse(made.data))
    assert [tag for tag, _ in records] == [103, 40]
    at = [i for i in range(len(made.data) - 1) if made.data[i : i + 2] == b"\xff\xda"]
    assert records[1][1] == fbmd_text("01", [*at, len(made.data)])
    assert records[0][1] == "abc"


ENVELOPES = {
    "too few ids": ({"component_ids": (1,)}, "envelope.component_ids"),
    "ids twice": ({"component_ids": (1, 1, 2)}, "envelope.component_ids"),
    "not base64": ({"icc": "base64:%"}, "envelope.icc"),
    "no prefix": ({"icc": "sRGB"}, "envelope.icc"),
    "a huge profile": ({"icc": "base64:" + "AAAA" * 6_000_000}, "at most 255 chunks"),
    "a token beyond Latin-1": ({"iptc": ("token",), "token": "€"}, "Latin-1"),
    "records beyond a segment": ({"iptc": ("token", "token"), "token": "x" * 40_000}, "envelope.iptc"),
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_envelopes_that_cannot_be_written(name: str) -> None:
    parameters, words = ENVELOPES[name]
    encoded = Encode().exact(Raster(scene(8, 8)), Context())
    with pytest.raises(ProfileError, match=words):
        Envelope(**parameters).exact(encoded, Context())


@pytest.mark.parametrize("chunks", [1, 2, 4])
def test_icc_profiles_are_cut_into_chunks_that_pillow_reads(chunks: int) -> None:
    import base64

    profile = np.random.default_rng(1).bytes(65519 * (chunks - 1) + 100)
    encoded = Encode().exact(Raster(scene(8, 8)), Context())
    made = Envelope(icc="base64:" + base64.b64encode(profile).decode()).exact(encoded, Context())
    assert Image.open(io.BytesIO(made.data)).info["icc_profile"] == profile
    assert made.data == pillow(scene(8, 8), icc_profile=profile)


@pytest.mark.parametrize("options", [("-optimize",), ("-progressive",), ("-optimize", "-restart", "3B")])
@pytest.mark.parametrize("sampling", ["2x2", "1x1", "1x2"])
def test_transcode_is_jpegtran(sampling: str, options: tuple[str, ...]) -> None:
    """But for padding blocks, which jpegtran makes anew: so sizes of whole MCUs."""
    sent = cjpeg(scene(64, 48), "-quality", "88", "-sample", sampling)
    step = Transcode(
        script="simple10" if "-progressive" in options else "baseline",
        restart_interval=3 if "-restart" in options else 0,
    )
    made = Envelope().exact(step.exact(Source(sent), Context()), Context())
    assert made.data == jpegtran(sent, "-copy", "none", *options)


def test_transcode_refuses_what_it_cannot_keep() -> None:
    for data, words in (
        (pillow(scene(8, 8), "PNG"), "not a JPEG"),
        (pillow(scene(40, 40))[:900], "whole scans"),
        (cjpeg(scene(8, 8), "-arithmetic"), "arithmetic"),
        (pillow(scene(8, 8)).replace(b"\xff\xdb\0\x43\1", b"\xff\xdb\0\x43\2"), "quantisation table"),
    ):
        with pytest.raises(UnderstudyError, match=words):
            Transcode().exact(Source(data), Context())
