"""Local methods that act (a backup, a stop), done once under an idempotency key.

A mutation looks its key up and keeps its answer in one transaction, so nothing comes in between. A
backup is made outside of any transaction. The key is looked up before and the answer kept after, by
a mutation of the daemon's own, and between the two lie seconds in which the same call may come
again. Two things close the gap:

- A call that is underway is known here. Who sends it again gets the same answer, and with other
  params under the same key a conflict.
- A view may be from before the answer was kept, and arrive after the call has come to its end: then
  the call is neither in the one nor among the others. So the ends are counted, and who sees that
  one came while it looked looks again.

It is carried out in the daemon's nursery, not in that of the connection: it goes on when the
connection that asked has ended, which then finds the answer under its key.

What is left open: the daemon may be killed after the act and before its answer is kept, or the disk
may not take it. Then it was done, and the same call acts again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import structlog
import trio

from penholder_daemon.core import execute
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.own_calls import daemon_call
from penholder_daemon.core.registry import Registry
from penholder_daemon.shell.fairness.desks import Desk
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.store.own_writes import answer_of
from penholder_daemon.shell.store.readers import read
from penholder_protocol.errors import IdempotencyConflict, PenholderError

log = structlog.get_logger()

Act: TypeAlias = Callable[[], Awaitable[object]]
Submit: TypeAlias = Callable[[WriteJob], None]


@dataclass
class _Underway:
    params_hash: str
    done: trio.Event = field(default_factory=trio.Event)
    answer: bytes = b""
    error: BaseException | None = None


class Once:
    """The keyed calls that are underway."""

    def __init__(self, registry: Registry, nursery: trio.Nursery, submit: Submit) -> None:
        """Carry them out in tasks of the daemon's own."""
        self._keep_answer = registry.methods["daemon.keep_answer"]
        self._nursery = nursery
        self._submit = submit
        self._underway: dict[tuple[str, str, str], _Underway] = {}
        self._ended = 0
        """How many have come to their end."""

    async def carry_out(self, call: Invocation, act: Act, desk: Desk) -> bytes:
        """Return what the call comes to, or came to; raises what refuses it."""
        key = call.idempotency_key
        if key is None:
            # Without a key there is nothing to find again: it belongs to its connection and ends
            # with it.
            return execute.finish_local(await act())
        while True:
            ended = self._ended
            known = await read(desk, call.caller, lambda rx: execute.recall(rx, call, key))
            if known is not None:
                return known
            # What was kept after that view began, and has ended by now, is neither here nor there.
            if ended == self._ended:
                return await self._join(call, key, act)

    async def _join(self, call: Invocation, key: str, act: Act) -> bytes:
        name = (call.caller.scope, call.method.name, key)
        params_hash = execute.local_hash(call)
        # Nothing is awaited since the ends were counted, so no other call has come in between.
        underway = self._underway.get(name)
        if underway is None:
            underway = self._underway[name] = _Underway(params_hash)
            self._nursery.start_soon(self._run, name, underway, call, act)
        elif underway.params_hash != params_hash:
            raise IdempotencyConflict(
                f"key {key!r} of {call.method.name} is underway with other params",
                method=call.method.name,
                idempotency_key=key,
            )
        await underway.done.wait()
        if underway.error is not None:
            raise underway.error
        return underway.answer

    async def _run(
        self, name: tuple[str, str, str], underway: _Underway, call: Invocation, act: Act
    ) -> None:
        try:
            underway.answer = await self._act_and_keep(name[2], underway.params_hash, call, act)
        except Exception as error:  # noqa: BLE001 - it is the callers', who wait for it
            underway.error = error
        finally:
            # In one turn of the loop with the count, and only after the answer was kept: whoever
            # comes later finds it in the database.
            del self._underway[name]
            self._ended += 1
            underway.done.set()

    async def _act_and_keep(self, key: str, params_hash: str, call: Invocation, act: Act) -> bytes:
        result = await act()
        answer = execute.encode_local(result)
        arguments: dict[str, object] = {
            "method": call.method.name, "key": key, "params_hash": params_hash, "answer": answer
        }  # fmt: skip
        await self._keep(daemon_call(self._keep_answer, call.caller, arguments))
        return execute.finish_local(result)

    async def _keep(self, call: Invocation) -> None:
        """Keep an answer; what was done is answered also where that cannot be."""
        answer = await answer_of(self._submit, call)
        # The act is done: a full queue must not have it answered as refused.
        if isinstance(answer, PenholderError):
            log.warning("an answer could not be kept under its key", reason=str(answer))
