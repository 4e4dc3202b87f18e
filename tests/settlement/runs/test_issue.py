"""Issued files have exactly the accepted lines and add up to the journal; refused lines are listed."""

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
from tests.accountants import CHANGE_FIELDS
from tests.settlement.orders.test_pain001_writer import XSD
from tests.settlement.runs.small_state import OTHER_UNIT, UNIT, SmallState, iban
from tests.settlement.runs.test_lifecycle import read_xml


@pytest.fixture
async def state(dsn: str, tmp_path: Path) -> SmallState:
    state = await SmallState(dsn, tmp_path).open()
    await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)))
    return state


async def release_run(state: SmallState, *requests: dict[str, str]) -> int:
    await state.post_requests(*requests)
    run = await state.propose()
    await state.release(run)
    return run


async def describe_run(state: SmallState, run: int, lines: int = 100) -> dict[str, Any]:
    async with run_queries.open_connection(state.dsn) as connection:
        return await run_status.describe_run(connection, run, LineSelection(lines))


def read_transfers(files: list[dict[str, Any]]) -> list[Any]:
    return [
        transfer
        for file in files
        for lot in read_xml(file["path"]).pmt_inf
        for transfer in lot.cdt_trf_tx_inf
    ]


async def test_refused_lines_are_listed_and_in_no_file(state: SmallState) -> None:
    """A payee is blocked, or its account changes, after the run was released (rule A60)."""
    run = await release_run(
        state,
        {"reference": "GOOD", "payee": "P1", "amount": "1.00"},
        {"reference": "BLOCKED", "payee": "P2", "amount": "2.00"},
        {"reference": "MOVED", "payee": "P3", "amount": "4.00"},
    )
    await state.post(
        [
            {"reference": "L1", "kind": "payee_block", "payee": "P2"},
            {
                "reference": "L2",
                "kind": "bank_details",
                **CHANGE_FIELDS,
                "payee": "P3",
                "payee_name": "Entreprise",
                "iban": iban(33),
            },
        ],
        "accountant",
    )
    files = await state.issue(run)
    assert [(file["transactions"], file["cents"]) for file in files] == [(1, 100)]
    assert [transfer.amt.instd_amt.value for transfer in read_transfers(files)] == [Decimal("1.00")]
    status = await describe_run(state, run)
    assert (status["paid"], status["paid_cents"], status["refused"], status["refused_cents"]) == (
        1,
        100,
        2,
        600,
    )
    assert status["refusals"] == [
        {"line": 2, "code": Outcome.PAYEE_BLOCKED.name, "cents": 200},
        {"line": 3, "code": Outcome.BANK_DETAILS_DIFFER.name, "cents": 400},
    ]
    lines = await state.load_lines(await state.propose())
    assert [(line["amount"], line["left_out"]) for line in lines] == [
        (400, 0),
        (200, Exclusion.PAYEE_BLOCKED),
    ]


@pytest.mark.parametrize("before", ["release", "issue"])
async def test_a_request_suspended_after_the_proposal_is_refused(state: SmallState, before: str) -> None:
    """So is an assigned part of it; both are proposed again once the term is resumed."""
    await state.post_requests(
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
    await state.post([part])
    run = await state.propose()
    if before == "issue":
        await state.release(run)
    term = {"kind": "term_suspension", "reference": "S1", "predecessor": "STOPPED", "date": "2018-05-20"}
    await state.post([term])
    if before == "release":
        assert await state.release(run) == (3, 700)
    files = await state.issue(run)
    assert [(file["transactions"], file["cents"]) for file in files] == [(1, 100)]
    status = await describe_run(state, run)
    assert (status["paid"], status["refused"], status["refused_cents"]) == (1, 2, 600)
    assert status["refusals"] == [
        {"line": 2, "code": Outcome.TERM_SUSPENDED.name, "cents": 200},
        {"line": 3, "code": Outcome.TERM_SUSPENDED.name, "cents": 400},
    ]
    lines = await state.load_lines(await state.propose())
    assert {(line["amount"], line["left_out"]) for line in lines} == {
        (200, Exclusion.SUSPENDED),
        (400, Exclusion.SUSPENDED),
    }
    resumed = {"kind": "term_resumption", "reference": "S2", "predecessor": "S1", "date": "2018-05-25"}
    await state.post([term | resumed])
    paid = await state.propose()
    await state.release(paid)
    assert [file["cents"] for file in await state.issue(paid)] == [600]


async def test_a_run_without_accepted_lines_has_no_file(state: SmallState) -> None:
    run = await release_run(state, {"reference": "BLOCKED", "payee": "P2", "amount": "2.00"})
    await state.post([{"reference": "L1", "kind": "payee_block", "payee": "P2"}], "accountant")
    assert await state.issue(run) == []
    assert (await describe_run(state, run))["refused"] == 1


async def test_a_request_is_in_at_most_one_live_order(state: SmallState) -> None:
    """Two runs pay the same request: the journal accepts the first only (rule A54)."""
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "5.00"})
    first = await state.propose()
    await state.edit(first, "hold", 1)
    second = await state.propose()
    await state.edit(first, "unhold", 1)
    for run in (first, second):
        await state.release(run)
    assert len(read_transfers(await state.issue(second))) == 1
    assert await state.issue(first) == []
    assert (await describe_run(state, first))["refusals"] == [
        {"line": 1, "code": "PREDECESSOR_STAGE", "cents": 500}
    ]


async def test_grouped_payees_get_one_transfer(state: SmallState) -> None:
    """All requests of a grouped payee are one transfer per accountant; the others remain one by one."""
    await state.post_requests(
        *({"reference": f"A-{at}", "payee": "P1", "amount": f"{at}.00"} for at in range(1, 4)),
        {"reference": "B-1", "payee": "P2", "amount": "10.00"},
        {"reference": "A-4", "payee": "P1", "amount": "100.00", **OTHER_UNIT},
    )
    run = await state.propose()
    async with run_queries.open_connection(state.dsn) as connection:
        payee = await run_edits.find_payee(connection, "P1")
    await state.edit(run, "regroup", payee)
    await state.release(run)
    files = await state.issue(run)
    assert [(file["transactions"], file["cents"]) for file in files] == [(1, 10_000), (2, 1_600)]
    transfers = [
        (transfer.amt.instd_amt.value, transfer.rmt_inf.ustrd[0], transfer.pmt_id.end_to_end_id)
        for transfer in read_transfers(files)
    ]
    rows = await state.fetch_rows(
        "select entry_id, amount from entry where kind = $1 order by entry_id", KIND_NUMBERS["payment"]
    )
    entries = [format_identifier(row["entry_id"], ledger=1) for row in rows]
    assert [row["amount"] for row in rows] == [10_000, 100, 200, 300, 1_000]
    assert transfers == [
        (Decimal("100.00"), "DP A-4", entries[0]),
        (Decimal("6.00"), "DP A-1, DP A-2, DP A-3", entries[1]),
        (Decimal("10.00"), "DP B-1", entries[4]),
    ]


async def test_a_group_is_paid_completely_or_not_at_all(state: SmallState) -> None:
    await state.post_requests(*({"reference": f"A-{at}", "payee": "P1", "amount": "1.00"} for at in range(3)))
    run = await state.propose()
    await state.edit(run, "regroup", 1)
    await state.release(run)
    (entry,) = await state.fetch_rows("select entry_id from entry where reference = 'A-1'")
    await state.post(
        [{"reference": "RJ", "kind": "payment_request_rejection", "predecessor": "A-1", "amount": "0.01"}]
    )
    assert entry
    assert await state.issue(run) == []
    assert (await describe_run(state, run))["refused"] == 3


async def test_groups_are_as_long_as_an_act_may_be(state: SmallState) -> None:
    count = ACT_LINES_MAX + 1
    await state.post_requests(
        *({"reference": f"A-{at}", "payee": "P1", "amount": "1.00"} for at in range(count))
    )
    run = await state.propose()
    await state.edit(run, "regroup", 1)
    await state.release(run)
    amounts = [transfer.amt.instd_amt.value for transfer in read_transfers(await state.issue(run))]
    assert amounts == [Decimal(ACT_LINES_MAX), Decimal(1)]


async def test_files_are_split_at_the_limits_of_the_bank(state: SmallState) -> None:
    state.change_rules(transactions_max=4)
    run = await release_run(
        state, *({"reference": f"DP-{at}", "payee": "P1", "amount": f"{at + 1}.00"} for at in range(10))
    )
    files = await state.issue(run)
    assert [(file["name"], file["transactions"], file["cents"]) for file in files] == [
        ("01-1-PACA-SEPA-1.xml", 4, 1_000),
        ("01-1-PACA-SEPA-2.xml", 4, 2_600),
        ("01-1-PACA-SEPA-3.xml", 2, 1_900),
    ]
    assert len({transfer.pmt_id.end_to_end_id for transfer in read_transfers(files)}) == 10
    assert len({read_xml(file["path"]).grp_hdr.msg_id for file in files}) == 3


@pytest.mark.parametrize("version", Pain001Version)
async def test_every_file_is_valid(state: SmallState, version: Pain001Version) -> None:
    run = await release_run(
        state,
        {"reference": "DP-1", "payee": "P1", "amount": "1.00", "remittance": "<&>'\"é"},
        {"reference": "DP-2", "payee": "P2", "amount": "200000000"},
    )
    for file in await state.issue(run, version=version):
        XMLSchema(file=str(XSD / f"pain.001.001.{version}.xsd")).assertValid(parse(file["path"]))


async def test_files_are_rebuilt_with_the_same_bytes(state: SmallState) -> None:
    """Even if the outbox is lost, and the reference data have changed."""
    run = await release_run(
        state, *({"reference": f"DP-{at}", "payee": "P2", "amount": "7.00"} for at in range(3))
    )
    (file,) = await state.issue(run)
    before = Path(file["path"]).read_bytes()
    state.change_rules(transactions_max=1, initiator="Quelqu'un d'autre")
    assert await state.issue(run) == [file]
    Path(file["path"]).unlink()
    assert await state.issue(run) == [file]
    assert Path(file["path"]).read_bytes() == before
    Path(file["path"]).write_bytes(b"changed")
    assert await state.load_files(run) == [file]
    assert Path(file["path"]).read_bytes() == before


async def test_a_file_that_cannot_be_rebuilt_is_an_error(state: SmallState) -> None:
    run = await release_run(state, {"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    (file,) = await state.issue(run)
    Path(file["path"]).unlink()
    await state.forge("update payment_file set sha256 = sha256('')")
    with pytest.raises(EngineError, match="when it was written"):
        await state.load_files(run)


async def test_altered_lines_are_not_paid(state: SmallState) -> None:
    run = await release_run(state, {"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    await state.forge("update payment_page set content = content || '\\x00'")
    with pytest.raises(EngineError, match="are not those proposed"):
        await state.issue(run)


async def test_an_issue_pays_exactly_what_was_released(state: SmallState) -> None:
    run = await release_run(state, {"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    await state.forge("update payment_release set cents = 699")
    with pytest.raises(
        EngineError, match=r"pay 1 lines of 7\.00 euros, but 1 lines of 6\.99 euros were released"
    ):
        await state.issue(run)


async def test_only_released_runs_are_issued(state: SmallState) -> None:
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    run = await state.propose()
    with pytest.raises(NoSuchRun, match="is proposed; the command needs a run that is released"):
        await state.issue(run)
    async with run_queries.open_connection(state.dsn) as connection:
        with pytest.raises(NoSuchRun, match="is proposed; the command needs a run that is issued"):
            await issue.rebuild_files(connection, run, state.outbox, on_step=print)


async def test_a_returned_transfer_is_paid_again_without_credits(state: SmallState) -> None:
    """A returned transfer is paid again only to another account, and consumes CP once (rules A26, A53)."""
    run = await release_run(state, {"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    await state.issue(run)
    await state.return_transfer("DP-1")
    second = await state.propose()
    assert [(line["left_out"], line["kind"]) for line in await state.load_lines(second)] == [
        (Exclusion.RETURNED, KIND_NUMBERS["reissue"])
    ]
    details = {
        "reference": "L1",
        "kind": "bank_details",
        **CHANGE_FIELDS,
        "payee": "P1",
        "payee_name": "Entreprise",
        "iban": iban(44),
    }
    await state.post([details], "accountant")
    third = await state.propose()
    await state.release(third)
    (file,) = await state.issue(third)
    (transfer,) = read_transfers([file])
    (entry,) = await state.fetch_rows("select entry_id from entry where kind = $1", KIND_NUMBERS["reissue"])
    assert transfer.pmt_id.end_to_end_id == format_identifier(entry["entry_id"], ledger=1)
    assert transfer.cdtr_acct.id.iban == iban(44)
    assert await state.sum_consumed_cp() == 700


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"invoice_number": "FA-42"}, "FA-42 DP DP-1 EJ EJ-1"),
        ({}, "DP DP-1 EJ EJ-1"),
        ({"remittance": "Bourse"}, "Bourse"),
    ],
)
async def test_a_transfer_that_is_sent_again_repeats_the_text_of_the_first(
    state: SmallState, fields: dict[str, str], text: str
) -> None:
    commitment = {"reference": "EJ-1", "kind": "commitment", "amount": "7.00"}
    request = {"reference": "DP-1", "kind": "payment_request_without_service", "predecessor": "EJ-1"}
    request["nature"] = "location"
    await state.post([commitment | UNIT])
    await state.post([request | UNIT | {"payee": "P1", "amount": "7.00"} | fields])
    first = await state.propose()
    await state.release(first)
    (transfer,) = read_transfers(await state.issue(first))
    assert transfer.rmt_inf.ustrd == [text]
    await state.return_transfer("DP-1")
    for _ in range(2):
        run = await state.propose()
        await state.edit(run, "unhold", 1)
        await state.release(run)
        (transfer,) = read_transfers(await state.issue(run))
        assert transfer.rmt_inf.ustrd == [text]
        reissues = "select * from entry where kind = $1 order by entry_id"
        *_, last = await state.fetch_rows(reissues, KIND_NUMBERS["reissue"])
        await state.return_entry(last)


async def test_a_returned_transfer_may_be_reinstated_by_two_persons(state: SmallState) -> None:
    await state.issue(await release_run(state, {"reference": "DP-1", "payee": "P1", "amount": "7.00"}))
    await state.return_transfer("DP-1")
    run = await state.propose()
    await state.edit(run, "unhold", 1)
    assert await state.release(run) == (1, 700)
    assert len(read_transfers(await state.issue(run))) == 1


async def test_the_rules_are_stored_with_the_issue(state: SmallState) -> None:
    run = await release_run(state, {"reference": "DP-1", "payee": "P1", "amount": "7.00"})
    await state.issue(run)
    (row,) = await state.fetch_rows("select terms::jsonb ->> 'initiator' as initiator from payment_issue")
    assert row["initiator"] == state.payment_reference.rules.initiator
    assert replace(state.payment_reference.rules, initiator="x").initiator == "x"


async def test_a_run_with_a_missing_accountant_is_not_issued(state: SmallState) -> None:
    """The accountant is renamed in both files: nothing is posted; once restored, the run is issued like any other."""
    run = await release_run(state, {"reference": "ONE", "payee": "P1", "amount": "1.00"})
    state.change_rules()
    files = [state.reference / "2018" / name for name in ("accountants.csv", "assigned.csv")]
    before = [file.read_text() for file in files]
    for file, text in zip(files, before, strict=True):
        file.write_text(re.sub(r"\bPACA\b", "PROV", text))
    entries = await state.fetch_rows("select count(*) from entry")
    for _ in range(2):
        with pytest.raises(ReferenceDataError) as raised:
            await state.issue(run)
        assert str(raised.value) == (
            f"{files[0]}: run {run} pays 1 lines of 2018 from the account of PACA, who is missing. Restore "
            "what is missing, with its account, and issue the run again: nothing of the run is posted"
        )
    assert await state.fetch_rows("select count(*) from entry") == entries
    assert not await state.fetch_rows("select run from payment_issue")
    for file, text in zip(files, before, strict=True):
        file.write_text(text)
    assert [(file["accountant"], file["cents"]) for file in await state.issue(run)] == [("PACA", 100)]


async def test_a_run_with_a_missing_year_is_not_issued(state: SmallState) -> None:
    run = await release_run(state, {"reference": "ONE", "payee": "P1", "amount": "1.00"})
    state.change_rules()
    calendar = state.reference / "calendar.toml"
    calendar.write_text("[exercise.2019]" + calendar.read_text().partition("[exercise.2019]")[2])
    with pytest.raises(ReferenceDataError, match=r"calendar\.toml: 2018 is missing, and run 1 pays 1 lines"):
        await state.issue(run)
    assert not await state.fetch_rows("select run from payment_issue")
