"""Payment files in drop folders: signed as one archive with their imputations, answered as pain.002 whatever came of them."""

from pathlib import Path

import pytest

from service.database.embedded import Database
from tests.ingest.payment_files import imputations, lot, message, transfer
from tests.service.dropfolders.drop_senders import heard, prepared, watched
from tests.service.http.test_payment_files import CHARGED, archive
from tests.settlement.test_pain002_writer import found, read

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROWS = [("P1", "1.00"), ("P2", "2.50")]
TEXT = message(lot([transfer(*row) for row in ROWS], "SALARIES"), count=2, name="MSG-P")


async def test_payment_files_are_taken_and_answered(database: Database, tmp_path: Path) -> None:
    async with (
        prepared(database, tmp_path) as (dsn, mine),
        watched(dsn, tmp_path, "--drop-settle", "0") as served,
    ):
        await heard(served, "answered", "credits.jsonl")
        mine.leave("pay.tar", archive(TEXT, imputations(ROWS)))
        mine.leave("alone.xml", message(lot([transfer("Q1", more=CHARGED)], "ONE"), name="MSG-Q"))
        mine.leave("wrong.xml", message(lot([transfer("Q2", more=CHARGED)]), count=2, name="MSG-R"))
        mine.leave("pay.xml.imputation.csv", imputations(ROWS))
        await heard(served, "answered", "pay.tar")
        await heard(served, "answered", "alone.xml")
        await heard(served, "refused", "wrong.xml")
        await heard(served, "refused", "pay.xml.imputation.csv")

        def report(name: str) -> bytes:
            text = (mine.base / "out" / f"{name}.pain002.xml").read_bytes()
            return text.replace(b"pain.002.001.10", b"pain.002.001.12")

        # nobody has registered the third party: the transfers are refused, one by one
        for name, message_id, name_of_lot in (
            ("pay.tar", "MSG-P", "SALARIES"),
            ("alone.xml", "MSG-Q", "ONE"),
        ):
            root = read(report(name))
            assert (found(root, "OrgnlMsgId"), found(root, "OrgnlPmtInfId")) == ([message_id], [name_of_lot])
            assert (found(root, "GrpSts"), set(found(root, "Rsn/Cd"))) == (["RJCT"], {"BE06"})
        root = read(report("wrong.xml"))
        assert (found(root, "OrgnlMsgId"), found(root, "GrpSts"), found(root, "Rsn/Cd")) == (
            ["MSG-R"],
            ["RJCT"],
            ["AM18"],
        )
        problem = mine.result("pay.xml.imputation.csv.problem.json")
        assert problem["found"] == "Imputations without their payment file"
        assert "tar --format=ustar" in problem["remedy"]
        assert mine.result("pay.tar.receipt.json")["receipt"]["format"] == "pain.001-tar"
