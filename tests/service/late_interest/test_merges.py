"""Late interest on what was owed to a merged code is claimed for the code that stays in use."""

from pathlib import Path

from core.merges import FILE
from service.database.embedded_server import Database
from tests.service.late_interest.test_contracts import PARTS
from tests.service.late_interest.test_late_interest import claim, pay_part, prepare_state, read_claims
from tests.service.small_state import build_payee_code


async def test_the_claim_names_the_code_that_stays_in_use(database: Database, tmp_path: Path) -> None:
    """500.00 and 400.00, 5 days late at 8.25 %: 0.57 and 0.45, and 40.00; the creditor of the request was merged."""
    old, new = build_payee_code(1), build_payee_code(2)
    async for state in prepare_state(database, tmp_path / "own", PARTS):
        for reference, amount in (("DP-1", "500.00"), ("A1", "400.00")):
            await pay_part(state, reference, amount, "2018-11-05")
        (state.reference / FILE).write_text(f"code,into,first_day,reason\n{old},{new},2018-12-01,Constat\n")
        await claim(state, "2018-12-30")  # it begins before the first start with the merge, which refuses it
        assert await read_claims(state) == {"A1": [45]}
        await claim(state, "2018-12-31")
        assert await read_claims(state) == {"DP-1": [4_057], "A1": [45]}
        rows = await state.fetch("select distinct payee from entry where reference like 'IM-%'")
        (number,) = await state.fetch("select distinct payee from payee where code = $1", new)
        assert [row["payee"] for row in rows] == [number["payee"]]
        assert (await state.verify()).findings == []
