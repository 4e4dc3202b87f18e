"""A small database with payables: real files through the real engine, with the reference data of the scenarios."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from core.catalog import KIND_NUMBERS
from core.iban import add_check_digits
from core.payment_rules import TIME_ZONE
from core.person_decisions import StatedPerson
from core.senders import RESERVED_SENDERS
from ingest.queue.file_feed import FileFeed, ProcessingRequest
from ingest.spool.spool import Spool
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
from posting.store.journal_store import PostgresStore
from posting.store.reference_use import RefusedAcceptance, accept_files
from service.configuration.settings import Settings
from service.database.embedded_server import Database
from service.engine import engine_context, payment_runs
from service.terminal.processing_progress import ProcessingProgress
from service.terminal.signals import Interruption
from settlement.orders.outbox import Outbox
from settlement.orders.pain001_writer import Pain001Version
from settlement.runs import issue, proposals, run_edits, run_pages, run_queries
from settlement.runs.issue import IssueRequest
from settlement.runs.payment_reference import PaymentReference
from settlement.runs.proposals import ProposalRequest
from tests.accountants import add_accountants
from tests.databases import open_connection
from tests.file_strategies import REFERENCE, Row

AT = datetime(2018, 6, 14, 10, 0, tzinfo=ZoneInfo(TIME_ZONE))
"""A Thursday, before all cut-offs."""
UNIT = {"fund_centre": "0177-D013-DD13", "functional_area": "0177-12", "commitment_item": "31"}
OTHER_UNIT = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07", "commitment_item": "31"}
_COMMON = {"exercise": "2018", "date": "2018-05-02"}
_PARTS = {"0177": ("0177-D013", "0177-D013-DD13"), "0217": ("0217-SGAC", "0217-SGAC-ASPR")}


def iban(number: int, country: str = "FR") -> str:
    lengths = {"FR": 23, "DE": 18, "US": 10, "BR": 25}
    return add_check_digits(country, f"{number:0{lengths[country]}}")


class SmallState:
    """One database, its spool and outbox."""

    at = AT
    unit = UNIT

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self.folder, self.reference = dsn, folder, REFERENCE
        self.settings = Settings(data=folder, database=dsn, reference=REFERENCE)
        self.payment_reference = PaymentReference.load(REFERENCE)
        self.steps: list[str] = []
        self.on_step: Callable[[str], None] = self.steps.append
        self._files = count(1)

    async def open(self) -> "SmallState":
        """Open and allot credits for two programmes."""
        rows: list[Row] = []
        for measure in ("ae", "cp"):
            for programme, centres in _PARTS.items():
                acts = [("budget_opening", programme), *(("allotment", centre) for centre in centres)]
                rows += [
                    {
                        "kind": f"{act}_{measure}",
                        "fund_centre": centre,
                        "commitment_item": "HT2",
                        "amount": "3000000000",
                    }
                    for act, centre in acts
                ]
        await self.post([row | {"reference": f"B{at}"} for at, row in enumerate(rows)])
        return self

    async def register_payees(self, *payees: Row) -> None:
        """Register payees; reference and, by default, name follow from the code."""
        await self.post(
            [
                {
                    "reference": f"T{row['payee']}",
                    "kind": "third_party",
                    "payee_name": f"Entreprise {row['payee']}",
                }
                | row
                for row in payees
            ]
        )

    async def post_requests(self, *requests: Row) -> None:
        """Post direct payment requests: ``reference``, ``payee``, ``amount``, and any other field."""
        await self.post([{"kind": "direct_payment_request"} | UNIT | row for row in requests])

    async def post(self, rows: Sequence[Row], sender: str = "ministry") -> int:
        """Post acts, all of which must be accepted; return the number of the submission.

        The first ones that name persons add these to the directory.
        """
        if any("entered_by" in row for row in rows):
            await add_accountants(self.dsn)
        path = self.folder / f"file-{next(self._files)}.jsonl"
        envelope = {"envelope": {"sender": sender, "batch_id": path.stem, "version": "1", "count": len(rows)}}
        path.write_text(
            "".join(json.dumps(line) + "\n" for line in [envelope, *(_COMMON | row for row in rows)])
        )
        async with PostgresStore(self.dsn).own_lease("test") as store:
            feed = FileFeed(
                ProcessingRequest([path], is_internal=sender in RESERVED_SENDERS),
                Spool(self.folder / "spool"),
                store,
            )
            await Pipeline(store, await self._load_reference(), PipelineSettings()).run(feed)
            assert not feed.rejected, feed.rejected
        refused = await self.fetch_rows(
            "select line, code, reference from refusal where submission = $1", feed.processed[0]
        )
        assert not refused, refused
        return feed.processed[0]

    async def fetch_rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return [dict(row.items()) for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()

    async def propose(self, by: str = "Alice", until: str = "2018-06-30", at: datetime = AT) -> int:
        request = ProposalRequest(StatedPerson(by, user=by), datetime.fromisoformat(until).date(), at.date())
        async with run_queries.open_connection(self.dsn) as connection:
            return await proposals.propose_run(
                connection, self.payment_reference, request, on_step=self.on_step
            )

    async def edit(
        self, run: int, action: str, *numbers: int, by: str = "Alice", reason: str = "test"
    ) -> None:
        async with run_queries.open_connection(self.dsn) as connection:
            await run_edits.edit_run(
                connection, run, action, numbers=numbers, reason=reason, by=StatedPerson(by, user=by)
            )

    async def release(self, run: int, by: str = "Bruno") -> tuple[int, int]:
        async with run_queries.open_connection(self.dsn) as connection:
            released = await run_edits.release_run(connection, run, StatedPerson(by, user=by))
            return released.lines, released.cents

    async def issue(
        self, run: int, at: datetime = AT, version: Pain001Version = Pain001Version.V09
    ) -> list[dict[str, Any]]:
        """Issue a run; return its files."""
        context = engine_context.EngineContext(
            self.settings, Database(self.dsn), ReferenceData.load(self.reference)
        )
        request = IssueRequest(StatedPerson("Claire", user="Claire"), at, version)
        assert await payment_runs.issue_in_database(
            context,
            run,
            request,
            interruption=Interruption(lambda: None),
            reporter=StepReporter(self.on_step),
        )
        return await self.load_files(run)

    async def load_files(self, run: int) -> list[dict[str, Any]]:
        """Return the files of an issued run."""
        async with run_queries.open_connection(self.dsn) as connection:
            return await issue.rebuild_files(connection, run, self.outbox, on_step=self.on_step)

    async def _load_reference(self) -> ReferenceData:
        """Load the reference data; an operator accepts changed files."""
        reference, zoe = ReferenceData.load(self.reference), StatedPerson("zoe", user="zoe")
        async with open_connection(self.dsn) as connection:
            with suppress(RefusedAcceptance):
                await accept_files(connection, reference, reason="test", by=zoe)
        return reference

    def change_rules(self, **rules: int | str) -> None:
        """Change rules of payment from now on."""
        folder = self.folder / "reference"
        if self.reference != folder:
            shutil.copytree(self.reference, folder, dirs_exist_ok=True)
        path = folder / "payments.toml"
        text = path.read_text()
        for name, value in rules.items():
            literal = json.dumps(value, ensure_ascii=False)
            text = re.sub(rf"(?m)^{name} = [^#\n]*", f"{name} = {literal} ", text)
        path.write_text(text)
        self.reference = folder
        self.settings = msgspec.structs.replace(self.settings, reference=folder)
        self.payment_reference = PaymentReference.load(folder)

    async def forge(self, change: str) -> None:
        """Change rows with triggers switched off, as only a superuser can."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute("set session_replication_role = replica")
            await connection.execute(change)
        finally:
            await connection.close()

    async def return_transfer(self, reference: str) -> None:
        """Debit the transfer of a request, return it, and identify its creditor."""
        paid = "select p.* from entry p join entry r on r.entry_id = p.predecessor where r.reference = $1 and p.kind = $2"
        (payment,) = await self.fetch_rows(paid, reference, KIND_NUMBERS["payment"])
        await self.return_entry(payment)

    async def return_entry(self, last: Any) -> None:
        """Debit the transfer of an entry, return it, and identify its creditor."""
        for kind in ("bank_debit", "bank_return", "return_identified"):
            name = f"{kind}-{last['entry_id']}"
            amount = f"{last['amount'] // 100}.{last['amount'] % 100:02}"
            act = {
                "kind": kind,
                "predecessor": f"@{last['entry_id']}",
                "amount": amount,
                "date": "2018-06-14",
            }
            await self.post([act | {"reference": name}], "bank")
            (last,) = await self.fetch_rows("select * from entry where reference = $1", name)

    async def sum_consumed_cp(self) -> int:
        """Return the CP that all programmes consumed."""
        (row,) = await self.fetch_rows(
            "select sum(cp_consumed)::bigint as cents from (select distinct on (node) * from node_balance"
            " order by node, batch desc) b where cp_opened > 0 and cp_allotted > 0 and node / 6 % 131072 in"
            " (select id from reference_text where kind = 1 and code !~ '-')"
        )
        return row["cents"]

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.folder / payment_runs.OUTBOX_FOLDER)

    async def load_lines(self, run: int) -> list[dict[str, Any]]:
        """Return the lines of a run with the codes of their accountants."""
        pages = await self.fetch_rows("select content from payment_page where run = $1 order by page", run)
        codes = (await self.fetch_rows("select accountants from payment_run where run = $1", run))[0][
            "accountants"
        ]
        lines = [line for page in pages for line in run_pages.read_page(page["content"]).to_pylist()]
        return [
            {**line, "code": codes[line["accountant"] - 1] if line["accountant"] else ""} for line in lines
        ]


class StepReporter:
    """A progress reporter that only passes on the steps."""

    def __init__(self, step: Callable[[str], None]) -> None:
        self._step = step

    def report_activity(self, text: str) -> None:
        self._step(text)

    def report_steps(self, done: int, total: int, label: str) -> None: ...

    def report_lines(self, progress: ProcessingProgress) -> None: ...

    def close(self) -> None: ...
