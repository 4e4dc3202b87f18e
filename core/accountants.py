"""The accountants of a year: who pays for which fund centre, from which operations account at the central bank.

An accountant (*comptable assignataire*) pays for the fund centres assigned to him (GBCP art. 18 to 20); his operations account
(*compte d'opérations*) is a subdivision of the Treasury's single account.  A fund centre that the files do not name has the
accountant of its parent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from core import invoice_services
from core.errors import ReferenceDataError
from core.iban import is_iban
from core.nomenclature import CentreLevel, Nomenclature
from core.reference.files import ReferenceRow, read_rows, resolve_year_folder

BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
"""ISO 9362: bank, country, location, and an optional branch."""

HOLDER_CHARACTERS_MAX = 70
_CODE = re.compile(r"[0-9A-Z]{4}")


@dataclass(frozen=True, slots=True)
class Accountant:
    """One accountant.  ``holder`` is the name of the holder of the operations account."""

    code: str
    label: str
    holder: str
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class Accountants:
    """A year's accountants by code, in file order, and the accountant's code of every fund centre."""

    year: int
    accountants: Mapping[str, Accountant]
    by_centre: Mapping[str, str]
    main_centres: Mapping[str, str]
    """By accountant: a fund centre in whose books he posts what is of no programme, see ``_find_main_centres``."""
    invoice_services: Mapping[str, date]
    """The first day of the invoice service of each fund centre that has one: see ``core.invoice_services``."""


def load(folder: Path, nomenclature: Nomenclature) -> Accountants:
    """Read a year's ``accountants.csv``, ``assigned.csv`` and ``invoice_services.csv``.

    Raises
    ------
    ReferenceDataError
        The files are inconsistent; the message gives the place, the finding and the remedy.
    """
    year, source = resolve_year_folder(folder)
    accountants = _read_accountants(source.joinpath("accountants.csv"))
    by_centre = _resolve_assignments(source.joinpath("assigned.csv"), accountants, nomenclature)
    return Accountants(
        year,
        accountants,
        by_centre,
        _find_main_centres(by_centre, nomenclature),
        invoice_services.read(source.joinpath("invoice_services.csv"), nomenclature),
    )


def _read_accountants(path: Path) -> dict[str, Accountant]:
    accountants: dict[str, Accountant] = {}
    for row in read_rows(path, ("code", "label", "holder", "iban", "bic")):
        accountant = Accountant(**row.cells)
        _check_accountant(row, accountant)
        if accountant.code in accountants or any(
            accountant.iban == other.iban for other in accountants.values()
        ):
            raise ReferenceDataError(
                row.place, f"{accountant.code} or its account is listed twice", "Keep one of the two lines."
            )
        accountants[accountant.code] = accountant
    if not accountants:
        raise ReferenceDataError(str(path), "the file lists no accountant", "Add the accountants who pay.")
    return accountants


def _check_accountant(row: ReferenceRow, accountant: Accountant) -> None:
    if not _CODE.fullmatch(accountant.code):
        raise ReferenceDataError(
            row.place,
            f"{accountant.code!r} is not the code of an accountant",
            "Write four capitals or digits.",
        )
    if not 0 < len(accountant.holder) <= HOLDER_CHARACTERS_MAX:
        raise ReferenceDataError(
            row.place,
            f"holder is {accountant.holder!r}",
            f"Write a name of 1 to {HOLDER_CHARACTERS_MAX} characters.",
        )
    if not is_iban(accountant.iban):
        raise ReferenceDataError(
            row.place,
            f"{accountant.iban!r} is not a valid IBAN",
            "Correct the IBAN of the operations account.",
        )
    if not BIC.fullmatch(accountant.bic):
        raise ReferenceDataError(
            row.place, f"{accountant.bic!r} is not a valid BIC", "Correct the BIC of the bank."
        )


def _resolve_assignments(
    path: Path, accountants: Mapping[str, Accountant], nomenclature: Nomenclature
) -> dict[str, str]:
    """Return the accountant of every fund centre: its own assignment, or that of its parent."""
    assigned = _read_assignments(path, accountants, nomenclature)
    by_centre: dict[str, str] = {}
    for code, centre in nomenclature.centres.items():  # parents come before their children
        if centre.level is CentreLevel.PROGRAMME and code not in assigned:
            raise ReferenceDataError(
                str(path), f"programme {code} has no accountant", "Assign the programme to an accountant."
            )
        by_centre[code] = assigned.get(code) or by_centre[centre.parent]
    return by_centre


def _find_main_centres(by_centre: Mapping[str, str], nomenclature: Nomenclature) -> dict[str, str]:
    """Return by accountant the first fund centre in file order that is no operation; it only says in whose books a line is."""
    main_centres: dict[str, str] = {}
    for centre, accountant in by_centre.items():
        if nomenclature.centres[centre].level is not CentreLevel.OPERATION:
            main_centres.setdefault(accountant, centre)
    return main_centres


def _read_assignments(
    path: Path, accountants: Mapping[str, Accountant], nomenclature: Nomenclature
) -> dict[str, str]:
    assigned: dict[str, str] = {}
    for row in read_rows(path, ("centre", "accountant")):
        centre, accountant = row.cells.values()
        if centre not in nomenclature.centres:
            raise ReferenceDataError(
                row.place, f"fund centre {centre!r} is unknown", "Correct the code, or remove the line."
            )
        if accountant not in accountants:
            raise ReferenceDataError(
                row.place, f"accountant {accountant!r} is unknown", "Add the accountant to accountants.csv."
            )
        if centre in assigned:
            raise ReferenceDataError(
                row.place, f"fund centre {centre} is listed twice", "Keep one of the two lines."
            )
        assigned[centre] = accountant
    return assigned
