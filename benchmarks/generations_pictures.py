"""The pictures of benchmarks/generations.py, what compresses them and what looks at the files.

All sets are dicts of uint8 [H, W, 3].
"""

from __future__ import annotations

import importlib.util
import io
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pyjpegli
import pyvips
from common import SHARED
from PIL import Image, ImageDraw

import understudy as us
from understudy import traces

NOT_CLEAN = {
    "coins": "same grid, annex-k q85",
    "grass": "same grid, annex-k q90",
    "chelsea": "same grid, annex-k q98",
    "ihc": "shifted grid, annex-k q75",
    "astronaut": "resized",
}
"""scikit-image's PNG files that carry traces themselves, the same at every quality that they are compressed with."""
LOSSLESS = ("camera", "coffee", "motorcycle_left", "gravel", "brick", "moon")
KODAK = (("m1_2304x1536", 3, 3), ("m3_1536x1024", 2, 2), ("p01_kodim01", 1, 1), ("p03_kodim05", 1, 1))
"""Name, and rows and columns of 768x512 tiles."""
LEAST_REDUCED = 3.1
"""A picture that was a JPEG once is made smaller by this and more: an 8x8 grid is then less than 2.6 samples wide."""
SYNTHETIC = 12
Picture = np.ndarray
Pictures = dict[str, Picture]
Encoder = Callable[[Picture, int], bytes]


def skimage_data() -> Path:
    home = importlib.util.find_spec("skimage")
    if home is None or home.origin is None:
        raise SystemExit("scikit-image is not installed")
    return Path(home.origin).parent / "data"


def tuning() -> Pictures:
    """18 photographs that were never a JPEG as far as is known, none twice: thresholds were chosen on some of them."""
    found: Pictures = {}
    for name, rows, columns in KODAK:
        whole = np.asarray(Image.open(SHARED / "photos" / f"{name}.png").convert("RGB"))
        for v in range(rows):
            for h in range(columns):
                tile = np.ascontiguousarray(whole[512 * v : 512 * (v + 1), 768 * h : 768 * (h + 1)])
                found.setdefault(tile.tobytes()[:3000].hex(), tile)
    out = {f"kodak{i}": tile for i, tile in enumerate(found.values())}
    return out | {name: _rgb(skimage_data() / f"{name}.png") for name in LOSSLESS}


def not_clean() -> Pictures:
    return {name: _rgb(skimage_data() / f"{name}.png") for name in NOT_CLEAN}


def reduced() -> Pictures:
    """Photographs that were JPEG files, averaged over areas of more than 3.1 x 3.1 samples: no grid survives."""
    places = sorted((SHARED / "real").glob("*.jpg"))
    places += [SHARED / "photos" / f"{n}.jpg" for n in ("p10_displayp3", "p11_adobergb", "p15_orient6", "p16_orient8")]
    places += [skimage_data() / "retina.jpg", skimage_data() / "hubble_deep_field.jpg"]
    out = {place.stem: _averaged(_rgb(place), LEAST_REDUCED + 0.07 * i) for i, place in enumerate(places)}
    dog = _averaged(_rgb(SHARED / "photos" / "p14_dog_orient6.jpg"), LEAST_REDUCED)
    v, h = dog.shape[0] // 2, dog.shape[1] // 2
    for i in range(4):
        out[f"dog, quarter {i}"] = np.ascontiguousarray(dog[i // 2 * v : (i // 2 + 1) * v, i % 2 * h : (i % 2 + 1) * h])
    return {name: picture for name, picture in out.items() if min(picture.shape[:2]) >= 192}


def synthetic(count: int = SYNTHETIC) -> Pictures:
    """Scenes that no camera saw: noise whose spectrum falls as a photograph's, edges, and a sensor's noise on top."""
    out = {}
    for seed in range(count):
        rng = np.random.default_rng([7, seed])
        height, width = 480, 640
        v, h = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
        fall = 1 / np.maximum(np.hypot(v, h), 1 / 96) ** rng.uniform(1.1, 1.8)
        planes = [np.fft.irfft2(np.fft.rfft2(rng.normal(size=(height, width))) * fall) for _ in range(3)]
        y, x = np.mgrid[:height, :width]
        angle, wave = rng.uniform(0, np.pi), rng.uniform(60, 200)
        edge = (x * np.cos(angle) + y * np.sin(angle)) % wave > wave / 2
        luma = rng.uniform(80, 150) + rng.uniform(20, 40) * planes[0] / planes[0].std() + rng.uniform(5, 40) * edge
        rgb = np.stack([luma + 12 * planes[1] / planes[1].std(), luma, luma + 12 * planes[2] / planes[2].std()], -1)
        noisy = rgb + rng.normal(size=rgb.shape) * np.sqrt(np.clip(rgb, 1, 255)) * rng.uniform(0.02, 0.25)
        out[f"synthetic{seed}"] = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return out


def drawings() -> Pictures:
    """Gradients, with and without a little noise, and shapes with text: what no photograph has."""
    out = {}
    for width, height in ((800, 600), (640, 640)):
        y, x = np.mgrid[:height, :width].astype(float)
        across, down = x / width, y / height
        shades = {"linear": across, "diagonal": (across + down) / 2, "bilinear": across * down}
        shades["radial"] = np.hypot(across - 0.5, down - 0.5) * 2**0.5
        shades["waves"] = 0.5 + 0.5 * np.sin(x / 40) * np.cos(y / 55)
        noise = np.random.default_rng(1).normal(0, 2, (height, width, 1))
        for name, v in shades.items():
            colored, grey = np.stack([255 * v, 255 * (1 - v), 200 * v + 20], -1), np.stack([30 + 180 * v] * 3, -1)
            for kind, picture in (("colored", colored), ("grey", grey), ("noisy", grey + noise)):
                out[f"{name} {width} {kind}"] = np.clip(picture, 0, 255).astype(np.uint8)
        for seed in (0, 1):
            whole = _shapes(2 * width, 2 * height, seed)
            out[f"shapes {width} {seed}"] = np.asarray(whole)[:height, :width].copy()
            out[f"shapes {width} {seed} halved"] = np.asarray(whole.resize((width, height), Image.Resampling.LANCZOS))
    return out


def _shapes(width: int, height: int, seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (width, height), (240, 240, 235))
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        left, top, size = int(rng.integers(0, width)), int(rng.integers(0, height)), int(rng.integers(20, 300))
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        color = tuple(int(c) for c in rng.integers(0, 256, 3))
        shape((left, top, left + size, top + 0.7 * size), fill=color, outline=(0, 0, 0), width=3)
    for y in range(0, height, 44):
        draw.text((20, y), "the quick brown fox jumps over the lazy dog " * 6, fill=(10, 10, 10))
    return picture


def _rgb(place: Path) -> Picture:
    return np.asarray(Image.open(place).convert("RGB"))


def _averaged(picture: Picture, factor: float) -> Picture:
    height, width = picture.shape[:2]
    size = int(width / factor), int(height / factor)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))


def pillow(picture: Picture, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def mozjpeg(picture: Picture, quality: int) -> bytes:
    height, width = picture.shape[:2]
    image = pyvips.Image.new_from_memory(np.ascontiguousarray(picture).tobytes(), width, height, 3, "uchar")
    return bytes(image.jpegsave_buffer(Q=quality, trellis_quant=True, quant_table=3, optimize_coding=True))


def jpegli(picture: Picture, quality: int) -> bytes:
    height, width = picture.shape[:2]
    return bytes(pyjpegli.encode(np.ascontiguousarray(picture).tobytes(), width, height, quality))


def ffmpeg(picture: Picture, quality: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Image.fromarray(picture).save(f"{folder}/a.png", compress_level=1)
        scale = str(max(2, round((100 - quality) / 3)))
        command = ["ffmpeg", "-loglevel", "error", "-i", f"{folder}/a.png", "-q:v", scale, f"{folder}/b.jpg"]
        subprocess.run(command, check=True)
        return Path(f"{folder}/b.jpg").read_bytes()


ENCODERS: dict[str, Encoder] = {"Pillow": pillow, "mozjpeg": mozjpeg, "jpegli": jpegli, "ffmpeg": ffmpeg}
LAWS = {"Pillow": "annex-k", "mozjpeg": "mozjpeg-3"}


def decoded(data: bytes) -> Picture:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


SETS: Pictures = {}
"""The pictures that `before` compresses, by name."""


@cache
def before(first: str, quality: int, name: str) -> Picture:
    """A picture as the first compression leaves it."""
    return decoded(ENCODERS[first](SETS[name], quality))


def look(data: bytes, quick: bool = False) -> dict[str, dict]:
    """The observations of one file, by name; `quick`: those of the levels alone."""
    stream = us.jpeg.parse(data)
    ask = traces.quick if quick else traces.observe
    return {o.name: o.value for o in ask(us.jpeg.read_coefficients(stream), stream)}


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"
