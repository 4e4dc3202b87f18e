"""The metrics of the files for the bank."""

from pathlib import Path

from monitoring.service_metrics import ServiceMetrics
from service.database.read_pool import open_read_pool
from service.http.live.bank_file_gauges import BankFileGauges
from tests.settlement.runs.small_state import SmallState, iban


async def test_totals_of_finished_runs(dsn: str, tmp_path: Path) -> None:
    world = await SmallState(dsn, tmp_path).open()
    await world.register_payees({"payee": "P1", "iban": iban(1)})
    await world.post_requests(
        *({"reference": f"DP-{at}", "payee": "P1", "amount": "2.50"} for at in range(3))
    )
    board = ServiceMetrics({})
    async with open_read_pool(dsn) as pool:
        files = BankFileGauges(pool, board)
        assert board.read_values("bank_file_acts_total") == {}
        await files.refresh()
        assert board.read_values("bank_file_acts_total") == {(): 0}
        run = await world.propose()
        await world.release(run)
        await world.issue(run)
        await files.refresh()
    assert board.read_values("bank_file_acts_total") == {(): 3}
    assert board.read_values("bank_file_cents_total") == {(): 750}
    assert b"crescendo_bank_file_acts_total 3.0" in board.render()
