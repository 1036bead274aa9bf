"""What an agent is at, folded from its updates: turn, plan, tool now running, tokens and cost.

One event of type `summary` says it, at most once a second, so that a list of workers needs no more
than the newest of each. Pure: who asks says what time it is.

The cost that an agent tells is the session's so far. A session that could not be resumed begins
anew from nothing, so what was before it is added; one that was resumed goes on counting, or the
agent has forgotten what it was, which is seen when it tells less than before.
"""

from typing import Any

import msgspec

from penholder.cli.workers.summaries import ACTION, Cost, Plan, Summary

_SHORT_CHARACTERS = 200
_ENDED = ("completed", "failed", "cancelled")
_STATES = {"running": "running", "requires_action": ACTION, "idle": "idle"}


class Totals(msgspec.Struct):
    """What adds up over turns and sessions."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    cost: Cost | None = None


class Folding:
    """The summary so far."""

    def __init__(self, totals: Totals | None = None, cost_before: Cost | None = None) -> None:
        """Go on from what was before; `cost_before` is that of sessions before this one."""
        self.now = Summary()
        self.totals = totals or Totals()
        self._before = cost_before
        self._tools: dict[str, str] = {}
        self._show_totals()

    def began(self, turn_id: str, prompt: str) -> None:
        """Note a turn."""
        self.now.state, self.now.turn = "running", turn_id
        self.now.prompt = _short(prompt)
        self.now.turns += 1

    def ended(self, state: str = "idle") -> None:
        """Note that no turn runs."""
        self.now.state, self.now.turn, self.now.tool = state, None, None
        self._tools.clear()

    def session_changed(self) -> None:
        """Note that the cost is counted from nothing again."""
        self._before = self.totals.cost

    def used(self, input_tokens: int, output_tokens: int, total_tokens: int) -> None:
        """Add the tokens of a turn."""
        self.totals.input_tokens += input_tokens
        self.totals.output_tokens += output_tokens
        self.totals.total_tokens += total_tokens
        self._show_totals()

    def take(self, update: dict[str, Any]) -> None:
        """Note an update; what it does not know changes nothing."""
        kind = update.get("sessionUpdate")
        if kind in ("tool_call", "tool_call_update"):
            self._tool(update)
        elif kind == "plan":
            self.now.plan = _plan(update.get("entries"))
        elif kind == "plan_update" and isinstance(plan := update.get("plan"), dict):
            self.now.plan = _plan(plan.get("entries"))
        elif kind == "state_update":
            self._state(update.get("state"))
        elif kind == "usage_update":
            self._usage(update)
        elif kind == "current_mode_update" and isinstance(update.get("currentModeId"), str):
            self.now.mode = _short(update["currentModeId"])

    def _state(self, state: object) -> None:
        """Note what an agent says that it is at, also without a turn of ours."""
        if state in _STATES and (self.now.turn is None or state != "idle"):
            self.now.state = _STATES[str(state)]

    def _tool(self, update: dict[str, Any]) -> None:
        name = str(update.get("toolCallId"))
        if update.get("status") in _ENDED:
            self._tools.pop(name, None)
        else:
            title = update.get("title") or self._tools.get(name) or name
            self._tools[name] = _short(str(title))
        self.now.tool = next(reversed(self._tools.values()), None)

    def _usage(self, update: dict[str, Any]) -> None:
        used, size, cost = update.get("used"), update.get("size"), update.get("cost")
        if isinstance(used, int) and isinstance(size, int):
            self.now.context_used, self.now.context_size = used, size
        if isinstance(cost, dict) and isinstance(cost.get("amount"), int | float):
            self._cost(float(cost["amount"]), _short(str(cost.get("currency", ""))))
            self._show_totals()

    def _cost(self, amount: float, currency: str) -> None:
        total, before = _in(self.totals.cost, currency), _in(self._before, currency)
        if amount < total - before:
            # It is less than it was, so it is counted from nothing again.
            self._before, before = self.totals.cost, total
        self.totals.cost = Cost(before + amount, currency)

    def _show_totals(self) -> None:
        self.now.tokens, self.now.cost = self.totals.total_tokens, self.totals.cost


def _plan(entries: object) -> Plan | None:
    if not isinstance(entries, list):
        return None
    steps = [each for each in entries if isinstance(each, dict)]
    at = next((each.get("content") for each in steps if each.get("status") == "in_progress"), None)
    done = sum(each.get("status") == "completed" for each in steps)
    return Plan(done, len(steps), _short(at) if isinstance(at, str) else None)


def _in(cost: Cost | None, currency: str) -> float:
    return cost.amount if cost is not None and cost.currency == currency else 0.0


def _short(text: str) -> str:
    line = " ".join(text.replace("\0", "").split())
    return line if len(line) <= _SHORT_CHARACTERS else line[: _SHORT_CHARACTERS - 1] + "…"
