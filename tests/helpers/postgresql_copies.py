"""Servers that are made from another one, as those are to which people fail over or restore."""

from pathlib import Path

from tests.helpers.postgresql import Server
from tests.helpers.waiting import until

DATABASE = "fleet"


class Primary(Server):
    """One that is followed, and whose log is archived."""

    def __init__(self) -> None:
        """Start it; no commit waits for a standby."""
        super().__init__(is_safe=True)

    def _fill(self) -> None:
        super()._fill()
        self.archive.mkdir()
        self.own(self.archive)
        self.settings |= {"archive_mode": "on", "archive_command": f"cp %p {self.archive}/%f"}

    @property
    def archive(self) -> Path:
        """Where its log is kept."""
        return self.directory / "archive"

    def wait_for_standbys(self) -> None:
        """Have every commit wait for one from now on."""
        self.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.ask("SELECT pg_reload_conf()")
        until(lambda: self.ask("SELECT sync_state FROM pg_stat_replication") == "sync")


class _Copy(Server):
    """One that begins with all that another has."""

    def __init__(self, source: Primary) -> None:
        self._source = source
        super().__init__(is_safe=True, programs=source.programs)

    def _copy(self, *how: str) -> None:
        where = ["-D", str(self.data), "-h", str(self._source.directory), "-U", "penholder"]
        self._run("pg_basebackup", *where, "--checkpoint=fast", *how)

    @property
    def is_primary(self) -> bool:
        """Whether it takes writes by now."""
        return self.ask("SELECT pg_is_in_recovery()") is False


class Standby(_Copy):
    """Follows a primary until it is promoted."""

    def _fill(self) -> None:
        self._copy("--write-recovery-conf")

    def catch_up(self) -> None:
        """Wait until it has all that the primary has now."""
        pos = self._source.ask("SELECT CAST(pg_current_wal_lsn() AS TEXT)")
        until(lambda: self.ask(f"SELECT pg_last_wal_replay_lsn() >= '{pos}'") is True)

    def fall_behind(self) -> None:
        """Follow no more."""
        self.ask("ALTER SYSTEM SET primary_conninfo = ''")
        self.ask("SELECT pg_reload_conf()")
        until(lambda: self.ask("SELECT COUNT(*) FROM pg_stat_wal_receiver") == 0)

    def promote(self) -> None:
        """Be the primary."""
        assert self.ask("SELECT pg_promote()") is True


class Recovered(_Copy):
    """Is put back to a moment of a server, from a backup and the log that was archived."""

    def _fill(self) -> None:
        self._copy()

    def __init__(self, source: Primary) -> None:
        """Make the backup, and start nothing yet."""
        self._is_started = False
        super().__init__(source)

    def start(self) -> None:
        """Start once there is a moment."""
        if self._is_started:
            super().start()

    def recover(self, restore_point: str) -> None:
        """Go on from where the source was at a moment."""
        (self.data / "recovery.signal").touch()
        self.own(self.data / "recovery.signal")
        self.settings |= {
            "restore_command": f"cp {self._source.archive}/%f %p",
            "recovery_target_name": restore_point,
            "recovery_target_action": "promote",
        }
        self._is_started = True
        self.start()
        until(lambda: self.is_primary)


def url_of(database: str, *servers: Server) -> str:
    """Return the URL of a database on whichever of these takes writes."""
    hosts = ",".join(str(server.directory) for server in servers)
    return f"postgresql://penholder@/{database}?host={hosts}&target_session_attrs=read-write"
