"""What a writer that is stuck and a database that is out of reach come to, as a service."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.helpers.systemd.box import Box
from tests.helpers.systemd.service import Service
from tests.helpers.waiting import until

WATCHDOG_SECONDS = 2
_DATABASE = "/var/lib/penholder/penholder.db"
# Waits with the write lock of the database until stdin ends, as a program that should not be there.
_HOLD_THE_PEN = """
import apsw, sys
connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(30_000)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_writer_that_is_stuck_misses_the_watchdog_and_a_busy_one_does_not(
    system: Service,
) -> None:
    system.override("watch", f"[Service]\nWatchdogSec={WATCHDOG_SECONDS}\n")
    socket = system.make_worker()
    pid = system.main_pid()
    with system.worker(socket) as worker:
        begun = _heard_of(system)
        until(lambda: _heard_of(system) > begun + 2 * WATCHDOG_SECONDS, "no watchdog is told")
        assert system.main_pid() == pid
        with _pen_held_by_another(system.box):
            until(lambda: system.main_pid() != pid, "the daemon was not ended")
        system.until_replaced(pid)
    assert "the writer is stuck" in system.box.journal("-u", "penholder")
    assert (worker["first"], worker["last"]) == (1, 1)
    assert system.events(socket) == list(range(1, worker["acknowledged"] + 1))


def _heard_of(system: Service) -> float:
    """Return when the watchdog last heard of the daemon, in seconds."""
    return int(system.show("WatchdogTimestampMonotonic")) / 1_000_000


@contextmanager
def _pen_held_by_another(box: Box) -> Iterator[None]:
    holder = box.start("/opt/venv/bin/python", "-c", _HOLD_THE_PEN, _DATABASE)
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        yield
        holder.stdin.close()
        assert holder.wait(timeout=30) == 0
    finally:
        holder.kill()
        holder.wait(timeout=30)
        holder.stdin.close()
        holder.stdout.close()


def test_a_database_of_another_owner_is_read_and_written_again_when_it_is_given_back(
    system: Service,
) -> None:
    socket = system.make_worker()
    system.systemctl("stop", "penholder.service")
    system.box.run("chown", "root", _DATABASE)
    system.box.run("chmod", "0644", _DATABASE)
    health = system.penholder("daemon", "health")
    assert (health["ready"], health["reachable"]) == (False, True)
    assert system.run("penholder", "service", "status", "--system", check=False).returncode == 1
    assert system.events(socket) == []
    refused = system.run("penholder", "backup", "--runtime-dir", system.runtime_dir, check=False)
    assert refused.returncode == 0, "a backup only reads"
    again = ("controller", "acquire", "--controller-id", "c", "--runtime-dir", system.runtime_dir)
    told = system.run("penholder", *again, check=False)
    assert (told.returncode, "nothing was written" in told.stderr) == (11, True)
    system.box.run("chown", "penholder", _DATABASE)
    until(lambda: bool(system.penholder("daemon", "health")["ready"]), "it did not recover")
    assert system.penholder(*again[:4])["epoch"] == 1


def test_a_store_behind_tcp_opens_the_unit_that_far_and_no_longer_than_it_is_there(
    service: Service,
) -> None:
    def opened() -> tuple[str, bool]:
        scope = [] if service.is_user else ["--system"]
        service.run("penholder", "service", "install", *scope)
        families = service.show("RestrictAddressFamilies").split()
        assert "AF_UNIX" in families
        return service.show("PrivateNetwork"), {"AF_INET", "AF_INET6"} <= set(families)

    assert opened() == ("yes", False)
    service.configure("[store]\nurl = 'postgresql://penholder@127.0.0.1:1/p'\n")
    assert opened() == ("no", True)
    # It can be tried to reach: nobody is there, and that is another error than "not allowed".
    service.run("systemctl", *(["--user"] if service.is_user else []), "start", "penholder.service",
                check=False)  # fmt: skip
    until(lambda: "Connection refused" in service.box.journal(), "it did not try")
    service.systemctl("stop", "penholder.service")
    service.configure("[store]\nurl = 'postgresql:///p'\n")
    assert opened() == ("yes", False)
