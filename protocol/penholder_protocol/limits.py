"""Every maximum of Penholder, in one place.

A limit that is reached is answered with an error that names the constant here and its value, so
these names are part of the contract. Units come last in a name.
"""

# --- The wire -------------------------------------------------------------------------------
MAX_FRAME_BYTES = 1 << 20
"""One line on the wire, in either direction, without its newline."""
MAX_BATCH = 100
"""Messages in one JSON-RPC batch array."""
MAX_REQUEST_ID_BYTES = 512
"""The id of a request, as JSON text; every entry that the request causes keeps it."""
MAX_IN_FLIGHT = 256
"""Open requests of one connection; past it the daemon stops reading from that connection."""
FRAME_TIMEOUT_MS = 30_000
"""A frame that was begun must be complete after this time."""

# --- Connections ----------------------------------------------------------------------------
MAX_CONNECTIONS = 4096
"""Open connections of all sockets together."""
MAX_CONNECTIONS_PER_PROCESS = 1024
"""Open connections of one peer process, so that one client cannot shut out the others."""
MAX_WORKERS = 16_384
"""Workers that are not stopped: each has a socket. Fewer where the process has few descriptors."""
MAX_SEATS = 16_384
"""Seated processes, each of which is watched. Fewer where the process has few descriptors."""
MAX_SUBSCRIPTIONS = 64
"""Live subscriptions of one connection."""
MAX_LAG_BYTES = 4 << 20
"""Answers of a connection that its peer has not taken, past which no more are made for it until it
reads, and its subscriptions are told that they lag."""
HIGH_WATER_BYTES = 2 << 20
"""Unsent bytes of a connection past which the daemon stops reading from it."""
PEER_STALLED_MS = 60_000
"""A peer that leaves more than MAX_LAG_BYTES unsent for this long is ended."""

# --- Bytes ----------------------------------------------------------------------------------
MAX_HELD_BYTES = 128 << 20
"""What all connections together may hold: unfinished frames, params, subscriptions, answers made
and unsent. Past it the connection that holds most is ended (CONNECTION_TOO_LARGE)."""
PRESSED_BYTES = MAX_HELD_BYTES // 2
"""Held by all connections together, past which each is kept to CONNECTION_KEEPS_BYTES: no more is
taken from it, or made for it, until what it holds above that is done or read."""
CONNECTION_KEEPS_BYTES = 64 << 10
"""What every connection may hold, whatever the others do."""
MAX_CONNECTION_BYTES = 4 << 20
"""Params of open requests of one connection, past which the daemon stops reading from it; and what
its subscriptions may hold, past which another one is refused (TOO_MANY_SUBSCRIPTIONS)."""
MAX_ANSWERS_AT_ONCE_BYTES = 1 << 20
"""Answers that a reader makes for one connection before it turns to the next."""

# --- The writer -----------------------------------------------------------------------------
MAX_WRITER_QUEUE = 8192
"""Mutations that wait for the writer; past it a mutation is refused as BUSY."""
MAX_WRITER_QUEUE_BYTES = 32 << 20
"""The same, counted in bytes of their params."""
MAX_QUEUED_BESIDE = 8
"""Mutations, or queries, that a connection may have waiting though the queue is full of others'."""
MAX_COMMIT_BATCH = 512
"""Mutations that share one transaction and one fsync."""
MAX_COMMIT_BATCH_BYTES = 4 << 20
"""The same, counted in bytes of their params, and of their answers."""
MAX_COMMIT_BATCH_MS = 50
"""Mutations of a batch that have run for so long are committed before the next one is begun."""
MAX_MUTATION_ROWS = 24_000
"""Rows that one mutation may write, with all that it keeps beside them."""
MAX_BULK_ROWS = 100_000
"""Rows that one may delete that only deletes: state.clear, worker.remove, daemon.prune."""
MAX_MUTATION_STEPS = 10_000_000
"""Steps of SQLite's machine that one mutation may take, and some for each statement: 250 ms."""
MAX_READER_QUEUE = 8192
"""Queries that wait for a reader; past it a query is refused as BUSY."""
QUICK_QUERY_MS = 20
"""A query that took a reader longer than this goes on beside the quick ones."""
QUERY_BUDGET_MS = 1_000
"""Time of a reader that one query may take; past it it is refused as QUERY_TOO_COSTLY."""

# --- Words and values -----------------------------------------------------------------------
MAX_ID_CHARACTERS = 128
MAX_WORKER_ID_CHARACTERS = 64
"""Shorter than other ids: a worker's id is a part of its socket's path."""
MAX_SOCKET_PATH_BYTES = 107
"""What the address of a Unix socket holds, without its closing zero."""
MAX_TEXT_CHARACTERS = 4096
"""Labels, messages, paths and other text of one line."""
MAX_TYPE_CHARACTERS = 128
"""Types of events, kinds, aliases: words that programs compare."""
MAX_LAST_TEXT_CHARACTERS = 200
MAX_LAST_DATA_BYTES = 512
"""The last line of a worker's output in worker.overview; longer ones are cut."""
MAX_TITLE_CHARACTERS = 200
"""The title of a session, where its metadata has one; longer ones are cut."""
MAX_PROMPT_TITLE_CHARACTERS = 120
"""The title of a session, where it is the beginning of a prompt."""
MAX_TIME_CHARACTERS = 30
"""A time with nanoseconds."""
MAX_IDEMPOTENCY_KEY_CHARACTERS = 200
MAX_TOKEN_CHARACTERS = 512
"""A token as a proof, whoever made it."""
MIN_OWN_TOKEN_CHARACTERS = 32
"""A token that a caller makes for itself: enough that nobody guesses it."""
MAX_OWN_TOKEN_CHARACTERS = 128
MAX_VALUE_BYTES = 256 << 10
"""One JSON value, as compact UTF-8."""
MAX_RUN_EVENT_BYTES = 2 * MAX_VALUE_BYTES + (16 << 10)
"""An event of a run; its first one says two values, and replacing secrets can lengthen others."""
MAX_NUMBER_DIGITS = 308
"""Digits of one number in a JSON value; it must be finite as a double too, as most readers have."""
MAX_VALUE_DEPTH = 64
"""Arrays and objects inside each other in one JSON value."""
MAX_NAMES = 1000
"""Members of a list or map of plain words in params (packs, env, options)."""
MAX_STATE_ID_CHARACTERS = 255
"""Ids of the state room, which come from elsewhere and may hold any character."""
MAX_STATE_KEY_CHARACTERS = 255
MAX_GOAL_CHARACTERS = 65_536
MAX_TIER = 1000
MAX_RETRY_COUNT = (1 << 31) - 1

# --- Blobs ----------------------------------------------------------------------------------
MAX_BLOB_BYTES = 64 << 20
"""One blob: what is too large for a value."""
MAX_BLOBS_BYTES = 10 << 30
"""All blobs together with what is being put, each counted in whole BLOB_BLOCK_BYTES."""
BLOB_BLOCK_BYTES = 4096
"""What the smallest blob takes of MAX_BLOBS_BYTES, as it does on a disk."""
MAX_BLOB_PART_BYTES = 512 << 10
"""What one blob.put brings and one blob.get answers."""
MAX_BLOBS = 16
"""Blobs that one entry names."""
MAX_UPLOADS = 64
"""Uploads of one worker, or of one user on the control socket, that are not done; a further one
takes the place of the one that was silent for longest."""
BLOB_UNNAMED_MS = 3_600_000
"""A blob that no entry names is removed so long after it was put, an upload after its last part."""

# --- Lists and waits ------------------------------------------------------------------------
DEFAULT_LIST_LIMIT = 100
MAX_LIST_LIMIT = 1000
MAX_RUN_EVENTS_LIMIT = 500
"""Entries in one page of a run's stream."""
MAX_COMMANDS_LIMIT = 100
DEFAULT_SESSIONS_LIMIT = 50
MAX_SESSIONS_LIMIT = 100
MAX_CURSOR_CHARACTERS = 256
MAX_STATE_KEYS = 100
"""Keys in one state.list; a larger limit is cut to this."""
MAX_STREAMS = 64
"""Stream names in one read, wait or subscription."""
MAX_SCAN_ENTRIES = 2_000
"""Entries that one look passes over for a filter; then it says how far it came."""
MAX_MERGED_STREAMS = 1_000
"""Streams that are merged for a page; of more the whole journal is passed over."""
MAX_APPEND_MANY = 1000
"""Events in one event.append_many."""
MAX_TRANSACTION_CALLS = 1000
"""Calls in one tx.apply."""
DEFAULT_WAIT_MS = 30_000
MAX_WAIT_MS = 300_000
MAX_LEASE_MS = 86_400_000
MAX_DEADLINE_MS = 366 * 86_400_000
MAX_DRAIN_MS = 600_000
MAX_PENDING_APPROVALS = 4000
"""Questions of one worker that nobody has answered; the end of its seat cancels all at once."""
MAX_OPEN_COMMANDS = 2000
"""Commands of one run that have not ended; a cancel of the run ends all at once."""
MAX_OPEN_INPUTS = 1000
"""What was sent to one worker and is not acknowledged."""
MAX_OPEN_INPUT_BYTES = 16 << 20
"""The same, counted in bytes of its data."""
MAX_KEPT_INPUTS = 1000
"""Acknowledged inputs of one worker that can still be listed: the newest."""
MAX_SUBMIT_MANY = 1000
"""Tasks in one queue.submit_many."""
MAX_CLAIM = 100
"""Tasks in one queue.claim."""
MAX_PRIORITY = 1_000_000_000
MAX_ATTEMPTS = 1_000_000
MAX_BACKOFF_MS = 3_600_000
"""The longest pause before a retry."""
MAX_PRUNE = 20_000
"""Entries that one daemon.prune takes; the writer must not stand still for long."""
MAX_PRUNE_STREAMS = 1000
"""Streams from which one daemon.prune takes."""
MAX_PRUNE_LOOKS = 10_000
"""Streams that one daemon.prune looks at; the next goes on from there."""
MAX_KEPT_BACKUPS = 1000
"""What daemon.backup can be told to keep."""
PAGE_BYTES = MAX_FRAME_BYTES - (64 << 10)
"""Where a page ends early: a frame, less what surrounds its items."""
MAX_RESULT_BYTES = MAX_FRAME_BYTES - 1024
"""One result, which cannot end early; its envelope takes the rest of the frame."""

# --- Time -----------------------------------------------------------------------------------
IDEMPOTENCY_RETENTION_MS = 7 * 86_400_000
LEASE_STALL_MS = 2_000
"""A longer gap in the beat of the loop or the writer is a stall, which is no time of any lease."""
HOST_LEASE_MS = 90_000
"""A host that shares a store and is not heard of for so long is expired."""
KILL_AFTER_MS = 5_000
"""Between SIGTERM and SIGKILL when a worker is stopped with force."""

MAX_INTEGER = (1 << 63) - 1
"""The largest integer that SQLite keeps."""

# A JSON value, twice (data and raw of an event), fits one frame with its envelope.
assert 2 * MAX_VALUE_BYTES + (64 << 10) <= PAGE_BYTES
assert PAGE_BYTES < MAX_RESULT_BYTES
assert MAX_RUN_EVENT_BYTES + (16 << 10) <= PAGE_BYTES
# So do the values of a run: its metadata, its session's and its resource bundle.
assert 3 * MAX_VALUE_BYTES + (64 << 10) <= PAGE_BYTES
assert PAGE_BYTES < MAX_FRAME_BYTES < HIGH_WATER_BYTES < MAX_LAG_BYTES
# One connection at all of its limits is far from ending anybody, and under pressure a frame in each
# direction fits what is left for so many that hold as much as they may.
assert MAX_LAG_BYTES + MAX_CONNECTION_BYTES + 2 * MAX_FRAME_BYTES < PRESSED_BYTES // 4
assert CONNECTION_KEEPS_BYTES < HIGH_WATER_BYTES < PRESSED_BYTES < MAX_HELD_BYTES
assert MAX_FRAME_BYTES <= MAX_CONNECTION_BYTES
assert MAX_COMMIT_BATCH_BYTES + MAX_FRAME_BYTES < MAX_WRITER_QUEUE_BYTES < MAX_HELD_BYTES
assert QUICK_QUERY_MS < QUERY_BUDGET_MS < FRAME_TIMEOUT_MS < PEER_STALLED_MS
assert MAX_CONNECTIONS_PER_PROCESS < MAX_CONNECTIONS
assert MAX_WORKER_ID_CHARACTERS <= MAX_ID_CHARACTERS
# A worker is a runner of the state room, and a goal fits a page in any encoding.
assert MAX_WORKER_ID_CHARACTERS <= MAX_STATE_ID_CHARACTERS
assert 6 * MAX_GOAL_CHARACTERS <= PAGE_BYTES
assert MAX_COMMIT_BATCH <= MAX_WRITER_QUEUE
assert MAX_IN_FLIGHT <= MAX_WRITER_QUEUE
# Every method at its own limit passes, and a transaction of as many calls as it may hold.
assert 6 * MAX_SUBMIT_MANY <= MAX_MUTATION_ROWS
assert 12 * MAX_TRANSACTION_CALLS <= MAX_MUTATION_ROWS
# Each name of a blob in a frame is a row, and each event that has some is written twice.
assert MAX_FRAME_BYTES // 74 + 3 * MAX_APPEND_MANY <= MAX_MUTATION_ROWS
# An entry, a name of a blob and the blob itself may go together.
assert 4 * MAX_PRUNE + 2 * MAX_PRUNE_STREAMS <= MAX_BULK_ROWS
# A part as base64 fits a frame in either direction.
assert MAX_BLOB_PART_BYTES * 4 // 3 + (64 << 10) <= PAGE_BYTES
assert MAX_BLOB_PART_BYTES <= MAX_BLOB_BYTES < MAX_BLOBS_BYTES
assert DEFAULT_LIST_LIMIT <= MAX_LIST_LIMIT
assert MAX_STREAMS <= MAX_MERGED_STREAMS
# A page without a filter never ends because its look does.
assert MAX_LIST_LIMIT < MAX_SCAN_ENTRIES
assert DEFAULT_WAIT_MS <= MAX_WAIT_MS
