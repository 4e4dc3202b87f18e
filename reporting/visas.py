"""Visas of the budget controller (rule A44): what was requested, what was decided, and what commitments use of it.

What is reversed gives nothing back to a visa: one that is used after a reversal is named, with the amount.
"""

from collections.abc import Sequence
from datetime import date

from core.amount_fields import AmountStruct, Cents
from core.catalog import CATALOG, Family, Stage, list_kinds
from reporting.code_names import CENTRE, ITEM, CodeNames
from reporting.report_queries import Connection, Row, fetch_as_of, find_batch_or_last
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

PENDING = "pending"
"""Nothing is decided yet."""
_KINDS = (
    list_kinds(lambda kind: kind.requests_visa),
    list_kinds(lambda kind: kind.family is Family.VISA and not kind.requests_visa),
    list_kinds(lambda kind: kind.family is Family.COMMITMENT and kind.follows is Family.VISA),
    list_kinds(lambda kind: kind.undoes and kind.follows is Family.COMMITMENT),
)


class Visa(AmountStruct, frozen=True):
    """One visa request and what became of it, in cents."""

    ministry: str
    title: int
    """The title of its commitment item; 0 where the year does not have the item any more."""
    entry: int
    reference: str
    day: str
    amount_cents: Cents
    decision: str
    """``pending``, or the kind of the act that decided: an override stands in place of the refusal."""
    decided_on: str | None
    days_waited: int
    """Days to the answer of the controller or the silence that counts; while it is pending, to the day of the report."""
    used_cents: Cents
    """Committed on it, also if it was reversed later."""
    left_cents: Cents
    """What may still be committed on it; 0 without a visa."""
    reversed_cents: Cents
    """Reversed of what is used."""
    used_after_reversal_cents: Cents
    """Committed on it after the first reversal of a commitment on it."""


class Visas(AmountStruct, frozen=True):
    """All visa requests, in the order of the journal, with their sums in cents."""

    batch: int
    exercise: int | None
    visas: list[Visa]
    amount_cents: Cents
    used_cents: Cents
    left_cents: Cents
    reversed_cents: Cents
    used_after_reversal_cents: Cents


async def load_visas(
    connection: Connection,
    names: CodeNames,
    *,
    exercise: int | None = None,
    day: date | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
    batch: int | None = None,
) -> Visas:
    """Load the visa requests that the caller may see."""
    limits = (exercise, visibility.sender, visibility.centres, day)
    rows = await fetch_as_of(connection, "visas", *_KINDS, *limits, batch=batch)
    visas = [_build_visa(names, row) for row in rows]
    return Visas(await find_batch_or_last(connection, batch), exercise, visas, *_add_up(visas))


def _build_visa(names: CodeNames, row: Row) -> Visa:
    year = names.codes.find_year(row["budget_year"])
    centre, item = names.find_code(CENTRE, row["centre"]), year.items.get(names.find_code(ITEM, row["item"]))
    kind = CATALOG[row["decision"]] if row["decision"] else None
    is_given = kind is not None and kind.reaches is Stage.VISA_GIVEN
    return Visa(
        names.codes.find_programme(centre, year.year).ministry if centre in year.centres else "",
        item.title if item else 0,
        row["entry_id"],
        row["reference"],
        row["day"].isoformat(),
        row["amount"],
        kind.name if kind else PENDING,
        row["decided_on"].isoformat() if row["decided_on"] else None,
        row["days_waited"],
        row["used"],
        row["amount"] - row["used"] if is_given else 0,
        row["reversed"],
        row["used_again"],
    )


def _add_up(visas: Sequence[Visa]) -> list[int]:
    """Return the sums of the amounts, in the order of the fields of ``Visas``."""
    amounts = (
        (
            visa.amount_cents,
            visa.used_cents,
            visa.left_cents,
            visa.reversed_cents,
            visa.used_after_reversal_cents,
        )
        for visa in visas
    )
    return [sum(column) for column in zip(*amounts, strict=True)] or [0] * 5


def build_table(visas: Visas) -> ReportTable:
    """Build the table."""
    columns = [
        *(Column("ministry"), Column("title"), Column("reference"), Column("entry"), Column("requested on")),
        *(Column("amount", CellType.MONEY), Column("decision"), Column("decided on")),
        *(
            Column("days waited", CellType.COUNT),
            Column("used", CellType.MONEY),
            Column("left", CellType.MONEY),
        ),
        *(Column("reversed", CellType.MONEY), Column("used after a reversal", CellType.MONEY)),
    ]
    rows: list[list[Cell]] = [
        [
            *(visa.ministry, str(visa.title), visa.reference, str(visa.entry), visa.day, visa.amount_cents),
            *(visa.decision, visa.decided_on or "", visa.days_waited, visa.used_cents, visa.left_cents),
            *(visa.reversed_cents, visa.used_after_reversal_cents),
        ]
        for visa in visas.visas
    ]
    of_year = f" {visas.exercise}" if visas.exercise else ""
    foot: list[Cell] = [
        *("all", "", "", "", "", visas.amount_cents, "", "", None, visas.used_cents, visas.left_cents),
        *(visas.reversed_cents, visas.used_after_reversal_cents),
    ]
    return ReportTable(
        f"Visas of the budget controller{of_year}, after batch {visas.batch:,}",
        columns,
        rows,
        foot,
        drop_order=("entry", "decided on", "reversed", "title", "days waited", "ministry"),
    )
