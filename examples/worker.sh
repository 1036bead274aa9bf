#!/usr/bin/env bash
# A worker in Bash: the same as worker.py, with nothing of Penholder installed. The protocol is one
# JSON object a line over a Unix socket, so a few lines of Python's standard library are all it needs.
#
#     PENHOLDER_SOCKET=…/workers/w_1.sock bash examples/worker.sh    # or the path as an argument
set -euo pipefail
export PENHOLDER_SOCKET=${1:-${PENHOLDER_SOCKET:?names the socket of the worker}}

# call METHOD [PARAMS [FIELD]]: make one call; with FIELD print that field of its result.
call() {
  local params=${2:-"{}"}
  python3 -c '
import json, os, socket, sys

method, params, field = sys.argv[1:]
request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": json.loads(params)}
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(os.environ["PENHOLDER_SOCKET"])
    connection.sendall(json.dumps(request).encode() + b"\n")
    line = connection.makefile("rb").readline()
answer = json.loads(line) if line else {"error": {"message": "the connection was lost"}}
if "error" in answer:
    sys.exit(method + ": " + answer["error"]["message"])
if field:
    print(answer["result"][field])
' "$1" "$params" "${3:-}"
}

# The helper makes the call, and names the shell ($$), its parent, as the one who takes the seat.
# Every later helper is a child of the shell and shares its seat.
call runtime.attach "{\"pid\": $$}"
call worker.transition '{"to": "running"}'

for name in notes.txt old.log older.log; do
  call event.append "{\"type\": \"file.seen\", \"data\": {\"name\": \"$name\"}}"
done

asked=$(call approval.request '{"message": "May I delete 3 files?", "kind": "file.delete"}' request_id)
state=pending
while [ "$state" = pending ]; do # with a sign of life as long as there is no answer
  call worker.heartbeat
  state=$(call approval.wait "{\"request_id\": \"$asked\", \"timeout_ms\": 10000}" state)
done
decision=$(call approval.get "{\"request_id\": \"$asked\"}" decision)

deleted=$([ "$decision" = allow ] && echo true || echo false)
call event.append "{\"type\": \"work.done\", \"data\": {\"deleted\": $deleted}}"
call worker.transition '{"to": "idle"}'
call runtime.detach "{\"state\": \"stopped\", \"pid\": $$}" # again in the shell's name
