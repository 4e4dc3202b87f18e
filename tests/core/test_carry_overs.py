"""The orders that carry credits over: what a row must state, and what the law does not let it carry."""

from datetime import date
from pathlib import Path

import pytest

from core import carry_overs
from core.carry_over_rows import CarriedMeasure
from core.carry_overs import list_lifted_programmes
from core.errors import ReferenceDataError
from core.nomenclature_years import load_years
from tests.reference_years import copy_reference

HEAD = (
    "order,date,minister,budget_minister,measure,programme,envelope,fund,new_programme,amount,lifting_law\n"
)


def _write(folder: Path, row: str) -> Path:
    reference = copy_reference(folder)
    (reference / "2019" / "carry_overs.csv").write_text(f"{HEAD}{row}\n", encoding="utf-8")
    return reference


def test_an_order_is_read_with_what_it_carries(tmp_path: Path) -> None:
    row = "Arrêté,2019-03-31,Culture,Comptes publics,cp,0217,HT2,N/A,,1250000.50,Loi 2018-1317"
    (order,) = load_years(_write(tmp_path, row), (2018, 2019))[2019].carry_overs
    assert (order.day, order.measure, order.new_programme) == (date(2019, 3, 31), CarriedMeasure.CP, "0217")
    assert (order.cents, list_lifted_programmes((order,))) == (125_000_050, frozenset({"0217"}))


@pytest.mark.parametrize(
    "row",
    [
        "Arrêté,2019-04-01,Culture,Comptes publics,cp,0217,HT2,N/A,,1,",
        "Arrêté,2018-12-31,Culture,Comptes publics,cp,0217,HT2,N/A,,1,",
        "Arrêté,2019-02-01,Culture,Culture,cp,0217,HT2,N/A,,1,",
        ",2019-02-01,Culture,Comptes publics,cp,0217,HT2,N/A,,1,",
        "Arrêté,2019-02-01,Culture,Comptes publics,ae,0217,T2,N/A,,1,",
        "Arrêté,2019-02-01,Culture,Comptes publics,cp,0117,HT2,N/A,,1,",
        "Arrêté,2019-02-01,Culture,Comptes publics,cp,0217,T2,N/A,,1,Loi",
        "Arrêté,2019-02-01,Culture,Comptes publics,ae,0217,HT2,N/A,,1,Loi",
        "Arrêté,2019-02-01,Culture,Comptes publics,cp,0217,HT2,N/A,0177,1,",
        "Arrêté,2019-02-01,Culture,Comptes publics,cp,0217,HT2,N/A,,0,",
        "Arrêté,2019-02-01,Culture,Comptes publics,cp,0217,HT2,N/A,,1.5,",
        "Arrêté,2019-02-01,Culture,Comptes publics,cp,0217,T3,N/A,,1,",
        "Arrêté,2019-02-01,Culture,Comptes publics,cp,9999,HT2,N/A,,1,",
        "Arrêté,2019-02-01,Culture,Comptes publics,credits,0217,HT2,N/A,,1,",
    ],
)
def test_a_row_that_the_law_forbids_is_refused(row: str, tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError) as refused:
        load_years(_write(tmp_path, row), (2018, 2019))
    assert "carry_overs.csv, line 2" in refused.value.place


_ROW = "Arrêté,2019-02-01,Culture,Comptes publics,cp,0217,HT2,N/A,,1,"


@pytest.mark.parametrize("amount", ["1", "2.00"])
def test_a_row_is_not_listed_twice(amount: str, tmp_path: Path) -> None:
    """Another sum on the same credits may be a row that was corrected and not removed."""
    other = _ROW.replace(",,1,", f",,{amount},")
    with pytest.raises(ReferenceDataError, match="listed twice") as refused:
        load_years(_write(tmp_path, f"{_ROW}\n{other}"), (2018, 2019))
    assert refused.value.place.endswith("carry_overs.csv, line 3")


def test_one_order_carries_several_sums(tmp_path: Path) -> None:
    rows = [_ROW, _ROW.replace("HT2", "T2"), _ROW.replace(",cp,", ",ae,"), _ROW.replace("Arrêté", "Arrêté 2")]
    orders = load_years(_write(tmp_path, "\n".join(rows)), (2018, 2019))[2019].carry_overs
    assert [(order.envelope, order.measure) for order in orders] == [
        ("HT2", "cp"),
        ("T2", "cp"),
        ("HT2", "ae"),
        ("HT2", "cp"),
    ]


def test_a_file_ends_at_the_row_that_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows behind it are not read."""
    monkeypatch.setattr(carry_overs, "ROWS_MAX", 1)
    with pytest.raises(ReferenceDataError, match="more than 1 rows") as refused:
        load_years(_write(tmp_path, f"{_ROW}\n{_ROW.replace('HT2', 'T2')}\nmalformed"), (2018, 2019))
    assert refused.value.place.endswith("carry_overs.csv, line 3")
