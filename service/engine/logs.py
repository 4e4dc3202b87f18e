"""Logs of the service: JSON objects, one per line, on standard error; per batch and per failed request, never per act."""

import logging
import sys
from contextlib import suppress
from typing import Any, BinaryIO

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
        logger_factory=lambda *_: structlog.BytesLogger(_LossyStream(sys.stderr.buffer)),  # pyright: ignore[reportArgumentType]
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_JsonHandler()], level=logging.WARNING, force=True)


class _JsonHandler(logging.Handler):
    """Writes what the layers below the service log, tracebacks included, as events of the same log."""

    def emit(self, record: logging.LogRecord) -> None:
        details = {"logger": record.name, "exc_info": record.exc_info}
        structlog.get_logger().log(record.levelno, record.getMessage(), **details)


class _LossyStream:
    """A stream that drops what cannot be written: a log on a full disk must not stop the service."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, line: bytes) -> None:
        """Write a line, unless the disk is full."""
        with suppress(OSError):
            self._stream.write(line)

    def flush(self) -> None:
        """Flush what was written; what fails is flushed with the next line."""
        with suppress(OSError):
            self._stream.flush()


def _encode(event: Any, **_: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=repr)
