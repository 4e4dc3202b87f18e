"""A small budget laid out as the decision kernel takes it, and what it says in the words of the plain model."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from core.catalog import CATALOG, Effects, Stage, build_effects
from core.outcome_codes import Outcome
from core.tables.book import (
    FOLLOWED_BIT,
    LEDGER_ACCOUNTS,
    PAYEE_BLOCKED_BIT,
    ROLE_COUNT,
    SUSPENDED_BIT,
    BudgetNodes,
    Cells,
    Counters,
    KeyRows,
    Ledger,
    OpenItems,
)
from core.tables.book import Book as Tables
from core.tables.columns import allocate_records, seal_array, to_record_dtype
from core.tables.journal import Acts, Decisions
from kernels import decisions as kernel
from tests.act_strategies import to_columns
from tests.book_strategies import StartingBook
from tests.oracle import ledger as oracle
from tests.oracle.model import FIGURES, NONE, AcceptedAct, Decision, Fingerprint, Line, OpenItem, Payee

_PERIODS = 8


class BookContent(NamedTuple):
    """Everything deciding advances, without the zeros."""

    figures: dict[tuple[int, int], int]
    items: dict[int, OpenItem]
    payees: dict[Fingerprint, Payee]
    keys: dict[Fingerprint, tuple[int, object]]
    """First entry of each act, and the word for all it says."""
    lines_after: dict[int, int]
    sums: dict[tuple[int, int], tuple[int, int]]
    waiting: dict[Fingerprint, object]


class KernelBook:
    """The tables of a book with room for so many lines, and no more."""

    def __init__(self, book: StartingBook, lines: int) -> None:
        self.tables = Tables(
            effects=seal_array(
                _allocate_rows(Effects, zip(*(each.tolist() for each in build_effects()), strict=True))
            ),
            cells=seal_array(_build_cells(book)),
            nodes=_build_nodes(book),
            items=allocate_records(OpenItems, lines + 1),
            ledger=allocate_records(Ledger, _PERIODS * LEDGER_ACCOUNTS),
            keys=allocate_records(KeyRows, lines),
            payees=allocate_records(KeyRows, lines),
            waiting=allocate_records(KeyRows, lines),
            counters=allocate_records(Counters, 1),
            figures=np.zeros((max(book.world.nodes) + 1, FIGURES), np.int64),
            periods=np.isin(np.arange(_PERIODS), list(book.world.open_periods)).astype(np.uint8),
            roles=_build_roles(book),
            slots=_allocate_slots(lines),
            payee_slots=_allocate_slots(lines),
            waiting_slots=_allocate_slots(lines),
        )
        for (node, figure), cents in book.figures.items():
            self.tables.figures[node, figure] = cents

    def decide(self, lines: Sequence[Line], holding: bool) -> list[Decision]:
        """The kernel's decisions; what it must not write to is the same afterwards."""
        acts, found = to_records(lines), allocate_records(Decisions, len(lines))
        fixed = (acts, self.tables.effects, self.tables.cells, self.tables.periods)
        before = [each.tobytes() for each in fixed]
        kernel.decide(acts, self.tables, found, holding)
        assert [each.tobytes() for each in fixed] == before
        return [to_decision(row) for row in found]

    def read_content(self) -> BookContent:
        """The state, read back."""
        tables, count = self.tables, self.tables.counters[0]
        items = {
            entry: dict(zip(OpenItems._fields, row, strict=True))
            for entry, row in enumerate(tables.items.tolist())
        }
        ledger = {at: (debit, credit) for at, (debit, credit, _) in enumerate(tables.ledger.tolist())}
        keys: dict[Fingerprint, tuple[int, object]] = {
            (row[0], row[1]): (row[2], row[3]) for row in tables.keys[: count["keys"]].tolist()
        }
        payees: dict[Fingerprint, Payee] = {
            (row[0], row[1]): _to_payee(*row[2:]) for row in tables.payees[: count["payees"]].tolist()
        }
        return BookContent(
            {
                (int(at), int(figure)): int(tables.figures[at, figure])
                for at, figure in np.argwhere(tables.figures)
            },
            {entry: to_item(items[entry]) for entry in range(1, int(count["entries"]) + 1)},
            payees,
            keys,
            {entry: items[entry]["lines_after"] for entry in range(1, int(count["entries"]) + 1)},
            {divmod(at, LEDGER_ACCOUNTS): both for at, both in ledger.items() if any(both)},
            {tuple(row[:2]): row[3] for row in tables.waiting[: count["waiting"]].tolist()},
        )

    def list_touched(self) -> set[int]:
        """Nodes marked as changed."""
        return set(np.flatnonzero(self.tables.nodes["touched"]).tolist())


def read_ledger_content(ledger: oracle.Ledger) -> BookContent:
    """The plain model's state in the same words."""
    state = ledger.state
    keys: dict[Fingerprint, AcceptedAct] = dict(state.keys)
    after = [
        (each.first + place, each.lines - 1 - place) for each in keys.values() for place in range(each.lines)
    ]
    return BookContent(
        {at: cents for at, cents in state.figures.items() if cents},
        dict(state.items),
        dict(state.payees),
        {key: (each.first, _fold_content(each.content)) for key, each in keys.items()},
        dict(after),
        {at: both for at, both in state.sums.items() if any(both)},
        {key: _fold_content(content) for key, content in ledger.waiting.items()},
    )


def to_records(lines: Sequence[Line]) -> np.ndarray:
    """``lines`` as sealed records."""
    return seal_array(
        _allocate_rows(Acts, zip(*(to_columns(lines)[name] for name in Acts._fields), strict=True))
    )


def _fold_content(content: object) -> object:
    """An act's first line carries the digest of them all."""
    return content[0] if isinstance(content, tuple) else content


def to_decision(record: np.void) -> Decision:
    """What a line follows, and where it posts, is told of accepted lines only."""
    row: dict[str, int] = dict(zip(Decisions._fields, record.tolist(), strict=True))
    outcome = Outcome(row["outcome"])
    bare = Decision(outcome, row["entry"], node=row["node"], missing=row["missing"])
    own = ("predecessor", "cell", "payee", "debit", "credit")
    return bare._replace(**{name: row[name] for name in own}) if outcome is Outcome.ACCEPTED else bare


def to_item(row: dict[str, int]) -> OpenItem:
    """The number of a payee stands where a commitment counts what is certified and not yet requested."""
    is_owed = CATALOG[row["kind"]].reaches is not Stage.NONE
    own = row["unbilled"] & ~(FOLLOWED_BIT | SUSPENDED_BIT)
    told = {"unbilled": 0, "payee": own} if is_owed else {"payee": 0}
    told["is_followed"] = bool(row["unbilled"] & FOLLOWED_BIT)
    told["is_stopped"] = bool(row["unbilled"] & SUSPENDED_BIT)
    return OpenItem(**{name: (row | told)[name] for name in OpenItem._fields})  # type: ignore[arg-type]


def _to_payee(value: int, bank: int) -> Payee:
    return Payee(value % PAYEE_BLOCKED_BIT, bank, value >= PAYEE_BLOCKED_BIT)


def _allocate_rows(table: type, rows: Iterable[tuple[int, ...]]) -> np.ndarray:
    return np.array(list(rows), to_record_dtype(table))


def _allocate_slots(rows: int) -> np.ndarray:
    """As few as the kernels allow: at most half of them ever taken."""
    return np.zeros(1 << (2 * rows).bit_length(), np.uint64)


def _build_roles(book: StartingBook) -> np.ndarray:
    found = np.zeros(_PERIODS * ROLE_COUNT, np.int16)
    for (period, role), account in book.world.roles.items():
        found[period * ROLE_COUNT + role] = account
    return found


def _build_nodes(book: StartingBook) -> np.ndarray:
    found = allocate_records(BudgetNodes, max(book.world.nodes) + 1)
    for number, node in book.world.nodes.items():
        found[number] = (node.parent, node.level, node.staff, node.blocking, 0)
    return found


def _build_cells(book: StartingBook) -> np.ndarray:
    found = allocate_records(Cells, max(book.world.cells) + 1)
    for number, cell in book.world.cells.items():
        level = book.world.nodes[cell.centre_node].level
        found[number] = (cell.centre_node, level, *cell[1:])
    found["operation_node"][0] = NONE
    return found
