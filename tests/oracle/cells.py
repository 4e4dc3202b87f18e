"""Account assignments numbered in the order of their first occurrence."""

from collections.abc import Sequence

NONE = -1


def number_cells(packed: Sequence[int], known: list[int]) -> list[int]:
    """Return the position in ``known`` of each word, appended if it is new; -1 for a negative word."""
    numbers: list[int] = []
    for word in packed:
        if word >= 0 and word not in known:
            known.append(word)
        numbers.append(known.index(word) if word >= 0 else NONE)
    return numbers
