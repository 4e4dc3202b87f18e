"""The rules of the payment term and of late interest, as tables for the checks."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import pyarrow as pa

from core.contracts import AccountContract, Contract
from core.delay_rules import DelayRules
from core.effective_dates import EffectiveDated, build_constant
from reporting.code_labels import CodeLabels

_EPOCH = date(1970, 1, 1)
_ACCOUNT_COLUMNS: Mapping[str, pa.DataType] = {
    "expense": pa.string(),
    "creditor": pa.string(),
    "since": pa.date32(),
    "until": pa.date32(),
    "bears_interest": pa.bool_(),
}
"""With their types, as there may be no rows."""


class DatedValue(NamedTuple):
    """A value of a rule, with the days from which and before which it holds."""

    since: date
    until: date
    value: int


def build_interest_rules(codes: CodeLabels) -> dict[str, dict[str, Any]]:
    """Return the rules, the rates, and the contracts of commitment items and expense accounts, each with its days."""
    rules = codes.interest
    ruled = {
        "term_days": codes.term_days,
        "compensation": rules.compensation_cents,
        "points": rules.points,
        "days_a_year": rules.days_a_year,
        "receivable_days": rules.receivable_days,
        "delays_since": build_constant(rules.delays_since),
        "lapse_years": codes.lapse_years,
        "new_details_days": codes.new_details_days,
    }
    rates = {"half": list(rules.refinancing_rates), "rate": list(rules.refinancing_rates.values())}
    contracts = _build_dated_columns("item", rules.contracts)
    contracts["bears_interest"] = [Contract(value).bears_interest for value in contracts.pop("value")]
    numbers = {
        "contract": [contract.value for contract in Contract],
        "bears_interest": [contract.bears_interest for contract in Contract],
        "is_balance": [contract is Contract.WORKS_BALANCE for contract in Contract],
    }
    return {
        "ruled": _build_dated_columns("rule", ruled),
        "refinancing": rates,
        "contract_default": contracts,
        "account_contract": _build_account_contracts(rules.account_contracts),
        "contract": numbers,
        "delay_rules": _build_rule_hashes(codes),
    }


def _build_rule_hashes(codes: CodeLabels) -> dict[str, list[Any]]:
    """Return the hash of today's rules by the last half-year whose rate it covers."""
    rules = DelayRules(codes.term_days, codes.interest)
    half_years = [0, *codes.interest.refinancing_rates]
    return {"half_year": half_years, "rules": [rules.hash_until(half).hex() for half in half_years]}


def _build_account_contracts(rows: Iterable[AccountContract]) -> dict[str, pa.Array]:
    """Return the rows of expense accounts by day; ``bears_interest`` is null while a row leaves it to the item."""
    columns: dict[str, list[Any]] = {name: [] for name in _ACCOUNT_COLUMNS}
    for row in rows:
        for since, until, value in _list_values(row.contract):
            bears_interest = Contract(value).bears_interest if value else None
            cells = (row.expense, row.creditor, since, until, bears_interest)
            for name, cell in zip(_ACCOUNT_COLUMNS, cells, strict=True):
                columns[name].append(cell)
    return {name: pa.array(columns[name], kind) for name, kind in _ACCOUNT_COLUMNS.items()}


def _build_dated_columns(key: str, rules: Mapping[str, EffectiveDated]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {key: [], **{name: [] for name in DatedValue._fields}}
    for name, rule in rules.items():
        for dated_value in _list_values(rule):
            columns[key].append(name)
            for column, cell in dated_value._asdict().items():
                columns[column].append(cell)
    return columns


def _list_values(rule: EffectiveDated) -> Iterable[DatedValue]:
    days = [date.min, *(_EPOCH + timedelta(day) for day in rule.since[1:].tolist())]
    return map(DatedValue, days, [*days[1:], date.max], rule.value.tolist())
