"""How long tests run that could run for ever: `make soak` asks for more by PENHOLDER_SOAK."""

import os

IS_ASKED_FOR = bool(os.environ.get("PENHOLDER_SOAK"))


def many(usual: int, in_soak: int) -> int:
    """Choose how many examples a test tries."""
    return in_soak if IS_ASKED_FOR else usual
