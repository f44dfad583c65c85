"""Fixtures that several test files share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real published data; without it the test is skipped, or fails where it is required."""
    folder = os.environ.get("CELLCOUNT_REAL_DATA")
    if folder and Path(folder).is_dir():
        return Path(folder)
    reason = "Set CELLCOUNT_REAL_DATA to the folder of published data to run the tests on real data."
    if os.environ.get("CELLCOUNT_REQUIRE_REAL_DATA") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
