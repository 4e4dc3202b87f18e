"""Reports over HTTP refuse a code that no reference data have, or that the report does not list, as the command does.

An empty table would mislead.
"""

from pathlib import Path

import pytest

from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import AUDITOR, LIMITED
from tests.service.http.conftest import ServicePlace

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("report", "parameter", "code"),
    [
        ("budget", "programme", "9999"),
        ("remaining", "programme", "0216"),
        ("trial-balance", "accountant", "NONE"),
        ("general-ledger", "account", "999"),
        ("open-items", "account", "6188000000"),
    ],
)
async def test_what_the_command_refuses_is_refused_over_http_with_the_same_words(
    spending_service: ServicePlace, report: str, parameter: str, code: str
) -> None:
    place = ("--database", spending_service.dsn, "--data", str(Path("unused")))
    command = await run_crescendo(
        *("report", report, f"--{parameter}", code, *place),
        environment={"CRESCENDO_REFERENCE": str(REFERENCE)},
    )
    assert command.code == 2
    async with spending_service.service.open_checking_client() as client:
        for media_type in ("application/json", "text/csv"):
            response = await client.get(
                f"/v1/reports/{report}?{parameter}={code}", headers={**AUDITOR, "accept": media_type}
            )
            problem = response.json()
            assert (response.status_code, problem["code"]) == (404, "not-found")
            assert f"--{problem['detail']}" in " ".join(command.err.split())


async def test_a_programme_outside_the_perimeter_is_empty_and_known(spending_service: ServicePlace) -> None:
    """The programmes of the State are public; what stands on them is not."""
    async with spending_service.service.open_checking_client() as client:
        response = await client.get("/v1/reports/budget?programme=0177", headers=LIMITED)
    assert (response.status_code, response.json()["nodes"]) == (200, [])
