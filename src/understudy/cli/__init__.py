"""The command line: each command is one library call, then shows it. `understudy --help`.

A command is a function in a module of this package, which registers it with `app`; heavy modules are imported inside
it, so that `inspect` starts fast.
"""

from __future__ import annotations

from . import pictures, pairs, survey, profiles, serve  # isort: skip  # registers the commands, in the order of the help page
from .app import app, main

__all__ = ["app", "main", "pairs", "pictures", "profiles", "serve", "survey"]
