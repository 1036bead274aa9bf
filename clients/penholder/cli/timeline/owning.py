"""Who owned a controller, and when one owner took it from another."""

from penholder.cli.timeline.clock import Clock
from penholder.cli.timeline.facts import Data, Happening
from penholder.cli.timeline.picture import Mark, Span


class Ownership:
    """Takes the entries about the owners of one controller, in their order."""

    def __init__(self, clock: Clock) -> None:
        """Begin without an owner: who owned it before the picture is not known."""
        self.marks: list[Mark] = []
        self._clock = clock
        self._spans: list[Span] = []
        self._owner: tuple[int, str] | None = None

    def take(self, happening: Happening, data: Data) -> None:
        """Take an entry of the controller's stream."""
        if happening.type == "controller.acquired":
            self._end(happening.ms)
            who = f"owned by process {data.owner_pid}, epoch {data.epoch}"
            self._owner = (happening.ms, who)
            if data.takeover:
                about = (f"taken over: {who}", f"by {data.actor}", self._clock.moment(happening.ms))
                self.marks.append(Mark("takeover", happening.ms, about))
        elif happening.type == "controller.released":
            self._end(happening.ms)

    def spans(self) -> list[Span]:
        """Return the owners; one that nobody followed goes on to the end."""
        self._end(self._clock.end_ms)
        return self._spans

    def _end(self, at_ms: int) -> None:
        if self._owner is not None:
            begin_ms, who = self._owner
            about = (who, self._clock.stretch(begin_ms, at_ms))
            self._spans.append(Span("owner", begin_ms, at_ms, about))
        self._owner = None
