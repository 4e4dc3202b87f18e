"""The search for open payables reads ranges of the journal backwards; the result does not depend on the ranges."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalog import CATALOG, KIND_NUMBERS
from core.tables.columns import allocate_zeros
from core.tables.payment_runs import Payables
from posting.pgcopy import TextCells
from settlement.runs import open_payables
from settlement.runs.open_payables import OPENS, PAYING_KIND, TAKES, PayablesSearch
from tests.settlement.outgoing_orders import build_cells

REQUESTS = ("direct_payment_request", "payment_request_without_service", "attachment", "late_interest")
TAKERS = (
    "payment",
    "payment_request_rejection",
    "set_off",
    "advance_withholding",
    "retention",
    "attachment",
    "assignment",
)
PARTS = ("attachment", "assignment")


class Posted(NamedTuple):
    """An entry of the journal."""

    kind: str
    predecessor: int
    amount: int
    payee: int = 0

    @property
    def number(self) -> int:
        return KIND_NUMBERS[self.kind]


@st.composite
def journals(draw: st.DrawFn) -> list[Posted]:
    """Draw commitments, requests on them, acts that consume those, and blocks of payees, each after its predecessor."""
    journal: list[Posted] = []
    open_cents: dict[int, int] = {}
    for entry in range(1, draw(st.integers(0, 30)) + 1):
        payables = [payable for payable, cents in open_cents.items() if cents]
        commitments = [number for number, posted in enumerate(journal, 1) if posted.kind == "commitment"]
        if payables and draw(st.booleans()):
            predecessor = draw(st.sampled_from(payables))
            amount = draw(st.integers(1, open_cents[predecessor]))
            kind = draw(st.sampled_from(TAKERS))
            journal.append(Posted(kind, predecessor, amount, draw(st.integers(1, 3))))
            _take(journal, journal[-1], open_cents)
        elif draw(st.integers(0, 4)) == 0:
            journal.append(
                Posted(draw(st.sampled_from(("payee_block", "payee_release"))), 0, 0, draw(st.integers(1, 3)))
            )
        elif draw(st.booleans()):
            journal.append(Posted("commitment", 0, draw(st.integers(1, 99))))
        else:
            kind = draw(st.sampled_from(("direct_payment_request", "payment_request_without_service")))
            is_direct = kind == "direct_payment_request"
            predecessor = 0 if is_direct else draw(st.sampled_from([0, *commitments]))
            journal.append(Posted(kind, predecessor, draw(st.integers(1, 99)), draw(st.integers(1, 3))))
        if OPENS[journal[-1].number]:
            open_cents[entry] = journal[-1].amount
    return journal


def _take(journal: Sequence[Posted], posted: Posted, open_cents: dict[int, int]) -> None:
    """Consume what the act follows; what is rejected of a part of a debt is open again in the debt."""
    open_cents[posted.predecessor] -= posted.amount
    followed = journal[posted.predecessor - 1]
    if posted.kind == "payment_request_rejection" and followed.kind in PARTS:
        open_cents[followed.predecessor] += posted.amount


def search_plainly(journal: Sequence[Posted]) -> tuple[list[tuple[int, int, str, str]], set[int]]:
    """Find (entry, cents, reference, commitment's reference) of open payables, and blocked payees, entry by entry."""
    open_cents: dict[int, int] = {}
    blocked: set[int] = set()
    for number, posted in enumerate(journal, 1):
        if TAKES[posted.number]:
            _take(journal, posted, open_cents)
        if OPENS[posted.number]:
            open_cents[number] = posted.amount
        if posted.kind in ("payee_block", "payee_release"):
            (blocked.add if posted.kind == "payee_block" else blocked.discard)(posted.payee)
    kinds = {number: posted.kind for number, posted in enumerate(journal, 1)}
    payables = []
    for number, cents in open_cents.items():
        predecessor = journal[number - 1].predecessor
        commitment = f"R{predecessor}" if kinds.get(predecessor) == "commitment" else ""
        payables.append((number, cents, f"R{number}", commitment))
    return [payable for payable in payables if payable[1]], blocked


@settings(max_examples=200, deadline=None)
@given(journals(), st.lists(st.integers(0, 30), max_size=4), st.randoms(use_true_random=False))
def test_the_result_does_not_depend_on_the_ranges(
    journal: list[Posted], cuts: list[int], chance: object
) -> None:
    bounds = sorted({0, len(journal), *(min(cut, len(journal)) for cut in cuts)})
    search = PayablesSearch(len(journal))
    for first, end in reversed(list(pairwise(bounds))):
        entries = list(range(first + 1, end + 1))
        chance.shuffle(entries)  # type: ignore[attr-defined]
        entries = [entry for entry in entries if journal[entry - 1].number in open_payables.SEARCHED_KINDS]
        search.add_rows(*_to_payables(journal, entries))
    payables = search.collect()
    expected, blocked = search_plainly(journal)
    actual = [
        (int(entry), int(cents), payables.reference.decode_row(row), payables.commitment.decode_row(row))
        for row, (entry, cents) in enumerate(zip(payables.rows.entry_id, payables.rows.amount, strict=True))
    ]
    assert actual == expected
    assert set(payables.blocked_payees.tolist()) == blocked


def _to_payables(journal: Sequence[Posted], entries: list[int]) -> tuple[Payables, TextCells]:
    rows = allocate_zeros(Payables, len(entries))
    for row, entry in enumerate(entries):
        posted = journal[entry - 1]
        rows.entry_id[row], rows.kind[row], rows.predecessor[row] = entry, posted.number, posted.predecessor
        rows.amount[row], rows.payee[row] = posted.amount, posted.payee
    return rows, build_cells([f"R{entry}" for entry in entries])


def test_the_catalog_decides_what_is_a_debt_and_what_pays_it() -> None:
    opens = {CATALOG[number].name for number in np.flatnonzero(OPENS).tolist()}
    assert opens >= {*REQUESTS, "payment_request", "return_identified", "assignment", "retention_release"}
    assert "retention" not in opens, "what is retained is paid after its release alone"
    assert {CATALOG[number].name for number in PAYING_KIND.values()} == {"payment", "reissue"}
    assert {CATALOG[number].name for number in np.flatnonzero(TAKES).tolist()} >= {*TAKERS, "reissue", "void"}


def test_what_is_suspended_is_found() -> None:
    """An open suspension counts, an ended one does not, for any ranges."""
    journal = [("direct_payment_request", 0, 1), ("direct_payment_request", 0, 1), ("term_suspension", 2, 5),
            ("term_suspension", 1, 6), ("term_resumption", 3, 9)]  # fmt: skip
    for boundary in range(len(journal) + 1):
        search = PayablesSearch(len(journal))
        for entries in (range(boundary + 1, len(journal) + 1), range(1, boundary + 1)):
            rows = allocate_zeros(Payables, len(entries))
            for row, entry in enumerate(entries):
                name, rows.predecessor[row], rows.day[row] = journal[entry - 1]
                rows.entry_id[row], rows.kind[row], rows.amount[row] = entry, KIND_NUMBERS[name], 10
            search.add_rows(rows, build_cells([""] * len(entries)))
        assert search.collect().suspensions.tolist() == [1]
