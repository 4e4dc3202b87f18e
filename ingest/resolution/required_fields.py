"""The fields that lines of each kind must fill, as bit sets by kind number."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import CATALOG, ActKind, BudgetAction, Family, PayeeChange, Role
from core.kind_rules import MOVES_CREDITS
from core.tables.columns import seal
from core.tables.raw_lines import RequiredFields

CELL_FIELDS = (Field.FUND_CENTRE, Field.COMMITMENT_ITEM, Field.FUNCTIONAL_AREA)
_ASSIGNMENT_FIELDS = (*CELL_FIELDS, Field.FUND, Field.OPERATION)
_WITHOUT_AREA = (
    *(Family.BUDGET, Family.RECEIVABLE, Family.RECEIVABLE_CHANGE),
    *(Family.RECEIPT, Family.RECEIPT_CHANGE),
)
"""Families whose assignment needs no functional area: it says what an expense is for."""


def _list_fields_of_kind(kind: ActKind, amount: Field) -> Iterator[Field]:
    yield Field.DATE
    if kind.family is Family.THIRD_PARTY or kind.change is PayeeChange.DETAILS:
        yield from (Field.PAYEE, Field.PAYEE_NAME, Field.IBAN)
    if kind.has_amount:
        yield amount
    if kind.follows:
        yield Field.PREDECESSOR
    if kind.carries:
        yield Field.REFERENCE_SENDER
    if kind.pays:
        yield Field.PAYEE
    if kind.states_account:
        yield Field.ACCOUNT
    if kind.debit is Role.ADVANCE:
        yield Field.RECEIVED
    if kind.budget in MOVES_CREDITS:
        yield Field.COUNTERPART
    if kind.is_minister_decision:
        yield Field.DOCUMENT_HASH
    if kind.budget in (BudgetAction.EARMARK, BudgetAction.UNEARMARK):
        yield Field.OPERATION


def _list_assignment_triggers(kind: ActKind) -> tuple[Field, ...]:
    """Return the fields any of which makes an account assignment necessary.

    The kind alone does, unless the line can inherit the assignment of its predecessor.
    """
    if kind.follows and not kind.needs_assignment:
        return _ASSIGNMENT_FIELDS
    return (Field.KIND,) if kind.has_assignment else ()


def _list_cell_fields(kind: ActKind) -> tuple[Field, ...]:
    """List the fields of an assignment; some kinds name a fund centre alone, which says whose books they are posted in."""
    if kind.names_centre_alone:
        return CELL_FIELDS[:1]
    return CELL_FIELDS[:2] if kind.family in _WITHOUT_AREA else CELL_FIELDS


def list_required_fields(number: int) -> list[Field]:
    """List the fields that a line of kind ``number`` must fill, without key and account assignment."""
    return list(dict.fromkeys(_list_fields_of_kind(CATALOG[number], Field.AMOUNT)))


def list_assignment_fields(number: int) -> tuple[Field, ...]:
    """List the fields of the account assignment that such a line must fill, at once or if it names any of them."""
    return _list_cell_fields(CATALOG[number]) if _list_assignment_triggers(CATALOG[number]) else ()


def _build_requirements(amount: Field) -> RequiredFields:
    order = (Field.DATE, amount, Field.PREDECESSOR, Field.PAYEE, Field.PAYEE_NAME, Field.IBAN)
    order += (Field.COUNTERPART, Field.OPERATION, Field.REFERENCE_SENDER, Field.ACCOUNT, Field.DOCUMENT_HASH)
    order += (Field.RECEIVED, *CELL_FIELDS)
    return seal(
        RequiredFields(
            _pack_field_sets(_list_fields_of_kind(kind, amount) for kind in CATALOG),
            _pack_field_sets(map(_list_assignment_triggers, CATALOG)),
            _pack_field_sets(map(_list_cell_fields, CATALOG)),
            np.array(order, np.uint8),
        )
    )


def _pack_field_sets(fields_by_kind: Iterable[Iterable[Field]]) -> NDArray[np.uint64]:
    return np.array([sum(1 << field for field in set(fields)) for fields in fields_by_kind], np.uint64)


REQUIRED_FIELDS: Mapping[Field, RequiredFields] = {
    amount: _build_requirements(amount) for amount in (Field.AMOUNT, Field.AMOUNT_CENTS)
}
"""By the column that contains the amounts."""
