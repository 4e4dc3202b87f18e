"""The items between the budget balance and the result, as data: which one each posting belongs to (rule A69).

As both sides of every act are equal, the result of a year is what its other accounts gained less what they lost.  The treasury
gained the budget balance, and the other accounts are the items.  What the treasury gained or lost beside the budget, or the
budget without the treasury, belongs to the item that a rule of its own names.  A reassignment is neither: it moves the charge
and the CP alike, and no money.  What no rule names is *not explained*.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from core.act_kind import ActKind
from core.catalog import CATALOG, Family, Remainder, Role, list_kinds
from core.debt_stages import Stage
from core.kind_rules import Pairing

TREASURY = "51"
"""The first digits of the accounts of the treasury, with the transfers that the bank has not debited yet."""
RESULT_CLASSES = ("6", "7")
NOT_EXPLAINED = "not_explained"
OTHER_YEARS = "other_years"
"""CP of the year that are paid in the books of another one, less those of others in its books (complementary period)."""


class Item(NamedTuple):
    """One item: a part of the way from the budget balance to the result."""

    code: str
    section: str
    label: str


ITEMS = (
    Item("services", "accruals", "Services certified and not requested"),
    Item("inventory", "accruals", "Entries of the inventory"),
    Item("inventory_reversals", "accruals", "Reversed entries of the inventory"),
    Item("other_accruals", "accruals", "Other accrued and prepaid amounts"),
    Item("provisions", "accruals", "Provisions"),
    Item("assets", "assets", "Assets"),
    Item("depreciation", "assets", "Depreciation and impairment"),
    Item("advances", "advances", "Advances paid and not recovered"),
    Item("stocks", "stocks", "Stocks"),
    Item("requests", "unpaid", "Requests and wages not paid"),
    Item("guarantees", "unpaid", "Guarantees retained"),
    Item("penalties", "unpaid", "Penalties withheld and not confirmed"),
    Item("returned_transfers", "unpaid", "Returned transfers"),
    Item("receivables", "receipts", "Receivables not collected"),
    Item("set_offs", "receipts", "Set-offs"),
    Item("suspense", "other", "Suspense accounts"),
    Item("liaison", "other", "Accounts between accountants, and of the debt"),
    Item("loans", "other", "Loans"),
    Item("net_position", "other", "Net position"),
    Item(OTHER_YEARS, "other", "CP of one year in the books of another"),
    Item("treasury_by_hand", "other", "Entries by hand on the treasury"),
)
"""In the order in which they print."""


def _is_any(_: ActKind) -> bool:
    return True


def _is_set_off(kind: ActKind) -> bool:
    return kind.pairs in (Pairing.DEBT, Pairing.RECEIVABLE)


def _is_inventory(kind: ActKind) -> bool:
    return kind.family in (Family.INVENTORY, Family.INVENTORY_CHANGE)


def _reverses_inventory(kind: ActKind) -> bool:
    """Return whether it takes an accrual back in the next year; a correction does so in the same one."""
    return kind.family is Family.INVENTORY_CHANGE and kind.after is Stage.ACCRUED


def _is_identification(kind: ActKind) -> bool:
    return kind.pairs is Pairing.IDENTIFICATION


def _moves_suspense(kind: ActKind) -> bool:
    is_undone = kind.family is Family.RECEIPT_CHANGE
    return is_undone or _is_identification(kind) or kind.reaches is Stage.BY_HAND


class PostingRule(NamedTuple):
    """Postings that belong to an item."""

    item: str
    accounts: tuple[str, ...]
    """The first digits of their accounts."""
    is_kind: Callable[[ActKind], bool] = _is_any
    """Of which kinds of act; by default of all."""


_OF_INVENTORY = ("40", "41", "42", "43", "46", "48", "168", "54")
POSTING_RULES = (
    PostingRule("provisions", ("15",)),
    PostingRule("inventory_reversals", _OF_INVENTORY, _reverses_inventory),
    PostingRule("inventory", _OF_INVENTORY, _is_inventory),
    PostingRule("set_offs", ("467",), _is_set_off),
    PostingRule("depreciation", ("28", "29", "39", "49", "59")),
    PostingRule("assets", ("2",)),
    PostingRule("stocks", ("3",)),
    PostingRule("penalties", ("4016", "4046")),
    PostingRule("guarantees", ("4017", "4047")),
    PostingRule("services", ("408", "428", "438")),
    PostingRule("advances", ("409",)),
    PostingRule("other_accruals", ("418", "48", "54", "1688")),
    PostingRule("receivables", ("41",)),
    PostingRule("suspense", ("46715",), _is_identification),
    PostingRule("returned_transfers", ("46715",)),
    PostingRule("requests", ("40", "42", "43", "467")),
    PostingRule("suspense", ("47", "5129")),
    PostingRule("liaison", ("18",)),
    PostingRule("loans", ("16", "17")),
    PostingRule("net_position", ("10", "11", "12")),
)
"""The first rule that names a posting counts.  A return that is identified took its money in as suspense."""

TREASURY_RULES = (
    PostingRule("set_offs", ("467",), _is_set_off),
    PostingRule("returned_transfers", ("46715",), lambda kind: not kind.settles),
    PostingRule("suspense", ("47", "5129"), _moves_suspense),
    PostingRule("treasury_by_hand", (TREASURY,), lambda kind: kind.family is Family.JOURNAL),
)
"""What the treasury gained beside the budget, by an account that the same entry posts on; the first rule counts."""


def _list_signs(test: Callable[[ActKind], int]) -> Mapping[int, int]:
    return {number: test(CATALOG[number]) for number in list_kinds(test)}


CONSUMPTION_SIGNS = _list_signs(lambda kind: kind.settles + kind.cp_consumed)
"""By kind: whether it consumes CP (1) or gives them back (-1)."""


def _find_receipt_sign(kind: ActKind) -> int:
    collects = kind.follows is Family.RECEIVABLE and kind.draws is Remainder.OPEN
    gives_back = kind.family in (Family.RESTORATION, Family.RECEIPT_CHANGE)
    return collects + (kind.credit is Role.PENALTY_PRODUCT) - gives_back


RECEIPT_SIGNS = _list_signs(_find_receipt_sign)
"""By kind: whether it collects a receipt of the budget (1), or takes one back (-1), as what restores credits does."""


class PostedSum(NamedTuple):
    """What acts of one kind post on two accounts; empty where an entry has one side."""

    kind: int
    debit: str
    credit: str
    cents: int


class ItemAmount(NamedTuple):
    """An amount that raises the result beyond the budget balance; negative where it lowers it."""

    item: str
    cents: int


def find_budget_effect(posted: PostedSum) -> int:
    """Return by how much entries raise the budget balance: receipts that they collect, less CP that they consume."""
    sign = RECEIPT_SIGNS.get(posted.kind, 0) - CONSUMPTION_SIGNS.get(posted.kind, 0)
    return sign * posted.cents


def list_amounts(posted: PostedSum) -> Iterator[ItemAmount]:
    """Yield the amount of each side on an account of the balance sheet, and what the treasury gained beside the budget."""
    beside = -find_budget_effect(posted)
    for account, cents in ((posted.debit, posted.cents), (posted.credit, -posted.cents)):
        if not account or account.startswith(RESULT_CLASSES):
            continue
        item = _find_item(POSTING_RULES, posted.kind, (account,))
        if item == NOT_EXPLAINED and account.startswith(TREASURY):
            beside += cents
        else:
            yield ItemAmount(item, cents)
    if beside and CATALOG[posted.kind].family is not Family.REASSIGNMENT:
        yield ItemAmount(_find_item(TREASURY_RULES, posted.kind, (posted.debit, posted.credit)), beside)


def _find_item(rules: tuple[PostingRule, ...], kind: int, accounts: tuple[str, ...]) -> str:
    for rule in rules:
        if rule.is_kind(CATALOG[kind]) and any(account.startswith(rule.accounts) for account in accounts):
            return rule.item
    return NOT_EXPLAINED
