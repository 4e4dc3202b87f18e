"""The special accounts of a year, each a mission of its own (LOLF art. 20): what kind each is, and what was brought forward.

An earmarked account (*compte d'affectation spéciale*) spends no more than the receipts that were seen of it (LOLF art. 21); of
a lending account (*compte de concours financiers*) the credits alone are the limit.  Both are data by year:
``special_accounts.csv``, and ``special_balances.csv`` for the balance that an account brings into a year, by that year.
Without the first file there are none.  A law may divide an account into sections with receipts of their own:
``special_sections.csv`` names the section of each programme, and each section is limited by itself.  No pay is charged to an
account (LOLF art. 20 I) unless ``special_accounts.csv`` says so, and an earmarked one pays no third party of
``state_payees.csv`` (art. 21 II).
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.errors import ReferenceDataError
from core.money import BALANCE_MAX, CENTS_PER_EURO
from core.reference.files import ReferenceRow, parse_flag, read_rows
from core.state_payees import FILE, read_state_payees

_BALANCES, _SECTIONS = "special_balances.csv", "special_sections.csv"

if TYPE_CHECKING:
    from core.nomenclature import Nomenclature

_BALANCE_PATTERN = re.compile(r"[0-9]{1,13}(\.[0-9]{2})?")
_YEAR_PATTERN = re.compile(r"20[0-9]{2}")


class Category(Enum):
    """The categories of special accounts that have credits (LOLF art. 19 and 20)."""

    EARMARKED = "earmarked"
    LENDING = "lending"


_CATEGORIES = frozenset(category.value for category in Category)


@dataclass(frozen=True, slots=True)
class SpecialAccount:
    """A special account, and its source."""

    name: str
    """Its mission."""
    category: Category
    pays_staff: bool
    """Whether pay may be charged to it, as to that of pensions by its nature."""
    source: str
    balances: Mapping[tuple[str, int], int]
    """The cents brought into a year, by section and year; a year without any brings nothing.  Without sections: section ''."""
    sections: Mapping[str, str]
    """Of each of its programmes its section; empty if it has none."""
    forbidden_payees: frozenset[str]
    """The third parties that it may not pay, as they are the State itself; of a lending account none."""

    @property
    def has_receipt_limit(self) -> bool:
        """Whether its expenses are limited by its receipts."""
        return self.category is Category.EARMARKED


def read_special_accounts(folder: Path, missions: Mapping[str, str]) -> dict[str, SpecialAccount]:
    """Read the special accounts of a year by mission, from the mission of each programme; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A row is malformed or listed twice, or no programme is of that mission; the message gives place and remedy.
    """
    sections = _read_sections(folder.joinpath(_SECTIONS), missions)
    balances = _read_balances(folder.joinpath(_BALANCES))
    accounts: dict[str, SpecialAccount] = {}
    for row in _read_rows(
        folder.joinpath("special_accounts.csv"), ("account", "category", "pays_staff", "source")
    ):
        name, category, pays_staff, source = row.cells.values()
        _check_account(row, frozenset(missions.values()))
        if name in accounts:
            raise ReferenceDataError(row.place, f"{name} is listed twice", "Keep one of the two lines.")
        own = {(section, year): cents for (other, section, year), cents in balances.items() if other == name}
        by_programme = {code: section for code, section in sections.items() if missions[code] == name}
        accounts[name] = SpecialAccount(
            name,
            Category(category),
            parse_flag(row, pays_staff),
            source,
            own,
            by_programme,
            frozenset(),
        )
    _check_names(folder, accounts, {missions[code] for code in sections} | {name for name, _, _ in balances})
    for account in accounts.values():
        _check_sections(folder, account, {code for code, name in missions.items() if name == account.name})
    return _forbid_payees(folder, accounts)


def _forbid_payees(folder: Path, accounts: Mapping[str, SpecialAccount]) -> dict[str, SpecialAccount]:
    """Return the accounts with the third parties that each may not pay."""
    allowed = read_state_payees(folder.joinpath(FILE), accounts)
    return {
        name: replace(
            account,
            forbidden_payees=frozenset(
                code for code, names in allowed.items() if account.has_receipt_limit and name not in names
            ),
        )
        for name, account in accounts.items()
    }


def _check_names(folder: Path, accounts: Container[str], names: set[str]) -> None:
    """Check that sections and balances are of special accounts."""
    for name in sorted(names):
        if name not in accounts:
            raise ReferenceDataError(
                str(folder), f"{name!r} is no special account", "Name an account of special_accounts.csv."
            )


def _check_sections(folder: Path, account: SpecialAccount, programmes: set[str]) -> None:
    """Check that an account has a section for all of its programmes or for none, and balances of its sections alone."""
    without = sorted(programmes - account.sections.keys()) if account.sections else []
    if without:
        raise ReferenceDataError(
            str(folder.joinpath(_SECTIONS)),
            f"{account.name} has sections, but programme {without[0]} has none",
            "Add a line for the programme.",
        )
    sections = set(account.sections.values()) or {""}
    unknown = sorted({section for section, _ in account.balances} - sections)
    if unknown:
        raise ReferenceDataError(
            str(folder.joinpath(_BALANCES)),
            f"{account.name} has no section {unknown[0]!r}",
            "Name a section of special_sections.csv; leave the cell empty for an account without sections.",
        )


def _read_sections(path: Path, missions: Mapping[str, str]) -> dict[str, str]:
    """Read the section of each programme."""
    sections: dict[str, str] = {}
    for row in _read_rows(path, ("programme", "section", "source")):
        programme, section, source = row.cells.values()
        if programme not in missions:
            raise ReferenceDataError(
                row.place, f"there is no programme {programme!r}", "Write a programme of programmes.csv."
            )
        if not section or not source:
            raise ReferenceDataError(
                row.place,
                f"the section of {programme} has no name or no source",
                "Write its name as in the law, and the text, or: unverified.",
            )
        if programme in sections:
            raise ReferenceDataError(row.place, f"{programme} is listed twice", "Keep one of the two lines.")
        sections[programme] = section
    return sections


def _read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[ReferenceRow]:
    if path.exists():
        yield from read_rows(path, columns)


def _check_account(row: ReferenceRow, missions: Container[str]) -> None:
    name, category, _, source = row.cells.values()
    if name not in missions:
        raise ReferenceDataError(
            row.place, f"mission {name!r} has no programme", "Write a mission of programmes.csv."
        )
    if category not in _CATEGORIES:
        raise ReferenceDataError(
            row.place, f"category is {category!r}", "Write earmarked (LOLF art. 21) or lending (art. 24)."
        )
    if not source:
        raise ReferenceDataError(row.place, f"{name} has no source", "Name the text, or write: unverified.")


def _read_balances(path: Path) -> dict[tuple[str, str, int], int]:
    """Read the cents that each account, or section of one, brings into each year."""
    balances: dict[tuple[str, str, int], int] = {}
    for row in _read_rows(path, ("account", "section", "year", "balance", "source")):
        name, section, year, _, source = row.cells.values()
        if not _YEAR_PATTERN.fullmatch(year):
            raise ReferenceDataError(row.place, f"year is {year!r}", "Write a year, as in 2018.")
        if not source:
            raise ReferenceDataError(
                row.place, f"the balance of {name} has no source", "Name the text, or write: unverified."
            )
        if (name, section, int(year)) in balances:
            raise ReferenceDataError(
                row.place, f"{name} is listed twice for {year}", "Keep one of the two lines."
            )
        balances[name, section, int(year)] = _parse_balance(row)
    return balances


def _parse_balance(row: ReferenceRow) -> int:
    text = row.cells["balance"]
    euros, _, cents = text.partition(".")
    if _BALANCE_PATTERN.fullmatch(text) and int(euros) * CENTS_PER_EURO < BALANCE_MAX:
        return int(euros) * CENTS_PER_EURO + int(cents or 0)
    raise ReferenceDataError(
        row.place,
        f"balance is {text!r}",
        "Write what is left at the end of the year before, in euros, as in 1250000 or 1250000.50.",
    )


class EarmarkedAccount(NamedTuple):
    """An account, or a section of one, whose expenses are limited by its receipts, as a year has it."""

    name: str
    section: str
    """Empty if the account has no sections."""
    brought_cents: int
    """What it brings into the year."""
    programmes: tuple[str, ...]
    forbidden_payees: frozenset[str]


def list_earmarked_accounts(codes: "Nomenclature") -> list[EarmarkedAccount]:
    """List the earmarked accounts of a year by section, with their programmes, in the order of the files."""
    result: list[EarmarkedAccount] = []
    for account in codes.special_accounts.values():
        if account.has_receipt_limit:
            by_section: dict[str, list[str]] = {}
            for code, programme in codes.programmes.items():
                if programme.mission == account.name:
                    by_section.setdefault(account.sections.get(code, ""), []).append(code)
            for section, programmes in by_section.items():
                brought_cents = account.balances.get((section, codes.year), 0)
                result.append(
                    EarmarkedAccount(
                        account.name, section, brought_cents, tuple(programmes), account.forbidden_payees
                    )
                )
    return result


def forbids_pay(codes: "Nomenclature", programme: str) -> bool:
    """Return whether a programme is of a special account to which no pay is charged (LOLF art. 20 I)."""
    mission = codes.programmes[programme].mission if programme in codes.programmes else ""
    account = codes.special_accounts.get(mission)
    return account is not None and not account.pays_staff
