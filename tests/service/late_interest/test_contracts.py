"""Which late payments bear interest: by the contract of the expense, and not for opposing creditors."""

from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from service.database.embedded_server import Database
from tests.service.late_interest.test_late_interest import (
    Acts,
    claim,
    pay_part,
    prepare_state,
    read_claims,
)
from tests.service.small_state import Row, State, build_openings, build_payee_code, build_request

REQUEST: Row = {**build_request(1), "amount": "1000.00", "date": "2018-10-01"}
"""Due on the 31st of October."""
PART: Row = {"predecessor": "DP-1", "date": "2018-10-02"}
PARTS: Acts = [
    REQUEST,
    {**PART, "kind": "assignment", "reference": "A1", "payee": build_payee_code(2), "amount": "400.00"},
    {**PART, "kind": "attachment", "reference": "B1", "payee": build_payee_code(3), "amount": "100.00"},
]


@pytest.mark.parametrize(
    "other",
    [{"commitment_item": "63"}, {"account": "6153110000"}],
    ids=["a grant to a local authority", "travel of staff, owed on 4211110000"],
)
async def test_an_operating_expense_bears_interest_and_what_is_no_contract_does_not(
    database: Database, tmp_path: Path, other: Row
) -> None:
    """1,000.00 x 8.25 % x 5 / 365 = 1.13, and 40.00, for the supplier; nothing for the other, and a claim is detected."""
    without_contract = {**build_request(2), "amount": "1000.00", "date": "2018-10-01", **other}
    async for state in prepare_state(database, tmp_path / "own", [REQUEST, without_contract]):
        for reference in ("DP-1", "DP-2"):
            await pay_part(state, reference, "1000.00", "2018-11-05")
        assert (await claim(state, "2018-12-31")).payments == 1
        assert await read_claims(state) == {"DP-1": [4_113]}
        assert (await state.verify()).findings == []
        await plant_claim(state, "DP-2", "41.13")
        (finding,) = (await state.verify()).findings
        assert (finding.check, finding.expected) == ("late_interest", "no late payment")


async def test_interest_on_works_is_claimed_in_the_next_year_on_its_credits(
    database: Database, tmp_path: Path
) -> None:
    """1,000.00 x 8.25 % x 5 / 365 = 1.13, and 40.00: of an item of title 3 of 2019, though the works were paid from 2018."""
    works = {**REQUEST, "commitment_item": "51"}
    async for state in prepare_state(database, tmp_path / "own", [works]):
        await pay_part(state, "DP-1", "1000.00", "2018-11-05")
        refused = await claim(state, "2019-01-15")
        assert refused.posted
        assert {reason.code: reason.lines for reason in refused.posted.reasons} == {"AE_EXCEEDED": 1}
        openings = build_openings(str(works["fund_centre"]))
        await state.submit_accepted([{**row, "exercise": 2019, "date": "2019-01-02"} for row in openings])
        await claim(state, "2019-01-16")
        assert await read_claims(state) == {"DP-1": [4_113]}
        (row,) = await state.fetch(
            "select c.budget_year, i.code as item from entry e join cell c on c.cell = e.cell"
            " join reference_text i on i.kind = 3 and i.id = c.item where e.kind = $1",
            KIND_NUMBERS["late_interest"],
        )
        assert (row["budget_year"], row["item"]) == (2019, "31")
        assert (await state.verify()).findings == []


@pytest.mark.parametrize("order", [("DP-1", "A1", "B1"), ("B1", "A1", "DP-1")])
async def test_the_compensation_is_due_once_to_the_creditor_of_the_request(
    database: Database, tmp_path: Path, order: tuple[str, ...]
) -> None:
    """500.00 and 400.00, 5 days late at 8.25 %: 0.57 and 0.45; the opposing creditor of 100.00 has nothing."""
    async for state in prepare_state(database, tmp_path / "own", PARTS):
        for reference in order:
            amount = {"DP-1": "500.00", "A1": "400.00", "B1": "100.00"}[reference]
            await pay_part(state, reference, amount, "2018-11-05")
        result = await claim(state, "2018-12-31")
        assert (result.interest_cents, result.compensation_cents) == (57 + 45, 4_000)
        assert await read_claims(state) == {"DP-1": [4_057], "A1": [45]}
        assert (await state.verify()).findings == []


async def test_an_assigned_request_that_is_paid_late_owes_its_creditor_the_compensation(
    database: Database, tmp_path: Path
) -> None:
    """Only the assignee was paid late yet: interest is his, the 40 euros are not, and they are not owed again later."""
    async for state in prepare_state(database, tmp_path / "own", PARTS):
        await pay_part(state, "A1", "400.00", "2018-11-05")
        await claim(state, "2018-12-29")
        assert await read_claims(state) == {"DP-1": [4_000], "A1": [45]}
        assert (await state.verify()).findings == []
        await pay_part(state, "DP-1", "500.00", "2018-11-06")
        await claim(state, "2018-12-31")
        assert await read_claims(state) == {"DP-1": [4_000, 68], "A1": [45]}
        assert (await state.verify()).findings == []


@pytest.mark.parametrize(
    ("reference", "amount", "expected"),
    [("A1", "40.45", "0.45 due"), ("B1", "0.11", "no late payment"), ("DP-1", "80.57", "40.57 due")],
)
async def test_claims_of_other_creditors_are_detected(
    database: Database, tmp_path: Path, reference: str, amount: str, expected: str
) -> None:
    """A compensation of an assignee's own, interest for an opposing creditor, and a second compensation."""
    async for state in prepare_state(database, tmp_path / "own", PARTS):
        for part, cents in (("DP-1", "500.00"), ("A1", "400.00"), ("B1", "100.00")):
            await pay_part(state, part, cents, "2018-11-05")
        await plant_claim(state, reference, amount)
        (finding,) = (await state.verify()).findings
        assert (finding.check, finding.expected) == ("late_interest", expected)


async def plant_claim(state: State, reference: str, amount: str) -> None:
    """Post a claim like those of the engine, for the last debit of what has this reference."""
    (row,) = await state.fetch(
        "select r.entry_id, max(d.entry_id) as debit, (array_agg(y.code))[1] as payee from entry r"
        " join entry p on p.predecessor = r.entry_id and p.kind = 18 join entry d on d.predecessor = p.entry_id"
        " join payee y on y.payee = r.payee where r.reference = $1 group by r.entry_id",
        reference,
    )
    wrong = {
        "kind": "late_interest",
        "reason": "jugement n° 7",
        "reference": f"IM-01-{row['entry_id']}-{row['debit']}",
        "amount": amount,
    }
    usual = build_request(2 if reference == "DP-2" else 1)
    assignment = {name: usual[name] for name in ("fund_centre", "functional_area", "commitment_item")}
    named = {**assignment, "predecessor": f"@{row['entry_id']}", "payee": row["payee"]}
    await state.submit_accepted([{**wrong, **named, "exercise": 2018, "date": "2018-12-31"}], "treasury")


async def test_interest_on_a_request_of_a_fund_takes_ordinary_credits(
    database: Database, tmp_path: Path
) -> None:
    """1,000.00 x 8.25 % x 5 / 365 = 1.13, and 40.00; the claim states the assignment of the request without its fund."""
    fund = {"fund": "1-1-00733"}
    unit = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07"}
    request = {**REQUEST, **unit, **fund, "commitment_item": "31"}
    openings = build_openings(unit["fund_centre"])
    origins = [{"origin": "carry_over"} if "opening" in row["kind"] else {} for row in openings]
    of_fund = [
        {**row, **fund, **origin, "reference": f"{row['reference']}-F"}
        for row, origin in zip(openings, origins, strict=True)
    ]
    async for state in prepare_state(database, tmp_path / "own", [*openings, *of_fund, request]):
        await pay_part(state, "DP-1", "1000.00", "2018-11-05")
        await claim(state, "2018-12-31")
        assert await read_claims(state) == {"DP-1": [4_113]}
        (row,) = await state.fetch(
            "select coalesce(f.code, 'N/A') as fund from entry e join cell c on c.cell = e.cell"
            " left join reference_text f on f.kind = 4 and f.id = c.fund where e.kind = $1",
            KIND_NUMBERS["late_interest"],
        )
        assert row["fund"] == "N/A"
        assert (await state.verify()).findings == []
