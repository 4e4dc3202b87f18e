"""The running service under schemathesis: every operation of its OpenAPI description, with valid and invalid requests.

All checks are enabled, and two senders are used: what one sender may read, the other requests and must not get.
"""

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Any

import httpx

from service.database.embedded_server import Database
from tests.service.command_line import ROOT
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import build_commitment, build_unknown_centres, submit_credits
from tests.service.http.running_service import JSONL, RunningService, create_database, run_service, to_jsonl

EXAMPLES = 25
ENDLESS = "text/event-stream"


async def test_schemathesis_finds_no_failure(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path / "data", "--rate", "100000") as service,
    ):
        async with service.client() as client:
            await _send_samples(client)
            description = (await client.get("/openapi.json")).json()
        excluded = _list_streams(description)
        code, output = await _run_schemathesis(service, excluded, tmp_path)
        assert code == 0, output
        operations = sum(len(methods) for methods in description["paths"].values())
        assert f"Tested: {operations - len(excluded)}\n" in output, output
        assert not [line for line in service.log_lines if '"level":"error"' in line]
        async with service.client(MINISTRY) as client:
            assert (await client.get("/readyz")).status_code == 200


async def _send_samples(client: httpx.AsyncClient) -> None:
    """Send files and forms of two senders, so that each has something to read."""
    await submit_credits(client)
    for key, prefix in ((MINISTRY, "OWN"), (FOREIGN, "OTHER")):
        rows = to_jsonl(build_unknown_centres(3, prefix))
        response = await client.post("/v1/submissions?wait=60", content=rows, headers={**key, **JSONL})
        assert response.json()["state"] == "decided"
        form = build_commitment(f"{prefix}-1", "0.01")
        assert (await client.post("/v1/acts", json=form, headers=key)).json()["outcome"] == "accepted"


def _list_streams(description: dict[str, Any]) -> list[str]:
    """Return the paths whose response does not end; streams have tests of their own."""
    return [
        path
        for path, methods in description["paths"].items()
        for operation in methods.values()
        if ENDLESS in json.dumps(operation)
    ]


async def _run_schemathesis(service: RunningService, excluded: list[str], folder: Path) -> tuple[int, str]:
    shutil.copy(Path(__file__).with_name("schemathesis.toml"), folder)
    keys = {"ministry": MINISTRY, "stranger": FOREIGN}
    users = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": key["authorization"]}]}
        for name, key in keys.items()
    ]
    (folder / "auth.yaml").write_text(json.dumps({"auth": users}))
    program = str(Path(sys.executable).with_name("schemathesis"))
    options = ["--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "20181231", "--no-color"]
    for path in excluded:
        options += ["--exclude-path", path]
    process = await asyncio.create_subprocess_exec(
        *(program, "run", f"{service.url}/openapi.json", *options, "--continue-on-failure"),
        cwd=folder,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.service.http.schemathesis_hooks",
            "PYTHONPATH": str(ROOT),
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()
