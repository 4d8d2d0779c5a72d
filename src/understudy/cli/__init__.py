"""The command line: each command is one library call, then shows it. `understudy --help`.

A command is a function in a module of this package, which registers it with `app`; heavy modules are imported inside
it, so that `inspect` starts fast.
"""

from __future__ import annotations

from . import pictures, pairs, survey, profiles, probe, collect, serve  # isort: skip  # registers them, in the help page's order
from .app import app, main

__all__ = ["app", "collect", "main", "pairs", "pictures", "probe", "profiles", "serve", "survey"]
