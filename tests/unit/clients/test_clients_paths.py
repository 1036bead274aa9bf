"""Where the clients look for the daemon."""

from pathlib import Path

import pytest

from penholder import paths
from penholder._shared.address import SUN_PATH_BYTES, connectable

VARIABLES = ("PENHOLDER_RUNTIME_DIR", "PENHOLDER_STATE_DIR", "XDG_RUNTIME_DIR", "XDG_STATE_HOME")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", "/home/ada")


def test_without_any_setting_everything_is_below_the_home() -> None:
    assert paths.default_state_dir() == Path("/home/ada/.local/state/penholder")
    assert paths.default_runtime_dir() == Path("/home/ada/.local/state/penholder/run")


def test_the_xdg_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert paths.default_state_dir() == Path("/state/penholder")
    assert paths.default_runtime_dir() == Path("/state/penholder/run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    assert paths.default_runtime_dir() == Path("/run/user/7/penholder")


def test_our_own_variables_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    monkeypatch.setenv("PENHOLDER_RUNTIME_DIR", "/mine/run")
    monkeypatch.setenv("PENHOLDER_STATE_DIR", "relative")
    assert paths.default_runtime_dir() == Path("/mine/run")
    assert paths.default_state_dir() == Path.cwd() / "relative"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "")
    assert paths.default_runtime_dir() == Path("/home/ada/.local/state/penholder/run")


def test_the_control_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENHOLDER_RUNTIME_DIR", "/mine/run")
    assert paths.control_socket() == Path("/mine/run/control.sock")
    assert paths.control_socket("/other") == Path("/other/control.sock")


def test_a_short_path_is_left_alone() -> None:
    path = "/" + "x" * (SUN_PATH_BYTES - 1)
    with connectable(path) as short:
        assert short == path


def test_a_long_path_is_reached_through_its_directory(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    (deep / "control.sock").touch()
    with connectable(str(deep / "control.sock")) as short:
        assert len(short) <= SUN_PATH_BYTES
        assert Path(short).samefile(deep / "control.sock")
    assert not Path(short).exists()


def test_a_long_name_cannot_be_helped(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"), connectable(str(tmp_path / ("n" * 120))):
        pass
