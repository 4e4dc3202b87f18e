"""Late interest: exact to the cent, by the rate of the half-year in which it begins to run; and the errors of the file."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import chart, nomenclature_years
from core.contracts import AccountContract, Contract, find_account_contract
from core.effective_dates import build_constant
from core.errors import ReferenceDataError
from core.late_interest import RATE_UNITS, check_accounts, check_items, load, to_half_years
from core.money import AMOUNT_MAX
from core.reference.files import SAMPLE_FOLDER

TEXT = (SAMPLE_FOLDER / "late_interest.toml").read_text()


def to_day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def compute_cents(amount: int, late: int, since: str) -> int:
    columns = np.array([amount], np.int64), np.array([late], np.int32), np.array([to_day(since)], np.int32)
    return int(load().compute_interest(*columns)[0])


@pytest.mark.parametrize(
    ("amount", "late", "since", "expected"),
    [
        (100_000, 365, "2018-03-01", 8_000),  # 8 %
        (100_000, 15, "2018-03-01", 329),  # 3.2877
        (100_000, 15, "2016-06-30", 331),  # 8.05 %: 3.3082
        (100_000, 15, "2016-07-01", 329),
        (100_000, 10, "2024-01-01", 342),  # 12.50 %
        (0, 15, "2018-03-01", 0),
        (228, 1, "2018-03-01", 0),  # 0.04997
        (2_281_25, 1, "2018-03-01", 50),  # 0.50 exactly: 228125 * 800 / 3650000 = 50
    ],
)
def test_interest_by_example(amount: int, late: int, since: str, expected: int) -> None:
    assert compute_cents(amount, late, since) == expected


@given(st.integers(0, AMOUNT_MAX), st.integers(0, 3650), st.sampled_from(("2018-01-01", "2024-12-31")))
def test_interest_is_as_exact_as_fractions(amount: int, late: int, since: str) -> None:
    rate = 800 if since < "2020" else 1225
    exact = Fraction(amount * rate * late, RATE_UNITS * 365)
    assert compute_cents(amount, late, since) == int(exact + Fraction(1, 2))


def test_days_become_half_years() -> None:
    days = np.array([to_day("2018-06-30"), to_day("2018-07-01"), to_day("1970-01-01")], np.int32)
    assert to_half_years(days).tolist() == [4036, 4037, 3940]


def test_the_error_names_a_half_year_without_a_rate() -> None:
    with pytest.raises(ReferenceDataError, match='no rate for "2031-1"'):
        compute_cents(100, 1, "2031-02-01")


def test_the_first_day_of_interest_decides_its_rules(tmp_path: Path) -> None:
    text = TEXT.replace('points = "8.00"', 'points = { "2013-03-16" = "8.00", "2018-03-01" = "9.00" }')
    text = text.replace("days_a_year = 365", 'days_a_year = { "2013-03-16" = 365, "2018-03-01" = 360 }')
    (tmp_path / "late_interest.toml").write_text(text)
    since = np.array([to_day("2018-02-28"), to_day("2018-03-01")], np.int32)
    interest = load(tmp_path).compute_interest(
        np.array([100_000] * 2, np.int64), np.array([73, 72], np.int32), since
    )
    assert interest.tolist() == [1_600, 1_800]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("compensation_euros = 40", "compensation_euros = -1", "compensation_euros is -1"),
        ("days_a_year = 365", "days_a_year = 36", "days_a_year is 36"),
        ("payment_days = 45", "payment_days = 367", "payment_days is 367"),
        ("receivable_days = 0", "receivable_days = -1", "receivable_days is -1"),
        ('points = "8.00"', "points = 8.0", "points is 8.0"),
        ('"2018-1" = "0.00"', '"2018-3" = "0.00"', "'2018-3' is not a half-year"),
        ('"2018-1" = "0.00"', '"2018-1" = "nothing"', "2018-1 is 'nothing'"),
        ('points = "8.00"', 'points = { "2018-01-01" = 8 }', "points is 8"),
        ("days_a_year = 365", 'days_a_year = { "2018-02-31" = 365 }', "'2018-02-31' is not a day"),
        ("[refinancing]", "[rates]", "refinancing is None"),
        ('expense = "6137"', 'expense = "61x"', "accounts, expense '61x': the row is"),
        ('expense = "6137"', 'expense = "61370000000"', "accounts, expense '61370000000': the row is"),
        ('creditor = "4211110000"', 'creditor = "421111000"', r"creditor \(10 digits\)"),
        ('expense = "6137"', 'expenses = "6137"', "accounts, expense '': the row is"),
        ('expense = "6137"', 'expense = "6222"', "expense '6222', creditor '' is listed twice"),
        (
            'expense = "6137"\ncontract = "none"',
            'expense = "6137"\ncontract = "lease"',
            "expense '6137' is 'lease'",
        ),
        ('expense = "6137"\ncontract = "none"', 'expense = "6137"', "expense '6137' is None"),
        ('source = "chart 6222000000: indemnities and damages"', "", "expense '6222' has no source"),
        ("[[accounts]]", "[[contracts.accounts]]", "contracts, 'accounts' is"),
    ],
)
def test_an_invalid_file_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    (tmp_path / "late_interest.toml").write_text(TEXT.replace(old, new))
    with pytest.raises(ReferenceDataError, match=message):
        load(tmp_path)


def load_accounts() -> frozenset[str]:
    """Return the accounts of the sample of 2018."""
    years = nomenclature_years.load_years(SAMPLE_FOLDER, (2018,))
    return chart.list_accounts([chart.load(SAMPLE_FOLDER / "2018", years[2018])])


def test_the_rows_of_the_sample_name_accounts_of_its_chart() -> None:
    check_accounts(load(), load_accounts())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'expense = "6137"',
            'expense = "6139"',
            r"late_interest\.toml: accounts, expense '6139': no account in accounts\.csv of any year begins with these digits",
        ),
        (
            'creditor = "4211110000"',
            'creditor = "4211110009"',
            r"accounts, expense '61531': creditor is '4211110009', which is not in accounts\.csv of any year",
        ),
    ],
)
def test_a_row_that_names_no_account_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    """It would decide nothing."""
    (tmp_path / "late_interest.toml").write_text(TEXT.replace(old, new))
    with pytest.raises(ReferenceDataError, match=message):
        check_accounts(load(tmp_path), load_accounts())


def test_the_row_of_most_digits_counts_then_the_one_that_names_the_creditor() -> None:
    rows = [
        AccountContract(expense, creditor, build_constant(Contract.NONE))
        for expense, creditor in (("61", "42"), ("615", ""), ("6154", ""), ("6154", "42"))
    ]
    expected = {
        ("6154", "42"): 3, ("6154", "40"): 2, ("6155", "42"): 1, ("6188", "42"): 0, ("6188", "40"): None,
    }  # fmt: skip
    for (expense, creditor), place in expected.items():
        row = find_account_contract(rows, expense, creditor)
        assert row is (None if place is None else rows[place])


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            '"39"',
            r'late_interest\.toml: item is "39" in 2018, and items\.csv of 2018 has no such item of title 3',
        ),
        ('{ "2018-01-01" = "31", "2019-12-31" = "38" }', r'item is "38" in 2019, and items\.csv of 2019'),
    ],
)
def test_an_item_that_a_year_does_not_have_is_refused(tmp_path: Path, item: str, message: str) -> None:
    (tmp_path / "late_interest.toml").write_text(TEXT.replace('item = "31"', f"item = {item}"))
    years = nomenclature_years.load_years(SAMPLE_FOLDER, (2018, 2019))
    with pytest.raises(ReferenceDataError, match=message):
        check_items(load(tmp_path), years)


def test_an_item_may_change_after_the_years_that_lack_it(tmp_path: Path) -> None:
    item = '{ "2018-01-01" = "31", "2020-01-01" = "38" }'
    (tmp_path / "late_interest.toml").write_text(TEXT.replace('item = "31"', f"item = {item}"))
    check_items(load(tmp_path), nomenclature_years.load_years(SAMPLE_FOLDER, (2018, 2019)))
