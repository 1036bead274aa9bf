"""Structured log lines on stderr; the stream belongs to systemd or to who started the daemon."""

import logging
import sys

import structlog


def set_up(log_format: str, log_level: str) -> None:
    """Configure structlog for the whole process."""
    level = logging.getLevelNamesMapping()[log_level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        # A reload may change the level, which loggers would keep if they were cached.
        cache_logger_on_first_use=False,
    )
