"""Secrets taken out of what somebody else's program wrote down.

Nobody can know all secrets. What is taken out is what says of itself that it is one: members whose
names say so, and text of the forms that well-known keys have.
"""

import re
from typing import Any

REDACTED = "[redacted]"
MAX_DEPTH = 32
_NAMES = re.compile(
    r"(?i)(^|[_-])(api[_-]?key|secret|password|passwd|token|credentials?|authorization|cookie"
    r"|private[_-]?key)$"
)
_FORMS = re.compile(
    r"\bsk-[A-Za-z0-9_-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}"
    r"|\bglpat-[A-Za-z0-9_-]{16,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bnpm_[A-Za-z0-9]{30,}"
    r"|\bAKIA[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{30,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_ASSIGNED = re.compile(
    r"(?i)\b([A-Z0-9_]*(?:api_?key|secret|password|passwd|token)[A-Z0-9_]*)(\s*[=:]\s*)"
    r"(\"[^\"\n]+\"|'[^'\n]+'|[^\s\"']+)"
)


def text(of: str) -> str:
    """Return a text without what looks like a secret."""
    without = _BEARER.sub(rf"\1 {REDACTED}", _FORMS.sub(REDACTED, of))
    return _ASSIGNED.sub(rf"\1\2{REDACTED}", without).replace("\0", "")


def value(of: Any, depth: int = 0) -> Any:
    """Return a JSON value without secrets, and without what lies too deep."""
    if depth > MAX_DEPTH:
        return "[too deep]"
    if isinstance(of, str):
        return text(of)
    if isinstance(of, list):
        return [value(each, depth + 1) for each in of]
    if isinstance(of, dict):
        return {
            text(key): REDACTED if _NAMES.search(key) and each else value(each, depth + 1)
            for key, each in of.items()
        }
    return of
