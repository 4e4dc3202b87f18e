"""The trial balance: debit, credit and balance of every account, its normal side, and whether both sides are equal."""

from core.amount_fields import AmountStruct, Cents, OldCents
from core.periods import to_period
from core.senders import RESERVED_SENDERS
from reporting.code_names import CodeNames
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
from reporting.report_tables import CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

_PERIOD_MAX = 2**31 - 1
WRONG_SIDE = "wrong side"
"""The finding on a balance that is not on the normal side of its account."""


class AccountSums(AmountStruct, frozen=True):
    """The sums of one account, in cents.  ``balance`` is debit less credit."""

    account: str
    label: str
    debit: OldCents
    credit: OldCents
    balance: OldCents
    debit_cents: Cents = 0
    credit_cents: Cents = 0
    balance_cents: Cents = 0
    normal_side: str = ""
    """The side on which the chart allows its balance: ``debit``, ``credit``, ``either``, or ``nil`` after the closing."""
    is_on_wrong_side: bool = False
    """Whether the balance stands on the other side; ``nil`` is judged at the closing only."""


class TrialBalance(AmountStruct, frozen=True):
    """The sums of all accounts that were posted to, in order of their codes, in cents."""

    batch: int
    """The sums are as of this batch."""
    exercise: int | None
    accounts: list[AccountSums]
    debit: OldCents
    credit: OldCents
    debit_cents: Cents = 0
    credit_cents: Cents = 0

    @property
    def is_balanced(self) -> bool:
        """Whether debits equal credits."""
        return self.debit == self.credit


async def load_trial_balance(
    connection: Connection,
    names: CodeNames,
    *,
    exercise: int | None = None,
    batch: int | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
) -> TrialBalance:
    """Load the accounts of ``exercise``, or of all exercises, as of ``batch``, or of the last one.

    The stored sums are of all senders and programmes; the sums of a part are added up from its entries.
    """
    number = await find_batch_or_last(connection, batch)
    if visibility.is_whole:
        first, end = (to_period(exercise, 0), to_period(exercise + 1, 0)) if exercise else (0, _PERIOD_MAX)
        rows = await fetch(connection, "trial_balance", number, first, end)
    else:
        scope = (visibility.sender, visibility.centres, sorted(RESERVED_SENDERS))
        rows = await fetch(connection, "trial_balance_of_scope", number, exercise, *scope)
    accounts = sorted(
        (_build_account(names, exercise, row) for row in rows),
        key=_read_account,
    )
    return TrialBalance(
        number,
        exercise,
        accounts,
        sum(account.debit for account in accounts),
        sum(account.credit for account in accounts),
    )


def _build_account(names: CodeNames, exercise: int | None, row: Row) -> AccountSums:
    debit, credit = row["debit"], row["credit"]
    account = names.find_account(row["account"], exercise)
    charted = names.codes.find_account(account.code, exercise)
    return AccountSums(
        account.code,
        account.label,
        debit,
        credit,
        debit - credit,
        normal_side=charted.side if charted else "",
        is_on_wrong_side=charted is not None and charted.side.is_contrary(debit - credit),
    )


def _read_account(sums: AccountSums) -> str:
    return sums.account


def build_table(balance: TrialBalance) -> ReportTable:
    """Build the table."""
    title = (
        f"Trial balance{f' {balance.exercise}' if balance.exercise else ''}, after batch {balance.batch:,}"
    )
    columns = [
        *(Column("account"), Column("label", CellType.PROSE), Column("normal side")),
        *(Column(name, CellType.MONEY) for name in ("debit", "credit", "balance")),
        Column("finding"),
    ]
    rows = [
        [
            *(account.account, account.label, account.normal_side),
            *(account.debit, account.credit, account.balance),
            WRONG_SIDE if account.is_on_wrong_side else "",
        ]
        for account in balance.accounts
    ]
    verdict = "balanced" if balance.is_balanced else "NOT balanced"
    return ReportTable(
        title,
        columns,
        rows,
        ["all", verdict, "", balance.debit, balance.credit, balance.debit - balance.credit, ""],
        drop_order=("normal side", "balance", "label"),
    )
