"""What is still owed."""

from collections.abc import Iterable, Mapping


def sum_taken_up(
    rows: Iterable[tuple[int, int, int]], takes: set[int], taken: Mapping[int, int]
) -> dict[int, int]:
    """Cents taken up by entry, with those of ``rows``: (kind, predecessor, cents)."""
    found = dict(taken)
    for kind, predecessor, cents in rows:
        if kind in takes:
            found[predecessor] = found.get(predecessor, 0) + cents
    return found
