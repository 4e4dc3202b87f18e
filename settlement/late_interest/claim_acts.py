"""From what is due for late payments to the file of acts that claims it for the creditors."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.money import CENTS_PER_EURO
from core.tables.delays import Claims
from posting.delays.amounts_due import Due
from settlement.orders.pain001_writer import decimal, exact_sum

SENDER = "treasury"
KIND = "late_interest"
BATCH = "interest-"
"""What the names of its files begin with."""
_VERSION = "1"


class Proposed(NamedTuple):
    """What is proposed: rows of what is due, and how much of each is not claimed yet."""

    due: Due
    rows: NDArray[np.int64]
    amount: NDArray[np.int64]
    """Cents, one for each of ``rows``."""
    had: NDArray[np.int64]
    """What was claimed for each before, by whomever."""

    @property
    def payable(self) -> NDArray[np.int64]:
        """What each claim is for."""
        return self.due.payable[self.rows]


class Names(NamedTuple):
    """What acts say in words, one for each that is proposed."""

    payees: pa.Array
    references: pa.Array
    """Of what was paid late."""
    taken: Mapping[int, Sequence[str]]
    """References of our own claims before, where there are some, by what they are for."""


def missing(due: Due, claimed: Claims) -> Proposed:
    """What is due beyond what was ``claimed``, ascending by payable: also what was rejected is not claimed again."""
    at = np.searchsorted(claimed.payable, due.payable)
    is_there = np.append(claimed.payable, -1)[at] == due.payable
    had = np.where(is_there, np.append(claimed.cents, 0)[at], 0)
    rows = np.flatnonzero(due.amount > had)
    return Proposed(due, rows, (due.amount - had)[rows], had[rows])


def table(found: Proposed, names: Names, day: date) -> pa.Table:
    """The acts, in the flat act format; at least one.

    An act is called by what was paid late and the last payment that was: so the same claim is one act, however often
    it is proposed.
    """
    count, debit = len(found.rows), found.due.debit[found.rows]
    columns: dict[str, pa.Array] = {
        "reference": _references(found, names.taken),
        "kind": pa.repeat(KIND, count),
        "exercise": pa.array(np.full(count, day.year, np.int32)),
        "date": pa.repeat(pa.scalar(day, pa.date32()), count),
        "predecessor": _joined("@", _text(found.payable)),
        "payee": names.payees,
        "amount_cents": pa.array(found.amount),
        "remittance": _remittances(found, names.references),
    }
    said = {"sender": SENDER, "batch_id": f"{BATCH}{day}-{debit.max()}", "version": _VERSION}
    said |= {"count": str(count), "control_sum": decimal(exact_sum(found.amount))}
    return pa.table(columns).replace_schema_metadata(
        {f"crescendo.{name}": text for name, text in said.items()}
    )


def _references(found: Proposed, taken: Mapping[int, Sequence[str]]) -> pa.Array:
    """``IM-ENTRY-DEBIT``, with a number behind it where that was claimed by other rules before."""
    debit = found.due.debit[found.rows]
    wanted = _joined("IM-", _text(found.payable), "-", _text(debit))
    rows = np.flatnonzero(np.isin(found.payable, np.array(sorted(taken), np.int64)))
    own = [
        _numbered(wanted[row].as_py(), taken[entry])
        for row, entry in zip(rows.tolist(), found.payable[rows].tolist(), strict=True)
    ]
    is_own = np.zeros(len(found.rows), bool)
    is_own[rows] = True
    return pc.call_function("replace_with_mask", [wanted, pa.array(is_own), pa.array(own, pa.string())])


def _numbered(wanted: str, taken: Sequence[str]) -> str:
    same = sum(each == wanted or each.startswith(f"{wanted}-") for each in taken)
    return f"{wanted}-{same + 1}" if same else wanted


def _remittances(found: Proposed, references: pa.Array) -> pa.Array:
    """What the creditor will read: interest and compensation apart, where it is all that is due."""
    due, rows = found.due, found.rows
    interest, fixed = _euros(due.interest[rows]), _euros(due.compensation[rows])
    whole = _joined("INTERETS MORATOIRES ", interest, " + INDEMNITE ", fixed, " DP ", references)
    rest = _joined("INTERETS MORATOIRES DP ", references)
    return pc.call_function("if_else", [pa.array(found.had > 0), rest, whole])


def _euros(cents: NDArray[np.int64]) -> pa.Array:
    whole, rest = np.divmod(cents, CENTS_PER_EURO)
    # a hundred more gives both digits, and the one before them is cut off
    digits = pc.call_function("utf8_slice_codeunits", [_text(rest + CENTS_PER_EURO)], pc.SliceOptions(1))
    return _joined(_text(whole), ".", digits)


def _text(numbers: NDArray[np.int64]) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def _joined(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")  # type: ignore[call-overload]
