"""Random entries of the inventory and what follows them: most are right, some are of another day, account or stage (A65)."""

from collections.abc import Mapping
from datetime import date

from tests.law_model.commitments import assign
from tests.law_model.form import write_euros
from tests.law_model.kinds import (
    ACCRUAL_CORRECTION,
    ACCRUALS,
    INVENTORY,
    PROVISION,
    PROVISION_CORRECTION,
    RELEASE,
)
from tests.law_model.state import Document, Row
from tests.law_model.year_context import FIRST_DAY, PLACES, STAFF_PLACE, YearContext

_PERSONS = {"entered_by": "chloe", "validated_by": "david"}
_CHARGES = ("6113110000", "6153110000", "6188000000", "6222000000")
_PRODUCTS = ("7220000000", "7280000000")
_ACCOUNTS: Mapping[str, tuple[str, ...]] = {
    "accrual": (*_CHARGES, "6531230000", "2318800000", "6411110000"),
    "imprest_accrual": _CHARGES,
    "prepaid_expense": (*_CHARGES, "6531230000"),
    "unsettled_advance": ("6531230000",),
    "accrued_income": _PRODUCTS,
    "deferred_income": _PRODUCTS,
    PROVISION: ("6815128000",),
    RELEASE: ("7815128000",),
}
_WRONG_ACCOUNTS = (
    *("4011100000", "6411110000", "7280000000", "6531230000"),
    *("7815128000", "6815128000", "6099999999", ""),
)
_INVENTORY_BEGINS = date(2018, 11, 20)


def write_entry(context: YearContext) -> Row | None:
    """Enter an accrual or a provision, mostly of the year that ends."""
    if context.day < _INVENTORY_BEGINS and context.random.random() < 0.9:
        return None
    kind = context.random.choice((*sorted(ACCRUALS), *sorted(ACCRUALS), PROVISION, PROVISION, PROVISION))
    place = context.random.choice((*PLACES, STAFF_PLACE))
    columns = {"amount": write_euros(context.draw_amount()), "account": _draw_account(context, kind)}
    row = context.begin_row("IN", kind, **columns, **assign(place), **_draw_persons(context))
    row |= _date_in_year(context, _draw_year(context))
    return row | ({"budget_year": "2019"} if context.random.random() < 0.02 else {})


def write_correction(context: YearContext) -> Row | None:
    """Take an entry back in its year, or a part of it; seldom by the kind of the other stage."""
    entry = _choose_entry(context, INVENTORY)
    if entry is None:
        return None
    is_provision = (entry.kind == PROVISION) ^ (context.random.random() < 0.06)
    kind = PROVISION_CORRECTION if is_provision else ACCRUAL_CORRECTION
    year = entry.exercise if context.random.random() < 0.93 else _draw_year(context)
    columns = {"amount": context.draw_part(max(entry.left, 1)), **_draw_persons(context)}
    row = context.begin_row("IC", kind, **columns) | _date_in_year(context, year)
    return row | _name_entry(context, entry, row)


def write_release(context: YearContext) -> Row | None:
    """Release a provision in its year or the next; seldom an accrual, or on another account."""
    kinds = {PROVISION} if context.random.random() < 0.94 else ACCRUALS
    entry = _choose_entry(context, kinds)
    if entry is None:
        return None
    columns = {"amount": context.draw_part(max(entry.left, 1)), **_draw_persons(context)}
    row = context.begin_row("RP", RELEASE, account=_draw_account(context, RELEASE), **columns)
    row |= _date_in_year(context, _draw_year(context))
    return row | _name_entry(context, entry, row)


def _choose_entry(context: YearContext, kinds: frozenset[str] | set[str]) -> Document | None:
    is_any = context.random.random() < 0.15
    entries = [act for act in context.model.state.documents if act.kind in kinds and (is_any or act.left)]
    return context.random.choice(entries) if entries else None


def _draw_year(context: YearContext) -> int:
    """Return the year of an entry: that which ends, or in spring mostly the one before."""
    year = context.day.year
    return year if year == FIRST_DAY.year or context.random.random() < 0.25 else year - 1


def _date_in_year(context: YearContext, year: int) -> Row:
    day = date(year, 12, 31)
    if context.random.random() < 0.04:
        day = context.random.choice((date(year, 12, 30), date(year + 1, 1, 10), date(year, 6, 30)))
    return {"exercise": str(year), "date": day.isoformat()}


def _draw_account(context: YearContext, kind: str) -> str:
    return context.random.choice(_ACCOUNTS[kind] if context.random.random() < 0.94 else _WRONG_ACCOUNTS)


def _draw_persons(context: YearContext) -> Row:
    return dict(_PERSONS) if context.random.random() < 0.97 else {}


def _name_entry(context: YearContext, entry: Document, row: Row) -> Row:
    """Return the predecessor: by reference where its sender and exercise are those of the line, otherwise by its entry."""
    is_own = entry.exercise == int(row["exercise"]) and entry.sender == context.sender
    if is_own and context.random.random() < 0.5:
        line = f"#{entry.line}" if entry.line > 1 else ""
        return {"predecessor": f"{entry.reference}{line}"}
    return {"predecessor": f"@{entry.number}"}


WRITERS = ((16, write_entry), (4, write_correction), (4, write_release))
