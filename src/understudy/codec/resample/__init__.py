"""Resampling in the arithmetic of named libraries: one module a library, found by its name, imported when it is used.

Each module exposes `KERNELS: tuple[str, ...]` and

    resize(pixels: uint8 [H, W, C], width: int, height: int, *, kernel: str, <options>) -> uint8 [height, width, C]

whose options are keywords with defaults, documented there. Sizes are decided elsewhere (`codec.sizes`, `steps.resize`).
It also exposes what that computes as data, for opaque pictures:

    plan(columns: int, rows: int, width: int, height: int, *, kernel: str, <the same options>) -> codec.stages.Plan

which asks for `channels` too, where the library's choice of a kernel depends on them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from ...errors import ProfileError
from ..stages import Plan

__all__ = ["choices", "codes", "kernels", "options", "plan", "resize"]


@cache
def codes() -> tuple[str, ...]:
    """The names of all modules here, without importing them."""
    return tuple(sorted(info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")))


@cache
def _module(code: str) -> Any:
    if code not in codes():
        raise ProfileError(f"code {code!r}", place="resampling", expected=f"one of {', '.join(codes())}")
    return importlib.import_module(f"{__name__}.{code}")


def kernels(code: str) -> tuple[str, ...]:
    """The filters that a library's module knows. Raises ProfileError for an unknown code."""
    names: tuple[str, ...] = _module(code).KERNELS
    return names


def options(code: str) -> dict[str, Any]:
    """A module's keyword options and their defaults."""
    parameters = inspect.signature(_module(code).resize).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "kernel"}


@cache
def _plans_by_channels(code: str) -> bool:
    """Whether a module's `plan` asks how many channels there are."""
    return "channels" in inspect.signature(_module(code).plan).parameters


@cache
def choices(code: str) -> dict[str, tuple[Any, ...]]:
    """Those of a module's options that are one of a few values: the values, the default first."""
    hints, defaults = get_type_hints(_module(code).resize), options(code)
    known = {n: (False, True) if h is bool else get_args(h) for n, h in hints.items() if h is bool or _is_literal(h)}
    return {n: tuple(sorted(values, key=lambda v: v != defaults[n])) for n, values in known.items() if n in defaults}


def _is_literal(hint: Any) -> bool:
    return get_origin(hint) is Literal


def resize(
    code: str, pixels: NDArray[np.uint8], width: int, height: int, *, kernel: str, **given: Any
) -> NDArray[np.uint8]:
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`, C from 1 to 4, as the library `code` makes it.

    Raises ProfileError for a code, kernel or option that does not exist.
    """
    _check(code, width, height, kernel, given)
    out: NDArray[np.uint8] = _module(code).resize(pixels, width, height, kernel=kernel, **given)
    return out


def plan(
    code: str, columns: int, rows: int, width: int, height: int, *, kernel: str, channels: int = 3, **given: Any
) -> Plan:
    """What `resize` does to an opaque picture of `columns` x `rows`, as sums and roundings. channels: 1 or 3. Raises as
    `resize`."""
    _check(code, width, height, kernel, given)
    if _plans_by_channels(code):
        given["channels"] = channels
    out: Plan = _module(code).plan(columns, rows, width, height, kernel=kernel, **given)
    return out


def _check(code: str, width: int, height: int, kernel: str, given: dict[str, Any]) -> None:
    if kernel not in kernels(code):
        raise ProfileError(f"kernel {kernel!r}", place=f"resampling by {code}", expected=", ".join(kernels(code)))
    unknown = set(given) - set(options(code))
    if unknown:
        expected = f"one of {', '.join(options(code))}" if options(code) else "none"
        raise ProfileError(f"option {sorted(unknown)[0]!r}", place=f"resampling by {code}", expected=expected)
    if width < 1 or height < 1:
        raise ValueError(f"resampling to {width} x {height}, expected at least 1 x 1")
