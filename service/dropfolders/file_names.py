"""Names in a drop folder: files that are still being written, sidecars, and names that are not accepted."""

from core.errors import FormatUnknown
from ingest.result_names import NAME_BYTES_MAX, is_plain
from ingest.sidecars import MANIFEST_SUFFIX

SIGNATURE_SUFFIX = ".sig"
_UNFINISHED_SUFFIXES = (".part", ".partial", ".filepart", ".tmp")


def is_unfinished(name: str) -> bool:
    """Return whether senders use this name for a file they are still writing; such files are left alone."""
    return name.startswith(".") or name.lower().endswith(_UNFINISHED_SUFFIXES)


def is_sidecar(name: str) -> bool:
    """Return whether the file belongs to another one and is read with it: a signature or a manifest."""
    return name.endswith((SIGNATURE_SUFFIX, MANIFEST_SUFFIX))


def check_name(name: str) -> None:
    """Check that a file may have this name.

    Raises
    ------
    FormatUnknown
        The name is too long, or has characters that are unsafe in a terminal, a log or the database.
    """
    if not is_plain(name):
        remedy = f"Use up to {NAME_BYTES_MAX} bytes of printable characters in UTF-8, without a dot or dash at the start"
        raise FormatUnknown(ascii(name)[:80], "This is not a valid file name", remedy)
