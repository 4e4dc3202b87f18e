"""The figures a batch changed: told once, with what they are now; all of them together are the book's."""

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings

from core.tables.book import LEDGER_ACCOUNTS
from core.tables.journal import AccountBalances, NodeBalances
from posting.batch import BatchResult
from posting.pgcopy import HEADER, TRAILER, Table, decode
from tests.file_strategies import File, files
from tests.posting.text_engine import TextEngine, build_registry

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Nodes = dict[int, list[int]]
Accounts = dict[tuple[int, int], tuple[int, int]]


def _told(outcome: BatchResult) -> tuple[Nodes, Accounts]:
    nodes = _decoded(NodeBalances, outcome, "node_balance")
    accounts = _decoded(AccountBalances, outcome, "account_balance")
    assert set(nodes.batch.tolist()) | set(accounts.batch.tolist()) <= {outcome.number}
    numbers = (nodes.node - build_registry().first_node).tolist()
    figures = dict(zip(numbers, np.array(nodes[2:]).T.tolist(), strict=True))
    places = zip(accounts.period.tolist(), accounts.account.tolist(), strict=True)
    sums = dict(zip(places, zip(accounts.debit.tolist(), accounts.credit.tolist(), strict=True), strict=True))
    assert len(figures) == len(numbers)
    assert len(sums) == len(accounts.batch)
    return figures, sums


def _decoded(table: type[Table], outcome: BatchResult, name: str) -> Table:
    return decode(table, HEADER + outcome.streams[name].tobytes() + TRAILER)[0]


def _kept(desk: TextEngine) -> tuple[Nodes, Accounts]:
    """What the book says itself, without the zeros."""
    book = desk.state.book
    at = np.flatnonzero(book.figures.any(axis=1)).tolist()
    rows = np.flatnonzero((book.ledger["debit"] != 0) | (book.ledger["credit"] != 0)).tolist()
    sums = {divmod(row, LEDGER_ACCOUNTS): book.ledger[["debit", "credit"]][row].tolist() for row in rows}
    return dict(zip(at, book.figures[at].tolist(), strict=True)), sums


def _assert_told(told: dict[Any, Any], now: dict[Any, Any], then: dict[Any, Any]) -> None:
    """All that differs is told, and what is told is so."""
    assert {at: figure for at, figure in now.items() if then.get(at) != figure}.items() <= told.items()
    assert all(now.get(at, figure) == figure for at, figure in told.items())


@few
@given(presented=files(acts_max=25))
def test_what_changed_is_told_with_its_batch(presented: list[File]) -> None:
    desk, figures, sums = TextEngine(), Nodes(), Accounts()
    for rows in presented:
        before = _kept(desk)
        nodes, accounts = _told(desk.decide_files(rows))
        after = _kept(desk)
        _assert_told(nodes, after[0], before[0])
        _assert_told(accounts, after[1], before[1])
        figures, sums = figures | nodes, sums | accounts
        assert {at: each for at, each in figures.items() if any(each)} == after[0]
        assert {at: both for at, both in sums.items() if any(both)} == after[1]


def test_nothing_is_told_of_a_batch_that_changes_nothing() -> None:
    desk = TextEngine()
    row = {"reference": "B1", "kind": "budget_opening_ae", "exercise": "2018", "date": "2018-05-02"}
    row |= {"fund_centre": "0177", "commitment_item": "HT2", "amount": "5.00"}
    assert len(_told(desk.decide_files([row]))[0]) == 1
    assert _told(desk.decide_files([row])) == ({}, {})
