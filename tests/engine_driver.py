"""A driver of the real engine with the interface of the plain model: real files, spool and PostgreSQL, many restarts."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg

from core.calendar import Calendar
from core.directory_entries import DirectoryEntry
from core.merges import Merge
from core.nomenclature import ORDINARY_FUND, CentreLevel
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST
from core.person_decisions import StatedPerson
from core.stage_timing import StageTimes
from ingest.queue.batch_cuts import BatchLimits
from ingest.queue.file_feed import ProcessingRequest
from ingest.queue.form_batcher import Form
from ingest.queue.inbox import Inbox
from ingest.spool.spool import Spool
from posting.batch import BatchResult
from posting.book.code_numbers import CodeKind
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
from posting.store import directory_store
from posting.store.directory_store import NewChange
from posting.store.journal_store import PostgresStore
from reporting import code_labels, commitments
from reporting.code_names import read_names
from tests.accountants import add_accountants
from tests.any_sender_feed import AnySenderFeed
from tests.file_strategies import Row
from tests.oracle.engine import LineResult
from tests.oracle.remaining import CommitmentSums
from tests.period_decisions import decide_period

_SHEETS, _CENTRES = 6, 131_072


class Killed(Exception):
    """The engine ends at once."""


class EngineDriver:
    """One engine on one database; the engine loads its book again for every file."""

    def __init__(self, dsn: str, folder: Path, reference: Path) -> None:
        self.dsn, self._folder, self._reference = dsn, folder, ReferenceData.load(reference)
        self._labels = code_labels.load(reference)
        self._runner, self._numbers, self._last = asyncio.Runner(), count(1), 0
        self._connection: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection:
            self._runner.run(self._connection.close())
        self._runner.close()

    def submit(self, rows: list[Row], sender: str = "ministry") -> list[LineResult]:
        """Write ``rows`` as JSON Lines, process them to the end, and read back the result of each."""
        (results,) = self.submit_files([rows], sender)
        return results

    def submit_files(
        self,
        files: list[list[Row]],
        sender: str = "ministry",
        *,
        limits: BatchLimits = BatchLimits(),  # noqa: B008
        kills: Sequence[int] = (),
    ) -> list[list[LineResult]]:
        """Write ``files`` as JSON Lines, process them together to the end, and read back the result of each line.

        The engine is stopped at each of ``kills``, counted in commits, as if it were killed, and starts again.
        """
        paths = [self._write_file(rows, sender) for rows in files]
        for commits in kills:
            with suppress(Killed):
                self._runner.run(self._process(paths, limits, commits))
        self._runner.run(self._process(paths, limits))
        return [self.read_file(path, len(rows)) for path, rows in zip(paths, files, strict=True)]

    def interrupt_file(self, rows: list[Row], commits: int) -> Path:
        """Process ``rows`` as a file of the usual sender, and stop after so many commits as if killed; return its path."""
        path = self._write_file(rows, "ministry")
        with suppress(Killed):
            self._runner.run(self._process([path], BatchLimits(), commits))
        return path

    def read_file(self, path: Path, lines: int) -> list[LineResult]:
        """Read back the result of each line of a file."""
        return self._runner.run(self._read_file_results(path, lines))

    def _write_file(self, rows: list[Row], sender: str) -> Path:
        path = self._folder / f"file-{next(self._numbers)}.jsonl"
        envelope = {"envelope": {"sender": sender, "batch_id": path.name, "version": "1", "count": len(rows)}}
        path.write_text("".join(json.dumps(line) + "\n" for line in [envelope, *rows]))
        return path

    async def _process(self, paths: list[Path], limits: BatchLimits, kill_after: int = 0) -> None:
        """Process files; raise ``Killed`` after so many commits, if that is not 0."""
        commits = count(1)

        def note_commit(_: BatchResult) -> None:
            if next(commits) == kill_after:
                raise Killed

        await self._connect()
        settings = PipelineSettings(checkpoint_entries=20, on_committed=note_commit)
        async with PostgresStore(self.dsn).own_lease("test") as store:
            spool = Spool(self._folder / "spool")
            feed = AnySenderFeed(ProcessingRequest(paths), spool, store, limits=limits)
            await Pipeline(store, self._reference, settings).run(feed)
            assert not feed.rejected, feed.rejected

    async def _read_file_results(self, path: Path, lines: int) -> list[LineResult]:
        connection, query = await self._connect(), "select submission from submission where file_name = $1"
        self._last = await connection.fetchval(query, path.name)
        return await self._read_results(range(lines))

    async def _connect(self) -> Any:
        """Return the connection of the driver itself; the first call also adds the accountants of tests."""
        if not self._connection:
            await add_accountants(self.dsn)
            self._connection = await asyncpg.connect(self.dsn)
        return self._connection

    def submit_form(self, rows: list[Row], sender: str = "ministry") -> list[LineResult]:
        """Submit ``rows`` as one form, all accepted or none, and read back the result of each."""
        return self._runner.run(self._submit_form(rows, sender))

    async def _submit_form(self, rows: list[Row], sender: str) -> list[LineResult]:
        async with PostgresStore(self.dsn).own_lease("test") as store:
            inbox = Inbox(Spool(self._folder / "spool"), store, StageTimes())
            form = Form(sender, rows, json.dumps(rows).encode(), asyncio.Future(), is_atomic=True)
            inbox.forms.submit(form)
            async with asyncio.TaskGroup() as group:
                settings = PipelineSettings(checkpoint_entries=20, on_committed=inbox.handle_commit)
                group.create_task(Pipeline(store, self._reference, settings).run(inbox))
                answer = await form.result
                inbox.close()
        self._last = answer.submission
        return await self._read_results(range(answer.first_line, answer.first_line + len(rows)))

    async def _read_results(self, lines: range) -> list[LineResult]:
        """Read the results of ``lines``, the last ones of the submission, from the tables."""
        connection, last = await self._connect(), (self._last, lines.start)
        results: dict[int, LineResult] = {}
        for table, outcome in (("entry", Outcome.ACCEPTED), ("duplicate", Outcome.DUPLICATE)):
            rows = await connection.fetch(
                f"select line from {table} where submission = $1 and line >= $2", *last
            )
            results |= {row["line"]: (outcome.name, "", 0) for row in rows}
        query = "select line, code, node, missing from refusal where submission = $1 and line >= $2"
        for row in await connection.fetch(query, *last):
            outcome_name = Outcome(row["code"]).name
            results[row["line"]] = (outcome_name, self._find_centre(row["node"]), row["missing"])
        assert sorted(results) == list(lines), "a line has no outcome"
        return [results[line] for line in lines]

    def _list_codes(self, kind: CodeKind) -> list[str]:
        return self._reference.list_codes()[kind]

    def _find_centre(self, node: int) -> str:
        return self._list_codes(CodeKind.CENTRE)[node // _SHEETS % _CENTRES - 1] if node else ""

    def list_held(self) -> set[int]:
        """Return the lines of the last file or form that waited in its first pass."""
        query = "select line, lines from held where submission = $1 and pass = 1"
        rows = self._fetch(query, self._last)
        return {line for row in rows for line in range(row["line"], row["line"] + row["lines"])}

    def read_available(self, fields: Row) -> tuple[int, int]:
        """Return AE and CP available, from the stored figures."""
        figures = self._read_figures(fields)
        ae, cp = (
            figures[f"{measure}_opened"] - figures[f"{measure}_reserved"] - figures[f"{measure}_consumed"]
            for measure in ("ae", "cp")
        )
        return ae, cp

    def read_consumed(self, fields: Row) -> tuple[int, int]:
        """Return AE and CP consumed, from the stored figures."""
        figures = self._read_figures(fields)
        return figures["ae_consumed"], figures["cp_consumed"]

    def read_frozen(self, fields: Row) -> tuple[int, int]:
        """Return AE and CP frozen, from the stored figures."""
        figures = self._read_figures(fields, "frozen_balance")
        return figures["ae_frozen"], figures["cp_frozen"]

    def read_reported(self, fields: Row) -> int:
        """Return the AE reported as consumed, from the stored figures."""
        query = "select withdrawn from withdrawn_balance where node = $1 order by batch desc limit 1"
        rows = self._fetch(query, self._find_node(fields))
        return self._read_figures(fields)["ae_consumed"] - (rows[0]["withdrawn"] if rows else 0)

    def _read_figures(self, fields: Row, table: str = "node_balance") -> Mapping[str, int]:
        query = f"select * from {table} where node = $1 order by batch desc limit 1"
        rows = self._fetch(query, self._find_node(fields))
        return dict(rows[0]) if rows else defaultdict(int)

    def _find_node(self, fields: Row) -> int:
        year = int(fields.get("budget_year") or fields["exercise"])
        codes = self._reference.nomenclatures[year]
        centre = self._list_codes(CodeKind.CENTRE).index(fields["fund_centre"]) + 1
        staff = codes.items[fields["commitment_item"]].staff
        family = codes.funds[fields.get("fund") or ORDINARY_FUND].family
        return ((year - 2000) * _CENTRES + centre) * _SHEETS + staff * 3 + family

    def read_commitments(self, centre: str, year: int) -> CommitmentSums:
        """Return what the commitments of a fund centre and budget year engaged, withdrew and paid, from the report."""
        rows = self._runner.run(self._load_outstanding_commitments()).centres
        (row,) = [row for row in rows if (row.centre, row.year) == (centre, year)]
        assert row.remaining_cents == row.engaged_cents - row.withdrawn_cents - row.paid_cents
        return CommitmentSums(row.engaged_cents, row.withdrawn_cents, row.paid_cents)

    async def _load_outstanding_commitments(self) -> commitments.OutstandingCommitments:
        connection = await self._connect()
        names = await read_names(connection, self._labels)
        return await commitments.load_outstanding_commitments(connection, names, level=CentreLevel.UO)

    def decide_period(self, month: str, action: str, accountant: str) -> None:
        """Store the decision of a person about a month."""
        self._runner.run(decide_period(self.dsn, month, action, accountant))

    def change_directory(self, entries: list[DirectoryEntry]) -> None:
        """Store a change of the directory of persons."""
        self._runner.run(self._change_directory(entries))

    async def _change_directory(self, entries: list[DirectoryEntry]) -> None:
        change = NewChange(entries, "Prise de fonctions", StatedPerson("Zoé"))
        await directory_store.store_change(await self._connect(), change)

    def require_agreements(self, year: int, first_day: date) -> None:
        """Load the book from now on by a calendar that requires persons or an agreement from this day on."""
        exercises = self._reference.calendar.exercises
        changed = replace(exercises[year], agreement_required_from=first_day)
        self._reference = replace(self._reference, calendar=Calendar({**exercises, year: changed}))

    def merge_third_party(self, code: str, into: str, first_day: date) -> None:
        """Load the book from now on by reference data that merge a third party into another one."""
        merges = {**self._reference.merges, code: Merge(into, first_day, "Constat du comptable")}
        self._reference = replace(self._reference, merges=merges)

    def read_totals(self, account: str, accountant: str = "") -> tuple[int, int]:
        """Return debit and credit over all periods, of one accountant or of all, from the stored sums."""
        number = self._list_codes(CodeKind.ACCOUNT).index(account) + 1
        owner = self._list_codes(CodeKind.ACCOUNTANT).index(accountant) + 1 if accountant else 0
        query = (
            "select accountant, period, debit, credit from account_balance where account = $1 order by batch"
        )
        sums: dict[tuple[int, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
        for row in self._fetch(query, number):
            if owner in (0, row["accountant"]):
                sums[row["accountant"], row["period"]] = row["debit"], row["credit"]
        return sum(debit for debit, _ in sums.values()), sum(credit for _, credit in sums.values())

    def read_accounts(self) -> dict[tuple[int | str, ...], tuple[int, int]]:
        """Return debit and credit by exercise, accountant and account, from the stored sums."""
        latest = "order by accountant, period, account, batch desc"
        rows = self._fetch(
            f"select distinct on (accountant, period, account) * from account_balance {latest}"
        )
        accountants, accounts = self._list_codes(CodeKind.ACCOUNTANT), self._list_codes(CodeKind.ACCOUNT)
        sums: dict[tuple[int | str, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
        for row in rows:
            exercise = YEAR_FIRST + row["period"] // PERIODS_PER_YEAR
            key = exercise, accountants[row["accountant"] - 1], accounts[row["account"] - 1]
            debit, credit = sums[key]
            sums[key] = debit + row["debit"], credit + row["credit"]
        return dict(sums)

    def read_titles(self) -> dict[tuple[int | str, ...], tuple[int, int]]:
        """Return what finance laws opened and what was committed in advance, by budget year, programme and title."""
        latest = "order by programme, budget_year, title, batch desc"
        rows = self._fetch(
            f"select distinct on (programme, budget_year, title) * from title_balance {latest}"
        )
        codes = self._list_codes(CodeKind.CENTRE)
        return {
            (row["budget_year"], codes[row["programme"] - 1], row["title"]): (
                row["opened"],
                row["anticipated"],
            )
            for row in rows
        }

    def list_posted_accounts(self) -> set[str]:
        """Return the accounts with a debit or a credit, from the stored sums."""
        query = "select distinct account from account_balance where debit > 0 or credit > 0"
        codes = self._list_codes(CodeKind.ACCOUNT)
        return {codes[row["account"] - 1] for row in self._fetch(query)}

    def _fetch(self, query: str, *arguments: int) -> list[asyncpg.Record]:
        async def fetch() -> list[asyncpg.Record]:
            return await (await self._connect()).fetch(query, *arguments)

        return self._runner.run(fetch())
