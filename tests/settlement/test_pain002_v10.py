"""pain.002.001.10: no package has its schema, so reports are parsed with the classes that a library generated from it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.etree import fromstring
from xsdata.exceptions import ConverterWarning, ParserError

from core.errors import FileUnreadable
from core.iso20022 import REASONS, find_file_reason
from core.outcome_codes import REFUSALS
from settlement.pain002_writer import Pain002Version, RejectedLine, ReportedLot, write_whole_refusal
from tests.settlement.pyiso20022_reader import find_faults, parse_document, serialize_document
from tests.settlement.test_pain002_writer import AT, HOSTILE, build_rejected, build_status, write_report


def validate_report(text: bytes) -> Any:
    """Parse a report, and check that every element, its order and its values are as the library expects."""
    document = parse_document(text, "pain.002", "10")
    assert find_faults(document) == []
    assert _list_elements(serialize_document(document)) == _list_elements(text)
    return document.cstmr_pmt_sts_rpt


def _list_elements(text: bytes) -> list[tuple[str, str, dict[str, str]]]:
    """List elements in the order of the document; the library writes them in that of the schema."""
    elements = fromstring(text).iter()
    return [(element.tag, (element.text or "").strip(), dict(element.attrib)) for element in elements]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_report_is_read_completely(text: str) -> None:
    lots = [ReportedLot(0, "LOT-1", 2, 1), ReportedLot(1, text, 1, 1)]
    lines = [
        RejectedLine(n, text, 1050, "AM04", [text, "No credit"], lot)
        for n, lot in enumerate([*lots, None], 1)
    ]
    report = validate_report(
        write_report(
            build_status(*lines, accepted=3, remarks=[text], batch_id=text), lines, version=Pain002Version.V10
        )
    )
    assert report.grp_hdr.msg_id == "CRSC-7-3"
    assert (report.orgnl_grp_inf_and_sts.grp_sts, report.orgnl_grp_inf_and_sts.orgnl_nb_of_txs) == (
        "PART",
        "6",
    )
    assert [reported.pmt_inf_sts for reported in report.orgnl_pmt_inf_and_sts] == ["PART", "RJCT", None]
    transactions = [
        transaction for reported in report.orgnl_pmt_inf_and_sts for transaction in reported.tx_inf_and_sts
    ]
    assert [transaction.sts_id for transaction in transactions] == ["7-1", "7-2", "7-3"]
    assert {str(transaction.orgnl_tx_ref.amt.instd_amt.value) for transaction in transactions} == {"10.50"}


@given(st.lists(st.tuples(st.text(), st.text(), st.integers(-(2**63), 2**63 - 1)), max_size=5))
def test_any_refused_lines_fit(refused: list[tuple[str, str, int]]) -> None:
    lines = [
        build_rejected(reference, text, cents=cents, line=n)
        for n, (reference, text, cents) in enumerate(refused, 1)
    ]
    validate_report(write_report(build_status(*lines), lines, version=Pain002Version.V10))


def test_a_report_on_a_file_refused_whole_fits() -> None:
    error = FileUnreadable("a" * 300, "TRUNCATED: \x00", "Send it whole")
    report = validate_report(write_whole_refusal("MSG-1", error, AT))
    assert report.orgnl_grp_inf_and_sts.grp_sts == "RJCT"
    assert report.orgnl_grp_inf_and_sts.sts_rsn_inf[0].rsn.cd == find_file_reason(error)


_REFERENCE = b"<OrgnlEndToEndId>DP-1</OrgnlEndToEndId>"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<StsId>7-1</StsId>", b"<StsId>%s</StsId>" % (b"7" * 36)),
        (b"<MsgId>CRSC-7-3</MsgId>", b""),
        (b"<MsgId>CRSC-7-3</MsgId>", b"<Msg/>"),
        (b">10.50</InstdAmt>", b">10.123456</InstdAmt>"),
        (b">10.50</InstdAmt>", b">-1.00</InstdAmt>"),
        (b' Ccy="EUR"', b' Ccy="eur"'),
        (b"<TxSts>RJCT</TxSts>", b"<TxSts>REJECTED</TxSts>"),
        (b"<StsId>7-1</StsId>%s" % _REFERENCE, b"%s<StsId>7-1</StsId>" % _REFERENCE),
    ],
)  # fmt: skip
def test_a_report_that_does_not_fit_is_detected(old: bytes, new: bytes) -> None:
    """Otherwise the tests above would prove nothing."""
    text = write_report(build_status(build_rejected()), [build_rejected()], version=Pain002Version.V10)
    assert old in text
    with pytest.raises((AssertionError, TypeError, ParserError, ConverterWarning)):
        validate_report(text.replace(old, new, 1))


def test_reasons_fit_the_code_list() -> None:
    for code in REFUSALS:
        line = build_rejected()._replace(reason=REASONS.get(code, "NARR"))
        validate_report(write_report(build_status(line), [line], version=Pain002Version.V10))
