"""The opening balances of the next year: what the year closes with, less what was opened so far (rule A61).

Each accountant's balances of classes 1 to 5 are opened, account by account; a suspense account item by item where the sums of
its items, closing and opened, equal those of the account.  Classes 6 and 7 are not opened: as long as the result is not on an
account of class 1, the openings of an accountant differ by it, and stand against the technical account.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from closing.opening_items import Items, OpeningLine, list_lines
from closing.step_sums import BlockedSum, CarriedSum, DifferenceSum, StepSums
from core.accountants import Accountants
from core.act_fields import ACT_LINES_MAX
from core.chart import Chart, is_carried_over
from core.money import AMOUNT_MAX

_RESULT_CLASSES = frozenset("67")
_LINES_MAX = ACT_LINES_MAX // 2
"""Accounts of one act: as many lines are left for the technical account."""


class AccountBalance(NamedTuple):
    """What an accountant's account closes the year with, and what was opened so far, in cents: debit less credit."""

    accountant: str
    """Empty for what is in nobody's books."""
    account: str
    closing: int
    opened: int

    @property
    def delta(self) -> int:
        """What is still to be opened."""
        return self.closing - self.opened


class NextYear(NamedTuple):
    """What the openings need of the next year's files."""

    year: int
    accounts: frozenset[str]
    technical_account: str
    """Empty if its files name none."""
    places: Mapping[str, str]
    """By accountant: a fund centre in whose books he posts."""


class OpeningAct(NamedTuple):
    """What is opened of one accountant, balanced."""

    accountant: str
    fund_centre: str
    part: int
    """From 1, where an accountant has more accounts than an act has lines."""
    lines: Sequence[OpeningLine]


class Opening(NamedTuple):
    """The balances of a year, in one snapshot of the journal, by accountant and account."""

    balances: Sequence[AccountBalance]
    next_year: NextYear
    technical_account: str
    """That of the year itself, on which its own openings left the results before it; empty if its files name none."""
    items: Items
    """What stands on accounts that are suspense accounts in both years."""


def read_next_year(chart: Chart, accountants: Accountants) -> NextYear:
    """Return what the openings need of the files of the next year."""
    return NextYear(chart.year, frozenset(chart.accounts), chart.opening, accountants.main_centres)


def build_openings(
    rows: Iterable[Mapping[str, Any]],
    next_year: NextYear,
    *,
    technical_account: str,
    items: Items | None = None,
) -> Opening:
    """Build the balances from the sums of the ledger."""
    columns = AccountBalance._fields
    balances = sorted(AccountBalance(*(row[column] for column in columns)) for row in rows)
    return Opening(balances, next_year, technical_account, items or {})


def list_acts(opening: Opening) -> Iterator[OpeningAct]:
    """Yield what is still to be opened, one act for each accountant, or several if he has very many accounts."""
    may_open = (balance for balance in opening.balances if not _find_obstacle(balance, opening.next_year))
    for accountant, own in groupby(may_open, lambda balance: balance.accountant):
        lines = [line for balance in own for line in _list_lines(opening, balance)]
        for part, first in enumerate(range(0, len(lines), _LINES_MAX), 1):
            balanced = _balance(lines[first : first + _LINES_MAX], opening.next_year.technical_account)
            yield OpeningAct(accountant, opening.next_year.places[accountant], part, balanced)


def sum_missing_openings(opening: Opening, year: int) -> list[BlockedSum]:
    """Add up what is still to be opened of ``year``, as an obstacle to opening what the next year closes with."""
    obstacle = f"{year} is not opened wholly in {year + 1}: execute C14 of {year} first"
    sums: dict[str, list[int]] = {}
    for act in list_acts(opening):
        for line in act.lines:
            sums.setdefault(line.kind, []).append(abs(line.cents))
    return [BlockedSum(kind, obstacle, len(cents), sum(cents)) for kind, cents in sorted(sums.items())]


def sum_openings(opening: Opening) -> StepSums:
    """Add up what is still to be opened, what cannot be, and what the openings leave on the technical account."""
    sums: dict[tuple[str, str], list[int]] = {}
    for act in list_acts(opening):
        for line in act.lines:
            sums.setdefault((line.kind, act.accountant), []).append(abs(line.cents))
    carried = [
        CarriedSum(kind, "", len(cents), sum(cents), accountant=accountant)
        for (kind, accountant), cents in sorted(sums.items())
    ]
    done = sum(1 for balance in opening.balances if balance.opened and is_carried_over(balance.account))
    return StepSums(carried, _sum_obstacles(opening), done, _list_differences(opening))


def _list_lines(opening: Opening, balance: AccountBalance) -> Iterator[OpeningLine]:
    """Yield what is still to be opened of a balance: item by item, or the whole of it."""
    items = opening.items.get((balance.accountant, balance.account), ())
    closing, opened = sum(item.closing for item in items), sum(item.opened for item in items)
    if items and (closing, opened) == (balance.closing, balance.opened):
        for item in items:
            yield from list_lines(item)
    elif is_carried_over(balance.account) and balance.delta:
        yield OpeningLine(balance.account, balance.delta)


def _list_due(opening: Opening) -> Iterator[AccountBalance]:
    return (balance for balance in opening.balances if is_carried_over(balance.account) and balance.delta)


def _find_obstacle(balance: AccountBalance, next_year: NextYear) -> str:
    """Return why a balance cannot be opened in the next year; empty if it can."""
    if balance.accountant not in next_year.places:
        whose = f"accountant {balance.accountant}" if balance.accountant else "what no accountant has"
        return f"{whose} has no fund centre in {next_year.year}"
    if balance.account not in next_year.accounts:
        return f"account {balance.account} does not exist in {next_year.year}"
    if abs(balance.delta) > AMOUNT_MAX:
        return f"account {balance.account} has more than one line may state"
    return ""


def _balance(lines: list[OpeningLine], technical_account: str) -> list[OpeningLine]:
    """Add what is missing on one side, on the technical account."""
    missing, balanced = -sum(line.cents for line in lines), list(lines)
    while missing:
        cents = max(min(missing, AMOUNT_MAX), -AMOUNT_MAX)
        balanced.append(OpeningLine(technical_account, cents))
        missing -= cents
    return balanced


def _sum_obstacles(opening: Opening) -> list[BlockedSum]:
    sums: dict[tuple[str, str], list[int]] = {}
    for balance in _list_due(opening):
        if obstacle := _find_obstacle(balance, opening.next_year):
            kind = OpeningLine(balance.account, balance.delta).kind
            sums.setdefault((kind, obstacle), []).append(abs(balance.delta))
    return [
        BlockedSum(kind, obstacle, len(cents), sum(cents)) for (kind, obstacle), cents in sorted(sums.items())
    ]


def _list_differences(opening: Opening) -> list[DifferenceSum]:
    """List by accountant what the technical account has once all is opened, and the results that are not on 12 yet."""
    technical: dict[str, int] = {}
    result: dict[str, int] = {}
    earlier: dict[str, int] = {}
    for balance in opening.balances:
        if is_carried_over(balance.account):
            is_blocked = balance.delta and _find_obstacle(balance, opening.next_year)
            opened = balance.opened if is_blocked else balance.closing
            technical[balance.accountant] = technical.get(balance.accountant, 0) - opened
        elif balance.account[:1] in _RESULT_CLASSES:
            result[balance.accountant] = result.get(balance.accountant, 0) + balance.closing
        elif balance.account == opening.technical_account:
            earlier[balance.accountant] = balance.closing
    account = opening.next_year.technical_account
    differences = [
        DifferenceSum(accountant, account, cents, result.get(accountant, 0), earlier.get(accountant, 0))
        for accountant, cents in sorted(technical.items())
    ]
    return [row for row in differences if row.cents or row.unexplained_cents]
