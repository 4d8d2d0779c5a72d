"""Mastodon's two ways with a picture, from its source, against the programs that they call.

app/models/media_attachment.rb (commit 00793a86): 1,638,400 pixels, `-quality 90 -strip`.
lib/paperclip/lazy_thumbnail.rb: a box of two rounded roots, `>`; Paperclip turns pictures upright (`-auto-orient`).
lib/paperclip/vips_lazy_thumbnail.rb (commit 376d93b6): Image.thumbnail, size down, all fields but the ICC profile
removed, written with libvips' own defaults.
"""

from __future__ import annotations

import io
import math
import shutil
import subprocess
from pathlib import Path

import pytest
import pyvips
from PIL import Image

import understudy as us
from oracles import pillow, scene
from shared_folder import photo_files
from understudy.verification import PairScore

CONVERT = shutil.which("convert-im6.q16")
if CONVERT is None:
    raise RuntimeError("convert-im6.q16 is not installed; these tests need ImageMagick 6 (Debian: imagemagick)")
PHOTOS = {p.name: p for p in photo_files()}
TURNED_WITH_EXIF_DENSITY = "p14_dog_orient6.jpg"


def box(data: bytes, pixels: int) -> tuple[int, int]:
    """Width and height that lazy_thumbnail.rb asks for."""
    image = Image.open(io.BytesIO(data))
    width, height = image.size
    if image.getexif().get(0x0112, 1) >= 5:
        width, height = height, width
    return round(math.sqrt(pixels * (width / height))), round(math.sqrt(pixels * (height / width)))


def by_imagemagick(data: bytes, folder: Path) -> PairScore:
    sent, received = folder / "sent.jpg", folder / "received.jpg"
    sent.write_bytes(data)
    width, height = box(data, 1_638_400)
    options = ["-quality", "90", "-strip", "+set", "modify-date", "+set", "create-date"]
    command = [str(CONVERT), f"{sent}[0]", "-auto-orient", "-resize", f"{width}x{height}>", *options, str(received)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return us.verify("mastodon/2019", [(data, received.read_bytes())], free="predicted").per_pair[0]


def by_libvips(data: bytes) -> PairScore:
    assert (pyvips.version(0), pyvips.version(1)) == (8, 18), "pip install pyvips 'pyvips-binary==8.18.*'"
    width, height = box(data, 8_294_400)
    image = pyvips.Image.thumbnail_buffer(data, width, height=height, size="down").copy()
    for field in image.get_fields():
        if field != "icc-profile-data":
            image.remove(field)
    return us.verify("mastodon/2024", [(data, image.write_to_buffer(".jpg"))], free="predicted").per_pair[0]


@pytest.mark.parametrize("size", [(1500, 1200), (1201, 1501), (320, 200)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_imagemagick(size: tuple[int, int], tmp_path: Path) -> None:
    score = by_imagemagick(pillow(scene(*size), quality=93, subsampling=2), tmp_path)
    assert (score.bytes_identical, score.error) == (True, "")


@pytest.mark.parametrize("size", [(1500, 1200), (33, 17)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_libvips(size: tuple[int, int]) -> None:
    score = by_libvips(pillow(scene(*size), quality=93, subsampling=2))
    assert (score.coefficients_equal, score.error) == (1.0, "")
    assert not score.headers_equal, "libvips' EXIF segment is made now: say so in the profile"


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", PHOTOS)
def test_photographs(name: str, tmp_path: Path) -> None:
    data = PHOTOS[name].read_bytes()
    score = by_imagemagick(data, tmp_path)
    assert (score.coefficients_equal, score.bytes_identical) == (1.0, name != TURNED_WITH_EXIF_DENSITY)
    if math.prod(Image.open(PHOTOS[name]).size) <= 8_294_400:
        assert by_libvips(data).coefficients_equal == 1.0
