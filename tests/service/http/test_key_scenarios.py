"""The scenarios of ``tests/scenarios/http``: each act is one request with the key of one person, on an empty ledger."""

from pathlib import Path

import httpx
import pytest

from service.database.embedded_server import Database
from tests.file_strategies import Row
from tests.service.http import access_keys
from tests.service.http.running_service import create_database, run_service
from tests.test_scenarios import FOLDER, Scenario, parse_scenarios

_FILES = sorted(FOLDER.joinpath("http").glob("*.txt"))
_KEYS = {
    "directorate": access_keys.DIRECTORATE,
    "ministry": access_keys.MINISTRY,
    "ministry_0217": access_keys.LIMITED,
    "accountant": access_keys.ACCOUNTANT,
    "auditor": access_keys.AUDITOR,
}


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
async def test_the_service_answers_as_the_scenarios_say(
    path: Path, database: Database, tmp_path: Path
) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as service,
        service.client() as client,
    ):
        for scenario in [*parse_scenarios(path.name, path.read_text())]:
            await _send_acts(client, scenario)


async def _send_acts(client: httpx.AsyncClient, scenario: Scenario) -> None:
    (table,) = scenario.tables
    for place, row in table.rows:
        assert await _send_act(client, scenario.usual | row) == row["answer"], place


async def _send_act(client: httpx.AsyncClient, row: Row) -> str:
    """Send one act; return its outcome, or the code of the problem for which the request is refused."""
    act = {name: text for name, text in row.items() if name not in {"key", "answer"} and text}
    answer = (await client.post("/v1/acts", json=act, headers=_KEYS[row["key"]])).json()
    return answer["lines"][0]["outcome"] if "lines" in answer else answer["code"]
