"""The year of the demonstration: its files, payments and reports, on a database that is opened once."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.reference.files import SAMPLE_FOLDER
from reporting import budget, code_labels, delays, trial_balance
from reporting.code_names import read_names
from service.cli import demo_payments, processing_report, run, verify
from service.cli.demo_payments import DemoContext, DemoPayments, PaymentTurn
from service.configuration.settings import Settings
from service.database import command_queries
from service.database.configured_database import open_for_work
from service.database.ledger_selection import LedgerCreation
from service.engine import engine_context
from service.terminal import console, processing_progress, signals
from settlement.reconciliation.account_status import AccountsReport
from settlement.runs import run_queries
from settlement.runs.payment_reference import PaymentReference

if TYPE_CHECKING:
    from reporting.verification import Verification
    from service.engine.processing_result import ProcessingResult

_SETTLEMENTS = ("payment", "reissue", "bank_debit", "bank_reject", "bank_return")


class YearPlan(NamedTuple):
    """The files to process first, the turns that follow, and the folder of the bank's files."""

    first: Sequence[Path]
    turns: Sequence[PaymentTurn]
    bank_folder: Path
    is_monthly: bool = False


class Conclusion(NamedTuple):
    """What is known of the committed year."""

    budget: budget.Budget
    balance: trial_balance.TrialBalance
    runs: Sequence[Mapping[str, Any]]
    examples: Sequence[str]
    """References of acts whose history is worth reading."""
    last_submission: int
    settled: Mapping[str, command_queries.KindSum]
    """The accepted payments and bank movements, by kind."""
    payment_delays: delays.Delay
    refused_lines: int
    """Of the whole journal, Crescendo's own acts included."""


class DemoYear(NamedTuple):
    """The results of the year: of the first files, of the turns, and at the end."""

    first: "ProcessingResult"
    payments: DemoPayments
    conclusion: Conclusion
    account_status: AccountsReport
    proof: "Verification"
    is_monthly: bool = False

    @property
    def is_proven(self) -> bool:
        """Whether the journal is proven, and books and bank agree."""
        return self.proof.is_proven and demo_payments.books_agree(self.payments, self.account_status)


def plan_year(files: Sequence[Path], bank_folder: Path, *, is_monthly: bool) -> YearPlan:
    """Plan two payment runs in December after all files, or one a month after its files."""
    if not is_monthly:
        return YearPlan(files, demo_payments.plan_december(), bank_folder)
    # third parties and budget come before the months
    first = [path for path in files if not path.name.startswith("2018-")]
    return YearPlan(first, demo_payments.plan_months(files), bank_folder, is_monthly=True)


def process_year(settings: Settings, plan: YearPlan) -> DemoYear:
    """Process the year in a new database, with progress on standard error.

    Raises
    ------
    KeyboardInterrupt
        A signal stopped it.
    """
    reporter = processing_progress.create_reporter()

    async def work(interruption: signals.Interruption) -> DemoYear:
        reporter.report_activity("starting")
        # code and reference data are loaded while the database starts
        loading = asyncio.create_task(asyncio.to_thread(run.load_reference, settings, reporter))
        creation = LedgerCreation(console.print_note)
        async with open_for_work(settings, reporter.report_activity, creation) as database:
            engine = engine_context.EngineContext(settings, database, await loading)
            reference = await asyncio.to_thread(PaymentReference.load)
            context = DemoContext(engine, reference, plan.bank_folder, interruption, reporter)
            first = await demo_payments.process_files(
                context, demo_payments.ProcessingRequest(list(plan.first))
            )
            payments = await demo_payments.run_turns(context, plan.turns)
            return await _conclude(context, first, payments, is_monthly=plan.is_monthly)

    try:
        return signals.run_interruptible(work)
    finally:
        reporter.close()


async def _conclude(
    context: DemoContext, first: "ProcessingResult", payments: DemoPayments, *, is_monthly: bool
) -> DemoYear:
    """Verify the journal, and read what is known of the year meanwhile."""
    settings, dsn = context.engine.settings, context.engine.database.dsn
    async with asyncio.TaskGroup() as group:
        proof = group.create_task(verify.verify_open_database(settings, dsn, context.reporter))
        conclusion = group.create_task(_load_conclusion(context))
        status = group.create_task(demo_payments.load_status(context))
    return DemoYear(first, payments, await conclusion, await status, await proof, is_monthly)


async def _load_conclusion(context: DemoContext) -> Conclusion:
    codes = await asyncio.to_thread(code_labels.load, context.engine.settings.reference or SAMPLE_FOLDER)
    async with command_queries.connect(context.engine.database.dsn) as connection:
        names = await read_names(connection, codes)
        return Conclusion(
            await budget.load_budget(connection, names),
            await trial_balance.load_trial_balance(connection, names),
            await run_queries.load_runs(connection),
            await command_queries.find_examples(connection),
            max(row["submission"] for row in await command_queries.list_submissions(connection)),
            await command_queries.add_up_kinds(connection, _SETTLEMENTS),
            (await delays.load_delays(connection, names)).total,
            await command_queries.count_refused_lines(connection),
        )


def print_year(year: DemoYear) -> None:
    """Print receipts, payments, reports and checks."""
    for result in (year.first, *year.payments.results):
        processing_report.print_result(result)
    demo_payments.print_rounds(year.payments, year.account_status)
    console.print_table(budget.build_table(year.conclusion.budget))
    console.print_table(trial_balance.build_table(year.conclusion.balance))
    verify.print_verification(year.proof)
