"""Tables of lines during reading: their content, their faults, and the numbers of their codes."""

from typing import NamedTuple

from core.tables.columns import Code, Hash64, Index, Money, Small


class LineFaults(NamedTuple):
    """The first fault of each line, and the ``core.act_fields.Field`` at fault; 0 if none."""

    fault: Code
    field: Code


class LineContent(NamedTuple):
    """The content of lines, or of the values of a column, added up column by column."""

    fields: Hash64
    """Bit f is set where field f has a value."""
    content: Hash64
    """Sum of one word per value: an absent column and an empty one add nothing alike."""
    flawed: Code
    """The first field, in the order of the columns, that cannot be read; 0 if none."""


class RequiredFields(NamedTuple):
    """By kind: sets of fields, bit f for field f."""

    always: Hash64
    """The fields that every line of the kind needs."""
    naming: Hash64
    """A line with a value in any of these fields names an account assignment."""
    of_cell: Hash64
    """The further fields that a line with an account assignment needs."""
    order: Code
    """Not by kind: the order in which missing fields are reported."""


class LineCodes(NamedTuple):
    """The codes of each line by the registry's numbers: 0 where it gives none, -1 for an unknown one."""

    centre: Index
    operation: Index
    area: Index
    item: Index
    fund: Index
    account: Index
    activity: Index
    """The programme of the activity."""
    source_centre: Index
    """The fund centre that a move takes from."""
    source_item: Index
    """0: the same as ``item``."""
    year: Money
    kind: Code
    named: Code
    """1 for a line with an account assignment."""


class YearCodes(NamedTuple):
    """One year's files, by the registry's numbers.

    Every ``..._exists`` column tells whether the year's files contain the code: 1 in row 0, for no code, and 0 in the last
    row, for unknown codes.
    """

    year: Money
    """One row."""
    nodes: Money
    """Two rows: the position in the book of the year's first node, and the number of nodes per fund centre."""
    ordinary: Index
    """One row: the fund of lines that give none."""
    centre_level: Code
    centre_parent: Index
    centre_programme: Index
    centre_exists: Code
    area_programme: Index
    area_exists: Code
    item_staff: Code
    item_budget_only: Code
    item_receipt: Code
    """1 where it is a nature of receipt."""
    item_exists: Code
    fund_family: Code
    fund_programme: Index
    fund_exists: Code
    account_exists: Code
    admitted: Code
    """By item, then account (as many as ``account_exists`` has rows): 1 where the item admits the account."""
    account_restricted: Code
    """1 where nothing is posted by hand, and in row 0, as a line that posts by hand names an account."""
    account_opening: Code
    """1 where opening balances are posted."""
    account_result: Code
    """1 where the result of the year is determined."""
    account_allocation: Code
    """1 where the result of the year before is allotted."""
    account_suspense: Code
    """1 where amounts stand until they are cleared; row 0 has no meaning, as what concerns them names an account."""
    account_asset: Code
    """1 where assets in service stand; row 0 has no meaning, as what puts an asset into service names an account."""


class KindUses(NamedTuple):
    """By kind: its effect on the budget, 1 or 0."""

    moves: Code
    earmarks: Code
    spends: Code
    brings: Code
    engages: Code
    """Takes AE without CP, which title 2 does not allow."""
    pays_staff: Code
    """Spends credits of title 2 alone."""
    charges: Code
    """Posts to a charge or asset, whose account the line may state."""
    receives: Code
    """Is a receivable or follows one: it states a nature of receipt."""
    journals: Code
    """Posts by hand to the account that the line states."""
    opens_year: Code
    """Posts an opening balance to the account that the line states."""
    results: Code
    """Posts an entry of the result to the account that the line states."""
    allots: Code
    """Posts an entry that allots a result to the account that the line states."""
    suspense: Code
    """Takes up or justifies what stands on the suspense account that the line states."""
    assets: Code
    """Puts an asset into service on the account that the line states."""
    inventory: Code
    """Posts an entry of the inventory to the account that the line states: the book knows whether it may."""


class PlacedLines(NamedTuple):
    """The resolved assignment of each line."""

    word: Money
    """The packed assignment; -1 where the line gives none."""
    source: Index
    """Budget node that a move takes from; -1 for any other kind."""
    account: Small


class FormRows(NamedTuple):
    """One row per form, at its first line.  A COPY row; the form as received follows."""

    submission: Index
    line: Index
