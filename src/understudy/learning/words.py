"""A profile's steps in words: what a person is told, on the page, in the report and in tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from ..codec.scans import resolve
from ..codec.variants import Color as ColorCode
from ..codec.variants import Decoder, Downsampling, Edge, Engine, Quantizer, Upsampling
from ..jpeg.compose import Huffman
from ..profile import Profile
from ..steps import Rule, Step
from ..steps.color import Color
from ..steps.convolve import Convolve
from ..steps.crop import Crop
from ..steps.decode import Decode
from ..steps.encode import SEARCHES, Encode, is_progressive
from ..steps.envelope import Envelope
from ..steps.flatten import Flatten
from ..steps.generation import Generation
from ..steps.grey import Grey
from ..steps.lab_sharpen import LabSharpen
from ..steps.orient import Orient
from ..steps.pad import Pad
from ..steps.passthrough import Passthrough
from ..steps.resize import Resize
from ..steps.sharpen import Sharpen
from ..steps.tone import Tone
from ..steps.transcode import Transcode
from ..steps.unsharp import Unsharp
from . import framing_words as framing
from .tone_words import told

__all__ = ["brief", "in_words", "sentences"]

_NAMES: Mapping[str, str] = {
    "chromium": "Chromium",
    "facebook": "Facebook",
    "gd": "libgd",
    "go": "Go",
    "go_draw": "x/image/draw",
    "imagemagick": "ImageMagick",
    "imaging": "disintegration/imaging",
    "java2d": "Java's Graphics2D",
    "jimp": "Jimp",
    "magic_kernel": "Magic Kernel Sharp",
    "nfnt": "nfnt/resize",
    "opencv": "OpenCV",
    "pillow": "Pillow",
    "rust_image": "Rust's image crate",
    "skia": "Skia",
    "spectrum": "Spectrum",
    "vips": "libvips",
}
_SIDES = {
    "longest_side": "the longer side",
    "shortest_side": "the shorter side",
    "width": "the width",
    "height": "the height",
    "pixels": "the whole picture",
}


def sentences(profile: Profile) -> list[tuple[str, str]]:
    """(step's name, what it does in a sentence) for each step, in order."""
    return [(step.name, in_words(step)) for step in profile.steps]


def in_words(step: Step) -> str:
    """What the step does, in one sentence without a full stop. A step that has no words of its own gets its
    parameters."""
    told = _WORDS.get(type(step))
    return told(step) if told else _parameters(step)


def brief(profile: Profile) -> str:
    """The profile in one line for a table: what is not trivial, in order, commas between."""
    parts = []
    for step in profile.steps:
        told = _BRIEF.get(type(step))
        text = told(step) if told else step.name
        if text:
            parts.append(text)
    return ", ".join(parts)


def _decode(step: Decode) -> str:
    text = "Decoded as libjpeg-turbo does"
    if step.decoder is not Decoder.LIBJPEG_TURBO:
        text = f"Decoded as {_code(step.decoder)} does"
    if step.decoder is not Decoder.GO:
        smooth = step.upsampling is Upsampling.FANCY
        text += ", chroma brought to full size " + ("smoothly" if smooth else "by repetition")
    elif step.to_rgb:
        text += ", and made R, G and B at once"
    if step.dct_method != "islow":
        text += f", by {step.dct_method}'s inverse DCT"
    if step.scale != 8:
        text += f", a JPEG at {step.scale} eighths of its size"
    if step.draft != "none":
        text += f"; a JPEG that is much larger than needed is decoded smaller, by {_code(step.draft_by)}'s rule"
        if step.draft_to == "limits":
            text += f", to sides of {step.draft_limit} x {step.draft_limit_height or step.draft_limit} at least"
    return text


def _orient(step: Orient) -> str:
    return "Turned upright as EXIF says" if step.apply else "Left as stored: EXIF orientation is not applied"


def _color(step: Color) -> str:
    if step.icc == "keep":
        return "Colours left alone, the ICC profile kept"
    if step.icc == "drop":
        return "Colours left alone, the ICC profile dropped"
    whose = {"littlecms": "littlecms", "libvips": "littlecms, to libvips' sRGB", "skia": "Skia"}[step.srgb]
    how = f", {step.intent}" if step.srgb != "skia" else ""
    return f"Pictures with an ICC profile converted to sRGB by {whose}{how}"


def _flatten(step: Flatten) -> str:
    if step.alpha == "drop":
        return "Alpha forgotten, the stored colour shows"
    ground = {(255, 255, 255): "white", (0, 0, 0): "black"}.get(step.background, f"the colour {step.background}")
    return f"Transparency laid on {ground}, rounded {_rounded(step.rounding)}"


def _resize(step: Resize) -> str:
    size = size_rule(step)
    text = f"Made {size}, by {_kernel(step)}"
    if step.geometry == "common":
        text += ", one scale for both axes"
    for key, value in step.options.items():
        if key == "samples":
            continue
        text += f", {key.replace('_', ' ')} {value}"
    if step.alpha != "own":
        text += f", alpha {step.alpha}"
    if step.sized_by != "raster":
        text += "; where a decoder made it smaller, the size goes by the file's own sides"
        text += ", and only what they fill is resampled" if step.sized_by == "stored_part" else ""
    return text


def _kernel(step: Resize) -> str:
    if step.code == "fitted":
        return f"a kernel that was fitted to the pairs, not identified ({step.kernel} between its samples)"
    return f"{_code(step.code)}'s {step.kernel}"


def size_rule(step: Resize) -> str:
    """The size that a `resize` step makes, in words."""
    limit: object = step.limit
    if isinstance(step.limit, Rule):
        limit = f"({step.limit})"
    if step.fit == "pixels":
        bound = f"of {limit:,} pixels" if isinstance(limit, int) else f"of {limit} pixels"
    elif step.fit == "percent":
        bound = f"to {limit}/{step.limit_height} of each side" if step.limit_height else f"to {limit} % of each side"
    elif step.fit in ("box", "box_in_turn"):
        bound = f"to fit {limit} x {step.limit_height or limit}"
    elif step.fit in ("cover", "stretch", "fill"):
        box = f"{limit} x {step.limit_height or limit}"
        bound = {"cover": f"to cover {box}", "stretch": f"to {box}, whatever its shape",
                 "fill": f"to {box}, of its largest part of that shape"}[step.fit]  # fmt: skip
    else:
        bound = f"so that {_SIDES.get(step.fit, step.fit)} is {limit}"
    how = "larger or smaller" if step.upscale else "smaller"
    rounded = {"floor": "down", "ceil": "up", "half_up": "to nearest", "half_even": "to nearest, half to even"}
    derived = (
        ""
        if step.fit in ("pixels", "percent", "stretch", "fill")
        else f", the other side rounded {rounded[step.rounding]}"
    )
    if step.derive == "pillow-thumbnail":
        derived = ", the other side as Pillow's thumbnail() chooses it"
    multiple = f" to a multiple of {step.multiple}" if step.multiple > 1 else ""
    return f"{how} {bound}{derived}{multiple}"


def _only(step: Sharpen | Convolve | Unsharp | LabSharpen) -> str:
    return "; only what was resized" if step.only_resized else ""


def _unsharp(step: Unsharp) -> str:
    mask = f"radius {step.radius:g}, {step.percent} per cent, threshold {step.threshold}"
    return f"Sharpened by Pillow's unsharp mask, {mask}{_only(step)}"


def _lab_sharpen(step: LabSharpen) -> str:
    values = ", ".join(f"{name} {value:g}" for name, value in step.values.items())
    return f"Sharpened by libvips' sharpen, {values}{_only(step)}"


def _sharpen(step: Sharpen) -> str:
    return f"Sharpened with three taps along each axis, each neighbour {step.side / 2048:.3f}{_only(step)}"


def _convolve(step: Convolve) -> str:
    side = 3 if len(step.weights) == 9 else 5
    centre = step.weights[len(step.weights) // 2] / step.divisor
    what = "sharpening where that is above 1"
    return f"Filtered with {side} x {side} weights, the centre's {centre:.3f}: {what}{_only(step)}"


def _tone(step: Tone) -> str:
    return f"Tones changed: {told(step)}"


def _passthrough(step: Passthrough) -> str:
    bound = size_rule(Resize(fit=step.fit, limit=step.limit, limit_height=step.limit_height)).split(",")[0]
    large = f", or has more than {step.max_bytes:,} bytes" if step.max_bytes else ""
    return f"A JPEG is handed out untouched unless it has to be made {bound}{large}"


def _transcode(step: Transcode) -> str:
    return f"Coefficients kept as sent, coded anew: {_scans(Encode(script=step.script, huffman=step.huffman))}"


def _generation(step: Generation) -> str:
    return f"Encoded and decoded once before, at quality {step.quality} ({step.law}), {step.sampling}"


def _encode(step: Encode) -> str:
    quality = f"quality {step.quality} ({step.law})"
    if step.keep_quality:
        quality = f"the sent JPEG's own quality ({step.law}), else {step.quality}"
    if step.luma_steps:
        quality = "tables of its own"
    if step.law == "facebook-custom-diag":
        quality = "Facebook's fixed tables"
    if step.chroma_steps and not step.luma_steps:
        quality += " for luma and a table of its own for chroma"
    sampling = "the sent JPEG's own sampling, else " if step.keep_sampling else ""
    what = {"luma": "Made grey (Y of its colours) and encoded"}.get(step.grey, "Encoded")
    sampled = "" if step.grey == "luma" else f", {sampling}{step.sampling}"
    parts = [f"{what} at {quality}{sampled}", arithmetic(step), _scans(step)]
    if step.restart_interval:
        parts.append(f"a restart marker every {step.restart_interval} MCUs")
    if step.restart_rows:
        parts.append(f"a restart marker every {step.restart_rows} rows of MCUs")
    return ", ".join(parts)


def arithmetic(step: Encode) -> str:
    """The encoder's arithmetic in words, what is libjpeg's default left out."""
    if step.engine is Engine.JPEGLI:
        return "by jpegli" + ("" if step.adaptive_quantization else " without adaptive quantisation")
    parts = [f"{_code(step.dct)} DCT"]
    if step.quantizer is not Quantizer.PLAIN:
        parts.append({"mozjpeg-trellis": "mozjpeg's trellis"}.get(step.quantizer, f"{step.quantizer} quantiser"))
    if step.color is ColorCode.RGB:
        parts.append("R, G and B stored as they are")
    if step.overshoot_deringing:
        parts.append("overshoot deringing")
    if step.smoothing:
        parts.append(f"samples smoothed by {step.smoothing} of 100")
    for value, usual, what in (
        (step.color, ColorCode.RGB if step.color is ColorCode.RGB else ColorCode.LIBJPEG, "colour"),
        (step.downsampling, Downsampling.LIBJPEG, "chroma"),
        (step.edge, Edge.LIBJPEG, "edges"),
    ):
        if value is not usual:
            parts.append(f"{_code(value)}'s {what}")
    return ", ".join(parts)


def _scans(step: Encode) -> str:
    tables = {Huffman.STANDARD: "standard", Huffman.OPTIMAL: "optimal"}.get(step.huffman, f"{step.huffman}'s")
    if isinstance(step.script, str) and step.script in SEARCHES:
        return f"scans as mozjpeg searches them, {tables} Huffman tables"
    script = resolve(step.script, 3)
    progressive = is_progressive(script)
    name = f" ({step.script})" if isinstance(step.script, str) and progressive else ""
    kind = f"progressive in {len(script)} scans{name}" if progressive else "baseline"
    return f"{kind}, {tables} Huffman tables"


def _envelope(step: Envelope) -> str:
    written = {
        "jfif": step.jfif != "none",
        "iptc": bool(step.iptc),
        "icc": step.icc != "none",
        "adobe": step.adobe_transform >= 0,
        "comment": bool(step.comment),
        "kept": bool(step.keep),
    }
    names = {"jfif": f"JFIF {step.jfif}", "iptc": "IPTC", "icc": "an ICC profile", "adobe": "Adobe",
             "comment": "a comment", "kept": f"the sent file's {', '.join(step.keep)}"}  # fmt: skip
    said = [names[part] for part in step.order if written[part]]
    return "Written with " + (", ".join(said) if said else "no metadata at all")


def _resize_brief(step: Resize) -> str:
    limit = f"{step.limit}" if not isinstance(step.limit, Rule) else "by rule"
    fit = "part" if step.fit == "percent" and step.limit_height else step.fit.replace("_", " ")
    between = "/" if step.fit == "percent" else "x"
    box = f"{between}{step.limit_height}" if step.limit_height else ""
    if step.code == "fitted":
        return f"{fit} {limit}{box} by a fitted kernel"
    return f"{fit} {limit}{box} by {step.code} {step.kernel}"


def _encode_brief(step: Encode) -> str:
    quality = (
        "own tables" if step.luma_steps else f"q{step.quality}" if not isinstance(step.quality, Rule) else "q rule"
    )
    law = "" if step.law == "annex-k" or step.luma_steps else f" {step.law}"
    law += ", own chroma table," if step.chroma_steps and not step.luma_steps else ""
    kept = " or as sent" if step.keep_sampling else ""
    kind = "progressive" if _scans(step).startswith(("progressive", "scans")) else "baseline"
    sampling = "grey" if step.grey == "luma" else f"{step.sampling}{kept}"
    return f"{quality}{law} {sampling}, {arithmetic(step)}, {kind}"


def _decode_brief(step: Decode) -> str:
    parts = []
    if step.decoder is not Decoder.LIBJPEG_TURBO:
        parts.append(f"decoded by {step.decoder}")
    if step.upsampling is not Upsampling.FANCY:
        parts.append("plain upsampling")
    if step.dct_method != "islow":
        parts.append(f"{step.dct_method} inverse DCT")
    if step.scale != 8 or step.draft != "none":
        parts.append("shrink on load")
    return ", ".join(parts)


def _flatten_brief(step: Flatten) -> str:
    ground = {(255, 255, 255): "white", (0, 0, 0): "black"}.get(step.background, str(step.background))
    return "alpha dropped" if step.alpha == "drop" else f"alpha on {ground}"


def _parameters(step: Any) -> str:
    shown = ", ".join(f"{f.name} {getattr(step, f.name)}" for f in dataclasses.fields(step))
    return f"{step.name}: {shown}" if shown else str(step.name)


def _code(value: object) -> str:
    return _NAMES.get(str(value), str(value))


def _rounded(rounding: str) -> str:
    return {"nearest": "to nearest", "down": "down", "16-bit": "as Go does"}.get(rounding, rounding)


_WORDS: dict[type, Callable[[Any], str]] = {
    Decode: _decode,
    Orient: _orient,
    Color: _color,
    Flatten: _flatten,
    Grey: lambda step: f"Made grey, by the luma of {_code(step.code)}",
    Resize: _resize,
    Sharpen: _sharpen,
    Convolve: _convolve,
    Unsharp: _unsharp,
    LabSharpen: _lab_sharpen,
    Tone: _tone,
    Crop: lambda step: framing.crop(step).capitalize(),
    Pad: lambda step: framing.pad(step).capitalize(),
    Passthrough: _passthrough,
    Transcode: _transcode,
    Generation: _generation,
    Encode: _encode,
    Envelope: _envelope,
}
_BRIEF: dict[type, Callable[[Any], str]] = {
    Decode: _decode_brief,
    Orient: lambda step: "upright" if step.apply else "not turned",
    Color: lambda step: {"srgb": f"ICC to sRGB ({step.srgb})", "keep": "ICC kept", "drop": "ICC ignored"}[step.icc],
    Flatten: _flatten_brief,
    Grey: lambda step: "made grey",
    Resize: _resize_brief,
    Encode: _encode_brief,
    Tone: told,
    Crop: framing.crop,
    Pad: framing.pad,
    Passthrough: lambda step: "passed through if it fits",
    Convolve: lambda step: f"{3 if len(step.weights) == 9 else 5} x {3 if len(step.weights) == 9 else 5} filter",
    Generation: lambda step: f"encoded before at q{step.quality}",
    Envelope: lambda step: "",
}
