"""The answers of banks, element by element: what is read of pain.002, camt.053 and camt.054, in all their versions.

Source: the schemas of ISO 20022 and the guides of CFONB for customers.  Banks add what they like, so what is not wanted is
passed over.  Between versions an amount moved from ``AmtDtls/TxAmt`` to the transaction itself, and a status became a code
within its element.
"""

from collections.abc import Mapping

from core.tables.xml import XmlElement, XmlMessage

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
CAMT053, CAMT054, PAIN002 = "camt.053.001", "camt.054.001", "pain.002.001"
HEADER, STATEMENT, BALANCE, ENTRY, DETAIL = "header", "statement", "balance", "entry", "detail"
GROUP, LOT, TRANSACTION = "group", "lot", "transaction"
ELEMENT_NAMES: Mapping[str, str] = {
    HEADER: "GrpHdr", STATEMENT: "Stmt", BALANCE: "Bal", ENTRY: "Ntry", DETAIL: "TxDtls",
    GROUP: "OrgnlGrpInfAndSts", LOT: "OrgnlPmtInfAndSts", TRANSACTION: "TxInfAndSts",
}  # fmt: skip
"""Element of each record; that of a statement in camt.054 is ``Ntfctn``."""
_CODED_STATUS_VERSION_MIN = 7
"""The version of camt from which on a status is a code within an element, at the earliest."""


def define_text(name: str, column: str, *, joiner: str = "") -> XmlElement:
    """An element whose text goes to a column."""
    return XmlElement(name, column=column, joiner=joiner, is_trimmed=True)


def define_container(name: str, *children: XmlElement, many: bool = False, record: str = "") -> XmlElement:
    """An element that may hold what it likes, of which ``children`` are wanted."""
    return XmlElement(name, children, is_repeatable=many, record=record, is_lenient=True)


def define_amount(column: str, currency: str, name: str = "Amt") -> XmlElement:
    """An amount and its currency."""
    return XmlElement(name, column=column, attribute=("Ccy", currency), is_trimmed=True)


def _define_day(name: str, column: str) -> XmlElement:
    return define_container(name, define_text("Dt", column), define_text("DtTm", column))


def _define_header() -> XmlElement:
    return define_container(
        "GrpHdr", define_text("MsgId", "identity"), define_text("CreDtTm", "moment"), record=HEADER
    )


def _define_camt(message: str, version: int) -> XmlMessage:
    container, statement = (
        ("BkToCstmrStmt", "Stmt") if message == CAMT053 else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    )
    found = define_container(
        statement,
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
            many=True,
            record=BALANCE,
        ),
        _define_entry(version),
        many=True,
        record=STATEMENT,
    )
    return XmlMessage(
        _format_namespace(message, version),
        define_container("Document", define_container(container, _define_header(), found)),
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
        define_container("NtryDtls", _define_detail(), many=True),
        many=True,
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
        many=True,
        record=DETAIL,
    )


def _define_reason() -> XmlElement:
    """Of several reasons the first counts: they are joined, and cut."""
    reason = define_container(
        "Rsn", define_text("Cd", "reason", joiner=" "), define_text("Prtry", "words", joiner=" ")
    )
    return define_container("StsRsnInf", reason, many=True)


def _define_pain002(version: int) -> XmlMessage:
    transaction = define_container(
        "TxInfAndSts",
        define_text("OrgnlEndToEndId", "end_to_end"),
        define_text("TxSts", "status"),
        _define_reason(),
        define_container(
            "OrgnlTxRef", define_container("Amt", define_amount("amount", "currency", "InstdAmt"))
        ),
        many=True,
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
        many=True,
        record=LOT,
    )
    return XmlMessage(
        _format_namespace(PAIN002, version),
        define_container("Document", define_container("CstmrPmtStsRpt", _define_header(), group, lot)),
    )


def _format_namespace(message: str, version: int) -> str:
    return f"{NAMESPACE}{message}.{version:02}"


def _define_messages() -> Mapping[str, XmlMessage]:
    camt = [_define_camt(message, version) for message in (CAMT053, CAMT054) for version in range(2, 15)]
    return {each.namespace: each for each in [*camt, *map(_define_pain002, range(3, 16))]}


MESSAGES: Mapping[str, XmlMessage] = _define_messages()
"""By namespace."""
