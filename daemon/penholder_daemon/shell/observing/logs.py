"""Structured log lines on stderr; the stream belongs to systemd or to who started the daemon."""

import logging
import os

import structlog

from penholder_daemon.shell.observing import log_stream


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
