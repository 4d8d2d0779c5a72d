"""passthrough: what fits is delivered as it was sent; what does not goes through the other steps."""

from __future__ import annotations

import numpy as np
import pytest

import understudy as us
from oracles import cjpeg, pillow, scene
from understudy.codec.sizes import Fit
from understudy.profile import Profile, load_profile
from understudy.steps import Context, Delivered, Source
from understudy.steps.passthrough import Passthrough


def through(**parameters: object) -> Profile:
    plain = load_profile("generic/libjpeg-turbo")
    return us.profile.replace(plain, steps=(Passthrough(**parameters), *plain.steps))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "parameters", "fits"),
    [
        ((60, 40), {"limit": 60}, True),
        ((61, 40), {"limit": 60}, False),
        ((40, 61), {"limit": 60}, False),
        ((40, 61), {"limit": 60, "limit_height": 61}, True),
        ((90, 40), {"fit": Fit.HEIGHT, "limit": 40}, True),
        ((60, 40), {"fit": Fit.PIXELS, "limit": 2400}, True),
        ((60, 40), {"fit": Fit.PIXELS, "limit": 2000}, False),
        ((60, 40), {"limit": 60, "max_bytes": 100}, False),
        ((60, 40), {"limit": us.steps.Rule("width", ((60, 50),), 100)}, False),
    ],
)
def test_what_fits(size: tuple[int, int], parameters: dict[str, object], fits: bool) -> None:
    sent = pillow(scene(*size), quality=93, comment="kept", progressive=True)
    delivery = us.mimic(sent, through(**parameters))
    assert (delivery.data == sent) == fits
    assert any("passed through" in note for note in delivery.notes) == fits
    assert delivery.coefficients().width == size[0]
    if fits:
        shown = us.mimic(sent, "generic/libjpeg-turbo", trace=True).stages[0].pixels()
        np.testing.assert_array_equal(delivery.pixels(), shown)
        assert us.mimic(sent, through(**parameters), trace=True).stages[-1].step == "passthrough"


def test_other_formats_and_samples_go_on() -> None:
    picture = scene(20, 10)
    plain = us.mimic(picture, "generic/libjpeg-turbo").data
    assert us.mimic(pillow(picture, "PNG"), through()).data == plain
    assert isinstance(Passthrough().exact(Source(b"\xff\xd8\xff\xd9"), Context()), Source)
    with pytest.raises(us.JpegError):
        us.mimic(b"\xff\xd8\xff\xd9", through())


def test_without_a_context_the_file_itself_is_looked_at() -> None:
    sent = cjpeg(scene(20, 10))
    made = Passthrough().exact(Source(sent), Context())
    assert isinstance(made, Delivered)
    assert made.data == sent
    assert us.jpeg.write(made.stream) == sent
