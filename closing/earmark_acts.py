"""Step C07: AE that are earmarked and not engaged go on with their operation by an order, or are released (GBCP 157, 158).

An earmark on which nothing was engaged for two years is void: its AE are annulled with it, and not carried; those of
contribution funds, which are to be refunded, are released (rule A17).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from closing.carry_over_acts import (
    CreditAct,
    OrderKey,
    UnusedWork,
    UnusedYear,
    describe_publication,
    find_fund_of_next_year,
    find_order_key,
)
from closing.step_sums import BlockedSum
from closing.unused_credits import CANCELLATION, IN, OUT, RELEASE, CreditLine, CreditPlace, Sheet
from core.carry_over_rows import CarriedMeasure
from core.carry_overs import find_last_day
from core.kind_rules import Measure
from core.nomenclature import CentreLevel, FundFamily
from core.succession_rows import ANY_ACT
from core.successions import AssignmentPlace, move_place

EARMARK_YEARS = 2
"""An earmark without a commitment for as many years is void (GBCP art. 158)."""
_WAITS = (
    "no order of carry_overs.csv names them (earmarked_ae): orders may until {day}; after that day this step releases them,"
    " by --at DAY"
)
_NO_OPERATION = "{year} has no operation {operation}, or its unit differs: add it, and execute the step again"
_SHORT = (
    "{order} names more than the operations of {programme} have left: correct carry_overs.csv of {year}, or its act that was"
    " refused"
)


class _Origin(NamedTuple):
    """What the rows of ``carry_overs.csv`` name of operations: a programme, titles and a family of funds."""

    programme: str
    sheet: Sheet


class _Orders(NamedTuple):
    """The orders of earmarked AE on a day, less what this execution carries of them."""

    open_cents: dict[OrderKey, int]
    """What those that are published still carry."""
    blocked_cents: dict[OrderKey, int]
    """What of it waits for an operation of the next year."""
    names: Mapping[OrderKey, list[str]]
    keys: Mapping[_Origin, list[OrderKey]]
    unpublished: Mapping[_Origin, str]
    """Why what they name waits, of the first order that is not published yet."""


def is_void(last_use: date | None, year: int) -> bool:
    """Return whether an earmark is void at the end of ``year``; ``last_use`` is the day of its last earmark or commitment."""
    return last_use is not None and last_use <= date(year - EARMARK_YEARS, 12, 31)


def compute_earmarks(year: UnusedYear, day: date) -> UnusedWork:
    """Return an act for each operation with AE left, and what waits for an order, or for AE that an order names."""
    orders = _group_orders(year, day)
    acts: list[CreditAct] = []
    blocked: dict[str, BlockedSum] = {}
    for place in year.credits.list_places(CentreLevel.OPERATION):
        cents = year.credits.compute_free(Measure.AE, place)
        if not cents:
            continue
        if is_void(year.last_use.get(place.centre), year.credits.codes.year):
            lines, obstacle = [_withdraw(year, place, cents)], ""
        else:
            lines, obstacle = _carry_or_release(year, place, orders, cents=cents, day=day)
        waiting = cents - sum(line.cents for line in lines if not line.kind.startswith("carryover_in"))
        if waiting:
            before = blocked.get(obstacle, BlockedSum(OUT[Measure.AE], obstacle, 0, 0))
            blocked[obstacle] = BlockedSum(before.kind, obstacle, before.lines + 1, before.cents + waiting)
        if lines:
            family = f".{place.sheet.family.value}" if place.sheet.family else ""
            acts.append(CreditAct(place.centre + family, lines))
    return UnusedWork(acts, [*blocked.values(), *_list_shortages(year, orders)])


def _group_orders(year: UnusedYear, day: date) -> _Orders:
    """Group the orders of earmarked AE: by what they carry, less what was carried, and by where it comes from."""
    open_cents: dict[OrderKey, int] = {}
    names: dict[OrderKey, list[str]] = {}
    keys: dict[_Origin, list[OrderKey]] = {}
    unpublished: dict[_Origin, str] = {}
    for order in year.after.carry_overs:
        if order.measure is not CarriedMeasure.EARMARKED_AE:
            continue
        key = find_order_key(order, year.credits.codes)
        origin = _Origin(key.programme, key.sheet)
        if order.day > day:
            unpublished.setdefault(origin, describe_publication(order))
            continue
        if key not in names:
            keys.setdefault(origin, []).append(key)
            open_cents[key] = -year.carried.get(key, 0)
        names.setdefault(key, []).append(order.order)
        open_cents[key] += order.cents
    return _Orders(open_cents, {}, names, keys, unpublished)


def _withdraw(year: UnusedYear, place: CreditPlace, cents: int) -> CreditLine:
    """Return the line that withdraws a void earmark: its AE are annulled, but those of funds are released."""
    if place.sheet.family is not FundFamily.ORDINARY:
        return year.credits.build_line(RELEASE, place, cents)
    return year.credits.build_line(CANCELLATION[Measure.AE], place, cents)


def _carry_or_release(
    year: UnusedYear, place: CreditPlace, orders: _Orders, *, cents: int, day: date
) -> tuple[Sequence[CreditLine], str]:
    """Return the lines of an operation, and what stands against carrying the rest; empty if nothing is left."""
    origin = _Origin(place.centre.removeprefix("OP-")[:4], place.sheet)
    lines: list[CreditLine] = []
    for key in orders.keys.get(origin, ()):
        part = min(orders.open_cents[key], cents)
        if part <= 0:
            continue
        arrival = _build_arrival(year, place, key, cents=part)
        if arrival is None:
            orders.blocked_cents[key] = orders.blocked_cents.get(key, 0) + part
            operation = _find_target(year, place, key.new_programme).operation
            return lines, _NO_OPERATION.format(year=year.after.year, operation=operation or place.centre)
        lines += [year.credits.build_line(OUT[Measure.AE], place, part), arrival]
        orders.open_cents[key] -= part
        cents -= part
    last_day = find_last_day(year.credits.codes.year)
    if cents and day > last_day:
        lines.append(year.credits.build_line(RELEASE, place, cents))
    return lines, orders.unpublished.get(origin) or _WAITS.format(day=last_day)


def _list_shortages(year: UnusedYear, orders: _Orders) -> Iterator[BlockedSum]:
    """Yield what orders name beyond what the operations of their programme have left."""
    for key, cents in orders.open_cents.items():
        short = cents - orders.blocked_cents.get(key, 0)
        if short > 0:
            names = ", ".join(dict.fromkeys(orders.names[key]))
            obstacle = _SHORT.format(order=names, programme=key.programme, year=year.after.year)
            yield BlockedSum(OUT[Measure.AE], obstacle, 1, short)


def _find_target(year: UnusedYear, place: CreditPlace, new_programme: str) -> AssignmentPlace:
    before = year.credits.codes
    own = AssignmentPlace(before.centres[place.centre].parent, "", place.centre)
    moved = move_place(own, ANY_ACT, before, after=year.after)
    return moved if moved.centre[:4] == new_programme else own._replace(operation="")


def _build_arrival(year: UnusedYear, place: CreditPlace, key: OrderKey, *, cents: int) -> CreditLine | None:
    """Return the line that brings AE to the operation of the next year; None if that year has none there."""
    target = _find_target(year, place, key.new_programme)
    operation = year.after.centres.get(target.operation)
    if operation is None or operation.parent != target.centre:
        return None
    fund = find_fund_of_next_year(year.credits.build_line("", place, 0).fund, key, year.after)
    return CreditLine(
        *(IN[Measure.AE], year.after.year, target.centre, target.operation, place.sheet.item, fund, cents)
    )
