"""Structured log lines on stderr; the stream belongs to systemd or to who started the daemon."""

import logging
import os

import structlog

from penholder_daemon.core.method import Invocation
from penholder_daemon.shell.observing import log_stream

log = structlog.get_logger()


def set_up(log_format: str, log_level: str) -> None:
    """Configure structlog for the whole process."""
    level = logging.getLevelNamesMapping()[log_level.upper()]
    # Tracebacks without local variables: those hold params, tokens and leases.
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=os.isatty(2), exception_formatter=structlog.dev.plain_traceback
        )
    )
    tracebacks = [structlog.processors.format_exc_info] if log_format == "json" else []
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *tracebacks,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(log_stream.stderr()),  # type: ignore[arg-type]  # all of a file that it uses
        # A reload may change the level, which loggers would keep if they were cached.
        cache_logger_on_first_use=False,
    )


def drain(seconds: float) -> None:
    """Wait until all lines are written, for so long at most."""
    log_stream.stderr().drain(seconds)


def report_bug(call: Invocation | None, bug: Exception) -> None:
    """Log what no mutation should raise."""
    method = None if call is None else call.method.name
    request_id = None if call is None else call.request_id
    log.error(
        "a mutation failed inside the daemon", method=method, request_id=request_id, exc_info=bug
    )
