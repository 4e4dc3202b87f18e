"""pain.002 from the bank: rejected transfers, and statuses of whole messages and lots."""

import pytest

from core.errors import FileUnreadable
from core.tables.bank_messages import BankStatement, BulkStatus
from settlement.bank_formats import BankFormat
from tests.settlement.camt_messages import list_movements, read_message

DAY = 17878  # 2018-12-13


def transaction(end_to_end: str, *parts: str, status: str = "RJCT") -> str:
    return f"<TxInfAndSts><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId><TxSts>{status}</TxSts>{''.join(parts)}</TxInfAndSts>"


def reason(*codes: str) -> str:
    return "".join(
        f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn><AddtlInf>why</AddtlInf></StsRsnInf>" for code in codes
    )


def amount(euros: str) -> str:
    return f'<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">{euros}</InstdAmt></Amt></OrgnlTxRef>'


def lot(identity: str, *parts: str) -> str:
    return f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{identity}</OrgnlPmtInfId>{''.join(parts)}</OrgnlPmtInfAndSts>"


def report(*lots: str, group: str = "<GrpSts>PART</GrpSts>", version: str = "12") -> str:
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"><CstmrPmtStsRpt><GrpHdr><MsgId>R-1</MsgId>'
        "<CreDtTm>2018-12-13T17:00:00+01:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>RUN-1</OrgnlMsgId>"
        f"<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>{''.join(lots)}</CstmrPmtStsRpt></Document>"
    )


@pytest.mark.parametrize("version", ["03", "10", "12", "14"])
def test_rejected_transfers_are_read(version: str) -> None:
    parts = (
        transaction("E-1", reason("AC01"), amount("10.50")),
        transaction("E-2", status="ACSC"),
        transaction("E-3", reason("AM05", "AC04")),
        transaction("E-4", "<StsRsnInf><Rsn><Prtry>no</Prtry></Rsn></StsRsnInf>", amount("1")),
        transaction("E-5"),
    )
    message = read_message(report(lot("L-1", *parts), version=version))
    assert (message.format, message.identity) == (BankFormat.PAIN002, "R-1")
    assert message.statements == [BankStatement("RUN-1", "", DAY, None, None)]
    assert list_movements(message) == [
        ("reject", 1050, "E-1", "AC01"),
        ("reject", 0, "E-3", "AM05"),
        ("reject", 100, "E-4", "NARR"),
        ("reject", 0, "E-5", "NARR"),
    ]
    assert message.movements.item.tolist() == [1, 3, 4, 5]
    assert message.movements.day.tolist() == [DAY] * 4


def test_statuses_of_messages_and_lots_are_read() -> None:
    whole = f"<GrpSts>RJCT</GrpSts>{reason('AM04')}"
    message = read_message(
        report(lot("L-1", "<PmtInfSts>RJCT</PmtInfSts>", reason("TM01")), lot("L-2"), group=whole)
    )
    assert message.bulk_statuses == [BulkStatus(0, "", "RJCT", "AM04"), BulkStatus(0, "L-1", "RJCT", "TM01")]
    assert list_movements(message) == []


def test_zeros_behind_the_cents_are_whole_cents() -> None:
    text = report(lot("L-1", transaction("E-1", reason("AC01"), amount("10.50000"))))
    assert list_movements(read_message(text)) == [("reject", 1050, "E-1", "AC01")]


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("<OrgnlMsgId>RUN-1</OrgnlMsgId>", "", "The element OrgnlMsgId is missing"),
        ("<CreDtTm>2018-12-13T17:00:00+01:00</CreDtTm>", "", "The element CreDtTm is missing"),
        ("2018-12-13T", "2018-13-13T", "The element CreDtTm is missing"),
        ("<OrgnlEndToEndId>E-1</OrgnlEndToEndId>", "", "The element OrgnlEndToEndId is missing"),
        ("10.50", "10.505", "The amount is not over 0 with two decimals"),
        ("10.50", "-1", "The amount is not over 0 with two decimals"),
        ('Ccy="EUR"', 'Ccy="USD"', "The amount is in USD, and these accounts are kept in EUR"),
    ],
)
def test_an_invalid_value_refuses_the_report(old: str, new: str, finding: str) -> None:
    text = report(lot("L-1", transaction("E-1", reason("AC01"), amount("10.50"))))
    assert list_movements(read_message(text)) == [("reject", 1050, "E-1", "AC01")]
    with pytest.raises(FileUnreadable) as refused:
        read_message(text.replace(old, new, 1))
    assert refused.value.finding.startswith(finding)
    assert "bank.xml, byte " in refused.value.place


def test_a_report_without_original_message_is_refused() -> None:
    text = report().replace("OrgnlGrpInfAndSts", "Other")
    with pytest.raises(FileUnreadable, match="OrgnlGrpInfAndSts is missing"):
        read_message(text)


def test_a_report_without_header_is_refused() -> None:
    text = report().replace("GrpHdr", "Other")
    with pytest.raises(FileUnreadable, match="GrpHdr is missing"):
        read_message(text)
