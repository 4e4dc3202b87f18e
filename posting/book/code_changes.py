"""What codes meant when they were first read, held against what the files say now.

A code in use keeps its meaning for its whole year: what was booked on it was judged and posted by it, and what follows
would be by another.  Codes that are new, and those on which nothing was booked, are free; so are labels.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from core.catalog import SHARED_ROLES
from core.chart import Chart
from core.errors import ReferenceDataError
from core.nomenclature import CentreLevel, Nomenclature
from posting.book.code_meanings import ITEM_ROLES
from posting.book.registry import CodeKind, NumbersByCode, ReferenceData, build_missing_year_error

ROLE_KIND = 7
"""Kind of a shared role, numbered by ``core.catalog.Role``; the others are ``Coded``."""

Meaning = Mapping[str, Any]

_PROGRAMME = CentreLevel.PROGRAMME.name.lower()


class CodeKey(NamedTuple):
    """A code in a year: kind and number as in ``reference_text``."""

    year: int
    kind: int
    number: int


class FileMeaning(NamedTuple):
    """What a file says of a code, as far as posting depends on it."""

    file: str
    code: str
    meaning: Meaning


FileMeanings = dict[CodeKey, FileMeaning]


def read_file_meanings(reference: ReferenceData, numbers: NumbersByCode) -> FileMeanings:
    """What the files of all years say."""
    found: FileMeanings = {}
    for year, each in reference.nomenclatures.items():
        for kind, one in _read_year(each, reference.charts[year]):
            number = numbers[CodeKind(kind)][one.code] if kind != ROLE_KIND else _ROLE_NUMBERS[one.code]
            found[CodeKey(year, kind, number)] = one
    return found


def _read_year(year: Nomenclature, chart: Chart) -> Iterator[tuple[int, FileMeaning]]:
    for centre in year.centres.values():
        programme = year.programmes.get(centre.code)
        means = {"estimated": programme.estimated} if programme else {"parent": centre.parent}
        file = "programmes.csv" if programme else "centres.csv"
        yield CodeKind.CENTRE, FileMeaning(file, centre.code, {"level": centre.level.name.lower()} | means)
    for area in year.areas.values():
        yield CodeKind.AREA, FileMeaning("areas.csv", area.code, {"programme": area.programme})
    for item in year.items.values():
        accounts = {
            role.name.lower(): chart.role_accounts.get(item.code, {}).get(role, "") for role in ITEM_ROLES
        }
        means = {"staff": item.staff, "budget_only": item.budget_only, **accounts}
        yield CodeKind.ITEM, FileMeaning("items.csv, roles.csv", item.code, means)
    for fund in year.funds.values():
        means = {"family": fund.family.name.lower(), "programme": fund.programme}
        yield CodeKind.FUND, FileMeaning("funds.csv", fund.code, means)
    for account in chart.accounts:
        yield CodeKind.ACCOUNT, FileMeaning("accounts.csv", account, {})
    for role, account in chart.shared_accounts.items():
        yield ROLE_KIND, FileMeaning("treasury.csv", role.name.lower(), {"account": account})


_ROLE_NUMBERS: Mapping[str, int] = {role.name.lower(): int(role) for role in SHARED_ROLES}
_FILES: Mapping[int, str] = {
    CodeKind.CENTRE: "centres.csv",
    CodeKind.AREA: "areas.csv",
    CodeKind.ITEM: "items.csv",
    CodeKind.FUND: "funds.csv",
    CodeKind.ACCOUNT: "accounts.csv",
    ROLE_KIND: "treasury.csv",
}


def find_changed(stored: Mapping[CodeKey, Meaning], files: FileMeanings) -> list[CodeKey]:
    """Codes that meant something else, or are gone.  What an earlier version did not note is no difference."""
    return [
        key
        for key, means in stored.items()
        if key not in files or not _is_unchanged(means, files[key].meaning)
    ]


def _is_unchanged(before: Meaning, now: Meaning) -> bool:
    return all(now.get(name) == value for name, value in before.items())


def reject_changed_codes(
    used: list[CodeKey],
    stored: Mapping[CodeKey, Meaning],
    context: tuple[ReferenceData, FileMeanings, NumbersByCode],
) -> None:
    """Raise what tells of codes ``used`` whose meaning changed; nothing if there are none.

    Raises
    ------
    ReferenceDataError
        There are: the message tells of the first, what it meant and means, and what to do.
    """
    if not used:
        return
    reference, files, numbers = context
    first, more = used[0], f" (and {len(used) - 1:,} more)" if len(used) > 1 else ""
    if first.year not in reference.calendar.exercises:
        raise build_missing_year_error(first.year, "entries or figures")
    raise _build_error(first, (stored[first], files.get(first)), (_find_code(first, numbers), more))


def _build_error(
    key: CodeKey, meant: tuple[Meaning, FileMeaning | None], words: tuple[str, str]
) -> ReferenceDataError:
    before, now = meant
    code, more = words
    if now is None:
        remedy = "Put it back: what is in use stays for its whole year."
        return ReferenceDataError(
            f"{_find_file(key, before)} of {key.year}", f"{code} is gone, and it is in use{more}", remedy
        )
    place = f"{now.file} of {key.year}"
    was, became = _describe_difference(before, now.meaning), _describe_difference(now.meaning, before)
    remedy = "Put it back: a code means the same for its whole year. Add a new code for what is to mean something else."
    return ReferenceDataError(place, f"{code} is in use with {was}, and now says {became}{more}", remedy)


def _find_file(key: CodeKey, before: Meaning) -> str:
    """Where a code stood that is gone."""
    return "programmes.csv" if before.get("level") == _PROGRAMME else _FILES[key.kind]


def _find_code(key: CodeKey, numbers: NumbersByCode) -> str:
    if key.kind == ROLE_KIND:
        return next(name for name, number in _ROLE_NUMBERS.items() if number == key.number)
    return next(code for code, number in numbers[CodeKind(key.kind)].items() if number == key.number)


def _describe_difference(means: Meaning, other: Meaning) -> str:
    """What is said otherwise."""
    return ", ".join(
        f"{name} {_format_value(value)}" for name, value in means.items() if other.get(name) != value
    )


def _format_value(value: str | bool) -> str:
    return str(int(value)) if isinstance(value, bool) else value or "none"
