"""What a client does again and again, and how it is handed to the client's process."""

from collections.abc import Callable
from typing import TypeAlias

Turn: TypeAlias = Callable[[], None]
"""Ask, and come back when all is answered."""
MakeTurn: TypeAlias = Callable[[], Turn]
"""Connect and get ready, in the client's own process: a function of a module, or a partial one."""
