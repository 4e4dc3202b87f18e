"""The budget nomenclature of a year: programmes, fund centres, functional areas, commitment items and funds.

Fund centres form a tree: programme > BOP > UO > investment operation.  Every dict keeps the order of the files, and a
parent always comes before its children, so that one pass in order can number and link them.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TypeVar

from core import before_service, receipt_natures, recycling_cases, restorations, visa_thresholds
from core.before_service import Nature
from core.carry_over_rows import CarryOver
from core.errors import ReferenceDataError
from core.receipt_natures import ReceiptNature
from core.recycling_cases import RecyclingCase
from core.reference.files import ReferenceRow, parse_flag, read_rows, resolve_year_folder
from core.restorations import RestorationRule
from core.special_accounts import SpecialAccount, read_special_accounts
from core.succession_rows import Successions

CENTRES_MAX = 131_071
"""Fund centres of a year: the number of a budget node has 17 bits for them."""

CENTRES_A_YEAR = CENTRES_MAX + 1
SHEETS = 6
"""Budget nodes of one fund centre in one year: T2 or HT2, times three fund families."""

STAFF_TITLE = "T2"
OTHER_TITLES = "HT2"
"""The two legal envelopes of a programme, as commitment items of budget acts."""

OPERATING_TITLE = 3
"""The title of operation (LOLF art. 5), on which late interest is charged."""

ORDINARY_FUND = "N/A"


class CentreLevel(IntEnum):
    """Depth of a fund centre."""

    PROGRAMME = 1
    BOP = 2
    UO = 3
    OPERATION = 4


class FundFamily(IntEnum):
    """The origin of the money; each family has its own budget."""

    ORDINARY = 0
    CONTRIBUTION = 1
    ASSIGNED_REVENUE = 2


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme, the unit of legal speciality.  ``estimated`` credits are not a ceiling (GBCP art. 130)."""

    code: str
    label: str
    mission: str
    ministry: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class FundCentre:
    """A fund centre.  ``parent`` is empty for a programme."""

    code: str
    parent: str
    level: CentreLevel
    label: str


@dataclass(frozen=True, slots=True)
class FunctionalArea:
    """A functional area: programme, action, sub-action."""

    code: str
    programme: str
    label: str


@dataclass(frozen=True, slots=True)
class CommitmentItem:
    """A commitment item.  A ``budget_only`` item takes credits but no spending; ``title`` 0 means several titles."""

    code: str
    label: str
    title: int
    staff: bool
    budget_only: bool
    receipt: bool = False
    """Whether it is a nature of receipt, which receivables state; it takes neither credits nor spending."""


@dataclass(frozen=True, slots=True)
class Fund:
    """A fund.  ``programme`` is empty for ordinary credits, which all programmes use."""

    code: str
    family: FundFamily
    programme: str


@dataclass(frozen=True, slots=True)
class Nomenclature:
    """All codes of a year, by code and in file order; the programmes come first in ``centres``."""

    year: int
    programmes: dict[str, Programme]
    centres: dict[str, FundCentre]
    areas: dict[str, FunctionalArea]
    items: dict[str, CommitmentItem]
    funds: dict[str, Fund]
    natures: dict[str, Nature]
    """What may be paid before service, by what an act states as its ``nature``."""
    unserved_items: frozenset[str]
    """Commitment items that are paid before service without a listed nature: grants (GBCP art. 33)."""
    nature_numbers: dict[str, int]
    """The place of each of the natures in their file, from 1."""
    recycling_cases: dict[str, RecyclingCase]
    """The cases in which AE withdrawn from a commitment of an earlier year are available again."""
    receipt_natures: dict[str, ReceiptNature]  # each is a commitment item too
    restorations: dict[str, RestorationRule]
    visa_thresholds: visa_thresholds.Thresholds  # in cents
    special_accounts: dict[str, SpecialAccount]  # by mission
    successions: Successions = field(default_factory=dict)
    carry_overs: tuple[CarryOver, ...] = ()


CodedT = TypeVar("CodedT", Programme, FundCentre, FunctionalArea, CommitmentItem, Fund)

_CODE_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "programme": re.compile(r"\d{4}"),
    "bop": re.compile(r"\d{4}-[0-9A-Z]{4}"),
    "uo": re.compile(r"\d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}"),
    "operation": re.compile(r"OP-\d{4}-\d{6}"),
    "functional area": re.compile(r"\d{4}-[0-9A-Z]{2}(-[0-9A-Z]{2,4})?"),
    "commitment item": re.compile(r"[0-9A-Z]{1,10}"),
    "fund": re.compile(r"N/A|\d-\d-\d{5}"),
}
_TITLES = tuple("01234567")
_LEVELS: Mapping[str, CentreLevel] = {level.name.lower(): level for level in list(CentreLevel)[1:]}


def load(folder: Path) -> Nomenclature:
    """Read the nomenclature of a year's folder.

    Raises
    ------
    ReferenceDataError
        The files are inconsistent; the message gives the place, the finding and the remedy.
    """
    year, source = resolve_year_folder(folder)
    programmes = _read_programmes(source.joinpath("programmes.csv"))
    items = _read_items(source.joinpath("items.csv"))
    natures = receipt_natures.read(source.joinpath("receipts.csv"), items)
    receipts = {code: CommitmentItem(code, row.label, 0, False, True, True) for code, row in natures.items()}
    unserved = before_service.read(source.joinpath("before_service.csv"), items)
    return Nomenclature(
        year,
        programmes,
        _read_centres(source.joinpath("centres.csv"), programmes),
        _read_areas(source.joinpath("areas.csv"), programmes),
        items | receipts,
        _read_funds(source.joinpath("funds.csv"), programmes),
        unserved.natures,
        unserved.items,
        {code: number for number, code in enumerate(unserved.natures, 1)},
        recycling_cases.read(source.joinpath("recycling.csv")),
        natures,
        restorations.read(source.joinpath("restorations.csv"), natures),
        visa_thresholds.read(source.joinpath("visas.csv"), {row.ministry for row in programmes.values()}),
        read_special_accounts(source, {row.code: row.mission for row in programmes.values()}),
    )


def _read_programmes(path: Path) -> dict[str, Programme]:
    programmes: dict[str, Programme] = {}
    for row in read_rows(path, ("code", "label", "mission", "ministry", "estimated")):
        code, label, mission, ministry, estimated = row.cells.values()
        _check_code(row, "programme")
        _add_once(programmes, Programme(code, label, mission, ministry, parse_flag(row, estimated)), row)
    return programmes


def _read_centres(path: Path, programmes: dict[str, Programme]) -> dict[str, FundCentre]:
    centres = {
        code: FundCentre(code, "", CentreLevel.PROGRAMME, programme.label)
        for code, programme in programmes.items()
    }
    for row in read_rows(path, ("code", "parent", "level", "label")):
        code, parent, level, label = row.cells.values()
        _check_value(row, "level", _LEVELS)
        _check_code(row, level)
        _check_parent(row, centres)
        _add_once(centres, FundCentre(code, parent, _LEVELS[level], label), row)
    if len(centres) > CENTRES_MAX:
        raise ReferenceDataError(
            str(path), f"the file lists {len(centres)} fund centres", f"List at most {CENTRES_MAX}."
        )
    return centres


def _check_parent(row: ReferenceRow, centres: dict[str, FundCentre]) -> None:
    code, parent, level = row.cells["code"], row.cells["parent"], _LEVELS[row.cells["level"]]
    if parent not in centres:
        raise ReferenceDataError(
            row.place, f"parent {parent!r} of {code} is unknown", "Add the parent on an earlier line."
        )
    if centres[parent].level != level - 1:
        raise ReferenceDataError(
            row.place, f"{parent} is not one level above {code}", "Name the direct parent."
        )
    stem = f"OP-{parent[:4]}-" if level is CentreLevel.OPERATION else f"{parent}-"
    if not code.startswith(stem):
        raise ReferenceDataError(
            row.place, f"{code} is not a code of {parent}", f"Write a code that starts with {stem}"
        )


def _read_areas(path: Path, programmes: dict[str, Programme]) -> dict[str, FunctionalArea]:
    areas: dict[str, FunctionalArea] = {}
    for row in read_rows(path, ("code", "programme", "label")):
        code, programme, label = row.cells.values()
        _check_code(row, "functional area")
        _check_value(row, "programme", programmes)
        if not code.startswith(f"{programme}-"):
            raise ReferenceDataError(
                row.place,
                f"{code} is not a code of {programme}",
                f"Write a code that starts with {programme}-",
            )
        _add_once(areas, FunctionalArea(code, programme, label), row)
    return areas


def _read_items(path: Path) -> dict[str, CommitmentItem]:
    items: dict[str, CommitmentItem] = {}
    for row in read_rows(path, ("code", "label", "title", "staff", "budget_only")):
        code, label, title, staff, budget_only = row.cells.values()
        _check_code(row, "commitment item")
        _check_value(row, "title", _TITLES)
        item = CommitmentItem(code, label, int(title), parse_flag(row, staff), parse_flag(row, budget_only))
        if item.staff != (item.title == 2):
            raise ReferenceDataError(
                row.place, f"{code} has title {title} and staff {staff}", "Write staff 1 for title 2 only."
            )
        _add_once(items, item, row)
    for code, staff in ((STAFF_TITLE, True), (OTHER_TITLES, False)):
        if code not in items or not items[code].budget_only or items[code].staff != staff:
            raise ReferenceDataError(
                str(path),
                f"there is no budget-only item {code} with staff {int(staff)}",
                "Add the item: budget acts need it.",
            )
    return items


def _read_funds(path: Path, programmes: dict[str, Programme]) -> dict[str, Fund]:
    families = {family.name.lower(): family for family in FundFamily}
    funds: dict[str, Fund] = {}
    for row in read_rows(path, ("code", "family", "programme")):
        code, family, programme = row.cells.values()
        _check_code(row, "fund")
        _check_value(row, "family", families)
        _check_value(row, "programme", ("",) if family == "ordinary" else programmes)
        _add_once(funds, Fund(code, families[family], programme), row)
    if ORDINARY_FUND not in funds or funds[ORDINARY_FUND].family is not FundFamily.ORDINARY:
        raise ReferenceDataError(
            str(path), f"there is no ordinary fund {ORDINARY_FUND}", "Add the fund: ordinary credits need it."
        )
    return funds


def _check_code(row: ReferenceRow, category: str) -> None:
    code, pattern = row.cells["code"], _CODE_PATTERNS[category]
    if not pattern.fullmatch(code):
        raise ReferenceDataError(
            row.place, f"{code!r} is not a {category} code", f"Write a code that matches {pattern.pattern}"
        )


def _check_value(row: ReferenceRow, column: str, allowed: Container[str]) -> None:
    if row.cells[column] not in allowed:
        raise ReferenceDataError(
            row.place, f"{column} {row.cells[column]!r} is unknown", "Correct the code, or declare it first."
        )


def _add_once(by_code: dict[str, CodedT], entity: CodedT, row: ReferenceRow) -> None:
    if entity.code in by_code:
        raise ReferenceDataError(row.place, f"{entity.code} is listed twice", "Keep one of the two lines.")
    by_code[entity.code] = entity
