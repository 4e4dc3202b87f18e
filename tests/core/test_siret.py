"""The key of a SIRET, by hand: Luhn, and the sum of the digits for La Poste."""

import numpy as np
from numpy.typing import NDArray

from core.siret import find_wrong_keys


def _digits(*sirets: str) -> NDArray[np.uint8]:
    return np.array([[int(digit) for digit in siret] for siret in sirets], np.uint8)


def test_the_key_follows_luhn() -> None:
    # 732 829 320 00074: 5+3+4+8+4+9+6+2+0+0+0+0+5+4 = 50, as every second digit is doubled
    assert find_wrong_keys(_digits("73282932000074", "73282932000075", "73282932000047")).tolist() == [
        *(False, True, True),
    ]


def test_la_poste_has_a_sum_of_digits() -> None:
    # 35600000049837: 3+5+6+4+9+8+3+7 = 45, a multiple of 5; by Luhn 6+5+3+4+9+8+6+7 = 48
    assert find_wrong_keys(_digits("35600000049837", "35600000049838")).tolist() == [False, True]


def test_the_head_office_of_la_poste_follows_luhn() -> None:
    # 35600000000048: sum of digits 26, no multiple of 5; Luhn: 6 + 5 + 3 + 8 (4 at an odd place) + 8 = 30
    assert find_wrong_keys(_digits("35600000000048")).tolist() == [False]


def test_the_sum_of_digits_counts_for_la_poste_alone() -> None:
    # 73282932000073: the digits add up to 46; 73282932000072 adds up to 45, and its key is wrong all the same
    assert sum(map(int, "73282932000072")) % 5 == 0
    assert find_wrong_keys(_digits("73282932000072")).tolist() == [True]


def test_no_siret_has_no_fault() -> None:
    assert find_wrong_keys(np.zeros((0, 14), np.uint8)).tolist() == []


def test_every_single_digit_that_is_changed_is_noticed() -> None:
    right = _digits("73282932000074")
    changed = np.repeat(right, 14 * 9, axis=0)
    for row in range(len(changed)):
        place, step = divmod(row, 9)
        changed[row, place] = (changed[row, place] + step + 1) % 10
    assert find_wrong_keys(changed).all()
