"""Late interest on reissued transfers: due if the bank rejected the first transfer, not if it debited it."""

from pathlib import Path

import pytest

from reporting import code_labels
from reporting import delays as report
from reporting.code_names import read_names
from service.database import command_queries
from service.database.embedded_server import Database
from tests.service.late_interest.test_late_interest import (
    claim,
    compute_interest,
    prepare_state,
    read_claims,
    submit_payment,
)
from tests.service.small_state import Row, State, build_request

AMOUNT = "1000.00"
REQUEST: Row = {**build_request(1), "amount": AMOUNT, "date": "2018-10-01"}
"""A request whose term ends on the 31st of October."""


async def read_last_entry(state: State) -> int:
    (row,) = await state.fetch("select max(entry_id) as entry from entry")
    return int(row["entry"])


async def pay(state: State, reference: str = "DP-1", day: str = "2018-10-29") -> int:
    """Post a payment as a run does; return its entry."""
    payment = {"kind": "payment", "amount": AMOUNT, "exercise": 2018, "date": day}
    await submit_payment(state, payment, reference)
    return await read_last_entry(state)


async def reject_transfer(state: State, transfer: int) -> int:
    """Reject a transfer before its debit; return the entry of the reopened debt."""
    return await return_transfer(state, {"kind": "bank_reject", "predecessor": f"@{transfer}"}, transfer)


async def return_transfer(state: State, first: Row, transfer: int) -> int:
    (row,) = await state.fetch("select day from entry where entry_id = $1", transfer)
    common = {"exercise": 2018, "date": max(str(row["day"]), "2018-10-30"), "amount": AMOUNT}
    common["reference"] = f"X{transfer}"
    owed = {**common, "kind": "return_identified", "line": 2, "predecessor": "#1"}
    await state.submit_accepted([{**common, **first, "line": 1}, owed], "bank")
    return await read_last_entry(state)


async def reissue(state: State, owed: int, day: str = "2018-11-12") -> int:
    reissue = {"kind": "reissue", "reference": f"N{owed}", "predecessor": f"@{owed}", "amount": AMOUNT}
    await state.submit_accepted([reissue | {"exercise": 2018, "date": day}], "treasury")
    return await read_last_entry(state)


async def debit_transfer(state: State, transfer: int, day: str) -> int:
    debit = {"kind": "bank_debit", "reference": f"D{transfer}", "predecessor": f"@{transfer}"}
    await state.submit_accepted([{**debit, "amount": AMOUNT, "exercise": int(day[:4]), "date": day}], "bank")
    return await read_last_entry(state)


async def read_report(state: State) -> tuple[int, int, int, int]:
    """Return payments, payments in time, interest due and interest proposed, of all debits."""
    codes = code_labels.load(state.reference)
    async with command_queries.connect(state.dsn) as connection:
        total = (await report.load_delays(connection, await read_names(connection, codes))).total
    return total.payments, total.in_time, total.interest_due, total.interest_proposed


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_rejected_transfer_is_late_when_it_is_debited_at_last(
    database: Database, tmp_path: Path, times: int
) -> None:
    """Transfers that are rejected, however often, pay nothing: the delay ends with the transfer that is debited."""
    async for state in prepare_state(database, tmp_path / "own", [REQUEST]):
        transfer = await pay(state)
        for _ in range(times):
            transfer = await reissue(state, await reject_transfer(state, transfer))
        assert (await claim(state)).payments == 0
        debit = await debit_transfer(state, transfer, "2018-11-14")
        due = 4_000 + compute_interest(1, 12)
        assert await read_report(state) == (1, 0, due, 0)
        result = await claim(state)
        assert (result.payments, result.cents) == (1, due)
        assert await read_claims(state) == {"DP-1": [due]}
        (name,) = await state.fetch("select reference from entry where reference like 'IM-%'")
        assert name["reference"].endswith(f"-{debit}")
        assert await read_report(state) == (1, 0, due, due)
        assert (await claim(state, "2018-11-21")).payments == 0
        assert (await state.verify()).findings == []


async def test_a_rejected_transfer_sent_again_within_the_term_is_in_time(
    database: Database, tmp_path: Path
) -> None:
    async for state in prepare_state(database, tmp_path / "own", [REQUEST]):
        rejected = await reject_transfer(state, await pay(state))
        await debit_transfer(state, await reissue(state, rejected, "2018-10-31"), "2018-11-05")
        assert (await claim(state)).payments == 0
        assert await read_report(state) == (1, 1, 0, 0)


@pytest.mark.parametrize("rejected_again", [False, True])
async def test_the_first_debit_is_the_payment(
    database: Database, tmp_path: Path, rejected_again: bool
) -> None:
    """Paid in time, debited, returned, and reissued late, with or without another rejection."""
    async for state in prepare_state(database, tmp_path / "own", [REQUEST]):
        transfer = await pay(state)
        debit = await debit_transfer(state, transfer, "2018-10-30")
        owed = await return_transfer(state, {"kind": "bank_return", "predecessor": f"@{debit}"}, transfer)
        transfer = await reissue(state, owed)
        if rejected_again:
            transfer = await reissue(state, await reject_transfer(state, transfer))
        await debit_transfer(state, transfer, "2018-12-12")
        assert (await claim(state, "2018-12-14")).payments == 0
        assert await read_report(state) == (1, 1, 0, 0)
        assert (await state.verify()).findings == []


async def test_a_late_debit_after_a_rejection_is_late_once(database: Database, tmp_path: Path) -> None:
    async for state in prepare_state(database, tmp_path / "own", [REQUEST]):
        transfer = await reissue(state, await reject_transfer(state, await pay(state)))
        debit = await debit_transfer(state, transfer, "2018-11-12")
        owed = await return_transfer(state, {"kind": "bank_return", "predecessor": f"@{debit}"}, transfer)
        await debit_transfer(state, await reissue(state, owed), "2018-12-12")
        await claim(state, "2018-12-14")
        assert await read_claims(state) == {"DP-1": [4_000 + compute_interest(1, 12)]}
        assert (await state.verify()).findings == []


async def test_a_rejected_transfer_of_a_part(database: Database, tmp_path: Path) -> None:
    """An assignee has interest, and no compensation of its own."""
    part = {"kind": "assignment", "reference": "A1", "predecessor": "DP-1", "payee": "1001000002"}
    rows = [{**REQUEST, "amount": "2000.00"}, {**part, "amount": AMOUNT, "date": "2018-10-02"}]
    async for state in prepare_state(database, tmp_path / "own", rows):
        for name in ("DP-1", "A1"):
            transfer = await reissue(state, await reject_transfer(state, await pay(state, name)))
            await debit_transfer(state, transfer, "2018-11-12")
        await claim(state)
        due = 4_000 + compute_interest(1, 12)
        assert await read_claims(state) == {"DP-1": [due], "A1": [due - 4_000]}
        assert (await state.verify()).findings == []


async def test_interest_on_a_reissued_transfer_is_detected(database: Database, tmp_path: Path) -> None:
    """A claim for a debit that is not the first payment is detected."""
    async for state in prepare_state(database, tmp_path / "own", [REQUEST]):
        transfer = await pay(state)
        debit = await debit_transfer(state, transfer, "2018-10-30")
        owed = await return_transfer(state, {"kind": "bank_return", "predecessor": f"@{debit}"}, transfer)
        second_debit = await debit_transfer(state, await reissue(state, owed), "2018-12-12")
        (row,) = await state.fetch("select entry_id from entry where reference = 'DP-1'")
        wrong = {
            "kind": "late_interest",
            "reason": "jugement n° 7",
            "predecessor": f"@{row['entry_id']}",
            "payee": "1001000001",
            "amount": "40.00",
            "exercise": 2018,
            "date": "2018-12-14",
        }
        by_hand = {**wrong, "reference": "IM-2018-CORRECTED"}
        await state.submit_accepted([by_hand], "treasury")
        assert (await state.verify()).findings == []
        await state.submit_accepted(
            [{**wrong, "reference": f"IM-01-{row['entry_id']}-{second_debit}"}], "treasury"
        )
        (finding,) = (await state.verify()).findings
        assert (finding.check, finding.expected) == ("late_interest", "no late payment")
