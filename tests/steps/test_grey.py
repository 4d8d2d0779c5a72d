"""The grey step: Pillow's convert("L"), the channel's own, and how learning tells it from a grey encoder."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from learning.resizing import Picture, asked, pairs, start
from oracles import scene
from understudy import Channel
from understudy.codec.variants import Color
from understudy.delivery import mimic
from understudy.errors import ProfileError
from understudy.learning.pipeline import Pipeline
from understudy.learning.questions.grey import GreyBeforeResize
from understudy.learning.search import Search
from understudy.profile import Profile, When
from understudy.steps import Context, Raster
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.envelope import Envelope
from understudy.steps.flatten import Flatten
from understudy.steps.grey import Grey
from understudy.steps.resize import Resize


def test_it_is_pillows() -> None:
    rng = np.random.default_rng(4)
    for pixels in (scene(61, 47, 3), rng.integers(0, 256, (300, 301, 3), dtype=np.uint8)):
        made = Grey().exact(Raster(pixels), Context())
        assert np.array_equal(made.pixels[:, :, 0], np.asarray(Image.fromarray(pixels).convert("L")))


def test_alpha_is_kept_and_grey_is_left_alone() -> None:
    pixels = scene(21, 9, 4)
    made = Grey().exact(Raster(pixels), Context()).pixels
    assert made.shape == (9, 21, 2)
    assert np.array_equal(made[:, :, 1], pixels[:, :, 3])
    grey = Raster(scene(21, 9, 1))
    assert Grey().exact(grey, Context()) is grey
    with pytest.raises(ProfileError, match="rgb"):
        Grey(Color.RGB).exact(grey, Context())


def test_the_channel_does_the_same() -> None:
    steps = (Decode(), Flatten(), Grey(), Resize(limit=40, kernel="bicubic"), Encode(grey="luma"), Envelope())
    profile = Profile("test/grey", "A test", When("test"), steps)
    pixels = scene(61, 47, 3)
    made = Channel(profile)(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255)
    delivered = np.asarray(Image.open(io.BytesIO(mimic(pixels, profile).data)))
    assert np.array_equal((made[0, 0] * 255).round().byte().numpy(), delivered)


@pytest.mark.parametrize("before", [True, False])
def test_which_came_first_is_found(before: bool) -> None:
    def channel(picture: Picture, size: tuple[int, int]) -> Picture:
        image = Image.fromarray(picture)
        image = image.convert("L") if before else image
        return np.asarray(image.resize(size, Image.Resampling.BICUBIC).convert("L"))

    made = pairs(channel)
    pipeline: Pipeline = start(made, grey="luma").changed(Resize, kernel="bicubic")
    search = Search(made, pipeline)
    decision = search.ask(GreyBeforeResize())
    assert decision.answer == ("before the resize" if before else "after the resize")
    assert not decision.guess
    assert all(search.agreement(pair, search.pipeline).unequal == 0 for pair in made)


def test_nothing_is_asked_of_files_in_colour() -> None:
    made = pairs(lambda picture, size: np.asarray(Image.fromarray(picture).resize(size)))
    _, decisions = asked(made, GreyBeforeResize())
    assert decisions["grey before the resize"].answer == "nothing to tell"
