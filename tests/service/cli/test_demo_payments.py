"""The payments of the demonstration, month by month."""

from pathlib import Path

import pytest

from service.cli import demo, demo_payments, demo_year
from service.cli.demo_payments import plan_months
from service.configuration.settings import Settings


def test_a_month_is_paid_on_the_second_of_the_next_and_december_twice(tmp_path: Path) -> None:
    names = [
        "00-third-parties.arrow",
        *(f"2018-{month:02}-MIN-{n:02}.csv" for month in range(1, 13) for n in (1, 2)),
    ]
    turns = plan_months([tmp_path / name for name in names])
    assert [f"{turn.at:%m-%d}" for turn in turns] == [
        *(f"{month:02}-02" for month in range(2, 13)),
        "12-19",
        "12-27",
    ]
    assert [path.name for turn in turns for path in turn.files] == names[1:]
    assert {len(turn.files) for turn in turns[:-1]} == {2}
    assert not turns[-1].files


def test_months_are_processed_and_paid_in_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = demo.prepare_files(tmp_path, 1000)
    plan = demo_year.plan_year(files, tmp_path / "bank", is_monthly=True)
    january, february, *_, nothing_is_due = plan.turns
    idle = nothing_is_due._replace(until=january.at.date())
    year = demo_year.process_year(
        Settings(data=tmp_path / "data"), plan._replace(turns=[january, february, idle])
    )
    payments = year.payments
    assert [payment_round.run for payment_round in payments.rounds] == [1, 2]
    assert all(payment_round.transfers for payment_round in payments.rounds)
    assert [{receipt.file[:7] for receipt in result.receipts} for result in payments.results] == [
        {"2018-01"},
        {"2018-02"},
    ]
    assert year.is_proven
    assert sum(account.transit for account in year.account_status.accounts) == 0
    demo_payments.print_rounds(payments, year.account_status)
    assert "Run 2: " in capsys.readouterr().out
