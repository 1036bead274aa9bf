"""The tools that there are, in the order in which models read them."""

import msgspec

from penholder.cli.mcp.messages import Body
from penholder.cli.mcp.tools import calling, overview, questions, reading, steering, work
from penholder.cli.mcp.tools.base import Tool

_ALL = (
    Tool(
        name="status",
        title="Status",
        about="Who you are here: your controller and whether you own it, whether you may answer"
        " questions, and the cursor from which read_events and wait go on.",
        params=overview.Status,
        act=overview.status,
        reads_only=True,
    ),
    Tool(
        name="list_workers",
        title="List workers",
        about="List the workers that live: state, last line of output, open questions; with"
        " ended: true those that ended, too, with their exit status.",
        params=overview.ListWorkers,
        act=overview.list_workers,
        reads_only=True,
        is_for_workers=False,
    ),
    Tool(
        name="start_worker",
        title="Start a worker",
        about="Run a command in the background as a worker of yours. It outlives you and this"
        " server; its output and its end are kept. Returns when it runs.",
        params=steering.StartWorker,
        act=steering.start_worker,
        is_for_workers=False,
    ),
    Tool(
        name="send_to_worker",
        title="Send to a worker",
        about="Send a worker of yours a text: typed into its terminal if it has one, else kept"
        " until it asks for input, over restarts.",
        params=steering.SendToWorker,
        act=steering.send_to_worker,
        is_for_workers=False,
    ),
    Tool(
        name="stop_worker",
        title="Stop a worker",
        about="End a worker of yours for good, with all that it started.",
        params=steering.StopWorker,
        act=steering.stop_worker,
        destroys=True,
        is_for_workers=False,
    ),
    Tool(
        name="restart_worker",
        title="Restart a worker",
        about="Begin the command of a worker of yours anew: in its place while it lives, else as a"
        " new worker of the same name.",
        params=steering.RestartWorker,
        act=steering.restart_worker,
        destroys=True,
        is_for_workers=False,
    ),
    Tool(
        name="read_events",
        title="Read events",
        about="What happened after a cursor, oldest first: workers that started, ended or changed"
        " state, questions and answers; other types and streams if you name them. Returns the"
        " cursor to go on from.",
        params=reading.ReadEvents,
        act=reading.read_events,
        reads_only=True,
    ),
    Tool(
        name="wait",
        title="Wait for events",
        about="Wait until something happens after a cursor, or until a question is answered, at"
        " most 50 s. If nothing does, it says so: call it again, with the cursor that it returns.",
        params=reading.Wait,
        act=reading.wait,
        reads_only=True,
    ),
    Tool(
        name="read_logs",
        title="Read logs",
        about="The last lines that a worker printed, and how it ended if it has.",
        params=reading.ReadLogs,
        act=reading.read_logs,
        reads_only=True,
    ),
    Tool(
        name="inbox",
        title="Inbox",
        about="The questions that workers ask and nobody has answered; or one question, with its"
        " answer if there is one.",
        params=questions.Inbox,
        act=questions.inbox,
        reads_only=True,
    ),
    Tool(
        name="answer",
        title="Answer a question",
        about="Answer a worker's question with one of its options. Only where the person who set"
        " this up allowed it; else it is refused, and a person answers.",
        params=questions.Answer,
        act=questions.answer,
        destroys=True,
        is_for_workers=False,
    ),
    Tool(
        name="ask",
        title="Ask a person",
        about="Ask a person something, with options to choose from. Returns at once; the answer"
        " may take long: wait with the question's id tells it when it comes, inbox at any time.",
        params=questions.Ask,
        act=questions.ask,
    ),
    Tool(
        name="queue",
        title="Work on a queue",
        about="Claim a task of a queue, prolong the claim, complete or fail the task. Keep the"
        " lease that claim returns: the others take it.",
        params=work.Queue,
        act=work.queue,
    ),
    Tool(
        name="hand_off",
        title="Hand off",
        about="Register two files that you wrote, from which another worker goes on: what to know,"
        " and the state.",
        params=work.HandOff,
        act=work.hand_off,
    ),
    Tool(
        name="call",
        title="Call a method",
        about="Any other method of the daemon: queries, and changes of workers of yours. Without a"
        " method it lists them; with describe: true it tells of one.",
        params=calling.Call,
        act=calling.call,
    ),
)


def tools(*, is_inside: bool) -> dict[str, Tool]:
    """Return the tools by name: all, or those that a worker has a use for."""
    return {each.name: each for each in _ALL if each.is_for_workers or not is_inside}


def described(tool: Tool) -> Body:
    """Return what a client is told of a tool."""
    (schema, *_), parts = msgspec.json.schema_components(
        [tool.params], ref_template="#/$defs/{name}"
    )
    name = str(schema["$ref"]).rpartition("/")[2]
    own = {
        key: value for key, value in parts.pop(name).items() if key not in ("title", "description")
    }
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.about,
        "inputSchema": {**own, "$defs": parts} if parts else own,
        "annotations": {
            "title": tool.title,
            "readOnlyHint": tool.reads_only,
            "destructiveHint": tool.destroys,
            "openWorldHint": False,
        },
    }
