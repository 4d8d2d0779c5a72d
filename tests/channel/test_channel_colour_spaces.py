"""Channels whose files hold one component made of colour, or R, G and B: exactly mimic, with a gradient."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from channel_cases import pictures, samples, tensor
from PIL import Image

import understudy as us
from understudy.channel import Channel
from understudy.errors import ProfileError

RGB: dict[str, Any] = {
    "encode.color": "rgb", "sampling": "4:4:4", "jfif": "none", "adobe_transform": 0, "component_ids": (82, 71, 66),
}  # fmt: skip
CASES: dict[str, dict[str, Any]] = {
    "grey": {"grey": "luma"},
    "grey by Facebook's weights": {"grey": "luma", "encode.color": "facebook-classic"},
    "rgb": RGB,
    "rgb, float": RGB | {"dct": "float", "quality": 92},
    "restarts by rows": {"restart_rows": 1},
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_mimic_and_pillow_shows_it(name: str) -> None:
    profile = us.load_profile("generic/libjpeg-turbo").with_values(CASES[name])
    batch = pictures(33, 41)
    channel = Channel(profile)
    for qualities in (None, [40, 75, 93, 60, 80][: len(batch)]):
        asked = {} if qualities is None else {"quality": torch.tensor(qualities)}
        out = samples(channel(tensor(batch), **asked))
        for i, shown in enumerate(out):
            given = {} if qualities is None else {"quality": qualities[i]}
            delivery = us.mimic(batch[i], profile, **given)
            decoded = np.asarray(Image.open(io.BytesIO(delivery.data)))
            assert np.array_equal(shown, decoded.reshape(shown.shape))
            assert np.array_equal(shown, delivery.pixels())


def test_the_gradient_of_luma_is_that_of_its_weights() -> None:
    profile = us.load_profile("generic/libjpeg-turbo").with_values({"grey": "luma", "quality": 95})
    x = tensor(pictures(33, 41)).requires_grad_()
    Channel(profile)(x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    red, green, blue = x.grad.mean((0, 2, 3)).tolist()
    assert red / green == pytest.approx(0.299 / 0.587, rel=1e-3)
    assert blue / green == pytest.approx(0.114 / 0.587, rel=1e-3)


def test_the_components_of_rgb_are_apart() -> None:
    x = tensor(pictures(33, 41)).requires_grad_()
    Channel(us.load_profile("generic/libjpeg-turbo").with_values(RGB))(x)[:, 0].sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None and x.grad[:, 0].abs().mean() > 0.1 and not x.grad[:, 1:].any()


def test_what_has_no_form_is_told() -> None:
    base = us.load_profile("generic/libjpeg-turbo")
    x = tensor(pictures(16, 16))
    with pytest.raises(ProfileError, match="4:4:4"):
        Channel(base.with_values(RGB | {"sampling": "4:2:0"}))(x)
    with pytest.raises(ProfileError, match="color with a Y"):
        Channel(base.with_values(RGB | {"grey": "luma"}))(x)
    with pytest.raises(ProfileError, match="color with a Y"):
        us.mimic(pictures(16, 16)[0], base.with_values(RGB | {"grey": "luma"}))
