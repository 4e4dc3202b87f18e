"""To which account assignment of the next year each entry goes: by its own, by that of its act, or after its commitment."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from closing.assignments import Assignments, OwnPlace, ReferenceYears, build_assignments
from closing.journal import Journal
from closing.journal_queries import Connection
from closing.open_year import OpenYear
from closing.owned_line_queries import EntrySet, OwnedLines, Senders, load_owned_lines
from closing.remainders import Remainders
from core.catalog import CATALOG
from core.succession_rows import ANY_ACT, ActName
from core.successions import names_acts

_EVERY_KIND = np.arange(len(CATALOG))


class Targets(NamedTuple):
    """The assignments, and by entry the number of the one whose codes of the next year it goes to."""

    assignments: Assignments
    number: NDArray[np.int32]


class CellRows(NamedTuple):
    """The cells of the ledger as rows, and the year that is closed, with the reference data of the years."""

    rows: Sequence[Mapping[str, Any]]
    year: int
    reference: ReferenceYears


class OpenLedger(NamedTuple):
    """The journal, and what is open of it."""

    journal: Journal
    remainders: Remainders
    opened: OpenYear


def find_roots(journal: Journal, remainders: Remainders, entries: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the commitment of each entry, over what it follows; of one without a commitment the first act of its chain."""
    at = entries.astype(np.int64)
    while True:
        before = journal.predecessor[at].astype(np.int64)
        climbs = (remainders.root[at] == 0) & (before > 0)
        if not climbs.any():
            break
        at = np.where(climbs, before, at)
    return np.where(remainders.root[at] > 0, remainders.root[at], at).astype(np.int64)


def follow_carried_commitments(
    journal: Journal, remainders: Remainders, assignments: Assignments, *, entries: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return the assignment of each entry, or where its commitment is in the next year, if it was carried there already.

    What has another assignment than its commitment, as late interest may, does not follow it.  What was carried with the
    commitment in an earlier year has the assignment that the commitment has since then.
    """
    numbers = journal.cell[entries].copy()
    root = find_roots(journal, remainders, entries)
    place, is_of_commitment = root.copy(), journal.cell[root] == numbers
    while True:
        carry = remainders.carried_by[place].astype(np.int64)
        if not (carry > 0).any():
            break
        place = np.where(carry > 0, carry, place)
        is_of_commitment |= journal.cell[place] == numbers
    has_target = is_of_commitment & (place != root) & assignments.is_of_next[journal.cell[place]]
    return np.where(has_target, journal.cell[place], numbers).astype(np.int32)


async def find_targets(
    connection: Connection,
    cells: CellRows,
    ledger: OpenLedger,
    *,
    senders: Senders,
    assignments: Assignments,
) -> Targets:
    """Find where each open entry goes; acts that orders name are looked up only if orders name some."""
    journal, remainders, opened = ledger
    entries, number = _list_entries(opened, len(journal.cell)), journal.cell.copy()
    names = _list_names(cells)
    if names and len(entries):
        roots = await asyncio.to_thread(find_roots, journal, remainders, entries)
        named = EntrySet(np.unique(roots), _EVERY_KIND)
        (lines,) = await load_owned_lines(connection, [named], senders)
        places = _OwnPlaces(number, len(assignments.programme))
        own_places = places.number_entries(entries, roots, _match_names(lines, names))
        assignments = build_assignments(cells.rows, cells.year, cells.reference, own_places=own_places)
    if len(entries):
        new = follow_carried_commitments(journal, remainders, assignments, entries=entries)
        is_new = new != journal.cell[entries]
        number[entries[is_new]] = new[is_new]
    return Targets(assignments, number)


def _list_entries(opened: OpenYear, size: int) -> NDArray[np.int64]:
    """List the open entries in ascending order: flags by entry are much faster than sorting or hashing millions."""
    is_open = np.zeros(size, bool)
    kept_back = (opened.retentions, opened.penalties)
    for family in (opened.commitments, opened.services, opened.requests, *kept_back):
        is_open[family.entry] = True
    return np.flatnonzero(is_open)


def _list_names(cells: CellRows) -> set[ActName]:
    """List the acts that orders name, of the next year and of those before, from which guarantees may come."""
    years = cells.reference.nomenclatures
    return {
        key.act
        for year, nomenclature in years.items()
        if year <= cells.year + 1 and names_acts(nomenclature.successions)
        for key in nomenclature.successions
        if key.act != ANY_ACT
    }


def _match_names(lines: OwnedLines, names: set[ActName]) -> dict[int, ActName]:
    """Return the named acts by their entries; only lines whose reference is named become Python objects."""
    references = pa.array(sorted({name.reference for name in names}), pa.string())
    options = pc.SetLookupOptions(value_set=references)
    is_named = pc.call_function("is_in", [lines.reference], options).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(is_named)
    owners = lines.owner.dictionary_decode().take(pa.array(rows)).to_pylist()
    acts = map(ActName, owners, lines.reference.take(pa.array(rows)).to_pylist())
    return {entry: act for entry, act in zip(lines.entry[rows].tolist(), acts, strict=True) if act in names}


class _OwnPlaces(NamedTuple):
    """The numbers of assignments by entry, which are changed, and the first number after all cells."""

    number: NDArray[np.int32]
    first: int

    def number_entries(
        self, entries: NDArray[np.int64], roots: NDArray[np.int64], acts: Mapping[int, ActName]
    ) -> list[OwnPlace]:
        """Give each entry of a named act the number of a place of its own; return these places in order."""
        places: dict[OwnPlace, int] = {}
        is_named = np.isin(roots, np.fromiter(acts, np.int64, len(acts)))
        for entry, root in zip(entries[is_named].tolist(), roots[is_named].tolist(), strict=True):
            place = OwnPlace(int(self.number[entry]), acts[root])
            self.number[entry] = places.setdefault(place, self.first + len(places))
        return list(places)
