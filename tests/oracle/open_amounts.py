"""Open amounts."""

from collections.abc import Iterable, Mapping


def sum_taken_up(
    rows: Iterable[tuple[int, int, int]], taking_kinds: set[int], sums_before: Mapping[int, int]
) -> dict[int, int]:
    """Return the cents taken up by entry, with those of ``rows``: (kind, predecessor, cents)."""
    sums = dict(sums_before)
    for kind, predecessor, cents in rows:
        if kind in taking_kinds:
            sums[predecessor] = sums.get(predecessor, 0) + cents
    return sums
