"""camt.053 messages built from parts that tests replace."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from core.tables.bank_messages import BankMessage, MovementType, read_end_to_end_id, unpack_code
from settlement.bank_files import bank_file_reader

ACCOUNT = "FR7630001000641234567890174"
TYPE_NAMES = {
    MovementType.DEBIT: "debit",
    MovementType.CREDIT: "credit",
    MovementType.RETURN: "return",
    MovementType.REJECT: "reject",
}
MovementRow = tuple[str, int, str, str]
"""A movement: type, cents, end-to-end id, reason."""


def balance(code: str, amount: str, sign: str = "CRDT", day: str = "2018-12-14") -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>'
        f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def detail(
    end_to_end: str = "", amount: str = "", sign: str = "", reason: str = "", remittance: str = ""
) -> str:
    refs = f"<Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>" if end_to_end else ""
    amounts = f'<Amt Ccy="EUR">{amount}</Amt>' if amount else ""
    signs = f"<CdtDbtInd>{sign}</CdtDbtInd>" if sign else ""
    reasons = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    texts = f"<RmtInf>{remittance}</RmtInf>" if remittance else ""
    return f"<TxDtls>{refs}{amounts}{signs}{reasons}{texts}</TxDtls>"


def free_text(*texts: str) -> str:
    return "".join(f"<Ustrd>{text}</Ustrd>" for text in texts)


def creditor_reference(*references: str) -> str:
    return "".join(
        f"<Strd><CdtrRefInf><Tp/><Ref>{reference}</Ref></CdtrRefInf></Strd>" for reference in references
    )


def entry(
    amount: str,
    sign: str,
    details: Sequence[str] = (),
    *,
    status: str = "<Cd>BOOK</Cd>",
    extra: str = "",
    day: str = "2018-12-14",
) -> str:
    inside = f"<NtryDtls>{''.join(details)}</NtryDtls>" if details else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{extra}<Sts>{status}</Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><BkTxCd/>{inside}</Ntry>"
    )


def statement(*parts: str, identity: str = "S-1", account: str = ACCOUNT) -> str:
    return f"<Stmt><Id>{identity}</Id><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>{''.join(parts)}</Stmt>"


def document(*statements: str, version: str = "08") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>M-1</MsgId><CreDtTm>2018-12-14T22:00:00</CreDtTm></GrpHdr>"
        f"{''.join(statements)}</BkToCstmrStmt></Document>"
    )


def read_message(text: str | bytes) -> BankMessage:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bank.xml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return bank_file_reader.read_bank_file(path)


def list_movements(message: BankMessage) -> list[MovementRow]:
    movements = message.movements
    return [
        (
            TYPE_NAMES[MovementType(int(movements.sort[row]))],
            int(movements.amount[row]),
            read_end_to_end_id(message, row),
            unpack_code(movements.reason[row]),
        )
        for row in range(movements.amount.size)
    ]
