"""What requests of the year before reserve, by the kernel and by the plain model, beside freezes and earmarks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.catalog import CATALOG, KIND_NUMBERS, Family
from core.nomenclature import CentreLevel
from core.tables.book import Book
from core.tables.columns import allocate_records, seal_array
from core.tables.journal import Decisions
from kernels import decisions as decision_kernel
from kernels import rollback
from posting.book.budget_nodes import add_up_earmarks
from tests.act_strategies import CARRY_DAY, add_content, build_key
from tests.book_strategies import YEARS, StartingBook, books
from tests.kernels.decision_cases import KernelBook, list_followed, read_ledger_content, to_records
from tests.kernels.execution_modes import run_examples
from tests.oracle.decisions import decide
from tests.oracle.ledger import Ledger
from tests.oracle.lines import Line
from tests.oracle.model import AE, CP, NONE, OPENED_CREDITS

_STEPS = 16
_PAYEE = (1 << 50, 7)
_OPENED_CENTS = 200
_LAST_DAY = YEARS[0].last_day
_DAYS = (_LAST_DAY - 60, _LAST_DAY, _LAST_DAY + 1, CARRY_DAY, CARRY_DAY)
_CREDIT_KINDS = (
    *("credit_return_ae", "credit_return_cp", "cancellation_ae", "cancellation_cp", "budget_move_ae"),
    *("budget_move_cp", "freeze_ae", "freeze_cp", "unfreeze_cp", "earmark", "earmark_decrease"),
)
_KINDS = (
    *("direct_payment_request", "direct_payment_request", "direct_payment_request", "payroll", "commitment"),
    *("payment_request_without_service", "payment_request_rejection", "payment", "request_carry"),
    *("commitment_decrease", "commitment_reversal", *_CREDIT_KINDS),
)


def _list_places(book: StartingBook, year: int) -> list[int]:
    """Return the assignments of a year on ordinary credits of the other titles."""
    nodes = book.world.nodes
    sheets = {at: nodes[cell.own_node] for at, cell in book.world.cells.items()}
    return [at for at, node in sheets.items() if node.year == year and not node.staff and not node.family]


@st.composite
def _narrow_books(draw: st.DrawFn) -> StartingBook:
    """Draw a book with the same small credits at each fund centre of both years, and nothing earmarked."""
    book = draw(books().filter(lambda book: _list_places(book, 1)))
    centres = (at for at, node in book.world.nodes.items() if node.level is not CentreLevel.OPERATION)
    figures = {(at, measure + OPENED_CREDITS): _OPENED_CENTS for at in centres for measure in (AE, CP)}
    return book._replace(figures=figures)


@st.composite
def _lines(draw: st.DrawFn, book: StartingBook, ledger: Ledger, at: int) -> Line:
    kind = CATALOG[KIND_NUMBERS["direct_payment_request" if at == 0 else draw(st.sampled_from(_KINDS))]]
    year, items = 0 if at == 0 else draw(st.sampled_from((0, 1, 1))), ledger.state.items
    amount = draw(st.sampled_from((40, 100, 101, 120, _OPENED_CENTS)))
    line = Line(0, KIND_NUMBERS[kind.name], amount, 3, build_key(kind, at), 0, nature=True)
    line = line._replace(day=draw(st.sampled_from(_DAYS[:2] if year == 0 else _DAYS)))
    if kind.pays:
        line = line._replace(payee=_PAYEE)
    cell = draw(st.sampled_from(_list_places(book, year)))
    if kind.name.startswith("budget_move"):
        line = line._replace(
            source=book.world.cells[draw(st.sampled_from(_list_places(book, year)))].own_node
        )
    if kind.follows is Family.NONE:
        return line._replace(cell=cell)
    entry = draw(st.sampled_from(list_followed(kind, items) or sorted(items)))
    line = line._replace(previous_entry=entry, cell=cell if kind.carries else NONE)
    return line._replace(
        amount=draw(st.sampled_from((items[entry].open or 1, items[entry].open or 1, 40))),
        day=CARRY_DAY if kind.carries else max(line.day, items[entry].day),
    )


def _undo(kernel_book: KernelBook, line: Line) -> None:
    acts, decisions = to_records([line]), allocate_records(Decisions, 1)
    decision_kernel.decide(acts, kernel_book.tables, decisions, False)
    rollback.undo_decisions(acts, kernel_book.tables, seal_array(decisions))


def _require_earmarks(tables: Book) -> None:
    """Require that what the kernel counts of earmarks is what a book that is loaded adds up."""
    counted = tables.frozen["earmarked"].copy()
    tables.frozen["earmarked"] = 0
    add_up_earmarks(tables)
    assert np.array_equal(tables.frozen["earmarked"], counted)


@run_examples(100)
@given(_narrow_books(), st.data())
def test_credits_of_a_year_are_taken_as_by_the_plain_model(book: StartingBook, data: st.DataObject) -> None:
    """Each line is decided and undone before it counts."""
    kernel_book, ledger = KernelBook(book, 2 * _STEPS + 2), book.build_ledger()
    third_party = Line(0, KIND_NUMBERS["third_party"], 0, 3, (1, 1), 0, payee=_PAYEE, day=_DAYS[0])
    assert kernel_book.decide([third_party], False) == decide([third_party], ledger, holding=False)
    for at in range(_STEPS):
        (line,) = add_content([data.draw(_lines(book, ledger, at))])
        _undo(kernel_book, line)
        assert kernel_book.read_content() == read_ledger_content(ledger)
        assert kernel_book.decide([line], False) == decide([line], ledger, holding=False)
        assert kernel_book.read_content() == read_ledger_content(ledger)
    _require_earmarks(kernel_book.tables)
