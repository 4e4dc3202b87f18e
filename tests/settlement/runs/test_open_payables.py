"""What is owed, found in stretches of the journal from its end to its beginning: the same however it is cut."""

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
TAKERS = ("payment", "payment_request_rejection", "set_off", "attachment", "assignment")


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
    """Commitments, requests on them, what takes them up, blocks of payees: each in a place behind what it follows."""
    journal: list[Posted] = []
    left: dict[int, int] = {}
    for entry in range(1, draw(st.integers(0, 30)) + 1):
        open_ones = [each for each, cents in left.items() if cents]
        commitments = [at for at, each in enumerate(journal, 1) if each.kind == "commitment"]
        if open_ones and draw(st.booleans()):
            followed = draw(st.sampled_from(open_ones))
            amount = draw(st.integers(1, left[followed]))
            kind = draw(st.sampled_from(TAKERS))
            left[followed] -= amount
            journal.append(Posted(kind, followed, amount, draw(st.integers(1, 3))))
        elif draw(st.integers(0, 4)) == 0:
            journal.append(
                Posted(draw(st.sampled_from(("payee_block", "payee_release"))), 0, 0, draw(st.integers(1, 3)))
            )
        elif draw(st.booleans()):
            journal.append(Posted("commitment", 0, draw(st.integers(1, 99))))
        else:
            kind = draw(st.sampled_from(("direct_payment_request", "payment_request_without_service")))
            followed = draw(st.sampled_from([0, *commitments])) if kind != "direct_payment_request" else 0
            journal.append(Posted(kind, followed, draw(st.integers(1, 99)), draw(st.integers(1, 3))))
        if OPENS[journal[-1].number]:
            left[entry] = journal[-1].amount
    return journal


def search_plainly(journal: Sequence[Posted]) -> tuple[list[tuple[int, int, str, str]], set[int]]:
    """(entry, cents, reference, commitment's reference) of what is owed, and who is blocked: by hand."""
    left: dict[int, int] = {}
    blocked: set[int] = set()
    for entry, each in enumerate(journal, 1):
        if TAKES[each.number]:
            left[each.predecessor] -= each.amount
        if OPENS[each.number]:
            left[entry] = each.amount
        if each.kind in ("payee_block", "payee_release"):
            (blocked.add if each.kind == "payee_block" else blocked.discard)(each.payee)
    kinds = {entry: each.kind for entry, each in enumerate(journal, 1)}
    found = []
    for entry, cents in left.items():
        followed = journal[entry - 1].predecessor
        commitment = f"R{followed}" if kinds.get(followed) == "commitment" else ""
        found.append((entry, cents, f"R{entry}", commitment))
    return [each for each in found if each[1]], blocked


@settings(max_examples=200, deadline=None)
@given(journals(), st.lists(st.integers(0, 30), max_size=4), st.randoms(use_true_random=False))
def test_it_is_the_same_however_the_journal_is_cut(
    journal: list[Posted], cuts: list[int], chance: object
) -> None:
    bounds = sorted({0, len(journal), *(min(cut, len(journal)) for cut in cuts)})
    search = PayablesSearch(len(journal))
    for first, end in reversed(list(pairwise(bounds))):
        entries = list(range(first + 1, end + 1))
        chance.shuffle(entries)  # type: ignore[attr-defined]
        entries = [entry for entry in entries if journal[entry - 1].number in open_payables.SEARCHED_KINDS]
        search.add_rows(*_rows(journal, entries))
    found = search.collect()
    expected, blocked = search_plainly(journal)
    told = [
        (int(entry), int(cents), found.reference.decode_row(row), found.commitment.decode_row(row))
        for row, (entry, cents) in enumerate(zip(found.rows.entry_id, found.rows.amount, strict=True))
    ]
    assert told == expected
    assert set(found.blocked_payees.tolist()) == blocked


def _rows(journal: Sequence[Posted], entries: list[int]) -> tuple[Payables, TextCells]:
    rows = allocate_zeros(Payables, len(entries))
    for at, entry in enumerate(entries):
        each = journal[entry - 1]
        rows.entry_id[at], rows.kind[at], rows.predecessor[at] = entry, each.number, each.predecessor
        rows.amount[at], rows.payee[at] = each.amount, each.payee
    return rows, build_cells([f"R{entry}" for entry in entries])


def test_the_catalog_says_what_is_owed_and_how_it_is_paid() -> None:
    opens = {CATALOG[number].name for number in np.flatnonzero(OPENS).tolist()}
    assert opens >= {*REQUESTS, "payment_request", "return_identified", "assignment"}
    assert {CATALOG[number].name for number in PAYING_KIND.values()} == {"payment", "reissue"}
    assert {CATALOG[number].name for number in np.flatnonzero(TAKES).tolist()} >= {*TAKERS, "reissue", "void"}


def test_suspensions_are_told_by_what_they_stop() -> None:
    """Wherever the journal is cut: one that goes on, one that ended, and what was never stopped."""
    told = [("direct_payment_request", 0, 1), ("direct_payment_request", 0, 1), ("term_suspension", 2, 5),
            ("term_suspension", 1, 6), ("term_resumption", 3, 9)]  # fmt: skip
    for cut in range(len(told) + 1):
        search = PayablesSearch(len(told))
        for part in (range(cut + 1, len(told) + 1), range(1, cut + 1)):
            rows = allocate_zeros(Payables, len(part))
            for at, entry in enumerate(part):
                name, rows.predecessor[at], rows.day[at] = told[entry - 1]
                rows.entry_id[at], rows.kind[at], rows.amount[at] = entry, KIND_NUMBERS[name], 10
            search.add_rows(rows, build_cells([""] * len(part)))
        stops = search.collect().suspensions
        assert [column.tolist() for column in stops] == [[1, 2], [6, 5], [0, 9]]
        assert stops.open_entries.tolist() == [1]
        days = stops.find_days(np.array([1, 2, 3], np.int64))
        assert [column.tolist() for column in days] == [[0, 5, 0], [0, 9, 0]]
