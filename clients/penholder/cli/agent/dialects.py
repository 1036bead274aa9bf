"""The versions of the protocol, and what of them is the same to whoever speaks with an agent.

The newest is offered, and the agent says which one it is. There are agents that say back whatever
they are offered and speak version 1 all the same: so version 2 is what has the form of that, too.

In version 1 a prompt is answered when its turn has ended. In version 2 the answer says only that it
was taken, what the agent is at is told by `state_update`, and sessions are always gone on with by
`session/resume`, which tells nothing again unless it is asked to.
"""

from abc import ABC, abstractmethod
from typing import Any

import msgspec

from penholder.cli.agent import protocol
from penholder.cli.agent.acp import v1, v2

NEWEST = 2
_STEERING: dict[str, object] = {"steering": {"idleBehavior": "promptRequired"}}
_STEERED = ("injected", "startedNewTurn")


class Agent(msgspec.Struct):
    """Who an agent is, and what it can do."""

    version: int
    name: str | None = None
    release: str | None = None
    can_resume: bool = False
    can_load: bool = False
    steering: str | None = None
    """The method that says something within a turn; None where there is none."""
    log_in: list[str] = []
    """The ways to log in that it names."""


class Option(msgspec.Struct):
    """Something that can be set for a session, and the values that it can have."""

    id: str
    category: str | None
    values: list[str]


class Session(msgspec.Struct):
    """A session that was opened; resumed and loaded ones have no id here."""

    session_id: str
    modes: list[str]
    options: list[Option]


class Permission(msgspec.Struct):
    """The agent asks whether it may."""

    session_id: str
    about: str
    """What it wants to do: an id, or words for it; the same only where that is the same."""
    title: str
    kind: str | None
    options: list[v1.PermissionOption]


class Dialect(ABC):
    """One version."""

    ends_by_answer: bool
    """Whether the answer to a prompt is the end of its turn."""

    @abstractmethod
    def session(self, raw: msgspec.Raw) -> Session:
        """Read the answer that a session is open; raises msgspec.MsgspecError."""

    @abstractmethod
    def permission(self, raw: msgspec.Raw) -> Permission | None:
        """Read a permission request; None where it is not what it should be."""

    @abstractmethod
    def setting(self, session_id: str, option_id: str, value: str) -> dict[str, object]:
        """Return the params that set an option of a session."""


class First(Dialect):
    """Version 1."""

    ends_by_answer = True

    def session(self, raw: msgspec.Raw) -> Session:
        """Read the answer that a session is open."""
        found = msgspec.json.decode(raw, type=v1.NewSessionResponse)
        modes = [] if found.modes is None else [each.id for each in found.modes.available_modes]
        options = [
            Option(each.id, each.category, _values(each.options))
            for each in found.config_options or []
        ]
        return Session(found.session_id, modes, options)

    def permission(self, raw: msgspec.Raw) -> Permission | None:
        """Read a permission request."""
        found = protocol.decoded(raw, v1.RequestPermissionRequest)
        if found is None:
            return None
        call = found.tool_call
        return Permission(
            found.session_id, call.tool_call_id, call.title or "", call.kind, found.options
        )

    def setting(self, session_id: str, option_id: str, value: str) -> dict[str, object]:
        """Return the params that set an option of a session."""
        return {"sessionId": session_id, "configId": option_id, "value": value}


class Second(Dialect):
    """Version 2."""

    ends_by_answer = False

    def session(self, raw: msgspec.Raw) -> Session:
        """Read the answer that a session is open; modes are options like any other."""
        found = msgspec.json.decode(raw, type=v2.NewSessionResponse)
        options = [
            Option(each.config_id, each.category, _values(each.options))
            for each in found.config_options
        ]
        return Session(found.session_id, [], options)

    def permission(self, raw: msgspec.Raw) -> Permission | None:
        """Read a permission request: people see what it asks for, also where it says little."""
        found = protocol.decoded(raw, v2.RequestPermissionRequest)
        if found is None:
            return None
        subject = found.subject or v2.RequestPermissionSubject()
        options = [v1.PermissionOption(e.option_id, e.name, e.kind) for e in found.options]
        command = f"{subject.command} (in {subject.cwd})" if subject.command else ""
        said = [found.title, found.description, command]
        title = "\n".join(each for each in said if each)
        call = subject.tool_call
        if command or not call.tool_call_id:
            about = "\n".join(filter(None, [subject.tool_call_id, title]))
            kind = "execute" if command else None
            return Permission(found.session_id, about, title, kind, options)
        return Permission(found.session_id, call.tool_call_id, title, call.kind, options)

    def setting(self, session_id: str, option_id: str, value: str) -> dict[str, object]:
        """Return the params that set an option of a session."""
        about: dict[str, object] = {"sessionId": session_id, "configId": option_id}
        return {**about, "type": "id", "value": value}


def _values(options: list[dict[str, Any]]) -> list[str]:
    """Return all values of an option, which may be in groups."""
    inner = [more for each in options for more in each.get("options", [each])]
    return [each["value"] for each in inner if isinstance(each.get("value"), str)]


DIALECTS: dict[int, Dialect] = {1: First(), 2: Second()}


def initialize(version: str, offered: int = NEWEST) -> dict[str, object]:
    """Return the params of initialize, in the words of both versions where both are offered.

    Nothing of the client's machine is offered.
    """
    info = {"name": "penholder", "title": "Penholder", "version": version}
    params: dict[str, object] = {
        "protocolVersion": offered,
        "clientCapabilities": {
            "fs": {"readTextFile": False, "writeTextFile": False},
            "terminal": False,
        },
        "clientInfo": info,
    }
    return params if offered == 1 else {**params, "info": info, "capabilities": {}}


def agent_of(raw: msgspec.Raw) -> Agent:
    """Read the answer to initialize; raises msgspec.MsgspecError."""
    second = protocol.decoded(raw, v2.InitializeResponse)
    if second is not None and second.protocol_version == NEWEST:
        return _second(second)
    found = msgspec.json.decode(raw, type=v1.InitializeResponse)
    can, info = found.agent_capabilities, found.agent_info
    # Who says it back and has not the form of it speaks version 1.
    version = 1 if found.protocol_version == NEWEST else found.protocol_version
    return Agent(
        version,
        None if info is None else info.title or info.name,
        None if info is None else info.version,
        can_resume=can.session_capabilities.resume is not None,
        can_load=can.load_session,
        steering=_steering(found.meta),
        log_in=[each.name or each.id for each in found.auth_methods],
    )


def _second(found: v2.InitializeResponse) -> Agent:
    return Agent(
        NEWEST,
        found.info.title or found.info.name,
        found.info.version,
        can_resume=True,
        # A prompt is part of what the agent is at; it may refuse, and it is the next turn then.
        steering=_steering(found.meta) or "session/prompt",
        log_in=[each.name or each.method_id for each in found.auth_methods],
    )


def _steering(meta: dict[str, Any] | None) -> str | None:
    """Return the method of the extension that agents of several makers have agreed upon."""
    said = (meta or {}).get("steering")
    return "_session/steering" if isinstance(said, dict) and said.get("supported") is True else None


def steer(agent: Agent, session_id: str, text: str) -> dict[str, object]:
    """Return the params that say something within a turn."""
    about: dict[str, object] = {"sessionId": session_id, "prompt": protocol.text(text)}
    return about if agent.steering == "session/prompt" else {**about, "_meta": _STEERING}


def is_steered(agent: Agent, result: msgspec.Raw) -> bool:
    """Tell whether what was said is taken within the turn."""
    if agent.steering == "session/prompt":
        return True
    found = protocol.decoded(result, dict[str, Any]) or {}
    return found.get("outcome") in _STEERED
