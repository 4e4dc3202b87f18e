"""Compare what a generated year pays with the finance bill: ``python -m bench.year.bill_comparison [--acts N] [--seed N]``.

It draws the year in memory and prints each cell (programme and commitment item) with as many requests as count, or every
cell with ``--all``.  It fails if such a cell differs from its CP in the bill, at the year's scale, by more than two percent.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import NamedTuple

from bench.year import bill_cells, sampling
from bench.year.request_amounts import COUNTED_REQUESTS
from bench.year.sampling import YearSample
from bench.year.spending_mixture import ACTS, CENTS
from bench.year.year_generator import count_payees, load_codes
from core.money import format_euros

DIFFERENCE_PERCENT_MAX = 2
_SENDERS = 5


class ComparedCell(NamedTuple):
    """A cell of the bill and what the year pays in it."""

    programme: str
    item: str
    requests: int
    bill_cents: int
    """The CP of the bill at the year's scale."""
    paid_cents: int

    @property
    def is_large(self) -> bool:
        """Whether the cell has so many requests that it must follow the bill."""
        return self.requests >= COUNTED_REQUESTS

    @property
    def is_off(self) -> bool:
        """Whether the cell must follow the bill and does not."""
        difference = abs(self.paid_cents - self.bill_cents)
        return self.is_large and difference * 100 > self.bill_cents * DIFFERENCE_PERCENT_MAX


def compare_year(seed: int, acts: int) -> list[ComparedCell]:
    """Draw a year and compare its cells with the bill."""
    sample = sampling.draw_year(
        load_codes(), seed=seed, acts=acts, senders=_SENDERS, payees=count_payees(acts)
    )
    return list(compare_sample(sample, CENTS * acts // ACTS))


def compare_sample(sample: YearSample, cents: int) -> Iterator[ComparedCell]:
    """Compare the cells of a drawn year, other than staff, with the bill at the scale of ``cents``."""
    cells, paid = sample.cells, sample.paid_cells
    items, bill = sample.texts.items, bill_cells.split_credits(cells, cents)
    for cell in range(1, len(bill)):
        if not cells.is_staff[cell]:
            yield ComparedCell(
                cells.programmes[cells.programme[cell]],
                items[cells.item[cell]],
                int(paid.requests[cell]),
                int(bill[cell]),
                int(paid.cents[cell]),
            )


def format_comparison(cells: list[ComparedCell], *, is_complete: bool) -> str:
    """Format the cells that count, or all, and a line for the whole."""
    lines = ["programme  item    requests        bill, scaled           generated  difference %"]
    lines += [_format_cell(cell) for cell in cells if is_complete or cell.is_large]
    large_cells = [cell for cell in cells if cell.is_large]
    sums = (
        sum(getattr(cell, name) for cell in large_cells) for name in ("requests", "bill_cents", "paid_cents")
    )
    lines.append(_format_cell(ComparedCell("counted", "", *sums)))
    off = sum(cell.is_off for cell in large_cells)
    lines.append(
        f"{len(large_cells)} of {len(cells)} cells have {COUNTED_REQUESTS:,} requests or more;"
        f" {off} of them differ by more than {DIFFERENCE_PERCENT_MAX} %"
    )
    return "\n".join(lines)


def _format_cell(cell: ComparedCell) -> str:
    basis_points = (cell.paid_cents - cell.bill_cents) * 10_000 // max(1, cell.bill_cents)
    return (
        f"{cell.programme:9}  {cell.item:4}{cell.requests:12,}{format_euros(cell.bill_cents):>20}"
        f"{format_euros(cell.paid_cents):>20}{format_euros(basis_points):>14}"
    )


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.year.bill_comparison")
    parser.add_argument("--acts", type=int, default=ACTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    _arguments = _parse_arguments()
    _cells = compare_year(_arguments.seed, _arguments.acts)
    print(format_comparison(_cells, is_complete=_arguments.all))
    sys.exit(any(cell.is_off for cell in _cells))
