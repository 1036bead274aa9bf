"""An agent as a worker: the runner that speaks the Agent Client Protocol with it.

To `penholder run` an agent is a command like any other: started, guarded, ended, started again.
What is added here is the talk over its stdin and stdout (`conversation`), which is a partner of the
run's session. What the agent says becomes events of the worker, what it asks becomes approvals,
what was sent to the worker becomes turns; all of it goes through the run's one backlog, so that it
is on disk in the order in which it happened, and once.

`protocol` is what is read of the protocol, `wire` its lines, `updates`, `usage` and `summary` are
pure folds, `questions` are the permissions asked for, `history` is what the stream says of the
runner before, `holding` keeps one session to one runner, `kept` is the program.
"""
