"""The one place that knows numba: `kernel` compiles a plain-Python loop, without the GIL, cached on disk.

Importing this module imports numba (about half a second), so only modules with kernels import it, and packages
import those lazily. Bounds: kernels that read what strangers wrote bound every index by construction; the fuzz
tests run them again with NUMBA_BOUNDSCHECK=1, which turns an index beyond an array's end into an IndexError (not one
below zero: numba counts that from the end).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

import numba
from numba.core import types
from numba.core.caching import FunctionCache, NullCache
from numba.core.runtime.nrt import rtsys
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])
LOG = logging.getLogger("understudy.compiling")
"""Told of each kernel that is compiled, which takes up to a second or two: nobody need listen."""


class _Cache:
    """numba's cache of one kernel's machine code, with two things done later, or not at all.

    Before numba reads a kernel from its cache it makes itself ready to compile any program: it imports its array
    library, scipy and cffi, 0.4 s that a process with nothing to compile never needs. Here that waits until something
    is compiled; numba's compiler does it then, itself. And a kernel's files are looked for when it is first called.
    Machine code that was read needs only numba's own memory management, which is started first.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    @cached_property
    def _files(self) -> Any:
        numbas: Any = FunctionCache
        try:
            return numbas(self._function)
        except RuntimeError:  # no folder can be written to, or there is no file: compiled anew in each process
            return NullCache()

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The compiled kernel for argument types, None if it is not cached. numba asks while it holds its lock."""
        found = None
        if not isinstance(self._files, NullCache):
            rtsys.initialize(target_context)
            with self._files._guard_against_spurious_io_errors():
                found = self._files._load_overload(signature, target_context)
        if found is None:
            LOG.info("%s", self._function.__qualname__)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)


def _compiled(function: F, **options: Any) -> F:
    dispatcher: Any = numba.njit(nogil=True, fastmath=False, **options)(function)
    if dispatcher is not function:  # it is with NUMBA_DISABLE_JIT
        dispatcher._cache = _Cache(function)
    return cast(F, dispatcher)


def kernel(function: F) -> F:
    """`function` compiled by numba on first use (nopython, nogil, wrapping integers, no fast-math)."""
    return _compiled(function)


def inline(function: F) -> F:
    """A kernel that is always inlined into the kernel that calls it."""
    return _compiled(function, inline="always")


def _fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """`fma(a, b, c)` in kernels: a * b + c of three float32 with one rounding, as processors with FMA do it."""
    if {a, b, c} != {types.float32}:
        return None  # no other type is accepted: a silent float64 would round otherwise

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float32(types.float32, types.float32, types.float32), emit


fma: Any = intrinsic(_fma)
