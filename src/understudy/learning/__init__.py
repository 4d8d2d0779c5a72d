"""learn: from pairs to a proven profile. (The package is not called `learn`, which would hide the function `us.learn`.)

matching     which files belong together, and which are set aside
observed     what a pair says before anything is tried
headers      what received files state: tables, sampling, scans, Huffman tables, envelope
size_rules   which size rules give every received size
questions/   what must be found out by rendering, one module a step
search       asks them in turn until nothing changes
proof        the profile, what was reproduced, what was not told apart
"""

from __future__ import annotations

__all__: list[str] = []
