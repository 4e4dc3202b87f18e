"""What must hold of any correct outcome of the decision kernels; worked out by other means than theirs."""

import numpy as np
from numpy.typing import NDArray

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from core.tables.book import Book
from core.tables.journal import Draws
from kernels.availability import AE, CONSUMED, CP, OPENED, RESERVED

_SAMPLE = 5_000
_REQUESTS = ("payment_request", "payment_request_without_service", "direct_payment_request")


def _require(holds: bool | np.bool_, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def check_decisions(acts: np.ndarray, book: Book, decisions: np.ndarray, repeated: int) -> None:
    """Budget, commitments, ledger and keys agree with the accepted acts, each added up by itself."""
    accepted = decisions["outcome"] == Outcome.ACCEPTED
    before = int(book.counters["entries"][0]) - int(accepted.sum())
    _require(
        np.array_equal(decisions["entry"][accepted], before + 1 + np.arange(accepted.sum())), "entry ids"
    )
    again = decisions["outcome"][len(acts) - repeated :]
    _require(not np.any(again == Outcome.ACCEPTED) or _are_keys_unique(acts, decisions, repeated), "keys")
    _require(np.count_nonzero(decisions["outcome"] == Outcome.AE_EXCEEDED) > 0, "nothing was refused")

    def cents(*kinds: str) -> int:
        of = np.isin(acts["kind"], [KIND_NUMBERS[kind] for kind in kinds])
        return int(acts["amount"][accepted & of].sum())

    _check_budget(book, (cents("commitment"), cents("direct_payment_request"), cents(*_REQUESTS)))
    made = acts["kind"] == KIND_NUMBERS["commitment"]
    items = book.items[decisions["entry"][accepted & made]]
    _require(
        items["open"].sum() == cents("commitment") - cents("service", "payment_request_without_service"),
        "open of commitments",
    )
    _require(
        items["unbilled"].sum() == cents("service") - cents("payment_request"), "certified, not requested"
    )
    _require(items["open"].min() >= 0 and items["unbilled"].min() >= 0, "a commitment overdrawn")
    posted = cents("service", *_REQUESTS)
    _require(book.ledger["debit"].sum() == book.ledger["credit"].sum() == posted, "ledger")


def _are_keys_unique(acts: np.ndarray, decisions: np.ndarray, repeated: int) -> bool:
    """No key was accepted twice: a repeat is only taken where the first was refused."""
    keys = acts["key_high"][decisions["outcome"] == Outcome.ACCEPTED]
    return len(np.unique(keys)) == len(keys) and repeated < len(acts)


def _check_budget(book: Book, sums: tuple[int, int, int]) -> None:
    consumed, reserved, requested = sums
    for level in np.unique(book.nodes["level"]):
        figures = book.figures[book.nodes["level"] == level]
        _require(figures[:, AE + CONSUMED].sum() == consumed, f"AE consumed at level {level}")
        _require(figures[:, AE + RESERVED].sum() == reserved, f"AE reserved at level {level}")
        _require(figures[:, CP + RESERVED].sum() == requested, f"CP reserved at level {level}")
    for measure in (AE, CP):
        used = book.figures[:, measure + RESERVED] + book.figures[:, measure + CONSUMED]
        _require(np.all(used <= book.figures[:, measure + OPENED]), "a node overdrawn")


def check_draws(
    draws: Draws,
    budget: tuple[np.ndarray, np.ndarray, NDArray[np.int64]],
    figures: NDArray[np.int64],
    short: NDArray[np.int32],
) -> None:
    """The first draws one by one in plain Python; all of them by their sums."""
    cells, nodes, opened = budget
    parent, left = nodes["parent"].tolist(), (opened[:, AE] - opened[:, AE + CONSUMED]).tolist()
    centres = cells["centre_node"][draws.cell].tolist()
    for row, (centre, amount) in enumerate(zip(centres[:_SAMPLE], draws.amount.tolist(), strict=False)):
        way, node = [], centre
        while node >= 0:
            way.append(node)
            node = parent[node]
        expected = next((node for node in way if left[node] < amount), -1)
        _require(short[row] == expected, f"draw {row}: {short[row]}, not {expected}")
        for node in way if expected < 0 else ():
            left[node] -= amount
    drawn = draws.amount[short < 0].sum()
    for level in np.unique(nodes["level"]):
        _require(figures[nodes["level"] == level, AE + CONSUMED].sum() == drawn, f"AE at level {level}")
    _require(np.any(short >= 0), "nothing was refused")
    _require(np.all(figures[:, AE + CONSUMED] <= opened[:, AE]), "a node overdrawn")
