"""Decisions at the limits: the last cent of every level, the largest figures, the longest act, no act at all."""

from itertools import combinations, product

import pytest

from core.act_fields import ACT_LINES_MAX
from core.catalog import KIND_NUMBERS
from core.money import AMOUNT_MAX, BALANCE_MAX
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from tests.act_strategies import INT64_EDGES, add_content
from tests.book_strategies import OPEN_PERIODS, ROLE_ACCOUNTS, YEARS, StartingBook
from tests.kernels.decision_cases import KernelBook, read_ledger_content
from tests.oracle.decisions import decide, join_acts
from tests.oracle.ledger import Ledger
from tests.oracle.lines import Line
from tests.oracle.model import (
    AE,
    ALLOTTED,
    CONSUMED,
    CP,
    NONE,
    OPENED_CREDITS,
    RESERVED,
    Cell,
    Decision,
    Node,
    World,
)
from tests.oracle.postings import LEDGER_MAX

PROGRAMME, BOP, UNIT, OPERATION, OTHER_BOP, OTHER_UNIT = 0, 6, 12, 18, 24, 30
ON_PROGRAMME, ON_UNIT, ON_OPERATION, ON_OTHER_BOP, ON_OTHER_UNIT = 1, 2, 3, 4, 5
EXPENSE, ACCRUED, CREDITOR = 4, 5, 6
ACCOUNTANT = 9
BLOCKING = [(node, measure) for node in (UNIT, BOP, PROGRAMME) for measure in (AE, CP)]

Act = list[Line]


def build_book(figures: dict[tuple[int, int], int], *, blocking: bool = True) -> StartingBook:
    """A programme of two BOPs, each with a UO, and one operation."""
    places = {
        PROGRAMME: (NONE, CentreLevel.PROGRAMME),
        BOP: (PROGRAMME, CentreLevel.BOP),
        UNIT: (BOP, CentreLevel.UO),
        OPERATION: (UNIT, CentreLevel.OPERATION),
        OTHER_BOP: (PROGRAMME, CentreLevel.BOP),
        OTHER_UNIT: (OTHER_BOP, CentreLevel.UO),
    }
    nodes = {at: Node(parent, level, 0, 0, 0, 0, blocking) for at, (parent, level) in places.items()}
    centres = ((PROGRAMME, NONE), (UNIT, NONE), (UNIT, OPERATION), (OTHER_BOP, NONE), (OTHER_UNIT, NONE))
    accounts = (EXPENSE, ACCRUED, CREDITOR, 0, ACCOUNTANT)
    cells = {at: Cell(*place, *accounts) for at, place in enumerate(centres, 1)}
    return StartingBook(World(nodes, cells, OPEN_PERIODS, ROLE_ACCOUNTS, {}, YEARS), figures)


def open_everywhere(cents: int) -> dict[tuple[int, int], int]:
    return {
        (node, measure + OPENED_CREDITS): cents
        for node in (PROGRAMME, BOP, UNIT, OPERATION)
        for measure in (AE, CP)
    }


def _build_act(kind: str, number: int, *amounts: int, cell: int = ON_UNIT) -> Act:
    key = (number << 40, 1)
    line = Line(0, KIND_NUMBERS[kind], 0, 3, key, 0, cell=cell, payee=(1 << 50, 7))
    return add_content([line._replace(amount=amount) for amount in amounts])


def _build_move(kind: str, amount: int, source: int, target: int) -> Act:
    (line,) = _build_act(kind, 1, amount, cell=target)
    return add_content([line._replace(source=source)])


def _build_payee() -> Act:
    line = Line(0, KIND_NUMBERS["third_party"], 0, 3, (77 << 40, 7), 0, payee=(1 << 50, 7), bank=5)
    return add_content([line])


def decide_both_ways(
    book: StartingBook, *acts: Act, sums: dict[tuple[int, int], tuple[int, int]] | None = None
) -> list[Decision]:
    """Decide by kernel and by plain model, check that they agree on decisions and content, and return the decisions."""
    lines = join_acts(acts)
    kernel_book, ledger = KernelBook(book, len(lines)), Ledger(book.world, book.figures)
    for (period, account), (debit, credit) in (sums or {}).items():
        ledger.state.sums[period, ACCOUNTANT, account] = (debit, credit)
        kernel_book.set_sums((period, ACCOUNTANT, account), (debit, credit))
    decisions = kernel_book.decide(lines, holding=False)
    assert decisions == decide(lines, ledger, holding=False)
    assert kernel_book.read_content() == read_ledger_content(ledger)
    return decisions


@pytest.mark.parametrize(("node", "measure"), BLOCKING)
def test_the_last_cent_may_be_spent_but_no_more(node: int, measure: int) -> None:
    """All other levels have enough, so that each level and each appropriation in turn refuses the line."""
    book = build_book(open_everywhere(1000) | {(node, measure + OPENED_CREDITS): 100})
    kind = "commitment" if measure == AE else "direct_payment_request"
    fitting, over = (
        decide_both_ways(book, _build_payee(), _build_act(kind, 1, 100))[-1],
        decide_both_ways(book, _build_payee(), _build_act(kind, 1, 101))[-1],
    )
    assert fitting.outcome is Outcome.ACCEPTED
    expected = Outcome.AE_EXCEEDED if measure == AE else Outcome.CP_EXCEEDED
    assert (over.outcome, over.node, over.missing) == (expected, node, 1)


def test_a_line_sees_the_credits_drawn_by_the_line_before() -> None:
    decisions = decide_both_ways(
        build_book(open_everywhere(100)),
        _build_act("commitment", 1, 60, 41),
        _build_act("commitment", 2, 60, 40),
    )
    assert [decision.outcome for decision in decisions[:2]] == [Outcome.ACT_REFUSED, Outcome.AE_EXCEEDED]
    assert [decision.entry for decision in decisions[2:]] == [1, 2]


def test_an_operation_has_exactly_its_earmark() -> None:
    acts = [
        _build_act("earmark", 1, 60, cell=ON_OPERATION),
        _build_act("commitment", 2, 60, cell=ON_OPERATION),
    ]
    decisions = decide_both_ways(
        build_book(open_everywhere(100) | {(OPERATION, AE): 0}),
        *acts,
        _build_act("commitment", 3, 41),
        _build_act("commitment", 4, 40),
    )
    assert [decision.outcome for decision in decisions] == [
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
        Outcome.AE_EXCEEDED,
        Outcome.ACCEPTED,
    ]
    assert (decisions[2].node, decisions[2].missing) == (UNIT, 1)


@pytest.mark.parametrize("figure", [AE + RESERVED, AE + CONSUMED, CP + RESERVED])
@pytest.mark.parametrize("node", [PROGRAMME, BOP, UNIT, OPERATION])
@pytest.mark.parametrize("kind", ["commitment", "direct_payment_request"])
@pytest.mark.parametrize("cell", [ON_UNIT, ON_OPERATION])
def test_estimated_credits_are_limited_only_by_the_largest_figure(
    figure: int, node: int, kind: str, cell: int
) -> None:
    """A full figure refuses a line that would add to it, and no other."""
    for spare in (AMOUNT_MAX, AMOUNT_MAX - 1):
        book = build_book({(node, figure): BALANCE_MAX - spare}, blocking=False)
        decision = decide_both_ways(book, _build_payee(), _build_act(kind, 1, AMOUNT_MAX, cell=cell))[-1]
        assert decision.outcome is Outcome.ACCEPTED or (decision.node, spare) == (node, AMOUNT_MAX - 1)


def test_of_two_full_figures_the_first_is_reported() -> None:
    """The order is that of the rules, not of the levels."""
    full = [
        (node, figure) for node in (PROGRAMME, UNIT, OPERATION) for figure in (AE + RESERVED, CP + RESERVED)
    ]
    for places in combinations([*full, (BOP, AE + CONSUMED)], 2):
        book = build_book(dict.fromkeys(places, BALANCE_MAX), blocking=False)
        for kind, cell in product(
            ("commitment", "direct_payment_request", "earmark"), (ON_UNIT, ON_OPERATION)
        ):
            decide_both_ways(book, _build_payee(), _build_act(kind, 1, 1, cell=cell))


@pytest.mark.parametrize("level", [UNIT, BOP])
@pytest.mark.parametrize("measure", [AE, CP])
def test_a_move_may_take_the_last_cent_but_no_more(level: int, measure: int) -> None:
    """Checked at every level that loses credits; the common ancestors of both sides need none."""
    book = build_book(
        open_everywhere(1000)
        | {(level, measure + OPENED_CREDITS): 100, (PROGRAMME, measure + OPENED_CREDITS): 0}
    )
    kind = "budget_move_ae" if measure == AE else "budget_move_cp"
    fitting, over = (
        decide_both_ways(book, _build_move(kind, amount, UNIT, ON_OTHER_UNIT))[0] for amount in (100, 101)
    )
    assert fitting.outcome is Outcome.ACCEPTED
    assert (over.outcome, over.node, over.missing) == (Outcome.BUDGET_BELOW_CONSUMPTION, level, 1)


@pytest.mark.parametrize("amount", [100, 101])
def test_allotted_credits_can_be_neither_moved_nor_allotted_again(amount: int) -> None:
    allotted = {(node, AE + ALLOTTED): 900 for node in (PROGRAMME, BOP)}
    acts = [
        _build_move("budget_move_ae", amount, BOP, ON_OTHER_BOP),
        _build_act("allotment_ae", 1, amount, cell=ON_OTHER_BOP),
    ]
    for act, node in zip(acts, (BOP, PROGRAMME), strict=True):
        (decision,) = decide_both_ways(build_book(open_everywhere(1000) | allotted), act)
        expected = (Outcome.ACCEPTED, NONE, 0) if amount == 100 else (Outcome.ALLOTMENT_EXCEEDED, node, 1)
        assert (decision.outcome, decision.node, decision.missing) == expected


@pytest.mark.parametrize("measure", [AE, CP])
@pytest.mark.parametrize(
    ("kind", "node", "cell"),
    [
        ("credit_return", UNIT, ON_UNIT),
        ("credit_return", OTHER_BOP, ON_OTHER_BOP),
        ("cancellation", PROGRAMME, ON_PROGRAMME),
    ],
)
def test_the_last_cent_that_is_free_may_leave_but_no_more(
    kind: str, node: int, cell: int, measure: int
) -> None:
    """What is used counts first, then what is passed on."""
    for figure, outcome in (
        (CONSUMED, Outcome.BUDGET_BELOW_CONSUMPTION),
        (RESERVED, Outcome.BUDGET_BELOW_CONSUMPTION),
        (ALLOTTED, Outcome.ALLOTMENT_EXCEEDED),
    ):
        book = build_book({(node, measure + OPENED_CREDITS): 1000, (node, measure + figure): 900})
        name = f"{kind}_{'ae' if measure == AE else 'cp'}"
        fitting, over = (
            decide_both_ways(book, _build_act(name, 1, amount, cell=cell))[0] for amount in (100, 101)
        )
        assert fitting.outcome is Outcome.ACCEPTED
        assert (over.outcome, over.node, over.missing) == (outcome, node, 1)


@pytest.mark.parametrize(
    "place", [(UNIT, AE + RESERVED), (PROGRAMME, AE + RESERVED), (OPERATION, AE + OPENED_CREDITS)]
)
def test_an_earmark_fits_in_the_figures_it_adds_to(place: tuple[int, int]) -> None:
    for spare, expected in ((10, Outcome.ACCEPTED), (9, Outcome.BALANCE_LIMIT)):
        book = build_book({place: BALANCE_MAX - spare}, blocking=False)
        (decision,) = decide_both_ways(book, _build_act("earmark", 1, 10, cell=ON_OPERATION))
        assert decision.outcome is expected


def test_credits_may_be_opened_up_to_the_largest_figure() -> None:
    spare = BALANCE_MAX % AMOUNT_MAX
    acts = [
        _build_act("budget_opening_ae", number, AMOUNT_MAX, cell=ON_PROGRAMME)
        for number in range(BALANCE_MAX // AMOUNT_MAX)
    ]
    last = [_build_act("budget_opening_ae", 1000 + more, spare + more, cell=ON_PROGRAMME) for more in (1, 0)]
    decisions = decide_both_ways(build_book({}), *acts, *last)
    assert [decision.outcome for decision in decisions[-2:]] == [Outcome.BALANCE_LIMIT, Outcome.ACCEPTED]


@pytest.mark.parametrize("account", [EXPENSE, CREDITOR])
def test_sums_of_an_account_stay_within_their_limit(account: int) -> None:
    for spare, expected in ((10, Outcome.ACCEPTED), (9, Outcome.BALANCE_LIMIT)):
        sums = {(3, account): (LEDGER_MAX - spare, LEDGER_MAX - spare)}
        decisions = decide_both_ways(
            build_book(open_everywhere(100)),
            _build_payee(),
            _build_act("direct_payment_request", 1, 10),
            sums=sums,
        )
        assert decisions[-1].outcome is expected


@pytest.mark.parametrize("amount", INT64_EDGES)
@pytest.mark.parametrize(
    "fault", [Outcome.AMOUNT_INVALID, Outcome.AMOUNT_NOT_POSITIVE, Outcome.AMOUNT_OVER_LIMIT]
)
def test_a_faulty_amount_has_no_effect(amount: int, fault: Outcome) -> None:
    (line,) = _build_act("commitment", 1, amount)
    (decision,) = decide_both_ways(build_book(open_everywhere(100)), [line._replace(fault=fault)])
    assert decision == Decision(fault)


@pytest.mark.parametrize("last", [1, 2])
def test_the_longest_act_is_accepted_or_undone_as_a_whole(last: int) -> None:
    decisions = decide_both_ways(
        build_book(open_everywhere(ACT_LINES_MAX)),
        _build_act("commitment", 1, *[1] * (ACT_LINES_MAX - 1), last),
    )
    outcomes = {decision.outcome for decision in decisions[:-1]}
    assert outcomes == ({Outcome.ACCEPTED} if last == 1 else {Outcome.ACT_REFUSED})


def test_no_lines_give_no_decisions() -> None:
    assert decide_both_ways(build_book(open_everywhere(100))) == []
