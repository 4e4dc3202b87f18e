"""Random years of acts of several senders: most follow what stands, some break a rule on purpose."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from tests.law_model import (
    asset_acts,
    breaches,
    commitments,
    credit_acts,
    journals,
    period_decisions,
    receivables,
    settlements,
)
from tests.law_model.form import write_euros
from tests.law_model.kinds import CLEARINGS, IDENTIFICATIONS, JOURNAL_DEBIT, ON_SERVICE, REASSIGNMENT_ORIGIN
from tests.law_model.model import LawModel
from tests.law_model.periods import PeriodDecision
from tests.law_model.state import Row
from tests.law_model.year_context import FIRST_DAY, YearContext

BREACH_RATE = 0.22
POSTING_RATE = 0.03
_PACE = (
    (0.0, FIRST_DAY),
    (0.55, date(2018, 10, 31)),
    (0.75, date(2018, 12, 31)),
    (1.0, date(2019, 2, 28)),
)
"""The day that a share of the acts has reached: the months around the end of the year have more acts than the others."""


class ActFile(NamedTuple):
    """The acts that one sender sends at once."""

    sender: str
    rows: list[Row]
    decisions: tuple[PeriodDecision, ...] = ()
    """What a person decided about months before the file."""


Writer = Callable[[YearContext], Row | None]

_SENDERS: Mapping[str, tuple[int, tuple[tuple[int, Writer], ...]]] = {
    "CSP-A": (26, (*commitments.WRITERS, *receivables.WRITERS)),
    "SP-B": (14, (*commitments.WRITERS, *receivables.WRITERS)),
    "CSP-C": (8, commitments.WRITERS),
    "DRFIP": (
        12,
        (
            *settlements.ACCOUNTANT_WRITERS,
            *journals.SUSPENSE_WRITERS,
            *asset_acts.WRITERS,
            (5, journals.write_journal),
            (4, receivables.write_restoration),
        ),
    ),
    "SFACT": (3, ((1, commitments.write_invoice_request),)),
    "treasury": (18, settlements.TREASURY_WRITERS),
    "bank": (14, (*settlements.BANK_WRITERS, (2, journals.write_credit))),
    "DB": (6, credit_acts.WRITERS),
}


def generate_year(model: LawModel, seed: int, acts: int) -> Iterator[ActFile]:
    """Yield the files of a year; the caller gives each, its decisions first, to ``model`` before it asks for the next."""
    context = YearContext(model, random.Random(seed), FIRST_DAY)
    lines = 0
    for sender, rows in credit_acts.write_openings(context, 2018):
        lines += len(rows)
        yield ActFile(sender, rows)
    while lines < acts:
        _advance(context, lines, acts)
        if context.day.year > 2018 and not context.has_next_year:
            context.has_next_year = True
            for sender, rows in credit_acts.write_openings(context, 2019):
                lines += len(rows)
                yield ActFile(sender, rows)
        sender = _choose_sender(context)
        rows = _write_file(context, sender, min(context.random.randint(8, 60), acts - lines + 1))
        lines += len(rows)
        if rows:
            yield ActFile(sender, rows, tuple(period_decisions.decide_months(context)))


def _advance(context: YearContext, lines: int, acts: int) -> None:
    (before, first), (after, last) = next(
        (begin, end) for begin, end in pairwise(_PACE) if lines <= end[0] * acts or end is _PACE[-1]
    )
    share = min((lines / acts - before) / (after - before), 1.0)
    context.day = max(context.day, first + timedelta(days=int((last - first).days * share)))


def _choose_sender(context: YearContext) -> str:
    return context.random.choices(list(_SENDERS), [weight for weight, _ in _SENDERS.values()])[0]


def _write_file(context: YearContext, sender: str, lines: int) -> list[Row]:
    context.sender, context.rows = sender, []
    writers = _SENDERS[sender][1]
    for _ in range(lines):
        context.rows += _write_act(context, writers)
    return context.rows


def _write_act(context: YearContext, writers: Sequence[tuple[int, Writer]]) -> list[Row]:
    writer = context.random.choices([w for _, w in writers], [weight for weight, _ in writers])[0]
    row = writer(context)
    if row is None:
        return []
    if context.random.random() < POSTING_RATE:
        row = breaches.post_later(context, row)
    if context.random.random() < BREACH_RATE:
        row = breaches.break_rule(context, row)
    rows = _split_lines(context, row) if row["kind"] in _OF_SEVERAL_LINES else [row]
    if row["kind"] == "set_off" and "line" not in row:
        rows = settlements.add_collection(context, row)
    if row["kind"] == "advance_withholding" and "line" not in row:
        rows = settlements.add_recovery(context, row)
    if row["kind"] == REASSIGNMENT_ORIGIN and "line" not in row:
        rows = settlements.add_targets(context, row)
    if row["kind"] == JOURNAL_DEBIT and "line" not in row:
        rows = journals.complete_journal(context, row)
    if row["kind"] in CLEARINGS and "line" not in row:
        rows = journals.complete_clearing(context, row)
    if row["kind"] in IDENTIFICATIONS and "line" not in row:
        rows = journals.complete_identification(context, row)
    return [{name: text for name, text in line.items() if text} for line in rows]


_OF_SEVERAL_LINES = frozenset({"commitment", "direct_payment_request", "service", *ON_SERVICE})


def _split_lines(context: YearContext, row: Row) -> list[Row]:
    """Return the act as one line, seldom as two or three of different amounts."""
    if "amount" not in row or "line" in row or context.random.random() > 0.06:
        return [row]
    later = [{"line": str(number), "amount": write_euros(context.draw_amount())} for number in (2, 3)]
    return [row | change for change in ({"line": "1"}, *later[: context.random.randint(1, 2)])]
