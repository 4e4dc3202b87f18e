"""Notices and statements that report one movement, which the statement does not name, post it once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from settlement.orders.end_to_end import format_identifier
from settlement.reconciliation.bank_queries import UnmatchedSum
from tests.closing.test_opening_items import post
from tests.service.cli.test_bank_movements import (
    DAY,
    DEBITS,
    LATER,
    OPENING,
    Line,
    find_last,
    pay,
    write,
    write_line,
)
from tests.service.cli.test_bank_receipts import check_agreement, import_one
from tests.service.small_state import UNITS, State, build_request, copy_state, open_state
from tests.settlement.bank_orders import format_cents
from tests.settlement.camt_messages import document, statement


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with open_state(database, tmp_path_factory.mktemp("notices"), 6) as state:
        await state.fetch(
            "insert into access_key (key, sender, digest, roles, programmes, label)"
            " values ('accountant22', 'DRFIP-75', sha256('1'), '{assigned_accountant}', '{}', '') on conflict do nothing"
        )
        yield state


@pytest_asyncio.fixture
async def state(template: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, template, tmp_path / "state") as copy:
        yield copy


def write_notice(state: State, account: str, line: Line, *, day: str = DAY, identity: str = "N-1") -> Path:
    """Write a camt.054 with one movement."""
    text = document(statement(write_line(line), identity=identity, account=account))
    text = text.replace("camt.053", "camt.054").replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn")
    path = state.folder / f"{identity}.xml"
    path.write_text(text.replace("Stmt>", "Ntfctn>").replace("<Dt>2018-12-14", f"<Dt>{day}"))
    return path


@pytest.mark.parametrize(
    ("sign", "stated_name", "stated_reason"),
    [
        ("DBIT", "GARBLED", ""),
        ("CRDT", "GARBLED", "AC04"),
        ("CRDT", format_identifier(900_000, ledger=1), ""),
        ("CRDT", "GARBLED", ""),
    ],
)
async def test_a_notice_and_a_statement_that_names_nothing_post_one_movement(
    state: State, sign: str, stated_name: str, stated_reason: str
) -> None:
    """A notice names the transfer; the statement has its account and amount, and an id of no transfer."""
    account, sent = await pay(state)
    cents, name = sent[0]
    opening = OPENING
    if sign == "CRDT":
        await import_one(state, write(state, account, [(cents, "DBIT", name, "")], day="2018-11-06"))
        opening = OPENING - cents
    await import_one(state, write_notice(state, account, (cents, sign, name, "AC04" * (sign == "CRDT"))))
    path = write(state, account, [(cents, sign, stated_name, stated_reason)], opening=opening)
    for again in (False, False, True):
        receipt = await import_one(state, path, again=again)
        assert (receipt.suspense, receipt.reasons) == (0, {"NOTICED": UnmatchedSum(1, cents)})
    assert await state.read_unmatched() == []
    await check_agreement(state)


@pytest.mark.parametrize("sign", ["DBIT", "CRDT"])
async def test_a_notice_after_the_statement_posts_nothing_that_is_on_suspense(
    state: State, sign: str
) -> None:
    """A return without a reason and an id of ours is on the suspense account of credits."""
    account, sent = await pay(state)
    cents, name = sent[0]
    opening = OPENING
    if sign == "CRDT":
        await import_one(state, write(state, account, [(cents, "DBIT", name, "")], day="2018-11-06"))
        opening -= cents
    await import_one(state, write(state, account, [(cents, sign, "GARBLED", "")], opening=opening))
    notice = write_notice(state, account, (cents, sign, name, "AC04" * (sign == "CRDT")))
    for again in (False, False, True):
        receipt = await import_one(state, notice, again=again)
        assert (receipt.debits + receipt.returns, receipt.reasons) == (
            0, {"ON_SUSPENSE": UnmatchedSum(1, cents)}
        )  # fmt: skip
    await check_agreement(state)


async def open_item(state: State, item: int, cents: int) -> None:
    """Open in 2019 what a debit of 2018 left on suspense."""
    common = {
        "exercise": 2019,
        "date": "2019-01-01",
        "amount": format_cents(cents),
        "reference": "2018.PACA.16",
    }
    accounts = (("opening_item_debit", DEBITS), ("opening_credit", "5121100000"))
    lines = [
        {**common, "line": line, "kind": kind, "account": account, "fund_centre": "0217-SGAC"}
        for line, (kind, account) in enumerate(accounts, 1)
    ]
    lines[0]["predecessor"] = f"@{item}"
    await state.submit_accepted(lines, "closing")


async def clear_by_hand(state: State, item: int, amount: str) -> None:
    """Clear an amount of an opening of 2019."""
    sides = [("clearing_credit", DEBITS, amount, f"@{item}"), ("journal_debit", "6188000000", amount, "")]
    place = {"fund_centre": UNITS[1][0], "functional_area": UNITS[1][1], "date": "2019-01-02"}
    await state.submit_accepted([{**line, **place} for line in post("OD-1", sides, 2019)], "DRFIP-75")


@pytest.mark.parametrize("cleared", [0, 25, 125])
async def test_a_notice_in_january_posts_nothing_that_the_closing_opened_on_suspense(
    state: State, cleared: int
) -> None:
    """A part that is cleared by hand leaves the notice to the accountant; a whole leaves nothing that it may be."""
    account, sent = await pay(state)
    cents, name = sent[0]
    await import_one(state, write(state, account, [(cents, "DBIT", "GARBLED", "")], day="2018-12-31"))
    await open_item(state, await find_last(state, "suspense_debit"), cents)
    if cleared:
        await clear_by_hand(state, await find_last(state, "opening_item_debit"), format_cents(cleared))
    notice = write_notice(state, account, (cents, "DBIT", name, ""), day="2019-01-03")
    assert (await import_one(state, notice)).debits == (cleared == cents)


async def test_an_amount_on_suspense_is_linked_with_one_notice_of_its_days(state: State) -> None:
    cents = 7_700
    requests = [build_request(number, "2018-10-01") for number in (1, 3, 5)]
    await state.submit_accepted(
        [{**row, "reference": f"SAME-{place}", "amount": "77.00"} for place, row in enumerate(requests)]
    )
    account, sent = await pay(state)
    names = [name for amount, name in sent if amount == cents]
    await import_one(state, write(state, account, [(cents, "DBIT", "GARBLED", "")]))
    for identity, name, day, debits in (
        ("N-1", names[0], "2018-11-13", 1),
        ("N-2", names[1], DAY, 0),
        ("N-3", names[1], LATER, 0),
        ("N-4", names[2], LATER, 1),
    ):
        line = (cents, "DBIT", name, "")
        notice = write_notice(state, account, line, day=day, identity=identity)
        assert (await import_one(state, notice)).debits == debits
    assert (await state.verify()).findings == []
