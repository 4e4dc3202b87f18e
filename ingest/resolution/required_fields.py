"""What lines of each kind cannot leave out, as sets of fields: the catalog seen from a column of kinds."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import CATALOG, ActKind, Budget, Change, Family
from core.tables.columns import seal
from core.tables.raw_lines import Needs

CELL_FIELDS = (Field.FUND_CENTRE, Field.COMMITMENT_ITEM, Field.FUNCTIONAL_AREA)
_NAMING_FIELDS = (*CELL_FIELDS, Field.FUND, Field.OPERATION)


def _always(kind: ActKind, amount: Field) -> Iterator[Field]:
    yield Field.DATE
    if kind.family is Family.THIRD_PARTY or kind.change is Change.DETAILS:
        yield from (Field.PAYEE, Field.PAYEE_NAME, Field.IBAN)
    if kind.has_amount:
        yield amount
    if kind.follows:
        yield Field.PREDECESSOR
    if kind.pays:
        yield Field.PAYEE
    if kind.budget is Budget.MOVE:
        yield Field.COUNTERPART
    if kind.budget is Budget.EARMARK:
        yield Field.OPERATION


def _naming(kind: ActKind) -> tuple[Field, ...]:
    """A line must name an assignment, to be of its kind is enough; unless it can inherit its predecessor's."""
    if kind.follows:
        return _NAMING_FIELDS
    return () if kind.budget is Budget.NONE else (Field.KIND,)


def _of_cell(kind: ActKind) -> tuple[Field, ...]:
    return CELL_FIELDS[:2] if kind.family is Family.BUDGET else CELL_FIELDS


def _needs(amount: Field) -> Needs:
    order = (Field.DATE, amount, Field.PREDECESSOR, Field.PAYEE, Field.PAYEE_NAME, Field.IBAN)
    order += (Field.COUNTERPART, Field.OPERATION, *CELL_FIELDS)
    return seal(
        Needs(
            _sets(_always(kind, amount) for kind in CATALOG),
            _sets(map(_naming, CATALOG)),
            _sets(map(_of_cell, CATALOG)),
            np.array(order, np.uint8),
        )
    )


def _sets(of_kinds: Iterable[Iterable[Field]]) -> NDArray[np.uint64]:
    return np.array([sum(1 << field for field in set(fields)) for fields in of_kinds], np.uint64)


NEEDS: Mapping[Field, Needs] = {amount: _needs(amount) for amount in (Field.AMOUNT, Field.AMOUNT_CENTS)}
"""By the column that amounts stand in."""
