"""Pages of items that what was followed lies on."""

from collections.abc import Iterable, Mapping


def mark_pages(followed: Iterable[int], parents: Mapping[int, int], rows_a_page: int) -> set[int]:
    """The pages of every entry followed (0 is none) and of its commitment, which may be none as well: page 0."""
    entries = [entry for entry in followed if entry]
    return {each // rows_a_page for entry in entries for each in (entry, parents[entry])}
