"""pain.002 from the bank: which of our transfers it will not move, and what it says of whole messages and lots."""

import numpy as np

from core.bank_reasons import CODE_LETTERS, UNKNOWN
from core.errors import FileUnreadable
from core.iso20022 import CURRENCY, Status
from core.tables.bank_messages import Format, Message, Movements, Sort, Statement, Verdict, packed
from settlement.bank_files.message_schemas import GROUP, HEADER, LOT, TRANSACTION
from settlement.bank_files.xml_columns import Leaves
from settlement.bank_files.xml_positions import Places

_REJECTED, _EURO = packed(Status.REJECTED), packed(CURRENCY)
_AGAIN = "Nothing of it is posted: ask the bank for it again"


def assembled(leaves: Leaves, places: Places) -> Message:
    """The message that the leaves make: its rejected transactions as movements, its wider statuses as verdicts.

    Raises
    ------
    FileUnreadable
        It does not say what it reports on, or an amount or day is none.
    """
    if not leaves.tables[GROUP].rows:
        raise FileUnreadable(places.name, "No OrgnlGrpInfAndSts", _AGAIN)
    moments = leaves.days(HEADER, "moment")
    places.refuse(HEADER, (moments.fault != 0) | ~leaves.given(HEADER, "moment"), "No CreDtTm", _AGAIN)
    original = leaves.texts(GROUP, "message")[0]
    if not original:
        raise places.at(GROUP, 0, "No OrgnlMsgId", _AGAIN)
    statement = Statement(original, "", int(moments.value[0]), None, None)
    identity = next(iter(leaves.texts(HEADER, "identity")), "")
    movements = _rejected(leaves, places, int(moments.value[0]))
    return Message(
        Format.PAIN002,
        identity,
        [statement],
        movements,
        leaves.column(TRANSACTION, "end_to_end").text,
        _verdicts(leaves),
    )


def _rejected(leaves: Leaves, places: Places, day: int) -> Movements:
    places.refuse(TRANSACTION, ~leaves.given(TRANSACTION, "end_to_end"), "No OrgnlEndToEndId", _AGAIN)
    parsed, named = leaves.cents(TRANSACTION, "amount"), leaves.given(TRANSACTION, "amount")
    wrong = parsed.fault != 0
    wrong |= leaves.letters(TRANSACTION, "currency") != _EURO
    places.refuse(TRANSACTION, named & wrong, "No amount in EUR over 0 with two decimals", _AGAIN)
    rows = np.flatnonzero(leaves.letters(TRANSACTION, "status") == _REJECTED)
    spans = leaves.column(TRANSACTION, "end_to_end").spans
    reason = leaves.letters(TRANSACTION, "reason", cut=True)
    unknown = np.uint32(packed(UNKNOWN))
    return Movements(
        statement=np.zeros(rows.size, np.int32),
        item=(rows + 1).astype(np.int32),
        start=spans.start[rows],
        end=spans.end[rows],
        amount=parsed.value[rows],
        day=np.full(rows.size, day, np.int32),
        reason=np.where(reason == 0, unknown, reason)[rows],
        sort=np.full(rows.size, Sort.REJECT.value, np.uint8),
    )


def _verdicts(leaves: Leaves) -> list[Verdict]:
    """What is said of the message, then of its lots, where it is said."""
    found = []
    for record, lot in ((GROUP, ""), (LOT, "lot")):
        statuses = leaves.texts(record, "status")
        reasons = [text[:CODE_LETTERS] for text in leaves.texts(record, "reason")]
        lots = leaves.texts(record, lot) if lot else [""] * len(statuses)
        found += [Verdict(0, *each) for each in zip(lots, statuses, reasons, strict=True) if each[1]]
    return found
