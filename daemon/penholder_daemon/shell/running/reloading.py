"""Settings read anew while the daemon serves, on SIGHUP."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec
import structlog
import trio

from penholder_daemon.shell.settings import Settings, UnusableSettings
from penholder_daemon.shell.systemd.notify import notify

log = structlog.get_logger()

Agree: TypeAlias = Callable[[Settings], Awaitable[None]]
"""Has the hosts that share the store agree to settings; raises UnusableSettings if they do not."""
NEED_A_RESTART = ("state_dir", "runtime_dir", "store", "reader_threads")
"""Settings that a running daemon keeps as they were at its start."""


class Reloader:
    """Reads the settings again and has them applied, all or, if they are unusable, none."""

    def __init__(
        self,
        settings: Settings,
        read: Callable[[], Settings],
        apply: Callable[[Settings], None],
    ) -> None:
        """`read` raises UnusableSettings."""
        self.settings = settings
        self._read = read
        self._apply = apply
        self._one_at_a_time = trio.Lock()

    async def reload(self, agree: Agree) -> None:
        """Reload; systemd hears that it began and that it is over."""
        # With the time, so that systemd can tell one reload from another (man 3 sd_notify).
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            async with self._one_at_a_time:
                # Beside the loop: a file of a megabyte can keep the parser for minutes.
                read = await trio.to_thread.run_sync(self._read, abandon_on_cancel=True)
                await agree(read)
                self._take(read)
        except UnusableSettings as error:
            log.error("the settings are unusable; those in force stay", reason=str(error))
        # Also where the settings were unusable: those in force stay, and the reload is over.
        notify("READY=1")

    def _take(self, read: Settings) -> None:
        fixed = {name: getattr(self.settings, name) for name in NEED_A_RESTART}
        late = [name for name, value in fixed.items() if getattr(read, name) != value]
        self.settings = msgspec.structs.replace(read, **fixed)
        self._apply(self.settings)
        if late:
            log.warning("settings were reloaded; some need a restart", need_a_restart=late)
        else:
            log.info("settings were reloaded")
