"""Sixteen real channels, played by hand-written profiles: how many deliveries come out byte for byte.

A channel's profile is battery/<channel>.toml; the pairs are the shared folder's. Nothing is taken from the received
file (`free="predicted"`): sizes, tables, scans, headers and every coefficient are the profile's prediction.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import understudy as us
from shared_folder import shared

PROFILES = Path(__file__).with_name("battery")
IDENTICAL = {
    "chromium_canvas1600_080": (6, 5),
    "cjpeg_qtables_scans": (5, 4),
    "cv_area1280_q88p": (6, 5),
    "gd_resampled1200_q85i": (9, 6),
    "go_nfnt1280_q80": (9, 6),
    "im6_lanczos1600_float82": (6, 5),
    "im6_q85_plane420": (5, 4),
    "jpegli_py_q80": (6, 5),
    "jsquash_mozjpeg_default": (6, 5),
    "nginx_gd_1024_q75": (4, 3),
    "pil_default": (6, 5),
    "pil_social1600": (6, 5),
    "sharp_default": (5, 4),
    "sharp_moz1080_q75": (9, 6),
    "thumbor_fit1280": (9, 6),
    "vips_thumb2048": (6, 5),
}
"""Channel -> pairs of train and of test; all of them come out byte-identical."""


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("channel", IDENTICAL)
def test_channel(channel: str) -> None:
    for split, pairs in zip(("train", "test"), IDENTICAL[channel], strict=True):
        scores = us.verify(PROFILES / f"{channel}.toml", shared(f"battery/{channel}/{split}.csv"), free="predicted")
        different = [(p.name, p.error or p.coefficients_equal) for p in scores.per_pair if not p.bytes_identical]
        assert (different, scores.bytes_identical, scores.pairs) == ([], pairs, pairs)
