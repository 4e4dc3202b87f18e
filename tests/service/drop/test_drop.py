"""Files by drop folder: taken when they are whole, by the checks of the door, once, and answered in the folder."""

from pathlib import Path

from service.database import Database
from tests.service.drop.dropping import heard, prepared, watched
from tests.service.web.acts import CREDITS


async def test_a_signed_file_is_taken_decided_and_answered(database: Database, tmp_path: Path) -> None:
    async with prepared(database, tmp_path) as (dsn, mine), watched(dsn, tmp_path) as served:
        await heard(served, "drop answered", "credits.jsonl")
        receipt = mine.result("credits.jsonl.receipt.json")
        assert receipt["state"] == "decided"
        assert receipt["receipt"]["accepted"]["lines"] == len(CREDITS)
        assert receipt["receipt"]["sender"] == "MIN-09"
        assert mine.names("in") == set()
        assert mine.names("done") == {"000000001-credits.jsonl", "000000001-credits.jsonl.sig"}
        assert mine.names("out") == {
            "credits.jsonl.receipt.json",
            "credits.jsonl.refusals.csv",
            "credits.jsonl.pain002.xml",
        }
