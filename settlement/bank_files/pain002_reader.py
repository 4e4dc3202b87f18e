"""pain.002 from the bank: which of our transfers it will not move, and what it says of whole messages and lots."""

import numpy as np

from core.bank_reasons import CODE_CHARACTERS, UNKNOWN_REASON
from core.errors import FileUnreadable
from core.iso20022 import CURRENCY, MessageStatus
from core.tables.bank_messages import (
    BankFormat,
    BankMessage,
    BankStatement,
    BulkStatus,
    Movements,
    MovementType,
    pack_code,
)
from settlement.bank_files.message_schemas import GROUP, HEADER, LOT, TRANSACTION
from settlement.bank_files.xml_columns import MessageTables
from settlement.bank_files.xml_positions import MessageLocator

_REJECTED, _EURO = pack_code(MessageStatus.REJECTED), pack_code(CURRENCY)
_REMEDY = "Nothing of it is posted: ask the bank for it again"


def build_message(leaves: MessageTables, places: MessageLocator) -> BankMessage:
    """The message that the leaves make: its rejected transactions as movements, its wider statuses as verdicts.

    Raises
    ------
    FileUnreadable
        It does not say what it reports on, or an amount or day is none.
    """
    if not leaves.tables[GROUP].row_count:
        raise FileUnreadable(places.name, "No OrgnlGrpInfAndSts", _REMEDY)
    moments = leaves.parse_days(HEADER, "moment")
    places.reject_first(
        HEADER, (moments.fault != 0) | ~leaves.has_text(HEADER, "moment"), "No CreDtTm", _REMEDY
    )
    original = leaves.read_texts(GROUP, "message")[0]
    if not original:
        raise places.error_at(GROUP, 0, "No OrgnlMsgId", _REMEDY)
    statement = BankStatement(original, "", int(moments.value[0]), None, None)
    identity = next(iter(leaves.read_texts(HEADER, "identity")), "")
    movements = _read_rejected(leaves, places, int(moments.value[0]))
    return BankMessage(
        BankFormat.PAIN002,
        identity,
        [statement],
        movements,
        leaves.get_column(TRANSACTION, "end_to_end").text,
        _read_verdicts(leaves),
    )


def _read_rejected(leaves: MessageTables, places: MessageLocator, day: int) -> Movements:
    places.reject_first(
        TRANSACTION, ~leaves.has_text(TRANSACTION, "end_to_end"), "No OrgnlEndToEndId", _REMEDY
    )
    parsed, named = leaves.parse_cents(TRANSACTION, "amount"), leaves.has_text(TRANSACTION, "amount")
    wrong = parsed.fault != 0
    wrong |= leaves.pack_codes(TRANSACTION, "currency") != _EURO
    places.reject_first(TRANSACTION, named & wrong, "No amount in EUR over 0 with two decimals", _REMEDY)
    rows = np.flatnonzero(leaves.pack_codes(TRANSACTION, "status") == _REJECTED)
    spans = leaves.get_column(TRANSACTION, "end_to_end").spans
    reason = leaves.pack_codes(TRANSACTION, "reason", truncate=True)
    unknown = np.uint32(pack_code(UNKNOWN_REASON))
    return Movements(
        statement=np.zeros(rows.size, np.int32),
        item=(rows + 1).astype(np.int32),
        start=spans.start[rows],
        end=spans.end[rows],
        amount=parsed.value[rows],
        day=np.full(rows.size, day, np.int32),
        reason=np.where(reason == 0, unknown, reason)[rows],
        sort=np.full(rows.size, MovementType.REJECT.value, np.uint8),
    )


def _read_verdicts(leaves: MessageTables) -> list[BulkStatus]:
    """What is said of the message, then of its lots, where it is said."""
    found = []
    for record, lot in ((GROUP, ""), (LOT, "lot")):
        statuses = leaves.read_texts(record, "status")
        reasons = [text[:CODE_CHARACTERS] for text in leaves.read_texts(record, "reason")]
        lots = leaves.read_texts(record, lot) if lot else [""] * len(statuses)
        found += [BulkStatus(0, *each) for each in zip(lots, statuses, reasons, strict=True) if each[1]]
    return found
