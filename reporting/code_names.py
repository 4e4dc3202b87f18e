"""The codes behind the numbers of the journal, and budget nodes in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.nomenclature import CENTRES_MAX, OTHER_TITLES, STAFF_TITLE, CentreLevel, FundFamily
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST
from reporting.code_labels import CodeLabels
from reporting.report_queries import Connection, fetch

CENTRE, AREA, ITEM, FUND, ACCOUNT, SENDER = range(1, 7)
ACCOUNTANT = 8
"""The kinds of ``reference_text``; 7 is not one of them."""

_SHEETS, _FAMILIES = 6, 3
_CENTRES = CENTRES_MAX + 1


@dataclass(frozen=True, slots=True)
class BudgetNode:
    """The parts of a budget node's number."""

    number: int
    year: int
    centre: int
    envelope: str
    """``T2`` or ``HT2``."""
    family: FundFamily

    @classmethod
    def from_number(cls, number: int) -> "BudgetNode":
        """Split a number: ``((year - 2000) * 131072 + centre) * 6 + staff * 3 + family``."""
        place, sheet = divmod(number, _SHEETS)
        year, centre = divmod(place, _CENTRES)
        staff, family = divmod(sheet, _FAMILIES)
        envelope = STAFF_TITLE if staff else OTHER_TITLES
        return cls(number, year + YEAR_FIRST, centre, envelope, FundFamily(family))

    def at_centre(self, centre: int) -> "BudgetNode":
        """Return the node of another fund centre on the same sheet."""
        return BudgetNode.from_number(self.number + (centre - self.centre) * _SHEETS)


class AccountName(NamedTuple):
    """An account's code in the chart, and its label there."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class CodeNames:
    """Codes by number, and their labels."""

    codes: CodeLabels
    by_number: Mapping[int, Mapping[int, str]]
    by_code: Mapping[str, int]
    """The numbers of fund centres."""

    def find_code(self, kind: int, number: int) -> str:
        """Return the code of a number; empty for 0."""
        return self.by_number[kind].get(number, f"no. {number}") if number else ""

    def find_account(self, number: int, exercise: int | None = None) -> AccountName:
        """Return the name of an account by its number."""
        code = self.find_code(ACCOUNT, number)
        return AccountName(code, self.codes.find_account_label(code, exercise))

    def find_accountant(self, code: str) -> int:
        """Return the number of an accountant by its code; -1, which no entry has, if the journal does not know it."""
        numbers = self.by_number[ACCOUNTANT].items()
        return next((number for number, other in numbers if other == code), -1)

    def find_centre_label(self, code: str, year: int) -> str:
        """Return the label of a fund centre in a budget year; empty if the year does not have it."""
        centre = self.codes.find_year(year).centres.get(code)
        return centre.label if centre else ""

    def find_level(self, code: str) -> CentreLevel | None:
        """Return the level of a fund centre; None if the files do not have it."""
        centre = self.codes.centres.get(code)
        return centre.level if centre else None

    def format_node(self, number: int) -> str:
        """Format a node: ``0177-D013-DD13 HT2 2018``, with the fund family unless it is the ordinary one."""
        node = BudgetNode.from_number(number)
        family = (
            "" if node.family is FundFamily.ORDINARY else f" {node.family.name.lower().replace('_', ' ')}"
        )
        return f"{self.find_code(CENTRE, node.centre)} {node.envelope}{family} {node.year}"

    def find_node(self, cell: Mapping[str, int]) -> int:
        """Return the node of an account assignment: that of its operation if it has one."""
        item, fund = self.find_code(ITEM, cell["item"]), self.find_code(FUND, cell["fund"])
        nomenclature = self.codes.find_year(cell["budget_year"])
        staff = bool(item) and nomenclature.items[item].staff  # openings have no item
        sheet = staff * _FAMILIES + nomenclature.funds[fund].family
        place = (cell["budget_year"] - YEAR_FIRST) * _CENTRES + (cell["operation"] or cell["centre"])
        return place * _SHEETS + sheet

    def list_path(self, node: int) -> list[int]:
        """Return the node and every node above it, up to the programme."""
        first = BudgetNode.from_number(node)
        centres = self.codes.find_year(first.year).centres
        path, code = [node], self.find_code(CENTRE, first.centre)
        while code in centres and (code := centres[code].parent):
            path.append(first.at_centre(self.by_code[code]).number)
        return path


async def read_names(connection: Connection, codes: CodeLabels) -> CodeNames:
    """Read the numbers of codes from the database."""
    by_number: dict[int, dict[int, str]] = {kind: {} for kind in range(CENTRE, ACCOUNTANT + 1)}
    for row in await fetch(connection, "reference_texts"):
        by_number[row["kind"]][row["id"]] = row["code"]
    return CodeNames(codes, by_number, {code: number for number, code in by_number[CENTRE].items()})


def format_month(period: int) -> str:
    """Format a period: ``2018-12``."""
    exercise, month = divmod(period, PERIODS_PER_YEAR)
    return f"{exercise + YEAR_FIRST}-{month:02}"
