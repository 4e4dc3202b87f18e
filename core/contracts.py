"""The contracts whose late payment bears interest, and the contract of an expense that states none (rule A59).

Law 2013-100 art. 37: works, supplies, services for a price or a right of exploitation, and delegated public service.
"""

from collections.abc import Mapping
from enum import IntEnum

from core.effective_dates import EffectiveDated, parse_dated_rule
from core.errors import ReferenceDataError


class Contract(IntEnum):
    """The contract that an expense performs.  Numbers are stored: append only."""

    UNSTATED = 0
    NONE = 1
    """No contract of these: pay, grants, rents and indemnities by their nature alone."""
    WORKS = 2
    SUPPLIES = 3
    SERVICES = 4
    CONCESSION = 5
    """Delegated public service."""

    @property
    def bears_interest(self) -> bool:
        """Whether what is paid late on it bears interest."""
        return self >= Contract.WORKS


CONTRACT_BY_NAME: Mapping[str, Contract] = {
    contract.name.lower(): contract for contract in Contract if contract is not Contract.UNSTATED
}


OPPOSING_KINDS = frozenset({"attachment"})
"""Kinds of act that pay a creditor of the creditor: he has no contract with the State, and late payment owes him nothing."""


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
            parse=lambda value, item=item: _parse_contract(place, item, value),
        )
        for item, setting in table.items()
    }


def _parse_contract(place: str, item: str, value: object) -> int:
    if not isinstance(value, str) or value not in CONTRACT_BY_NAME:
        raise ReferenceDataError(
            place, f"contracts, {item!r} is {value!r}", f"Write one of {', '.join(CONTRACT_BY_NAME)}."
        )
    return CONTRACT_BY_NAME[value]
