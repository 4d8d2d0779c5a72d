"""learn: from pairs to a proven profile. (The package is not called `learn`, which would hide the function `us.learn`.)

matching     which files belong together, and which are set aside (refusals, likeness, clusters say why)
observed     what a pair says before anything is tried
headers      what received files state (stated, coding: one file; settling, qualities, rules: all of them)
lossless     what they state where they keep the sent JPEG's coefficients
passing      which files are passed through untouched
size_rules   which size rules give every received size
questions/   what must be found out by rendering, one module a step
search       asks them in turn until nothing changes
proof        the profile, what was reproduced, what was not told apart
"""

from __future__ import annotations

__all__: list[str] = []
