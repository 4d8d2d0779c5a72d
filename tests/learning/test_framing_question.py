"""Pictures that were cut, stretched or given borders: which framing sizes allow, which one the pictures show."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pictures import jpeg, picture, png
from PIL import Image, ImageOps

import understudy as us
from understudy.codec.framing import Offset
from understudy.codec.sizes import Fit
from understudy.learning import framing
from understudy.learning.framed import Framed
from understudy.learning.framing import Framing
from understudy.learning.pipeline import Pipeline
from understudy.learning.size_rules import Sizes
from understudy.learning.words import brief
from understudy.steps.crop import Crop
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.flatten import Flatten
from understudy.steps.pad import Pad
from understudy.steps.resize import Resize

SIDES = ((301, 200), (200, 303), (352, 251), (251, 350), (411, 330), (260, 261))
TRAIN = 4
"""The others are tested on."""


def _square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _covered(image: Image.Image) -> Image.Image:
    image = ImageOps.cover(image, (160, 120), Image.Resampling.BILINEAR)
    left, top = (image.width - 160) // 2, (image.height - 120) // 2
    return image.crop((left, top, left + 160, top + 120))


CUTS: dict[str, tuple[Callable[[Image.Image], Image.Image], dict[str, object]]] = {
    "fit": (
        lambda i: ImageOps.fit(i, (150, 150), Image.Resampling.BICUBIC, centering=(0.5, 0.0)),
        {"resize.fit": Fit.FILL, "resize.gravity": (0.5, 0.0), "resize.kernel": "bicubic"},
    ),
    "cover": (
        _covered,
        {"resize.fit": Fit.COVER, "resize.kernel": "bilinear", "crop.width": 160, "crop.height": 120,
         "crop.offset_rounding": Offset.FLOOR},
    ),
    "square, then small": (
        lambda i: _square(i).resize((128, 128), Image.Resampling.LANCZOS),
        {"crop.aspect": (1, 1), "resize.fit": Fit.STRETCH, "resize.limit": 128, "resize.kernel": "lanczos"},
    ),
    "square": (_square, {"crop.aspect": (1, 1), "resize": None}),
    "pad": (
        lambda i: ImageOps.pad(i, (180, 180), Image.Resampling.LANCZOS, "#102030"),
        {"resize.fit": Fit.BOX, "pad.width": 180, "pad.color": (0x10, 0x20, 0x30), "pad.gravity": (0.5, 0.5)},
    ),
    "stretch": (
        lambda i: i.resize((170, 150), Image.Resampling.BILINEAR),
        {"resize.fit": Fit.STRETCH, "resize.limit": 170, "resize.limit_height": 150, "crop": None, "pad": None},
    ),
    "blocks": (
        lambda i: i.crop((0, 0, i.width // 8 * 8, i.height // 8 * 8)),
        {"crop.multiple": 8, "crop.gravity": (0.0, 0.0), "resize": None},
    ),
    "edges": (lambda i: i.crop((3, 3, i.width - 3, i.height - 3)), {"crop.inset": (3, 3, 3, 3), "resize": None}),
}  # fmt: skip


@pytest.mark.parametrize("name", CUTS)
def test_what_is_cut_stretched_or_bordered_is_learned_and_played(name: str) -> None:
    """The arithmetic is found, and pictures that were not learned from come out byte for byte."""
    change, known = CUTS[name]
    sent = [picture(i, *size) for i, size in enumerate(SIDES)]
    pairs = [(png(image), jpeg(change(image), quality=90)) for image in sent]
    learned = us.learn(pairs[:TRAIN])
    steps = {s.name: s for s in learned.profile.steps}
    for key, value in known.items():
        step, _, parameter = key.partition(".")
        assert (getattr(steps[step], parameter) if parameter else steps.get(step)) == value, key
    assert us.verify(learned.profile, pairs[TRAIN:], free="predicted").bytes_identical == len(pairs) - TRAIN
    assert learned.set_aside == ()
    assert brief(learned.profile)


def test_parts_that_lie_elsewhere_in_each_picture_are_set_aside() -> None:
    """As software chooses them that looks at what a picture shows: no framing explains them, and none is claimed."""
    pairs = []
    for i, size in enumerate(SIDES[:4]):
        image = picture(i, *size)
        left, top = 17 + 9 * i, 31 - 6 * i
        pairs.append((png(image), jpeg(image.crop((left, top, left + 120, top + 128)), quality=90)))
    with pytest.raises(us.UnderstudyError, match="a part of the sent one"):
        us.learn(pairs)


def test_one_part_among_whole_pictures_is_set_aside() -> None:
    pairs = []
    for i, size in enumerate(SIDES[:4]):
        image = picture(i, *size)
        pairs.append((png(image), jpeg(_square(image) if i == 1 else image, quality=90)))
    learned = us.learn(pairs)
    assert [a.kind for a in learned.set_aside] == ["cropped"]
    assert not {"crop", "pad"} & {s.name for s in learned.profile.steps}


def test_what_pairs_do_not_tell_is_a_guess() -> None:
    """Even sides, larger than the box: neither the rounding of a half pixel nor what becomes of smaller pictures."""
    sent = [picture(i, *size) for i, size in enumerate(((300, 200), (200, 320), (400, 240)))]
    learned = us.learn([(png(i), jpeg(_covered(i), quality=90)) for i in sent])
    guesses = {d.question for d in learned.evidence if d.guess}
    assert {"framing", "smaller pictures"} <= guesses


def test_a_part_that_no_framing_gives_is_a_guess() -> None:
    """ImageOps.fit with a bleed, which no profile can have: what comes nearest is told as no more than that."""
    sent = [picture(i, *size) for i, size in enumerate(SIDES[:4])]
    pairs = [(png(i), jpeg(ImageOps.fit(i, (150, 150), bleed=0.04), quality=90)) for i in sent]
    told = {d.question: d for d in us.learn(pairs).evidence}
    assert told["size rule"].guess and "not identified" in told["size rule"].reason
    assert told["framing"].guess and told["resampling"].guess


def test_every_framing_that_sizes_allow_gives_them() -> None:
    sizes = [Sizes(str(i), size, 1, (120, 90)) for i, size in enumerate(SIDES)]
    found = framing.framings(sizes)
    assert {f.kind for f in found} >= {
        framing.COVER, framing.FILL, framing.CUT_FIRST, framing.CUT, framing.STRETCHED, framing.BORDERS,
    }  # fmt: skip
    assert all(f.layout(*size)[0] == (120, 90) for f in found for size in SIDES)


@pytest.mark.parametrize(
    "one",
    [
        Framing("", (), Resize(fit=Fit.COVER, limit=40, limit_height=30), (Crop(40, 30),)),
        Framing("", (Crop(aspect=(1, 1)),), Resize(fit=Fit.STRETCH, limit=40, limit_height=40), ()),
        Framing("", (), None, (Pad(aspect=(1, 1), color=(1, 2, 3)),)),
        Framing("", (), Resize(fit=Fit.FILL, limit=40, limit_height=30, upscale=True), ()),
    ],
)
def test_a_framing_put_into_a_pipeline_is_found_there_again(one: Framing) -> None:
    empty = Pipeline((Decode(), Flatten(), Resize(kernel="bicubic"), Crop(multiple=4), Encode()))
    made = one.within(empty)
    found = framing.of(made)
    assert found is not None
    assert (found.before, found.after) == (one.before, one.after)
    assert found.layout(101, 75) == one.layout(101, 75)
    assert one.resize is None or made.get(Resize).kernel == "bicubic"
    assert framing.gravity(found) == framing.gravity(one)


def test_roundings_that_no_picture_tells_apart_are_twins() -> None:
    cut = Framing(framing.CUT, (), None, (Crop(100, 100),), 0.0)
    even, odd = [Sizes("a", (300, 200), 1, (100, 100))], [Sizes("a", (301, 200), 1, (100, 100))]
    told = {f.after[0].offset_rounding for f in framing.twins(cut, even)}  # type: ignore[attr-defined]
    assert Offset.HALF_UP in told
    left = {f.after[0].offset_rounding for f in framing.twins(cut, odd)}  # type: ignore[attr-defined]
    assert Offset.HALF_UP not in left


def test_windows_lie_between_borders() -> None:
    framed = Framed((200, 100), 0, -50)  # of a picture of 200 x 200
    assert framed.content((200, 200)) == (0, 50, 200, 150)
    assert framed.inside([(0, 0, 64, 64), (64, 64, 128, 128)], (200, 200)) == ((64, 64, 128, 128),)
    assert framed.inside([(0, 0, 64, 64)], (200, 200)) == ((0, 64, 192, 128),)
    assert Framed((20, 20), -90, -90).inside([(0, 0, 64, 64)], (200, 200)) == ()
