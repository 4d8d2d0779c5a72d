"""The one place that knows numba: `kernel` compiles a plain-Python loop, without the GIL, cached on disk.

Importing this module imports numba (about half a second), so only modules with kernels import it, and packages
import those lazily. Bounds: kernels that read what strangers wrote bound every index by construction; the fuzz
tests run them again with NUMBA_BOUNDSCHECK=1, which turns an index beyond an array's end into an IndexError (not one
below zero: numba counts that from the end).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """`function` compiled by numba on first use (nopython, nogil, wrapping integers, no fast-math)."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False)(function))


def inline(function: F) -> F:
    """A kernel that is always inlined into the kernel that calls it."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False, inline="always")(function))


def _fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """`fma(a, b, c)` in kernels: a * b + c of three float32 with one rounding, as processors with FMA do it."""
    if {a, b, c} != {types.float32}:
        return None  # no other type is accepted: a silent float64 would round otherwise

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float32(types.float32, types.float32, types.float32), emit


fma: Any = intrinsic(_fma)
