"""A worker's stream as the text of a conversation; pure.

Prompts, what the agent says, its tool calls (a line each), its plan, its questions, how turns
ended. Pieces of a message come as the agent cut it, so a line may be open when something else is
told; that begins a line of its own.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from penholder.cli.agent import told
from penholder.cli.agent.protocol import decoded
from penholder.cli.terminal.text import printable
from penholder.cli.workers.summaries import Cost, Summary
from penholder_protocol.nouns import Entry

_MARKS = {"completed": "+", "failed": "x"}
_STEPS = {"completed": "[x]", "in_progress": "[>]"}
TYPES = (
    "acp.agent_message_chunk", "acp.agent_message", "acp.tool_call", "acp.tool_call_update",
    "acp.plan", "acp.plan_update", told.OPENED, told.FAILED, told.STARTED, told.STEERED,
    told.UNSTEERED, told.RESUMED, told.ENDED, told.REQUEST, told.ANSWERED, told.SUMMARY,
    "input.ignored",
)  # fmt: skip


class Transcript:
    """Makes text of entries, one after the other."""

    def __init__(self, *, shows_prompts: bool = True) -> None:
        """Start at the beginning of a line."""
        self._shows_prompts = shows_prompts
        self._is_line_open = False
        self._tools: dict[str, dict[str, Any]] = {}
        self._message: tuple[str, str] = ("", "")
        """The message that was shown last, as an agent calls it, and what was shown of it."""
        self.summary = Summary()

    def take(self, entry: Entry) -> str:
        """Return what an entry adds to the text; nothing for what is not shown."""
        data = decoded(entry.data, dict[str, Any])
        if data is None:
            return ""
        if entry.type == "acp.agent_message_chunk":
            return self._spoken(self._piece_of(data))
        if entry.type == "acp.agent_message":
            return self._message_of(data)
        if entry.type == told.SUMMARY:
            self.summary = decoded(entry.data, Summary) or self.summary
        ended = decoded(entry.data, told.Ended) if entry.type == told.ENDED else None
        if ended is not None:
            self.summary.tokens = ended.totals.total_tokens
            self.summary.cost = ended.totals.cost
        lines = list(self._lines(entry.type, data))
        return self._own_lines(lines)

    def end(self) -> str:
        """Return what ends an open line."""
        return self._own_lines([]) if not self._is_line_open else self._close()

    def _close(self) -> str:
        self._is_line_open = False
        return "\n"

    def _spoken(self, text: str) -> str:
        shown = "\n".join(map(_visible, text.split("\n")))
        if shown:
            self._is_line_open = not shown.endswith("\n")
        return shown

    def _piece_of(self, data: dict[str, Any]) -> str:
        text, name = _text(data), data.get("messageId")
        if isinstance(name, str):
            before = self._message[1] if self._message[0] == name else ""
            self._message = name, before + text
        return text

    def _message_of(self, data: dict[str, Any]) -> str:
        """Return what of a whole message was not shown yet; all of it, where that is another."""
        content = data.get("content")
        parts = content if isinstance(content, list) else []
        text = "".join(_text({**data, "content": each}) for each in parts)
        if not text:
            return ""
        name, shown = self._message
        self._message = str(data.get("messageId")), text
        if name == self._message[0] and text.startswith(shown):
            return self._spoken(text.removeprefix(shown))
        return self._own_lines([*map(_visible, text.removesuffix("\n").split("\n"))])

    def _own_lines(self, lines: Iterable[str]) -> str:
        told_lines = "".join(f"{line}\n" for line in lines)
        if told_lines and self._is_line_open:
            return self._close() + told_lines
        return told_lines

    def _lines(self, type_: str, data: dict[str, Any]) -> Iterator[str]:
        if type_ in ("acp.tool_call", "acp.tool_call_update"):
            yield from self._tool(data)
        elif type_ == "acp.plan":
            yield from _plan(data.get("entries"))
        elif type_ == "acp.plan_update" and isinstance(data.get("plan"), dict):
            yield from _plan(data["plan"].get("entries"))
        elif type_ == told.STEERED:
            yield from (f">> {_visible(line)}" for line in str(data.get("text")).split("\n"))
        elif type_ == told.UNSTEERED:
            yield f"# not within the turn, so the next one: {_visible(str(data.get('reason')))}"
        elif type_ == told.STARTED and self._shows_prompts:
            yield from (f"> {_visible(line)}" for line in str(data.get("text")).split("\n"))
        elif type_ == told.REQUEST:
            yield from _question(data)
        elif type_ == told.ANSWERED:
            yield f"! {_visible(str(data.get('option') or 'not allowed'))}"
        elif type_ in (told.FAILED, "input.ignored"):
            yield f"# {_visible(str(data.get('reason')))}"
        elif type_ == told.OPENED and data.get("lost"):
            yield f"# a new session; the one before is lost: {_visible(str(data['lost']))}"
        elif type_ == told.RESUMED:
            yield "# interrupted; the agent goes on"
        elif type_ == told.ENDED and data.get("outcome") != told.COMPLETED:
            why = data.get("why") or data.get("stop_reason") or ""
            yield f"# turn {_visible(str(data.get('outcome')))} {_visible(str(why))}".rstrip()

    def _tool(self, data: dict[str, Any]) -> Iterator[str]:
        """Yield a line when a call has ended: all that was said of it is folded into that."""
        name = str(data.get("toolCallId"))
        known = self._tools.setdefault(name, {})
        known.update({key: value for key, value in data.items() if value is not None})
        mark = _MARKS.get(str(known.get("status")))
        if mark is not None:
            del self._tools[name]
            kind = f" ({_visible(str(known['kind']))})" if known.get("kind") else ""
            yield f"{mark} {_visible(str(known.get('title') or name))}{kind}"


def figures(summary: Summary) -> str:
    """Return tokens and cost in words; empty where neither is known."""
    said = []
    if summary.tokens:
        said.append(f"{summary.tokens} tokens")
    if summary.context_used is not None:
        said.append(f"context {summary.context_used} of {summary.context_size}")
    if summary.cost is not None:
        said.append(_cost(summary.cost))
    return ", ".join(said)


def _cost(cost: Cost) -> str:
    return printable(f"{cost.amount:.4f} {cost.currency}".rstrip())


def _plan(entries: object) -> Iterator[str]:
    for each in entries if isinstance(entries, list) else []:
        if isinstance(each, dict):
            mark = _STEPS.get(str(each.get("status")), "[ ]")
            yield f"{mark} {_visible(str(each.get('content')))}"


def _question(data: dict[str, Any]) -> Iterator[str]:
    call = data.get("toolCall")
    title = call.get("title") if isinstance(call, dict) else data.get("title")
    options = data.get("options")
    names = [each.get("name") for each in options or [] if isinstance(each, dict)]
    yield f"? {_visible(str(title or 'a permission'))} [{_visible(', '.join(map(str, names)))}]"


def _text(data: dict[str, Any]) -> str:
    content = data.get("content")
    if not isinstance(content, dict):
        return ""
    text = content.get("text")
    cut = f"… ({data.get('size_bytes')} bytes in all)" if content.get("cut") else ""
    if isinstance(text, str):
        return text + cut
    return f"[{content.get('type')}]"


def _visible(line: str) -> str:
    return "\t".join(map(printable, line.split("\t")))


def read(entries: Iterable[Entry]) -> tuple[str, Summary]:
    """Return the text of all entries, and how it stands."""
    transcript = Transcript()
    text = "".join(map(transcript.take, entries))
    return text + transcript.end(), transcript.summary


class Line(msgspec.Struct):
    """An entry of a conversation, for programs."""

    pos: int
    ts: str
    type: str
    turn_id: str | None
    data: msgspec.Raw
