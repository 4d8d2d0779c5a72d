"""Pictures in the other formats, made on the spot by other people's encoders. A missing one is an error, never a skip.

From wheels: Pillow, imagecodecs, OpenCV, pyvips, pillow-heif, oxipng. From Debian: cwebp, webpinfo and webpmux (webp),
gifsicle, optipng, zopflipng (zopfli), ffmpeg, convert (imagemagick).
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
from PIL import Image

import understudy as us
from oracles import Picture, image_of, pillow, scene
from understudy.inspection import Inspection


def tool(name: str, package: str) -> str:
    """Where the program is; an error naming Debian's package where it is not."""
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed; these tests need Debian's {package}")
    return found


def by_tool(*command: str, sent: bytes = b"", suffix: str = ".png") -> bytes:
    """What a program writes: `IN` and `OUT` in its arguments are files; OUT's ending follows a colon (`OUT:.gif`)."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / f"in{suffix}", Path(folder) / "out"
        source.write_bytes(sent)
        arguments = []
        for part in command:
            if part.startswith("OUT"):
                target = target.with_suffix(part.partition(":")[2])
                part = str(target)
            arguments.append(str(source) if part == "IN" else part)
        done = subprocess.run(arguments, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr.decode(errors="replace")[-500:]
        return target.read_bytes()


def smooth(width: int, height: int, seed: int = 0) -> Picture:
    """A picture with slopes and edges and little noise, as a photograph has them. uint8 `[H, W, 3]`."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    rng = np.random.default_rng([width, height, seed, 7])
    planes = [110 + 60 * np.sin(x / (23 + 5 * c) + seed) + 50 * np.cos(y / (31 - 3 * c)) for c in range(3)]
    bright = np.where((x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2, 40, 0)
    noise = rng.normal(0, 3, (height, width, 1)) * (x[..., None] / width)
    return np.clip(np.stack(planes, -1) + bright[..., None] + noise, 0, 255).astype(np.uint8)


def heic(picture: Picture, quality: int, **save: Any) -> bytes:
    """HEIC by libheif and x265."""
    out = io.BytesIO()
    pillow_heif.from_pillow(image_of(picture)).save(out, quality=quality, **save)
    return out.getvalue()


def ultra_hdr() -> bytes:
    """A JPEG with a gain map, by libultrahdr."""
    y, x = np.mgrid[:32, :32]
    linear = np.stack([x / 32 * 3, y / 32, np.full((32, 32), 0.3), np.ones((32, 32))], -1).astype(np.float16)
    return bytes(imagecodecs.ultrahdr_encode(linear))


def odd(seen: Inspection) -> list[str]:
    return [o.text for o in seen.all("anomalies")]


def families(seen: Inspection) -> list[str]:
    return [claim["family"] for claim in seen.value("family", "consistent_with", [])]


def whole_files() -> dict[str, bytes]:
    """One small file of each kind, whole."""
    picture, alpha = scene(40, 27), scene(40, 27, 4)
    frames = [image_of(scene(24, 17, 4, seed)) for seed in range(3)]
    exif = Image.Exif()
    exif[0x010E] = "a description"
    many: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": [10, 20, 30], "loop": 2}
    webp = pillow(frames[0], "WEBP", **many)
    return {
        "webp": pillow(picture, "WEBP", quality=60),
        "webp alpha": pillow(alpha, "WEBP", quality=60, alpha_quality=40, exif=exif),
        "webp lossless": pillow(alpha, "WEBP", lossless=True),
        "webp palette": pillow(image_of(picture).quantize(8).convert("RGB"), "WEBP", lossless=True),
        "webp animation": webp,
        "png": pillow(picture, "PNG", dpi=(72, 72), exif=exif),
        "png palette": pillow(image_of(picture).quantize(8), "PNG", transparency=3),
        "apng": pillow(frames[0], "PNG", **many),
        "gif": pillow(picture, "GIF", comment=b"a comment"),
        "gif animation": pillow(frames[0], "GIF", **many, disposal=2),
        "avif": pillow(picture, "AVIF", quality=60),
        "avif alpha": pillow(alpha, "AVIF", quality=60, exif=exif),
        "heic": heic(picture, 60),
        "heic alpha": heic(alpha, 60),
        "ultra hdr": ultra_hdr(),
    }


def inspected(data: bytes) -> Inspection:
    return us.inspect(data)
