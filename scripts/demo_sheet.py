"""The sheet of ./demo: four pictures and a magnified part of each, as one PNG. Nothing else is resampled."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

GAIN = 8
VIEW = (640, 427)
"""Width and height that are shown of each picture: all of it, or its middle."""
ZOOM, CORNER = 4, (76, 52)
"""The magnified part: how much, and its width and height in pixels."""
GAP, LABEL, EDGE = 16, 30, 28
PAPER, INK, QUIET, FRAME = (250, 249, 246), (24, 26, 30), (110, 112, 118), (220, 60, 40)


def sheet(sent: Pixels, facebook: Pixels, pillow: Pixels, quality: int, credit: str) -> Image.Image:
    """uint8 `[H, W, 3]` each, equal in shape (`pillow` may differ, for a note's sake: then it is left out)."""
    panels = [
        ("sent", sent),
        ("as Facebook delivered it until 2021", facebook),
        (f"what Facebook changed, x {GAIN}", _apart(sent, facebook)),
    ]
    if pillow.shape == facebook.shape:
        text = f"where Pillow's quality={quality} is not Facebook's, x {GAIN}"
        panels.append((text, _apart(facebook, pillow)))
    shown = [(text, _middle(pixels)) for text, pixels in panels]
    x, y = _busiest(shown[-1][1])
    width, height = shown[0][1].shape[1], shown[0][1].shape[0]
    cell = max(width, 2 * CORNER[0] * ZOOM + GAP)
    corner_height = CORNER[1] * ZOOM
    total = (2 * EDGE + 2 * cell + GAP, 2 * EDGE + 2 * (height + LABEL + GAP) + corner_height + LABEL + GAP)
    page = Image.new("RGB", total, PAPER)
    draw = ImageDraw.Draw(page)
    for index, (text, pixels) in enumerate(shown):
        left, top = EDGE + (index % 2) * (cell + GAP), EDGE + (index // 2) * (height + LABEL + GAP)
        draw.text((left, top), text, INK, _font(17))
        page.paste(Image.fromarray(pixels), (left, top + LABEL))
        box = (left + x - 2, top + LABEL + y - 2, left + x + CORNER[0] + 1, top + LABEL + y + CORNER[1] + 1)
        draw.rectangle(box, outline=FRAME, width=2)
    top = EDGE + 2 * (height + LABEL + GAP)
    draw.text((EDGE, top), f"the framed part, x {ZOOM}", INK, _font(17))
    stride = (2 * cell + GAP - CORNER[0] * ZOOM) // 3
    for index, (_, pixels) in enumerate(shown):
        part = Image.fromarray(pixels[y : y + CORNER[1], x : x + CORNER[0]])
        large = part.resize((part.width * ZOOM, part.height * ZOOM), Image.Resampling.NEAREST)
        page.paste(large, (EDGE + index * stride, top + LABEL))
    middle = "" if shown[0][1].shape == sent.shape else f"Shown is the middle of {sent.shape[1]} x {sent.shape[0]}. "
    note = f"Grey: no change. {middle}{credit}"
    draw.text((EDGE, top + LABEL + corner_height + 8), note, QUIET, _font(12))
    return page


def _apart(first: Pixels, second: Pixels) -> Pixels:
    """128 + GAIN * (second - first), clipped."""
    return np.clip(128 + GAIN * (second.astype(np.int32) - first), 0, 255).astype(np.uint8)


def _middle(pixels: Pixels) -> Pixels:
    """The middle of the picture, at most VIEW, not resampled, from a multiple of 8."""
    top, left = (
        max(0, size - view) // 2 // 8 * 8 for size, view in zip(pixels.shape, (VIEW[1], VIEW[0]), strict=False)
    )
    return pixels[top : top + VIEW[1], left : left + VIEW[0]]


def _busiest(difference: Pixels) -> tuple[int, int]:
    """Left and top, multiples of 8, of the CORNER in which a difference picture differs most."""
    size = np.abs(difference.astype(np.int32) - 128).sum(axis=2).cumsum(0).cumsum(1)
    height, width = size.shape
    w, h = CORNER
    places = [(x, y) for y in range(0, max(1, height - h), 8) for x in range(0, max(1, width - w), 8)]

    def within(place: tuple[int, int]) -> int:
        x, y = place
        right, bottom = min(x + w, width) - 1, min(y + h, height) - 1
        return int(size[bottom, right] - size[y, right] - size[bottom, x] + size[y, x])

    return max(places, key=within)


def _font(size: int) -> Any:
    return ImageFont.load_default(size)
