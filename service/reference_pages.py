"""The pages of docs that are generated from the code: kinds of act with their columns, codes of refusal, and roles.

``python -m service.reference_pages`` writes them; a test compares them with the code.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path

from core.act_fields import Field
from core.catalog import (
    CATALOG,
    KIND_NUMBERS,
    ActKind,
    BudgetAction,
    Family,
    PayeeChange,
    Remainder,
    TitleTwo,
    YearRule,
)
from core.catalog import Role as AccountRole
from core.outcome_codes import FORM_FAULTS, REFUSALS
from core.remedies import REMEDIES
from core.roles import EXCLUSIONS, ROLES, RoleRights, Side, list_roles
from core.senders import SENDER_OF_KIND
from ingest.resolution.required_fields import list_assignment_fields, list_required_fields

_DOCS = Path(__file__).parents[1] / "docs"
_CREDITS = (Field.FUND, Field.BUDGET_YEAR)
_SPENDING = (Field.OPERATION, Field.ACTIVITY)
_REQUEST = (
    *(Field.RECEIVED, Field.DUE, Field.PRIORITY, Field.METHOD),
    *(Field.INVOICE_NUMBER, Field.INVOICE_DATE, Field.REMITTANCE),
)
_BILLED = (
    *(Field.INVOICE_PART, Field.RIGHT_YEAR, Field.PRESCRIPTION_STOP),
    *(Field.SUSPENSION_NOTIFIED, Field.SUSPENSION_ENDED),
)
_OF_CHANGE = (Field.EVIDENCE_HASH, Field.CALL_BACK, Field.ENTERED_BY, Field.VALIDATED_BY)
"""What a change of bank details needs beside the fields that are merely required; each has a code of its own.

An entry by hand needs the last two of them.
"""
_KINDS_HEAD = """# Kinds of act

This page lists every kind of act, the columns that it needs, and who may send it. It is for engineers who write files or
forms for Crescendo. It is generated from the code by `python -m service.reference_pages`. What the columns contain is in
[format.md](format.md#columns), what the kinds do in [rules.md](rules.md), and [example.md](example.md) has a whole example.

Every line needs `reference`, `kind` and `exercise`; a line of an act with several lines also needs `line`. If a column that
a kind needs is empty, the line is refused as `FIELD_MISSING`; the last four of `bank_details` have codes of their own.
`amount` is `amount_cents` in files that state cents.
*Account assignment* is `fund_centre`, `commitment_item` and, except in acts on credits, `functional_area`. An act with
*inherited* account assignment may leave it empty and then has that of its predecessor; if it names any of it, it must name
all of it.

Other columns have no effect on such an act, for example `counterpart` on an allotment. Management data, such as `cost_centre`,
may be on every line. A key needs one of the roles; the kinds of `treasury` and `bank` are written by Crescendo itself.

| kind | in French | needs | account assignment | also uses | sent by |
|---|---|---|---|---|---|
"""
_CODES_HEAD = """# Codes of refusal

This page lists every code of a refused line in order of precedence. The order holds within each of three groups, which
are judged one after the other: what the line itself states, what earlier acts have done, and the budget. If a line breaks
several rules of a group, the first of them is its code; a later group is judged only if no earlier one refuses the line.
This page is for engineers who read refusals by program. It is generated from the code by `python -m
service.reference_pages`.

The level of the fund centre of an act on credits alone (`FUND_CENTRE_LEVEL`) is checked with the budget: there
it comes behind `BUDGET_YEAR_CLOSED`. That a provision is corrected by a kind of its own (`PREDECESSOR_STAGE` of an
`inventory_correction`) is checked behind its amount and its day (`REVERSAL_EXCEEDS_ORIGINAL`, `INVENTORY_DAY`).

The number is stored and never changes. *Form* says that the line alone decides ([format.md](format.md#refusals)). The row
of a refusal also has the field and its text, or the budget node and the missing amount. A line that is not refused is
`ACCEPTED` (0), or `DUPLICATE` (1) if the same line was accepted before; `HELD` (2) is a line that waits for its predecessor
until the end of its file.

| code | number | form | what it means | what to do | en français |
|---|---:|---|---|---|---|
"""

_ROLES_HEAD = """# Roles

This page lists the roles of persons, keys, systems and signers: what each does, which kinds of act it may enter and which it
may validate, and which roles exclude each other. It is for operators who give roles, and for auditors. It is generated from
the code by `python -m service.reference_pages`. How a role is given, and what its key sees, is in [security.md](security.md).

A key with a role may send every kind that the role may enter or validate. `payment`, `reissue` and the movements of the bank
are of no role: Crescendo itself writes them ([format.md](format.md#who-sends-what)).

That two persons enter and validate one act is our own rule: the decree on public accounting (decree 2012-1246, GBCP) asks only
that nobody is both authorising officer and accountant (art. 9). Therefore most roles may enter and validate a kind, but nobody
does both with one act.

| role | in French | side | does | source | enters | validates |
|---|---|---|---|---|---|---|
"""
_EXCLUSIONS_HEAD = """
## Which roles exclude each other

Two roles of these sides exclude each other, for one person and for one key. They do so for one sender too, whatever its live
keys, systems and signers, except with the sides *reading* and *operation*, which take no part in acts. The database enforces
the pairs for each key, system and signer; of the rules on a sender it enforces that of ordering and accounting. What is older
than a rule keeps its roles.

| side | excludes | why |
|---|---|---|
"""


def render_pages() -> Mapping[str, str]:
    """Return the text of each generated page, by its name."""
    return {
        "kinds.md": _KINDS_HEAD + _join_rows(_describe_kind(number) for number in range(1, len(CATALOG))),
        "codes.md": _CODES_HEAD + _join_rows(_list_code_cells()),
        "roles.md": _ROLES_HEAD
        + _join_rows(map(_list_role_cells, ROLES))
        + _EXCLUSIONS_HEAD
        + _join_rows(_list_exclusion_cells()),
    }


def _join_rows(rows: Iterable[Iterable[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _describe_kind(number: int) -> list[str]:
    kind = CATALOG[number]
    required = list_required_fields(number)
    required += _OF_CHANGE if kind.change is PayeeChange.DETAILS else ()
    changes_asset = kind.family is Family.ASSET and kind.draws is not Remainder.DEPRECIATION
    is_inventory = kind.family in (Family.INVENTORY, Family.INVENTORY_CHANGE) and kind.month is not None
    is_by_hand = kind.family is Family.JOURNAL or changes_asset or is_inventory
    required += _OF_CHANGE[2:] if is_by_hand else ()
    required += (Field.REASON,) if kind.family is Family.JUSTIFICATION else ()
    return [
        f"`{kind.name}`",
        kind.french,
        _format_fields(required),
        _describe_assignment(kind, number),
        _format_fields(field for field in _list_other_fields(kind) if field not in required),
        _describe_senders(kind),
    ]


def _describe_assignment(kind: ActKind, number: int) -> str:
    if kind.is_payee_act or not list_assignment_fields(number):
        return "none"
    if kind.names_centre_alone:
        return "`fund_centre` alone"
    return "inherited" if kind.follows and not kind.needs_assignment else "needed"


def _list_other_fields(kind: ActKind) -> Iterator[Field]:
    yield Field.POSTING_DATE
    if kind.is_payee_act:
        if kind.family is Family.THIRD_PARTY or kind.change is PayeeChange.DETAILS:
            yield Field.BIC
        return
    if kind.follows:
        yield Field.PREDECESSOR_SENDER
    if kind.has_assignment and not kind.names_centre_alone and (kind.needs_assignment or not kind.inherits):
        yield from _list_credit_fields(kind)
    if kind.debit is AccountRole.EXPENSE or kind.family is Family.RESTORATION:
        yield Field.ACCOUNT
    if kind.carries:
        return
    if kind.family is Family.COMMITMENT or (kind.family is Family.PAYMENT_REQUEST and kind.pays):
        yield from (Field.PAYEE, Field.IBAN)
    if kind.family is Family.PAYMENT_REQUEST:
        yield from _REQUEST
    if kind.states_contract:
        yield Field.CONTRACT
    if kind.bills:
        yield from _BILLED
    if kind.before_service:
        yield Field.NATURE
    if kind.is_interest:
        yield Field.REASON


def _list_credit_fields(kind: ActKind) -> Iterator[Field]:
    """Yield the columns about the credits that a line opens, moves or spends; staff is not paid from an operation."""
    yield from _CREDITS
    if kind.family is Family.RECEIVABLE:
        yield from (Field.FUNCTIONAL_AREA, Field.IBAN)
    elif kind.family is not Family.BUDGET:
        yield from (
            field
            for field in _SPENDING
            if kind.title_two is not TitleTwo.ONLY or field is not Field.OPERATION
        )
    if kind.year_rule is YearRule.SPENDS_AE:
        yield Field.SERVICE_START
    if kind.budget is BudgetAction.OPEN:
        yield Field.ORIGIN
    if kind.budget is BudgetAction.WITHDRAW:
        yield Field.RECYCLING_CASE


def _describe_senders(kind: ActKind) -> str:
    if kind.name in SENDER_OF_KIND:
        return f"`{SENDER_OF_KIND[kind.name]}` alone"
    return ", ".join(f"`{role}`" for role in list_roles(kind.name))


def _format_fields(fields: Iterable[Field]) -> str:
    return ", ".join(f"`{field.column}`" for field in fields)


def _list_role_cells(rights: RoleRights) -> list[str]:
    return [
        *(f"`{rights.role}`", rights.french, rights.side, rights.task, rights.source),
        *map(_join_kinds, (rights.entered, rights.validated)),
    ]


def _join_kinds(kinds: Container[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in KIND_NUMBERS if kind in kinds) or "nothing"


def _list_exclusion_cells() -> Iterator[list[str]]:
    for sides, reason in EXCLUSIONS.items():
        first, second = sorted(sides, key=list(Side).index)
        yield [first, second, reason]


def _list_code_cells() -> Iterator[list[str]]:
    for code in REFUSALS:
        remedy = REMEDIES[code]
        yield [
            f"`{code.name}`",
            str(code.value),
            "yes" if code in FORM_FAULTS else "",
            remedy.finding,
            remedy.action,
            f"{remedy.finding_fr} {remedy.action_fr}",
        ]


def write_pages() -> None:
    """Write the pages."""
    for name, text in render_pages().items():
        (_DOCS / name).write_text(text)


if __name__ == "__main__":
    write_pages()
