"""What a tool is, and what is common to their params."""

from collections.abc import Callable
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta


class Params(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Params of a tool; an unknown one is a mistake, and told."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool: what a model reads of it, and what it does."""

    name: str
    title: str
    about: str
    params: type[Params]
    act: Callable[..., object]
    """Takes the job and the params; what it returns is the result as JSON."""
    reads_only: bool = False
    destroys: bool = False
    is_for_workers: bool = True
    """Whether there is any sense in it inside a worker."""


Name: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=4096,
        description="A worker: its name, the beginning of one, its id or the end of it.",
    ),
]
Cursor: TypeAlias = Annotated[
    int, Meta(ge=0, description="Where to go on: the cursor of an earlier answer.")
]
