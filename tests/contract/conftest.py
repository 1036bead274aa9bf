"""What every contract test may ask for."""

import json
from typing import Any

import pytest

from penholder_daemon.generate.__main__ import ROOT

Document = dict[str, Any]


@pytest.fixture(scope="session")
def document() -> Document:
    """Give openrpc.json as it is checked in."""
    found: Document = json.loads(
        (ROOT / "protocol/penholder_protocol/openrpc.json").read_text("utf-8")
    )
    return found


@pytest.fixture(scope="session")
def methods(document: Document) -> dict[str, Document]:
    """Give every method of it by name."""
    return {method["name"]: method for method in document["methods"]}
