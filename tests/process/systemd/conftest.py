"""A booted box for each test that asks for one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.systemd.box import Box, why_impossible
from tests.helpers.systemd.service import Service, install_system, install_user

_INSTALL = {"system": install_system, "user": install_user}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Give a booted systemd without Penholder in it yet."""
    reason = why_impossible()
    if reason is not None and os.environ.get("CI") and os.geteuid() == 0:
        pytest.fail(f"CI as root must run this: {reason}")
    if reason is not None:
        pytest.skip(reason)
    box = Box(tmp_path)
    try:
        box.boot()
        yield box
    finally:
        box.end()


@pytest.fixture
def system(box: Box) -> Service:
    """Give the service of the system manager, of which only the socket runs."""
    return install_system(box)


@pytest.fixture
def user(box: Box) -> Service:
    """Give the service of a user's own manager, of which only the socket runs."""
    return install_user(box)


@pytest.fixture(params=_INSTALL)
def service(request: pytest.FixtureRequest, box: Box) -> Service:
    """Give the one and the other."""
    return _INSTALL[str(request.param)](box)
