"""Written pain.002 reports: valid by the official schemas for any text, and with the right status."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.etree import XMLSchema, fromstring

from core.iso20022 import NARRATIVE, REASONS, MessageStatus
from core.outcome_codes import REFUSALS, Outcome
from core.remedies import REMEDIES
from settlement.orders.charset import REMARK_CHARACTERS_MAX, clean_identifier, to_latin, wrap_remarks
from settlement.pain002_writer import (
    MessageReport,
    OriginalMessage,
    Pain002Version,
    RejectedLine,
    StatusCount,
    StatusReportWriter,
)

XSD = Path(__file__).parents[1] / "xsd"
SCHEMAS = {
    version: XMLSchema(file=str(XSD / f"pain.002.001.{version}.xsd"))
    for version in (Pain002Version.V03, Pain002Version.V12)
}
AT = datetime(2018, 12, 14, 16, 2, 11, 94_000, UTC)
HOSTILE = (
    "</EndToEndId><TxSts>ACCP</TxSts>",
    "a&b<c>\"d'",
    "]]>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "\x00\x01\x08\x0b\x1f\x7f\x85\u2028\ufffe\uffff",
    "\r\n\t",
    "",
    "   ",
    "é" * 200,
    "😀" * 40,
    "\u202eevil",
    "A" * 10_000,
)


def build_status(
    *refused: RejectedLine, accepted: int = 0, remarks: Sequence[str] = (), batch_id: str = "LOT-12"
) -> MessageReport:
    cents = sum(line.cents for line in refused)
    lines = accepted + len(refused)
    return MessageReport(
        OriginalMessage(7, batch_id, lines, cents),
        batch=3,
        created=AT,
        is_decided=True,
        accepted=StatusCount(MessageStatus.ACCEPTED, accepted, accepted * 100),
        pending=StatusCount(MessageStatus.PENDING, 0, 0),
        rejected=StatusCount(MessageStatus.REJECTED, len(refused), cents),
        remarks=remarks,
    )


def build_rejected(reference: str = "DP-1", *remarks: str, cents: int = 1050, line: int = 1) -> RejectedLine:
    return RejectedLine(line, reference, cents, "AM04", remarks)


def write_report(
    message: MessageReport, *parts: Sequence[RejectedLine], version: Pain002Version = Pain002Version.V12
) -> bytes:
    report = StatusReportWriter(message, version)
    return b"".join([report.write_head(), *map(report.write_rejected_lines, parts), report.write_end()])


def read_report(text: bytes) -> Any:
    """Parse a report and validate it by its schema."""
    root = fromstring(text)
    version = Pain002Version(root.tag.partition("}")[0][-2:])
    SCHEMAS[version].assertValid(root)
    return root


def find_texts(root: Any, path: str) -> list[str]:
    """Return the texts of the elements at ``path``, for any version."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    return [element.text or "" for element in root.xpath(f".//{steps}")]


@pytest.mark.parametrize("version", SCHEMAS)
def test_a_report_has_the_status_of_the_message(version: Pain002Version) -> None:
    lines = [
        build_rejected("DP-1", "AE_EXCEEDED", "No credit", line=4),
        build_rejected("DP-2", line=9, cents=1),
    ]
    root = read_report(write_report(build_status(*lines, accepted=3), lines, version=version))
    assert find_texts(root, "GrpHdr/MsgId") == ["CRSC-7-3"]
    assert find_texts(root, "GrpHdr/CreDtTm") == ["2018-12-14T16:02:11.094Z"]
    assert find_texts(root, "OrgnlMsgId") == find_texts(root, "OrgnlPmtInfId") == ["LOT-12"]
    assert find_texts(root, "OrgnlGrpInfAndSts/GrpSts") == ["PART"]
    assert find_texts(root, "OrgnlNbOfTxs") == ["5"]
    assert find_texts(root, "DtldNbOfTxs") == ["3", "2"]
    assert find_texts(root, "DtldSts") == ["ACCP", "RJCT"]
    assert find_texts(root, "DtldCtrlSum") == ["3.00", "10.51"]
    assert find_texts(root, "TxInfAndSts/StsId") == ["7-4", "7-9"]
    assert find_texts(root, "TxInfAndSts/OrgnlEndToEndId") == ["DP-1", "DP-2"]
    assert find_texts(root, "TxInfAndSts/TxSts") == ["RJCT", "RJCT"]
    assert find_texts(root, "Rsn/Cd") == ["AM04", "AM04"]
    assert find_texts(root, "TxInfAndSts/StsRsnInf/AddtlInf") == ["AE_EXCEEDED", "No credit"]
    assert find_texts(root, "Amt/InstdAmt") == ["10.50", "0.01"]
    assert root.xpath("//@Ccy") == ["EUR", "EUR"]


def test_all_versions_differ_in_their_namespace_only() -> None:
    lines = [build_rejected(text, text) for text in HOSTILE]
    message = build_status(*lines, accepted=1, remarks=HOSTILE)
    texts = {
        write_report(message, lines, version=version).replace(version.namespace.encode(), b"")
        for version in Pain002Version
    }
    assert len(texts) == 1


@pytest.mark.parametrize("version", SCHEMAS)
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_changes_the_structure_of_a_report(text: str, version: Pain002Version) -> None:
    line = build_rejected(text, text, text)
    root = read_report(
        write_report(build_status(line, remarks=[text], batch_id=text), [line], version=version)
    )
    assert find_texts(root, "TxInfAndSts/OrgnlEndToEndId") == [clean_identifier(text)]
    assert find_texts(root, "TxInfAndSts/TxSts") == ["RJCT"]
    assert all(len(remark) <= REMARK_CHARACTERS_MAX for remark in find_texts(root, "AddtlInf"))


@given(st.lists(st.tuples(st.text(), st.text(), st.integers(-(2**63), 2**63 - 1)), max_size=5))
def test_any_refused_lines_give_a_valid_report(refused: list[tuple[str, str, int]]) -> None:
    lines = [
        build_rejected(reference, text, cents=cents, line=n)
        for n, (reference, text, cents) in enumerate(refused, 1)
    ]
    for version in SCHEMAS:
        root = read_report(write_report(build_status(*lines), lines, version=version))
        assert len(find_texts(root, "TxInfAndSts/StsId")) == len(lines)


def test_a_report_in_parts_is_the_same() -> None:
    lines = [build_rejected(f"DP-{n}", "because", line=n) for n in range(1, 101)]
    message = build_status(*lines)
    assert write_report(message, lines) == write_report(message, lines[:1], [], lines[1:])


def test_written_lines_are_not_kept_in_memory() -> None:
    lines = [build_rejected(f"DP-{n}", "because " * 20, line=n) for n in range(1, 1001)]
    report = StatusReportWriter(build_status(*lines), Pain002Version.V10)
    report.write_head()
    first = report.write_rejected_lines(lines)
    assert all(len(report.write_rejected_lines(lines)) < len(first) + 100 for _ in range(5))
    assert len(report.write_end()) < 100


@pytest.mark.parametrize(
    ("accepted", "rejected", "status"),
    [(3, 0, "ACCP"), (2, 1, "PART"), (0, 3, "RJCT"), (0, 0, "ACCP")],
)
def test_the_status_of_the_message(accepted: int, rejected: int, status: str) -> None:
    assert build_status(*[build_rejected()] * rejected, accepted=accepted).status == status


def test_an_undecided_message_is_received_or_pending() -> None:
    undecided_status = build_status(build_rejected(), accepted=1)._replace(
        is_decided=False, pending=StatusCount(MessageStatus.PENDING, 4, 5)
    )
    assert find_texts(read_report(write_report(undecided_status)), "DtldSts") == ["ACCP", "PDNG", "RJCT"]
    assert undecided_status.status == "PDNG"
    assert undecided_status._replace(batch=0).status == "RCVD"


def test_sums_and_amounts_that_do_not_fit_are_omitted() -> None:
    line = build_rejected(cents=2**63 - 1)
    root = read_report(write_report(build_status(line), [line]))
    assert find_texts(root, "OrgnlCtrlSum") == find_texts(root, "InstdAmt") == []


def test_an_identifier_is_returned_unchanged() -> None:
    for text in ("DP_2018#1", "Marché n° 5", "a&b<c>"):
        assert clean_identifier(text) == text
    assert clean_identifier("x\0y") == "x.y"
    assert clean_identifier(" ") == clean_identifier("") == "NOTPROVIDED"
    assert clean_identifier("é" * 40) == "é" * 35


def test_texts_are_transliterated_to_latin() -> None:
    assert to_latin("Dépassé : l\u2019œuvre à 5 €") == "Depasse : l'oeuvre a 5 EUR"
    assert to_latin("日本 <&>\n") == ".. ...."
    assert wrap_remarks(["", "word " * 50]) == wrap_remarks(["word " * 50])
    assert wrap_remarks(["less; then", "moins ; puis"]) == ["less, then", "moins, puis"]


def test_every_refusal_has_a_reason_and_a_text_in_latin() -> None:
    assert REASONS.keys() == set(REFUSALS)
    for code, reason in REASONS.items():
        assert len(reason) == 4
        assert reason.isupper() or reason[-2:].isdigit()
        remedy = REMEDIES[code]
        for text in (remedy.finding, remedy.action, remedy.finding_fr, remedy.action_fr):
            assert "." * 3 not in to_latin(text).replace(" ...", "")
    assert REASONS[REFUSALS[-1]] == NARRATIVE


def test_the_documented_table_is_the_one_in_use() -> None:
    text = (XSD.parents[1] / "docs" / "pain002.md").read_text()
    rows = re.findall(r"^\| `([A-Z]{2,4}[0-9]{0,2})` \| (`[A-Z_`, ]+`) \|$", text, re.MULTILINE)
    documented = {
        Outcome[code]: reason for reason, codes in rows for code in re.findall(r"`([A-Z_]+)`", codes)
    }
    assert documented == {code: reason for code, reason in REASONS.items() if reason != NARRATIVE}
