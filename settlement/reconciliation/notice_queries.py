"""What notices and statements have in common in the database: amounts on suspense, and the acts of notices."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import KIND_NUMBERS, Family, list_kinds
from settlement.reconciliation.bank_queries import SQL, STATED_QUERIES, Connection
from settlement.reconciliation.mismatch import Mismatch

OF_BANK = (KIND_NUMBERS["bank_debit"], KIND_NUMBERS["bank_return"])
"""The kinds of debits and returns of transfers that the bank names, in this order."""
_OPENINGS = list_kinds(lambda kind: kind.opens_item)
_CLEARINGS = list_kinds(lambda kind: kind.takes_off_suspense and kind.family is not Family.OPENING)
_UNNAMED = (
    Mismatch.NOT_OURS,
    Mismatch.UNKNOWN_TRANSFER,
    Mismatch.OTHER_ACCOUNT,
    Mismatch.AMOUNT_DIFFERS,
    Mismatch.BEFORE_ISSUE,
    Mismatch.TWICE,
    Mismatch.NO_REFERENCE,
)
"""Why a movement is on suspense that may be one of a transfer: it names no receivable."""


class SuspendedMovement(NamedTuple):
    """A movement that a statement posted to suspense."""

    account: str
    kind: int
    amount: int
    day: int
    """Days since 1970, as in all that follow."""
    remainder: int
    """What is left of it on suspense, of its openings in later years if it has any."""


class LinkedMovement(NamedTuple):
    """A debit or return of a notice that posted nothing, as a statement had it on suspense."""

    account: str
    movement_type: int
    amount: int
    day: int
    transfer: int


class NoticedAct(NamedTuple):
    """A debit or return that a notice posted and no statement has booked."""

    account: str
    kind: int
    cents: int
    day: int
    transfer: int


async def load_suspended_movements(
    connection: Connection, kinds: Sequence[int], amounts: NDArray[np.int64]
) -> list[SuspendedMovement]:
    """Return the movements of statements with ``amounts`` that were posted to suspense (kinds)."""
    arguments = (list(kinds), list(_UNNAMED), amounts.tolist(), _OPENINGS, _CLEARINGS)
    rows = await connection.fetch(SQL["suspended_movements"], *arguments)
    return [SuspendedMovement(*row.values()) for row in rows]


async def load_linked_movements(
    connection: Connection, message: int, amounts: NDArray[np.int64]
) -> list[LinkedMovement]:
    """Return the movements with ``amounts`` that other messages than ``message`` leave to the accountant."""
    arguments = (message, Mismatch.ON_SUSPENSE, amounts.tolist(), OF_BANK)
    rows = await connection.fetch(SQL["linked_movements"], *arguments)
    return [LinkedMovement(*row.values()) for row in rows]


async def load_noticed_acts(connection: Connection, kinds: Sequence[int], message: int) -> list[NoticedAct]:
    """Return what notices posted (kinds), no statement has booked, and no message but ``message`` has linked."""
    query = SQL["noticed_acts"].format(**STATED_QUERIES)
    rows = await connection.fetch(query, list(kinds), message, Mismatch.NOTICED)
    return [NoticedAct(*row.values()) for row in rows]
