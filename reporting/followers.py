"""What follows lines of commitments and requests: their sums by kind, less what was undone since."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.catalog import CATALOG, Family, list_kinds
from reporting.act_rows import choose_lookup
from reporting.report_queries import Connection, Row, fetch

_DIVERTING = list_kinds(lambda kind: kind.is_part)
_UNDOABLE = frozenset(kind.follows for kind in CATALOG if kind.mirrors)
FollowerSums = Mapping[int, Mapping[int, int]]
"""By line and kind of follower: the cents that were not undone since."""


class Followers(NamedTuple):
    """The followers of some lines."""

    sums: FollowerSums
    settlements: Mapping[int, list[int]]
    """By line: the entries that paid it, set it off or diverted it."""


async def sum_followers(connection: Connection, entries: Sequence[int]) -> FollowerSums:
    """Sum the followers of these entries, less what was undone."""
    return (await load_followers(connection, entries)).sums


async def load_followers(connection: Connection, entries: Sequence[int]) -> Followers:
    """Load the followers of these entries and their sums; the database sums, as followers may be many."""
    direct = await _fetch_drawn(connection, entries)
    undoable = [row for row in direct if CATALOG[row["kind"]].family in _UNDOABLE]
    followed = {entry: (row["predecessor"], row["kind"]) for row in undoable for entry in row["entries"]}
    undone = await _fetch_drawn(connection, list(followed))
    sums: dict[int, dict[int, int]] = {entry: defaultdict(int) for entry in entries}
    for row in direct:
        sums[row["predecessor"]][row["kind"]] += row["cents"]
    for row in undone:
        if not CATALOG[row["kind"]].mirrors:
            continue
        line, kind = followed[row["predecessor"]]
        sums[line][kind] -= row["cents"]
    return Followers(sums, _list_settlements(direct))


def _list_settlements(direct: Sequence[Row]) -> Mapping[int, list[int]]:
    entries: dict[int, list[int]] = defaultdict(list)
    for row in direct:
        if CATALOG[row["kind"]].family is Family.SETTLEMENT or row["kind"] in _DIVERTING:
            entries[row["predecessor"]] += row["entries"]
    return {entry: sorted(settling) for entry, settling in entries.items()}


async def _fetch_drawn(connection: Connection, entries: Sequence[int]) -> list[Row]:
    if not entries:
        return []
    await choose_lookup(connection, len(entries))
    return await fetch(connection, "drawn", entries, min(entries))
