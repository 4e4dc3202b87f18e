"""The pages of open items of followed entries."""

from collections.abc import Collection, Iterable, Mapping


def mark_pages(
    followed: Iterable[int], parents: Mapping[int, int], page_rows: int, carried: Collection[int] = ()
) -> set[int]:
    """Return the pages of every followed entry (0 is none) and of its parent, which may be none as well: page 0.

    The parent of a commitment that is ``carried`` is that of the next year, which changes with it.
    """
    changed: set[int] = set()
    for entry in followed:
        if entry:
            changed |= {entry, parents[entry]}
            last = parents[entry]
            while last and last in carried:
                last = parents[last]
                changed.add(last)
    return {entry // page_rows for entry in changed}
