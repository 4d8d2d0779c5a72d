"""Changes of tone, found: what Pillow and OpenCV do to colours is named where it is exact, else told as fitted."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pictures import jpeg, opened, picture, png
from PIL import Image, ImageEnhance, ImageOps

import understudy as us
from understudy.learning import tone_fit, tone_forms, tone_shift
from understudy.learning.observed import Observed
from understudy.learning.question import Decision
from understudy.learning.tone_words import SEPIA
from understudy.steps import Context, Raster
from understudy.steps.tone import Tone

Change = Callable[[Image.Image], Image.Image]
SIZE = (320, 240)
PILLOW_SEPIA = (*SEPIA[:3], 0.0, *SEPIA[3:6], 0.0, *SEPIA[6:], 0.0)
GAIN = (1.1, 0.0, 0.0, 0.0, 1.1, 0.0, 0.0, 0.0, 1.1)


def colourful(seed: int) -> Image.Image:
    """A picture from dark to light with flat parts and strong colours, another brightness for each seed."""
    soft = np.asarray(picture(seed, *SIZE).resize((80, 60)).resize(SIZE, Image.Resampling.BICUBIC), np.float64)
    random = np.random.default_rng(seed)
    soft = (soft - 128) * (1.2 + 0.1 * seed) + 95 + 22 * seed + random.normal(0, 1.5, soft.shape)
    return Image.fromarray(soft.clip(0, 255).round().astype(np.uint8))


def table(function: Callable[[float], float]) -> Change:
    values = [int(np.clip(np.floor(function(v) + 0.5), 0, 255)) for v in range(256)]
    return lambda image: image.point(values * 3)


CHANGES: dict[str, tuple[Change, Tone]] = {
    "brightness": (lambda i: ImageEnhance.Brightness(i).enhance(1.2), Tone(enhance="brightness", factor=1.2)),
    "contrast": (lambda i: ImageEnhance.Contrast(i).enhance(1.3), Tone(enhance="contrast", factor=1.3)),
    "saturation": (lambda i: ImageEnhance.Color(i).enhance(1.4), Tone(enhance="color", factor=1.4)),
    "grey": (lambda i: ImageEnhance.Color(i).enhance(0.0), Tone(enhance="color", factor=0.0)),
    "gamma": (table(lambda v: 255 * (v / 255) ** 0.8), Tone(gamma=1.25)),
    "sepia": (lambda i: i.convert("RGB", PILLOW_SEPIA), Tone(matrix=SEPIA, arithmetic="float32")),
    "OpenCV": (
        lambda i: Image.fromarray(cv2.convertScaleAbs(np.asarray(i), alpha=1.1, beta=8)),
        Tone(matrix=GAIN, offset=(8.0, 8.0, 8.0), rounding="half_even", arithmetic="float32"),
    ),
}


def pairs(change: Change, count: int = 3, quality: int = 80, first: int = 0) -> list[tuple[bytes, bytes]]:
    images = [colourful(seed) for seed in range(first, first + count)]
    return [(png(image), jpeg(change(image), quality=quality)) for image in images]


def observed(change: Change, quality: int = 80) -> list[Observed]:
    return [Observed(str(i), *pair) for i, pair in enumerate(pairs(change, quality=quality))]


def decision(found: us.Learned) -> Decision:
    return next(d for d in found.evidence if d.question == "tones")


@pytest.mark.parametrize("quality", [30, 60, 80, 95])
def test_no_change_is_not_seen(quality: int) -> None:
    """Nor that a picture was made smaller, sharpened or coded coarsely; and nothing is rendered to find out."""
    assert not tone_shift.changed(observed(lambda i: i, quality))
    smaller = observed(lambda i: i.resize((211, 158), Image.Resampling.LANCZOS), quality)
    assert all(p.is_resized for p in smaller) and not tone_shift.changed(smaller)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen(name: str) -> None:
    assert tone_shift.changed(observed(CHANGES[name][0]))


@pytest.mark.parametrize("name", CHANGES)
def test_what_software_does_is_among_the_first_forms(name: str) -> None:
    change, wanted = CHANGES[name]
    samples = [tone_fit.sample(p, tone_shift.as_delivered_size(p)) for p in observed(change)]
    shown = tone_fit.shown([s for s in samples if s is not None])
    found = tone_forms.forms(shown)
    pixels = np.asarray(colourful(9))
    same = [_played(f.step, pixels).tobytes() == _played(wanted, pixels).tobytes() for f in found]
    assert any(same), [f.label for f in found]
    assert not shown.varies or name == "contrast"


def _played(step: Tone, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    made = step.exact(Raster(pixels), Context())
    assert isinstance(made, Raster)
    return made.pixels


@pytest.mark.parametrize("name", ["contrast", "sepia", "OpenCV"])
def test_it_is_identified_and_holds_elsewhere(name: str) -> None:
    change, wanted = CHANGES[name]
    found = us.learn(pairs(change))
    assert found.profile.step("tone") == wanted
    assert found.scores.bytes_identical == 3
    assert "identified: every coefficient" in decision(found).reason and not decision(found).guess
    assert us.verify(found.profile, pairs(change, first=6), free="predicted").bytes_identical == 3


def test_behind_a_resize() -> None:
    def change(image: Image.Image) -> Image.Image:
        return ImageEnhance.Color(image.resize((211, 158), Image.Resampling.LANCZOS)).enhance(1.4)

    found = us.learn(pairs(change))
    names = [s.name for s in found.profile.steps]
    assert names.index("tone") == names.index("resize") + 1
    assert found.profile.step("tone") == Tone(enhance="color", factor=1.4)
    assert found.scores.coefficients_equal == 1


def test_a_curve_that_nobody_names_is_fitted() -> None:
    found = us.learn(pairs(table(lambda v: 255 / (1 + np.exp(-(v / 255 - 0.5) * 6)))))
    told = decision(found)
    assert told.guess and "fitted, not identified" in told.reason
    step = found.profile.step("tone")
    assert isinstance(step, Tone) and len(step.curve) == tone_fit.KNOTS
    curve = np.array(step.curve)
    wanted = 255 / (1 + np.exp(-(np.linspace(0, 1, tone_fit.KNOTS) - 0.5) * 6))
    assert np.abs(curve - wanted)[2:-2].max() < 2.0
    assert found.scores.coefficients_equal > 0.97


def test_a_matrix_that_nobody_names_is_fitted() -> None:
    matrix = np.array([[0.83, 0.11, 0.07], [0.05, 0.91, 0.03], [-0.04, 0.12, 0.88]])

    def change(image: Image.Image) -> Image.Image:
        return Image.fromarray(np.floor((np.asarray(image) @ matrix.T).clip(0, 255) + 0.5).astype(np.uint8))

    samples = [tone_fit.sample(p, tone_shift.as_delivered_size(p)) for p in observed(change, 90)]
    shown = tone_fit.shown([s for s in samples if s is not None])
    assert min(shown.errors, key=lambda name: shown.errors[name]) == "matrix"
    assert np.abs(shown.matrix[:, :3] - matrix).max() < 0.02
    assert tone_forms.fitted(shown)[0].label == "a fitted matrix"


def test_what_differs_from_picture_to_picture_is_not_claimed() -> None:
    """No one curve is it; and no filter and no hidden encoding is made up for what is missing."""
    found = us.learn(pairs(lambda i: ImageOps.autocontrast(i, cutoff=3)))
    assert not {"tone", "convolve", "unsharp", "sharpen", "generation"} & {s.name for s in found.profile.steps}
    told = decision(found)
    assert told.guess and "changed in a way of its own" in told.reason
    assert any("tones: unchanged is a guess" in text for text in found.profile.unproven)


def test_equalised_pictures_vary() -> None:
    samples = [tone_fit.sample(p, tone_shift.as_delivered_size(p)) for p in observed(ImageOps.equalize)]
    assert tone_fit.shown([s for s in samples if s is not None]).varies


def test_one_pair_cannot_tell_a_fixed_change_from_another() -> None:
    found = us.learn(pairs(CHANGES["brightness"][0], count=1))
    assert "one pair cannot tell" in decision(found).reason


def test_grey_deliveries() -> None:
    """Of one component alone the curve is read; the luma is the encoder's question."""
    change, wanted = CHANGES["brightness"]
    found = us.learn([(png(i), jpeg(change(i).convert("L"), quality=85)) for i in map(colourful, range(3))])
    assert found.profile.step("tone") == wanted
    assert found.scores.coefficients_equal == 1


def test_pictures_that_bear_on_it() -> None:
    """A profile, an orientation or alpha change tones by themselves: such pairs are not asked."""
    image = colourful(1)
    exif = Image.Exif()
    exif[0x0112] = 6
    half = image.convert("RGBA")
    half.putalpha(100)
    for sent in (jpeg(image, exif=exif), png(half), jpeg(image, icc_profile=b"some profile")):
        bright = ImageEnhance.Brightness(opened(sent).convert("RGB")).enhance(1.5)
        assert not tone_shift.eligible(Observed("a", sent, jpeg(bright)))
