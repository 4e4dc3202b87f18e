"""Provisional penalties withheld from certified service (chart 4016000000, 4046000000, 7220000000)."""

from tests.law_model.effects_of_requests import bill, go_on
from tests.law_model.state import Act, Document, State

ACCOUNT_ROLES = {3: "penalty", 5: "asset_penalty"}
"""By title: whose accounts the chart has, 4016000000 and 4046000000; of other titles it has none."""


def find_role(document: Document, state: State) -> str:
    """Return the role of the account on which a penalty stands; empty where the chart has none."""
    assert document.key is not None
    title = state.reference.years[document.key.year].items[document.item].title
    return ACCOUNT_ROLES.get(title, "")


def check_penalty(act: Act, commitment: Document, state: State) -> list[str]:
    """Check that a penalty has an account to stand on."""
    return [] if act.kind != "penalty" or find_role(commitment, state) else ["PENALTY_ITEM"]


def withhold(_: Act, document: Document, __: State) -> None:
    """Take what is withheld from the service that may be requested; it reserves no CP, as nothing is paid now."""
    document.left = document.amount
    bill(document, document.amount)


def confirm(_: Act, document: Document, state: State) -> None:
    """Consume CP for what the State keeps: the expense is whole, and the penalty a product (ours; LOLF art. 6)."""
    assert document.predecessor is not None
    assert document.key is not None
    document.predecessor.left -= document.amount
    state.budget.consume(document.key, document.operation, "cp", document.amount)


def remit(_: Act, document: Document, state: State) -> None:
    """Reserve CP for what is owed after all, of the year in which it is remitted."""
    assert document.predecessor is not None
    assert document.key is not None
    document.predecessor.left -= document.amount
    document.left = document.amount
    state.budget.reserve(document.key, document.operation, "cp", document.amount)


def reject(_: Act, document: Document, __: State) -> None:
    """Let the service be requested again, where its commitment is now; of a carry, give it back to the year before."""
    penalty = document.predecessor
    assert penalty is not None
    before = penalty.predecessor
    assert before is not None
    penalty.left -= document.amount
    penalty.rejected += document.amount
    if penalty.kind == "penalty_carry":
        before.left += document.amount
        return
    bill(penalty, -document.amount)
    go_on(before, before.now, document.amount, document.amount)
