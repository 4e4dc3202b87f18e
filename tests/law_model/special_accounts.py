"""Earmarked special accounts: no more is ordered in a year than was collected and brought forward (LOLF 21; A23)."""

from tests.law_model.assignments import Assignment
from tests.law_model.budget import NodeKey
from tests.law_model.kinds import REASSIGNMENT_TARGET, RELEASES, REQUESTS
from tests.law_model.state import Act, Document, State

_ORDERS = REQUESTS | RELEASES | {"request_carry", REASSIGNMENT_TARGET, "penalty_confirmation"}


def check_receipts(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that what an act orders or pays is covered by the receipts of its account in its year."""
    account = _find_account(place.key, state)
    if not account or act.kind not in _ORDERS:
        return []
    files = state.reference.years[place.key.year]
    programmes = {code for code, name in files.earmarked.items() if name == account}
    spent = sum(
        node.cp.reserved + node.cp.consumed
        for key, node in state.budget.nodes.items()
        if key.year == place.key.year and key.centre in programmes
    )
    receipts = state.collected[place.key.year, account] + files.brought_forward.get(
        (account, place.key.year), 0
    )
    return ["SPECIAL_RECEIPTS_EXCEEDED"] if spent + act.amount > receipts else []


def collect(receipt: Document, receivable: Document, state: State) -> None:
    """Count a receipt for its account in the year of its day (LOLF 28); what repays an expense restores credits instead.

    The account goes on without a programme that is suppressed.
    """
    if receivable.predecessor is not None or receivable.key is None:
        return
    account, last = _find_account(receivable.key, state), receipt.day.year
    for year in range(receivable.key.year + 1, last + 1):
        files = state.reference.years.get(year)
        goes_on = files is not None and account in files.earmarked.values()
        own = _find_account(receivable.key._replace(year=year), state)
        account = account and (own or (account if goes_on else ""))
    if account:
        state.collected[last, account] += receipt.amount


def _find_account(key: NodeKey, state: State) -> str:
    files = state.reference.years.get(key.year)
    centre = files.centres.get(key.centre) if files else None
    return files.earmarked.get(centre.programme, "") if files and centre else ""
