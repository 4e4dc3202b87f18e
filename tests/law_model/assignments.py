"""The account assignment: nomenclature of the budget year, consistency, account (domain 2.2; A39)."""

from dataclasses import dataclass

from tests.law_model.budget import NodeKey
from tests.law_model.kinds import (
    CHARGES,
    CLEARINGS,
    CREDIT_KINDS,
    EARMARKS,
    GIVES_BACK_CHARGE,
    INVENTORY,
    JOURNALS,
    RECEIVABLES,
    RELEASE,
    UNUSED_CREDITS,
)
from tests.law_model.nomenclature import ORDINARY, Centre, Item, Year
from tests.law_model.state import Act, Document, State

LEVELS = {
    "budget_opening": ("programme",),
    "fund": ("programme",),
    "allotment": ("bop", "uo"),
    "budget_move": ("programme", "bop", "uo"),
    "credit_return": ("bop", "uo"),
    "cancellation": ("programme",),
    "virement": ("programme",),
    "decree_transfer": ("programme",),
    "decree_cancellation": ("programme",),
    "freeze": ("programme", "bop", "uo"),
    "unfreeze": ("programme", "bop", "uo"),
    "carryover_out": ("programme", "bop", "uo"),
    "carryover_in": ("programme", "bop", "uo"),
    "unused_cancellation": ("programme", "bop", "uo"),
    "unused_unfreeze": ("programme", "bop", "uo"),
}


@dataclass
class Assignment:
    """Where an act is booked."""

    key: NodeKey
    operation: str
    area: str
    item: str
    fund: str
    account: str


def inherit(document: Document) -> Assignment | None:
    """Return the assignment of an earlier act."""
    if document.key is None:
        return None
    return Assignment(
        document.key, document.operation, document.area, document.item, document.fund, document.account
    )


def read_assignment(act: Act, state: State) -> tuple[Assignment | None, list[str]]:
    """Return the stated assignment, if all its codes but the account exist, and the codes that refuse it."""
    year = state.reference.years.get(act.budget_year)
    if year is None:
        return None, ["FIELD_INVALID"]  # no budget of that year exists
    missing = _check_existence(act, year)
    codes = [*missing, *_check_level(act, year), *_check_consistency(act, year)]
    if set(missing) - {"ACCOUNT_UNKNOWN"}:
        return None, codes
    item = year.items[act.text("commitment_item")]
    fund = act.text("fund") or ORDINARY
    key = NodeKey(act.budget_year, act.text("fund_centre"), item.staff, year.funds[fund][0])
    account = act.text("account") or _usual_account(act, year)
    return Assignment(
        key, act.text("operation"), act.text("functional_area"), item.code, fund, account
    ), codes


def _usual_account(act: Act, year: Year) -> str:
    role = year.roles.get(act.text("commitment_item"))
    return role.expense if role else ""


def _check_existence(act: Act, year: Year) -> list[str]:
    references = (
        ("fund_centre", "FUND_CENTRE_UNKNOWN", _centres_of_acts(year)),
        ("functional_area", "FUNCTIONAL_AREA_UNKNOWN", year.areas),
        ("commitment_item", "COMMITMENT_ITEM_UNKNOWN", year.items),
        ("fund", "FUND_UNKNOWN", year.funds),
        ("operation", "OPERATION_UNKNOWN", [c.code for c in year.centres.values() if c.level == "operation"]),
        ("account", "ACCOUNT_UNKNOWN", year.accounts),
    )
    return [code for name, code, codes in references if act.text(name) and act.text(name) not in codes]


def _centres_of_acts(year: Year) -> list[str]:
    return [centre.code for centre in year.centres.values() if centre.level != "operation"]


def _check_level(act: Act, year: Year) -> list[str]:
    centre = year.centres.get(act.text("fund_centre"))
    action = act.kind.rpartition("_")[0] if act.kind in CREDIT_KINDS else ""
    levels = LEVELS.get(action, ("uo",))
    if act.kind in UNUSED_CREDITS and act.text("operation"):
        levels = ("uo",)  # what is set apart for an operation is its unit's (GBCP 156)
    is_right = centre is None or centre.level in levels
    return [] if is_right else ["FUND_CENTRE_LEVEL"]


def _check_consistency(act: Act, year: Year) -> list[str]:
    """Check that codes that exist belong together (A39)."""
    item = year.items.get(act.text("commitment_item"))
    is_suitable = item is None or _suits(act, item)
    codes = [] if is_suitable else ["NOMENCLATURE_MISMATCH"]
    centre = year.centres.get(act.text("fund_centre"))
    if centre and not _belongs(act, year, centre):
        codes.append("NOMENCLATURE_MISMATCH")
    return [*codes, *_check_account(act, year)]


def _belongs(act: Act, year: Year, centre: Centre) -> bool:
    """Return whether area and fund are of the centre's programme, and the operation of its UO."""
    programmes = [year.funds.get(act.text("fund") or ORDINARY, ("", ""))[1]]
    if act.kind not in CREDIT_KINDS or act.kind in UNUSED_CREDITS:
        operation = year.centres.get(act.text("operation"))
        if operation and operation.level == "operation" and operation.parent != centre.code:
            return False
        if act.kind not in EARMARKS | UNUSED_CREDITS:
            programmes.append(year.areas.get(act.text("functional_area"), ""))
    return all(programme in ("", centre.programme) for programme in programmes)


def _suits(act: Act, item: Item) -> bool:
    if act.kind in EARMARKS:
        return not item.staff and not item.receipt
    if act.kind == "payroll" and not item.staff:
        return False
    if item.receipt or act.kind in RECEIVABLES:
        return item.receipt and act.kind in RECEIVABLES
    return item.budget_only == (act.kind in CREDIT_KINDS)


def _check_account(act: Act, year: Year) -> list[str]:
    account, role = act.text("account"), year.roles.get(act.text("commitment_item"))
    if act.kind in CLEARINGS and not account.startswith(year.suspense):
        return ["ACCOUNT_MISMATCH"]
    if act.kind == "asset_service":
        return [] if account in year.assets else ["ACCOUNT_MISMATCH"]
    if act.kind in INVENTORY:
        return [] if year.find_counterpart(act.kind, account) else ["INVENTORY_ACCOUNT"]
    if act.kind == RELEASE:
        return []  # its account answers to that of the provision, whatever it states of its place
    if act.kind in JOURNALS:
        return ["ACCOUNT_RESTRICTED"] if year.is_restricted(account) else []
    if account and act.kind not in CHARGES | GIVES_BACK_CHARGE:
        return ["ACCOUNT_MISMATCH"]
    if not account or role is None:
        return []
    if year.is_accrued_asset(account):
        return ["ACCOUNT_MISMATCH"]  # the inventory alone charges it (chart 2318800000)
    return [] if account.startswith((*role.admits, role.expense)) else ["ACCOUNT_MISMATCH"]
