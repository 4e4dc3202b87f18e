"""What is read of a pain.001: versions .001.03 and .001.09, element by element.

Source: the schemas of ISO 20022 (``tests/xsd``, which tests hold this to).  What stands in them and is not wanted is
passed over; what does not stand in them is refused, and so are amounts in the equivalent of another currency.
"""

from collections.abc import Mapping

from core.tables.xml import Element, Message

FILE, LOT, TRANSFER = "file", "lot", "transfer"
"""The records: the group header, a payment information, a transfer."""

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
V03, V09 = "pain.001.001.03", "pain.001.001.09"
IMPUTATION_JOINER = ","


def _ignored(names: str) -> tuple[Element, ...]:
    return tuple(Element(name, ignored=True, many=True) for name in names.split())


def _value(name: str, column: str, **more: bool) -> Element:
    return Element(name, column=column, **more)  # type: ignore[arg-type]


def _holds(name: str, *children: Element, needed: bool = False, many: bool = False) -> Element:
    return Element(name, children, needed=needed, many=many)


def _payment_type(column: str, *, is_later: bool) -> Element:
    """The service level, of which later versions have several."""
    level = Element("Cd", column=column, joiner=" " if is_later else "")
    choice = Element("Prtry", ignored=True, either=True)
    levels = _holds("SvcLvl", level, choice, many=is_later)
    return _holds("PmtTpInf", *_ignored("InstrPrty"), levels, *_ignored("LclInstrm CtgyPurp"))


def _header() -> Element:
    return _holds(
        "GrpHdr",
        _value("MsgId", "message", needed=True),
        _value("CreDtTm", "created", needed=True, trims=True),
        *_ignored("Authstn"),
        _value("NbOfTxs", "count", needed=True, trims=True),
        _value("CtrlSum", "sum", trims=True),
        *_ignored("InitgPty FwdgAgt"),
        needed=True,
    )


def _lot(*, is_later: bool) -> Element:
    day = (
        _holds(
            "ReqdExctnDt",
            _value("Dt", "day", trims=True),
            _value("DtTm", "day", either=True, trims=True),
            needed=True,
        )
        if is_later
        else _value("ReqdExctnDt", "day", needed=True, trims=True)
    )
    children = (
        _value("PmtInfId", "lot", needed=True),
        _value("PmtMtd", "means", needed=True, trims=True),
        *_ignored("BtchBookg"),
        _value("NbOfTxs", "count", trims=True),
        _value("CtrlSum", "sum", trims=True),
        _payment_type("level", is_later=is_later),
        day,
        *_ignored("PoolgAdjstmntDt Dbtr DbtrAcct DbtrAgt DbtrAgtAcct"),
        *_ignored("InstrForDbtrAgt" if is_later else ""),
        *_ignored("UltmtDbtr ChrgBr ChrgsAcct ChrgsAcctAgt"),
        _transfer(is_later=is_later),
    )
    return Element("PmtInf", children, record=LOT, early=True, many=True, needed=True)


def _transfer(*, is_later: bool) -> Element:
    amount = Element("InstdAmt", column="amount", attribute=("Ccy", "currency"), needed=True, trims=True)
    children = (
        _holds(
            "PmtId",
            *_ignored("InstrId"),
            _value("EndToEndId", "reference", needed=True),
            *_ignored("UETR" if is_later else ""),
            needed=True,
        ),
        _payment_type("level", is_later=is_later),
        _holds("Amt", amount, needed=True),
        *_ignored(
            "XchgRateInf ChrgBr ChqInstr UltmtDbtr IntrmyAgt1 IntrmyAgt1Acct IntrmyAgt2 IntrmyAgt2Acct"
        ),
        *_ignored("IntrmyAgt3 IntrmyAgt3Acct"),
        _bank(is_later=is_later),
        *_ignored("CdtrAgtAcct"),
        _creditor(is_later=is_later),
        _account(is_later=is_later),
        *_ignored("UltmtCdtr InstrForCdtrAgt InstrForDbtrAgt Purp RgltryRptg Tax RltdRmtInf"),
        _remittance(is_later=is_later),
        *_ignored("SplmtryData" if is_later else ""),
    )
    return Element("CdtTrfTxInf", children, record=TRANSFER, many=True, needed=True)


def _bank(*, is_later: bool) -> Element:
    others = "ClrSysMmbId LEI Nm PstlAdr Othr" if is_later else "ClrSysMmbId Nm PstlAdr Othr"
    institution = _holds(
        "FinInstnId",
        _value("BICFI" if is_later else "BIC", "bic", trims=True),
        *_ignored(others),
        needed=True,
    )
    return _holds("CdtrAgt", institution, *_ignored("BrnchId"))


def _creditor(*, is_later: bool) -> Element:
    """Who is paid; its number, that of a third party here, stands among its identifications."""
    number = Element("Id", column="payee", joiner=" ", needed=True, trims=True)
    other = Element("Othr", (number, *_ignored("SchmeNm Issr")), many=True)
    company = _holds("OrgId", *_ignored("AnyBIC LEI" if is_later else "BICOrBEI"), other)
    person = Element("PrvtId", (*_ignored("DtAndPlcOfBirth"), other), either=True)
    named = _value("Nm", "payee_name")
    return _holds(
        "Cdtr", named, *_ignored("PstlAdr"), _holds("Id", company, person), *_ignored("CtryOfRes CtctDtls")
    )


def _account(*, is_later: bool) -> Element:
    """An account that has no IBAN is told as one that is wrong."""
    other = Element(
        "Othr", (_value("Id", "iban", needed=True, trims=True), *_ignored("SchmeNm Issr")), either=True
    )
    named = _holds("Id", _value("IBAN", "iban", trims=True), other, needed=True)
    return _holds("CdtrAcct", named, *_ignored("Tp Ccy Nm Prxy" if is_later else "Tp Ccy Nm"))


def _remittance(*, is_later: bool) -> Element:
    more = Element("AddtlRmtInf", column="imputation", joiner=IMPUTATION_JOINER, many=True)
    structured = _holds(
        "Strd",
        *_ignored("RfrdDocInf RfrdDocAmt CdtrRefInf Invcr Invcee"),
        *_ignored("TaxRmt GrnshmtRmt" if is_later else ""),
        more,
        many=True,
    )
    return _holds("RmtInf", Element("Ustrd", column="remittance", joiner=" ", many=True), structured)


def _message(version: str) -> Message:
    is_later = version == V09
    initiation = Element(
        "CstmrCdtTrfInitn",
        (_header(), _lot(is_later=is_later), *_ignored("SplmtryData" if is_later else "")),
        record=FILE,
        early=True,
        needed=True,
    )
    return Message(NAMESPACE + version, _holds("Document", initiation))


MESSAGES: Mapping[str, Message] = {version: _message(version) for version in (V03, V09)}
"""By name of the message."""
