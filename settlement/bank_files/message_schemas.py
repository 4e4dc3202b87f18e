"""The answers of banks, element by element: what is read of pain.002, camt.053 and camt.054, in all their versions.

Source: the schemas of ISO 20022 and the guides of CFONB for customers.  Banks add what they like, so what is not wanted is
passed over.  Between versions an amount moved from ``AmtDtls/TxAmt`` to the transaction itself, and a status became a code
within its element.
"""

from collections.abc import Mapping

from core.tables.xml import Element, Message

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
CAMT053, CAMT054, PAIN002 = "camt.053.001", "camt.054.001", "pain.002.001"
HEADER, STATEMENT, BALANCE, ENTRY, DETAIL = "header", "statement", "balance", "entry", "detail"
GROUP, LOT, TRANSACTION = "group", "lot", "transaction"
NAMES: Mapping[str, str] = {
    HEADER: "GrpHdr", STATEMENT: "Stmt", BALANCE: "Bal", ENTRY: "Ntry", DETAIL: "TxDtls",
    GROUP: "OrgnlGrpInfAndSts", LOT: "OrgnlPmtInfAndSts", TRANSACTION: "TxInfAndSts",
}  # fmt: skip
"""Element of each record; that of a statement in camt.054 is ``Ntfctn``."""
_STATUS_CODED = 7
"""The version of camt from which on a status is a code within an element, at the earliest."""


def value(name: str, column: str, *, joiner: str = "") -> Element:
    """An element whose text goes to a column."""
    return Element(name, column=column, joiner=joiner, trims=True)


def holds(name: str, *children: Element, many: bool = False, record: str = "") -> Element:
    """An element that may hold what it likes, of which ``children`` are wanted."""
    return Element(name, children, many=many, record=record, lenient=True)


def amount(column: str, currency: str, name: str = "Amt") -> Element:
    """An amount and its currency."""
    return Element(name, column=column, attribute=("Ccy", currency), trims=True)


def _day(name: str, column: str) -> Element:
    return holds(name, value("Dt", column), value("DtTm", column))


def _header() -> Element:
    return holds("GrpHdr", value("MsgId", "identity"), value("CreDtTm", "moment"), record=HEADER)


def _camt(message: str, version: int) -> Message:
    container, statement = (
        ("BkToCstmrStmt", "Stmt") if message == CAMT053 else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    )
    found = holds(
        statement,
        value("Id", "identity"),
        holds(
            "Acct",
            holds("Id", value("IBAN", "account"), holds("Othr", value("Id", "account"))),
            value("Ccy", "currency"),
        ),
        holds(
            "Bal",
            holds("Tp", holds("CdOrPrtry", value("Cd", "code"))),
            amount("amount", "currency"),
            value("CdtDbtInd", "sign"),
            _day("Dt", "day"),
            many=True,
            record=BALANCE,
        ),
        _entry(version),
        many=True,
        record=STATEMENT,
    )
    return Message(_namespace(message, version), holds("Document", holds(container, _header(), found)))


def _entry(version: int) -> Element:
    coded = holds("Sts", value("Cd", "status"))
    return holds(
        "Ntry",
        amount("amount", "currency"),
        value("CdtDbtInd", "sign"),
        value("RvslInd", "reversal"),
        coded if version >= _STATUS_CODED else value("Sts", "status"),
        _day("BookgDt", "day"),
        holds("NtryDtls", _detail(), many=True),
        many=True,
        record=ENTRY,
    )


def _detail() -> Element:
    return holds(
        "TxDtls",
        holds("Refs", value("EndToEndId", "end_to_end")),
        amount("amount", "currency"),
        holds("AmtDtls", holds("TxAmt", amount("amount_before", "currency_before"))),
        value("CdtDbtInd", "sign"),
        holds("RtrInf", holds("Rsn", value("Cd", "reason"), value("Prtry", "words"))),
        many=True,
        record=DETAIL,
    )


def _reason() -> Element:
    """Of several reasons the first counts: they are joined, and cut."""
    reason = holds("Rsn", value("Cd", "reason", joiner=" "), value("Prtry", "words", joiner=" "))
    return holds("StsRsnInf", reason, many=True)


def _pain002(version: int) -> Message:
    transaction = holds(
        "TxInfAndSts",
        value("OrgnlEndToEndId", "end_to_end"),
        value("TxSts", "status"),
        _reason(),
        holds("OrgnlTxRef", holds("Amt", amount("amount", "currency", "InstdAmt"))),
        many=True,
        record=TRANSACTION,
    )
    group = holds(
        "OrgnlGrpInfAndSts",
        value("OrgnlMsgId", "message"),
        value("GrpSts", "status"),
        _reason(),
        record=GROUP,
    )
    lot = holds(
        "OrgnlPmtInfAndSts",
        value("OrgnlPmtInfId", "lot"),
        value("PmtInfSts", "status"),
        _reason(),
        transaction,
        many=True,
        record=LOT,
    )
    return Message(
        _namespace(PAIN002, version), holds("Document", holds("CstmrPmtStsRpt", _header(), group, lot))
    )


def _namespace(message: str, version: int) -> str:
    return f"{NAMESPACE}{message}.{version:02}"


def _all() -> Mapping[str, Message]:
    camt = [_camt(message, version) for message in (CAMT053, CAMT054) for version in range(2, 15)]
    return {each.namespace: each for each in [*camt, *map(_pain002, range(3, 16))]}


MESSAGES: Mapping[str, Message] = _all()
"""By namespace."""
