"""The same acts decided in PL/pgSQL, row by row and in sets: its decisions must equal the engine's for every line."""

import statistics
import uuid
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.foreign_processes import ForeignLoad, ForeignLoadMeter
from bench.peers import copy_queries, plpgsql_queries
from bench.year.year_generator import Year, generate_year
from core.catalog import CATALOG, BudgetAction, Family, Measure, list_kinds
from core.kind_rules import YearRule
from core.period_states import ALL_ACCOUNTANTS
from core.periods import PeriodState
from core.tables.book import LEDGER_ACCOUNTANTS
from ingest.queue.file_feed import FileFeed, ProcessingRequest
from ingest.spool.spool import Spool
from posting.batch import Batch
from posting.book.book_state import BookState
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import PostgresStore

ACTS = 165_000
"""Payment request lines of the year that the peer decides; with the acts they follow, about 240,000 lines.

So each month fills a set of 20,000 lines.
"""

_SETUP_FILES = 2
"""The first files, with third parties and budget: the peer decides them too, but they are not timed."""

_Tables = Mapping[str, list[tuple[Any, ...]]]


class _Form(NamedTuple):
    """A form of the peer: how it decides a submission, and the views that compare its results."""

    decide: Callable[[Any, int], Awaitable[float]]
    result: str = "result"


_FORMS = (
    _Form(plpgsql_queries.decide_by_calls),
    _Form(plpgsql_queries.decide_in_server),
    _Form(plpgsql_queries.decide_in_sets, "line_result"),
)
ROUNDS = 3
"""How often each form decides the acts, in turn; the median counts."""

_MOVES = frozenset(list_kinds(lambda kind: kind.budget is BudgetAction.MOVE))
"""Kinds whose source is a node."""
_OPENING_FAMILIES = frozenset({Family.COMMITMENT, Family.SERVICE, Family.PAYMENT_REQUEST})


@dataclass(frozen=True, slots=True)
class Peer:
    """The speed of PL/pgSQL."""

    lines: int
    lines_a_second: float
    """Row by row with one call an act from a client, committing every 500 acts."""
    looping_lines_a_second: float
    """Row by row with all calls made by a loop in the server, committing every 500 acts."""
    set_lines_a_second: float
    """In sets of 20,000 lines, one statement and one commit each."""
    rounds: tuple[tuple[float, ...], ...]
    """The seconds of the three forms, round by round."""
    foreign_load: ForeignLoad


@dataclass
class _RecordingFeed(FileFeed):
    """A feed that records the acts of its first passes, and the book."""

    acts: list[np.ndarray] = field(default_factory=list)
    state: BookState = field(init=False)

    async def open(self, loaded: LoadedBook) -> None:
        self.state = loaded.state
        await super().open(loaded)

    def produce_batches(self) -> Generator[Batch]:
        for batch in super().produce_batches():
            self.acts += [piece.acts for piece in batch.pieces]
            yield batch


async def measure_peer(dsn: str, folder: Path, year: Year, *, rounds: int = ROUNDS) -> Peer:
    """Process a small year in the empty database ``dsn``, then let the peer decide the same acts beside it.

    Both work file by file, so that they retry held acts at the same moment.  Third parties and budget are not timed.
    No credits of the next year are committed: the peer does not know that rule.

    Raises
    ------
    AssertionError
        The peer's decision on some line differs from the engine's.
    """
    small = replace(year, acts=min(year.acts, ACTS), senders=1, anticipates=False)
    files = [folder / "files" / file["name"] for file in generate_year(folder / "files", small)["files"]]
    feeds = [await _process_file(dsn, folder / "spool", path) for path in files]
    tables, submissions = _build_tables(feeds), [feed.processed[-1] for feed in feeds]
    lines = sum(map(_count_lines, feeds[_SETUP_FILES:]))
    async with copy_queries.open_connection(dsn) as connection:
        meter = ForeignLoadMeter()
        seconds = [
            tuple([await _time_form(connection, form, tables, submissions=submissions) for form in _FORMS])
            for _ in range(rounds)
        ]
        foreign_load = meter.finish()
    by_calls, in_server, in_sets = (
        round(lines / statistics.median_low(column)) for column in zip(*seconds, strict=True)
    )
    return Peer(lines, by_calls, in_server, in_sets, tuple(seconds), foreign_load)


async def _time_form(connection: Any, form: _Form, tables: _Tables, *, submissions: list[int]) -> float:
    """Time all submissions but those of the setup, decided in an empty schema; return seconds."""
    await plpgsql_queries.create_schema(connection)
    for table, rows in tables.items():
        await plpgsql_queries.fill_table(connection, table, rows)
    await copy_queries.write_out(connection)
    seconds = [await form.decide(connection, submission) for submission in submissions]
    if differences := await plpgsql_queries.find_differences(connection, form.result):
        raise AssertionError("; ".join(differences))
    return round(sum(seconds[_SETUP_FILES:]), 3)


async def _process_file(dsn: str, spool: Path, path: Path) -> _RecordingFeed:
    async with PostgresStore(dsn).own_lease("bench") as store:
        feed = _RecordingFeed(ProcessingRequest([path]), Spool(spool), store)
        await Pipeline(store, ReferenceData.load()).run(feed)
    if feed.rejected:
        raise AssertionError(str(feed.rejected))
    return feed


def _count_lines(feed: _RecordingFeed) -> int:
    return sum(map(len, feed.acts))


def _build_tables(feeds: list[_RecordingFeed]) -> _Tables:
    """Build the rows of the peer's tables."""
    state = feeds[-1].state
    cells = list(_list_cells(state))
    act_lines = [row for feed in feeds for row in _list_act_lines(feed)]
    nodes = {node for cell in cells for node in (*cell[1], cell[2])} | {row[7] for row in act_lines}
    return {
        "effect": list(_list_effects()),
        "open_period": list(_list_open_periods(state)),
        "cell": cells,
        "node": list(_list_nodes(state, nodes - {-1})),
        "act_line": act_lines,
    }


def _list_open_periods(state: BookState) -> Iterator[tuple[int]]:
    """List the periods that are open for all accountants; no decision stands between the lines of the year."""
    of_all = state.book.periods.reshape(-1, LEDGER_ACCOUNTANTS)[:, ALL_ACCOUNTANTS]
    for period in np.flatnonzero(of_all == PeriodState.OPEN):
        yield (int(period),)


def _list_effects() -> Iterator[tuple]:
    for number, kind in enumerate(CATALOG):
        flags = (kind.family is Family.THIRD_PARTY, kind.pays, kind.follows is not Family.NONE, kind.mirrors)
        budget = (
            kind.budget,
            kind.measure is Measure.CP,
            kind.ae_reserved,
            kind.ae_consumed,
            kind.cp_reserved,
        )
        posting = (kind.draws, kind.feeds, kind.shortfall, kind.debit, kind.credit)
        rules = (kind.refusal, kind.year_rule is not YearRule.NONE)
        yield (
            number,
            *flags,
            *budget,
            *posting,
            kind.family in _OPENING_FAMILIES,
            *rules,
            kind.before_service,
        )


def _list_cells(state: BookState) -> Iterator[tuple]:
    """List the cells with their chains of nodes; nodes have the numbers that refusals contain."""
    first = state.registry.first_node
    for number, cell in enumerate(state.book.cells[1:], 1):
        chain = [node + first for node in _trace_chain(state, int(cell["centre_node"]))]
        operation = int(cell["operation_node"])
        accounts = (int(cell[name]) for name in ("expense", "accrued", "creditor", "payroll"))
        year = state.book.years[int(cell["year"])]
        days = (int(year["first_day"]), int(year["last_day"]))
        yield (
            number,
            chain,
            operation + first if operation >= 0 else -1,
            *accounts,
            *days,
            bool(cell["unserved"]),
        )


def _trace_chain(state: BookState, node: int) -> list[int]:
    chain = []
    while node >= 0:
        chain.append(node)
        node = int(state.book.nodes["parent"][node])
    return chain


def _list_nodes(state: BookState, named: set[int]) -> Iterator[tuple]:
    """List the given nodes and all nodes above them."""
    first = state.registry.first_node
    for position in sorted({above for node in named for above in _trace_chain(state, node - first)}):
        parent, level, staff, blocking, *_ = state.book.nodes[position].tolist()
        yield (position + first, parent + first if parent >= 0 else -1, level, bool(staff), bool(blocking))


def _list_act_lines(feed: _RecordingFeed) -> Iterator[tuple]:
    first, position = feed.state.registry.first_node, 0
    for acts in feed.acts:
        sizes = np.bincount(acts["head"], minlength=len(acts)).tolist()
        heads = (acts["head"] + position).tolist()
        for act, size, head in zip(acts, sizes, heads, strict=True):
            yield (feed.processed[-1], position, size, *_convert_line(act, first), head)
            position += 1


def _convert_line(act: np.void, first: int) -> tuple:
    """Convert a line to the columns of the peer; fingerprints become UUIDs, which PostgreSQL compares fast."""
    source = int(act["source"]) + first if int(act["kind"]) in _MOVES else -1
    codes = [int(act[name]) for name in ("kind", "fault", "period", "cell")]
    keys = [_build_uuid(act, name) for name in ("key", "previous", "payee")]
    return (
        *codes,
        source,
        int(act["account"]),
        int(act["amount"]),
        keys[0],
        int(act["content"].view(np.int64)),
        keys[1],
        int(act["previous_line"]),
        keys[2],
        int(act["bank"].view(np.int64)),
        int(act["day"]),
        _build_invoice(act),
        int(act["nature"]),
    )


def _build_uuid(act: np.void, name: str) -> uuid.UUID:
    return uuid.UUID(int=int(act[f"{name}_high"]) << 64 | int(act[f"{name}_low"]))


def _build_invoice(act: np.void) -> uuid.UUID | None:
    """Build the key of the invoice that a line states, with the part of it; none without an invoice."""
    if not act["invoice_high"]:
        return None
    return uuid.UUID(
        int=int(act["invoice_high"]) << 64 | int(act["invoice_low"]) << 8 | int(act["invoice_part"])
    )
