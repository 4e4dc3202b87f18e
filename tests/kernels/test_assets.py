"""Assets: what is charged and taken out is decided as by the plain model; the calendar of the plan is that of Python."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.money import AMOUNT_MAX
from kernels import assets
from tests.act_strategies import DecisionCase, cases, find_chains
from tests.kernels.decision_cases import KernelBook, read_ledger_content
from tests.kernels.execution_modes import run_examples
from tests.oracle.decisions import decide

_EPOCH = date(1970, 1, 1)
_DAYS = st.dates(date(1970, 1, 1), date(2399, 12, 31)) | st.builds(
    date, st.integers(1970, 2399), st.just(2), st.just(28)
)
_count_months = getattr(assets.count_months, "py_func", assets.count_months)
_divide_product = getattr(assets.divide_product, "py_func", assets.divide_product)
"""As they run interpreted: a part of a kernel is called from kernels alone once it is compiled."""
_AMOUNTS = st.integers(0, AMOUNT_MAX) | st.integers(AMOUNT_MAX - 100, AMOUNT_MAX)


@run_examples(150)
@given(cases(chains=find_chains("asset_depreciation")))
def test_an_asset_is_charged_and_taken_out_as_by_the_plain_model(case: DecisionCase) -> None:
    lines = sum(len(batch.lines) for batch in case.batches)
    kernel_book, ledger = KernelBook(case.book, lines), case.book.build_ledger()
    for batch in case.batches:
        assert kernel_book.decide(batch.lines, batch.holding) == decide(batch.lines, ledger, batch.holding)
        assert kernel_book.read_content() == read_ledger_content(ledger)


@run_examples(300)
@given(_DAYS, st.integers(0, 40))
def test_months_are_counted_as_by_the_calendar(day: date, further: int) -> None:
    other = day + timedelta(further)
    months = 12 * (other.year - day.year) + other.month - day.month
    assert _count_months((other - _EPOCH).days) - _count_months((day - _EPOCH).days) == months


def test_a_leap_day_belongs_to_february() -> None:
    days = [(date(2020, 2, 28) - _EPOCH).days + further for further in range(3)]
    february, leap_day, march = map(_count_months, days)
    assert (leap_day, march) == (february, february + 1)


@run_examples(300)
@given(_AMOUNTS, _AMOUNTS, _AMOUNTS)
def test_a_share_of_large_amounts_is_exact(depreciated: int, first: int, second: int) -> None:
    """The product of two amounts is above 64 bits."""
    leaving, net = sorted((first, second))
    numbers = (np.int64(number) for number in (depreciated, leaving, max(net, 1)))
    assert _divide_product(*numbers) == depreciated * leaving // max(net, 1)
