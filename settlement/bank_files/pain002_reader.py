"""Reader of pain.002 from the bank: the transfers it rejects, and its statuses of whole messages and lots."""

import numpy as np

from core.bank_reasons import CODE_CHARACTERS, UNKNOWN_REASON
from core.errors import FileUnreadable
from core.iso20022 import CURRENCY, MessageStatus
from core.tables.bank_messages import (
    BankMessage,
    BankStatement,
    BulkStatus,
    Movements,
    MovementType,
    pack_code,
)
from settlement.bank_files.message_schemas import ELEMENT_NAMES, GROUP, HEADER, LOT, TRANSACTION
from settlement.bank_files.xml_columns import MessageTables
from settlement.bank_files.xml_positions import XmlBankFile
from settlement.bank_formats import BankFormat

_REJECTED, _EURO = pack_code(MessageStatus.REJECTED), pack_code(CURRENCY)
_REMEDY = "Nothing of this file is posted: ask the bank for it again"


def read_message(file: XmlBankFile) -> BankMessage:
    """Build the message: rejected transactions become movements, wider statuses become bulk statuses.

    Raises
    ------
    FileUnreadable
        The original message is not named, or an amount or day is invalid.
    """
    tables = file.tables
    for record in (HEADER, GROUP):
        if not tables.count_rows(record):
            raise FileUnreadable(file.name, f"The element {ELEMENT_NAMES[record]} is missing", _REMEDY)
    created = tables.parse_days(HEADER, "moment")
    has_no_day = (created.fault != 0) | ~tables.has_text(HEADER, "moment")
    file.reject_first(
        HEADER, has_no_day, "The element CreDtTm is missing or has no valid day", remedy=_REMEDY
    )
    original = tables.read_texts(GROUP, "message")[0]
    if not original:
        raise file.error_at(GROUP, 0, "The element OrgnlMsgId is missing", remedy=_REMEDY)
    day = int(created.value[0])
    return BankMessage(
        BankFormat.PAIN002,
        next(iter(tables.read_texts(HEADER, "identity")), ""),
        [BankStatement(original, "", day, None, None)],
        _read_rejects(file, day),
        tables.get_column(TRANSACTION, "end_to_end").text,
        _read_bulk_statuses(tables),
    )


def _read_rejects(file: XmlBankFile, day: int) -> Movements:
    tables = file.tables
    has_no_id = ~tables.has_text(TRANSACTION, "end_to_end")
    file.reject_first(TRANSACTION, has_no_id, "The element OrgnlEndToEndId is missing", remedy=_REMEDY)
    cents, has_amount = tables.parse_cents(TRANSACTION, "amount"), tables.has_text(TRANSACTION, "amount")
    is_foreign = tables.pack_codes(TRANSACTION, "currency") != _EURO
    file.reject_foreign(TRANSACTION, has_amount & is_foreign, "amount")
    finding = "The amount is not over 0 with two decimals"
    file.reject_first(TRANSACTION, has_amount & (cents.fault != 0), finding, remedy=_REMEDY)
    rows = np.flatnonzero(tables.pack_codes(TRANSACTION, "status") == _REJECTED)
    spans = tables.get_column(TRANSACTION, "end_to_end").spans
    reason = tables.pack_codes(TRANSACTION, "reason", truncate=True)
    reason = np.where(reason == 0, np.uint32(pack_code(UNKNOWN_REASON)), reason)
    return Movements(
        statement=np.zeros(rows.size, np.int32),
        item=(rows + 1).astype(np.int32),
        start=spans.start[rows],
        end=spans.end[rows],
        amount=cents.value[rows],
        day=np.full(rows.size, day, np.int32),
        reason=reason[rows],
        sort=np.full(rows.size, MovementType.REJECT.value, np.uint8),
    )


def _read_bulk_statuses(tables: MessageTables) -> list[BulkStatus]:
    """Read the statuses that the file states: of the message, then of its lots."""
    bulk_statuses = []
    for record, column in ((GROUP, ""), (LOT, "lot")):
        statuses = tables.read_texts(record, "status")
        reasons = [text[:CODE_CHARACTERS] for text in tables.read_texts(record, "reason")]
        lots = tables.read_texts(record, column) if column else [""] * len(statuses)
        for lot, status, reason in zip(lots, statuses, reasons, strict=True):
            if status:
                bulk_statuses.append(BulkStatus(0, lot, status, reason))
    return bulk_statuses
