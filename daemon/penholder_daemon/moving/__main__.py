"""`python -m penholder_daemon.moving`: what `penholder import` and `penholder export` run.

Exit status: as `programs` says, and 2 for wrong usage.
"""

import argparse
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import msgspec

from penholder_daemon import programs
from penholder_daemon.moving import (
    blackboard,
    blobs,
    jsonl,
    langbot_state,
    outfile,
    progress,
    subagent_cli,
)
from penholder_daemon.moving.blobs import Incoming
from penholder_daemon.moving.skipping import Skipping
from penholder_daemon.moving.source import open_source
from penholder_daemon.moving.target import Target, opened
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk.blob_files import BlobFiles
from penholder_daemon.shell.disk.paths import Paths
from penholder_protocol.limits import MAX_FRAME_BYTES

_LONGEST_LINE_BYTES = 64 * MAX_FRAME_BYTES
"""No row holds more than a few values that came in a frame each, however they are written."""
_SOURCES: dict[str, ModuleType] = {
    "subagent-cli": subagent_cli,
    "blackboard": blackboard,
    "langbot-state": langbot_state,
}


class Moved(msgspec.Struct):
    """What an import or export did."""

    source: str
    dry_run: bool
    added: dict[str, int]
    present: dict[str, int]
    skipped: int
    """Rows and numbers that the file of --skip-bad names."""


def main() -> int:
    """Run one import or export; returns its exit status."""
    say = partial(print, file=sys.stderr)
    arguments = _parse()
    undone = "nothing was written" if arguments.command == "export" else "nothing was moved"
    return programs.main(arguments, _carry_out, say, undone=undone)


def _carry_out(arguments: argparse.Namespace) -> str:
    if arguments.command == "export":
        _export(arguments.file, programs.state_dir(arguments))
        return ""
    return _summary(_import(arguments), as_json=programs.wants_json(arguments.json))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="penholder", description="Move in or out.")
    commands = parser.add_subparsers(dest="command", required=True)
    import_ = commands.add_parser("import")
    import_.add_argument("source", choices=[*_SOURCES, "jsonl"])
    import_.add_argument("path", type=Path)
    import_.add_argument("--dry-run", action="store_true")
    import_.add_argument("--skip-bad", type=Path)
    export = commands.add_parser("export")
    export.add_argument("file", type=Path, nargs="?", default=Path("-"))
    for each in (import_, export):
        each.add_argument("--state-dir", type=Path)
        each.add_argument("--json", action=argparse.BooleanOptionalAction)
    return parser.parse_args()


def _import(arguments: argparse.Namespace) -> Moved:
    source: str = arguments.source
    move = _import_lines if source == "jsonl" else _import_database
    target, skipped = move(arguments)
    added, present = _counts(target.added), _counts(target.present)
    return Moved(source, arguments.dry_run, added, present, skipped)


def _import_database(arguments: argparse.Namespace) -> tuple[Target, int]:
    module = _SOURCES[arguments.source]
    skipped = Skipping(arguments.skip_bad)
    with (
        open_source(arguments.path, module.PROGRAM, skipped) as source,
        opened(programs.state_dir(arguments), dry_run=arguments.dry_run) as target,
        progress.shown(f"from {arguments.source}", source.count()) as source.advance,
    ):
        module.move(source, target)
        # All of this before the transaction ends: whatever is refused here undoes the whole import.
        target.check()
        source.check_unchanged()
        skipped.write()
    return target, skipped.count


def _import_lines(arguments: argparse.Namespace) -> tuple[Target, int]:
    if arguments.skip_bad is not None:
        raise Refused("--skip-bad is for databases of other programs; an export is whole or none")
    with _lines(arguments.path) as lines:
        header = jsonl.read_head(lines)
        rows = sum(header.tables.values())
        with (
            opened(programs.state_dir(arguments), dry_run=arguments.dry_run) as target,
            progress.shown("from JSON lines", rows) as advance,
        ):
            # A dry run makes nothing where nothing is.
            incoming = Incoming(None if arguments.dry_run else _files(arguments))
            jsonl.move(header, lines, target, incoming, advance)
            target.check()
    return target, 0


def _files(arguments: argparse.Namespace) -> BlobFiles:
    directory = programs.state_dir(arguments)
    return BlobFiles(Paths(directory, directory).blobs_dir)


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[bytes]]:
    if str(path) == "-":
        yield _bounded(sys.stdin.buffer)
        return
    # Opening a pipe by its name would wait for a writer; of one that is open there already is one.
    if stat.S_ISFIFO(path.stat().st_mode) and not str(path).startswith(("/dev/", "/proc/")):
        raise Refused(f"{path} is a named pipe; give it as standard input: import jsonl - < {path}")
    with path.open("rb") as file:
        yield _bounded(file)


def _bounded(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of what may be no text at all: without an end of a line all would be held."""
    for number in count(1):
        line = file.readline(_LONGEST_LINE_BYTES)
        if not line:
            return
        if len(line) == _LONGEST_LINE_BYTES:
            raise Refused(f"line {number} is longer than any of an export")
        yield line


def _export(file: Path, state_dir: Path) -> None:
    if not (state_dir / "penholder.db").exists():
        raise Refused(f"there is no database in {state_dir}")
    # As a dry run: under the lock, so that no daemon writes meanwhile, and nothing of it is kept.
    with opened(state_dir, dry_run=True) as target, outfile.opened(file) as out:
        rows = sum(jsonl.head(target.store).tables.values())
        with progress.shown("to JSON lines", rows) as advance:
            for line in jsonl.write(target.store):
                out.write(line)
                advance(1)
            for line in blobs.write(target.store, BlobFiles(Paths(state_dir, state_dir).blobs_dir)):
                out.write(line)


def _counts(counter: Counter[str]) -> dict[str, int]:
    return {name: rows for name, rows in counter.items() if rows}


def _summary(moved: Moved, *, as_json: bool) -> str:
    if as_json:
        return f"{msgspec.json.encode(moved).decode()}\n"
    verb = "would be added" if moved.dry_run else "added"
    lines = [f"{_total(moved.added)} {verb}, {_total(moved.present)} here already"]
    for name in {**moved.added, **moved.present}:
        added, present = moved.added.get(name, 0), moved.present.get(name, 0)
        lines.append(f"  {name:<16}{added:>10,} {verb:<16}{present:>10,} here already")
    if moved.skipped:
        lines.append(f"{moved.skipped:,} skipped; the file of --skip-bad says which and why")
    return "\n".join([*lines, ""])


def _total(counts: dict[str, int]) -> str:
    return f"{sum(counts.values()):,} rows"


if __name__ == "__main__":
    raise SystemExit(main())
