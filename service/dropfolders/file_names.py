"""Names in a drop folder: which are still being written, which belong to another file, which may be used as they are."""

import hashlib
import os

from core.errors import FormatUnknown
from ingest.sidecars import MANIFEST_SUFFIX

SIGNATURE_SUFFIX, MANIFEST = ".sig", MANIFEST_SUFFIX
NAME_BYTES_MAX = 180
"""What is put before and behind a name still fits the 255 bytes of a file system."""
_UNFINISHED_SUFFIXES = (".part", ".partial", ".filepart", ".tmp")
_DIGEST_LETTERS = 12


def is_unfinished(name: str) -> bool:
    """Whether senders write under this name before they rename: what they are not done with is left alone."""
    return name.startswith(".") or name.lower().endswith(_UNFINISHED_SUFFIXES)


def is_sidecar(name: str) -> bool:
    """Whether it stands beside a file, and is read with it."""
    return name.endswith((SIGNATURE_SUFFIX, MANIFEST))


def check_name(name: str) -> None:
    """Whether a file may have this name.

    Raises
    ------
    FormatUnknown
        Too long, or with characters that no terminal, log or database should meet.
    """
    if not is_plain(name):
        told = f"Up to {NAME_BYTES_MAX} bytes of printable characters in UTF-8, no dot or dash in front"
        raise FormatUnknown(ascii(name)[:80], "Not a file name", told)


def to_safe_name(name: str) -> str:
    """``name`` where it may be used, otherwise what is left of it and a digest that tells it from others."""
    if is_plain(name):
        return name
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:_DIGEST_LETTERS]
    letters = (letter if letter.isascii() and letter.isalnum() else "_" for letter in name[:80])
    return f"{''.join(letters)}-{digest}"


def is_plain(name: str) -> bool:
    """Whether a file may have this name."""
    is_short = 0 < len(os.fsencode(name)) <= NAME_BYTES_MAX
    return is_short and name.isprintable() and name[0] not in ".-" and "/" not in name
