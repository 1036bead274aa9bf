"""Bad files to try rules on."""

from pathlib import Path

import pytest

from tests.tidy.source import PACKAGES, Scratch


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    """Give a place for bad files, where packages are called like ours."""
    for package in PACKAGES:
        monkeypatch.setitem(PACKAGES, package, tmp_path / package)
    return Scratch(tmp_path)
