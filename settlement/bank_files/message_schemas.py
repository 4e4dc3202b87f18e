"""The XML schemas of bank messages: the elements that are read of pain.002, camt.053 and camt.054, in all versions.

Source: the schemas of ISO 20022 and the customer guides of CFONB.  Banks add optional elements, so elements that are not
declared here are skipped.  Between versions, an amount moved from ``AmtDtls/TxAmt`` to the transaction itself, and a status
became a code within its element.
"""

from collections.abc import Mapping

from core.tables.xml import XmlElement, XmlMessage
from settlement.bank_formats import BankFormat

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
HEADER, STATEMENT, BALANCE, ENTRY, DETAIL = "header", "statement", "balance", "entry", "detail"
GROUP, LOT, TRANSACTION = "group", "lot", "transaction"
ELEMENT_NAMES: Mapping[str, str] = {
    HEADER: "GrpHdr", STATEMENT: "Stmt", BALANCE: "Bal", ENTRY: "Ntry", DETAIL: "TxDtls",
    GROUP: "OrgnlGrpInfAndSts", LOT: "OrgnlPmtInfAndSts", TRANSACTION: "TxInfAndSts",
}  # fmt: skip
"""The element of each record; a statement of camt.054 is ``Ntfctn``."""
_CODED_STATUS_VERSION_MIN = 7
"""The first version of camt with the status as a code within its element."""


def define_text(name: str, column: str, *, joiner: str = "") -> XmlElement:
    """Declare an element whose text goes to a column."""
    return XmlElement(name, column=column, joiner=joiner, is_trimmed=True)


def define_container(
    name: str, *children: XmlElement, is_repeatable: bool = False, record: str = ""
) -> XmlElement:
    """Declare an element with ``children``; its other children are skipped."""
    return XmlElement(name, children, is_repeatable=is_repeatable, record=record, is_lenient=True)


def define_amount(column: str, currency: str, name: str = "Amt") -> XmlElement:
    """Declare an amount and its currency."""
    return XmlElement(name, column=column, attribute=("Ccy", currency), is_trimmed=True)


def _define_day(name: str, column: str) -> XmlElement:
    return define_container(name, define_text("Dt", column), define_text("DtTm", column))


def _define_header() -> XmlElement:
    return define_container(
        "GrpHdr", define_text("MsgId", "identity"), define_text("CreDtTm", "moment"), record=HEADER
    )


def _define_camt(bank_format: BankFormat, version: int) -> XmlMessage:
    is_notice = bank_format is BankFormat.CAMT054
    container, element = ("BkToCstmrDbtCdtNtfctn", "Ntfctn") if is_notice else ("BkToCstmrStmt", "Stmt")
    statement = define_container(
        element,
        define_text("Id", "identity"),
        define_container(
            "Acct",
            define_container(
                "Id", define_text("IBAN", "account"), define_container("Othr", define_text("Id", "account"))
            ),
            define_text("Ccy", "currency"),
        ),
        define_container(
            "Bal",
            define_container("Tp", define_container("CdOrPrtry", define_text("Cd", "code"))),
            define_amount("amount", "currency"),
            define_text("CdtDbtInd", "sign"),
            _define_day("Dt", "day"),
            is_repeatable=True,
            record=BALANCE,
        ),
        _define_entry(version),
        is_repeatable=True,
        record=STATEMENT,
    )
    return XmlMessage(
        _format_namespace(bank_format, version),
        define_container("Document", define_container(container, _define_header(), statement)),
    )


def _define_entry(version: int) -> XmlElement:
    coded = define_container("Sts", define_text("Cd", "status"))
    return define_container(
        "Ntry",
        define_amount("amount", "currency"),
        define_text("CdtDbtInd", "sign"),
        define_text("RvslInd", "reversal"),
        coded if version >= _CODED_STATUS_VERSION_MIN else define_text("Sts", "status"),
        _define_day("BookgDt", "day"),
        define_container("NtryDtls", _define_detail(), is_repeatable=True),
        is_repeatable=True,
        record=ENTRY,
    )


def _define_detail() -> XmlElement:
    return define_container(
        "TxDtls",
        define_container("Refs", define_text("EndToEndId", "end_to_end")),
        define_amount("amount", "currency"),
        define_container(
            "AmtDtls", define_container("TxAmt", define_amount("amount_before", "currency_before"))
        ),
        define_text("CdtDbtInd", "sign"),
        define_container(
            "RtrInf", define_container("Rsn", define_text("Cd", "reason"), define_text("Prtry", "words"))
        ),
        _define_remittance(),
        is_repeatable=True,
        record=DETAIL,
    )


def _define_remittance() -> XmlElement:
    """Declare what the payer wrote: text, and the creditor's reference; several of each are joined.

    They are not trimmed, as the scanner leaves a trimmed text with an entity to the slower reader.
    """
    text = XmlElement("Ustrd", column="remittance", joiner=" ", is_repeatable=True)
    reference = XmlElement("Ref", column="creditor_reference", joiner=" ")
    structured = define_container("Strd", define_container("CdtrRefInf", reference), is_repeatable=True)
    return define_container("RmtInf", text, structured)


def _define_reason() -> XmlElement:
    """Declare the reasons: they are joined, and the reader keeps the first."""
    reason = define_container(
        "Rsn", define_text("Cd", "reason", joiner=" "), define_text("Prtry", "words", joiner=" ")
    )
    return define_container("StsRsnInf", reason, is_repeatable=True)


def _define_pain002(version: int) -> XmlMessage:
    transaction = define_container(
        "TxInfAndSts",
        define_text("OrgnlEndToEndId", "end_to_end"),
        define_text("TxSts", "status"),
        _define_reason(),
        define_container(
            "OrgnlTxRef", define_container("Amt", define_amount("amount", "currency", "InstdAmt"))
        ),
        is_repeatable=True,
        record=TRANSACTION,
    )
    group = define_container(
        "OrgnlGrpInfAndSts",
        define_text("OrgnlMsgId", "message"),
        define_text("GrpSts", "status"),
        _define_reason(),
        record=GROUP,
    )
    lot = define_container(
        "OrgnlPmtInfAndSts",
        define_text("OrgnlPmtInfId", "lot"),
        define_text("PmtInfSts", "status"),
        _define_reason(),
        transaction,
        is_repeatable=True,
        record=LOT,
    )
    return XmlMessage(
        _format_namespace(BankFormat.PAIN002, version),
        define_container("Document", define_container("CstmrPmtStsRpt", _define_header(), group, lot)),
    )


def _format_namespace(bank_format: BankFormat, version: int) -> str:
    return f"{NAMESPACE}{bank_format.row.namespace}.{version:02}"


def _define_messages() -> Mapping[str, XmlMessage]:
    camt_formats = (BankFormat.CAMT053, BankFormat.CAMT054)
    camt = [_define_camt(bank_format, version) for bank_format in camt_formats for version in range(2, 15)]
    return {schema.namespace: schema for schema in [*camt, *map(_define_pain002, range(3, 16))]}


MESSAGES: Mapping[str, XmlMessage] = _define_messages()
"""The schemas by namespace."""
