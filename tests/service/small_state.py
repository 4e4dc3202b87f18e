"""A small State that pays: requests, runs and their files, a bank that answers, all by the ways that commands go."""

import json
import re
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

from core import bank_reasons
from core.iban import with_check_digits
from ingest.queue.file_feed import Order
from ingest.spool.envelope import Envelope
from reporting.verification import Verification, verify
from service.database import command_queries
from service.database.embedded import Database
from service.engine import bank_import, file_processing, payment_runs
from service.engine.bank_import import Taken, Telling
from service.engine.file_processing import Result, Where, reference_of
from service.settings import Settings
from service.terminal.processing_progress import Lines
from service.terminal.signals import Interruption
from settlement.reconciliation import account_status
from settlement.reconciliation.account_status import InTransit, Standing, Unmatched
from settlement.runs import proposals, run_edits
from settlement.runs.issue import Issue
from settlement.runs.payment_reference import Books
from settlement.runs.proposals import Proposed
from settlement.runs.run_queries import NoSuchRun
from settlement.simulated_bank.responses import Answers, Manner, Style, answer
from settlement.simulated_bank.transfer_outcomes import Chances
from tests.databases import connected, fresh
from tests.file_strategies import REFERENCE

UNITS = (("0177-D013-DD13", "0177-12"), ("0217-SGAC-ASPR", "0217-07"))
"""Two fund centres, with two accountants and so two operations accounts."""
CREDITS = 100_000_000
CALENDAR = """
[exercise.2018]
open_months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
complementary_days = 20

[exercise.2019]
open_months = [1, 2, 3]
complementary_days = 20
"""
NEVER, OFTEN, ALWAYS = (Chances(1, share) for share in (0, 30_000, 100_000))
Row = Mapping[str, Any]
_copies = count()


def iban(number: int) -> str:
    return with_check_digits("FR", f"{number:023}")


def account(number: int) -> str:
    """An operations account with the key that a French one has."""
    digits = f"3000100064{number:011}"
    return with_check_digits("FR", f"{digits}{97 - int(digits) * 100 % 97:02}")


def payee(number: int) -> str:
    return f"{1_001_000_000 + number}"


class State:
    """Its database, its spool, its outbox."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self.folder = dsn, folder
        self.reference = shutil.copytree(REFERENCE, folder / "reference", dirs_exist_ok=True)
        self.reference.joinpath("calendar.toml").write_text(CALENDAR)
        accountants = self.reference / "2018" / "accountants.csv"
        accountants.write_text(
            re.sub(r"FR\d{25}", lambda found: account(int(found[0][4:])), accountants.read_text())
        )
        self.settings = Settings(data=folder / "data", reference=self.reference)
        self.answers = folder / "answers"
        self._numbers = count(1)

    @property
    def where(self) -> Where:
        return Where(self.settings, Database(self.dsn), reference_of(self.settings))

    async def submit(self, rows: Sequence[Row], sender: str = "ministry") -> Result:
        path = self.folder / f"acts-{next(self._numbers)}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        result = await file_processing.process(
            self.where, Order([path], Envelope(sender=sender)), heard(), Lines()
        )
        assert not result.rejected, result.rejected
        return result

    async def accepted(self, rows: Sequence[Row], sender: str = "ministry") -> None:
        result = await self.submit(rows, sender)
        assert not result.reasons, result.reasons

    async def funded(self, payees: int) -> None:
        """Credits on both units, and so many payees."""
        opened = [row for unit, _ in UNITS for row in openings(unit)]
        await self.accepted([*opened, *(third_party(number) for number in range(1, payees + 1))])

    async def owe(self, requests: int, day: str = "2018-10-01", first: int = 1) -> None:
        """So many direct requests, on both units in turn, each to a payee of its own."""
        await self.accepted([request(number, day) for number in range(first, first + requests)])

    async def pay(self, until: date, at: datetime) -> list[Path]:
        """Propose, release and issue a run; its files, none where there is nothing to pay."""
        books = Books.load(self.reference)
        async with command_queries.connected(self.dsn) as connection:
            await command_queries.bring_up_to_date(connection)
            run = await proposals.propose(connection, books, Proposed("anne", until, at.date()), nothing)
            try:
                await run_edits.release(connection, run, "benoit")
            except NoSuchRun:
                await run_edits.abandon(connection, run, "nothing", "benoit")
                return []
        assert await payment_runs.issued(self.where, run, Issue("benoit", at), (heard(), Lines()))
        return sorted((self.settings.data / payment_runs.OUTBOX / f"{run:08}").glob("*.xml"))

    def bank(self, files: Sequence[Path], chances: Chances, style: Style = Style.CAMT053) -> Answers:
        """The bank answers to payment files, in a file for each account and day."""
        return answer(files, self.answers, Manner(bank_reasons.load(), chances, style, per_file=0), nothing)

    def files(self, answers: Answers) -> list[Path]:
        return [self.answers / name for name in answers.files]

    async def take(self, files: Sequence[Path], *, again: bool = False) -> Taken:
        return await bank_import.take(self.where, files, heard(), Telling(Lines(), again))

    async def standing(self) -> Standing:
        async with command_queries.connected(self.dsn) as connection:
            return await account_status.standing(connection, bank_import.years(self.settings))

    async def in_transit(self) -> list[InTransit]:
        async with command_queries.connected(self.dsn) as connection:
            return await account_status.in_transit(connection, bank_import.years(self.settings), 1000)

    async def unmatched(self) -> list[Unmatched]:
        async with command_queries.connected(self.dsn) as connection:
            return await account_status.unmatched(connection, 1000)

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        async with command_queries.connected(self.dsn) as connection:
            return await connection.fetch(query, *arguments)

    async def proof(self) -> Verification:
        """All that the checks find."""
        return await verify(self.dsn, folder=self.reference)

    async def kinds(self) -> dict[str, int]:
        """How many entries there are of each kind."""
        from core.catalog import CATALOG

        rows = await self.fetch("select kind, count(*) as entries from entry group by kind")
        return {CATALOG[row["kind"]].name: row["entries"] for row in rows}


@asynccontextmanager
async def owed_to(database: Database, folder: Path, payees: int) -> AsyncIterator["State"]:
    """A State in a database of its own, with so many payees, each owed something since the first of October."""
    async with fresh(database) as dsn:
        found = State(dsn, folder)
        await found.funded(payees)
        await found.owe(payees)
        yield found


@asynccontextmanager
async def copied(database: Database, state: State, folder: Path) -> AsyncIterator[State]:
    """The same State again: its database, its spool, its outbox."""
    name = f"copy_{next(_copies)}"
    shutil.copytree(state.folder, folder)
    async with connected(database.dsn) as admin:
        await admin.execute(f"create database {name} template {state.dsn.rpartition('/')[2]}")
        yield State(database.dsn.rpartition("/")[0] + f"/{name}", folder)
        await admin.execute(f"drop database {name} with (force)")


def heard() -> Interruption:
    return Interruption(lambda: None)


def nothing(_: str) -> None:
    """Nobody is told."""


def moment(day: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def openings(unit: str) -> list[Row]:
    """AE and CP, from the programme down to the unit."""
    programme, bop = unit[:4], unit[:9]
    common = {"exercise": 2018, "date": "2018-01-02", "commitment_item": "HT2", "amount": f"{CREDITS}.00"}
    return [
        {
            **common,
            "reference": f"B-{step}-{place}-{measure}",
            "kind": f"{step}_{measure}",
            "fund_centre": place,
        }
        for step, place in (("budget_opening", programme), ("allotment", bop), ("allotment", unit))
        for measure in ("ae", "cp")
    ]


def third_party(number: int) -> Row:
    return {
        "reference": f"T-{number}", "kind": "third_party", "exercise": 2018, "date": "2018-01-02", "payee": payee(number),
        "payee_name": f"Entreprise {number}", "iban": iban(number),
    }  # fmt: skip


def bank_details(number: int, reference: str, day: str = "2018-11-20") -> Row:
    return {
        "reference": reference, "kind": "bank_details", "exercise": 2018, "date": day, "payee": payee(number),
        "payee_name": f"Entreprise {number}", "iban": iban(number + 500_000),
    }  # fmt: skip


def request(number: int, day: str = "2018-10-01") -> Row:
    unit, area = UNITS[number % 2]
    return {
        "reference": f"DP-{number}", "kind": "direct_payment_request", "exercise": 2018, "date": day, "fund_centre": unit,
        "functional_area": area, "commitment_item": "31", "payee": payee(number), "amount": f"{number}.25",
    }  # fmt: skip
