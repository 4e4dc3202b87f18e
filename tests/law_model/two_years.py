"""The reference data of a random sequence: 2019 is open all year, and in every third one a programme is suppressed in it."""

import random
from pathlib import Path

from tests.reference_years import copy_reference, replace_text
from tests.succession_years import suppress_programme, write_successions

_ORDER = "Arrêté du 2 janvier 2019,2019-01-02"
WITH_ORDERS = 3
_NAMED_ACTS = 300
_ROWS = (
    (0.6, "0177-D013,,,,0203-D013,,"),
    (0.4, "0177-D013-DR13,,,,0135-D013-DD13,,"),
    (0.5, "0177,0177-12-08,,,0203,0203-12,"),
    (0.2, "0177-D075-DD75,,,,0135-D013-DD13,,"),
    (0.4, "0217-SGAC-IMMO,,,,0203-SGAC-IMMO,,"),
    (0.3, "OP-0217-000002,,,,OP-0203-000001,,"),
    (0.7, "0177,,,,0135,,"),
)
"""Rows of orders, each with the share of sequences that have it: to two programmes, by area, to another accountant."""


def write_reference(folder: Path, seed: int) -> Path:
    """Write the reference data of a sequence below ``folder``."""
    reference = copy_reference(folder)
    replace_text(reference, "calendar.toml", "[1, 2, 3]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]")
    if seed % WITH_ORDERS == 0:
        _write_orders(reference, random.Random(seed))
    return reference


def _write_orders(reference: Path, source: random.Random) -> None:
    suppress_programme(reference)
    rows = [row for share, row in _ROWS if source.random() < share]
    if source.random() < 0.6:
        numbers = source.sample(range(1, 1_200), _NAMED_ACTS)
        place = source.choice(("0203-D013-DR13,0203-12", "0135-D075-DD75,", "0203,"))
        rows += [f"0177,,{source.choice(('CSP-A', 'SP-B'))},EJ-{number:06},{place}," for number in numbers]
    path = reference / "2019" / "assigned.csv"
    path.write_text(path.read_text(encoding="utf-8") + "0203-SGAC,ECOL\n", encoding="utf-8")
    write_successions(reference, *(row + _ORDER for row in rows))
