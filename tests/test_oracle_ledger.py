"""Invariants of the plain model: rules that no single act can show."""

import copy
from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from core.catalog import CATALOG, ActKind, Family, Remainder, Role, Stage
from core.kind_rules import CreditCheck, Pairing
from core.money import BALANCE_MAX
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from tests.act_strategies import READING_FAULTS, CaseBatch, DecisionCase, cases, find_chains
from tests.book_strategies import StartingBook
from tests.file_strategies import REFERENCE, File, files
from tests.kernels.execution_modes import EXAMPLES_FACTOR
from tests.oracle.availability import compute_available, walk_up
from tests.oracle.decisions import decide, split_acts
from tests.oracle.engine import Engine
from tests.oracle.ledger import Ledger
from tests.oracle.lines import Line
from tests.oracle.model import (
    AE,
    ALLOTTED,
    CONSUMED,
    CP,
    FROZEN_HERE,
    NONE,
    OPENED_CREDITS,
    RESERVED,
    Decision,
    State,
)
from tests.oracle.reference import Reference

few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_FINAL = {Outcome.ACCEPTED, Outcome.DUPLICATE}
_FORM_OUTCOMES = {Outcome.FORM_REFUSED}
"""The outcome that no single act gets: ``tests.oracle.rollback`` gives it once all acts of a form are decided, and undoes
the accepted ones."""
_OUTCOMES_OF_LIVES: Mapping[str, frozenset[Outcome]] = {
    "advance_request": frozenset({Outcome.ADVANCE_MISMATCH, Outcome.INVOICE_ALREADY_REQUESTED}),
    "retention": frozenset({Outcome.RETENTION_EXCEEDED, Outcome.RETENTION_REQUEST}),
    "penalty": frozenset({Outcome.PENALTY_ITEM}),
    "reassignment_origin": frozenset(
        {
            *(Outcome.EXPENSE_REASSIGNED, Outcome.REASSIGNMENT_FORBIDDEN, Outcome.REASSIGNMENT_UNPAIRED),
            Outcome.TRANSFER_AMOUNT_DIFFERS,
        }
    ),
    "term_suspension": frozenset(
        {
            *(Outcome.TERM_ALREADY_SUSPENDED, Outcome.TERM_NOT_SUSPENDED, Outcome.TERM_SUSPENDED),
            Outcome.CP_EXCEEDED,
        }
    ),
    "prior_withdrawal": frozenset({Outcome.COMMITMENT_NOT_PRIOR, Outcome.RECYCLING_MISMATCH}),
    "commitment_reversal": frozenset({Outcome.ORIGINAL_FOLLOWED, Outcome.REVERSAL_NOT_WHOLE}),
    "payroll": frozenset({Outcome.PAYROLL_DIVERSION}),
    "credit_restoration": frozenset({Outcome.ASSIGNMENT_DIFFERS, Outcome.RESTORATION_WITHOUT_EXPENSE}),
    "fund_opening": frozenset({Outcome.FUND_RECEIPT_MISMATCH, Outcome.FUND_RECEIPT_EXCEEDED}),
    "attachment": frozenset({Outcome.ADVANCE_LIMIT}),
    "assignment": frozenset({Outcome.INTEREST_ASSIGNMENT}),
    "justification": frozenset({Outcome.SUSPENSE_EXCEEDED}),
    "suspense_identification": frozenset({Outcome.IDENTIFICATION_UNPAIRED, Outcome.IDENTIFICATION_MISMATCH}),
    "invoice_request": frozenset({Outcome.INVOICE_SERVICE_MISMATCH}),
    "asset_depreciation": frozenset(
        {
            *(Outcome.ASSET_VALUE_EXCEEDED, Outcome.DEPRECIATION_EXCEEDED),
            Outcome.DEPRECIATION_SHARE_EXCEEDED,
        }
    ),
    "visa_request": frozenset({Outcome.VISA_AMOUNT_DIFFERS, Outcome.VISA_PENDING}),
    "accrual": frozenset({Outcome.INVENTORY_ACCOUNT}),
    "set_off_receipt": frozenset({Outcome.RECEIVABLE_NOT_DUE}),
}
"""By kind: outcomes that need several accepted acts of fitting amounts before them, which the lives with that kind bring."""
_RARE_IN_LIVES: Mapping[str, frozenset[Outcome]] = {
    "term_suspension": frozenset({Outcome.AFTER_LAST_DATE}),
    "prior_withdrawal": frozenset({Outcome.CARRY_AMOUNT_DIFFERS, Outcome.CARRY_MISSING}),
    "commitment_reversal": frozenset(
        {Outcome.ANTICIPATION_LIMIT, Outcome.PROGRAMME_NOT_VOTED, Outcome.REVERSAL_FORBIDDEN}
    ),
    "credit_restoration": frozenset(
        {
            *(Outcome.RECEIVABLE_MISSING, Outcome.REPAYMENT_MISMATCH, Outcome.RESTORATION_EXCEEDS_RECEIPT),
            Outcome.SET_OFF_MISMATCH,
        }
    ),
    "attachment": frozenset({Outcome.SETTLED_WITHOUT_TRANSFER}),
    "visa_request": frozenset({Outcome.VISA_EXCEEDED}),
}
"""Outcomes that less than one case of 200 with the lives of that kind brings: only the long form looks for them.

A scenario has each (``test_every_outcome_is_expected_somewhere``).
"""
_RARE_OUTCOMES = {
    *(Outcome.ADVANCE_DIVERSION, Outcome.ADVANCE_EXCEEDED, Outcome.ADVANCE_ITEM, Outcome.ADVANCE_MISSING),
    *(Outcome.CANCELLATION_LIMIT, Outcome.COMMITMENT_CARRIED, Outcome.ENTRY_DAY, Outcome.JOURNAL_UNBALANCED),
    *(Outcome.PAYEE_BLOCKED, Outcome.PRIOR_REQUESTS_FIRST, Outcome.RESTORATION_TOO_LATE),
    *(
        Outcome.ADVANCE_NOT_RECOVERED,
        Outcome.RETENTION_LATE,
        Outcome.SERVICE_ALREADY_BILLED,
        Outcome.TRANSFER_UNPAIRED,
    ),
}
"""Outcomes that chance seldom brings: a scenario has each (``test_every_outcome_is_expected_somewhere``)."""


def _lines(case: DecisionCase) -> list[Line]:
    return [line for batch in case.batches for line in batch.lines]


def _acts(case: DecisionCase) -> list[list[Line]]:
    return [act for batch in case.batches for act in split_acts(batch.lines)]


def _copy_state(state: State) -> tuple[object, ...]:
    return tuple(dict(chain) for chain in state)


def _decide_case(case: DecisionCase) -> Ledger:
    ledger = case.book.build_ledger()
    for batch in case.batches:
        decide(batch.lines, ledger, batch.holding)
    return ledger


def _list_children(book: StartingBook, node: int) -> list[int]:
    """Return the nodes that ``node`` allots to; operations are none, as their credits are reserved."""
    return [
        at
        for at, node_data in book.world.nodes.items()
        if node_data.parent == node and node_data.level is not CentreLevel.OPERATION
    ]


@few
@given(cases())
def test_only_an_accepted_act_changes_anything(case: DecisionCase) -> None:
    ledger = case.book.build_ledger()
    for act in _acts(case):
        before = _copy_state(ledger.state)
        decisions = ledger.decide(act)
        assert len(decisions) == len(act)
        accepted = {decision.outcome for decision in decisions} == {Outcome.ACCEPTED}
        assert (_copy_state(ledger.state) != before) == accepted
        assert accepted or Outcome.ACCEPTED not in {decision.outcome for decision in decisions}


@few
@given(cases())
def test_a_refused_act_reports_one_line(case: DecisionCase) -> None:
    ledger = case.book.build_ledger()
    alike = {*_FINAL, Outcome.REFERENCE_CONFLICT}
    for act in _acts(case):
        decisions = Counter(decision.outcome for decision in ledger.decide(act))
        if not decisions.keys() <= alike:
            assert (
                sum(count for outcome, count in decisions.items() if outcome is not Outcome.ACT_REFUSED) == 1
            )


@few
@given(cases())
def test_an_accepted_act_is_recognised(case: DecisionCase) -> None:
    """Rule A47: the same content again is a duplicate with the same entries, and changes nothing."""
    ledger = case.book.build_ledger()
    for act in _acts(case):
        first = ledger.decide(act)
        before = _copy_state(ledger.state)
        repeated = ledger.decide(act)
        if first[0].outcome in _FINAL:
            assert [d.outcome for d in repeated] == [Outcome.DUPLICATE] * len(act)
            assert [d.entry for d in repeated] == [d.entry for d in first]
            assert _copy_state(ledger.state) == before


@few
@given(cases())
def test_entries_are_numbered_without_gaps(case: DecisionCase) -> None:
    ledger = case.book.build_ledger()
    decisions = [decision for act in _acts(case) for decision in ledger.decide(act)]
    entries = [decision.entry for decision in decisions if decision.outcome is Outcome.ACCEPTED]
    assert entries == list(range(1, len(entries) + 1)) == sorted(ledger.state.items)


@few
@given(cases())
def test_limiting_credits_are_never_exceeded(case: DecisionCase) -> None:
    """Rules A11 and A23, at every level; payroll alone may overdraw credits, before they are checked (rule A28)."""
    ledger = case.book.build_ledger()
    decisions = [(line, d) for batch in case.batches for line, d in _list_accepted(batch, ledger)]
    world, unchecked = case.book.world, Counter[int]()
    for line, decision in decisions:
        cell = world.cells.get(decision.cell)
        is_checked = cell is not None and (line.period, cell.year) in world.payroll_checks
        if CATALOG[line.kind].check is CreditCheck.YEAR_END and not is_checked:
            for node in walk_up(world.nodes, world.cells[decision.cell].centre_node):
                unchecked[node] += line.amount
    for node, node_data in world.nodes.items():
        if node_data.blocking and node_data.level is not CentreLevel.OPERATION:
            assert compute_available(ledger.state.figures, node, AE) >= -unchecked[node]
            assert compute_available(ledger.state.figures, node, CP) >= -unchecked[node]


@few
@given(cases())
def test_a_level_allots_no_more_than_it_has(case: DecisionCase) -> None:
    """Rule A19."""
    figures = _decide_case(case).state.figures
    for node in case.book.world.nodes:
        for measure in (AE, CP):
            allotted = figures.get((node, measure + ALLOTTED), 0)
            below = sum(
                figures.get((child, measure + OPENED_CREDITS), 0) for child in _list_children(case.book, node)
            )
            frozen = figures.get((node, measure + FROZEN_HERE), 0)
            assert frozen >= 0
            assert below == allotted <= figures.get((node, measure + OPENED_CREDITS), 0) - frozen


@few
@given(cases())
def test_spending_counts_at_all_levels_above(case: DecisionCase) -> None:
    """By the changes, because a budget may begin with credits spent before; what is frozen at a level is its own."""
    now, then = _decide_case(case).state.figures, case.book.figures
    for node, node_data in case.book.world.nodes.items():
        for figure in (AE + RESERVED, AE + CONSUMED, CP + RESERVED, CP + CONSUMED):
            changes = [
                now.get((at, figure), 0) - then.get((at, figure), 0)
                for at in (node, *_list_children(case.book, node))
            ]
            if node_data.level in (CentreLevel.PROGRAMME, CentreLevel.BOP):
                own = now.get((node, figure - RESERVED + FROZEN_HERE), 0) if figure % CP == RESERVED else 0
                assert changes[0] - own == sum(changes[1:])


@few
@given(cases())
def test_an_earmark_is_reserved_until_it_is_consumed(case: DecisionCase) -> None:
    """Rule A17: the remaining credits of an operation are not available to its unit."""
    now, then = _decide_case(case).state.figures, case.book.figures
    for node, node_data in case.book.world.nodes.items():
        operations = [at for at, other in case.book.world.nodes.items() if other.parent == node]
        if node_data.level is CentreLevel.UO and operations:
            spent_alone = _sum_requested(case, node)
            reserved = now.get((node, AE + RESERVED), 0) - then.get((node, AE + RESERVED), 0)
            remaining = [
                now.get((at, AE + OPENED_CREDITS), 0)
                - now.get((at, AE + CONSUMED), 0)
                - then.get((at, AE + OPENED_CREDITS), 0)
                for at in operations
            ]
            assert reserved == sum(remaining) + spent_alone + now.get((node, AE + FROZEN_HERE), 0)


def _sum_requested(case: DecisionCase, unit: int) -> int:
    """Return the AE that direct requests still reserve at ``unit`` itself: their payable amounts, diverted or not."""
    ledger = _decide_case(case)
    cells = case.book.world.cells
    return sum(
        item.open
        for item in ledger.state.items.values()
        if CATALOG[item.kind].reaches is Stage.PAYABLE
        and CATALOG[item.under].ae_reserved
        and cells[item.cell].centre_node == unit
        and cells[item.cell].operation_node == NONE
    )


@few
@given(cases())
def test_debits_equal_credits(case: DecisionCase) -> None:
    sums = _decide_case(case).state.sums
    for folio in {(period, accountant) for period, accountant, _ in sums}:
        both = [totals for (*at, _), totals in sums.items() if tuple(at) == folio]
        assert sum(debit for debit, _ in both) == sum(credit for _, credit in both)


@few
@given(cases())
def test_no_amount_is_drawn_twice(case: DecisionCase) -> None:
    """Rules A16, A32, A33, for engaged and certified amounts."""
    items = _decide_case(case).state.items
    for item in items.values():
        if not CATALOG[item.kind].is_payee_act:
            assert item.open >= 0
        assert item.unbilled >= 0
        if CATALOG[item.kind].family not in (
            Family.COMMITMENT,
            Family.ASSET,
        ):  # of an asset: what is depreciated
            assert item.unbilled == 0


def _list_stated_accounts(state: State) -> set[int]:
    """Return the accounts that entries by hand and openings post to; reading keeps them off those of open items."""
    stating = [posted for posted in state.journal.values() if CATALOG[posted.kind].states_account]
    return {account for posted in stating for account in (posted.debit, posted.credit)}


@few
@given(cases())
def test_open_items_are_the_balances_of_their_accounts(case: DecisionCase) -> None:
    """Rule A08: creditors, transfers in transit, the Treasury's account, unidentified returns; receivables as debits."""
    state = _decide_case(case).state
    open_cents = _sum_open_items(state)
    for account in open_cents.keys() - _list_stated_accounts(state):
        both = [sums for (_, _, other), sums in state.sums.items() if other == account]
        balance = sum(credit for _, credit in both) - sum(debit for debit, _ in both)
        assert balance == open_cents[account]


def _find_treasury(state: State) -> int:
    """Return the Treasury's account; 0 if nothing is posted on it."""
    for posted in state.journal.values():
        if CATALOG[posted.kind].debit is Role.TREASURY:
            return posted.debit
        if CATALOG[posted.kind].credit is Role.TREASURY:
            return posted.credit
    return 0


def _sum_open_items(state: State) -> Counter[int]:
    """Sum what is open by account: credits less debits.

    Money that was collected stays on the Treasury's account, whatever is restored of it, until its receipt is taken
    back; and money that was paid in advance has left it, whatever is recovered.  What the bank moved and nobody knew stays
    there, whatever it is identified as.
    """
    open_cents, treasury = Counter[int](), _find_treasury(state)
    for entry, item in state.items.items():
        posted, kind = state.journal[entry], CATALOG[item.kind]
        match kind.reaches:
            case Stage.BY_HAND if kind.debit is Role.TREASURY:
                open_cents[item.debit] -= posted.amount
                open_cents[item.credit] += item.open
            case Stage.BY_HAND if kind.credit is Role.TREASURY:
                open_cents[item.debit] -= item.open
                open_cents[item.credit] += posted.amount
            case Stage.DEBITED if kind.pairs is Pairing.IDENTIFICATION:
                open_cents[treasury] -= posted.amount - item.open
            case Stage.RETURNED if kind.pairs is Pairing.IDENTIFICATION:
                open_cents[item.credit] += item.open
                open_cents[treasury] += posted.amount
            case Stage.NONE | Stage.UNASSIGNED:
                if CATALOG[item.kind].pairs is Pairing.ADVANCE:
                    open_cents[state.items[posted.predecessor].credit] += posted.amount
                elif kind.mirrors and kind.follows is Family.RECEIPT:
                    open_cents[posted.credit] += posted.amount
            case Stage.DUE:
                open_cents[item.debit] -= item.open
            case Stage.COLLECTED:
                if CATALOG[item.kind].debit is Role.TREASURY:
                    open_cents[item.debit] -= posted.amount
            case Stage.VISA_REQUESTED | Stage.VISA_REFUSED | Stage.VISA_GIVEN:
                continue  # it is planned, and owed to nobody
            case _:
                open_cents[item.credit] += item.open
    return open_cents


@few
@given(cases())
def test_certified_service_is_the_balance_of_its_account(case: DecisionCase) -> None:
    """Rule A08: what is certified and not requested yet, on the accounts that service is credited to."""
    state = _decide_case(case).state
    services = {
        entry: item for entry, item in state.items.items() if CATALOG[item.kind].feeds is Remainder.UNBILLED
    }
    for account in {item.credit for item in services.values()} - _list_stated_accounts(state):
        both = [sums for (_, _, other), sums in state.sums.items() if other == account]
        balance = sum(credit for _, credit in both) - sum(debit for debit, _ in both)
        commitments = {item.parent for item in services.values() if item.credit == account}
        assert balance == sum(state.items[commitment].unbilled for commitment in commitments)


@few
@given(cases())
def test_consumption_is_settled_less_given_back(case: DecisionCase) -> None:
    """Rules A26, A29, A53: neither returns nor re-issues count, restorations do; what is reserved is what is payable."""
    ledger = case.book.build_ledger()
    decisions = [(line, d) for batch in case.batches for line, d in _list_accepted(batch, ledger)]
    now, then, cells = ledger.state.figures, case.book.figures, case.book.world.cells
    units = [at for at, node_data in case.book.world.nodes.items() if node_data.level is CentreLevel.UO]
    for node in units:
        at_unit = [(line, d.entry) for line, d in decisions if d.cell and cells[d.cell].centre_node == node]
        settled = sum(_find_sign(CATALOG[line.kind]) * line.amount for line, _ in at_unit)
        items = [ledger.state.items[entry] for _, entry in at_unit]
        payable = sum(item.open for item in items if CATALOG[item.kind].reaches is Stage.PAYABLE)
        frozen = now.get((node, CP + FROZEN_HERE), 0)
        for figure, expected in ((CP + CONSUMED, settled), (CP + RESERVED, payable + frozen)):
            assert now.get((node, figure), 0) - then.get((node, figure), 0) == expected


def _find_sign(kind: ActKind) -> int:
    """Return how a kind changes the CP that are consumed."""
    return kind.settles + kind.cp_consumed


def _list_accepted(batch: CaseBatch, ledger: Ledger) -> list[tuple[Line, Decision]]:
    """Return the accepted lines with their decisions."""
    decisions = zip(batch.lines, decide(batch.lines, ledger, batch.holding), strict=True)
    return [(line, d) for line, d in decisions if d.outcome is Outcome.ACCEPTED]


@few
@given(cases())
def test_figures_stay_within_their_limit(case: DecisionCase) -> None:
    assert all(abs(cents) <= BALANCE_MAX for cents in _decide_case(case).state.figures.values())


@few
@given(cases())
def test_cuts_between_batches_do_not_change_decisions(case: DecisionCase) -> None:
    whole, cut = case.book.build_ledger(), case.book.build_ledger()
    pieces = [decision for batch in case.batches for decision in decide(batch.lines, cut, holding=False)]
    assert [decision for act in _acts(case) for decision in whole.decide(act)] == pieces
    assert _copy_state(whole.state) == _copy_state(cut.state)


@few
@given(cases())
def test_holding_changes_no_other_decision(case: DecisionCase) -> None:
    """Holding only postpones a refusal: an act that is not held is decided as without holding."""
    for act in _acts(case)[:10]:
        ledger = _decide_case(case)
        twin = copy.deepcopy(ledger)
        ledger.waiting.clear()
        twin.waiting.clear()
        held, plain = ledger.decide(act, holding=True), twin.decide(act)
        if held[0].outcome is Outcome.HELD:
            assert {d.outcome for d in plain} & {Outcome.PREDECESSOR_MISSING, Outcome.SERVICE_INSUFFICIENT}
        else:
            assert held == plain


@pytest.mark.parametrize("name", [None, *_OUTCOMES_OF_LIVES])
def test_the_strategies_reach_every_decision(name: str | None) -> None:
    """Every outcome that the decision of single acts can give, but for two, occurs among some hundred cases.

    Hypothesis draws on the constants of every module that happens to be loaded, so that the same seed gives other cases
    in another order of tests: this looks on until all is seen, ten times as far as it usually takes.  With
    ``EXAMPLES_FACTOR`` above 1 it looks for rare outcomes of the lives too.
    """
    of_lives = frozenset[Outcome]().union(*_OUTCOMES_OF_LIVES.values(), *_RARE_IN_LIVES.values())
    rest = set(Outcome) - set(READING_FAULTS) - _FORM_OUTCOMES - _RARE_OUTCOMES - of_lives
    expected = _OUTCOMES_OF_LIVES[name] if name else rest
    if name and EXAMPLES_FACTOR > 1:
        expected = expected | _RARE_IN_LIVES.get(name, frozenset())
    chains = find_chains(name) if name else []
    outcomes: set[Outcome] = set()

    def completes(case: DecisionCase) -> bool:
        ledger = case.book.build_ledger()
        for batch in case.batches:
            outcomes.update(decision.outcome for decision in decide(batch.lines, ledger, batch.holding))
        return outcomes >= expected

    looking = settings(few, max_examples=6_000 * EXAMPLES_FACTOR, phases=[Phase.generate], database=None)
    find(
        cases(chains=chains) | cases(acts_max=3, chains=chains), completes, settings=looking, random=Random(1)
    )
    assert expected <= outcomes


# ---------------------------------------------------------------------------------------------- in words


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference.load(REFERENCE)


@few
@given(presented=files())
def test_every_row_has_one_final_answer(reference: Reference, presented: list[File]) -> None:
    engine = Engine(reference)
    for file in presented:
        decisions = engine.submit(file)
        assert len(decisions) == len(file)
        assert all(outcome in Outcome.__members__ and outcome != "HELD" for outcome, _, _ in decisions)
        assert engine.list_held() <= set(range(len(file)))


@few
@given(presented=files())
def test_files_presented_again_change_nothing(reference: Reference, presented: list[File]) -> None:
    """Except acts that were refused for a missing predecessor; the last file cannot contain any."""
    engine = Engine(reference)
    decisions = [engine.submit(file) for file in presented]
    before = _copy_state(engine.ledger.state)
    repeated = engine.submit(presented[0])
    assert _copy_state(engine.ledger.state) == before
    assert [outcome for outcome, _, _ in repeated] == ["DUPLICATE"] * len(decisions[0])


@few
@given(presented=files())
def test_each_sender_has_its_own_references(reference: Reference, presented: list[File]) -> None:
    engine = Engine(reference)
    first = engine.submit(presented[0], "one ministry")
    assert engine.submit(presented[0], "another") == first
