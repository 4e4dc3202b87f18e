"""Random years of acts of several senders: most follow what stands, some break a rule on purpose."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from tests.law_model import (
    asset_acts,
    breaches,
    closing_acts,
    commitments,
    credit_acts,
    inventory_acts,
    journals,
    period_decisions,
    receivables,
    settlements,
    visa_acts,
)
from tests.law_model.form import read_cents, write_euros
from tests.law_model.kinds import CLEARINGS, IDENTIFICATIONS, JOURNAL_DEBIT, ON_SERVICE, REASSIGNMENT_ORIGIN
from tests.law_model.model import LawModel
from tests.law_model.opening_balances import OPENING_STEP, list_openings
from tests.law_model.periods import PeriodDecision
from tests.law_model.rollover import COMMITMENT_STEP, REQUEST_STEP, Rollover
from tests.law_model.state import Row
from tests.law_model.year_context import FIRST_DAY, YearContext
from tests.law_model.year_end import (
    ALLOCATION_STEP,
    RESULT_STEP,
    REVERSAL_STEP,
    list_allocation,
    list_results,
    list_reversals,
)
from tests.succession_years import SUPPRESSED

BREACH_RATE = 0.22
POSTING_RATE = 0.03
_PACE = (
    (0.0, FIRST_DAY),
    (0.45, date(2018, 10, 31)),
    (0.62, date(2018, 12, 31)),
    (0.72, date(2019, 1, 25)),
    (0.92, date(2019, 3, 31)),
    (1.0, date(2019, 12, 31)),
)
"""The day that a share of the acts has reached: the months around the end of the year have more acts than the others."""


_LAST_PAYMENT_DAY = date(2019, 1, 20)
"""The end of the complementary period: what is carried is dated later."""
_FIRST_ROLLOVER_RATE, _ROLLOVER_RATE, _OPENING_RATE, _WRONG_CARRY_RATE = 0.6, 0.08, 0.15, 0.06
_STEP_RATE, _CLOSING_RATE = 0.15, 0.6
"""Of steps that reverse accruals, determine and allot the result, and of files of the closing that no step gives."""
_FIRST_RESULT_DAY = date(2019, 2, 10)
"""Once most entries of the first year are made, its result is determined now and then."""


class ActFile(NamedTuple):
    """The acts that one sender sends at once."""

    sender: str
    rows: list[Row]
    decisions: tuple[PeriodDecision, ...] = ()
    """What a person decided about months before the file."""
    step: str = ""
    """The step of the closing whose lines these are, all that it gives at that moment."""


Writer = Callable[[YearContext], Row | None]

_SENDERS: Mapping[str, tuple[int, tuple[tuple[int, Writer], ...]]] = {
    "CSP-A": (26, (*commitments.WRITERS, *receivables.WRITERS, *visa_acts.OFFICER_WRITERS)),
    "SP-B": (14, (*commitments.WRITERS, *receivables.WRITERS)),
    "CSP-C": (8, (*commitments.WRITERS, *visa_acts.OFFICER_WRITERS)),
    "CBCM": (4, visa_acts.CONTROLLER_WRITERS),
    "DRFIP": (
        20,
        (
            *settlements.ACCOUNTANT_WRITERS,
            *journals.SUSPENSE_WRITERS,
            *asset_acts.WRITERS,
            *inventory_acts.WRITERS,
            (5, journals.write_journal),
            (6, receivables.write_restoration),
        ),
    ),
    "SFACT": (4, ((1, commitments.write_invoice_request),)),
    "treasury": (18, settlements.TREASURY_WRITERS),
    "bank": (14, (*settlements.BANK_WRITERS, (2, journals.write_credit))),
    "DB": (9, (*credit_acts.WRITERS, (3, visa_acts.write_override))),
}
_SMALL_SENDERS = frozenset({"CBCM", "SFACT"})
"""Senders of few acts at once: they would decide about the same act several times in one file."""


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
        most = 6 if sender in _SMALL_SENDERS else 60
        rows = _write_file(context, sender, min(context.random.randint(most // 7, most), acts - lines + 1))
        lines += len(rows)
        if rows:
            yield ActFile(sender, rows, tuple(period_decisions.decide_months(context)))
        for file in _roll_over(context):
            lines += len(file.rows)
            yield file


def _roll_over(context: YearContext) -> Iterator[ActFile]:
    """Yield the steps that carry what is open of 2018 and open its balances, again and again, as it goes on changing.

    Now and then some of their lines come before their time, or are wrong.
    """
    if context.day.year == FIRST_DAY.year:
        return
    is_over = context.day > _LAST_PAYMENT_DAY
    rate = _FIRST_ROLLOVER_RATE if is_over and not context.is_carried else _ROLLOVER_RATE
    context.sender = "closing"
    for step in (COMMITMENT_STEP, REQUEST_STEP, OPENING_STEP):
        rows = _list_rows(context, step)
        if context.random.random() < _WRONG_CARRY_RATE:
            yield ActFile("closing", _break_carries(context, rows))
        elif context.random.random() < max(rate, _OPENING_RATE * (step == OPENING_STEP)):
            context.is_carried |= is_over and step == COMMITMENT_STEP
            yield ActFile("closing", rows, step=step)
    yield from _close_year(context)


def _close_year(context: YearContext) -> Iterator[ActFile]:
    """Yield the steps that reverse accruals, determine the result and allot it, and at times acts that no step gives."""
    steps = [REVERSAL_STEP]
    if context.day >= _FIRST_RESULT_DAY:
        steps += [RESULT_STEP, ALLOCATION_STEP]
    for step in steps:
        if context.random.random() < _STEP_RATE:
            yield ActFile("closing", _list_closing_rows(context, step), step=step)
    if context.random.random() < _CLOSING_RATE:
        rows = closing_acts.write_closing_file(context)
        if rows:
            yield ActFile("closing", rows)


def _list_closing_rows(context: YearContext, step: str) -> list[Row]:
    state, year = context.model.state, FIRST_DAY.year
    if step == REVERSAL_STEP:
        return list_reversals(state, year)
    return list_results(state, year) if step == RESULT_STEP else list_allocation(state, year, context.day)


def _list_rows(context: YearContext, step: str) -> list[Row]:
    """Return all lines of a step, as the model finds them."""
    if step == OPENING_STEP:
        return list_openings(context.model.state, FIRST_DAY.year)
    return Rollover(context.model.state, FIRST_DAY.year).list_rows(step, context.day)


def _break_carries(context: YearContext, rows: Sequence[Row]) -> list[Row]:
    sample = context.random.sample(list(rows), min(len(rows), 5))
    broken = [_break_carry(context, row | {"line": "1"}) for row in sample]
    return [{name: text for name, text in row.items() if text} for row in broken]


def _break_carry(context: YearContext, row: Row) -> Row:
    """Return a line of the closing with another breach, often with a part of its amount alone."""
    cents = read_cents(row["amount"])
    if cents > 1 and context.random.random() < 0.3:
        return row | {"amount": write_euros(context.random.randint(1, cents - 1))}
    return breaches.break_rule(context, row)


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
    rows = _follow_orders(context, rows)
    return [{name: text for name, text in line.items() if text} for line in rows]


def _follow_orders(context: YearContext, rows: Sequence[Row]) -> list[Row]:
    """Return the lines on a programme that follows a suppressed one in their year, mostly."""
    if context.random.random() < 0.03:
        return list(rows)
    year = rows[0].get("budget_year") or rows[0].get("exercise") or ""
    followers = context.list_followers(SUPPRESSED, int(year) if year.isdigit() else 0)
    new = context.random.choice(followers)
    names = ("fund_centre", "functional_area", "counterpart")
    return [
        row | {name: row[name].replace(SUPPRESSED, new) for name in names if row.get(name)} for row in rows
    ]


_OF_SEVERAL_LINES = frozenset(
    {"commitment", "direct_payment_request", "service", "accrual", "provision", *ON_SERVICE}
)


def _split_lines(context: YearContext, row: Row) -> list[Row]:
    """Return the act as one line, seldom as two or three of different amounts."""
    if "amount" not in row or "line" in row or context.random.random() > 0.06:
        return [row]
    later = [{"line": str(number), "amount": write_euros(context.draw_amount())} for number in (2, 3)]
    return [row | change for change in ({"line": "1"}, *later[: context.random.randint(1, 2)])]
