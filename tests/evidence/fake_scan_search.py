"""mozjpeg's scan search on scans of made-up sizes: which script it chooses then."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

from understudy.codec.mozjpeg.scan_search import DcScans, search
from understudy.jpeg.syntax import ScanSpec


def chosen(n_components: int, dc: DcScans, seed: int) -> tuple[Any, ...]:
    """The script, as evidence/_scripts writes scans."""
    rng = random.Random(f"{n_components} {dc} {seed}")

    def code(spec: ScanSpec) -> Any:
        return SimpleNamespace(spec=spec, tables={}, data=bytes(rng.choice((10, 100, 1000))))

    coded = search(n_components, dc)(code)
    return tuple((s.spec.components, s.spec.Ss, s.spec.Se, s.spec.Ah, s.spec.Al) for s in coded)
