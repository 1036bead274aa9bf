"""An agent of ours for tests, in plain Python, that misbehaves as it is told.

    python fake_agent.py [SWITCH …]

Switches: `--resume`, `--load` (which replays what was said), `--ignores-cancel`,
`--end-turn-after-cancel`, `--late` (an update after the answer), `--large` (a line of 5 MiB),
`--dies` (amid each turn), `--dies-once FILE` (amid the first turn of all), `--leaves` (a grandchild
in its group, whose pid is said), `--silent` (never answers initialize), `--asks N` (N permissions
at once), `--asks-once FILE` (in the first turn of all), `--odd` (kinds and ids that nobody knows,
lines that are no messages), `--usage`, `--version3` (speaks version 3 only), `--refuses-newer` (any
but version 1, instead of saying which it has), `--two` (speaks version 2 where that is offered),
`--goes-on` (resumes a session of version 2 at work), `--steers` (takes something within each turn,
by the extension or in version 2 as a prompt, and waits for it), `--steers-never` (says that it can,
and refuses), `--login`, `--long` (a turn that goes on until it is canceled), `--option ID` (the id
of the option that allows), `--deaf` (never reads), `--chunks N`, `--forgets` (finds no session that
there was), `--own-session` (an id of its own for its session), `--asks-in-vain` (for a permission,
and ends the turn in the same breath), `--variables` (says what GIVEN and PASSED are), `--models`
(offers two), `--closes-output` (amid a turn) and `--closes-input` (when it has a session), which
lives on.

A prompt is answered with `you said: …`, and `done: …` with what was permitted.
"""

import argparse
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def arguments() -> argparse.Namespace:
    """Read the switches."""
    parser = argparse.ArgumentParser()
    for switch in (
        "resume", "load", "ignores-cancel", "end-turn-after-cancel", "late", "large", "dies",
        "leaves", "silent", "odd", "usage", "version3", "refuses-newer", "two", "goes-on", "steers",
        "steers-never", "own-session", "variables", "models", "login", "long", "deaf", "forgets",
        "asks-in-vain", "closes-output", "closes-input",
    ):  # fmt: skip
        parser.add_argument(f"--{switch}", action="store_true")
    parser.add_argument("--asks", type=int, default=0)
    parser.add_argument("--dies-once", type=Path)
    parser.add_argument("--asks-once", type=Path)
    parser.add_argument("--option", default="allow")
    parser.add_argument("--chunks", type=int, default=1)
    return parser.parse_args()


class Agent:
    """Reads on one thread, and has a turn on another."""

    def __init__(self, told: argparse.Namespace) -> None:
        """Take the switches."""
        self.told = told
        self.answers: dict[int, queue.Queue[Json]] = {99: queue.Queue()}
        self.canceled = threading.Event()
        self.session = f"s-{os.getpid()}" if told.own_session else "s-1"
        self.version = 1
        self.steered: queue.Queue[str] = queue.Queue()
        self.is_at_it = False
        self._last = 100
        self._writing = threading.Lock()

    def say(self, **message: object) -> None:
        """Write a message."""
        with self._writing:
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            sys.stdout.flush()

    def update(self, of: str, /, **fields: object) -> None:
        """Tell something of the session."""
        update = {"sessionUpdate": of, **fields}
        self.say(method="session/update", params={"sessionId": self.session, "update": update})

    def chunk(self, text: str) -> None:
        """Say a piece of text."""
        self.update("agent_message_chunk", content={"type": "text", "text": text})

    def run(self) -> None:
        """Read until nobody speaks any more."""
        for line in sys.stdin:
            message = json.loads(line)
            if "method" not in message:
                if "result" in message:
                    self.answers[message["id"]].put(message["result"]["outcome"])
            elif message["method"] == "session/cancel":
                self.cancel()
            else:
                self.answer(message["id"], message["method"], message.get("params", {}))

    def cancel(self) -> None:
        """Hear of a cancel."""
        if not self.told.ignores_cancel:
            self.canceled.set()

    def close_input(self) -> None:
        """Hear nothing more and live on, where that was asked for."""
        if self.told.closes_input:
            os.close(0)
            threading.Event().wait()

    def answer(self, request_id: int, method: str, params: Json) -> None:
        """Answer a request, a prompt on a thread of its own."""
        if method == "initialize":
            self.introduce(request_id, params["protocolVersion"])
        elif method == "session/new" and self.told.login:
            self.say(id=request_id, error={"code": -32000, "message": "Authentication required"})
        elif method == "session/new":
            session: Json = {"sessionId": self.session, "modes": MODES}
            self.say(id=request_id, result=session | self.options())
            self.close_input()
        elif method in ("session/resume", "session/load") and self.told.forgets:
            self.say(id=request_id, error={"code": -32002, "message": "no such session"})
        elif method in ("session/resume", "session/load"):
            self.session = params["sessionId"]
            if self.told.load:
                self.chunk("said before")
            if self.version == 2:
                self.state("running" if self.told.goes_on else "idle")
            self.say(id=request_id, result={})
            if self.told.goes_on:
                threading.Thread(target=self.work, args=("by myself",), daemon=True).start()
        elif method == "session/set_mode":
            self.update("current_mode_update", currentModeId=params["modeId"])
            self.say(id=request_id, result={})
        elif method == "session/set_config_option":
            self.update("config_option_update", **params)
            self.say(id=request_id, result=self.options())
        elif method == "_session/steering" or (method == "session/prompt" and self.is_at_it):
            self.steer(request_id, method, params["prompt"][0]["text"])
        elif method == "session/prompt":
            self.is_at_it = True
            self.canceled.clear()
            turn = threading.Thread(target=self.turn, args=(request_id, params), daemon=True)
            turn.start()

    def options(self) -> Json:
        """Return what can be set, as its version calls it."""
        values = [{"value": each, "name": each} for each in ("small", "large")]
        name = "id" if self.version == 1 else "configId"
        option = {name: "m", "name": "Model", "category": "model", "type": "select"}
        about = {**option, "currentValue": "small", "options": values}
        return {"configOptions": [about] if self.told.models else []}

    def introduce(self, request_id: int, offered: int) -> None:
        """Say who it is, unless it says nothing at all."""
        if self.told.refuses_newer and offered > 1:
            self.say(id=request_id, error={"code": -32602, "message": f"no version {offered}"})
        elif not self.told.silent:
            self.version = 2 if self.told.two and offered > 1 else 1
            introduction = self.second() if self.version == 2 else self.first()
            can_steer = self.told.steers or self.told.steers_never
            meta = {"_meta": {"steering": {"supported": True}}} if can_steer else {}
            self.say(id=request_id, result=introduction | ({} if self.version == 2 else meta))

    def first(self) -> Json:
        """Return its introduction in version 1."""
        sessions: Json = {"resume": {}} if self.told.resume else {}
        can = {"loadSession": self.told.load, "sessionCapabilities": sessions}
        return {
            "protocolVersion": 3 if self.told.version3 else 1,
            "agentCapabilities": can,
            "authMethods": [{"id": "web", "name": "With a browser"}],
            "agentInfo": INFO,
        }

    def second(self) -> Json:
        """Return its introduction in version 2."""
        return {"protocolVersion": 2, "capabilities": {"session": {}}, "info": INFO}

    def state(self, state: str, **more: object) -> None:
        """Say what it is at, in version 2."""
        if self.version == 2:
            self.update("state_update", state=state, **more)

    def steer(self, request_id: int, method: str, text: str) -> None:
        """Hear something within a turn."""
        if method == "session/prompt" and not self.told.steers:
            self.say(id=request_id, error={"code": -32600, "message": "already at work"})
            return
        outcome = "injected" if self.told.steers and self.is_at_it else "promptRequired"
        self.say(id=request_id, result={"outcome": outcome, "messageId": f"m-{request_id}"})
        if outcome == "injected":
            self.steered.put(text)

    def turn(self, request_id: int, params: Json) -> None:
        """Have a turn, which in version 1 is answered at its end."""
        if self.version == 2:
            self.say(id=request_id, result={"messageId": f"m-{request_id}"})
        answer = self.work(params["prompt"][0]["text"])
        if self.version == 1:
            self.say(id=request_id, result=answer)
        if self.told.late:
            self.chunk("late\n")

    def work(self, text: str) -> Json:
        """Do what was asked, and return how it ended."""
        self.state("running")
        if self.told.variables:
            self.chunk(f"{os.environ.get('GIVEN')} {os.environ.get('PASSED')}\n")
        for number in range(self.told.chunks):
            self.chunk(f"you said: {text}\n" if not number else f"chunk {number}\n")
        self.misbehave()
        permitted = self.ask() if self.asks_now() else "all"
        if self.told.long or self.told.ignores_cancel:
            self.canceled.wait()
        if self.told.steers:
            self.chunk(f"steered: {self.steered.get()}\n")
        reason = "end_turn"
        if self.canceled.is_set() and not self.told.end_turn_after_cancel:
            reason = "cancelled"
        if not self.told.asks_in_vain:
            self.chunk(f"done: {permitted}\n")
        self.is_at_it = False
        self.state("idle", stopReason=reason)
        usage = {"totalTokens": 30, "inputTokens": 20, "outputTokens": 10}
        return {"stopReason": reason, "usage": usage}

    def asks_now(self) -> bool:
        """Tell whether this turn needs a permission."""
        once = self.told.asks_once
        if once is None or once.exists():
            return bool(self.told.asks)
        once.touch()
        self.told.asks = 1
        return True

    def misbehave(self) -> None:
        """Do what was asked for."""
        told = self.told
        if told.leaves:
            child = subprocess.Popen(["sleep", "1000"])
            self.chunk(f"left {child.pid}\n")
        if told.large:
            text = "x" * (5 << 20)
            self.update("tool_call_update", toolCallId="c9", title="Large", status="completed",
                        rawOutput={"text": text})  # fmt: skip
        if told.usage:
            self.update("usage_update", used=1000, size=200000,
                        cost={"amount": 0.25, "currency": "USD"})  # fmt: skip
            self.update("plan", entries=[{"content": "first", "priority": "high",
                                          "status": "in_progress"}])  # fmt: skip
        if told.odd:
            self.oddities()
        if told.asks_in_vain:
            about = {
                "sessionId": self.session, "toolCall": {"toolCallId": "v"},
                "options": [{"optionId": "y", "name": "Yes", "kind": "allow_once"}],
            }  # fmt: skip
            self.say(id=99, method="session/request_permission", params=about)
        if told.closes_output:
            os.close(1)
            threading.Event().wait()
        if told.dies or (told.dies_once and not told.dies_once.exists()):
            if told.dies_once:
                told.dies_once.touch()
            os._exit(3)

    def oddities(self) -> None:
        """Say what nobody understands, and go on."""
        self.update("hologram", depth=3)
        self.say(id=4711, result={"nobody": "asked"})
        self.say(method="session/update", params={"sessionId": self.session, "update": 7})
        self.say(method="$/gossip", params={"a": 1})
        self.say(id="f1", method="fs/read_text_file", params={"path": "/etc/passwd"})
        with self._writing:
            sys.stdout.write("a line for people\n")
            nested = "[" * 80 + "]" * 80
            sys.stdout.write(
                '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s-1","update":'
                '{"sessionUpdate":"deep","x":' + nested + "}}}\n"
            )
            sys.stdout.flush()
            sys.stdout.buffer.write(
                b'{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s-1","update":'
                b'{"sessionUpdate":"half","x":"\xe6\xbc"}}}\n'
            )

    def ask(self) -> str:
        """Ask for permissions at once; returns the outcomes in order."""
        asked = []
        for number in range(1, self.told.asks + 1):
            self._last += 1
            self.answers[self._last] = queue.Queue()
            asked.append(self.answers[self._last])
            call = {"toolCallId": f"c{number}", "title": f"Write file {number}", "kind": "edit"}
            self.update("tool_call", **call, status="pending")
            options = [
                {"optionId": self.told.option, "name": "Allow", "kind": "allow_once"},
                {"optionId": "always", "name": "Always", "kind": "allow_always"},
                {"optionId": "reject", "name": "Reject", "kind": "reject_once"},
            ]
            about: Json = {"sessionId": self.session, "toolCall": call, "options": options}
            if self.version == 2:
                self.state("requires_action")
                title = f"May I write file {number}?"
                about |= {"title": title, "subject": {"type": "tool_call", "toolCall": call}}
                del about["toolCall"]
            self.say(id=self._last, method="session/request_permission", params=about)
        said = [str((one := each.get()).get("optionId", one["outcome"])) for each in asked]
        self.state("running")
        return " ".join(said)


MODES = {
    "currentModeId": "ask",
    "availableModes": [{"id": "ask", "name": "Ask"}, {"id": "code", "name": "Code"}],
}

INFO = {"name": "fake", "title": "Fake Agent", "version": "1.2.3"}

if __name__ == "__main__":
    switches = arguments()
    if switches.deaf:
        time.sleep(1000)
    Agent(switches).run()
