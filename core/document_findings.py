"""Whether the hash of the document of a line is known: it stands in the file that was sent, and not in the database."""

from enum import StrEnum


class DocumentFinding(StrEnum):
    """Whether a line states the hash of a document, or why that cannot be said."""

    WITH_HASH = "stated"
    WITHOUT_HASH = "not_stated"
    FILE_MISSING = "file_missing"
    """The file is not in this spool: it is in that of the machine on which it was processed."""
    FILE_CHANGED = "file_changed"
    """The bytes in the spool are not those that were received."""
    FILE_UNREADABLE = "file_unreadable"
    """The system does not read the file, or this version does not decode it."""
    FILE_TOO_LARGE = "file_too_large"
    """The service reads small files alone; the command reads any."""
