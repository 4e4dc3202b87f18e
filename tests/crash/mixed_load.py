"""A mixed load on a service with a database of its own: forms, files, payment runs and bank statements.

Everything that was acknowledged is noted; a request without a response is repeated until it has one.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from core import bank_reasons
from settlement.bank_formats import BankFormat
from settlement.simulated_bank.responses import BankBehaviour, write_responses
from settlement.simulated_bank.transfer_outcomes import OutcomeRates
from tests.service.command_line import run_crescendo
from tests.service.http.running_service import JSONL, to_jsonl
from tests.service.small_state import UNITS, build_openings, build_request, build_third_party

PAYEES = 20
FORM_STREAMS = 6
FILE_REQUESTS = 40
AT, LAST_AT = "2018-11-20T10:00:00+01:00", "2018-11-30T10:00:00+01:00"
"""When the load pays, and when it pays last: what the bank returned in the days between is paid again then."""
RETRY_SECONDS = 0.05
_RATES = OutcomeRates(1, 10_000)
"""One transfer in ten is refused or returned by the bank."""


@dataclass(slots=True)
class Acknowledged:
    """What the service has acknowledged."""

    forms: dict[str, int] = field(default_factory=dict)
    """Entries by reference."""
    files: dict[str, int] = field(default_factory=dict)
    """Submissions by the name of the file."""
    runs: set[int] = field(default_factory=set)
    """Payment runs that were issued."""
    messages: int = 0
    """Bank files that were imported."""
    events: int = 0
    steps: int = 0
    """Tasks ended: each takes as long as many forms and files, and a load of kills must not starve them."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def note(self, *, is_step: bool) -> None:
        """Count one more acknowledgement."""
        async with self.changed:
            self.events += 1
            self.steps += is_step
            self.changed.notify_all()

    async def wait_for(self, more: int) -> None:
        """Return once this many more acknowledgements have come."""
        target = self.events + more
        async with self.changed:
            await self.changed.wait_for(lambda: self.events >= target)

    async def wait_for_steps(self, more: int) -> None:
        """Return once this many more tasks have ended."""
        target = self.steps + more
        async with self.changed:
            await self.changed.wait_for(lambda: self.steps >= target)


class MixedLoad:
    """Sends the load; goes on where it was after every restart of the service."""

    def __init__(self, data: Path, reference: Path, answers: Path, *, seed: int) -> None:
        self._data, self._reference, self._answers = data, reference, answers
        self._random = random.Random(seed)
        self._keys: dict[str, dict[str, str]] = {}
        self._url = ""
        self._numbers, self._requests = count(1), count(1)
        self._at = AT
        self._responses: dict[int, list[Path]] = {}
        """What the bank answered to each run and is not imported yet."""
        self.acknowledged = Acknowledged()

    async def prepare(self) -> None:
        """Create the ledger and the keys, open credits and register payees."""
        created = await run_crescendo(
            *("db", "create", "--name", "mixed", "--number", "31", "--data", self._data)
        )
        assert created.code == 0, created.err
        for name, role in (
            ("officer", "authorising_officer"),
            ("payer", "assigned_accountant"),
            ("checker", "assigned_accountant"),
        ):
            created = await run_crescendo(
                *("access", "create", f"{name.upper()}-1", "--role", role, "--data", self._data, "--json")
            )
            self._keys[name] = {"authorization": f"Bearer {created.json()['token']}"}
        rows = [row for unit, _ in UNITS for row in build_openings(unit)]
        path = self._answers / "setup.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        setup = [*rows, *map(build_third_party, range(1, PAYEES + 1))]
        path.write_bytes(to_jsonl([dict(row) for row in setup]))
        result = await run_crescendo(
            *("run", path, "--sender", "SETUP-1", "--data", self._data, "--json"),
            environment={"CRESCENDO_REFERENCE": str(self._reference)},
        )
        assert not result.json()["reasons"], result.out

    async def drive(self, url: str) -> None:
        """Send the load to the service at ``url`` until this is cancelled."""
        self._url = url
        async with httpx.AsyncClient(base_url=url, timeout=30) as client, asyncio.TaskGroup() as group:
            for _ in range(FORM_STREAMS):
                group.create_task(self._repeat(self._send_form, client))
            group.create_task(self._repeat(self._send_file, client))
            group.create_task(self._repeat(self._pay, client))

    async def finish(self, url: str) -> None:
        """Send a last file, pay what is due, and import what the bank answers."""
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            await self._send_file(client)
            self._at = LAST_AT
            for _ in range(2):
                await self._pay(client)

    async def _repeat(
        self, work: Callable[[httpx.AsyncClient], Awaitable[None]], client: httpx.AsyncClient
    ) -> None:
        while True:
            await work(client)

    async def _request(self, client: httpx.AsyncClient, key: str, path: str, **options: Any) -> Any:
        """Send a request until it has a response other than 503; return its body."""
        method = "GET" if not options else "POST"
        headers = {**self._keys[key], **options.pop("headers", {})}
        while True:
            try:
                response = await client.request(method, path, headers=headers, **options)
            except httpx.TransportError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if response.status_code != 503:
                assert response.status_code in {200, 202}, response.text
                return response.json()
            await asyncio.sleep(RETRY_SECONDS)

    async def _send_form(self, client: httpx.AsyncClient) -> None:
        reference, (unit, area) = f"F-{next(self._numbers)}", UNITS[0]
        row = {
            "reference": reference, "kind": "commitment", "exercise": "2018", "date": "2018-11-02", "fund_centre": unit,
            "functional_area": area, "commitment_item": "31", "amount": "0.01",
        }  # fmt: skip
        (line,) = (await self._request(client, "officer", "/v1/acts", json=row))["lines"]
        assert line["outcome"] in {"ACCEPTED", "DUPLICATE"}, line
        self.acknowledged.forms[reference] = line["entry"]
        await self.acknowledged.note(is_step=False)

    async def _send_file(self, client: httpx.AsyncClient) -> None:
        number = next(self._numbers)
        rows = [
            {
                **build_request(1 + next(self._requests) % PAYEES),
                "reference": f"DP-{number}-{line}",
                "amount": f"{self._random.randint(1, 500)}.10",
            }
            for line in range(FILE_REQUESTS)
        ]
        headers = {**JSONL, "content-disposition": f'filename="requests-{number}.jsonl"'}
        ticket = await self._request(
            client, "officer", "/v1/submissions", content=to_jsonl(rows), headers=headers
        )
        while ticket["state"] not in {"decided", "cancelled"}:
            ticket = await self._request(client, "officer", f"/v1/submissions/{ticket['submission']}?wait=5")
        assert (
            ticket["receipt"]["accepted"]["lines"] + ticket["receipt"]["duplicate"]["lines"] == FILE_REQUESTS
        )
        self.acknowledged.files[f"requests-{number}.jsonl"] = ticket["submission"]
        await self.acknowledged.note(is_step=False)

    async def _do(self, client: httpx.AsyncClient, key: str, path: str, **options: Any) -> dict[str, Any]:
        """Have a task done; return it."""
        task = await self._request(client, key, f"{path}?wait=5", **options)
        while task["state"] in {"waiting", "running"}:
            task = await self._request(client, key, f"/v1/tasks/{task['task']}?wait=5")
        await self.acknowledged.note(is_step=True)
        return task

    async def _pay(self, client: httpx.AsyncClient) -> None:
        """Complete the runs that a kill has left open, then pay what is due with a new one."""
        for row in (await self._request(client, "payer", "/v1/payment-runs"))["runs"]:
            await self._complete_run(client, row["run"], row["state"], lines=row["lines"])
        proposed = await self._do(
            client, "payer", "/v1/payment-runs", json={"until": "2018-11-30", "at": self._at}
        )
        run = proposed["result"]
        await self._complete_run(client, run["run"], "proposed", lines=run["lines"])

    async def _complete_run(self, client: httpx.AsyncClient, run: int, state: str, *, lines: int) -> None:
        """Release and issue a run, then import what the bank answers to its files."""
        path = f"/v1/payment-runs/{run}"
        if state == "proposed" and not lines:
            await self._do(client, "checker", f"{path}/abandon", json={"reason": "nothing is due"})
            return
        if state == "proposed":
            await self._do(client, "checker", f"{path}/release", json={})
        if state in {"proposed", "released", "issuing"}:
            issued = await self._do(client, "payer", f"{path}/issue", json={"at": self._at})
            assert issued["state"] == "done", issued
            assert issued["result"]["refused"] == 0, issued["result"]["refusals"]
        if state == "abandoned":
            return
        self.acknowledged.runs.add(run)
        if run not in self._responses:
            self._responses[run] = self._simulate_bank(run)  # at once: a kill must not cut it in two
        while self._responses[run]:
            await self._import_response(client, self._responses[run][0])
            self._responses[run].pop(0)

    async def _import_response(self, client: httpx.AsyncClient, path: Path) -> None:
        imported = await self._do(
            client, "payer", "/v1/bank/messages", content=path.read_bytes(),
            headers={"content-disposition": f'filename="{path.name}"'},
        )  # fmt: skip
        assert imported["state"] == "done", imported
        assert imported["result"]["rejected"] == [], imported
        self.acknowledged.messages += 1

    def _simulate_bank(self, run: int) -> list[Path]:
        files = sorted((self._data / "outbox" / f"{run:08}").glob("*.xml"))
        behaviour = BankBehaviour(bank_reasons.load(), _RATES, BankFormat.CAMT053, per_file=0)
        responses = write_responses(files, self._answers, behaviour, on_step=lambda _: None)
        return [self._answers / name for name in responses.files]
