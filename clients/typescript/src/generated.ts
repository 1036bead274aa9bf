/**
 * What the daemon takes and answers, as types, and its rooms as classes.
 *
 * Made by `python -m penholder_daemon.generate`; do not edit.
 */

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

/** A part of a list: `items`, and in `next` the cursor for the following page, or null. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** How far a reader has read a topic. */
export interface Acknowledged {
  /** Names a topic; any characters, but not * alone. */
  topic: string;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader: string;
  /** 1, 2, 3 … in a stream. */
  seq: number;
}

/** Up to which input a worker has acknowledged what was sent to it; 0 for none. */
export interface AcknowledgedInput {
  /** 1, 2, 3 … in a stream. */
  seq: number;
}

/** The owner of a controller, without its secret. */
export interface ActiveOwner {
  /** One ownership of a controller; made by the daemon as ci_…. */
  instance_id: string;
  /** Only ever grows. */
  epoch: number;
  /** A process id. */
  pid: number | null;
  /** A state directory and its daemon; made by the daemon as host_…. */
  host_id?: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  lease_expires_at: string | null;
}

/** The results of a tx.apply, in the order of its calls. */
export interface Applied {
  results: JsonValue[];
}

/** A question of a worker; exactly one of decided, canceled, expired ends it. */
export interface Approval {
  /** One question to a person or controller, ap_…. */
  request_id: string;
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string;
  /** One turn of a worker, named by its caller. */
  turn_id: string | null;
  state: "canceled" | "decided" | "expired" | "pending";
  kind: string;
  message: string;
  options: Option[];
  keep?: boolean;
  /** Only ever grows. */
  runtime_epoch: number | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  deadline_at: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  decided_at: string | null;
  decision: string | null;
  /** One answer among an approval's options. */
  selected_option_id: string | null;
  selected_alias: string | null;
  note: string | null;
}

/** The answer of runtime.attach: the seat of `worker` is the caller's under `runtime_epoch`. */
export interface Attachment {
  worker: Worker;
  /** Only ever grows. */
  runtime_epoch: number;
}

/** A backend profile of the configuration and what it can do. */
export interface Backend {
  backend_profile: string;
  capabilities: JsonObject;
}

/** Every backend profile of the configuration. */
export interface Backends {
  items: Backend[];
}

/**
 * A verified copy of the database; it holds everything up to `pos`.
 *
 * `removed` are the older backups that `keep_last` did not keep.
 */
export interface Backup {
  path: string;
  bytes: number;
  blob_bytes?: number;
  /** Global journal order. */
  pos: number;
  removed: string[];
}

/** The policy of one binding of a runner: whether it keeps state, and in which scopes. */
export interface Binding {
  /** An id that comes from elsewhere; any characters. */
  runner_id: string;
  /** What a binding of a runner is known by; any characters. */
  binding_identity: string;
  enable_state: boolean;
  state_scopes: ("actor" | "conversation" | "runner" | "subject")[];
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
}

/** A piece of a blob; `eof` says that it reaches the end. */
export interface BlobPart {
  /** Bytes as base64 with its padding, and nothing else in it. */
  bytes_base64: string;
  size: number;
  eof: boolean;
}

/** One goal and everything that is done for it. */
export interface Board {
  /** One goal and everything that is done for it. */
  board_id: string;
  goal: string;
  state: "active" | "done" | "failed" | "pending" | "review";
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
}

/** One entry of a board's stream; `seq` counts 1, 2, 3 … without a hole. */
export interface BoardEvent {
  /** One entry of the journal, ev_…. */
  event_id: string;
  /** Global journal order. */
  pos: number;
  /** One goal and everything that is done for it. */
  board_id: string;
  /** One order of a board's tree; made as br_… if absent. */
  brief_id: string | null;
  /** 1, 2, 3 … in a stream. */
  seq: number;
  kind: "completed" | "escalated" | "failed" | "retried" | "spawned";
  detail: JsonObject;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
}

/** A board and how much of it is where; what does not occur is left out. */
export interface BoardSummary {
  /** One goal and everything that is done for it. */
  board_id: string;
  goal: string;
  state: "active" | "done" | "failed" | "pending" | "review";
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
  workstreams_by_state: Record<string, number>;
  briefs_by_state: Record<string, number>;
  events_by_kind: Record<string, number>;
}

/** One order in a board's tree of orders; `result` is null until there is one. */
export interface Brief {
  /** One order of a board's tree; made as br_… if absent. */
  brief_id: string;
  /** One goal and everything that is done for it. */
  board_id: string;
  /** One order of a board's tree; made as br_… if absent. */
  parent_brief_id: string | null;
  /** One strand of a board's work; made as ws_… if absent. */
  workstream_id: string | null;
  tier: number;
  role: string;
  state: "active" | "done" | "failed" | "pending";
  payload: JsonObject;
  result: JsonObject | null;
  retry_count: number;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
}

/** A brief with the briefs below it, oldest first. */
export interface BriefNode {
  /** One order of a board's tree; made as br_… if absent. */
  brief_id: string;
  /** One goal and everything that is done for it. */
  board_id: string;
  /** One order of a board's tree; made as br_… if absent. */
  parent_brief_id: string | null;
  /** One strand of a board's work; made as ws_… if absent. */
  workstream_id: string | null;
  tier: number;
  role: string;
  state: "active" | "done" | "failed" | "pending";
  payload: JsonObject;
  result: JsonObject | null;
  retry_count: number;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
  children: BriefNode[];
}

/** Briefs without a parent, or the one that was asked for, each with those below it. */
export interface BriefTree {
  items: BriefNode[];
}

/** One mutation of a tx.apply. */
export interface Call {
  method: string;
  params?: JsonValue;
}

/** Whether there was such a wait to end. */
export interface Canceled {
  canceled: boolean;
}

/** A run and its lease; no lease once the run has ended. */
export interface ClaimedRun {
  run: Run;
  lease: Lease | null;
}

/** A task and the lease under which its claimer works on it. */
export interface ClaimedTask {
  task: QueueTask;
  lease: Lease;
}

/** One thing asked of a run; `seq` counts the run's commands. */
export interface Command {
  /** One thing asked of a run, cmd_…. */
  command_id: string;
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  /** 1, 2, 3 … in a stream. */
  seq: number;
  type: "interrupt" | "steer" | "turn";
  state: "acknowledged" | "canceled" | "completed" | "failed" | "pending";
  payload: JsonObject;
  payload_hash: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  acknowledged_at: string | null;
}

/** Who acts, or what is acted upon. */
export interface ContextParty {
  /** An id that comes from elsewhere; any characters. */
  type?: string | null;
  /** An id that comes from elsewhere; any characters. */
  id?: string | null;
}

/** Who steers the workers of one workspace. */
export interface Controller {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  label: string;
  workspace_key: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
}

/** A controller and its owner; `dormant` while nobody owns it. */
export interface ControllerStatus {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  label: string;
  workspace_key: string;
  state: "active" | "dormant";
  active_owner: ActiveOwner | null;
}

/** The position of the newest entry. */
export interface CurrentPosition {
  /** Global journal order. */
  pos: number;
}

/**
 * The daemon in figures; `workers` counts them by state.
 *
 * `host_id` is made at a state directory's first start and kept there; `host_name` is a setting.
 * `held_bytes` is what connections make the daemon hold (at `held_bytes_limit` the one that holds
 * most is ended), `unserved_workers` are those whose socket cannot be served at the moment.
 * `blob_bytes` is what all blobs count for (MAX_BLOBS_BYTES at most).
 * `store` names the file or the database of PostgreSQL that keeps the state.
 * `store_fault` says why nothing can be written at the moment, and is null when all is well. Where
 * nothing can be read either `workers` is empty, `blob_bytes` 0, and `pos` what was heard last.
 */
export interface DaemonStatus {
  version: string;
  pid: number;
  boot_id: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  started_at: string;
  host_id: string;
  host_name: string;
  state_dir: string;
  runtime_dir: string;
  store?: string;
  sqlite_version: string;
  schema_version: number;
  workers: Record<string, number>;
  connections: number;
  subscriptions: number;
  writer_queue: number;
  held_bytes: number;
  held_bytes_limit: number;
  unserved_workers: number;
  store_fault: string | null;
  wal_bytes: number;
  db_bytes: number;
  blob_bytes?: number;
  /** Global journal order. */
  pos: number;
}

/** A read of streams: go on after `pos`. */
export interface Entries {
  items: Entry[];
  /** Global journal order. */
  pos: number;
}

/** Params of the notification journal.entries. */
export interface EntriesNotice {
  /** A live subscription of this connection. */
  subscription: string;
  entries: Entry[];
  /** Global journal order. */
  pos: number;
}

/**
 * One entry: `pos` orders all streams, `seq` counts without a hole in its own stream.
 *
 * `request_id` is the JSON-RPC id of the call that caused it, as text.
 */
export interface Entry {
  /** One entry of the journal, ev_…. */
  entry_id: string;
  /** Global journal order. */
  pos: number;
  stream: string;
  /** 1, 2, 3 … in a stream. */
  seq: number;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  ts: string;
  type: string;
  turn_id: string | null;
  data: JsonObject;
  /** Any JSON value. */
  raw: JsonValue;
  request_id: string | null;
  blobs?: string[];
}

/** One entry of a worker's stream; `event_seq` counts 1, 2, 3 … without a hole. */
export interface Event {
  /** One entry of the journal, ev_…. */
  event_id: string;
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string;
  /** 1, 2, 3 … in a stream. */
  event_seq: number;
  /** Global journal order. */
  pos: number;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  ts: string;
  type: string;
  turn_id: string | null;
  data: JsonObject;
  /** Any JSON value. */
  raw: JsonValue;
  blobs?: string[];
}

/** Proof of ownership: the epoch and token that controller.acquire answered. */
export interface Fence {
  /** Only ever grows. */
  epoch: number;
  /** The secret of one ownership; shown once, stored hashed. */
  token: string;
}

/** Params of runtime.fenced: another process took the worker's seat. */
export interface FencedNotice {
  worker_id: string;
  current_epoch: number;
}

/** Something that should not be: which check found it, and what. */
export interface Finding {
  check: string;
  detail: string;
}

/**
 * An ownership as its owner sees it; `token` is there once, in the answer of acquire.
 *
 * It is null where the owner brought a token of its own.
 */
export interface Handle {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  /** One ownership of a controller; made by the daemon as ci_…. */
  instance_id: string;
  /** Only ever grows. */
  epoch: number;
  token: string | null;
  /** A process id. */
  pid: number | null;
  /** A state directory and its daemon; made by the daemon as host_…. */
  host_id?: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  lease_expires_at: string | null;
}

/** Where a worker wrote down what its successor needs. */
export interface Handoff {
  /** One snapshot to go on from, hs_…. */
  snapshot_id: string;
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string;
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  /** One turn of a worker, named by its caller. */
  source_turn_id: string | null;
  handoff_path: string;
  checkpoint_path: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
}

/** Whether the store can be read and written. */
export interface Health {
  adapter: "postgresql" | "sqlite";
  ready: boolean;
  reachable: boolean;
  migration_ready: boolean;
  migration_id: string | null;
  failure_kind: string | null;
  message: string | null;
}

/** What the daemon is, and what it takes the caller for. */
export interface Hello {
  server: string;
  version: string;
  protocol: number;
  boot_id: string;
  limits: Record<string, number>;
  capabilities: string[];
  you: Peer;
}

/**
 * A state directory and its daemon; `workers` counts those of it that are not stopped.
 *
 * `host_name` is a label. `lease_expires_at` is when the lease of an active one would end if its
 * daemon were not heard of again, and when that of an expired one did.
 */
export interface Host {
  /** A state directory and its daemon; made by the daemon as host_…. */
  host_id: string;
  host_name: string;
  state: "active" | "expired";
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  lease_expires_at: string;
  version: string;
  workers: number;
}

/** Something that was sent to a worker; `seq` counts 1, 2, 3 … for each worker. */
export interface Input {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string;
  /** 1, 2, 3 … in a stream. */
  seq: number;
  kind: string;
  data: JsonObject;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  acked: boolean;
}

/** One ownership, past or present. */
export interface Instance {
  /** One ownership of a controller; made by the daemon as ci_…. */
  instance_id: string;
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  /** Only ever grows. */
  epoch: number;
  /** A process id. */
  pid: number | null;
  /** A state directory and its daemon; made by the daemon as host_…. */
  host_id?: string | null;
  is_active: boolean;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  released_at: string | null;
}

/** A job that a runner started elsewhere for a command. */
export interface Job {
  /** One job that a runner started elsewhere; made as job_… if absent. */
  job_id: string;
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  /** One thing asked of a run, cmd_…. */
  command_id: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key: string | null;
  payload_hash: string;
  /** One try of a job, named by its caller. */
  attempt_id: string;
  /** Who carries runs or queue tasks out; a worker is its own runner. */
  runner_id: string;
  namespace: string;
  job_name: string;
  manager_url: string;
  image: string;
  source_commit: string;
  service_account_name: string | null;
  result: JsonObject;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
}

/** Params of journal.lagged: the subscription has ended, subscribe again after the pos. */
export interface LaggedNotice {
  /** A live subscription of this connection. */
  subscription: string;
  /** Global journal order. */
  resume_after: number;
}

/** What the newest entry of a worker's stream is, without its data. */
export interface LastEvent {
  type: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  ts: string;
}

/**
 * A claim as its holder sees it; `token` is there once, in the answer of the claim.
 *
 * It is null where the claimer brought a token of its own.
 */
export interface Lease {
  /** Only ever grows. */
  epoch: number;
  token: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  expires_at: string;
}

/** Proof of a claim: the epoch and token of the newest lease. */
export interface LeaseProof {
  /** Only ever grows. */
  epoch: number;
  /** The secret of one ownership; shown once, stored hashed. */
  token: string;
}

/** One entry of a topic's stream; `seq` counts 1, 2, 3 … without a hole. */
export interface Message {
  /** One entry of the journal, ev_…. */
  message_id: string;
  /** Global journal order. */
  pos: number;
  /** Names a topic; any characters, but not * alone. */
  topic: string;
  /** 1, 2, 3 … in a stream. */
  seq: number;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  ts: string;
  kind: string;
  /** What messages belong to, named by their senders. */
  correlation_id: string | null;
  payload: JsonObject;
}

/** What message.wait found; go on after the `seq` of the last one. */
export interface Messages {
  items: Message[];
}

/** All figures in the text format of Prometheus. */
export interface Metrics {
  text: string;
}

/** An event to append with event.append_many. */
export interface NewEvent {
  /** A word that programs compare, such as tool.call. */
  type: string;
  data?: JsonObject;
  /** One turn of a worker, named by its caller. */
  turn_id?: string | null;
  /** Any JSON value. */
  raw?: JsonValue;
  /** Blobs that belong to an entry. */
  blobs?: string[];
}

/** A task to submit with queue.submit_many. */
export interface NewQueueTask {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id?: string | null;
  /** Whose work it is; sessions never cross tenants. */
  tenant_id: string;
  /** A part of a tenant's work; sessions never cross projects. */
  project_id: string;
  /** A queue; it is there as soon as it is named. */
  queue: string;
  /** A word that programs compare, such as tool.call. */
  lane?: string;
  title?: string | null;
  /** High ones are first. */
  priority?: number;
  payload?: JsonObject;
  max_attempts?: number;
  backoff_ms?: number;
  delay_ms?: number;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** One possible answer; an approval is decided by its id or its alias (any case). */
export interface Option {
  /** One answer among an approval's options. */
  id: string;
  /** A word that programs compare, such as tool.call. */
  alias?: string | null;
  label?: string | null;
  /** A word that programs compare, such as tool.call. */
  kind?: string | null;
}

/** Whether a queue gives out tasks. */
export interface PausedQueue {
  /** A queue; it is there as soon as it is named. */
  queue: string;
  paused: boolean;
}

/** Who is calling, as the kernel says it. */
export interface Peer {
  socket: "control" | "runtime";
  uid: number;
  pid: number;
  worker_id: string | null;
}

/** The daemon is there. */
export interface Pong {
  pong: boolean;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  ts: string;
}

/**
 * What daemon.prune took, or with dry_run would take.
 *
 * `more`: call again for the rest, with `next` as the cursor.
 */
export interface Pruned {
  entries: number;
  streams: PrunedStream[];
  more: boolean;
  next: string | null;
  dry_run: boolean;
}

/** Params of journal.pruned: retention has overtaken this subscription on one stream. */
export interface PrunedNotice {
  /** A live subscription of this connection. */
  subscription: string;
  stream: string;
  /** Global journal order. */
  oldest_pos: number;
}

/** What was taken from one stream, and where it begins now. */
export interface PrunedStream {
  stream: string;
  entries: number;
  oldest_seq: number;
}

/** The counts and the first 20 tasks. */
export interface QueueOverview {
  queue: string | null;
  stats: QueueStats;
  items: QueueTask[];
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  generated_at: string;
}

/** Up to which version a reader has read a task. */
export interface QueueRead {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id: string;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader_id: string;
  task_version: number;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  read_at: string;
}

/** Counts of one queue or of all; only states and lanes that occur. */
export interface QueueStats {
  queue: string | null;
  total: number;
  by_state: Record<string, number>;
  by_lane: Record<string, number>;
  max_version: number;
  paused: boolean | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  generated_at: string;
}

/**
 * One piece of work; `version` is one counter over all tasks, raised by every change.
 *
 * `read_version` and `unread` are there where a reader was named.
 */
export interface QueueTask {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id: string;
  /** Whose work it is; sessions never cross tenants. */
  tenant_id: string;
  /** A part of a tenant's work; sessions never cross projects. */
  project_id: string;
  /** A queue; it is there as soon as it is named. */
  queue: string;
  lane: string;
  title: string | null;
  priority: number;
  payload: JsonObject;
  payload_hash: string;
  state: "blocked" | "canceled" | "completed" | "failed" | "pending" | "running";
  version: number;
  attempts: number;
  max_attempts: number;
  backoff_ms: number;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  not_before_at: string | null;
  /** Any JSON value. */
  latest_attempt: JsonValue;
  session_path: string | null;
  /** Any JSON value. */
  result: JsonValue;
  error: string | null;
  claimed_by: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  lease_expires_at: string | null;
  idempotency_key: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  canceled_at: string | null;
  cancel_reason: string | null;
  read_version?: number | null;
  unread?: boolean;
}

/** What controller.release did; `reason` says why nothing was released. */
export interface Release {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  released: boolean;
  reason: "NO_ACTIVE_OWNER" | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  released_at: string | null;
  /** One ownership of a controller; made by the daemon as ci_…. */
  instance_id: string | null;
  /** Only ever grows. */
  epoch: number | null;
}

/** A worker was deleted; its stream and epochs stay. */
export interface Removed {
  removed: boolean;
}

/** One execution. An expired one stays `claimed`; `claimed_by` stays after the end. */
export interface Run {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  /** Whose work it is; sessions never cross tenants. */
  tenant_id: string;
  /** A part of a tenant's work; sessions never cross projects. */
  project_id: string;
  backend_profile: string;
  session_ref: SessionRef | null;
  resource_bundle_ref: JsonObject | null;
  metadata: JsonObject;
  state: "blocked" | "canceled" | "claimed" | "completed" | "failed" | "pending";
  failure_kind: string | null;
  failure_message: string | null;
  /** Who carries runs or queue tasks out; a worker is its own runner. */
  claimed_by: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  lease_expires_at: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
}

/** One entry of a run's stream; `seq` counts 1, 2, 3 … without a hole. */
export interface RunEvent {
  /** One entry of the journal, ev_…. */
  event_id: string;
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  /** 1, 2, 3 … in a stream. */
  seq: number;
  /** Global journal order. */
  pos: number;
  type: string;
  payload: JsonObject;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
}

/** Who carries runs out, if it made itself known. */
export interface Runner {
  /** Who carries runs or queue tasks out; a worker is its own runner. */
  runner_id: string;
  metadata: JsonObject;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  registered_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  heartbeat_at: string;
}

/** Which process holds the seat of a worker. */
export interface RuntimeStatus {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string;
  attached: boolean;
  /** A process id. */
  pid: number | null;
  /** Only ever grows. */
  runtime_epoch: number;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  attached_at: string | null;
}

/** What the runs of one conversation share; `version` is a counter over all sessions. */
export interface Session {
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  /** Whose work it is; sessions never cross tenants. */
  tenant_id: string;
  /** A part of a tenant's work; sessions never cross projects. */
  project_id: string;
  backend_profile: string;
  /** A conversation, as those who talk name it. */
  conversation_id: string | null;
  /** A conversation, as the backend names it. */
  thread_id: string | null;
  metadata: JsonObject;
  /** 1, 2, 3 … in a stream. */
  version: number;
  state: "idle" | "running" | "terminal";
  /** One execution; made by the daemon as run_… if absent. */
  last_run_id: string | null;
  /** One thing asked of a run, cmd_…. */
  last_command_id: string | null;
  /** One execution; made by the daemon as run_… if absent. */
  active_run_id: string | null;
  /** One thing asked of a run, cmd_…. */
  active_command_id: string | null;
  /** 1, 2, 3 … in a stream. */
  last_event_seq: number;
  outcome: "blocked" | "canceled" | "completed" | "failed" | null;
  failure_kind: string | null;
  title: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  last_activity_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  expires_at: string | null;
}

/** A part of the stream of one run of a session; `next` is the cursor for the next. */
export interface SessionEvents {
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  items: RunEvent[];
  next: string | null;
}

/** How far a reader has seen a session. */
export interface SessionRead {
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader_id: string;
  /** 1, 2, 3 … in a stream. */
  session_version: number;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  read_at: string;
}

/** The session that a run belongs to, and what is known of it. */
export interface SessionRef {
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  /** A conversation, as those who talk name it. */
  conversation_id?: string | null;
  /** A conversation, as the backend names it. */
  thread_id?: string | null;
  /** RFC 3339 in UTC, ending in Z; kept with milliseconds. */
  expires_at?: string | null;
  metadata?: JsonObject | null;
}

/** A session as a reader sees it: does it need attention? */
export interface SessionSummary {
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  /** Whose work it is; sessions never cross tenants. */
  tenant_id: string;
  /** A part of a tenant's work; sessions never cross projects. */
  project_id: string;
  backend_profile: string;
  /** A conversation, as those who talk name it. */
  conversation_id: string | null;
  /** A conversation, as the backend names it. */
  thread_id: string | null;
  metadata: JsonObject;
  /** 1, 2, 3 … in a stream. */
  version: number;
  state: "idle" | "running" | "terminal";
  /** One execution; made by the daemon as run_… if absent. */
  last_run_id: string | null;
  /** One thing asked of a run, cmd_…. */
  last_command_id: string | null;
  /** One execution; made by the daemon as run_… if absent. */
  active_run_id: string | null;
  /** One thing asked of a run, cmd_…. */
  active_command_id: string | null;
  /** 1, 2, 3 … in a stream. */
  last_event_seq: number;
  outcome: "blocked" | "canceled" | "completed" | "failed" | null;
  failure_kind: string | null;
  title: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  last_activity_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  expires_at: string | null;
  session_path: string;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader_id: string | null;
  /** 1, 2, 3 … in a stream. */
  read_version: number | null;
  attention: "active" | "read" | "unread";
  unread: boolean;
  active: boolean;
}

/** How many values were deleted. */
export interface StateCleared {
  deleted: number;
}

/** In what a runner works: from this and the scope follows which values are meant. */
export interface StateContext {
  /** An id that comes from elsewhere; any characters. */
  bot_id?: string | null;
  /** An id that comes from elsewhere; any characters. */
  workspace_id?: string | null;
  /** An id that comes from elsewhere; any characters. */
  conversation_id?: string | null;
  /** An id that comes from elsewhere; any characters. */
  thread_id?: string | null;
  actor?: ContextParty | null;
  subject?: ContextParty | null;
}

/** Whether there was such a value to delete. */
export interface StateDeleted {
  deleted: boolean;
}

/** One value under its stored key; `scope_key` is opaque, the same for the same dimensions. */
export interface StateEntry {
  scope: "actor" | "conversation" | "runner" | "subject";
  scope_key: string;
  /** Names a value in its scope; any characters, none too. */
  key: string;
  /** Any JSON value. */
  value: JsonValue;
  found: boolean;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string | null;
}

/** Keys of a scope, sorted by code point; go on after the last one while `has_more`. */
export interface StateKeys {
  keys: string[];
  has_more: boolean;
}

/** Every value in every scope that the binding allows and the context identifies. */
export interface StateSnapshot {
  conversation: Record<string, JsonValue>;
  actor: Record<string, JsonValue>;
  subject: Record<string, JsonValue>;
  runner: Record<string, JsonValue>;
}

/** The daemon finishes what it has and exits. */
export interface Stopping {
  stopping: boolean;
}

/** A live subscription: journal.entries notifications follow, from after `pos`. */
export interface Subscription {
  /** A live subscription of this connection. */
  subscription: string;
  /** Global journal order. */
  pos: number;
}

/** One piece of work; `stale` says how long it has not been heard of, as of this answer. */
export interface Task {
  /** One piece of work under review, named by its caller. */
  task_id: string;
  state: "APPROVED" | "ASSIGNED" | "COMPLETED" | "CONFLICTED" | "FAILED" | "IN_REVIEW" | "WORKING";
  branch: string;
  worktree: string;
  description: string | null;
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  state_changed_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  heartbeat_at: string | null;
  stale: "dead" | "ok" | "stale" | "warn";
}

/** How many messages of a topic a reader has before it, and after which one they begin. */
export interface Unread {
  count: number;
  /** 1, 2, 3 … in a stream. */
  after_seq: number;
}

/** Whether there was such a subscription to end. */
export interface Unsubscribed {
  unsubscribed: boolean;
}

/** What an upload holds by now, and the blob that it became with its last part. */
export interface Upload {
  /** One blob that is being put; made by the daemon as up_… if absent. */
  upload_id: string;
  /** Names bytes by their own SHA-256: sha256- and 64 hexadecimal digits. */
  blob_id: string | null;
  size: number;
}

/** Whether an epoch and token are the active owner's. */
export interface Validity {
  valid: boolean;
}

/** What daemon.verify found; `ok` if nothing. */
export interface Verification {
  ok: boolean;
  findings: Finding[];
}

/**
 * One worker of a controller. `socket_path` is where the daemon serves it.
 *
 * That is null for a worker of another host, which serves it there. While its host's lease is over
 * its `recovery_state` is `unreachable`, and nothing else of it changes.
 */
export interface Worker {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string;
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  /** A state directory and its daemon; made by the daemon as host_…. */
  host_id?: string;
  label: string;
  launcher: string;
  profile: string;
  packs: string[];
  cwd: string;
  env: Record<string, string>;
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  socket_path: string | null;
  /** A process id. */
  runtime_pid: number | null;
  runtime_socket: string | null;
  state: "canceling" | "error" | "idle" | "running" | "starting" | "stopped" | "waiting_approval";
  recovery_state: "attached" | "lost" | "restartable" | "unreachable";
  /** One turn of a worker, named by its caller. */
  active_turn_id: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  heartbeat_at: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  stopped_at: string | null;
  last_error: string | null;
}

/** A worker and what it did last, as far as its stream still holds that. */
export interface WorkerOverview {
  worker: Worker;
  pending_approvals: number;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  last_output_at: string | null;
  last_text: string | null;
  last_event: LastEvent | null;
  last_data: JsonObject | null;
  summary: JsonObject | null;
}

/** One strand of a board's work. */
export interface Workstream {
  /** One strand of a board's work; made as ws_… if absent. */
  workstream_id: string;
  /** One goal and everything that is done for it. */
  board_id: string;
  name: string;
  tier: number;
  state: "active" | "blocked" | "done" | "failed" | "pending";
  /** Whoever owns a workstream, named by its caller. */
  owner_agent_id: string | null;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  created_at: string;
  /** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
  updated_at: string;
}

/** Params of approval.cancel. */
export interface ApprovalCancelParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string | null;
  /** One question to a person or controller, ap_…. */
  request_id: string;
  note?: string | null;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of approval.decide. */
export interface ApprovalDecideParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string | null;
  /** One question to a person or controller, ap_…. */
  request_id: string;
  /** A word that programs compare, such as tool.call. */
  option: string;
  note?: string | null;
  /** Only ever grows. */
  runtime_epoch?: number | null;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of approval.get. */
export interface ApprovalGetParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string | null;
  /** One question to a person or controller, ap_…. */
  request_id: string;
}

/** Params of approval.list. */
export interface ApprovalListParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string | null;
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id?: string | null;
  state?: "all" | "canceled" | "decided" | "expired" | "pending";
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of approval.request. */
export interface ApprovalRequestParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  /** One turn of a worker, named by its caller. */
  turn_id?: string | null;
  /** A word that programs compare, such as tool.call. */
  kind?: string;
  message: string;
  options?: Option[] | null;
  deadline_ms?: number | null;
  /** One answer among an approval's options. */
  on_deadline?: string | null;
  keep?: boolean;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of approval.wait. */
export interface ApprovalWaitParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string | null;
  /** One question to a person or controller, ap_…. */
  request_id: string;
  timeout_ms?: number;
}

/** Params of blob.get. */
export interface BlobGetParams {
  /** Names bytes by their own SHA-256: sha256- and 64 hexadecimal digits. */
  blob_id: string;
  /** How many bytes lie before. */
  offset?: number;
  /** How many bytes at most. */
  limit?: number;
}

/** Params of blob.put. */
export interface BlobPutParams {
  /** One blob that is being put; made by the daemon as up_… if absent. */
  upload_id?: string | null;
  /** How many bytes lie before. */
  offset?: number;
  /** Bytes as base64 with its padding, and nothing else in it. */
  bytes_base64: string;
  last?: boolean;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of board.append_event. */
export interface BoardAppendEventParams {
  /** One goal and everything that is done for it. */
  board_id: string;
  kind: "completed" | "escalated" | "failed" | "retried" | "spawned";
  /** One order of a board's tree; made as br_… if absent. */
  brief_id?: string | null;
  detail?: JsonObject;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of board.create. */
export interface BoardCreateParams {
  /** One goal and everything that is done for it. */
  board_id: string;
  goal: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of board.events. */
export interface BoardEventsParams {
  /** One goal and everything that is done for it. */
  board_id: string;
  /** 1, 2, 3 … in a stream. */
  after_seq?: number;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of board.get. */
export interface BoardGetParams {
  /** One goal and everything that is done for it. */
  board_id: string;
}

/** Params of board.list. */
export interface BoardListParams {
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of board.set_state. */
export interface BoardSetStateParams {
  /** One goal and everything that is done for it. */
  board_id: string;
  state: "active" | "done" | "failed" | "pending" | "review";
  expected?: "active" | "done" | "failed" | "pending" | "review" | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of board.summary. */
export interface BoardSummaryParams {
  /** One goal and everything that is done for it. */
  board_id: string;
}

/** Params of brief.create. */
export interface BriefCreateParams {
  /** One goal and everything that is done for it. */
  board_id: string;
  /** One order of a board's tree; made as br_… if absent. */
  brief_id?: string | null;
  /** One order of a board's tree; made as br_… if absent. */
  parent_brief_id?: string | null;
  /** One strand of a board's work; made as ws_… if absent. */
  workstream_id?: string | null;
  tier: number;
  role: string;
  payload?: JsonObject;
  retry_count?: number;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of brief.get. */
export interface BriefGetParams {
  /** One order of a board's tree; made as br_… if absent. */
  brief_id: string;
}

/** Params of brief.list. */
export interface BriefListParams {
  /** One goal and everything that is done for it. */
  board_id: string;
  state?: "active" | "done" | "failed" | "pending" | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of brief.retry. */
export interface BriefRetryParams {
  /** One order of a board's tree; made as br_… if absent. */
  brief_id: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of brief.set_result. */
export interface BriefSetResultParams {
  /** One order of a board's tree; made as br_… if absent. */
  brief_id: string;
  result: JsonObject;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of brief.set_state. */
export interface BriefSetStateParams {
  /** One order of a board's tree; made as br_… if absent. */
  brief_id: string;
  state: "active" | "done" | "failed" | "pending";
  expected?: "active" | "done" | "failed" | "pending" | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of brief.tree. */
export interface BriefTreeParams {
  /** One goal and everything that is done for it. */
  board_id: string;
  /** One order of a board's tree; made as br_… if absent. */
  root_brief_id?: string | null;
  depth?: number | null;
}

/** Params of command.ack. */
export interface CommandAckParams {
  /** One thing asked of a run, cmd_…. */
  command_id: string;
  lease?: LeaseProof | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of command.cancel. */
export interface CommandCancelParams {
  /** One thing asked of a run, cmd_…. */
  command_id: string;
  reason?: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of command.create. */
export interface CommandCreateParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  type: "interrupt" | "steer" | "turn";
  payload?: JsonObject;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of command.finish. */
export interface CommandFinishParams {
  /** One thing asked of a run, cmd_…. */
  command_id: string;
  outcome: "blocked" | "canceled" | "completed" | "failed";
  /** What went wrong, in a word. */
  failure_kind?: string | null;
  failure_message?: string | null;
  /** A conversation, as the backend names it. */
  thread_id?: string | null;
  /** One turn of a worker, named by its caller. */
  turn_id?: string | null;
  lease?: LeaseProof | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of command.get. */
export interface CommandGetParams {
  /** One thing asked of a run, cmd_…. */
  command_id: string;
}

/** Params of command.list. */
export interface CommandListParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  /** 1, 2, 3 … in a stream. */
  after_seq?: number;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of command.next. */
export interface CommandNextParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  timeout_ms?: number;
}

/** Params of controller.acquire. */
export interface ControllerAcquireParams {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  takeover?: boolean;
  /** A process id. */
  pid?: number | null;
  lease_ms?: number | null;
  /** A secret that the caller made at random and keeps; with it the answer's token is null, so the answer can be kept under its idempotency key. */
  token?: string | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of controller.find. */
export interface ControllerFindParams {
  workspace_key: string;
}

/** Params of controller.get. */
export interface ControllerGetParams {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
}

/** Params of controller.instances. */
export interface ControllerInstancesParams {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id?: string | null;
  active_only?: boolean;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of controller.list. */
export interface ControllerListParams {
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of controller.register. */
export interface ControllerRegisterParams {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id?: string | null;
  label: string;
  workspace_key: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of controller.release. */
export interface ControllerReleaseParams {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  /** Only ever grows. */
  epoch?: number | null;
  /** The secret of one ownership; shown once, stored hashed. */
  token?: string | null;
  force?: boolean;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of controller.renew. */
export interface ControllerRenewParams {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  /** Only ever grows. */
  epoch: number;
  /** The secret of one ownership; shown once, stored hashed. */
  token: string;
  lease_ms: number;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of controller.status. */
export interface ControllerStatusParams {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
}

/** Params of controller.validate. */
export interface ControllerValidateParams {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  /** Only ever grows. */
  epoch: number;
  /** The secret of one ownership; shown once, stored hashed. */
  token: string;
}

/** Params of daemon.backup. */
export interface DaemonBackupParams {
  path?: string | null;
  keep_last?: number | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of daemon.prune. */
export interface DaemonPruneParams {
  older_than_ms?: number | null;
  /** 1, 2, 3 … in a stream. */
  keep_last?: number | null;
  streams?: string[] | null;
  dry_run?: boolean;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of daemon.shutdown. */
export interface DaemonShutdownParams {
  drain_ms?: number;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of daemon.verify. */
export interface DaemonVerifyParams {
  deep?: boolean;
}

/** Params of event.append. */
export interface EventAppendParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  /** A word that programs compare, such as tool.call. */
  type: string;
  data?: JsonObject;
  /** One turn of a worker, named by its caller. */
  turn_id?: string | null;
  /** Any JSON value. */
  raw?: JsonValue;
  /** Blobs that belong to an entry. */
  blobs?: string[];
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of event.append_many. */
export interface EventAppendManyParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  events: NewEvent[];
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of event.latest. */
export interface EventLatestParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
}

/** Params of event.list. */
export interface EventListParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  /** One entry of the journal, ev_…. */
  after_event_id?: string | null;
  /** 1, 2, 3 … in a stream. */
  after_seq?: number | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of event.wait. */
export interface EventWaitParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  /** One entry of the journal, ev_…. */
  after_event_id?: string | null;
  /** 1, 2, 3 … in a stream. */
  after_seq?: number | null;
  types?: string[] | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
  timeout_ms?: number;
}

/** Params of handoff.latest. */
export interface HandoffLatestParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
}

/** Params of handoff.list. */
export interface HandoffListParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string | null;
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id?: string | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of handoff.register. */
export interface HandoffRegisterParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  /** One turn of a worker, named by its caller. */
  source_turn_id?: string | null;
  handoff_path: string;
  checkpoint_path: string;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of host.list. */
export interface HostListParams {
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of input.ack. */
export interface InputAckParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  /** 1, 2, 3 … in a stream. */
  seq: number;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of input.list. */
export interface InputListParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  /** 1, 2, 3 … in a stream. */
  after_seq?: number;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of input.next. */
export interface InputNextParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  timeout_ms?: number;
}

/** Params of job.list. */
export interface JobListParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  /** One thing asked of a run, cmd_…. */
  command_id?: string | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of job.save. */
export interface JobSaveParams {
  /** One job that a runner started elsewhere; made as job_… if absent. */
  job_id?: string | null;
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  /** One thing asked of a run, cmd_…. */
  command_id: string;
  /** Tells payloads apart; the daemon's own are SHA-256 of canonical JSON. */
  payload_hash: string;
  /** One try of a job, named by its caller. */
  attempt_id: string;
  /** Who carries runs or queue tasks out; a worker is its own runner. */
  runner_id: string;
  namespace: string;
  job_name: string;
  manager_url: string;
  image: string;
  source_commit: string;
  service_account_name?: string | null;
  result?: JsonObject;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of journal.read. */
export interface JournalReadParams {
  streams: string[];
  /** Global journal order. */
  after?: number;
  types?: string[] | null;
  limit?: number;
}

/** Params of journal.subscribe. */
export interface JournalSubscribeParams {
  streams: string[];
  /** Global journal order. */
  after?: number | "now" | "start";
  types?: string[] | null;
}

/** Params of journal.unsubscribe. */
export interface JournalUnsubscribeParams {
  /** A live subscription of this connection. */
  subscription: string;
}

/** Params of journal.wait. */
export interface JournalWaitParams {
  streams: string[];
  /** Global journal order. */
  after: number;
  types?: string[] | null;
  limit?: number;
  timeout_ms?: number;
}

/** Params of message.ack. */
export interface MessageAckParams {
  /** Names a topic; any characters, but not * alone. */
  topic: string;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader?: string | null;
  /** 1, 2, 3 … in a stream. */
  seq: number;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of message.list. */
export interface MessageListParams {
  /** Names a topic; any characters, but not * alone. */
  topic: string;
  /** 1, 2, 3 … in a stream. */
  after_seq?: number;
  /** What messages belong to, named by their senders. */
  correlation_id?: string | null;
  /** A word that programs compare, such as tool.call. */
  kind?: string | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of message.publish. */
export interface MessagePublishParams {
  /** Names a topic; any characters, but not * alone. */
  topic: string;
  /** A word that programs compare, such as tool.call. */
  kind: string;
  /** What messages belong to, named by their senders. */
  correlation_id?: string | null;
  payload?: JsonObject;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of message.unread. */
export interface MessageUnreadParams {
  /** Names a topic; any characters, but not * alone. */
  topic: string;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader?: string | null;
}

/** Params of message.wait. */
export interface MessageWaitParams {
  /** Names a topic; any characters, but not * alone. */
  topic: string;
  /** 1, 2, 3 … in a stream. */
  after_seq: number;
  /** What messages belong to, named by their senders. */
  correlation_id?: string | null;
  /** A word that programs compare, such as tool.call. */
  kind?: string | null;
  timeout_ms?: number;
}

/** Params of queue.cancel. */
export interface QueueCancelParams {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id: string;
  reason?: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.claim. */
export interface QueueClaimParams {
  /** A queue; it is there as soon as it is named. */
  queue: string;
  /** Who carries runs or queue tasks out; a worker is its own runner. */
  runner_id?: string;
  lease_ms: number;
  lanes?: string[] | null;
  max_tasks?: number;
  /** A secret that the caller made at random and keeps; with it the answer's token is null, so the answer can be kept under its idempotency key. */
  token?: string | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.complete. */
export interface QueueCompleteParams {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id: string;
  result?: JsonObject;
  lease?: LeaseProof | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.fail. */
export interface QueueFailParams {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id: string;
  error: string;
  retry?: boolean;
  lease?: LeaseProof | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.get. */
export interface QueueGetParams {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id: string;
}

/** Params of queue.heartbeat. */
export interface QueueHeartbeatParams {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id: string;
  lease_ms: number;
  lease?: LeaseProof | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.list. */
export interface QueueListParams {
  /** A queue; it is there as soon as it is named. */
  queue?: string | null;
  state?: "blocked" | "canceled" | "completed" | "failed" | "pending" | "running" | null;
  /** 1, 2, 3 … in a stream. */
  after_version?: number | null;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader_id?: string | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of queue.mark_read. */
export interface QueueMarkReadParams {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id: string;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader_id: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.overview. */
export interface QueueOverviewParams {
  /** A queue; it is there as soon as it is named. */
  queue?: string | null;
}

/** Params of queue.pause. */
export interface QueuePauseParams {
  /** A queue; it is there as soon as it is named. */
  queue: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.resume. */
export interface QueueResumeParams {
  /** A queue; it is there as soon as it is named. */
  queue: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.stats. */
export interface QueueStatsParams {
  /** A queue; it is there as soon as it is named. */
  queue?: string | null;
}

/** Params of queue.submit. */
export interface QueueSubmitParams {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id?: string | null;
  /** Whose work it is; sessions never cross tenants. */
  tenant_id: string;
  /** A part of a tenant's work; sessions never cross projects. */
  project_id: string;
  /** A queue; it is there as soon as it is named. */
  queue: string;
  /** A word that programs compare, such as tool.call. */
  lane?: string;
  title?: string | null;
  /** High ones are first. */
  priority?: number;
  payload?: JsonObject;
  max_attempts?: number;
  backoff_ms?: number;
  delay_ms?: number;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.submit_many. */
export interface QueueSubmitManyParams {
  tasks: NewQueueTask[];
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.update_attempt. */
export interface QueueUpdateAttemptParams {
  /** One piece of work; made by the daemon as qt_… if absent. */
  queue_task_id: string;
  state: "blocked" | "canceled" | "completed" | "failed" | "pending" | "running";
  latest_attempt: JsonObject;
  session_path?: string | null;
  lease?: LeaseProof | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of queue.wait. */
export interface QueueWaitParams {
  /** A queue; it is there as soon as it is named. */
  queue: string;
  /** Who carries runs or queue tasks out; a worker is its own runner. */
  runner_id?: string;
  lease_ms: number;
  lanes?: string[] | null;
  max_tasks?: number;
  /** A secret that the caller made at random and keeps; with it the answer's token is null, so the answer can be kept under its idempotency key. */
  token?: string | null;
  timeout_ms?: number;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of rpc.cancel. */
export interface RpcCancelParams {
  id: number | string;
}

/** Params of rpc.hello. */
export interface RpcHelloParams {
  client?: string | null;
  version?: string | null;
}

/** Params of run.append_event. */
export interface RunAppendEventParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  /** A word that programs compare, such as tool.call. */
  type: string;
  payload?: JsonObject;
  lease?: LeaseProof | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of run.cancel. */
export interface RunCancelParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  reason?: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of run.claim. */
export interface RunClaimParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  /** Who carries runs or queue tasks out; a worker is its own runner. */
  runner_id?: string;
  lease_ms: number;
  /** A secret that the caller made at random and keeps; with it the answer's token is null, so the answer can be kept under its idempotency key. */
  token?: string | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of run.claim_next. */
export interface RunClaimNextParams {
  /** Who carries runs or queue tasks out; a worker is its own runner. */
  runner_id?: string;
  lease_ms: number;
  /** Whose work it is; sessions never cross tenants. */
  tenant_id?: string | null;
  /** A part of a tenant's work; sessions never cross projects. */
  project_id?: string | null;
  /** A word that programs compare, such as tool.call. */
  backend_profile?: string | null;
  /** A secret that the caller made at random and keeps; with it the answer's token is null, so the answer can be kept under its idempotency key. */
  token?: string | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of run.create. */
export interface RunCreateParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id?: string | null;
  /** Whose work it is; sessions never cross tenants. */
  tenant_id: string;
  /** A part of a tenant's work; sessions never cross projects. */
  project_id: string;
  /** A word that programs compare, such as tool.call. */
  backend_profile: string;
  session_ref?: SessionRef | null;
  resource_bundle_ref?: JsonObject | null;
  metadata?: JsonObject;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of run.events. */
export interface RunEventsParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  /** 1, 2, 3 … in a stream. */
  after_seq?: number;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of run.finish. */
export interface RunFinishParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  outcome: "blocked" | "canceled" | "completed" | "failed";
  /** What went wrong, in a word. */
  failure_kind?: string | null;
  failure_message?: string | null;
  /** A conversation, as the backend names it. */
  thread_id?: string | null;
  /** One turn of a worker, named by its caller. */
  turn_id?: string | null;
  lease?: LeaseProof | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of run.get. */
export interface RunGetParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
}

/** Params of run.heartbeat. */
export interface RunHeartbeatParams {
  /** One execution; made by the daemon as run_… if absent. */
  run_id: string;
  lease_ms: number;
  lease?: LeaseProof | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of run.list. */
export interface RunListParams {
  /** Whose work it is; sessions never cross tenants. */
  tenant_id?: string | null;
  /** A part of a tenant's work; sessions never cross projects. */
  project_id?: string | null;
  state?: "blocked" | "canceled" | "claimed" | "completed" | "failed" | "pending" | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of runner.heartbeat. */
export interface RunnerHeartbeatParams {
  /** Who carries runs or queue tasks out; a worker is its own runner. */
  runner_id?: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of runner.list. */
export interface RunnerListParams {
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of runner.register. */
export interface RunnerRegisterParams {
  /** Who carries runs or queue tasks out; a worker is its own runner. */
  runner_id?: string | null;
  metadata?: JsonObject;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of runtime.attach. */
export interface RuntimeAttachParams {
  takeover?: boolean;
  /** A process id. */
  pid?: number | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of runtime.detach. */
export interface RuntimeDetachParams {
  state?: "error" | "idle" | "stopped";
  last_error?: string | null;
  /** A process id. */
  pid?: number | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of runtime.status. */
export interface RuntimeStatusParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
}

/** Params of session.get. */
export interface SessionGetParams {
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
}

/** Params of session.list. */
export interface SessionListParams {
  state?: "all" | "default" | "idle" | "running" | "terminal" | "unread";
  /** A word that programs compare, such as tool.call. */
  backend_profile?: string | null;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader_id?: string | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of session.mark_read. */
export interface SessionMarkReadParams {
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader_id: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of session.output. */
export interface SessionOutputParams {
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  /** One execution; made by the daemon as run_… if absent. */
  run_id?: string | null;
  /** 1, 2, 3 … in a stream. */
  after_seq?: number;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of session.summary. */
export interface SessionSummaryParams {
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  /** Who has read something, named by its caller; a worker's readers are itself and what begins with its id and /. */
  reader_id?: string | null;
}

/** Params of session.trace. */
export interface SessionTraceParams {
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  /** One execution; made by the daemon as run_… if absent. */
  run_id?: string | null;
  /** 1, 2, 3 … in a stream. */
  after_seq?: number;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of state.bind. */
export interface StateBindParams {
  /** An id that comes from elsewhere; any characters. */
  runner_id: string;
  /** An id that comes from elsewhere; any characters. */
  binding_id?: string | null;
  /** An id that comes from elsewhere; any characters. */
  scope_type?: string | null;
  /** An id that comes from elsewhere; any characters. */
  scope_id?: string | null;
  enable_state?: boolean;
  state_scopes?: string[];
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of state.binding. */
export interface StateBindingParams {
  /** An id that comes from elsewhere; any characters. */
  runner_id?: string;
  /** What a binding of a runner is known by; any characters. */
  binding_identity: string;
}

/** Params of state.clear. */
export interface StateClearParams {
  /** An id that comes from elsewhere; any characters. */
  runner_id?: string | null;
  /** What a binding of a runner is known by; any characters. */
  binding_identity?: string | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of state.delete. */
export interface StateDeleteParams {
  /** An id that comes from elsewhere; any characters. */
  runner_id?: string;
  /** What a binding of a runner is known by; any characters. */
  binding_identity: string;
  scope: string;
  context?: StateContext;
  /** Names a value in its scope; any characters, none too. */
  key: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of state.get. */
export interface StateGetParams {
  /** An id that comes from elsewhere; any characters. */
  runner_id?: string;
  /** What a binding of a runner is known by; any characters. */
  binding_identity: string;
  scope: string;
  context?: StateContext;
  /** Names a value in its scope; any characters, none too. */
  key: string;
}

/** Params of state.list. */
export interface StateListParams {
  /** An id that comes from elsewhere; any characters. */
  runner_id?: string;
  /** What a binding of a runner is known by; any characters. */
  binding_identity: string;
  scope: string;
  context?: StateContext;
  /** Names a value in its scope; any characters, none too. */
  prefix?: string;
  /** Names a value in its scope; any characters, none too. */
  after_key?: string | null;
  limit?: number;
}

/** Params of state.set. */
export interface StateSetParams {
  /** An id that comes from elsewhere; any characters. */
  runner_id?: string;
  /** What a binding of a runner is known by; any characters. */
  binding_identity: string;
  scope: string;
  context?: StateContext;
  /** Names a value in its scope; any characters, none too. */
  key: string;
  /** Any JSON value. */
  value: JsonValue;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of state.snapshot. */
export interface StateSnapshotParams {
  /** An id that comes from elsewhere; any characters. */
  runner_id?: string;
  /** What a binding of a runner is known by; any characters. */
  binding_identity: string;
  context?: StateContext;
}

/** Params of task.assign. */
export interface TaskAssignParams {
  /** One piece of work under review, named by its caller. */
  task_id: string;
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of task.create. */
export interface TaskCreateParams {
  /** One piece of work under review, named by its caller. */
  task_id: string;
  branch: string;
  worktree: string;
  description?: string | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of task.fail. */
export interface TaskFailParams {
  /** One piece of work under review, named by its caller. */
  task_id: string;
  reason?: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of task.get. */
export interface TaskGetParams {
  /** One piece of work under review, named by its caller. */
  task_id: string;
}

/** Params of task.heartbeat. */
export interface TaskHeartbeatParams {
  /** One piece of work under review, named by its caller. */
  task_id: string;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of task.list. */
export interface TaskListParams {
  state?: "APPROVED" | "ASSIGNED" | "COMPLETED" | "CONFLICTED" | "FAILED" | "IN_REVIEW" | "WORKING" | null;
  stale?: "dead" | "ok" | "stale" | "warn" | null;
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of task.transition. */
export interface TaskTransitionParams {
  /** One piece of work under review, named by its caller. */
  task_id: string;
  expected: "APPROVED" | "ASSIGNED" | "COMPLETED" | "CONFLICTED" | "FAILED" | "IN_REVIEW" | "WORKING";
  to: "APPROVED" | "ASSIGNED" | "COMPLETED" | "CONFLICTED" | "FAILED" | "IN_REVIEW" | "WORKING";
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of tx.apply. */
export interface TxApplyParams {
  calls: Call[];
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of worker.clear_endpoint. */
export interface WorkerClearEndpointParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of worker.create. */
export interface WorkerCreateParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string | null;
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id: string;
  label: string;
  launcher: string;
  profile: string;
  packs?: string[];
  cwd: string;
  /** A conversation of a worker; made as sess_… if absent. */
  session_id?: string | null;
  env?: Record<string, string>;
  start?: "idle" | "starting";
  /** A state directory and its daemon; made by the daemon as host_…. */
  host_id?: string | null;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of worker.get. */
export interface WorkerGetParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
}

/** Params of worker.heartbeat. */
export interface WorkerHeartbeatParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of worker.list. */
export interface WorkerListParams {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id?: string | null;
  state?: "canceling" | "error" | "idle" | "running" | "starting" | "stopped" | "waiting_approval" | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of worker.overview. */
export interface WorkerOverviewParams {
  /** Names a controller; made by the daemon as ctl_… if absent. */
  controller_id?: string | null;
  state?: "canceling" | "error" | "idle" | "running" | "starting" | "stopped" | "waiting_approval" | null;
  living?: boolean | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of worker.remove. */
export interface WorkerRemoveParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of worker.send. */
export interface WorkerSendParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string;
  /** A word that programs compare, such as tool.call. */
  kind: string;
  data?: JsonObject;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of worker.set_endpoint. */
export interface WorkerSetEndpointParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  /** A process id. */
  runtime_pid: number | null;
  runtime_socket: string | null;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of worker.set_session. */
export interface WorkerSetSessionParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  /** A conversation of a worker; made as sess_… if absent. */
  session_id: string;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of worker.set_turn. */
export interface WorkerSetTurnParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  /** One turn of a worker, named by its caller. */
  turn_id: string | null;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of worker.stop. */
export interface WorkerStopParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id: string;
  force?: boolean;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of worker.transition. */
export interface WorkerTransitionParams {
  /** Names a worker, for ever; made as w_… if absent. */
  worker_id?: string;
  to: string;
  /** A word that programs compare, such as tool.call. */
  expected?: string | null;
  force?: boolean;
  last_error?: string | null;
  fence?: Fence | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of workstream.create. */
export interface WorkstreamCreateParams {
  /** One goal and everything that is done for it. */
  board_id: string;
  /** One strand of a board's work; made as ws_… if absent. */
  workstream_id?: string | null;
  name: string;
  tier: number;
  /** Whoever owns a workstream, named by its caller. */
  owner_agent_id?: string | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Params of workstream.get. */
export interface WorkstreamGetParams {
  /** One strand of a board's work; made as ws_… if absent. */
  workstream_id: string;
}

/** Params of workstream.list. */
export interface WorkstreamListParams {
  /** One goal and everything that is done for it. */
  board_id: string;
  state?: "active" | "blocked" | "done" | "failed" | "pending" | null;
  limit?: number;
  /** `next` of an earlier page; opaque. */
  cursor?: string | null;
}

/** Params of workstream.set_state. */
export interface WorkstreamSetStateParams {
  /** One strand of a board's work; made as ws_… if absent. */
  workstream_id: string;
  state: "active" | "blocked" | "done" | "failed" | "pending";
  expected?: "active" | "blocked" | "done" | "failed" | "pending" | null;
  /** The same call sent again under the same key is done once. */
  idempotency_key?: string | null;
}

/** Every method that this release knows. */
export interface Methods {
  "approval.cancel": { params: ApprovalCancelParams; result: Approval };
  "approval.decide": { params: ApprovalDecideParams; result: Approval };
  "approval.get": { params: ApprovalGetParams; result: Approval };
  "approval.list": { params: ApprovalListParams; result: Page<Approval> };
  "approval.request": { params: ApprovalRequestParams; result: Approval };
  "approval.wait": { params: ApprovalWaitParams; result: Approval };
  "backend.list": { params: Record<string, never>; result: Backends };
  "blob.get": { params: BlobGetParams; result: BlobPart };
  "blob.put": { params: BlobPutParams; result: Upload };
  "board.append_event": { params: BoardAppendEventParams; result: BoardEvent };
  "board.create": { params: BoardCreateParams; result: Board };
  "board.events": { params: BoardEventsParams; result: Page<BoardEvent> };
  "board.get": { params: BoardGetParams; result: Board };
  "board.list": { params: BoardListParams; result: Page<Board> };
  "board.set_state": { params: BoardSetStateParams; result: Board };
  "board.summary": { params: BoardSummaryParams; result: BoardSummary };
  "brief.create": { params: BriefCreateParams; result: Brief };
  "brief.get": { params: BriefGetParams; result: Brief };
  "brief.list": { params: BriefListParams; result: Page<Brief> };
  "brief.retry": { params: BriefRetryParams; result: Brief };
  "brief.set_result": { params: BriefSetResultParams; result: Brief };
  "brief.set_state": { params: BriefSetStateParams; result: Brief };
  "brief.tree": { params: BriefTreeParams; result: BriefTree };
  "command.ack": { params: CommandAckParams; result: Command };
  "command.cancel": { params: CommandCancelParams; result: Command };
  "command.create": { params: CommandCreateParams; result: Command };
  "command.finish": { params: CommandFinishParams; result: Command };
  "command.get": { params: CommandGetParams; result: Command };
  "command.list": { params: CommandListParams; result: Page<Command> };
  "command.next": { params: CommandNextParams; result: Command | null };
  "controller.acquire": { params: ControllerAcquireParams; result: Handle };
  "controller.find": { params: ControllerFindParams; result: Controller };
  "controller.get": { params: ControllerGetParams; result: Controller };
  "controller.instances": { params: ControllerInstancesParams; result: Page<Instance> };
  "controller.list": { params: ControllerListParams; result: Page<Controller> };
  "controller.register": { params: ControllerRegisterParams; result: Controller };
  "controller.release": { params: ControllerReleaseParams; result: Release };
  "controller.renew": { params: ControllerRenewParams; result: Handle };
  "controller.status": { params: ControllerStatusParams; result: ControllerStatus };
  "controller.validate": { params: ControllerValidateParams; result: Validity };
  "daemon.backup": { params: DaemonBackupParams; result: Backup };
  "daemon.config": { params: Record<string, never>; result: JsonObject };
  "daemon.health": { params: Record<string, never>; result: Health };
  "daemon.metrics": { params: Record<string, never>; result: Metrics };
  "daemon.prune": { params: DaemonPruneParams; result: Pruned };
  "daemon.shutdown": { params: DaemonShutdownParams; result: Stopping };
  "daemon.status": { params: Record<string, never>; result: DaemonStatus };
  "daemon.verify": { params: DaemonVerifyParams; result: Verification };
  "event.append": { params: EventAppendParams; result: Event };
  "event.append_many": { params: EventAppendManyParams; result: Page<Event> };
  "event.latest": { params: EventLatestParams; result: Event | null };
  "event.list": { params: EventListParams; result: Page<Event> };
  "event.wait": { params: EventWaitParams; result: Page<Event> };
  "handoff.latest": { params: HandoffLatestParams; result: Handoff | null };
  "handoff.list": { params: HandoffListParams; result: Page<Handoff> };
  "handoff.register": { params: HandoffRegisterParams; result: Handoff };
  "host.list": { params: HostListParams; result: Page<Host> };
  "input.ack": { params: InputAckParams; result: AcknowledgedInput };
  "input.list": { params: InputListParams; result: Page<Input> };
  "input.next": { params: InputNextParams; result: Input | null };
  "job.list": { params: JobListParams; result: Page<Job> };
  "job.save": { params: JobSaveParams; result: Job };
  "journal.position": { params: Record<string, never>; result: CurrentPosition };
  "journal.read": { params: JournalReadParams; result: Entries };
  "journal.subscribe": { params: JournalSubscribeParams; result: Subscription };
  "journal.unsubscribe": { params: JournalUnsubscribeParams; result: Unsubscribed };
  "journal.wait": { params: JournalWaitParams; result: Entries };
  "message.ack": { params: MessageAckParams; result: Acknowledged };
  "message.list": { params: MessageListParams; result: Page<Message> };
  "message.publish": { params: MessagePublishParams; result: Message };
  "message.unread": { params: MessageUnreadParams; result: Unread };
  "message.wait": { params: MessageWaitParams; result: Messages };
  "queue.cancel": { params: QueueCancelParams; result: QueueTask };
  "queue.claim": { params: QueueClaimParams; result: Page<ClaimedTask> };
  "queue.complete": { params: QueueCompleteParams; result: QueueTask };
  "queue.fail": { params: QueueFailParams; result: QueueTask };
  "queue.get": { params: QueueGetParams; result: QueueTask };
  "queue.heartbeat": { params: QueueHeartbeatParams; result: ClaimedTask };
  "queue.list": { params: QueueListParams; result: Page<QueueTask> };
  "queue.mark_read": { params: QueueMarkReadParams; result: QueueRead };
  "queue.overview": { params: QueueOverviewParams; result: QueueOverview };
  "queue.pause": { params: QueuePauseParams; result: PausedQueue };
  "queue.resume": { params: QueueResumeParams; result: PausedQueue };
  "queue.stats": { params: QueueStatsParams; result: QueueStats };
  "queue.submit": { params: QueueSubmitParams; result: QueueTask };
  "queue.submit_many": { params: QueueSubmitManyParams; result: Page<QueueTask> };
  "queue.update_attempt": { params: QueueUpdateAttemptParams; result: QueueTask };
  "queue.wait": { params: QueueWaitParams; result: Page<ClaimedTask> };
  "rpc.cancel": { params: RpcCancelParams; result: Canceled };
  "rpc.discover": { params: Record<string, never>; result: JsonObject };
  "rpc.hello": { params: RpcHelloParams; result: Hello };
  "rpc.ping": { params: Record<string, never>; result: Pong };
  "run.append_event": { params: RunAppendEventParams; result: RunEvent };
  "run.cancel": { params: RunCancelParams; result: Run };
  "run.claim": { params: RunClaimParams; result: ClaimedRun };
  "run.claim_next": { params: RunClaimNextParams; result: ClaimedRun | null };
  "run.create": { params: RunCreateParams; result: Run };
  "run.events": { params: RunEventsParams; result: Page<RunEvent> };
  "run.finish": { params: RunFinishParams; result: Run };
  "run.get": { params: RunGetParams; result: Run };
  "run.heartbeat": { params: RunHeartbeatParams; result: ClaimedRun };
  "run.list": { params: RunListParams; result: Page<Run> };
  "runner.heartbeat": { params: RunnerHeartbeatParams; result: Runner };
  "runner.list": { params: RunnerListParams; result: Page<Runner> };
  "runner.register": { params: RunnerRegisterParams; result: Runner };
  "runtime.attach": { params: RuntimeAttachParams; result: Attachment };
  "runtime.detach": { params: RuntimeDetachParams; result: Worker };
  "runtime.status": { params: RuntimeStatusParams; result: RuntimeStatus };
  "session.get": { params: SessionGetParams; result: Session };
  "session.list": { params: SessionListParams; result: Page<SessionSummary> };
  "session.mark_read": { params: SessionMarkReadParams; result: SessionRead };
  "session.output": { params: SessionOutputParams; result: SessionEvents };
  "session.summary": { params: SessionSummaryParams; result: SessionSummary };
  "session.trace": { params: SessionTraceParams; result: SessionEvents };
  "state.bind": { params: StateBindParams; result: Binding };
  "state.binding": { params: StateBindingParams; result: Binding };
  "state.clear": { params: StateClearParams; result: StateCleared };
  "state.delete": { params: StateDeleteParams; result: StateDeleted };
  "state.get": { params: StateGetParams; result: StateEntry };
  "state.list": { params: StateListParams; result: StateKeys };
  "state.set": { params: StateSetParams; result: StateEntry };
  "state.snapshot": { params: StateSnapshotParams; result: StateSnapshot };
  "task.assign": { params: TaskAssignParams; result: Task };
  "task.create": { params: TaskCreateParams; result: Task };
  "task.fail": { params: TaskFailParams; result: Task };
  "task.get": { params: TaskGetParams; result: Task };
  "task.heartbeat": { params: TaskHeartbeatParams; result: Task };
  "task.list": { params: TaskListParams; result: Page<Task> };
  "task.transition": { params: TaskTransitionParams; result: Task };
  "tx.apply": { params: TxApplyParams; result: Applied };
  "worker.clear_endpoint": { params: WorkerClearEndpointParams; result: Worker };
  "worker.create": { params: WorkerCreateParams; result: Worker };
  "worker.get": { params: WorkerGetParams; result: Worker };
  "worker.heartbeat": { params: WorkerHeartbeatParams; result: Worker };
  "worker.list": { params: WorkerListParams; result: Page<Worker> };
  "worker.overview": { params: WorkerOverviewParams; result: Page<WorkerOverview> };
  "worker.remove": { params: WorkerRemoveParams; result: Removed };
  "worker.send": { params: WorkerSendParams; result: Input };
  "worker.set_endpoint": { params: WorkerSetEndpointParams; result: Worker };
  "worker.set_session": { params: WorkerSetSessionParams; result: Worker };
  "worker.set_turn": { params: WorkerSetTurnParams; result: Worker };
  "worker.stop": { params: WorkerStopParams; result: Worker };
  "worker.transition": { params: WorkerTransitionParams; result: Worker };
  "workstream.create": { params: WorkstreamCreateParams; result: Workstream };
  "workstream.get": { params: WorkstreamGetParams; result: Workstream };
  "workstream.list": { params: WorkstreamListParams; result: Page<Workstream> };
  "workstream.set_state": { params: WorkstreamSetStateParams; result: Workstream };
}

export type MethodName = keyof Methods;

/** Every `data.code` that a method can answer. */
export type ErrorCode =
  | "APPROVAL_NOT_FOUND"
  | "APPROVAL_NOT_PENDING"
  | "APPROVAL_OPTION_UNKNOWN"
  | "APPROVAL_PENDING"
  | "BINDING_NOT_FOUND"
  | "BLOBS_FULL"
  | "BLOB_NOT_FOUND"
  | "BOARD_NOT_FOUND"
  | "BRIEF_EXISTS"
  | "BRIEF_NOT_FOUND"
  | "BUSY"
  | "COMMAND_NOT_FOUND"
  | "CONTROLLER_NOT_FOUND"
  | "CONTROLLER_OWNERSHIP_CONFLICT"
  | "CURSOR_GONE"
  | "DENIED"
  | "EVENT_NOT_FOUND"
  | "FENCED"
  | "FENCE_REQUIRED"
  | "IDEMPOTENCY_CONFLICT"
  | "IDEMPOTENCY_NOT_KEPT"
  | "INPUT_NOT_FOUND"
  | "INVALID_CONTROLLER_HANDLE"
  | "INVALID_PARAMS"
  | "INVALID_TASK_TRANSITION"
  | "INVALID_WORKER_STATE"
  | "INVALID_WORKER_STATE_TRANSITION"
  | "METHOD_NOT_FOUND"
  | "MUTATION_TOO_LARGE"
  | "NOT_ATTACHED"
  | "PEER_NOT_VISIBLE"
  | "QUERY_TOO_COSTLY"
  | "QUEUE_TASK_EXISTS"
  | "QUEUE_TASK_NOT_CLAIMED"
  | "QUEUE_TASK_NOT_FOUND"
  | "QUEUE_TASK_TERMINAL"
  | "RUNNER_LEASE_CONFLICT"
  | "RUNNER_NOT_FOUND"
  | "RUN_EXISTS"
  | "RUN_NOT_FOUND"
  | "RUN_TERMINAL"
  | "SESSION_BACKEND_MISMATCH"
  | "SESSION_NOT_FOUND"
  | "SNAPSHOT_TOO_LARGE"
  | "STALE_STATE"
  | "STATE_DISABLED"
  | "STATE_IDENTITY_MISSING"
  | "STATE_SCOPE_DENIED"
  | "STATE_SCOPE_INVALID"
  | "STORE_FAILED"
  | "TASK_EXISTS"
  | "TASK_NOT_FOUND"
  | "TENANT_POLICY_DENIED"
  | "TOO_MANY_APPROVALS"
  | "TOO_MANY_COMMANDS"
  | "TOO_MANY_INPUTS"
  | "TOO_MANY_SEATS"
  | "TOO_MANY_SUBSCRIPTIONS"
  | "TOO_MANY_WORKERS"
  | "TREE_TOO_LARGE"
  | "UPLOAD_NOT_FOUND"
  | "VALUE_TOO_LARGE"
  | "WORKER_ATTACHED"
  | "WORKER_EXISTS"
  | "WORKER_NOT_FOUND"
  | "WORKER_NOT_STOPPED"
  | "WORKER_STOPPED"
  | "WORKSTREAM_EXISTS"
  | "WORKSTREAM_NOT_FOUND";

/** Methods of this release. */
export const METHODS: ReadonlySet<string> = new Set<MethodName>([
  "approval.cancel",
  "approval.decide",
  "approval.get",
  "approval.list",
  "approval.request",
  "approval.wait",
  "backend.list",
  "blob.get",
  "blob.put",
  "board.append_event",
  "board.create",
  "board.events",
  "board.get",
  "board.list",
  "board.set_state",
  "board.summary",
  "brief.create",
  "brief.get",
  "brief.list",
  "brief.retry",
  "brief.set_result",
  "brief.set_state",
  "brief.tree",
  "command.ack",
  "command.cancel",
  "command.create",
  "command.finish",
  "command.get",
  "command.list",
  "command.next",
  "controller.acquire",
  "controller.find",
  "controller.get",
  "controller.instances",
  "controller.list",
  "controller.register",
  "controller.release",
  "controller.renew",
  "controller.status",
  "controller.validate",
  "daemon.backup",
  "daemon.config",
  "daemon.health",
  "daemon.metrics",
  "daemon.prune",
  "daemon.shutdown",
  "daemon.status",
  "daemon.verify",
  "event.append",
  "event.append_many",
  "event.latest",
  "event.list",
  "event.wait",
  "handoff.latest",
  "handoff.list",
  "handoff.register",
  "host.list",
  "input.ack",
  "input.list",
  "input.next",
  "job.list",
  "job.save",
  "journal.position",
  "journal.read",
  "journal.subscribe",
  "journal.unsubscribe",
  "journal.wait",
  "message.ack",
  "message.list",
  "message.publish",
  "message.unread",
  "message.wait",
  "queue.cancel",
  "queue.claim",
  "queue.complete",
  "queue.fail",
  "queue.get",
  "queue.heartbeat",
  "queue.list",
  "queue.mark_read",
  "queue.overview",
  "queue.pause",
  "queue.resume",
  "queue.stats",
  "queue.submit",
  "queue.submit_many",
  "queue.update_attempt",
  "queue.wait",
  "rpc.cancel",
  "rpc.discover",
  "rpc.hello",
  "rpc.ping",
  "run.append_event",
  "run.cancel",
  "run.claim",
  "run.claim_next",
  "run.create",
  "run.events",
  "run.finish",
  "run.get",
  "run.heartbeat",
  "run.list",
  "runner.heartbeat",
  "runner.list",
  "runner.register",
  "runtime.attach",
  "runtime.detach",
  "runtime.status",
  "session.get",
  "session.list",
  "session.mark_read",
  "session.output",
  "session.summary",
  "session.trace",
  "state.bind",
  "state.binding",
  "state.clear",
  "state.delete",
  "state.get",
  "state.list",
  "state.set",
  "state.snapshot",
  "task.assign",
  "task.create",
  "task.fail",
  "task.get",
  "task.heartbeat",
  "task.list",
  "task.transition",
  "tx.apply",
  "worker.clear_endpoint",
  "worker.create",
  "worker.get",
  "worker.heartbeat",
  "worker.list",
  "worker.overview",
  "worker.remove",
  "worker.send",
  "worker.set_endpoint",
  "worker.set_session",
  "worker.set_turn",
  "worker.stop",
  "worker.transition",
  "workstream.create",
  "workstream.get",
  "workstream.list",
  "workstream.set_state",
]);

/** Methods that take an idempotency key. */
export const KEYED: ReadonlySet<string> = new Set<MethodName>([
  "approval.cancel",
  "approval.decide",
  "approval.request",
  "blob.put",
  "board.append_event",
  "board.create",
  "board.set_state",
  "brief.create",
  "brief.retry",
  "brief.set_result",
  "brief.set_state",
  "command.ack",
  "command.cancel",
  "command.create",
  "command.finish",
  "controller.acquire",
  "controller.register",
  "controller.release",
  "controller.renew",
  "daemon.backup",
  "daemon.prune",
  "daemon.shutdown",
  "event.append",
  "event.append_many",
  "handoff.register",
  "input.ack",
  "job.save",
  "message.ack",
  "message.publish",
  "queue.cancel",
  "queue.claim",
  "queue.complete",
  "queue.fail",
  "queue.heartbeat",
  "queue.mark_read",
  "queue.pause",
  "queue.resume",
  "queue.submit",
  "queue.submit_many",
  "queue.update_attempt",
  "queue.wait",
  "run.append_event",
  "run.cancel",
  "run.claim",
  "run.claim_next",
  "run.create",
  "run.finish",
  "run.heartbeat",
  "runner.heartbeat",
  "runner.register",
  "runtime.attach",
  "runtime.detach",
  "session.mark_read",
  "state.bind",
  "state.clear",
  "state.delete",
  "state.set",
  "task.assign",
  "task.create",
  "task.fail",
  "task.heartbeat",
  "task.transition",
  "tx.apply",
  "worker.clear_endpoint",
  "worker.create",
  "worker.heartbeat",
  "worker.remove",
  "worker.send",
  "worker.set_endpoint",
  "worker.set_session",
  "worker.set_turn",
  "worker.stop",
  "worker.transition",
  "workstream.create",
  "workstream.set_state",
]);

/** Methods that take a token of the caller's own, and can then be answered again. */
export const TOKENED: ReadonlySet<string> = new Set<MethodName>([
  "controller.acquire",
  "queue.claim",
  "queue.wait",
  "run.claim",
  "run.claim_next",
]);

/** Methods that wait, for `timeout_ms`. */
export const WAITS: ReadonlySet<string> = new Set<MethodName>([
  "approval.wait",
  "command.next",
  "event.wait",
  "input.next",
  "journal.wait",
  "message.wait",
  "queue.wait",
]);

/** What the daemon reads and how long it waits, where nothing else is said. */
export const MAX_FRAME_BYTES = 1048576;
export const MAX_VALUE_DEPTH = 64;
export const DEFAULT_WAIT_MS = 30000;

/** What the rooms call through. */
export interface Caller {
  ask<M extends MethodName>(
    method: M,
    params: Methods[M]["params"],
  ): Promise<Methods[M]["result"]>;
}

/** The approval room. */
export class ApprovalCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Take a question back, without a fence also beside its worker's owner. */
  cancel(params: ApprovalCancelParams): Promise<Approval> {
    return this.#caller.ask("approval.cancel", params);
  }

  /**
   * Answer an approval, once, by the id of an option or by its alias (any case).
   *
   * It can be answered only once, so a person may answer beside a living owner, without its fence.
   * A `runtime_epoch` that is not the worker's is STALE_STATE: another process sits there by now.
   * It is not looked at where the question is kept, which is for whoever sits there.
   */
  decide(params: ApprovalDecideParams): Promise<Approval> {
    return this.#caller.ask("approval.decide", params);
  }

  /** Return one approval. */
  get(params: ApprovalGetParams): Promise<Approval> {
    return this.#caller.ask("approval.get", params);
  }

  /** List approvals, oldest first; by default those that are pending. */
  list(params: ApprovalListParams = {}): Promise<Page<Approval>> {
    return this.#caller.ask("approval.list", params);
  }

  /**
   * Ask; a running worker goes to waiting_approval until it is answered.
   *
   * Without options: allow and deny. Past its deadline it is decided with `on_deadline`, or without
   * that it expires. The end of the seat's process cancels it, unless it is to be kept (`keep`) for
   * the next process of the worker; who gives the seat up by runtime.detach leaves it pending.
   */
  request(params: ApprovalRequestParams): Promise<Approval> {
    return this.#caller.ask("approval.request", params);
  }

  /** Return an approval as soon as it has ended; still pending at the timeout. */
  wait(params: ApprovalWaitParams): Promise<Approval> {
    return this.#caller.ask("approval.wait", params);
  }
}

/** The backend room. */
export class BackendCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** List the backend profiles of the configuration; runs of any other profile work as well. */
  list(): Promise<Backends> {
    return this.#caller.ask("backend.list", {});
  }
}

/** The blob room. */
export class BlobCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Return a piece of a blob; on a runtime socket of one that the worker's own entries name. */
  get(params: BlobGetParams): Promise<BlobPart> {
    return this.#caller.ask("blob.get", params);
  }

  /**
   * Put a part of a blob; with the `last` one it is kept, on disk, and has its id.
   *
   * The first part has offset 0 and no `upload_id`, or a new one of the caller's own; each further
   * one begins where the answer's `size` ends. A part that is there already may be sent again; the
   * last one is where what is there ends. An upload ends with the daemon's run, and an hour after
   * its last part.
   */
  put(params: BlobPutParams): Promise<Upload> {
    return this.#caller.ask("blob.put", params);
  }
}

/** The board room. */
export class BoardCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Add an event to the board's stream, about a brief or the whole board. */
  appendEvent(params: BoardAppendEventParams): Promise<BoardEvent> {
    return this.#caller.ask("board.append_event", params);
  }

  /** Make a board, pending; if there is one of this id, it is answered as it stands. */
  create(params: BoardCreateParams): Promise<Board> {
    return this.#caller.ask("board.create", params);
  }

  /** List a board's events, oldest first, after a sequence number. */
  events(params: BoardEventsParams): Promise<Page<BoardEvent>> {
    return this.#caller.ask("board.events", params);
  }

  /** Return one board. */
  get(params: BoardGetParams): Promise<Board> {
    return this.#caller.ask("board.get", params);
  }

  /** List boards, newest first. */
  list(params: BoardListParams = {}): Promise<Page<Board>> {
    return this.#caller.ask("board.list", params);
  }

  /** Put a board into any state; `expected` makes it a compare-and-set. */
  setState(params: BoardSetStateParams): Promise<Board> {
    return this.#caller.ask("board.set_state", params);
  }

  /**
   * Return a board with how many workstreams and briefs are in which state, events of which kind.
   *
   * Events count also when retention has taken them.
   */
  summary(params: BoardSummaryParams): Promise<BoardSummary> {
    return this.#caller.ask("board.summary", params);
  }
}

/** The brief room. */
export class BriefCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Make a brief, pending; if the board has one of this id, it is answered as it stands.
   *
   * Its parent and its workstream are of the same board.
   */
  create(params: BriefCreateParams): Promise<Brief> {
    return this.#caller.ask("brief.create", params);
  }

  /** Return one brief. */
  get(params: BriefGetParams): Promise<Brief> {
    return this.#caller.ask("brief.get", params);
  }

  /** List the briefs of a board, newest first. */
  list(params: BriefListParams): Promise<Page<Brief>> {
    return this.#caller.ask("brief.list", params);
  }

  /** Count one more try of a brief; its state stays as it is. */
  retry(params: BriefRetryParams): Promise<Brief> {
    return this.#caller.ask("brief.retry", params);
  }

  /** Store what a brief came to; it is done. */
  setResult(params: BriefSetResultParams): Promise<Brief> {
    return this.#caller.ask("brief.set_result", params);
  }

  /** Put a brief into any state; `expected` makes it a compare-and-set. */
  setState(params: BriefSetStateParams): Promise<Brief> {
    return this.#caller.ask("brief.set_state", params);
  }

  /**
   * Return a board's briefs as a tree, siblings oldest first, or the part under one brief.
   *
   * `depth` is how many levels below the uppermost are answered: 0 is those alone.
   */
  tree(params: BriefTreeParams): Promise<BriefTree> {
    return this.#caller.ask("brief.tree", params);
  }
}

/** The command room. */
export class CommandCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Say that the runner has a command; one that is not pending stays as it is. */
  ack(params: CommandAckParams): Promise<Command> {
    return this.#caller.ask("command.ack", params);
  }

  /** Cancel a command, whoever holds its run; one that has ended stays as it is. */
  cancel(params: CommandCancelParams): Promise<Command> {
    return this.#caller.ask("command.cancel", params);
  }

  /**
   * Ask something of a run: a turn, a steer of the present turn, or an interrupt.
   *
   * The idempotency key counts for ever among the commands of the run: the command that was made
   * under it is answered as it stands now.
   */
  create(params: CommandCreateParams): Promise<Command> {
    return this.#caller.ask("command.create", params);
  }

  /**
   * End a command; one that has ended stays as it is.
   *
   * A thread that the end of a turn gives becomes its session's, with the turn that gave it.
   */
  finish(params: CommandFinishParams): Promise<Command> {
    return this.#caller.ask("command.finish", params);
  }

  /** Return one command. */
  get(params: CommandGetParams): Promise<Command> {
    return this.#caller.ask("command.get", params);
  }

  /** List a run's commands, oldest first; the `next` of a page goes before `after_seq`. */
  list(params: CommandListParams): Promise<Page<Command>> {
    return this.#caller.ask("command.list", params);
  }

  /** Return the run's oldest pending command as soon as there is one; null once it has ended. */
  next(params: CommandNextParams): Promise<Command | null> {
    return this.#caller.ask("command.next", params);
  }
}

/** The controller room. */
export class ControllerCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Become the owner of a controller: the highest epoch ever plus one, and a token shown once.
   *
   * While somebody else owns it this takes `takeover`, unless the owner's lease ran out. With a
   * `token` of the caller's own the answer shows none and is kept under its idempotency key.
   */
  acquire(params: ControllerAcquireParams): Promise<Handle> {
    return this.#caller.ask("controller.acquire", params);
  }

  /** Return the controller of a workspace. */
  find(params: ControllerFindParams): Promise<Controller> {
    return this.#caller.ask("controller.find", params);
  }

  /** Return one controller. */
  get(params: ControllerGetParams): Promise<Controller> {
    return this.#caller.ask("controller.get", params);
  }

  /** List ownerships, newest first. */
  instances(params: ControllerInstancesParams = {}): Promise<Page<Instance>> {
    return this.#caller.ask("controller.instances", params);
  }

  /** List controllers, newest first. */
  list(params: ControllerListParams = {}): Promise<Page<Controller>> {
    return this.#caller.ask("controller.list", params);
  }

  /** Make a controller for a workspace; the same id again updates its label and workspace. */
  register(params: ControllerRegisterParams): Promise<Controller> {
    return this.#caller.ask("controller.register", params);
  }

  /** Give an ownership up; with `force` anybody's. The epoch stays and will only grow. */
  release(params: ControllerReleaseParams): Promise<Release> {
    return this.#caller.ask("controller.release", params);
  }

  /** Renew the lease of an ownership; the token is not shown again. */
  renew(params: ControllerRenewParams): Promise<Handle> {
    return this.#caller.ask("controller.renew", params);
  }

  /** Return a controller with its owner; an owner whose lease ran out stays until replaced. */
  status(params: ControllerStatusParams): Promise<ControllerStatus> {
    return this.#caller.ask("controller.status", params);
  }

  /** Tell whether an epoch and token are the active owner's; an unknown controller: no. */
  validate(params: ControllerValidateParams): Promise<Validity> {
    return this.#caller.ask("controller.validate", params);
  }
}

/** The daemon room. */
export class DaemonCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Copy the database, while it serves, to a new file: verified, synced, mode 0600.
   *
   * Its blobs go to a directory beside it, with the same name and .blobs behind it.
   *
   * Without a path it goes to `backups` in the state directory under a name that tells the time,
   * and `keep_last` removes all but the newest so many of that kind, once the new one is safe.
   */
  backup(params: DaemonBackupParams = {}): Promise<Backup> {
    return this.#caller.ask("daemon.backup", params);
  }

  /** Return the settings in force. */
  config(): Promise<JsonObject> {
    return this.#caller.ask("daemon.config", {});
  }

  /** Tell whether the store can be read (reachable) and written (ready). */
  health(): Promise<Health> {
    return this.#caller.ask("daemon.health", {});
  }

  /** Return all figures in the text format of Prometheus. */
  metrics(): Promise<Metrics> {
    return this.#caller.ask("daemon.metrics", {});
  }

  /**
   * Delete the oldest entries of streams: those older than, and all but the last so many.
   *
   * Takes up to MAX_PRUNE entries at once, of up to MAX_PRUNE_STREAMS streams, and looks at up to
   * MAX_PRUNE_LOOKS; `more` says that there may be more to take: pass `next` as `cursor`. Numbering
   * goes on, and a cursor of a stream before what was taken gets CURSOR_GONE.
   */
  prune(params: DaemonPruneParams = {}): Promise<Pruned> {
    return this.#caller.ask("daemon.prune", params);
  }

  /**
   * Have the daemon finish what it has, for at most `drain_ms`, and exit.
   *
   * Asked for with less time it shortens a stop that is underway. Sent again under a known key it
   * stops nothing, not even a daemon that was started since.
   */
  shutdown(params: DaemonShutdownParams = {}): Promise<Stopping> {
    return this.#caller.ask("daemon.shutdown", params);
  }

  /** Return the daemon in figures, also where the store cannot be read. */
  status(): Promise<DaemonStatus> {
    return this.#caller.ask("daemon.status", {});
  }

  /** Look for damage in the file and for broken invariants; `deep` reads all of every index. */
  verify(params: DaemonVerifyParams = {}): Promise<Verification> {
    return this.#caller.ask("daemon.verify", params);
  }
}

/** The event room. */
export class EventCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Add an event to the worker's stream; `blobs` are what blob.put has made, and belong to it. */
  append(params: EventAppendParams): Promise<Event> {
    return this.#caller.ask("event.append", params);
  }

  /** Add up to 1,000 events in their order, all or none. */
  appendMany(params: EventAppendManyParams): Promise<Page<Event>> {
    return this.#caller.ask("event.append_many", params);
  }

  /** Return the worker's newest event, or null. */
  latest(params: EventLatestParams = {}): Promise<Event | null> {
    return this.#caller.ask("event.latest", params);
  }

  /** List a worker's events, oldest first, after an event or a sequence number. */
  list(params: EventListParams = {}): Promise<Page<Event>> {
    return this.#caller.ask("event.list", params);
  }

  /**
   * List events as event.list does, as soon as there are any; empty at the timeout.
   *
   * With `types` it looks through a long stream piece by piece until its time is over; an empty
   * answer then has a `next`, so that the following call goes on from there.
   */
  wait(params: EventWaitParams = {}): Promise<Page<Event>> {
    return this.#caller.ask("event.wait", params);
  }
}

/** The handoff room. */
export class HandoffCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Return the worker's newest handoff, or null. */
  latest(params: HandoffLatestParams = {}): Promise<Handoff | null> {
    return this.#caller.ask("handoff.latest", params);
  }

  /** List handoffs, newest first. */
  list(params: HandoffListParams = {}): Promise<Page<Handoff>> {
    return this.#caller.ask("handoff.list", params);
  }

  /** Note where the worker wrote down what its successor needs. */
  register(params: HandoffRegisterParams): Promise<Handoff> {
    return this.#caller.ask("handoff.register", params);
  }
}

/** The host room. */
export class HostCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * List the hosts that share the daemon's store, newest first; one by itself is alone there.
   *
   * A host is a state directory and its daemon, which holds a lease while it can be heard. An
   * expired one has unreachable workers, whose state stays as it is.
   */
  list(params: HostListParams = {}): Promise<Page<Host>> {
    return this.#caller.ask("host.list", params);
  }
}

/** The input room. */
export class InputCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Acknowledge all inputs up to a number; it never goes back.
   *
   * A lower number than before changes nothing: the answer says which one stands. A number that was
   * not sent yet is INPUT_NOT_FOUND.
   */
  ack(params: InputAckParams): Promise<AcknowledgedInput> {
    return this.#caller.ask("input.ack", params);
  }

  /**
   * List a worker's inputs, oldest first, after a number; acknowledged ones too.
   *
   * Of the acknowledged the newest MAX_KEPT_INPUTS (1,000) are kept.
   */
  list(params: InputListParams = {}): Promise<Page<Input>> {
    return this.#caller.ask("input.list", params);
  }

  /**
   * Return the oldest input that the worker has not acknowledged, as soon as there is one.
   *
   * Null at the timeout. Asked again without input.ack it answers the same one.
   */
  next(params: InputNextParams = {}): Promise<Input | null> {
    return this.#caller.ask("input.next", params);
  }
}

/** The job room. */
export class JobCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** List the jobs of a run, oldest first. */
  list(params: JobListParams): Promise<Page<Job>> {
    return this.#caller.ask("job.list", params);
  }

  /**
   * Note a job of a command; the same job_id again writes it anew.
   *
   * The idempotency key counts for ever among the jobs of the run: with the same payload_hash the
   * job that was saved under it is answered as it stands now.
   */
  save(params: JobSaveParams): Promise<Job> {
    return this.#caller.ask("job.save", params);
  }
}

/** The journal room. */
export class JournalCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Return the position of the newest entry. */
  position(): Promise<CurrentPosition> {
    return this.#caller.ask("journal.position", {});
  }

  /**
   * Return entries of several streams in global order; go on after `pos` of the answer.
   *
   * With `types`, or over very many streams, one call looks through a piece of the journal: a page
   * may be empty though `pos` is not the journal's end yet.
   */
  read(params: JournalReadParams): Promise<Entries> {
    return this.#caller.ask("journal.read", params);
  }

  /**
   * Have entries sent as they are committed: those after a position, then live, without a gap.
   *
   * Notifications: journal.entries {subscription, entries, pos}; journal.lagged {subscription,
   * resume_after} ends a subscription whose reader does not keep up, and a worker's when another
   * runner claims a run in it: subscribe again after that position; journal.pruned {subscription,
   * stream, oldest_pos} when retention overtakes it.
   */
  subscribe(params: JournalSubscribeParams): Promise<Subscription> {
    return this.#caller.ask("journal.subscribe", params);
  }

  /** End a subscription of this connection. */
  unsubscribe(params: JournalUnsubscribeParams): Promise<Unsubscribed> {
    return this.#caller.ask("journal.unsubscribe", params);
  }

  /**
   * Return entries as journal.read does, as soon as there are any; empty at the timeout.
   *
   * It looks on from where it came to by itself; go on after `pos`, also of an empty answer.
   */
  wait(params: JournalWaitParams): Promise<Entries> {
    return this.#caller.ask("journal.wait", params);
  }
}

/** The message room. */
export class MessageCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Note that a reader has read up to a sequence number; it never goes back.
   *
   * At most the last one is stored; the answer says which is. On a runtime socket the reader is the
   * worker, unless another of its own is named: one that begins with its id and a slash.
   */
  ack(params: MessageAckParams): Promise<Acknowledged> {
    return this.#caller.ask("message.ack", params);
  }

  /** List a topic's messages, oldest first, after a sequence number; an unknown topic is empty. */
  list(params: MessageListParams): Promise<Page<Message>> {
    return this.#caller.ask("message.list", params);
  }

  /**
   * Publish a message on a topic, which its first message makes.
   *
   * The kinds task_assign, worker_assigned, state_change and task_failed are the daemon's own.
   */
  publish(params: MessagePublishParams): Promise<Message> {
    return this.#caller.ask("message.publish", params);
  }

  /** Count what a reader has not read; what retention has taken cannot be read any more. */
  unread(params: MessageUnreadParams): Promise<Unread> {
    return this.#caller.ask("message.unread", params);
  }

  /** Return the next messages of a topic, as soon as there are any; empty at the timeout. */
  wait(params: MessageWaitParams): Promise<Messages> {
    return this.#caller.ask("message.wait", params);
  }
}

/** The queue room. */
export class QueueCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Cancel a task; one that has ended is answered as it stands. */
  cancel(params: QueueCancelParams): Promise<QueueTask> {
    return this.#caller.ask("queue.cancel", params);
  }

  /**
   * Take the first tasks of a queue under a lease; an empty list if there is nothing to do.
   *
   * With a `token` of the caller's own, which serves all of them, the answer shows none and is kept
   * under its idempotency key; an empty one is not.
   */
  claim(params: QueueClaimParams): Promise<Page<ClaimedTask>> {
    return this.#caller.ask("queue.claim", params);
  }

  /** End a task as completed. */
  complete(params: QueueCompleteParams): Promise<QueueTask> {
    return this.#caller.ask("queue.complete", params);
  }

  /** Say that an attempt failed: it is tried again after a pause while attempts are left. */
  fail(params: QueueFailParams): Promise<QueueTask> {
    return this.#caller.ask("queue.fail", params);
  }

  /** Return one task; on a runtime socket not what another has claimed. */
  get(params: QueueGetParams): Promise<QueueTask> {
    return this.#caller.ask("queue.get", params);
  }

  /** Renew the lease of a claimed task; its token is not shown again. */
  heartbeat(params: QueueHeartbeatParams): Promise<ClaimedTask> {
    return this.#caller.ask("queue.heartbeat", params);
  }

  /**
   * List tasks by priority (high first), then oldest; with a reader, what it has read of each.
   *
   * With `after_version` a call looks through a part of them: a page may be empty, with a `next`.
   */
  list(params: QueueListParams = {}): Promise<Page<QueueTask>> {
    return this.#caller.ask("queue.list", params);
  }

  /** Note that a reader has seen a task as it is now. */
  markRead(params: QueueMarkReadParams): Promise<QueueRead> {
    return this.#caller.ask("queue.mark_read", params);
  }

  /** Return the counts and the first 20 tasks. */
  overview(params: QueueOverviewParams = {}): Promise<QueueOverview> {
    return this.#caller.ask("queue.overview", params);
  }

  /** Give out nothing more from a queue; what is claimed goes on. */
  pause(params: QueuePauseParams): Promise<PausedQueue> {
    return this.#caller.ask("queue.pause", params);
  }

  /** Give tasks out again. */
  resume(params: QueueResumeParams): Promise<PausedQueue> {
    return this.#caller.ask("queue.resume", params);
  }

  /** Count the tasks of a queue, or of all, by state and by lane. */
  stats(params: QueueStatsParams = {}): Promise<QueueStats> {
    return this.#caller.ask("queue.stats", params);
  }

  /**
   * Add a task to a queue, to be claimed now or after a delay.
   *
   * An idempotency key counts in its tenant and project, for ever: the same payload again answers
   * the task as it stands.
   */
  submit(params: QueueSubmitParams): Promise<QueueTask> {
    return this.#caller.ask("queue.submit", params);
  }

  /** Add up to 1,000 tasks, all or none. */
  submitMany(params: QueueSubmitManyParams): Promise<Page<QueueTask>> {
    return this.#caller.ask("queue.submit_many", params);
  }

  /**
   * Note how an attempt stands elsewhere, and the state that follows from it.
   *
   * It counts no attempt; an absent session_path keeps what was there. On the control socket it
   * needs no claim, and a lease only while there is one.
   */
  updateAttempt(params: QueueUpdateAttemptParams): Promise<QueueTask> {
    return this.#caller.ask("queue.update_attempt", params);
  }

  /** Claim as queue.claim does, as soon as there is something; empty at the timeout. */
  wait(params: QueueWaitParams): Promise<Page<ClaimedTask>> {
    return this.#caller.ask("queue.wait", params);
  }
}

/** The rpc room. */
export class RpcCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** End a wait of this connection: it answers at once, as at its timeout. */
  cancel(params: RpcCancelParams): Promise<Canceled> {
    return this.#caller.ask("rpc.cancel", params);
  }

  /** Return the OpenRPC document: every method, record and error. */
  discover(): Promise<JsonObject> {
    return this.#caller.ask("rpc.discover", {});
  }

  /**
   * Introduce yourself and learn what the daemon is, its limits, and who it takes you for.
   *
   * Optional: a one-shot call may skip it.
   */
  hello(params: RpcHelloParams = {}): Promise<Hello> {
    return this.#caller.ask("rpc.hello", params);
  }

  /** Ask whether the daemon is there. */
  ping(): Promise<Pong> {
    return this.#caller.ask("rpc.ping", {});
  }
}

/** The run room. */
export class RunCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Add an event to the run's stream: of a known type, or of one's own that begins with `x.`.
   *
   * Values of keys that name secrets are stored as "[redacted]", at any depth.
   */
  appendEvent(params: RunAppendEventParams): Promise<RunEvent> {
    return this.#caller.ask("run.append_event", params);
  }

  /** Cancel a run and its open commands, whoever holds it. One that has ended stays as it is. */
  cancel(params: RunCancelParams): Promise<Run> {
    return this.#caller.ask("run.cancel", params);
  }

  /**
   * Claim a run: a new lease, also for the runner that has it already.
   *
   * Another runner must wait until the lease has run out; the holder may go on until then. With a
   * `token` of the caller's own the answer shows none and is kept under its idempotency key.
   */
  claim(params: RunClaimParams): Promise<ClaimedRun> {
    return this.#caller.ask("run.claim", params);
  }

  /**
   * Claim the oldest run that is pending or whose lease ran out; null if there is none.
   *
   * With a `token` of the caller's own the answer shows none and is kept under its idempotency key;
   * null is not.
   */
  claimNext(params: RunClaimNextParams): Promise<ClaimedRun | null> {
    return this.#caller.ask("run.claim_next", params);
  }

  /**
   * Make a run to be claimed; any backend profile is accepted.
   *
   * A session that no run named before is made with it. One that exists is not changed: its tenant,
   * project and backend profile are fixed.
   */
  create(params: RunCreateParams): Promise<Run> {
    return this.#caller.ask("run.create", params);
  }

  /** List a run's events, oldest first; the `next` of a page goes before `after_seq`. */
  events(params: RunEventsParams): Promise<Page<RunEvent>> {
    return this.#caller.ask("run.events", params);
  }

  /**
   * End a run; its open commands stay open. One that has ended stays as it is.
   *
   * A thread that is given becomes its session's, with the turn that gave it.
   */
  finish(params: RunFinishParams): Promise<Run> {
    return this.#caller.ask("run.finish", params);
  }

  /** Return one run. */
  get(params: RunGetParams): Promise<Run> {
    return this.#caller.ask("run.get", params);
  }

  /** Renew the lease of a run, also one that ran out; a run that has ended stays as it is. */
  heartbeat(params: RunHeartbeatParams): Promise<ClaimedRun> {
    return this.#caller.ask("run.heartbeat", params);
  }

  /**
   * List runs, newest first.
   *
   * With `project_id` a call looks through a part of them: a page may be empty, with a `next`.
   */
  list(params: RunListParams = {}): Promise<Page<Run>> {
    return this.#caller.ask("run.list", params);
  }
}

/** The runner room. */
export class RunnerCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Say that a runner is well; its leases are renewed by run.heartbeat. */
  heartbeat(params: RunnerHeartbeatParams = {}): Promise<Runner> {
    return this.#caller.ask("runner.heartbeat", params);
  }

  /** List runners, newest first. */
  list(params: RunnerListParams = {}): Promise<Page<Runner>> {
    return this.#caller.ask("runner.list", params);
  }

  /** Make a runner known; the same id again replaces its metadata and keeps registered_at. */
  register(params: RunnerRegisterParams = {}): Promise<Runner> {
    return this.#caller.ask("runner.register", params);
  }
}

/** The runtime room. */
export class RuntimeCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Take the worker's seat for the calling process, or for an ancestor of it named by `pid`.
   *
   * The ancestor must be of the caller's session and not process 1. Descendants share the seat. It
   * lasts until runtime.detach or the end of the process, not of the connection. The seated process
   * again, or a descendant of it: the seat as it is, in the same epoch.
   */
  attach(params: RuntimeAttachParams = {}): Promise<Attachment> {
    return this.#caller.ask("runtime.attach", params);
  }

  /**
   * Give the seat up and leave the worker in a state, whatever the table of states says.
   *
   * Approvals stay pending; a worker that was stopped stays stopped. Only the seated process gives
   * the seat up, or a descendant that names it with `pid`, by the rule of runtime.attach; another
   * descendant's detach changes nothing and answers the worker as it stands.
   */
  detach(params: RuntimeDetachParams = {}): Promise<Worker> {
    return this.#caller.ask("runtime.detach", params);
  }

  /** Tell which process holds the seat of a worker. */
  status(params: RuntimeStatusParams = {}): Promise<RuntimeStatus> {
    return this.#caller.ask("runtime.status", params);
  }
}

/** The session room. */
export class SessionCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Return one session. */
  get(params: SessionGetParams): Promise<Session> {
    return this.#caller.ask("session.get", params);
  }

  /**
   * List sessions: active first, then unread, then by latest activity; ties by session_id.
   *
   * By default those that are active or unread. What the reader marks as read while it walks through
   * the pages stays in its place until the end. A call looks through a part of the sessions: a page
   * may be empty, with a `next`.
   */
  list(params: SessionListParams = {}): Promise<Page<SessionSummary>> {
    return this.#caller.ask("session.list", params);
  }

  /** Note that a reader has seen a session as it stands. */
  markRead(params: SessionMarkReadParams): Promise<SessionRead> {
    return this.#caller.ask("session.mark_read", params);
  }

  /**
   * List events as session.trace does, but only what a person would read; so counts the limit.
   *
   * A call looks through a part of a long run: a page may be empty, with a `next`.
   */
  output(params: SessionOutputParams): Promise<SessionEvents> {
    return this.#caller.ask("session.output", params);
  }

  /** Return a session as a reader sees it; without a reader nothing is read. */
  summary(params: SessionSummaryParams): Promise<SessionSummary> {
    return this.#caller.ask("session.summary", params);
  }

  /** List events of one run of a session, oldest first: of its active run, else of its last. */
  trace(params: SessionTraceParams): Promise<SessionEvents> {
    return this.#caller.ask("session.trace", params);
  }
}

/** The state room. */
export class StateCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Say whether a binding of a runner keeps state, and in which scopes; again replaces that.
   *
   * The binding is known by `binding_id`, else by `scope_type:scope_id`, else as unknown_binding.
   */
  bind(params: StateBindParams): Promise<Binding> {
    return this.#caller.ask("state.bind", params);
  }

  /** Return the policy of one binding. */
  binding(params: StateBindingParams): Promise<Binding> {
    return this.#caller.ask("state.binding", params);
  }

  /**
   * Delete all values, or those of a runner, of a binding, of both; bindings stay.
   *
   * More than MAX_BULK_ROWS at once are MUTATION_TOO_LARGE: clear one binding after another.
   */
  clear(params: StateClearParams = {}): Promise<StateCleared> {
    return this.#caller.ask("state.clear", params);
  }

  /** Delete a value. */
  delete(params: StateDeleteParams): Promise<StateDeleted> {
    return this.#caller.ask("state.delete", params);
  }

  /** Return a value; `found` tells a stored null from none. */
  get(params: StateGetParams): Promise<StateEntry> {
    return this.#caller.ask("state.get", params);
  }

  /**
   * List the keys of a scope that begin with a prefix, sorted by code point.
   *
   * A limit over 100 is cut to 100; go on after the last key while `has_more`.
   */
  list(params: StateListParams): Promise<StateKeys> {
    return this.#caller.ask("state.list", params);
  }

  /** Store a value, null too, in place of the one before it. */
  set(params: StateSetParams): Promise<StateEntry> {
    return this.#caller.ask("state.set", params);
  }

  /**
   * Return every value of every scope that the binding allows and the context identifies.
   *
   * The others stay empty, all of them when state is disabled. Unless it is stored,
   * `external.conversation_id` of the conversation is the context's.
   */
  snapshot(params: StateSnapshotParams): Promise<StateSnapshot> {
    return this.#caller.ask("state.snapshot", params);
  }
}

/** The task room. */
export class TaskCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Give a task to a worker, or with null to none; in any state, which stays as it is.
   *
   * Publishes worker_assigned on the topic orchestrator.
   */
  assign(params: TaskAssignParams): Promise<Task> {
    return this.#caller.ask("task.assign", params);
  }

  /** Make a task, ASSIGNED; publishes task_assign on the topic orchestrator. */
  create(params: TaskCreateParams): Promise<Task> {
    return this.#caller.ask("task.create", params);
  }

  /**
   * Fail a task in any state but COMPLETED; publishes task_failed on the topic worker.
   *
   * Failing it again publishes again and renews state_changed_at.
   */
  fail(params: TaskFailParams): Promise<Task> {
    return this.#caller.ask("task.fail", params);
  }

  /** Return one task; on a runtime socket only one that is assigned to the worker. */
  get(params: TaskGetParams): Promise<Task> {
    return this.#caller.ask("task.get", params);
  }

  /** Say that somebody works on the task. */
  heartbeat(params: TaskHeartbeatParams): Promise<Task> {
    return this.#caller.ask("task.heartbeat", params);
  }

  /**
   * List tasks, latest change of state first; on a runtime socket those of the worker.
   *
   * A task whose state changes while pages are read goes to the front. With `stale` a call looks
   * through a part of them: a page may be empty, with a `next`.
   */
  list(params: TaskListParams = {}): Promise<Page<Task>> {
    return this.#caller.ask("task.list", params);
  }

  /**
   * Take a task from the state it is expected in to another, or leave it as it is.
   *
   * Publishes state_change on the topic worker.
   */
  transition(params: TaskTransitionParams): Promise<Task> {
    return this.#caller.ask("task.transition", params);
  }
}

/** The tx room. */
export class TxCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Carry out several mutations in one transaction, in their order, all or none.
   *
   * Each call passes its own fence. The first that fails gives its error, with `details.index`.
   */
  apply(params: TxApplyParams): Promise<Applied> {
    return this.#caller.ask("tx.apply", params);
  }
}

/** The worker room. */
export class WorkerCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Forget what set_endpoint said. */
  clearEndpoint(params: WorkerClearEndpointParams = {}): Promise<Worker> {
    return this.#caller.ask("worker.clear_endpoint", params);
  }

  /**
   * Make a worker; its runtime socket accepts when the answer comes.
   *
   * With the `host_id` of another host it is a worker of that one, which serves its socket.
   */
  create(params: WorkerCreateParams): Promise<Worker> {
    return this.#caller.ask("worker.create", params);
  }

  /** Return one worker. */
  get(params: WorkerGetParams = {}): Promise<Worker> {
    return this.#caller.ask("worker.get", params);
  }

  /** Say that the worker is well. A dead one is noticed without. */
  heartbeat(params: WorkerHeartbeatParams = {}): Promise<Worker> {
    return this.#caller.ask("worker.heartbeat", params);
  }

  /** List workers, newest first. */
  list(params: WorkerListParams = {}): Promise<Page<Worker>> {
    return this.#caller.ask("worker.list", params);
  }

  /**
   * List workers as worker.list does, each with what a person wants to see beside it.
   *
   * That is how many questions are pending, its newest event, the last line of its newest `output`
   * event, and the data of its newest `summary` event, as far as retention has left them. `living`
   * are those whose seat is held or that are starting; with false, all others.
   */
  overview(params: WorkerOverviewParams = {}): Promise<Page<WorkerOverview>> {
    return this.#caller.ask("worker.overview", params);
  }

  /**
   * Delete a stopped worker with its approvals, inputs and handoffs.
   *
   * Its stream and epochs stay.
   */
  remove(params: WorkerRemoveParams): Promise<Removed> {
    return this.#caller.ask("worker.remove", params);
  }

  /**
   * Send a worker something that it takes with input.next; numbered 1, 2, 3 … for each worker.
   *
   * It waits for the worker over restarts of either. Who steers a worker must own its controller.
   */
  send(params: WorkerSendParams): Promise<Input> {
    return this.#caller.ask("worker.send", params);
  }

  /** Say where the worker itself can be reached, if it serves a socket of its own. */
  setEndpoint(params: WorkerSetEndpointParams): Promise<Worker> {
    return this.#caller.ask("worker.set_endpoint", params);
  }

  /** Say which session the worker is in. */
  setSession(params: WorkerSetSessionParams): Promise<Worker> {
    return this.#caller.ask("worker.set_session", params);
  }

  /** Say which turn the worker is at, or null for none. */
  setTurn(params: WorkerSetTurnParams): Promise<Worker> {
    return this.#caller.ask("worker.set_turn", params);
  }

  /**
   * Stop a worker for good, without a fence also beside a living owner; its socket closes.
   *
   * With `force` its seated process is ended too: SIGTERM, and SIGKILL 5 s later; but never the
   * process that asks nor an ancestor of it, which the entry then names as `spared`.
   */
  stop(params: WorkerStopParams): Promise<Worker> {
    return this.#caller.ask("worker.stop", params);
  }

  /**
   * Move a worker to another state; `expected` makes it a compare-and-set.
   *
   * To canceling and stopped (without force) it takes no fence: that a person may do beside a living
   * owner. The same state again changes nothing; `force` takes steps that the table does not have.
   * On the runtime socket waiting_approval → running is APPROVAL_PENDING while one is pending.
   */
  transition(params: WorkerTransitionParams): Promise<Worker> {
    return this.#caller.ask("worker.transition", params);
  }
}

/** The workstream room. */
export class WorkstreamCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Make a workstream, pending; if the board has one of this id, it is answered as it stands. */
  create(params: WorkstreamCreateParams): Promise<Workstream> {
    return this.#caller.ask("workstream.create", params);
  }

  /** Return one workstream. */
  get(params: WorkstreamGetParams): Promise<Workstream> {
    return this.#caller.ask("workstream.get", params);
  }

  /** List the workstreams of a board, newest first. */
  list(params: WorkstreamListParams): Promise<Page<Workstream>> {
    return this.#caller.ask("workstream.list", params);
  }

  /** Put a workstream into any state; `expected` makes it a compare-and-set. */
  setState(params: WorkstreamSetStateParams): Promise<Workstream> {
    return this.#caller.ask("workstream.set_state", params);
  }
}

/** The rooms as fields of a client. */
export abstract class Rooms implements Caller {
  readonly approval = new ApprovalCalls(this);
  readonly backend = new BackendCalls(this);
  readonly blob = new BlobCalls(this);
  readonly board = new BoardCalls(this);
  readonly brief = new BriefCalls(this);
  readonly command = new CommandCalls(this);
  readonly controller = new ControllerCalls(this);
  readonly daemon = new DaemonCalls(this);
  readonly event = new EventCalls(this);
  readonly handoff = new HandoffCalls(this);
  readonly host = new HostCalls(this);
  readonly input = new InputCalls(this);
  readonly job = new JobCalls(this);
  readonly journal = new JournalCalls(this);
  readonly message = new MessageCalls(this);
  readonly queue = new QueueCalls(this);
  readonly rpc = new RpcCalls(this);
  readonly run = new RunCalls(this);
  readonly runner = new RunnerCalls(this);
  readonly runtime = new RuntimeCalls(this);
  readonly session = new SessionCalls(this);
  readonly state = new StateCalls(this);
  readonly task = new TaskCalls(this);
  readonly tx = new TxCalls(this);
  readonly worker = new WorkerCalls(this);
  readonly workstream = new WorkstreamCalls(this);

  abstract ask<M extends MethodName>(
    method: M,
    params: Methods[M]["params"],
  ): Promise<Methods[M]["result"]>;
}
