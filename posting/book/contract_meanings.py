"""The contract of an item or an expense account as part of its meaning: a change is a new value from a day on (rule A59).

Interest on what was paid late is measured from the contract again and again, so a value that was removed would leave
earlier claims without a rule.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from core.contracts import AccountContract, Contract, find_account_contract
from core.effective_dates import BEFORE_ALL_DAYS, EffectiveDated

_EPOCH = date(1970, 1, 1)
_SEPARATOR = ", "
_BY_ITEM = "that of the item"
_OWED = re.compile(r"owed on (\d+) (.+)")


def describe_contracts(contracts: Mapping[str, EffectiveDated], item: str, year: int) -> str:
    """Return the contracts of ``item`` until the end of ``year``, as in "services, works from 2018-07-01"."""
    if item not in contracts:
        return Contract.NONE.name.lower()
    return _SEPARATOR.join(_list_steps(contracts[item], year))


def describe_account_contracts(rows: tuple[AccountContract, ...], account: str, year: int) -> str:
    """Return the contracts of ``account`` until the end of ``year``, as in "that of the item, owed on 4211110000 none"."""
    creditors = sorted({row.creditor for row in rows if account.startswith(row.expense)} | {""})
    return _SEPARATOR.join(
        f"owed on {creditor} {step}" if creditor else step
        for creditor in creditors
        for step in _list_account_steps(find_account_contract(rows, account, creditor), year)
    )


def _list_account_steps(row: AccountContract | None, year: int) -> Iterable[str]:
    return _list_steps(row.contract, year) if row else (_BY_ITEM,)


def _list_steps(rule: EffectiveDated, year: int) -> list[str]:
    last = (date(year, 12, 31) - _EPOCH).days
    steps = zip(rule.since.tolist(), rule.value.tolist(), strict=True)
    return [_describe_step(since, value) for since, value in steps if since <= last]


def _describe_step(since: int, value: int) -> str:
    name = Contract(value).name.lower() if value else _BY_ITEM
    return name if since == BEFORE_ALL_DAYS else f"{name} from {_EPOCH + timedelta(days=since)}"


def includes_contracts(current: str, stored: str) -> bool:
    """Return whether ``current`` has every value of ``stored``: it may have others from other days on.

    A creditor that only one of them names has in the other the values that no creditor is named for.
    """
    values, stored_values = _read_steps(current), _read_steps(stored)
    return all(
        stored_values.get(creditor, stored_values[""]) <= values.get(creditor, values[""])
        for creditor in {*values, *stored_values}
    )


def _read_steps(text: str) -> dict[str, set[str]]:
    """Return the steps that a meaning has for each creditor; for any other under the empty text."""
    steps: dict[str, set[str]] = {"": set()}
    for part in text.split(_SEPARATOR):
        of_creditor = _OWED.match(part)
        creditor, step = of_creditor.groups() if of_creditor else ("", part)
        steps.setdefault(creditor, set()).add(step)
    return steps
