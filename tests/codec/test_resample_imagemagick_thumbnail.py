"""What codec/resample/imagemagick.py does beside a filter, against convert: a support of its own, levels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from codec.test_resample_imagemagick import convert as by_convert
from codec.test_resample_imagemagick import from_pam, pam, picture
from understudy.codec.resample import imagemagick
from understudy.codec.stages import To8
from understudy.nn.plans import Exact

SIZES = (((97, 61), (40, 29)), ((300, 200), (160, 90)), ((997, 751), (120, 90)), ((40, 33), (77, 51)))
"""One of them is sampled first."""


@pytest.mark.parametrize(
    ("kernel", "support"),
    [("triangle", 2), ("triangle", 3), ("lanczos", 2), ("lanczos", 4), ("hann", 2.5), ("box", 1), ("gaussian", 1)],
)
def test_a_support_is_converts(kernel: str, support: float) -> None:
    for size, to in SIZES:
        pixels = picture(size, 3)
        words = ("-filter", kernel, "-define", f"filter:support={support}", "-thumbnail", f"{to[0]}x{to[1]}!")
        theirs = from_pam(by_convert(pam(pixels), *words, "-depth", "16", "pam:-"))[:, :, :3]
        wide = pixels.astype(np.uint16) * np.uint16(257)
        ours = imagemagick.resize16(wide, *to, kernel=kernel, thumbnail=True, support=support)
        assert np.array_equal(ours, theirs), (size, to)


@pytest.mark.parametrize("levels", [2, 3, 17, 136, 256])
def test_levels_are_converts(levels: int) -> None:
    """Below the 65,536 colours beyond which -posterize looks for others."""
    for size, to in SIZES:
        pixels = picture(size, 3)
        words = ("-filter", "triangle", "-resize", f"{to[0]}x{to[1]}!", "-dither", "None", "-posterize", str(levels))
        theirs = from_pam(by_convert(pam(pixels), *words, "-depth", "16", "pam:-"))
        theirs = theirs if theirs.shape[2] == 3 else theirs.repeat(3, axis=2)
        wide = pixels.astype(np.uint16) * np.uint16(257)
        ours = imagemagick.resize16(wide, *to, kernel="triangle", posterize=levels)
        assert len(np.unique(ours.reshape(-1, 3), axis=0)) < 65536
        assert np.array_equal(ours, theirs), (size, to)


def test_no_sample_lies_between_two_levels() -> None:
    """So that no tie is decided here: for every number of levels."""
    for levels in range(2, 257):
        assert not ((2 * (levels - 1) * np.arange(65536, dtype=np.int64)) % 131070 == 65535).any()


@pytest.mark.parametrize("options", [{"thumbnail": True, "support": 2.0, "posterize": 136}, {"posterize": 5}])
def test_a_plan_plays_the_same(options: dict[str, float]) -> None:
    for size, to in (*SIZES, ((64, 48), (64, 48))):
        pixels = picture(size, 3)
        kernel = "default" if size == to else "triangle"
        plan = imagemagick.plan(*size, *to, kernel=kernel, **options)  # type: ignore[arg-type]
        assert isinstance(plan.stages[-1], To8)
        played = Exact(plan, torch.device("cpu"))(torch.from_numpy(pixels).permute(2, 0, 1))
        ours = imagemagick.resize(pixels, *to, kernel=kernel, **options)  # type: ignore[arg-type]
        assert np.array_equal(played.permute(1, 2, 0).numpy(), ours), (size, to)


def test_what_cannot_be_asked() -> None:
    for options in ({"support": -1.0}, {"posterize": 1}, {"posterize": -3}):
        with pytest.raises(ValueError, match="expected"):
            imagemagick.resize(picture((8, 8), 3), 4, 4, kernel="box", **options)  # type: ignore[arg-type]
