"""The monthly situation (situation mensuelle): expenses by title and receipts of a year, by month and from January on.

Its lines are those of the public series as far as a ledger knows them.  An expense counts in the month of its payment, in
which it consumes CP; a receipt in that of its collection (LOLF art. 28), a penalty in that of its confirmation.  What restored
credits lowers both.  Special accounts are left out, as the lines are those of the general budget.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from core.amount_fields import AmountStruct, Cents
from core.catalog import CATALOG, Family, Remainder, Role, list_kinds
from core.nomenclature import FundFamily, Nomenclature
from core.periods import PERIODS_PER_YEAR
from core.senders import RESERVED_SENDERS
from reporting.code_names import FUND, ITEM, CodeNames
from reporting.report_queries import Connection, Row, fetch_as_of, find_batch_or_last
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

EXPENSES, TAXES, OTHER_RECEIPTS, FUNDS, RECEIPTS, BALANCE = (
    *("expenses", "tax_receipts", "other_receipts", "contribution_funds", "receipts", "balance"),
)
_RECEIPTS = (TAXES, OTHER_RECEIPTS, FUNDS)
LABELS: Mapping[str, str] = {
    "title_1": "Titre 1 : dotations des pouvoirs publics",
    "title_2": "Titre 2 : dépenses de personnel",
    "title_3": "Titre 3 : dépenses de fonctionnement",
    "title_4": "Titre 4 : charges de la dette de l'État",
    "title_5": "Titre 5 : dépenses d'investissement",
    "title_6": "Titre 6 : dépenses d'intervention",
    "title_7": "Titre 7 : dépenses d'opérations financières",
    EXPENSES: "Total des dépenses",
    TAXES: "Recettes fiscales",
    OTHER_RECEIPTS: "Recettes non fiscales",
    FUNDS: "Fonds de concours et attributions de produits",
    RECEIPTS: "Total des recettes",
    BALANCE: "Solde",
}
"""By line, in order (LOLF art. 3, 5 and 17)."""
_TAX_ACCOUNTS = ("771", "7791")
"""The first digits of the products of taxes, and of what is given back of them."""
_SPENDING = list_kinds(lambda kind: kind.settles or kind.cp_consumed)
_SIGNS = tuple(CATALOG[number].settles + CATALOG[number].cp_consumed for number in _SPENDING)
_COLLECTING = list_kinds(lambda kind: kind.follows is Family.RECEIVABLE and kind.draws is Remainder.OPEN)
_CONFIRMING = list_kinds(lambda kind: kind.credit is Role.PENALTY_PRODUCT)
_ISSUING = list_kinds(lambda kind: kind.family is Family.RECEIVABLE)
_RESTORING = list_kinds(lambda kind: kind.family in (Family.RESTORATION, Family.RECEIPT_CHANGE))
"""What lowers receipts: what restored credits, and what was taken back."""


class SituationLine(AmountStruct, frozen=True):
    """One line in one month, in cents."""

    month: int
    """1 to 12; later ones are those of the complementary period and of the inventory."""
    line: str
    label: str
    in_month_cents: Cents
    since_january_cents: Cents
    """From January to the end of the month."""
    year_before_cents: Cents | None
    """The same total of the year before; null if the ledger has none."""


class MonthlySituation(AmountStruct, frozen=True):
    """The lines of each month up to the last one with an expense or a receipt, or of one month."""

    batch: int
    year: int | None
    """Null if there is neither expense nor receipt."""
    lines: list[SituationLine]


class _Movement(NamedTuple):
    exercise: int
    month: int
    line: str
    cents: int


_Sums = dict[tuple[int, int, str], int]


async def load_situation(
    connection: Connection,
    names: CodeNames,
    *,
    year: int | None = None,
    month: int | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
    batch: int | None = None,
) -> MonthlySituation:
    """Load the situation of a year, by default the last with movements; reads all entries of the journal."""
    limits = (visibility.sender, visibility.centres)
    special = _list_special_centres(names)
    spending = (_SPENDING, _SIGNS, *limits, sorted(RESERVED_SENDERS))
    spent = await fetch_as_of(connection, "situation_expenses", *spending, *special, batch=batch)
    collecting = (_COLLECTING, _RESTORING, *limits, _ISSUING)
    collected = await fetch_as_of(
        connection, "situation_receipts", *collecting, *special, _CONFIRMING, batch=batch
    )
    sums: _Sums = defaultdict(int)
    for movement in (*_list_expenses(names, spent), *_list_receipts(names, collected)):
        for line, sign in _list_totals(movement.line):
            sums[movement.exercise, movement.month, line] += sign * movement.cents
    latest = year or max((exercise for exercise, _, _ in sums), default=None)
    lines = list(_build_lines(sums, latest, month)) if latest else []
    return MonthlySituation(await find_batch_or_last(connection, batch), latest, lines)


def _list_special_centres(names: CodeNames) -> tuple[list[int], list[int]]:
    """Return (years, numbers of fund centres) of the special accounts: they are no part of the general budget."""
    places = [
        (year, names.by_code[centre])
        for year, codes in names.codes.years.items()
        if codes.special_accounts
        for centre in codes.centres.keys() & names.by_code.keys()
        if names.codes.find_programme(centre, year).mission in codes.special_accounts
    ]
    return [year for year, _ in places], [centre for _, centre in places]


def _list_expenses(names: CodeNames, rows: Iterable[Row]) -> Iterator[_Movement]:
    for row in rows:
        item = names.codes.find_year(row["exercise"]).items[names.find_code(ITEM, row["item"])]
        yield _Movement(row["exercise"], row["month"], f"title_{item.title}", row["cents"])


def _list_receipts(names: CodeNames, rows: Iterable[Row]) -> Iterator[_Movement]:
    for row in rows:
        codes = names.codes.find_year(row["exercise"])
        line = _find_receipt_line(
            codes, names.find_code(ITEM, row["item"]), names.find_code(FUND, row["fund"])
        )
        yield _Movement(row["exercise"], row["month"], line, row["cents"])


def _find_receipt_line(codes: Nomenclature, nature: str, fund: str) -> str:
    if fund in codes.funds and codes.funds[fund].family is not FundFamily.ORDINARY:
        return FUNDS
    of_nature = codes.receipt_natures.get(nature)
    return TAXES if of_nature and of_nature.product.startswith(_TAX_ACCOUNTS) else OTHER_RECEIPTS


def _list_totals(line: str) -> tuple[tuple[str, int], ...]:
    """Return the lines to which an amount is added, with its sign there."""
    if line in _RECEIPTS:
        return (line, 1), (RECEIPTS, 1), (BALANCE, 1)
    return (line, 1), (EXPENSES, 1), (BALANCE, -1)


def _build_lines(
    sums: Mapping[tuple[int, int, str], int], year: int, only: int | None
) -> Iterator[SituationLine]:
    """Build the lines of each month of ``year`` with movements or before one, or of one month."""
    last = max((month for exercise, month, _ in sums if exercise == year), default=0)
    has_before = any(exercise == year - 1 for exercise, _, _ in sums)
    totals: dict[str, int] = defaultdict(int)
    before: dict[str, int] = defaultdict(int)
    for month in range(PERIODS_PER_YEAR):
        for line, label in LABELS.items():
            cents = sums.get((year, month, line), 0)
            totals[line] += cents
            before[line] += sums.get((year - 1, month, line), 0)
            if month and (month == only or (only is None and month <= last)):
                earlier = before[line] if has_before else None
                yield SituationLine(month, line, label, cents, totals[line], earlier)


def build_table(situation: MonthlySituation) -> ReportTable:
    """Build the table, with a row for each month and line."""
    columns = [
        *(Column("month"), Column("line of the situation", CellType.PROSE)),
        *(Column("in the month", CellType.MONEY), Column("since January", CellType.MONEY)),
        Column("year before", CellType.MONEY),
    ]
    rows: list[list[Cell]] = [
        [str(row.month), row.label, row.in_month_cents, row.since_january_cents, row.year_before_cents]
        for row in situation.lines
    ]
    title = f"Monthly situation {situation.year or ''}".strip()
    order = ("year before", "in the month")
    return ReportTable(f"{title}, after batch {situation.batch:,}", columns, rows, drop_order=order)
