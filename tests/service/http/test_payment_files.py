"""Payment files over HTTP: taken with their imputations, answered as ISO 20022 does."""

import hashlib
import io
import shutil
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
    """The third party that is paid."""
    act = {"reference": "T-1", "kind": "third_party", "exercise": "2018", "date": "2018-05-02"}
    async with place.service.client(ACCOUNTANT) as client:
        found = await client.post(
            "/v1/acts", json={**act, "payee": "SUPPLIER", "payee_name": "Fournisseur", "iban": IBAN}
        )
    assert found.json()["lines"][0]["outcome"] == "ACCEPTED", found.text


def build_charged_transfer(reference: str, amount: str = "1.00", more: str = CHARGED) -> str:
    return build_transfer(reference, amount, more)


def build_archive(payments: bytes, beside: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in (("salaries.xml", payments), ("salaries.csv", beside)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


async def post(client: httpx.AsyncClient, content: bytes, headers: dict[str, str] | None = None) -> Any:
    return await client.post("/v1/submissions?wait=60", content=content, headers=headers or SENT)


async def fetch_report(client: httpx.AsyncClient, ticket: dict[str, Any], version: str = "12") -> Any:
    return read_report((await client.get(ticket["links"]["pain002"], params={"version": version})).content)


async def test_transfers_that_say_their_own_assignment_are_accepted(client: httpx.AsyncClient) -> None:
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
    again = await post(client, text)
    assert (again.status_code, again.json()["submission"]) == (200, ticket["submission"])


@pytest.mark.parametrize("version", ["03", "12"])
async def test_what_is_refused_names_message_lot_and_transfer(
    client: httpx.AsyncClient, version: str
) -> None:
    wrong = build_transfer(f"B2-{version}", more=CHARGED).replace(IBAN, "FR7630001007941234567890186")
    text = build_message(
        build_lot([build_charged_transfer(f"B0-{version}")], "GOOD"),
        build_lot([build_charged_transfer(f"B1-{version}"), wrong], "SOME"),
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


async def test_the_lots_are_found_again_when_what_was_written_of_them_is_gone(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    text = build_message(build_lot([build_charged_transfer("C1", "0.001")], "LOST"), name="MSG-C")
    ticket = (await post(client, text)).json()
    (path,) = place.data.rglob(f"{ticket['receipt']['sha256']}/lots.arrow")
    path.unlink()
    root = await fetch_report(client, ticket)
    assert (find_texts(root, "OrgnlPmtInfId"), find_texts(root, "Rsn/Cd")) == (["LOST"], ["AM12"])


async def test_a_report_whose_lots_are_lost_with_the_file_is_refused_in_whole(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    """Nothing is sent before it is known: no answer that begins well and breaks off."""
    text = build_message(
        build_lot([build_charged_transfer("GONE-1")]), count=1, total="1.00", name="MSG-GONE"
    )
    ticket = (await post(client, text)).json()
    sha256 = hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()
    shutil.rmtree(place.data / "spool" / sha256[:2] / sha256)
    answered = await client.get(ticket["links"]["pain002"])
    assert (answered.status_code, answered.json()["code"]) == (422, "file-unreadable"), answered.text
    assert answered.headers["content-type"] == "application/problem+json"


async def test_a_wrong_bic_is_told_by_the_code_of_its_own(client: httpx.AsyncClient) -> None:
    agent = "<CdtrAgt><FinInstnId><BICFI>BDFE1RPP</BICFI></FinInstnId></CdtrAgt><Cdtr>"
    text = build_message(build_lot([build_charged_transfer("W1").replace("<Cdtr>", agent)]), name="MSG-W")
    root = await fetch_report(client, (await post(client, text)).json())
    assert (find_texts(root, "GrpSts"), find_texts(root, "Rsn/Cd")) == (["RJCT"], ["RC01"])
    assert find_texts(root, "AddtlInf")[:2] == ["FIELD_INVALID", "bic: BDFE1RPP"]


async def test_an_archive_brings_the_imputations(client: httpx.AsyncClient) -> None:
    rows = [("D1", "1.00"), ("D2", "2.50")]
    text = build_message(build_lot([build_transfer(*row) for row in rows]), count=2, name="MSG-D")
    sent = {"content-type": "application/x-tar", "content-disposition": 'attachment; filename="salaries.tar"'}
    ticket = (await post(client, build_archive(text, build_assignments(rows)), sent)).json()
    assert ticket["receipt"]["accepted"] == {"lines": 2, "cents": 350}
    assert ticket["receipt"]["format"] == "pain.001-tar"
    assert find_texts(await fetch_report(client, ticket), "OrgnlMsgId") == ["MSG-D"]
    differing = await post(
        client, build_archive(text, build_assignments([("D1", "1.00"), ("D2", "2.51")])), sent
    )
    assert (differing.status_code, differing.json()["code"]) == (422, "envelope-mismatch")
    assert "IMPUTATION_DIFFERS" in differing.json()["found"]


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
async def test_a_file_refused_whole_is_answered_as_the_sender_asks(
    client: httpx.AsyncClient, name: str
) -> None:
    text, reason, batch, code = REFUSED[name]
    answered = await post(client, text, REPORTED)
    assert (answered.status_code, answered.headers["content-type"]) == (422, "application/xml")
    root = read_report(answered.content.replace(b"pain.002.001.10", b"pain.002.001.12"))
    assert (find_texts(root, "GrpSts"), find_texts(root, "OrgnlMsgId"), find_texts(root, "Rsn/Cd")) == (
        ["RJCT"],
        [batch],
        [reason],
    )
    assert any(code in text for text in find_texts(root, "AddtlInf"))
    plain = await post(client, text)
    assert (plain.status_code, plain.headers["content-type"]) == (422, "application/problem+json")
    assert plain.json()["found"].startswith(code)


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"reference;kind\n", "application/xml"),
        (build_message(build_lot([build_charged_transfer("F")])), "text/csv"),
    ],
)
async def test_bytes_that_are_not_what_was_said_are_refused(
    client: httpx.AsyncClient, content: bytes, media: str
) -> None:
    answered = await post(client, content, {"content-type": media})
    assert answered.status_code == 422


async def test_imputations_alone_are_no_submission(client: httpx.AsyncClient) -> None:
    sent = {"content-type": "text/csv", "content-disposition": 'attachment; filename="a.xml.imputation.csv"'}
    answered = await post(client, build_assignments([("G1", "1.00")]), sent)
    assert answered.status_code == 422
    assert answered.json()["found"] == "Account assignments without their payment file"


async def test_the_command_sends_both_files_as_one(place: ServicePlace, tmp_path: Path) -> None:
    rows = [(f"H{number}", "0.01") for number in range(200)]
    text = build_message(build_lot([build_transfer(*row) for row in rows]), count=len(rows), name="MSG-H")
    (tmp_path / "pay.xml").write_bytes(text)
    (tmp_path / "pay.xml.imputation.csv").write_bytes(build_assignments(rows))
    key = MINISTRY["authorization"].removeprefix("Bearer ")
    ended = await run_crescendo(
        "submit", *sorted(tmp_path.iterdir()), "--url", place.service.url, "--key", key, "--json"
    )
    assert ended.code == 0, ended.err
    (ticket,) = ended.json()["submissions"]
    assert (ticket["receipt"]["file"], ticket["receipt"]["accepted"]["lines"]) == ("pay.xml", 200)
