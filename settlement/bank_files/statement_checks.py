"""Checks of account statements: balances add up, and each opens with what the one before it closed with."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import EnvelopeMismatch
from core.money import format_euros
from core.tables.bank_messages import BankMessage, BankStatement, MovementType

_REMEDY = (
    "Nothing of this file is posted: ask the bank for the statement again, or for a missing one before it"
)


class Closing(NamedTuple):
    """A statement and its closing balance in cents."""

    identity: str
    cents: int


def check_statements(message: BankMessage, name: str) -> None:
    """Check the balances of every statement in ``message``, and consecutive statements of an account.

    Raises
    ------
    EnvelopeMismatch
        The opening balance and the movements do not add up to the closing balance, or a statement does not open with
        what the previous one of its account closed with.
    """
    net = sum_movements(message)
    last: dict[str, Closing] = {}
    for row, statement in enumerate(message.statements):
        if statement.opening is None or statement.closing is None:
            continue
        _check_balances(statement, int(net[row]), name)
        if statement.account in last:
            check_continuity(statement, last[statement.account], name)
        last[statement.account] = Closing(statement.identity, statement.closing)


def sum_movements(message: BankMessage) -> NDArray[np.int64]:
    """Return the net cents of the movements of each statement."""
    movements = message.movements
    signs = np.zeros(len(MovementType) + 1, np.int64)
    signs[[MovementType.DEBIT, MovementType.CREDIT, MovementType.RETURN]] = -1, 1, 1
    net = np.zeros(len(message.statements), np.int64)
    np.add.at(net, movements.statement, movements.amount * signs[movements.sort])
    return net


def check_continuity(statement: BankStatement, previous: Closing, name: str) -> None:
    """Raise ``EnvelopeMismatch`` unless ``statement`` opens with what the ``previous`` one closed with."""
    if statement.opening != previous.cents:
        opening, closing = format_euros(statement.opening or 0), format_euros(previous.cents)
        finding = (
            f"The statement opens with {opening}, and {previous.identity} before it closed with {closing}"
        )
        raise EnvelopeMismatch(_describe_place(statement, name), finding, _REMEDY)


def _check_balances(statement: BankStatement, net: int, name: str) -> None:
    opening, closing = statement.opening or 0, statement.closing or 0
    difference = closing - opening - net
    if difference:
        finding = (
            f"The statement opens with {format_euros(opening)}, moves {format_euros(net)} and closes with "
            f"{format_euros(closing)}: {format_euros(difference)} is unexplained"
        )
        raise EnvelopeMismatch(_describe_place(statement, name), finding, _REMEDY)


def _describe_place(statement: BankStatement, name: str) -> str:
    return f"{name}, statement {statement.identity} of {statement.account}"
