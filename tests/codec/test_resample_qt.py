"""Qt's smooth scaling, against goldens that Qt itself made.

The goldens are SHA-256 sums of Qt's results (recorded_qt.json), by the job that made each; the pictures are made of
integers only. `python tests/codec/test_resample_qt.py` asks Qt again (PySide6-Essentials) and writes the file anew.
Made with Qt 6.8.3 on x86-64.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from test_resample_go import picture

from understudy.codec.resample import qt
from understudy.errors import ProfileError

GOLDENS = Path(__file__).with_name("recorded_qt.json")
SIZES = [(1, 1), (7, 11), (17, 33), (131, 97), (300, 20), (256, 128), (640, 480)]
"""(width, height)."""

Job = tuple[int, int, int, int]
"""Width, height, then the new ones."""


def jobs() -> list[Job]:
    """Both axes up, down, unchanged; one of each; halves, which are exact; far down and far up."""
    out = []
    for w, h in SIZES:
        half = (max(1, w // 2), max(1, h // 2))
        wanted = [half, (2 * w, 2 * h), (2 * w, half[1]), (half[0], 2 * h), (w, half[1]), (half[0], h), (w + 1, h + 1),
                  (max(1, w - 1), max(1, h - 1)), (1, 1), (3, 4), (41, 30), (3 * w + 1, h), (w, h + 5)]  # fmt: skip
        out += [(w, h, *size) for size in dict.fromkeys(wanted) if size != (w, h)]
    return out


def by_qt(job: Job) -> NDArray[np.uint8]:
    """QImage.scaled of a picture in Format_RGB32."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    width, height, new_width, new_height = job
    pixels = picture(width, height, 3)
    samples = np.dstack([pixels[:, :, ::-1], np.full((height, width), 255, np.uint8)]).tobytes()
    image = QImage(samples, width, height, 4 * width, QImage.Format.Format_RGB32)
    how = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    made = image.scaled(new_width, new_height, *how).convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(made.constBits(), np.uint8).reshape(new_height, made.bytesPerLine())
    return np.ascontiguousarray(rows[:, : 4 * new_width].reshape(new_height, new_width, 4)[:, :, 2::-1])


def digest(pixels: NDArray[np.uint8]) -> str:
    return sha256(pixels.tobytes()).hexdigest()[:16]


def ours(job: Job) -> NDArray[np.uint8]:
    """Our answer to a job."""
    return qt.resize(picture(job[0], job[1], 3), job[2], job[3])


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_equals_qt(size: tuple[int, int]) -> None:
    goldens = json.loads(GOLDENS.read_text(encoding="ascii"))
    chosen = [job for job in jobs() if job[:2] == size]
    assert len(chosen) >= 7
    assert [job for job in chosen if digest(ours(job)) != goldens[" ".join(map(str, job))]] == []


def test_grey_is_a_channel_of_rgb() -> None:
    pixels = picture(31, 20, 3)
    for size in ((15, 10), (62, 40), (62, 10), (15, 40)):
        together = qt.resize(pixels, *size)
        for c in range(3):
            assert np.array_equal(qt.resize(pixels[:, :, c : c + 1], *size)[:, :, 0], together[:, :, c])


def test_halves_are_means_cut_off() -> None:
    pixels = picture(40, 30, 3)
    means = pixels.reshape(15, 2, 20, 2, 3).astype(int).sum((1, 3)) >> 2
    assert np.array_equal(qt.resize(pixels, 20, 15), means)


def test_alpha_is_refused() -> None:
    with pytest.raises(ProfileError, match="alpha"):
        qt.resize(picture(9, 9, 4), 5, 5)


def main() -> None:
    goldens = {" ".join(map(str, job)): digest(by_qt(job)) for job in jobs()}
    GOLDENS.write_text(json.dumps(goldens, indent=0) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
