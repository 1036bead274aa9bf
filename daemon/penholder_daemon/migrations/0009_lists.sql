-- An index for each way in which lists are asked for, in their order.

-- A worker's controller never changes, so that its approvals can be found by it.
ALTER TABLE approvals ADD COLUMN controller_id TEXT;
UPDATE approvals SET controller_id =
  (SELECT w.controller_id FROM workers w WHERE w.worker_id = approvals.worker_id);
CREATE INDEX approvals_of_worker ON approvals (worker_id, number);
CREATE INDEX approvals_of_controller ON approvals (controller_id, number);
CREATE INDEX approvals_of_controller_by_state ON approvals (controller_id, state, number);

CREATE INDEX workers_of_controller_by_state ON workers (controller_id, state, number);
CREATE INDEX instances_of_controller ON instances (controller_id, number);
CREATE INDEX instances_by_activity ON instances (is_active, number);
CREATE INDEX tasks_of_worker_by_state ON tasks (worker_id, state, changed)
  WHERE worker_id IS NOT NULL;
CREATE INDEX jobs_by_command ON jobs (command_id, number);
CREATE INDEX messages_by_both ON messages (topic_id, correlation_id, kind, message_seq)
  WHERE correlation_id IS NOT NULL;

-- What has changed since a version, without a look at the tasks themselves.
CREATE INDEX queue_tasks_versions ON queue_tasks (queue_task_id, version);
