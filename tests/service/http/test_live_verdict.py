"""The verdict of a running service: an empty ledger, a paused sender, books that differ from the bank; the same in ``top``."""

import asyncio
import os
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER
from monitoring.alert_history import READING_SECONDS
from monitoring.verdict import AccountDifference
from service.database.embedded_server import Database
from service.http.live import bank_differences
from service.http.live.bank_differences import BankDifferences
from service.terminal.program_name import name_program
from settlement.reconciliation.transfer_accounts import AccountantsByYear
from settlement.runs.payment_reference import PaymentReference
from tests.databases import open_connection
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import MINISTRY, OPERATOR, build_headers
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import JSONL, create_database, run_service, to_jsonl

ACCOUNT = "FR353000100064EXEMPLE000190"
"""One of ours, in the sample."""


async def _read_figures(client: httpx.AsyncClient) -> dict[str, Any]:
    return (await client.get("/v1/figures")).json()


async def test_an_empty_ledger_names_the_first_step(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        verdict = (await _read_figures(client))["verdict"]
        assert verdict["is_well"]
        assert verdict["first_step"]["command"].endswith("crescendo submit openings.csv"), "keys exist"
        top = await run_crescendo("top", "--url", served.url, "--once")
        assert verdict["first_step"]["english"] in top.out
        assert name_program(verdict["first_step"]["command"]) in top.out
        await submit_credits(client)
        assert (await _read_figures(client))["verdict"]["first_step"] is None


async def test_a_paused_sender_is_in_the_verdict_and_in_top(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        await submit_credits(client)
        reason = {"reason": "wrong nomenclature"}
        await client.post("/v1/senders/MIN-09/pause", json=reason, headers=OPERATOR)
        rows = to_jsonl([build_commitment("EJ-1", "1.00")])
        await client.post("/v1/submissions", content=rows, headers={**JSONL, **MINISTRY})
        figures = await _read_figures(client)
        line = (
            "Not well: MIN-09 is paused (wrong nomenclature; files that wait: 1). "
            "Only work of paused senders waits."
        )
        assert figures["verdict"]["english"] == line
        assert [cause["code"] for cause in figures["verdict"]["causes"]] == ["sender_paused"]
        assert figures["paused"] == [{"sender": "MIN-09", "reason": "wrong nomenclature", "files": 1}]
        top = await run_crescendo("top", "--url", served.url, "--once")
        assert line in top.out
        assert "MIN-09 (paused)" in top.out
        await client.post("/v1/senders/MIN-09/resume", json={"reason": "corrected"}, headers=OPERATOR)
        await client.get("/v1/submissions/3?wait=60", headers=MINISTRY)
        assert (await _read_figures(client))["verdict"]["english"].startswith("All is well.")


async def test_an_alert_fires_without_prometheus(database: Database, tmp_path: Path) -> None:
    """More than a hundred rejected requests: the condition of CrescendoTurnedAway, which holds at once."""
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        unknown = build_headers("nobody222222")
        responses = await asyncio.gather(*(client.get("/v1/acts", headers=unknown) for _ in range(120)))
        assert {response.status_code for response in responses} <= {401, 429}
        causes: list[dict[str, Any]] = []
        for _ in range(READING_SECONDS + 5):
            causes = (await _read_figures(client))["verdict"]["causes"]
            if causes:
                break
        assert [(cause["code"], cause["alert"]) for cause in causes] == [
            ("turned_away", "CrescendoTurnedAway")
        ]
        assert causes[0]["english"] == "many requests are rejected: key-unknown"


async def test_amounts_are_added_up_by_step(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        await submit_credits(client)
        rows = to_jsonl([build_commitment("EJ-1", "12.50"), build_commitment("EJ-2", "7.50")])
        await client.post("/v1/submissions?wait=60", content=rows, headers={**JSONL, **MINISTRY})
        steps = {total["step"]: total["cents"] for total in (await _read_figures(client))["steps"]}
        async with open_connection(dsn) as connection:
            opened = await connection.fetch(
                "select kind, sum(amount)::bigint as cents from entry where kind in (2, 3) group by 1 order by 1"
            )
        assert (steps["opened_ae"], steps["opened_cp"]) == tuple(row["cents"] for row in opened)
        assert (steps["committed"], steps["requested"], steps["paid"]) == (2000, 0, 0)


async def _insert_statement(connection: asyncpg.Connection, closing: int) -> None:
    """Insert a statement that opens at 0 and closes at ``closing`` cents, whose movement is neither posted nor listed."""
    digest = os.urandom(32)
    message = await connection.fetchval(
        "insert into bank_message (message, format, identity, file_name, file_hash, size_bytes, statements, movements)"
        " values (1, 'camt.053', 'M1', 'm.xml', $1, 1, 1, 0) returning message",
        digest,
    )
    await connection.execute(
        "insert into bank_statement (message, statement, identity, account, day, opening, closing, unbooked, movements,"
        " debit_cents, credit_cents) values ($1, 1, 'S1', $2, $3, 0, $4, 0, 1, 0, $4)",
        *(message, ACCOUNT, date(2018, 12, 31), closing),
    )


async def test_a_comparison_that_fails_is_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typing error in the reference data, or a folder that is gone for a moment, does not stop the service."""
    failures = [ReferenceDataError("accountants.csv, line 3", "x", "y"), FileNotFoundError("accountants.csv")]

    def load_accountants() -> AccountantsByYear:
        if failures:
            raise failures.pop()
        return PaymentReference.load(SAMPLE_FOLDER).accountants

    monkeypatch.setattr(bank_differences, "REFRESH_SECONDS", 0)
    monkeypatch.setattr(bank_differences, "RETRY_SECONDS", 0)
    async with create_database(database) as dsn, asyncpg.create_pool(dsn, min_size=1) as pool:
        async with open_connection(dsn) as connection:
            await _insert_statement(connection, 150)
        bank = BankDifferences(pool, load_accountants, settle_seconds=0)
        running = asyncio.create_task(bank.run())
        async with asyncio.timeout(30):
            while not bank.differences:  # nothing reports the end of a comparison: it must be polled
                assert not running.done(), running
                await asyncio.sleep(0)
        running.cancel()
        assert bank.differences == [AccountDifference(ACCOUNT, 150)]


async def test_books_that_differ_from_the_bank_are_found(database: Database) -> None:
    def load_accountants() -> AccountantsByYear:
        return PaymentReference.load(SAMPLE_FOLDER).accountants

    async with create_database(database) as dsn, asyncpg.create_pool(dsn, min_size=1) as pool:
        bank = BankDifferences(pool, load_accountants, settle_seconds=0)
        await bank.refresh()
        assert bank.differences == (), "no statement was imported"
        async with open_connection(dsn) as connection:
            await _insert_statement(connection, 150)
        await bank.refresh()
        assert bank.differences == [AccountDifference(ACCOUNT, 150)]
        late = BankDifferences(pool, load_accountants, settle_seconds=3600)
        await late.refresh()
        await late.refresh()
        assert late.differences == (), "an import may be under way"
