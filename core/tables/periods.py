"""Tables of the decisions about periods."""

from typing import NamedTuple

from core.tables.columns import Entry


class PeriodEffects(NamedTuple):
    """The decisions about periods, and the last batch that was decided without each.  A COPY row."""

    decision: Entry
    after_batch: Entry
