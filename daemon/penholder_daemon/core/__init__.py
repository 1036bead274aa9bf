"""Floor 1: the pure core. No clock, no randomness, no threads, no sockets, no files.

What it needs of the outside it gets through ports: `World` (time, ids, processes) and `Store`
(SQL); `Session` and `DaemonOperations` for what a connection carries out itself. Rooms stand on it;
the shell drives it; a test can do both with fakes.

What a method is: method, registry, params, nulls, values, access. What a call goes through: commit,
execute, transaction, idempotency, budget, effects. Who may write: fence, claims, leases, seats,
caller. What is kept: journal, streams, backlog, retention, read_cursors, counters, tables, store.
"""
