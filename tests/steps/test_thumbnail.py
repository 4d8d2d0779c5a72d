"""Image.thumbnail() straight on an open JPEG, as decode and resize: Pillow drafts to the box that it is given times its
reducing gap, sizes by the file's own sides, and resamples no more than the file's samples fill."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from oracles import pillow, scene
from understudy.codec.sizes import Derive, Fit
from understudy.steps import Context, Raster, Source
from understudy.steps.decode import Decode
from understudy.steps.orient import Orient
from understudy.steps.resize import Resize

GAPS = (None, 1.1, 2.0, 3.0)
SIZES = ((533, 400), (400, 533), (401, 401), (767, 95), (128, 96), (97, 640), (31, 33))


def steps(limit: int, limit_height: int, gap: float | None) -> tuple[Decode, Resize]:
    """What thumbnail((limit, limit_height), reducing_gap=gap) is."""
    resize = Resize(
        fit=Fit.BOX, limit=limit, limit_height=limit_height, derive=Derive.PILLOW_THUMBNAIL, kernel="bicubic",
        options={"reducing_gap": gap} if gap else {}, sized_by="stored_part" if gap else "raster",
    )  # fmt: skip
    if not gap:
        return Decode(), resize
    decode = Decode(
        draft=Fit.BOX, draft_to="limits", draft_limit=int(limit * gap), draft_limit_height=int(limit_height * gap)
    )  # fmt: skip
    return decode, resize


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("size", SIZES)
def test_thumbnail_of_an_open_jpeg(size: tuple[int, int], gap: float | None) -> None:
    sent = pillow(scene(*size, 3, 5), "JPEG", quality=95)
    drafted = set()
    for limit, limit_height in ((190, 190), (64, 64), (33, 33), (20, 50), (47, 29), (15, 15), (300, 200)):
        image = Image.open(io.BytesIO(sent))
        image.thumbnail((limit, limit_height), reducing_gap=gap)
        decode, resize = steps(limit, limit_height, gap)
        raster = decode.exact(Source(sent), Context(sent))
        drafted.add(raster.before is not None)
        ours = resize.exact(raster, Context(sent))
        assert isinstance(ours, Raster)
        assert np.array_equal(ours.pixels, np.asarray(image)), (limit, limit_height)
    assert (True in drafted) == (gap is not None and min(size) > 50)


def test_the_size_by_the_raster_and_by_the_file() -> None:
    """Image.draft() leaves 267 x 200 of 533 x 400: 190 pixels are 142 by that, 143 by the file's own sides."""
    sent = pillow(scene(533, 400, 3, 5), "JPEG", quality=95)
    raster = Decode(draft=Fit.LONGEST_SIDE, draft_limit=190).exact(Source(sent), Context(sent))
    assert (raster.width, raster.height, raster.before) == (267, 200, (533, 400, 4))
    made = {by: Resize(limit=190, sized_by=by).exact(raster, Context(sent)) for by in ("raster", "stored")}
    assert {by: (r.width, r.height) for by, r in made.items()} == {"raster": (190, 142), "stored": (190, 143)}
    assert all(r.before is None and r.resized for r in made.values())
    image = Image.open(io.BytesIO(sent))
    image.draft("RGB", (190, 143))
    theirs = np.asarray(image.resize((190, 143), Image.Resampling.LANCZOS))
    assert np.array_equal(made["stored"].pixels, theirs)


def test_what_the_file_was_is_turned_with_it() -> None:
    raster = Raster(np.zeros((20, 30, 3), np.uint8), orientation=6, before=(59, 40, 4))
    turned = Orient().exact(raster, Context())
    assert (turned.width, turned.height, turned.before) == (20, 30, (40, 59, 4))
    assert Orient(apply=False).exact(raster, Context()).before == (59, 40, 4)
