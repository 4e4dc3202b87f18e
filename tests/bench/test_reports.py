"""The benchmark of reports: which are measured, which results contradict each other, and when a bar is met."""

from copy import deepcopy
from typing import Any

import pytest

from bench.reports.report_benchmark import ReportBar, check_results, is_met, list_report_names

_SUMS = {"engaged_cents": 30, "withdrawn_cents": 4, "paid_cents": 6, "remaining_cents": 20}
_RESULTS: dict[str, dict[str, Any]] = {
    "commitments": {"batch": 3, **_SUMS},
    "remaining": {"batch": 3, **_SUMS},
    "trial-balance": {"batch": 3, "debit_cents": 7, "credit_cents": 7},
    "statements": {"batch": 3, "years": [{"difference_cents": 0}]},
    "submissions": {},
    "verify": {"proven": True},
}


def test_reports_of_any_length_are_not_measured() -> None:
    measured = list_report_names()
    assert {"commitments", "mandatory", "situation", "refusals"} < set(measured)
    assert not {"journal", "general-ledger", "invoices"} & set(measured)


def test_results_that_agree_are_accepted() -> None:
    check_results(_RESULTS)


@pytest.mark.parametrize(
    ("report", "changed", "fault"),
    [
        ("remaining", {"paid_cents": 7}, "paid_cents of commitments are 6, by year of engagement 7"),
        ("remaining", {"batch": 4}, "as of the batches"),
        ("trial-balance", {"debit_cents": 8}, "debits are not credits"),
        ("statements", {"years": [{"difference_cents": 1}]}, "not balanced"),
        ("verify", {"proven": False}, "not proven"),
    ],
)
def test_results_that_contradict_each_other_are_no_benchmark(
    report: str, changed: dict[str, Any], fault: str
) -> None:
    results = deepcopy(_RESULTS)
    results[report] |= changed
    with pytest.raises(RuntimeError, match=fault):
        check_results(results)


@pytest.mark.parametrize(
    ("seconds", "memory_bytes", "result"), [(5.0, 9, True), (5.1, 9, False), (5.0, 11, False)]
)
def test_a_bar_has_seconds_and_memory(seconds: float, memory_bytes: int, result: bool) -> None:
    assert is_met(seconds, memory_bytes, ReportBar(5.0, 10)) is result
    assert is_met(5.0, memory_bytes, ReportBar(5.0))
