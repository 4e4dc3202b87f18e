"""The rows of ``Book.special``: the programmes of earmarked special accounts, year after year, section by section."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import ReferenceDataError
from core.nomenclature import CENTRES_A_YEAR, SHEETS, Nomenclature
from core.periods import YEAR_FIRST
from core.special_accounts import forbids_pay, list_earmarked_accounts
from core.state_payees import FILE, PAYEES_MAX
from core.tables.columns import allocate_records
from core.tables.special_balances import SpecialProgrammes

Numbers = NDArray[np.int64]


class _Member(NamedTuple):
    """A programme of an earmarked account in a year."""

    year: int
    account: str
    section: str
    code: str
    programme: int
    """The number of its fund centre."""
    brought_cents: int
    forbidden_payees: frozenset[str]


def _number_state_payees(members: list[_Member]) -> Mapping[str, int]:
    codes = sorted({code for member in members for code in member.forbidden_payees})
    if len(codes) > PAYEES_MAX:
        raise ReferenceDataError(
            FILE,
            f"{len(codes)} third parties are the State itself",
            f"Name at most {PAYEES_MAX}, in the files of all years together.",
        )
    return {code: number for number, code in enumerate(codes, 1)}


def _list_pay_codes(years: Collection[Nomenclature]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    items = {code for year in years for code, item in year.items.items() if item.staff}
    centres = {code for year in years for code in year.centres if forbids_pay(year, code[:4])}
    return dict.fromkeys(items, 1), dict.fromkeys(centres, 1)


class SpecialRows:
    """The earmarked accounts of each year; row 0 stands for none."""

    def __init__(
        self, nomenclatures: Mapping[int, Nomenclature], numbered: Mapping[str, int], years: range
    ) -> None:
        self._years = years
        self._members = [
            _Member(year, account, section, code, numbered[code], cents, forbidden)
            for year, codes in sorted(nomenclatures.items())
            for account, section, cents, programmes, forbidden in list_earmarked_accounts(codes)
            for code in programmes
        ]
        self.state_payees = _number_state_payees(self._members)
        """The third parties that an account of any year may not pay, numbered from 1."""
        self.staff_items, self.unpaid_centres = _list_pay_codes(nomenclatures.values())
        """The commitment items of title 2, and the fund centres that no pay is charged to, in any year; each has number 1."""
        self._row = np.zeros((len(years) + 1, max(numbered.values(), default=0) + 1), np.int32)
        """By year and fund centre; no programme has a row in the year after the last."""
        for row, member in enumerate(self._members, 1):
            self._row[member.year - years.start, member.programme] = row

    def find_rows(self, programmes: np.ndarray, years: np.ndarray) -> NDArray[np.int32]:
        """Return the row of each programme in its year; 0 for none."""
        return self._row[years - self._years.start, programmes]

    def describe_rows(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return programme and budget year of each row."""
        members = [self._members[row - 1] for row in rows.tolist()]
        return (
            np.array([member.programme for member in members], np.int64),
            np.array([member.year for member in members], np.int64),
        )

    def _find_later(self, member: _Member) -> int:
        """Return the row of the programme in the next year, else of the lowest code that its section has then; 0 for none.

        The limit is of the section (LOLF art. 21): what is due to a programme that is suppressed, or comes to another account
        or section, is collected for the others.  If the account has no sections any more, it is collected for the account.
        """
        later = [
            (other.code != member.code, other.code, row)
            for row, other in enumerate(self._members, 1)
            if (other.year, other.account) == (member.year + 1, member.account)
            and (other.section in ("", member.section) or (other.code == member.code and not member.section))
        ]
        _, _, row = min(later, default=(False, "", 0))
        return row

    def build_table(self) -> np.ndarray:
        """Build the rows as records, with nothing collected yet."""
        table = allocate_records(SpecialProgrammes, len(self._members) + 1)
        groups = [(member.year, member.account, member.section) for member in self._members]
        for row, member in enumerate(self._members, 1):
            first, at = groups.index(groups[row - 1]), member.year - self._years.start
            table["node"][row] = (at * CENTRES_A_YEAR + member.programme) * SHEETS
            table["year"][row] = member.year - YEAR_FIRST
            table["first"][row], table["end"][row] = first + 1, first + 1 + groups.count(groups[first])
            table["later"][row] = self._find_later(member)
            table["brought"][row] = member.brought_cents
            numbers = (self.state_payees[code] for code in member.forbidden_payees)
            table["state_payees"][row] = sum(1 << number for number in numbers)
        return table
