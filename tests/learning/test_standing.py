"""Where nothing explains the pairs, the usual answer stands unless another stands out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from pictures import jpeg, picture, png
from PIL import Image, ImageFilter

from understudy.codec.variants import Color as ColorCode
from understudy.codec.variants import Dct
from understudy.learning.observed import Observed, whole
from understudy.learning.pipeline import Pipeline
from understudy.learning.question import Candidate
from understudy.learning.rendering import Rendering
from understudy.learning.search import Search
from understudy.learning.standing import stands_out
from understudy.steps.color import Color
from understudy.steps.convolve import Convolve
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.flatten import Flatten
from understudy.steps.orient import Orient

PLAIN = Pipeline((Decode(), Orient(apply=False), Color("drop"), Flatten("drop"), Encode()))


def blurred(seed: int) -> Observed:
    """A pair of a platform that blurs, which nothing known here does so."""
    image = picture(seed, 320, 240)
    return Observed(str(seed), png(image), jpeg(image.filter(ImageFilter.GaussianBlur(0.8)), quality=75))


@dataclass(frozen=True)
class Which:
    """A question about the DCT, or whatever two pipelines differ in."""

    pipelines: tuple[Pipeline, ...]
    step: str = "encode"
    name: str = "which"
    order: int = 1

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        return pairs

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        return [Candidate(str(i), p, i) for i, p in enumerate(self.pipelines)]


def test_the_best_of_noise_is_not_taken() -> None:
    """Every DCT leaves a third unequal here. One that happens to leave a little less is not chosen for that."""
    pairs = [blurred(i) for i in range(3)]
    options = [PLAIN.changed(Encode, dct=dct) for dct in (Dct.ISLOW, Dct.FLOAT, Dct.IFAST)]
    totals = [sum(Search(pairs, p).agreement(x, p).unequal for x in pairs) for p in options]
    worst, best = options[int(np.argmax(totals))], options[int(np.argmin(totals))]
    assert 0 < max(totals) - min(totals) < 0.02 * max(totals)
    decision = Search(pairs, worst).ask(Which((worst, best)))
    assert (decision.answer, decision.guess) == ("0", True)
    assert "none explains the pairs" in decision.reason


def test_what_stands_out_is_taken() -> None:
    """Colours that were never converted are far off even under a blur: the right answer wins nearly every block."""
    pairs = [blurred(i) for i in range(3)]
    wrong = PLAIN.changed(Encode, color=ColorCode.NONE)
    decision = Search(pairs, wrong).ask(Which((wrong, PLAIN)))
    assert (decision.answer, decision.guess) == ("1", True)


def test_of_filters_the_nearest_is_taken() -> None:
    """Nearly the right blur is worth having: it needs not stand out."""
    pairs = [blurred(i) for i in range(2)]
    blurs = [PLAIN.inserted(Convolve((1, 2, 1, 2, centre, 2, 1, 2, 1), 12 + centre), before="encode")
             for centre in (6, 5, 4)]  # fmt: skip
    totals = [sum(Search(pairs, p).agreement(x, p).unequal for x in pairs) for p in blurs]
    decision = Search(pairs, blurs[0]).ask(Which(tuple(blurs), "convolve"))
    assert int(decision.answer) == int(np.argmin(totals)) != 0 and decision.guess


def test_standing_out_counts_blocks() -> None:
    image = picture(3, 160, 120)
    pair = Observed("a", png(image), jpeg(image, quality=75))
    other = PLAIN.changed(Encode, dct=Dct.IFAST)
    assert stands_out(PLAIN, other, [pair], Rendering(), whole)
    assert not stands_out(other, PLAIN, [pair], Rendering(), whole)
    assert not stands_out(PLAIN, PLAIN, [pair], Rendering(), whole)


def test_one_that_cannot_take_the_picture() -> None:
    image = Image.fromarray(np.dstack([np.asarray(picture(3, 64, 48)), np.full((48, 64), 200, np.uint8)]))
    pair = Observed("a", png(image), jpeg(image.convert("RGB")))
    cannot = PLAIN.without("flatten")
    assert stands_out(PLAIN, cannot, [pair], Rendering(), whole)
    assert not stands_out(cannot, PLAIN, [pair], Rendering(), whole)
