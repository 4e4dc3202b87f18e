"""From what is due for late payments to the file of acts that claims it for the creditors."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.money import CENTS_PER_EURO
from core.tables.delays import InterestClaims
from posting.delays.amounts_due import AmountsDue
from settlement.orders.pain001_writer import format_cents, sum_exactly

SENDER = "treasury"
KIND = "late_interest"
BATCH_PREFIX = "interest-"
"""What the names of its files begin with."""
_VERSION = "1"


class ProposedClaims(NamedTuple):
    """What is proposed: rows of what is due, and how much of each is not claimed yet."""

    due: AmountsDue
    rows: NDArray[np.int64]
    amount: NDArray[np.int64]
    """Cents, one for each of ``rows``."""
    claimed_before: NDArray[np.int64]
    """What was claimed for each before, by whomever."""

    @property
    def payable(self) -> NDArray[np.int64]:
        """What each claim is for."""
        return self.due.payable[self.rows]


class ClaimTexts(NamedTuple):
    """What acts say in words, one for each that is proposed."""

    payees: pa.Array
    references: pa.Array
    """Of what was paid late."""
    earlier_references: Mapping[int, Sequence[str]]
    """References of our own claims before, where there are some, by what they are for."""


def compute_missing_claims(due: AmountsDue, claimed: InterestClaims) -> ProposedClaims:
    """What is due beyond what was ``claimed``, ascending by payable: also what was rejected is not claimed again."""
    at = np.searchsorted(claimed.payable, due.payable)
    is_there = np.append(claimed.payable, -1)[at] == due.payable
    had = np.where(is_there, np.append(claimed.cents, 0)[at], 0)
    rows = np.flatnonzero(due.amount > had)
    return ProposedClaims(due, rows, (due.amount - had)[rows], had[rows])


def build_acts_table(claims: ProposedClaims, texts: ClaimTexts, day: date) -> pa.Table:
    """The acts, in the flat act format; at least one.

    An act is called by what was paid late and the last payment that was: so the same claim is one act, however often
    it is proposed.
    """
    count, debit = len(claims.rows), claims.due.debit[claims.rows]
    columns: dict[str, pa.Array] = {
        "reference": _build_references(claims, texts.earlier_references),
        "kind": pa.repeat(KIND, count),
        "exercise": pa.array(np.full(count, day.year, np.int32)),
        "date": pa.repeat(pa.scalar(day, pa.date32()), count),
        "predecessor": _join("@", _format_numbers(claims.payable)),
        "payee": texts.payees,
        "amount_cents": pa.array(claims.amount),
        "remittance": _build_remittances(claims, texts.references),
    }
    said = {"sender": SENDER, "batch_id": f"{BATCH_PREFIX}{day}-{debit.max()}", "version": _VERSION}
    said |= {"count": str(count), "control_sum": format_cents(sum_exactly(claims.amount))}
    return pa.table(columns).replace_schema_metadata(
        {f"crescendo.{name}": text for name, text in said.items()}
    )


def _build_references(claims: ProposedClaims, taken: Mapping[int, Sequence[str]]) -> pa.Array:
    """``IM-ENTRY-DEBIT``, with a number behind it where that was claimed by other rules before."""
    debit = claims.due.debit[claims.rows]
    wanted = _join("IM-", _format_numbers(claims.payable), "-", _format_numbers(debit))
    rows = np.flatnonzero(np.isin(claims.payable, np.array(sorted(taken), np.int64)))
    own = [
        _number_reference(wanted[row].as_py(), taken[entry])
        for row, entry in zip(rows.tolist(), claims.payable[rows].tolist(), strict=True)
    ]
    is_own = np.zeros(len(claims.rows), bool)
    is_own[rows] = True
    return pc.call_function("replace_with_mask", [wanted, pa.array(is_own), pa.array(own, pa.string())])


def _number_reference(wanted: str, taken: Sequence[str]) -> str:
    same = sum(each == wanted or each.startswith(f"{wanted}-") for each in taken)
    return f"{wanted}-{same + 1}" if same else wanted


def _build_remittances(claims: ProposedClaims, references: pa.Array) -> pa.Array:
    """What the creditor will read: interest and compensation apart, where it is all that is due."""
    due, rows = claims.due, claims.rows
    interest, fixed = _format_euros(due.interest[rows]), _format_euros(due.compensation[rows])
    whole = _join("INTERETS MORATOIRES ", interest, " + INDEMNITE ", fixed, " DP ", references)
    rest = _join("INTERETS MORATOIRES DP ", references)
    return pc.call_function("if_else", [pa.array(claims.claimed_before > 0), rest, whole])


def _format_euros(cents: NDArray[np.int64]) -> pa.Array:
    whole, rest = np.divmod(cents, CENTS_PER_EURO)
    # a hundred more gives both digits, and the one before them is cut off
    digits = pc.call_function(
        "utf8_slice_codeunits", [_format_numbers(rest + CENTS_PER_EURO)], pc.SliceOptions(1)
    )
    return _join(_format_numbers(whole), ".", digits)


def _format_numbers(numbers: NDArray[np.int64]) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def _join(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")  # type: ignore[call-overload]
