"""Decisions of persons about months, as tests make them."""

import asyncpg

from core.period_states import PeriodAction
from core.person_decisions import StatedPerson
from posting.store import period_store
from posting.store.period_store import NewDecision


async def decide_period(dsn: str, month: str, action: str, accountant: str = "") -> int:
    """Close, reopen or lock a month such as ``2018-05``, of one accountant or of all; return the number of the decision."""
    exercise, number = month.split("-")
    alice = StatedPerson("Alice", user="Alice")
    new = NewDecision(int(exercise), int(number), accountant, PeriodAction(action), "Clôture", alice)
    connection = await asyncpg.connect(dsn)
    try:
        return await period_store.store_decision(connection, new)
    finally:
        await connection.close()
