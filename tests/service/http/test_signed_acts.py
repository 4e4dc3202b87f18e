"""Acts that name persons: the same refusals by form, by file, and on the command line; on a ledger with a small directory."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database.embedded_server import Database
from tests.file_strategies import REFERENCE, Row
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import AUDITOR, MINISTRY, OPERATOR
from tests.service.http.act_files import submit_credits
from tests.service.http.running_service import JSONL, create_database, run_service, to_jsonl

_BECAUSE = {"reason": "Prise de fonctions", "by": "Claire Durand"}
_OFFICER = {"type": "grant", "role": "authorising_officer", "first_day": "2018-01-01"}
_DIRECTORY: tuple[Mapping[str, Any], ...] = (
    *({"type": "add", "code": code, "name": f"Madame {code}"} for code in ("anne", "bea", "clara", "dora")),
    {**_OFFICER, "person": "anne", "hand": "entry"},
    {**_OFFICER, "person": "bea", "hand": "both", "centre": "0177", "ceiling": "100.00"},
    {**_OFFICER, "person": "clara", "hand": "both", "last_day": "2018-05-01"},
    {
        "type": "delegate",
        "number": "D-1",
        "owner": "bea",
        "delegate": "dora",
        "role": "authorising_officer",
        "centres": ["0177-D013"],
        "first_day": "2018-01-01",
        "last_day": "2018-05-01",
    },
)
_COMMITMENT = {
    "kind": "commitment",
    "exercise": "2018",
    "date": "2018-05-02",
    "fund_centre": "0177-D013-DD13",
    "functional_area": "0177-12",
    "commitment_item": "31",
    "amount": "1.00",
}
CASES: Mapping[str, tuple[Row, str]] = {
    "two persons": ({"entered_by": "anne", "validated_by": "bea"}, "ACCEPTED"),
    "one person alone": ({"entered_by": "bea", "validated_by": "bea"}, "SAME_PERSON"),
    "half a signature": ({"entered_by": "anne"}, "PERSON_MISSING"),
    "somebody unknown": ({"entered_by": "anne", "validated_by": "eve"}, "PERSON_UNKNOWN"),
    "a role that ended yesterday": ({"entered_by": "clara", "validated_by": "bea"}, "ENTRY_DAY"),
    "an expired delegation": (
        {"entered_by": "anne", "validated_by": "dora", "delegation": "D-1"},
        "VALIDATION_DAY",
    ),
    "no delegation": ({"entered_by": "anne", "validated_by": "dora"}, "VALIDATION_ROLE_MISSING"),
    "above the ceiling": (
        {"entered_by": "anne", "validated_by": "bea", "amount": "100.01"},
        "VALIDATION_CEILING",
    ),
}


def _build_acts(prefix: str) -> list[Row]:
    return [
        _COMMITMENT | {"reference": f"{prefix}-{number}", "line": "1"} | fields
        for number, (fields, _) in enumerate(CASES.values())
    ]


async def _add_persons(client: httpx.AsyncClient) -> None:
    for entry in _DIRECTORY:
        stored = await client.post("/v1/persons", json={"entry": entry, **_BECAUSE}, headers=OPERATOR)
        assert stored.status_code == 200, stored.text


@pytest.mark.parametrize("way", ["form", "file", "command"])
async def test_the_same_acts_are_refused_by_every_way(way: str, database: Database, tmp_path: Path) -> None:
    expected = [outcome for _, outcome in CASES.values()]
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as service, service.client() as client:
            await submit_credits(client)
            await _add_persons(client)
            if way == "form":
                assert await _send_forms(client) == expected
            elif way == "file":
                assert await _send_file(client) == expected
        if way == "command":
            assert await _run_file(dsn, tmp_path) == expected


async def _send_forms(client: httpx.AsyncClient) -> list[str]:
    answers = [
        (await client.post("/v1/acts", json=act, headers=MINISTRY)).json() for act in _build_acts("FORM")
    ]
    return [answer["lines"][0]["outcome"] for answer in answers]


async def _send_file(client: httpx.AsyncClient) -> list[str]:
    content = to_jsonl(_build_acts("FILE"))
    receipt = await client.post("/v1/submissions?wait=60", content=content, headers={**JSONL, **MINISTRY})
    number = receipt.json()["submission"]
    refusals = (await client.get(f"/v1/submissions/{number}/refusals", headers=AUDITOR)).json()
    return _list_outcomes({row["line"]: row["code"] for row in refusals["refusals"]})


async def _run_file(dsn: str, folder: Path) -> list[str]:
    path = folder / "acts.jsonl"
    await asyncio.to_thread(path.write_bytes, to_jsonl(_build_acts("RUN")))
    place = ("--database", dsn, "--data", folder, "--json")
    reference = {"CRESCENDO_REFERENCE": str(REFERENCE)}
    ran = await run_crescendo("run", path, "--sender", "MIN-09", *place, environment=reference)
    assert ran.code == 0, ran
    number = f"{ran.json()['receipts'][0]['submission']}"
    report = await run_crescendo("report", "refusals", "--submission", number, *place, environment=reference)
    return _list_outcomes({row["line"]: row["code"] for row in report.json()})


def _list_outcomes(codes: Mapping[int, str]) -> list[str]:
    return [codes.get(line, "ACCEPTED") for line in range(1, len(CASES) + 1)]


async def test_who_orders_does_not_account(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as service,
        service.client() as client,
    ):
        await _add_persons(client)
        role = {**_OFFICER, "person": "anne", "hand": "entry", "role": "assigned_accountant"}
        refused = await client.post("/v1/persons", json={"entry": role, **_BECAUSE}, headers=OPERATOR)
        assert (refused.status_code, refused.json()["code"]) == (409, "directory-state")
