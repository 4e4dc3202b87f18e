"""The same acts through row-by-row PL/pgSQL: its decisions must equal the engine's act for act, then it is timed."""

import uuid
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers import copy_queries, plpgsql_queries
from bench.year.year_generator import Year, generate_year
from core.catalog import CATALOG, Family, Measure
from ingest.queue.file_feed import FileFeed, ProcessingRequest
from ingest.spool.spool import Spool
from posting.batch import Batch
from posting.book.book_state import BookState
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import PostgresStore

ACTS = 50_000
"""Payment request lines of the year that the peer works; with what they follow, some 80,000 lines."""

_SETUP_FILES = 2
"""The first files, third parties and budget: decided by the peer too, but not timed."""

_Tables = Mapping[str, list[tuple[Any, ...]]]
_DecideSubmission = Callable[[Any, int], Awaitable[float]]

_OPENING_FAMILIES = frozenset({Family.COMMITMENT, Family.SERVICE, Family.PAYMENT_REQUEST})


@dataclass(frozen=True, slots=True)
class Peer:
    """What PL/pgSQL does in a second, committing every 500 acts."""

    lines: int
    lines_a_second: float
    """One call an act from a client."""
    looping_lines_a_second: float
    """All calls made by a loop in the server."""


@dataclass
class _RecordingFeed(FileFeed):
    """A feed that remembers what it gave in first passes, and the book it was for."""

    acts: list[np.ndarray] = field(default_factory=list)
    state: BookState = field(init=False)

    async def open(self, loaded: LoadedBook) -> None:
        self.state = loaded.state
        await super().open(loaded)

    def produce_batches(self) -> Generator[Batch]:
        for batch in super().produce_batches():
            self.acts += [piece.acts for piece in batch.pieces]
            yield batch


async def measure_peer(dsn: str, folder: Path, year: Year) -> Peer:
    """Process a small year in the empty database ``dsn``, then let the peer decide the very same acts beside it.

    File by file, so that both present held acts anew at the same moment.  Third parties and budget are not timed.

    Raises
    ------
    AssertionError
        The peer says of some line what the engine does not.
    """
    small = replace(year, acts=min(year.acts, ACTS), senders=1)
    files = [folder / "files" / each["name"] for each in generate_year(folder / "files", small)["files"]]
    recorded = [await _process_file(dsn, folder / "spool", path) for path in files]
    tables, submissions = _build_tables(recorded), [feed.processed[-1] for feed in recorded]
    lines = sum(map(_count_lines, recorded[_SETUP_FILES:]))
    async with copy_queries.open_connection(dsn) as connection:
        asked, looped = [
            await _time_submissions(connection, way, tables, submissions)
            for way in (plpgsql_queries.decide_by_calls, plpgsql_queries.decide_in_server)
        ]
    return Peer(lines, round(lines / asked), round(lines / looped))


async def _time_submissions(
    connection: Any, way: _DecideSubmission, tables: _Tables, submissions: list[int]
) -> float:
    """The time of all submissions but those that set up, decided from nothing in one ``way``."""
    await plpgsql_queries.create_schema(connection)
    for table, rows in tables.items():
        await plpgsql_queries.fill_table(connection, table, rows)
    seconds = [await way(connection, each) for each in submissions]
    if wrong := await plpgsql_queries.find_differences(connection):
        raise AssertionError("; ".join(wrong))
    return sum(seconds[_SETUP_FILES:])


async def _process_file(dsn: str, spool: Path, path: Path) -> _RecordingFeed:
    async with PostgresStore(dsn).own_lease("bench") as store:
        feed = _RecordingFeed(ProcessingRequest([path]), Spool(spool), store)
        await Pipeline(store, ReferenceData.load()).run(feed)
    if feed.rejected:
        raise AssertionError(str(feed.rejected))
    return feed


def _count_lines(feed: _RecordingFeed) -> int:
    return sum(map(len, feed.acts))


def _build_tables(recorded: list[_RecordingFeed]) -> _Tables:
    """Rows of the peer's tables."""
    state = recorded[-1].state
    cells = list(_list_cells(state))
    lines = [row for feed in recorded for row in _list_act_lines(feed)]
    named = {node for cell in cells for node in (*cell[1], cell[2])} | {row[7] for row in lines}
    return {
        "effect": list(_list_effects()),
        "open_period": [(int(period),) for period in np.flatnonzero(state.book.periods)],
        "cell": cells,
        "node": list(_list_nodes(state, named - {-1})),
        "act_line": lines,
    }


def _list_effects() -> Iterator[tuple]:
    for number, kind in enumerate(CATALOG):
        says = (kind.family is Family.THIRD_PARTY, kind.pays, kind.follows is not Family.NONE, kind.mirrors)
        budget = (
            kind.budget,
            kind.measure is Measure.CP,
            kind.ae_reserved,
            kind.ae_consumed,
            kind.cp_reserved,
        )
        rest = (kind.draws, kind.feeds, kind.shortfall, kind.debit, kind.credit)
        yield (number, *says, *budget, *rest, kind.family in _OPENING_FAMILIES)


def _list_cells(state: BookState) -> Iterator[tuple]:
    """Cells with their chains; nodes by number, as refusals name them."""
    first = state.registry.first_node
    for number, cell in enumerate(state.book.cells[1:].tolist(), 1):
        centre, _, operation, *accounts = cell
        chain = [node + first for node in _trace_chain(state, centre)]
        yield (number, chain, operation + first if operation >= 0 else -1, *accounts)


def _trace_chain(state: BookState, node: int) -> list[int]:
    chain = []
    while node >= 0:
        chain.append(node)
        node = int(state.book.nodes["parent"][node])
    return chain


def _list_nodes(state: BookState, named: set[int]) -> Iterator[tuple]:
    """The nodes named, and all above them."""
    first = state.registry.first_node
    for position in sorted({above for node in named for above in _trace_chain(state, node - first)}):
        parent, level, staff, blocking, _ = state.book.nodes[position].tolist()
        yield (position + first, parent + first if parent >= 0 else -1, level, bool(staff), bool(blocking))


def _list_act_lines(feed: _RecordingFeed) -> Iterator[tuple]:
    first, position = feed.state.registry.first_node, 0
    for acts in feed.acts:
        sizes = np.bincount(acts["head"], minlength=len(acts)).tolist()
        for act, size in zip(acts, sizes, strict=True):
            yield (feed.processed[-1], position, size, *_convert_line(act, first))
            position += 1


def _convert_line(act: np.void, first: int) -> tuple:
    """One line in the peer's words; fingerprints are UUIDs, which PostgreSQL compares fast."""
    source = int(act["source"]) + first if act["source"] >= 0 else -1
    plain = [int(act[name]) for name in ("kind", "fault", "period", "cell")]
    words = [_build_uuid(act, name) for name in ("key", "previous", "payee")]
    return (
        *plain,
        source,
        int(act["account"]),
        int(act["amount"]),
        words[0],
        int(act["content"].view(np.int64)),
        words[1],
        int(act["previous_line"]),
        words[2],
        int(act["bank"].view(np.int64)),
    )


def _build_uuid(act: np.void, name: str) -> uuid.UUID:
    return uuid.UUID(int=int(act[f"{name}_high"]) << 64 | int(act[f"{name}_low"]))
