"""A PostgreSQL whose commits are durable, a database of it for each test, and daemons on it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.helpers import soak
from tests.helpers.daemon_process import DaemonProcess, MakeDaemon
from tests.helpers.postgresql import Server
from tests.helpers.postgresql_copies import DATABASE, Primary, Standby, url_of

_numbers = count(1)
USUAL = {
    "test_a_daemon_that_was_taken_for_gone_is_fenced_and_registers_anew",
    "test_a_password_is_refused_wherever_it_is_given",
    "test_a_query_that_waits_for_anothers_lock_is_not_called_costly",
    "test_a_restart_finds_all_of_it",
    "test_a_server_that_stands_still_is_told_as_one_that_is_away",
    "test_a_server_that_goes_and_comes_back_needs_no_restart_of_the_daemon",
    "test_an_end_that_was_left_for_a_host_that_is_away_comes_when_it_is_back",
    "test_blobs_are_rows[7]",
    "test_daemons_keep_their_promises_together[1]",
    "test_connections_that_are_cut_lose_nothing_and_double_nothing",
    "test_a_host_that_froze_goes_on_where_the_others_are",
    "test_a_worker_is_made_steered_and_ended_from_another_host",
    "test_all_hosts_tell_the_same_at_once",
    "test_a_standby_that_lacks_nothing_leaves_everybody_what_he_holds",
    "test_what_a_standby_lacks_is_given_out_by_nobody_a_second_time",
    "test_each_daemon_serves_its_own_workers_and_all_see_all",
    "test_doctor_does_not_start_a_daemon_that_waits_for_its_server",
    "test_doctor_looks_at_the_store_of_the_daemon_that_runs",
    "test_doctor_says_why_a_database_only_reads",
    "test_hosts_at_work_judge_by_the_same_settings",
    "test_hosts_keep_their_workers_over_a_restore",
    "test_hosts_whose_clocks_lie_apart_order_and_judge_alike",
    "test_nothing_is_read_from_a_server_that_only_follows",
    "test_a_host_that_is_moved_keeps_its_workers",
    "test_no_daemon_begins_while_the_store_is_moved",
    "test_who_begins_amid_one_goes_on_when_it_is_over",
    "test_who_waits_is_told_of_an_outage_and_of_its_end",
    "test_who_reads_follows_who_writes_to_another_server",
    "test_whoever_waits_is_woken_by_another_host",
    "test_the_whole_life_of_a_worker",
    "test_what_others_have_committed_is_told_in_order",
}
"""What `make test` has time for; `make soak` tries all."""


@pytest.fixture(autouse=True)
def _is_usual(request: pytest.FixtureRequest) -> None:
    soak.skip_unless_usual(request, USUAL)


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """Give a server that keeps what it has committed, however it ends."""
    made = Server(is_safe=True)
    yield made
    made.remove()


@pytest.fixture
def url(server: Server) -> str:
    """Give the URL of an empty database."""
    return server.make(f"fleet_{next(_numbers)}")


@pytest.fixture
def make_daemon(url: str) -> Iterator[MakeDaemon]:
    """Give daemons of several hosts on one database; they are ended with the test."""
    with ExitStack() as made:

        def make() -> DaemonProcess:
            directory = made.enter_context(
                TemporaryDirectory(prefix="ph-", dir="/tmp", ignore_cleanup_errors=True)
            )
            daemon = DaemonProcess(Path(directory), "--store-url", url)
            made.callback(daemon.end)
            return daemon

        yield make


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> DaemonProcess:
    """Give a running daemon."""
    made = make_daemon()
    made.start()
    return made


# --- servers that take the place of others ------------------------------------------------------
@pytest.fixture
def servers() -> Iterator[Callable[[Server], None]]:
    """Have servers removed with the test."""
    with ExitStack() as made:

        def remove_later(server: Server) -> None:
            made.callback(server.remove)

        yield remove_later


@pytest.fixture
def primary(servers: Callable[[Server], None]) -> Primary:
    """Give a server with an empty database."""
    made = Primary()
    servers(made)
    made.make(DATABASE)
    return made


@pytest.fixture
def standby(primary: Primary, servers: Callable[[Server], None]) -> Standby:
    """Give what follows it, later than its commits."""
    made = Standby(primary)
    servers(made)
    return made


@pytest.fixture
def serve_at() -> Iterator[Callable[[str], DaemonProcess]]:
    """Give daemons at a URL."""
    with ExitStack() as made:

        def start(url: str) -> DaemonProcess:
            directory = made.enter_context(
                TemporaryDirectory(prefix="ph-", dir="/tmp", ignore_cleanup_errors=True)
            )
            daemon = DaemonProcess(Path(directory), "--store-url", url)
            made.callback(daemon.end)
            daemon.start()
            return daemon

        yield start


@pytest.fixture
def serve(serve_at: Callable[[str], DaemonProcess]) -> Callable[..., DaemonProcess]:
    """Give daemons on the database of whichever server takes writes."""
    return lambda *servers: serve_at(url_of(DATABASE, *servers))
