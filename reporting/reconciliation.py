"""The reconciliation of the budget balance (solde budgétaire) with the result (résultat patrimonial) of a year (rule A69).

The budget balance is the receipts collected less the CP consumed; the result is products less charges.  Receipts and the items
between come from the entries.  CP are those that the nodes of the programmes state, and the result is that of the stored
balances of the accounts, where the caller sees all that they sum up: so what is not explained is 0 only if the stored figures
agree with the entries, and a rule names every posting.  A part of the journal has no stored balances of accounts, and that of
one sender no stored CP: these come from the same entries, which proves nothing of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from core.amount_fields import AmountStruct, Cents
from reporting.budget import BudgetScope, load_budget
from reporting.code_names import ACCOUNT, CodeNames
from reporting.posted_lines import PostingScope, build_statement
from reporting.reconciliation_items import (
    CONSUMPTION_SIGNS,
    ITEMS,
    NOT_EXPLAINED,
    OTHER_YEARS,
    RECEIPT_SIGNS,
    RESULT_CLASSES,
    ItemAmount,
    PostedSum,
    list_amounts,
)
from reporting.report_queries import (
    SQL,
    Connection,
    JournalPart,
    Row,
    add_up_part_of_journal,
    fetch_one,
    find_batch_or_last,
)
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.trial_balance import BalanceScope, load_trial_balance
from reporting.visibility import WHOLE_JOURNAL, Visibility

_BUDGET, _RESULT = "budget", "result"
_VERDICTS: Mapping[int, str] = {
    0: "a part of the journal: not compared",
    1: "CP reconciled",
    2: "reconciled",
}
"""By how many stored figures were compared, where nothing is left."""
_STORED_CP, _STORED_RESULT = "cp_consumed", "result"


class ReconciliationItem(AmountStruct, frozen=True):
    """One item, in cents: its movements of the year, and what they add to the budget balance."""

    section: str
    item: str
    label: str
    raises_cents: Cents
    """What raises the result: debits of the accounts of the item, and what the treasury gained beside the budget."""
    lowers_cents: Cents
    """What lowers it: credits, and what the treasury lost."""
    amount_cents: Cents
    """The first less the second."""


class Reconciliation(AmountStruct, frozen=True, kw_only=True):
    """The way from the budget balance of a year to its result, in cents."""

    batch: int
    exercise: int | None
    """Null if no entry posts on an account."""
    receipts_cents: Cents
    """Receipts collected, less what was taken back and what restored credits."""
    consumed_cents: Cents
    """CP consumed, less what was given back."""
    budget_balance_cents: Cents
    """The first less the second."""
    items: list[ReconciliationItem]
    not_explained_cents: Cents
    """The result, less the budget balance and the items: 0, otherwise the year is not reconciled."""
    unnamed_raises_cents: Cents
    """Postings that no item names, which raise the result: not reconciled, even if others lower it by as much."""
    unnamed_lowers_cents: Cents
    result_cents: Cents
    """Products less charges, before the entries that bring them to the account of the result."""
    is_reconciled: bool
    """Whether stored figures were compared with the entries, and nothing is left."""
    stored_figures: list[str]
    """Those that were compared: CP consumed and the result; of some programmes ``cp_consumed``, of one sender none."""


class _Ends(NamedTuple):
    """What is reconciled, in cents."""

    stored: tuple[str, ...]
    """The names of those that are stored figures."""
    receipts: int = 0
    consumed: int = 0
    result: int = 0


class _Scope(NamedTuple):
    """What is reconciled: an exercise up to a batch, as far as a caller sees it."""

    year: int
    batch: int
    visibility: Visibility


class _JournalSums(NamedTuple):
    """What the entries post in the books of the exercise, and what other years have of its CP or it of theirs."""

    posted: list[PostedSum]
    other_years: list[ItemAmount]


async def load_reconciliation(
    connection: Connection,
    names: CodeNames,
    *,
    exercise: int | None = None,
    batch: int | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
) -> Reconciliation:
    """Load the reconciliation of an exercise, by default the last one with entries; reads the journal once."""
    stored = _list_stored_figures(visibility)
    number = await find_batch_or_last(connection, batch)
    year = exercise or (await fetch_one(connection, "last_exercise"))["exercise"]
    if year is None:
        return _build_result(_Ends(stored), [], batch=number, exercise=None)
    scope = _Scope(year, number, visibility)
    sums = await _fetch_sums(connection, names, scope)
    amounts = [amount for row in sums.posted for amount in list_amounts(row)]
    ends = _Ends(
        stored,
        _sum_by_signs(sums.posted, RECEIPT_SIGNS),
        _sum_by_signs(sums.posted, CONSUMPTION_SIGNS),
        sum(map(_compute_result, sums.posted)),
    )
    if _STORED_CP in stored:
        within = frozenset(visibility.programmes or ())
        budget = await load_budget(connection, names, BudgetScope(year=year, batch=number, within=within))
        ends, amounts = ends._replace(consumed=budget.cp.consumed), amounts + sums.other_years
    if _STORED_RESULT in stored:
        ends = ends._replace(result=await _load_result(connection, names, scope))
    return _build_result(ends, amounts, batch=number, exercise=year)


def _list_stored_figures(visibility: Visibility) -> tuple[str, ...]:
    """Return the figures that are stored for what a caller sees: of all, of programmes, or of one sender."""
    if visibility.is_whole:
        return _STORED_CP, _STORED_RESULT
    return (_STORED_CP,) if visibility.sender is None and visibility.programmes else ()


async def _fetch_sums(connection: Connection, names: CodeNames, scope: _Scope) -> _JournalSums:
    """Return what was posted by kind and accounts; of one sender by its entries and what follows them alone."""
    end = (await fetch_one(connection, "entry_end_of_batch", scope.batch))["entry_end"]
    year, visibility = scope.year, scope.visibility
    if visibility.sender is None:
        arguments = (year, list(CONSUMPTION_SIGNS), visibility.centres)
        statement = SQL["reconciliation_entries"]
        rows = await add_up_part_of_journal(connection, JournalPart(end), statement, *arguments)
    else:
        lines = PostingScope(scope.batch, end, visibility, year, None, None, None)
        rows = await connection.fetch(build_statement("reconciliation_of_sender"), *lines.list_arguments())
    return _JournalSums(
        [_build_sum(names, row) for row in rows],
        [
            ItemAmount(OTHER_YEARS, cents * CONSUMPTION_SIGNS[row["kind"]])
            for row in rows
            for cents in (row["cents_elsewhere"], -row["cents_of_others"])
            if cents
        ],
    )


def _build_sum(names: CodeNames, row: Row) -> PostedSum:
    debit, credit = (names.find_code(ACCOUNT, row[side]) for side in ("debit", "credit"))
    return PostedSum(row["kind"], debit, credit, row["cents"])


def _compute_result(posted: PostedSum) -> int:
    """Return by how much a sum raises the result: credits of charges and products, less debits."""
    sides = posted.credit.startswith(RESULT_CLASSES) - posted.debit.startswith(RESULT_CLASSES)
    return sides * posted.cents


async def _load_result(connection: Connection, names: CodeNames, scope: _Scope) -> int:
    """Return the result by the stored balances."""
    balance = await load_trial_balance(
        connection, names, BalanceScope(scope.year, scope.batch, has_result=False)
    )
    rows = [row for row in balance.accounts if row.account.startswith(RESULT_CLASSES)]
    return sum(row.credit - row.debit for row in rows)


def _sum_by_signs(posted: Iterable[PostedSum], signs: Mapping[int, int]) -> int:
    return sum(signs.get(row.kind, 0) * row.cents for row in posted)


def _build_result(
    ends: _Ends, amounts: Iterable[ItemAmount], *, batch: int, exercise: int | None
) -> Reconciliation:
    """Add the items up; what no rule names is in none of them, so it stays not explained."""
    raises: dict[str, int] = defaultdict(int)
    lowers: dict[str, int] = defaultdict(int)
    for item, cents in amounts:
        (raises if cents > 0 else lowers)[item] += abs(cents)
    items = [
        ReconciliationItem(
            item.section, item.code, item.label, raises[item.code], lowers[item.code],
            raises[item.code] - lowers[item.code],
        )
        for item in ITEMS
    ]  # fmt: skip
    balance = ends.receipts - ends.consumed
    rest = ends.result - balance - sum(item.amount_cents for item in items)
    return Reconciliation(
        batch=batch,
        exercise=exercise,
        receipts_cents=ends.receipts,
        consumed_cents=ends.consumed,
        budget_balance_cents=balance,
        items=items,
        not_explained_cents=rest,
        unnamed_raises_cents=raises[NOT_EXPLAINED],
        unnamed_lowers_cents=lowers[NOT_EXPLAINED],
        result_cents=ends.result,
        is_reconciled=bool(ends.stored) and not (rest or raises[NOT_EXPLAINED] or lowers[NOT_EXPLAINED]),
        stored_figures=list(ends.stored),
    )


def build_table(report: Reconciliation) -> ReportTable:
    """Build the table: the budget balance, the items that moved, what is not explained, and the result."""
    columns = [
        *(Column("section"), Column("reconciliation item", CellType.PROSE)),
        *(Column("raises the result", CellType.MONEY), Column("lowers the result", CellType.MONEY)),
        Column("amount", CellType.MONEY),
    ]
    rows: list[list[Cell]] = [
        [_BUDGET, "Receipts collected", None, None, report.receipts_cents],
        [_BUDGET, "CP consumed", None, None, -report.consumed_cents],
        [_BUDGET, "Budget balance", None, None, report.budget_balance_cents],
        *(
            [row.section, row.label, row.raises_cents, row.lowers_cents, row.amount_cents]
            for row in report.items
            if row.raises_cents or row.lowers_cents
        ),
        [
            *(_RESULT, "Not explained", report.unnamed_raises_cents, report.unnamed_lowers_cents),
            report.not_explained_cents,
        ],
        [_RESULT, "Result", None, None, report.result_cents],
    ]
    of_year = f" {report.exercise}" if report.exercise else ""
    return ReportTable(
        f"Budget balance and result{of_year}, after batch {report.batch:,}",
        columns,
        rows,
        [_describe_verdict(report), "", None, None, report.not_explained_cents],
        drop_order=("section", "lowers the result", "raises the result"),
    )


def _describe_verdict(report: Reconciliation) -> str:
    """Say whether anything is left, and otherwise no more than was compared."""
    if report.not_explained_cents or report.unnamed_raises_cents or report.unnamed_lowers_cents:
        return "NOT reconciled"
    return _VERDICTS[len(report.stored_figures)]
