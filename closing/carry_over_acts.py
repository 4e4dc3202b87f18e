"""Step C15: orders carry credits into the next year, and what no order names is annulled (LOLF art. 15; rules A66, A67)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from closing.carry_acts import describe_file
from closing.step_sums import BlockedSum, CarriedSum, StepSums
from closing.steps import Step
from closing.unused_credits import (
    CANCELLATION,
    IN,
    OUT,
    UNFREEZE,
    CreditLine,
    CreditPlace,
    Sheet,
    UnusedCredits,
)
from core.act_fields import ACT_LINES_MAX
from core.carry_over_rows import CarriedMeasure, CarryOver
from core.carry_overs import find_last_day
from core.kind_rules import Measure
from core.nomenclature import STAFF_TITLE, CentreLevel, Nomenclature

_LEVELS = (CentreLevel.PROGRAMME, CentreLevel.BOP, CentreLevel.UO)
_SHORT = "{order} names more than {programme} has left: correct carry_overs.csv of {year}, or its act that was refused"
_WAITS = "no order of carry_overs.csv names them: orders may until {day}; after that day this step annuls them, by --at DAY"
_UNPUBLISHED = "{order} is published on {day}: execute the step from that day on, by --at DAY"


class OrderKey(NamedTuple):
    """What an order carries, and where to: its rows and its acts add up by it."""

    measure: CarriedMeasure
    programme: str
    sheet: Sheet
    new_programme: str


class CreditAct(NamedTuple):
    """An act, by the part of its reference that names it."""

    name: str
    lines: Sequence[CreditLine]


class UnusedYear(NamedTuple):
    """What a year has left, in one snapshot of the ledger."""

    credits: UnusedCredits
    after: Nomenclature
    """The codes of the next year, with the orders that carry into it."""
    carried: Mapping[OrderKey, int]
    """The cents that acts have carried."""
    done: int
    """The lines that carried, annulled or unfroze credits of other places than operations."""
    last_entry: int
    last_use: Mapping[str, date]
    """The day of the last earmark or commitment of each operation."""
    done_earmarks: int = 0
    """Of operations: the lines that carried, annulled or released."""


class UnusedWork(NamedTuple):
    """What a step has to do with it."""

    acts: Sequence[CreditAct]
    blocked: Sequence[BlockedSum]


def find_order_key(order: CarryOver, before: Nomenclature) -> OrderKey:
    """Return what a row carries, by titles and family of funds."""
    sheet = Sheet(order.envelope == STAFF_TITLE, before.funds[order.fund].family)
    return OrderKey(order.measure, order.programme, sheet, order.new_programme)


def compute_carry_over(year: UnusedYear, day: date) -> UnusedWork:
    """Return the acts of the step: what is frozen is unfrozen, orders carry, and after 31 March the rest is annulled."""
    acts = [*_list_unfreezes(year.credits)]
    earlier = dict(year.carried)
    unpublished: list[CarryOver] = []
    by_key: dict[OrderKey, list[tuple[int, CarryOver]]] = {}
    for number, order in enumerate(year.after.carry_overs, 1):
        if order.measure is CarriedMeasure.EARMARKED_AE:
            continue
        if order.day > day:
            unpublished.append(order)
        else:
            by_key.setdefault(find_order_key(order, year.credits.codes), []).append((number, order))
    blocked: list[BlockedSum] = []
    for key, orders in by_key.items():
        carried, short = _carry_orders(year, key, orders, earlier=earlier)
        acts += carried
        blocked += short
    blocked += _list_unpublished_orders(year, unpublished, earlier)
    if day > find_last_day(year.credits.codes.year):
        acts += _list_cancellations(year.credits)
    else:
        blocked += _sum_open_credits(year.credits)
    return UnusedWork(acts, blocked)


def _carry_orders(
    year: UnusedYear,
    key: OrderKey,
    orders: Sequence[tuple[int, CarryOver]],
    *,
    earlier: dict[OrderKey, int],
) -> UnusedWork:
    """Return one act for the rows of a key, named after the first: it is accepted whole or not at all.

    What was carried is known by key alone.  If one row were refused and another one accepted, the next execution
    would take what was carried for that of the refused one, and carry the other one again.
    """
    lines: list[CreditLine] = []
    short: list[BlockedSum] = []
    for _, order in orders:
        if cents := _take_earlier(earlier, key, order):
            carried = _carry_order(year, order, key, cents=cents)
            lines += carried
            short += _find_shortage(order, carried, year, cents=cents)
    return UnusedWork([*_split(f"R{orders[0][0]}", lines)], short)


def _take_earlier(earlier: dict[OrderKey, int], key: OrderKey, order: CarryOver) -> int:
    """Return what a row still carries beyond ``earlier``, the cents that acts of earlier executions carried, and take them."""
    earlier_cents = min(earlier.get(key, 0), order.cents)
    earlier[key] = earlier.get(key, 0) - earlier_cents
    return order.cents - earlier_cents


def _list_unpublished_orders(
    year: UnusedYear, orders: Sequence[CarryOver], earlier: dict[OrderKey, int]
) -> Iterator[BlockedSum]:
    """Yield what waits for the day on which its order is published, which nothing else may take."""
    for order in orders:
        key = find_order_key(order, year.credits.codes)
        lines = _carry_order(year, order, key, cents=_take_earlier(earlier, key, order))[::2]
        if lines:
            cents = sum(line.cents for line in lines)
            yield BlockedSum(lines[0].kind, describe_publication(order), len(lines), cents)


def describe_publication(order: CarryOver) -> str:
    """Return why an order of a later day carries nothing yet."""
    return _UNPUBLISHED.format(order=order.order, day=order.day)


def sum_work(work: UnusedWork, done: int) -> StepSums:
    """Add up the lines by kind and programme."""
    sums: dict[tuple[str, str], list[int]] = {}
    for act in work.acts:
        for line in act.lines:
            sums.setdefault((line.kind, line.centre[:4]), []).append(line.cents)
    carried = [
        CarriedSum(kind, programme, len(cents), sum(cents))
        for (kind, programme), cents in sorted(sums.items())
    ]
    return StepSums(carried, list(work.blocked), done)


def build_table(
    acts: Sequence[CreditAct], year: int, day: date, *, step: Step, last_entry: int, cause: str
) -> pa.Table:
    """Build the acts of a step, dated ``day`` in the year after ``year``; there is at least one line."""
    rows = [
        {
            "reference": f"{year}.{act.name}.{last_entry}",
            "line": number,
            "kind": line.kind,
            "exercise": day.year,
            "date": day,
            "budget_year": line.year,
            "fund_centre": line.centre,
            "commitment_item": line.item,
            "fund": line.fund,
            "operation": line.operation or None,
            "amount_cents": line.cents,
        }
        for act in acts
        for number, line in enumerate(act.lines, 1)
    ]
    table = pa.Table.from_pylist(rows)
    if table["operation"].type == pa.null():
        table = table.drop_columns("operation")
    amounts = np.array([row["amount_cents"] for row in rows], np.int64)
    return describe_file(table, amounts, year, step=step, cause=cause)


def _list_unfreezes(unused: UnusedCredits) -> Iterator[CreditAct]:
    """Unfreeze what is frozen, as it cannot leave the year otherwise; one act for each programme."""
    for programme in unused.codes.programmes:
        lines: list[CreditLine] = []
        for level in _LEVELS:
            for place in unused.list_places(level, programme):
                for measure, kind in UNFREEZE.items():
                    if cents := unused.read_frozen(measure, place):
                        unused.unfreeze(measure, place)
                        lines.append(unused.build_line(kind, place, cents))
        yield from _split(f"G{programme}", lines)


def _carry_order(year: UnusedYear, order: CarryOver, key: OrderKey, *, cents: int) -> list[CreditLine]:
    """Return pairs of lines that carry what the places of a programme have left, from the programme down, in order."""
    measure = Measure.CP if order.measure is CarriedMeasure.CP else Measure.AE
    lines: list[CreditLine] = []
    for level in _LEVELS:
        for place in year.credits.list_places(level, order.programme):
            part = min(year.credits.compute_free(measure, place), cents) if place.sheet == key.sheet else 0
            if part:
                year.credits.take(measure, place, part)
                cents -= part
                out = year.credits.build_line(OUT[measure], place, part, fund=order.fund)
                fund = find_fund_of_next_year(order.fund, key, year.after)
                arrival = CreditLine(
                    *(IN[measure], year.after.year, order.new_programme, "", key.sheet.item, fund, part)
                )
                lines += [out, arrival]
    return lines


def find_fund_of_next_year(fund: str, key: OrderKey, after: Nomenclature) -> str:
    """Return the fund itself, or one of the same family that the programme of the next year has; itself if it has none."""
    own = (code for code, row in after.funds.items() if row.family is key.sheet.family)
    usable = [code for code in own if after.funds[code].programme in ("", key.new_programme)]
    return fund if fund in usable else next(iter(usable), fund)


def _find_shortage(
    order: CarryOver, carried: Sequence[CreditLine], year: UnusedYear, *, cents: int
) -> list[BlockedSum]:
    found_cents = sum(line.cents for line in carried[::2])
    if found_cents == cents:
        return []
    kind = OUT[Measure.CP if order.measure is CarriedMeasure.CP else Measure.AE]
    obstacle = _SHORT.format(order=order.order, programme=order.programme, year=year.after.year)
    return [BlockedSum(kind, obstacle, 1, cents - found_cents)]


def _take_unused_credits(unused: UnusedCredits) -> Iterator[tuple[Measure, CreditPlace, int]]:
    """Yield what each place has left, from the UO up, and take it."""
    for programme in unused.codes.programmes:
        for level in reversed(_LEVELS):
            for place in unused.list_places(level, programme):
                for measure in (Measure.AE, Measure.CP):
                    if cents := unused.compute_free(measure, place):
                        unused.take(measure, place, cents)
                        yield measure, place, cents


def _list_cancellations(unused: UnusedCredits) -> Iterator[CreditAct]:
    by_programme: dict[str, list[CreditLine]] = {}
    for measure, place, cents in _take_unused_credits(unused):
        line = unused.build_line(CANCELLATION[measure], place, cents)
        by_programme.setdefault(place.centre[:4], []).append(line)
    for programme, lines in by_programme.items():
        yield from _split(f"A{programme}", lines)


def _sum_open_credits(unused: UnusedCredits) -> list[BlockedSum]:
    sums: dict[Measure, list[int]] = {}
    for measure, _, cents in _take_unused_credits(unused):
        sums.setdefault(measure, []).append(cents)
    obstacle = _WAITS.format(day=find_last_day(unused.codes.year))
    return [
        BlockedSum(CANCELLATION[measure], obstacle, len(cents), sum(cents)) for measure, cents in sums.items()
    ]


def _split(name: str, lines: Sequence[CreditLine]) -> Iterator[CreditAct]:
    """Yield the lines in acts of as many lines as one may have; the two lines of a pair stay together."""
    for part, first in enumerate(range(0, len(lines), ACT_LINES_MAX)):
        yield CreditAct(f"{name}.{part}" if part else name, lines[first : first + ACT_LINES_MAX])
