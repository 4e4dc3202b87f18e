"""What persons decide about months, and on which days an act may be posted."""

from collections.abc import Mapping

from core.act_fields import Field
from core.catalog import ActKind
from core.kind_rules import YearRule
from core.periods import PeriodState
from tests.oracle import days

CHANGES: Mapping[str, tuple[PeriodState, PeriodState]] = {
    "close": (PeriodState.OPEN, PeriodState.CLOSED),
    "reopen": (PeriodState.CLOSED, PeriodState.OPEN),
    "lock": (PeriodState.CLOSED, PeriodState.LOCKED),
}
"""By action: the state before and after it."""


def is_misplaced(kind: ActKind, fields: Mapping[Field, str]) -> bool:
    """Return whether a line is posted before the day of its act, or on a day with other credits than that day has."""
    day, posting_day = (days.parse(fields.get(field, "")) for field in (Field.DATE, Field.POSTING_DATE))
    if day is None or posting_day is None:
        return False
    (year, month, _), (posting_year, posting_month, _) = days.split_day(day), days.split_day(posting_day)
    if posting_day < day or year != posting_year:
        return posting_day < day or kind.year_rule not in (YearRule.NONE, YearRule.SETTLES_CP)
    anticipates = kind.year_rule is YearRule.SPENDS_AE and bool(fields.get(Field.SERVICE_START))
    return anticipates and month < 11 <= posting_month
