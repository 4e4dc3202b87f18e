"""Bulk rejections: the bank rejects a whole message or lot, and its transfers are listed from our own payment file."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from core.bank_reasons import UNKNOWN_REASON
from core.iso20022 import MessageStatus
from core.tables.bank_messages import (
    BankMessage,
    BulkStatus,
    Movements,
    MovementType,
    pack_code,
    read_end_to_end_id,
)
from core.tables.columns import concat_tables, seal_array
from core.tables.journal import Bytes

TransfersByLot = Mapping[str, Sequence[str]]
"""The end-to-end ids of one of our messages, by lot."""


class ExpandedMessage(NamedTuple):
    """The message with every rejected transfer, and the bulk rejections of messages or lots that are not ours."""

    message: BankMessage
    unknown: Sequence[BulkStatus]


def expand_bulk_rejections(
    message: BankMessage, find_lots: Callable[[str], TransfersByLot | None]
) -> ExpandedMessage:
    """Add the transfers of rejected messages and lots; ``find_lots`` returns those of one of our messages."""
    rejections = [status for status in message.bulk_statuses if status.status == MessageStatus.REJECTED]
    if not rejections:
        return ExpandedMessage(message, ())
    lots = find_lots(message.statements[rejections[0].statement].identity)
    listed = {read_end_to_end_id(message, row) for row in range(message.movements.amount.size)}
    reasons: dict[str, str] = {}
    unknown = []
    for rejection in rejections:
        transfers = _list_transfers(lots, rejection.lot)
        if transfers is None:
            unknown.append(rejection)
        for transfer in transfers or ():
            if transfer not in listed:
                reasons[transfer] = rejection.reason or reasons.get(transfer, "")
    return ExpandedMessage(_append_rejections(message, reasons), unknown)


def _list_transfers(lots: TransfersByLot | None, lot: str) -> Sequence[str] | None:
    """Return the transfers of a lot, or of the whole message; None if it is not ours."""
    if lots is None:
        return None
    return lots.get(lot) if lot else [transfer for transfers in lots.values() for transfer in transfers]


def _append_rejections(message: BankMessage, reasons: Mapping[str, str]) -> BankMessage:
    """Append a rejection for each end-to-end id in ``reasons``."""
    if not reasons:
        return message
    encoded = [transfer.encode() for transfer in reasons]
    ends = len(message.text.data) + np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    count, first_item = len(encoded), message.movements.item.max(initial=0) + 1
    rejections = Movements(
        statement=np.zeros(count, np.int32),
        item=np.arange(first_item, first_item + count, dtype=np.int32),
        start=ends[:-1].astype(np.int32),
        end=ends[1:].astype(np.int32),
        amount=np.zeros(count, np.int64),
        day=np.full(count, message.statements[0].day, np.int32),
        reason=np.array([pack_code(reason or UNKNOWN_REASON) for reason in reasons.values()], np.uint32),
        sort=np.full(count, MovementType.REJECT.value, np.uint8),
    )
    text = np.concatenate([message.text.data, np.frombuffer(b"".join(encoded), np.uint8)])
    return message._replace(
        movements=concat_tables([message.movements, rejections]), text=Bytes(seal_array(text))
    )
