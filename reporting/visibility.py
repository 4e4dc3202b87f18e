"""Queries for lines of the journal, and the lines that a caller may see."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reporting.code_names import CodeNames


class Visibility(NamedTuple):
    """The lines that a caller may see; None for no restriction."""

    sender: str | None = None
    centres: Sequence[int] | None = None
    """The numbers of fund centres."""
    programmes: Sequence[str] | None = None
    """The programmes of these centres: a line without a fund centre is visible if its file names no other programme."""

    @property
    def is_whole(self) -> bool:
        """Whether the caller may see every line."""
        return self.sender is None and self.centres is None

    @property
    def hides_chain(self) -> bool:
        """Whether a visible line may follow, or be followed by, lines that the caller may not see.

        A chain lies in one programme, so a caller that is limited to programmes sees the whole of it.
        """
        return self.sender is not None and self.centres is None


WHOLE_JOURNAL = Visibility()


class ReferenceQuery(NamedTuple):
    """A query for the lines of one reference."""

    reference: str
    visibility: Visibility = WHOLE_JOURNAL
    kinds: Sequence[int] | None = None
    exercise: int | None = None
    """Restricts accepted lines only: refused lines are stored without an exercise."""


def list_centres_within(names: "CodeNames", programmes: frozenset[str]) -> list[int] | None:
    """Return the numbers of the fund centres of some programmes; None, which means all, for an empty set."""
    if not programmes:
        return None
    centres = names.codes.centres.keys() & names.by_code.keys()
    return [names.by_code[code] for code in centres if names.codes.find_programme(code).code in programmes]
