"""The port through which the core learns of the outside: time, ids, secrets, processes, paths."""

from typing import NamedTuple, Protocol

from penholder_daemon.core.clocks import Clocks
from penholder_daemon.core.rules import Rules


class Process(NamedTuple):
    """One process for ever: a pid comes again, a pid with its start time (in ticks) does not."""

    pid: int
    started_ticks: int


class World(Protocol):
    """What the core may ask. The shell answers for real, tests and simulation from a seed."""

    rules: Rules
    """What configuration and process say to rooms."""
    host_id: str
    """Whose daemon this is; empty in programs that work on a store beside any daemon."""
    started_at: str
    """When this run began: tells one run of a host from another."""
    boot_id: str
    """Changes when the machine starts anew, so that start times of processes can be compared."""
    clocks: Clocks
    """How the scales of `durations` lie to the clocks below."""

    def read_blob(self, blob_id: str, offset: int, limit: int) -> bytes | None:
        """Read a piece of a blob; None if its bytes are not there. Raises StoreFault."""

    def now(self) -> str:
        """Return the wall clock (`now_ms`) as RFC 3339 in UTC with milliseconds."""

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds since 1970; what several hosts share has its own.

        Where `clocks.shared_wall_ms` says so, that is the clock of the store's server.
        """

    def monotonic_ms(self) -> int:
        """Return a clock that only grows and stands still while the machine is suspended."""

    def boottime_ms(self) -> int:
        """Return a clock that only grows, also while the machine is suspended."""

    def time_from_ms(self, wall_ms: int) -> str:
        """Write a wall-clock instant as `now` does."""

    def ms_from_time(self, time: str) -> int:
        """Read what `time_from_ms` has written."""

    def new_id(self, prefix: str) -> str:
        """Make an id such as `w_…` that sorts by the time of its making."""

    def entry_id(self, prefix: str, pos: int) -> str:
        """Make the id of an entry, from which `entry_pos` can tell its position."""

    def entry_pos(self, entry_id: str) -> int | None:
        """Tell which position an id holds, if it holds one; it may be another's by chance."""

    def made_ms(self, made_id: str) -> int | None:
        """Tell when an id was made here, by the wall clock; None if that is not to be seen."""

    def new_token(self) -> str:
        """Make a secret of at least 128 bits."""

    def process_lives(self, process: Process, boot_id: str) -> bool:
        """Tell whether that very process still runs (a zombie does not)."""

    def socket_path(self, worker_id: str) -> str:
        """Return where the worker's runtime socket is served."""
