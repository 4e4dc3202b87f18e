"""One line: the rules in order, then what it leaves behind."""

from core.catalog import CATALOG, SHARED_ROLES, ActKind, BudgetAction, Family, PayeeChange, Role, Stage
from core.outcome_codes import Outcome
from tests.oracle import budget, commitments
from tests.oracle.commitments import ActPosition, Link
from tests.oracle.model import Cell, Decision, Line, LineRefused, OpenItem, Payee, State, World

LEDGER_MAX = 2**62


def post_line(world: World, state: State, line: Line, place: ActPosition) -> Decision:
    """Carry ``line`` out in ``state`` at ``place``, or raise the first rule it breaks as ``Refused``."""
    kind = CATALOG[line.kind]
    if line.fault:
        raise LineRefused(line.fault)
    if line.period not in world.open_periods:
        raise LineRefused(Outcome.PERIOD_CLOSED)
    payee = _find_payee(state, kind, line)
    followed = commitments.find_link(state, line, place)
    if kind.inherits and not kind.pays:
        payee = state.items[followed.entry].payee
    commitments.draw_remainders(state, followed, kind, line.amount)
    _apply_budget(world, state, followed, line)
    debit, credit = _find_accounts(world, state, followed, line)
    _add_to_accounts(state, (line.period, debit, credit), line.amount)
    cell = max(followed.cell, 0)
    bare = OpenItem(line.kind, cell, line.amount, 0, 0, debit, credit, payee=payee)
    state.items[place[1]] = build_item(state, followed, bare)
    if kind.change is not PayeeChange.NONE:
        _apply_change(state, kind, line, place[1])
    return Decision(Outcome.ACCEPTED, place[1], followed.entry, cell, payee, debit, credit)


def build_item(state: State, followed: Link, bare: OpenItem) -> OpenItem:
    """What may follow an entry: what is left of it, whom it is owed to, what it acts on and stands on."""
    kind = CATALOG[bare.kind]
    own = bare._replace(
        open=bare.open if kind.opens else 0,
        payee=bare.payee if kind.reaches is not Stage.NONE else 0,
    )
    if not kind.inherits:
        return own._replace(parent=followed.root, under=bare.kind)
    item = state.items[followed.entry]
    settles = CATALOG[item.kind].family is Family.SETTLEMENT
    return own._replace(parent=item.parent if settles else followed.entry, under=item.under)


def _apply_change(state: State, kind: ActKind, line: Line, entry: int) -> None:
    """Change a registered payee; the digest of the bank details that others replace stands with their entry."""
    payee = state.payees[line.payee]
    if kind.change is PayeeChange.DETAILS:
        state.items[entry] = state.items[entry]._replace(
            open=payee.bank if isinstance(payee.bank, int) else 0
        )
        state.payees[line.payee] = payee._replace(bank=line.bank)
    else:
        state.payees[line.payee] = payee._replace(is_blocked=kind.change is PayeeChange.BLOCK)


def _find_payee(state: State, kind: ActKind, line: Line) -> int:
    """Number of the payee registered or paid; 0 if the kind does neither."""
    known = state.payees.get(line.payee)
    if kind.family is Family.THIRD_PARTY:
        if known:
            raise LineRefused(Outcome.PAYEE_ALREADY_REGISTERED)
        number = len(state.payees) + 1
        state.payees[line.payee] = Payee(number, line.bank)
        return number
    if not kind.pays:
        return 0
    if not known:
        raise LineRefused(Outcome.PAYEE_UNKNOWN)
    if kind.change is PayeeChange.BLOCK and known.is_blocked:
        raise LineRefused(Outcome.PAYEE_BLOCKED)
    if kind.change is PayeeChange.RELEASE and not known.is_blocked:
        raise LineRefused(Outcome.PAYEE_NOT_BLOCKED)
    if kind.change is PayeeChange.NONE and line.bank not in (0, known.bank):
        raise LineRefused(Outcome.BANK_DETAILS_DIFFER)
    return known.number


def _apply_budget(world: World, state: State, followed: Link, line: Line) -> None:
    if followed.cell in world.cells:
        base, cell = followed.base, world.cells[followed.cell]
        under = CATALOG[state.items[followed.entry].under] if base.budget is BudgetAction.SETTLE else base
        demand = budget.Demand(base, followed.sign, cell, line.source, line.amount, under)
        budget.apply_demand(world, state, demand)


def _find_accounts(world: World, state: State, followed: Link, line: Line) -> tuple[int, int]:
    """Debit and credit: of a mirror those of the entry it undoes, exchanged."""
    if CATALOG[line.kind].mirrors:
        item = state.items[followed.entry]
        return item.credit, item.debit
    cell = world.cells.get(followed.cell, Cell(0))
    played = {role: world.roles.get((line.period, role), 0) for role in SHARED_ROLES}
    played |= {
        Role.NONE: 0,
        Role.EXPENSE: line.account or cell.expense,
        Role.ACCRUED: cell.accrued,
        Role.CREDITOR: cell.creditor,
    }
    if followed.base.inherits:
        item = state.items[followed.entry]
        played[Role.PREDECESSOR] = item.credit
        played[Role.ORIGIN] = state.items[item.parent].credit if item.parent else 0
        played[Role.CHARGE] = _find_charged_account(state, item.parent) or played[Role.EXPENSE]
    return played[followed.base.debit], played[followed.base.credit]


def _find_charged_account(state: State, payable: int) -> int:
    """What the request under a payable was charged to; 0 where services were, and nobody knows which."""
    while payable and CATALOG[state.items[payable].kind].inherits:
        payable = state.items[payable].parent
    if not payable or CATALOG[state.items[payable].kind].debit is Role.ACCRUED:
        return 0
    return state.items[payable].debit


def _add_to_accounts(state: State, posting: tuple[int, int, int], amount: int) -> None:
    period, debit, credit = posting
    for account, debited, credited in ((debit, amount, 0), (credit, 0, amount)):
        if account:
            so_far = state.sums.get((period, account), (0, 0))
            state.sums[period, account] = (so_far[0] + debited, so_far[1] + credited)
            if max(state.sums[period, account]) > LEDGER_MAX:
                raise LineRefused(Outcome.BALANCE_LIMIT)
