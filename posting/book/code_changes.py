"""What codes meant when they were first read, held against what the files say now.

A code in use keeps its meaning for its whole year: what was booked on it was judged and posted by it, and what follows
would be by another.  Codes that are new, and those on which nothing was booked, are free; so are labels.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from core.catalog import SHARED_ROLES
from core.chart import Chart
from core.errors import ReferenceDataError
from core.nomenclature import Level, Nomenclature
from core.reference.files import broken
from posting.book.code_meanings import ITEM_ROLES
from posting.book.registry import Coded, Numbers, Reference, gone

ROLE = 7
"""Kind of a shared role, numbered by ``core.catalog.Role``; the others are ``Coded``."""

Meaning = Mapping[str, Any]

_PROGRAMME = Level.PROGRAMME.name.lower()


class Key(NamedTuple):
    """A code in a year: kind and number as in ``reference_text``."""

    year: int
    kind: int
    number: int


class Said(NamedTuple):
    """What a file says of a code, as far as posting depends on it."""

    file: str
    code: str
    means: Meaning


Files = dict[Key, Said]


def said(reference: Reference, numbers: Numbers) -> Files:
    """What the files of all years say."""
    found: Files = {}
    for year, each in reference.nomenclatures.items():
        for kind, one in _said_of(each, reference.charts[year]):
            number = numbers[Coded(kind)][one.code] if kind != ROLE else _ROLES[one.code]
            found[Key(year, kind, number)] = one
    return found


def _said_of(year: Nomenclature, chart: Chart) -> Iterator[tuple[int, Said]]:
    for centre in year.centres.values():
        programme = year.programmes.get(centre.code)
        means = {"estimated": programme.estimated} if programme else {"parent": centre.parent}
        file = "programmes.csv" if programme else "centres.csv"
        yield Coded.CENTRE, Said(file, centre.code, {"level": centre.level.name.lower()} | means)
    for area in year.areas.values():
        yield Coded.AREA, Said("areas.csv", area.code, {"programme": area.programme})
    for item in year.items.values():
        accounts = {role.name.lower(): chart.roles.get(item.code, {}).get(role, "") for role in ITEM_ROLES}
        means = {"staff": item.staff, "budget_only": item.budget_only, **accounts}
        yield Coded.ITEM, Said("items.csv, roles.csv", item.code, means)
    for fund in year.funds.values():
        means = {"family": fund.family.name.lower(), "programme": fund.programme}
        yield Coded.FUND, Said("funds.csv", fund.code, means)
    for account in chart.accounts:
        yield Coded.ACCOUNT, Said("accounts.csv", account, {})
    for role, account in chart.shared.items():
        yield ROLE, Said("treasury.csv", role.name.lower(), {"account": account})


_ROLES: Mapping[str, int] = {role.name.lower(): int(role) for role in SHARED_ROLES}
_FILES: Mapping[int, str] = {
    Coded.CENTRE: "centres.csv",
    Coded.AREA: "areas.csv",
    Coded.ITEM: "items.csv",
    Coded.FUND: "funds.csv",
    Coded.ACCOUNT: "accounts.csv",
    ROLE: "treasury.csv",
}


def differing(stored: Mapping[Key, Meaning], files: Files) -> list[Key]:
    """Codes that meant something else, or are gone.  What an earlier version did not note is no difference."""
    return [key for key, means in stored.items() if key not in files or not _holds(means, files[key].means)]


def _holds(before: Meaning, now: Meaning) -> bool:
    return all(now.get(name) == value for name, value in before.items())


def refuse(used: list[Key], stored: Mapping[Key, Meaning], context: tuple[Reference, Files, Numbers]) -> None:
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
        raise gone(first.year, "entries or figures")
    raise _changed(first, (stored[first], files.get(first)), (_code(first, numbers), more))


def _changed(key: Key, meant: tuple[Meaning, Said | None], words: tuple[str, str]) -> ReferenceDataError:
    before, now = meant
    code, more = words
    if now is None:
        remedy = "Put it back: what is in use stays for its whole year."
        return broken(
            f"{_file(key, before)} of {key.year}", f"{code} is gone, and it is in use{more}", remedy
        )
    place = f"{now.file} of {key.year}"
    was, became = _words(before, now.means), _words(now.means, before)
    remedy = "Put it back: a code means the same for its whole year. Add a new code for what is to mean something else."
    return broken(place, f"{code} is in use with {was}, and now says {became}{more}", remedy)


def _file(key: Key, before: Meaning) -> str:
    """Where a code stood that is gone."""
    return "programmes.csv" if before.get("level") == _PROGRAMME else _FILES[key.kind]


def _code(key: Key, numbers: Numbers) -> str:
    if key.kind == ROLE:
        return next(name for name, number in _ROLES.items() if number == key.number)
    return next(code for code, number in numbers[Coded(key.kind)].items() if number == key.number)


def _words(means: Meaning, other: Meaning) -> str:
    """What is said otherwise."""
    return ", ".join(f"{name} {_word(value)}" for name, value in means.items() if other.get(name) != value)


def _word(value: str | bool) -> str:
    return str(int(value)) if isinstance(value, bool) else value or "none"
