"""Invariants of any correct outcome of the decision kernels, computed in a different way."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from core.tables.book import Book
from core.tables.journal import Draws
from kernels.availability import AE, CONSUMED, CP, OPENED, RESERVED

_SAMPLE = 5_000
_REQUESTS = ("payment_request", "payment_request_without_service", "direct_payment_request")


class BudgetArrays(NamedTuple):
    """The cells, nodes and figures of a budget."""

    cells: np.ndarray
    nodes: np.ndarray
    figures: NDArray[np.int64]


def _require(is_true: bool | np.bool_, invariant: str) -> None:
    if not is_true:
        raise AssertionError(invariant)


def check_decisions(acts: np.ndarray, book: Book, decisions: np.ndarray, *, repeated: int) -> None:
    """Check that budget, commitments, ledger and keys agree with the sums of the accepted acts."""
    accepted = decisions["outcome"] == Outcome.ACCEPTED
    before = int(book.counters["entries"][0]) - int(accepted.sum())
    _require(
        np.array_equal(decisions["entry"][accepted], before + 1 + np.arange(accepted.sum())), "entry ids"
    )
    repeats = decisions["outcome"][len(acts) - repeated :]
    _require(not np.any(repeats == Outcome.ACCEPTED) or _are_keys_unique(acts, decisions, repeated), "keys")
    _require(np.count_nonzero(decisions["outcome"] == Outcome.AE_EXCEEDED) > 0, "nothing was refused")

    def sum_cents(*kinds: str) -> int:
        is_of_kinds = np.isin(acts["kind"], [KIND_NUMBERS[kind] for kind in kinds])
        return int(acts["amount"][accepted & is_of_kinds].sum())

    _check_budget(
        book,
        consumed=sum_cents("commitment"),
        reserved=sum_cents("direct_payment_request"),
        requested=sum_cents(*_REQUESTS),
    )
    is_commitment = acts["kind"] == KIND_NUMBERS["commitment"]
    items = book.items[decisions["entry"][accepted & is_commitment]]
    _require(
        items["open"].sum()
        == sum_cents("commitment") - sum_cents("service", "payment_request_without_service"),
        "open of commitments",
    )
    _require(
        items["unbilled"].sum() == sum_cents("service") - sum_cents("payment_request"),
        "certified, not requested",
    )
    _require(items["open"].min() >= 0 and items["unbilled"].min() >= 0, "a commitment overdrawn")
    posted = sum_cents("service", *_REQUESTS)
    _require(book.ledger["debit"].sum() == book.ledger["credit"].sum() == posted, "ledger")


def _are_keys_unique(acts: np.ndarray, decisions: np.ndarray, repeated: int) -> bool:
    """Return whether no key was accepted twice; a repeat may be accepted only if the first act was refused."""
    keys = acts["key_high"][decisions["outcome"] == Outcome.ACCEPTED]
    return len(np.unique(keys)) == len(keys) and repeated < len(acts)


def _check_budget(book: Book, *, consumed: int, reserved: int, requested: int) -> None:
    for level in np.unique(book.nodes["level"]):
        figures = book.figures[book.nodes["level"] == level]
        _require(figures[:, AE + CONSUMED].sum() == consumed, f"AE consumed at level {level}")
        _require(figures[:, AE + RESERVED].sum() == reserved, f"AE reserved at level {level}")
        _require(figures[:, CP + RESERVED].sum() == requested, f"CP reserved at level {level}")
    for measure in (AE, CP):
        used = book.figures[:, measure + RESERVED] + book.figures[:, measure + CONSUMED]
        _require(np.all(used <= book.figures[:, measure + OPENED]), "a node overdrawn")


def check_draws(
    draws: Draws, opening: BudgetArrays, figures: NDArray[np.int64], *, short: NDArray[np.int32]
) -> None:
    """Check the first draws one by one in plain Python, and all of them by their sums.

    ``opening`` is the budget before the draws, ``figures`` its figures after them; ``short`` contains the node without
    sufficient credits for each draw, or -1.
    """
    cells, nodes, opening_figures = opening
    parent, available = (
        nodes["parent"].tolist(),
        (opening_figures[:, AE] - opening_figures[:, AE + CONSUMED]).tolist(),
    )
    centres = cells["centre_node"][draws.cell].tolist()
    for row, (centre, amount) in enumerate(zip(centres[:_SAMPLE], draws.amount.tolist(), strict=False)):
        chain, node = [], centre
        while node >= 0:
            chain.append(node)
            node = parent[node]
        expected = next((node for node in chain if available[node] < amount), -1)
        _require(short[row] == expected, f"draw {row}: {short[row]}, not {expected}")
        for node in chain if expected < 0 else ():
            available[node] -= amount
    drawn = draws.amount[short < 0].sum()
    for level in np.unique(nodes["level"]):
        _require(figures[nodes["level"] == level, AE + CONSUMED].sum() == drawn, f"AE at level {level}")
    _require(np.any(short >= 0), "nothing was refused")
    _require(np.all(figures[:, AE + CONSUMED] <= opening_figures[:, AE]), "a node overdrawn")
