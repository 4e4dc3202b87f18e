"""Does a statement add up, and does it begin where the one before it ended?  If not, none of it is believed."""

from collections.abc import Mapping

import numpy as np

from core.errors import EnvelopeMismatch
from core.money import format_euros
from core.tables.bank_messages import BankMessage, BankStatement, MovementType

_REMEDY = "Nothing of it is posted: ask the bank for the statement again, or for the one that lacks between"


def check_statements(message: BankMessage, name: str) -> None:
    """Check the balances of every statement in ``message``, and of each with the next one of its account.

    Raises
    ------
    EnvelopeMismatch
        Opening balance and movements do not make the closing balance, or a statement does not begin where the one
        before it in the message ended.
    """
    moved = sum_movements(message)
    last: dict[str, tuple[str, int]] = {}
    for number, statement in enumerate(message.statements):
        if statement.opening is None or statement.closing is None:
            continue
        _check_balances(statement, int(moved[number]), name)
        if statement.account in last:
            check_continuity(statement, last[statement.account], name)
        last[statement.account] = statement.identity, statement.closing


def sum_movements(message: BankMessage) -> np.ndarray:
    """Cents that the movements of each statement bring to its account."""
    movements = message.movements
    signs = np.zeros(len(MovementType) + 1, np.int64)
    signs[[MovementType.DEBIT, MovementType.CREDIT, MovementType.RETURN]] = -1, 1, 1
    moved = np.zeros(len(message.statements), np.int64)
    np.add.at(moved, movements.statement, movements.amount * signs[movements.sort])
    return moved


def check_continuity(statement: BankStatement, before: tuple[str, int], name: str) -> None:
    """Raise ``EnvelopeMismatch`` unless ``statement`` begins with what the one ``before`` (id, closing) ended with."""
    identity, closing = before
    if statement.opening != closing:
        found = f"It opens with {format_euros(statement.opening or 0)}, and {identity} before it closed with {format_euros(closing)}"
        raise EnvelopeMismatch(_describe_place(statement, name), found, _REMEDY)


def select_first_statements(message: BankMessage) -> Mapping[str, BankStatement]:
    """The first statement of each account that has balances: the one that must follow what is known already."""
    found: dict[str, BankStatement] = {}
    for statement in message.statements:
        if statement.opening is not None:
            found.setdefault(statement.account, statement)
    return found


def _check_balances(statement: BankStatement, moved: int, name: str) -> None:
    opening, closing = statement.opening or 0, statement.closing or 0
    if opening + moved != closing:
        found = (
            f"It opens with {format_euros(opening)}, moves {format_euros(moved)} and closes with {format_euros(closing)}: "
            f"{format_euros(closing - opening - moved)} is unexplained"
        )
        raise EnvelopeMismatch(_describe_place(statement, name), found, _REMEDY)


def _describe_place(statement: BankStatement, name: str) -> str:
    return f"{name}, statement {statement.identity} of {statement.account}"
