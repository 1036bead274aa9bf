"""JSON on a terminal: what a worker wrote moves no cursor there either, and the value is the same.

JSON has to escape the control characters of ASCII only. A terminal takes U+009B for the begin of a
sequence as it takes ESC and `[`.
"""

import json

import pytest

from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.ptys import StartInTerminal

HOSTILE = "\x1b[2J\x9b2J\x90q\x9c\x7f\u202e\u2028\U000e0041\U0001f600 漢"
CONTROLS = [char for char in HOSTILE if not char.isprintable()]


@pytest.fixture
def hostile(daemon: DaemonProcess) -> str:
    """Give what such a worker wrote, whatever it can be written in."""
    with daemon.connect() as control:
        make_worker(control, worker_id="w", label=HOSTILE)
        control.call("state.bind", runner_id="w", binding_id="b", scope_type="s", scope_id="s")
    with daemon.connect("w") as runtime:
        runtime.call("runtime.attach")
        runtime.call("worker.transition", worker_id="w", to="running")
        runtime.call("event.append", type="output", data={"stream": "stdout", "text": HOSTILE})
        # Between its values JSON may hold what moves a cursor, too.
        text = f'{{"{HOSTILE[4:]}":\t\r1}}'
        runtime.send(
            b'{"jsonrpc":"2.0","id":"raw","method":"event.append","params":'
            b'{"type":"odd","data":%b}}\n' % text.encode()
        )
        assert "result" in runtime.read()
        runtime.call("approval.request", message=HOSTILE, keep=True)
    return HOSTILE


@pytest.mark.parametrize(
    "words",
    [
        "ps -a --json", "ps -a --format jsonl", "ps -a --format csv", "inspect w --json",
        "logs w --json", "inbox --json", "timeline --json -o /dev/null",
        "worker list --json", "worker get --worker-id w --json",
        "event list --worker-id w --format jsonl",
        "event list --worker-id w --format csv", "journal read --streams '[\"*\"]' --json",
        f"wait {HOSTILE} --json --timeout 0s", f"kill no{HOSTILE} --json", f"kill no{HOSTILE}",
    ],
)  # fmt: skip
def test_nothing_of_a_worker_reaches_a_terminal_raw(
    hostile: str, in_terminal: StartInTerminal, words: str
) -> None:
    shown = in_terminal(*[word.strip("'") for word in words.split(" ")], size=(24, 200))
    shown.end()
    text = shown.seen.decode()
    assert text.strip()
    assert [char for char in CONTROLS if char in text] == []
    assert "\r" not in text.replace("\r\n", "\n")


def test_it_is_the_same_value(hostile: str, in_terminal: StartInTerminal) -> None:
    shown = in_terminal("worker", "get", "--worker-id", "w", "--json")
    shown.end()
    assert json.loads(shown.seen)["label"] == hostile


def test_what_is_followed_is_no_exception(hostile: str, in_terminal: StartInTerminal) -> None:
    shown = in_terminal("tail", "worker:w", "--after", "start", "--json")
    shown.wait_for("odd.*\n")
    text = shown.seen.decode()
    assert [char for char in CONTROLS if char in text] == []
    entry = json.loads(text.splitlines()[-1])
    assert entry["data"] == {hostile[4:]: 1}
