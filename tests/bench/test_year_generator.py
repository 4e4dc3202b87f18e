"""The State's year: reproducible, exact in sum, with the declared shares, and decided by the plain-Python engine."""

import hashlib
import json
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.year.bill_comparison import compare_year
from bench.year.spending_mixture import ACTS, CENTS, CLASSES, COMMITMENTS, PAYEES
from bench.year.year_generator import Year, generate_year
from core.act_fields import FIELD_BY_COLUMN
from core.outcome_codes import Outcome
from tests.bench.year_model import YearOutcome, decide_year, read_through_spool
from tests.oracle import iban

FORMATS = ("parquet", "arrow", "arrows", "csv", "jsonl")
REQUESTS = ("payment_request", "payment_request_without_service", "direct_payment_request", "payment_order")
ALONE = [code for code in Outcome if Outcome.REFERENCE_INVALID <= code <= Outcome.BANK_DETAILS_DIFFER]
"""Refusals that do not depend on earlier decisions, except on payees."""


@pytest.fixture(scope="module")
def hundred_thousand(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("year")
    return folder, generate_year(folder, Year(seed=3, acts=100_000))


@pytest.fixture(scope="module")
def requests(hundred_thousand: tuple[Path, dict[str, Any]]) -> pa.Table:
    return read_requests(*hundred_thousand)


@pytest.fixture(scope="module")
def decided_year(tmp_path_factory: pytest.TempPathFactory) -> tuple[YearOutcome, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("judged")
    summary = generate_year(folder, Year(seed=5, acts=12_000, senders=3))
    return decide_year(folder, summary), summary


def read_requests(folder: Path, summary: dict[str, Any]) -> pa.Table:
    """Read every payment request line, including those with a fault."""
    columns = ["reference", "line", "kind", "date", "payee", "amount_cents", "remittance"]
    tables = [pq.read_table(folder / file["name"]) for file in summary["files"][2:]]
    monthly = pa.concat_tables(
        table.select(columns) for table in tables if "remittance" in table.column_names
    )
    return monthly.filter(pa.array(np.isin(monthly["kind"].to_pylist(), REQUESTS)))


def hash_files(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("senders", [1, 5])
def test_the_same_seed_gives_the_same_bytes(senders: int, tmp_path: Path) -> None:
    year = Year(seed=7, acts=2_000, senders=senders, formats=FORMATS)
    generate_year(tmp_path / "once", year)
    generate_year(tmp_path / "again", year)
    assert hash_files(tmp_path / "once") == hash_files(tmp_path / "again")


def test_another_seed_gives_other_acts(tmp_path: Path) -> None:
    generate_year(tmp_path / "one", Year(seed=7, acts=2_000))
    generate_year(tmp_path / "two", Year(seed=8, acts=2_000))
    first, second = hash_files(tmp_path / "one"), hash_files(tmp_path / "two")
    # Payees are computed from their numbers: their file does not depend on the seed.
    assert [name for name in first.keys() & second.keys() if first[name] == second[name]] == [
        "00-third-parties.parquet"
    ]


@pytest.mark.parametrize("acts", [1_000, 1_009, 5_000, 20_000])
@pytest.mark.parametrize("seed", [1, 2])
def test_lines_and_paid_euros_are_exact(acts: int, seed: int, tmp_path: Path) -> None:
    requests = read_requests(tmp_path, generate_year(tmp_path, Year(seed, acts)))
    assert requests.num_rows == acts
    assert sum(cell.paid_cents for cell in compare_year(seed, acts)) == CENTS * acts // ACTS


def test_everything_scales_with_the_acts(hundred_thousand: tuple[Path, dict[str, Any]]) -> None:
    _, summary = hundred_thousand
    kinds = Counter(summary["kinds"])
    assert summary["year"]["payees"] == PAYEES * 100_000 // ACTS
    # Beyond these: commitments of the next year, and those that must be refused.
    assert 0 <= kinds["commitment"] - COMMITMENTS * 100_000 // ACTS <= 25
    assert kinds["payment_request_rejection"] == pytest.approx(1_400, rel=0.05)
    assert kinds["commitment_increase"] + kinds["commitment_decrease"] == pytest.approx(
        0.03 * kinds["commitment"], rel=0.1
    )
    assert kinds["service"] == pytest.approx(kinds["payment_request"], rel=0.02)
    assert sum(kinds.values()) == summary["rows"] == sum(file["rows"] for file in summary["files"])


def test_classes_keep_their_shares(requests: pa.Table) -> None:
    labels = Counter(text[:4] for text in requests["remittance"].to_pylist())
    for spending in CLASSES:
        assert labels[spending.label] == pytest.approx(spending.share * 10, rel=0.03, abs=25), spending.name


def test_flows_keep_their_shares(requests: pa.Table) -> None:
    kinds = Counter(requests["kind"].to_pylist())
    assert kinds["payment_request"] == pytest.approx(30_500, rel=0.02)
    assert kinds["payment_request_without_service"] == pytest.approx(15_500, rel=0.03)
    assert kinds["direct_payment_request"] == pytest.approx(54_000, rel=0.02)


def test_amounts_have_the_quantiles_of_the_law(requests: pa.Table) -> None:
    euros = requests["amount_cents"].to_numpy() / 100
    assert np.median(euros) == pytest.approx(230, rel=0.05)
    assert np.quantile(euros, 0.9) == pytest.approx(4_800, rel=0.1)
    assert np.quantile(euros, 0.99) == pytest.approx(86_000, rel=0.2)


def test_a_few_acts_carry_most_euros(requests: pa.Table) -> None:
    amounts = np.sort(requests["amount_cents"].to_numpy())
    assert amounts[-1_000:].sum() > 0.75 * amounts.sum()


def test_december_is_the_peak(requests: pa.Table) -> None:
    months = Counter(day.month for day in requests["date"].to_pylist() if day.year == 2018)
    days = Counter(requests["date"].to_pylist())
    assert months[12] == pytest.approx(13_500, rel=0.03)
    assert months[1] == pytest.approx(4_000, rel=0.05)
    (peak, count), *_ = days.most_common(1)
    assert (peak.month, 10 <= peak.day <= 14) == (12, True)
    assert count == pytest.approx(3 * 100_000 / 251, rel=0.15)
    # Acts dated before their predecessor are dated 1 January.
    assert sorted(day for day in days if day.year == 2018)[:2] == [date(2018, 1, 1), date(2018, 1, 10)]


def test_payees_follow_zipf(requests: pa.Table) -> None:
    counts = sorted(Counter(requests["payee"].to_pylist()).values(), reverse=True)
    assert counts[9] / counts[99] == pytest.approx(10**1.05, rel=0.2)
    assert counts[0] > 0.05 * len(requests)


def test_some_acts_have_several_lines(requests: pa.Table) -> None:
    lines = Counter(requests["line"].to_pylist())
    assert 0.02 < lines[2] / len(requests) < 0.04
    assert max(lines) <= 7


def test_names_sort_in_order_of_submission(hundred_thousand: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = hundred_thousand
    names = [file["name"] for file in summary["files"]]
    assert names == sorted(names) == sorted(path.name for path in folder.glob("*.parquet"))
    assert names[:3] == ["00-third-parties.parquet", "01-budget.parquet", "2018-01-MIN-01.parquet"]
    assert len(names) == 2 + 12 * 5 + 1


def test_files_contain_known_columns_without_nulls(hundred_thousand: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = hundred_thousand
    for file in summary["files"]:
        table = pq.read_table(folder / file["name"])
        assert set(table.column_names) <= FIELD_BY_COLUMN.keys()
        assert not any(column.null_count for column in table.columns)
        assert not any(column.nullable for column in table.schema)


def test_senders_share_the_work(hundred_thousand: tuple[Path, dict[str, Any]]) -> None:
    rows: Counter[str] = Counter()
    for file in hundred_thousand[1]["files"][2:]:
        rows[file["sender"]] += file["rows"]
    assert max(rows.values()) < 1.5 * min(rows[f"MIN-{number:02}"] for number in range(1, 6))


def test_payees_have_valid_ibans(hundred_thousand: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = hundred_thousand
    table = pq.read_table(folder / "00-third-parties.parquet")
    payees = summary["year"]["payees"]
    valid = table["iban"].to_pylist()[:payees]
    assert all(map(iban.is_iban, valid))
    assert len(set(valid)) == payees == len(set(table["payee"].to_pylist()[:payees]))
    assert sum(not text.startswith("FR") for text in valid) / payees == pytest.approx(0.02, rel=0.1)
    invalid = [text for text in table["iban"].to_pylist() if not iban.is_iban(text)]
    assert len(invalid) == max(1, payees // 10_000)


def test_every_format_contains_the_same_rows(tmp_path: Path) -> None:
    """And every file passes the validation of its envelope."""
    rows_by_format = [
        read_through_spool(
            tmp_path / suffix, tmp_path / f"spool-{suffix}", Year(seed=9, acts=2_000, formats=(suffix,))
        )
        for suffix in FORMATS
    ]
    assert all(rows == rows_by_format[0] for rows in rows_by_format[1:])
    assert sum(map(len, rows_by_format[0])) > 3_000


def test_formats_are_used_in_turn(tmp_path: Path) -> None:
    summary = generate_year(tmp_path, Year(acts=1_000, formats=("csv", "jsonl")))
    suffixes = [Path(file["name"]).suffix for file in summary["files"]]
    assert suffixes == [(".csv", ".jsonl")[number % 2] for number in range(len(suffixes))]


def test_the_summary_is_written_to_a_file(hundred_thousand: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = hundred_thousand
    file_summary = json.loads((folder / "summary.json").read_text())
    assert file_summary == json.loads(json.dumps(summary))


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    steps: list[tuple[int, int, str]] = []
    summary = generate_year(tmp_path, Year(acts=1_000), lambda *step: steps.append(step))
    done = [step[0] for step in steps]
    assert done == sorted(done)
    assert steps[-1][:2] == (summary["rows"], summary["rows"])


@pytest.mark.parametrize(
    "wrong", [{"acts": 999}, {"senders": 0}, {"senders": 16}, {"formats": ()}, {"formats": ("xlsx",)}]
)
def test_an_impossible_year_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"acts|senders|formats"):
        Year(**wrong)


# ------------------------------------------------------------------------------------ decided by the plain-Python engine


@pytest.mark.parametrize("code", ALONE)
def test_faults_and_only_faults_have_their_refusals(
    code: Outcome, decided_year: tuple[YearOutcome, dict[str, Any]]
) -> None:
    outcome, summary = decided_year
    assert outcome.outcomes[code.name] == summary["faults"].get(code.name, 0) + _count_conflicts(
        code, summary
    )


def _count_conflicts(code: Outcome, summary: dict[str, Any]) -> int:
    return summary["conflicts"] if code is Outcome.REFERENCE_CONFLICT else 0


@cache
def _list_book_refusals() -> tuple[Outcome, ...]:
    return tuple(
        code for code in Outcome if Outcome.ASSIGNMENT_DIFFERS <= code <= Outcome.BUDGET_BELOW_CONSUMPTION
    )


@pytest.mark.parametrize("code", _list_book_refusals())
def test_faults_that_depend_on_the_book_have_their_refusals(
    code: Outcome, decided_year: tuple[YearOutcome, dict[str, Any]]
) -> None:
    outcome, summary = decided_year
    expected = summary["faults"].get(code.name, 0)
    assert expected > 0
    assert expected - 2 <= outcome.outcomes[code.name] <= expected


_LAW = (
    "PRESCRIBED",
    "TITLE_TWO_COMMITMENT",
    "INVOICE_ALREADY_REQUESTED",
    "DATE_BEFORE_PREDECESSOR",
    "BUDGET_YEAR_CLOSED",
    "ANTICIPATION_LIMIT",
    "SERVICE_REQUIRED",
)


@pytest.mark.parametrize("code", _LAW)
def test_breaches_of_the_rules_of_law_have_their_refusals(
    code: str, decided_year: tuple[YearOutcome, dict[str, Any]]
) -> None:
    outcome, summary = decided_year
    assert outcome.outcomes[code] == summary["faults"][code] > 0


def test_payroll_is_what_the_bill_gives_staff(decided_year: tuple[YearOutcome, dict[str, Any]]) -> None:
    outcome, summary = decided_year
    assert outcome.by_kind["payroll", "ACCEPTED"] == summary["kinds"]["payroll"] > 0
    assert summary["kinds"]["payroll"] % 12 == 0


def test_payroll_is_due_on_its_day(hundred_thousand: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = hundred_thousand
    rows = pq.read_table(folder / "2018-12-MIN-01.parquet", columns=["kind", "date", "due"]).to_pylist()
    assert {row["due"] for row in rows if row["kind"] == "payroll"} == {"2018-12-21"}
    assert {row["due"] for row in rows if row["kind"] != "payroll"} == {""}


def test_openings_state_their_title(hundred_thousand: tuple[Path, dict[str, Any]]) -> None:
    table = pq.read_table(hundred_thousand[0] / "01-budget.parquet")
    rows = table.filter(pa.array([kind.startswith("budget_opening") for kind in table["kind"].to_pylist()]))
    ordinary = {row["commitment_item"] for row in rows.to_pylist() if row["fund"] == "N/A"}
    assert (
        {"T2", "T3", "T4", "T5", "T6", "T7"} <= ordinary <= {"T1", "T2", "T3", "T4", "T5", "T6", "T7", "HT2"}
    )
    staff = Counter[tuple[str, str]]()
    for row in rows.to_pylist():
        if row["commitment_item"] == "T2":
            staff[row["fund_centre"], row["kind"]] += row["amount_cents"]
    assert all(
        staff[centre, "budget_opening_ae"] == staff[centre, "budget_opening_cp"] for centre, _ in staff
    )


def test_invoices_have_a_date(hundred_thousand: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = hundred_thousand
    table = pq.read_table(folder / "2018-05-MIN-01.parquet", columns=["invoice_number", "invoice_date"])
    rows = table.to_pylist()
    assert any(row["invoice_number"] for row in rows)
    assert all(bool(row["invoice_number"]) == bool(row["invoice_date"]) for row in rows)


def test_duplicates_are_recognised(decided_year: tuple[YearOutcome, dict[str, Any]]) -> None:
    outcome, summary = decided_year
    assert outcome.outcomes["DUPLICATE"] == summary["duplicates"] == 48


def test_nearly_all_acts_are_accepted(decided_year: tuple[YearOutcome, dict[str, Any]]) -> None:
    outcome, summary = decided_year
    assert outcome.outcomes["ACCEPTED"] > 0.97 * summary["rows"]


def test_early_acts_are_held_and_mostly_accepted(decided_year: tuple[YearOutcome, dict[str, Any]]) -> None:
    outcome, summary = decided_year
    assert summary["before_their_predecessor"] == 24
    assert outcome.held >= summary["before_their_predecessor"]


def test_credits_run_out_late_in_the_year(decided_year: tuple[YearOutcome, dict[str, Any]]) -> None:
    short = decided_year[0].short_of_credit
    assert short["2018-12"] > 0.9 * short.total() > 20


def test_programmes_end_within_a_few_euros(decided_year: tuple[YearOutcome, dict[str, Any]]) -> None:
    """As the settled accounts show: annulled CP of 0.96 and 1.46 euros."""
    spent = [cp for _, cp in decided_year[0].remaining.values()]
    assert sum(0 < cp < 10_000 for cp in spent) >= 5


def test_estimated_credits_stop_no_act(decided_year: tuple[YearOutcome, dict[str, Any]]) -> None:
    remaining = decided_year[0].remaining
    assert any(remaining[code][1] < 0 for code in ("0114", "0117", "0200", "0201"))
    assert all(
        min(measures) >= 0
        for code, measures in remaining.items()
        if code not in ("0114", "0117", "0200", "0201")
    )


@pytest.mark.parametrize("kind", ["earmark", "budget_move_ae", "commitment_increase", "service_cancellation"])
def test_every_kind_occurs_and_is_accepted(
    kind: str, decided_year: tuple[YearOutcome, dict[str, Any]]
) -> None:
    assert decided_year[0].by_kind[kind, "ACCEPTED"] > 0
