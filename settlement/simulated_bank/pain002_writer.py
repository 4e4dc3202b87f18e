"""pain.002 of the simulated bank: one for each payment file, naming what it will not move."""

from collections.abc import Iterator, Sequence
from itertools import groupby
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


def write_reports(
    orders: PaymentOrders, outcomes: TransferOutcomes
) -> Iterator[tuple[str, int, Iterator[str]]]:
    """The original message's id, the day of the report on it, and its pieces, for each message in turn."""
    lots = enumerate(orders.lots)
    for message, group in groupby(lots, key=lambda each: each[1].message):
        numbers = [number for number, _ in group]
        rows = np.flatnonzero(np.isin(orders.lot, numbers))
        day = int(outcomes.debited[rows].min(initial=np.iinfo(np.int32).max))
        yield message, day, _write_report(message, numbers, (orders, outcomes))


def _write_report(
    message: str, lots: Sequence[int], told: tuple[PaymentOrders, TransferOutcomes]
) -> Iterator[str]:
    orders, fates = told
    rows = np.flatnonzero(np.isin(orders.lot, lots))
    rejected = rows[fates.movement_type[rows] == MovementType.REJECT]
    status = _derive_status(rows.size, rejected.size)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<Document xmlns="{_NAMESPACE}"><CstmrPmtStsRpt><GrpHdr><MsgId>{_format_identity(message)}</MsgId>'
    yield f"<CreDtTm>{format_date(int(fates.debited[rows].min()))}T07:00:00Z</CreDtTm></GrpHdr>"
    yield f"<OrgnlGrpInfAndSts><OrgnlMsgId>{escape(message)}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
    yield f"<OrgnlNbOfTxs>{rows.size}</OrgnlNbOfTxs><GrpSts>{status}</GrpSts></OrgnlGrpInfAndSts>\n"
    for lot in lots:
        yield from _write_lot(lot, rejected[orders.lot[rejected] == lot], told)
    yield "</CstmrPmtStsRpt></Document>\n"


def _write_lot(
    lot: int, rejected: NDArray[np.int64], told: tuple[PaymentOrders, TransferOutcomes]
) -> Iterator[str]:
    orders, fates = told
    status = _derive_status(int((orders.lot == lot).sum()), rejected.size)
    identity = escape(orders.lots[lot].identity)
    yield f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{identity}</OrgnlPmtInfId><PmtInfSts>{status}</PmtInfSts>\n"
    for row in map(int, rejected):
        code, end_to_end = fates.codes[int(fates.reason[row])], orders.end_to_end[row]
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
