"""What depends on the codes that a folder no longer has: entries, credits, commitments, and amounts posted."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from core.sql_files import read_queries
from posting.book.code_numbers import CodeKind
from reporting.commitments import fetch_sums_of_cells
from reporting.reference.row_changes import ChangeType, CodeUse, RowChange
from reporting.report_queries import Connection, Row

SQL: Mapping[str, str] = read_queries("reporting.reference", "code_use.sql")
_KINDS: Mapping[str, CodeKind] = {
    "programmes.csv": CodeKind.CENTRE,
    "centres.csv": CodeKind.CENTRE,
    "assigned.csv": CodeKind.CENTRE,
    "areas.csv": CodeKind.AREA,
    "items.csv": CodeKind.ITEM,
    "receipts.csv": CodeKind.ITEM,
    "restorations.csv": CodeKind.ITEM,
    "roles.csv": CodeKind.ITEM,
    "funds.csv": CodeKind.FUND,
    "accounts.csv": CodeKind.ACCOUNT,
    "accountants.csv": CodeKind.ACCOUNTANT,
}
"""The files whose rows are named by a code that the journal numbers."""
_PARTS: Mapping[str, CodeKind] = {
    "centre": CodeKind.CENTRE,
    "operation": CodeKind.CENTRE,
    "area": CodeKind.AREA,
    "item": CodeKind.ITEM,
    "fund": CodeKind.FUND,
}
"""The codes of an account assignment."""
_POSTED = (CodeKind.ACCOUNT, CodeKind.ACCOUNTANT)


class CodeInYear(NamedTuple):
    """A code of a kind, in a year."""

    year: int
    kind: int
    code: str


CodeUses = Mapping[CodeInYear, CodeUse]
_Place = tuple[int, int, int]
"""Year, kind and number of a code."""
_UNUSED = CodeUse()


async def add_uses(connection: Connection, changes: Sequence[RowChange]) -> list[RowChange]:
    """Return the changes, each removed row with what depends on its code.

    Reads all entries of the journal if a code is removed that the journal has numbered.
    """
    uses = await _load_uses(connection, {code for change in changes for code in _list_removed_codes(change)})
    return [
        msgspec.structs.replace(change, use=_sum_uses(uses.get(code, _UNUSED) for code in codes))
        if codes
        else change
        for change in changes
        for codes in (_list_removed_codes(change),)
    ]


def _list_removed_codes(change: RowChange) -> list[CodeInYear]:
    """Return the codes that a removed row names, by year; none if the journal does not number them."""
    kind = _KINDS.get(change.file) if change.change is ChangeType.REMOVED else None
    return [CodeInYear(year, int(kind), change.code) for year in change.years] if kind else []


def _sum_uses(uses: Iterable[CodeUse]) -> CodeUse:
    return CodeUse(*map(sum, zip(*(msgspec.structs.astuple(use) for use in uses), strict=True)))


async def _load_uses(connection: Connection, removed: Collection[CodeInYear]) -> CodeUses:
    rows = await connection.fetch(SQL["code_numbers"]) if removed else []
    numbers = {(row["kind"], row["code"]): row["id"] for row in rows}
    places = {
        (code.year, code.kind, numbers[code.kind, code.code]): code
        for code in removed
        if (code.kind, code.code) in numbers
    }
    return await _add_up(connection, places) if places else {}


async def _add_up(connection: Connection, places: Mapping[_Place, CodeInYear]) -> CodeUses:
    figures: dict[_Place, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in [*await _fetch_figures(connection, list(places)), *await _fetch_commitments(connection)]:
        place = row["year"], row["kind"], row["id"]
        for name in CodeUse.__struct_fields__ if place in places else ():
            figures[place][name] += row.get(name, 0)
    return {places[place]: CodeUse(**sums) for place, sums in figures.items()}


async def _fetch_figures(connection: Connection, places: list[_Place]) -> list[Row]:
    """Return what is counted and added up by the database, by year, kind and number of the code."""
    centres = [place for place in places if place[1] == CodeKind.CENTRE]
    posted = [place for place in places if place[1] in _POSTED]
    years, numbers = [place[0] for place in centres], [place[2] for place in centres]
    rows = [
        *await connection.fetch(SQL["entries_of_codes"], *_split(places)),
        *await connection.fetch(SQL["credits_of_centres"], years, numbers),
        *await connection.fetch(SQL["balances_of_accounts"], *_split(posted)),
    ]
    return [dict(row) for row in rows]


def _split(places: list[_Place]) -> list[list[int]]:
    """Return years, kinds and numbers as three arrays."""
    return [[place[part] for place in places] for part in range(3)]


async def _fetch_commitments(connection: Connection) -> list[Row]:
    """Return what remains to be paid of commitments, by each code of their account assignments."""
    sums = {row["cell"]: row for row in await fetch_sums_of_cells(connection)}
    parts = await connection.fetch(SQL["cell_parts"], list(sums))
    return [
        {
            "year": sums[part["cell"]]["budget_year"],
            "kind": int(kind),
            "id": part[name],
            "commitments": sums[part["cell"]]["commitments"],
            "remaining_cents": _find_remainder(sums[part["cell"]]),
        }
        for part in parts
        for name, kind in _PARTS.items()
        if part[name]
    ]


def _find_remainder(row: Row) -> int:
    return row["engaged"] - row["withdrawn"] - row["paid"]
