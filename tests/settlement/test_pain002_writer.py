"""pain.002: valid against the official schemas whatever stands in it, and true to what it reports."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.etree import XMLSchema, fromstring

from core.iso20022 import NARRATIVE, REASONS, Status
from core.outcome_codes import REFUSALS, Outcome
from core.remedies import REMEDIES
from settlement.orders.charset import REMARK_LETTERS_MAX, identifier, latin, remarks
from settlement.pain002_writer import Count, Original, Rejected, Standing, StatusReport, Version

XSD = Path(__file__).parents[1] / "xsd"
SCHEMAS = {
    version: XMLSchema(file=str(XSD / f"pain.002.001.{version}.xsd"))
    for version in (Version.V03, Version.V12)
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


def standing(
    *refused: Rejected, accepted: int = 0, remarks: Sequence[str] = (), batch_id: str = "LOT-12"
) -> Standing:
    cents = sum(each.cents for each in refused)
    lines = accepted + len(refused)
    return Standing(
        Original(7, batch_id, lines, cents),
        batch=3,
        at=AT,
        is_decided=True,
        accepted=Count(Status.ACCEPTED, accepted, accepted * 100),
        pending=Count(Status.PENDING, 0, 0),
        rejected=Count(Status.REJECTED, len(refused), cents),
        remarks=remarks,
    )


def refused(reference: str = "DP-1", *remarks: str, cents: int = 1050, line: int = 1) -> Rejected:
    return Rejected(line, reference, cents, "AM04", remarks)


def written(whole: Standing, *parts: Sequence[Rejected], version: Version = Version.V12) -> bytes:
    report = StatusReport(whole, version)
    return b"".join([report.head(), *map(report.rejected, parts), report.end()])


def read(text: bytes) -> Any:
    """The report, held against its schema."""
    root = fromstring(text)
    version = Version(root.tag.partition("}")[0][-2:])
    SCHEMAS[version].assertValid(root)
    return root


def found(root: Any, path: str) -> list[str]:
    """Texts of the elements at ``path``, whatever the version."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    return [each.text or "" for each in root.xpath(f".//{steps}")]


@pytest.mark.parametrize("version", SCHEMAS)
def test_a_report_says_what_became_of_the_message(version: Version) -> None:
    lines = [refused("DP-1", "AE_EXCEEDED", "No credit", line=4), refused("DP-2", line=9, cents=1)]
    root = read(written(standing(*lines, accepted=3), lines, version=version))
    assert found(root, "GrpHdr/MsgId") == ["CRSC-7-3"]
    assert found(root, "GrpHdr/CreDtTm") == ["2018-12-14T16:02:11.094Z"]
    assert found(root, "OrgnlMsgId") == found(root, "OrgnlPmtInfId") == ["LOT-12"]
    assert found(root, "OrgnlGrpInfAndSts/GrpSts") == ["PART"]
    assert found(root, "OrgnlNbOfTxs") == ["5"]
    assert found(root, "DtldNbOfTxs") == ["3", "2"]
    assert found(root, "DtldSts") == ["ACCP", "RJCT"]
    assert found(root, "DtldCtrlSum") == ["3.00", "10.51"]
    assert found(root, "TxInfAndSts/StsId") == ["7-4", "7-9"]
    assert found(root, "TxInfAndSts/OrgnlEndToEndId") == ["DP-1", "DP-2"]
    assert found(root, "TxInfAndSts/TxSts") == ["RJCT", "RJCT"]
    assert found(root, "Rsn/Cd") == ["AM04", "AM04"]
    assert found(root, "TxInfAndSts/StsRsnInf/AddtlInf") == ["AE_EXCEEDED", "No credit"]
    assert found(root, "Amt/InstdAmt") == ["10.50", "0.01"]
    assert root.xpath("//@Ccy") == ["EUR", "EUR"]


def test_all_versions_say_the_same_but_for_their_namespace() -> None:
    lines = [refused(text, text) for text in HOSTILE]
    whole = standing(*lines, accepted=1, remarks=HOSTILE)
    texts = {
        written(whole, lines, version=version).replace(version.namespace.encode(), b"") for version in Version
    }
    assert len(texts) == 1


@pytest.mark.parametrize("version", SCHEMAS)
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_makes_a_report_another(text: str, version: Version) -> None:
    line = refused(text, text, text)
    root = read(written(standing(line, remarks=[text], batch_id=text), [line], version=version))
    assert found(root, "TxInfAndSts/OrgnlEndToEndId") == [identifier(text)]
    assert found(root, "TxInfAndSts/TxSts") == ["RJCT"]
    assert all(len(each) <= REMARK_LETTERS_MAX for each in found(root, "AddtlInf"))


@given(st.lists(st.tuples(st.text(), st.text(), st.integers(-(2**63), 2**63 - 1)), max_size=5))
def test_whatever_is_refused_the_report_is_valid(told: list[tuple[str, str, int]]) -> None:
    lines = [
        refused(reference, text, cents=cents, line=n) for n, (reference, text, cents) in enumerate(told, 1)
    ]
    for version in SCHEMAS:
        root = read(written(standing(*lines), lines, version=version))
        assert len(found(root, "TxInfAndSts/StsId")) == len(lines)


def test_pieces_are_the_whole_and_the_same_again() -> None:
    lines = [refused(f"DP-{n}", "because", line=n) for n in range(1, 101)]
    whole = standing(*lines)
    assert written(whole, lines) == written(whole, lines[:1], [], lines[1:])


def test_nothing_is_kept_of_what_was_written() -> None:
    lines = [refused(f"DP-{n}", "because " * 20, line=n) for n in range(1, 1001)]
    report = StatusReport(standing(*lines), Version.V10)
    report.head()
    first = report.rejected(lines)
    assert all(len(report.rejected(lines)) < len(first) + 100 for _ in range(5))
    assert len(report.end()) < 100


@pytest.mark.parametrize(
    ("accepted", "rejected", "status"),
    [(3, 0, "ACCP"), (2, 1, "PART"), (0, 3, "RJCT"), (0, 0, "ACCP")],
)
def test_the_status_of_the_whole(accepted: int, rejected: int, status: str) -> None:
    assert standing(*[refused()] * rejected, accepted=accepted).status == status


def test_what_is_not_decided_is_received_or_pending() -> None:
    begun = standing(refused(), accepted=1)._replace(is_decided=False, pending=Count(Status.PENDING, 4, 5))
    assert found(read(written(begun)), "DtldSts") == ["ACCP", "PDNG", "RJCT"]
    assert begun.status == "PDNG"
    assert begun._replace(batch=0).status == "RCVD"


def test_a_sum_or_an_amount_that_does_not_fit_is_left_out() -> None:
    line = refused(cents=2**63 - 1)
    root = read(written(standing(line), [line]))
    assert found(root, "OrgnlCtrlSum") == found(root, "InstdAmt") == []


def test_an_identifier_goes_back_as_it_came() -> None:
    for text in ("DP_2018#1", "Marché n° 5", "a&b<c>"):
        assert identifier(text) == text
    assert identifier("x\0y") == "x.y"
    assert identifier(" ") == identifier("") == "NOTPROVIDED"
    assert identifier("é" * 40) == "é" * 35


def test_texts_are_spelled_in_the_letters_of_payments() -> None:
    assert latin("Dépassé : l\u2019œuvre à 5 €") == "Depasse : l'oeuvre a 5 EUR"
    assert latin("日本 <&>\n") == ".. ...."
    assert remarks(["", "word " * 50]) == remarks(["word " * 50])


def test_every_refusal_has_a_reason_and_words_that_fit() -> None:
    assert REASONS.keys() == set(REFUSALS)
    for code, reason in REASONS.items():
        assert len(reason) == 4
        assert reason.isupper() or reason[-2:].isdigit()
        remedy = REMEDIES[code]
        for text in (remedy.finding, remedy.action, remedy.finding_fr, remedy.action_fr):
            assert "." * 3 not in latin(text).replace(" ...", "")
    assert REASONS[REFUSALS[-1]] == NARRATIVE


def test_the_documented_table_is_the_one_in_use() -> None:
    text = (XSD.parents[1] / "docs" / "pain002.md").read_text()
    rows = re.findall(r"^\| `([A-Z]{2,4}[0-9]{0,2})` \| (`[A-Z_`, ]+`) \|$", text, re.MULTILINE)
    told = {Outcome[code]: reason for reason, codes in rows for code in re.findall(r"`([A-Z_]+)`", codes)}
    assert told == {code: reason for code, reason in REASONS.items() if reason != NARRATIVE}
