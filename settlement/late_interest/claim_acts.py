"""From the interest due for late payments to the acts that claim it for the creditors."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.money import CENTS_PER_EURO, format_plain_euros, sum_exactly
from core.nomenclature import Nomenclature
from core.senders import TREASURY
from core.succession_rows import ANY_ACT
from core.successions import AssignmentPlace, move_over_years
from core.tables.delays import InterestClaims
from posting.delays.amounts_due import AmountsDue

SENDER = TREASURY
KIND = "late_interest"
REASON = "A59"
"""The rule by which a claim is computed: every claim says why it is made."""
BATCH_PREFIX = "interest-"
"""The batch ids of claims start with it."""
PROOF_PREFIX = "P"
"""Stands before the number of a proof in a batch id."""
_VERSION = "1"


class ProposedClaims(NamedTuple):
    """The proposed claims: for amounts that are due and not claimed yet."""

    due: AmountsDue
    rows: NDArray[np.int64]
    """Rows of ``due``, one per claim."""
    amount: NDArray[np.int64]
    """Cents to claim."""
    claimed_before: NDArray[np.int64]
    """Cents that any sender claimed before."""

    @property
    def payable(self) -> NDArray[np.int64]:
        """The entry that each claim is for: what was paid late."""
        return self.due.payable[self.rows]


class ClaimTexts(NamedTuple):
    """The texts of the acts, one per claim."""

    payees: pa.Array
    """Codes of the payees."""
    references: pa.Array
    """References of what was paid late."""
    earlier_references: Mapping[int, Sequence[str]]
    """References of our own earlier claims, by the entry that they are for."""
    ledger: int
    """The number of the ledger."""
    assignments: "Assignments"
    """Of what was paid late."""


class Assignments(NamedTuple):
    """The account assignment of what was paid late, one per claim."""

    centre: pa.Array
    area: pa.Array
    item: pa.Array
    has_operation: NDArray[np.bool_]
    has_fund: NDArray[np.bool_]
    """Whether it is on a contribution fund or on assigned revenue: interest is charged to ordinary credits."""
    year: NDArray[np.int64]
    """The budget year."""


def move_assignments(
    assignments: Assignments, year: int, nomenclatures: Mapping[int, Nomenclature]
) -> Assignments:
    """Return where claims of ``year`` are charged: in the programmes that follow those of earlier years by orders."""
    columns = assignments.centre.to_pylist(), assignments.area.to_pylist(), assignments.year.tolist()
    rows = list(zip(*columns, strict=True))
    moved = {
        row: move_over_years(
            AssignmentPlace(row[0], row[1], ""),
            ANY_ACT,
            range(row[2] + 1, year + 1),
            nomenclatures=nomenclatures,
        )
        for row in set(rows)
    }
    return assignments._replace(
        centre=pa.array([moved[row].centre for row in rows], pa.string()),
        area=pa.array([moved[row].area for row in rows], pa.string()),
    )


def compute_missing_claims(due: AmountsDue, claimed: InterestClaims) -> ProposedClaims:
    """Return what is due and not in ``claimed``, which ascends by payable; a rejected claim counts as claimed."""
    positions = np.searchsorted(claimed.payable, due.payable)
    is_claimed = np.append(claimed.payable, -1)[positions] == due.payable
    claimed_before = np.where(is_claimed, np.append(claimed.cents, 0)[positions], 0)
    rows = np.flatnonzero(due.amount > claimed_before)
    return ProposedClaims(due, rows, (due.amount - claimed_before)[rows], claimed_before[rows])


def build_acts_table(
    claims: ProposedClaims, texts: ClaimTexts, day: date, *, item: str, proof: int | None
) -> pa.Table:
    """Build the acts in the flat act format, on the credits of ``item``; there is at least one claim.

    The reference names what was paid late and its last late payment, so the same claim is the same act however often
    it is proposed.  The batch id names the proof of who proposed the claims; where there is none, the last debit.
    """
    count, debit = len(claims.rows), claims.due.debit[claims.rows]
    columns: dict[str, pa.Array] = {
        "reference": _build_references(claims, texts),
        "kind": pa.repeat(KIND, count),
        "exercise": pa.array(np.full(count, day.year, np.int32)),
        "date": pa.repeat(pa.scalar(day, pa.date32()), count),
        "predecessor": _join("@", _format_numbers(claims.payable)),
        "payee": texts.payees,
        "amount_cents": pa.array(claims.amount),
        "remittance": _build_remittances(claims, texts.references),
        "reason": pa.repeat(REASON, count),
        **_build_assignments(texts.assignments, day, item),
    }
    cause = f"{PROOF_PREFIX}{proof}" if proof else str(debit.max())
    envelope = {"sender": SENDER, "batch_id": f"{BATCH_PREFIX}{day}-{cause}", "version": _VERSION}
    envelope |= {"count": str(count), "control_sum": format_plain_euros(sum_exactly(claims.amount))}
    return pa.table(columns).replace_schema_metadata(
        {f"crescendo.{name}": text for name, text in envelope.items()}
    )


def _build_assignments(requests: Assignments, day: date, item: str) -> dict[str, pa.Array]:
    """Build the assignments of the claims: none where that of the request is the right one, which the claim then takes."""
    is_of_item = np.array([code == item for code in requests.item.to_pylist()], bool)
    is_excluded = requests.has_operation | requests.has_fund | (requests.year != day.year)
    is_right = pa.array(is_of_item & ~is_excluded)
    columns = {
        "fund_centre": requests.centre,
        "functional_area": requests.area,
        "commitment_item": pa.repeat(item, len(requests.item)),
    }
    return {name: pc.call_function("if_else", [is_right, "", codes]) for name, codes in columns.items()}


def _build_references(claims: ProposedClaims, texts: ClaimTexts) -> pa.Array:
    """Build ``IM-LEDGER-ENTRY-DEBIT``; a number follows if it was claimed before, by other rules."""
    debit, earlier = claims.due.debit[claims.rows], texts.earlier_references
    references = _join(f"IM-{texts.ledger:02}-", _format_numbers(claims.payable), "-", _format_numbers(debit))
    rows = np.flatnonzero(np.isin(claims.payable, np.array(sorted(earlier), np.int64)))
    numbered = [
        _number_reference(references[row].as_py(), earlier[entry])
        for row, entry in zip(rows.tolist(), claims.payable[rows].tolist(), strict=True)
    ]
    is_numbered = np.zeros(len(claims.rows), bool)
    is_numbered[rows] = True
    replacements = [references, pa.array(is_numbered), pa.array(numbered, pa.string())]
    return pc.call_function("replace_with_mask", replacements)


def _number_reference(reference: str, earlier: Sequence[str]) -> str:
    count = sum(other == reference or other.startswith(f"{reference}-") for other in earlier)
    return f"{reference}-{count + 1}" if count else reference


def _build_remittances(claims: ProposedClaims, references: pa.Array) -> pa.Array:
    """Build the texts for the creditors: interest and compensation apart if the claim is for all that is due."""
    due, rows = claims.due, claims.rows
    interest, compensation = _format_euros(due.interest[rows]), _format_euros(due.compensation[rows])
    whole = _join("INTERETS MORATOIRES ", interest, " + INDEMNITE ", compensation, " DP ", references)
    remainder = _join("INTERETS MORATOIRES DP ", references)
    return pc.call_function("if_else", [pa.array(claims.claimed_before > 0), remainder, whole])


def _format_euros(cents: NDArray[np.int64]) -> pa.Array:
    euros, remainder = np.divmod(cents, CENTS_PER_EURO)
    # 100 to 199, without the first digit: always two digits
    padded = _format_numbers(remainder + CENTS_PER_EURO)
    return _join(
        _format_numbers(euros),
        ".",
        pc.call_function("utf8_slice_codeunits", [padded], pc.SliceOptions(1)),
    )


def _format_numbers(numbers: NDArray[np.int64]) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def _join(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")  # type: ignore[call-overload]
