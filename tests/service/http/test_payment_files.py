"""Payment files over HTTP: accepted with their account assignments and reported in ISO 20022 messages."""

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.ingest.payment_files import (
    ASSIGNMENT,
    IBAN,
    build_assignments,
    build_lot,
    build_message,
    build_remittance,
    build_transfer,
)
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import ACCOUNTANT, MINISTRY
from tests.service.http.conftest import ServicePlace
from tests.settlement.test_pain002_writer import find_texts, read_report

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAIRS = tuple(f"{name.replace('_', '-')}:{text}" for name, text in ASSIGNMENT.items())
CHARGED = build_remittance(*PAIRS, "payee:SUPPLIER")
SENT = {"content-type": "application/xml"}
REPORTED = {**SENT, "accept": "application/xml"}


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def supplier(place: ServicePlace) -> None:
    """Register the third party that is paid."""
    act = {"reference": "T-1", "kind": "third_party", "exercise": "2018", "date": "2018-05-02"}
    async with place.service.client(ACCOUNTANT) as client:
        response = await client.post(
            "/v1/acts", json={**act, "payee": "SUPPLIER", "payee_name": "Fournisseur", "iban": IBAN}
        )
    assert response.json()["lines"][0]["outcome"] == "ACCEPTED", response.text


def build_charged_transfer(reference: str, amount: str = "1.00", more: str = CHARGED) -> str:
    return build_transfer(reference, amount, more)


def build_archive(payments: bytes, assignments: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in (("salaries.xml", payments), ("salaries.csv", assignments)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


async def post(client: httpx.AsyncClient, content: bytes, headers: dict[str, str] | None = None) -> Any:
    return await client.post("/v1/submissions?wait=60", content=content, headers=headers or SENT)


async def fetch_report(client: httpx.AsyncClient, ticket: dict[str, Any], version: str = "12") -> Any:
    return read_report((await client.get(ticket["links"]["pain002"], params={"version": version})).content)


async def test_transfers_that_carry_their_own_assignment_are_accepted(client: httpx.AsyncClient) -> None:
    text = build_message(
        build_lot([build_charged_transfer("A1"), build_charged_transfer("A2", "2.00")]),
        count=2,
        total="3.00",
        name="MSG-A",
    )
    ticket = (await post(client, text)).json()
    receipt = ticket["receipt"]
    assert (receipt["format"], receipt["batch_id"], receipt["file"]) == (
        "pain.001",
        "MSG-A",
        "submission.xml",
    )
    assert receipt["accepted"] == {"lines": 2, "cents": 300}
    root = await fetch_report(client, ticket)
    assert find_texts(root, "OrgnlMsgId") == ["MSG-A"]
    assert find_texts(root, "OrgnlMsgNmId") == ["pain.001.001.09"]
    assert (find_texts(root, "GrpSts"), find_texts(root, "OrgnlPmtInfId")) == (["ACCP"], [])
    repeated = await post(client, text)
    assert (repeated.status_code, repeated.json()["submission"]) == (200, ticket["submission"])


@pytest.mark.parametrize("version", ["03", "12"])
async def test_a_refusal_names_message_lot_and_transfer(client: httpx.AsyncClient, version: str) -> None:
    invalid_iban = build_transfer(f"B2-{version}", extra=CHARGED).replace(IBAN, "FR7630001007941234567890186")
    text = build_message(
        build_lot([build_charged_transfer(f"B0-{version}")], "GOOD"),
        build_lot([build_charged_transfer(f"B1-{version}"), invalid_iban], "SOME"),
        build_lot([build_charged_transfer(f"B3-{version}", "999.00"), build_charged_transfer("NOTPROVIDED")], "NONE"),
        count=5, total="1012.00", version=f"pain.001.001.{'03' if version == '03' else '09'}", name=f"MSG-B{version}",
    )  # fmt: skip
    text = text if version == "12" else text.replace(b"<Dt>", b"").replace(b"</Dt>", b"")
    ticket = (await post(client, text)).json()
    assert ticket["receipt"]["refused"]["lines"] == 3
    root = await fetch_report(client, ticket, version)
    assert find_texts(root, "GrpSts") == ["PART"]
    assert (find_texts(root, "OrgnlNbOfTxs"), find_texts(root, "OrgnlCtrlSum")) == (
        ["5", "2", "2"],
        ["1012.00"],
    )
    assert find_texts(root, "OrgnlPmtInfId") == ["SOME", "NONE"]
    assert find_texts(root, "PmtInfSts") == ["PART", "RJCT"]
    assert find_texts(root, "OrgnlEndToEndId") == [f"B2-{version}", f"B3-{version}", "NOTPROVIDED"]
    assert find_texts(root, "Rsn/Cd") == ["AC01", "AM04", "CH16"]
    assert find_texts(root, "OrgnlMsgNmId") == [f"pain.001.001.{'03' if version == '03' else '09'}"]


async def test_the_lots_are_read_again_when_their_stored_copy_is_missing(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    text = build_message(build_lot([build_charged_transfer("C1", "0.001")], "LOST"), name="MSG-C")
    ticket = (await post(client, text)).json()
    (path,) = place.data.rglob(f"{ticket['receipt']['sha256']}/lots.arrow")
    path.unlink()
    root = await fetch_report(client, ticket)
    assert (find_texts(root, "OrgnlPmtInfId"), find_texts(root, "Rsn/Cd")) == (["LOST"], ["AM12"])


async def test_a_report_is_refused_whole_when_lots_and_file_are_lost(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    """The service sends nothing before it has read the lots: no response begins with 200 and breaks off."""
    text = build_message(
        build_lot([build_charged_transfer("GONE-1")]), count=1, total="1.00", name="MSG-GONE"
    )
    ticket = (await post(client, text)).json()
    sha256 = hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()
    # The service may still be deleting files of this folder, so the folder is moved away as one step.
    (place.data / "spool" / sha256[:2] / sha256).rename(place.data / "gone")
    response = await client.get(ticket["links"]["pain002"])
    assert (response.status_code, response.json()["code"]) == (422, "file-unreadable"), response.text
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_wrong_bic_is_reported_by_its_own_reason_code(client: httpx.AsyncClient) -> None:
    agent = "<CdtrAgt><FinInstnId><BICFI>BDFE1RPP</BICFI></FinInstnId></CdtrAgt><Cdtr>"
    text = build_message(build_lot([build_charged_transfer("W1").replace("<Cdtr>", agent)]), name="MSG-W")
    root = await fetch_report(client, (await post(client, text)).json())
    assert (find_texts(root, "GrpSts"), find_texts(root, "Rsn/Cd")) == (["RJCT"], ["RC01"])
    assert find_texts(root, "AddtlInf")[:2] == ["FIELD_INVALID", "bic: BDFE1RPP"]


async def test_an_archive_contains_the_account_assignments(client: httpx.AsyncClient) -> None:
    rows = [("D1", "1.00"), ("D2", "2.50")]
    text = build_message(build_lot([build_transfer(*row) for row in rows]), count=2, name="MSG-D")
    headers = {
        "content-type": "application/x-tar",
        "content-disposition": 'attachment; filename="salaries.tar"',
    }
    ticket = (await post(client, build_archive(text, build_assignments(rows)), headers)).json()
    assert ticket["receipt"]["accepted"] == {"lines": 2, "cents": 350}
    assert ticket["receipt"]["format"] == "pain.001-tar"
    assert find_texts(await fetch_report(client, ticket), "OrgnlMsgId") == ["MSG-D"]
    response = await post(
        client, build_archive(text, build_assignments([("D1", "1.00"), ("D2", "2.51")])), headers
    )
    assert (response.status_code, response.json()["code"]) == (422, "envelope-mismatch")
    assert "IMPUTATION_DIFFERS" in response.json()["found"]


REFUSED = {
    "totals": (
        build_message(build_lot([build_charged_transfer("E1")]), count=2, name="MSG-E"),
        "AM18",
        "MSG-E",
        "NB_OF_TXS_DIFFERS",
    ),
    "sums": (
        build_message(build_lot([build_charged_transfer("E1")]), total="1.01", name="MSG-E"),
        "AM10",
        "MSG-E",
        "CTRL_SUM_DIFFERS",
    ),
    "an end": (
        build_message(build_lot([build_charged_transfer("E1")]), name="MSG-E")[:-20],
        "FF01",
        "NOTPROVIDED",
        "TRUNCATED",
    ),
    "no entities": (
        b"<!DOCTYPE x>" + build_message(build_lot([build_charged_transfer("E1")])),
        "FF01",
        "NOTPROVIDED",
        "DOCTYPE_FORBIDDEN",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_file_refused_whole_is_reported_in_the_preferred_format(
    client: httpx.AsyncClient, name: str
) -> None:
    text, reason, batch, code = REFUSED[name]
    response = await post(client, text, REPORTED)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/xml")
    root = read_report(response.content.replace(b"pain.002.001.10", b"pain.002.001.12"))
    assert (find_texts(root, "GrpSts"), find_texts(root, "OrgnlMsgId"), find_texts(root, "Rsn/Cd")) == (
        ["RJCT"],
        [batch],
        [reason],
    )
    assert any(code in text for text in find_texts(root, "AddtlInf"))
    problem = await post(client, text)
    assert (problem.status_code, problem.headers["content-type"]) == (422, "application/problem+json")
    assert problem.json()["found"].startswith(code)


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"reference;kind\n", "application/xml"),
        (build_message(build_lot([build_charged_transfer("F")])), "text/csv"),
    ],
)
async def test_content_that_contradicts_its_media_type_is_refused(
    client: httpx.AsyncClient, content: bytes, media: str
) -> None:
    response = await post(client, content, {"content-type": media})
    assert response.status_code == 422


async def test_account_assignments_alone_are_no_submission(client: httpx.AsyncClient) -> None:
    headers = {
        "content-type": "text/csv",
        "content-disposition": 'attachment; filename="a.xml.imputation.csv"',
    }
    response = await post(client, build_assignments([("G1", "1.00")]), headers)
    assert response.status_code == 422
    assert response.json()["found"] == "The payment file of these account assignments is missing"


async def test_the_command_sends_both_files_as_one(place: ServicePlace, tmp_path: Path) -> None:
    rows = [(f"H{number}", "0.01") for number in range(200)]
    text = build_message(build_lot([build_transfer(*row) for row in rows]), count=len(rows), name="MSG-H")
    (tmp_path / "pay.xml").write_bytes(text)
    (tmp_path / "pay.xml.imputation.csv").write_bytes(build_assignments(rows))
    key = MINISTRY["authorization"].removeprefix("Bearer ")
    command = await run_crescendo(
        "submit", *sorted(tmp_path.iterdir()), "--url", place.service.url, "--key", key, "--json"
    )
    assert command.code == 0, command.err
    (ticket,) = command.json()["submissions"]
    assert (ticket["receipt"]["file"], ticket["receipt"]["accepted"]["lines"]) == ("pay.xml", 200)
