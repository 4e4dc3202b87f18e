"""Logs of the service: JSON objects, one per line, on standard error; per batch and per failed request, never per act."""

import logging
import sys
from typing import Any

import msgspec
import structlog


def log_to_standard_error() -> None:
    """Write logs to standard error from now on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_JsonHandler()], level=logging.WARNING, force=True)


class _JsonHandler(logging.Handler):
    """Writes what the layers below the service log, tracebacks included, as events of the same log."""

    def emit(self, record: logging.LogRecord) -> None:
        details = {"logger": record.name, "exc_info": record.exc_info}
        structlog.get_logger().log(record.levelno, record.getMessage(), **details)


def _encode(event: Any, **_: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=repr)
