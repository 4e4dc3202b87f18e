"""The states of periods: what each action requires and gives, for all accountants and for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.period_states import (
    TRANSITIONS,
    PeriodAction,
    PeriodDecision,
    apply_decision,
    build_states,
    find_obstacle,
    find_unlocked_month,
    has_locked_year,
    view_folios,
)
from core.periods import PeriodState, to_period
from core.tables.book import LEDGER_ACCOUNTANTS

MAY, JUNE = to_period(2018, 5), to_period(2018, 6)
_decisions = st.builds(
    PeriodDecision, st.just(0), st.sampled_from((MAY, JUNE)), st.integers(0, 3), st.sampled_from(PeriodAction)
)


def test_the_states_at_the_beginning_are_the_same_for_all() -> None:
    states = build_states([MAY])
    assert set(view_folios(states, MAY).tolist()) == {PeriodState.OPEN}
    assert set(view_folios(states, JUNE).tolist()) == {PeriodState.CLOSED}
    assert len(view_folios(states, MAY)) == LEDGER_ACCOUNTANTS


@given(st.lists(_decisions, max_size=12))
def test_decisions_follow_the_state_of_each_accountant(decisions: list[PeriodDecision]) -> None:
    """Compared with a table of one state for each accountant and month; what is locked stays locked."""
    states = build_states([MAY])
    plain = {
        (period, accountant): PeriodState.OPEN if period == MAY else PeriodState.CLOSED
        for period in (MAY, JUNE)
        for accountant in range(4)
    }
    for decision in decisions:
        is_locked = {place for place, state in plain.items() if state is PeriodState.LOCKED}
        apply_decision(states, decision)
        before, after = TRANSITIONS[decision.action]
        for place, state in plain.items():
            concerns = place[0] == decision.period and decision.accountant in (0, place[1])
            if concerns and state is before:
                plain[place] = after
        assert all(plain[place] is PeriodState.LOCKED for place in is_locked)
    for (period, accountant), state in plain.items():
        folio = period * LEDGER_ACCOUNTANTS + accountant
        assert states[folio] == state


@pytest.mark.parametrize(
    ("action", "obstacles"),
    [
        (PeriodAction.CLOSE, ("", "it is closed already", "it is locked, and a lock cannot be undone")),
        (PeriodAction.REOPEN, ("it is open already", "", "it is locked, and a lock cannot be undone")),
        (PeriodAction.LOCK, ("it is open: close it first", "", "it is locked, and a lock cannot be undone")),
    ],
)
def test_an_action_requires_its_state(action: PeriodAction, obstacles: tuple[str, str, str]) -> None:
    states = build_states([])
    for state, obstacle in zip(
        (PeriodState.OPEN, PeriodState.CLOSED, PeriodState.LOCKED), obstacles, strict=True
    ):
        view_folios(states, MAY)[:] = state
        assert find_obstacle(states, PeriodDecision(0, MAY, 0, action)) == obstacle
        assert find_obstacle(states, PeriodDecision(0, MAY, 7, action)) == obstacle


def test_a_year_is_locked_once_every_month_is_for_one_accountant() -> None:
    states = build_states([])
    for month in range(1, 13):
        assert not has_locked_year(states, 2018)
        view_folios(states, to_period(2018, month), month % 2 + 3)[:] = PeriodState.LOCKED
    assert not has_locked_year(states, 2018)  # of two accountants each second month
    for month in range(1, 13):
        view_folios(states, to_period(2018, month), 3)[:] = PeriodState.LOCKED
    assert has_locked_year(states, 2018)
    assert not has_locked_year(states, 2019)


def test_the_first_month_that_is_not_locked_is_that_of_the_accountant() -> None:
    states = build_states([])
    for month in range(1, 16):
        assert find_unlocked_month(states, 2018, 3) == month
        view_folios(states, to_period(2018, month), 3)[:] = PeriodState.LOCKED
    assert find_unlocked_month(states, 2018, 3) == 0
    assert find_unlocked_month(states, 2018, 4) == find_unlocked_month(states, 2018, 0) == 1
    assert find_unlocked_month(states, 2019, 3) == 1
