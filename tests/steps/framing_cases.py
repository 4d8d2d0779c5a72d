"""What servers and libraries that the tests cannot run everywhere are asked about covers, cuts and borders, and how we
answer: the cases of test_framing_recorded.py. `record_framing.py` asks the programs themselves."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
from PIL import Image

from oracles import Picture, pillow
from understudy.codec.framing import Offset
from understudy.codec.sizes import Derive, Fit, Rounding, ShrinkOnLoad
from understudy.steps import Context, Raster, Source, Step
from understudy.steps.crop import Crop
from understudy.steps.decode import Decode
from understudy.steps.orient import Orient
from understudy.steps.pad import Pad
from understudy.steps.resize import Resize

Size = tuple[int, int]
Steps = Callable[[Size], tuple[Step, ...]]

SIZES: list[Size] = [(1, 9), (7, 11), (10, 7), (40, 30), (30, 40), (33, 32), (64, 64), (101, 67), (97, 131), (150, 103)]
TO: list[Size] = [(1, 1), (5, 5), (8, 3), (16, 16), (15, 40), (33, 17), (37, 41), (100, 80), (31, 30)]
FILES: list[Size] = [(533, 400), (401, 401), (97, 640), (257, 129)]
FILES_TO: list[Size] = [(64, 64), (20, 50), (47, 29), (300, 200), (15, 15)]
TALL: list[Size] = [(2, 200), (2, 201), (3, 301), (5, 500), (5, 650)]
TALL_TO: list[Size] = [(1, 100), (4, 190), (6, 700), (9, 7)]
INK = (18, 52, 86)


def picture(width: int, height: int) -> Picture:
    """uint8 `[H, W, 3]`: slopes, edges and noise, made of integers only, so the same everywhere."""
    y, x, c = np.mgrid[:height, :width, :3].astype(np.uint64)
    noise = (x * 7919 + y * 104729 + c * 1299709 + 1) * 2654435761 % 2**32 >> 27
    return (((x * 7 + y * (4 + c)) % 150 + ((x * (c + 3) + y * 5) // 11 % 2) * 70 + noise) % 256).astype(np.uint8)


def jpeg(width: int, height: int, orientation: int) -> bytes:
    """The picture as a JPEG file, 4:2:0, that says how it is to be turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return pillow(picture(width, height), quality=95, subsampling=2, exif=exif)


def answer(pixels: Picture) -> str:
    """What is recorded of uint8 `[H, W, 3]`: its size and the beginning of its SHA-256."""
    height, width = pixels.shape[:2]
    return f"{width}x{height} {sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()[:12]}"


def seen(data: bytes) -> str:
    """`answer` of a picture file without losses."""
    with Image.open(io.BytesIO(data)) as image:
        return answer(np.asarray(image.convert("RGB")))


def sized(fit: Fit, to: Size, **more: Any) -> Resize:
    return Resize(fit=fit, limit=to[0], limit_height=to[1], **({"upscale": True} | more))


vips = partial(sized, code="vips", kernel="lanczos3", geometry="common", derive=Derive.VIPS)
jimp = partial(sized, code="jimp", kernel="default", derive=Derive.SCALE)
pillow12 = partial(sized, kernel="lanczos", options={"release": 12})
go = partial(sized, code="imaging", kernel="lanczos")
HALF_UP, HALF_EVEN, MIDDLE, HALVES = Offset.HALF_UP, Offset.HALF_EVEN, Offset.MIDDLE, Offset.HALVES


def thumbors(gravity: tuple[float, float]) -> Steps:
    return lambda to: (
        Crop(aspect=to, aspect_by="thumbor", gravity=gravity, offset_rounding=MIDDLE),
        pillow12(Fit.STRETCH, to),
    )


def turned(fit: Fit, frame: Callable[[Size], Step], turn: bool = True) -> Steps:
    """sharp's autoOrient: sized by what is shown, resized as stored, turned, then framed; or left as it is stored."""

    def steps(to: Size) -> tuple[Step, ...]:
        limits: dict[str, Any] = {"draft_limit": to[0], "draft_limit_height": to[1], "draft_derive": Derive.VIPS}
        decode = Decode(draft=fit, draft_by=ShrinkOnLoad.SHARP, draft_as_shown=turn, **limits)
        return decode, vips(fit, to, as_shown=turn), Orient(apply=turn), frame(to)

    return steps


CALLS: dict[str, Steps] = {
    "sharp cover centre": lambda to: (vips(Fit.COVER, to), Crop(*to, offset_rounding=HALF_UP)),
    "sharp cover right-top": lambda to: (vips(Fit.COVER, to), Crop(*to, gravity=(1, 0), offset_rounding=HALF_UP)),
    "sharp cover withoutEnlargement": lambda to: (
        vips(Fit.COVER, to, upscale=False), Crop(*to, offset_rounding=HALF_UP),
    ),
    "sharp contain centre": lambda to: (vips(Fit.BOX, to), Pad(*to, color=INK)),
    "sharp contain bottom": lambda to: (vips(Fit.BOX, to), Pad(*to, color=INK, gravity=(0.5, 1))),
    "sharp contain withoutEnlargement": lambda to: (vips(Fit.BOX, to, upscale=False), Pad(*to, color=INK)),
    "sharp fill": lambda to: (sized(Fit.STRETCH, to, code="vips", kernel="lanczos3"),),
    "sharp outside": lambda to: (vips(Fit.COVER, to),),
    "sharp jpeg cover": turned(Fit.COVER, lambda to: Crop(*to, offset_rounding=HALF_UP)),
    "sharp jpeg contain": turned(Fit.BOX, lambda to: Pad(*to, color=(0, 0, 0))),
    "sharp jpeg unturned": turned(Fit.COVER, lambda to: Crop(*to, offset_rounding=HALF_UP), turn=False),
    "jimp cover": lambda to: (jimp(Fit.COVER, to), Crop(*to, offset_rounding=HALF_UP)),
    "jimp contain": lambda to: (jimp(Fit.BOX, to), Pad(*to, offset_rounding=HALF_UP, color=INK)),
    "nginx crop": lambda to: (
        sized(Fit.COVER, to, code="gd", kernel="resampled", rounding=Rounding.FLOOR, upscale=False), Crop(*to),
    ),
    "thumbor centre": thumbors((0.5, 0.5)),
    "thumbor left": thumbors((0, 0.5)),
    "thumbor bottom": thumbors((0.5, 1)),
    "thumbor fit-in": lambda to: (pillow12(Fit.BOX, to, upscale=False), Pad(*to, color=INK)),
    "synapse crop": lambda to: (pillow12(Fit.COVER, to, rounding=Rounding.FLOOR), Crop(*to)),
    "imaging Fill of less than 100": lambda to: (go(Fit.COVER, to), Crop(*to)),
    "imaging Fill of 100 and more": lambda to: (Crop(aspect=to), go(Fit.STRETCH, to)),
    "imaging CropCenter": lambda to: (Crop(*to),),
    "imaging PasteCenter": lambda to: (Pad(*to, color=INK, offset_rounding=HALVES),),
    "pillow-12 resize": lambda to: (pillow12(Fit.STRETCH, to),),
    "wordpress crop": lambda to: (
        Crop(aspect=to, aspect_by="wordpress"), sized(Fit.STRETCH, to, upscale=False, code="gd", kernel="resampled"),
    ),
}  # fmt: skip
"""By the program and what it is asked: the steps that equal it."""


def jobs(call: str) -> list[tuple[int, ...]]:
    """(width, height, box's width, box's height) of each picture that a call is asked for; for JPEG files the
    orientation too."""
    if " jpeg " in call:
        return [(*size, *to, turn) for size in FILES for to in FILES_TO for turn in (3, 6)]
    sizes, boxes = (TALL, TALL_TO) if call == "pillow-12 resize" else (SIZES, TO)
    if call == "imaging Fill of 100 and more":
        sizes = [(100, 100), (101, 130), (150, 103), (251, 100), (163, 212)]
    elif call == "imaging Fill of less than 100":
        sizes = [size for size in SIZES if min(size) < 100]
    elif call.startswith("thumbor"):
        sizes = SIZES[1:]  # where a side would be rounded to nothing it fails, or makes something else of it
    elif call == "wordpress crop":
        sizes = [*SIZES, (1600, 1067), (1067, 1600), (301, 299)]
        boxes = [*TO, (150, 150)]
    asked = [(*size, *to) for size in sizes for to in boxes]
    return [a for a in asked if a[0] <= a[2] and a[1] <= a[3]] if call == "imaging PasteCenter" else asked


def ours(call: str, job: tuple[int, ...]) -> str:
    """Our answer; of WordPress the rectangle that it hands to libgd, as it writes it: left, top, the new width and
    height, the part's width and height."""
    width, height, *box = job[:4]
    to = box[0], box[1]
    if call == "wordpress crop":
        crop, resize = CALLS[call](to)
        assert isinstance(crop, Crop)
        assert isinstance(resize, Resize)
        left, top, right, bottom = crop.box(width, height)
        new = resize.target(right - left, bottom - top)
        return f"0 0 {left} {top} {new.width} {new.height} {right - left} {bottom - top}"
    sent = jpeg(width, height, job[4]) if " jpeg " in call else None
    value: Any = Source(sent) if sent else Raster(picture(width, height))
    for step in CALLS[call](to):
        value = step.exact(value, Context(sent))
    return answer(value.pixels)
