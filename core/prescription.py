"""The lapse of debts of the State (*prescription quadriennale*): a debt is not paid any more after some years.

Source: loi 68-1250 of 31 December 1968, art. 1 (four years from 1 January of the year after that in which the right arose),
art. 2 and 3 (interruption and suspension), art. 6 (relief).  Shorter lapses of single kinds of debt are not known here.
"""

import re
from pathlib import Path

from core.effective_dates import EffectiveDated, parse_dated_rule
from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER, read_toml

YEARS_MAX = 100
STOPS = ("interruption", "suspension", "relief")
"""What keeps a debt from lapsing; each is stated with its reference, as in ``relief 2018-114``."""

STOP_PATTERN = re.compile(rf"({'|'.join(STOPS)}) \S.*")
"""The form of a stated stop: its kind, a space, its reference."""


def load(folder: Path = SAMPLE_FOLDER) -> EffectiveDated:
    """Read from ``prescription.toml`` after how many whole years a debt lapses, by the day of the request.

    Raises
    ------
    ReferenceDataError
        The file is missing or a value is invalid; the message gives the place and the remedy.
    """
    path = folder.joinpath("prescription.toml")

    def parse_years(value: object) -> int:
        if type(value) is not int or not 0 < value <= YEARS_MAX:
            remedy = f"Write a whole number from 1 to {YEARS_MAX}."
            raise ReferenceDataError(str(path), f"years is {value!r}", remedy)
        return value

    return parse_dated_rule(str(path), "years", read_toml(path).get("years"), parse=parse_years)
