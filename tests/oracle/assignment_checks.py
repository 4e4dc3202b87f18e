"""Resolution of a line's codes to its assignment or first fault, for one year's files and codes as small numbers."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from core.act_fields import Field
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from core.periods import YEAR_FIRST

LineFault = tuple[int, int]


class LineCodes(NamedTuple):
    """Codes by number: 0 if none is given, -1 for an unknown one."""

    centre: int
    operation: int
    area: int
    item: int
    fund: int
    account: int
    activity: int
    source_centre: int
    source_item: int
    year: int
    kind: int
    named: int


class CentreRow(NamedTuple):
    """A fund centre."""

    level: int
    parent: int
    programme: int


class ItemRow(NamedTuple):
    """A commitment item; ``admits`` is None if it does not restrict accounts."""

    staff: bool
    budget_only: bool
    admits: frozenset[int] | None
    receipt: bool = False


class FundRow(NamedTuple):
    """A fund."""

    family: int
    programme: int


class YearCodes(NamedTuple):
    """The codes of a year."""

    year: int
    first_node: int
    nodes_a_centre: int
    ordinary: int
    centres: Mapping[int, CentreRow]
    areas: Mapping[int, int]
    """Programme by area."""
    items: Mapping[int, ItemRow]
    funds: Mapping[int, FundRow]
    accounts: frozenset[int]
    restricted: frozenset[int]
    opening: frozenset[int]
    result: frozenset[int]
    allocation: frozenset[int]
    suspense: frozenset[int]
    assets: frozenset[int]


class KindUses(NamedTuple):
    """The kinds with each effect on the budget."""

    moves: frozenset[int]
    earmarks: frozenset[int]
    spends: frozenset[int]
    brings: frozenset[int]
    engages: frozenset[int]
    """Take AE without CP, which title 2 does not allow."""
    pays_staff: frozenset[int]
    """Spend credits of title 2 alone."""
    charges: frozenset[int]
    """Post to a charge or asset."""
    receives: frozenset[int]
    """State natures of receipt."""
    journals: frozenset[int]
    """Post by hand."""
    opens_year: frozenset[int]
    """Post opening balances."""
    results: frozenset[int]
    """Post entries of the result."""
    allots: frozenset[int]
    """Post entries that allot a result."""
    suspense: frozenset[int]
    """Concern what stands on a suspense account."""
    assets: frozenset[int]
    """Put an asset into service."""
    inventory: frozenset[int]
    """Post entries of the inventory, whose accounts the book knows."""


class PlacedLine(NamedTuple):
    """The packed assignment of a line, the node that it takes from, the account that it gives."""

    word: int = -1
    source: int = -1
    account: int = 0


def place_line(
    line: LineCodes, year: YearCodes, uses: KindUses, fault_before: LineFault
) -> tuple[LineFault, PlacedLine]:
    """Return the line's first fault, and its assignment if it has none."""
    if fault_before[0] or line.year != year.year:
        return fault_before, PlacedLine()
    line = line._replace(fund=line.fund or year.ordinary, source_item=line.source_item or line.item)
    fault = next(_find_faults(line, year, uses), (0, 0))
    if fault[0] or not line.named:
        return fault, PlacedLine(account=0 if fault[0] else line.account)
    word = 0
    for part, bits in (
        (line.operation or line.centre, 17),
        (line.area, 14),
        (line.item, 10),
        (line.fund, 15),
    ):
        word = word * 2**bits + part
    word = word * 2**7 + line.year - YEAR_FIRST
    return fault, PlacedLine(
        word, _find_source_node(line, year) if line.kind in uses.moves else -1, line.account
    )


def _find_source_node(line: LineCodes, year: YearCodes) -> int:
    item, fund = year.items.get(line.source_item), year.funds.get(line.fund)
    sheet = (3 if item and item.staff else 0) + (fund.family if fund else 0)
    return year.first_node + line.source_centre * year.nodes_a_centre + sheet


def _find_faults(line: LineCodes, year: YearCodes, uses: KindUses) -> Iterator[LineFault]:
    if line.named:
        yield from _find_unknown_codes(line, year, uses)
        yield from ((Outcome.NOMENCLATURE_MISMATCH, field) for field in _find_mismatches(line, year, uses))
        named_item = year.items.get(line.item)
        if named_item and named_item.staff and line.kind in uses.engages:
            yield Outcome.TITLE_TWO_COMMITMENT, Field.COMMITMENT_ITEM
    if line.account and line.account not in year.accounts:
        yield Outcome.ACCOUNT_UNKNOWN, Field.ACCOUNT
    if line.kind in uses.suspense and line.account not in year.suspense:
        yield Outcome.ACCOUNT_MISMATCH, Field.ACCOUNT
    if line.kind in uses.assets:
        if line.account not in year.assets:
            yield Outcome.ACCOUNT_MISMATCH, Field.ACCOUNT
        return
    if line.kind in uses.journals:
        if line.account in year.restricted:
            yield Outcome.ACCOUNT_RESTRICTED, Field.ACCOUNT
        return
    if line.kind in uses.opens_year:
        if line.account not in year.opening:
            yield Outcome.OPENING_ACCOUNT, Field.ACCOUNT
        return
    if line.kind in uses.results:
        if line.account not in year.result:
            yield Outcome.RESULT_ACCOUNT, Field.ACCOUNT
        return
    if line.kind in uses.allots:
        if line.account not in year.allocation:
            yield Outcome.RESULT_ACCOUNT, Field.ACCOUNT
        return
    if line.kind in uses.inventory:
        return
    if line.account and line.kind not in uses.charges | uses.suspense:
        yield Outcome.ACCOUNT_MISMATCH, Field.ACCOUNT
    item = year.items.get(line.item) if line.named else None
    if line.account and item and item.admits is not None and line.account not in item.admits:
        yield Outcome.ACCOUNT_MISMATCH, Field.ACCOUNT


def _find_unknown_codes(line: LineCodes, year: YearCodes, uses: KindUses) -> Iterator[LineFault]:
    centre, moves = year.centres.get(line.centre), line.kind in uses.moves
    source_centre = year.centres.get(line.source_centre)
    if line.centre and (not centre or centre.level == CentreLevel.OPERATION):
        yield Outcome.FUND_CENTRE_UNKNOWN, Field.FUND_CENTRE
    if moves and line.source_centre and (not source_centre or source_centre.level == CentreLevel.OPERATION):
        yield Outcome.FUND_CENTRE_UNKNOWN, Field.COUNTERPART
    if line.kind in uses.spends and (not centre or centre.level != CentreLevel.UO):
        yield Outcome.FUND_CENTRE_LEVEL, Field.FUND_CENTRE
    if line.area and line.area not in year.areas:
        yield Outcome.FUNCTIONAL_AREA_UNKNOWN, Field.FUNCTIONAL_AREA
    if line.item and line.item not in year.items:
        yield Outcome.COMMITMENT_ITEM_UNKNOWN, Field.COMMITMENT_ITEM
    if moves and line.source_item and line.source_item not in year.items:
        yield Outcome.COMMITMENT_ITEM_UNKNOWN, Field.COUNTERPART
    if line.fund and line.fund not in year.funds:
        yield Outcome.FUND_UNKNOWN, Field.FUND
    operation = year.centres.get(line.operation)
    if line.operation and (not operation or operation.level != CentreLevel.OPERATION):
        yield Outcome.OPERATION_UNKNOWN, Field.OPERATION


def _find_mismatches(line: LineCodes, year: YearCodes, uses: KindUses) -> Iterator[int]:
    """Yield the fields whose code does not match the others; all codes exist in the year."""
    centre, item = year.centres.get(line.centre), year.items.get(line.item)
    programme = centre.programme if centre else 0
    fund, operation = year.funds.get(line.fund), year.centres.get(line.operation)
    if year.areas.get(line.area, 0) not in (0, programme):
        yield Field.FUNCTIONAL_AREA
    if line.activity not in (0, programme):
        yield Field.ACTIVITY
    if item and (line.kind in uses.receives) != item.receipt:
        yield Field.COMMITMENT_ITEM
    if item and line.kind in uses.brings and not item.budget_only:
        yield Field.COMMITMENT_ITEM
    if item and line.kind not in uses.brings | uses.earmarks | uses.receives and item.budget_only:
        yield Field.COMMITMENT_ITEM
    if item and line.kind in uses.earmarks and item.staff:
        yield Field.COMMITMENT_ITEM
    if item and line.kind in uses.pays_staff and not item.staff:
        yield Field.COMMITMENT_ITEM
    if fund and fund.programme not in (0, programme):
        yield Field.FUND
    if operation and (operation.parent != line.centre or line.kind in uses.pays_staff):
        yield Field.OPERATION
