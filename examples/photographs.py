"""The photographs that the examples train and test on: sample data of scikit-image and scikit-learn, fetched once.

Both wheels are downloaded with pip, without their dependencies, and only the pictures are kept (`.cache/photographs`).
They are the packages' own test pictures; each package's README names photographers and licences.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FOLDER = Path(__file__).resolve().parents[1] / ".cache" / "photographs"
PACKAGES = ("scikit-image==0.26.0", "scikit-learn==1.9.1")
TRAIN = ("chelsea.png", "motorcycle_left.png", "flower.jpg", "rocket.jpg", "color.png", "hubble_deep_field.jpg")
TEST = ("astronaut.png", "coffee.png", "china.jpg")
"""Never trained on."""

Pixels = NDArray[np.uint8]


def photographs(names: tuple[str, ...]) -> dict[str, Pixels]:
    """Name -> uint8 `[H, W, 3]`, sides cut to multiples of 32. JPEG sources are halved, so that no old grid is left."""
    if not all((FOLDER / name).is_file() for name in names):
        _fetch()
    out = {}
    for name in names:
        with Image.open(FOLDER / name) as image:
            rgb = image.convert("RGB")
            rgb = rgb.reduce(2) if name.endswith(".jpg") else rgb
        out[name] = np.asarray(rgb)[: rgb.height // 32 * 32, : rgb.width // 32 * 32].copy()
    return out


def _fetch() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, *PACKAGES]
        subprocess.run([sys.executable, "-m", "pip", *command], check=True)
        for wheel in Path(folder).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for member in archive.namelist():
                    if Path(member).name in TRAIN + TEST:
                        (FOLDER / Path(member).name).write_bytes(archive.read(member))
