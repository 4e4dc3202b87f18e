"""The posting of one line: the rules in order, then its effects."""

from collections.abc import Sequence

from core.account_roles import SHARED_ROLES
from core.catalog import CATALOG, ActKind, BudgetAction, Family, PayeeChange, Role, Stage
from core.kind_rules import CreditCheck, Pairing, YearRule
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST, PeriodState
from tests.oracle import (
    advances,
    assets,
    budget,
    commitments,
    decrees,
    inventory,
    invoices,
    late_interest,
    prior_reservations,
    reassignments,
    receipt_days,
    retentions,
    set_offs,
    signatures,
    special_accounts,
    unused_credits,
    visas,
    withdrawals,
    years,
)
from tests.oracle.commitments import ActPosition, Link
from tests.oracle.lines import Line, LineTerms
from tests.oracle.model import NONE, Cell, Decision, JournalRow, LineRefused, OpenItem, Payee, State, World

LEDGER_MAX = 2**62


def post_line(world: World, state: State, line: Line, place: ActPosition, *, act: Sequence[Line]) -> Decision:
    """Apply ``line`` of ``act`` to ``state``, or raise the first rule it breaks as ``LineRefused``."""
    kind, act_cents = CATALOG[line.kind], sum(other.amount for other in act if not other.fault)
    if line.fault:
        raise LineRefused(line.fault)
    if line.debits_until is not None:
        late_interest.check_claim(world, state, line, _find_claim_predecessor(state, line, place))
    _check_period(world, state, line, place)
    payee = _find_payee(state, kind, line)
    invoices.check_invoice(state, line, place[0])
    followed = commitments.find_link(world, state, line, place)
    if kind.inherits and not kind.pays:
        payee = state.items[followed.entry].payee
    _check_stated_account(world, followed, line)
    _require_service(world, kind, line, followed)
    advances.require_purchase(world, state, kind, line=line, commitment=followed.entry)
    retentions.require_retainable(world, state, kind, line=line, request=followed.entry)
    retentions.require_penalty_account(world, state, kind, commitment=followed.entry)
    set_offs.require_pair(world, state, kind, act=act, place=place, followed=followed.entry)
    if kind.pairs is not Pairing.NONE:
        commitments.require_whole(state, kind, line, followed.entry)
    if kind.pairs is Pairing.ORIGIN:
        reassignments.require_targets(world, state, act=act, place=place, debit=followed.entry)
    assets.take_from_asset(world, state, kind, line=line, asset=followed.entry)
    commitments.draw_remainders(state, followed, kind, line.amount)
    advances.require_security(state, kind, followed, line.amount)
    inventory.check_line(world, state, kind, line, followed=followed.entry, cell=followed.cell)
    visas.require_visa(world, kind, followed.cell, act)
    signatures.check_signature(world, line, cell=followed.cell, act_cents=act_cents)
    if kind.year_rule is YearRule.WAITS:
        visas.require_silence(world, kind, line.day, state.items[followed.entry])
    order_day = years.find_order_day(state, followed.entry)
    years.require_budget_year(world, state, kind, line, cell=followed.cell, order_day=order_day)
    years.refuse_withdrawal_of_carried(state, kind, followed.entry)
    unused_credits.require_order(world, kind, act, place)
    _apply_budget(world, state, followed, line, entry=place[1])
    debit, credit = _find_accounts(world, state, followed, line)
    if kind.posts_by_hand and place[1] - place[0] == len(act) - 1:
        _require_balance(world, act)
    cell = max(followed.cell, 0)
    accountant = world.cells.get(cell, Cell(0)).accountant
    _add_to_accounts(state, (line.period, accountant), (debit, credit), line.amount)
    bare = OpenItem(line.kind, cell, line.amount, 0, 0, debit, credit, payee=payee, day=line.day)
    bare = receipt_days.add_days(state, place[1], bare, line.source)
    add_item(state, place[1], followed, bare)
    terms = line.terms or LineTerms()
    state.journal[place[1]] = JournalRow(
        line.kind, followed.entry, line.amount, line.day, cell, *terms, debit, credit
    )
    invoices.note_amount(state, place[1], line.amount)
    invoices.record_invoice(state, line, place[1])
    if kind.change is not PayeeChange.NONE:
        _apply_change(state, kind, line, place[1])
    return Decision(Outcome.ACCEPTED, place[1], followed.entry, cell, payee, debit, credit, accountant)


def _find_claim_predecessor(state: State, line: Line, place: ActPosition) -> int:
    """Return the entry that a claim follows; 0 if there is none."""
    try:
        return commitments.find_predecessor(state, line, place)
    except LineRefused:
        return 0


def _check_period(world: World, state: State, line: Line, place: ActPosition) -> None:
    """Refuse a line in a month that is not open for its accountant: that of its assignment, or of its predecessor's.

    While the predecessor is missing nobody knows whose month it is.
    """
    cell = line.cell
    if CATALOG[line.kind].follows is not Family.NONE:
        try:
            item = state.items[commitments.find_predecessor(state, line, place)]
        except LineRefused:
            return
        if not (CATALOG[line.kind].assigns and cell != NONE):
            cell = item.cell
    period_state = world.find_state(line.period, world.cells.get(cell, Cell(0)).accountant)
    if period_state is not PeriodState.OPEN:
        is_locked = period_state is PeriodState.LOCKED
        raise LineRefused(Outcome.PERIOD_LOCKED if is_locked else Outcome.PERIOD_CLOSED)


def _check_stated_account(world: World, followed: Link, line: Line) -> None:
    """Refuse an account that the commitment item of the predecessor does not admit."""
    charges = followed.entry and followed.sign > 0 and followed.base.debit is Role.EXPENSE
    admitted = world.cells.get(followed.cell, Cell(0)).admitted
    if charges and line.account and admitted is not None and line.account not in admitted:
        raise LineRefused(Outcome.ACCOUNT_MISMATCH)
    if charges and followed.base.credit is Role.ACCRUED and _is_settled_by_entry(world, followed.cell, line):
        raise LineRefused(Outcome.ACCOUNT_MISMATCH)


def _is_settled_by_entry(world: World, cell: int, line: Line) -> bool:
    """Return whether a request on the stated account would owe what an entry settles, such as relief of taxes."""
    year = YEAR_FIRST + line.period // PERIODS_PER_YEAR
    creditor = world.creditors.get((year, line.account, Role.CREDITOR))
    return cell in world.cells and creditor in world.entry_accounts.get(world.cells[cell].year, ())


def _require_service(world: World, kind: ActKind, line: Line, followed: Link) -> None:
    """Refuse what pays before service, unless its nature is listed or its item needs none (rule A38).

    What is certified is requested by the invoice service once there is one, otherwise by the officer alone (rule A43).
    """
    cell = world.cells.get(followed.cell, Cell(0))
    if kind.before_service and not line.nature and not cell.unserved:
        raise LineRefused(Outcome.SERVICE_REQUIRED)
    is_served = bool(cell.invoice_service_from) and cell.invoice_service_from <= line.day
    if kind.name == ("payment_request" if is_served else "invoice_request"):
        raise LineRefused(Outcome.INVOICE_SERVICE_MISMATCH)


def add_item(state: State, entry: int, followed: Link, bare: OpenItem) -> None:
    """Add the open item of an entry, and the entry to those of its parent."""
    item = state.items[entry] = _build_item(state, followed, bare)
    if item.parent:
        state.followers[item.parent] = (*state.followers.get(item.parent, ()), entry)
    if CATALOG[bare.kind].name == "commitment_carry":
        state.items[followed.entry] = state.items[followed.entry]._replace(carried_to=entry)


def _build_item(state: State, followed: Link, bare: OpenItem) -> OpenItem:
    """Return the open item of an entry: open amount, payee, parent, and the kind whose reservation it uses."""
    kind = CATALOG[bare.kind]
    item_with_dates = bare._replace(
        open=bare.open if kind.opens else 0,
        payee=bare.payee if kind.reaches is not Stage.NONE else 0,
    )
    if kind.name == "service_carry":
        service = state.items[followed.entry]
        accounts = item_with_dates._replace(debit=service.debit, credit=service.credit, under=service.under)
        return accounts._replace(parent=state.items[service.parent].carried_to)
    if not kind.inherits:
        root = 0 if kind.family is Family.COMMITMENT else followed.root
        return item_with_dates._replace(parent=root, under=bare.kind)
    item = state.items[followed.entry]
    settles = CATALOG[item.kind].family is Family.SETTLEMENT
    if settles and kind.family is Family.SETTLEMENT:
        item_with_dates = item_with_dates._replace(is_followed=item.is_followed)
    if not bare.credit:
        item_with_dates = item_with_dates._replace(credit=item.credit)
    if kind.follows is Family.RETENTION and not bare.debit:
        item_with_dates = item_with_dates._replace(debit=item.debit)
    under = bare.kind if kind.cp_reserved > 0 else item.under  # what was kept back reserves CP again
    return item_with_dates._replace(parent=item.parent if settles else followed.entry, under=under)


def _apply_change(state: State, kind: ActKind, line: Line, entry: int) -> None:
    """Change a registered payee; the entry keeps the digest of the replaced bank details."""
    payee = state.payees[line.payee]
    if kind.change is PayeeChange.DETAILS:
        state.items[entry] = state.items[entry]._replace(
            open=payee.bank if isinstance(payee.bank, int) else 0
        )
        state.payees[line.payee] = payee._replace(bank=line.bank)
    else:
        state.payees[line.payee] = payee._replace(is_blocked=kind.change is PayeeChange.BLOCK)


def _find_payee(state: State, kind: ActKind, line: Line) -> int:
    """Return the number of the payee registered or paid; 0 if the kind does neither."""
    payee = state.payees.get(line.payee)
    if kind.family is Family.THIRD_PARTY:
        if payee:
            raise LineRefused(Outcome.PAYEE_ALREADY_REGISTERED)
        number = len(state.payees) + 1
        state.payees[line.payee] = Payee(number, line.bank)
        return number
    if not kind.pays:
        return 0
    if not payee:
        raise LineRefused(Outcome.PAYEE_UNKNOWN)
    if kind.change is PayeeChange.BLOCK and payee.is_blocked:
        raise LineRefused(Outcome.PAYEE_BLOCKED)
    if kind.change is PayeeChange.RELEASE and not payee.is_blocked:
        raise LineRefused(Outcome.PAYEE_NOT_BLOCKED)
    if kind.change is PayeeChange.NONE and line.bank not in (0, payee.bank):
        raise LineRefused(Outcome.BANK_DETAILS_DIFFER)
    return payee.number


def _apply_budget(world: World, state: State, followed: Link, line: Line, *, entry: int) -> None:
    _apply_credits(world, state, followed, line, entry=entry)
    if followed.cell in world.cells:
        special_accounts.count_carried(world, state, followed, line)


def _apply_credits(world: World, state: State, followed: Link, line: Line, *, entry: int) -> None:
    if followed.cell in world.cells:
        base, cell = followed.base, world.cells[followed.cell]
        if base.budget is BudgetAction.WITHDRAW:
            is_carried = CATALOG[state.items[followed.entry].kind].carries
            withdrawals.apply_withdrawal(world, state, line, cell, is_carried=is_carried)
            return
        if base.budget is BudgetAction.CARRY:
            root = state.items[followed.root]
            before = world.cells[root.cell]
            places = (cell, before) if followed.sign > 0 else (before, cell)
            spent = special_accounts.sum_expenses(world, state, places[0])
            under = CATALOG[root.under]
            budget.move_reservation(world, state, places, under, amount=line.amount)
            engaged = followed.sign * under.ae_reserved * line.amount
            special_accounts.engage(world, state, before, -engaged)
            if followed.sign > 0:
                special_accounts.require_receipts(world, state, cell, spent)
            special_accounts.engage(world, state, cell, engaged)
            return
        settles = base.budget in (BudgetAction.SETTLE, BudgetAction.REASSIGN)
        under = CATALOG[state.items[followed.entry].under] if settles else base
        demand = budget.Demand(base, followed.sign, cell, line.source, line.amount, under)
        is_in_advance = years.spends_in_advance(world, CATALOG[line.kind], line, followed.cell)
        is_month_of_check = (line.period, cell.year) in world.payroll_checks
        is_year_end = is_month_of_check or line.day > world.years[cell.year].last_day
        is_checked = not is_in_advance and (base.check is CreditCheck.ALWAYS or is_year_end)
        counts_prior = prior_reservations.is_year_before_over(world, line, cell)
        demand = demand._replace(is_checked=is_checked, is_year_end=is_year_end, counts_prior=counts_prior)
        spent = special_accounts.sum_expenses(world, state, cell)
        budget.apply_demand(world, state, demand)
        engagement = special_accounts.compute_engagement(base, under, followed.sign * line.amount)
        special_accounts.engage(world, state, cell, engagement)
        years.add_to_title(world, state, base, line, cell=followed.cell)
        decrees.count_decree(world, state, base, line, cell=cell)
        special_accounts.refuse_state_payees(world, CATALOG[line.kind], line, cell)
        special_accounts.count_penalty(world, state, base, line, cell)
        unused_credits.count_carried(world, state, base, line, cell=cell)
        special_accounts.require_receipts(world, state, cell, spent)
        receivable = followed.root if followed.sign < 0 else followed.entry
        repaid = state.items[receivable].parent if receivable else 0
        if base.name == "identification_receipt":
            line = line._replace(day=receipt_days.find_credit_day(state, entry))
        line = line._replace(amount=followed.sign * line.amount)
        special_accounts.count_receipt(world, state, line, cell, reaches=base.reaches, repaid=repaid)


def _find_accounts(world: World, state: State, followed: Link, line: Line) -> tuple[int, int]:
    """Return debit and credit; of a mirror those of the entry it undoes, exchanged."""
    if CATALOG[line.kind].mirrors:
        item = state.items[followed.entry]
        if followed.base.debit is Role.RECEIVABLE:
            own = world.cells.get(item.cell, Cell(0))
            is_of_year = line.period // PERIODS_PER_YEAR == own.year % YEAR_FIRST
            return item.credit if is_of_year else own.accrued, item.debit
        return (0, 0) if followed.base.debit is Role.NONE else (item.credit, item.debit)
    if followed.base.family is Family.ASSET:
        return assets.find_accounts(world, state, followed.base, line, asset=followed.entry)
    cell = world.cells.get(followed.cell, Cell(0))
    by_role = {role: world.roles.get((line.period, role), 0) for role in SHARED_ROLES}
    by_role |= {
        Role.NONE: 0,
        Role.EXPENSE: line.account or cell.expense,
        Role.ACCRUED: cell.accrued,
        Role.CREDITOR: cell.creditor,
        Role.PAYROLL: cell.payroll,
        Role.PRODUCT: cell.expense,
        Role.BY_HAND: line.account,
        Role.INVENTORY: line.account,
        Role.COUNTERPART: inventory.find_counterpart(world, line),
        **retentions.choose_accounts(world, cell, line.period),
    }
    if followed.base.name == "provision_release":
        by_role[Role.PREDECESSOR] = state.items[followed.entry].credit
    if followed.base.inherits:
        item = state.items[followed.entry]
        by_role[Role.PREDECESSOR] = item.credit
        by_role[Role.CLEARED] = item.debit
        by_role[Role.REPAYMENT] = state.items[item.parent].credit if item.parent else 0
        by_role[Role.CHARGE] = _find_charged_account(state, item.parent) or by_role[Role.EXPENSE]
    debit, credit = by_role[followed.base.debit], by_role[followed.base.credit]
    if followed.base.debit is Role.EXPENSE and followed.base.credit not in (Role.ACCRUED, Role.NONE):
        year = YEAR_FIRST + line.period // PERIODS_PER_YEAR
        credit = world.creditors.get((year, debit, followed.base.credit), credit)
    return debit, credit


def _require_balance(world: World, act: Sequence[Line]) -> None:
    """Refuse entries by hand that are not balanced by accountant and month, or not between two accountants."""
    sums: dict[tuple[int, int], int] = {}
    for line in act:
        folio = line.period, world.cells[line.cell].accountant
        sums[folio] = sums.get(folio, 0) + _sign(line) * line.amount
    if any(sums.values()):
        raise LineRefused(Outcome.JOURNAL_UNBALANCED)
    for account in {line.account for line in act if line.nature == 1}:
        of_account = [line for line in act if line.nature == 1 and line.account == account]
        total = sum(_sign(line) * line.amount for line in of_account)
        if total or len({world.cells[line.cell].accountant for line in of_account}) != 2:
            raise LineRefused(Outcome.TRANSFER_UNPAIRED)
    if {2, 3} <= {line.nature for line in act}:
        raise LineRefused(Outcome.PRODUCT_FROM_SUSPENSE)


def _sign(line: Line) -> int:
    return 1 if CATALOG[line.kind].debit is Role.BY_HAND else -1


def _is_after_request(kind: ActKind) -> bool:
    return kind.inherits or kind.family is Family.RECEIVABLE


def _find_charged_account(state: State, payable: int) -> int:
    """Return the account charged by the original request of a payable; 0 if it bills services, whose accounts are unknown."""
    while payable and _is_after_request(CATALOG[state.items[payable].kind]):
        payable = state.items[payable].parent
    if not payable or CATALOG[state.items[payable].kind].debit is Role.ACCRUED:
        return 0
    return state.items[payable].debit


def _add_to_accounts(state: State, folio: tuple[int, int], accounts: tuple[int, int], amount: int) -> None:
    """Add a posting to the accounts of a period and accountant."""
    debit, credit = accounts
    for account, debited, credited in ((debit, amount, 0), (credit, 0, amount)):
        if account:
            so_far = state.sums.get((*folio, account), (0, 0))
            state.sums[*folio, account] = (so_far[0] + debited, so_far[1] + credited)
            if max(state.sums[*folio, account]) > LEDGER_MAX:
                raise LineRefused(Outcome.BALANCE_LIMIT)
