"""How a debt is settled: by a transfer, by an entry of the ledger, by the payroll application (docs/accounts.md)."""

from tests.law_model.chain import find_root
from tests.law_model.postings import find_creditor, find_own_creditor
from tests.law_model.state import Act, Document, State

_TAKING_KINDS = frozenset(
    {"payment", "set_off", "advance_withholding", "retention", "attachment", "assignment"}
)
_ENTRY_ROLES = ("debt_liaison", "tax_relief")


def check_way(act: Act, predecessor: Document, state: State) -> list[str]:
    """Check that acts settle the debt (chart 6650000000, 4678410000, 4271100000).

    Programme 0117 owes to the account of the debt, and relief of taxes goes against the tax that was due: neither is a
    creditor to transfer to.  Retentions from pay are of the payroll application.
    """
    if act.kind == "service":
        return _check_service(act, state)
    if act.kind not in _TAKING_KINDS:
        return []
    request = find_root(predecessor)
    assert request.key is not None
    settlement = state.reference.years[request.key.year].settlement
    is_by_entry = find_creditor(request, state) in {settlement[role] for role in _ENTRY_ROLES}
    codes = ["SETTLED_WITHOUT_TRANSFER"] if is_by_entry else []
    if act.kind in _TAKING_KINDS - {"payment"} and request.kind == "payroll":
        codes.append("PAYROLL_DIVERSION")
    return codes


def _check_service(act: Act, state: State) -> list[str]:
    """Check that no service is certified on an account of relief: the chart clears 4678410000 against a tax."""
    year = state.reference.years[act.exercise]
    account = act.text("account")
    settlement = year.settlement
    is_by_entry = find_own_creditor(account, year.creditors) in {settlement[role] for role in _ENTRY_ROLES}
    return ["ACCOUNT_MISMATCH"] if account and is_by_entry else []
