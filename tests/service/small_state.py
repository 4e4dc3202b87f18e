"""A small State: requests, payment runs and their files, and a simulated bank, with the functions that commands use."""

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
from core.iban import add_check_digits
from core.person_decisions import StatedPerson
from core.senders import RESERVED_SENDERS
from ingest.queue.file_feed import ProcessingRequest
from ingest.spool.envelope import Envelope
from reporting.verification import ALL_CHECKS, Verification, verify
from service.configuration.settings import Settings
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import bank_import, file_processing, payment_runs
from service.engine.bank_import import ImportOptions, ImportResult
from service.engine.engine_context import EngineContext, load_reference
from service.engine.file_processing import ProcessingResult
from service.terminal.processing_progress import ProgressLines
from service.terminal.signals import Interruption
from settlement.bank_formats import BankFormat
from settlement.reconciliation import account_status
from settlement.reconciliation.account_status import AccountsReport, TransferInTransit, UnmatchedMovement
from settlement.runs import proposals, run_edits
from settlement.runs.issue import IssueRequest
from settlement.runs.payment_reference import PaymentReference
from settlement.runs.proposals import ProposalRequest
from settlement.runs.run_queries import NoSuchRun
from settlement.simulated_bank.responses import (
    BankBehaviour,
    WrittenResponses,
    write_responses,
)
from settlement.simulated_bank.transfer_outcomes import OutcomeRates
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.databases import create_database
from tests.file_strategies import REFERENCE

UNITS = (("0177-D013-DD13", "0177-12"), ("0217-SGAC-ASPR", "0217-07"))
"""Two fund centres, with two accountants and so two operations accounts."""
CREDITS = 100_000_000
CALENDAR = """
[exercise.2018]
months_open_at_start = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
complementary_days = 20

[exercise.2019]
months_open_at_start = [1, 2, 3]
complementary_days = 20
"""
ANNE, BENOIT = (StatedPerson(name, user=name) for name in ("anne", "benoit"))
NEVER, OFTEN, ALWAYS = (OutcomeRates(1, share) for share in (0, 30_000, 100_000))
Row = Mapping[str, Any]


def build_iban(number: int) -> str:
    return add_check_digits("FR", f"{number:023}")


def build_account_code(number: int) -> str:
    """Build an operations account with the check digits of a French account."""
    digits = f"3000100064{number:011}"
    return add_check_digits("FR", f"{digits}{97 - int(digits) * 100 % 97:02}")


def build_payee_code(number: int) -> str:
    return f"{1_001_000_000 + number}"


class State:
    """Database, spool and outbox of a small State."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self.folder = dsn, folder
        self.reference = shutil.copytree(REFERENCE, folder / "reference", dirs_exist_ok=True)
        self.reference.joinpath("calendar.toml").write_text(CALENDAR)
        accountants = self.reference / "2018" / "accountants.csv"
        accountants.write_text(
            re.sub(r"FR\d{25}", lambda match: build_account_code(int(match[0][4:])), accountants.read_text())
        )
        self.settings = Settings(data=folder / "data", reference=self.reference)
        self.answers = folder / "answers"
        self._numbers = count(1 + len(list(folder.glob("acts-*.jsonl"))))

    @property
    def context(self) -> EngineContext:
        return EngineContext(self.settings, Database(self.dsn), load_reference(self.settings))

    async def submit(self, rows: Sequence[Row], sender: str = "ministry") -> ProcessingResult:
        if any("entered_by" in row for row in rows):
            await add_accountants(self.dsn)
        path = self.folder / f"acts-{next(self._numbers)}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        result = await file_processing.process_files(
            self.context,
            ProcessingRequest([path], Envelope(sender=sender), is_internal=sender in RESERVED_SENDERS),
            create_interruption(),
            reporter=ProgressLines(),
        )
        assert not result.rejected, result.rejected
        return result

    async def submit_accepted(self, rows: Sequence[Row], sender: str = "ministry") -> None:
        result = await self.submit(rows, sender)
        assert not result.reasons, result.reasons

    async def fund(self, payees: int) -> None:
        """Credits on both units, and so many payees."""
        rows = [row for unit, _ in UNITS for row in build_openings(unit)]
        await self.submit_accepted([*rows, *(build_third_party(number) for number in range(1, payees + 1))])

    async def submit_requests(self, requests: int, day: str = "2018-10-01", first: int = 1) -> None:
        """So many direct requests, on both units in turn, each to a payee of its own."""
        await self.submit_accepted([build_request(number, day) for number in range(first, first + requests)])

    async def propose_run(self, until: date, day: date, *, is_released: bool = False) -> int:
        """Propose a run of one person, and release it by another; return its number."""
        request = ProposalRequest(ANNE, until, day)
        async with command_queries.connect(self.dsn) as connection:
            run = await proposals.propose_run(
                connection, PaymentReference.load(self.reference), request, on_step=ignore_progress
            )
            if is_released:
                await run_edits.release_run(connection, run, BENOIT)
            return run

    async def pay_due(self, until: date, at: datetime) -> list[Path]:
        """Propose, release and issue a run; its files, none where there is nothing to pay."""
        books = PaymentReference.load(self.reference)
        async with command_queries.connect(self.dsn) as connection:
            await command_queries.apply_migrations(connection)
            run = await proposals.propose_run(
                connection,
                books,
                ProposalRequest(ANNE, until, at.date()),
                on_step=ignore_progress,
            )
            try:
                await run_edits.release_run(connection, run, BENOIT)
            except NoSuchRun:
                await run_edits.abandon_run(connection, run, "nothing", by=BENOIT)
                return []
        return await self.issue(run, at)

    async def issue(self, run: int, at: datetime) -> list[Path]:
        """Issue a released run, or continue to; its files."""
        assert await payment_runs.issue_in_database(
            self.context,
            run,
            IssueRequest(BENOIT, at),
            interruption=create_interruption(),
            reporter=ProgressLines(),
        )
        return sorted((self.settings.data / payment_runs.OUTBOX_FOLDER / f"{run:08}").glob("*.xml"))

    def simulate_bank(
        self, files: Sequence[Path], chances: OutcomeRates, style: BankFormat = BankFormat.CAMT053
    ) -> WrittenResponses:
        """The bank answers to payment files, in a file for each account and day."""
        return write_responses(
            files,
            self.answers,
            BankBehaviour(bank_reasons.load(), chances, style, per_file=0),
            on_step=ignore_progress,
        )

    def list_files(self, answers: WrittenResponses) -> list[Path]:
        return [self.answers / name for name in answers.files]

    async def import_files(self, files: Sequence[Path], *, again: bool = False) -> ImportResult:
        return await bank_import.import_files(
            self.context, files, create_interruption(), options=ImportOptions(ProgressLines(), again, by=ANNE)
        )

    async def read_status(self) -> AccountsReport:
        async with command_queries.connect(self.dsn) as connection:
            return await account_status.load_accounts_report(
                connection, bank_import.load_accountants(self.settings)
            )

    async def read_in_transit(self) -> list[TransferInTransit]:
        async with command_queries.connect(self.dsn) as connection:
            return await account_status.load_in_transit(
                connection, bank_import.load_accountants(self.settings), 1000
            )

    async def read_unmatched(self) -> list[UnmatchedMovement]:
        async with command_queries.connect(self.dsn) as connection:
            return await account_status.load_unmatched_movements(connection, 1000)

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        async with command_queries.connect(self.dsn) as connection:
            return await connection.fetch(query, *arguments)

    async def verify(self, *checks: str) -> Verification:
        """All that the checks find, or these checks."""
        return await verify(self.dsn, folder=self.reference, checks=checks or ALL_CHECKS)

    async def count_kinds(self) -> dict[str, int]:
        """How many entries there are of each kind."""
        from core.catalog import CATALOG

        rows = await self.fetch("select kind, count(*) as entries from entry group by kind")
        return {CATALOG[row["kind"]].name: row["entries"] for row in rows}


@asynccontextmanager
async def open_state(database: Database, folder: Path, payees: int) -> AsyncIterator["State"]:
    """Open a State in a new database, with ``payees`` payees, each with a request of the first of October."""
    async with create_database(database) as dsn:
        state = State(dsn, folder)
        await state.fund(payees)
        await state.submit_requests(payees)
        yield state


@asynccontextmanager
async def copy_state(database: Database, state: State, folder: Path) -> AsyncIterator[State]:
    """Copy a State: database, spool and outbox."""
    shutil.copytree(state.folder, folder, dirs_exist_ok=True)
    async with create_database(database, template=state.dsn.rpartition("/")[2]) as dsn:
        yield State(dsn, folder)


def create_interruption() -> Interruption:
    return Interruption(lambda: None)


def ignore_progress(_: str) -> None:
    """Ignore progress."""


def paris_time(day: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def build_openings(unit: str) -> list[Row]:
    """Build the credits (AE and CP) from the programme down to the unit."""
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


def build_third_party(number: int) -> Row:
    return {
        "reference": f"T-{number}", "kind": "third_party", "exercise": 2018, "date": "2018-01-02",
        "payee": build_payee_code(number), "payee_name": f"Entreprise {number}", "iban": build_iban(number),
    }  # fmt: skip


def build_bank_details(number: int, reference: str, day: str = "2018-11-20") -> Row:
    return {
        "reference": reference, "kind": "bank_details", "exercise": 2018, "date": day, "payee": build_payee_code(number),
        "payee_name": f"Entreprise {number}", "iban": build_iban(number + 500_000), **CHANGE_FIELDS,
    }  # fmt: skip


def build_request(number: int, day: str = "2018-10-01") -> Row:
    unit, area = UNITS[number % 2]
    return {
        "reference": f"DP-{number}", "kind": "direct_payment_request", "exercise": 2018, "date": day, "fund_centre": unit,
        "functional_area": area, "commitment_item": "31", "payee": build_payee_code(number), "amount": f"{number}.25",
    }  # fmt: skip
