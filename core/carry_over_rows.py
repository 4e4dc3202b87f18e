"""The rows of ``carry_overs.csv``: what an order carries from a programme of a year into the next (LOLF art. 15)."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class CarriedMeasure(StrEnum):
    """What an order carries."""

    AE = "ae"
    EARMARKED_AE = "earmarked_ae"
    """AE that are earmarked for operations and not engaged: to the operations of the same number."""
    CP = "cp"


class CarryOver(NamedTuple):
    """One row: what an order carries from a programme of the year before."""

    order: str
    day: date
    ministers: tuple[str, str]
    measure: CarriedMeasure
    programme: str
    envelope: str
    """T2 or HT2."""
    fund: str
    """A fund of the programme, whose family the credits are of."""
    new_programme: str
    cents: int
    lifting_law: str
    """The finance law that lifts the ceiling of the programme; empty for none."""
