"""`penholder metrics`: the daemon's figures for Prometheus, on stdout or as a file to collect."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from penholder.cli.terminal import files, output, targets
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Parser, add_common, normalized, parse_known, read_options

_DESCRIPTION = """\
Print the daemon's figures in the text format of Prometheus. With --out they replace FILE at once,
for the textfile collector of node_exporter: its name ends in .prom then."""


class _Metrics(msgspec.Struct):
    text: str


def run(words: Sequence[str]) -> int:
    """Carry out `penholder metrics words…`; returns the exit code."""
    parser = Parser(prog="penholder metrics", description=_DESCRIPTION)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write here, mode 0644")
    add_common(parser)
    found = parse_known(parser, normalized(words))
    options = read_options(found)
    with targets.connect(targets.choose(options), options.operation) as client:
        answer = client.call_raw("daemon.metrics")
    if found.out is not None:
        _write(found.out, _text(answer))
    elif options.json:
        output.print_json(bytes(answer))
    else:
        print(_text(answer), end="")
    return 0


def _text(answer: msgspec.Raw) -> str:
    return msgspec.json.decode(answer, type=_Metrics).text


def _write(path: Path, text: str) -> None:
    try:
        files.replace(path, text)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}; it is as it was") from None
