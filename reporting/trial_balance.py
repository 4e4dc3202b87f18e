"""The trial balance: debit, credit and balance of every account, and the proof that both sides are equal."""

from collections.abc import Sequence

import msgspec

from core.calendar import period
from reporting.code_names import Names
from reporting.report_queries import Connection, batch_or_last, fetch
from reporting.report_tables import Column, Grid, Kind

_PERIOD_MAX = 2**31 - 1


class AccountSums(msgspec.Struct, frozen=True):
    """One account.  ``balance`` is debit less credit, in cents."""

    account: str
    label: str
    debit: int
    credit: int
    balance: int


class TrialBalance(msgspec.Struct, frozen=True):
    """All accounts that were posted to, in the order of the chart; cents."""

    batch: int
    """The batch it stands after."""
    exercise: int | None
    accounts: list[AccountSums]
    debit: int
    credit: int

    @property
    def balanced(self) -> bool:
        """Whether debits equal credits."""
        return self.debit == self.credit


async def trial_balance(
    connection: Connection, names: Names, *, exercise: int | None = None, batch: int | None = None
) -> TrialBalance:
    """The accounts of ``exercise``, or of all, as they stood after ``batch``, or after the last."""
    at = await batch_or_last(connection, batch)
    first, end = (period(exercise, 0), period(exercise + 1, 0)) if exercise else (0, _PERIOD_MAX)
    rows = await fetch(connection, "trial_balance", at, first, end)
    found = sorted(
        (_sums(names.account(row["account"], exercise), (row["debit"], row["credit"])) for row in rows),
        key=_by_account,
    )
    return TrialBalance(
        at, exercise, found, sum(each.debit for each in found), sum(each.credit for each in found)
    )


def _sums(account: tuple[str, str], sides: Sequence[int]) -> AccountSums:
    debit, credit = sides
    return AccountSums(*account, debit, credit, debit - credit)


def _by_account(sums: AccountSums) -> str:
    return sums.account


def grid(found: TrialBalance) -> Grid:
    """As a table."""
    title = f"Trial balance{f' {found.exercise}' if found.exercise else ''}, after batch {found.batch:,}"
    columns = [
        *(Column("account"), Column("label")),
        *(Column(name, Kind.MONEY) for name in ("debit", "credit", "balance")),
    ]
    rows = [[each.account, each.label, each.debit, each.credit, each.balance] for each in found.accounts]
    verdict = "balanced" if found.balanced else "NOT balanced"
    return Grid(title, columns, rows, ["all", verdict, found.debit, found.credit, found.debit - found.credit])
