"""The pages of open items of followed entries."""

from collections.abc import Collection, Iterable, Mapping


def mark_pages(
    followed: Iterable[int], parents: Mapping[int, int], page_rows: int, leading: Collection[int] = ()
) -> set[int]:
    """Return the pages of every followed entry (0 is none) and of its parent, which may be none as well: page 0.

    The parent of an entry that is ``leading`` changes with it: of a carried commitment that of the next year, of a part or
    a carry of a debt what it took up.
    """
    changed: set[int] = set()
    for entry in followed:
        if entry:
            changed |= {entry, parents[entry]}
            last = parents[entry]
            while last and last in leading:
                last = parents[last]
                changed.add(last)
    return {entry // page_rows for entry in changed}
