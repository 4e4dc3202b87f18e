"""What each year allows, as tables: payment before service, recycled AE, restorations, last days, visas, special accounts."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from core.special_accounts import forbids_pay, list_earmarked_accounts
from core.successions import list_pairs
from reporting.code_labels import CodeLabels

_RULE_TYPES: Mapping[str, pa.DataType] = {
    "year": pa.int32(),
    "ministry": pa.string(),
    "title": pa.int32(),
    "threshold": pa.int64(),
}
_SPECIAL_TYPES: Mapping[str, pa.DataType] = {
    "year": pa.int32(),
    "code": pa.string(),
    "account": pa.string(),
    "section": pa.string(),
    "brought": pa.int64(),
    "payee": pa.string(),
}


def build_unserved_expenses(codes: CodeLabels) -> dict[str, list[Any]]:
    """Return what each year allows to be paid before service: natures, and items that need none."""
    rows = [
        (year, nature, None)
        for year, codes_of_year in codes.years.items()
        for nature in codes_of_year.natures
    ]
    rows += [
        (year, None, item)
        for year, codes_of_year in codes.years.items()
        for item in codes_of_year.unserved_items
    ]
    return _name_columns(("year", "nature", "item"), rows)


def build_recycling_cases(codes: CodeLabels) -> dict[str, list[Any]]:
    """Return the cases of each year in which withdrawn AE are available again, as the journal keeps them."""
    rows = [
        (year, case) for year, of_year in codes.years.items() for case in of_year.recycling_cases.values()
    ]
    return {
        "year": [year for year, _ in rows],
        "mark": [case.mark for _, case in rows],
        "of_operation": [case.of_operation for _, case in rows],
    }


def build_restoration_rules(codes: CodeLabels) -> dict[str, list[Any]]:
    """Return the natures of each year that repay expenses, and how long their collection restores credits."""
    rules = [(year, rule) for year, of_year in codes.years.items() for rule in of_year.restorations.values()]
    return {"year": [year for year, _ in rules]} | {
        name: [getattr(rule, name) for _, rule in rules]
        for name in ("nature", "title", "years", "until_closed")
    }


def build_exercise_dates(codes: CodeLabels) -> dict[str, list[Any]]:
    """Return the last days of each year, on which payments are ordered and made, and the limits of guarantees and visas."""
    exercises = codes.exercises.values()
    return {
        "year": [exercise.year for exercise in exercises],
        "last_order_day": [exercise.find_last_order_day() for exercise in exercises],
        "last_payment_day": [
            date(exercise.year, 12, 31) + timedelta(exercise.complementary_days) for exercise in exercises
        ],
        "retention_limit": [exercise.retention_limit for exercise in exercises],
        "visa_days": [exercise.visa_days for exercise in exercises],
    }


def build_visa_rules(codes: CodeLabels) -> dict[str, Any]:
    """Return the thresholds of visas of each year; without any the table is empty, and its columns have types all the same."""
    rules = [
        (year, *key, cents)
        for year, of_year in codes.years.items()
        for key, cents in of_year.visa_thresholds.items()
    ]
    columns = _name_columns(("year", "ministry", "title", "threshold"), rules)
    return {name: pa.array(values, _RULE_TYPES[name]) for name, values in columns.items()}


def build_successions(codes: CodeLabels) -> dict[str, Any]:
    """Return the programmes that follow others in each year by an order; it may have none, as the table of visas."""
    pairs = [
        (year, *pair) for year, of_year in codes.years.items() for pair in list_pairs(of_year.successions)
    ]
    columns = _name_columns(("year", "programme", "follower"), pairs)
    return {name: pa.array(values, _RULE_TYPES.get(name, pa.string())) for name, values in columns.items()}


def build_special_programmes(codes: CodeLabels) -> dict[str, Any]:
    """Return the programmes of each year whose expenses receipts limit, with what their section brings into the year."""
    programmes = [
        (year, code, account.name, account.section, account.brought_cents)
        for year, of_year in codes.years.items()
        for account in list_earmarked_accounts(of_year)
        for code in account.programmes
    ]
    columns = _name_columns(("year", "code", "account", "section", "brought"), programmes)
    return {name: pa.array(values, _SPECIAL_TYPES[name]) for name, values in columns.items()}


def build_forbidden_payees(codes: CodeLabels) -> dict[str, Any]:
    """Return the third parties that the account of each programme may not pay, as they are the State itself."""
    rows = [
        (year, code, payee)
        for year, of_year in codes.years.items()
        for account in list_earmarked_accounts(of_year)
        for code in account.programmes
        for payee in sorted(account.forbidden_payees)
    ]
    columns = _name_columns(("year", "code", "payee"), rows)
    return {name: pa.array(values, _SPECIAL_TYPES[name]) for name, values in columns.items()}


def build_unpaid_programmes(codes: CodeLabels) -> dict[str, Any]:
    """Return the programmes of special accounts of each year that no pay is charged to."""
    rows = [
        (year, code)
        for year, of_year in codes.years.items()
        for code in of_year.programmes
        if forbids_pay(of_year, code)
    ]
    columns = _name_columns(("year", "code"), rows)
    return {name: pa.array(values, _SPECIAL_TYPES[name]) for name, values in columns.items()}


def _name_columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
