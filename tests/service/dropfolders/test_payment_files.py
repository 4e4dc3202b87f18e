"""Payment files in drop folders: signed as one archive with their imputations, answered as pain.002 whatever came of them."""

from pathlib import Path

import pytest

from service.database.embedded_server import Database
from tests.ingest.payment_files import build_assignments, build_lot, build_message, build_transfer
from tests.service.dropfolders.drop_senders import prepare_service, run_watching_service, wait_for_log
from tests.service.http.test_payment_files import CHARGED, build_archive
from tests.settlement.test_pain002_writer import find_texts, read_report

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROWS = [("P1", "1.00"), ("P2", "2.50")]
TEXT = build_message(build_lot([build_transfer(*row) for row in ROWS], "SALARIES"), count=2, name="MSG-P")


async def test_payment_files_are_processed_and_answered(database: Database, tmp_path: Path) -> None:
    async with (
        prepare_service(database, tmp_path) as (dsn, folders),
        run_watching_service(dsn, tmp_path, "--drop-settle", "0") as served,
    ):
        await wait_for_log(served, "answered", "credits.jsonl")
        folders.leave_file("pay.tar", build_archive(TEXT, build_assignments(ROWS)))
        folders.leave_file(
            "alone.xml", build_message(build_lot([build_transfer("Q1", extra=CHARGED)], "ONE"), name="MSG-Q")
        )
        folders.leave_file(
            "wrong.xml",
            build_message(build_lot([build_transfer("Q2", extra=CHARGED)]), count=2, name="MSG-R"),
        )
        folders.leave_file("pay.xml.imputation.csv", build_assignments(ROWS))
        await wait_for_log(served, "answered", "pay.tar")
        await wait_for_log(served, "answered", "alone.xml")
        await wait_for_log(served, "refused", "wrong.xml")
        await wait_for_log(served, "refused", "pay.xml.imputation.csv")

        def report(name: str) -> bytes:
            text = (folders.base / "out" / f"{name}.pain002.xml").read_bytes()
            return text.replace(b"pain.002.001.10", b"pain.002.001.12")

        # the third party is not registered: each transfer is refused
        for name, message_id, name_of_lot in (
            ("pay.tar", "MSG-P", "SALARIES"),
            ("alone.xml", "MSG-Q", "ONE"),
        ):
            root = read_report(report(name))
            assert (find_texts(root, "OrgnlMsgId"), find_texts(root, "OrgnlPmtInfId")) == (
                [message_id],
                [name_of_lot],
            )
            assert (find_texts(root, "GrpSts"), set(find_texts(root, "Rsn/Cd"))) == (["RJCT"], {"BE06"})
        root = read_report(report("wrong.xml"))
        assert (find_texts(root, "OrgnlMsgId"), find_texts(root, "GrpSts"), find_texts(root, "Rsn/Cd")) == (
            ["MSG-R"],
            ["RJCT"],
            ["AM18"],
        )
        problem = folders.read_result("pay.xml.imputation.csv.problem.json")
        assert problem["found"] == "The payment file of these account assignments is missing"
        assert "tar --format=ustar" in problem["remedy"]
        assert folders.read_result("pay.tar.receipt.json")["receipt"]["format"] == "pain.001-tar"
