"""What is open of every entry, computed in columns, is what the plain engine keeps of it line by line."""

import random
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from closing.journal import Journal, allocate_journal
from closing.open_year import OpenYear, find_open_year
from closing.remainders import COMMITS, KEEPS_BACK, REQUESTS, SERVES, compute_remainders
from closing.step_kinds import CARRYING_STEPS, list_needed_kinds, select_steps
from core.catalog import CATALOG, KIND_NUMBERS, Stage, list_kinds
from tests.file_strategies import Row
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.reference_years import build_two_years
from tests.service.engine.random_acts import ActGenerator, PostedRow, build_credits
from tests.service.engine.random_sequence import INTERNAL_KINDS

ACTS = 250
SEEDS = [1, 3, 8, 10]
_EUROS_BY_LEVEL = {4: "200000.00", 9: "80000.00", 14: "30000.00"}
_ASSIGNMENT = ("fund_centre", "functional_area", "commitment_item", "fund", "operation")
_SPENDING = frozenset(
    {
        *("commitment", "commitment_increase", "commitment_decrease", "commitment_reversal"),
        *("commitment_change_reversal", "service", "service_cancellation", "payment_request"),
        *(
            "payment_request_without_service",
            "direct_payment_request",
            "payment_request_rejection",
            "attachment",
            "retention",
            "retention_release",
            *("penalty", "penalty_confirmation", "penalty_remission", "penalty_rejection"),
        ),
    }
)
_CARRIES = [CATALOG[number].name for number in list_kinds(lambda kind: kind.carries)]


class Step(NamedTuple):
    """Lines of one act, and its sender."""

    rows: list[Row]
    sender: str


class PlainLedger:
    """The plain engine, and what it accepted as the journal has it."""

    def __init__(self, reference: Path) -> None:
        self.engine = Engine(Reference.load(reference))
        self.rows: list[PostedRow] = []
        self.lines: dict[int, Row] = {}
        """The lines as they were submitted, by entry."""

    def submit(self, step: Step) -> list[PostedRow]:
        """Submit an act; return its accepted lines."""
        first = len(self.rows) + 1
        outcomes = self.engine.submit(step.rows, step.sender)
        state = self.engine.ledger.state
        accepted = [row for row, outcome in zip(step.rows, outcomes, strict=True) if outcome[0] == "ACCEPTED"]
        for entry, row in enumerate(accepted, first):
            posted, item = state.journal[entry], state.items[entry]
            owner = row.get("reference_sender", step.sender)
            key = (posted.kind, row["reference"], int(row["exercise"]), posted.amount)
            self.lines[entry] = row
            self.rows.append(PostedRow(entry, owner, *key, posted.predecessor, item.payee))
        return self.rows[first - 1 :]

    def find_place(self, entry: int) -> Row:
        """Return the first line of the chain of an entry that has an account assignment."""
        while not self.lines[entry].get("fund_centre"):
            entry = self.rows[entry - 1].predecessor
        return self.lines[entry]

    def build_journal(self) -> Journal:
        """Return the journal in columns."""
        journal = allocate_journal(len(self.rows))
        for row in self.rows:
            posted = self.engine.ledger.state.journal[row.entry]
            journal.kind[row.entry], journal.amount[row.entry] = posted.kind, posted.amount
            journal.predecessor[row.entry], journal.cell[row.entry] = posted.predecessor, max(posted.cell, 0)
        return journal


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_two_years(tmp_path_factory.mktemp("reference"))


def _play(reference: Path, seed: int) -> PlainLedger:
    """Play random acts that spend, then carries of what is open."""
    ledger, rng = PlainLedger(reference), random.Random(seed)
    for row in build_credits(_EUROS_BY_LEVEL):
        ledger.submit(Step([row], "budget"))
    generator = ActGenerator(rng, f"A{seed}-")
    generator.note_posted(ledger.rows)
    for number in range(ACTS):
        sender = "closing" if number > ACTS * 0.9 else rng.choice(("ministry", "ministry", "treasury"))
        kinds = INTERNAL_KINDS.get(sender, _SPENDING)
        if generator.may_act(kinds):
            rows = generator.generate_act(sender, sorted(kinds))
            generator.note_posted(ledger.submit(Step(rows, sender)))
    _carry_what_is_open(ledger)
    return ledger


def _carry_what_is_open(ledger: PlainLedger) -> None:
    """Carry all that is open of 2018."""
    journal, cells = ledger.build_journal(), ledger.engine.ledger.world.cells
    remainders = compute_remainders(journal)
    is_of_year = np.array(
        [number in cells and cells[number].year == 2018 for number in range(len(cells) + 1)]
    )
    opened = find_open_year(journal, remainders, is_of_year)
    is_open = (opened.commitments.amount > 0) | (opened.unbilled > 0)
    parts = (
        ("commitment_carry", opened.commitments.entry[is_open], opened.commitments.amount[is_open]),
        ("service_carry", *opened.services),
        ("request_carry", *opened.requests),
        ("retention_carry", *opened.retentions),
        ("penalty_carry", *opened.penalties),
    )
    for kind, entries, amounts in parts:
        for entry, cents in zip(entries.tolist(), amounts.tolist(), strict=True):
            owner = ledger.rows[entry - 1]
            place = ledger.find_place(entry)
            row = {name: place.get(name, "") for name in _ASSIGNMENT} | {"kind": kind, "exercise": "2019"}
            row |= {"date": "2019-03-31", "reference": owner.reference, "reference_sender": owner.sender}
            row |= {"predecessor": f"@{entry}", "amount": f"{cents // 100}.{cents % 100:02}"}
            ledger.submit(Step([row], "closing"))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_columns_agree_with_the_plain_engine(reference: Path, seed: int) -> None:
    ledger = _play(reference, seed)
    journal = ledger.build_journal()
    remainders = compute_remainders(journal)
    for row in ledger.rows:
        item, kind = ledger.engine.ledger.state.items[row.entry], row.kind
        place = f"entry {row.entry}, {CATALOG[kind].name}"
        if COMMITS[kind] and not remainders.carried_by[row.entry]:
            expected = (item.open, item.unbilled) if not CATALOG[item.kind].undoes else (0, 0)
            assert (remainders.open[row.entry], remainders.unbilled[row.entry]) == expected, place
        if SERVES[kind] or KEEPS_BACK[kind] or (REQUESTS[kind] and CATALOG[kind].reaches is Stage.PAYABLE):
            assert remainders.rest[row.entry] == item.open, place


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_needs_no_other_kinds(reference: Path, seed: int) -> None:
    """What is open for a step is the same without the entries that it does not read, also after carries."""
    journal = _play(reference, seed).build_journal()
    years = np.array([False, *[True] * int(journal.cell.max())])
    for size in (len(journal.kind), len(journal.kind) // 2):
        whole = Journal._make(column[:size] for column in journal)
        for is_of_year, is_older in ((years, ~years), (~years, years)):
            opened = find_open_year(whole, compute_remainders(whole), is_of_year, is_older=is_older)
            for step in CARRYING_STEPS:
                is_needed = np.isin(whole.kind, list_needed_kinds([step]))
                part = Journal._make(np.where(is_needed, column, 0).astype(column.dtype) for column in whole)
                remaining = find_open_year(part, compute_remainders(part), is_of_year, is_older=is_older)
                assert describe(select_steps(remaining, [step])) == describe(select_steps(opened, [step]))


def test_the_random_acts_carry_and_cancel(reference: Path) -> None:
    """The comparison above meets the kinds of carry, and mirrors of what follows a commitment; what is kept back is rare."""
    accepted = {CATALOG[row.kind].name for seed in SEEDS for row in _play(reference, seed).rows}
    kinds = {
        *(kind for kind in _CARRIES if kind not in ("retention_carry", "penalty_carry")),
        "service_cancellation",
        "payment_request_rejection",
        "commitment_increase",
        "payment",
    }
    assert kinds <= accepted


def describe(opened: OpenYear) -> list[tuple[list[int], list[int]]]:
    """List the entries and cents of each family, and those of each obstacle."""
    families = (opened.commitments, opened.services, opened.requests, opened.retentions)
    parts = [*families, *(obstacle.entries for obstacle in opened.obstacles)]
    return [(part.entry.tolist(), part.amount.tolist()) for part in parts] + [([], opened.unbilled.tolist())]


def _build_small_journal(rows: list[tuple[str, int, int]]) -> Journal:
    """Build a journal of (kind, predecessor, cents), all on one account assignment."""
    journal = allocate_journal(len(rows))
    for entry, (kind, predecessor, cents) in enumerate(rows, 1):
        journal.kind[entry], journal.predecessor[entry] = KIND_NUMBERS[kind], predecessor
        journal.amount[entry], journal.cell[entry] = cents, 1
    return journal


def test_requests_use_up_the_earliest_services_first() -> None:
    journal = _build_small_journal(
        [
            ("commitment", 0, 300),
            ("service", 1, 100),
            ("service", 1, 80),
            ("payment_request", 1, 120),
            ("service", 1, 10),
        ]
    )
    opened = find_open_year(journal, compute_remainders(journal), np.array([False, True]))
    assert opened.services.entry.tolist() == [3, 5]
    assert opened.services.amount.tolist() == [60, 10]
    assert opened.commitments.amount.tolist() == [110]
    assert opened.unbilled.tolist() == [70]


def test_nothing_of_another_year_is_open() -> None:
    journal = _build_small_journal([("commitment", 0, 300), ("direct_payment_request", 0, 5)])
    opened = find_open_year(journal, compute_remainders(journal), np.array([False, False]))
    assert [len(part.entry) for part in (opened.commitments, opened.services, opened.requests)] == [0, 0, 0]


def test_an_empty_journal_has_nothing_open() -> None:
    journal = _build_small_journal([])
    opened = find_open_year(journal, compute_remainders(journal), np.array([False]))
    assert not len(opened.commitments.entry)


def test_a_part_that_is_rejected_is_owed_to_the_first_creditor_again() -> None:
    journal = _build_small_journal(
        [
            ("direct_payment_request", 0, 100),
            ("attachment", 1, 40),
            ("payment", 1, 30),
            ("payment_request_rejection", 2, 15),
        ]
    )
    rest = compute_remainders(journal).rest
    assert rest[1:3].tolist() == [45, 25]


def test_a_release_that_is_rejected_is_retained_again() -> None:
    journal = _build_small_journal(
        [
            ("commitment", 0, 100),
            ("payment_request_without_service", 1, 100),
            ("retention", 2, 5),
            ("retention_release", 3, 3),
            ("payment_request_rejection", 4, 1),
        ]
    )
    remainders = compute_remainders(journal)
    assert remainders.rest[2:5].tolist() == [95, 3, 2]
    opened = find_open_year(journal, remainders, np.array([False, True]))
    assert [part.tolist() for part in opened.retentions] == [[3], [3]]
    assert [part.tolist() for part in opened.requests] == [[2, 4], [95, 2]]


def test_a_penalty_is_open_until_it_is_confirmed_remitted_or_rejected() -> None:
    journal = _build_small_journal(
        [
            ("commitment", 0, 100),
            ("service", 1, 60),
            ("penalty", 1, 20),
            ("penalty_confirmation", 3, 5),
            ("penalty_remission", 3, 8),
            ("payment_request_rejection", 5, 2),
            ("penalty_rejection", 3, 4),
        ]
    )
    remainders = compute_remainders(journal)
    assert (remainders.rest[3], remainders.rest[5], remainders.unbilled[1]) == (5, 6, 44)
    opened = find_open_year(journal, remainders, np.array([False, True]))
    assert [part.tolist() for part in opened.penalties] == [[3], [5]]
    assert [part.tolist() for part in opened.requests] == [[5], [6]]
    assert not len(opened.retentions.entry)


def test_certified_cents_without_a_service_of_the_year_are_named() -> None:
    """A request of the first year is rejected after the carry: its service cannot go on from the second year."""
    journal = _build_small_journal(
        [
            ("commitment", 0, 60),
            ("service", 1, 30),
            ("payment_request", 1, 30),
            ("commitment_carry", 1, 30),
            ("payment_request_rejection", 3, 30),
        ]
    )
    journal.cell[4] = 2
    remainders = compute_remainders(journal)
    assert (remainders.open[4], remainders.unbilled[4]) == (30, 30)
    opened = find_open_year(journal, remainders, np.array([False, False, True]))
    assert [(obstacle.kind, obstacle.entries.amount.tolist()) for obstacle in opened.obstacles] == [
        ("commitment_carry", [30])
    ]
    assert len(opened.services.entry) == 0


def test_a_guarantee_of_an_older_year_goes_on() -> None:
    """What no closing carried in time goes on with what is retained of the year itself."""
    journal = _build_small_journal(
        [("commitment", 0, 60), ("service", 1, 60), ("payment_request", 1, 60), ("retention", 3, 3)]
    )
    nothing, older = np.array([False, False]), np.array([False, True])
    opened = find_open_year(journal, compute_remainders(journal), nothing, is_older=older)
    assert (opened.retentions.entry.tolist(), opened.retentions.amount.tolist()) == ([4], [3])


def test_what_is_open_of_an_older_year_is_named() -> None:
    journal = _build_small_journal([("commitment", 0, 60), ("direct_payment_request", 0, 5)])
    nothing, older = np.array([False, False]), np.array([False, True])
    opened = find_open_year(journal, compute_remainders(journal), nothing, is_older=older)
    assert [(obstacle.kind, obstacle.entries.amount.tolist()) for obstacle in opened.obstacles] == [
        ("commitment_carry", [60]),
        ("request_carry", [5]),
    ]
