"""When the bank refuses a whole message or lot, each of its transfers is refused: they are named from our own payment file."""

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
"""End-to-end ids by lot of one of our messages."""


class ExpandedMessage(NamedTuple):
    """The message with every transfer named, and the verdicts on what is not ours."""

    message: BankMessage
    unknown: Sequence[BulkStatus]


def expand_bulk_rejections(
    message: BankMessage, find: Callable[[str], TransfersByLot | None]
) -> ExpandedMessage:
    """Name the transfers that ``message`` refuses by the lot; ``find`` knows our messages."""
    refused = [verdict for verdict in message.bulk_statuses if verdict.status == MessageStatus.REJECTED]
    if not refused:
        return ExpandedMessage(message, ())
    original = message.statements[refused[0].statement].identity
    lots = find(original)
    known = {read_end_to_end_id(message, row) for row in range(message.movements.amount.size)}
    told: dict[str, str] = {}
    unknown = []
    for verdict in refused:
        names = _list_transfers(lots, verdict.lot)
        if names is None:
            unknown.append(verdict)
        for name in names or ():
            if name not in known:
                told[name] = verdict.reason or told.get(name, "")
    return ExpandedMessage(_append_rejections(message, told), unknown)


def _list_transfers(lots: TransfersByLot | None, lot: str) -> Sequence[str] | None:
    if lots is None:
        return None
    return lots.get(lot) if lot else [name for names in lots.values() for name in names]


def _append_rejections(message: BankMessage, told: Mapping[str, str]) -> BankMessage:
    """The message with more refused transfers behind its own."""
    if not told:
        return message
    pieces = [name.encode() for name in told]
    start = len(message.text.data)
    ends = start + np.cumsum([0, *map(len, pieces)]).astype(np.int32)
    count, first = len(pieces), message.movements.item.max(initial=0) + 1
    more = Movements(
        statement=np.zeros(count, np.int32),
        item=np.arange(first, first + count, dtype=np.int32),
        start=ends[:-1].astype(np.int32),
        end=ends[1:].astype(np.int32),
        amount=np.zeros(count, np.int64),
        day=np.full(count, message.statements[0].day, np.int32),
        reason=np.array([pack_code(reason or UNKNOWN_REASON) for reason in told.values()], np.uint32),
        sort=np.full(count, MovementType.REJECT.value, np.uint8),
    )
    text = np.concatenate([message.text.data, np.frombuffer(b"".join(pieces), np.uint8)])
    return message._replace(movements=concat_tables([message.movements, more]), text=Bytes(seal_array(text)))
