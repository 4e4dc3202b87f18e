"""Acts that share neither credits nor items end in the same balances in any order, and each with the same outcome (rule A10).

Each programme has chains of acts, some of which its credits refuse; those of different programmes share nothing.  Two orders
draw the next act from any programme, and keep the order within each.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.outcome_codes import Outcome
from tests.file_strategies import PLACES, File, Row, build_openings
from tests.kernels.execution_modes import run_examples
from tests.oracle.iban import add_check_digits
from tests.posting.ledger_sums import Place, read_sums
from tests.posting.text_engine import TextEngine

_PROGRAMMES = tuple(dict.fromkeys(place.unit[:4] for place in PLACES))
_FOLLOWS = {
    "commitment_increase": "commitment",
    "commitment_decrease": "commitment",
    "service": "commitment",
    "service_cancellation": "service",
    "payment_request": "commitment",
    "payment_request_rejection": "payment_request",
    "bank_debit": "payment",
    "payment": "payment_request",
}
_KINDS = (
    *("commitment", "commitment", "service", "service", "payment_request", "payment_request"),
    *("direct_payment_request", "direct_payment_request", "commitment_increase", "commitment_decrease"),
    *("service_cancellation", "payment_request_rejection", "payment", "bank_debit"),
    *("budget_move_ae", "budget_move_cp", "allotment_ae", "allotment_cp"),
)
_PAYING = frozenset({"payment_request", "direct_payment_request"})


class FinalState(NamedTuple):
    """All that decisions leave, by names that do not depend on their order."""

    outcomes: dict[str, tuple[str, int, int]]
    """Outcome, node and missing cents of each act, by reference."""
    open_cents: dict[str, int]
    """What is left to take up of each accepted act."""
    figures: dict[int, list[int]]
    """The eight figures of each node."""
    titles: list[tuple[int, ...]]
    sums: dict[Place, tuple[int, int]]
    """Debit and credit by period, accountant and account."""


@st.composite
def chains(draw: st.DrawFn) -> list[File]:
    """Draw the acts of each programme, in order."""
    return [draw(_acts(programme)) for programme in _PROGRAMMES]


@st.composite
def _acts(draw: st.DrawFn, programme: str) -> File:
    payee = f"10014{programme}0"
    iban = add_check_digits("FR", f"{int(programme):023}")
    rows = [_build("third_party", f"{programme}-0", payee=payee, payee_name="Entreprise", iban=iban)]
    for kind in draw(st.lists(st.sampled_from(_KINDS), min_size=1, max_size=12)):
        row = _build(kind, f"{programme}-{len(rows)}", amount=f"{draw(st.integers(1, 250))}.00")
        if kind in _PAYING:
            row["payee"] = payee
        if kind in _FOLLOWS:
            before = [other["reference"] for other in rows if other["kind"] == _FOLLOWS[kind]]
            row["predecessor"] = draw(st.sampled_from(before or ["missing"]))
        else:
            row |= draw(_assignments(programme, kind))
        rows.append(row)
    return rows


@st.composite
def _assignments(draw: st.DrawFn, programme: str, kind: str) -> Row:
    places = [place for place in PLACES if place.unit.startswith(programme)]
    place, other = draw(st.sampled_from(places)), draw(st.sampled_from(places))
    if kind.startswith("budget_move"):
        return {"fund_centre": place.unit, "commitment_item": "HT2", "counterpart": other.unit}
    if kind.startswith("allotment"):
        return {"fund_centre": place.unit, "commitment_item": "HT2"}
    item = {"commitment_item": draw(st.sampled_from(place.items))}
    return {"fund_centre": place.unit, "functional_area": place.area, **item}


def _build(kind: str, reference: str, **fields: str) -> Row:
    return {"reference": reference, "kind": kind, "exercise": "2018", "date": "2018-05-02", **fields}


def interleave(groups: Sequence[File], random: Random) -> File:
    """Merge the acts of all groups at random, in order within each group."""
    turns = [number for number, group in enumerate(groups) for _ in group]
    random.shuffle(turns)
    remaining = [iter(group) for group in groups]
    return [next(remaining[number]) for number in turns]


def decide(rows: File, random: Random) -> FinalState:
    """Decide acts after the openings, in batches that are cut at random."""
    engine = TextEngine()
    engine.decide_files(build_openings())
    outcomes: dict[str, tuple[str, int, int]] = {}
    entries: dict[str, int] = {}
    while rows:
        count = random.randint(1, len(rows))
        batch, rows = rows[:count], rows[count:]
        engine.decide_files(batch)
        (decisions,) = engine.engine.decisions
        for row, decision in zip(batch, decisions, strict=True):
            outcome = Outcome(int(decision["outcome"])).name
            outcomes[row["reference"]] = outcome, int(decision["node"]), int(decision["missing"])
            if outcome == Outcome.ACCEPTED.name:
                entries[row["reference"]] = int(decision["entry"])
    return _read_state(engine, outcomes, entries)


def _read_state(
    engine: TextEngine, outcomes: dict[str, tuple[str, int, int]], entries: dict[str, int]
) -> FinalState:
    book = engine.state.book
    nodes = np.flatnonzero(book.figures.any(axis=1)).tolist()
    return FinalState(
        outcomes,
        {reference: int(book.items[entry]["open"]) for reference, entry in entries.items()},
        dict(zip(nodes, book.figures[nodes].tolist(), strict=True)),
        [(int(row["opened"]), int(row["anticipated"])) for row in book.titles],
        read_sums(engine.state),
    )


@run_examples(60)
@given(groups=chains(), seed=st.integers(0, 2**32))
def test_independent_acts_end_in_the_same_balances_in_any_order(groups: list[File], seed: int) -> None:
    random = Random(seed)
    one_by_one = decide([row for group in groups for row in group], random)
    assert decide(interleave(groups, random), random) == one_by_one
    assert decide(interleave(groups, random), random) == one_by_one


def test_acts_on_the_same_credits_depend_on_their_order() -> None:
    """So the comparison can fail: two commitments find credits for one of them."""
    unit = {"fund_centre": PLACES[0].unit, "functional_area": PLACES[0].area, "commitment_item": "31"}
    rows = [
        _build("commitment", "C1", amount="400.00", **unit),
        _build("commitment", "C2", amount="500.00", **unit),
    ]
    first, second = decide(rows, Random(1)), decide(rows[::-1], Random(1))
    assert [first.outcomes[name][0] for name in ("C1", "C2")] == ["ACCEPTED", "AE_EXCEEDED"]
    assert first.outcomes != second.outcomes
    assert first.figures != second.figures


def test_the_acts_that_are_drawn_are_accepted_and_refused() -> None:
    """A chain of each programme up to the debit of a payment, and an act that finds no credits."""
    groups: list[File] = []
    for place in (PLACES[0], PLACES[3]):
        programme = place.unit[:4]
        unit = {"fund_centre": place.unit, "functional_area": place.area, "commitment_item": "31"}
        payee = {"payee": f"10014{programme}0"}
        names = {"payee_name": "Entreprise", "iban": add_check_digits("FR", f"{int(programme):023}")}
        groups.append(
            [
                _build("third_party", f"{programme}-0", **payee, **names),
                _build("commitment", f"{programme}-1", amount="40.00", **unit),
                _build("service", f"{programme}-2", amount="30.00", predecessor=f"{programme}-1"),
                _build(
                    "payment_request", f"{programme}-3", amount="20.00", predecessor=f"{programme}-1", **payee
                ),
                _build("payment", f"{programme}-4", amount="20.00", predecessor=f"{programme}-3"),
                _build("bank_debit", f"{programme}-5", amount="20.00", predecessor=f"{programme}-4"),
                _build("direct_payment_request", f"{programme}-6", amount="900.00", **unit, **payee),
            ]
        )
    random = Random(7)
    state = decide(interleave(groups, random), random)
    refused = {name for name, outcome in state.outcomes.items() if outcome[0] != "ACCEPTED"}
    assert refused == {"0177-6", "0217-6"}
    assert state == decide([row for group in groups[::-1] for row in group], random)
