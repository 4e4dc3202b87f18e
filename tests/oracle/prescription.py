"""The lapse of debts of the State: four whole years after the year in which the right arose (law 68-1250, art. 1)."""

from collections.abc import Mapping

from core.act_fields import Field
from tests.oracle import days, whole_numbers

LAPSE_YEARS = 4
STOPS = ("interruption ", "suspension ", "relief ")


def is_readable(fields: Mapping[Field, str]) -> bool:
    """Return whether the year of the right is not after the exercise, and a stop of the lapse says which and where."""
    year = whole_numbers.parse(fields.get(Field.RIGHT_YEAR, ""))
    exercise = whole_numbers.parse(fields.get(Field.EXERCISE, "")) or 0
    stop = fields.get(Field.PRESCRIPTION_STOP, "")
    names_stop = any(stop.startswith(word) and stop[len(word) :][:1].strip() for word in STOPS)
    return (year is None or year <= exercise) and (not stop or names_stop)


def has_lapsed(fields: Mapping[Field, str], day: int) -> bool:
    """Return whether the debt that a request of ``day`` states has lapsed."""
    if fields.get(Field.PRESCRIPTION_STOP):
        return False
    arose = find_year(fields)
    return arose is not None and days.split_day(day)[0] > arose + LAPSE_YEARS


def find_year(fields: Mapping[Field, str]) -> int | None:
    """Return the year in which the right arose, as far as the line says: service is never older than its exercise."""
    if Field.RIGHT_YEAR in fields:
        return whole_numbers.parse(fields[Field.RIGHT_YEAR])
    invoice = days.parse(fields.get(Field.INVOICE_DATE, ""))
    return None if invoice is None else days.split_day(invoice)[0]
