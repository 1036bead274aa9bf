"""Why something is not moved or restored.

What is refused leaves the database as it was; what is half done says what is left to do.
"""


class Refused(Exception):
    """The source cannot be read as what it is said to be; the message says what was expected."""


class Conflict(Exception):
    """The database holds something else under an id of the source; the message names it."""


class HalfDone(Exception):
    """Something failed after the work was done; the message says what that leaves to do."""
