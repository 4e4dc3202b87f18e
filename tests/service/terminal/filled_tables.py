"""Every table that the program prints, filled with large amounts, long references and whole sentences."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

import msgspec

from closing.depreciation_acts import DepreciationSums
from closing.step_sums import BlockedSum, CarriedSum, DifferenceSum, StepSums
from closing.steps import PLAN, Step
from core.outcome_codes import Outcome
from core.remedies import REMEDIES
from monitoring.service_metrics import ServiceMetrics
from monitoring.snapshot import build_figures
from monitoring.trend import Trend
from posting.store.step_executions import StepExecution, StepFinding
from posting.store.step_persons import StepPreparation
from reporting import (
    accruals,
    advances,
    aged_items,
    assets,
    budget,
    closing_file,
    commitments,
    delays,
    execution,
    follow_up_tables,
    general_ledger,
    invoices,
    journal,
    mandatory,
    narrative_parts,
    overdue_interest,
    proofs,
    public_balance,
    receipts,
    reconciliation,
    refusals,
    remaining_amounts,
    settlement_tables,
    situation,
    special_accounts,
    statements,
    submissions,
    suspense,
    third_parties,
    trial_balance,
    visas,
)
from reporting.delays import Delay, Delays
from reporting.reference.folder_comparison import FolderComparison
from reporting.reference.folder_faults import FolderCheck
from reporting.report_tables import Cell, CellType, ReportTable
from reporting.verification.findings import Check, Verification
from service.cli import (
    access,
    access_trust,
    bank,
    closing_tables,
    demo_payments,
    payment_run_report,
    period,
    person_tables,
    processing_report,
    reference_output,
    signer,
    verify,
)
from service.cli import assets as asset_commands
from service.engine.closing_plan import ClosingPlan, PlannedStep
from service.results.receipts import OUTCOMES, Receipt
from service.terminal import live_view
from settlement.reconciliation.account_status import AccountsReport, ReturnsByReason, TransferInTransit
from tests.monitoring.test_snapshot import STATUS

REFERENCE = "2018-EJ-MIN09-0177-D013-000000014.1"
"""As long as a reference may be: 35 bytes."""
IBAN = "FR7630001007941234567890185"
AMOUNTS = (1_403_825_771, 22_341_234_567_890, -255_021_007_716, -1, 0)
COUNTS = (15_751_390, 0, 205_095)
CODES = sorted((code.name for code in Outcome), key=len)[-3:]
SENTENCES = tuple(sorted((remedy.action for remedy in REMEDIES.values()), key=len)[-3:])
TEXTS: Mapping[str, tuple[str, ...]] = {
    "year": ("2018",),
    "centre": ("0177-D013-DD13", "0177"),
    "label": ("Prévention, sécurité sanitaire et offre de soins", "貿易 trade"),
    "envelope": ("HT2, assigned revenue, estimated", "T2"),
    "budget node": ("0177-D013-DD13 HT2 assigned revenue 2018",),
    "node": ("0177-D013-DD13 HT2 assigned revenue 2018",),
    "account": ("4081000000",),
    "normal side": ("credit",),
    "finding": ("wrong side",),
    "section": ("net_position", "without a line"),
    "year of origin": ("2018",),
    "certified in": ("2018",),
    "reason": tuple(CODES),
    "refused": tuple(CODES),
    "left out": ("TERM_SUSPENDED",),
    "kind": ("payment_request_without_service",),
    "field": ("functional_area",),
    "holds": ("yes", "NO, 12 times"),
    "in time": ("97.3 %",),
    "mean days": ("112.4",),
    "of it": ("93 %",),
    "until": ("2018-12-31",),
    "day": ("2018-12-31",),
    "period": ("2018-12",),
    "exercise": ("2018",),
    "row": ("movement", "opening"),
    "debit account": ("4081000000",),
    "credit account": ("4011100000",),
    "counterpart": ("4011100000",),
    "due": ("2018-12-31",),
    "executed": ("2018-12-31",),
    "sent": ("2018-12-31",),
    "created": ("2018-12-31",),
    "begins": ("2018-12-31",),
    "ends": ("never",),
    "ended_at": ("2018-12-31",),
    "expires_at": ("2018-12-31",),
    "created_at": ("2018-12-31",),
    "committed, UTC": ("23:59:59",),
    "state": ("released", "proposed"),
    "way": ("SEPA", "RTGS"),
    "type": ("return",),
    "phase": ("rejected",),
    "standing": ("withheld",),
    "chain": ("3124e045da5f",),
    "hash": ("3124e045da5fb0f0",),
    "SHA-256": ("3124e045da5fb0f024822f4a0b2757185298e78c5b748fdaf292ea4c963d1f11",),
    "fingerprint": ("3124e045da5fb0f024822f4a0b2757185298e78c5b748fdaf292ea4c963d1f11",),
    "public key": ("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",),
    "pain.002": ("yes",),
    "iban": (IBAN,),
    "payee": ("T00011234",),
    "supplier": ("T00011234",),
    "invoice": ("FA-2018-0042",),
    "dated": ("2018-12-31",),
    "paid by": ("15751390 15751391 15751392", "15751390"),
    "name": ("Société d'aménagement des hauts plateaux",),
    "remittance": ("FA-2018-0042 EJ 2018-EJ-MIN09-0177-D013-000000014.1",),
    "accountant": ("PRMI",),
    "month": ("2018-12",),
    "action": ("reopen",),
    "by": ("benoit",),
    "after batch": ("1,403",),
    "at, UTC": ("2018-12-31 23:59",),
    "no.": ("1,403",),
    "ministry": ("MIN-09",),
    "programme": ("0177",),
    "title": ("5",),
    "requested on": ("2018-12-31",),
    "decided on": ("2018-12-31",),
    "decision": ("visa_override",),
    "paid late on": ("2018-12-31",),
    "payable by": ("2018-12-31",),
    "outcome": ("duplicate",),
    "file": ("20181220-0-pain002-CRSC-01-1-PRMI-SEPA-1.xml",),
    "where": ("crescendo-demo/data/outbox/00000001/CRSC-01-1-PRMI-SEPA-1.xml",),
    "format": ("camt.053",),
    "run": ("12",),
    "transfer": ("@1403825",),
    "roles": ("authorising_officer programme_manager assigned_accountant",),
    "programmes": ("0177 0304 0345", "all"),
    "proposed by": ("benoit",),
    "released by": ("anne",),
    "sender": ("MIN-09",),
    "signer": ("abcdefgh2345",),
    "key": ("abcdefgh2345", "issuer/subject-of-a-system"),
    "url": ("https://login.example/realms/state",),
}


def fill_table(table: ReportTable) -> ReportTable:
    """Fill a table with three rows, and its footer if it has one."""
    sources = [_cycle_cells(column.name, column.cell_type) for column in table.columns]
    rows = [[next(source) for source in sources] for _ in range(3)]
    footer = [
        next(source) if column.cell_type in (CellType.COUNT, CellType.MONEY) else cell
        for source, column, cell in zip(sources, table.columns, table.footer, strict=bool(table.footer))
    ]
    return table._replace(rows=rows, footer=footer)


def _cycle_cells(name: str, cell_type: CellType) -> Iterator[Cell]:
    if cell_type is CellType.MONEY:
        return itertools.cycle(AMOUNTS)
    if cell_type is CellType.COUNT:
        return itertools.cycle(COUNTS)
    default = SENTENCES if cell_type is CellType.PROSE else (REFERENCE,)
    return itertools.cycle(TEXTS.get(name, default))


_NOTHING = budget.Appropriations(0, 0, 0, 0, 0)
_RECONCILIATION = msgspec.convert(
    {
        **dict.fromkeys(reconciliation.Reconciliation.__struct_fields__, 0),
        "batch": 1,
        "exercise": 2018,
        "items": [],
        "is_reconciled": True,
        "stored_figures": ["cp_consumed", "result"],
    },
    reconciliation.Reconciliation,
)
_DELAY_TEXTS = dict.fromkeys(("ministry", "programme"), "")
_DELAY = msgspec.convert({**dict.fromkeys(Delay.__struct_fields__, 0), **_DELAY_TEXTS}, Delay)


def _build_receipt() -> Receipt:
    texts = dict.fromkeys(("file", "sender", "batch_id", "format", "sha256", "chain", "charset"), "")
    totals = {name: {"lines": 1, "cents": 1} for name in OUTCOMES}
    fields = {
        **dict.fromkeys(Receipt.__struct_fields__, 1),
        **texts,
        **totals,
        "received_at": "2018-12-20T14:00:00Z",
        "decided_at": None,
        "committed_at": None,
        "done": True,
        "cancelled": None,
        "extra_columns": [],
    }
    return msgspec.convert(fields, Receipt)


def _build_trust(*names: str) -> ReportTable:
    return access_trust._build_table("Trust", [dict.fromkeys(names, "")])


def _build_plan() -> ClosingPlan:
    rows = ([CarriedSum("commitment_carry", "0177", 1, 1)], [BlockedSum("commitment_carry", "", 1, 1)])
    differences = [DifferenceSum("PACA", "8900009999", 1, 1)]
    preparation = StepPreparation(1, "chloe", "2019-01-02 08:00", 1, 1, "", is_used=False)
    row = PLAN[0]
    sums = StepSums(*rows, 1, differences)
    step = PlannedStep(
        *(row.step, row.phase, "", row.french, row.summary, row.source, row.dates, 1),
        *("not begun", [Step.LAST_DATES], [Step.LAST_DATES]),
        last=_build_execution(),
        preparation=preparation,
        sums=sums,
    )
    return ClosingPlan(2018, [step], "2018-12-31")


def _build_execution() -> StepExecution:
    moment = datetime(2019, 1, 2, 8, tzinfo=UTC)
    finding = StepFinding("budget expense @1 on suspense account 4731000000", 1, 1, True, "clear it")
    sums = (moment, moment, 1, 1, 1, 1, [finding], 1, 1)
    return StepExecution(1, "interrupted", "chloe", "user chloe", *sums, "0" * 64, "0" * 64)


def build_tables() -> dict[str, ReportTable]:
    """Build every table, by the function that builds it."""
    figures = build_figures(ServiceMetrics({}), Trend(), STATUS)
    status = AccountsReport([], [ReturnsByReason("AC04", "return", 1, 1)], True)
    transfer = TransferInTransit(1, 1, date(2018, 12, 31), "", "")
    accounts, returns, in_transit = bank._build_status_tables(status, [transfer])
    receipt = _build_receipt()
    plan = _build_plan()
    sums = plan.steps[0].sums
    assert sums is not None
    tables = {
        "narrative_parts.build_nodes_table": narrative_parts.build_nodes_table(
            [], "  Budget before and after batch 1"
        ),
        "budget.build_table": budget.build_table(budget.Budget(1, "UO", [], _NOTHING, _NOTHING)),
        "commitments.build_table": commitments.build_table(
            commitments.OutstandingCommitments(1, "UO", [], *[1] * 8)
        ),
        "delays.build_table": delays.build_table(Delays(2018, "programme", [], _DELAY)),
        "invoices.build_table": invoices.build_table([]),
        "journal.build_table": journal.build_table([]),
        "journal.build_totals_table": journal.build_totals_table([]),
        "general_ledger.build_table": general_ledger.build_table([]),
        "general_ledger.build_totals_table": general_ledger.build_totals_table(
            general_ledger.LedgerTotal(
                accounts=1, movements=1, opening_cents=1, debit_cents=1, credit_cents=1, closing_cents=1
            ),
            "some accounts only",
        ),
        "proofs.build_table": proofs.build_table(
            proofs.SubmissionProof(1, REFERENCE, "MIN-09", "", True, [], [])
        ),
        "remaining_amounts.build_table": remaining_amounts.build_table(
            remaining_amounts.RemainingToPay(1, [], COUNTS[0], *AMOUNTS[:5], *AMOUNTS[:2])
        ),
        "accruals.build_table": accruals.build_table(accruals.Accruals(1, 2018, [], 1, 1)),
        "mandatory.build_table": mandatory.build_table(mandatory.MandatoryReport(1, 2018, [], 1, 1, 2)),
        "statements.build_table": statements.build_table(
            statements.Statements(1, None, [], [], [statements.StatementYear(2018, 1, 1, 0, 0, 0, 0)])
        ),
        "situation.build_table": situation.build_table(situation.MonthlySituation(1, 2018, [])),
        "special_accounts.build_table": special_accounts.build_table(special_accounts.SpecialAccounts(1, [])),
        "execution.build_table": execution.build_table(execution.Execution(1, "programme", [])),
        "aged_items.build_table": aged_items.build_table(
            aged_items.OpenItemsByAge(batch=1, items=[], accounts=[])
        ),
        "closing_file.build_table": closing_file.build_table(
            closing_file.ClosingFile(batch=1, year=2018, executions=1, proven=1, rows=[])
        ),
        "follow_up_tables.build_table": follow_up_tables.build_table([]),
        "follow_up_tables.build_totals_table": follow_up_tables.build_totals_table([]),
        "public_balance.build_table": public_balance.build_table(
            public_balance.PublicBalance(batch=1, exercise=2018, rows=[], balance_cents=0)
        ),
        "reconciliation.build_table": reconciliation.build_table(_RECONCILIATION),
        "settlement_tables.build_table": settlement_tables.build_table(
            settlement_tables.SettlementTables(1, [])
        ),
        "receipts.build_table": receipts.build_table(receipts.Receipts(1, [], 1, 1, 1, 1)),
        "assets.build_table": assets.build_table(assets.AssetRegister(1, 2018, [], [])),
        "visas.build_table": visas.build_table(visas.Visas(1, 2018, [], 1, 1, 1, 1, 1)),
        "overdue_interest.build_table": overdue_interest.build_table(
            overdue_interest.OverdueInterest(1, "2018-12-31", [], 1)
        ),
        "suspense.build_table": suspense.build_table(suspense.SuspenseItems(1, [], [])),
        "advances.build_table": advances.build_table(advances.Advances(1, [], 1, 1, 1, 1, 1)),
        "refusals.build_table": refusals.build_table(refusals.Refusals(3, [], 1, 1)),
        "refusals.build_lines_table": refusals.build_lines_table([]),
        "submissions.build_table": submissions.build_table(submissions.Submissions([])),
        "third_parties.build_table": third_parties.build_table(third_parties.ThirdParties(1, [], [])),
        "trial_balance.build_table": trial_balance.build_table(trial_balance.TrialBalance(1, 2018, [], 1, 1)),
        "trial_balance.build_table, by accountant": trial_balance.build_table(
            trial_balance.TrialBalance(1, 2018, [], 1, 1, by=trial_balance.BY_ACCOUNTANT)
        ),
        "access._build_key_table": access._build_key_table([]),
        "access_trust._build_table": _build_trust(
            "issuer", "url", "audience", "claim", "jwks", "created_at", "ended_at", "reason"
        ),
        "access_trust._build_table, grants": _build_trust(
            "key", "sender", "roles", "programmes", "created_at", "expires_at", "ended_at", "reason"
        ),
        "access_trust._build_table, certificates": _build_trust(
            "holder", "fingerprint", "created_at", "ended_at", "reason"
        ),
        "signer._build_signer_table": signer._build_signer_table([]),
        "assets.build_charge_table": asset_commands.build_charge_table(DepreciationSums([], [], 0, 0), 2018),
        "bank._build_message_table": bank._build_message_table([]),
        "bank._build_account_table": accounts,
        "bank._build_status_tables": returns,
        "bank._build_status_tables, in transit": in_transit,
        "bank._build_unmatched_table": bank._build_unmatched_table([]),
        "closing_tables.build_plan_table": closing_tables.build_plan_table(plan),
        "closing_tables.build_open_table": closing_tables.build_open_table(plan),
        "closing_tables.build_execution_table": closing_tables.build_execution_table(
            plan.steps[0], [_build_execution()]
        ),
        "closing_tables.build_finding_table": closing_tables.build_finding_table(
            _build_execution().findings, "Found now"
        ),
        "closing_tables.build_preparation_table": closing_tables.build_preparation_table(plan),
        "closing_tables.build_step_table": closing_tables.build_step_table(sums),
        "closing_tables.build_difference_table": closing_tables.build_difference_table(sums.differences),
        "closing_tables.build_blocked_table": closing_tables.build_blocked_table(sums.blocked),
        "payment_run_report.build_run_table": payment_run_report.build_run_table([]),
        "payment_run_report.build_file_table": payment_run_report.build_file_table([]),
        "payment_run_report._build_total_table": payment_run_report._build_total_table([]),
        "payment_run_report._build_reason_table": payment_run_report._build_reason_table([]),
        "payment_run_report._build_refusal_table": payment_run_report._build_refusal_table([]),
        "payment_run_report._build_line_table": payment_run_report._build_line_table([]),
        "period.build_month_table": period.build_month_table([]),
        "period.build_decision_table": period.build_decision_table([]),
        "person_tables._build_person_table": person_tables._build_person_table([]),
        "person_tables._build_role_table": person_tables._build_role_table([]),
        "person_tables._build_delegation_table": person_tables._build_delegation_table([]),
        "person_tables._build_agreement_table": person_tables._build_agreement_table([]),
        "person_tables._build_login_table": person_tables._build_login_table([]),
        "person_tables._build_couple_table": person_tables._build_couple_table([]),
        "person_tables._build_change_table": person_tables._build_change_table([]),
        "processing_report.build_receipt_table": processing_report.build_receipt_table([receipt, receipt]),
        "processing_report.build_dry_run_table": processing_report.build_dry_run_table([]),
        "processing_report.build_reason_table": processing_report.build_reason_table([]),
        "reference_output.build_sum_table": reference_output.build_sum_table([]),
        "reference_output.build_fault_table": reference_output.build_fault_table(
            FolderCheck("reference", [], 0, [], 0, [], [])
        ),
        "reference_output.build_change_table": reference_output.build_change_table(
            FolderComparison("new", "reference", "", False, [])
        ),
        "verify.build_check_table": verify.build_check_table(
            Verification(1, "", {}, checks=[Check("", "", 0)])
        ),
        "demo_payments.build_round_table": demo_payments.build_round_table([]),
        "live_view._build_outcome_table": live_view._build_outcome_table(figures),
        "live_view._build_step_table": live_view._build_step_table(figures),
        "live_view._build_file_table": live_view._build_file_table(figures),
        "live_view._build_refusal_table": live_view._build_refusal_table(figures),
        "live_view._build_programme_table": live_view._build_programme_table(figures),
        "live_view._build_batch_table": live_view._build_batch_table(figures),
    }
    return {name: fill_table(table) for name, table in tables.items()}
