"""Session files of agents, as they are documented, into what a conversation is made of. Pure.

Two are known: `claude` (`~/.claude/projects/*/SESSION.jsonl`) and `codex`
(`~/.codex/sessions/…/rollout-*.jsonl`), a JSON object a line. Neither program promises its format,
so all is optional here: what is not understood is left out and counted, and a line never spoils the
others. Each line makes the same events whenever it is read, which is what an import that is done
again counts on.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from penholder.cli.agent import redacting, told

Json = dict[str, Any]
MESSAGE, TOOL, TOOL_ENDED = "acp.agent_message_chunk", "acp.tool_call", "acp.tool_call_update"


class Told(msgspec.Struct):
    """One event that a line makes."""

    type: str
    data: Json


class Session(msgspec.Struct):
    """What a file says of its session."""

    format: str
    session_id: str = ""
    cwd: str = ""
    events: list[Told] = []
    skipped: int = 0
    """Lines that were not understood."""


def read(lines: Iterator[Json | None]) -> Session | None:
    """Read a session; None where the file is of no format that is known."""
    session: Session | None = None
    for line in lines:
        if session is None:
            name = _format_of(line)
            session = None if name is None else Session(name)
        if session is None:
            continue
        if line is None or not _take(session, line):
            session.skipped += 1
    return session


def _format_of(line: Json | None) -> str | None:
    if line is None:
        return None
    if isinstance(line.get("payload"), dict) and line.get("type") in (
        "session_meta",
        "response_item",
    ):
        return "codex"
    if isinstance(line.get("sessionId"), str) and "type" in line:
        return "claude"
    return None


def _take(session: Session, line: Json) -> bool:
    before = len(session.events)
    is_known = _READERS[session.format](session, line)
    at = line.get("timestamp")
    for event in session.events[before:]:
        event.data = redacting.value(event.data)
        if isinstance(at, str):
            event.data["at"] = at[:64]
    return is_known


# --- claude ---------------------------------------------------------------------------------


def _claude(session: Session, line: Json) -> bool:
    session.session_id = session.session_id or str(line.get("sessionId") or "")
    session.cwd = session.cwd or str(line.get("cwd") or "")
    message = line.get("message")
    if line.get("type") not in ("user", "assistant") or not isinstance(message, dict):
        return line.get("type") not in ("user", "assistant")
    content = message.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(blocks, list):
        return False
    for block in blocks:
        if isinstance(block, dict):
            _claude_block(session, block, is_prompt=line["type"] == "user")
    return True


def _claude_block(session: Session, block: Json, *, is_prompt: bool) -> None:
    kind = block.get("type")
    if kind == "text" and isinstance(block.get("text"), str):
        session.events.append(_prompt(block["text"]) if is_prompt else _spoken(block["text"]))
    elif kind == "tool_use":
        session.events.append(_tool(block.get("id"), block.get("name"), block.get("input")))
    elif kind == "tool_result":
        is_bad = bool(block.get("is_error"))
        session.events.append(_ended(block.get("tool_use_id"), block.get("content"), is_bad=is_bad))


# --- codex ----------------------------------------------------------------------------------


def _codex(session: Session, line: Json) -> bool:
    payload = line.get("payload")
    if not isinstance(payload, dict):
        return False
    if line.get("type") == "session_meta":
        session.session_id = session.session_id or str(payload.get("id") or "")
        session.cwd = session.cwd or str(payload.get("cwd") or "")
        return True
    if line.get("type") != "response_item":
        return line.get("type") in ("event_msg", "turn_context", "compacted")
    return _codex_item(session, payload)


def _codex_item(session: Session, item: Json) -> bool:
    kind = item.get("type")
    if kind == "message":
        _codex_message(session, item)
    elif kind in ("function_call", "custom_tool_call"):
        given = item.get("arguments", item.get("input"))
        session.events.append(_tool(item.get("call_id"), item.get("name"), given))
    elif kind in ("function_call_output", "custom_tool_call_output"):
        session.events.append(_ended(item.get("call_id"), item.get("output"), is_bad=False))
    else:
        return kind == "reasoning"
    return True


def _codex_message(session: Session, item: Json) -> None:
    for block in item.get("content") or []:
        text = block.get("text") if isinstance(block, dict) else None
        # What the program adds by itself to a conversation is in tags of this form.
        if not isinstance(text, str) or text.startswith(("<environment_context", "<user_instr")):
            continue
        if item.get("role") == "user":
            session.events.append(_prompt(text))
        elif item.get("role") == "assistant":
            session.events.append(_spoken(text))


# --- events ---------------------------------------------------------------------------------


def _prompt(text: str) -> Told:
    return Told(told.STARTED, {"seq": 0, "text": text})


def _spoken(text: str) -> Told:
    return Told(MESSAGE, {"content": {"type": "text", "text": text + "\n"}})


def _tool(call_id: object, name: object, given: object) -> Told:
    data = {"toolCallId": str(call_id), "title": str(name or "a tool"), "status": "pending"}
    return Told(TOOL, {**data, "rawInput": given})


def _ended(call_id: object, output: object, *, is_bad: bool) -> Told:
    status = "failed" if is_bad else "completed"
    return Told(TOOL_ENDED, {"toolCallId": str(call_id), "status": status, "rawOutput": output})


_READERS: dict[str, Callable[[Session, Json], bool]] = {"claude": _claude, "codex": _codex}
FORMATS = tuple(_READERS)
