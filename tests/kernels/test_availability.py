"""Amounts drawn on account assignments while every level of the budget has credits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.money import AMOUNT_MAX
from core.tables.columns import allocate_zeros, seal
from core.tables.journal import Draws, Numbers
from kernels import draws as kernel
from tests.book_strategies import StartingBook, books
from tests.kernels.decision_cases import KernelBook
from tests.kernels.execution_modes import run_examples
from tests.oracle import availability as oracle
from tests.oracle.model import FIGURES

_amounts = st.integers(1, 900) | st.sampled_from((1, 10, 300, AMOUNT_MAX))


@st.composite
def _draw_case(draw: st.DrawFn) -> tuple[StartingBook, list[tuple[int, int]]]:
    """Draw a budget, and (assignment, cents) of each amount."""
    book = draw(books())
    return book, draw(st.lists(st.tuples(st.sampled_from(sorted(book.world.cells)), _amounts), max_size=20))


@run_examples(150)
@given(_draw_case())
def test_amounts_are_drawn_while_every_level_has_credits(
    case: tuple[StartingBook, list[tuple[int, int]]],
) -> None:
    book, draws = case
    figures = {(node, figure): cents for (node, figure), cents in book.figures.items() if figure < FIGURES}
    tables = KernelBook(book, 0).tables
    cells, amounts = (np.array([draw[column] for draw in draws], np.int64) for column in range(2))
    requested, short = Draws(cells.astype(np.int32), amounts), allocate_zeros(Numbers, len(draws))
    tree = kernel.BudgetTree(tables.nodes, tables.figures, tables.frozen)
    kernel.draw_amounts(seal(requested), tables.cells, tree, short)
    centres = [(book.world.cells[cell].centre_node, amount) for cell, amount in draws]
    assert short.number.tolist() == oracle.draw_amounts(book.world.nodes, figures, centres)
    assert {(node, figure): int(tables.figures[node, figure]) for node, figure in figures} == figures
    assert int(np.abs(tables.figures).sum()) == sum(map(abs, figures.values()))
