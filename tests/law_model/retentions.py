"""Guarantees retained from the payments of a contract (code of public procurement, R2191-32, R2191-33; chart 4017000000)."""

from tests.law_model.kinds import ON_COMMITMENT
from tests.law_model.state import Act, Document, State

ACCOUNT_ROLES = {3: "retention", 5: "asset_retention"}
"""By title: whose accounts the chart has, 4017000000 and 4047000000; of other titles it has none."""
_PER_MILLE = 1000


def find_role(document: Document, state: State) -> str:
    """Return the role of the account on which a guarantee stands; empty where the chart has none."""
    assert document.key is not None
    title = state.reference.years[document.key.year].items[document.item].title
    return ACCOUNT_ROLES.get(title, "")


def check_retention(act: Act, predecessor: Document, state: State) -> list[str]:
    """Check that a guarantee comes from a payment of a contract, before all else, at most 5 % (ours: of the request)."""
    if act.kind != "retention":
        return []
    codes = []
    if predecessor.kind not in ON_COMMITMENT or not find_role(predecessor, state):
        codes.append("RETENTION_REQUEST")
    if predecessor.taken_up or predecessor.retained:
        codes.append("RETENTION_LATE")
    assert predecessor.key is not None
    limit = state.reference.retention_limits[predecessor.key.year]
    if act.amount * _PER_MILLE > predecessor.left * limit:
        codes.append("RETENTION_EXCEEDED")
    return codes


def retain(_: Act, document: Document, state: State) -> None:
    """Release the CP of what is retained, which is not paid now."""
    request = document.predecessor
    assert request is not None
    assert request.key is not None
    request.left -= document.amount
    request.retained += document.amount
    document.left = document.amount
    state.budget.reserve(request.key, request.operation, "cp", -document.amount)


def release(_: Act, document: Document, state: State) -> None:
    """Reserve CP again, of the year in which the guarantee is released; no AE, which the commitment consumed."""
    retention = document.predecessor
    assert retention is not None
    assert document.key is not None
    retention.left -= document.amount
    document.left = document.amount
    state.budget.reserve(document.key, document.operation, "cp", document.amount)


def carry(_: Act, document: Document, __: State) -> None:
    """Let a guarantee go on in the next year, where it is released; it reserves nothing."""
    assert document.predecessor is not None
    document.predecessor.left -= document.amount
    document.left = document.amount


def reject(_: Act, document: Document, state: State) -> None:
    """Give back to the request what was retained of it, with its CP; of a carry, to that of the year before (ours)."""
    retention = document.predecessor
    assert retention is not None
    before = retention.predecessor
    assert before is not None
    assert before.key is not None
    retention.left -= document.amount
    before.left += document.amount
    if retention.kind == "retention":
        before.retained -= document.amount
        state.budget.reserve(before.key, before.operation, "cp", document.amount)
