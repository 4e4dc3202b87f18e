"""The rows of submissions, as they are looked for and stored."""

from collections.abc import Sequence
from typing import NamedTuple


class FileStatements(NamedTuple):
    """What the sender of a registered file stated about it; it counts, whatever is stated when the file is sent again."""

    charset: str
    extra_columns: Sequence[str]
    """Columns of the file that are not those of the format."""
    atomic: bool | None
    """All acts of the file, or none; None if it was registered before this was stored."""
    sepa_only: bool | None
    """No payment outside SEPA; None as above."""


class PriorSubmission(NamedTuple):
    """An earlier submission of the same file."""

    number: int
    attempt: int
    is_cancelled: bool
    is_finished: bool
    """Whether all of it is decided, or it is cancelled."""
    statements: FileStatements

    def covers_resend(self, *, again: bool) -> bool:
        """Whether the same file sent once more counts as this submission; with ``again``, a finished one does not cover it."""
        return not (self.is_cancelled or (again and self.is_finished))


class NewSubmission(NamedTuple):
    """The row of a submission to register."""

    sender: str
    batch_id: str
    file_hash: bytes
    file_name: str
    format: str
    size_bytes: int
    attempt: int
    declared_lines: int | None
    declared_cents: int | None
    programmes: Sequence[str] | None
    """Programmes that the lines name; None where that is not known."""
    charset: str = ""
    """The charset that the sender states."""
    extra_columns: Sequence[str] = ()
    """Columns of the file that are not those of the format."""
    atomic: bool | None = None
    sepa_only: bool | None = None
