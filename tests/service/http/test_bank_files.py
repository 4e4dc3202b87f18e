"""What stands in files for the bank, as the metrics show it."""

from pathlib import Path

from monitoring.service_metrics import Board
from service.http.live.bank_file_gauges import BankFiles
from service.http.submission_queries import reading
from tests.settlement.runs.small_state import World, iban


async def test_the_sums_of_all_runs_that_are_over(dsn: str, tmp_path: Path) -> None:
    world = await World(dsn, tmp_path).opened()
    await world.payees({"payee": "P1", "iban": iban(1)})
    await world.requests(*({"reference": f"DP-{at}", "payee": "P1", "amount": "2.50"} for at in range(3)))
    board = Board({})
    async with reading(dsn) as pool:
        files = BankFiles(pool, board)
        assert board.values("bank_file_acts_total") == {}
        await files.look()
        assert board.values("bank_file_acts_total") == {(): 0}
        run = await world.propose()
        await world.release(run)
        await world.issue(run)
        await files.look()
    assert board.values("bank_file_acts_total") == {(): 3}
    assert board.values("bank_file_cents_total") == {(): 750}
    assert b"crescendo_bank_file_acts_total 3.0" in board.shown()
