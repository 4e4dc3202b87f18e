"""The account assignment of a line, and its faults."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import product

from core.act_fields import Field
from core.catalog import ActKind, BudgetAction, Family, Role
from core.kind_rules import TitleTwo, YearRule
from core.nomenclature import ORDINARY_FUND, CentreLevel, CommitmentItem, Nomenclature
from core.origins import ORIGIN_NUMBERS, Origin
from core.outcome_codes import Outcome
from core.restorations import RestorationRule
from core.visa_thresholds import ThresholdKey
from tests.oracle import days, whole_numbers
from tests.oracle.model import NONE, Cell
from tests.oracle.reference import Reference

Fields = Mapping[Field, str]

CELL_FIELDS = {Field.FUND_CENTRE, Field.FUNCTIONAL_AREA, Field.COMMITMENT_ITEM}
"""The fields that every spending line needs; fund, operation and budget year have a default."""

_BRINGS_CREDITS = {
    *(BudgetAction.OPEN, BudgetAction.ALLOT, BudgetAction.MOVE, BudgetAction.RETURN),
    *(BudgetAction.CANCEL, BudgetAction.FREEZE, BudgetAction.UNFREEZE, BudgetAction.OPEN_FUND),
    *(BudgetAction.VIREMENT, BudgetAction.DECREE_TRANSFER, BudgetAction.DECREE_CANCEL),
    *(BudgetAction.CARRY_OUT, BudgetAction.CARRY_IN, BudgetAction.CANCEL_UNUSED),
}
_MOVES = (BudgetAction.MOVE, BudgetAction.VIREMENT, BudgetAction.DECREE_TRANSFER)


_OF_BANK = ("suspense_receipt", "suspense_debit", "suspense_return")


def has_cell(kind: ActKind, fields: Fields) -> bool:
    """Return whether the line gives an account assignment: it must, unless it can inherit its predecessor's."""
    if kind.follows and not kind.needs_assignment:
        return any(fields.get(field) for field in {*CELL_FIELDS, Field.FUND, Field.OPERATION})
    own_families = (
        Family.RECEIVABLE,
        Family.JOURNAL,
        Family.OPENING,
        Family.RESULT,
        Family.ALLOCATION,
        Family.VISA,
        Family.ASSET,
        Family.INVENTORY,
    )
    is_own = kind.family in own_families or kind.name in _OF_BANK
    return kind.needs_assignment or kind.budget is not BudgetAction.NONE or is_own


def find_assignment_faults(kind: ActKind, fields: Fields, reference: Reference) -> Iterator[Outcome]:
    """Yield all faults of assignment and account, in no particular order; none in a year without files."""
    if read_budget_year(fields) not in reference.years:
        return
    if not has_cell(kind, fields):
        yield from _find_account_faults(kind, "", fields, reference)
        return
    yield from _find_unknown_codes(fields, reference)
    yield from _find_level_faults(kind, fields, reference)
    yield from _find_source_faults(kind, fields, reference)
    if kind.budget is BudgetAction.OPEN and _lacks_receipt(fields):
        yield Outcome.FUND_RECEIPT_MISSING
    is_carried = kind.budget is BudgetAction.OPEN and fields.get(Field.ORIGIN) == "carry_over"
    if is_carried and read_budget_year(fields) - 1 in reference.years:
        yield Outcome.CARRY_OVER_UNORDERED
    if _has_mismatch(kind, fields, reference):
        yield Outcome.NOMENCLATURE_MISMATCH
    item = _find_nomenclature(fields, reference).items.get(fields.get(Field.COMMITMENT_ITEM, ""))
    if item and item.staff and kind.title_two is TitleTwo.REFUSED:
        yield Outcome.TITLE_TWO_COMMITMENT
    if item and item.staff and _charges_pay(kind, fields, reference):
        yield Outcome.SPECIAL_PAY_FORBIDDEN
    yield from _find_account_faults(kind, fields.get(Field.COMMITMENT_ITEM, ""), fields, reference)


def _charges_pay(kind: ActKind, fields: Fields, reference: Reference) -> bool:
    """Return whether a kind opens, moves or spends credits on a special account to which no pay is charged (LOLF art. 20)."""
    codes = _find_nomenclature(fields, reference)
    programme = codes.programmes.get(fields.get(Field.FUND_CENTRE, "")[:4])
    account = codes.special_accounts.get(programme.mission) if programme else None
    is_credit = kind.budget in (*_MOVES, BudgetAction.OPEN, BudgetAction.OPEN_FUND, BudgetAction.REASSIGN)
    takes = max(kind.ae_reserved, kind.ae_consumed, kind.cp_reserved, kind.cp_consumed) > 0
    is_expense = kind.budget is BudgetAction.SPEND and takes
    return account is not None and not account.pays_staff and (is_credit or is_expense)


def read_budget_year(fields: Fields) -> int:
    """Return the year whose files define the line's codes; 0 if it gives no valid year."""
    return whole_numbers.parse(fields.get(Field.BUDGET_YEAR) or fields.get(Field.EXERCISE, "")) or 0


def _find_nomenclature(fields: Fields, reference: Reference) -> Nomenclature:
    return reference.years[read_budget_year(fields)].nomenclature


def _find_item(fields: Fields, reference: Reference) -> CommitmentItem | None:
    """Return the commitment item; None of an opening, which names none."""
    return _find_nomenclature(fields, reference).items.get(fields.get(Field.COMMITMENT_ITEM, ""))


def _is_of_title_three(fields: Fields, reference: Reference) -> bool:
    item = _find_item(fields, reference)
    return item is not None and item.title == 3 and not item.budget_only


def _find_unknown_codes(fields: Fields, reference: Reference) -> Iterator[Outcome]:
    codes = _find_nomenclature(fields, reference)
    centre, operation = fields.get(Field.FUND_CENTRE), fields.get(Field.OPERATION)
    if centre and not _is_centre(centre, codes):
        yield Outcome.FUND_CENTRE_UNKNOWN
    if operation and (operation not in codes.centres or _is_centre(operation, codes)):
        yield Outcome.OPERATION_UNKNOWN
    for field, valid_codes, fault in (
        (Field.FUNCTIONAL_AREA, codes.areas, Outcome.FUNCTIONAL_AREA_UNKNOWN),
        (Field.COMMITMENT_ITEM, codes.items, Outcome.COMMITMENT_ITEM_UNKNOWN),
        (Field.FUND, codes.funds, Outcome.FUND_UNKNOWN),
    ):
        if fields.get(field) and fields[field] not in valid_codes:
            yield fault


def _is_centre(code: str, codes: Nomenclature) -> bool:
    """Return whether ``code`` is a programme, BOP or UO; an operation has its own field."""
    centre = codes.centres.get(code)
    return centre is not None and centre.level is not CentreLevel.OPERATION


def _find_level_faults(kind: ActKind, fields: Fields, reference: Reference) -> Iterator[Outcome]:
    centre = _find_nomenclature(fields, reference).centres.get(fields.get(Field.FUND_CENTRE, ""))
    of_unit = (Family.RECEIVABLE, Family.JOURNAL, Family.ASSET, Family.INVENTORY)
    is_own = kind.family in of_unit or kind.name == "visa_request"
    takes_own = kind.needs_assignment and kind.family not in (Family.BUDGET, Family.OPENING)
    is_of_unit = takes_own or kind.budget is BudgetAction.SPEND or is_own
    if is_of_unit and centre and centre.level is not CentreLevel.UO:
        yield Outcome.FUND_CENTRE_LEVEL


def _find_source_faults(kind: ActKind, fields: Fields, reference: Reference) -> Iterator[Outcome]:
    if kind.budget in _MOVES and fields.get(Field.COUNTERPART):
        centre, item = split_counterpart(fields)
        codes = _find_nomenclature(fields, reference)
        if kind.budget is not BudgetAction.MOVE and _joins_wrong_programmes(kind, fields, codes):
            yield Outcome.DECREE_MISMATCH
        if not _is_centre(centre, codes):
            yield Outcome.FUND_CENTRE_UNKNOWN
        if item and item not in codes.items:
            yield Outcome.COMMITMENT_ITEM_UNKNOWN


def _lacks_receipt(fields: Fields) -> bool:
    """Return whether an opening needs a receipt: of a fund, unless carried over or from another ledger (LOLF art. 17)."""
    origin = fields.get(Field.ORIGIN, "")
    is_of_fund = fields.get(Field.FUND, ORDINARY_FUND) != ORDINARY_FUND
    return origin == "contribution_fund" or (is_of_fund and origin not in ("carry_over", "transfer"))


def _joins_wrong_programmes(kind: ActKind, fields: Fields, codes: Nomenclature) -> bool:
    """Return whether a decree joins budgets, or does not join ministries as its kind does (LOLF art. 12 and 20)."""
    centres = fields.get(Field.FUND_CENTRE, ""), split_counterpart(fields)[0]
    taker, giver = (codes.programmes.get(centre[:4]) for centre in centres)
    if taker is None or giver is None:
        return False
    accounts = {other.mission if other.code[:2] >= "06" else "" for other in (taker, giver)}
    is_one_ministry = taker.ministry == giver.ministry
    return len(accounts) > 1 or is_one_ministry != (kind.budget is BudgetAction.VIREMENT)


def _has_mismatch(kind: ActKind, fields: Fields, reference: Reference) -> bool:
    """Return whether codes that exist do not match each other (rule A39)."""
    codes = _find_nomenclature(fields, reference)
    programme = fields.get(Field.FUND_CENTRE, "")[:4]
    area, activity = fields.get(Field.FUNCTIONAL_AREA, programme), fields.get(Field.ACTIVITY, programme)
    item = codes.items.get(fields.get(Field.COMMITMENT_ITEM, ""))
    fund = codes.funds.get(fields.get(Field.FUND, ""))
    operation = codes.centres.get(fields.get(Field.OPERATION, ""))
    return (
        area[:4] != programme
        or activity[:4] != programme
        or (item is not None and not _is_item_allowed(item, kind))
        or (fund is not None and fund.programme not in ("", programme))
        or (operation is not None and operation.parent != fields.get(Field.FUND_CENTRE, ""))
        or (operation is not None and kind.title_two is TitleTwo.ONLY)
    )


def _is_item_allowed(item: CommitmentItem, kind: ActKind) -> bool:
    """Return whether the kind may use the item: T2 and HT2 bring credits, categories are spent, earmarks may use both.

    Payroll spends categories of title 2 alone; an operation has none.  A receivable and its followers have natures of receipt.
    """
    if item.receipt or Family.RECEIVABLE in (kind.family, kind.follows):
        return item.receipt and Family.RECEIVABLE in (kind.family, kind.follows)
    if kind.title_two is TitleTwo.ONLY and not item.staff:
        return False
    if kind.budget in _BRINGS_CREDITS:
        return item.budget_only
    if kind.budget in (BudgetAction.EARMARK, BudgetAction.UNEARMARK):
        return not item.staff
    return not item.budget_only


def _find_account_faults(kind: ActKind, item: str, fields: Fields, reference: Reference) -> Iterator[Outcome]:
    account = fields.get(Field.ACCOUNT, "")
    chart = reference.years[read_budget_year(fields)].chart
    if account and account not in chart.accounts:
        yield Outcome.ACCOUNT_UNKNOWN
        return
    if kind.concerns_suspense and account and account not in chart.suspense:
        yield Outcome.ACCOUNT_MISMATCH
    if kind.name == "asset_service":
        if account not in chart.assets:
            yield Outcome.ACCOUNT_MISMATCH
        return
    if kind.family is Family.JOURNAL:
        if account in chart.restricted:
            yield Outcome.ACCOUNT_RESTRICTED
        return
    if kind.family is Family.OPENING:
        if account and account[0] not in "12345" and account != chart.opening:
            yield Outcome.OPENING_ACCOUNT
        return
    if kind.family is Family.RESULT:
        own = () if chart.result.result == "" else (chart.result.result, chart.result.transfer)
        if account and account not in own and not (own and account[0] in "67"):
            yield Outcome.RESULT_ACCOUNT
        return
    if kind.family is Family.ALLOCATION:
        act = chart.settlement
        if account and (not act.name or account not in (chart.result.result, act.account)):
            yield Outcome.RESULT_ACCOUNT
        return
    if kind.concerns_suspense or kind.family is Family.INVENTORY or kind.name == "provision_release":
        return
    is_admitted = item not in chart.admitted_prefixes or chart.is_admitted(item, account)
    charges = kind.debit is Role.EXPENSE or kind.name == "credit_restoration"
    if account and not (charges and is_admitted):
        yield Outcome.ACCOUNT_MISMATCH


def split_counterpart(fields: Fields) -> tuple[str, str]:
    """Return the fund centre and T2 or HT2 that a move takes from, given as ``CENTRE`` or ``CENTRE/ITEM``."""
    centre, _, item = fields.get(Field.COUNTERPART, "").partition("/")
    return centre, item


def find_sheet(fields: Fields, reference: Reference, item: str = "") -> tuple[int, int, int]:
    """Return budget year, staff and fund family, which select one of the nodes of a fund centre."""
    codes = _find_nomenclature(fields, reference)
    sheet_item = codes.items.get(item or fields.get(Field.COMMITMENT_ITEM, ""))
    return (
        read_budget_year(fields),
        int(sheet_item is not None and sheet_item.staff),
        int(codes.funds[fields.get(Field.FUND, ORDINARY_FUND)].family),
    )


def build_cell(fields: Fields, reference: Reference) -> Cell:
    """Return the account assignment of ``fields`` without faults."""
    place = find_sheet(fields, reference)
    operation, item = fields.get(Field.OPERATION, ""), fields.get(Field.COMMITMENT_ITEM, "")
    return Cell(
        reference.find_node(fields[Field.FUND_CENTRE], place),
        reference.find_node(operation, place) if operation else NONE,
        *reference.find_role_accounts(item, read_budget_year(fields)),
        reference.find_accountant(operation or fields[Field.FUND_CENTRE], read_budget_year(fields)),
        read_budget_year(fields),
        reference.list_accounts_of_item(item, read_budget_year(fields)),
        item=item,
        title=_find_title(fields, reference),
        may_anticipate=_may_anticipate(fields, reference),
        unserved=item in _find_nomenclature(fields, reference).unserved_items,
        operating=_is_of_title_three(fields, reference),
        charges_interest=not operation and not place[2] and _is_of_title_three(fields, reference),
        programme=fields[Field.FUND_CENTRE][:4],
        area=fields.get(Field.FUNCTIONAL_AREA, ""),
        restoration=_find_restoration(fields, reference),
        repaid_title=_find_repaid_title(fields, reference),
        fund=fields.get(Field.FUND, ORDINARY_FUND) if place[2] else "",
        visa_threshold=_find_threshold(fields, reference),
        invoice_service_from=_find_invoice_service(fields, reference),
    )


def _find_invoice_service(fields: Fields, reference: Reference) -> int:
    """Return the first day of the invoice service of the fund centre or of one above it; 0 if there is none."""
    days = reference.years[read_budget_year(fields)].accountants.invoice_services
    day = days.get(fields[Field.FUND_CENTRE])
    return (day - date(1970, 1, 1)).days if day else 0


def _find_threshold(fields: Fields, reference: Reference) -> int:
    """Return the cents from which on a commitment of this ministry and title needs a visa; 0 if none does."""
    codes, title = _find_nomenclature(fields, reference), _find_repaid_title(fields, reference)
    ministry = codes.programmes[fields[Field.FUND_CENTRE][:4]].ministry
    rows = [ThresholdKey(*pair) for pair in product((ministry, "*"), (title, 0))]
    return next((codes.visa_thresholds[row] for row in rows if row in codes.visa_thresholds), 0)


def _find_restoration(fields: Fields, reference: Reference) -> RestorationRule | None:
    """Return the rule of the nature of receipt; None of an item, or of a nature that repays no expense."""
    return _find_nomenclature(fields, reference).restorations.get(fields.get(Field.COMMITMENT_ITEM, ""))


def _find_repaid_title(fields: Fields, reference: Reference) -> int:
    """Return the title of the item, or of the expenses that the nature repays."""
    rule, item = _find_restoration(fields, reference), _find_item(fields, reference)
    return rule.title if rule else item.title if item else 0


def _find_title(fields: Fields, reference: Reference) -> tuple[str, int] | None:
    """Return programme and title of a line on ordinary credits; None if its item has several titles."""
    item = _find_item(fields, reference)
    title = item.title if item else 0
    is_ordinary = fields.get(Field.FUND, ORDINARY_FUND) == ORDINARY_FUND
    return (fields[Field.FUND_CENTRE][:4], title) if title and is_ordinary else None


def _may_anticipate(fields: Fields, reference: Reference) -> bool:
    """Return whether the year before is known, and neither staff nor investment is paid (finance law for 2005, art. 108)."""
    title, year = _find_title(fields, reference), read_budget_year(fields) - 1
    if title is None or title[1] in (2, 5) or fields.get(Field.OPERATION) or year not in reference.years:
        return False
    return title[0] in reference.years[year].nomenclature.programmes


def find_source(kind: ActKind, fields: Fields, reference: Reference) -> int:
    """Return the node that a move takes from, an origin, the first day of service of a commitment, or a recycling case."""
    if kind.budget in _MOVES:
        return _find_source_node(fields, reference)
    if kind.budget in (BudgetAction.OPEN, BudgetAction.CANCEL):
        is_ordinary = fields.get(Field.FUND, ORDINARY_FUND) == ORDINARY_FUND
        usual = Origin.FINANCE_LAW if is_ordinary else Origin.CONTRIBUTION_FUND
        return ORIGIN_NUMBERS.get(fields.get(Field.ORIGIN, ""), usual)
    if kind.budget is BudgetAction.WITHDRAW and fields.get(Field.RECYCLING_CASE):
        return _find_case(fields, reference)
    if kind.family is Family.RECEIVABLE:
        return _find_due_day(fields)
    start = days.parse(fields.get(Field.SERVICE_START, "")) if kind.year_rule is YearRule.SPENDS_AE else None
    return NONE if start is None else start


def _find_due_day(fields: Fields) -> int:
    """Return the day on which a receivable is due: that it states, and never before its own; by the sample on its own."""
    own = [days.parse(fields.get(field, "")) for field in (Field.POSTING_DATE, Field.DATE, Field.DUE)]
    posted = own[1] if own[0] is None else own[0]
    return max(posted or 0, own[2] or 0)


def _find_case(fields: Fields, reference: Reference) -> int:
    """Return the number of a recycling case, raised where it holds on an operation alone."""
    year = reference.years[whole_numbers.parse(fields[Field.EXERCISE]) or 0]
    case = year.nomenclature.recycling_cases[fields[Field.RECYCLING_CASE]]
    return case.number + 256 * case.of_operation


def _find_source_node(fields: Fields, reference: Reference) -> int:
    """Return the node that a move takes from: fund and year of its target, T2 or HT2 as given."""
    centre, item = split_counterpart(fields)
    return reference.find_node(centre, find_sheet(fields, reference, item))
