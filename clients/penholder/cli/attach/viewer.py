"""The loop of `penholder attach`: between a runner's socket and this terminal.

One thread waits for all: keys, output, signals. Whatever ends it, the terminal gets back its modes,
and what the program had switched on in it is switched off. Keys are not read while what was typed
before is still on its way, so that a paste is not kept here; output is not read while the terminal
does not take it, which the runner does not wait for.
"""

import os
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

import msgspec

from penholder.cli.attach.dialing import Attached
from penholder.cli.attach.keys import PATIENCE_S, DetachKeys
from penholder.cli.run.copying import copy_all, is_hung_up
from penholder.cli.run.frames import (
    FROM_RUNNERS,
    BadFrame,
    Decoder,
    Ended,
    Kind,
    encode,
    encode_size,
)
from penholder.cli.run.pty_modes import Modes
from penholder.cli.run.pty_own import Terminal

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_TAKEN = (*_ENDING, signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP)
_READ_BYTES = 64 << 10
_MOST_UNSENT_BYTES = 64 << 10
_CTRL_C = b"\x03"


class How(Enum):
    """How a viewing ended."""

    ENDED = auto()
    DETACHED = auto()
    SIGNALED = auto()
    LOST = auto()
    """The runner closed: it was killed, or this viewer has not read for too long."""


class Outcome(msgspec.Struct, frozen=True):
    """What ended a viewing."""

    how: How
    ended: Ended | None = None
    number: int = 0


class Viewer:
    """One viewing, from attached to detached."""

    def __init__(
        self, attached: Attached, terminal: Terminal | None, output_fd: int, *, view: bool
    ) -> None:
        """Take a connection that was made; keys come from `terminal`, if there is one."""
        self._socket = attached.socket
        self._socket.setblocking(False)
        self._terminal = terminal
        self._output_fd = output_fd
        self._is_view = view
        self._decoder = Decoder(FROM_RUNNERS)
        self._first = attached.rest
        self._keys = DetachKeys()
        self._modes = Modes()
        self._last = b"\n"
        self._unsent = b""
        self._reads_keys = False
        self._outcome: Outcome | None = None

    def run(self) -> Outcome:
        """View until the end; the terminal is given back before it returns or raises."""
        with _signals() as woken:
            try:
                self._enter()
                self._receive(self._first)
                while self._outcome is None:
                    self._wait(woken)
                return self._outcome
            finally:
                self._leave()

    def _wait(self, woken: int) -> None:
        poll = select.poll()
        poll.register(woken, select.POLLIN)
        sends = select.POLLOUT if self._unsent else 0
        poll.register(self._socket, select.POLLIN | sends)
        if self._terminal is not None and self._reads_keys and self._has_room:
            poll.register(self._terminal.descriptor, select.POLLIN)
        ready = dict(poll.poll(PATIENCE_S * 1000 if self._keys.is_waiting else None))
        if not ready:
            self._type(self._keys.give_up())
        if woken in ready:
            for number in os.read(woken, _READ_BYTES):
                self._signaled(signal.Signals(number))
        if self._terminal is not None and self._terminal.descriptor in ready:
            self._read_keys(self._terminal.descriptor)
        if self._socket.fileno() in ready:
            self._read_output()
            self._send()

    @property
    def _has_room(self) -> bool:
        return len(self._unsent) < _MOST_UNSENT_BYTES

    def _signaled(self, number: signal.Signals) -> None:
        if number == signal.SIGTSTP:
            self._stop()
        elif number in (signal.SIGWINCH, signal.SIGCONT):
            self._enter()
        else:
            self._end(Outcome(How.SIGNALED, number=number))

    def _stop(self) -> None:
        """Stop as if nobody had taken the signal; the terminal is its owner's meanwhile."""
        self._leave()
        taken = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, taken)

    def _read_keys(self, descriptor: int) -> None:
        try:
            typed = os.read(descriptor, _READ_BYTES)
        except OSError:  # hung up
            typed = b""
        if not typed:
            self._end(Outcome(How.DETACHED))
            return
        self._type(self._keys.feed(typed))
        if self._keys.is_detached or (self._is_view and _CTRL_C in typed):
            self._end(Outcome(How.DETACHED))

    def _type(self, typed: bytes) -> None:
        if typed and not self._is_view:
            self._unsent += encode(Kind.INPUT, typed)
            self._send()

    def _send(self) -> None:
        with suppress(BlockingIOError):
            while self._unsent:
                try:
                    sent = self._socket.send(self._unsent, socket.MSG_NOSIGNAL)
                except (BrokenPipeError, ConnectionResetError):
                    # What it said last may still be there to be read.
                    self._unsent = b""
                    return
                self._unsent = self._unsent[sent:]

    def _read_output(self) -> None:
        try:
            chunk = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if chunk:
            self._receive(chunk)
        else:
            self._end(Outcome(How.LOST))

    def _receive(self, chunk: bytes) -> None:
        try:
            for kind, payload in self._decoder.feed(chunk):
                if kind is Kind.OUTPUT:
                    self._show(payload)
                else:
                    ended = msgspec.json.decode(payload, type=Ended)
                    self._end(Outcome(How.ENDED, ended))
        except (BadFrame, msgspec.MsgspecError):
            self._end(Outcome(How.LOST))

    def _show(self, written: bytes) -> None:
        if not written:
            return
        self._modes.feed(written)
        self._last = written[-1:]
        try:
            copy_all(written, self._output_fd)
        except OSError as error:
            if is_hung_up(error, self._output_fd):
                raise BrokenPipeError from None
            raise

    def _end(self, outcome: Outcome) -> None:
        self._outcome = self._outcome or outcome

    def _enter(self) -> None:
        if self._terminal is None:
            return
        self._reads_keys = self._terminal.enter()
        size = self._terminal.size()
        if size is not None and not self._is_view:
            self._unsent += encode_size(size)
            self._send()

    def _leave(self) -> None:
        """Leave the terminal as a shell needs it."""
        if self._terminal is None:
            return
        if os.isatty(self._output_fd):
            # At the begin of a line: a message, or a prompt, must not hang on what was written.
            newline = b"" if self._last == b"\n" else b"\r\n"
            with suppress(OSError):  # it may have gone
                copy_all(self._modes.switched_back() + newline, self._output_fd)
        self._terminal.leave()


@contextmanager
def _signals() -> Iterator[int]:
    """Yield a descriptor on which the numbers of signals come, one byte each."""
    woken, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    taken = {
        number: signal.signal(number, _note)
        for number in _TAKEN
        if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield woken
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in taken.items():
            signal.signal(number, handler)
        os.close(woken)
        os.close(wakes)


def _note(_number: int, _frame: object) -> None:
    """Take a signal that the pipe tells."""
