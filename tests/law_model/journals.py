"""Random entries by hand: most are right, some name a wrong account or are not balanced."""

from tests.law_model.commitments import assign
from tests.law_model.form import write_euros
from tests.law_model.kinds import JOURNAL_CREDIT, JOURNAL_DEBIT
from tests.law_model.state import Row
from tests.law_model.year_context import PLACES, Place, YearContext

_ACCOUNTS = ("6113110000", "6188000000", "4721000000", "4731000000", "6222000000")
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
