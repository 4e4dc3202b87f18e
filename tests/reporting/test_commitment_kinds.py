"""Reports count an act by the family or effect of its kind: whatever the kind is called, it counts like the others."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from core.catalog import CATALOG, KIND_NUMBERS, ActKind, BudgetAction, Family, Remainder, list_kinds
from reporting import code_labels
from reporting.code_names import read_names
from reporting.commitments import OutstandingCommitments, load_outstanding_commitments
from reporting.open_items import COMMITMENTS, CommitmentLine, load_commitments
from reporting.visibility import WHOLE_JOURNAL
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_rows
from tests.reference_years import copy_reference, replace_text
from tests.reporting.journals import ASPR, BUDGET, SPENDING, Row, act

THIRD_PARTY = SPENDING[0]
EUROS = 100


def _list_names(test: Callable[[ActKind], object]) -> list[str]:
    return [CATALOG[kind].name for kind in list_kinds(test)]


COMMITTING = _list_names(lambda kind: kind.family is Family.COMMITMENT and not kind.carries)
INCREASING = _list_names(lambda kind: kind.family is Family.COMMITMENT_CHANGE and kind.feeds)
DECREASING = _list_names(lambda kind: kind.family is Family.COMMITMENT_CHANGE and kind.draws)
CERTIFYING = _list_names(lambda kind: kind.feeds is Remainder.UNBILLED)
BILLING = _list_names(lambda kind: kind.draws is Remainder.UNBILLED)
CANCELLING = _list_names(lambda kind: kind.mirrors and kind.follows is Family.SERVICE)
REJECTING = _list_names(lambda kind: kind.mirrors and kind.follows is Family.PAYMENT_REQUEST)
OTHER_REJECTIONS: Mapping[str, str] = {"penalty": "penalty_rejection"}
"""How what takes certified service is given back, where it is no request."""
FOLLOWING = (INCREASING, DECREASING, CERTIFYING, CANCELLING, BILLING, REJECTING)
USUAL_FOLLOWERS = [names[0] for names in FOLLOWING]
CASES = [
    *(pytest.param([kind, *USUAL_FOLLOWERS], id=kind) for kind in COMMITTING),
    *(
        pytest.param([COMMITTING[0], *USUAL_FOLLOWERS[:place], kind, *USUAL_FOLLOWERS[place + 1 :]], id=kind)
        for place, names in enumerate(FOLLOWING)
        for kind in names[1:]
    ),
]
"""One case for each kind of commitment, and for each further kind of what follows one."""


def build_acts(kinds: list[str]) -> list[Row]:
    """Build a commitment of 165 euros, of which 50 are certified and 25 requested, by one act of each of ``kinds``."""
    commitment, increase, decrease, service, cancellation, request, rejection = kinds
    rejection = OTHER_REJECTIONS.get(request, rejection)
    return [
        THIRD_PARTY,
        *_build_commitment(commitment),
        act(increase, "I1", "20.00", predecessor="C1"),
        act(decrease, "I2", "5.00", **_name_commitment(decrease)),
        act(service, "S1", "60.00", predecessor="C1"),
        act(cancellation, "S2", "10.00", predecessor="S1"),
        act(request, "D1", "40.00", predecessor="C1", payee=THIRD_PARTY["payee"]),
        act(rejection, "R1", "15.00", predecessor="D1"),
    ]


def _build_commitment(kind: str) -> list[Row]:
    """Build a commitment, behind its visa if it follows one."""
    if not CATALOG[KIND_NUMBERS[kind]].follows:
        return [act(kind, "C1", "150.00", ASPR)]
    return [
        act("visa_request", "V1", "150.00", ASPR),
        act("visa", "V2", "150.00", predecessor="V1"),
        act(kind, "C1", "150.00", ASPR, predecessor="V2"),
    ]


def _name_commitment(decrease: str) -> Row:
    """Return how a decrease names the commitment; a withdrawal of an earlier year names its entry a year later."""
    is_later = CATALOG[KIND_NUMBERS[decrease]].budget is BudgetAction.WITHDRAW
    entry = f"@{len(BUDGET) + 2}"
    later = {"predecessor": entry, "exercise": "2019", "date": "2019-01-21"}
    return later if is_later else {"predecessor": "C1"}


async def load_reports(dsn: str) -> tuple[OutstandingCommitments, list[CommitmentLine]]:
    """Load the outstanding commitments, and the status of each commitment."""
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        outstanding = await load_outstanding_commitments(connection, names)
        entries = await connection.fetch(
            "select e.*, s.sender from entry e join submission s using (submission) where kind = any($1)",
            COMMITMENTS,
        )
        return outstanding, (
            await load_commitments(connection, names, entries, limit=10, visibility=WHOLE_JOURNAL)
        ).lines


def _set_requester(folder: Path, kinds: list[str]) -> Path:
    """Return reference data in which the fund centre has an invoice service, if one of ``kinds`` needs it."""
    if "invoice_request" not in kinds:
        return REFERENCE
    reference = copy_reference(folder)
    replace_text(reference, "2018/invoice_services.csv", "0177-D075,2018-06-01", "0217,2018-01-01")
    return reference


@pytest.mark.parametrize("kinds", CASES)
async def test_every_kind_counts_in_the_reports_of_commitments(
    kinds: list[str], dsn: str, tmp_path: Path
) -> None:
    reference = _set_requester(tmp_path, kinds)
    await process_rows(dsn, tmp_path, reference, BUDGET, "TREASURY")
    await process_rows(dsn, tmp_path, reference, build_acts(kinds))
    outstanding, (line,) = await load_reports(dsn)
    assert (outstanding.commitments, outstanding.open, outstanding.unbilled) == (1, 115 * EUROS, 25 * EUROS)
    assert (outstanding.engaged_cents, outstanding.withdrawn_cents) == (170 * EUROS, 5 * EUROS)
    assert (outstanding.requested_cents, outstanding.remaining_cents) == (25 * EUROS, 165 * EUROS)
    assert (line.increased, line.decreased, line.engaged) == (20 * EUROS, 5 * EUROS, 165 * EUROS)
    assert (line.certified, line.requested) == (50 * EUROS, 25 * EUROS)
    assert (line.open, line.unbilled) == (115 * EUROS, 25 * EUROS)
    assert [len(entries) for entries in (line.changes, line.services, line.requests)] == [2, 2, 2]


async def test_what_is_carried_is_engaged_and_open_in_the_next_year_alone(dsn: str, tmp_path: Path) -> None:
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    acts = [act("commitment", "C1", "150.00", ASPR), act("service", "S1", "60.00", predecessor="C1")]
    await process_rows(dsn, tmp_path, REFERENCE, acts, "MINISTRY")
    next_year = {"exercise": "2019", "date": "2019-01-21"}
    carry = act("commitment_carry", "C1", "90.00", ASPR, next_year, reference_sender="MINISTRY")
    await process_rows(dsn, tmp_path, REFERENCE, [carry | {"predecessor": f"@{len(BUDGET) + 1}"}], "closing")
    service = act("service", "S2", "30.00", next_year, predecessor="C1")
    await process_rows(dsn, tmp_path, REFERENCE, [service], "MINISTRY")
    outstanding, (old, new) = await load_reports(dsn)
    assert [
        (centre.year, centre.engaged_cents, centre.open, centre.unbilled, centre.remaining_cents)
        for centre in outstanding.centres
    ] == [
        (2018, 60 * EUROS, 0, 60 * EUROS, 60 * EUROS),
        (2019, 90 * EUROS, 60 * EUROS, 30 * EUROS, 90 * EUROS),
    ]
    assert (old.open, old.unbilled) == (0, 60 * EUROS)
    assert (new.open, new.unbilled) == (60 * EUROS, 30 * EUROS)


async def test_certified_service_and_what_is_undone_later_count_where_the_commitment_is(
    dsn: str, tmp_path: Path
) -> None:
    """60 are certified and 25 requested; 35 go on, of which 5 are cancelled; 10 of the request are rejected a year later."""
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    acts = [
        THIRD_PARTY,
        act("commitment", "C1", "150.00", ASPR),
        act("service", "S1", "60.00", predecessor="C1"),
        act("payment_request", "D1", "25.00", predecessor="C1", payee=THIRD_PARTY["payee"]),
    ]
    await process_rows(dsn, tmp_path, REFERENCE, acts, "MINISTRY")
    first = len(BUDGET) + 2
    next_year = {"exercise": "2019", "date": "2019-01-21"}
    carry = {"reference_sender": "MINISTRY"} | next_year
    carries = [
        act("commitment_carry", "C1", "90.00", ASPR, carry, predecessor=f"@{first}"),
        act("service_carry", "S1", "35.00", ASPR, carry, predecessor=f"@{first + 1}"),
    ]
    await process_rows(dsn, tmp_path, REFERENCE, carries, "closing")
    later = [
        act("service_cancellation", "A1", "5.00", next_year, predecessor="S1"),
        act("payment_request_rejection", "R1", "10.00", next_year, predecessor=f"@{first + 2}"),
    ]
    await process_rows(dsn, tmp_path, REFERENCE, later, "MINISTRY")
    outstanding, (old, new) = await load_reports(dsn)
    assert (old.open, old.unbilled, old.remaining) == (0, 0, 0)
    assert (new.open, new.unbilled, new.remaining) == (95 * EUROS, 40 * EUROS, 135 * EUROS)
    assert (new.engaged, new.certified) == (135 * EUROS, 40 * EUROS)
    assert (outstanding.open, outstanding.unbilled) == (95 * EUROS, 40 * EUROS)
