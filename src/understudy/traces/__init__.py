"""What the coefficients of one file tell of its past: earlier compressions, resizing, the encoder's rounding.

`observe` is all of it; `quick` the part that needs no samples, for surveys. Every answer may be "cannot tell". How
often each is right, and its false alarms on files compressed once, is measured in docs/generations.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codec.dct import inverse_islow
from ..evidence.base import Observation, channel_names, plural
from ..jpeg.coefficients import Coefficients, Component
from ..jpeg.syntax import JpegStream
from . import aligned, regions, resampled, rounding, scaled, shifted, trellis

__all__ = ["observe", "quick"]

SOURCE = "measured: docs/generations.md"
MOST_BLOCKS = 1 << 17
"""Blocks of luma that are decoded, 8 megapixels; of larger pictures the middle rows."""

Table = dict[str, Any]


def observe(coefficients: Coefficients, stream: JpegStream) -> Iterator[Observation]:
    """Everything, under the topics `generations` and `rounding`. Raises nothing for what `read_coefficients` returns.

    Nothing is said of files whose first component is not luma with a table of 8-bit precision, or without blocks.
    """
    luma = _luma(coefficients, stream)
    if luma is None:
        return
    counts = aligned.histograms(luma)
    combs = aligned.combs(counts, luma.steps)
    earlier = aligned.earlier(combs)
    yield _aligned(earlier)
    if earlier.found:
        yield _regions(regions.regions(luma, counts, combs, earlier))
    plane = _samples(luma)
    yield _shifted(shifted.earlier_grid(plane, luma.steps.astype(np.int64).reshape(64)))
    yield _resampled(resampled.peak(plane))
    yield _scaled(scaled.earlier_size(plane if _fits(luma) else _samples(luma, top=True), luma))
    yield _dimples(rounding.dimples(counts))
    found = rounding.wrinkles(coefficients)
    if found is not None:
        yield _wrinkles(found)
    yield _habits(trellis.habits(luma, counts), earlier)


def quick(coefficients: Coefficients, stream: JpegStream) -> Iterator[Observation]:
    """What `observe` says from the levels alone: `generations.aligned`, `rounding.dimples` and `rounding.levels`."""
    luma = _luma(coefficients, stream)
    if luma is None:
        return
    counts = aligned.histograms(luma)
    earlier = aligned.earlier(aligned.combs(counts, luma.steps))
    yield _aligned(earlier)
    yield _dimples(rounding.dimples(counts))
    yield _habits(trellis.habits(luma, counts), earlier)


def _luma(coefficients: Coefficients, stream: JpegStream) -> Component | None:
    if not coefficients.components or channel_names(stream)[:1] != ("Y",):
        return None
    if stream.frame is None or stream.frame.precision != 8:
        return None
    first = coefficients.components[0]
    return first if first.real.size and first.steps.all() else None


def _fits(luma: Component) -> bool:
    """Whether `_samples` gives all rows."""
    return bool(luma.real.shape[0] <= max(8, MOST_BLOCKS // luma.real.shape[1]))


def _samples(luma: Component, top: bool = False) -> NDArray[np.uint8]:
    """Luma's samples as libjpeg-turbo decodes them, those of the picture alone; `top`: the first rows of large ones."""
    rows = max(8, MOST_BLOCKS // luma.real.shape[1])
    skipped = 0 if top else max(0, luma.real.shape[0] - rows) // 2
    plane = inverse_islow(luma.real[skipped : skipped + rows], luma.steps)
    return plane[: luma.grid.height - 8 * skipped, : luma.grid.width]


def _alarms(counted: tuple[int, int]) -> dict[str, int]:
    return {"seen": counted[0], "of": counted[1]}


def _named(table: aligned.Table) -> list[Table]:
    return [{"law": law, "quality": quality} for law, quality in table.names]


def _spoken(table: aligned.Table) -> str:
    return " or ".join(law if quality is None else f"{law} q{quality}" for law, quality in table.names[:3])


def _aligned(found: aligned.Earlier) -> Observation:
    answer = "yes" if found.found else "no sign" if found.excluded else "cannot tell"
    named = found.found and found.known
    value: Table = {
        "answer": answer,
        "score": round(found.score, 1),
        "threshold": aligned.THRESHOLD,
        "false_alarms": _alarms(aligned.FALSE_ALARMS),
        "table": _named(found.table) if named and found.table else None,
        "exact": found.exact if found.found else None,
        "rivals": [name for t in found.rivals for name in _named(t)] if named else [],
        "steps_by_frequency": {str(k): q for k, q in found.per_frequency.items()} if found.found else {},
        "frequencies": found.frequencies,
        "excluded_annex_k": list(found.excluded),
    }
    if named and found.table:
        told = (
            f"compressed before on the same grid, luma {'by' if found.exact else 'nearest to'} {_spoken(found.table)}"
        )
        told += " or a neighbouring table" if found.rivals else ""
        told += f" (log-likelihood {found.score:.0f}; believed from {aligned.THRESHOLD:.0f})"
    elif found.found:
        told = (
            "compressed before on the same grid, by a table of no law known here: none has the steps that"
            f" {len(found.per_frequency)} frequencies name (log-likelihood {found.score:.0f}; believed from"
            f" {aligned.THRESHOLD:.0f})"
        )
    elif found.excluded:
        told = (
            f"no sign of an earlier compression on the same grid, {len(found.excluded)} qualities of Annex K excluded"
        )
    else:
        told = "whether it was compressed before on the same grid cannot be told: too few levels speak"
    return Observation("generations", "aligned", value, told, None, SOURCE)


def _regions(found: regions.Regions) -> Observation:
    value: Table = {
        "side": found.side,
        "threshold": regions.THRESHOLD,
        "shows": found.shows,
        "against": found.against,
        "scores": [[round(float(s), 1) for s in row] for row in found.scores],
    }
    told = (
        f"of {plural(found.scores.size, 'region')} of {found.side} x {found.side} samples {found.shows} show that"
        f" earlier compression, {found.against} speak against it, the others say nothing"
    )
    return Observation("generations", "regions", value, told, None, SOURCE)


def _shifted(found: shifted.Shifted | None) -> Observation:
    answer = "cannot tell" if found is None or not found.found else "yes"
    value: Table = {
        "answer": answer,
        "score": None if found is None else round(found.score, 1),
        "threshold": shifted.THRESHOLD,
        "false_alarms": _alarms(shifted.FALSE_ALARMS),
        "shift": None,
        "table": None,
        "rivals": [],
    }
    told = "no sign of an earlier compression on another grid, which does not mean that there was none"
    if found is None:
        told = "too small to ask about an earlier compression on another grid"
    elif found.score >= shifted.THRESHOLD and not found.found:
        told = (
            "whether it was compressed before on another grid cannot be told: many grids stand out nearly as far as the"
            " best, as in drawings"
        )
    elif found.found:
        v, h = found.shift
        value |= {"shift": {"v": v, "h": h}, "table": _named(found.table)}
        value["rivals"] = [name for t in found.rivals for name in _named(t)]
        told = (
            f"compressed before on a grid {h} samples to the right and {v} down, nearest to {_spoken(found.table)}"
            f" ({found.score:.0f} standard deviations; believed from {shifted.THRESHOLD:.0f})"
        )
    return Observation("generations", "shifted", value, told, None, SOURCE)


def _resampled(found: resampled.Resampled | None) -> Observation:
    yes = found is not None and found.found
    value: Table = {
        "answer": "yes" if yes else "cannot tell",
        "score": None if found is None else round(found.score, 1),
        "threshold": resampled.THRESHOLD,
        "false_alarms": _alarms(resampled.FALSE_ALARMS),
        "frequency": round(found.frequency, 4) if found is not None and yes else None,
        "factors": list(found.factors) if found is not None and yes else [],
    }
    told = "no sign of resizing, which does not mean that there was none"
    if found is None:
        told = "too small to ask about resizing"
    elif yes:
        factors = " or ".join(f"{s:g}" for s in found.factors)
        told = f"resized before its compression, by {factors} if the interpolation shows and not a former grid"
    return Observation("generations", "resampled", value, told, None, SOURCE)


def _scaled(found: scaled.Scaled | None) -> Observation:
    yes = found is not None and found.found
    value: Table = {
        "answer": "yes" if yes else "cannot tell",
        "score": None if found is None else round(found.score, 1),
        "threshold": scaled.THRESHOLD,
        "false_alarms": _alarms(scaled.FALSE_ALARMS),
        "before": None,
        "factors": None,
        "dc_step": None,
        "table": None,
        "rivals": [],
    }
    told = "no sign of an earlier compression at another size, which does not mean that there was none"
    if found is None:
        told = "too small to ask about an earlier compression at another size"
    elif yes:
        (width, height), (across, down) = found.size, found.factors
        value["before"] = {"width": width, "height": height}
        value["factors"] = {"h": round(across, 4), "v": round(down, 4)}
        value["dc_step"] = found.step
        value["table"] = _named(found.table) if found.table else None
        value["rivals"] = [name for t in found.rivals for name in _named(t)]
        told = (
            f"compressed before at about {width} x {height}, then resized by {across:.3g}; DC's step was {found.step}"
        )
        told += f", the nearest table {_spoken(found.table)}" if found.table else ", which no table known here has"
        told += " or a neighbouring one" if found.rivals else ""
        told += f" ({found.score:.0f} standard deviations; believed from {scaled.THRESHOLD:g})"
    return Observation("generations", "scaled", value, told, None, SOURCE)


def _dimples(found: rounding.Dimples) -> Observation:
    value = {"answer": found.answer, "minus": found.minus, "plus": found.plus, "share": round(found.share, 3)}
    told = {
        "down": "levels are rounded down (dimples): a camera's or chip's quantiser",
        "up": "levels are rounded up (dimples): a camera's or chip's quantiser",
        "symmetric": "levels are not rounded down or up: no dimples",
        "cannot tell": "too few levels to tell dimples",
    }[found.answer]
    return Observation("rounding", "dimples", value, told, None, SOURCE)


def _wrinkles(found: rounding.Wrinkles) -> Observation:
    known = bool(np.isfinite(found.error))
    value = {
        "answer": found.answer,
        "amplitude": round(found.amplitude, 2) if known else None,
        "error": round(found.error, 2) if known else None,
    }
    told = {
        "yes": "chroma was downsampled with libjpeg's alternating bias",
        "no": "chroma was not downsampled with libjpeg's alternating bias",
        "cannot tell": "whether chroma was downsampled with libjpeg's alternating bias cannot be told",
    }[found.answer]
    return Observation("rounding", "chroma_bias", value, told, None, SOURCE)


def _habits(found: trellis.Habits, earlier: aligned.Earlier) -> Observation:
    """Nothing where there is a comb: it bends the histograms as trellis does."""
    likely = {name: round(p, 3) for name, p in found.probabilities.items()}
    answer = "cannot tell" if earlier.found else found.answer
    value = {"answer": answer, "probabilities": likely, "levels": found.levels}
    told = {
        "nearest": "levels look rounded to the nearest, or with one dead zone",
        "trellis": "levels look chosen by trellis, as mozjpeg does",
        "adaptive": "small levels look emptied by activity, as jpegli does",
        "cannot tell": "how levels were chosen cannot be told",
    }[answer]
    if earlier.found:
        told += ": an earlier compression bends their histograms"
    return Observation("rounding", "levels", value, told, None, SOURCE)
