"""What a new merge of third parties concerns: debts and receivables of the code that is merged, its bank details, its block.

The account itself is not shown: whether both codes have the same one is all that a merge needs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from core.amount_fields import Cents
from core.catalog import list_kinds
from core.debt_stages import PayeeChange, Remainder, Stage
from core.families import Family
from core.merges import FILE, Merge, Merges
from core.sql_files import read_queries
from reporting.reference.row_changes import ChangeType, RowChange
from reporting.report_queries import Connection, Row

SQL: Mapping[str, str] = read_queries("reporting.reference", "merge_effects.sql")
_OWED = (Stage.PAYABLE, Stage.REOPENED, Stage.RETAINED, Stage.WITHHELD)
_BLOCKS = list_kinds(lambda kind: kind.change is PayeeChange.BLOCK)
_RELEASES = list_kinds(lambda kind: kind.change is PayeeChange.RELEASE)
_DEBTS = list_kinds(lambda kind: kind.reaches in _OWED)
_RECEIVABLES = list_kinds(lambda kind: kind.reaches is Stage.DUE)
_TAKING = list_kinds(
    lambda kind: kind.after in (*_OWED, Stage.DUE) and (kind.draws is Remainder.OPEN or kind.mirrors)
)
_MIRRORS = list_kinds(lambda kind: kind.mirrors)
_PARTS = list_kinds(lambda kind: kind.inherits and kind.after in _OWED and kind.reaches in _OWED)
_OPPOSED = list_kinds(lambda kind: kind.diverts and kind.pays and kind.family is Family.PAYMENT_REQUEST)


class MergeEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge concerns; the amounts are those of the code that is merged, as of the last entry."""

    code: str
    into: str
    first_day: str
    debts: int = 0
    debts_cents: Cents = 0
    """What is still owed to it, without what is owed by oppositions and assignments."""
    oppositions: int = 0
    oppositions_cents: Cents = 0
    """What is owed to it by oppositions and assignments of the debts to others."""
    receivables: int = 0
    receivables_cents: Cents = 0
    """What it still owes."""
    has_same_account: bool = False
    """Whether the bank details of both are the same: otherwise nothing of the debts is paid before they are."""
    is_blocked: bool = False
    """Whether one of both is blocked: nothing is paid then."""
    unregistered: list[str] = []
    """Those of both codes that are not registered: the merge waits for the first start after they are."""


async def load_merge_effects(
    connection: Connection, changes: Sequence[RowChange], merges: Merges
) -> list[MergeEffect]:
    """Return what each new merge concerns; reads the whole journal if there is one."""
    new = {
        row.code: merges[row.code] for row in changes if row.file == FILE and row.change is ChangeType.ADDED
    }
    if not new:
        return []
    codes = [*new, *(merge.into for merge in new.values())]
    rows = await connection.fetch(SQL["payees_of_codes"], codes, _BLOCKS, _RELEASES)
    payees = {row["code"]: row for row in rows}
    arguments = (_DEBTS, _RECEIVABLES, _TAKING, _MIRRORS, _PARTS, _OPPOSED)
    numbers = [payees[code]["payee"] for code in new if code in payees]
    items = await connection.fetch(SQL["open_debts"], numbers, *arguments)
    return [_build_effect(code, merge, payees, items=items) for code, merge in new.items()]


def _build_effect(code: str, merge: Merge, payees: Mapping[str, Row], *, items: Sequence[Row]) -> MergeEffect:
    first_day = str(merge.first_day)
    if unregistered := [name for name in (code, merge.into) if name not in payees]:
        return MergeEffect(code=code, into=merge.into, first_day=first_day, unregistered=unregistered)
    payee, into = payees[code], payees[merge.into]
    figures: dict[str, Any] = {}
    for row in items:
        if row["payee"] == payee["payee"]:
            name = "receivables" if row["is_receivable"] else "oppositions" if row["is_part"] else "debts"
            figures |= {name: row["items"], f"{name}_cents": row["cents"]}
    return MergeEffect(
        code=code,
        into=merge.into,
        first_day=first_day,
        has_same_account=payee["iban"] == into["iban"],
        is_blocked=payee["is_blocked"] or into["is_blocked"],
        **figures,
    )
