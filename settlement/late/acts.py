"""From what is due for late payments to the file of acts that claims it for the creditors."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.money import CENTS_PER_EURO
from posting.delays.due import Due
from settlement.pain001 import decimal, exact_sum

SENDER = "treasury"
KIND = "late_interest"
BATCH = "interest-"
"""What the names of its files begin with."""
_VERSION = "1"


class Had(NamedTuple):
    """What was claimed for one thing before."""

    cents: int
    """By whomever."""
    names: Sequence[str]
    """References of our own claims."""


class Proposed(NamedTuple):
    """What is proposed: rows of what is due, and how much of each is not claimed yet."""

    due: Due
    rows: NDArray[np.int64]
    amount: NDArray[np.int64]
    """Cents, one for each of ``rows``."""
    had: NDArray[np.int64]
    """What was claimed for each before, by whomever."""
    name: Sequence[str]
    """The reference of each claim."""


class Names(NamedTuple):
    """What acts say in words."""

    payees: Mapping[int, str]
    """Codes by number."""
    references: Mapping[int, str]
    """Of what was paid late, by entry."""


_NOTHING = Had(0, ())


def missing(due: Due, claimed: Mapping[int, Had]) -> Proposed:
    """What is due beyond what was ``claimed`` for each payable, by entry: also what was rejected is not claimed again."""
    had = [claimed.get(entry, _NOTHING) for entry in due.payable.tolist()]
    cents = np.array([each.cents for each in had], np.int64)
    rows = np.flatnonzero(due.amount > cents)
    payable, debit = due.payable[rows].tolist(), due.debit[rows].tolist()
    wanted = zip(payable, debit, rows.tolist(), strict=True)
    names = [_name(f"IM-{entry}-{last}", had[row].names) for entry, last, row in wanted]
    return Proposed(due, rows, (due.amount - cents)[rows], cents[rows], names)


def _name(wanted: str, taken: Sequence[str]) -> str:
    """``wanted``, with a number behind it where it was claimed by other rules before."""
    same = sum(each == wanted or each.startswith(f"{wanted}-") for each in taken)
    return f"{wanted}-{same + 1}" if same else wanted


def table(found: Proposed, names: Names, day: date) -> pa.Table:
    """The acts, in the flat act format; at least one.

    An act is called by what was paid late and the last payment that was: so the same claim is one act, however often
    it is proposed.
    """
    due, rows = found.due, found.rows.tolist()
    payable, debit = due.payable[rows].tolist(), due.debit[rows].tolist()
    payees = [names.payees[number] for number in due.payee[rows].tolist()]
    columns: dict[str, pa.Array] = {
        "reference": pa.array(found.name),
        "kind": pa.array([KIND] * len(rows)),
        "exercise": pa.array(np.full(len(rows), day.year, np.int32)),
        "date": pa.array([day] * len(rows), pa.date32()),
        "predecessor": pa.array([f"@{entry}" for entry in payable]),
        "payee": pa.array(payees),
        "amount_cents": pa.array(found.amount),
        "remittance": pa.array(_remittances(found, names)),
    }
    said = {"sender": SENDER, "batch_id": f"{BATCH}{day}-{max(debit)}", "version": _VERSION}
    said |= {"count": str(len(rows)), "control_sum": decimal(exact_sum(found.amount))}
    return pa.table(columns).replace_schema_metadata(
        {f"crescendo.{name}": text for name, text in said.items()}
    )


def _remittances(found: Proposed, names: Names) -> list[str]:
    """What the creditor will read: interest and compensation apart, where it is all that is due."""
    due, said = found.due, []
    for row, had in zip(found.rows.tolist(), found.had.tolist(), strict=True):
        reference = names.references[int(due.payable[row])]
        sums = _euros(int(due.interest[row])), _euros(int(due.compensation[row]))
        parts = "" if had else " {} + INDEMNITE {}".format(*sums)
        said.append(f"INTERETS MORATOIRES{parts} DP {reference}")
    return said


def _euros(cents: int) -> str:
    whole, rest = divmod(cents, CENTS_PER_EURO)
    return f"{whole}.{rest:02}"
