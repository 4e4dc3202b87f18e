"""What is issued: accepted lines alone, each once, in files that add up to the journal; the rest is listed."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml.etree import XMLSchema, parse

from core.act_fields import ACT_LINES_MAX
from core.catalog import KIND_NUMBERS
from core.errors import EngineError, ReferenceDataError
from core.outcome_codes import Outcome
from settlement.orders.end_to_end import format_identifier
from settlement.orders.pain001_writer import Pain001Version
from settlement.runs import issue, run_edits, run_queries, run_status
from settlement.runs.exclusions import Exclusion
from settlement.runs.run_queries import NoSuchRun
from settlement.runs.run_status import LineSelection
from tests.settlement.orders.test_pain001_writer import XSD
from tests.settlement.runs.small_state import OTHER_UNIT, SmallState, iban
from tests.settlement.runs.test_lifecycle import read_xml


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> SmallState:
    found = await SmallState(dsn, tmp_path).open()
    await found.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)))
    return found


async def release_run(world: SmallState, *said: dict[str, str]) -> int:
    await world.post_requests(*said)
    run = await world.propose()
    await world.release(run)
    return run


async def describe_run(world: SmallState, run: int, lines: int = 100) -> dict[str, Any]:
    async with run_queries.open_connection(world.dsn) as connection:
        return await run_status.describe_run(connection, run, LineSelection(lines))


def read_transfers(files: list[dict[str, Any]]) -> list[Any]:
    return [each for file in files for lot in read_xml(file["path"]).pmt_inf for each in lot.cdt_trf_tx_inf]


async def test_what_was_refused_is_listed_and_in_no_file(world: SmallState) -> None:
    """Blocked, or with another account, since the run was released (A60)."""
    run = await release_run(
        world,
        {"reference": "GOOD", "payee": "P1", "amount": "1.00"},
        {"reference": "BLOCKED", "payee": "P2", "amount": "2.00"},
        {"reference": "MOVED", "payee": "P3", "amount": "4.00"},
    )
    await world.post(
        [
            {"reference": "L1", "kind": "payee_block", "payee": "P2"},
            {
                "reference": "L2",
                "kind": "bank_details",
                "payee": "P3",
                "payee_name": "Entreprise",
                "iban": iban(33),
            },
        ],
        "accountant",
    )
    files = await world.issue(run)
    assert [(each["transactions"], each["cents"]) for each in files] == [(1, 100)]
    assert [each.amt.instd_amt.value for each in read_transfers(files)] == [Decimal("1.00")]
    found = await describe_run(world, run)
    assert (found["paid"], found["paid_cents"], found["refused"], found["refused_cents"]) == (1, 100, 2, 600)
    assert found["refusals"] == [
        {"line": 2, "code": Outcome.PAYEE_BLOCKED.name, "cents": 200},
        {"line": 3, "code": Outcome.BANK_DETAILS_DIFFER.name, "cents": 400},
    ]
    again = await world.load_lines(await world.propose())
    assert [(each["amount"], each["left_out"]) for each in again] == [
        (400, 0),
        (200, Exclusion.PAYEE_BLOCKED),
    ]


@pytest.mark.parametrize("before", ["release", "issue"])
async def test_what_was_suspended_since_is_refused_and_told(world: SmallState, before: str) -> None:
    """Also the part of it that is owed to another; it is proposed again once the term goes on."""
    await world.post_requests(
        {"reference": "GOOD", "payee": "P1", "amount": "1.00"},
        {"reference": "STOPPED", "payee": "P2", "amount": "6.00"},
    )
    part = {
        "kind": "assignment",
        "reference": "A1",
        "predecessor": "STOPPED",
        "payee": "P3",
        "amount": "4.00",
    }
    await world.post([part])
    run = await world.propose()
    if before == "issue":
        await world.release(run)
    term = {"kind": "term_suspension", "reference": "S1", "predecessor": "STOPPED", "date": "2018-05-20"}
    await world.post([term])
    if before == "release":
        assert await world.release(run) == (3, 700)
    files = await world.issue(run)
    assert [(each["transactions"], each["cents"]) for each in files] == [(1, 100)]
    found = await describe_run(world, run)
    assert (found["paid"], found["refused"], found["refused_cents"]) == (1, 2, 600)
    assert found["refusals"] == [
        {"line": 2, "code": Outcome.TERM_SUSPENDED.name, "cents": 200},
        {"line": 3, "code": Outcome.TERM_SUSPENDED.name, "cents": 400},
    ]
    again = await world.load_lines(await world.propose())
    assert {(each["amount"], each["left_out"]) for each in again} == {
        (200, Exclusion.SUSPENDED),
        (400, Exclusion.SUSPENDED),
    }
    resumed = {"kind": "term_resumption", "reference": "S2", "predecessor": "S1", "date": "2018-05-25"}
    await world.post([term | resumed])
    paid = await world.propose()
    await world.release(paid)
    assert [each["cents"] for each in await world.issue(paid)] == [600]


async def test_a_run_of_which_nothing_is_accepted_has_no_file(world: SmallState) -> None:
    run = await release_run(world, {"reference": "BLOCKED", "payee": "P2", "amount": "2.00"})
    await world.post([{"reference": "L1", "kind": "payee_block", "payee": "P2"}], "accountant")
    assert await world.issue(run) == []
    assert (await describe_run(world, run))["refused"] == 1


async def test_a_request_is_in_one_live_order_at_most(world: SmallState) -> None:
    """Two runs that both pay it, as if nobody had looked: the journal takes the first (A54)."""
    await world.post_requests({"reference": "DP-1", "payee": "P1", "amount": "5.00"})
    first = await world.propose()
    await world.edit(first, "hold", 1)
    second = await world.propose()
    await world.edit(first, "unhold", 1)
    for run in (first, second):
        await world.release(run)
    assert len(read_transfers(await world.issue(second))) == 1
    assert await world.issue(first) == []
    assert (await describe_run(world, first))["refusals"] == [
        {"line": 1, "code": "PREDECESSOR_STAGE", "cents": 500}
    ]


async def test_put_together_where_asked(world: SmallState) -> None:
    """One transfer for all requests of a payee on one account; the others stay one by one, and so do other accountants'."""
    await world.post_requests(
        *({"reference": f"A-{at}", "payee": "P1", "amount": f"{at}.00"} for at in range(1, 4)),
        {"reference": "B-1", "payee": "P2", "amount": "10.00"},
        {"reference": "A-4", "payee": "P1", "amount": "100.00", **OTHER_UNIT},
    )
    run = await world.propose()
    async with run_queries.open_connection(world.dsn) as connection:
        payee = await run_edits.find_payee(connection, "P1")
    await world.edit(run, "regroup", payee)
    await world.release(run)
    files = await world.issue(run)
    assert [(each["transactions"], each["cents"]) for each in files] == [(1, 10_000), (2, 1_600)]
    found = [
        (each.amt.instd_amt.value, each.rmt_inf.ustrd[0], each.pmt_id.end_to_end_id)
        for each in read_transfers(files)
    ]
    rows = await world.fetch_rows(
        "select entry_id, amount from entry where kind = $1 order by entry_id", KIND_NUMBERS["payment"]
    )
    entries = [format_identifier(each["entry_id"]) for each in rows]
    assert [each["amount"] for each in rows] == [10_000, 100, 200, 300, 1_000]
    assert found == [
        (Decimal("100.00"), "DP A-4", entries[0]),
        (Decimal("6.00"), "DP A-1, DP A-2, DP A-3", entries[1]),
        (Decimal("10.00"), "DP B-1", entries[4]),
    ]


async def test_a_group_is_paid_whole_or_not_at_all(world: SmallState) -> None:
    await world.post_requests(*({"reference": f"A-{at}", "payee": "P1", "amount": "1.00"} for at in range(3)))
    run = await world.propose()
    await world.edit(run, "regroup", 1)
    await world.release(run)
    (entry,) = await world.fetch_rows("select entry_id from entry where reference = 'A-1'")
    await world.post(
        [{"reference": "RJ", "kind": "payment_request_rejection", "predecessor": "A-1", "amount": "0.01"}]
    )
    assert entry
    assert await world.issue(run) == []
    assert (await describe_run(world, run))["refused"] == 3


async def test_groups_are_as_long_as_an_act_may_be(world: SmallState) -> None:
    count = ACT_LINES_MAX + 1
    await world.post_requests(
        *({"reference": f"A-{at}", "payee": "P1", "amount": "1.00"} for at in range(count))
    )
    run = await world.propose()
    await world.edit(run, "regroup", 1)
    await world.release(run)
    found = [each.amt.instd_amt.value for each in read_transfers(await world.issue(run))]
    assert found == [Decimal(ACT_LINES_MAX), Decimal(1)]


async def test_files_are_cut_to_what_the_bank_takes(world: SmallState) -> None:
    world.change_rules(transactions_max=4)
    run = await release_run(
        world, *({"reference": f"DP-{at}", "payee": "P1", "amount": f"{at + 1}.00"} for at in range(10))
    )
    files = await world.issue(run)
    assert [(each["name"], each["transactions"], each["cents"]) for each in files] == [
        ("1-PACA-SEPA-1.xml", 4, 1_000),
        ("1-PACA-SEPA-2.xml", 4, 2_600),
        ("1-PACA-SEPA-3.xml", 2, 1_900),
    ]
    assert len({each.pmt_id.end_to_end_id for each in read_transfers(files)}) == 10
    assert len({read_xml(each["path"]).grp_hdr.msg_id for each in files}) == 3


@pytest.mark.parametrize("version", Pain001Version)
async def test_every_file_is_valid(world: SmallState, version: Pain001Version) -> None:
    run = await release_run(
        world,
        {"reference": "DP-1", "payee": "P1", "amount": "1.00", "remittance": "<&>'\"é"},
        {"reference": "DP-2", "payee": "P2", "amount": "200000000"},
    )
    for each in await world.issue(run, version=version):
        XMLSchema(file=str(XSD / f"pain.001.001.{version}.xsd")).assertValid(parse(each["path"]))


async def test_asked_again_the_same_bytes(world: SmallState) -> None:
    """Also when the outbox is lost, and when the reference data say something else by now."""
    run = await release_run(
        world, *({"reference": f"DP-{at}", "payee": "P2", "amount": "7.00"} for at in range(3))
    )
    (file,) = await world.issue(run)
    before = Path(file["path"]).read_bytes()
    world.change_rules(transactions_max=1, initiator="Quelqu'un d'autre")
    assert await world.issue(run) == [file]
    Path(file["path"]).unlink()
    assert await world.issue(run) == [file]
    assert Path(file["path"]).read_bytes() == before
    Path(file["path"]).write_bytes(b"changed")
    assert await world.load_files(run) == [file]
    assert Path(file["path"]).read_bytes() == before


async def test_a_file_that_cannot_be_made_again_is_not_made_up(world: SmallState) -> None:
    run = await release_run(world, {"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    (file,) = await world.issue(run)
    Path(file["path"]).unlink()
    await world.forge("update payment_file set sha256 = sha256('')")
    with pytest.raises(EngineError, match="now hashes to"):
        await world.load_files(run)


async def test_lines_that_were_changed_are_not_paid(world: SmallState) -> None:
    run = await release_run(world, {"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    await world.forge("update payment_page set content = content || '\\x00'")
    with pytest.raises(EngineError, match="are not those proposed"):
        await world.issue(run)


async def test_an_issue_takes_what_was_released_and_no_more(world: SmallState) -> None:
    run = await release_run(world, {"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    await world.forge("update payment_release set cents = 699")
    with pytest.raises(EngineError, match="pays 1 lines, 1 were released"):
        await world.issue(run)


async def test_only_what_is_released_is_issued(world: SmallState) -> None:
    await world.post_requests({"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    run = await world.propose()
    with pytest.raises(NoSuchRun, match="is proposed; the command needs one that is released"):
        await world.issue(run)
    async with run_queries.open_connection(world.dsn) as connection:
        with pytest.raises(NoSuchRun, match="is proposed; the command needs one that is issued"):
            await issue.rebuild_files(connection, run, world.outbox, print)


async def test_what_came_back_is_paid_again_without_credits(world: SmallState) -> None:
    """Only to another account, unless somebody says so; and CP are consumed once (A26, A53)."""
    run = await release_run(world, {"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    await world.issue(run)
    await world.return_transfer("DP-1")
    second = await world.propose()
    assert [(each["left_out"], each["kind"]) for each in await world.load_lines(second)] == [
        (Exclusion.RETURNED, KIND_NUMBERS["reissue"])
    ]
    details = {
        "reference": "L1",
        "kind": "bank_details",
        "payee": "P1",
        "payee_name": "Entreprise",
        "iban": iban(44),
    }
    await world.post([details], "accountant")
    third = await world.propose()
    await world.release(third)
    (file,) = await world.issue(third)
    (transfer,) = read_transfers([file])
    (entry,) = await world.fetch_rows("select entry_id from entry where kind = $1", KIND_NUMBERS["reissue"])
    assert transfer.pmt_id.end_to_end_id == format_identifier(entry["entry_id"])
    assert transfer.cdtr_acct.id.iban == iban(44)
    assert await world.sum_consumed_cp() == 700


async def test_what_came_back_may_be_sent_to_the_same_account_by_two_hands(world: SmallState) -> None:
    await world.issue(await release_run(world, {"reference": "DP-1", "payee": "P1", "amount": "7.00"}))
    await world.return_transfer("DP-1")
    run = await world.propose()
    await world.edit(run, "unhold", 1)
    assert await world.release(run) == (1, 700)
    assert len(read_transfers(await world.issue(run))) == 1


async def test_a_year_s_rules_are_kept_with_the_run(world: SmallState) -> None:
    run = await release_run(world, {"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    await world.issue(run)
    (row,) = await world.fetch_rows("select terms::jsonb ->> 'initiator' as initiator from payment_issue")
    assert row["initiator"] == world.payment_reference.rules.initiator
    assert replace(world.payment_reference.rules, initiator="x").initiator == "x"


async def test_a_run_whose_accountant_is_gone_is_not_begun(world: SmallState) -> None:
    """Renamed in both files between proposal and issue: nothing is posted, and put back it is issued like any other."""
    run = await release_run(world, {"reference": "ONE", "payee": "P1", "amount": "1.00"})
    world.change_rules()
    files = [world.reference / "2018" / name for name in ("accountants.csv", "assigned.csv")]
    before = [each.read_text() for each in files]
    for each, text in zip(files, before, strict=True):
        each.write_text(re.sub(r"\bPACA\b", "PROV", text))
    entries = await world.fetch_rows("select count(*) from entry")
    for _ in range(2):
        with pytest.raises(ReferenceDataError) as raised:
            await world.issue(run)
        assert str(raised.value) == (
            f"{files[0]}: run {run} pays 1 lines of 2018 from the account of PACA, who is missing. Restore it, with its "
            "account, and issue the run again: nothing of it is posted"
        )
    assert await world.fetch_rows("select count(*) from entry") == entries
    assert not await world.fetch_rows("select run from payment_issue")
    for each, text in zip(files, before, strict=True):
        each.write_text(text)
    assert [(each["accountant"], each["cents"]) for each in await world.issue(run)] == [("PACA", 100)]


async def test_a_run_whose_year_is_gone_is_not_begun(world: SmallState) -> None:
    run = await release_run(world, {"reference": "ONE", "payee": "P1", "amount": "1.00"})
    world.change_rules()
    calendar = world.reference / "calendar.toml"
    calendar.write_text("[exercise.2019]" + calendar.read_text().partition("[exercise.2019]")[2])
    with pytest.raises(ReferenceDataError, match=r"calendar\.toml: 2018 is missing, and run 1 pays 1 lines"):
        await world.issue(run)
    assert not await world.fetch_rows("select run from payment_issue")
