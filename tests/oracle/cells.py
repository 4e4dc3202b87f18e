"""Account assignments numbered in the order of their first occurrence."""

from collections.abc import Sequence

NONE = -1


def number_cells(packed: Sequence[int], cell_words: list[int]) -> list[int]:
    """Return the position in ``cell_words`` of each word, appended if it is new; -1 for a negative word."""
    numbers: list[int] = []
    for word in packed:
        if word >= 0 and word not in cell_words:
            cell_words.append(word)
        numbers.append(cell_words.index(word) if word >= 0 else NONE)
    return numbers
