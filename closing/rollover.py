"""The rollover (*bascule*): finds what is open of a year, and builds the acts that carry it into the next."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from closing.assignments import Assignments, ReferenceYears, build_assignments
from closing.carry_acts import CarryLines, build_acts_table, select_lines
from closing.journal import Journal
from closing.journal_queries import Connection, load_journal
from closing.open_year import (
    COMMITMENT_CARRY,
    PENALTY_CARRY,
    REQUEST_CARRY,
    RETENTION_CARRY,
    SERVICE_CARRY,
    OpenEntries,
    OpenYear,
    find_open_year,
)
from closing.owned_line_queries import EntrySet, Senders, load_owned_lines, load_references, rename_acts
from closing.remainders import (
    COMMITS,
    PENALISES,
    REQUESTS,
    RETAINS,
    SERVES,
    Remainders,
    compute_remainders,
)
from closing.step_kinds import CARRYING_STEPS, STEP_OF_KIND, list_needed_kinds, select_steps
from closing.steps import Step
from closing.targets import CellRows, OpenLedger, find_targets
from core.catalog import KIND_NUMBERS
from core.sql_files import read_queries
from posting.book.registry import ReferenceData

SQL = read_queries("closing", "queries.sql")
_KINDS: Mapping[str, NDArray[np.int64]] = {
    COMMITMENT_CARRY: np.flatnonzero(COMMITS),
    SERVICE_CARRY: np.flatnonzero(SERVES),
    REQUEST_CARRY: np.flatnonzero(REQUESTS),
    RETENTION_CARRY: np.flatnonzero(RETAINS),
    PENALTY_CARRY: np.flatnonzero(PENALISES),
}
"""By kind of carry: the kinds of what it carries."""
_NUMBERS: Mapping[str, int] = {kind: KIND_NUMBERS.get(kind, 0) for kind in _KINDS}
StepCallback = Callable[[str], None]
"""Called with each step of the work before it begins."""


class OpenKind(NamedTuple):
    """What one kind of carry would carry."""

    kind: str
    entries: OpenEntries


class Rollover(NamedTuple):
    """What is open of a year, in one snapshot of the journal."""

    year: int
    last_entry: int
    cell: NDArray[np.int32]
    """The row of ``assignments`` with the codes of the next year to which each entry goes."""
    origin: NDArray[np.int32]
    """The row of its own account assignment."""
    open_year: OpenYear
    assignments: Assignments
    senders: Senders
    carried: Mapping[str, int]
    """By kind of carry: the lines of the year that are carried already."""

    def list_open_kinds(self, step: Step) -> Iterator[OpenKind]:
        """Yield the kinds of carry of a step, each with what it would carry."""
        of_year = self.open_year
        is_open = (of_year.commitments.amount > 0) | (of_year.unbilled > 0)
        for obstacle in of_year.obstacles:
            is_open &= ~np.isin(of_year.commitments.entry, obstacle.entries.entry)
        rows = np.flatnonzero(is_open)
        commitments = OpenEntries(of_year.commitments.entry[rows], of_year.commitments.amount[rows])
        entries = {
            COMMITMENT_CARRY: commitments,
            SERVICE_CARRY: of_year.services,
            REQUEST_CARRY: of_year.requests,
            RETENTION_CARRY: of_year.retentions,
            PENALTY_CARRY: of_year.penalties,
        }
        for kind, carried in entries.items():
            if STEP_OF_KIND[kind] is step:
                yield OpenKind(kind, carried)


async def load_rollover(
    connection: Connection,
    year: int,
    reference: ReferenceData,
    *,
    on_step: StepCallback,
    steps: Collection[Step] = CARRYING_STEPS,
) -> Rollover:
    """Find what is open of ``year`` for ``steps``; the transaction must be one snapshot."""
    on_step("reading the journal")
    last_entry: int = await connection.fetchval(SQL["last_entry"]) or 0
    rows = await connection.fetch(SQL["cells"])
    years = ReferenceYears(reference.nomenclatures, reference.accountants)
    assignments = await asyncio.to_thread(build_assignments, rows, year, years)
    cells = CellRows(rows, year, years)
    senders = Senders(
        {row["submission"]: row["sender"] for row in await connection.fetch(SQL["senders"])},
        {row["id"]: row["code"] for row in await connection.fetch(SQL["sender_numbers"])},
    )
    journal = await load_journal(connection, last_entry, list_needed_kinds(steps))
    on_step(f"computing what is open of {year}")
    opened = await asyncio.to_thread(_find_open_year, journal, assignments, steps)
    ledger = OpenLedger(journal, opened.remainders, opened.open_year)
    targets = await find_targets(connection, cells, ledger, senders=senders, assignments=assignments)
    return Rollover(
        year,
        last_entry,
        targets.number,
        journal.cell,
        opened.open_year,
        targets.assignments,
        senders,
        opened.carried,
    )


class _OpenState(NamedTuple):
    """What is open of every entry and of the year, and how many lines were carried, by kind."""

    remainders: Remainders
    open_year: OpenYear
    carried: dict[str, int]


def _find_open_year(journal: Journal, assignments: Assignments, steps: Collection[Step]) -> _OpenState:
    remainders = compute_remainders(journal)
    before = journal.predecessor
    carried = {
        kind: int(np.count_nonzero(assignments.is_of_year[journal.cell[before[journal.kind == number]]]))
        for kind, number in _NUMBERS.items()
    }
    open_year = find_open_year(journal, remainders, assignments.is_of_year, is_older=assignments.is_older)
    return _OpenState(remainders, select_steps(open_year, steps), carried)


async def load_carry_lines(connection: Connection, rollover: Rollover, step: Step) -> list[CarryLines]:
    """Load the lines that a step carries, in the order in which they are decided; the snapshot is that of ``rollover``."""
    open_kinds = [row for row in rollover.list_open_kinds(step) if len(row.entries.entry)]
    if not open_kinds:
        return []
    of_year, kinds = rollover.open_year, [_KINDS[row.kind] for row in open_kinds]
    # a commitment of which nothing is open goes with the other lines of its act
    entries = [of_year.commitments if row.kind == COMMITMENT_CARRY else row.entries for row in open_kinds]
    sets = [EntrySet(part.entry, numbers) for part, numbers in zip(entries, kinds, strict=True)]
    lines = await load_owned_lines(connection, sets, rollover.senders)
    names = await load_references(connection, rollover.year + 1, rollover.senders, kinds=kinds)
    parts = []
    for row, part, own, references in zip(open_kinds, entries, lines, names, strict=True):
        renamed = rename_acts(own, references, f"{rollover.year}.{{}}.{rollover.last_entry}")
        carried = CarryLines(row.kind, renamed, part.amount, rollover.cell[part.entry], own.reference)
        parts.append(_select_acts(carried, row.entries.entry, rollover))
    return parts


def _select_acts(part: CarryLines, opened: NDArray[np.int64], rollover: Rollover) -> CarryLines:
    """Select the whole acts of which a line is open, and no line has an obstacle or no assignment in the next year."""
    act, count = part.lines.act, int(part.lines.act.max(initial=-1)) + 1
    is_open = np.zeros(count, bool)
    is_open[act[np.isin(part.lines.entry, opened, assume_unique=True)]] = True
    is_open[act[rollover.assignments.obstacle[part.cell] > 0]] = False
    for obstacle in rollover.open_year.obstacles:
        is_open[act[np.isin(part.lines.entry, obstacle.entries.entry)]] = False
    return select_lines(part, is_open[act])


def build_table(
    parts: list[CarryLines], rollover: Rollover, day: date, *, step: Step, cause: str
) -> pa.Table:
    """Build the acts of a step; there is at least one line."""
    return build_acts_table(parts, rollover.assignments, day, step=step, cause=cause)
