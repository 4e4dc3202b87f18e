"""What is proposed, what is left out and why, and what may be changed of it."""

from datetime import date
from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from settlement.runs import remittances, run_edits, run_queries
from settlement.runs.exclusions import EXCLUSION_TEXTS, Exclusion
from settlement.runs.run_queries import NoSuchRun
from tests.settlement.runs.small_state import OTHER_UNIT, SmallState, iban


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> SmallState:
    return await SmallState(dsn, tmp_path).open()


async def load_exclusions(world: SmallState, run: int) -> dict[str, str]:
    """By the reference of the request, why it is left out."""
    references = {
        each["entry_id"]: each["reference"]
        for each in await world.fetch_rows("select entry_id, reference from entry")
    }
    return {
        references[each["entry_id"]]: Exclusion(each["left_out"]).name for each in await world.load_lines(run)
    }


async def test_each_reason(world: SmallState) -> None:
    await world.register_payees(
        *({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)),
        {"payee": "FAR", "iban": iban(9, "BR")},
        {"payee": "ODD", "iban": iban(10), "bic": "NOBANK"},
    )
    await world.post_requests(
        {"reference": "GOOD", "payee": "P1", "amount": "1"},
        {"reference": "BLOCKED", "payee": "P2", "amount": "1"},
        {"reference": "FAR", "payee": "FAR", "amount": "1"},
        {"reference": "ODD", "payee": "ODD", "amount": "1"},
        {"reference": "CASH", "payee": "P3", "amount": "1", "method": "cash"},
        {"reference": "NEXT", "payee": "P3", "amount": "1", "due": "2018-09-30"},
    )
    await world.post([{"reference": "L1", "kind": "payee_block", "payee": "P2"}], "accountant")
    first = await world.propose()
    assert await load_exclusions(world, first) == {
        "GOOD": "NONE",
        "BLOCKED": "PAYEE_BLOCKED",
        "FAR": "OUTSIDE_SEPA",
        "ODD": "BANK_UNKNOWN",
        "CASH": "METHOD",
    }
    assert (await load_exclusions(world, await world.propose()))["GOOD"] == "IN_ANOTHER_RUN"
    await world.post([{"reference": "L2", "kind": "payee_release", "payee": "P2"}], "accountant")
    third = await world.propose(until="2018-09-28")
    assert (await load_exclusions(world, third)) | {"FAR": "", "ODD": ""} == {
        "GOOD": "IN_ANOTHER_RUN",
        "BLOCKED": "NONE",
        "FAR": "",
        "ODD": "",
        "CASH": "METHOD",
        "NEXT": "NONE",
    }


async def test_a_day_that_no_longer_counts_in_the_exercise(world: SmallState) -> None:
    await world.register_payees({"payee": "P1", "iban": iban(1)})
    await world.post_requests({"reference": "LATE", "payee": "P1", "amount": "1"})
    at = world.at.replace(year=2019, month=3)
    assert await load_exclusions(world, await world.propose(until="2019-03-14", at=at)) == {
        "LATE": "PERIOD_CLOSED"
    }


def test_every_reason_is_explained() -> None:
    assert EXCLUSION_TEXTS.keys() == set(Exclusion)


async def test_when_what_is_due(world: SmallState) -> None:
    """Its own day, or thirty days from its receipt, or from its date; three days before, so that the bank debits in time."""
    await world.register_payees({"payee": "P1", "iban": iban(1)})
    await world.post_requests(
        {"reference": "DATED", "payee": "P1", "amount": "1"},
        {"reference": "RECEIVED", "payee": "P1", "amount": "1", "received": "2018-05-20"},
        {"reference": "SAID", "payee": "P1", "amount": "1", "received": "2018-05-20", "due": "2018-05-25"},
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
        run = await world.propose(until=until)
        assert len(await world.load_lines(run)) == count, until
        async with run_queries.open_connection(world.dsn) as connection:
            await run_edits.abandon_run(connection, run, "only looked", "Alice")


@pytest.mark.parametrize("rows_at_once", [1, 2, remittances.CHUNK_ROWS])
async def test_what_the_payee_will_read(
    world: SmallState, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr(remittances, "CHUNK_ROWS", rows_at_once)
    await world.register_payees({"payee": "P1", "iban": iban(1)})
    await world.post(
        [
            {"reference": "2103955300", "kind": "commitment", "amount": "10"} | world.unit,
            {
                "reference": "DP-1",
                "kind": "payment_request_without_service",
                "predecessor": "2103955300",
                "payee": "P1",
                "amount": "4",
                "invoice_number": "F-2018/7",
            },
        ]
    )
    await world.post_requests(
        {"reference": "DP-2", "payee": "P1", "amount": "1", "remittance": "Bourse d'été n° 5"}
    )
    texts = [each["remittance"] for each in await world.load_lines(await world.propose())]
    assert texts == ["F-2018/7 DP DP-1 EJ 2103955300", "Bourse d'ete n. 5"]


async def test_what_is_left_of_a_request_is_paid(world: SmallState) -> None:
    """Part of it is diverted to another creditor, part of it was rejected: each to its own."""
    await world.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in (1, 2)))
    await world.post_requests({"reference": "DP-1", "payee": "P1", "amount": "100"})
    await world.post(
        [
            {"reference": "RJ-1", "kind": "payment_request_rejection", "predecessor": "DP-1", "amount": "15"},
        ]
    )
    (entry,) = [
        each["entry_id"]
        for each in await world.fetch_rows("select entry_id from entry where reference = 'DP-1'")
    ]
    await world.post(
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
    lines = await world.load_lines(await world.propose())
    assert [(each["payee"], each["amount"]) for each in lines] == [(1, 5_500), (2, 3_000)]


async def test_urgent_and_large_go_by_target(world: SmallState) -> None:
    await world.register_payees({"payee": "P1", "iban": iban(1)})
    await world.post_requests(
        {"reference": "SMALL", "payee": "P1", "amount": "99999999.99"},
        {"reference": "LARGE", "payee": "P1", "amount": "100000000"},
        {"reference": "URGENT", "payee": "P1", "amount": "1", "method": "urgent"},
        {"reference": "HUGE", "payee": "P1", "amount": "1500000000"},
    )
    run = await world.propose()
    assert [(each["amount"], each["way"]) for each in await world.load_lines(run)] == [
        (9_999_999_999, 1),
        (10_000_000_000, 2),
        (100, 2),
        (150_000_000_000, 2),
    ]
    await world.release(run)
    sepa, target = await world.issue(run)
    assert (str(sepa["executed"]), str(target["executed"])) == ("2018-06-15", "2018-06-14")


async def test_who_may_do_what(world: SmallState) -> None:
    await world.register_payees({"payee": "P1", "iban": iban(1)})
    await world.post_requests(*({"reference": f"DP-{at}", "payee": "P1", "amount": "1"} for at in range(3)))
    run = await world.propose(by="Alice")
    with pytest.raises(NoSuchRun, match="released by somebody who made it"):
        await world.release(run, by="Alice")
    await world.edit(run, "hold", 2, by="Bruno")
    await world.edit(run, "hold", 3, by="Alice")
    await world.edit(run, "unhold", 3, by="Dora")
    with pytest.raises(NoSuchRun, match="released by somebody who made it"):
        await world.release(run, by="Dora")
    assert await world.release(run, by="Bruno") == (2, 200)
    with pytest.raises(NoSuchRun, match="is released; the command needs one that is proposed"):
        await world.edit(run, "hold", 1)
    with pytest.raises(NoSuchRun, match="is released"):
        await world.release(run, by="Emile")
    files = await world.issue(run)
    assert [each["transactions"] for each in files] == [2]
    assert [each["amount"] for each in await world.load_lines(await world.propose())] == [100]


async def test_changes_that_cannot_be(world: SmallState) -> None:
    await world.register_payees({"payee": "P1", "iban": iban(1)}, {"payee": "FAR", "iban": iban(9, "BR")})
    await world.post_requests(
        *({"reference": f"DP-{at}", "payee": payee, "amount": "1"} for at, payee in enumerate(("P1", "FAR")))
    )
    run = await world.propose()
    with pytest.raises(NoSuchRun, match="has no line 3"):
        await world.edit(run, "hold", 3)
    with pytest.raises(NoSuchRun, match="is outside SEPA"):
        await world.edit(run, "unhold", 2)
    with pytest.raises(NoSuchRun, match="there is no run 9"):
        await world.edit(9, "hold", 1)
    await world.edit(run, "hold", 1)
    with pytest.raises(NoSuchRun, match="pays nothing: abandon it"):
        await world.release(run)
    async with run_queries.open_connection(world.dsn) as connection:
        await run_edits.abandon_run(connection, run, "nothing in it", "Alice")
        with pytest.raises(NoSuchRun, match="no payee NOBODY"):
            await run_edits.find_payee(connection, "NOBODY")
    with pytest.raises(NoSuchRun, match="abandoned"):
        await world.release(run)


async def test_the_database_itself_keeps_the_two_hands(world: SmallState) -> None:
    """Whoever goes round the command finds the rule in the table."""
    await world.register_payees({"payee": "P1", "iban": iban(1)})
    await world.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1"})
    run = await world.propose(by="Alice")
    async with run_queries.open_connection(world.dsn) as connection:
        for query, said in (
            ("insert_release", (1, 100, "Alice")),
            ("insert_issue", ("{}", bytes(32), 1, 100, "Claire", world.at)),
        ):
            with pytest.raises(NoSuchRun):
                await run_queries.execute(connection, query, run, *said)
        await run_queries.execute(connection, "insert_release", run, 1, 100, "Bruno")
        with pytest.raises(NoSuchRun, match="stays as it is"):
            await run_queries.execute(connection, "insert_edit", run, "hold", [1], [None], "", "Bruno")
        with pytest.raises(NoSuchRun, match="stays as it is"):
            await run_queries.execute(connection, "insert_abandonment", run, "", "Bruno")


async def test_two_accountants_and_their_accounts(world: SmallState) -> None:
    await world.register_payees({"payee": "P1", "iban": iban(1)})
    await world.post_requests(
        {"reference": "DP-1", "payee": "P1", "amount": "1"},
        {"reference": "DP-2", "payee": "P1", "amount": "2", **OTHER_UNIT},
    )
    assert [(each["code"], each["amount"]) for each in await world.load_lines(await world.propose())] == [
        ("ECOL", 200),
        ("PACA", 100),
    ]
    assert KIND_NUMBERS["payment"] == (await world.load_lines(1))[0]["kind"]


async def test_what_is_suspended_waits_and_then_has_a_new_term(world: SmallState) -> None:
    """Left out while something is missing; due thirty days after it came, not after the receipt."""
    await world.register_payees({"payee": "P1", "iban": iban(1)})
    await world.post_requests({"reference": "R1", "payee": "P1", "amount": "1"})  # of the second of May
    term = {"kind": "term_suspension", "reference": "S1", "predecessor": "R1", "date": "2018-05-10"}
    await world.post([term])
    (line,) = await world.load_lines(await world.propose(until="2018-06-30"))
    assert Exclusion(line["left_out"]) is Exclusion.SUSPENDED
    await world.post(
        [term | {"kind": "term_resumption", "reference": "S2", "predecessor": "S1", "date": "2018-05-25"}]
    )
    assert await world.load_lines(await world.propose(until="2018-06-20")) == []
    (line,) = await world.load_lines(await world.propose(until="2018-06-21"))
    assert (line["due"], line["left_out"]) == (date(2018, 6, 24), Exclusion.NONE)


@pytest.mark.parametrize(
    ("said", "resumed", "due"),
    [
        ("2018-06-01", "2018-05-25", "2018-06-24"),  # thirty days from when it went on
        ("2018-07-10", "2018-05-25", "2018-07-10"),  # said to be later than that
        ("2018-06-01", "2018-05-02", "2018-06-01"),  # over before the term began: stops nothing
    ],
)
async def test_a_day_that_is_said_is_moved_by_a_suspension_that_counted(
    world: SmallState, said: str, resumed: str, due: str
) -> None:
    """Of the request, and of a part that is owed to another; that one's own day as well."""
    await world.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in (1, 2, 3)))
    await world.post_requests(
        {"reference": "R1", "payee": "P1", "amount": "9", "due": said},
        {"reference": "R2", "payee": "P1", "amount": "8", "due": "2018-06-05"},
    )
    part = {"kind": "assignment", "predecessor": "R1", "amount": "2", "date": "2018-05-02"}
    term = {"kind": "term_suspension", "reference": "S1", "predecessor": "R1", "date": "2018-05-02"}
    again = term | {"kind": "term_resumption", "reference": "S2", "predecessor": "S1", "date": resumed}
    await world.post([part | {"reference": "A1", "payee": "P2"}, term, again])
    days = {
        line["amount"]: line["due"]
        for line in await world.load_lines(await world.propose(until="2018-12-01"))
    }
    moved = date.fromisoformat(due)
    assert days == {700: moved, 200: moved, 800: date(2018, 6, 5)}


async def test_a_part_that_is_owed_to_another_falls_due_with_its_request(world: SmallState) -> None:
    """From what the request says of its receipt or due day, not from the day on which the part was taken."""
    await world.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in (1, 2)))
    await world.post_requests(
        {"reference": "DATED", "payee": "P1", "amount": "9"},  # of the second of May
        {"reference": "RECEIVED", "payee": "P1", "amount": "9", "received": "2018-05-20"},
        {"reference": "SAID", "payee": "P1", "amount": "9", "due": "2018-06-10"},
    )
    part = {"payee": "P2", "date": "2018-06-01"}
    await world.post(
        [
            *(
                part | {"kind": "assignment", "reference": f"A-{each}", "predecessor": each, "amount": "9"}
                for each in ("DATED", "RECEIVED", "SAID")
            ),
            part | {"kind": "attachment", "reference": "B-DATED", "predecessor": "A-DATED", "amount": "4"},
        ]
    )
    days = sorted((line["amount"], line["due"]) for line in await world.load_lines(await world.propose()))
    assert days == [
        (400, date(2018, 6, 1)),
        (500, date(2018, 6, 1)),
        (900, date(2018, 6, 10)),
        (900, date(2018, 6, 19)),
    ]


@pytest.mark.parametrize(
    ("stopped", "resumed", "parts"),
    [
        ("R1", False, {"R1": "SUSPENDED", "A1": "SUSPENDED", "B1": "SUSPENDED"}),
        ("A1", False, {"R1": "NONE", "A1": "SUSPENDED", "B1": "SUSPENDED"}),
        ("B1", False, {"R1": "NONE", "A1": "NONE", "B1": "SUSPENDED"}),
        ("R1", True, dict.fromkeys(("R1", "A1", "B1"), "NONE")),
        ("A1", True, dict.fromkeys(("R1", "A1", "B1"), "NONE")),
    ],
)
async def test_a_part_is_suspended_by_itself_or_with_what_it_is_of(
    world: SmallState, stopped: str, resumed: bool, parts: dict[str, str]
) -> None:
    """Left out while anything above it is, and due when the term has gone on since (the second of May, and thirty days)."""
    await world.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)))
    await world.post_requests({"reference": "R1", "payee": "P1", "amount": "9"})
    term = {"kind": "term_suspension", "reference": "S1", "predecessor": stopped, "date": "2018-05-10"}
    rows = [
        {"kind": "assignment", "reference": "A1", "predecessor": "R1", "payee": "P2", "amount": "6"},
        {"kind": "attachment", "reference": "B1", "predecessor": "A1", "payee": "P3", "amount": "2"},
        term,
    ]
    if resumed:
        rows.append(
            term | {"kind": "term_resumption", "reference": "S2", "predecessor": "S1", "date": "2018-05-25"}
        )
    await world.post(rows)
    run = await world.propose()
    assert await load_exclusions(world, run) == parts
    names = {"R1": 300, "A1": 400, "B1": 200}
    moved = {"R1": names, "A1": ("A1", "B1"), "B1": ("B1",)}[stopped]
    for line in await world.load_lines(run) if resumed else []:
        (name,) = [each for each, cents in names.items() if cents == line["amount"]]
        assert line["due"] == (date(2018, 6, 24) if name in moved else date(2018, 6, 1))


async def test_a_part_of_late_interest_is_owed_at_once(world: SmallState) -> None:
    await world.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in (1, 2)))
    await world.post_requests({"reference": "R1", "payee": "P1", "amount": "9", "due": "2018-12-31"})
    late = {"kind": "late_interest", "reference": "I1", "predecessor": "R1", "payee": "P1", "amount": "5"}
    part = {"kind": "attachment", "reference": "O1", "predecessor": "I1", "payee": "P2", "amount": "2"}
    await world.post([late, part])
    lines = await world.load_lines(await world.propose(until="2018-05-02"))
    assert [(line["amount"], line["due"]) for line in lines] == [
        (300, date(2018, 5, 2)),
        (200, date(2018, 5, 2)),
    ]
