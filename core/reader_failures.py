"""Failures of readers that nobody foresaw: each refuses the file that is being read, and no other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import CrescendoError, FileUnreadable

LOG = logging.getLogger(__name__)
READER_FAILED = "The reader failed"
"""How the finding of such a refusal begins."""
_FINDING_CHARACTERS_MAX = 300
_REMEDY = "Check the file and send it again; if it is sound, report this error, whose traceback is in the log"


@contextmanager
def refuse_on_failure(name: str) -> Iterator[None]:
    """Refuse the file ``name`` if the body raises an error that its reader did not foresee; log the traceback.

    Other errors pass unchanged: refusals, failures of the engine, want of memory, and errors of the operating system.

    Raises
    ------
    FileUnreadable
        The reader failed; the error names the file and what failed.
    """
    try:
        yield
    except (CrescendoError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:  # decoders raise OSError without a number
            raise
        LOG.exception("%s is refused: its reader failed", name)
        raise FileUnreadable(name, _describe_failure(error), _REMEDY) from error


def _describe_failure(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return ": ".join([READER_FAILED, type(error).__name__, *lines[:1]])[:_FINDING_CHARACTERS_MAX]
