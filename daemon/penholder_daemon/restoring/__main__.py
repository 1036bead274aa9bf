"""`python -m penholder_daemon.restoring FILE`: what `penholder restore` runs.

Exit status: as `programs` says, 2 for wrong usage, and 141 where nobody reads the output.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

import msgspec

from penholder_daemon import programs
from penholder_daemon.restoring.restore import Restored, restore
from penholder_daemon.shell.disk.paths import absolute


def main() -> int:
    """Restore one backup; returns the exit status."""
    say = partial(print, file=sys.stderr)
    return programs.main(_parse(), _carry_out, say, undone="nothing was restored")


def _carry_out(arguments: argparse.Namespace) -> str:
    done = restore(
        absolute(arguments.file),
        programs.state_dir(arguments),
        without_blobs=arguments.without_blobs,
    )
    if programs.wants_json(arguments.json):
        return f"{msgspec.json.encode(done).decode()}\n"
    return _summary(done)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="penholder restore", description="Restore a backup.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--state-dir", type=Path)
    parser.add_argument("--without-blobs", action="store_true")
    parser.add_argument("--json", action=argparse.BooleanOptionalAction)
    return parser.parse_args()


def _summary(done: Restored) -> str:
    upgraded = "" if done.schema_version == done.from_schema else f", from {done.from_schema}"
    kept = "there was no database before" if done.kept is None else f"{done.kept} is the one before"
    lost = f", {done.lost_blobs:,} LOST" if done.lost_blobs else ""
    blobs = f"  {done.blobs:,} blobs{lost}\n" if done.blobs or done.lost_blobs else ""
    ended = msgspec.structs.asdict(done.ended)
    return (
        f"restored {done.file}: {done.entries:,} entries up to position {done.pos:,},"
        f" schema {done.schema_version}{upgraded}\n"
        f"{blobs}"
        f"  {kept}\n"
        f"  ended: {', '.join(f'{n} {name}'.replace('_', ' ') for name, n in ended.items())}\n"
        f"  new entries come after position {done.goes_on_after:,}\n"
        "  start the daemon with `penholder up`, or under systemd with"
        " `systemctl --user start penholder.socket`\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
