"""Carried commitments and services compared with the plain model: decided, undone, and read again from the journal."""

from hypothesis import given
from hypothesis import strategies as st

from core.catalog import CATALOG, KIND_NUMBERS, ActKind, Family
from core.nomenclature import CentreLevel
from core.tables.columns import allocate_records, seal_array
from core.tables.journal import Decisions
from kernels import decisions as decision_kernel
from kernels import rollback
from tests.act_strategies import CARRY_DAY, add_content, build_key
from tests.book_strategies import AE, CP, OPENED_CREDITS, USUAL_DAY, StartingBook, books
from tests.kernels.decision_cases import KernelBook, list_followed, read_ledger_content, to_records
from tests.kernels.execution_modes import run_examples
from tests.kernels.test_replay import build_journal, replay_journal
from tests.oracle.decisions import decide
from tests.oracle.ledger import Ledger
from tests.oracle.lines import Line
from tests.oracle.model import NONE, OpenItem

_STEPS = 14
_PAYEE = (1 << 50, 7)
_OF_OLD_YEAR = ("service", "payment_request", "payment_request_without_service", "commitment_increase")
_KINDS = (
    *_OF_OLD_YEAR,
    *("commitment_carry", "commitment_carry", "service_carry", "service_carry", "request_carry"),
    *("service_cancellation", "payment_request_rejection", "prior_withdrawal", "commitment_decrease"),
    *("commitment_reversal", "commitment_change_reversal", "commitment"),
)


def _find_twins(book: StartingBook) -> tuple[int, int] | None:
    """Return an assignment of the first year and one of the second to which it may go on, neither of an operation.

    That is one of another programme where an order names it.
    """
    cells, nodes = book.world.cells, book.world.nodes
    plain = [
        at
        for at, cell in cells.items()
        if cell.operation_node == NONE
        and nodes[cell.own_node].level is CentreLevel.UO
        and not nodes[cell.centre_node].staff
        and not nodes[cell.centre_node].family
    ]
    pairs = [
        (first, second)
        for first in plain
        for second in plain
        if not cells[first].year
        and cells[second].year
        and book.world.follows(cells[second], cells[first])
        and cells[second].accountant == cells[first].accountant
    ]
    return max(pairs, key=lambda pair: cells[pair[0]].programme != cells[pair[1]].programme, default=None)


@st.composite
def _rich_books(draw: st.DrawFn) -> StartingBook:
    book = draw(books().filter(lambda book: _find_twins(book) is not None))
    figures = {(node, measure + OPENED_CREDITS): 10_000 for node in book.world.nodes for measure in (AE, CP)}
    return book._replace(figures=figures)


@st.composite
def _lines(draw: st.DrawFn, ledger: Ledger, twins: tuple[int, int], at: int) -> Line:
    """Draw a line that mostly follows an entry of its family, with an amount that is mostly left of it."""
    kind = CATALOG[KIND_NUMBERS["commitment" if at == 0 else draw(st.sampled_from(_KINDS))]]
    items = ledger.state.items
    line = Line(0, KIND_NUMBERS[kind.name], 60, 3, build_key(kind, at), 0, day=USUAL_DAY, nature=True)
    if kind.pays:
        line = line._replace(payee=_PAYEE)
    if kind.follows is Family.NONE:
        return line._replace(cell=twins[0])
    entry = draw(st.sampled_from(list_followed(kind, items) or sorted(items)))
    line = line._replace(
        previous_entry=entry, amount=draw(st.sampled_from(_list_amounts(ledger, kind, items[entry])))
    )
    if kind.carries:
        return line._replace(
            day=CARRY_DAY, cell=draw(st.sampled_from((twins[1], twins[1], twins[1], twins[0])))
        )
    is_late = CATALOG[items[entry].kind].carries or any(item.carried_to for item in items.values())
    return line._replace(day=CARRY_DAY if is_late else USUAL_DAY)


def _list_amounts(ledger: Ledger, kind: ActKind, item: OpenItem) -> list[int]:
    """Return amounts that may be left, and others; only what may be zero is drawn as zero."""
    commitment = ledger.state.items.get(item.parent, item)
    amounts = [item.open, item.open, commitment.unbilled, 10, 20, 40]
    return [amount for amount in amounts if amount or kind.may_be_zero]


def _undo(kernel_book: KernelBook, line: Line) -> None:
    acts, decisions = to_records([line]), allocate_records(Decisions, 1)
    decision_kernel.decide(acts, kernel_book.tables, decisions, False)
    rollback.undo_decisions(acts, kernel_book.tables, seal_array(decisions))


@run_examples(150)
@given(_rich_books(), st.data())
def test_what_follows_a_carry_is_decided_as_by_the_plain_model(
    book: StartingBook, data: st.DataObject
) -> None:
    """Each line is decided and undone before it counts; the journal of them all restores the items."""
    twins = _find_twins(book)
    assert twins
    kernel_book, ledger = KernelBook(book, 2 * _STEPS + 2), book.build_ledger()
    third_party = Line(0, KIND_NUMBERS["third_party"], 0, 3, (1, 1), 0, payee=_PAYEE, day=USUAL_DAY)
    lines, decisions = [third_party], kernel_book.decide([third_party], False)
    assert decisions == decide([third_party], ledger, holding=False)
    for at in range(_STEPS):
        (line,) = add_content([data.draw(_lines(ledger, twins, at))])
        before = kernel_book.tables.items[: len(ledger.state.items) + 1].tobytes()
        _undo(kernel_book, line)
        assert kernel_book.tables.items[: len(ledger.state.items) + 1].tobytes() == before
        assert kernel_book.read_content() == read_ledger_content(ledger)
        lines.append(line)
        decisions += kernel_book.decide([line], False)
        assert decisions[-1:] == decide([line], ledger, holding=False)
        assert kernel_book.read_content() == read_ledger_content(ledger)
    twin = KernelBook(book, 2 * _STEPS + 2)
    replay_journal(build_journal(lines, decisions), twin)
    assert twin.read_content().items == kernel_book.read_content().items
