"""What software is known to do to tones, near what pairs show: formulas with round numbers, to be tried exactly.

Nothing here claims that a form is the right one: it is ranked by the means that it gives, and the search renders the
best of them. A number that nobody would type (a gain of 1.1372) is not proposed: then a fitted curve or matrix stands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..steps.base import Context, Raster
from ..steps.tone import LUMA, Tone
from . import tone_fit
from .tone_fit import Floats, Shown
from .tone_words import SEPIA, told

Rounding = Literal["half_up", "half_even", "down"]
ROUNDINGS: tuple[Rounding, ...] = ("half_up", "half_even", "down")
MOST = 8
"""Known forms that are tried exactly."""
NEAR = 1.25
"""Times the best error within which a fitted model is not ruled out."""

LUMAS: dict[str, tuple[float, float, float]] = {
    "BT.601": (0.299, 0.587, 0.114),
    "BT.709": (0.2126, 0.7152, 0.0722),
}


@dataclass(frozen=True)
class Form:
    """A step, and what to call it."""

    label: str
    step: Tone
    error: float = math.inf
    """What it leaves, as `tone_fit.error`."""
    same: tuple[str, ...] = ()
    """Other names of the same function of 8-bit samples."""


def forms(shown: Shown) -> list[Form]:
    """Known forms near what is shown, best first, each function once; at most `MOST`."""
    makers: tuple[Callable[[Shown], Iterable[Form]], ...] = (_linear, _gammas, _saturations, _matrices, _gains)
    made = [form for maker in makers for form in maker(shown)]
    ranked = sorted((replace(f, error=tone_fit.error(shown.samples, f.step)) for f in made), key=lambda f: f.error)
    best = min([shown.best, *(f.error for f in ranked[:1])])
    near = [f for f in ranked if f.error <= NEAR * best + 0.1]
    return [*_apart(near)][:MOST]


def fitted(shown: Shown) -> list[Form]:
    """What was fitted: the simplest models that leave about as little as the best."""
    made = {
        "curve": Form("a fitted curve for all channels", tone_fit.as_curves(shown.curve), shown.errors["curve"]),
        "curves": Form("a fitted curve a channel", tone_fit.as_curves(shown.curves), shown.errors["curves"]),
        "matrix": Form("a fitted matrix", tone_fit.as_matrix(shown.matrix), shown.errors["matrix"]),
    }
    limit = NEAR * shown.best + 0.1
    return sorted((f for name, f in made.items() if shown.errors[name] <= limit), key=lambda f: f.error)


def _form(step: Tone, label: str = "") -> Form:
    return Form(label or told(step), step)


# ------------------------------------------------------------------------------------------------- forms of a channel


def _linear(shown: Shown) -> Iterator[Form]:
    """One gain and offset for all channels, whosever; and Pillow's contrast, whose offset follows the picture."""
    gains, offsets = zip(*(_line(m) for m in _each(shown)), strict=True)
    gain = float(np.median(gains))
    if not 0.02 < gain < 20:
        return
    offset = float(np.median(offsets))
    yield from (_form(Tone(enhance="contrast", factor=f)) for f in _round_near(_contrast(shown, gain)))
    for factor in _round_near(gain):
        if abs(offset) < 12:
            yield _form(Tone(enhance="brightness", factor=factor))
        ways = {0.0, round(128 * (1 - factor), 4), round(127.5 * (1 - factor), 4)}
        moved = round(offset + (gain - factor) * 128)
        ways |= {float(moved + d) for d in (-1, 0, 1)}
        for beta in sorted(b for b in ways if abs(b - moved) <= 12):
            yield _opencv_abs(factor, beta) if beta < 0 else _form(_scaled(factor, beta, "half_even", "float32"))
            yield from (_form(_scaled(factor, beta, rounding)) for rounding in ROUNDINGS)
    yield from _levels(gain, offset)


def _contrast(shown: Shown, gain: float) -> float:
    """The factor of Pillow's contrast that leaves least, near the gain within pictures."""
    tried = [gain * (0.8 + 0.025 * i) for i in range(17)]
    return min(tried, key=lambda f: tone_fit.error(shown.samples, Tone(enhance="contrast", factor=f)))


def _each(shown: Shown) -> list[Floats]:
    """A gain and an offset for all channels, `[2]`, of each picture alone: of its own curve, which clipping does not
    bend, where that is away from black and white and the picture has such samples."""
    at, basis = np.linspace(0.0, 255.0, tone_fit.KNOTS), tone_fit.basis()
    out = []
    for one in shown.samples:
        curve = tone_fit.fitted_curve([one], shared=True)[0]
        mass = (one.histograms.sum(axis=(0, 1)) @ basis) * ((curve > 8) & (curve < 225))
        if np.count_nonzero(mass > 1) >= 3:
            out.append(np.polyfit(at, curve, 1, w=np.sqrt(mass)))
    return out or [np.array([1.0, 0.0])]


def _line(found: Floats) -> tuple[float, float]:
    return float(found[0]), float(found[1])


def _round_near(value: float) -> list[float]:
    """Numbers of two digits behind the point near a value, the roundest first."""
    near = {round(value + d / 100, 2) for d in (-2, -1, 0, 1, 2)}
    near |= {round(round(value / 0.05) * 0.05, 2), round(round(value / 0.125) * 0.125, 3)}
    return sorted((v for v in near if v > 0), key=lambda v: (len(f"{v:g}"), v))


def _scaled(
    gain: float, offset: float, rounding: Rounding, arithmetic: Literal["float64", "float32"] = "float64"
) -> Tone:
    """v gain + offset: OpenCV's convertScaleAbs (half to even, in float32), numpy's astype (cut off)."""
    matrix = (gain, 0.0, 0.0, 0.0, gain, 0.0, 0.0, 0.0, gain)
    return Tone(matrix=matrix, offset=(offset, offset, offset), rounding=rounding, arithmetic=arithmetic)


def _opencv_abs(gain: float, offset: float) -> Form:
    """OpenCV's convertScaleAbs below zero, where it takes the absolute value."""
    values = np.float32(gain) * np.arange(256, dtype=np.float32) + np.float32(offset)
    table = np.rint(np.minimum(np.abs(values), 255))
    return Form(f"OpenCV convertScaleAbs({gain:g}, {offset:g})", Tone(curve=tuple(float(v) for v in table)))


def _levels(gain: float, offset: float) -> Iterator[Form]:
    """ImageMagick's -brightness-contrast and -level, whose arguments are whole percents: documented as a slope of
    tan(pi (contrast/100 + 1) / 4) about the middle, and as a stretch between two points."""
    contrast = round(400 * math.atan(gain) / math.pi - 100)
    for c in (contrast - 1, contrast, contrast + 1):
        slope = math.tan(math.pi * (c / 100 + 1) / 4)
        if abs(c) >= 100:
            continue
        start = (offset + 128 * (gain - slope)) / 255
        bright = round((start - (1 - slope) / 2) / (1 / 100 - (1 - slope) / 200))
        for b in (bright - 1, bright, bright + 1):
            beta = 255 * (b / 100 + (100 - b) / 200 * (1 - slope))
            yield _form(_scaled(slope, beta, "half_up"), f"ImageMagick -brightness-contrast {b}x{c}")
    low, high = -offset / gain / 2.55, (255 - offset) / gain / 2.55
    for a, z in product((math.floor(low), math.ceil(low)), (math.floor(high), math.ceil(high))):
        if 0 <= a < z <= 100 and (a, z) != (0, 100):
            stretch = 100 / (z - a)
            yield _form(_scaled(stretch, -2.55 * a * stretch, "half_up"), f"ImageMagick -level {a}%,{z}%")


def _gammas(shown: Shown) -> Iterator[Form]:
    """255 (v/255)^e with e or 1/e of two digits."""
    at = np.linspace(0, 255, tone_fit.KNOTS)[2:-2]
    low, high = shown.seen
    curve = shown.curve[2:-2]
    usable = (at >= low) & (at <= high) & (curve > 5) & (curve < 250)
    if usable.sum() < 4:
        return
    exponents = np.log(curve[usable] / 255) / np.log(at[usable] / 255)
    e = float(np.median(exponents))
    if not 0.1 < e < 10 or float(np.median(np.abs(exponents - e))) > 0.15 * e:
        return
    gammas = {v: f"gamma {v:g}" for v in _round_near(1 / e)}
    gammas |= {1 / v: f"255 (v/255)^{v:g}" for v in _round_near(e)} | gammas
    for (gamma, name), rounding in product(gammas.items(), ROUNDINGS):
        if gamma != 1.0:
            step = Tone(gamma=gamma, rounding=rounding)
            yield _form(step, told(step).replace(f"gamma {gamma:.4g}", name))


# ------------------------------------------------------------------------------------------------ forms of all channels


def _saturations(shown: Shown) -> Iterator[Form]:
    """Pillow's Color, and the W3C's saturate, as far from luma as the matrix is."""
    if not np.isfinite(shown.matrix).all():
        return
    pillow = _share(shown.matrix, np.tile(np.array(LUMA) / 65536, (3, 1)), np.eye(3))
    for factor in _round_near(pillow) if pillow > 0.02 else [0.0]:
        yield _form(Tone(enhance="color", factor=factor))
    w3c = _share(shown.matrix, _saturate(0.0), _saturate(1.0))
    for amount, rounding in product(_round_near(w3c) if w3c > 0.02 else [0.0], ROUNDINGS):
        step = Tone(matrix=_flat(_saturate(amount)), rounding=rounding)
        yield _form(step, f"the matrix of CSS saturate({amount:g}){_how(rounding)}")


def _matrices(shown: Shown) -> Iterator[Form]:
    """Sepia and grey, whole and in part, and hues turned."""
    if not np.isfinite(shown.matrix).all():
        return
    whole: dict[str, NDArray[np.float64]] = {"sepia": np.reshape(SEPIA, (3, 3))}
    whole |= {f"grey by {name}": np.tile(w, (3, 1)) for name, w in LUMAS.items()}
    for name, matrix in whole.items():
        amount = min(1.0, _share(shown.matrix, np.eye(3), matrix))
        for part in {round(amount, 2), round(amount, 1)}:
            if part > 0.02:
                mixed = np.eye(3) + part * (matrix - np.eye(3))
                of = "" if part == 1.0 else f"{part:g} of "
                yield _form(Tone(matrix=_flat(mixed), arithmetic="float32"), f"{of}{name} by Pillow's convert")
                for rounding in ROUNDINGS:
                    yield _form(Tone(matrix=_flat(mixed), rounding=rounding), f"{of}{name}{_how(rounding)}")
                single = Tone(matrix=_flat(mixed), rounding="half_even", arithmetic="float32")
                yield _form(single, f"{of}{name} by OpenCV's transform")
    angle = math.degrees(math.atan2(*_turned(shown.matrix)))
    for degrees in {round(angle), round(angle / 5) * 5}:
        if degrees:
            for rounding in ROUNDINGS:
                step = Tone(matrix=_flat(_hue(math.radians(degrees))), rounding=rounding)
                yield _form(step, f"the matrix of CSS hue-rotate({degrees}deg){_how(rounding)}")


def _gains(shown: Shown) -> Iterator[Form]:
    """A gain and an offset of its own for each channel."""
    m = shown.matrix
    if not np.isfinite(m).all() or np.abs(m[:, :3] - np.diag(np.diag(m))).max() > 0.04:
        return
    gains = [round(float(v), 2) for v in np.diag(m)]
    rough = [round(round(g / 0.05) * 0.05, 2) for g in gains]
    offsets = [float(round(v)) for v in m[:, 3]]
    for g, o, rounding in product((gains, rough), ([0.0] * 3, offsets), ROUNDINGS):
        matrix = (g[0], 0.0, 0.0, 0.0, g[1], 0.0, 0.0, 0.0, g[2])
        yield _form(Tone(matrix=matrix, offset=(o[0], o[1], o[2]), rounding=rounding))


def _how(rounding: Rounding) -> str:
    return {"half_up": "", "half_even": ", half to even", "down": ", cut off"}[rounding]


def _flat(matrix: Floats) -> tuple[float, ...]:
    return tuple(round(float(v), 10) + 0.0 for v in matrix.ravel())


def _share(matrix: Floats, zero: Floats, one: Floats) -> float:
    """How far a matrix is on the line from `zero` to `one`, least squares."""
    way = one - zero
    return float(((matrix[:, :3] - zero) * way).sum() / (way * way).sum())


_PALE = np.tile([0.213, 0.715, 0.072], (3, 1))
_COS = np.array([[0.787, -0.715, -0.072], [-0.213, 0.285, -0.072], [-0.213, -0.715, 0.928]])
_SIN = np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])
"""W3C Filter Effects Module Level 1, feColorMatrix: saturate is _PALE + s _COS, hueRotate _PALE + cos _COS + sin _SIN.
"""


def _saturate(amount: float) -> Floats:
    return _PALE + amount * _COS


def _hue(angle: float) -> Floats:
    return _PALE + math.cos(angle) * _COS + math.sin(angle) * _SIN


def _turned(matrix: Floats) -> tuple[float, float]:
    """(sine, cosine) of the hue's turn that comes nearest."""
    design = np.column_stack([_SIN.ravel(), _COS.ravel()])
    found = np.linalg.lstsq(design, (matrix[:, :3] - _PALE).ravel(), rcond=None)[0]
    return float(found[0]), float(found[1])


# ---------------------------------------------------------------------------------------------------------- one of each


def _apart(ranked: Sequence[Form]) -> Iterator[Form]:
    """Forms in their order, those that are the same function of samples as an earlier one put beside it."""
    groups: dict[bytes, list[Form]] = {}
    for form in ranked:
        groups.setdefault(_signature(form.step), []).append(form)
    for group in groups.values():
        first = min(group, key=lambda f: (f.step.enhance == "none", len(f.label)))
        yield replace(first, same=tuple(dict.fromkeys(f.label for f in group if f.label != first.label)))


def _signature(step: Tone) -> bytes:
    """Equal for steps that do the same to every sample (curves), or to some thousand colours (the others)."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    if step.enhance != "contrast" and tone_fit.is_diagonal(step):
        return b"curve" + tone_fit.tables(step).tobytes()
    made = step.exact(Raster(pixels), Context())
    assert isinstance(made, Raster), "tone makes rasters"
    return step.enhance.encode() + made.pixels.tobytes()
