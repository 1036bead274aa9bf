"""What is known of damage to the database, between those who read it and the one that writes."""


class Damage:
    """Shared by the writer and the readers; each field has one side that sets it."""

    def __init__(self) -> None:
        """Nothing is known."""
        self.met: str | None = None
        """What a read has met; whether that is damage says the writer at its next look."""
        self.known: str | None = None
        """Why nothing is written any more; from then on whatever fails a read is put down to it."""
