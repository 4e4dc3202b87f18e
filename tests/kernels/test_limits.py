"""Decisions at the very edge: the last cent of every level, the largest figures, the longest act, none at all."""

from itertools import combinations, product

import pytest

from core.act_fields import ACT_LINES_MAX
from core.catalog import KIND_NUMBERS
from core.money import AMOUNT_MAX, BALANCE_MAX
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from core.tables.book import LEDGER_ACCOUNTS
from tests.act_strategies import INT64_EDGES, add_content
from tests.book_strategies import OPEN_PERIODS, ROLE_ACCOUNTS, StartingBook
from tests.kernels.decision_cases import KernelBook, read_ledger_content
from tests.oracle.decisions import decide, join_acts
from tests.oracle.ledger import Ledger
from tests.oracle.model import (
    AE,
    ALLOTTED,
    CONSUMED,
    CP,
    NONE,
    OPENED,
    RESERVED,
    Cell,
    Decision,
    Line,
    Node,
    World,
)
from tests.oracle.postings import LEDGER_MAX

PROGRAMME, BOP, UNIT, OPERATION, OTHER_BOP, OTHER_UNIT = 0, 6, 12, 18, 24, 30
ON_PROGRAMME, ON_UNIT, ON_OPERATION, ON_OTHER_BOP, ON_OTHER_UNIT = 1, 2, 3, 4, 5
EXPENSE, ACCRUED, CREDITOR = 4, 5, 6
BLOCKING = [(node, measure) for node in (UNIT, BOP, PROGRAMME) for measure in (AE, CP)]

Act = list[Line]


def _build_book(figures: dict[tuple[int, int], int], *, blocking: bool = True) -> StartingBook:
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
    cells = {at: Cell(*place, EXPENSE, ACCRUED, CREDITOR) for at, place in enumerate(centres, 1)}
    return StartingBook(World(nodes, cells, OPEN_PERIODS, ROLE_ACCOUNTS), figures)


def _open_everywhere(cents: int) -> dict[tuple[int, int], int]:
    return {
        (node, measure + OPENED): cents for node in (PROGRAMME, BOP, UNIT, OPERATION) for measure in (AE, CP)
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


def _decide_both_ways(
    book: StartingBook, *acts: Act, sums: dict[tuple[int, int], tuple[int, int]] | None = None
) -> list[Decision]:
    """The decisions, on which kernel and rule book agree, as on what they leave behind."""
    lines = join_acts(acts)
    deciding, ledger = KernelBook(book, len(lines)), Ledger(book.world, book.figures)
    for (period, account), (debit, credit) in (sums or {}).items():
        ledger.state.sums[period, account] = (debit, credit)
        deciding.tables.ledger[period * LEDGER_ACCOUNTS + account] = (debit, credit, 0)
    told = deciding.decide(lines, holding=False)
    assert told == decide(lines, ledger, holding=False)
    assert deciding.read_content() == read_ledger_content(ledger)
    return told


@pytest.mark.parametrize(("node", "measure"), BLOCKING)
def test_the_last_cent_may_be_spent_and_not_one_more(node: int, measure: int) -> None:
    """Every other level has plenty; so each level, and each appropriation, is what stops the line."""
    book = _build_book(_open_everywhere(1000) | {(node, measure + OPENED): 100})
    kind = "commitment" if measure == AE else "direct_payment_request"
    fitting, over = (
        _decide_both_ways(book, _build_payee(), _build_act(kind, 1, 100))[-1],
        _decide_both_ways(book, _build_payee(), _build_act(kind, 1, 101))[-1],
    )
    assert fitting.outcome is Outcome.ACCEPTED
    expected = Outcome.AE_EXCEEDED if measure == AE else Outcome.CP_EXCEEDED
    assert (over.outcome, over.node, over.missing) == (expected, node, 1)


def test_a_line_sees_what_the_one_before_it_took() -> None:
    told = _decide_both_ways(
        _build_book(_open_everywhere(100)),
        _build_act("commitment", 1, 60, 41),
        _build_act("commitment", 2, 60, 40),
    )
    assert [each.outcome for each in told[:2]] == [Outcome.ACT_REFUSED, Outcome.AE_EXCEEDED]
    assert [each.entry for each in told[2:]] == [1, 2]


def test_an_operation_has_what_was_earmarked_and_no_more() -> None:
    acts = [
        _build_act("earmark", 1, 60, cell=ON_OPERATION),
        _build_act("commitment", 2, 60, cell=ON_OPERATION),
    ]
    told = _decide_both_ways(
        _build_book(_open_everywhere(100) | {(OPERATION, AE): 0}),
        *acts,
        _build_act("commitment", 3, 41),
        _build_act("commitment", 4, 40),
    )
    assert [each.outcome for each in told] == [
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
        Outcome.AE_EXCEEDED,
        Outcome.ACCEPTED,
    ]
    assert (told[2].node, told[2].missing) == (UNIT, 1)


@pytest.mark.parametrize("figure", [AE + RESERVED, AE + CONSUMED, CP + RESERVED])
@pytest.mark.parametrize("node", [PROGRAMME, BOP, UNIT, OPERATION])
@pytest.mark.parametrize("kind", ["commitment", "direct_payment_request"])
@pytest.mark.parametrize("cell", [ON_UNIT, ON_OPERATION])
def test_estimated_credits_stop_only_where_counting_does(
    figure: int, node: int, kind: str, cell: int
) -> None:
    """A full figure stops a line that would add to it, and no other."""
    for spare in (AMOUNT_MAX, AMOUNT_MAX - 1):
        book = _build_book({(node, figure): BALANCE_MAX - spare}, blocking=False)
        told = _decide_both_ways(book, _build_payee(), _build_act(kind, 1, AMOUNT_MAX, cell=cell))[-1]
        assert told.outcome is Outcome.ACCEPTED or (told.node, spare) == (node, AMOUNT_MAX - 1)


def test_of_two_figures_the_first_that_is_full_is_told() -> None:
    """By the order of the rules, not of the levels."""
    full = [
        (node, figure) for node in (PROGRAMME, UNIT, OPERATION) for figure in (AE + RESERVED, CP + RESERVED)
    ]
    for places in combinations([*full, (BOP, AE + CONSUMED)], 2):
        book = _build_book(dict.fromkeys(places, BALANCE_MAX), blocking=False)
        for kind, cell in product(
            ("commitment", "direct_payment_request", "earmark"), (ON_UNIT, ON_OPERATION)
        ):
            _decide_both_ways(book, _build_payee(), _build_act(kind, 1, 1, cell=cell))


@pytest.mark.parametrize("level", [UNIT, BOP])
@pytest.mark.parametrize("measure", [AE, CP])
def test_a_move_may_take_the_last_cent_and_not_one_more(level: int, measure: int) -> None:
    """Wherever credits leave; what both sides have in common need not have any."""
    book = _build_book(
        _open_everywhere(1000) | {(level, measure + OPENED): 100, (PROGRAMME, measure + OPENED): 0}
    )
    kind = "budget_move_ae" if measure == AE else "budget_move_cp"
    fitting, over = (
        _decide_both_ways(book, _build_move(kind, amount, UNIT, ON_OTHER_UNIT))[0] for amount in (100, 101)
    )
    assert fitting.outcome is Outcome.ACCEPTED
    assert (over.outcome, over.node, over.missing) == (Outcome.BUDGET_BELOW_CONSUMPTION, level, 1)


@pytest.mark.parametrize("amount", [100, 101])
def test_what_was_passed_on_can_be_neither_moved_nor_passed_on_again(amount: int) -> None:
    passed = {(node, AE + ALLOTTED): 900 for node in (PROGRAMME, BOP)}
    acts = [
        _build_move("budget_move_ae", amount, BOP, ON_OTHER_BOP),
        _build_act("allotment_ae", 1, amount, cell=ON_OTHER_BOP),
    ]
    for act, node in zip(acts, (BOP, PROGRAMME), strict=True):
        (told,) = _decide_both_ways(_build_book(_open_everywhere(1000) | passed), act)
        expected = (Outcome.ACCEPTED, NONE, 0) if amount == 100 else (Outcome.ALLOTMENT_EXCEEDED, node, 1)
        assert (told.outcome, told.node, told.missing) == expected


@pytest.mark.parametrize(
    "place", [(UNIT, AE + RESERVED), (PROGRAMME, AE + RESERVED), (OPERATION, AE + OPENED)]
)
def test_an_earmark_fits_in_the_figures_it_adds_to(place: tuple[int, int]) -> None:
    for spare, expected in ((10, Outcome.ACCEPTED), (9, Outcome.BALANCE_LIMIT)):
        book = _build_book({place: BALANCE_MAX - spare}, blocking=False)
        (told,) = _decide_both_ways(book, _build_act("earmark", 1, 10, cell=ON_OPERATION))
        assert told.outcome is expected


def test_credits_may_be_opened_up_to_the_largest_figure() -> None:
    spare = BALANCE_MAX % AMOUNT_MAX
    acts = [
        _build_act("budget_opening_ae", number, AMOUNT_MAX, cell=ON_PROGRAMME)
        for number in range(BALANCE_MAX // AMOUNT_MAX)
    ]
    last = [_build_act("budget_opening_ae", 1000 + more, spare + more, cell=ON_PROGRAMME) for more in (1, 0)]
    told = _decide_both_ways(_build_book({}), *acts, *last)
    assert [each.outcome for each in told[-2:]] == [Outcome.BALANCE_LIMIT, Outcome.ACCEPTED]


@pytest.mark.parametrize("account", [EXPENSE, CREDITOR])
def test_sums_of_an_account_stay_countable(account: int) -> None:
    for spare, expected in ((10, Outcome.ACCEPTED), (9, Outcome.BALANCE_LIMIT)):
        sums = {(3, account): (LEDGER_MAX - spare, LEDGER_MAX - spare)}
        told = _decide_both_ways(
            _build_book(_open_everywhere(100)),
            _build_payee(),
            _build_act("direct_payment_request", 1, 10),
            sums=sums,
        )
        assert told[-1].outcome is expected


@pytest.mark.parametrize("amount", INT64_EDGES)
@pytest.mark.parametrize(
    "fault", [Outcome.AMOUNT_INVALID, Outcome.AMOUNT_NOT_POSITIVE, Outcome.AMOUNT_OVER_LIMIT]
)
def test_a_faulty_amount_is_never_counted_with(amount: int, fault: Outcome) -> None:
    (line,) = _build_act("commitment", 1, amount)
    (told,) = _decide_both_ways(_build_book(_open_everywhere(100)), [line._replace(fault=fault)])
    assert told == Decision(fault)


@pytest.mark.parametrize("last", [1, 2])
def test_the_longest_act_is_kept_or_undone_whole(last: int) -> None:
    told = _decide_both_ways(
        _build_book(_open_everywhere(ACT_LINES_MAX)),
        _build_act("commitment", 1, *[1] * (ACT_LINES_MAX - 1), last),
    )
    outcomes = {each.outcome for each in told[:-1]}
    assert outcomes == ({Outcome.ACCEPTED} if last == 1 else {Outcome.ACT_REFUSED})


def test_nothing_is_decided_of_nothing() -> None:
    assert _decide_both_ways(_build_book(_open_everywhere(100))) == []
