"""pain.002 of the simulated bank: one for each payment file, naming what it will not move."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from core.iso20022 import Status
from core.tables.bank_messages import Sort
from settlement.simulated_bank.pain001_reader import Orders
from settlement.simulated_bank.transfer_outcomes import Fates
from settlement.simulated_bank.xml_values import date, decimal

VERSION = "12"
_NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{VERSION}"


def reports(orders: Orders, fates: Fates) -> Iterator[tuple[str, int, Iterator[str]]]:
    """The original message's id, the day of the report on it, and its pieces, for each message in turn."""
    lots = enumerate(orders.lots)
    for message, group in groupby(lots, key=lambda each: each[1].message):
        numbers = [number for number, _ in group]
        rows = np.flatnonzero(np.isin(orders.lot, numbers))
        day = int(fates.debited[rows].min(initial=np.iinfo(np.int32).max))
        yield message, day, _report(message, numbers, (orders, fates))


def _report(message: str, lots: Sequence[int], told: tuple[Orders, Fates]) -> Iterator[str]:
    orders, fates = told
    rows = np.flatnonzero(np.isin(orders.lot, lots))
    rejected = rows[fates.sort[rows] == Sort.REJECT]
    status = _status(rows.size, rejected.size)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<Document xmlns="{_NAMESPACE}"><CstmrPmtStsRpt><GrpHdr><MsgId>{_identity(message)}</MsgId>'
    yield f"<CreDtTm>{date(int(fates.debited[rows].min()))}T07:00:00Z</CreDtTm></GrpHdr>"
    yield f"<OrgnlGrpInfAndSts><OrgnlMsgId>{escape(message)}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
    yield f"<OrgnlNbOfTxs>{rows.size}</OrgnlNbOfTxs><GrpSts>{status}</GrpSts></OrgnlGrpInfAndSts>\n"
    for lot in lots:
        yield from _lot(lot, rejected[orders.lot[rejected] == lot], told)
    yield "</CstmrPmtStsRpt></Document>\n"


def _lot(lot: int, rejected: NDArray[np.int64], told: tuple[Orders, Fates]) -> Iterator[str]:
    orders, fates = told
    status = _status(int((orders.lot == lot).sum()), rejected.size)
    identity = escape(orders.lots[lot].identity)
    yield f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{identity}</OrgnlPmtInfId><PmtInfSts>{status}</PmtInfSts>\n"
    for row in map(int, rejected):
        code, end_to_end = fates.codes[int(fates.reason[row])], orders.end_to_end[row]
        yield (
            f"<TxInfAndSts><OrgnlEndToEndId>{escape(end_to_end)}</OrgnlEndToEndId>"
            f"<TxSts>{Status.REJECTED}</TxSts><StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf><OrgnlTxRef><Amt>"
            f'<InstdAmt Ccy="EUR">{decimal(int(orders.amount[row]))}</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>\n'
        )
    yield "</OrgnlPmtInfAndSts>\n"


def _status(transfers: int, rejected: int) -> Status:
    if not rejected:
        return Status.ACCEPTED
    return Status.PARTLY if rejected < transfers else Status.REJECTED


def _identity(message: str) -> str:
    return escape(f"S-{message}"[:35])
