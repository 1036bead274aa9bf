"""What the log says of where the time of requests went, while many come at once."""

import re
import threading

from tests.helpers.daemon_process import DaemonProcess, make_worker

_TIMES = re.compile(r"(\w+_ms)=(-?\d+)")
_ROUNDS = 25
_AT_ONCE = 4


def _append(daemon: DaemonProcess, events: int) -> None:
    """Append so many events a call, a few calls at a time."""
    with daemon.connect() as control:
        for _ in range(_ROUNDS):
            asked = [
                control.request("event.append_many", worker_id="w", events=[{"type": "t"}] * events)
                for _ in range(_AT_ONCE)
            ]
            for request_id in asked:
                control.answer(request_id)


def test_nothing_took_less_than_no_time(talkative: DaemonProcess) -> None:
    with talkative.connect() as control:
        make_worker(control, worker_id="w")
    # Some take a while, so that others come amid the batch that takes them in.
    threads = [
        threading.Thread(target=_append, args=(talkative, events)) for events in (1, 1, 40, 200)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [line for line in talkative.log().splitlines() if "event.append_many" in line]
    times = [dict(_TIMES.findall(line)) for line in lines]
    carried_out = [each for each in times if "queued_ms" in each]
    assert len(carried_out) == len(threads) * _ROUNDS * _AT_ONCE
    assert [each for each in carried_out if any(int(ms) < 0 for ms in each.values())] == []
