"""Does a statement add up, and does it begin where the one before it ended?  If not, none of it is believed."""

from collections.abc import Mapping

import numpy as np

from core.errors import EnvelopeMismatch
from core.money import euros
from core.tables.bank_messages import Message, Sort, Statement

_ASK = "Nothing of it is posted: ask the bank for the statement again, or for the one that lacks between"


def check(message: Message, name: str) -> None:
    """Check the balances of every statement in ``message``, and of each with the next one of its account.

    Raises
    ------
    EnvelopeMismatch
        Opening balance and movements do not make the closing balance, or a statement does not begin where the one
        before it in the message ended.
    """
    moved = net(message)
    last: dict[str, tuple[str, int]] = {}
    for number, statement in enumerate(message.statements):
        if statement.opening is None or statement.closing is None:
            continue
        _adds_up(statement, int(moved[number]), name)
        if statement.account in last:
            follows(statement, last[statement.account], name)
        last[statement.account] = statement.identity, statement.closing


def net(message: Message) -> np.ndarray:
    """Cents that the movements of each statement bring to its account."""
    movements = message.movements
    signs = np.zeros(len(Sort) + 1, np.int64)
    signs[[Sort.DEBIT, Sort.CREDIT, Sort.RETURN]] = -1, 1, 1
    moved = np.zeros(len(message.statements), np.int64)
    np.add.at(moved, movements.statement, movements.amount * signs[movements.sort])
    return moved


def follows(statement: Statement, before: tuple[str, int], name: str) -> None:
    """Raise ``EnvelopeMismatch`` unless ``statement`` begins with what the one ``before`` (id, closing) ended with."""
    identity, closing = before
    if statement.opening != closing:
        found = f"It opens with {euros(statement.opening or 0)}, and {identity} before it closed with {euros(closing)}"
        raise EnvelopeMismatch(_place(statement, name), found, _ASK)


def firsts(message: Message) -> Mapping[str, Statement]:
    """The first statement of each account that has balances: the one that must follow what is known already."""
    found: dict[str, Statement] = {}
    for statement in message.statements:
        if statement.opening is not None:
            found.setdefault(statement.account, statement)
    return found


def _adds_up(statement: Statement, moved: int, name: str) -> None:
    opening, closing = statement.opening or 0, statement.closing or 0
    if opening + moved != closing:
        found = (
            f"It opens with {euros(opening)}, moves {euros(moved)} and closes with {euros(closing)}: "
            f"{euros(closing - opening - moved)} is unexplained"
        )
        raise EnvelopeMismatch(_place(statement, name), found, _ASK)


def _place(statement: Statement, name: str) -> str:
    return f"{name}, statement {statement.identity} of {statement.account}"
