"""The contract of a commitment item as part of its meaning: a change is a new value from a day on (rule A59).

Interest on what was paid late is measured from the contract again and again, so a value that was removed would leave
earlier claims without a rule.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from core.contracts import Contract
from core.effective_dates import BEFORE_ALL_DAYS, EffectiveDated

_EPOCH = date(1970, 1, 1)
_SEPARATOR = ", "


def describe_contracts(contracts: Mapping[str, EffectiveDated], item: str, year: int) -> str:
    """Return the contracts of ``item`` until the end of ``year``, as in "services, works from 2018-07-01"."""
    if item not in contracts:
        return Contract.NONE.name.lower()
    rule, last = contracts[item], (date(year, 12, 31) - _EPOCH).days
    steps = zip(rule.since.tolist(), rule.value.tolist(), strict=True)
    return _SEPARATOR.join(_describe_step(since, value) for since, value in steps if since <= last)


def _describe_step(since: int, value: int) -> str:
    name = Contract(value).name.lower()
    return name if since == BEFORE_ALL_DAYS else f"{name} from {_EPOCH + timedelta(days=since)}"


def includes_contracts(current: str, stored: str) -> bool:
    """Return whether ``current`` has every value of ``stored``: it may have others from other days on."""
    return set(stored.split(_SEPARATOR)) <= set(current.split(_SEPARATOR))
