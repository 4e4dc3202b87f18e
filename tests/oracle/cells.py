"""Account assignments numbered in the order they are first seen."""

from collections.abc import Sequence

NONE = -1


def number_cells(packed: Sequence[int], known: list[int]) -> list[int]:
    """The place in ``known`` of each word, which is added behind where it is new; -1 for a negative word."""
    numbers: list[int] = []
    for word in packed:
        if word >= 0 and word not in known:
            known.append(word)
        numbers.append(known.index(word) if word >= 0 else NONE)
    return numbers
