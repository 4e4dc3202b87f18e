"""The operations accounts of a bank message, and those that its transfers were sent from."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.accountants import Accountants
from core.tables.bank_messages import BankMessage
from core.tables.columns import select_rows
from settlement.bank_formats import AccountNaming, BankFormat
from settlement.reconciliation import bank_queries
from settlement.reconciliation.matching import NOT_IN_MESSAGE, number_accounts
from settlement.reconciliation.sent_transfers import SentTransfers

AccountantsByYear = Mapping[int, Accountants]


async def load_own_accounts(
    connection: bank_queries.Connection, accountants: AccountantsByYear
) -> frozenset[str]:
    """Load the IBANs of our operations accounts: those of the accountants of any year, and those that runs paid from."""
    ibans = {accountant.iban for year in accountants.values() for accountant in year.accountants.values()}
    return frozenset(ibans.union(await bank_queries.load_accounts(connection)))


async def normalise_accounts(
    connection: bank_queries.Connection, accountants: AccountantsByYear, message: BankMessage
) -> BankMessage:
    """Name our accounts by their IBANs, if the format of the message names them by national numbers."""
    if BankFormat(message.format).row.accounts is not AccountNaming.NATIONAL:
        return message
    ibans = await load_own_accounts(connection, accountants)
    iban_by_number = {_to_national_number(iban): iban for iban in sorted(ibans)}
    statements = [
        statement._replace(
            account=iban_by_number.get(_to_national_number(statement.account), statement.account)
        )
        for statement in message.statements
    ]
    return message._replace(statements=statements)


async def find_transfer_accounts(
    connection: bank_queries.Connection,
    accountants: AccountantsByYear,
    message: BankMessage,
    *,
    sent: SentTransfers,
) -> NDArray[np.int64]:
    """Return the number of each transfer's account (``number_accounts``); ``NOT_IN_MESSAGE`` for other accounts.

    A run stores the accounts that it pays from.  All other transfers leave from the account that their accountant has now.
    """
    numbers = number_accounts(message)
    codes = await bank_queries.load_accountants(connection)
    runs = await bank_queries.load_run_accounts(connection)
    account = np.full(len(sent.head), NOT_IN_MESSAGE, np.int64)
    heads = select_rows(sent.lines, sent.head)
    for rows in _group_rows(heads.submission, heads.exercise):
        submission, year = int(heads.submission[rows[0]]), int(heads.exercise[rows[0]])
        if run := runs.get((submission, year)):
            positions = np.searchsorted(run.firsts, heads.line[rows], "right") - 1
            ibans = [iban or "" for iban in run.accounts]
        else:
            paying, positions = np.unique(heads.accountant[rows], return_inverse=True)
            ibans = [find_iban(accountants, year, codes.get(number, "")) for number in paying.tolist()]
        account[rows] = np.array([numbers.get(iban, NOT_IN_MESSAGE) for iban in ibans])[positions]
    return account


def find_iban(accountants: AccountantsByYear, year: int, code: str) -> str:
    """Return the operations account that an accountant has now in an exercise; empty for none."""
    of_year = accountants.get(year)
    accountant = of_year.accountants.get(code) if of_year else None
    return accountant.iban if accountant else ""


def _group_rows(*columns: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """Group the rows with equal values in all ``columns``."""
    if not len(columns[0]):
        return []
    order = np.lexsort(columns)
    differs = np.any([np.diff(column[order]) != 0 for column in columns], axis=0)
    return np.split(order, np.flatnonzero(differs) + 1)


def _to_national_number(iban: str) -> str:
    """Return what CFONB 120 has of an account: of a French IBAN bank, branch and number, without the RIB key."""
    return iban[4:25] if iban.startswith("FR") else iban
