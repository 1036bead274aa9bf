"""Settings that are read anew on SIGHUP, while clients are connected."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.waiting import until

CHANGED = """
max_connections = 2
log_level = "debug"

[retention.worker]
keep_last = 5
"""


@pytest.fixture
def config(short_dir: Path) -> Path:
    """Give the file that the daemon reads."""
    path = short_dir / "config.toml"
    path.write_text("max_connections = 10\n")
    return path


@pytest.fixture
def configured(short_dir: Path, config: Path) -> Iterator[DaemonProcess]:
    """Give a daemon that runs with the file."""
    daemon = DaemonProcess(short_dir, "--config", str(config))
    daemon.start()
    yield daemon
    daemon.end()


def _reload(daemon: DaemonProcess, told: str) -> None:
    """Send SIGHUP and wait until the log tells what came of it."""
    daemon.signal_reload()
    until(lambda: told in daemon.log())


def test_a_reload_obeys_the_file_as_it_is_now(configured: DaemonProcess, config: Path) -> None:
    with configured.connect() as control:
        config.write_text(CHANGED)
        _reload(configured, "settings were reloaded")
        told = control.call("daemon.config")
        assert (told["max_connections"], told["retention"]["worker"]["keep_last"]) == (2, 5)
        control.call("rpc.ping")
        until(lambda: "method=rpc.ping" in configured.log())
        with configured.connect() as second, configured.connect() as third:
            second.call("rpc.ping")
            assert third.read()["error"]["data"]["details"]["limit"] == "MAX_CONNECTIONS"


def test_a_file_that_is_unusable_changes_nothing(configured: DaemonProcess, config: Path) -> None:
    with configured.connect() as control:
        before = control.call("daemon.config")
        config.write_text("max_conections = 2\n")
        _reload(configured, "those in force stay")
        assert "did you mean `max_connections`?" in configured.log()
        assert control.call("daemon.config") == before


def test_a_file_that_no_parser_comes_through_changes_nothing(
    configured: DaemonProcess, config: Path
) -> None:
    with configured.connect() as control:
        before = control.call("daemon.config")
        config.write_text("x = " + "[" * 100_000)
        _reload(configured, "those in force stay")
        assert control.call("daemon.config") == before


def test_who_asks_is_answered_while_a_file_is_read(configured: DaemonProcess, config: Path) -> None:
    # A name of so many parts keeps the parser for minutes.
    config.write_text("[" + ".".join(["a"] * 500_000) + "]\n")
    with configured.connect() as control:
        _reload(configured, "name=SIGHUP")
        control.call("board.create", board_id="b", goal="go on")
        assert control.call("board.get", board_id="b")["goal"] == "go on"
    assert configured.stop() == 0
    assert "those in force stay" not in configured.log()


def test_what_needs_a_restart_stays_and_is_named(configured: DaemonProcess, config: Path) -> None:
    with configured.connect() as control:
        config.write_text("reader_threads = 5\ndrain_ms = 7\n")
        _reload(configured, "need_a_restart=['reader_threads']")
        told = control.call("daemon.config")
        assert (told["reader_threads"], told["drain_ms"]) == (2, 7)


def test_slow_requests_and_commits_say_what_they_waited_for(
    configured: DaemonProcess, config: Path
) -> None:
    config.write_text("slow_request_ms = 1\nslow_commit_ms = 1\n")
    _reload(configured, "settings were reloaded")
    with configured.connect() as control:
        calls = [
            {"method": "controller.register",
             "params": {"controller_id": f"c{n}", "label": "c", "workspace_key": f"/{n}"}}
            for n in range(200)
        ]  # fmt: skip
        request_id = control.request("tx.apply", calls=calls)
        control.answer(request_id)
        entries = control.call("journal.read", streams=["controller:c7"])["items"]
        wait = control.request(
            "journal.wait", streams=["*"], after=0, types=["never"], timeout_ms=50
        )
        control.answer(wait)
        control.call("rpc.ping")
    # One id from the client's request through the journal to the log.
    assert [entry["request_id"] for entry in entries] == [str(request_id)]
    lines = configured.log().splitlines()
    [request] = [line for line in lines if "slow request" in line and "method=tx.apply" in line]
    for field in (f"request_id={request_id}", "queued_ms=", "carried_out_ms=", "total_ms="):
        assert field in request
    commit = next(line for line in lines if "slow commit" in line and "tx.apply" in line)
    for field in ("ran_ms=", "synced_ms=", "waited_for=", f"request_ids=['{request_id}']"):
        assert field in commit
    assert not [line for line in lines if "slow request" in line and "journal.wait" in line]


def test_the_hosts_name_follows_at_once(configured: DaemonProcess, config: Path) -> None:
    with configured.connect() as control:
        until(lambda: bool(control.call("host.list")["items"]))
        (before,) = control.call("host.list")["items"]
        config.write_text('host_name = "cellar"\n')
        _reload(configured, "settings were reloaded")
        until(lambda: control.call("host.list")["items"][0]["host_name"] == "cellar")
        (host,) = control.call("host.list")["items"]
        assert host["host_id"] == before["host_id"]
        status = control.call("daemon.status")
        assert (status["host_id"], status["host_name"]) == (host["host_id"], "cellar")
        assert control.call("daemon.config")["host_name"] == "cellar"
