"""The one place that knows numba: `kernel` compiles a plain-Python loop, without the GIL, cached on disk.

Importing this module imports numba (about half a second), so only modules with kernels import it, and packages
import those lazily. Bounds: kernels that read what strangers wrote bound every index by construction; the fuzz
tests run them again with NUMBA_BOUNDSCHECK=1, which turns any slip into an IndexError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """`function` compiled by numba on first use (nopython, nogil, wrapping integers, no fast-math)."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False)(function))


def inline(function: F) -> F:
    """A kernel that is always inlined into the kernel that calls it."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False, inline="always")(function))
