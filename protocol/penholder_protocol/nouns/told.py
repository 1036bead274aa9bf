"""The words with a pattern as answers tell them: the contract shows it, and no reader checks it.

What is given must be looked at, since whoever sends it may send anything. What the daemon tells it
has looked at when it was given, or made itself. A reader that looked again would spend more on the
patterns of an event, each a search by a regular expression, than on all else of reading it.

So records that are only ever told have these; records that are given, too, have those of `words`.
"""

from typing import Annotated, get_args

from msgspec import Meta

from penholder_protocol.nouns import words


def _told(word: object) -> Meta:
    """Describe a word for the contract as before, with its pattern for nobody to check."""
    given = next(each for each in get_args(word) if isinstance(each, Meta))
    return Meta(
        min_length=given.min_length,
        max_length=given.max_length,
        description=given.description,
        extra_json_schema={"pattern": given.pattern},
    )


ControllerId = Annotated[str, _told(words.ControllerId)]
HostId = Annotated[str, _told(words.HostId)]
InstanceId = Annotated[str, _told(words.InstanceId)]
WorkerId = Annotated[str, _told(words.WorkerId)]
EventId = Annotated[str, _told(words.EventId)]
ApprovalId = Annotated[str, _told(words.ApprovalId)]
HandoffId = Annotated[str, _told(words.HandoffId)]
TurnId = Annotated[str, _told(words.TurnId)]
SessionId = Annotated[str, _told(words.SessionId)]
RunId = Annotated[str, _told(words.RunId)]
CommandId = Annotated[str, _told(words.CommandId)]
RunnerId = Annotated[str, _told(words.RunnerId)]
JobId = Annotated[str, _told(words.JobId)]
AttemptId = Annotated[str, _told(words.AttemptId)]
TenantId = Annotated[str, _told(words.TenantId)]
ProjectId = Annotated[str, _told(words.ProjectId)]
ConversationId = Annotated[str, _told(words.ConversationId)]
ThreadId = Annotated[str, _told(words.ThreadId)]
ReaderId = Annotated[str, _told(words.ReaderId)]
TaskId = Annotated[str, _told(words.TaskId)]
CorrelationId = Annotated[str, _told(words.CorrelationId)]
BoardId = Annotated[str, _told(words.BoardId)]
WorkstreamId = Annotated[str, _told(words.WorkstreamId)]
BriefId = Annotated[str, _told(words.BriefId)]
AgentId = Annotated[str, _told(words.AgentId)]
TopicName = Annotated[str, _told(words.TopicName)]
QueueTaskId = Annotated[str, _told(words.QueueTaskId)]
QueueName = Annotated[str, _told(words.QueueName)]
OptionId = Annotated[str, _told(words.OptionId)]
BlobId = Annotated[str, _told(words.BlobId)]
UploadId = Annotated[str, _told(words.UploadId)]
SubscriptionId = Annotated[str, _told(words.SubscriptionId)]
