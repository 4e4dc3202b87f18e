"""The demonstration's payments, month by month."""

from pathlib import Path

import pytest

from service.cli import demo, demo_payments, run
from service.cli.demo_payments import plan_months
from service.configuration.settings import Settings


def test_a_month_is_paid_on_the_second_of_the_next_and_december_twice(tmp_path: Path) -> None:
    names = [
        "00-third-parties.arrow",
        *(f"2018-{month:02}-MIN-{n:02}.csv" for month in range(1, 13) for n in (1, 2)),
    ]
    turns = plan_months([tmp_path / name for name in names])
    assert [f"{each.at:%m-%d}" for each in turns] == [
        *(f"{month:02}-02" for month in range(2, 13)),
        "12-19",
        "12-27",
    ]
    assert [path.name for each in turns for path in each.files] == names[1:]
    assert {len(each.files) for each in turns[:-1]} == {2}
    assert not turns[-1].files


def test_months_are_taken_in_and_paid_in_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = demo.prepare_files(tmp_path, 1000)
    settings = Settings(data=tmp_path / "data")
    run.process_files(
        settings, [path for path in files if not path.name.startswith("2018-")], run.DEFAULT_FILES
    )
    january, february, *_, nothing_is_due = plan_months(files)
    idle = nothing_is_due._replace(until=january.at.date())
    settled = demo_payments.run_turns(settings, tmp_path / "bank", [january, february, idle])
    assert [each.run for each in settled.rounds] == [1, 2]
    assert all(each.transfers for each in settled.rounds)
    assert [{receipt.file[:7] for receipt in each.receipts} for each in settled.results] == [
        {"2018-01"},
        {"2018-02"},
    ]
    assert demo_payments.books_agree(settled)
    assert sum(each.transit for each in settled.account_status.accounts) == 0
    demo_payments.print_rounds(settled)
    assert "Run 2: " in capsys.readouterr().out
