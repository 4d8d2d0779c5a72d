"""Random variants of a profile: what is drawn for each picture of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import get_worker_info

from ..errors import ProfileError
from ..profile import Profile
from ..steps import Rule

Group = tuple[int, list[int], list[int] | None]
"""(number of the variant, indices of pictures, the quality drawn for each or None)."""


class Draws:
    """Ranges of parameters and a choice of profiles; `groups` draws once a picture.

    Draws depend on the seed, the number of draws before, and on the DataLoader worker and the rank of
    torch.distributed, so that no two processes draw alike.
    """

    def __init__(self, profiles: Sequence[Profile], ranges: Mapping[str, Any], seed: int | None) -> None:
        self.profiles = tuple(profiles)
        self.ranges = {key: _choices(key, value) for key, value in ranges.items()}
        self.seed = seed
        self._place: tuple[int, ...] | None = None
        self._random = np.random.default_rng(0)
        self.variants = list(profiles)
        """Every profile that was drawn so far; first the profiles themselves."""
        self._numbers: dict[tuple[Any, ...], int] = {(i,): i for i in range(len(profiles))}
        for profile in self.profiles:  # names and values that do not fit fail now
            for key, values in self.ranges.items():
                profile.with_values({key: values[0]})
                profile.with_values({key: values[-1]})

    def __bool__(self) -> bool:
        return len(self.profiles) > 1 or bool(self.ranges)

    def _generator(self) -> np.random.Generator:
        """Seeded anew in every process that draws."""
        info = get_worker_info()
        spread = torch.distributed.is_available() and torch.distributed.is_initialized()
        rank = torch.distributed.get_rank() if spread else 0
        place = (0 if info is None else info.seed, rank)
        if place != self._place:
            seed = torch.initial_seed() if self.seed is None else self.seed
            self._place, self._random = place, np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, *place])
        return self._random

    def groups(self, count: int) -> list[Group]:
        """One draw for each of `count` pictures; pictures that agree in everything but quality stand together."""
        random = self._generator()
        found: dict[tuple[Any, ...], tuple[list[int], list[int]]] = {}
        for i in range(count):
            which = int(random.integers(len(self.profiles)))
            drawn = {key: values[int(random.integers(len(values)))] for key, values in self.ranges.items()}
            quality = next((drawn.pop(k) for k in ("quality", "encode.quality") if k in drawn), None)
            indices, qualities = found.setdefault((which, *drawn.items()), ([], []))
            indices.append(i)
            if quality is not None:
                qualities.append(int(quality))
        return [(self._number(key), mine, drawn or None) for key, (mine, drawn) in found.items()]

    def _number(self, key: tuple[Any, ...]) -> int:
        """The place in `variants` of a profile with the values drawn, which is made once."""
        if key not in self._numbers:
            which, *values = key
            self._numbers[key] = len(self.variants)
            self.variants.append(self.profiles[which].with_values(dict(values)))
        return self._numbers[key]


def _choices(key: str, value: Any) -> list[Any]:
    """The values that a range allows: (low, high) both included, or the members of a list."""
    if isinstance(value, tuple) and len(value) == 2 and all(type(x) is int for x in value) and value[0] <= value[1]:
        return list(range(value[0], value[1] + 1))
    if isinstance(value, list) and value and not any(isinstance(x, Rule) for x in value):
        return value
    raise ProfileError(f"{key} = {value!r}", place="Channel, random", expected="(low, high) or a list of values")
