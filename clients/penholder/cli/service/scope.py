"""Where a service lives: with the manager of whoever calls, or with the manager of the machine."""

import os
from pathlib import Path
from typing import Literal

import msgspec

from penholder import paths

ETC = Path("/etc")
SYSTEM_STATE = Path("/var/lib/penholder")
SYSTEM_RUNTIME = Path("/run/penholder")
SOCKET = "penholder.socket"
SERVICE = "penholder.service"
TIMER = "penholder-backup.timer"
BACKUP = "penholder-backup.service"
UNITS = (SOCKET, SERVICE, TIMER, BACKUP)


class Scope(msgspec.Struct, frozen=True):
    """One manager, and what the daemon that it keeps works on."""

    name: Literal["user", "system"]
    unit_dir: Path
    state_dir: Path
    runtime_dir: Path
    sysusers: Path | None = None
    """Where the machine is told of the daemon's own user."""
    config: Path | None = None
    """The configuration that install writes if there is none."""

    @property
    def flag(self) -> str:
        """What `penholder service …` is told to mean this one."""
        return " --system" if self.name == "system" else ""

    @property
    def settings(self) -> Path:
        """The configuration that the service reads, if it is there."""
        return self.config or self.unit_dir.parents[1] / "penholder" / "penholderd.toml"

    @property
    def network_drop_in(self) -> Path:
        """What opens the network to the service, where its store needs that."""
        return self.unit_dir / f"{SERVICE}.d" / "store.conf"

    @property
    def files(self) -> list[Path]:
        """What install puts in place, apart from the configuration, and uninstall takes away."""
        units = [self.unit_dir / name for name in UNITS]
        return [*units, self.network_drop_in, *([self.sysusers] if self.sysusers else [])]


def user() -> Scope:
    """Return the scope of whoever calls."""
    config = os.environ.get("XDG_CONFIG_HOME") or paths.home() / ".config"
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return Scope(
        "user",
        unit_dir=Path(config, "systemd", "user"),
        state_dir=paths.default_state_dir(),
        runtime_dir=Path(runtime, "penholder"),
    )


def system() -> Scope:
    """Return the scope of the machine."""
    return Scope(
        "system",
        unit_dir=ETC / "systemd/system",
        state_dir=SYSTEM_STATE,
        runtime_dir=SYSTEM_RUNTIME,
        sysusers=ETC / "sysusers.d/penholder.conf",
        config=ETC / "penholder/penholderd.toml",
    )
