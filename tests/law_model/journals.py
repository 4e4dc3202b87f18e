"""Random entries by hand: most are right, some name a wrong account or are not balanced."""

from collections.abc import Callable
from datetime import date

from tests.law_model.commitments import assign
from tests.law_model.form import is_amount, read_cents, write_euros
from tests.law_model.kinds import (
    CLEARING_CREDIT,
    CLEARING_DEBIT,
    CREDIT,
    DEBITS,
    IDENTIFICATION,
    IDENTIFICATION_RECEIPT,
    IDENTIFIED_AS,
    IDENTIFIED_BY,
    JOURNAL_CREDIT,
    JOURNAL_DEBIT,
    JUSTIFICATION,
    LEAVES_ON_SUSPENSE,
    MOVEMENTS,
    OPENING_ITEMS,
    PREDECESSORS,
    TRANSFER_IDENTIFICATION,
    UNKNOWN_DEBIT,
)
from tests.law_model.periods import OPEN
from tests.law_model.state import Document, Row
from tests.law_model.suspense import find_owner, is_on_debit
from tests.law_model.year_context import PLACES, Place, YearContext

_ACCOUNTS = ("6113110000", "6188000000", "4721000000", "4731000000", "6222000000", "7280000000")
_SUSPENSE = ("4721000000", "4731000000")
LIAISON = "1842100000"
_CLOSED_ACCOUNTS = ("4011100000", "5121100000", "4081000000", "4678840000", "6113119999", "")


def write_journal(context: YearContext) -> Row | None:
    """Debit an account by hand; ``complete_journal`` adds the credit."""
    place = context.random.choice(PLACES)
    return context.begin_row(
        "OD",
        JOURNAL_DEBIT,
        amount=write_euros(context.draw_amount()),
        account=_draw_account(context),
        entered_by="chloe",
        validated_by="david",
        **assign(place),
    )


def complete_journal(context: YearContext, row: Row) -> list[Row]:
    """Return the act of two lines, seldom of one, or with a credit of another amount or of another accountant."""
    if context.random.random() < 0.05:
        return [row]
    if context.random.random() < 0.3:
        return _transfer(context, row)
    credit = row | {"line": "2", "kind": JOURNAL_CREDIT, "account": _draw_account(context)}
    if context.random.random() < 0.1:
        credit |= {"amount": write_euros(context.draw_amount())}
    if context.random.random() < 0.1:
        credit |= assign(Place("0177-D075-DD75", "0177-12", "31"))
    return [row | {"line": "1"}, credit]


def write_clearing(context: YearContext) -> Row | None:
    """Clear what an entry left on a suspense account; ``complete_clearing`` adds the other side."""
    opened = {act.predecessor.number for act in _list_openings(context) if act.predecessor}
    is_late, is_debit = context.random.random() < 0.4, context.random.random() < 0.5
    item = None
    if opened and is_late:
        item = _choose_opened_item(context, opened, is_debit=is_debit)
    item = item or _choose_item(context, lambda document: document.left > 0 or context.random.random() < 0.1)
    if item is None or item.key is None:
        return None
    places = [place for place in PLACES if context.has_accountant_of(place.unit, item)]
    place = Place(item.key.centre, item.area, item.item) if item.item or not places else places[0]
    if context.random.random() < 0.1:
        place = context.random.choice(PLACES[:6])
    row = context.begin_row(
        "AP",
        CLEARING_CREDIT if is_on_debit(item) else CLEARING_DEBIT,
        amount=context.draw_part(max(item.left, 1)),
        account=item.account if context.random.random() < 0.93 else _draw_account(context),
        entered_by="chloe",
        validated_by="david",
        **assign(place),
        **(context.name_predecessor(item) if item.kind != CREDIT else {"predecessor": f"@{item.number}"}),
    )
    is_of_old_year = item.exercise < context.day.year and context.random.random() < 0.8
    return row | _date_in_year(item) if is_of_old_year else row


def _choose_opened_item(context: YearContext, opened: set[int], *, is_debit: bool) -> Document | None:
    """Return an item of the old year that the new one has opened, in a December that is mostly open."""
    state, is_any = context.model.state, context.random.random() < 0.1
    items = [
        act
        for act in state.documents
        if act.number in opened and act.left > 0 and act.key and is_debit in {is_on_debit(act), False}
    ]
    in_open_months = [
        act
        for act in items
        if act.key and state.periods.read(act.exercise, 12, find_owner(act.key, state)) == OPEN
    ]
    fitting = items if is_any else in_open_months
    return context.random.choice(fitting) if fitting else None


def _list_openings(context: YearContext) -> list[Document]:
    return [act for act in context.model.state.documents if act.kind in OPENING_ITEMS]


def _date_in_year(item: Document) -> Row:
    """Return the columns of what clears an item in its own year, after the openings of the next one."""
    day = max(item.day, date(item.exercise, 12, 20))
    return {"exercise": str(item.exercise), "date": day.isoformat(), "predecessor": f"@{item.number}"}


def complete_clearing(context: YearContext, row: Row) -> list[Row]:
    """Return the act of two lines, seldom of one."""
    if context.random.random() < 0.05:
        return [row]
    kind = JOURNAL_CREDIT if row["kind"] == CLEARING_DEBIT else JOURNAL_DEBIT
    other = {name: text for name, text in row.items() if not name.startswith("predecessor")}
    return [row | {"line": "1"}, other | {"line": "2", "kind": kind, "account": _draw_account(context)}]


def write_justification(context: YearContext) -> Row | None:
    """Say why an amount stays on a suspense account, seldom without a word or of what is cleared."""
    item = _choose_item(context, lambda document: document.left > 0 or context.random.random() < 0.3)
    if item is None:
        return None
    row = context.begin_row("JU", JUSTIFICATION, account=item.account, **context.name_predecessor(item))
    if context.random.random() < 0.08:
        row["account"] = _draw_account(context)
    return row | ({"reason": "sender unknown"} if context.random.random() < 0.9 else {})


def _choose_item(context: YearContext, fits: Callable[[Document], bool]) -> Document | None:
    """Return an entry on a suspense account, seldom one on another account."""
    on_suspense = context.random.random() < 0.93
    is_any = context.random.random() < 0.5
    items = [
        document
        for document in context.model.state.documents
        if document.kind in LEAVES_ON_SUSPENSE
        and (document.account in _SUSPENSE) == on_suspense
        and (is_any or document.exercise == context.day.year)
        and fits(document)
    ]
    return context.random.choice(items) if items else None


def _transfer(context: YearContext, row: Row) -> list[Row]:
    """Return a transfer to another accountant, seldom to the same one, or of one side alone."""
    place = context.random.choice(PLACES[:6])
    receiver = {"entered_by": "chloe", "validated_by": "david"} | assign(place)
    receiver = row | receiver | {"account": _draw_account(context)}
    lines = [
        row | {"line": "1", "account": LIAISON},
        row | {"line": "2", "kind": JOURNAL_CREDIT},
        receiver | {"line": "3"},
        receiver | {"line": "4", "kind": JOURNAL_CREDIT, "account": LIAISON},
    ]
    return lines if context.random.random() < 0.85 else lines[:2]


def _draw_account(context: YearContext) -> str:
    accounts = _ACCOUNTS if context.random.random() < 0.93 else _CLOSED_ACCOUNTS
    return context.random.choice(accounts)


def write_credit(context: YearContext) -> Row | None:
    """Move money of which nobody knows what it is, mostly a credit, in the books of an accountant."""
    centre = context.random.choice([assign(place)["fund_centre"] for place in PLACES[:6]])
    if context.random.random() < 0.1:
        centre = context.random.choice(("0177", "0177-XXXX", ""))
    kind = context.random.choices((CREDIT, UNKNOWN_DEBIT, "suspense_return"), (6, 2, 2))[0]
    amount = context.draw_amount()
    if kind != CREDIT:
        kinds = {"payment", "reissue"} if kind == UNKNOWN_DEBIT else DEBITS
        transfer = context.choose(lambda act: act.kind in kinds and not act.followed)
        if transfer and transfer.key:
            amount = transfer.amount
            is_here = context.has_accountant_of(transfer.key.centre, transfer)
            centre = transfer.key.centre if is_here and context.random.random() < 0.8 else centre
    return context.begin_row("UB", kind, amount=write_euros(amount), fund_centre=centre)


def write_identification(context: YearContext) -> Row | None:
    """Identify what stands on suspense; ``complete_identification`` adds the receivable that it pays."""
    late = 0.6 if context.day.month == 1 else 0.1
    items = [
        document
        for document in context.model.state.documents
        if (
            document.kind in MOVEMENTS | OPENING_ITEMS
            if context.random.random() < 0.9
            else document.kind == JOURNAL_CREDIT
        )
        and (document.exercise == context.day.year or context.random.random() < late)
        and (document.left > 0 or context.random.random() < 0.05)
    ]
    if not items:
        return None
    transfers = [item for item in items if item.kind in MOVEMENTS - {CREDIT}]
    item = context.random.choice(transfers if transfers and context.random.random() < 0.5 else items)
    is_whole = item in transfers and context.random.random() < 0.9
    amount = write_euros(item.left) if is_whole else context.draw_part(max(item.left, 1))
    kind = _find_first(item).kind
    is_money = (kind not in IDENTIFIED_AS.values() or kind == CREDIT) ^ (context.random.random() < 0.03)
    kind = IDENTIFICATION if is_money else TRANSFER_IDENTIFICATION
    row = context.begin_row("ID", kind, predecessor=f"@{item.number}", amount=amount)
    if item.exercise < context.day.year and context.random.random() < 0.9:
        row["exercise"] = str(item.exercise)  # in the months of its year that are still open
    return row


def complete_identification(context: YearContext, row: Row) -> list[Row]:
    """Return the act of two lines, mostly with what the accountant has of its kind, and what that has left; seldom of one."""
    place, documents = row.get("predecessor", "").removeprefix("@"), context.model.state.documents
    item = documents[int(place) - 1] if place.isdigit() and 0 < int(place) <= len(documents) else None
    is_other = context.random.random() < 0.1
    kind = _choose_identified_kind(context, row, item)
    is_whole = item is not None and kind != IDENTIFICATION_RECEIPT and context.random.random() < 0.9
    followed = context.choose(
        lambda act: (
            act.kind in PREDECESSORS[kind]
            and act.left > 0
            and not act.followed
            and (not is_whole or (item is not None and act.amount == item.left))
            and (is_other or _have_one_accountant(context, act, item))
        )
    )
    if followed is None or context.random.random() < 0.05:
        return [row]
    if is_amount(row.get("amount", "")) and context.random.random() < 0.9:
        most_cents = followed.left if kind != IDENTIFICATION_RECEIPT else read_cents(row["amount"])
        row |= {"amount": write_euros(min(most_cents, followed.left))}
    second = {"kind": kind, "predecessor": f"@{followed.number}", "line": "2"}
    return [row | {"line": "1"}, row | second]


def _choose_identified_kind(context: YearContext, row: Row, item: Document | None) -> str:
    """Return what an item is identified as: mostly what its account is for, of the family of the first line."""
    kinds = sorted(IDENTIFIED_BY[row["kind"]])
    fitting = [kind for kind in kinds if item and IDENTIFIED_AS[kind] == _find_first(item).kind]
    return context.random.choice(fitting if fitting and context.random.random() < 0.95 else kinds)


def _find_first(item: Document) -> Document:
    """Return what an opening brings into its year, as it came on suspense; an item that no opening brought, itself."""
    while item.kind in OPENING_ITEMS and item.predecessor:
        item = item.predecessor
    return item


def _have_one_accountant(context: YearContext, act: Document, item: Document | None) -> bool:
    if item is None or item.key is None or act.key is None:
        return True
    years = context.model.state.reference.years
    accountants = {years[key.year].find_accountant(key.centre) for key in (act.key, item.key)}
    return len(accountants) == 1


SUSPENSE_WRITERS = ((9, write_clearing), (4, write_justification), (6, write_identification))
