"""Checks of files that somebody waits for: their bytes are hashed again only if they were written since the last check."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from core.errors import FileUnreadable
from ingest.formats.detection import translate_decoder_errors
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile, check_bytes


class _FileState(NamedTuple):
    """What differs once a file was replaced or written."""

    inode: int
    changed_ns: int
    size: int


class _Check(NamedTuple):
    state: _FileState
    fault: FileUnreadable | None


class ByteChecks:
    """The results of the last check of each file."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._checks: dict[bytes, _Check] = {}

    def open(self, sha256: bytes, sender: str) -> SpooledFile:
        """Return a file of the spool, whose bytes are those that were received.

        Raises
        ------
        FileUnreadable
            The file is missing, or its bytes have changed.
        """
        spooled = self._spool.find(sha256, sender)
        with translate_decoder_errors(spooled.name):
            state = _read_state(spooled.path)
        check = self._checks.get(sha256)
        if check is None or check.state != state:
            check = self._checks[sha256] = _Check(state, _find_fault(spooled))
        if check.fault:
            raise FileUnreadable(check.fault.place, check.fault.finding, check.fault.remedy)
        return spooled

    def note_receipt(self, spooled: SpooledFile) -> None:
        """Note that the bytes of a file were hashed when it was received."""
        with suppress(OSError):  # it is gone already, which the next check finds
            self._checks[spooled.sha256] = _Check(_read_state(spooled.path), None)


def _read_state(path: Path) -> _FileState:
    status = path.stat()
    return _FileState(status.st_ino, status.st_ctime_ns, status.st_size)


def _find_fault(spooled: SpooledFile) -> FileUnreadable | None:
    try:
        check_bytes(spooled)
    except FileUnreadable as error:
        return error
    return None
