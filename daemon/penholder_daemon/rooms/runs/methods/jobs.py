"""Jobs that runners started elsewhere: where to find what carries a command out."""

from penholder_daemon.core.caller import CONTROL
from penholder_daemon.core.registry import Room
from penholder_daemon.core.store import Shape, SqlValue
from penholder_daemon.core.tables import Table
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.runs.records import commands, runs
from penholder_protocol.errors import CommandNotFound, IdempotencyConflict, RunNotFound
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import Job, Page
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    AttemptId,
    CommandId,
    Cursor,
    IdempotencyKey,
    JobId,
    JsonObject,
    Label,
    ListLimit,
    PayloadHash,
    RunId,
    RunnerId,
)

room = Room("job")

_JOBS = Table(Shape(Job), "job")
_WRITTEN_AGAIN = (
    "payload_hash",
    "attempt_id",
    "runner_id",
    "namespace",
    "job_name",
    "manager_url",
    "image",
    "source_commit",
    "service_account_name",
    "result",
    "updated_at",
)


@room.mutation(
    sockets=(CONTROL,),
    errors=(RunNotFound, CommandNotFound, IdempotencyConflict),
    keeps_key=True,
)
def save(
    tx: Tx,
    *,
    job_id: JobId | None = None,
    run_id: RunId,
    command_id: CommandId,
    payload_hash: PayloadHash,
    attempt_id: AttemptId,
    runner_id: RunnerId,
    namespace: Label,
    job_name: Label,
    manager_url: Label,
    image: Label,
    source_commit: Label,
    service_account_name: Label | None = None,
    result: JsonObject = EMPTY_OBJECT,
    idempotency_key: IdempotencyKey | None = None,
) -> Job:
    """Note a job of a command; the same job_id again writes it anew.

    The idempotency key counts for ever among the jobs of the run: with the same payload_hash the
    job that was saved under it is answered as it stands now.
    """
    runs.require(tx, run_id)
    saved = None if idempotency_key is None else _saved_under(tx, run_id, idempotency_key)
    if saved is not None:
        return _same(saved, payload_hash)
    commands.require(tx, command_id, run_id)
    job = Job(
        job_id=job_id or tx.world.new_id("job_"),
        run_id=run_id,
        command_id=command_id,
        idempotency_key=idempotency_key,
        payload_hash=payload_hash,
        attempt_id=attempt_id,
        runner_id=runner_id,
        namespace=namespace,
        job_name=job_name,
        manager_url=manager_url,
        image=image,
        source_commit=source_commit,
        service_account_name=service_account_name,
        result=result,
        created_at=tx.now,
        updated_at=tx.now,
    )
    return _write(tx, job)


@room.query(sockets=(CONTROL,), errors=(RunNotFound, CommandNotFound))
def list_(
    rx: Rx,
    *,
    run_id: RunId,
    command_id: CommandId | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Job]:
    """List the jobs of a run, oldest first."""
    runs.require(rx, run_id)
    if command_id is not None:
        commands.require(rx, command_id, run_id)
    # A command is of one run, which was just looked at, so its own index says it all.
    of_run = run_id if command_id is None else None
    return _JOBS.oldest_first(rx, limit, cursor, run_id=of_run, command_id=command_id)


def _saved_under(rx: Rx, run_id: str, key: str) -> Job | None:
    return _JOBS.first(rx, "run_id = ? AND idempotency_key = ?", run_id, key)


def _same(saved: Job, payload_hash: str) -> Job:
    if saved.payload_hash != payload_hash:
        raise IdempotencyConflict(
            f"key {saved.idempotency_key!r} of run {saved.run_id} saved job {saved.job_id} of"
            " another payload; use a new key for a new job",
            run_id=saved.run_id,
            job_id=saved.job_id,
        )
    return saved


def _write(tx: Tx, job: Job) -> Job:
    """Insert a job, or write it anew; an id names a job of one command, under one key."""
    again = ", ".join(f"{name} = excluded.{name}" for name in _WRITTEN_AGAIN)
    written = tx.store.run(
        f"INSERT INTO jobs ({_JOBS.shape.columns})"
        f" VALUES ({', '.join('?' * len(Job.__struct_fields__))})"
        f" ON CONFLICT (job_id) DO UPDATE SET {again} WHERE jobs.command_id = excluded.command_id"
        " AND jobs.idempotency_key IS NOT DISTINCT FROM excluded.idempotency_key",
        *_row(job),
    )
    # An update that its WHERE leaves out is no error to SQLite; it only changes no row.
    if not written:
        raise IdempotencyConflict(
            f"job {job.job_id!r} is of another command or key; use another job_id",
            job_id=job.job_id,
        )
    return _JOBS.require(tx, job.job_id)


def _row(job: Job) -> list[SqlValue]:
    return [
        bytes(value).decode() if name == "result" else value
        for name, value in ((name, getattr(job, name)) for name in Job.__struct_fields__)
    ]
