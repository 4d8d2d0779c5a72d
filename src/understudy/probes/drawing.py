"""Scenes and panels: what probes show. Integers where it can be, so that the same seed gives the same samples anywhere.

Scenes stand in for photographs, of which none is shipped: overlapping shapes whose sizes follow a power law (the dead
leaves of A. B. Lee, D. Mumford, J. Huang, Occlusion Models for Natural Images, 2001) with texture of equal energy an
octave (power falling with the square of frequency, as in photographs: D. J. Field, 1987) and a sensor's noise.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .base import Pixels, Random

STRONG = ((224, 24, 32), (24, 176, 40), (32, 48, 224), (240, 208, 16), (208, 32, 200), (16, 192, 208), (250, 250, 250),
          (6, 6, 6))  # fmt: skip
GLYPHS = {
    " ": "...../...../...../...../...../...../.....",
    "a": "...../...../.###./....#/.####/#...#/.####",
    "d": "....#/....#/.####/#...#/#...#/#...#/.####",
    "e": "...../...../.###./#...#/#####/#..../.###.",
    "m": "...../...../##.#./#.#.#/#.#.#/#.#.#/#.#.#",
    "n": "...../...../#.##./##..#/#...#/#...#/#...#",
    "r": "...../...../#.##./##..#/#..../#..../#....",
    "s": "...../...../.####/#..../.###./....#/####.",
    "t": ".#.../.#.../####./.#.../.#.../.#..#/..##.",
    "u": "...../...../#...#/#...#/#...#/#..##/.##.#",
    "y": "...../...../#...#/#...#/.####/....#/.###.",
    "x": "...../...../#...#/.#.#./..#../.#.#./#...#",
    "8": ".###./#...#/#...#/.###./#...#/#...#/.###.",
}
"""Letters of 5 x 7, ours: no font file gives the same samples everywhere."""
TEXT = "understudy set my rent at 88 x "


def clouds(random: Random, width: int, height: int, finest: int = 1) -> NDArray[np.int32]:
    """Texture `[H, W]` around 0, of about 40 either way: random grids of every octave from the picture's half down to
    `finest` pixels, each drawn out smoothly and of equal weight, the two finest less."""
    total = np.zeros((height, width), np.int32)
    cell = 1 << max(0, (max(width, height) // 2).bit_length() - 1)
    while cell >= finest:
        grid = random.randint(0, 256, (height // cell + 3, width // cell + 3)).astype(np.uint8)
        weight = {1: 5, 2: 8}.get(cell, 12)
        large = Image.fromarray(grid)
        if cell > 1:
            large = large.resize((grid.shape[1] * cell, grid.shape[0] * cell), Image.Resampling.BICUBIC)
        total += weight * (np.asarray(large, np.int32)[cell : cell + height, cell : cell + width] - 128)
        cell >>= 1
    return total // 64


def leaves(random: Random, width: int, height: int) -> Pixels:
    """Shapes over shapes, uint8 `[H, W, 3]`: the chance of a radius falls with its cube."""
    image = Image.new("RGB", (width, height), (96, 104, 120))
    draw = ImageDraw.Draw(image)
    count = min(7000, width * height // 150)
    largest = min(width, height) / 3
    radii = np.minimum(3 / np.sqrt(random.random_sample(count)), largest)
    radii[: count // 40] = random.randint(int(largest / 4), int(largest) + 1, count // 40)
    places = random.random_sample((count, 2)) * (width, height)
    for (x, y), radius, kind in zip(places, radii, random.randint(0, 3, count), strict=True):
        colour = _colour(random)
        if kind == 0:
            draw.ellipse((x - radius, y - radius * 0.7, x + radius, y + radius * 0.7), fill=colour)
        else:
            angle = random.random_sample() * math.tau
            corners = 3 if kind == 1 else 4
            turns = [angle + math.tau * i / corners for i in range(corners)]
            draw.polygon([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in turns], fill=colour)
    return np.array(image)


def _colour(random: Random) -> tuple[int, int, int]:
    """Mostly dull, as in the world, now and then strong."""
    if random.randint(12) == 0:
        return STRONG[random.randint(6)]
    grey = random.randint(24, 224)
    red, green, blue = (int(np.clip(grey + d, 8, 247)) for d in random.randint(-48, 49, 3))
    return red, green, blue


def photograph(random: Random, width: int, height: int, grain: int = 3) -> Pixels:
    """A scene as a camera might see it, uint8 `[H, W, 3]`. grain: the sensor's noise, most levels either way; without
    it texture ends at two pixels too, so that large files stay below what platforms take."""
    picture = leaves(random, width, height).astype(np.int32)
    picture += clouds(random, width, height, 1 if grain else 2)[:, :, None]
    for channel in (0, 2):
        picture[:, :, channel] += clouds(random, width, height, 2 if grain else 8) // 3
    for axis in (0, 1):  # a lens and a sensor blur a little
        before, after = np.roll(picture, 1, axis), np.roll(picture, -1, axis)
        picture = (picture * 6 + before + after + 4) // 8
    if grain:
        picture += random.randint(-grain, grain + 1, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def noise(random: Random, width: int, height: int, low: int = 0, high: int = 256) -> Pixels:
    """Every sample by itself, uint8 `[H, W, 3]`."""
    return random.randint(low, high, (height, width, 3)).astype(np.uint8)


def text(width: int, height: int, scale: int = 1) -> Pixels:
    """Black on white, every fourth line in a colour, in a bitmap font of 5 x 7."""
    rows, columns = -(-height // scale), -(-width // scale)
    glyphs = {
        letter: np.array([[c == "#" for c in line] for line in shape.split("/")]) for letter, shape in GLYPHS.items()
    }
    out = np.full((rows + 9, columns + 12, 3), 255, np.uint8)
    for line in range(rows // 9 + 1):
        ink = STRONG[line % 6] if line % 4 == 3 else (0, 0, 0)
        for i in range(columns // 6 + 1):
            shape = glyphs[TEXT[(i + line * 11) % len(TEXT)]]
            out[9 * line + 1 : 9 * line + 8, 6 * i + 1 : 6 * i + 6][shape] = ink
    return out.repeat(scale, axis=0).repeat(scale, axis=1)[:height, :width]


def zone_plate(width: int, height: int, *, colour: bool = False) -> Pixels:
    """Rings from the centre out, a cosine of which the frequency reaches half a cycle a pixel at the shorter side's
    edge. colour: at equal luma, in chroma alone."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    wave = np.cos(math.pi * (x * x + y * y) / min(width, height))
    if not colour:
        return np.repeat(np.round(127.5 + 110 * wave).astype(np.uint8)[:, :, None], 3, axis=2)
    # Red up, blue down, green such that 0.299 R + 0.587 G + 0.114 B stays.
    parts = (128 + 100 * wave, 128 - wave * (29.9 - 11.4) / 0.587, 128 - 100 * wave)
    return np.stack([np.clip(np.round(p), 0, 255).astype(np.uint8) for p in parts], axis=2)


def slanted_edges(width: int, height: int) -> Pixels:
    """Squares of dark on light, turned by 5 degrees, with edges one pixel wide (ISO 12233's target, in spirit)."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    c, s = math.cos(math.radians(5)), math.sin(math.radians(5))
    u, v = x * c + y * s, y * c - x * s
    period = 96.0
    near = [np.abs((w / period) % 1.0 - 0.5) * period - period / 4 for w in (u, v)]
    inside = np.clip(np.minimum(*near) + 0.5, 0, 1)
    grey = np.round(220 - 190 * inside).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def impulses(width: int, height: int, every: int = 31) -> Pixels:
    """Single light pixels on dark, and dark ones on light, each at another phase of any grid."""
    out = np.full((height, width, 3), 24, np.uint8)
    out[:, width // 2 :] = 224
    at = slice(every // 2, None, every)
    out[at, every // 2 : width // 2 : every] = 255
    out[at, width // 2 + every // 2 :: every] = 0
    return out


def colour_edges(width: int, height: int) -> Pixels:
    """Stripes of strong colours, 1 to 12 pixels wide, upright on the left and lying on the right."""
    widths = [1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 11, 12]
    order = np.repeat(np.arange(len(widths)), widths)
    inks = np.array(STRONG, np.uint8)

    def band(n: int) -> Pixels:
        at = np.arange(n)
        stripes: Pixels = inks[(order[at % len(order)] + at // len(order) * 3) % len(inks)]
        return stripes

    out = np.zeros((height, width, 3), np.uint8)
    out[:, : width // 2] = band(width // 2)[None]
    out[:, width // 2 :] = band(height)[:, None]
    return out


def ramps(width: int, height: int, *, channels: tuple[int, ...] = (0, 1, 2), step: int = 1) -> Pixels:
    """Blocks of 8 x 8, each one DCT frequency, in natural order. After each 64 blocks its coefficient grows by `step`,
    so that the levels of every quantiser are crossed."""
    rows, columns = -(-height // 8), -(-width // 8)
    k = np.arange(8)
    basis = np.cos((2 * k[None, :] + 1) * k[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    out = np.full((rows * 8, columns * 8, 3), 128.0)
    for r in range(rows):
        for c in range(columns):
            place = r * columns + c
            u, v = place % 64 % 8, place % 64 // 8
            amplitude = (1 + place // 64 * step) * (1 if place % 2 else -1)
            block = amplitude * np.outer(basis[v], basis[u])
            for channel in channels:
                out[8 * r : 8 * r + 8, 8 * c : 8 * c + 8, channel] += block
    return np.clip(np.round(out[:height, :width]), 0, 255).astype(np.uint8)


def wedge(width: int, height: int, steps: int = 32) -> Pixels:
    """Grey steps from 0 to 255 above a smooth ramp."""
    at = np.arange(width)
    stairs, slope = at * steps // width * 255 // (steps - 1), at * 255 // max(1, width - 1)
    out = np.zeros((height, width, 3), np.uint8)
    out[: height // 2], out[height // 2 :] = stairs[None, :, None], slope[None, :, None]
    return out


def patches(width: int, height: int, levels: int = 6) -> Pixels:
    """Every colour of a cube of `levels` a side, in a grid, shuffled so that neighbours differ."""
    values = np.arange(levels) * 255 // (levels - 1)
    cube = np.stack(np.meshgrid(values, values, values, indexing="ij"), -1).reshape(-1, 3).astype(np.uint8)
    cube = cube[np.arange(len(cube)) * 89 % len(cube)]  # 89 has no factor in common with a power of 6
    columns = math.ceil(math.sqrt(len(cube) * width / height))
    rows = math.ceil(len(cube) / columns)
    y, x = np.arange(height) * rows // height, np.arange(width) * columns // width
    out: Pixels = cube[(y[:, None] * columns + x[None, :]) % len(cube)]
    return out


def opacity(width: int, height: int) -> NDArray[np.uint8]:
    """Alpha `[H, W]`: opaque on the left, then a slope through every value, a clear field, discs and single pixels."""
    y, x = np.mgrid[:height, :width]
    slope = np.clip(255 - (x - width * 2 // 5) * 255 // max(1, width * 3 // 10), 0, 255)
    alpha = np.where(x < width * 2 // 5, 255, slope).astype(np.int64)
    side = max(24, min(width, height) // 8)
    u, v = x % side - side // 2, y % side - side // 2
    disc = u * u + v * v < (side // 3) ** 2
    low = (y > height * 2 // 3) & (x > width * 2 // 5)
    steps = (x // side + y // side) % 5 * 63
    alpha = np.where(low & disc, steps, alpha)
    alpha = np.where(low & ~disc & ((x * 7 + y * 3) % 29 == 0), 255 - alpha, alpha)
    return alpha.astype(np.uint8)


def put(picture: Pixels, panel: Pixels, left: int, top: int) -> None:
    """Pastes, in place; what would stand beyond the picture is cut."""
    height, width = panel.shape[:2]
    target = picture[top : top + height, left : left + width]
    target[:, :, :3] = panel[: target.shape[0], : target.shape[1]]
