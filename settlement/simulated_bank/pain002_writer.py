"""pain.002 of the simulated bank: a report for each payment file, with the transfers that it rejects."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from core.iso20022 import MessageStatus
from core.tables.bank_messages import MovementType
from settlement.simulated_bank.pain001_reader import PaymentOrders
from settlement.simulated_bank.transfer_outcomes import TransferOutcomes
from settlement.simulated_bank.xml_values import format_cents, format_date

VERSION = "12"
_NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{VERSION}"


class Report(NamedTuple):
    """The report on one message."""

    message: str
    """Identifier of the original message."""
    day: int
    chunks: Iterator[str]
    """The XML."""


def write_reports(orders: PaymentOrders, outcomes: TransferOutcomes) -> Iterator[Report]:
    """Yield the report on each message, in order."""
    for message, group in groupby(enumerate(orders.lots), key=lambda numbered: numbered[1].message):
        lots = [number for number, _ in group]
        rows = np.flatnonzero(np.isin(orders.lot, lots))
        day = int(outcomes.debited[rows].min(initial=np.iinfo(np.int32).max))
        yield Report(message, day, _write_report(orders, outcomes, message, lots=lots))


def _write_report(
    orders: PaymentOrders, outcomes: TransferOutcomes, message: str, *, lots: Sequence[int]
) -> Iterator[str]:
    rows = np.flatnonzero(np.isin(orders.lot, lots))
    rejected = rows[outcomes.movement_type[rows] == MovementType.REJECT]
    status = _derive_status(rows.size, rejected.size)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<Document xmlns="{_NAMESPACE}"><CstmrPmtStsRpt><GrpHdr><MsgId>{_format_identity(message)}</MsgId>'
    yield f"<CreDtTm>{format_date(int(outcomes.debited[rows].min()))}T07:00:00Z</CreDtTm></GrpHdr>"
    yield f"<OrgnlGrpInfAndSts><OrgnlMsgId>{escape(message)}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
    yield f"<OrgnlNbOfTxs>{rows.size}</OrgnlNbOfTxs><GrpSts>{status}</GrpSts></OrgnlGrpInfAndSts>\n"
    for lot in lots:
        yield from _write_lot(orders, outcomes, lot, rejected=rejected[orders.lot[rejected] == lot])
    yield "</CstmrPmtStsRpt></Document>\n"


def _write_lot(
    orders: PaymentOrders, outcomes: TransferOutcomes, lot: int, *, rejected: NDArray[np.int64]
) -> Iterator[str]:
    status = _derive_status(int((orders.lot == lot).sum()), rejected.size)
    identity = escape(orders.lots[lot].identity)
    yield f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{identity}</OrgnlPmtInfId><PmtInfSts>{status}</PmtInfSts>\n"
    for row in map(int, rejected):
        code, end_to_end = outcomes.codes[int(outcomes.reason[row])], orders.end_to_end[row]
        yield (
            f"<TxInfAndSts><OrgnlEndToEndId>{escape(end_to_end)}</OrgnlEndToEndId>"
            f"<TxSts>{MessageStatus.REJECTED}</TxSts><StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf><OrgnlTxRef><Amt>"
            f'<InstdAmt Ccy="EUR">{format_cents(int(orders.amount[row]))}</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>\n'
        )
    yield "</OrgnlPmtInfAndSts>\n"


def _derive_status(transfers: int, rejected: int) -> MessageStatus:
    if not rejected:
        return MessageStatus.ACCEPTED
    return MessageStatus.PARTLY_ACCEPTED if rejected < transfers else MessageStatus.REJECTED


def _format_identity(message: str) -> str:
    return escape(f"S-{message}"[:35])
