"""The pages of open items of followed entries."""

from collections.abc import Iterable, Mapping


def mark_pages(followed: Iterable[int], parents: Mapping[int, int], page_rows: int) -> set[int]:
    """Return the pages of every followed entry (0 is none) and of its parent, which may be none as well: page 0."""
    entries = [entry for entry in followed if entry]
    return {changed // page_rows for entry in entries for changed in (entry, parents[entry])}
