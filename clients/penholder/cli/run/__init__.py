"""`penholder run`: a command as a worker, its output as the worker's events.

`session` is the one loop; `lines` and `ending` are pure, `reader`, `sender` and `watcher` are a
thread each, `backlog` is the bounded queue between them. `guard` is a process of its own, which
`guarding` starts; both it and the runner end a `group`.
"""
