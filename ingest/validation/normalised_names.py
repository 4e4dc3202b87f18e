"""The names of normalised files, which lie beside the original that they are written from."""

from contextlib import suppress
from typing import NamedTuple

from ingest.spool.spooled_file import SpooledFile

_NORMALISED = "normalised"


def remove_normal_form(spooled: SpooledFile) -> None:
    """Remove the normalised file of a decided submission: it is written again if it is needed."""
    with suppress(OSError):
        for path in spooled.folder.glob(f"{_NORMALISED}*"):
            path.unlink(missing_ok=True)


class NormalisedNames(NamedTuple):
    """The names of the normalised file and of its record."""

    lines: str
    record: str


def name_normal_form(spooled: SpooledFile) -> NormalisedNames:
    """Return a name for each charset: two senders of the same bytes may state two, and read at the same time."""
    charset = spooled.envelope.charset
    stem = f"{_NORMALISED}-{charset}" if charset else _NORMALISED
    return NormalisedNames(f"{stem}.arrow", f"{stem}.json")
