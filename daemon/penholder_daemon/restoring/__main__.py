"""`python -m penholder_daemon.restoring FILE`: what `penholder restore` runs.

Exit status: as `programs` says, and 2 for wrong usage.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

import msgspec

from penholder_daemon import programs
from penholder_daemon.restoring.restore import Restored, restore
from penholder_daemon.shell.paths import default_state_dir


def main() -> int:
    """Restore one backup; returns the exit status."""
    say = partial(print, file=sys.stderr)
    return programs.main(_parse(), _carry_out, say, undone="nothing was restored")


def _carry_out(arguments: argparse.Namespace) -> None:
    done = restore(arguments.file.absolute(), arguments.state_dir.absolute())
    if programs.wants_json(arguments.json):
        print(msgspec.json.encode(done).decode())
    else:
        _say(done)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="penholder restore", description="Restore a backup.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--state-dir", type=Path, default=default_state_dir())
    parser.add_argument("--json", action=argparse.BooleanOptionalAction)
    return parser.parse_args()


def _say(done: Restored) -> None:
    upgraded = "" if done.schema_version == done.from_schema else f", from {done.from_schema}"
    print(
        f"restored {done.file}: {done.entries:,} entries up to position {done.pos:,},"
        f" schema {done.schema_version}{upgraded}"
    )
    kept = "there was no database before" if done.kept is None else f"{done.kept} is the one before"
    print(f"  {kept}")
    ended = msgspec.structs.asdict(done.ended)
    print(f"  ended: {', '.join(f'{n} {name}'.replace('_', ' ') for name, n in ended.items())}")
    print(f"  new entries come after position {done.goes_on_after:,}")
    print(
        "  start the daemon with `penholder up`, or under systemd with"
        " `systemctl --user start penholder.socket`"
    )


if __name__ == "__main__":
    raise SystemExit(main())
