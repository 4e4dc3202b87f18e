"""Months 13 and 14 of a ledger of before them: closed in a year whose figures are final, open in the others."""

from collections.abc import Iterable

import pytest

from core.period_states import PeriodAction, PeriodDecision, find_month_state, find_obstacle
from core.periods import INVENTORY_MONTHS, PeriodState, to_period
from posting.store.migration_files import list_migrations
from posting.store.period_store import load_states
from tests.databases import open_connection

_STARTS = """set session_replication_role = replica;
insert into period_start select year, month, month in (0, 12)
from generate_series(2017, 2019) year, generate_series(0, 12) month;
insert into period_start select year, 15, true from generate_series(2017, 2019) year;"""
_DECISION = """insert into period_decision (exercise, month, accountant, action, reason, by, key)
values ($1, $2, 0, $3, 'final', 'Anna', '')"""
_MONTHS = [(2017, 12), (2018, 15), (2019, 11)]
"""What is locked: December, the result, and a month that says nothing of the inventory."""


async def _upgrade(dsn: str, months: Iterable[tuple[int, int]]) -> list[list[PeriodState]]:
    """Store and lock months as of before the migration, and apply it; return the states of months 13 and 14 of each year."""
    (migration,) = [row for row in list_migrations() if row.name.startswith("0086")]
    async with open_connection(dsn) as connection:
        await connection.execute(_STARTS)
        for month in months:
            for action in ("close", "lock"):
                await connection.execute(_DECISION, *month, action)
        await connection.execute(migration.sql)
        states = await load_states(connection)
    return [[find_month_state(states, year, month) for month in INVENTORY_MONTHS] for year, _ in _MONTHS]


async def test_a_locked_year_of_before_has_no_open_inventory(dsn: str) -> None:
    closed, opened = [PeriodState.CLOSED] * 2, [PeriodState.OPEN] * 2
    assert await _upgrade(dsn, _MONTHS) == [closed, closed, opened]


@pytest.mark.parametrize("month", INVENTORY_MONTHS)
async def test_the_inventory_stays_closed_behind_a_locked_result(dsn: str, month: int) -> None:
    """It may be locked, and be reopened while the result can still follow."""
    await _upgrade(dsn, _MONTHS)
    async with open_connection(dsn) as connection:
        states = await load_states(connection)
    for year, words in ((2017, ""), (2018, "its inventory is final")):
        reopening = PeriodDecision(0, to_period(year, month), 7, PeriodAction.REOPEN)
        assert words in find_obstacle(states, reopening)
        assert bool(words) == bool(find_obstacle(states, reopening))
        assert not find_obstacle(states, reopening._replace(action=PeriodAction.LOCK))
