"""Bindings to start from in tests of the state room, and the places that they open."""

from tests.helpers.harness import Bench, Json

SCOPES = ["conversation", "actor", "subject", "runner"]
CONTEXT = {
    "conversation_id": "c1",
    "actor": {"id": "ann"},
    "subject": {"id": "door", "type": "thing"},
}


def bind(bench: Bench, runner_id: str = "r1", binding_id: str = "b1", **params: object) -> Json:
    """Make a binding."""
    return bench.call("state.bind", runner_id=runner_id, binding_id=binding_id, **params)


def at(scope: str = "runner", **params: object) -> dict[str, object]:
    """Say where: runner r1's binding b1 unless said otherwise."""
    return {
        "runner_id": "r1",
        "binding_identity": "b1",
        "scope": scope,
        "context": CONTEXT,
        **params,
    }


def keys(bench: Bench, scope: str = "runner", **params: object) -> list[str]:
    """Return the keys of a scope."""
    found: list[str] = bench.call("state.list", **at(scope, **params))["keys"]
    return found


_DEFAULTS = {"actor": "user", "subject": "unknown"}


def dimensions(
    runner_id: str, identity: str, scope: str, context: Json
) -> tuple[object, ...] | None:
    """Return what tells a scope apart, as the contract says it; None without identity."""
    common = (scope, runner_id, identity, context.get("bot_id"), context.get("workspace_id"))
    if scope == "runner":
        return common
    if scope == "conversation":
        if context.get("conversation_id") is None:
            return None
        return (*common, context["conversation_id"], context.get("thread_id"))
    party = context.get(scope) or {}
    if party.get("id") is None:
        return None
    return (*common, party.get("type", _DEFAULTS[scope]), party["id"])
