"""Numbers of codes: each kind of code is numbered in the order in which the codes appear, and keeps its numbers for ever."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from core.errors import ReferenceDataError
from core.nomenclature import CENTRES_MAX
from core.tables.book import LEDGER_ACCOUNTANTS, LEDGER_ACCOUNTS
from kernels.cells import AREA_BIT, CENTRE_BIT, FUND_BIT, ITEM_BIT


class CodeKind(IntEnum):
    """The kinds of codes that are numbered in ``reference_text``."""

    CENTRE = 1
    AREA = 2
    ITEM = 3
    FUND = 4
    ACCOUNT = 5
    SENDER = 6
    ACCOUNTANT = 8
    """7 is ``posting.book.code_changes.ROLE_KIND``."""


NumbersByCode = dict[CodeKind, dict[str, int]]

_FILES: Mapping[CodeKind, tuple[str, ...]] = {
    CodeKind.CENTRE: ("programmes.csv", "centres.csv"),
    CodeKind.AREA: ("areas.csv",),
    CodeKind.ITEM: ("items.csv", "receipts.csv"),
    CodeKind.FUND: ("funds.csv",),
    CodeKind.ACCOUNT: ("accounts.csv",),
    CodeKind.ACCOUNTANT: ("accountants.csv",),
}
NUMBERS_MAX: Mapping[CodeKind, int] = {
    CodeKind.CENTRE: CENTRES_MAX,
    CodeKind.AREA: (1 << CENTRE_BIT - AREA_BIT) - 1,
    CodeKind.ITEM: (1 << AREA_BIT - ITEM_BIT) - 1,
    CodeKind.FUND: (1 << ITEM_BIT - FUND_BIT) - 1,
    CodeKind.ACCOUNT: LEDGER_ACCOUNTS - 1,
    CodeKind.ACCOUNTANT: LEDGER_ACCOUNTANTS - 1,
}
"""The greatest number of each kind that fits in a packed account assignment, or in the ledger."""


class NumberedCode(NamedTuple):
    """A row of ``reference_text``."""

    kind: int
    number: int
    code: str


def number_codes(
    numbers_by_code: NumbersByCode, codes: Mapping[CodeKind, Iterable[str]]
) -> list[NumberedCode]:
    """Number the codes that have no number yet, after those that have; return the rows of the new numbers.

    Raises
    ------
    ReferenceDataError
        There are more codes of a kind in all years together than can be numbered.
    """
    new: list[NumberedCode] = []
    for kind, kind_codes in codes.items():
        numbers = numbers_by_code.setdefault(kind, {})
        for code in kind_codes:
            if code not in numbers:
                numbers[code] = len(numbers) + 1
                new.append(NumberedCode(int(kind), numbers[code], code))
    for kind, limit in NUMBERS_MAX.items():
        if len(numbers_by_code.get(kind, ())) > limit:
            raise _build_too_many_error(kind, len(numbers_by_code[kind]), limit)
    return new


def _build_too_many_error(kind: CodeKind, codes: int, limit: int) -> ReferenceDataError:
    finding = f"there are {codes:,} codes, including those of earlier starts, which keep their numbers"
    remedy = f"Use at most {limit:,} in all years together: a code with the same meaning can be used in several years."
    return ReferenceDataError(", ".join(_FILES[kind]), finding, remedy)
