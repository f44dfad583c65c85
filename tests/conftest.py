"""Fixtures that several test files share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from app_pages import ROOT
from hypothesis import settings
from streamlit.testing.v1 import AppTest

# Nothing here is a timed test: a slow machine is not a fault of the software.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def decisions(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of a database of decisions of the test's own, not made yet: no test writes into the checkout's."""
    address = f"sqlite:///{tmp_path_factory.mktemp('record') / 'decisions.db'}"
    monkeypatch.setenv("CELLCOUNT_DECISIONS", address)
    return address


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


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens a page with query parameters, as a link does."""

    def opened(releases: Path, page: str | None = None, release: str | None = None, **query: str) -> AppTest:
        monkeypatch.setenv("CELLCOUNT_RELEASES", str(releases))
        if release:
            monkeypatch.setenv("CELLCOUNT_RELEASE", release)
        else:
            monkeypatch.delenv("CELLCOUNT_RELEASE", raising=False)
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        if page:
            app.switch_page(page)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception
        return app

    return opened
