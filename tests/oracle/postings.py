"""One line: the rules in order, then what it leaves behind."""

from core.catalog import CATALOG, ActKind, Family, Role
from core.codes import Outcome
from tests.oracle import budget, commitments
from tests.oracle.commitments import Followed
from tests.oracle.model import Cell, Decision, Item, Line, Payee, Refused, State, World

LEDGER_MAX = 2**62
_FOLLOWABLE = {Family.COMMITMENT, Family.SERVICE, Family.PAYMENT_REQUEST}


def post(world: World, state: State, line: Line, entry: int) -> Decision:
    """Carry ``line`` out in ``state`` as ``entry``, or raise the first rule it breaks as ``Refused``."""
    kind = CATALOG[line.kind]
    if line.fault:
        raise Refused(line.fault)
    if line.period not in world.open_periods:
        raise Refused(Outcome.PERIOD_CLOSED)
    payee = _payee(state, kind, line)
    followed = commitments.follow(state, line)
    commitments.draw(state, followed, kind, line.amount)
    _spend(world, state, followed, line)
    debit, credit = _accounts(world, state, followed, line)
    _book(state, (line.period, debit, credit), line.amount)
    cell = max(followed.cell, 0)
    left = line.amount if kind.family in _FOLLOWABLE else 0
    state.items[entry] = Item(line.kind, cell, left, 0, followed.root, debit, credit)
    return Decision(Outcome.ACCEPTED, entry, followed.entry, cell, payee, debit, credit)


def _payee(state: State, kind: ActKind, line: Line) -> int:
    """Number of the payee registered or paid; 0 if the kind does neither."""
    known = state.payees.get(line.payee)
    if kind.family is Family.THIRD_PARTY:
        if known:
            raise Refused(Outcome.PAYEE_ALREADY_REGISTERED)
        number = sum(map(len, state.payees.maps)) + 1
        state.payees[line.payee] = Payee(number, line.bank)
        return number
    if not kind.pays:
        return 0
    if not known:
        raise Refused(Outcome.PAYEE_UNKNOWN)
    if line.bank not in (0, known.bank):
        raise Refused(Outcome.BANK_DETAILS_DIFFER)
    return known.number


def _spend(world: World, state: State, followed: Followed, line: Line) -> None:
    if followed.cell in world.cells:
        cell = world.cells[followed.cell]
        budget.apply(
            world, state, budget.Demand(followed.base, followed.sign, cell, line.source, line.amount)
        )


def _accounts(world: World, state: State, followed: Followed, line: Line) -> tuple[int, int]:
    """Debit and credit: of a mirror those of the entry it undoes, exchanged."""
    if CATALOG[line.kind].mirrors:
        item = state.items[followed.entry]
        return item.credit, item.debit
    cell = world.cells.get(followed.cell, Cell(0))
    played = {
        Role.NONE: 0,
        Role.EXPENSE: line.account or cell.expense,
        Role.ACCRUED: cell.accrued,
        Role.CREDITOR: cell.creditor,
    }
    return played[followed.base.debit], played[followed.base.credit]


def _book(state: State, posting: tuple[int, int, int], amount: int) -> None:
    period, debit, credit = posting
    for account, debited, credited in ((debit, amount, 0), (credit, 0, amount)):
        if account:
            so_far = state.sums.get((period, account), (0, 0))
            state.sums[period, account] = (so_far[0] + debited, so_far[1] + credited)
            if max(state.sums[period, account]) > LEDGER_MAX:
                raise Refused(Outcome.BALANCE_LIMIT)
