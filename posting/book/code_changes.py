"""Changed codes: the stored meanings of codes compared with the meanings in the files now.

A code in use keeps its meaning for its whole year: the acts on it were checked and posted by that meaning, and further acts
would be checked by another.  New codes, unused codes and labels may change.  Accounts that an item admits may be added and,
while they are not in use, removed: ``posting.book.admission_changes`` compares them.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from core.account_roles import SHARED_ROLES
from core.catalog import Role
from core.errors import ReferenceDataError
from core.nomenclature import CentreLevel, Nomenclature
from core.own_creditors import CreditorUse
from core.restorations import RestorationRule
from posting.book.code_meanings import ITEM_ROLES
from posting.book.code_numbers import CodeKind, NumbersByCode
from posting.book.contract_meanings import (
    describe_account_contracts,
    describe_contracts,
    includes_contracts,
)
from posting.book.missing_year import build_missing_year_error
from posting.book.registry import ReferenceData

ROLE_KIND = 7
"""The kind of a shared role, numbered by ``core.catalog.Role``; the other kinds are ``CodeKind``."""

Meaning = Mapping[str, Any]

_PROGRAMME = CentreLevel.PROGRAMME.name.lower()
_CREDITOR_ROLES = (Role.CREDITOR, Role.PAYROLL)
"""The roles whose account an expense account may determine in place of the item."""
_OWN_FILES: Mapping[str, str] = {"accountant": "assigned.csv", "contract": "late_interest.toml"}
"""The file of each property that is not in the file of its code."""
_CONTRACT_REMEDY = (
    "Put the old value back: a code keeps its meaning. Write a new value beside it, by its first day."
)
_EXTENSIBLE_PROPERTIES = frozenset({"admits"})
"""Properties that may change as long as they include what is in use."""


class CodeKey(NamedTuple):
    """A code in a year; kind and number are those of ``reference_text``."""

    year: int
    kind: int
    number: int


class FileMeaning(NamedTuple):
    """The meaning of a code in a file, as far as posting depends on it."""

    file: str
    code: str
    meaning: Meaning


FileMeanings = dict[CodeKey, FileMeaning]


def read_file_meanings(reference: ReferenceData, numbers: NumbersByCode) -> FileMeanings:
    """Return the meanings of all codes in the files of all years."""
    meanings: FileMeanings = {}
    for year, year_meanings in _read_years(reference).items():
        for kind, file_meaning in year_meanings:
            numbers_by_code = numbers[kind] if isinstance(kind, CodeKind) else _ROLE_NUMBERS
            meanings[CodeKey(year, kind, numbers_by_code[file_meaning.code])] = file_meaning
    return meanings


@lru_cache(maxsize=2)
def _read_years(reference: ReferenceData) -> Mapping[int, Sequence[tuple[int, FileMeaning]]]:
    """Return the meanings by year and kind, read once, as some commands load the book several times."""
    return {
        year: tuple(_read_year(nomenclature, reference))
        for year, nomenclature in reference.nomenclatures.items()
    }


def _read_year(year: Nomenclature, reference: ReferenceData) -> Iterator[tuple[int, FileMeaning]]:
    chart, accountants = reference.charts[year.year], reference.accountants[year.year]
    yield from _read_centres(year, accountants.by_centre)
    for area in year.areas.values():
        yield CodeKind.AREA, FileMeaning("areas.csv", area.code, {"programme": area.programme})
    for item in year.items.values():
        accounts = {
            role.name.lower(): chart.role_accounts.get(item.code, {}).get(role, "") for role in ITEM_ROLES
        }
        meaning = {"staff": item.staff, "budget_only": item.budget_only, "title": item.title}
        meaning |= {"unserved": item.code in year.unserved_items, **accounts}
        meaning["admits"] = " ".join(chart.admitted_prefixes.get(item.code, ()))
        meaning["contract"] = describe_contracts(reference.interest.contracts, item.code, year.year)
        if item.receipt:
            nature = year.receipt_natures[item.code]
            meaning |= {"receipt": True, "product": nature.product, "annulment": nature.annulment}
            meaning |= _describe_restoration(year.restorations.get(item.code))
        file = "receipts.csv" if item.receipt else "items.csv, roles.csv"
        yield CodeKind.ITEM, FileMeaning(file, item.code, meaning)
    for fund in year.funds.values():
        meaning = {"family": fund.family.name.lower(), "programme": fund.programme}
        yield CodeKind.FUND, FileMeaning("funds.csv", fund.code, meaning)
    for account in chart.accounts:
        creditors = {
            role.name.lower(): chart.own_creditors.get(CreditorUse(account, role), "")
            for role in _CREDITOR_ROLES
        }
        contract = describe_account_contracts(reference.interest.account_contracts, account, year.year)
        meaning, file = {**creditors, "contract": contract}, "creditors.csv"
        if plan := chart.assets.get(account):
            meaning["plan"], file = " ".join(map(str, plan)), "assets.csv"
        yield CodeKind.ACCOUNT, FileMeaning(file, account, meaning)
    for accountant in accountants.accountants:
        yield CodeKind.ACCOUNTANT, FileMeaning("accountants.csv", accountant, {})
    for role, account in chart.shared_accounts.items():
        yield ROLE_KIND, FileMeaning("treasury.csv", role.name.lower(), {"account": account})


def _describe_restoration(rule: RestorationRule | None) -> dict[str, object]:
    """Return the meaning of a nature that repays expenses; nothing of any other."""
    if rule is None:
        return {}
    return {"repays": rule.title, "years": rule.years, "until_closed": rule.until_closed}


def _read_centres(
    year: Nomenclature, accountants_by_centre: Mapping[str, str]
) -> Iterator[tuple[int, FileMeaning]]:
    """Yield the fund centres, nearly all codes of a year."""
    level_names = {level: level.name.lower() for level in CentreLevel}
    for code, centre in year.centres.items():
        level, accountant = level_names[centre.level], accountants_by_centre[code]
        if programme := year.programmes.get(code):
            meaning = {"estimated": programme.estimated, "level": level, "accountant": accountant}
            account = year.special_accounts.get(programme.mission)
            meaning["special_account"] = account.name if account and account.has_receipt_limit else ""
            meaning["special_section"] = account.sections.get(code, "") if account else ""
            yield CodeKind.CENTRE, FileMeaning("programmes.csv", code, meaning)
        else:
            meaning = {"parent": centre.parent, "level": level, "accountant": accountant}
            yield CodeKind.CENTRE, FileMeaning("centres.csv", code, meaning)


_ROLE_NUMBERS: Mapping[str, int] = {role.name.lower(): int(role) for role in SHARED_ROLES}
_FILES: Mapping[int, str] = {
    CodeKind.CENTRE: "centres.csv",
    CodeKind.AREA: "areas.csv",
    CodeKind.ITEM: "items.csv",
    CodeKind.FUND: "funds.csv",
    CodeKind.ACCOUNT: "accounts.csv",
    CodeKind.ACCOUNTANT: "accountants.csv",
    ROLE_KIND: "treasury.csv",
}


def find_changed_codes(stored: Mapping[CodeKey, Meaning], files: FileMeanings) -> list[CodeKey]:
    """Return the codes whose meaning changed or that are missing; facts that an earlier version did not store do not count."""
    return [
        key
        for key, meaning in stored.items()
        if key not in files or not _is_unchanged(meaning, files[key].meaning)
    ]


def _is_unchanged(stored: Meaning, current: Meaning) -> bool:
    return stored == current or all(
        _is_kept(name, value, current) for name, value in stored.items() if name not in _EXTENSIBLE_PROPERTIES
    )


def _is_kept(name: str, value: Any, current: Meaning) -> bool:
    if name == "contract":
        return includes_contracts(str(current.get(name)), value)
    return current.get(name) == value


def reject_changed_codes(
    changed: list[CodeKey],
    stored: Mapping[CodeKey, Meaning],
    files: FileMeanings,
    *,
    reference: ReferenceData,
    numbers: NumbersByCode,
) -> None:
    """Raise an error about the codes in use that ``changed``; do nothing if there are none.

    Raises
    ------
    ReferenceDataError
        There are some: the message names the first, its stored and its present meaning, and the remedy.
    """
    if not changed:
        return
    first, others = changed[0], f" (and {len(changed) - 1:,} more)" if len(changed) > 1 else ""
    if first.year not in reference.calendar.exercises:
        raise build_missing_year_error(first.year, "entries or figures")
    code = _find_code(first, numbers)
    if first not in files:
        raise _build_missing_error(first, stored[first], code=code, others=others)
    raise _build_changed_error(first.year, stored[first], files[first], code=code, others=others)


def _build_missing_error(key: CodeKey, stored: Meaning, *, code: str, others: str) -> ReferenceDataError:
    remedy = "Put the code back: a code in use stays for its whole year."
    return ReferenceDataError(
        f"{_find_file(key, stored)} of {key.year}",
        f"{code} is missing, although it is in use{others}",
        remedy,
    )


def _build_changed_error(
    year: int, stored: Meaning, present: FileMeaning, *, code: str, others: str
) -> ReferenceDataError:
    old, new = (
        _describe_difference(stored, present.meaning),
        _describe_difference(present.meaning, stored),
    )
    remedy = "Put the old meaning back: a code keeps its meaning for its whole year. Add a new code for another meaning."
    file = _find_changed_file(stored, present)
    return ReferenceDataError(
        f"{file} of {year}",
        f"{code} is in use with {old}, and the file now has {new}{others}",
        _CONTRACT_REMEDY if file == _OWN_FILES["contract"] else remedy,
    )


def _find_changed_file(stored: Meaning, present: FileMeaning) -> str:
    """Return the file that gives a changed meaning: some properties are in a file of their own."""
    changed = {
        name for name, value in stored.items() if not _is_kept(name, value, present.meaning)
    } - _EXTENSIBLE_PROPERTIES
    return _OWN_FILES.get(next(iter(changed)), present.file) if len(changed) == 1 else present.file


def _find_file(key: CodeKey, stored: Meaning) -> str:
    """Return the file that contained a missing code."""
    return "programmes.csv" if stored.get("level") == _PROGRAMME else _FILES[key.kind]


def _find_code(key: CodeKey, numbers: NumbersByCode) -> str:
    if key.kind == ROLE_KIND:
        return next(name for name, number in _ROLE_NUMBERS.items() if number == key.number)
    return next(code for code, number in numbers[CodeKind(key.kind)].items() if number == key.number)


def _describe_difference(meaning: Meaning, other: Meaning) -> str:
    """List the properties of ``meaning`` that differ in the ``other``."""
    return ", ".join(
        f"{name} {_format_value(value)}"
        for name, value in meaning.items()
        if name not in _EXTENSIBLE_PROPERTIES and other.get(name) != value
    )


def _format_value(value: str | bool) -> str:
    return str(int(value)) if isinstance(value, bool) else value or "none"
