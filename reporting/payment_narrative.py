"""What of a request is paid, as text: in its own year, and in the next if it was carried there."""

from collections.abc import Mapping, Sequence

from core.catalog import CATALOG, KIND_NUMBERS, ActKind, Stage
from core.kind_rules import Pairing
from core.money import format_euros
from reporting.act_views import EntrySummary, Standing

_STATES: Mapping[str, str] = {
    "requested": "no",
    "partly_paid": "in part",
    "paid": "yes",
    "carried": "no, it goes on in the next year",
    "partly_rejected": "no, and rejected in part",
    "rejected": "no, as it is rejected",
}


def describe_payment(standing: Standing, followers: Sequence[EntrySummary]) -> str:
    """Return whether a request is paid, with the amounts that are settled, still to be paid, and back from the bank."""
    carry = next((entry for entry in followers if _is_carry(entry)), None)
    if standing.state == "carried" and carry:
        return _describe_carry(standing, carry, followers)
    parts = [f"{_answer_whether_paid(standing)}: {format_euros(standing.settled_cents)} euros settled"]
    parts.append(f"{format_euros(standing.payable_cents)} to be paid")
    if standing.retained_cents:
        parts.append(f"{format_euros(standing.retained_cents)} retained as a guarantee")
    if standing.back_cents:
        parts.append(f"{format_euros(standing.back_cents)} came back from the bank and are not sent again")
    if standing.transit_cents:
        parts.append(f"{format_euros(standing.transit_cents)} sent to the bank and not debited yet")
    return ", ".join(parts)


def _answer_whether_paid(standing: Standing) -> str:
    """Return ``yes`` only if no part of the money came back or is still on its way."""
    back, transit, settled = standing.back_cents, standing.transit_cents, standing.settled_cents
    if back and back == settled:
        return "no, it came back"
    if standing.state == "paid" and transit == settled:
        return "sent, not debited yet"
    return "in part" if back or transit else _STATES[standing.state]


def _describe_carry(standing: Standing, carry: EntrySummary, followers: Sequence[EntrySummary]) -> str:
    """Return the entry that carried a request, and what happened to it there; before it what its own year paid."""
    cents = carry.amount or 0
    before = standing.settled_cents - cents
    paid = f"{format_euros(before)} euros settled, the rest " if before else ""
    steps = _list_steps(carry, followers)
    year = carry.day[:4]
    return (
        f"{paid}carried into {year} as entry {carry.entry:,}: {format_euros(cents)} euros;"
        f" there: {', '.join(steps) or 'not paid yet'}"
    )


def _list_steps(carry: EntrySummary, followers: Sequence[EntrySummary]) -> list[str]:
    """List what followed a carry and settled it, with the days; late interest is another debt."""
    chain, steps = {carry.entry}, []
    for entry in followers:
        if entry.follows not in chain or not entry.kind or _find_kind(entry).is_interest:
            continue
        chain.add(entry.entry)
        if action := _name_action(entry):
            steps.append(f"{action} {entry.day}")
    return steps


def _name_action(entry: EntrySummary) -> str:
    kind = _find_kind(entry)
    if _is_carry(entry):
        return f"carried again as entry {entry.entry:,}"
    if kind.remits:
        return "sent again" if kind.after is Stage.REOPENED else "paid"
    if kind.pairs is Pairing.DEBT:
        return "set off"
    if kind.mirrors:
        return "rejected"
    return {Stage.DEBITED: "debited", Stage.RETURNED: "back from the bank"}.get(kind.reaches, "")


def _is_carry(entry: EntrySummary) -> bool:
    return bool(entry.kind) and _find_kind(entry).carries and _find_kind(entry).reaches is Stage.PAYABLE


def _find_kind(entry: EntrySummary) -> ActKind:
    return CATALOG[KIND_NUMBERS[entry.kind]]
