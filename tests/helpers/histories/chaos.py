"""Carries out what a plan says, one thing after another, while others call."""

import signal
import threading
from collections.abc import Callable
from time import monotonic

import psycopg

from tests.helpers.cutting_proxy import Cut
from tests.helpers.histories.hosts import Host
from tests.helpers.histories.plans import Fault, Kind, Plan
from tests.helpers.histories.progress import Progress
from tests.helpers.postgresql import Server
from tests.helpers.waiting import until

_CUTS = 2
_CUT_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Chaos:
    """To be used in the thread that began the server, which ends with that thread."""

    def __init__(
        self, server: Server, url: str, hosts: list[Host], progress: Progress, frozen_seconds: float
    ) -> None:
        """Do nothing yet."""
        self._server = server
        self._url = url
        self._hosts = hosts
        self._progress = progress
        self._frozen_seconds = frozen_seconds
        self._acts: dict[Kind, Callable[[Host], None]] = {
            Kind.KILL: Host.restart,
            Kind.FREEZE: self._freeze,
            Kind.STOP_SERVER: lambda _: self._without_server(signal.SIGINT),
            Kind.CRASH_SERVER: lambda _: self._without_server(signal.SIGQUIT),
            Kind.CRASH_AT_COMMIT: self._crash_at_commit,
            Kind.CUT_ALL: lambda _: self._cut_all(),
            Kind.CUT_BEFORE_COMMIT: lambda host: self._cut(host, Cut.BEFORE),
            Kind.CUT_AFTER_COMMIT: lambda host: self._cut(host, Cut.AFTER),
            Kind.STALL_AT_COMMIT: self._stall_at_commit,
            Kind.KILL_AFTER_COMMIT: self._kill_after_commit,
        }

    def carry_out(self, plan: Plan) -> None:
        """Have everything go wrong, and come right again; calls go on in between."""
        for fault in plan.faults:
            begun = monotonic()
            self._progress.await_done(fault.calls_before, f"before {fault.kind.value}")
            waited = monotonic() - begun
            self._carry_out(fault)
            lasted = monotonic() - begun - waited
            # Shown where the run fails.
            print(f"{fault.kind.name} of {fault.daemon}: after {waited:.1f} s, for {lasted:.1f} s")
        self._progress.await_done(100, "when all has come right again")

    def _carry_out(self, fault: Fault) -> None:
        self._acts[fault.kind](self._hosts[fault.daemon])

    def _freeze(self, host: Host) -> None:
        host.send_signal(signal.SIGSTOP)
        try:
            threading.Event().wait(self._frozen_seconds)
        finally:
            host.send_signal(signal.SIGCONT)

    def _without_server(self, ending: signal.Signals) -> None:
        self._server.stop(ending)
        self._progress.await_refused(3)
        self._server.start()

    def _crash_at_commit(self, host: Host) -> None:
        _hold_commit(host)
        self._server.stop(signal.SIGQUIT)
        self._server.start()
        # The others go on, before the one whose commit is lost asks what became of it.
        self._await_others()
        host.proxy.release()

    def _stall_at_commit(self, host: Host) -> None:
        _hold_commit(host)
        # Until somebody has ended the transaction, whose lock they wait for.
        self._await_others()
        host.proxy.release()

    def _await_others(self) -> None:
        """Wait until others than the one that is held have written."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            begun = _next_number(connection)
            until(lambda: _next_number(connection) > begun + 2, "the others do not go on")

    def _cut_all(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(_CUT_ALL)

    def _cut(self, host: Host, cut: Cut) -> None:
        before = host.proxy.cuts
        host.proxy.arm(*[cut] * _CUTS)
        until(lambda: host.proxy.cuts == before + _CUTS, "nothing is committed")

    def _kill_after_commit(self, host: Host) -> None:
        self._cut(host, Cut.AFTER)
        host.restart()


def _hold_commit(host: Host) -> None:
    host.proxy.arm(Cut.HELD)
    assert host.proxy.is_held.wait(60), "no commit was sent"


def _next_number(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "SELECT pg_snapshot_xmax(pg_current_snapshot())::TEXT::BIGINT"
    ).fetchone()
    assert row is not None  # it selects from no table
    return int(row[0])
