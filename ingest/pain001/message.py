"""The elements that are read of a pain.001, versions .001.03 and .001.09.

Source: the schemas of ISO 20022 (in ``tests/xsd``; tests compare this declaration with them).  Elements of the schema
that are not needed are skipped; elements outside the schema are refused, and so are amounts in the equivalent of
another currency.
"""

from collections.abc import Mapping

from core.tables.xml import XmlElement, XmlMessage

FILE, LOT, TRANSFER = "file", "lot", "transfer"
"""The records: the group header, a payment information, a transfer."""

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
V03, V09 = "pain.001.001.03", "pain.001.001.09"
ASSIGNMENT_JOINER = ","


def _declare_ignored_elements(names: str) -> tuple[XmlElement, ...]:
    return tuple(XmlElement(name, is_ignored=True, is_repeatable=True) for name in names.split())


def _declare_value(name: str, column: str, **more: bool) -> XmlElement:
    return XmlElement(name, column=column, **more)  # type: ignore[arg-type]


def _declare_parent(
    name: str, *children: XmlElement, is_required: bool = False, is_repeatable: bool = False
) -> XmlElement:
    return XmlElement(name, children, is_required=is_required, is_repeatable=is_repeatable)


def _declare_payment_type(column: str, *, is_later: bool) -> XmlElement:
    """Declare the service level, of which later versions allow several."""
    level = XmlElement("Cd", column=column, joiner=" " if is_later else "")
    choice = XmlElement("Prtry", is_ignored=True, is_alternative=True)
    levels = _declare_parent("SvcLvl", level, choice, is_repeatable=is_later)
    return _declare_parent(
        "PmtTpInf",
        *_declare_ignored_elements("InstrPrty"),
        levels,
        *_declare_ignored_elements("LclInstrm CtgyPurp"),
    )


def _declare_header() -> XmlElement:
    return _declare_parent(
        "GrpHdr",
        _declare_value("MsgId", "message", is_required=True),
        _declare_value("CreDtTm", "created", is_required=True, is_trimmed=True),
        *_declare_ignored_elements("Authstn"),
        _declare_value("NbOfTxs", "count", is_required=True, is_trimmed=True),
        _declare_value("CtrlSum", "sum", is_trimmed=True),
        *_declare_ignored_elements("InitgPty FwdgAgt"),
        is_required=True,
    )


def _declare_lot(*, is_later: bool) -> XmlElement:
    day = (
        _declare_parent(
            "ReqdExctnDt",
            _declare_value("Dt", "day", is_trimmed=True),
            _declare_value("DtTm", "day", is_alternative=True, is_trimmed=True),
            is_required=True,
        )
        if is_later
        else _declare_value("ReqdExctnDt", "day", is_required=True, is_trimmed=True)
    )
    children = (
        _declare_value("PmtInfId", "lot", is_required=True),
        _declare_value("PmtMtd", "means", is_required=True, is_trimmed=True),
        *_declare_ignored_elements("BtchBookg"),
        _declare_value("NbOfTxs", "count", is_trimmed=True),
        _declare_value("CtrlSum", "sum", is_trimmed=True),
        _declare_payment_type("level", is_later=is_later),
        day,
        *_declare_ignored_elements("PoolgAdjstmntDt Dbtr DbtrAcct DbtrAgt DbtrAgtAcct"),
        *_declare_ignored_elements("InstrForDbtrAgt" if is_later else ""),
        *_declare_ignored_elements("UltmtDbtr ChrgBr ChrgsAcct ChrgsAcctAgt"),
        _declare_transfer(is_later=is_later),
    )
    return XmlElement("PmtInf", children, record=LOT, is_early=True, is_repeatable=True, is_required=True)


def _declare_transfer(*, is_later: bool) -> XmlElement:
    amount = XmlElement(
        "InstdAmt", column="amount", attribute=("Ccy", "currency"), is_required=True, is_trimmed=True
    )
    children = (
        _declare_parent(
            "PmtId",
            *_declare_ignored_elements("InstrId"),
            _declare_value("EndToEndId", "reference", is_required=True),
            *_declare_ignored_elements("UETR" if is_later else ""),
            is_required=True,
        ),
        _declare_payment_type("level", is_later=is_later),
        _declare_parent("Amt", amount, is_required=True),
        *_declare_ignored_elements(
            "XchgRateInf ChrgBr ChqInstr UltmtDbtr IntrmyAgt1 IntrmyAgt1Acct IntrmyAgt2 IntrmyAgt2Acct"
        ),
        *_declare_ignored_elements("IntrmyAgt3 IntrmyAgt3Acct"),
        _declare_bank(is_later=is_later),
        *_declare_ignored_elements("CdtrAgtAcct"),
        _declare_creditor(is_later=is_later),
        _declare_account(is_later=is_later),
        *_declare_ignored_elements(
            "UltmtCdtr InstrForCdtrAgt InstrForDbtrAgt Purp RgltryRptg Tax RltdRmtInf"
        ),
        _declare_remittance(is_later=is_later),
        *_declare_ignored_elements("SplmtryData" if is_later else ""),
    )
    return XmlElement("CdtTrfTxInf", children, record=TRANSFER, is_repeatable=True, is_required=True)


def _declare_bank(*, is_later: bool) -> XmlElement:
    others = "ClrSysMmbId LEI Nm PstlAdr Othr" if is_later else "ClrSysMmbId Nm PstlAdr Othr"
    institution = _declare_parent(
        "FinInstnId",
        _declare_value("BICFI" if is_later else "BIC", "bic", is_trimmed=True),
        *_declare_ignored_elements(others),
        is_required=True,
    )
    return _declare_parent("CdtrAgt", institution, *_declare_ignored_elements("BrnchId"))


def _declare_creditor(*, is_later: bool) -> XmlElement:
    """Declare the payee; its third-party number is among its identifications."""
    number = XmlElement("Id", column="payee", joiner=" ", is_required=True, is_trimmed=True)
    other = XmlElement("Othr", (number, *_declare_ignored_elements("SchmeNm Issr")), is_repeatable=True)
    company = _declare_parent(
        "OrgId", *_declare_ignored_elements("AnyBIC LEI" if is_later else "BICOrBEI"), other
    )
    person = XmlElement("PrvtId", (*_declare_ignored_elements("DtAndPlcOfBirth"), other), is_alternative=True)
    named = _declare_value("Nm", "payee_name")
    return _declare_parent(
        "Cdtr",
        named,
        *_declare_ignored_elements("PstlAdr"),
        _declare_parent("Id", company, person),
        *_declare_ignored_elements("CtryOfRes CtctDtls"),
    )


def _declare_account(*, is_later: bool) -> XmlElement:
    """Declare the account; one without an IBAN is reported as an invalid IBAN."""
    other = XmlElement(
        "Othr",
        (
            _declare_value("Id", "iban", is_required=True, is_trimmed=True),
            *_declare_ignored_elements("SchmeNm Issr"),
        ),
        is_alternative=True,
    )
    named = _declare_parent("Id", _declare_value("IBAN", "iban", is_trimmed=True), other, is_required=True)
    return _declare_parent(
        "CdtrAcct", named, *_declare_ignored_elements("Tp Ccy Nm Prxy" if is_later else "Tp Ccy Nm")
    )


def _declare_remittance(*, is_later: bool) -> XmlElement:
    more = XmlElement("AddtlRmtInf", column="imputation", joiner=ASSIGNMENT_JOINER, is_repeatable=True)
    structured = _declare_parent(
        "Strd",
        *_declare_ignored_elements("RfrdDocInf RfrdDocAmt CdtrRefInf Invcr Invcee"),
        *_declare_ignored_elements("TaxRmt GrnshmtRmt" if is_later else ""),
        more,
        is_repeatable=True,
    )
    return _declare_parent(
        "RmtInf", XmlElement("Ustrd", column="remittance", joiner=" ", is_repeatable=True), structured
    )


def _declare_message(version: str) -> XmlMessage:
    is_later = version == V09
    initiation = XmlElement(
        "CstmrCdtTrfInitn",
        (
            _declare_header(),
            _declare_lot(is_later=is_later),
            *_declare_ignored_elements("SplmtryData" if is_later else ""),
        ),
        record=FILE,
        is_early=True,
        is_required=True,
    )
    return XmlMessage(NAMESPACE + version, _declare_parent("Document", initiation))


MESSAGES: Mapping[str, XmlMessage] = {version: _declare_message(version) for version in (V03, V09)}
"""By message name."""
