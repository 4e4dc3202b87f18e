"""The finance bill of 2018 as the sample has it, and generated years that follow it."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bench.samples.finance_bill import load_bill, load_special_accounts, sum_programmes
from bench.year.bill_comparison import ComparedCell, compare_year, format_comparison
from bench.year.spending_mixture import ACTS, CENTS
from bench.year.year_generator import Year, generate_year
from core import nomenclature
from core.reference.files import SAMPLE_FOLDER
from tests.bench.year_model import decide_year


def test_the_bill_has_the_sums_of_the_general_budget() -> None:
    bill = load_bill()
    assert sum(line.cp_euros for line in bill) == 440_964_254_983
    assert len({line.programme for line in bill}) == 119
    assert len({(line.programme, line.action) for line in bill}) == 603
    assert len({(line.programme, line.item) for line in bill}) == 655


def test_the_special_accounts_have_the_sums_of_the_bill() -> None:
    lines = load_special_accounts()
    assert sum(line.ae_euros for line in lines) == 204_856_358_699
    assert sum(line.cp_euros for line in lines) == 204_973_828_058
    assert len({line.programme for line in lines}) == 42


def test_programmes_have_the_credits_that_the_bill_gives_them() -> None:
    credits_of_programmes = sum_programmes(load_bill())
    assert credits_of_programmes["0117"] == 41_197_000_000
    assert round(credits_of_programmes["0178"] / 1e7) == 807
    assert credits_of_programmes["0349"] == 0
    assert sum_programmes(load_bill(), "41") == {
        **dict.fromkeys(credits_of_programmes, 0),
        "0117": 40_235_000_000,
    }


def test_every_category_is_a_commitment_item() -> None:
    items = nomenclature.load(SAMPLE_FOLDER / "2018").items
    lines = load_bill() + load_special_accounts()
    assert {line.item for line in lines} <= items.keys()
    assert not any(items[line.item].budget_only for line in lines)


@pytest.mark.parametrize(("seed", "acts"), [(1, 100_000), (2, 300_000)])
def test_cells_of_many_requests_follow_the_bill(seed: int, acts: int) -> None:
    cells = compare_year(seed, acts)
    assert sum(cell.is_large for cell in cells) >= 10
    assert not any(cell.is_off for cell in cells)
    assert sum(cell.paid_cents for cell in cells) == CENTS * acts // ACTS


def test_a_cell_that_leaves_the_bill_is_seen() -> None:
    near, far = (ComparedCell("0177", "64", 1_000, 10_000, cents) for cents in (10_200, 10_201))
    few = far._replace(requests=999)
    assert [cell.is_off for cell in (near, far, few)] == [False, True, False]
    text = format_comparison([near, far, few], is_complete=False)
    assert "2 of 3 cells have 1,000 requests or more; 1 of them differ by more than 2 %" in text
    assert text.count("0177") == 2
    assert format_comparison([near, far, few], is_complete=True).count("0177") == 3


def test_requests_name_actions_and_items_of_the_bill(tmp_path: Path) -> None:
    """Commitments too, but those of staff, which are wrong on purpose."""
    lines = {(f"{line.programme}-{line.action}", line.item) for line in load_bill() if line.cp_euros}
    summary = generate_year(tmp_path, Year(seed=4, acts=5_000))
    for file in summary["files"][2:]:
        columns = ("kind", "functional_area", "commitment_item")
        table = pq.read_table(tmp_path / file["name"], columns=list(columns))
        rows = zip(*(table[name].to_pylist() for name in columns), strict=True)
        committed = {(area, item) for kind, area, item in rows if kind == "commitment" and item[0] != "2"}
        assert committed <= lines


def test_what_the_engine_accepts_follows_the_bill(tmp_path: Path) -> None:
    """The plain-Python engine decides the year: each large cell ends as the generator says."""
    acts = 20_000
    summary = generate_year(tmp_path, Year(seed=6, acts=acts))
    outcome = decide_year(tmp_path, summary)
    cells = compare_year(6, acts)
    large_cells = {(cell.programme, cell.item): cell.bill_cents for cell in cells if cell.is_large}
    assert large_cells
    for cell, cents in large_cells.items():
        assert outcome.requested[cell] == pytest.approx(cents, rel=0.02), cell
    assert sum(outcome.requested.values()) == pytest.approx(CENTS * acts // ACTS, rel=0.01)
