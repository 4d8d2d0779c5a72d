"""WebP: RIFF chunks, the headers of VP8 and VP8L images, alpha, animation, metadata, and the `-q` of libwebp.

Source: RFC 9649 (the container and VP8L), RFC 6386 (VP8).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..evidence.base import Observation, anomaly, plural, visible
from . import vp8, vp8l, webp_quality
from .base import (
    MAX_PARTS,
    Found,
    Part,
    claim,
    consistent_with,
    exif_facts,
    file_map,
    icc_facts,
    le,
    picture,
    sentence,
    xmp_facts,
)  # fmt: skip

CONTAINER = "RFC 9649, 2"
LOSSY = "RFC 6386, 9 and 19.2"
LOSSLESS = "RFC 9649, 3"
FRAMES_READ = 64
"""Frames of an animation whose image headers are read; all are listed."""
FLAGS = (("icc", 0x20, b"ICCP"), ("alpha", 0x10, b""), ("exif", 0x08, b"EXIF"), ("xmp", 0x04, b"XMP "),
         ("animation", 0x02, b"ANIM"))  # fmt: skip
"""VP8X's flags and the chunk that each announces. Source: RFC 9649 2.7."""
ALPHA_FILTERS = ("none", "horizontal", "vertical", "gradient")
"""ALPH's filtering methods. Source: RFC 9649 2.7.1.2."""


@dataclass(slots=True)
class _File:
    """What one pass over the chunks finds."""

    data: bytes
    parts: list[Part] = field(default_factory=list)
    odd: list[Observation] = field(default_factory=list)
    first: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    """Offset and payload of the first chunk of each name, frames' own chunks apart."""
    images: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    """Offset, name and payload of the `VP8 ` and `VP8L` chunks, of frames too."""
    alphas: list[tuple[int, bytes, tuple[int, int]]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)


def detect(data: bytes) -> Found:
    """What the file says. data: begins with RIFF and has WEBP at byte 8."""
    file = _read(data)
    yield from file.odd
    canvas = file.first.get(b"VP8X", (0, b""))[1]
    heads = [_image(name, payload) for _, name, payload in file.images[:FRAMES_READ]]
    width, height = (le(canvas, 4, 3) + 1, le(canvas, 7, 3) + 1) if len(canvas) >= 10 else (0, 0)
    if not width and heads:
        width, height = heads[0].width, heads[0].height
    where = file.images[0][0] if file.images else 12
    yield from picture(width, height, _headline(file, heads, width, height), where, CONTAINER)
    yield from _extended(file)
    yield from _animation(file)
    yield from _lossy(file, heads)
    yield from _lossless(file, heads)
    yield from _alpha(file)
    yield from _metadata(file)
    yield file_map(file.parts, CONTAINER, "chunk")


def _image(name: bytes, payload: bytes) -> vp8.KeyFrame | vp8l.Lossless:
    return vp8.read(payload) if name == b"VP8 " else vp8l.read(payload)


def _read(data: bytes) -> _File:
    file = _File(data)
    stated = 8 + le(data, 4, 4)
    end = min(stated, len(data))
    file.parts.append(Part(0, 12, "RIFF", f"WEBP, {plural(max(0, stated - 8), 'byte')} stated"))
    if stated > len(data):
        file.odd.append(anomaly(f"RIFF at 0x0: states {stated:,} bytes in all, the file has {len(data):,}", 0,
                                "RFC 9649 2.3"))  # fmt: skip
    elif stated & 1:
        file.odd.append(anomaly(f"RIFF at 0x0: an odd length of {stated - 8:,}", 0, "RFC 9649 2.3"))
    for offset, name, payload in _chunks(file, 12, end, 0):
        file.first.setdefault(name, (offset, payload))
        _take(file, offset, name, payload)
        if name == b"ANMF":
            _frame(file, offset, payload)
    if len(data) > end:
        file.parts.append(Part(end, len(data) - end, "", "bytes after the RIFF chunk"))
        file.odd.append(anomaly(f"{len(data) - end:,} bytes after the RIFF chunk at {end:#x}", end, "RFC 9649 2.3"))
    known = {b"VP8 ", b"VP8L", b"ANMF"} & file.first.keys()
    if not known:
        file.odd.append(anomaly("no image: neither VP8, VP8L nor ANMF", 12, "RFC 9649 2.4"))
    return file


def _chunks(file: _File, at: int, end: int, depth: int) -> Iterator[tuple[int, bytes, bytes]]:
    """(offset, name, payload) of each chunk from `at` to `end`, which go to the map as well."""
    while at < end:
        if len(file.parts) >= MAX_PARTS:
            file.odd.append(anomaly(f"more than {MAX_PARTS:,} chunks; the rest is not told apart", at, CONTAINER))
            file.parts.append(Part(at, end - at, "", "not told apart", depth))
            return
        name, size = file.data[at : at + 4], le(file.data, at + 4, 4)
        if end - at < 8:
            file.parts.append(Part(at, end - at, "", "bytes that form no chunk", depth))
            file.odd.append(anomaly(f"{end - at} bytes at {at:#x} form no chunk", at, "RFC 9649 2.3"))
            return
        stop = at + 8 + size
        if stop > end:
            file.odd.append(
                anomaly(
                    f"{visible(name)} at {at:#x}: {size:,} bytes stated, {end - at - 8:,} are there", at, "RFC 9649 2.3"
                )
            )
        stop = min(stop, end)
        padded = min(stop + (size & 1), end)
        file.parts.append(Part(at, padded - at, visible(name).rstrip(), _says(name, size), depth))
        yield at, name, file.data[at + 8 : stop]
        at = padded


def _says(name: bytes, size: int) -> str:
    known = {
        b"VP8 ": "lossy image",
        b"VP8L": "lossless image",
        b"VP8X": "what the file holds",
        b"ALPH": "alpha",
        b"ANIM": "animation",
        b"ANMF": "frame",
        b"ICCP": "ICC profile",
        b"EXIF": "EXIF",
        b"XMP ": "XMP",
    }
    return known.get(name, "") + (f", {plural(size, 'byte')}" if name == b"ANMF" else "")


def _take(file: _File, offset: int, name: bytes, payload: bytes, size: tuple[int, int] | None = None) -> None:
    if name in (b"VP8 ", b"VP8L"):
        file.images.append((offset, name, payload))
    elif name == b"ALPH":
        canvas = file.first.get(b"VP8X", (0, b""))[1]
        file.alphas.append((offset, payload, size or (le(canvas, 4, 3) + 1, le(canvas, 7, 3) + 1)))


def _frame(file: _File, offset: int, payload: bytes) -> None:
    """ANMF. Source: RFC 9649 2.7.1.1."""
    if len(payload) < 16:
        file.odd.append(anomaly(f"ANMF at {offset:#x}: {len(payload)} bytes, expected 16 or more", offset,
                                "RFC 9649 2.7.1.1"))  # fmt: skip
        return
    width, height = le(payload, 6, 3) + 1, le(payload, 9, 3) + 1
    file.frames.append(
        {"offset": offset, "x": 2 * le(payload, 0, 3), "y": 2 * le(payload, 3, 3), "width": width, "height": height,
         "duration_ms": le(payload, 12, 3), "blend": not payload[15] & 2,
         "dispose": "background" if payload[15] & 1 else "none"}
    )  # fmt: skip
    for at, name, inner in _chunks(file, offset + 24, offset + 8 + len(payload), 1):
        _take(file, at, name, inner, (width, height))


def _headline(file: _File, heads: list[Any], width: int, height: int) -> str:
    kinds = {name for _, name, _ in file.images}
    lossy, lossless = b"VP8 " in kinds, b"VP8L" in kinds
    kind = "Lossy and lossless" if lossy and lossless else "Lossy" if lossy else "Lossless" if lossless else ""
    if not kind:
        return "A WebP file without an image."
    alpha = ", with alpha" if file.alphas or any(getattr(h, "alpha_is_used", False) for h in heads) else ""
    sampling = ", 4:2:0" if lossy and not lossless else ""
    frames = f", {plural(len(file.frames), 'frame')}" if file.frames else ""
    return f"{kind} WebP, {width} x {height}{sampling}{alpha}{frames}, {plural(len(file.data), 'byte')}."


def _extended(file: _File) -> Found:
    if b"VP8X" not in file.first:
        return
    offset, payload = file.first[b"VP8X"]
    if len(payload) < 10:
        yield anomaly(f"VP8X at {offset:#x}: {len(payload)} bytes, expected 10", offset, "RFC 9649 2.7")
        return
    told = [name for name, bit, _ in FLAGS if payload[0] & bit]
    words = "says that the file has " + (", ".join(told) or "nothing more")
    yield Observation("webp", "extended", told, words, offset, "RFC 9649 2.7")
    for name, bit, chunk in FLAGS:
        if chunk and bool(payload[0] & bit) != (chunk in file.first):
            there = "has" if chunk in file.first else "does not have"
            yield anomaly(f"VP8X at {offset:#x}: its flag for {name} is {int(bool(payload[0] & bit))}, and the file "
                          f"{there} the chunk", offset, "RFC 9649 2.7")  # fmt: skip


def _animation(file: _File) -> Found:
    if b"ANIM" in file.first:
        offset, payload = file.first[b"ANIM"]
        if len(payload) < 6:
            yield anomaly(f"ANIM at {offset:#x}: {len(payload)} bytes, expected 6", offset, "RFC 9649 2.7.1.1")
        else:
            loop = le(payload, 4, 2)
            told = "loops for ever" if not loop else f"plays {plural(loop, 'time')}"
            yield Observation("webp", "loop_count", loop, told, offset, "RFC 9649 2.7.1.1")
            background = list(payload[:4])
            yield Observation(
                "webp",
                "background_bgra",
                background,
                f"background {payload[:4].hex(' ')} (BGRA)",
                offset,
                "RFC 9649 2.7.1.1",
            )
    if file.frames:
        total = sum(f["duration_ms"] for f in file.frames)
        kept = sum(f["dispose"] == "none" for f in file.frames)
        told = f"{plural(len(file.frames), 'frame')} in {total / 1000:g} s, {kept} left in place, the rest cleared"
        yield Observation("webp", "frames", file.frames, told, file.frames[0]["offset"], "RFC 9649 2.7.1.1")


def _lossy(file: _File, heads: list[Any]) -> Found:
    found = [(o, h) for (o, _, _), h in zip(file.images, heads, strict=False) if isinstance(h, vp8.KeyFrame)]
    for offset, frame in found:
        if frame.trouble:
            yield anomaly(f"VP8 at {offset:#x}: {frame.trouble}", offset, LOSSY)
    sound = [(o, f) for o, f in found if f.deltas and not f.trouble.startswith("the first partition ends")]
    if not sound:
        return
    offset, frame = sound[0]
    yield from _vp8_facts(offset, frame)
    estimates = [e for _, f in sound if (e := _quality(f)) is not None]
    if _like_libwebp(frame) and (estimate := _quality(frame)) is not None:
        yield from _told_quality(offset, estimate, estimates, len(sound))
        yield from consistent_with([_libwebp(frame)], offset)


def _quality(frame: vp8.KeyFrame) -> webp_quality.Quality | None:
    return webp_quality.estimate(frame.quantizers, frame.shares, frame.deltas["uv_dc"])


def _vp8_facts(offset: int, frame: vp8.KeyFrame) -> Found:
    indices, shares = frame.quantizers, frame.shares

    def say(name: str, value: Any, text: str) -> Observation:
        return Observation("webp", name, value, text, offset, LOSSY)

    yield say("y_ac_qi", frame.y_ac_qi, f"quantiser index {frame.y_ac_qi} (y_ac_qi, 0 to 127)")
    deltas = ", ".join(f"{name} {d:+d}" for name, d in frame.deltas.items() if d) or "none"
    yield say("quantizer_deltas", frame.deltas, f"deltas of the index: {deltas}")
    if frame.segmentation_enabled:
        levels = [s.loop_filter for s in frame.segments] or [0] * 4
        rows = [
            {"y_ac_qi": q, "share": round(w, 3), "loop_filter": level}
            for q, w, level in zip(indices * (5 - len(indices)), shares * (5 - len(shares)), levels, strict=False)
        ]
        told = ", ".join(f"{r['y_ac_qi']} in {100 * r['share']:.0f} %" for r in rows if r["share"])
        yield say("segments", rows, f"segments with indices of their own: {told}")
    kind = "simple" if frame.filter_simple else "normal"
    loop = {"type": kind, "level": frame.loop_filter_level, "sharpness": frame.sharpness_level,
            "deltas": frame.loop_filter_adj_enable}  # fmt: skip
    told = f"loop filter: {kind}, level {frame.loop_filter_level}, sharpness {frame.sharpness_level}"
    yield say("loop_filter", loop, told)
    yield say("partitions", frame.partitions, plural(frame.partitions, "token partition"))
    updates = frame.token_prob_updates
    yield say("token_prob_updates", updates, f"{updates} of 1,056 token probabilities changed")
    skip = frame.prob_skip_false
    told = "no macroblock is marked as empty" if skip is None else f"empty macroblocks are marked (probability {skip})"
    yield say("prob_skip_false", skip, told)
    if frame.version or frame.color_space or frame.clamping_type or frame.horizontal_scale or frame.vertical_scale:
        value = {"version": frame.version, "color_space": frame.color_space, "clamping_type": frame.clamping_type,
                 "horizontal_scale": frame.horizontal_scale, "vertical_scale": frame.vertical_scale}  # fmt: skip
        yield say("unusual", value, "unusual: " + ", ".join(f"{k} {v}" for k, v in value.items() if v))


def _like_libwebp(frame: vp8.KeyFrame) -> bool:
    """libwebp shifts the index for chroma alone and writes version 0 no loop filter deltas. (Measured: 832 files.)"""
    d = frame.deltas
    still = not (d["y_dc"] or d["y2_dc"] or d["y2_ac"] or frame.version or frame.loop_filter_adj_enable)
    return still and d["uv_dc"] in webp_quality.SNS_OF_UV_DC and -4 <= d["uv_ac"] <= 6


def _libwebp(frame: vp8.KeyFrame) -> dict[str, Any]:
    sns = webp_quality.SNS_OF_UV_DC[frame.deltas["uv_dc"]]
    supports = [
        f"the index is shifted for chroma alone (uv_dc {frame.deltas['uv_dc']:+d}, as -sns about {sns} gives)",
        "version 0, no loop filter deltas",
    ]
    return claim(
        "libwebp",
        supports,
        "cwebp, Pillow, sharp, browsers and most others write lossy WebP with libwebp; nor its versions",
        "libwebp 0.4 to 1.6, src/enc; measured on 112 files of cwebp 1.2.4 and 720 of Pillow's 1.6.0",
    )


def _told_quality(offset: int, q: webp_quality.Quality, every: list[webp_quality.Quality], frames: int) -> Found:
    span = str(q.low) if q.low == q.high else f"{q.low} to {q.high}"
    how = "from the one index" if q.exact else f"from the segments' indices, taking -sns {q.sns}"
    value = {"law": "libwebp", "quality": q.best, "low": q.low, "high": q.high, "sns": q.sns, "exact": q.low == q.high}
    text = f"if libwebp's: -q {span} {how}"
    if frames > 1 and every:
        text += f"; the frames' are {min(e.low for e in every)} to {max(e.high for e in every)}"
    yield Observation("webp", "quality", value, text, offset, "libwebp src/enc/quant_enc.c")
    yield sentence("quality", f"If libwebp wrote it, with -q {span} ({how}).", offset, "libwebp src/enc/quant_enc.c")


def _lossless(file: _File, heads: list[Any]) -> Found:
    found = [(o, h) for (o, _, _), h in zip(file.images, heads, strict=False) if isinstance(h, vp8l.Lossless)]
    for offset, image in found:
        if image.trouble:
            yield anomaly(f"VP8L at {offset:#x}: {image.trouble}", offset, LOSSLESS)
    if not found or not found[0][1].width:
        return
    offset, image = found[0]
    told = ", ".join(_transform(t) for t in image.transforms) or "none"
    told += "" if image.whole else "; the rest of the header was not read"
    yield Observation("webp", "transforms", image.transforms, f"transforms: {told}", offset, "RFC 9649 3, 4")
    if image.whole:
        bits, block = image.color_cache_bits, image.entropy_block
        told = f"a colour cache of {plural(1 << bits, 'colour')}" if bits else "no colour cache"
        yield Observation("webp", "color_cache_bits", bits, told, offset, "RFC 9649 3, 5.2.3")
        told = f"prefix codes chosen by blocks of {block} pixels" if block else "one group of prefix codes"
        yield Observation("webp", "entropy_block", block, told, offset, "RFC 9649 3, 6.2.2")


def _transform(t: dict[str, Any]) -> str:
    if "colors" in t:
        return f"{t['transform']} of {plural(t['colors'], 'colour')}"
    if "block" in t:
        modes = t.get("modes")
        of = f", modes {' '.join(modes)}" if modes else ""
        return f"{t['transform']} (blocks of {t['block']}{of})"
    return str(t["transform"])


def _alpha(file: _File) -> Found:
    for offset, payload, size in file.alphas[:1]:
        if not payload:
            yield anomaly(f"ALPH at {offset:#x}: empty", offset, "RFC 9649 2.7.1.2")
            return
        method, filtering, preprocessing = payload[0] & 3, payload[0] >> 2 & 3, payload[0] >> 4 & 3
        value: dict[str, Any] = {
            "compression": {0: "none", 1: "lossless"}.get(method, str(method)),
            "filtering": ALPHA_FILTERS[filtering],
            "level_reduction": preprocessing == 1,
            "values": None,
        }
        if method == 1:
            image = vp8l.read(payload[1:], size)
            value["values"] = next((t["colors"] for t in image.transforms if "colors" in t), None)
        told = f"alpha: compression {value['compression']}, filter {value['filtering']}"
        told += ", reduced to fewer levels" if value["level_reduction"] else ", levels kept"
        told += f", {plural(value['values'], 'different value')} after the filter" if value["values"] else ""
        yield Observation("webp", "alpha", value, told, offset, "RFC 9649 2.7.1.2")
        if method > 1:
            yield anomaly(f"ALPH at {offset:#x}: compression {method}, expected 0 or 1", offset, "RFC 9649 2.7.1.2")


def _metadata(file: _File) -> Found:
    if b"EXIF" in file.first:
        offset, payload = file.first[b"EXIF"]
        yield from exif_facts(payload, offset)
    if b"XMP " in file.first:
        offset, payload = file.first[b"XMP "]
        yield from xmp_facts(payload, offset, "RFC 9649 2.7.1.4")
    if b"ICCP" in file.first:
        offset, payload = file.first[b"ICCP"]
        yield from icc_facts(payload, offset)
