"""The figures for the live page: complete, sorted, and valid in JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import pytest

from core.catalog import CATALOG, KIND_NUMBERS
from core.outcome_codes import Outcome as Code
from monitoring.file_states import EndedFiles, FileState, StoredFiles
from monitoring.live_figures import CreditFigures, LiveFigures, ProgrammeFigures
from monitoring.polled_metrics import Sample, SampleReader
from monitoring.service_metrics import Bucket, ServiceMetrics
from monitoring.situation import ServiceStatus
from monitoring.snapshot import build_figures, count_totals, find_p99_bound
from monitoring.spending_steps import KIND_STEPS
from monitoring.trend import Trend
from posting.batch import Submission
from tests.monitoring.test_service_metrics import COMMITMENT, build_batch, build_row

STATUS = ServiceStatus(datetime(2018, 12, 31, tzinfo=UTC), "ready")


def _build_reader(cents: Mapping[tuple[str, str], int]) -> SampleReader:
    return lambda: [Sample(value, ("2018", *labels)) for labels, value in cents.items()]


def take_snapshot(metrics: ServiceMetrics) -> LiveFigures:
    return build_figures(metrics, Trend(), STATUS)


def test_figures_of_a_service_without_work() -> None:
    figures = take_snapshot(ServiceMetrics({}))
    assert figures.throughput.outcomes.accepted.lines == 0
    assert figures.refusals == figures.flows == figures.programmes == figures.stages == []
    assert figures.cut_off_seconds is None
    assert figures.commits.last_at is None
    assert figures.commits.most_within_seconds is None


def test_infinite_values_are_null_in_json() -> None:
    metrics = ServiceMetrics({})
    metrics.bind("queue_empty_seconds", lambda: float("inf"))
    assert msgspec.json.decode(msgspec.json.encode(take_snapshot(metrics)))["queue"]["empty_seconds"] is None


def test_senders_have_their_files_and_their_lines() -> None:
    metrics = ServiceMetrics({})
    for number, sender in ((1, "B"), (2, "A")):
        metrics.file_states.add(number, sender)
    metrics.record_start(Submission(1, "B", 3))
    metrics.record_commit(
        build_batch(1, build_row(1, True, accepted=2, accepted_cents=500, refused=1, refused_cents=7))
    )
    figures = take_snapshot(metrics)
    assert [flow.sender for flow in figures.flows] == ["A", "B"]
    waiting, ended = figures.flows
    assert (waiting.received, waiting.in_treatment, waiting.outcomes.accepted.lines) == (1, 1, 0)
    assert (ended.received, ended.partly_integrated, ended.outcomes.accepted.cents) == (1, 1, 500)
    assert figures.throughput.outcomes.refused.cents == 7
    assert count_totals(metrics)[0] == 3


def test_received_is_the_sum_of_the_states() -> None:
    metrics = ServiceMetrics({})
    metrics.file_states.load(
        StoredFiles(
            [EndedFiles("A", state, 2) for state in FileState if state != FileState.IN_TREATMENT],
            [(9, "A")],
            9,
        )
    )
    (flow,) = take_snapshot(metrics).flows
    assert (flow.in_treatment, flow.integrated, flow.partly_integrated, flow.refused) == (1, 2, 2, 2)
    assert flow.received == 7


def test_reasons_are_sorted_by_frequency() -> None:
    metrics = ServiceMetrics({})
    ended = {(COMMITMENT, Code.AE_EXCEEDED): 2, (COMMITMENT, Code.CP_EXCEEDED): 2, (0, Code.KIND_UNKNOWN): 9}
    metrics.record_commit(build_batch(1, outcome_counts=ended))
    refusals = [(refusal.reason, refusal.lines) for refusal in take_snapshot(metrics).refusals]
    assert refusals == [("KIND_UNKNOWN", 9), ("AE_EXCEEDED", 2), ("CP_EXCEEDED", 2)]


def test_programmes_are_sorted_by_the_smaller_remaining_share() -> None:
    metrics = ServiceMetrics({})
    opened_cents = {("0177", "ae"): 100, ("0177", "cp"): 100, ("0217", "ae"): 100, ("0217", "cp"): 100}
    available = {("0177", "ae"): 50, ("0177", "cp"): 90, ("0217", "ae"): 99, ("0217", "cp"): 10}
    nothing = {("0117", "ae"): 0, ("0117", "cp"): 0}
    metrics.bind_samples("budget_opened_cents", _build_reader({**opened_cents, **nothing}))
    metrics.bind_samples("budget_available_cents", _build_reader({**available, **nothing}))
    programmes = take_snapshot(metrics).programmes
    assert [programme.programme for programme in programmes] == ["0217", "0177", "0117"]
    assert programmes[0] == ProgrammeFigures("2018", "0217", CreditFigures(100, 99), CreditFigures(100, 10))


def test_accepted_amounts_are_added_up_by_step() -> None:
    """Openings, commitments, services and requests are the same money at four steps."""
    cents = {
        "budget_opening_ae": 90_000,
        "budget_opening_cp": 80_000,
        "allotment_ae": 70_000,
        "commitment": 500,
        "commitment_decrease": 50,
        "service": 400,
        "service_cancellation": 30,
        "payment_request": 300,
        "direct_payment_request": 20,
        "payment_request_rejection": 7,
        "attachment": 100,
        "payment": 200,
        "bank_debit": 200,
    }
    result = build_batch(1)
    result.accepted_cents.resize(len(CATALOG))
    for name, amount in cents.items():
        result.accepted_cents[KIND_NUMBERS[name]] = amount
    metrics = ServiceMetrics({})
    metrics.record_commit(result)
    assert {total.step: total.cents for total in take_snapshot(metrics).steps} == {
        "requested": 313,
        "paid": 200,
        "certified": 370,
        "committed": 450,
        "opened_ae": 90_000,
        "opened_cp": 80_000,
    }


def test_every_kind_with_an_amount_has_a_step_or_is_known_to_have_none() -> None:
    """A new kind must be placed."""
    without = {
        kind.name for kind in CATALOG if kind.has_amount and kind.family and kind.name not in KIND_STEPS
    }
    assert without == {
        *(
            "allotment_ae",
            "allotment_cp",
            "budget_move_ae",
            "budget_move_cp",
            "earmark",
            "attachment",
            "assignment",
            "request_carry",
        ),
        *("credit_return_ae", "credit_return_cp", "earmark_decrease"),
        *("freeze_ae", "freeze_cp", "unfreeze_ae", "unfreeze_cp"),
        *("virement_ae", "virement_cp", "decree_transfer_ae", "decree_transfer_cp"),
        *("bank_debit", "bank_reject", "bank_return", "return_identified", "reissue", "void", "set_off"),
        *("set_off_receipt", "advance_withholding", "advance_recovery"),
        *("reassignment_origin", "reassignment_target"),
        *("retention", "retention_release", "retention_carry", "retention_rejection"),
        *("penalty", "penalty_confirmation", "penalty_remission", "penalty_carry", "penalty_rejection"),
        *("visa_request", "visa", "visa_refusal", "visa_override", "tacit_visa"),
        *("journal_debit", "journal_credit", "opening_debit", "opening_credit"),
        *("clearing_debit", "clearing_credit"),
        *("asset_service", "asset_depreciation", "asset_disposal", "asset_depreciation_disposal"),
        "commitment_change_reversal",  # its sign is that of what it undoes
        *("receivable", "receivable_reduction", "receivable_cancellation", "receipt"),
        *("repayment_receivable", "credit_restoration", "receipt_reversal"),
        *("suspense_receipt", "suspense_identification", "identification_receipt"),
        *("suspense_debit", "suspense_return", "transfer_identification"),
        *("identification_debit", "identification_return"),
        *("opening_item_debit", "opening_item_credit", "opening_reduction_debit", "opening_reduction_credit"),
        *("result_debit", "result_credit", "result_allocation_debit", "result_allocation_credit"),
        *("carryover_out_ae", "carryover_out_cp", "carryover_in_ae", "carryover_in_cp"),
        *("unused_cancellation_ae", "unused_cancellation_cp", "unused_unfreeze_ae", "unused_unfreeze_cp"),
        "unused_earmark_release",
        *("accrual", "imprest_accrual", "prepaid_expense", "unsettled_advance", "accrued_income"),
        *("deferred_income", "provision", "provision_release", "inventory_reversal", "inventory_correction"),
        "provision_correction",
    }


@pytest.mark.parametrize(
    ("buckets", "bound"),
    [
        ([(0.1, 0), (float("inf"), 0)], None),
        ([(0.1, 99), (0.2, 100), (float("inf"), 100)], 0.1),
        ([(0.1, 98), (0.2, 99), (float("inf"), 100)], 0.2),
        ([(0.1, 98), (0.2, 98), (float("inf"), 100)], None),
        ([(0.1, 1), (float("inf"), 1)], 0.1),
    ],
)
def test_the_p99_bound_is_the_smallest_bucket_with_99_percent(
    buckets: list[tuple[float, int]], bound: float | None
) -> None:
    assert find_p99_bound([Bucket(*bucket) for bucket in buckets]) == bound
