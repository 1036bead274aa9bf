"""How long tests run that could run for ever: `make soak` asks for more by PENHOLDER_SOAK."""

import os
from collections.abc import Collection

import pytest

IS_ASKED_FOR = bool(os.environ.get("PENHOLDER_SOAK"))


def many(usual: int, in_soak: int) -> int:
    """Choose how many examples a test tries."""
    return in_soak if IS_ASKED_FOR else usual


def skip_unless_usual(request: pytest.FixtureRequest, usual: Collection[str]) -> None:
    """Leave a test to `make soak` that is not among those that `make test` has time for."""
    if not IS_ASKED_FOR and request.node.name not in usual:
        pytest.skip("make soak tries it")
