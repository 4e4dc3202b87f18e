"""The contracts whose late payment bears interest, and the contract of an expense that states none (rule A59).

Law 2013-100 art. 37: works, supplies, services for a price or a right of exploitation, and delegated public service.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from core.chart import ACCOUNT_DIGITS
from core.effective_dates import EffectiveDated, parse_dated_rule
from core.errors import ReferenceDataError


class Contract(IntEnum):
    """The contract that an expense performs.  Numbers are stored: append only."""

    UNSTATED = 0
    """Neither the act nor a row of its expense account states one: its commitment item decides."""
    NONE = 1
    """No contract of these: pay, grants, rents and indemnities by their nature alone."""
    WORKS = 2
    SUPPLIES = 3
    SERVICES = 4
    CONCESSION = 5
    """Delegated public service."""
    WORKS_BALANCE = 6
    """The balance of a contract of works: its term runs from the receipt of the general account (décret 2013-269 art. 2)."""

    @property
    def bears_interest(self) -> bool:
        """Whether what is paid late on it bears interest."""
        return self >= Contract.WORKS


CONTRACT_BY_NAME: Mapping[str, Contract] = {
    contract.name.lower(): contract for contract in Contract if contract is not Contract.UNSTATED
}


CONTRACT_BY_DEFAULT: Mapping[str, Contract] = {
    name: contract for name, contract in CONTRACT_BY_NAME.items() if contract is not Contract.WORKS_BALANCE
}
"""The contracts of items and expense accounts: that a request is a balance, it states itself."""


OPPOSING_KINDS = frozenset({"attachment"})
"""Kinds of act that pay a creditor of the creditor: he has no contract with the State, and late payment owes him nothing."""


_BY_ITEM = "item"
"""What a row of expense accounts writes for the contract of the item: on days on which the row has none."""
_ROW_CONTRACTS: Mapping[str, Contract] = {_BY_ITEM: Contract.UNSTATED, **CONTRACT_BY_DEFAULT}
_ROW_KEYS = frozenset({"expense", "creditor", "contract", "source"})


class AccountContract(NamedTuple):
    """The contract of requests that state none, by the expense account that they charge, in place of that of their item."""

    expense: str
    """The first digits of the expense accounts."""
    creditor: str
    """The account on which the request is owed; empty for any."""
    contract: EffectiveDated
    """``Contract``, by the day of the request; ``UNSTATED`` leaves the contract to the item."""


def find_account_contract(
    rows: Iterable[AccountContract], expense: str, creditor: str
) -> AccountContract | None:
    """Return the row of an expense owed on ``creditor``: that of most digits, and of two the one that names the creditor."""
    fitting = [row for row in rows if expense.startswith(row.expense) and row.creditor in ("", creditor)]
    return max(fitting, key=lambda row: (len(row.expense), row.creditor), default=None)


def parse_account_contracts(place: str, setting: object) -> tuple[AccountContract, ...]:
    """Read the contracts of expense accounts: a list of rows, which may be left out.

    Raises
    ------
    ReferenceDataError
        A row is invalid, has no source, or is there twice.
    """
    if not isinstance(setting, list) or not all(isinstance(row, dict) for row in setting):
        raise ReferenceDataError(
            place, f"accounts is {setting!r}", "Write each row below a line [[accounts]]."
        )
    rows = tuple(_parse_row(place, row) for row in setting)
    for at, row in enumerate(rows):
        if any(row[:2] == other[:2] for other in rows[:at]):
            raise ReferenceDataError(
                place,
                f"accounts: expense {row.expense!r}, creditor {row.creditor!r} is listed twice",
                "Keep one of the two rows; a value that changes is written by its first day.",
            )
    return rows


def _parse_row(place: str, row: Mapping[str, object]) -> AccountContract:
    expense, creditor, source = (row.get(key, "") for key in ("expense", "creditor", "source"))
    key = f"accounts, expense {expense!r}"
    if (
        not row.keys() <= _ROW_KEYS
        or not _begins_account(expense)
        or not (creditor == "" or _is_account(creditor))
    ):
        raise ReferenceDataError(
            place,
            f"{key}: the row is {dict(row)!r}",
            f'Write expense = "..." (the first digits), contract, source and, if it is for one account owed alone, creditor'
            f" ({ACCOUNT_DIGITS} digits).",
        )
    if not isinstance(source, str) or not source:
        raise ReferenceDataError(place, f"{key} has no source", "Name the source, or write: not settled.")
    contract = parse_dated_rule(
        place,
        key,
        row.get("contract"),
        parse=lambda value: _parse_name(place, key, value, among=_ROW_CONTRACTS),
    )
    return AccountContract(str(expense), str(creditor), contract)


def _begins_account(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= ACCOUNT_DIGITS


def _is_account(text: object) -> bool:
    return _begins_account(text) and len(str(text)) == ACCOUNT_DIGITS


def parse_contract_defaults(place: str, table: object) -> Mapping[str, EffectiveDated]:
    """Read the contract of each commitment item that has one; all other items have none.

    Raises
    ------
    ReferenceDataError
        The table is missing, or a contract or a day is invalid.
    """
    if not isinstance(table, dict) or not table:
        raise ReferenceDataError(
            place, f"contracts is {table!r}", 'Write a table of contracts by item, as in "31" = "services".'
        )
    return {
        item: parse_dated_rule(
            place,
            f"contracts, {item!r}",
            setting,
            parse=lambda value, item=item: _parse_name(
                place, f"contracts, {item!r}", value, among=CONTRACT_BY_DEFAULT
            ),
        )
        for item, setting in table.items()
    }


def _parse_name(place: str, key: str, value: object, *, among: Mapping[str, Contract]) -> int:
    if not isinstance(value, str) or value not in among:
        raise ReferenceDataError(place, f"{key} is {value!r}", f"Write one of {', '.join(among)}.")
    return among[value]
