"""A box with a real systemd in it, and this checkout installed in the box as in a virtualenv.

The recipe is box.sh's. Other users of the box must be able to read the interpreter and the code, so
both are bound below /opt, whatever the modes of the directories they come from.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.helpers.waiting import LIMIT_SECONDS, until

BOX = Path(__file__).with_name("box.sh")
ROOT = Path(__file__).parents[3]
_TARGETS = ("sysinit", "basic", "sockets", "timers", "shutdown", "multi-user")
_JOURNAL = ("systemd-journald.service", "systemd-journald.socket")
_SYSTEM_UNITS = Path("/lib/systemd/system")
_PROGRAMS = {"penholder": "penholder.cli.main", "penholderd": "penholder_daemon.__main__"}
_SOURCE_ROOTS = ("daemon", "protocol", "clients")
_LIBRARIES = "/opt/python/lib"
"""Where the interpreter's shared library is inside, if it has one."""
_PROGRAM = f"""#!/bin/sh
export LD_LIBRARY_PATH={_LIBRARIES}
exec /opt/venv/bin/python -c 'import sys; from {{module}} import main; sys.exit(main())' "$@"
"""


Variables = Mapping[str, str]
NONE: Variables = MappingProxyType({})


def why_impossible() -> str | None:
    """Return why no systemd can be booted here; None if one can."""
    if os.geteuid() != 0:
        return "only root can boot a systemd in namespaces"
    missing = [each for each in ("unshare", "nsenter", "systemctl") if shutil.which(each) is None]
    if missing or not Path("/lib/systemd/systemd").exists():
        return f"systemd is not installed here ({', '.join(missing) or '/lib/systemd/systemd'})"
    return None


class Box:
    """One booted systemd."""

    def __init__(self, directory: Path) -> None:
        """Prepare units and an installation in a directory of the test's."""
        self._units = directory / "units"
        self._log = directory / "box.log"
        self._installed = directory / "venv"
        self._write_units()
        self._install()
        self._starter: subprocess.Popen[bytes] | None = None
        self._init_pid = 0

    def boot(self) -> None:
        """Start it and wait until it says that it runs."""
        base, packages = sys.base_prefix, sysconfig.get_path("purelib")
        binds = [
            f"{base}:/opt/python", f"{packages}:/opt/packages", f"{ROOT}:/opt/penholder",
            f"{self._installed}:/opt/venv",
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._starter = subprocess.Popen(
                ["bash", str(BOX), str(self._units), *binds],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        until(self._is_running, f"systemd did not boot: {self._log}")
        self.run("ln", "-s", "/opt/penholder", "/opt/current")
        # Any service of a machine's own makes it at boot, and user managers rely on it.
        self.run("mkdir", "-p", "/run/systemd/unit-root")
        # The distribution's own /etc/passwd is below; these users exist in the box only.
        self.run("sh", "-c", "echo ada:x:1001:1001::/home/ada:/bin/sh >>/etc/passwd")
        self.run("sh", "-c", "echo ada:x:1001: >>/etc/group")
        self.run("install", "-d", "-o", "1001", "-g", "1001", "/home/ada")

    def end(self) -> None:
        """Kill it with all that runs inside, and take its control groups away."""
        if self._starter is None:
            return
        if self._init_pid:
            os.kill(self._init_pid, signal.SIGKILL)
        else:
            self._starter.kill()
        self._starter.wait(timeout=30)
        for groups in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")):
            top = groups / f"penholder-box-{self._starter.pid}"
            until(partial(_remove_groups, top), f"{top} cannot be removed")

    def run(
        self,
        *command: str,
        uid: int = 0,
        check: bool = True,
        variables: Variables = NONE,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside and wait for it."""
        done = subprocess.run(
            self.inside(*command, uid=uid, variables=variables),
            capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
        )  # fmt: skip
        if check:
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}\n{self.journal()}"
        return done

    def start(
        self, *command: str, uid: int = 0, variables: Variables = NONE
    ) -> "subprocess.Popen[str]":
        """Start a command inside; its output is a pipe."""
        return subprocess.Popen(
            self.inside(*command, uid=uid, variables=variables),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def inside(self, *command: str, uid: int = 0, variables: Variables = NONE) -> list[str]:
        """Return how a command is run inside, as some user, with an environment of its own."""
        words = ["nsenter", "-t", str(self._init_pid), "-m", "-p", "-C", "-i", "-u", "-n", "--"]
        if uid:
            words += ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]
        given = {
            "PATH": "/opt/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
            "LD_LIBRARY_PATH": _LIBRARIES, "PYTHONWARNINGS": "error", **variables,
        }  # fmt: skip
        return [
            *words,
            "env",
            "-i",
            *(f"{name}={value}" for name, value in given.items()),
            *command,
        ]

    def systemctl(self, *words: str, check: bool = True) -> str:
        """Ask the system manager."""
        return self.run("systemctl", *words, check=check).stdout.strip()

    def show(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.systemctl("show", "--value", "-p", name, unit)

    def main_pid(self, unit: str = "penholder.service") -> int:
        """Return the main process of a service, by the box's numbers; 0 if it does not run."""
        return int(self.show(unit, "MainPID"))

    def python(self, script: str, *words: str, uid: int = 0) -> Any:
        """Run a script with the installed clients; what it prints is JSON."""
        return json.loads(self.run("/opt/venv/bin/python", "-c", script, *words, uid=uid).stdout)

    def journal(self, *words: str) -> str:
        """Return what was logged inside."""
        command = self.inside("journalctl", "--no-pager", "-o", "cat", *words)
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def write(self, path: str, text: str) -> None:
        """Write a file inside."""
        subprocess.run(
            self.inside("tee", path), input=text, text=True, capture_output=True, check=True
        )

    def _is_running(self) -> bool:
        assert self._starter is not None
        assert self._starter.poll() is None, self._log.read_text()
        children = Path(f"/proc/{self._starter.pid}/task/{self._starter.pid}/children").read_text()
        if not children:
            return False
        self._init_pid = int(children.split()[0])
        asked = subprocess.run(
            self.inside("systemctl", "is-system-running"),
            capture_output=True,
            text=True,
            check=False,
        )
        return asked.stdout.strip() == "running"

    def _write_units(self) -> None:
        self._units.mkdir()
        for name in _JOURNAL:
            shutil.copy(_SYSTEM_UNITS / name, self._units)
        for name in _TARGETS:
            (self._units / f"{name}.target").write_text("[Unit]\nDefaultDependencies=no\n")
        (self._units / "box.target").write_text(
            "[Unit]\nDefaultDependencies=no\nWants=systemd-journald.socket\n"
        )

    def _install(self) -> None:
        """Lay out a virtualenv as pip would, with paths as they are inside."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        programs, packages = (
            self._installed / "bin",
            self._installed / "lib" / version / "site-packages",
        )
        programs.mkdir(parents=True)
        packages.mkdir(parents=True)
        (self._installed / "pyvenv.cfg").write_text("home = /opt/python/bin\n")
        (programs / "python").symlink_to(f"/opt/python/bin/{version}")
        roots = [
            "/opt/packages",
            *(f"/opt/current/{each}" for each in ("daemon", "protocol", "clients")),
        ]
        (packages / "penholder.pth").write_text("\n".join(roots) + "\n")
        for name, module in _PROGRAMS.items():
            program = programs / name
            program.write_text(_PROGRAM.format(module=module))
            program.chmod(0o755)


def _remove_groups(top: Path) -> bool:
    if not top.exists():
        return True
    try:
        for group in sorted(top.rglob("*"), key=lambda each: len(each.parts), reverse=True):
            if group.is_dir():
                group.rmdir()
        top.rmdir()
    except OSError:
        return False
    return True
