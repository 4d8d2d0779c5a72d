"""The channel's forward is mimic followed by a decoder, in every sample: on a CPU, and in the form that a GPU runs."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from channel_cases import delivered, pictures, samples, tensor
from PIL import Image

import understudy as us
from understudy.channel import Channel
from understudy.codec.variants import (
    Color,
    Dct,
    Decoder,
    Downsampling,
    DummyBlocks,
    Edge,
    Engine,
    Quantizer,
    Upsampling,
)
from understudy.errors import UnderstudyError
from understudy.nn import exact_jpeg, host
from understudy.nn.recipe import Recipe
from understudy.profile import shipped_profiles
from understudy.steps.encode import SAMPLINGS, Encode

SIZES = [(1, 1), (2, 3), (5, 4), (7, 11), (16, 16), (17, 33), (40, 29)]
TAKES_SAMPLES = [name for name, p in shipped_profiles().items() if p.steps[0].name != "transcode"]


@pytest.mark.parametrize("name", TAKES_SAMPLES)
def test_every_shipped_profile(name: str) -> None:
    profile = shipped_profiles()[name]
    small = {"resize.limit": 24} if any(s.name == "resize" for s in profile.steps) else {}
    for size in ((17, 33), (41, 30)):
        for overrides in ({}, small) if small else ({},):
            batch = pictures(*size)
            channel = Channel(profile, **overrides)
            assert np.array_equal(samples(channel(tensor(batch))), delivered(batch, profile, **overrides)), overrides


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("name", ["facebook/classic-2014", "generic/libjpeg-turbo", "facebook/web-2024"])
def test_every_size(name: str, size: tuple[int, int]) -> None:
    batch = pictures(*size)
    assert np.array_equal(samples(Channel(name)(tensor(batch))), delivered(batch, name))


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 71, 85, 95, 99, 100])
def test_the_decoder_is_libjpeg_turbo(quality: int) -> None:
    """Against Pillow's decoder, not ours."""
    batch = pictures(33, 49)
    out = samples(Channel("facebook/classic-2014", quality=quality)(tensor(batch)))
    for picture, shown in zip(batch, out, strict=True):
        data = us.mimic(picture, "facebook/classic-2014", quality=quality).data
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), shown)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_grey_and_alpha(channels: int) -> None:
    batch = pictures(18, 21, channels)
    for name in ("generic/libjpeg-turbo", "facebook/classic-2014", "facebook/web-2024"):
        wanted = delivered(batch[..., 0] if channels == 1 else batch, name)
        assert np.array_equal(samples(Channel(name)(tensor(batch))), wanted), name


def test_grey_pixels_where_the_platform_makes_one_component_of_them() -> None:
    grey = np.repeat(pictures(19, 23, 1), 3, axis=3)
    batch = np.concatenate([grey, pictures(19, 23)])
    for overrides in ({}, {"quantizer": "mozjpeg-trellis", "dct": "islow", "huffman": "optimal"}):
        shown = samples(Channel("mastodon/2019", **overrides)(tensor(batch)))
        for picture, out in zip(batch, shown, strict=True):
            wanted = us.mimic(picture, "mastodon/2019", **overrides).pixels()
            assert np.array_equal(np.broadcast_to(wanted, out.shape), out)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_every_float_type_carries_whole_samples(dtype: torch.dtype) -> None:
    batch = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    batch[..., 1] = batch[:, ::-1, :, 1]
    shown = Channel("facebook/classic-2014", quality=90)(tensor(batch, dtype))
    assert shown.dtype == dtype
    assert np.array_equal(samples(shown), delivered(batch, "facebook/classic-2014", quality=90))


def test_quality_and_tables_of_each_picture() -> None:
    batch = pictures(24, 26)
    qualities = [3, 50, 71, 90, 100]
    channel = Channel("facebook/classic-2014")
    wanted = np.stack(
        [delivered(b[None], channel.profile, quality=q)[0] for b, q in zip(batch, qualities, strict=True)]
    )
    assert np.array_equal(samples(channel(tensor(batch), quality=torch.tensor(qualities))), wanted)
    assert np.array_equal(samples(channel(tensor(batch), quality=torch.tensor(qualities) + 0.3)), wanted)
    steps = torch.randint(1, 200, (5, 2, 64), generator=torch.Generator().manual_seed(1))
    shown = samples(channel(tensor(batch), steps=steps))
    for i in range(5):
        luma, chroma = (tuple(t.tolist()) for t in steps[i])
        assert np.array_equal(
            shown[i], delivered(batch[i : i + 1], channel.profile, luma_steps=luma, chroma_steps=chroma)[0]
        )


def test_imagemagick_whose_dct_depends_on_the_quality_and_whose_quality_on_the_sent_file() -> None:
    batch = pictures(24, 26)
    qualities = [60, 85, 90, 91, 97]
    magick = us.load_profile("generic/libjpeg-turbo").with_values({"fast_up_to": 90, "dct": "islow"})
    wanted = np.stack([delivered(b[None], magick, quality=q)[0] for b, q in zip(batch, qualities, strict=True)])
    assert np.array_equal(samples(Channel(magick)(tensor(batch), quality=torch.tensor(qualities))), wanted)
    for quality, shown in zip(qualities, wanted, strict=True):
        assert np.array_equal(samples(Channel(magick, quality=quality)(tensor(batch)))[qualities.index(quality)], shown)
    keeping = magick.with_values({"keep_quality": True, "quality": 92})
    for quality in (70, 95):
        sent = us.load_profile("generic/libjpeg-turbo").with_values({"quality": quality})
        wanted = np.stack([us.mimic(us.mimic(p, sent).data, keeping).pixels() for p in batch])
        assert np.array_equal(samples(Channel(keeping, sent=sent)(tensor(batch))), wanted)


def test_a_quality_of_the_call_is_the_platform_s() -> None:
    batch = pictures(24, 26)
    sent = us.load_profile("generic/libjpeg-turbo").with_values({"quality": 88})
    wanted = np.stack([us.mimic(us.mimic(p, sent).data, "facebook/classic-2014", quality=60).pixels() for p in batch])
    shown = Channel("facebook/classic-2014", sent=sent)(tensor(batch), quality=60)
    assert np.array_equal(samples(shown), wanted)


def test_a_file_that_is_sent() -> None:
    """`sent`: the picture is coded once by the sender, then the platform decodes that file; a transcode keeps it."""
    batch = pictures(37, 45)
    sent = us.load_profile("generic/libjpeg-turbo").with_values({"quality": 88})
    for name, overrides in (
        ("facebook/classic-2014", {}), ("generic/libjpeg-turbo", {"decode.upsampling": "plain"}),
        ("generic/libjpeg-turbo", {"decode.decoder": "libjpeg-7"}), ("generic/libjpeg-turbo", {"decode.decoder": "go"}),
        ("generic/libjpeg-turbo", {"decode.decoder": "go", "decode.to_rgb": True}),
        ("generic/libjpeg-turbo", {"decode.scale": 4}), ("twitter/2023", {}), ("imgur/2015", {}),
    ):  # fmt: skip
        wanted = np.stack([us.mimic(us.mimic(p, sent).data, name, **overrides).pixels() for p in batch])
        assert np.array_equal(samples(Channel(name, sent=sent, **overrides)(tensor(batch))), wanted), (name, overrides)


CANDIDATES = [
    Recipe(Encode(color=color, downsampling=down, edge=edge, dct=dct, quantizer=quantizer, sampling=sampling), up)
    for color in Color
    if color is not Color.RGB  # three grey pictures to a recipe; see below
    for down in Downsampling
    for edge in Edge
    for dct in Dct
    for quantizer in (Quantizer.PLAIN, Quantizer.RECIPROCAL15_HALF_EVEN)
    for sampling in SAMPLINGS
    for up in Upsampling
    if quantizer is Quantizer.PLAIN or dct in (Dct.AP922, Dct.ISLOW)
    if down is not Downsampling.FACEBOOK_CLASSIC or sampling in ("4:4:4", "4:2:0")
]
RECIPES = [recipe for recipe in CANDIDATES if not recipe.outside_torch]


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_torch_and_the_kernels_agree_on_every_variant(size: tuple[int, int]) -> None:
    """What a GPU runs, here on the CPU, against the kernels of `codec`: levels and samples."""
    rng = np.random.default_rng(size[0])
    assert {recipe.encode.dct for recipe in RECIPES} >= {Dct.ISLOW, Dct.IFAST, Dct.FLOAT, Dct.AP922}
    chosen = rng.choice(len(RECIPES), 120, replace=False)
    for index in chosen:
        recipe = RECIPES[index]
        batch = pictures(*size, int(rng.choice([1, 3])), seed=int(index))
        whole = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy()).float()
        steps = torch.from_numpy(rng.integers(1, rng.choice([2, 20, 256, 2000]), (5, 2, 64))).float()
        shown, levels = exact_jpeg.generation(whole, steps, recipe)
        expected = host.generation(whole, steps, recipe)
        assert torch.equal(levels, expected[1]), recipe.key
        assert torch.equal(shown, expected[0]), recipe.key


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_smoothing_is_the_kernels_and_mimic(size: tuple[int, int]) -> None:
    batch = pictures(*size)
    whole = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy()).float()
    steps = torch.full((1, 2, 64), 5.0)
    for sampling in SAMPLINGS:
        for smoothing in (1, 100):
            recipe = Recipe(Encode(sampling=sampling, smoothing=smoothing))  # type: ignore[arg-type]
            shown, levels = exact_jpeg.generation(whole, steps, recipe)
            expected = host.generation(whole, steps, recipe)
            assert torch.equal(levels, expected[1]), recipe.key
            assert torch.equal(shown, expected[0]), recipe.key
    values = {"encode.smoothing": 35, "encode.sampling": "4:2:0"}
    channel = Channel("generic/libjpeg-turbo", **values)
    assert channel.exact_in_torch
    assert np.array_equal(samples(channel(tensor(batch))), delivered(batch, "generic/libjpeg-turbo", **values))
    with pytest.raises(UnderstudyError, match="smoothing"):
        exact_jpeg.generation(whole, steps, Recipe(Encode(smoothing=5, edge=Edge.GO)))


def test_the_fast_inverse_is_mimics_and_told() -> None:
    values = {"decode.dct_method": "ifast", "decode.upsampling": "plain"}
    batch = pictures(33, 41)
    sent = us.load_profile("generic/libjpeg-turbo").with_values({"encode.quality": 83})
    wanted = [us.mimic(us.mimic(p, sent).data, "generic/libjpeg-turbo", **values).pixels() for p in batch]
    channel = Channel("generic/libjpeg-turbo", sent=sent, **values)
    assert channel.outside_torch == {"decode": "ifast's inverse DCT"}
    assert np.array_equal(samples(channel(tensor(batch))), np.stack(wanted))


def test_components_that_are_rgb() -> None:
    batch = pictures(18, 21)
    told = {"jfif": "none", "adobe_transform": 0}  # without, a decoder takes them for YCbCr
    coded = us.load_profile("generic/libjpeg-turbo").with_values({"color": "rgb", "sampling": "4:4:4", **told})
    shown = samples(Channel(coded)(tensor(batch), quality=torch.tensor([30, 50, 71, 85, 95])))
    for picture, quality, out in zip(batch, (30, 50, 71, 85, 95), shown, strict=True):
        assert np.array_equal(us.mimic(picture, coded, quality=quality).pixels(), out)


def test_the_inverse_wraps_as_the_decoder_does() -> None:
    """Levels that no encoder writes, for the inverse DCT alone."""
    from understudy.codec.dct import inverse_islow
    from understudy.nn import exact_dct

    rng = np.random.default_rng(3)
    for largest, share in ((2000, 1.0), (32000, 1.0), (32000, 0.05), (9000, 0.02)):
        levels = (rng.integers(-largest, largest, (8, 9, 8, 8)) * (rng.random((8, 9, 8, 8)) < share)).astype(np.int16)
        levels[:4, :, 1:] = 0
        steps = rng.integers(1, 300, (8, 8)).astype(np.uint16)
        plane = exact_jpeg.plane_of(
            exact_dct.inverse(torch.from_numpy(levels)[None].int(), torch.from_numpy(steps.astype(np.int64)))
        )
        assert np.array_equal(plane[0].numpy(), inverse_islow(levels, steps))


def test_what_torch_cannot_do_is_told() -> None:
    jpegli = Channel("facebook/web-2024")
    assert jpegli.outside_torch == {"encode": "jpegli"}
    assert not jpegli.exact_in_torch
    assert "encode by mimic: jpegli" in repr(jpegli)
    plain = Channel("facebook/classic-2014", sigma=3)
    assert plain.exact_in_torch
    assert repr(plain) == "Channel(facebook/classic-2014, sigma=3, rounding=smoothed, exact in torch)"
    recipe = Recipe(Encode(engine=Engine.JPEGLI))
    with pytest.raises(UnderstudyError, match="jpegli"):
        exact_jpeg.generation(torch.zeros(1, 3, 8, 8), torch.ones(1, 2, 64), recipe)
    assert Recipe(Encode(), decoder=Decoder.GO).outside_torch


def test_a_recipe_is_a_string_and_back() -> None:
    for encode in (
        Encode(), Encode(color=Color.GO, dummy_blocks=DummyBlocks.GO, sampling="4:1:1"),
        replace(Encode(), script=us.load_profile("weibo/2021").step("encode").script),  # type: ignore[attr-defined]
        Encode(engine=Engine.JPEGLI, restart_interval=5, adaptive_quantization=False),
    ):  # fmt: skip
        others = (Recipe(encode, Upsampling.PLAIN, Decoder.LIBJPEG_7, 4), Recipe(encode, inverse=Dct.IFAST))
        for recipe in (Recipe(encode), *others):
            assert Recipe.of(recipe.key) == recipe
