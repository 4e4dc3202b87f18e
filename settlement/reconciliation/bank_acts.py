"""From matched movements to acts in the flat act format: the same message always makes the same file.

A debit follows each line of its transfer.  A return gives each line back and, in the same act, identifies its creditor, so
that the debt is open again.  If the reason forbids that (``core.bank_reasons``), the money stays on the account of returned
transfers.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import ACT_LINES_MAX
from core.bank_reasons import BankReason, BankReasons, BlockedParty
from core.catalog import KIND_NUMBERS
from core.money import CENTS_PER_EURO
from core.senders import BANK
from core.tables.bank_messages import BankMessage, MovementType, unpack_code
from settlement.reconciliation.act_lines import (
    BLOCKED,
    COLLECTED,
    IDENTIFIED,
    SUSPENDED,
    UNKNOWN_DEBIT,
    UNKNOWN_RETURN,
    ActLines,
    build_table,
    fill_centres,
    format_numbers,
    join_texts,
)
from settlement.reconciliation.credit_suspense import NO_SUSPENSE, MovementSuspense
from settlement.reconciliation.matching import Matches
from settlement.reconciliation.receipt_matching import NO_RECEIPTS, CreditReceipts
from settlement.reconciliation.sent_transfers import SentTransfers

SENDER = BANK
"""The sender of the acts from bank files."""
_VERSION = "1"
_LETTERS: Mapping[MovementType, str] = {
    MovementType.DEBIT: "D",
    MovementType.RETURN: "R",
    MovementType.REJECT: "X",
}
"""First letter of an act's reference; the entry of the transfer follows.  So the same movement is always the same act."""
_KINDS_BY_TYPE: Mapping[MovementType, int] = {
    MovementType.DEBIT: KIND_NUMBERS["bank_debit"],
    MovementType.RETURN: KIND_NUMBERS["bank_return"],
    MovementType.REJECT: KIND_NUMBERS["bank_reject"],
}
_IDENTIFY, _BLOCK, _COLLECT = (KIND_NUMBERS[name] for name in ("return_identified", "payee_block", "receipt"))
_SUSPENSE_KINDS: Mapping[str, int] = {
    SUSPENDED: KIND_NUMBERS["suspense_receipt"],
    UNKNOWN_DEBIT: KIND_NUMBERS["suspense_debit"],
    UNKNOWN_RETURN: KIND_NUMBERS["suspense_return"],
}
"""The kind of what is on suspense, by the first letter of its reference."""


class MatchedMessage(NamedTuple):
    """A message, the transfers that its movements match, and everything else that its acts depend on."""

    message: BankMessage
    matches: Matches
    sent: SentTransfers
    reasons: BankReasons
    payees: Mapping[int, str]
    """Codes of the payees that may have to be blocked, by number."""
    debits: Mapping[int, int]
    """The debit of each line that was returned in a later exercise than it was debited in, by the entry of the line."""
    receipts: CreditReceipts = NO_RECEIPTS
    suspense: MovementSuspense = NO_SUSPENSE


class TransferLines(NamedTuple):
    """The lines of the transfers of some movements, one per row."""

    movement: NDArray[np.int64]
    """Row of the movement."""
    number: NDArray[np.int64]
    """Number within the transfer, from 1."""
    sent: NDArray[np.int64]
    """Row of the sent line."""


def build_acts_table(matched: MatchedMessage, batch_id: str) -> pa.Table | None:
    """Build the acts; None if there is nothing to post."""
    parts = [build_table(lines) for lines in _build_lines(matched) if lines.entry.size]
    if not parts:
        return None
    acts = fill_centres(pa.concat_tables(parts, promote_options="default"))
    acts = acts.sort_by([("rank", "ascending"), ("entry", "ascending"), ("line", "ascending")])
    acts = acts.drop_columns(["rank", "entry"])
    total = int(acts["amount_cents"].to_numpy().sum(dtype=np.int64))
    envelope = {"sender": SENDER, "batch_id": batch_id, "version": _VERSION, "count": str(acts.num_rows)}
    envelope["control_sum"] = f"{total // CENTS_PER_EURO}.{total % CENTS_PER_EURO:02}"
    return acts.replace_schema_metadata({f"crescendo.{name}": text for name, text in envelope.items()})


def select_payee_blocks(matched: MatchedMessage) -> NDArray[np.int64]:
    """Return the movements that block their payee: the first one for each payee."""
    rows = _select_by_reason(matched, lambda reason: reason.blocks is BlockedParty.PAYEE)
    payees = _find_payees(matched, rows)
    return rows[np.sort(np.unique(payees, return_index=True)[1])]


def list_payees_to_block(matched: MatchedMessage) -> list[int]:
    """Return the numbers of the payees to block."""
    return _find_payees(matched, select_payee_blocks(matched)).tolist()


def expand_lines(matched: MatchedMessage, rows: NDArray[np.int64]) -> TransferLines:
    """Return the lines of the transfers of the given movements."""
    transfer = matched.matches.transfer[rows]
    size = matched.sent.size[transfer]
    movement = np.repeat(rows, size)
    ends = np.cumsum(size)
    number = np.arange(movement.size) - np.repeat(ends - size, size) + 1
    return TransferLines(movement, number, np.repeat(matched.sent.head[transfer], size) + number - 1)


def _build_lines(matched: MatchedMessage) -> list[ActLines]:
    matches = matched.matches
    reopens_debt = np.zeros(matches.entry.size, bool)
    reopens_debt[_select_by_reason(matched, lambda reason: reason.reopens_debt)] = True
    lines = []
    for movement_type in _LETTERS:
        has_type = matches.is_matched & (matches.movement_type == movement_type)
        lines.append(_build_bank_lines(matched, np.flatnonzero(has_type), movement_type))
        if movement_type is not MovementType.DEBIT:
            lines += _build_identifications(matched, np.flatnonzero(has_type & reopens_debt), movement_type)
    suspense = [_build_suspense(matched, letter) for letter in _SUSPENSE_KINDS]
    return [*lines, _build_blocks(matched), _build_receipts(matched), *suspense]


def _select_by_reason(matched: MatchedMessage, test: Callable[[BankReason], bool]) -> NDArray[np.int64]:
    """Return the rows of matched returns and rejections whose reason passes the ``test``."""
    movements, matches = matched.message.movements, matched.matches
    is_back = np.isin(matches.movement_type, (MovementType.RETURN, MovementType.REJECT))
    rows = np.flatnonzero(matches.is_matched & is_back)
    codes, positions = np.unique(movements.reason[rows], return_inverse=True)
    passes = np.array([test(matched.reasons.get(unpack_code(code))) for code in codes], bool)
    return rows[passes[positions]] if rows.size else rows


def _build_bank_lines(
    matched: MatchedMessage, rows: NDArray[np.int64], movement_type: MovementType
) -> ActLines:
    """Build what the bank did with each line of the transfers: a debit, a return or a rejection."""
    lines = expand_lines(matched, rows)
    sent = matched.sent.lines
    predecessor = format_numbers("@", sent.entry_id[lines.sent])
    if movement_type is MovementType.RETURN:
        predecessor = _refer_to_debits(matched, lines)
    return ActLines(
        _LETTERS[movement_type],
        matched.matches.entry[lines.movement],
        lines.number,
        _KINDS_BY_TYPE[movement_type],
        matched.message.movements.day[lines.movement],
        predecessor,
        sent.amount[lines.sent],
    )


def _refer_to_debits(matched: MatchedMessage, lines: TransferLines) -> pa.Array:
    """Return the predecessor of each returned line: its debit, by reference, or by entry if it is of another exercise."""
    act = format_numbers(_LETTERS[MovementType.DEBIT], matched.matches.entry[lines.movement])
    by_reference = join_texts(act, format_numbers("", lines.number), "#")
    entries = matched.sent.lines.entry_id[lines.sent]
    debits = np.array([matched.debits.get(entry, 0) for entry in entries.tolist()], np.int64)
    if not debits.any():
        return by_reference
    by_entry = format_numbers("@", debits)
    return pc.if_else(pa.array(debits > 0), by_entry, by_reference)  # type: ignore[call-overload]


def _build_identifications(
    matched: MatchedMessage, rows: NDArray[np.int64], movement_type: MovementType
) -> list[ActLines]:
    """Identify the creditor of each returned line: in the same act, after its lines, or in another act if it is too long."""
    matches, sent = matched.matches, matched.sent
    is_long = 2 * sent.size[matches.transfer[rows]] > ACT_LINES_MAX
    lines = expand_lines(matched, rows[~is_long])
    entry, size = matches.entry[lines.movement], sent.size[matches.transfer[lines.movement]]
    within_act = ActLines(
        _LETTERS[movement_type],
        entry,
        lines.number + size,
        _IDENTIFY,
        matched.message.movements.day[lines.movement],
        join_texts("", format_numbers("", lines.number), "#"),
        sent.lines.amount[lines.sent],
    )
    lines = expand_lines(matched, rows[is_long])
    entry = matches.entry[lines.movement]
    other_act = ActLines(
        IDENTIFIED,
        entry,
        lines.number,
        _IDENTIFY,
        matched.message.movements.day[lines.movement],
        join_texts(format_numbers(_LETTERS[movement_type], entry), format_numbers("", lines.number), "#"),
        sent.lines.amount[lines.sent],
    )
    return [within_act, other_act]


def _build_blocks(matched: MatchedMessage) -> ActLines:
    rows = select_payee_blocks(matched)
    payees = [matched.payees[number] for number in _find_payees(matched, rows).tolist()]
    return ActLines(
        BLOCKED,
        matched.matches.entry[rows],
        np.ones(rows.size, np.int64),
        _BLOCK,
        matched.message.movements.day[rows],
        pa.array([""] * rows.size, pa.string()),
        np.zeros(rows.size, np.int64),
        pa.array(payees, pa.string()),
    )


def _build_receipts(matched: MatchedMessage) -> ActLines:
    """Build the receipts that credits of statements are."""
    rows, receivable, amount, reference = matched.receipts
    return ActLines(
        COLLECTED,
        rows,
        np.ones(rows.size, np.int64),
        _COLLECT,
        matched.message.movements.day[rows],
        format_numbers("@", receivable),
        amount,
        reference=reference,
    )


def _build_suspense(matched: MatchedMessage, letter: str) -> ActLines:
    """Build what of the credits, debits or returns of statements is posted to suspense."""
    rows, amount, reference, centre = matched.suspense
    has_letter = pc.call_function("starts_with", [reference], pc.MatchSubstringOptions(letter))
    rows, amount = (column[has_letter.to_numpy(zero_copy_only=False)] for column in (rows, amount))
    reference, centre = (column.filter(has_letter) for column in (reference, centre))
    return ActLines(
        letter,
        rows,
        np.ones(rows.size, np.int64),
        _SUSPENSE_KINDS[letter],
        matched.message.movements.day[rows],
        pa.array([""] * rows.size, pa.string()),
        amount,
        reference=reference,
        centre=centre,
    )


def _find_payees(matched: MatchedMessage, rows: NDArray[np.int64]) -> NDArray[np.int32]:
    sent = matched.sent
    return sent.lines.payee[sent.head[matched.matches.transfer[rows]]]
