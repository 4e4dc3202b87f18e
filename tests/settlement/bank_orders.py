"""Payment files for the simulated bank, written independently of our own writer."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

ACCOUNT = "FR7630001000641234567890174"
OTHER_ACCOUNT = "FR7630001007941234567890185"
PAYEE_ACCOUNT = "DE89370400440532013000"


class Transfer(NamedTuple):
    end_to_end: str
    cents: int
    name: str = "Papeterie de l'Ouest"


class Lot(NamedTuple):
    transfers: Sequence[Transfer]
    account: str = ACCOUNT
    day: str = "2018-12-14"


def build_pain001(lots: Sequence[Lot], message: str = "RUN-1") -> str:
    count = sum(len(lot.transfers) for lot in lots)
    total = sum(transfer.cents for lot in lots for transfer in lot.transfers)
    parts = "".join(_format_lot(lot, f"{message}-{number}") for number, lot in enumerate(lots, 1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">'
        f"<CstmrCdtTrfInitn><GrpHdr><MsgId>{message}</MsgId><CreDtTm>2018-12-13T16:00:00</CreDtTm><NbOfTxs>{count}</NbOfTxs>"
        f"<CtrlSum>{format_cents(total)}</CtrlSum><InitgPty><Nm>Etat</Nm></InitgPty></GrpHdr>{parts}</CstmrCdtTrfInitn></Document>"
    )


def write_pain001(path: Path, lots: Sequence[Lot], message: str = "RUN-1") -> Path:
    path.write_text(build_pain001(lots, message), encoding="utf-8")
    return path


def format_cents(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _format_lot(lot: Lot, identity: str) -> str:
    transfers = "".join(map(_format_transfer, lot.transfers))
    return (
        f"<PmtInf><PmtInfId>{identity}</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>{lot.day}</Dt></ReqdExctnDt>"
        f"<Dbtr><Nm>Etat</Nm></Dbtr><DbtrAcct><Id><IBAN>{lot.account}</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId><BICFI>BDFEFRPP</BICFI></FinInstnId></DbtrAgt>{transfers}</PmtInf>"
    )


def _format_transfer(transfer: Transfer) -> str:
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{transfer.end_to_end}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="EUR">{format_cents(transfer.cents)}</InstdAmt></Amt>'
        f"<Cdtr><Nm>{escape(transfer.name)}</Nm></Cdtr>"
        f"<CdtrAcct><Id><IBAN>{PAYEE_ACCOUNT}</IBAN></Id></CdtrAcct></CdtTrfTxInf>"
    )
