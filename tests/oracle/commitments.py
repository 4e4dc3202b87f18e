"""The predecessor of a line, and the remainders that the line draws on and feeds (rules A16, A32-A35, A54, A57)."""

from typing import NamedTuple

from core.catalog import CATALOG, KIND_NUMBERS, ActKind, BudgetAction, Family, Remainder, Stage
from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from tests.oracle import assets, expenses, funds, invoices, merges, restorations, suspense, visas, years
from tests.oracle.lines import Line
from tests.oracle.model import NONE, LineRefused, OpenItem, Payee, State, World

_DIVERSIONS = frozenset({"attachment", "assignment", "set_off", "advance_withholding"})
"""What diverts a debt, or withholds a part of it; pay is withheld from by the payroll application."""

ActPosition = tuple[int, int]
"""The first entry of the act, and the entry of the line."""


class Link(NamedTuple):
    """The predecessor of a line, and the kind whose effects count."""

    entry: int
    """The predecessor; 0 if the kind follows nothing."""
    base: ActKind
    """The kind whose effects count: of a mirror, the kind it undoes."""
    root: int
    """The entry whose remainders change: a commitment, or a debt; 0 if there is none."""
    sign: int
    cell: int


def find_link(world: World, state: State, line: Line, place: ActPosition) -> Link:
    """Find the predecessor of ``line``, or raise ``LineRefused``."""
    kind = CATALOG[line.kind]
    if kind.follows is Family.NONE:
        return Link(0, kind, 0, 1, line.cell)
    entry = find_predecessor(state, line, place)
    item = state.items[entry]
    years.require_order_of_dates(line.day, item.day)
    has_limit = kind.draws is not Remainder.NONE or kind.name == "advance_request"
    draws_on_commitment = has_limit and kind.follows is Family.COMMITMENT
    if draws_on_commitment and CATALOG[item.kind].family is Family.COMMITMENT and not item.carried_to:
        years.require_earlier_sources(state, line, entry)
    if kind.after is not Stage.NONE:
        _require_stage(kind, item)
    elif CATALOG[item.kind].family is not kind.follows or item.carried_to:
        raise LineRefused(_find_family_fault(kind, item))
    payee = _find_payee(state, item) if kind.remits else None
    if payee and line.bank not in (0, payee.bank):
        raise LineRefused(Outcome.BANK_DETAILS_DIFFER)
    cell = _choose_cell(world, state, kind, line, entry=entry)
    if payee:
        merges.require_same_account(state, payee)
    takes_up = kind.settles > 0 or kind.pairs is Pairing.WITHHOLDING
    if takes_up and kind.after is Stage.PAYABLE and _has_suspension(state, entry):
        raise LineRefused(Outcome.TERM_SUSPENDED)
    if kind.after is Stage.PAYABLE and kind.inherits:
        _require_usual_way(world, kind, item)
    if kind.after is Stage.BY_HAND:
        suspense.require_item(world, kind, item, line, cell)
    if kind.refusal is not Outcome.ACCEPTED:
        raise LineRefused(kind.refusal)
    if kind.pairs is Pairing.NONE:  # otherwise the other line of the pair is looked at first
        require_whole(state, kind, line, entry)
    if not kind.mirrors:
        return Link(entry, kind, 0 if kind.draws is Remainder.VISA else entry, 1, cell)
    if kind.undoes:
        _require_untouched(state, item, line.amount)
        return build_reversal_link(state, entry)
    if kind.family is Family.REJECTION and state.items[expenses.find_request(state, entry)].repayments:
        raise LineRefused(Outcome.ORIGINAL_FOLLOWED)
    if kind.name == "receipt_reversal" and CATALOG[item.kind].name != "receipt":
        raise LineRefused(Outcome.REVERSAL_FORBIDDEN)
    if line.amount > item.open:
        raise LineRefused(Outcome.REVERSAL_EXCEEDS_ORIGINAL, missing=line.amount - item.open)
    return build_mirror_link(state, entry)


def require_whole(state: State, kind: ActKind, line: Line, entry: int) -> None:
    """Refuse an act that takes up the whole of an entry, and states another amount."""
    if kind.whole and line.amount != state.items[entry].open:
        raise LineRefused(_find_difference(kind))


def _find_difference(kind: ActKind) -> Outcome:
    """Return the code of a kind that takes up a whole amount, and states another."""
    if kind.family is Family.VISA:
        return Outcome.VISA_AMOUNT_DIFFERS
    return Outcome.CARRY_AMOUNT_DIFFERS if kind.carries else Outcome.TRANSFER_AMOUNT_DIFFERS


def build_mirror_link(state: State, entry: int) -> Link:
    """Return the link of a mirror: it undoes a carried service as a service, and acts on the commitment where it goes on."""
    item = state.items[entry]
    is_carried_service = CATALOG[item.kind].feeds is Remainder.CARRIED
    base = CATALOG[item.under if is_carried_service else item.kind]
    root = item.parent
    while root and state.items[root].carried_to:
        root = state.items[root].carried_to
    return Link(entry, base, root, -1, item.cell)


def _find_family_fault(kind: ActKind, item: OpenItem) -> Outcome:
    """Return why an act of another family is not followed: a reversal undoes no reversal, and nothing twice."""
    if not kind.undoes:
        return Outcome.COMMITMENT_CARRIED if item.carried_to else Outcome.PREDECESSOR_STAGE
    is_gone = bool(item.carried_to) or CATALOG[item.kind].undoes
    is_reversed = is_gone and CATALOG[item.under].family is kind.follows
    return Outcome.ORIGINAL_FOLLOWED if is_reversed else Outcome.REVERSAL_FORBIDDEN


def _require_untouched(state: State, item: OpenItem, amount: int) -> None:
    """Refuse to reverse a part, what another act follows, a withdrawal of an earlier year, or a carry."""
    if CATALOG[item.kind].budget is BudgetAction.WITHDRAW or CATALOG[item.kind].carries:
        raise LineRefused(Outcome.REVERSAL_FORBIDDEN)
    if item.followers or (item.parent and state.items[item.parent].carried_to):
        raise LineRefused(Outcome.ORIGINAL_FOLLOWED)
    if amount != item.open:
        raise LineRefused(Outcome.REVERSAL_NOT_WHOLE)


def build_reversal_link(state: State, entry: int) -> Link:
    """Return the link of a reversal: it undoes the commitment itself, or a change of its commitment."""
    item = state.items[entry]
    base = CATALOG[item.under]
    is_change = base.family is Family.COMMITMENT_CHANGE
    return Link(entry, base, item.parent if is_change else 0, -1, item.cell)


def find_predecessor(state: State, line: Line, place: ActPosition) -> int:
    """Return the entry that ``line`` follows, or raise ``LineRefused``."""
    if line.previous:
        return _find_by_reference(state, line)
    return _find_by_number(CATALOG[line.kind], line, place)


def _require_stage(kind: ActKind, item: OpenItem) -> None:
    """Refuse unless the predecessor is at the stage where the act begins, with an open amount if the act takes one up."""
    is_used_up = kind.draws in (Remainder.OPEN, Remainder.VISA) and item.open == 0
    if kind.after is Stage.BY_HAND:
        if CATALOG[item.kind].reaches is not Stage.BY_HAND:
            raise LineRefused(Outcome.NOT_ON_SUSPENSE)
        return
    if CATALOG[item.kind].reaches is not kind.after or is_used_up:
        raise LineRefused(Outcome.PREDECESSOR_STAGE)
    is_once = kind.draws in (Remainder.ONCE, Remainder.IMPUTATION)
    if is_once and CATALOG[item.kind].opens and item.open == 0:
        raise LineRefused(Outcome.PREDECESSOR_STAGE)
    if is_once and item.is_followed:
        raise LineRefused(kind.shortfall)


def _choose_cell(world: World, state: State, kind: ActKind, line: Line, *, entry: int) -> int:
    """Return the assignment of a line that follows ``entry``: the same, but interest and a carry may have one of their own."""
    item = state.items[entry]
    if kind.carries:
        cell = _choose_cell_of_next_year(world, line, item)
        if kind.family is Family.SERVICE:
            _require_carried_commitment(state, line, item, cell)
        elif not _is_in_same_part(world, cell, item.cell):
            raise LineRefused(Outcome.ASSIGNMENT_DIFFERS)
        return cell
    if kind.name == "repayment_receivable":
        restorations.require_repayment(world, state, line, entry)
        return line.cell
    if kind.name == "credit_restoration":
        restorations.require_restoration(world, state, item, line.cell)
        return line.cell
    if kind.name == "fund_opening":
        funds.require_receipt(world, state, item, line.cell)
        return line.cell
    if kind.follows is Family.ASSET:
        cell = item.cell if line.cell == NONE else line.cell
        assets.require_accountant(world, item, cell)
        return cell
    if kind.pairs is Pairing.TARGET or kind.clears or kind.opens_item:
        return item.cell if line.cell == NONE else line.cell
    if not kind.is_interest:
        if line.cell not in (NONE, item.cell):
            raise LineRefused(Outcome.ASSIGNMENT_DIFFERS)
        return item.cell
    cell = item.cell if line.cell == NONE else line.cell
    if not world.follows(world.cells[cell], world.cells[item.cell]):
        raise LineRefused(Outcome.ASSIGNMENT_DIFFERS)
    if not world.cells[cell].charges_interest:
        raise LineRefused(Outcome.INTEREST_ASSIGNMENT)
    return cell


def _choose_cell_of_next_year(world: World, line: Line, item: OpenItem) -> int:
    """Return the assignment of a carry: of the next year, once the year of ``item`` and its window are over."""
    before = world.cells[item.cell]
    cell = item.cell if line.cell == NONE else line.cell
    own = world.cells[cell]
    is_later = (
        own.year > before.year
        if CATALOG[line.kind].name in ("retention_carry", "penalty_carry")
        else own.year == before.year + 1
    )
    if not is_later or line.day <= world.years[before.year].last_payment_day:
        raise LineRefused(Outcome.CARRY_YEAR)
    return cell


def _is_in_same_part(world: World, first: int, second: int) -> bool:
    """Return whether two assignments are of one sheet and accountant, and the programmes follow each other."""
    cells = world.cells[first], world.cells[second]
    nodes = [world.nodes[cell.centre_node] for cell in cells]
    is_same_sheet = len({(node.staff, node.family) for node in nodes}) == 1
    is_same_accountant = cells[0].accountant == cells[1].accountant
    return world.follows(*cells) and is_same_sheet and is_same_accountant


def _require_carried_commitment(state: State, line: Line, service: OpenItem, cell: int) -> None:
    """Refuse to carry a service before its commitment, to another assignment, or beyond what of it is unbilled."""
    commitment = state.items[service.parent]
    if not commitment.carried_to:
        raise LineRefused(Outcome.CARRY_MISSING)
    if state.items[commitment.carried_to].cell != cell:
        raise LineRefused(Outcome.ASSIGNMENT_DIFFERS)
    if line.amount > commitment.unbilled:
        raise LineRefused(Outcome.SERVICE_INSUFFICIENT, missing=line.amount - commitment.unbilled)


def _require_usual_way(world: World, kind: ActKind, item: OpenItem) -> None:
    """Refuse to pay or divert what programme 0117 owes to the account of the debt, and to divert pay or set an advance off."""
    if kind.carries:
        return
    if item.cell in world.cells and item.credit in world.entry_accounts.get(world.cells[item.cell].year, ()):
        raise LineRefused(Outcome.SETTLED_WITHOUT_TRANSFER)
    if kind.name in _DIVERSIONS and CATALOG[item.under].name == "payroll":
        raise LineRefused(Outcome.PAYROLL_DIVERSION)
    if kind.name in ("set_off", "advance_withholding") and CATALOG[item.under].name == "advance_request":
        raise LineRefused(Outcome.ADVANCE_DIVERSION)


def _has_suspension(state: State, entry: int) -> bool:
    """Return whether the payment term of an entry is suspended, or that of the debt it is a part of."""
    item = state.items[entry]
    is_part = CATALOG[item.kind].name in ("attachment", "assignment", "request_carry")
    return item.is_suspended or (is_part and _has_suspension(state, item.parent))


def _find_payee(state: State, item: OpenItem) -> Payee:
    return next(payee for payee in state.payees.values() if payee.number == item.payee)


def _find_by_number(kind: ActKind, line: Line, place: ActPosition) -> int:
    """Return the predecessor named by its entry, of an earlier act, or by its line, an earlier one of the same act."""
    first, entry = place
    predecessor = line.previous_entry or (first + line.previous_line - 1)
    allowed = range(1, first) if line.previous_entry else range(first, entry)
    if predecessor not in allowed or (kind.after is Stage.NONE and not line.previous_entry):
        raise LineRefused(Outcome.PREDECESSOR_MISSING)
    return predecessor


def _find_by_reference(state: State, line: Line) -> int:
    act = state.keys.get(line.previous)
    if act is None or not 1 <= line.previous_line <= act.lines:
        raise LineRefused(Outcome.PREDECESSOR_MISSING)
    return act.first + line.previous_line - 1


def draw_remainders(state: State, followed: Link, kind: ActKind, amount: int) -> None:
    """Move ``amount`` from the remainder that the line draws on to the one it feeds, or raise ``LineRefused``.

    A mirror also reduces the open amount of the entry that it undoes.
    """
    base, root = followed.base, followed.root
    if followed.entry and amount:
        _count_follower(state, followed.entry, 1)
    expenses.note_change(state, followed.entry, kind)
    if kind.repays:
        expenses.ask_back(state, followed.entry, amount)
    if kind.draws is Remainder.VISA:
        visas.use_visa(state, kind, followed.entry, amount)
    drawn, fed = (base.draws, base.feeds) if followed.sign > 0 else (base.feeds, base.draws)
    if root:
        which = Remainder.OPEN if drawn is Remainder.IMPUTATION else drawn
        remaining = _read_remainder(state.items[root], which)
        if remaining is not None and amount > remaining:
            code = Outcome.REVERSAL_EXCEEDS_ORIGINAL if drawn is Remainder.IMPUTATION else kind.shortfall
            raise LineRefused(code, missing=amount - remaining)
        _add(state, root, drawn, -amount)
        _add(state, root, fed, amount)
    if kind.name == "retention":
        state.items[root] = state.items[root]._replace(retained=state.items[root].retained + amount)
    if base.name == "retention" and followed.sign < 0:
        state.items[root] = state.items[root]._replace(retained=state.items[root].retained - amount)
    if kind.mirrors:
        _add(state, followed.entry, Remainder.OPEN, -amount)
        invoices.note_rejection(state, followed.entry, amount)
    if followed.base.repays and followed.sign < 0:
        expenses.ask_back(state, state.items[followed.entry].parent, -amount)
    if kind.undoes:
        _mark_reversed(state, followed, kind)


def _count_follower(state: State, entry: int, step: int) -> None:
    item = state.items[entry]
    state.items[entry] = item._replace(followers=item.followers + step)


def _mark_reversed(state: State, followed: Link, kind: ActKind) -> None:
    """Let nothing follow a reversed commitment; a reversed change no longer follows its commitment."""
    if followed.root:
        _count_follower(state, followed.root, -1)
    else:
        number, item = KIND_NUMBERS[kind.name], state.items[followed.entry]
        expenses.note_change(state, item.parent, followed.base, -1)
        state.items[followed.entry] = item._replace(kind=number)


def _read_remainder(item: OpenItem, which: Remainder) -> int | None:
    return {Remainder.OPEN: item.open, Remainder.UNBILLED: item.unbilled}.get(which)


def _add(state: State, entry: int, which: Remainder, amount: int) -> None:
    item = state.items[entry]
    if which is Remainder.OPEN:
        state.items[entry] = item._replace(open=item.open + amount)
    elif which is Remainder.UNBILLED:
        state.items[entry] = item._replace(unbilled=item.unbilled + amount)
    elif which is Remainder.ONCE:
        state.items[entry] = item._replace(is_followed=True)
        stops = CATALOG[item.kind].name != "term_suspension"
        payable = entry if stops else item.parent
        state.items[payable] = state.items[payable]._replace(is_suspended=stops)
    elif which is Remainder.IMPUTATION:
        state.items[entry] = item._replace(is_followed=True)
    elif which is Remainder.CARRIED and CATALOG[item.kind].family is Family.SERVICE:
        _add(state, item.parent, Remainder.UNBILLED, -amount)
        _add(state, state.items[item.parent].carried_to, Remainder.UNBILLED, amount)
