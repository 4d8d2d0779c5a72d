"""What libvips can do beside resizing is found: its own sharpening, sharp's mild one, and linear light."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import pyvips
import resizing
from resizing import Picture, asked, pairs

from oracles import scene
from understudy.learning.question import Question
from understudy.learning.questions.resize import Resampling
from understudy.learning.questions.sharpen import Sharpening
from understudy.learning.search import Search
from understudy.steps.convolve import Convolve
from understudy.steps.lab_sharpen import LabSharpen
from understudy.steps.resize import Resize


def image(p: Picture) -> Any:
    height, width, _ = p.shape
    return pyvips.Image.new_from_memory(p.tobytes(), width, height, 3, "uchar").copy(interpretation="srgb")


def samples(made: Any) -> Picture:
    return np.frombuffer(made.cast("uchar").write_to_memory(), np.uint8).reshape(made.height, made.width, 3)


def smaller(p: Picture, size: tuple[int, int], **options: Any) -> Any:
    return image(p).thumbnail_image(size[0], height=size[1], size="force", **options)


def found(channel: Any, *questions: Question) -> Search:
    made = pairs(channel)
    search, _ = asked(made, *questions)
    assert search.pipeline.get(Resize).code == "vips"
    assert search.pipeline.get(Resize).kernel == "lanczos3"
    assert all(search.agreement(p, search.pipeline).unequal == 0 for p in made)
    return search


def test_libvips_sharpening_behind_its_resize() -> None:
    search = found(lambda p, size: samples(smaller(p, size).sharpen(sigma=1.0, m1=1, m2=2)), Resampling(), Sharpening())
    assert search.pipeline.get(LabSharpen) == LabSharpen(1.0, m1=1.0, m2=2.0)


def test_sharps_mild_sharpening() -> None:
    """sharp calls conv without a precision: floats, cut where they are saved."""
    mask = pyvips.Image.new_from_array([[-1, -1, -1], [-1, 32, -1], [-1, -1, -1]], scale=24)
    search = found(lambda p, size: samples(smaller(p, size).conv(mask)), Resampling(), Sharpening())
    assert search.pipeline.get(Convolve).rounding == "down"


def test_linear_light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of pictures with contrast: in pale ones another library's kernel is within what is not looked into."""
    monkeypatch.setattr(resizing, "photograph", lambda width, height, seed: scene(width, height, 3, seed))
    search = found(lambda p, size: samples(smaller(p, size, linear=True)), Resampling())
    assert search.pipeline.get(Resize).options["linear"] is True
