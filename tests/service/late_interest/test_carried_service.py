"""Requests of service that was carried into the next year: it counts with the day of its certification (rules A59, A64)."""

from pathlib import Path

import pytest

from closing.steps import Step
from service.database.embedded_server import Database
from service.engine import delay_sums
from service.terminal.processing_progress import ProgressLines
from tests.closing.closing_state import build_next_credits, execute
from tests.service.late_interest.test_late_interest import claim, prepare_state, read_claims
from tests.service.small_state import UNITS, Row, State, build_payee_code

CALENDAR = """
[exercise.2018]
months_open_at_start = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
complementary_days = 0

[exercise.2019]
months_open_at_start = [1, 2, 3]
complementary_days = 0
"""
PLACE = {"fund_centre": UNITS[0][0], "functional_area": UNITS[0][1], "commitment_item": "31"}
OLD_YEAR: list[Row] = [
    {"kind": "commitment", "reference": "EJ-1", "amount": "8000.00", "date": "2018-12-04", **PLACE},
    {
        "kind": "service",
        "reference": "SF-1",
        "predecessor": "EJ-1",
        "amount": "3000.00",
        "date": "2018-12-10",
    },
]
PAID_ON = "2019-02-05"


def build_service(number: int, euros: int) -> Row:
    return {"kind": "service", "reference": f"SF-{number}", "predecessor": "EJ-1", "amount": f"{euros}.00"}


def build_request(number: int, euros: int, invoice_date: str = "2018-12-28") -> Row:
    request = {"kind": "payment_request", "reference": f"DP-{number}", "predecessor": "EJ-1"}
    request |= {"amount": f"{euros}.00", "invoice_number": f"F-{number}", "invoice_date": invoice_date}
    return request | {"payee": build_payee_code(1)}


CANCELLATION: Row = {
    "kind": "service_cancellation",
    "reference": "AS-1",
    "predecessor": "SF-1",
    "amount": "1000.00",
}
REJECTION: Row = {
    "kind": "payment_request_rejection",
    "reference": "RJ-1",
    "predecessor": "@DP-9",
    "amount": "3000.00",
}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(  # from 2 January, the day of the last service, to 1 February: 4 days late
            [],
            [build_service(2, 2000), build_request(1, 5000)],
            {"DP-1": [4_438]},  # 5,000.00 x 8 % x 4 / 365 = 4.383
            id="carried and new service in one request",
        ),
        pytest.param(  # received on 23 December, service of 10 December: due on 22 January, 14 days late
            [],
            [build_request(1, 900, "2018-12-21"), build_service(2, 600)],
            {"DP-1": [4_276]},  # 900.00 x 8 % x 14 / 365 = 2.761
            id="carried service before a new one",
        ),
        pytest.param(
            [],
            [build_service(2, 600), build_request(1, 900, "2018-12-21")],
            {"DP-1": [4_276]},
            id="carried service after a new one",
        ),
        pytest.param(  # from 30 December, the receipt: due on 29 January, 7 days; and from 2 January, 4 days
            [],
            [build_service(2, 2000), build_request(1, 3000), build_request(2, 2000)],
            {"DP-1": [4_460], "DP-2": [4_175]},  # 4.602 and 1.753
            id="carried service, then the new one",
        ),
        pytest.param(  # 2,000 of the carried service are left, so 500 are of 2 January
            [],
            [CANCELLATION, build_service(2, 2000), build_request(1, 2500)],
            {"DP-1": [4_219]},  # 2,500.00 x 8 % x 4 / 365 = 2.191
            id="a part of the carried service is cancelled",
        ),
        pytest.param(  # what a rejected request of 2018 had billed is carried by nothing, and is billed first
            [{**build_request(9, 3000), "date": "2018-12-28"}],
            [build_service(2, 2000), REJECTION, build_request(1, 3000)],
            {"DP-1": [4_460]},
            id="service that a rejection gave back",
        ),
    ],
)
async def test_carried_service_is_billed_first_by_the_day_of_its_certification(
    database: Database, tmp_path: Path, old: list[Row], new: list[Row], expected: dict[str, list[int]]
) -> None:
    async for state in prepare_state(database, tmp_path / "own", [*OLD_YEAR, *old]):
        state.reference.joinpath("calendar.toml").write_text(CALENDAR)
        await state.submit_accepted(build_next_credits())
        posted = (await execute(state, Step.COMMITMENTS, "2019-01-02")).posted
        assert posted is not None
        assert posted.reasons == []
        await state.submit_accepted([await complete(state, row) for row in new])
        for row in new:
            if row["kind"] == "payment_request":
                await pay(state, row)
        await claim(state, "2019-02-06")
        assert await read_claims(state) == expected
        await delay_sums.update_sums(state.context, ProgressLines())
        assert await state.fetch("select from delay_sum where days > 0")
        assert (await state.verify()).findings == []


async def complete(state: State, row: Row) -> Row:
    """Return an act of 2 January 2019; ``@`` and a reference names the entry of that act, of 2018."""
    name = row.get("predecessor", "").removeprefix("@")
    is_entry = row.get("predecessor") != name
    named = {"predecessor": f"@{await find_entry(state, name)}"} if is_entry else {}
    return {"exercise": 2019, "date": "2019-01-02", **row, **named}


async def pay(state: State, request: Row) -> None:
    """Pay a request, and debit it on the next day."""
    common = {"amount": request["amount"], "exercise": 2019}
    payment = {"kind": "payment", "reference": f"P-{request['reference']}", "date": PAID_ON}
    entry = await find_entry(state, request["reference"])
    await state.submit_accepted([{**payment, **common, "predecessor": f"@{entry}"}], "treasury")
    debit = {"kind": "bank_debit", "reference": f"D-{request['reference']}", "date": "2019-02-06"}
    entry = await find_entry(state, payment["reference"])
    await state.submit_accepted([{**debit, **common, "predecessor": f"@{entry}"}], "bank")


async def find_entry(state: State, reference: str) -> int:
    ((entry,),) = await state.fetch("select max(entry_id) from entry where reference = $1", reference)
    return entry
