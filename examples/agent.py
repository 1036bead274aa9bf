"""The least that a coding agent is to Penholder: it asks whether it may, and then does it.

    penholder agent start --launcher NAME 'say hello'

where the clients' configuration has `[launcher.NAME] command = ["python3", "examples/agent.py"]`,
the path in full. It speaks version 1 of the Agent Client Protocol on stdin and stdout, in plain
Python. Whatever it is asked, it appends a line to `greetings.txt` in its directory, once allowed.
"""

import json
import sys
from pathlib import Path
from typing import Any

OPTIONS = [
    {"optionId": "yes", "name": "Yes", "kind": "allow_once"},
    {"optionId": "no", "name": "No", "kind": "reject_once"},
]
CALL = {"toolCallId": "greet", "title": "Write a line to greetings.txt", "kind": "edit"}


class Agent:
    """One session, one turn at a time."""

    def __init__(self) -> None:
        """Wait to be spoken to."""
        self._session_id = "greeter"
        self._cwd = Path()
        self._prompt: tuple[object, str] = (None, "")

    def run(self) -> None:
        """Read until nobody speaks any more."""
        for line in sys.stdin:
            message = json.loads(line)
            if "method" not in message:
                self._answered(message["result"]["outcome"])
            elif message["method"] == "session/cancel":
                self._end("cancelled")
            else:
                self._asked(message["id"], message["method"], message["params"])

    def _asked(self, request_id: object, method: str, params: dict[str, Any]) -> None:
        if method == "initialize":
            can: dict[str, object] = {"sessionCapabilities": {"resume": {}}}
            info = {"name": "greeter", "title": "Greeter", "version": "1"}
            answer = {"protocolVersion": 1, "agentCapabilities": can, "agentInfo": info}
            _say(id=request_id, result=answer)
        elif method in ("session/new", "session/resume"):
            self._cwd = Path(params["cwd"])
            self._session_id = params.get("sessionId", self._session_id)
            _say(id=request_id, result={"sessionId": self._session_id})
        elif method == "session/prompt":
            self._prompt = request_id, params["prompt"][0]["text"]
            self._tell("agent_message_chunk", content={"type": "text", "text": "May I?\n"})
            about = {"sessionId": self._session_id, "toolCall": CALL, "options": OPTIONS}
            _say(id="may-i", method="session/request_permission", params=about)
        else:
            _say(id=request_id, error={"code": -32601, "message": f"no {method} here"})

    def _answered(self, outcome: dict[str, str]) -> None:
        allowed = outcome.get("optionId") == "yes"
        if allowed:
            with (self._cwd / "greetings.txt").open("a") as file:
                file.write("hello\n")
        self._tell("tool_call", **CALL, status="completed" if allowed else "failed")
        said = "It is done.\n" if allowed else "Then not.\n"
        self._tell("agent_message_chunk", content={"type": "text", "text": said})
        self._end("end_turn")

    def _end(self, reason: str) -> None:
        request_id, _ = self._prompt
        if request_id is not None:
            _say(id=request_id, result={"stopReason": reason})
        self._prompt = None, ""

    def _tell(self, kind: str, /, **fields: object) -> None:
        update = {"sessionUpdate": kind, **fields}
        _say(method="session/update", params={"sessionId": self._session_id, "update": update})


def _say(**message: object) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


if __name__ == "__main__":
    Agent().run()
