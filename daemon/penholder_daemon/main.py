"""`penholderd`: the daemon program, in the foreground.

Floor 4: flags and settings in, one `Daemon` run, an exit status out.
"""

import argparse
import faulthandler
import gc
import os
import signal
import sys
from functools import partial
from pathlib import Path

import penholder_daemon.light_imports  # noqa: F401 - before all that imports msgspec or structlog

# isort: split
import apsw
import msgspec
import trio

from penholder_daemon.about import about
from penholder_daemon.shell.disk.lock import AlreadyRunning
from penholder_daemon.shell.disk.paths import (
    Paths,
    UnusablePath,
    absolute,
    default_config,
    default_runtime_dir,
    default_state_dir,
)
from penholder_daemon.shell.kernel.allocator import give_back_what_is_large
from penholder_daemon.shell.kernel.descriptors import TooFewDescriptors
from penholder_daemon.shell.kernel.standard_streams import open_missing, say, tell
from penholder_daemon.shell.observing import logs
from penholder_daemon.shell.running.daemon import Daemon
from penholder_daemon.shell.settings import (
    Settings,
    UnusableSettings,
    load,
    with_store_url,
)
from penholder_daemon.shell.store import place
from penholder_daemon.shell.store.opening import UnusableDatabase, UnwritableDatabase
from penholder_daemon.shell.systemd.notify import notify
from penholder_protocol import __version__

_SWITCH_SECONDS = 0.0005
"""How long a thread may keep the GIL while another wants it; Python's 5 ms is many commits."""
_COLLECTIONS = (20_000, 20, 10)
"""Objects between two collections of each generation: few of ours are in cycles, and Python's 700
are made by some tens of requests."""
_STDOUT = 1
_STDERR = 2
_LAST_LINES_SECONDS = 1.0
_BROKEN_PIPE = 128 + signal.SIGPIPE
_STORE_URL = "PENHOLDER_STORE_URL"
_CANNOT_START = 78
"""EX_CONFIG of sysexits.h: starting again as it is will not help."""
_UNUSABLE = (
    UnusableSettings, UnusablePath, UnusableDatabase, AlreadyRunning, TooFewDescriptors
)  # fmt: skip


def main() -> int:
    """Run the daemon; returns its exit status."""
    # Before anything is opened, which would get one of these numbers.
    open_missing()
    try:
        return _run()
    finally:
        # What ended the daemon is in the last lines, which a thread has still to write.
        logs.drain(_LAST_LINES_SECONDS)


def _run() -> int:
    # Whoever starts a program may leave signals blocked in it: SIGTERM would then stop nothing.
    # SIGHUP waits for who obeys it.
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGHUP})
    arguments = _parse()
    if arguments.about:
        return _tell_about(arguments)
    try:
        read_settings = partial(_settings, arguments)
        settings = read_settings()
        paths = _paths(arguments, settings)
        logs.set_up(settings.log_format, settings.log_level)
        daemon = Daemon(paths, settings, read_settings, changes_store=arguments.change_store)
    # 1, not 78: a disk that is full may have room at the next try, so systemd is to try again.
    except UnwritableDatabase as error:
        say(_STDERR, f"penholderd: {error}")
        return 1
    except _UNUSABLE as error:
        say(_STDERR, f"penholderd: {error}")
        return _CANNOT_START
    except (OSError, apsw.Error) as error:
        say(_STDERR, f"penholderd: cannot start: {error}")
        return 1
    # The watchdog ends a hung daemon with SIGABRT: where every thread was is then in the log.
    faulthandler.enable(_STDERR)
    # The loop and the writer take turns at the interpreter; each mutation needs both.
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(*_COLLECTIONS)
    give_back_what_is_large()
    return trio.run(daemon.run, lambda: _say_ready(paths))


class _Parser(argparse.ArgumentParser):
    """A parser whose help is written, or which says that it cannot be."""

    def _print_message(self, message: str, file: object = None) -> None:
        if file is sys.stderr:
            say(_STDERR, message.removesuffix("\n"))
        else:
            _tell(message.removesuffix("\n"))


def _tell(line: str) -> None:
    """Say what was asked for, or why it cannot be said; then the program ends with 1."""
    try:
        tell(_STDOUT, line)
    except BrokenPipeError:
        raise SystemExit(_BROKEN_PIPE) from None
    except OSError as error:
        say(_STDERR, f"penholderd: the output cannot be written: {error.strerror}")
        raise SystemExit(1) from None


def _parse() -> argparse.Namespace:
    parser = _Parser(
        prog="penholderd",
        description="Holds the only writer of a fleet's shared state and serves it over sockets.",
    )
    parser.add_argument("--state-dir", type=Path, help="where the database is")
    parser.add_argument("--runtime-dir", type=Path, help="where the sockets are")
    parser.add_argument(
        "--store-url", help="a PostgreSQL that keeps the state; see docs/several.md"
    )
    parser.add_argument(
        place.CHANGE,
        action="store_true",
        help="serve that store though the state was in another, where another history begins",
    )
    parser.add_argument("--config", type=Path, help="a TOML file; see docs/settings.md")
    parser.add_argument(
        "--about",
        action="store_true",
        help="say as JSON what would start and whether it could, start nothing; 78 if not",
    )
    parser.add_argument("--log-format", choices=("json", "console"), help="of lines on stderr")
    parser.add_argument("--version", action="version", version=f"penholderd {__version__}")
    return parser.parse_args()


def _config(arguments: argparse.Namespace) -> Path | None:
    given: Path | None = arguments.config
    return given or default_config()


def _settings(arguments: argparse.Namespace) -> Settings:
    """Read the file that is there now, under the flags; raises UnusableSettings."""
    settings = load(_config(arguments))
    # Unlike the directories: a file that many machines share leaves to each where its store is.
    if arguments.store_url is not None:
        settings = with_store_url(settings, arguments.store_url, "--store-url")
    elif url := os.environ.get(_STORE_URL):
        settings = with_store_url(settings, url, _STORE_URL)
    settings.store.require_url()
    if arguments.log_format is None:
        return settings
    return msgspec.structs.replace(settings, log_format=arguments.log_format)


def _tell_about(arguments: argparse.Namespace) -> int:
    try:
        told = about(
            _config(arguments),
            partial(_settings, arguments),
            partial(_paths, arguments),
            changes_store=arguments.change_store,
        )
    except UnusablePath as error:
        say(_STDERR, f"penholderd: {error}")
        return _CANNOT_START
    _tell(msgspec.json.encode(told).decode())
    return _CANNOT_START if told.problem else 0


def _paths(arguments: argparse.Namespace, settings: Settings) -> Paths:
    """Find the directories: flag, then file, then environment, then the user's default."""
    state_dir: Path = arguments.state_dir or _given(settings.state_dir) or default_state_dir()
    runtime_dir: Path = (
        arguments.runtime_dir or _given(settings.runtime_dir) or default_runtime_dir()
    )
    return Paths(absolute(state_dir), absolute(runtime_dir))


def _given(setting: str | None) -> Path | None:
    try:
        return None if setting is None else Path(setting).expanduser()
    except RuntimeError:
        raise UnusablePath(f"{setting} is below a home directory that is not known") from None


def _say_ready(paths: Paths) -> None:
    """Tell who waits for it: systemd by its socket, anybody else by a line on stdout."""
    if notify("READY=1"):
        return
    say(_STDOUT, f"READY pid={os.getpid()} control={paths.control_socket}")


if __name__ == "__main__":
    raise SystemExit(main())
