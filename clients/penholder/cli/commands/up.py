"""`penholder up`: the daemon in the background, where no service manager starts it."""

import os
import stat
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from penholder import paths
from penholder.cli.commands import status
from penholder.cli.daemon_process import outliving, presence
from penholder.cli.daemon_process.executables import daemon_command
from penholder.cli.terminal import output, targets
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import (
    Options,
    Parser,
    add_common,
    normalized,
    parse_known,
    read_options,
)

_READY = b"READY"
_START_S = 60.0
_LOOK_S = 0.02
_ANSWER_S = 10.0
"""What a daemon gets that is there and does not answer yet."""
_LONGEST_TAIL_BYTES = 4096
_NAMES_OF_PATHS = (
    "PENHOLDER_STATE_DIR",
    "PENHOLDER_RUNTIME_DIR",
    "PENHOLDER_CONFIG",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
)


class _Up(msgspec.Struct):
    running: bool
    started: bool
    pid: int
    socket: str
    state_dir: str


def run(words: Sequence[str]) -> int:
    """Carry out `penholder up words…`; returns the exit code."""
    parser = Parser(
        prog="penholder up",
        description="Start the daemon in the background and wait until it is ready.",
    )
    parser.add_argument("--config", metavar="FILE", help="configuration of the daemon")
    parser.add_argument(
        "--change-store",
        action="store_true",
        help="serve the store that is configured though the state was in another one",
    )
    add_common(parser, sockets=False)
    found = parse_known(parser, normalized(words))
    options = read_options(found)
    more = ["--config", os.path.abspath(found.config)] if found.config else []
    if found.change_store:
        more.append("--change-store")
    running = _running(options)
    if running is not None:
        _refuse_other(running, options)
        if found.change_store:
            raise Failure(
                f"a daemon (process {running.pid}) runs already, and serves what it has begun with;"
                " stop it with `penholder down`, then start it so"
            )
        return _tell_up(running, options, started=False)
    if not _start(options, more):
        # Somebody else started one in the same moment, which is as good.
        running = _running(options)
    return _tell_up(running or status.record(options), options, started=running is None)


def ensure(options: Options) -> None:
    """Start the daemon where there is none, as `penholder up` does, and say nothing."""
    running = _running(options)
    if running is not None:
        _refuse_other(running, options)
    else:
        _start(options, [])


def _running(options: Options) -> status.Running | None:
    """Return the daemon that runs there; one that starts, or makes its files again, gets time."""
    deadline = time.monotonic() + _ANSWER_S
    while True:
        try:
            return status.running(options)
        except presence.DoesNotAnswer as silent:
            if silent.is_elsewhere:
                raise Failure(str(silent)) from None  # no patience makes it serve elsewhere
            if time.monotonic() > deadline:
                raise
        time.sleep(_LOOK_S)


def _refuse_other(running: status.Running, options: Options) -> None:
    wanted = options.state_dir
    if wanted and not _same(wanted, running.state_dir):
        raise Failure(
            f"a daemon (process {running.pid}) runs there already, with the state directory"
            f" {running.state_dir} and not {wanted}"
        )


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _tell_up(running: status.Running, options: Options, *, started: bool) -> int:
    socket = str(targets.choose(options).path)
    if output.wants_json(options.json):
        answer = _Up(True, started, running.pid, socket, running.state_dir)
        output.print_json(msgspec.json.encode(answer))
    else:
        verb = "started" if started else "is running already"
        print(f"penholderd {verb}: process {running.pid}, socket {socket}")
    return 0


def _start(options: Options, more: list[str]) -> bool:
    """Start the daemon and wait; False if it gave way to one that runs. Raises Failure."""
    log = Path(options.state_dir or paths.default_state_dir()) / "penholderd.log"
    opened = _open_log(log)
    try:
        # The log goes on from earlier runs; only what comes behind this is of the new one.
        begin = os.fstat(opened).st_size
        process = subprocess.Popen(
            [*daemon_command(), *_directories(options), *more],
            stdin=subprocess.DEVNULL,
            stdout=opened,
            stderr=opened,
            cwd="/",
            env=_environment(),
            # Away from the terminal: its signals and its end are not meant for the daemon.
            start_new_session=True,
        )
    except OSError as error:
        raise Failure(f"penholderd cannot be started: {error}") from None
    finally:
        os.close(opened)
    return _wait_until_ready(process, log, begin, options)


def _open_log(log: Path) -> int:
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags_ = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        opened = os.open(log, flags_, 0o600)
    except OSError as error:
        raise Failure(
            f"cannot open the log {log}: {error.strerror}; have its directory writable, or choose"
            " another with --state-dir DIR or PENHOLDER_STATE_DIR"
        ) from None
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        # In a pipe nobody finds what the daemon has said, and it would wait for who reads it.
        raise Failure(f"the log {log} is no plain file: move it away")
    # One from before may have another mode.
    os.fchmod(opened, 0o600)
    return opened


def _directories(options: Options) -> list[str]:
    given = {"--state-dir": options.state_dir, "--runtime-dir": options.runtime_dir}
    return [
        word for flag, value in given.items() if value for word in (flag, os.path.abspath(value))
    ]


def _environment() -> dict[str, str]:
    """Name directories so that the daemon, which works in another one, finds the same."""
    given = {name: os.environ.get(name) for name in _NAMES_OF_PATHS}
    absolute = {name: os.path.abspath(value) for name, value in given.items() if value}
    return outliving.environment({**os.environ, **absolute})


def _wait_until_ready(
    process: "subprocess.Popen[bytes]", log: Path, begin: int, options: Options
) -> bool:
    """Watch the log, where the daemon's stdout goes: a pipe would break when this program ends."""
    deadline = time.monotonic() + _START_S
    with log.open("rb") as file:
        while True:
            # Before the log is read: what it said before it ended is then in there.
            code = process.poll()
            file.seek(begin)
            said = file.read()
            if any(line.startswith(_READY) for line in said.splitlines()):
                _disown(process)
                return True
            if code is not None:
                # It gave way to another one, which is as good.
                if _running(options) is not None:
                    return False
                raise Failure(
                    f"penholderd ended with exit status {code}; {log} says:\n{_end(said)}"
                )
            if time.monotonic() > deadline:
                _disown(process)
                raise Failure(f"penholderd is not ready after {_START_S:.0f} s; see {log}")
            time.sleep(_LOOK_S)


def _disown(process: "subprocess.Popen[bytes]") -> None:
    """Let the daemon outlive this program without a complaint that nobody waited for it."""
    process.returncode = 0


def _end(said: bytes) -> str:
    return said[-_LONGEST_TAIL_BYTES:].decode("utf-8", "replace").strip() or "(nothing)"
