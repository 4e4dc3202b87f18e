"""The rules of the payment term and of late interest, as tables for the checks."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from core.contracts import Contract
from core.effective_dates import EffectiveDated, build_constant
from reporting.code_labels import CodeLabels

_EPOCH = date(1970, 1, 1)


class DatedValue(NamedTuple):
    """A value of a rule, with the days from which and before which it holds."""

    since: date
    until: date
    value: int


def build_interest_rules(codes: CodeLabels) -> dict[str, dict[str, list[Any]]]:
    """Return the rules, the refinancing rates, and the contracts of commitment items, each with its days."""
    rules = codes.interest
    ruled = {
        "term_days": codes.term_days,
        "compensation": rules.compensation_cents,
        "points": rules.points,
        "days_a_year": rules.days_a_year,
        "delays_since": build_constant(rules.delays_since),
        "lapse_years": codes.lapse_years,
    }
    rates = {"half": list(rules.refinancing_rates), "rate": list(rules.refinancing_rates.values())}
    contracts = _build_dated_columns("item", rules.contracts)
    contracts["bears_interest"] = [Contract(value).bears_interest for value in contracts.pop("value")]
    numbers = {
        "contract": [contract.value for contract in Contract],
        "bears_interest": [contract.bears_interest for contract in Contract],
    }
    return {
        "ruled": _build_dated_columns("rule", ruled),
        "refinancing": rates,
        "contract_default": contracts,
        "contract": numbers,
    }


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
