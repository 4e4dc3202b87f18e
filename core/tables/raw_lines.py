"""Tables of lines while they are read: what each says, what is wrong with it, and what its codes stand for."""

from typing import NamedTuple

from core.tables.columns import Code, Hash64, Index, Money, Small


class LineFaults(NamedTuple):
    """The first fault found on each line, and the ``core.act_fields.Field`` it lies in; 0 if none."""

    fault: Code
    field: Code


class LineContent(NamedTuple):
    """What lines, or the values of a column, say; gathered column by column."""

    fields: Hash64
    """Bit f is set where something is said in field f."""
    content: Hash64
    """Sum of a word for each thing said: a column that is absent and one that is empty add the same."""
    flawed: Code
    """The first field, in the order they were gathered, that cannot be read; 0 if none."""


class RequiredFields(NamedTuple):
    """By kind: sets of fields, bit f for field f."""

    always: Hash64
    """What every line of the kind must say."""
    naming: Hash64
    """A line that says anything of this names an account assignment."""
    of_cell: Hash64
    """What a line that names one must say besides."""
    order: Code
    """Not by kind: fields in the order in which they are missed."""


class LineCodes(NamedTuple):
    """The codes of each line by the registry's numbers: 0 where it gives none, -1 for one unknown."""

    centre: Index
    operation: Index
    area: Index
    item: Index
    fund: Index
    account: Index
    activity: Index
    """Programme of the activity."""
    giver_centre: Index
    """Where a move takes from."""
    giver_item: Index
    """0: the same as ``item``."""
    year: Money
    kind: Code
    named: Code
    """1 for a line that names an account assignment."""


class YearCodes(NamedTuple):
    """One year's files, by the registry's numbers.

    Every ``held`` column says whether the year holds the code: nothing (0) is held, and the last row, of what is
    unknown, is not.
    """

    year: Money
    """One row."""
    nodes: Money
    """Two rows: position in the book of the year's first node, and nodes a fund centre."""
    ordinary: Index
    """One row: the fund of those who name none."""
    centre_level: Code
    centre_parent: Index
    centre_programme: Index
    centre_held: Code
    area_programme: Index
    area_held: Code
    item_staff: Code
    item_budget_only: Code
    item_held: Code
    fund_family: Code
    fund_programme: Index
    fund_held: Code
    account_held: Code
    admitted: Code
    """By item, then account (as many as ``account_held`` has rows): whether the one may be posted to the other."""


class KindUses(NamedTuple):
    """By kind: what it does with the budget."""

    moves: Code
    earmarks: Code
    spends: Code
    brings: Code


class PlacedLines(NamedTuple):
    """What a line's assignment comes to."""

    word: Money
    """The assignment packed; -1 where the line names none."""
    source: Index
    """Budget node a move takes from; -1 otherwise."""
    account: Small


class FormRows(NamedTuple):
    """One row per form, at its first line.  A COPY row; the form as it came follows."""

    submission: Index
    line: Index
