"""pain.002.001.10, of which no package ships the schema: read by the classes that a library has made from it."""

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
from tests.settlement.pyiso20022_reader import find_faults, parse_document
from tests.settlement.pyiso20022_reader import serialize_document as rendered
from tests.settlement.test_pain002_writer import AT, HOSTILE, build_rejected, build_status, write_report


def validate_report(text: bytes) -> Any:
    """The report, when all of it is where the library has it, in its order, and fits."""
    document = parse_document(text, "pain.002", "10")
    assert find_faults(document) == []
    assert _elements(rendered(document)) == _elements(text)
    return document.cstmr_pmt_sts_rpt


def _elements(text: bytes) -> list[tuple[str, str, dict[str, str]]]:
    """In the order of the document; a library writes them in that of the schema."""
    return [(each.tag, (each.text or "").strip(), dict(each.attrib)) for each in fromstring(text).iter()]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_report_is_read_back_whole(text: str) -> None:
    lots = [ReportedLot(0, "LOT-1", 2, 1), ReportedLot(1, text, 1, 1)]
    lines = [
        RejectedLine(n, text, 1050, "AM04", [text, "No credit"], lot)
        for n, lot in enumerate([*lots, None], 1)
    ]
    found = validate_report(
        write_report(
            build_status(*lines, accepted=3, remarks=[text], batch_id=text), lines, version=Pain002Version.V10
        )
    )
    assert found.grp_hdr.msg_id == "CRSC-7-3"
    assert (found.orgnl_grp_inf_and_sts.grp_sts, found.orgnl_grp_inf_and_sts.orgnl_nb_of_txs) == ("PART", "6")
    assert [each.pmt_inf_sts for each in found.orgnl_pmt_inf_and_sts] == ["PART", "RJCT", None]
    told = [one for each in found.orgnl_pmt_inf_and_sts for one in each.tx_inf_and_sts]
    assert [each.sts_id for each in told] == ["7-1", "7-2", "7-3"]
    assert {str(each.orgnl_tx_ref.amt.instd_amt.value) for each in told} == {"10.50"}


@given(st.lists(st.tuples(st.text(), st.text(), st.integers(-(2**63), 2**63 - 1)), max_size=5))
def test_whatever_is_refused_fits(told: list[tuple[str, str, int]]) -> None:
    lines = [
        build_rejected(reference, text, cents=cents, line=n)
        for n, (reference, text, cents) in enumerate(told, 1)
    ]
    validate_report(write_report(build_status(*lines), lines, version=Pain002Version.V10))


def test_a_report_on_a_file_refused_whole_fits() -> None:
    error = FileUnreadable("a" * 300, "TRUNCATED: \x00", "Send it whole")
    found = validate_report(write_whole_refusal("MSG-1", error, AT))
    assert found.orgnl_grp_inf_and_sts.grp_sts == "RJCT"
    assert found.orgnl_grp_inf_and_sts.sts_rsn_inf[0].rsn.cd == find_file_reason(error)


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
def test_what_does_not_fit_is_found(old: bytes, new: bytes) -> None:
    """Or the tests above would say nothing."""
    text = write_report(build_status(build_rejected()), [build_rejected()], version=Pain002Version.V10)
    assert old in text
    with pytest.raises((AssertionError, TypeError, ParserError, ConverterWarning)):
        validate_report(text.replace(old, new, 1))


def test_reasons_fit_the_code_list() -> None:
    for code in REFUSALS:
        line = build_rejected()._replace(reason=REASONS.get(code, "NARR"))
        validate_report(write_report(build_status(line), [line], version=Pain002Version.V10))
