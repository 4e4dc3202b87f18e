"""Open items: the engaged, certified, requested, rejected and remaining amounts of commitments and payment requests."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from core.amount_fields import AmountStruct, Cents, OldCents
from core.catalog import CATALOG, Family, Remainder, list_kinds
from reporting.act_rows import (
    OPEN_ITEM_STEPS,
    ActLines,
    RelatedRows,
    describe_line,
    fetch_related_rows,
    find_present_payee,
    summarize_entry,
)
from reporting.act_views import Assignment, EntrySummary, Origin, Payee, PaymentTerms
from reporting.carried_amounts import CarriedAmounts, load_carried_amounts
from reporting.code_names import CodeNames
from reporting.followers import sum_followers
from reporting.report_queries import Connection, Row
from reporting.visibility import Visibility

COMMITMENTS = list_kinds(lambda kind: kind.family is Family.COMMITMENT)
REQUESTS = list_kinds(lambda kind: kind.family is Family.PAYMENT_REQUEST)
_INCREASING = list_kinds(lambda kind: kind.family is Family.COMMITMENT_CHANGE and kind.feeds)
_DECREASING = list_kinds(lambda kind: kind.family is Family.COMMITMENT_CHANGE and kind.draws)
_DIVERTING = list_kinds(lambda kind: kind.is_part)
_RETAINING = list_kinds(lambda kind: kind.diverts and not kind.is_part)
_CARRYING = list_kinds(lambda kind: kind.carries)
_BILLING = list_kinds(lambda kind: kind.pays and kind.follows is Family.COMMITMENT)


class CommitmentLine(AmountStruct, frozen=True, kw_only=True):
    """One line of a commitment (*engagement juridique*), in cents of AE."""

    entry: int
    reference: str
    origin: Origin
    day: str
    month: str
    assignment: Assignment | None
    initial: OldCents
    increased: OldCents
    decreased: OldCents
    engaged: OldCents
    """The initial amount and increases, less decreases; 0 if it was reversed."""
    certified: OldCents
    """Certified service (*service fait*), less cancellations."""
    requested: OldCents
    """Amounts of payment requests and of penalties, less rejections."""
    open: OldCents
    """Engaged, and neither certified nor requested without service."""
    unbilled: OldCents
    """Certified, not yet requested."""
    remaining: OldCents
    """Engaged, not yet requested: open and unbilled."""
    changes: list[EntrySummary]
    services: list[EntrySummary]
    requests: list[EntrySummary]
    initial_cents: Cents = 0
    increased_cents: Cents = 0
    decreased_cents: Cents = 0
    engaged_cents: Cents = 0
    certified_cents: Cents = 0
    requested_cents: Cents = 0
    open_cents: Cents = 0
    unbilled_cents: Cents = 0
    remaining_cents: Cents = 0


class PaymentLine(AmountStruct, frozen=True, kw_only=True):
    """One line of a payment request (*demande de paiement*), in cents."""

    entry: int
    reference: str
    kind: str
    french: str
    origin: Origin
    day: str
    month: str
    assignment: Assignment | None
    payee: Payee | None
    terms: PaymentTerms | None
    """Null if the request states no payment terms."""
    state: str
    """``requested``, ``partly_rejected``, ``rejected``; ``partly_paid``, ``paid`` or ``carried`` once such acts followed."""
    amount: OldCents
    rejected: OldCents
    left: OldCents
    """Requested, and not rejected."""
    settled: OldCents
    """Paid or set off, including transfers that the bank returned since."""
    diverted: OldCents
    """Diverted to third parties by oppositions and assignments, retained as a guarantee, or carried into the next year."""
    payable: OldCents
    """Left, and neither settled nor diverted."""
    commitment: EntrySummary | None
    rejections: list[EntrySummary]
    settlements: list[EntrySummary]
    """Payments, set-offs, oppositions, assignments and retentions."""
    amount_cents: Cents = 0
    rejected_cents: Cents = 0
    left_cents: Cents = 0
    settled_cents: Cents = 0
    diverted_cents: Cents = 0
    payable_cents: Cents = 0


class CommitmentStatus(NamedTuple):
    """The status of some lines of commitments."""

    lines: list[CommitmentLine]
    is_complete: bool
    """Whether the lists contain all followers."""


class PaymentStatus(NamedTuple):
    """The status of some lines of payment requests."""

    lines: list[PaymentLine]
    is_complete: bool
    """Whether the lists contain all followers."""


async def load_commitments(
    connection: Connection, names: CodeNames, rows: Sequence[Row], *, limit: int, visibility: Visibility
) -> CommitmentStatus:
    """Load the status of these lines of commitments."""
    related = await fetch_related_rows(
        connection, names, ActLines(rows), limit=limit, steps=OPEN_ITEM_STEPS, visibility=visibility
    )
    sums = await sum_followers(connection, [row["entry_id"] for row in rows])
    carried = {
        row["entry_id"]: await load_carried_amounts(
            connection, row, is_carried=not sums[row["entry_id"]].keys().isdisjoint(_CARRYING)
        )
        for row in rows
    }
    lines = [
        _build_commitment(related, row, sums[row["entry_id"]], carried=carried[row["entry_id"]])
        for row in rows
    ]
    return CommitmentStatus(lines, related.is_complete)


async def load_payments(
    connection: Connection, names: CodeNames, rows: Sequence[Row], *, limit: int, visibility: Visibility
) -> PaymentStatus:
    """Load the status of these lines of payment requests."""
    related = await fetch_related_rows(
        connection, names, ActLines(rows), limit=limit, steps=OPEN_ITEM_STEPS, visibility=visibility
    )
    sums = await sum_followers(connection, [row["entry_id"] for row in rows])
    lines = [_build_payment(related, row, sums[row["entry_id"]]) for row in rows]
    return PaymentStatus(lines, related.is_complete)


def _build_commitment(
    related: RelatedRows, row: Row, sums: Mapping[int, int], *, carried: CarriedAmounts
) -> CommitmentLine:
    line, followers = describe_line(related, row), related.followers.get(row["entry_id"], ())
    uncommitted = (
        _sum_remainder(row, sums, Remainder.OPEN) + carried.open - _sum_family(sums, Family.REVERSAL)
    )
    unbilled = _sum_remainder(row, sums, Remainder.UNBILLED) + carried.unbilled
    increased, decreased = _sum_kinds(sums, _INCREASING), _sum_kinds(sums, _DECREASING)
    reversed_cents = _sum_family(sums, Family.REVERSAL)
    is_carry = CATALOG[row["kind"]].carries
    carried_cents, carried_service = (
        (carried.open + carried.unbilled, carried.unbilled) if is_carry else (0, 0)
    )
    return CommitmentLine(
        **_select_shared_fields(line),
        initial=row["amount"],
        increased=increased,
        decreased=decreased,
        engaged=row["amount"] + increased - decreased - reversed_cents + carried_cents,
        certified=_sum_family(sums, Family.SERVICE) + carried_service,
        requested=_sum_kinds(sums, _BILLING),
        open=uncommitted,
        unbilled=unbilled,
        remaining=uncommitted + unbilled,
        changes=_summarize_families(related, followers, Family.COMMITMENT_CHANGE, Family.REVERSAL),
        services=_summarize_families(related, followers, Family.SERVICE, Family.SERVICE_CANCELLATION),
        requests=_summarize_families(
            related, followers, Family.PAYMENT_REQUEST, Family.RETENTION, Family.REJECTION
        ),
    )


def _build_payment(related: RelatedRows, row: Row, sums: Mapping[int, int]) -> PaymentLine:
    line, predecessor = describe_line(related, row), related.entries.get(row["predecessor"])
    all_followers = related.followers.get(row["entry_id"], ())
    followers = [follower for follower in all_followers if follower["predecessor"] == row["entry_id"]]
    rejected, parts = _sum_family(sums, Family.REJECTION), _sum_kinds(sums, _DIVERTING)
    settled, diverted = add_up_settlements(sums)[1] - parts, parts + _sum_kinds(sums, _RETAINING)
    return PaymentLine(
        **_select_shared_fields(line),
        **{name: line[name] for name in ("kind", "french", "terms", "amount")},
        payee=find_present_payee(related, row),
        state=find_state(row["amount"], add_up_settlements(sums)),
        rejected=rejected,
        left=row["amount"] - rejected,
        settled=settled,
        diverted=diverted,
        payable=row["amount"] - rejected - settled - diverted,
        commitment=summarize_entry(predecessor, related.hidden) if predecessor else None,
        rejections=_summarize_families(related, followers, Family.REJECTION),
        settlements=[
            summarize_entry(follower, related.hidden)
            for follower in followers
            if CATALOG[follower["kind"]].inherits
        ],
    )


class RequestSums(NamedTuple):
    """The cents of a payment request that its accountant rejected, and those that were settled."""

    rejected: int
    settled: int
    """Paid, set off, diverted to another payee, or carried into the next year."""
    carried: int
    retained: int
    """Retained as a guarantee: another act releases and pays it, so it is not payable here."""


def add_up_settlements(sums: Mapping[int, int]) -> RequestSums:
    """Sum the followers of a request."""
    settled = _sum_family(sums, Family.SETTLEMENT) + _sum_kinds(sums, _DIVERTING)
    rejected, carried = _sum_family(sums, Family.REJECTION), _sum_kinds(sums, _CARRYING)
    return RequestSums(rejected, settled, carried, _sum_kinds(sums, _RETAINING))


def find_state(amount: int, sums: RequestSums) -> str:
    """Return the state of a request; it is paid once all is settled that is neither rejected nor retained."""
    if sums.settled:
        paid = "partly_paid" if sums.settled < amount - sums.rejected - sums.retained else "paid"
        return "carried" if sums.carried else paid
    if sums.rejected:
        return "partly_rejected" if sums.rejected < amount else "rejected"
    return "requested"


def _select_shared_fields(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("entry", "reference", "origin", "day", "month", "assignment")}


def _sum_remainder(row: Row, sums: Mapping[int, int], remainder: Remainder) -> int:
    """Return the remainder of a line by the catalog: what it and its followers feed, less what they draw."""
    own = CATALOG[row["kind"]]
    is_fed = remainder is Remainder.OPEN if own.carries else own.feeds is remainder
    return row["amount"] * is_fed + sum(
        cents * ((CATALOG[kind].feeds is remainder) - (CATALOG[kind].draws is remainder))
        for kind, cents in sums.items()
    )


def _sum_kinds(sums: Mapping[int, int], kinds: Sequence[int]) -> int:
    return sum(sums.get(kind, 0) for kind in kinds)


def _sum_family(sums: Mapping[int, int], family: Family) -> int:
    return sum(cents for kind, cents in sums.items() if CATALOG[kind].family is family)


def _summarize_families(
    related: RelatedRows, followers: Sequence[Row], *families: Family
) -> list[EntrySummary]:
    return [
        summarize_entry(follower, related.hidden)
        for follower in followers
        if CATALOG[follower["kind"]].family in families
    ]
