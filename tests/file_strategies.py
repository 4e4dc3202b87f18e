"""Hypothesis strategies for files of acts in the flat act format, on small reference data."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st

from core.catalog import CATALOG, KIND_NUMBERS, ActKind, BudgetAction, Family, PayeeChange
from core.compound_acts import TEMPLATES, expand
from core.kind_rules import BY_DECREE, CANCELS_CREDITS, MOVES_CREDITS, Pairing
from tests.accountants import CHANGE_FIELDS
from tests.oracle.iban import add_check_digits

REFERENCE = Path(__file__).parent.joinpath("scenarios", "reference")
"""Small reference data; ``YEAR`` is the folder to load."""
YEAR = 2018

Row = dict[str, str]
File = list[Row]


class SpendingPlace(NamedTuple):
    """A unit with the codes that spending on it may use."""

    unit: str
    area: str
    items: tuple[str, ...]
    funds: tuple[str, ...] = ("", "N/A")
    operations: tuple[str, ...] = ("",)


PLACES = (
    SpendingPlace("0177-D013-DD13", "0177-12", ("31", "63")),
    SpendingPlace("0177-D013-DR13", "0177-12-08", ("31",)),
    SpendingPlace("0177-D075-DD75", "0177-12", ("31",)),
    SpendingPlace("0217-SGAC-ASPR", "0217-07", ("21", "31"), ("", "", "1-1-00733")),
    SpendingPlace("0217-SGAC-IMMO", "0217-07", ("51",), operations=("", "OP-0217-000001", "OP-0217-000002")),
    SpendingPlace("0117-CENT-C001", "0117-01", ("41",)),
)
_IBANS = tuple(add_check_digits("FR", f"{number:023}") for number in (1, 2))
_PAYEES = ("1001488375", "1001488376")
_SPOILT_FIELDS = (
    *(
        ("reference", ""),
        ("reference", "R" * 36),
        ("kind", "engagement"),
        ("exercise", "2017"),
        ("line", "0"),
    ),
    *(("date", "2018-02-30"), ("date", "2018-01-15"), ("date", "2019-06-01"), ("posting_date", "2019-01-15")),
    *(("fund_centre", "0177-D013-XXXX"), ("fund_centre", "0177-D013"), ("functional_area", "0217-99")),
    *(
        ("functional_area", "0117-01"),
        ("commitment_item", "99"),
        ("commitment_item", "HT2"),
        ("fund", "9-9-99999"),
    ),
    *(
        ("operation", "OP-0217-999999"),
        ("account", "9999999999"),
        ("account", "6531230000"),
        ("iban", "FR00"),
    ),
    *(("amount", "1.234"), ("amount", "0"), ("amount", "-5"), ("amount", "1000000000000.01"), ("amount", "")),
    *(("payee", ""), ("payee", "1999999999"), ("predecessor", ""), ("predecessor", "R1#x"), ("due", "soon")),
)
_PAYMENT_FIELDS = (
    *({}, {}, {"received": "2018-04-30", "due": "2018-05-30", "priority": "1"}),
    {"method": "sepa", "invoice_number": "F-1", "invoice_date": "2018-04-27", "remittance": "n° 1"},
)
"""Payment details of a request."""
_COMMON = ("commitment", "commitment", "service", "service", "payment_request", "payment_request_rejection")
_CHAIN = ("third_party", "commitment", "service", "payment_request", "payment")
_CHANGES_OF_CHANGES = (
    *(
        {},
        {},
        {},
        {},
        {"evidence_hash": ""},
        {"evidence_hash": "5E" * 32},
        {"evidence_hash": "5e" * 31 + "5g"},
    ),
    *({"call_back": ""}, {"call_back": "  "}, {"entered_by": "", "validated_by": ""}),
)
"""What is put in the place of what a change of bank details states: mostly nothing."""
_PERSONS = {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}
_CHANGES_WITHOUT_BANK = frozenset({PayeeChange.BLOCK, PayeeChange.RELEASE})
_cents = st.sampled_from((1000, 2000, 3000, 6000)) | st.integers(1, 90_000) | st.sampled_from((1, 10**14))


_CREDITS = {
    "0177": 2000,
    "0177-D013": 1200,
    "0177-D013-DD13": 600,
    "0177-D013-DR13": 300,
    "0177-D075": 500,
    "0177-D075-DD75": 400,
    "0217": 1500,
    "0217-SGAC": 1500,
    "0217-SGAC-ASPR": 500,
    "0217-SGAC-IMMO": 900,
    "0117": 100,
    "0117-CENT": 100,
    "0117-CENT-C001": 100,
}
"""Euros of AE for HT2; T2 has the same in programme 0217, and CP are an eighth."""


def build_openings() -> File:
    """Return credits for every place, each opening and allotment as its own act, parents first."""
    rows: File = []
    for measure, parts in (("ae", 1), ("cp", 8)):
        for centre, euros in _CREDITS.items():
            for item in ("HT2", "T2") if centre.startswith("0217") else ("HT2",):
                act = "allotment" if "-" in centre else "budget_opening"
                row = {"reference": f"B{len(rows)}", "kind": f"{act}_{measure}", "fund_centre": centre}
                rows.append(_add_dates(row) | {"commitment_item": item, "amount": f"{euros // parts}.00"})
    return rows


def _add_dates(row: Row) -> Row:
    return row | {"exercise": "2018", "date": "2018-05-02"}


@st.composite
def files(draw: st.DrawFn, acts_max: int = 40) -> list[File]:
    """Draw one to four files of acts after ``build_openings``, some repeated, some changed, some with a fault."""
    count = draw(st.integers(1, acts_max))
    names = [
        *_CHAIN,
        *draw(st.lists(st.sampled_from([*KIND_NUMBERS, *_COMMON]), min_size=count, max_size=count)),
    ]
    acts = [*_build_chain(), *(draw(_acts(names, at)) for at in range(len(_CHAIN), len(names)))]
    for original, place in draw(
        st.lists(st.tuples(st.integers(0, count), st.integers(0, count)), max_size=3)
    ):
        acts.insert(place, draw(_repeats(acts[original])))
    cuts = sorted(draw(st.lists(st.integers(0, len(acts)), max_size=3)))
    pieces = [acts[start:end] for start, end in zip([0, *cuts], [*cuts, len(acts)], strict=True)]
    return [build_openings(), *([row for act in piece for row in act] for piece in pieces if piece)]


def _build_chain() -> list[File]:
    """Return the acts of ``_CHAIN``, all accepted, so that most later acts find a predecessor."""
    place = PLACES[0]
    cell = {"fund_centre": place.unit, "functional_area": place.area, "commitment_item": place.items[0]}
    own: tuple[Row, ...] = (
        {"payee": _PAYEES[0], "payee_name": "Entreprise", "iban": _IBANS[0]},
        cell | {"amount": "90.00"},
        {"predecessor": "R1", "amount": "60"},
        {"predecessor": "R1#1", "amount": "20,0", "payee": _PAYEES[0]},
        {"predecessor": f"@{len(build_openings()) + 4}", "amount": "10.00", "iban": _IBANS[0]},
    )
    named = zip(_CHAIN, own, strict=True)
    return [[_add_dates({"reference": f"R{at}", "kind": kind}) | row] for at, (kind, row) in enumerate(named)]


@st.composite
def _repeats(draw: st.DrawFn, act: File) -> File:
    """Draw the same act again, or its reference with another amount."""
    return act if draw(st.booleans()) else [row | {"amount": "17.00"} for row in act]


@st.composite
def _acts(draw: st.DrawFn, names: Sequence[str], at: int) -> File:
    kind = CATALOG[KIND_NUMBERS[names[at]]]
    count = draw(st.sampled_from((1, 1, 1, 2, 3)))
    base = _add_dates({"reference": f"R{at}", "kind": kind.name})
    rows = [draw(_rows(kind, names, base)) for _ in range(count)]
    if kind.posts_by_hand:
        rows = draw(_journal_lines(rows) if kind.family is Family.JOURNAL else _opening_lines(rows))
    if kind.family is Family.SETTLEMENT and draw(st.booleans()):
        rows = _expand_compound(kind, rows[0])
    if kind.pairs is Pairing.ORIGIN and draw(st.integers(0, 4)):
        rows = [rows[0], draw(_targets(rows[0]))]
    if len(rows) > 1 or draw(st.booleans()):
        rows = [row | {"line": str(line)} for line, row in enumerate(rows, 1)]
    if draw(st.integers(0, 9)) == 0:
        spoilt = draw(st.integers(0, len(rows) - 1))
        rows[spoilt] = rows[spoilt] | dict([draw(st.sampled_from(_SPOILT_FIELDS))])
    return rows


@st.composite
def _targets(draw: st.DrawFn, origin: Row) -> Row:
    """Draw the line that brings an expense to another imputation."""
    target = origin | {
        "kind": "reassignment_target",
        "predecessor": draw(st.sampled_from(("#1", "#1", "#1", "#2"))),
    }
    return target | draw(_assignments(BudgetAction.SPEND))


def _expand_compound(kind: ActKind, row: Row) -> File:
    """Return the compound event that begins with ``kind``, or the row alone."""
    steps = [expand(name, row["predecessor"]) for name, kinds in TEMPLATES.items() if kinds[0] == kind.name]
    return [
        row | {"kind": step.kind, "predecessor": step.predecessor} for step in (steps[-1] if steps else [])
    ] or [row]


@st.composite
def _rows(draw: st.DrawFn, kind: ActKind, names: Sequence[str], base: Row) -> Row:
    if kind.is_payee_act:
        row = base | {"payee": draw(st.sampled_from(_PAYEES))}
        details = {"payee_name": "Entreprise", "iban": draw(st.sampled_from(_IBANS))}
        if kind.change is PayeeChange.DETAILS:
            details |= CHANGE_FIELDS | draw(st.sampled_from(_CHANGES_OF_CHANGES))
        return row | details if draw(st.integers(0, 9)) and kind.change not in _CHANGES_WITHOUT_BANK else row
    cents = draw(_cents)
    if not kind.has_amount:
        return base | {"predecessor": draw(_predecessors(kind, names))} | draw(_justifications(kind))
    row = base | {"amount": f"{cents // 100}{draw(st.sampled_from('.,'))}{cents % 100:02}"}
    if kind.pays:
        row |= {"payee": draw(st.just(_PAYEES[0]) | st.sampled_from(_PAYEES))}
        row |= draw(st.sampled_from(_PAYMENT_FIELDS))
    if kind.before_service:
        row |= {"nature": draw(st.sampled_from(("location", "location", "voyage", "mobilier", "")))}
    if kind.budget is BudgetAction.WITHDRAW:
        row |= {"recycling_case": draw(st.sampled_from(("", "", "affectation", "arrete", "retour")))}
    if kind.is_interest:
        row |= {"reason": draw(st.sampled_from(("", "A59", "jugement n° 7")))}
    if kind.pays or kind.remits:
        row |= {"iban": draw(st.sampled_from(("", "", *_IBANS)))}
    if kind.carries:
        row |= {"reference_sender": draw(st.sampled_from(("ministry", "ministry", "")))}
        row |= {"predecessor": draw(_predecessors(kind, names))}
        return row | draw(_assignments(BudgetAction.SPEND))
    if kind.is_minister_decision:
        row |= {"document_hash": draw(st.sampled_from(("5e" * 32, "5e" * 32, "")))}
    if kind.family is Family.ASSET:
        row |= draw(_asset_fields(kind))
    if kind.family in (Family.INVENTORY, Family.INVENTORY_CHANGE):
        row |= draw(_inventory_fields(kind))
    if kind.follows:
        row |= {"predecessor": draw(_predecessors(kind, names))}
        if kind.opens_fund:
            fund = {"fund": draw(st.sampled_from(("1-1-00733", "1-1-00733", "2-1-00041", "")))}
            return row | draw(_assignments(BudgetAction.OPEN)) | fund
        names_assignment = kind.needs_assignment or draw(st.integers(0, 9)) == 0
        return row | draw(_assignments(BudgetAction.SPEND)) if names_assignment else row
    if kind.family is Family.RECEIVABLE:
        return row | draw(_receipt_assignments())
    if kind.budget is BudgetAction.OPEN:
        row |= {"origin": draw(st.sampled_from(("", "finance_law", "amending_law", "decree_of_advance")))}
        row |= {"fund": draw(st.sampled_from(("", "", "", "1-1-00733")))}
    is_own = kind.posts_by_hand or kind.requests_visa or kind.serves_asset or kind.takes_inventory
    return row | draw(_assignments(BudgetAction.SPEND if is_own else kind.budget))


@st.composite
def _asset_fields(draw: st.DrawFn, kind: ActKind) -> Row:
    """Draw the account of an asset that is put into service, and mostly who did it or takes it out."""
    persons = draw(st.sampled_from((_PERSONS, _PERSONS, _PERSONS, _PERSONS, {})))
    accounts = st.sampled_from(("2183200000", "2183200000", "2111000000", "6188000000", ""))
    return persons | ({"account": draw(accounts)} if kind.serves_asset else {})


@st.composite
def _inventory_fields(draw: st.DrawFn, kind: ActKind) -> Row:
    """Draw the account of an entry of the inventory, mostly its day, and mostly who posts it."""
    persons = draw(st.sampled_from((_PERSONS, _PERSONS, _PERSONS, _PERSONS, {})))
    accounts = st.sampled_from(
        ("6113110000", "6188000000", "7280000000", "6815128000", "7815128000", "2318800000", "")
    )
    days = st.sampled_from(("2018-12-31", "2018-12-31", "2018-12-30", "2019-01-02"))
    return persons | {"date": draw(days)} | ({"account": draw(accounts)} if kind.takes_inventory else {})


@st.composite
def _justifications(draw: st.DrawFn, kind: ActKind) -> Row:
    """Draw the account and the reason that a justification states, mostly both; nothing for another kind."""
    if kind.family is not Family.JUSTIFICATION:
        return {}
    accounts = st.sampled_from(("4721000000", "4721000000", "6188000000", ""))
    return {"account": draw(accounts), "reason": draw(st.sampled_from(("sender unknown", "x", " ", "")))}


@st.composite
def _opening_lines(draw: st.DrawFn, rows: File) -> File:
    """Draw what openings and entries of the result state: mostly a fund centre alone, and two sides of one amount."""
    accounts = st.sampled_from(
        ("4011100000", "4721000000", "8900009999", "6188000000", "1200000000", "1842300000", "4011199999", "")
    )
    family = rows[0]["kind"].removesuffix("_debit").removesuffix("_credit")
    family = family if family.startswith("result") else "opening"
    lines: File = []
    for row in rows:
        parts = (
            ()
            if draw(st.integers(0, 3)) == 0
            else ("functional_area", "commitment_item", "operation", "fund")
        )
        place = {name: text for name, text in row.items() if name not in parts}
        debit = place | {"kind": f"{family}_debit", "account": draw(accounts)}
        lines += [debit, debit | {"kind": f"{family}_credit", "account": draw(accounts)}]
    return lines[: draw(st.sampled_from((len(lines), len(lines), len(lines), 1)))]


@st.composite
def _journal_lines(draw: st.DrawFn, rows: File) -> File:
    """Draw what entries by hand state, mostly a debit and a credit of one amount and place."""
    accounts = st.sampled_from(("6113110000", "6188000000", "4721000000", "6188000000", "4011100000", ""))
    lines: File = []
    for row in rows:
        persons = draw(st.sampled_from((_PERSONS, _PERSONS, _PERSONS, _PERSONS, {})))
        debit = row | persons | {"kind": "journal_debit", "account": draw(accounts)}
        sides = [debit, debit | {"kind": "journal_credit", "account": draw(accounts)}]
        clears = [side["kind"] == row["kind"].replace("clearing", "journal") for side in sides]
        if row["kind"].startswith("clearing"):
            sides[clears.index(True)] |= {"kind": row["kind"]}
        lines += sides
    return lines[: draw(st.sampled_from((len(lines), len(lines), len(lines), 1)))]


@st.composite
def _receipt_assignments(draw: st.DrawFn) -> Row:
    """Draw a unit and mostly a nature of receipt."""
    row = draw(_assignments(BudgetAction.SPEND)) | {"operation": ""}
    natures = st.sampled_from(("251102", "269906"))
    return row | {"commitment_item": draw(natures)} if draw(st.integers(0, 9)) else row


@st.composite
def _predecessors(draw: st.DrawFn, kind: ActKind, names: Sequence[str]) -> str:
    """Draw an act of the right family before, after or nowhere, mostly its first line; or an entry, or a line of the act."""
    if draw(st.integers(0, 2 if kind.after else 29)) == 0:
        entries = st.integers(1, len(build_openings()) + len(names)).map("@{}".format)
        return draw(entries | st.sampled_from(("#1", "#2", "@9999999999", "@", "@0", "#0")))
    kinds = [CATALOG[KIND_NUMBERS[name]] for name in names]
    candidates = [at for at, other in enumerate(kinds) if other.family is kind.follows]
    candidates = (
        [at for at in candidates if kinds[at].reaches is kind.after] or candidates
        if kind.after
        else candidates
    )
    at = draw(st.just(candidates[0]) | st.sampled_from(candidates) if candidates else st.just(len(names)))
    return f"R{at}{draw(st.sampled_from(('', '', '', '#1', '#2', '#9')))}"


@st.composite
def _assignments(draw: st.DrawFn, budget: BudgetAction) -> Row:
    place = draw(st.sampled_from(PLACES))
    programme, bop = place.unit[:4], place.unit[:9]
    if budget is BudgetAction.SPEND:
        return {
            "fund_centre": place.unit,
            "functional_area": place.area,
            "commitment_item": draw(st.sampled_from(place.items)),
            "fund": draw(st.sampled_from(place.funds)),
            "operation": draw(st.sampled_from(place.operations)),
        }
    row = {"commitment_item": draw(st.sampled_from(("HT2", "HT2", "T2"))), "fund_centre": programme}
    if budget in (BudgetAction.EARMARK, BudgetAction.UNEARMARK):
        return row | {
            "fund_centre": PLACES[4].unit,
            "operation": draw(st.sampled_from(PLACES[4].operations[1:])),
        }
    if budget is not BudgetAction.OPEN and budget not in CANCELS_CREDITS | BY_DECREE:
        row["fund_centre"] = draw(st.sampled_from((bop, place.unit, place.unit)))
    if budget in MOVES_CREDITS:
        other = draw(st.sampled_from(PLACES)).unit[: len(row["fund_centre"])]
        row["counterpart"] = other + draw(st.sampled_from(("", "", "/T2", "/HT2")))
    return row
