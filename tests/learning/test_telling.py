"""The JPEG that tells answers apart which decode a large one, or size it, differently."""

from __future__ import annotations

from understudy.codec.sizes import Fit, Rounding
from understudy.learning.pipeline import Pipeline
from understudy.learning.telling import jpeg_size, outcome, with_sizes_of
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.resize import Resize

RESIZE = Resize(limit=600, rounding=Rounding.HALF_EVEN)
DRAFTED = Decode(draft=Fit.LONGEST_SIDE, draft_limit=600)


def test_sizes_by_the_file_or_by_what_was_decoded() -> None:
    """thumbor's two photographs of 2026: 2003 x 2501 came back as 481 x 600, 2999 x 2001 as 600 x 400."""
    of_file = Pipeline((DRAFTED, Resize(limit=600, rounding=Rounding.HALF_EVEN, sized_by="stored"), Encode()))
    of_raster = Pipeline((DRAFTED, RESIZE, Encode()))
    assert outcome(of_file, 2003, 2501) == (2, 481, 600)
    assert outcome(of_raster, 2003, 2501) == (2, 480, 600)
    assert outcome(of_file, 2999, 2001) == (2, 600, 400)
    assert outcome(of_raster, 2999, 2001) == (2, 600, 401)
    size = jpeg_size([of_file, of_raster])
    assert size is not None
    assert outcome(of_file, *size) != outcome(of_raster, *size)


def test_nothing_tells_what_is_the_same() -> None:
    pipelines = [Pipeline((Decode(), RESIZE, Encode())), Pipeline((Decode(), RESIZE, Encode(quality=3)))]
    assert jpeg_size(pipelines) is None


def test_the_size_rule_of_the_final_pipeline_counts() -> None:
    final = Pipeline((Decode(), Resize(limit=900), Encode()))
    (made,) = with_sizes_of([Pipeline((DRAFTED, RESIZE, Encode()))], final, ("limit",))
    assert made.get(Resize).limit == 900
    assert made.get(Resize).rounding is Rounding.HALF_EVEN
