"""What a check says."""

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    check: str
    level: Literal["ok", "warning", "problem"]
    detail: str
    what_to_do: str | None = None


def ok(check: str, detail: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(check, "ok", detail)


def warning(check: str, detail: str, what_to_do: str) -> Finding:
    """Say that something will or may do harm."""
    return Finding(check, "warning", detail, what_to_do)


def problem(check: str, detail: str, what_to_do: str) -> Finding:
    """Say that something does harm."""
    return Finding(check, "problem", detail, what_to_do)
