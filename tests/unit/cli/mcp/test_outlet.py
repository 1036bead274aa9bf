"""Messages out: whole lines, in order, and never in the way of who says them."""

import os
import threading

from penholder.cli.mcp.outlet import Outlet


def test_each_message_is_one_line() -> None:
    source, sink = os.pipe()
    outlet = Outlet(sink, lambda: None)
    outlet.put(b'{"a":\n1,\r\n"b":2}')
    outlet.put(b"{}")
    outlet.drain(10)
    assert os.read(source, 1000) == b'{"a": 1,  "b":2}\n{}\n'
    os.close(source)


def test_who_does_not_read_holds_up_nobody_and_is_seen() -> None:
    source, sink = os.pipe()
    changed = threading.Event()
    outlet = Outlet(sink, changed.set)
    for _ in range(9):
        outlet.put(b"x" * (1 << 20))
    was_full = outlet.is_full
    assert not changed.is_set()
    outlet.drain(0)
    read = 0
    while read < 9 * ((1 << 20) + 1):
        read += len(os.read(source, 1 << 20))
    assert changed.wait(10)
    assert (was_full, outlet.is_full) == (True, False)
    os.close(source)


def test_that_nobody_reads_is_told() -> None:
    source, sink = os.pipe()
    changed = threading.Event()
    outlet = Outlet(sink, changed.set)
    os.close(source)
    outlet.put(b"{}")
    assert changed.wait(10)
    assert outlet.is_broken
    outlet.put(b"{}")
    outlet.drain(10)
