"""The report of interest that is not paid within 45 days after the late payment (rule A59)."""

from datetime import date
from pathlib import Path

from reporting import code_labels
from reporting.code_names import read_names
from reporting.overdue_interest import OverdueInterest, build_table, load_overdue_interest
from reporting.visibility import WHOLE_JOURNAL, Visibility
from service.database import command_queries
from service.database.embedded_server import Database
from tests.service.late_interest.test_late_interest import claim, pay_on, pay_part, prepare_state
from tests.service.late_interest.test_set_offs import ACTS, set_off
from tests.service.small_state import State, build_payee_code


async def load_report(state: State, day: date, visibility: Visibility = WHOLE_JOURNAL) -> OverdueInterest:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        return await load_overdue_interest(connection, names, day=day, visibility=visibility)


async def test_what_is_not_paid_after_the_days_is_listed(database: Database, tmp_path: Path) -> None:
    """400.00 are set off on 5 November and 600.00 paid on 7 November, to 20 and 22 December: 0.45 with 40.00, and 0.95."""
    async for state in prepare_state(database, tmp_path / "own", ACTS):
        await set_off(state, "2018-11-05")
        await pay_part(state, "DP-1", "600.00", "2018-11-07")
        assert (await load_report(state, date(2018, 12, 20))).debts == []
        (debt,) = (await load_report(state, date(2018, 12, 21))).debts
        assert (debt.payee, debt.reference) == (build_payee_code(1), "DP-1")
        assert (debt.paid_on, debt.payable_by, debt.days_overdue) == ("2018-11-05", "2018-12-20", 1)
        assert (debt.due_cents, debt.claimed_cents, debt.overdue_cents) == (4_045, 0, 4_045)
        await claim(state, "2018-11-20")
        report = await load_report(state, date(2018, 12, 31))
        (debt,) = report.debts
        assert (debt.payable_by, debt.claimed_cents, debt.paid_cents) == ("2018-12-22", 4_140, 0)
        assert report.overdue_cents == debt.overdue_cents == 4_140
        assert await load_report(state, date(2018, 12, 31), Visibility("ministry")) == report
        for hidden in (Visibility("other-ministry"), Visibility(centres=[])):
            assert (await load_report(state, date(2018, 12, 31), hidden)).overdue_cents == 0
        table = build_table(report)
        assert (table.rows[0][-1], table.footer[-1]) == (4_140, 4_140)
        await pay_on(state, "2018-11-21")
        assert (await load_report(state, date(2018, 12, 31))).debts == []


async def test_a_rejected_claim_is_not_overdue(database: Database, tmp_path: Path) -> None:
    async for state in prepare_state(database, tmp_path / "own", ACTS):
        await set_off(state, "2018-11-05")
        await claim(state, "2018-11-20")
        (row,) = await state.fetch("select entry_id from entry where kind = 28")
        rejection = {"kind": "payment_request_rejection", "reference": "RJ", "amount": "30.45"}
        rejection |= {"predecessor": f"@{row['entry_id']}", "exercise": 2018, "date": "2018-11-21"}
        await state.submit_accepted([rejection], "treasury")
        (debt,) = (await load_report(state, date(2018, 12, 31))).debts
        assert (debt.due_cents, debt.rejected_cents, debt.overdue_cents) == (4_045, 3_045, 1_000)


async def test_a_rejected_opposition_gives_the_interest_back(database: Database, tmp_path: Path) -> None:
    """30.45 of the claim go to another creditor, until the opposition is rejected; then they are owed to the first one."""
    async for state in prepare_state(database, tmp_path / "own", ACTS):
        await set_off(state, "2018-11-05")
        await claim(state, "2018-11-20")
        (row,) = await state.fetch("select entry_id from entry where kind = 28")
        common = {"amount": "30.45", "exercise": 2018, "date": "2018-11-21"}
        opposition = {**common, "kind": "attachment", "reference": "OP", "payee": build_payee_code(2)}
        opposition |= {"predecessor": f"@{row['entry_id']}"}
        await state.submit_accepted([opposition], "treasury")
        rejection = {**common, "kind": "payment_request_rejection", "reference": "RJ", "predecessor": "OP"}
        await state.submit_accepted([rejection], "treasury")
        (debt,) = (await load_report(state, date(2018, 12, 31))).debts
        assert (debt.due_cents, debt.rejected_cents, debt.overdue_cents) == (4_045, 0, 4_045)
