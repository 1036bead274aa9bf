"""`penholder send`: a text to a worker, typed into its terminal or put into its post."""

import sys
from collections.abc import Sequence

import msgspec

from penholder.blocking import Client
from penholder.cli.attach import dialing
from penholder.cli.attach.steering import Steering, steering
from penholder.cli.run import again
from penholder.cli.run.asking import NoRunner
from penholder.cli.run.pty_input import MAX_WAITING_BYTES
from penholder.cli.terminal import output
from penholder.cli.terminal.failures import NOT_IN_THIS_STATE, Failure, Usage
from penholder.cli.terminal.text import printable
from penholder.cli.words import afar, frame
from penholder.cli.words.attach import refuse_ended
from penholder.cli.workers import names
from penholder_protocol.nouns import Input, Worker

MAX_TEXT_BYTES = MAX_WAITING_BYTES
_MORE = """\
A worker with a terminal (penholder run --pty) gets it typed, and Enter after it; a line there holds
4095 bytes, unless the program reads keys. Any other worker gets it in its post, as an input of kind
text with data {text}, which it reads with input.next on its own socket.

While the worker's controller has an owner, only the owner sends: --take-over replaces it for this
act."""


class _Sent(msgspec.Struct):
    worker_id: str
    label: str
    input: Input | None
    """What lies in its post; None where it was typed."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder send words…`; returns the exit code."""
    parser = frame.parser(
        "send",
        "NAME TEXT [--no-enter]",
        "Send a text to a worker.",
        ["penholder send vim-1 ':wq'", "penholder send --no-enter vim-1 i",
         "git diff | penholder send reviewer -"],
        _MORE,
    )  # fmt: skip
    frame.add_names(parser, several=False)
    parser.add_argument(
        "text",
        nargs="+",
        metavar="TEXT",
        help="in quotes; - is stdin without its last newline; 64 KiB at most",
    )
    parser.add_argument("--no-enter", action="store_true", help="type no Enter after it")
    frame.add_controller(parser)
    found, options = frame.read(parser, words, fence=True)
    # Before anything is asked: what is wrong by itself needs no daemon.
    text = _text(found.text, enter=not found.no_enter)
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        refuse_ended(client, worker)
        with steering(client, options, worker) as steers:
            if steers.refusal is not None:
                raise steers.refusal
            sent = _send(client, worker, steers, text, enter=not found.no_enter)
    if options.json:
        output.print_json(msgspec.json.encode(_Sent(worker.worker_id, worker.label, sent)))
    return 0


def _text(words: Sequence[str], *, enter: bool) -> str:
    if len(words) > 1:
        raise Usage("penholder send takes one TEXT: put it in quotes")
    text = _read_stdin(keeps_newline=not enter) if words[0] == "-" else words[0]
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise Usage(f"a text has {MAX_TEXT_BYTES} bytes at most, this one has more")
    if not text and not enter:
        raise Usage("there is nothing to send: TEXT is empty, and --no-enter leaves Enter out")
    return text


def _read_stdin(*, keeps_newline: bool) -> str:
    # No more than it takes to see that it is too much: stdin may never end.
    read = sys.stdin.buffer.read(MAX_TEXT_BYTES + 2)
    if len(read) > MAX_TEXT_BYTES + 1:
        raise Usage(f"a text has {MAX_TEXT_BYTES} bytes at most, this one has more")
    try:
        text = read.decode()
    except UnicodeDecodeError:
        raise Usage("what comes on stdin is not UTF-8, so it is no text") from None
    return text if keeps_newline else text.removesuffix("\n")


def _send(
    client: Client, worker: Worker, steers: Steering, text: str, *, enter: bool
) -> Input | None:
    try:
        dialing.type_text(worker, text, enter=enter)
        return None
    except dialing.Refused as error:
        raise Failure(f"cannot send to {worker.worker_id}: {error}", NOT_IN_THIS_STATE) from None
    except NoRunner as error:
        if worker.runtime_socket is None:
            return _post(client, worker, steers, text)
        if not afar.is_elsewhere(worker):
            raise Failure(f"cannot send: {error}", NOT_IN_THIS_STATE) from None
        # Whoever can be asked whether there is a terminal is there; what was kept says it here.
        if again.has_terminal(client, worker) is False:
            return _post(client, worker, steers, text)
        raise _out_of_reach(client, worker) from None
    except dialing.NoTerminal:
        return _post(client, worker, steers, text)


def _out_of_reach(client: Client, worker: Worker) -> Failure:
    way = afar.way(client, worker, f"send {worker.worker_id} TEXT")
    return Failure(
        f"cannot send: the terminal of {printable(worker.label)} is on"
        f" {afar.host_of(client, worker)}; {way}",
        NOT_IN_THIS_STATE,
    )


def _post(client: Client, worker: Worker, steers: Steering, text: str) -> Input:
    about = {"worker_id": worker.worker_id, "fence": steers.fence}
    params = {**about, "kind": "text", "data": {"text": text}}
    return client.call("worker.send", params, Input)
