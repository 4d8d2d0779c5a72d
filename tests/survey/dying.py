"""A worker's task that kills its own process at a file of a certain name, as a crash in native code would."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from understudy.survey import workers


def task(files: Sequence[workers.Found], coefficients: bool) -> list[dict[str, Any]]:
    if any(file.path == "kills.jpg" for file in files):
        os._exit(9)
    return workers.rows(files, coefficients)
