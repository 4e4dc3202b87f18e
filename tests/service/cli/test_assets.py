"""``crescendo assets depreciate``: a dry run, the charges of a year, and what the command prints."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.database.embedded_server import Database
from tests.closing.asset_state import EQUIPMENT, MACHINES, build_act, open_assets
from tests.service.command_line import CommandResult, run_crescendo
from tests.service.small_state import State

_AT = ("--at", "2019-01-08T10:00")


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_assets(database, tmp_path / "state") as small_state:
        yield small_state


async def depreciate(state: State, *words: str, year: str = "2018", code: int = 0) -> CommandResult:
    place = {
        "CRESCENDO_DATABASE": state.dsn,
        "CRESCENDO_DATA": str(state.settings.data),
        "CRESCENDO_REFERENCE": str(state.reference),
    }
    result = await run_crescendo("assets", "depreciate", *words, "--year", year, environment=place)
    assert result.code == code, result
    return result


async def test_a_year_is_tried_charged_and_charged_again(state: State) -> None:
    tried = (await depreciate(state, *_AT, "--dry-run")).out
    assert "Dry run: nothing is stored." in tried
    assert all(text in tried for text in (EQUIPMENT, MACHINES, "332.50", "52.50", "385.00"))
    charged = (await depreciate(state, *_AT)).out
    assert "Charged for 2018 before: 1 asset, 10.00 euros." in charged
    assert "Charged for 2018: 3 assets, 385.00 euros, as submission" in charged
    again = (await depreciate(state, *_AT)).out
    assert again.splitlines() == [
        "Nothing is left to charge for 2018.",
        "Charged for 2018 before: 3 assets, 395.00 euros.",
    ]


async def test_what_cannot_be_charged_is_named(state: State) -> None:
    (asset,) = await state.fetch("select entry_id from entry where reference = 'IM-1'")
    sale = build_act("asset_disposal", "SO-1", "1000.00", "2019-01-05", predecessor=f"@{asset['entry_id']}")
    await state.submit_accepted([sale], "accountant")
    result = await depreciate(state, *_AT, "--json", code=1)
    assert result.json()["sums"]["blocked"][0]["cents"] == 25_000
    text = (await depreciate(state, *_AT, code=1)).out
    assert "Cannot be charged" in text


async def test_a_year_that_is_not_over_is_not_charged(state: State) -> None:
    result = await depreciate(state, "--at", "2018-12-30T10:00", code=1)
    assert result.out.startswith("Nothing is charged: 2018 is not over")
