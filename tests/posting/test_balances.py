"""The figures that a batch changed: stored once, with their new values; together they are those of the book."""

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings

from core.tables.journal import AccountBalances, NodeBalances
from posting.batch import BatchResult
from posting.pgcopy import HEADER, TRAILER, Table, decode
from tests.file_strategies import File, files
from tests.posting.ledger_sums import read_sums
from tests.posting.text_engine import TextEngine, build_registry

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Nodes = dict[int, list[int]]
Accounts = dict[tuple[int, int, int], tuple[int, int]]


def _decode_balances(outcome: BatchResult) -> tuple[Nodes, Accounts]:
    nodes = _decode_table(NodeBalances, outcome, "node_balance")
    accounts = _decode_table(AccountBalances, outcome, "account_balance")
    assert set(nodes.batch.tolist()) | set(accounts.batch.tolist()) <= {outcome.number}
    numbers = (nodes.node - build_registry().first_node).tolist()
    figures = dict(zip(numbers, np.array(nodes[2:]).T.tolist(), strict=True))
    columns = (accounts.period, accounts.accountant, accounts.account)
    places = zip(*(column.tolist() for column in columns), strict=True)
    sums = dict(zip(places, zip(accounts.debit.tolist(), accounts.credit.tolist(), strict=True), strict=True))
    assert len(figures) == len(numbers)
    assert len(sums) == len(accounts.batch)
    return figures, sums


def _decode_table(table: type[Table], outcome: BatchResult, name: str) -> Table:
    return decode(table, HEADER + outcome.streams[name].tobytes() + TRAILER)[0]


def _read_book_figures(harness: TextEngine) -> tuple[Nodes, Accounts]:
    """Return the figures in the book, without zeros."""
    book = harness.state.book
    at = np.flatnonzero(book.figures.any(axis=1)).tolist()
    return dict(zip(at, book.figures[at].tolist(), strict=True)), read_sums(harness.state)


def _assert_told(stored: dict[Any, Any], current: dict[Any, Any], previous: dict[Any, Any]) -> None:
    """Assert that every changed figure is stored, and that every stored figure is right."""
    assert {
        at: figure for at, figure in current.items() if previous.get(at) != figure
    }.items() <= stored.items()
    assert all(current.get(at, figure) == figure for at, figure in stored.items())


@few
@given(presented=files(acts_max=25))
def test_changed_figures_are_stored_with_their_batch(presented: list[File]) -> None:
    harness, figures, sums = TextEngine(), Nodes(), Accounts()
    for rows in presented:
        previous = _read_book_figures(harness)
        nodes, accounts = _decode_balances(harness.decide_files(rows))
        current = _read_book_figures(harness)
        _assert_told(nodes, current[0], previous[0])
        _assert_told(accounts, current[1], previous[1])
        figures, sums = figures | nodes, sums | accounts
        assert {at: piece for at, piece in figures.items() if any(piece)} == current[0]
        assert {at: both for at, both in sums.items() if any(both)} == current[1]


def test_a_batch_without_changes_stores_no_figures() -> None:
    harness = TextEngine()
    row = {"reference": "B1", "kind": "budget_opening_ae", "exercise": "2018", "date": "2018-05-02"}
    row |= {"fund_centre": "0177", "commitment_item": "HT2", "amount": "5.00"}
    assert len(_decode_balances(harness.decide_files([row]))[0]) == 1
    assert _decode_balances(harness.decide_files([row])) == ({}, {})
