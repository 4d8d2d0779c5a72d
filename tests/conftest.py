"""What every test shares: the rule for tests that need the shared folder, and hypothesis without a deadline."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from shared_folder import shared_root

settings.register_profile("understudy", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("understudy")


@pytest.fixture(autouse=True)
def _shared_or_skip(request: pytest.FixtureRequest) -> None:
    """Tests marked `shared` skip where the folder is missing, and fail there in CI: no silent pass."""
    if request.node.get_closest_marker("shared") and shared_root() is None:
        if os.environ.get("CI"):
            pytest.fail("CI is set, and there is no shared folder beside the checkout (or at UNDERSTUDY_SHARED)")
        pytest.skip("no shared folder beside the checkout")
