"""One page for all tests that do not change its limits: a worker process takes seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from visitors import Visitor, visited


@pytest.fixture(scope="package")
def visitor() -> Iterator[Visitor]:
    """A visitor with the secret."""
    with visited() as entered:
        yield entered
