"""The accountants of a year: who pays for which fund centre, from which operations account at the central bank.

An accountant (*comptable assignataire*) pays for the fund centres assigned to him (GBCP art. 18 to 20); his operations account
(*compte d'opérations*) is a subdivision of the Treasury's single account.  A fund centre that is not named is assigned as
the one above it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.iban import is_iban
from core.nomenclature import CentreLevel, Nomenclature
from core.reference.files import ReferenceRow, read_rows, reference_error, resolve_year_folder

BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
"""ISO 9362: bank, country, place, and a branch or none."""

HOLDER_CHARACTERS_MAX = 70
_CODE = re.compile(r"[0-9A-Z]{4}")


@dataclass(frozen=True, slots=True)
class Accountant:
    """One accountant.  ``holder`` is the name the operations account is held under."""

    code: str
    label: str
    holder: str
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class Accountants:
    """A year's accountants by code, in file order, and the accountant of every fund centre."""

    year: int
    accountants: Mapping[str, Accountant]
    by_centre: Mapping[str, str]


def load(folder: Path, nomenclature: Nomenclature) -> Accountants:
    """Read a year's ``accountants.csv`` and ``assigned.csv``.

    Raises
    ------
    ReferenceDataError
        The files do not hold together; the message gives the place, what was found, and what to do.
    """
    year, source = resolve_year_folder(folder)
    accountants = _read_accountants(source.joinpath("accountants.csv"))
    return Accountants(
        year, accountants, _resolve_assignments(source.joinpath("assigned.csv"), accountants, nomenclature)
    )


def _read_accountants(path: Path) -> dict[str, Accountant]:
    found: dict[str, Accountant] = {}
    for row in read_rows(path, ("code", "label", "holder", "iban", "bic")):
        one = Accountant(**row.cells)
        _check_accountant(row, one)
        if one.code in found or any(one.iban == other.iban for other in found.values()):
            raise reference_error(
                row.place, f"{one.code} or its account stands twice", "Keep one of the two lines."
            )
        found[one.code] = one
    if not found:
        raise reference_error(str(path), "no accountant", "Add the accountants who pay.")
    return found


def _check_accountant(row: ReferenceRow, one: Accountant) -> None:
    if not _CODE.fullmatch(one.code):
        raise reference_error(
            row.place, f"{one.code!r} is no accountant's code", "Write four capitals or digits."
        )
    if not 0 < len(one.holder) <= HOLDER_CHARACTERS_MAX:
        raise reference_error(
            row.place, f"holder {one.holder!r}", f"Write 1 to {HOLDER_CHARACTERS_MAX} letters."
        )
    if not is_iban(one.iban):
        raise reference_error(row.place, f"{one.iban!r} is no IBAN", "Correct the operations account.")
    if not BIC.fullmatch(one.bic):
        raise reference_error(row.place, f"{one.bic!r} is no BIC", "Correct the bank.")


def _resolve_assignments(
    path: Path, accountants: Mapping[str, Accountant], nomenclature: Nomenclature
) -> dict[str, str]:
    own = _read_assignments(path, accountants, nomenclature)
    found: dict[str, str] = {}
    for code, centre in nomenclature.centres.items():  # parents stand before their children
        if centre.level is CentreLevel.PROGRAMME and code not in own:
            raise reference_error(
                str(path), f"nobody pays for programme {code}", "Assign it to an accountant."
            )
        found[code] = own.get(code) or found[centre.parent]
    return found


def _read_assignments(
    path: Path, accountants: Mapping[str, Accountant], nomenclature: Nomenclature
) -> dict[str, str]:
    own: dict[str, str] = {}
    for row in read_rows(path, ("centre", "accountant")):
        centre, accountant = row.cells.values()
        if centre not in nomenclature.centres:
            raise reference_error(
                row.place, f"fund centre {centre!r} is unknown", "Correct it, or drop the line."
            )
        if accountant not in accountants:
            raise reference_error(
                row.place, f"accountant {accountant!r} is unknown", "Add it to accountants.csv."
            )
        if centre in own:
            raise reference_error(
                row.place, f"fund centre {centre} stands twice", "Keep one of the two lines."
            )
        own[centre] = accountant
    return own
