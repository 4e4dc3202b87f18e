"""What C07 does with AE of an operation: orders, also of more than it has, void earmarks, and operations that end."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from closing.carry_over_acts import OrderKey, UnusedWork, UnusedYear
from closing.earmark_acts import compute_earmarks, is_void
from closing.unused_credits import CreditPlace, Credits, Sheet, UnusedCredits
from core.carry_over_rows import CarriedMeasure
from core.kind_rules import Measure
from core.nomenclature import FundFamily, Nomenclature
from core.nomenclature_years import load_years
from tests.closing.test_carry_overs import HEAD, ORDER
from tests.reference_years import copy_reference

OPERATION = "OP-0217-000001"
SHEET = Sheet(is_staff=False, family=FundFamily.ORDINARY)
KEY = OrderKey(CarriedMeasure.EARMARKED_AE, "0217", SHEET, "0217")
FEBRUARY, APRIL = date(2019, 2, 20), date(2019, 4, 1)
_OTHER = ORDER.replace("15", "18")


def _load(folder: Path, *rows: str) -> tuple[Nomenclature, Nomenclature]:
    reference = copy_reference(folder)
    path = reference / "2019" / "carry_overs.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    years = load_years(reference, (2018, 2019))
    return years[2018], years[2019]


def _compute(
    years: tuple[Nomenclature, Nomenclature],
    day: date = FEBRUARY,
    *,
    sheet: Sheet = SHEET,
    last_use: date = date(2018, 6, 1),
    carried: Mapping[OrderKey, int] | None = None,
) -> UnusedWork:
    """Compute the step of a year in which 120.00 are left of an earmark of 200.00."""
    figures = {(Measure.AE, CreditPlace(OPERATION, sheet)): Credits(opened=200_00, consumed=80_00)}
    unused = UnusedCredits(years[0], figures)
    return compute_earmarks(UnusedYear(unused, years[1], carried or {}, 0, 9, {OPERATION: last_use}), day)


def _list_lines(work: UnusedWork) -> list[tuple[str, int]]:
    return [(line.kind, line.cents) for act in work.acts for line in act.lines]


def test_orders_that_name_more_than_is_left_are_blocked(tmp_path: Path) -> None:
    """Two orders of 150.00 for 120.00: what is left is carried, and the rest is named, on each later day too."""
    rows = (f"{ORDER},earmarked_ae,0217,HT2,N/A,,100,", f"{_OTHER},earmarked_ae,0217,HT2,N/A,,50,")
    years = _load(tmp_path, *rows)
    for day in (FEBRUARY, APRIL):
        work = _compute(years, day)
        assert _list_lines(work) == [("carryover_out_ae", 120_00), ("carryover_in_ae", 120_00)]
        (short,) = work.blocked
        assert (short.kind, short.lines, short.cents) == ("carryover_out_ae", 1, 30_00)
        names = "Arrêté du 15 février 2019, Arrêté du 18 février 2019"
        assert short.obstacle.startswith(f"{names} names more than the operations of 0217 have left: correct")


def test_an_order_is_short_of_what_was_not_carried_alone(tmp_path: Path) -> None:
    years = _load(tmp_path, f"{ORDER},earmarked_ae,0217,HT2,N/A,,150,")
    work = _compute(years, carried={KEY: 30_00})
    assert _list_lines(work) == [("carryover_out_ae", 120_00), ("carryover_in_ae", 120_00)]
    assert work.blocked == []


@pytest.mark.parametrize(
    ("family", "kind"),
    [(FundFamily.ORDINARY, "unused_cancellation_ae"), (FundFamily.CONTRIBUTION, "unused_earmark_release")],
)
def test_a_void_earmark_is_annulled_or_released_whatever_an_order_names(
    tmp_path: Path, family: FundFamily, kind: str
) -> None:
    years = _load(tmp_path, f"{ORDER},earmarked_ae,0217,HT2,N/A,,50,")
    work = _compute(years, sheet=SHEET._replace(family=family), last_use=date(2016, 12, 31))
    assert _list_lines(work) == [(kind, 120_00)]
    assert [row.cents for row in work.blocked] == [50_00]


@pytest.mark.parametrize(
    ("last", "expected"),
    [(date(2015, 12, 31), True), (date(2016, 12, 31), True), (date(2017, 1, 1), False), (None, False)],
)
def test_an_earmark_is_void_after_two_years_without_a_commitment(last: date | None, expected: bool) -> None:
    assert is_void(last, 2018) is expected


@pytest.mark.parametrize("day", [FEBRUARY, APRIL])
def test_an_operation_that_the_next_year_does_not_have_waits(tmp_path: Path, day: date) -> None:
    """Nothing of it is released after March either, as an order names it; the order is not short of it."""
    before, after = _load(tmp_path, f"{ORDER},earmarked_ae,0217,HT2,N/A,,50,")
    centres = {code: centre for code, centre in after.centres.items() if code != OPERATION}
    work = _compute((before, dataclasses.replace(after, centres=centres)), day)
    assert work.acts == []
    assert [(row.lines, row.cents, row.obstacle) for row in work.blocked] == [
        (
            1,
            120_00,
            f"2019 has no operation {OPERATION}, or its unit differs: add it, and execute the step again",
        )
    ]
