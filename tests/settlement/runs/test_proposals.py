"""What is proposed, what is left out and why, and what may be changed of it."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.catalog import KIND_NUMBERS
from core.payment_rules import TIME_ZONE
from core.person_decisions import StatedPerson
from settlement.runs import remittances, run_edits, run_queries
from settlement.runs.exclusions import EXCLUSION_TEXTS, Exclusion
from settlement.runs.run_queries import NoSuchRun
from tests.settlement.runs.small_state import OTHER_UNIT, SmallState, iban


@pytest.fixture
async def state(dsn: str, tmp_path: Path) -> SmallState:
    return await SmallState(dsn, tmp_path).open()


async def load_exclusions(state: SmallState, run: int) -> dict[str, str]:
    """Return the reason why each request is excluded, by its reference."""
    references = {
        row["entry_id"]: row["reference"]
        for row in await state.fetch_rows("select entry_id, reference from entry")
    }
    return {
        references[line["entry_id"]]: Exclusion(line["left_out"]).name for line in await state.load_lines(run)
    }


async def test_every_reason_excludes_a_line(state: SmallState) -> None:
    await state.register_payees(
        *({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)),
        {"payee": "FAR", "iban": iban(9, "BR")},
        {"payee": "ODD", "iban": iban(10), "bic": "NOBANK"},
    )
    await state.post_requests(
        {"reference": "GOOD", "payee": "P1", "amount": "1"},
        {"reference": "BLOCKED", "payee": "P2", "amount": "1"},
        {"reference": "FAR", "payee": "FAR", "amount": "1"},
        {"reference": "ODD", "payee": "ODD", "amount": "1"},
        {"reference": "CASH", "payee": "P3", "amount": "1", "method": "cash"},
        {"reference": "NEXT", "payee": "P3", "amount": "1", "due": "2018-09-30"},
    )
    await state.post([{"reference": "L1", "kind": "payee_block", "payee": "P2"}], "accountant")
    first = await state.propose()
    assert await load_exclusions(state, first) == {
        "GOOD": "NONE",
        "BLOCKED": "PAYEE_BLOCKED",
        "FAR": "OUTSIDE_SEPA",
        "ODD": "BANK_UNKNOWN",
        "CASH": "METHOD",
    }
    assert (await load_exclusions(state, await state.propose()))["GOOD"] == "IN_ANOTHER_RUN"
    await state.post([{"reference": "L2", "kind": "payee_release", "payee": "P2"}], "accountant")
    third = await state.propose(until="2018-09-28")
    assert (await load_exclusions(state, third)) | {"FAR": "", "ODD": ""} == {
        "GOOD": "IN_ANOTHER_RUN",
        "BLOCKED": "NONE",
        "FAR": "",
        "ODD": "",
        "CASH": "METHOD",
        "NEXT": "NONE",
    }


async def test_a_day_of_payment_in_no_open_period(state: SmallState) -> None:
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests({"reference": "LATE", "payee": "P1", "amount": "1"})
    at = state.at.replace(year=2019, month=3)
    assert await load_exclusions(state, await state.propose(until="2019-03-14", at=at)) == {
        "LATE": "PERIOD_CLOSED"
    }


async def test_a_debt_dated_after_the_day_of_payment(state: SmallState) -> None:
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests(
        {"reference": "TODAY", "payee": "P1", "amount": "1", "date": "2018-05-14", "due": "2018-05-14"},
        {"reference": "TOMORROW", "payee": "P1", "amount": "1", "date": "2018-05-15", "due": "2018-05-15"},
    )
    for day, reason in ((14, "NOT_YET_OWED"), (15, "NONE")):
        run = await state.propose(until="2018-05-31", at=state.at.replace(month=5, day=day))
        assert await load_exclusions(state, run) == {"TODAY": "NONE", "TOMORROW": reason}
        async with run_queries.open_connection(state.dsn) as connection:
            await run_edits.abandon_run(connection, run, "only looked", by=StatedPerson("Alice"))


async def test_what_programme_0117_owes_is_left_out(state: SmallState) -> None:
    """Another debt of the same day is paid."""
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    debt = {"fund_centre": "0117-CENT-C001", "functional_area": "0117-01", "commitment_item": "41"}
    await state.post_requests(
        {"reference": "DEBT", "payee": "P1", "amount": "1", **debt},
        {"reference": "OTHER", "payee": "P1", "amount": "1"},
    )
    exclusions = await load_exclusions(state, await state.propose())
    assert exclusions == {"DEBT": "SETTLED_WITHOUT_TRANSFER", "OTHER": "NONE"}


def test_every_reason_has_a_text() -> None:
    assert EXCLUSION_TEXTS.keys() == set(Exclusion)


async def test_due_days(state: SmallState) -> None:
    """The given day, or thirty days from receipt or date; paid three days before, so that the bank debits in time."""
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests(
        {"reference": "DATED", "payee": "P1", "amount": "1"},
        {"reference": "RECEIVED", "payee": "P1", "amount": "1", "received": "2018-05-20"},
        {"reference": "GIVEN", "payee": "P1", "amount": "1", "received": "2018-05-20", "due": "2018-05-25"},
    )
    due = {
        "2018-05-21": 0,
        "2018-05-22": 1,
        "2018-05-28": 1,
        "2018-05-29": 2,
        "2018-06-15": 2,
        "2018-06-16": 3,
    }
    for until, count in due.items():
        run = await state.propose(until=until)
        assert len(await state.load_lines(run)) == count, until
        async with run_queries.open_connection(state.dsn) as connection:
            await run_edits.abandon_run(connection, run, "only looked", by=StatedPerson("Alice"))


@pytest.mark.parametrize("chunk_rows", [1, 2, remittances.CHUNK_ROWS])
async def test_remittance_texts(state: SmallState, monkeypatch: pytest.MonkeyPatch, chunk_rows: int) -> None:
    monkeypatch.setattr(remittances, "CHUNK_ROWS", chunk_rows)
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post(
        [
            {"reference": "2103955300", "kind": "commitment", "amount": "10"} | state.unit,
            {
                "reference": "DP-1",
                "kind": "payment_request_without_service",
                "nature": "location",
                "predecessor": "2103955300",
                "payee": "P1",
                "amount": "4",
                "invoice_number": "F-2018/7",
            },
        ]
    )
    await state.post_requests(
        {"reference": "DP-2", "payee": "P1", "amount": "1", "remittance": "Bourse d'été n° 5"}
    )
    texts = [line["remittance"] for line in await state.load_lines(await state.propose())]
    assert texts == ["F-2018/7 DP DP-1 EJ 2103955300", "Bourse d'ete n. 5"]


async def test_the_open_amount_of_a_request_is_paid(state: SmallState) -> None:
    """Part of it is attached for another creditor, part of it is rejected: both creditors get their shares."""
    await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in (1, 2)))
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "100"})
    await state.post(
        [
            {"reference": "RJ-1", "kind": "payment_request_rejection", "predecessor": "DP-1", "amount": "15"},
        ]
    )
    (entry,) = [
        row["entry_id"]
        for row in await state.fetch_rows("select entry_id from entry where reference = 'DP-1'")
    ]
    await state.post(
        [
            {
                "reference": "O-1",
                "kind": "attachment",
                "predecessor": f"@{entry}",
                "payee": "P2",
                "amount": "30",
            }
        ],
        "accountant",
    )
    lines = await state.load_lines(await state.propose())
    assert [(line["payee"], line["amount"]) for line in lines] == [(1, 5_500), (2, 3_000)]


async def test_a_rejected_part_is_owed_to_the_first_creditor_again(state: SmallState) -> None:
    """An opposition to 30.00 ends for 12.00 of it."""
    await state.register_payees({"payee": "P1", "iban": iban(1)}, {"payee": "P2", "iban": iban(2)})
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "100"})
    (row,) = await state.fetch_rows("select entry_id from entry where reference = 'DP-1'")
    part = {"reference": "O-1", "kind": "attachment", "payee": "P2", "amount": "30"}
    await state.post([part | {"predecessor": f"@{row['entry_id']}"}], "accountant")
    rejection = {"reference": "RJ-1", "kind": "payment_request_rejection", "predecessor": "O-1"}
    await state.post([rejection | {"amount": "12"}], "accountant")
    lines = await state.load_lines(await state.propose())
    assert [(line["payee"], line["amount"]) for line in lines] == [(1, 8_200), (2, 1_800)]


async def test_urgent_and_large_transfers_go_by_rtgs(state: SmallState) -> None:
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests(
        {"reference": "SMALL", "payee": "P1", "amount": "99999999.99"},
        {"reference": "LARGE", "payee": "P1", "amount": "100000000"},
        {"reference": "URGENT", "payee": "P1", "amount": "1", "method": "urgent"},
        {"reference": "HUGE", "payee": "P1", "amount": "1500000000"},
    )
    run = await state.propose()
    assert [(line["amount"], line["way"]) for line in await state.load_lines(run)] == [
        (9_999_999_999, 1),
        (10_000_000_000, 2),
        (100, 2),
        (150_000_000_000, 2),
    ]
    await state.release(run)
    sepa, target = await state.issue(run)
    assert (str(sepa["executed"]), str(target["executed"])) == ("2018-06-15", "2018-06-14")


async def test_a_run_is_released_by_another_person(state: SmallState) -> None:
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests(*({"reference": f"DP-{at}", "payee": "P1", "amount": "1"} for at in range(3)))
    run = await state.propose(by="Alice")
    with pytest.raises(NoSuchRun, match="another person must"):
        await state.release(run, by="Alice")
    await state.edit(run, "hold", 2, by="Bruno")
    await state.edit(run, "hold", 3, by="Alice")
    await state.edit(run, "unhold", 3, by="Dora")
    with pytest.raises(NoSuchRun, match="another person must"):
        await state.release(run, by="Dora")
    assert await state.release(run, by="Bruno") == (2, 200)
    with pytest.raises(NoSuchRun, match="is released; the command needs a run that is proposed"):
        await state.edit(run, "hold", 1)
    with pytest.raises(NoSuchRun, match="is released"):
        await state.release(run, by="Emile")
    files = await state.issue(run)
    assert [file["transactions"] for file in files] == [2]
    assert [line["amount"] for line in await state.load_lines(await state.propose())] == [100]


async def test_edits_that_are_refused(state: SmallState) -> None:
    await state.register_payees({"payee": "P1", "iban": iban(1)}, {"payee": "FAR", "iban": iban(9, "BR")})
    await state.post_requests(
        *({"reference": f"DP-{at}", "payee": payee, "amount": "1"} for at, payee in enumerate(("P1", "FAR")))
    )
    run = await state.propose()
    with pytest.raises(NoSuchRun, match="has no line 3"):
        await state.edit(run, "hold", 3)
    with pytest.raises(NoSuchRun, match="is outside SEPA"):
        await state.edit(run, "unhold", 2)
    with pytest.raises(NoSuchRun, match="there is no run 9"):
        await state.edit(9, "hold", 1)
    await state.edit(run, "hold", 1)
    with pytest.raises(NoSuchRun, match="pays nothing: abandon the run"):
        await state.release(run)
    async with run_queries.open_connection(state.dsn) as connection:
        await run_edits.abandon_run(connection, run, "nothing in it", by=StatedPerson("Alice"))
        with pytest.raises(NoSuchRun, match="no payee NOBODY"):
            await run_edits.find_payee(connection, "NOBODY")
    with pytest.raises(NoSuchRun, match="abandoned"):
        await state.release(run)


async def test_the_database_requires_two_persons(state: SmallState) -> None:
    """The rule is also a constraint, for those who bypass the command."""
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    run = await state.propose(by="Alice")
    async with run_queries.open_connection(state.dsn) as connection:
        for query, values in (
            ("insert_release", (1, 100, "Alice")),
            ("insert_issue", ("{}", bytes(32), 1, 100, "Claire", state.at)),
        ):
            with pytest.raises(NoSuchRun):
                await run_queries.execute(connection, query, run, *values)
        await run_queries.execute(connection, "insert_release", run, 1, 100, "Bruno")
        values = (run, "hold", [1], [None], "", "Bruno", None)
        with pytest.raises(NoSuchRun, match="stays as it is"):
            await run_queries.execute(connection, "insert_edit", *values)
        with pytest.raises(NoSuchRun, match="stays as it is"):
            await run_queries.execute(connection, "insert_abandonment", run, "", "Bruno")


async def test_lines_of_two_accountants(state: SmallState) -> None:
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests(
        {"reference": "DP-1", "payee": "P1", "amount": "1"},
        {"reference": "DP-2", "payee": "P1", "amount": "2", **OTHER_UNIT},
    )
    assert [(line["code"], line["amount"]) for line in await state.load_lines(await state.propose())] == [
        ("ECOL", 200),
        ("PACA", 100),
    ]
    assert KIND_NUMBERS["payment"] == (await state.load_lines(1))[0]["kind"]


async def test_a_request_whose_payment_is_suspended_waits_and_keeps_its_term(state: SmallState) -> None:
    """The accountant's suspension excludes it; its term of thirty days runs on, to the first of June."""
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests({"reference": "R1", "payee": "P1", "amount": "1"})  # of the second of May
    term = {"kind": "term_suspension", "reference": "S1", "predecessor": "R1", "date": "2018-05-10"}
    await state.post([term])
    (line,) = await state.load_lines(await state.propose(until="2018-06-30"))
    assert Exclusion(line["left_out"]) is Exclusion.SUSPENDED
    await state.post(
        [term | {"kind": "term_resumption", "reference": "S2", "predecessor": "S1", "date": "2018-05-25"}]
    )
    (line,) = await state.load_lines(await state.propose(until="2018-05-29"))
    assert (line["due"], line["left_out"]) == (date(2018, 6, 1), Exclusion.NONE)


async def test_a_suspension_before_the_order_gives_a_new_term(state: SmallState) -> None:
    """Received on the first of May and suspended before the order, the request is due thirty days after the papers arrived."""
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    suspension = {
        "received": "2018-05-01",
        "suspension_notified": "2018-05-10",
        "suspension_ended": "2018-05-25",
    }
    await state.post_requests(
        {"reference": "R1", "payee": "P1", "amount": "1", "date": "2018-05-25", **suspension}
    )
    assert await state.load_lines(await state.propose(until="2018-06-20")) == []
    (line,) = await state.load_lines(await state.propose(until="2018-06-21"))
    assert (line["due"], line["left_out"]) == (date(2018, 6, 24), Exclusion.NONE)


async def test_a_request_of_unknown_receipt_is_due_by_its_invoice(state: SmallState) -> None:
    """Two days after its date the invoice counts as received; at the latest on the day of the request."""
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests(
        {"reference": "R1", "payee": "P1", "amount": "1", "date": "2018-05-25", "invoice_date": "2018-05-10"},
        {"reference": "R2", "payee": "P1", "amount": "2", "date": "2018-05-25", "invoice_date": "2018-05-24"},
    )
    lines = await state.load_lines(await state.propose(until="2018-12-01"))
    days = {line["amount"]: line["due"] for line in lines}
    assert days == {100: date(2018, 6, 11), 200: date(2018, 6, 24)}


@pytest.mark.parametrize(
    ("due_in_request", "received", "due"),
    [
        ("2018-06-01", "2018-05-01", "2018-06-24"),  # thirty days from the arrival of the papers
        ("2018-07-10", "2018-05-01", "2018-07-10"),  # the given day is later
        ("2018-06-01", "2018-05-25", "2018-06-01"),  # over when the term began: no effect
    ],
)
async def test_a_given_due_day_is_delayed_by_a_suspension(
    state: SmallState, due_in_request: str, received: str, due: str
) -> None:
    """Of the request, of an assigned part, and of another request."""
    await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in (1, 2, 3)))
    suspension = {"received": received, "suspension_notified": "2018-05-10", "suspension_ended": "2018-05-25"}
    request = {"reference": "R1", "payee": "P1", "amount": "9", "due": due_in_request, "date": "2018-05-25"}
    await state.post_requests(
        request | suspension, {"reference": "R2", "payee": "P1", "amount": "8", "due": "2018-06-05"}
    )
    part = {"kind": "assignment", "predecessor": "R1", "amount": "2", "date": "2018-05-25"}
    await state.post([part | {"reference": "A1", "payee": "P2"}])
    days = {
        line["amount"]: line["due"]
        for line in await state.load_lines(await state.propose(until="2018-12-01"))
    }
    delayed = date.fromisoformat(due)
    assert days == {700: delayed, 200: delayed, 800: date(2018, 6, 5)}


async def test_a_part_falls_due_with_its_request(state: SmallState) -> None:
    """From the receipt or due day of the request, not from the day of the part."""
    await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in (1, 2)))
    await state.post_requests(
        {"reference": "DATED", "payee": "P1", "amount": "9"},  # of the second of May
        {"reference": "RECEIVED", "payee": "P1", "amount": "9", "received": "2018-05-20"},
        {"reference": "GIVEN", "payee": "P1", "amount": "9", "due": "2018-06-10"},
    )
    part = {"payee": "P2", "date": "2018-06-01"}
    await state.post(
        [
            *(
                part | {"kind": "assignment", "reference": f"A-{name}", "predecessor": name, "amount": "9"}
                for name in ("DATED", "RECEIVED", "GIVEN")
            ),
            part | {"kind": "attachment", "reference": "B-DATED", "predecessor": "A-DATED", "amount": "4"},
        ]
    )
    days = sorted((line["amount"], line["due"]) for line in await state.load_lines(await state.propose()))
    assert days == [
        (400, date(2018, 6, 1)),
        (500, date(2018, 6, 1)),
        (900, date(2018, 6, 10)),
        (900, date(2018, 6, 19)),
    ]


async def test_a_carried_request_has_the_texts_and_the_term_of_its_request(state: SmallState) -> None:
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    request = {"payee": "P1", "amount": "9", "date": "2018-12-11", "received": "2018-12-10"}
    await state.post_requests(request | {"reference": "DP-1", "invoice_number": "F-7", "method": "urgent"})
    (last,) = await state.fetch_rows("select max(entry_id) as entry from entry")
    year = {"exercise": "2019", "date": "2019-01-21"}
    places = (("budget_opening", "0177"), ("allotment", "0177-D013"), ("allotment", "0177-D013-DD13"))
    grants = [
        {
            "kind": f"{kind}_{measure}",
            "reference": f"N-{measure}-{place}",
            "fund_centre": place,
            "amount": "50",
        }
        | year
        | {"commitment_item": "HT2"}
        for measure in ("ae", "cp")
        for kind, place in places
    ]
    await state.post(grants)
    carry = {"kind": "request_carry", "reference": "DP-1", "predecessor": f"@{last['entry']}", "amount": "9"}
    await state.post([carry | state.unit | year | {"reference_sender": "ministry"}], "closing")
    at = datetime(2019, 1, 25, 10, 0, tzinfo=ZoneInfo(TIME_ZONE))
    (line,) = await state.load_lines(await state.propose(until="2019-01-31", at=at))
    assert (line["due"], line["remittance"]) == (date(2019, 1, 9), "F-7 DP DP-1")


@pytest.mark.parametrize(
    ("suspended", "resumed", "parts"),
    [
        ("R1", False, {"R1": "SUSPENDED", "A1": "SUSPENDED", "B1": "SUSPENDED"}),
        ("A1", False, {"R1": "NONE", "A1": "SUSPENDED", "B1": "SUSPENDED"}),
        ("B1", False, {"R1": "NONE", "A1": "NONE", "B1": "SUSPENDED"}),
        ("R1", True, dict.fromkeys(("R1", "A1", "B1"), "NONE")),
        ("A1", True, dict.fromkeys(("R1", "A1", "B1"), "NONE")),
    ],
)
async def test_a_part_is_suspended_by_itself_or_with_its_origin(
    state: SmallState, suspended: str, resumed: bool, parts: dict[str, str]
) -> None:
    """Excluded while any origin is; the due day stays (thirty days after the second of May)."""
    await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)))
    await state.post_requests({"reference": "R1", "payee": "P1", "amount": "9"})
    term = {"kind": "term_suspension", "reference": "S1", "predecessor": suspended, "date": "2018-05-10"}
    rows = [
        {"kind": "assignment", "reference": "A1", "predecessor": "R1", "payee": "P2", "amount": "6"},
        {"kind": "attachment", "reference": "B1", "predecessor": "A1", "payee": "P3", "amount": "2"},
        term,
    ]
    if resumed:
        rows.append(
            term | {"kind": "term_resumption", "reference": "S2", "predecessor": "S1", "date": "2018-05-25"}
        )
    await state.post(rows)
    run = await state.propose()
    assert await load_exclusions(state, run) == parts
    assert {line["due"] for line in await state.load_lines(run)} == {date(2018, 6, 1)}


async def test_a_part_of_late_interest_is_due_at_once(state: SmallState) -> None:
    await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in (1, 2)))
    await state.post_requests({"reference": "R1", "payee": "P1", "amount": "9", "due": "2018-12-31"})
    late = {"kind": "late_interest", "reference": "I1", "predecessor": "R1", "payee": "P1", "amount": "5"}
    late |= {"reason": "A59"}
    part = {"kind": "attachment", "reference": "O1", "predecessor": "I1", "payee": "P2", "amount": "2"}
    await state.post([late, part])
    lines = await state.load_lines(await state.propose(until="2018-05-02"))
    assert [(line["amount"], line["due"]) for line in lines] == [
        (300, date(2018, 5, 2)),
        (200, date(2018, 5, 2)),
    ]
