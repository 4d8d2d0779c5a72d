from __future__ import annotations

import os

import pytest
from shared_folder import shared_root


@pytest.fixture(autouse=True)
def _shared_or_skip(request: pytest.FixtureRequest) -> None:
    """Tests marked `shared` skip where the folder is missing, and fail there in CI: no silent pass."""
    if request.node.get_closest_marker("shared") and shared_root() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI=true, and no shared folder beside the checkout (or at UNDERSTUDY_SHARED)")
        pytest.skip("no shared folder beside the checkout")
