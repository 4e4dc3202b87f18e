"""``crescendo run`` writes a pain.002 for each payment file: valid, and with the bytes that the service sends."""

from pathlib import Path
from typing import Any

import pytest

from tests.file_strategies import REFERENCE
from tests.ingest.payment_files import (
    IBAN,
    build_assignments,
    build_lot,
    build_message,
    build_remittance,
    build_transfer,
)
from tests.service.command_line import CommandResult, create_ledger, run_crescendo
from tests.service.http.access_keys import AUDITOR, insert_keys
from tests.service.http.act_files import CREDITS
from tests.service.http.running_service import run_service, to_jsonl
from tests.settlement.test_pain002_v10 import validate_report
from tests.settlement.test_pain002_writer import find_texts, read_report

PAIRS = ("fund-centre:0177-D013-DD13", "functional-area:0177-12", "commitment-item:31", "payee:SUPPLIER")
CHARGED = build_remittance(*PAIRS)
SUPPLIER = {"reference": "T-1", "kind": "third_party", "exercise": "2018", "date": "2018-05-02"}
WRONG = "FR7630001007941234567890186"


async def _run_command(dsn: str, folder: Path, *arguments: str | Path) -> CommandResult:
    place = ("--database", dsn, "--data", folder / "data", "--sender", "MIN-09")
    return await run_crescendo("run", *arguments, *place, environment={"CRESCENDO_REFERENCE": str(REFERENCE)})


def _write_known_acts(folder: Path) -> Path:
    """Write credits, and the third party that is paid."""
    path = folder / "known.jsonl"
    third = {**SUPPLIER, "payee": "SUPPLIER", "payee_name": "Fournisseur", "iban": IBAN}
    path.write_bytes(to_jsonl([*CREDITS, third]))
    return path


def _write_payment_files(folder: Path) -> list[Path]:
    """Write a file whose transfers contain their assignments, some of them wrong; and one with an assignment file."""
    wrong = [build_transfer(f"B-{number}", extra=CHARGED).replace(IBAN, WRONG) for number in range(3)]
    (folder / "alone.xml").write_bytes(
        build_message(
            build_lot([build_transfer("A-1", "1.00", CHARGED)], "GOOD"),
            build_lot([*wrong], "BAD"),
            count=4,
            name="MSG-ALONE",
        )
    )
    rows = [("C-1", "1.00"), ("C-2", "2.00")]
    (folder / "pair.xml").write_bytes(
        build_message(build_lot([build_transfer(*row) for row in rows]), count=2, name="MSG-PAIR")
    )
    (folder / "pair.xml.imputation.csv").write_bytes(build_assignments(rows))
    return [folder / "alone.xml", folder / "pair.xml"]


def _validate_report(text: bytes) -> Any:
    """Validate the report with a library for .10 and the schema of .12, which differ only in the namespace."""
    validate_report(text)
    return read_report(text.replace(b"pain.002.001.10", b"pain.002.001.12"))


async def test_reports_equal_those_of_the_service(dsn: str, tmp_path: Path) -> None:
    ran = await _run_command(
        dsn, tmp_path, _write_known_acts(tmp_path), *_write_payment_files(tmp_path), "--json"
    )
    assert ran.code == 0, ran.err
    await insert_keys(dsn)
    answered = {report["file"]: Path(report["pain002"]) for report in ran.json()["answered"]}
    numbers = {receipt["file"]: receipt["submission"] for receipt in ran.json()["receipts"]}
    assert answered.keys() == {"alone.xml", "pair.xml"}
    async with run_service(dsn, tmp_path / "data") as served, served.client(AUDITOR) as client:
        for file, path in answered.items():
            theirs = await client.get(f"/v1/submissions/{numbers[file]}/pain002")
            assert theirs.content == path.read_bytes()
    root = _validate_report(answered["alone.xml"].read_bytes())
    assert (find_texts(root, "OrgnlMsgId"), find_texts(root, "GrpSts")) == (["MSG-ALONE"], ["PART"])
    assert (find_texts(root, "OrgnlPmtInfId"), find_texts(root, "PmtInfSts")) == (["BAD"], ["RJCT"])
    assert find_texts(root, "OrgnlEndToEndId") == ["B-0", "B-1", "B-2"]
    assert set(find_texts(root, "Rsn/Cd")) == {"AC01"}
    assert find_texts(_validate_report(answered["pair.xml"].read_bytes()), "GrpSts") == ["ACCP"]


async def test_the_same_command_rewrites_missing_reports(dsn: str, tmp_path: Path) -> None:
    files = (_write_known_acts(tmp_path), *_write_payment_files(tmp_path))
    first = (await _run_command(dsn, tmp_path, *files, "--json")).json()["answered"]
    texts = [Path(report["pain002"]).read_bytes() for report in first]
    for report in first:
        Path(report["pain002"]).unlink()
    again = await _run_command(dsn, tmp_path, *files, "--json")
    assert again.json()["answered"] == first
    assert [Path(report["pain002"]).read_bytes() for report in first] == texts


async def test_a_file_refused_whole_gets_a_report(dsn: str, tmp_path: Path) -> None:
    """Two files of the same name get separate reports; a file of acts gets none."""
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        text = build_message(build_lot([build_transfer("A-1", extra=CHARGED)]), count=7, name=f"MSG-{place}")
        (tmp_path / place / "wrong.xml").write_bytes(text)
    acts = tmp_path / "wrong.csv"
    acts.write_text("no;such;column\n1;2;3\n")
    files = (tmp_path / "one/wrong.xml", tmp_path / "two/wrong.xml")
    ran = await _run_command(dsn, tmp_path, *files, acts)
    assert ran.code == 1
    found_ones = sorted((tmp_path / "data" / "answers").iterdir())
    assert len(found_ones) == 2
    assert all(str(path) in ran.out for path in found_ones)
    notes = []
    for path in found_ones:
        root = _validate_report(path.read_bytes())
        assert (find_texts(root, "GrpSts"), find_texts(root, "Rsn/Cd")) == (["RJCT"], ["AM18"])
        notes += find_texts(root, "OrgnlMsgId")
    assert sorted(notes) == ["MSG-one", "MSG-two"]


async def test_a_report_that_cannot_be_written_prevents_no_receipt(dsn: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "answers").write_text("a file where the folder should be")
    ran = await _run_command(
        dsn, tmp_path, _write_known_acts(tmp_path), *_write_payment_files(tmp_path), "--json"
    )
    assert ran.code == 0, ran.err
    assert ran.json()["answered"] == []
    assert len(ran.json()["receipts"]) == 3
    assert "alone.xml: the pain.002 could not be written" in ran.err


@pytest.mark.parametrize("arguments", [("--dry-run",), ()])
async def test_no_report_without_a_decision(
    arguments: tuple[str, ...], empty_dsn: str, tmp_path: Path
) -> None:
    files = _write_payment_files(tmp_path) if arguments else []
    await create_ledger("--database", empty_dsn)
    assert (await _run_command(empty_dsn, tmp_path, *files, *arguments)).code == 0
    assert not (tmp_path / "data" / "answers").exists()
