"""A receipt by hand that is taken back: its money is identified on suspense, or the credit that it was is posted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests.service.cli.test_bank_receipts import (
    ACCOUNTANT,
    ISSUED,
    LATER,
    check_agreement,
    collect_by_hand,
    import_one,
    list_receipts,
    list_suspense,
    write_statement,
)
from tests.service.cli.test_bank_suspense import identify, read_balance
from tests.service.small_state import State, copy_state, open_state
from tests.settlement.camt_messages import free_text


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with open_state(database, tmp_path_factory.mktemp("reversals"), 2) as state:
        await state.submit_accepted(ISSUED)
        yield state


@pytest_asyncio.fixture
async def state(template: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, template, tmp_path / "state") as copy:
        yield copy


async def take_back(state: State, receivable: str, amount: str) -> None:
    """Take back the receipt by hand of a receivable, or a part of it."""
    row = {"kind": "receipt_reversal", "reference": f"AE-{receivable}", "exercise": 2018, "date": LATER}
    await state.submit_accepted([{**row, "amount": amount, "predecessor": f"H-{receivable}"}], ACCOUNTANT)


async def test_a_receipt_whose_money_is_on_suspense_is_taken_back_and_the_credit_is_identified(
    state: State,
) -> None:
    """The statement names nothing, so the receipt by hand is not that credit: the books have the money twice until then."""
    await import_one(state, write_statement(state, [(1_000, "")]))
    await collect_by_hand(state, "TP-2018-0002", "10.00")
    assert await read_balance(state, "5121100000") == 2_000
    (account,) = [account for account in (await state.read_status()).accounts if account.statement]
    assert (account.by_hand, account.by_hand_items) == (1_000, 1)
    await take_back(state, "TP-2018-0002", "10.00")
    (account,) = [account for account in (await state.read_status()).accounts if account.statement]
    assert (account.by_hand, account.by_hand_items) == (0, 0)
    await identify(state, "TP-2018-0002", "10.00")
    assert await read_balance(state, "5121100000") == 1_000
    assert await read_balance(state, "4721000000") == 0
    await check_agreement(state)


async def test_a_receipt_that_is_taken_back_is_no_credit_of_a_later_statement(state: State) -> None:
    await collect_by_hand(state, "TP-2018-0002", "10.00")
    await take_back(state, "TP-2018-0002", "10.00")
    receipt = await import_one(state, write_statement(state, [(1_000, free_text("TP-2018-0002"))]))
    assert (receipt.receipts, receipt.suspense) == (1, 0)
    assert [row[:2] for row in await list_receipts(state)] == [("TP-2018-0002", 1_000)]
    await check_agreement(state)


async def test_a_receipt_that_is_a_credit_is_found_if_it_is_taken_back_until_the_credit_is_posted(
    state: State,
) -> None:
    """The journal does not know which credits are receipts by hand, so this is found after the act."""
    await collect_by_hand(state, "TP-2018-0002", "10.00")
    path = write_statement(state, [(1_000, free_text("TP-2018-0002"))])
    assert (await import_one(state, path)).receipts == 0
    await check_agreement(state)
    await take_back(state, "TP-2018-0002", "10.00")
    assert not (await state.read_status()).agrees
    findings = (await state.verify()).findings
    assert "receipt_reversals" in {finding.check for finding in findings}
    receipt = await import_one(state, path, again=True)
    assert receipt.receipts == 1
    assert await list_suspense(state) == []
    await check_agreement(state)
