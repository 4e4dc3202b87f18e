"""The special accounts of a year, each a mission of its own (LOLF art. 20): what kind each is, and what was brought forward.

An earmarked account (*compte d'affectation spéciale*) spends no more than the receipts that were seen of it (LOLF art. 21); of
a lending account (*compte de concours financiers*) the credits alone are the limit.  Both are data by year:
``special_accounts.csv``, and ``special_balances.csv`` for the balance that an account brings into a year, by that year.
Without the first file there are none.
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.errors import ReferenceDataError
from core.money import BALANCE_MAX, CENTS_PER_EURO
from core.reference.files import ReferenceRow, read_rows

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
    source: str
    balances: Mapping[int, int]
    """The cents that it brings into a year, by year; a year without any brings nothing."""

    @property
    def has_receipt_limit(self) -> bool:
        """Whether its expenses are limited by its receipts."""
        return self.category is Category.EARMARKED


def read_special_accounts(folder: Path, missions: Container[str]) -> dict[str, SpecialAccount]:
    """Read the special accounts of a year by mission; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A row is malformed or listed twice, or no programme is of that mission; the message gives place and remedy.
    """
    balances = _read_balances(folder.joinpath("special_balances.csv"))
    accounts: dict[str, SpecialAccount] = {}
    for row in _read_rows(folder.joinpath("special_accounts.csv"), ("account", "category", "source")):
        name, category, source = row.cells.values()
        _check_account(row, missions)
        if name in accounts:
            raise ReferenceDataError(row.place, f"{name} is listed twice", "Keep one of the two lines.")
        of_account = {year: cents for (other, year), cents in balances.items() if other == name}
        accounts[name] = SpecialAccount(name, Category(category), source, of_account)
    unknown = sorted({name for name, _ in balances} - accounts.keys())
    if unknown:
        raise ReferenceDataError(
            str(folder.joinpath("special_balances.csv")),
            f"{unknown[0]!r} is no special account",
            "Name an account of special_accounts.csv.",
        )
    return accounts


def _read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[ReferenceRow]:
    if path.exists():
        yield from read_rows(path, columns)


def _check_account(row: ReferenceRow, missions: Container[str]) -> None:
    name, category, source = row.cells.values()
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


def _read_balances(path: Path) -> dict[tuple[str, int], int]:
    """Read the cents that each account brings into each year."""
    balances: dict[tuple[str, int], int] = {}
    for row in _read_rows(path, ("account", "year", "balance", "source")):
        name, year, _, source = row.cells.values()
        if not _YEAR_PATTERN.fullmatch(year):
            raise ReferenceDataError(row.place, f"year is {year!r}", "Write a year, as in 2018.")
        if not source:
            raise ReferenceDataError(
                row.place, f"the balance of {name} has no source", "Name the text, or write: unverified."
            )
        if (name, int(year)) in balances:
            raise ReferenceDataError(
                row.place, f"{name} is listed twice for {year}", "Keep one of the two lines."
            )
        balances[name, int(year)] = _parse_balance(row)
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
    """An account whose expenses are limited by its receipts, as a year has it."""

    name: str
    brought_cents: int
    """What it brings into the year."""
    programmes: tuple[str, ...]


def list_earmarked_programmes(codes: "Nomenclature") -> list[EarmarkedAccount]:
    """List the earmarked accounts of a year with their programmes, in the order of the files."""
    return [
        EarmarkedAccount(
            account.name,
            account.balances.get(codes.year, 0),
            tuple(code for code, programme in codes.programmes.items() if programme.mission == account.name),
        )
        for account in codes.special_accounts.values()
        if account.has_receipt_limit
    ]
