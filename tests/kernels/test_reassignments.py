"""Reassignments of paid expenses compared with the plain model: decided, undone, and read again from the journal."""

from hypothesis import given
from hypothesis import strategies as st

from core.catalog import CATALOG, KIND_NUMBERS, Family
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from core.tables.columns import allocate_records, seal_array
from core.tables.journal import Decisions
from kernels import decisions as decision_kernel
from kernels import rollback
from tests.act_strategies import OTHER_ACCOUNT, add_content, build_key
from tests.book_strategies import AE, CP, OPENED_CREDITS, USUAL_DAY, StartingBook, books
from tests.kernels.decision_cases import KernelBook, list_followed, read_ledger_content, to_records
from tests.kernels.execution_modes import run_examples
from tests.kernels.test_replay import build_journal, replay_journal
from tests.oracle.decisions import decide
from tests.oracle.ledger import Ledger
from tests.oracle.lines import Line

_STEPS = 12
_LINES_MAX = 4
_PAYEE = (1 << 50, 7)
_SETTLEMENTS = ("payment", "bank_debit", "bank_return", "return_identified", "reissue", "bank_debit")
_KINDS = ("direct_payment_request", *_SETTLEMENTS, "payment", *("reassignment_origin",) * 6, "attachment")
_BEGINNING = ("direct_payment_request", "payment", "bank_debit")
_PAID_ON_COMMITMENT = ("commitment", "payment_request_without_service", "payment", "bank_debit")


def _list_places(book: StartingBook) -> list[int]:
    """Return the assignments of spending in the first year."""
    nodes, cells = book.world.nodes, book.world.cells
    levels = (CentreLevel.UO, CentreLevel.OPERATION)
    return [at for at, cell in cells.items() if not cell.year and nodes[cell.own_node].level in levels]


@st.composite
def _rich_books(draw: st.DrawFn) -> StartingBook:
    """Draw a book of which most nodes have credits for some requests, and where spending has a place."""
    book = draw(books().filter(lambda book: bool(_list_places(book))))
    cents = draw(st.sampled_from((150, 10_000, 10_000)))
    return book._replace(
        figures={(node, at + OPENED_CREDITS): cents for node in book.world.nodes for at in (AE, CP)}
    )


@st.composite
def _acts(
    draw: st.DrawFn, book: StartingBook, ledger: Ledger, place: int, step: tuple[int, str]
) -> list[Line]:
    """Draw an act that mostly follows an entry of its stage, and of a reassignment the lines that bring its amount."""
    at, name = step
    kind, items = CATALOG[KIND_NUMBERS[name]], ledger.state.items
    line = Line(0, KIND_NUMBERS[name], 60, 3, build_key(kind, at), 0, day=USUAL_DAY, nature=True)
    if kind.pays:
        line = line._replace(payee=_PAYEE)
    if kind.follows is Family.NONE:
        return [line._replace(cell=place)]
    entry = draw(st.sampled_from(list_followed(kind, items) or sorted(items)))
    amounts = [items[entry].open or 60] * 4 + [20, 40]
    line = line._replace(previous_entry=entry, amount=draw(st.sampled_from(amounts)))
    if name != "reassignment_origin":
        return [line]
    return [line, *draw(_targets(book, place, line))]


@st.composite
def _targets(draw: st.DrawFn, book: StartingBook, place: int, origin: Line) -> list[Line]:
    """Draw one or two lines that mostly bring the whole amount, to places of which most have one accountant."""
    cells = book.world.cells
    near = [at for at in _list_places(book) if cells[at].accountant == cells[place].accountant]
    places = st.sampled_from([*near * 8, *_list_places(book)])
    target = origin._replace(kind=KIND_NUMBERS["reassignment_target"], previous_entry=0, previous_line=1)
    part = draw(st.sampled_from((0, 0, 10, 20)))
    parts = [part, origin.amount - part] if 0 < part < origin.amount else [origin.amount]
    parts[-1] += draw(st.sampled_from((0,) * 9 + (1,)))
    accounts = st.sampled_from((0, 0, OTHER_ACCOUNT))
    return [target._replace(amount=cents, cell=draw(places), account=draw(accounts)) for cents in parts]


def _undo(kernel_book: KernelBook, act: list[Line]) -> None:
    acts, decisions = to_records(act), allocate_records(Decisions, len(act))
    decision_kernel.decide(acts, kernel_book.tables, decisions, False)
    rollback.undo_decisions(acts, kernel_book.tables, seal_array(decisions))


@run_examples(150)
@given(_rich_books(), st.data())
def test_reassignments_are_decided_as_by_the_plain_model(book: StartingBook, data: st.DataObject) -> None:
    """Each act is decided and undone before it counts; the journal of them all restores the items."""
    place = data.draw(st.sampled_from(_list_places(book)))
    kernel_book, ledger = KernelBook(book, 2 * _LINES_MAX * (_STEPS + 2)), book.build_ledger()
    third_party = Line(0, KIND_NUMBERS["third_party"], 0, 3, (1, 1), 0, payee=_PAYEE, day=USUAL_DAY)
    lines, decisions = [third_party], kernel_book.decide([third_party], False)
    assert decisions == decide([third_party], ledger, holding=False)
    beginning = data.draw(st.sampled_from((_BEGINNING, _BEGINNING, _PAID_ON_COMMITMENT)))
    further = data.draw(st.lists(st.sampled_from(_KINDS), max_size=_STEPS - len(beginning)))
    for step in enumerate((*beginning, *further)):
        act = add_content([line._replace(head=0) for line in data.draw(_acts(book, ledger, place, step))])
        before = kernel_book.tables.items[: len(ledger.state.items) + 1].tobytes()
        _undo(kernel_book, act)
        assert kernel_book.tables.items[: len(ledger.state.items) + 1].tobytes() == before
        assert kernel_book.read_content() == read_ledger_content(ledger)
        decided = kernel_book.decide(act, False)
        assert decided == decide(act, ledger, holding=False)
        assert kernel_book.read_content() == read_ledger_content(ledger)
        lines += [line._replace(head=len(lines)) for line in act]
        decisions += decided
    assert all(decision.outcome is not Outcome.HELD for decision in decisions)
    twin = KernelBook(book, 2 * _LINES_MAX * (_STEPS + 2))
    replay_journal(build_journal(lines, decisions), twin)
    assert twin.read_content().items == kernel_book.read_content().items
