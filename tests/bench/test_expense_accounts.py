"""The accounts that the acts of a year state, and the AE of its commitments."""

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.year import expense_accounts, sampling
from bench.year.line_arrays import LineArrays
from bench.year.sampling import YearSample
from bench.year.spending_mixture import CLASSES
from bench.year.spending_units import Codes
from bench.year.year_generator import Year, count_payees, generate_year, load_codes
from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from core.reference.files import read_rows

ACTS = 20_000
STATES_OTHERS = (Outcome.ACCOUNT_UNKNOWN, Outcome.FIELD_INVALID, Outcome.ACCOUNT_MISMATCH)
"""Faults that put a wrong account in the place of the right one."""


@pytest.fixture(scope="module")
def codes() -> Codes:
    return load_codes()


@pytest.fixture(scope="module")
def sample(codes: Codes) -> YearSample:
    return sampling.draw_year(codes, seed=4, acts=ACTS, senders=1, payees=count_payees(ACTS))


def list_lines(sample: YearSample, kind: str) -> list[LineArrays]:
    """List the lines of a kind, month by month."""
    months = [sampling.build_lines(sample, month) for month in range(12)]
    return [
        LineArrays._make(column[lines.kind == KIND_NUMBERS[kind]] for column in lines) for lines in months
    ]


def test_every_account_is_one_that_its_item_admits(codes: Codes) -> None:
    path = Path(expense_accounts.__file__).with_suffix(".csv")
    for row in read_rows(path, ("places", "item", "classes", "account", "weight")):
        assert codes.chart.is_admitted(row.cells["item"], row.cells["account"]), row


def test_every_item_of_a_class_has_accounts(codes: Codes) -> None:
    accounts = expense_accounts.load_accounts(codes)
    for number, spending in enumerate(CLASSES):
        for item, _ in spending.items:
            assert accounts.group[2 * number, 1:, codes.items.index(item)].all(), (spending.name, item)


def test_a_longer_place_counts_before_a_shorter_one(codes: Codes) -> None:
    """VAT is given back by action 11 of programme 0200, relief of income tax granted by action 13."""
    accounts = expense_accounts.load_accounts(codes)

    def list_accounts(area: str, item: str) -> set[str]:
        shares = accounts.find_shares(codes.areas.index(area), codes.items.index(item))
        return {codes.accounts[number] for number in shares.accounts}

    assert list_accounts("0200-11", "62") == {"7791124000", "7791122000"}
    assert list_accounts("0200-13", "61") == {"7791221000", "7791225100", "7791228100"}
    assert list_accounts("0201-01", "62") == {"6537800000"}
    assert "6521400000" in list_accounts("0134-03", "62")


@pytest.mark.parametrize(
    "kind", ["service", "direct_payment_request", "payment_request_without_service", "payroll"]
)
def test_what_charges_an_account_states_it(kind: str, sample: YearSample, codes: Codes) -> None:
    for lines in list_lines(sample, kind):
        sound = ~np.isin(lines.fault, STATES_OTHERS)
        assert lines.account[sound].all()


def test_a_request_of_certified_service_states_none(sample: YearSample) -> None:
    for lines in list_lines(sample, "payment_request"):
        assert not lines.account[~np.isin(lines.fault, STATES_OTHERS)].any()


def test_small_purchases_are_spread_over_natures(sample: YearSample, codes: Codes) -> None:
    counts = Counter[str]()
    for lines in list_lines(sample, "service"):
        counts.update(codes.accounts[number] for number in lines.account)
    assert len(counts) > 30
    assert counts["6188000000"] < 0.1 * counts.total()


def test_pay_adds_up_over_its_accounts(tmp_path: Path) -> None:
    """Each act of payroll has lines numbered from 1, and pensions are apart."""
    generate_year(tmp_path, Year(seed=4, acts=5_000, senders=1))
    rows = pq.read_table(tmp_path / "2018-03-MIN-01.parquet").to_pylist()
    acts: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        if row["kind"] == "payroll":
            acts[row["reference"]].append(row)
    assert acts
    for lines in acts.values():
        assert [line["line"] for line in lines] == list(range(1, len(lines) + 1))
    pensions = sum(
        line["amount_cents"] for lines in acts.values() for line in lines if line["account"][:5] == "64521"
    )
    contributions = sum(
        line["amount_cents"] for lines in acts.values() for line in lines if line["commitment_item"] == "22"
    )
    assert 0.6 < pensions / contributions < 0.9


def test_ae_follow_the_bill(sample: YearSample) -> None:
    """What a programme engages beyond what it pays is the AE of the bill beyond its CP, where it has more."""
    spending, cells = sample.spending, sample.cells
    programme = spending.units.bill[spending.commitments.unit]
    spare = np.bincount(programme, spending.commitments.spare, len(cells.programmes))
    is_paid = spending.requests.fault == 0
    paid = np.bincount(
        spending.units.bill[spending.requests.unit[is_paid]],
        spending.requests.amount[is_paid],
        len(cells.programmes),
    )
    forces = cells.programmes.index("0146")
    assert cells.ahead[forces] == pytest.approx(13_661 / 10_243 - 1, abs=0.001)
    assert spare[forces] / paid[forces] == pytest.approx(cells.ahead[forces], rel=0.01)
    work = cells.programmes.index("0102")
    assert cells.ahead[work] == 0
    assert 0 < spare[work] < 0.02 * paid[work]


def test_a_move_that_must_be_refused_leaves_the_right_one_as_it_is(sample: YearSample) -> None:
    moves = sample.budget.redeployment
    wrong = moves.fault > 0
    assert wrong.any()
    assert len(set(moves.number)) == len(moves.number)
    assert moves.amount[~wrong].max() < moves.amount[wrong].max()
