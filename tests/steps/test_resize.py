"""The resize step: size rules, geometry, options, and what it refuses."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from oracles import scene
from understudy.codec.sizes import Derive, Fit, Rounding, target
from understudy.errors import LimitError, ProfileError
from understudy.profile import dumps, loads
from understudy.steps import Context, Raster, Rule
from understudy.steps.resize import Resize

SIDE = st.integers(1, 5000)


def size(step: Resize, width: int, height: int) -> tuple[int, int]:
    to = step.target(width, height)
    return to.width, to.height


@pytest.mark.parametrize(
    ("parameters", "before", "after"),
    [
        ({"limit": 1600}, (2304, 1536), (1600, 1067)),
        ({"limit": 1600}, (1536, 2304), (1067, 1600)),
        ({"limit": 1600}, (1600, 1200), (1600, 1200)),
        ({"limit": 1600}, (800, 600), (800, 600)),
        ({"limit": 1600, "upscale": True}, (800, 600), (1600, 1200)),
        ({"limit": 10}, (5000, 3), (10, 1)),
        ({"fit": "shortest_side", "limit": 600}, (2304, 1536), (900, 600)),
        ({"fit": "width", "limit": 1080}, (4097, 2731), (1080, 720)),
        ({"fit": "width", "limit": 1080, "rounding": "floor"}, (4097, 2731), (1080, 719)),
        ({"fit": "height", "limit": 720}, (4097, 2731), (1080, 720)),
        ({"fit": "box", "limit": 1000, "limit_height": 300}, (2000, 1000), (600, 300)),
        ({"fit": "box", "limit": 1000, "limit_height": 600}, (2000, 1000), (1000, 500)),
        ({"fit": "box_in_turn", "limit": 100, "rounding": "floor"}, (201, 399), (50, 100)),
        ({"fit": "box", "limit": 100, "rounding": "floor"}, (201, 399), (50, 100)),
        ({"fit": "pixels", "limit": 1_000_000}, (2000, 1000), (1414, 707)),
        ({"fit": "pixels", "limit": 1_000_000}, (1000, 1000), (1000, 1000)),
        ({"limit": 1600, "multiple": 16, "rounding": "floor"}, (2304, 1536), (1600, 1056)),
        ({"limit": Rule("width", ((1000, 500),), 800)}, (900, 600), (500, 333)),
        ({"limit": Rule("width", ((1000, 500),), 800)}, (1600, 800), (800, 400)),
    ],
)
def test_size_rules(parameters: dict[str, object], before: tuple[int, int], after: tuple[int, int]) -> None:
    assert size(Resize(**{k: Fit(v) if k == "fit" else v for k, v in parameters.items()}), *before) == after  # type: ignore[arg-type]


@given(SIDE, SIDE, st.integers(1, 3000))
def test_exact_rounding_is_that_of_fractions(width: int, height: int, limit: int) -> None:
    if max(width, height) <= limit:
        return
    exact = Fraction(min(width, height) * limit, max(width, height))
    by_rule = {
        Rounding.FLOOR: floor(exact),
        Rounding.CEIL: ceil(exact),
        Rounding.HALF_UP: floor(exact + Fraction(1, 2)),
        Rounding.HALF_EVEN: round(exact),
    }
    for rounding, wanted in by_rule.items():
        to = target(width, height, Fit.LONGEST_SIDE, limit, rounding=rounding)
        assert (max(to.width, to.height), min(to.width, to.height)) == (limit, min(limit, max(wanted, 1)))


@given(SIDE, SIDE, st.integers(1, 3000))
def test_derivations_in_floats(width: int, height: int, limit: int) -> None:
    if max(width, height) <= limit:
        return
    side, other = max(width, height), min(width, height)
    for derive, value in (
        (Derive.SCALE, other * (limit / side)),
        (Derive.SHRINK, other / (side / limit)),
        (Derive.ASPECT, limit * (other / side)),
        (Derive.VIPS, other / (1 / (1 / (side / limit)))),
    ):
        to = target(width, height, Fit.LONGEST_SIDE, limit, derive=derive, rounding=Rounding.FLOOR)
        assert min(to.width, to.height) == min(limit, max(floor(value), 1)), derive


@given(SIDE, SIDE, st.integers(1, 600), st.integers(1, 600))
@example(5, 3, 3, 2)
@example(100, 1, 10, 10)
def test_thumbnails_are_pillows(width: int, height: int, x: int, y: int) -> None:
    image = Image.new("1", (width, height))
    image.thumbnail((x, y), Image.Resampling.NEAREST, reducing_gap=None)
    to = target(width, height, Fit.BOX, x, y, derive=Derive.PILLOW_THUMBNAIL)
    assert (to.width, to.height) == image.size


def test_a_picture_that_fits_is_passed_on_as_it_is() -> None:
    raster = Raster(scene(30, 20), b"profile", 6)
    assert Resize(limit=30).exact(raster, Context()) is raster


def test_profile_and_orientation_go_through() -> None:
    made = Resize(limit=15).exact(Raster(scene(30, 20), b"profile", 6), Context())
    assert (made.width, made.height, made.icc, made.orientation) == (15, 10, b"profile", 6)


def test_common_geometry_is_opencvs_fx_and_fy() -> None:
    pixels = scene(131, 97)
    factor = 60 / 131
    step = Resize(limit=60, code="opencv", kernel="area", geometry="common", rounding=Rounding.HALF_EVEN)
    theirs = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert np.array_equal(step.exact(Raster(pixels), Context()).pixels, theirs)
    per_axis = Resize(limit=60, code="opencv", kernel="area", rounding=Rounding.HALF_EVEN)
    assert not np.array_equal(per_axis.exact(Raster(pixels), Context()).pixels, theirs)


def test_alpha_is_explicit() -> None:
    pixels = scene(30, 20, 4)
    made = {
        alpha: Resize(limit=15, alpha=alpha).exact(Raster(pixels), Context()).pixels.tobytes()  # type: ignore[arg-type]
        for alpha in ("own", "premultiply", "straight")
    }
    assert made["own"] == made["premultiply"] != made["straight"]
    with pytest.raises(ProfileError, match="'premultiply' with code 'opencv'"):
        Resize(limit=15, code="opencv", kernel="area", alpha="premultiply").exact(Raster(pixels), Context())
    Resize(limit=15, code="opencv", kernel="area", alpha="straight").exact(Raster(pixels), Context())


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Resize(limit=9, code="photoshop"), "'photoshop'"),
        (Resize(limit=9, kernel="sinc"), "'sinc'"),
        (Resize(limit=9, geometry="common"), "'common' with code 'pillow'"),
        (Resize(limit=9, options={"gap": 2.0}), "'gap'"),
    ],
)
def test_what_a_library_does_not_have(step: Resize, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        step.exact(Raster(scene(30, 20)), Context())


def test_no_endless_enlargement() -> None:
    with pytest.raises(LimitError, match="pixels"):
        Resize(limit=60000, upscale=True).exact(Raster(scene(30, 20)), Context())


def test_options_in_toml() -> None:
    row = 'step = "resize"\nlimit = 20\noptions = { release = 12, reducing_gap = 1.5, premultiply = false }\n'
    steps = [
        "[[steps]]\nstep = 'decode'",
        f"[[steps]]\n{row}",
        "[[steps]]\nstep = 'encode'",
        "[[steps]]\nstep = 'envelope'",
    ]
    text = "schema = 1\nname = 'a/b'\n[when]\nplatform = 'a'\n" + "\n".join(steps)
    profile = loads(text)
    step = profile.step("resize")
    assert isinstance(step, Resize)
    assert step.options == {"release": 12, "reducing_gap": 1.5, "premultiply": False}
    assert loads(dumps(profile)) == profile
    assert "options = {" not in dumps(loads(text.replace(row, 'step = "resize"\n')))
    changed = profile.with_values({"resize.options": "{ release = 13 }"}).step("resize")
    assert isinstance(changed, Resize)
    assert changed.options == {"release": 13}
