"""The names of the arithmetic, each after the code it equals. Nothing heavy is imported here."""

from __future__ import annotations

from enum import StrEnum


class Engine(StrEnum):
    """Which encoder turns pixels into quantised coefficients."""

    LIBJPEG = "libjpeg"
    """libjpeg's structure, made of the parts below; see encode.py."""
    JPEGLI = "jpegli"
    """jpegli, float32 throughout, with its adaptive quantisation; see jpegli/encode.py. It has no parts to choose."""


class Color(StrEnum):
    """RGB to YCbCr, in integers; see color.py."""

    LIBJPEG = "libjpeg"
    """libjpeg 6b and all its descendants: 16-bit fixed point of JFIF's equations."""
    FACEBOOK_CLASSIC = "facebook-classic"
    """Facebook before 2014 to about 2021: 15-bit fixed point with a luma rounding constant of its own."""
    GO = "go"
    """Go's image/color: libjpeg's form with weights of five digits for chroma, which is rounded half up."""
    RUST_IMAGE = "rust-image"
    """Rust's image crate: float32 with JFIF's weights of four digits, cut off, not rounded."""
    RUST_IMAGE_INTEGER = "rust-image-integer"
    """The same crate in later releases (@napi-rs/image 1.15 has one): libjpeg's, green's share of Y cut off."""
    NONE = "none"
    """No conversion: the samples are Y, Cb and Cr already."""
    RGB = "rgb"
    """No conversion: the components are R, G and B (libjpeg's JCS_RGB, `cjpeg -rgb`), all with luma's tables."""


class Downsampling(StrEnum):
    """Chroma planes made smaller; see sampling.py."""

    LIBJPEG = "libjpeg"
    """Box means; for 2x1 and 2x2 the rounding constant alternates by column, elsewhere half up."""
    FACEBOOK_CLASSIC = "facebook-classic"
    """2x2 means with (1 + (x & 1)), as libjpeg's; no other ratio was seen."""
    LIBJPEG_7 = "libjpeg-7"
    """libjpeg 7 to 9f: the lowest frequencies of 16x16 (16x8, 8x16) samples; see scaled_dct.py. Beyond that LIBJPEG."""
    GO = "go"
    """Go's image/jpeg: 2x2 means, half up."""


class Edge(StrEnum):
    """How planes are continued to whole MCUs; see sampling.py."""

    LIBJPEG = "libjpeg"
    """Right: pixels, before downsampling. Below: pixels up to one row group, then rows of each component."""
    FACEBOOK_CLASSIC = "facebook-classic"
    """Pixels, on both sides, before downsampling."""
    GO = "go"
    """Go's image/jpeg: pixels, on both sides, before downsampling."""


class Upsampling(StrEnum):
    """Chroma planes made larger; see sampling.py."""

    FANCY = "fancy"
    """libjpeg-turbo's default: a triangle filter for 2x1, 2x2 and 1x2, repetition elsewhere. (1x2 as 2.1 has it: 2.0
    rounds it otherwise, 6b to 1.5 repeat; docs/variants.md.)"""
    PLAIN = "plain"
    """Repetition."""


class Decoder(StrEnum):
    """Which inverse DCTs a JPEG decoder has beside the 8x8 one, and what they do for chroma; see scaled_dct.py."""

    LIBJPEG_TURBO = "libjpeg-turbo"
    """libjpeg 6b, libjpeg-turbo, mozjpeg: square sizes up to 8x8 for chroma, the rest is upsampling's."""
    LIBJPEG_7 = "libjpeg-7"
    """libjpeg 7 to 9: subsampled chroma is decoded to up to 16x16; repetition where that does not reach."""
    LIBJPEG_9A = "libjpeg-9a"
    """libjpeg 9a to 9f: as libjpeg 7, with more digits in green's weights."""
    GO = "go"
    """Go's image/jpeg: an inverse DCT of its own, chroma repeated, and the picture stays in YCbCr; see go_jpeg.py."""


class Depth16(StrEnum):
    """How samples of 16 bits become 8 where a picture is read; see steps/decode.py."""

    STRIP = "strip"
    """The upper byte: libpng's png_set_strip_16, so OpenCV and libgd; libvips and Pillow for colours."""
    SCALE = "scale"
    """v / 257 rounded: libpng's png_set_scale_16."""
    PILLOW = "pillow"
    """Pillow's `convert`: the upper byte of colours, but grey samples above 255 become 255."""


class Dct(StrEnum):
    """A forward DCT; what `dct.forward` returns is in the variant's own scale, which `quantize` knows."""

    ISLOW = "islow"
    """libjpeg's accurate integer transform: int16, 8 x T.81's normalisation (DC = 64 x mean)."""
    IFAST = "ifast"
    """libjpeg's fast integer transform: int16, scaled as Arai, Agui and Nakajima's."""
    FLOAT = "float"
    """libjpeg's float transform: float32, scaled as Arai, Agui and Nakajima's."""
    JPEG_JS = "jpeg-js"
    """jpeg-js: float's structure in float64, scaled as it is; quantised half away from zero."""
    RUST_IMAGE = "rust-image"
    """Rust's image crate: ISLOW, odd frequencies of the columns rounded otherwise, cut to T.81's normalisation."""
    AP922 = "ap922"
    """The structure of Intel's application note AP-922: int16, T.81's normalisation (DC = 8 x mean)."""
    FFMPEG = "ffmpeg"
    """ffmpeg's code for x86 (its default there): AP922 rounded three bits later, so int16 in ISLOW's normalisation."""


class Quantizer(StrEnum):
    """Coefficient to level; see quantize.py."""

    PLAIN = "plain"
    """libjpeg's division for each Dct: half away from zero (float: half to even)."""
    RECIPROCAL15_HALF_EVEN = "reciprocal15-half-even"
    """Times a 15-bit reciprocal, half to even: Facebook before 2014 to about 2021."""
    ROUNDING_OFFSET = "rounding-offset"
    """No code of its own: AC levels are cut off after an offset that is fitted to pairs, DC rounds half up. `learn`
    uses it for encoders with a dead zone that it does not know, and says so."""
    FFMPEG = "ffmpeg"
    """ffmpeg's mjpeg on x86: AC times a 16-bit reciprocal, 5/8 of a step and less is nothing; DC half up. After
    Dct.FFMPEG or ISLOW."""
    MOZJPEG_TRELLIS = "mozjpeg-trellis"
    """mozjpeg's, chosen for rate and distortion together, after Dct.ISLOW; see mozjpeg/trellis.py."""


class DummyBlocks(StrEnum):
    """Blocks of partial MCUs that lie beyond ceil(size / 8); see encode.py."""

    LIBJPEG = "libjpeg"
    """DC of the last real block (to the left; below: of the MCU's previous row of blocks), AC zero."""
    FACEBOOK_CLASSIC = "facebook-classic"
    """DC of the continued pixels, AC zero (progressive AC scans never send them)."""
    GO = "go"
    """Go's image/jpeg: what the continued pixels give, as in any other block."""
