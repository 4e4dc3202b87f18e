"""The life cycle of a run, from proposal to payment files, with real files and a real database."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyiso20022.pain import pain_001_001_09
from xsdata.formats.dataclass.parsers import XmlParser

from core.catalog import KIND_NUMBERS
from settlement.orders.end_to_end import format_identifier
from settlement.runs.exclusions import Exclusion
from settlement.runs.run_queries import NoSuchRun
from tests.databases import open_connection, wait_until_blocked
from tests.settlement.runs.small_state import OTHER_UNIT, SmallState, iban


def read_xml(path: str) -> Any:
    return XmlParser().from_bytes(Path(path).read_bytes(), pain_001_001_09.Document).cstmr_cdt_trf_initn


@pytest.fixture
async def state(dsn: str, tmp_path: Path) -> SmallState:
    state = await SmallState(dsn, tmp_path).open()
    await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 5)))
    await state.post_requests(
        {"reference": "DP-1", "payee": "P1", "amount": "100.00"},
        {"reference": "DP-2", "payee": "P2", "amount": "250.50"},
        {"reference": "DP-3", "payee": "P1", "amount": "0.01"},
        {"reference": "DP-4", "payee": "P3", "amount": "1000.00", **OTHER_UNIT},
        {"reference": "DP-5", "payee": "P4", "amount": "150000000.00"},
    )
    return state


async def test_from_proposal_to_files(state: SmallState) -> None:
    run = await state.propose()
    assert [
        (line["code"], line["way"], line["amount"], line["left_out"]) for line in await state.load_lines(run)
    ] == [
        ("ECOL", 1, 100_000, 0),
        ("PACA", 1, 10_000, 0),
        ("PACA", 1, 25_050, 0),
        ("PACA", 1, 1, 0),
        ("PACA", 2, 15_000_000_000, 0),
    ]
    assert await state.release(run) == (5, 15_000_135_051)
    files = await state.issue(run)
    assert [(file["accountant"], file["way"], file["transactions"], file["cents"]) for file in files] == [
        ("ECOL", 1, 1, 100_000),
        ("PACA", 1, 3, 35_051),
        ("PACA", 2, 1, 15_000_000_000),
    ]
    message = read_xml(files[1]["path"])
    assert (message.grp_hdr.nb_of_txs, message.grp_hdr.ctrl_sum) == ("3", Decimal("350.51"))
    (lot,) = message.pmt_inf
    assert lot.dbtr_acct.id.iban == state.payment_reference.build_debtors()[2018]["PACA"].iban
    assert str(lot.reqd_exctn_dt.dt) == "2018-06-15"
    paid = await state.fetch_rows(
        "select p.entry_id, r.reference, p.amount from entry p join entry r on r.entry_id = p.predecessor"
        " where p.kind = $1 order by p.entry_id",
        KIND_NUMBERS["payment"],
    )
    by_identifier = {format_identifier(payment["entry_id"], ledger=1): payment for payment in paid}
    for transfer in lot.cdt_trf_tx_inf:
        payment = by_identifier[transfer.pmt_id.end_to_end_id]
        assert transfer.amt.instd_amt.value == Decimal(payment["amount"]) / 100
        assert transfer.rmt_inf.ustrd == [f"DP {payment['reference']}"]


async def test_nothing_is_proposed_twice(state: SmallState) -> None:
    first = await state.propose()
    second = await state.propose()
    assert {line["left_out"] for line in await state.load_lines(second)} == {Exclusion.IN_ANOTHER_RUN}
    await state.release(first)
    await state.issue(first)
    assert await state.load_lines(await state.propose()) == []


async def test_an_edit_that_comes_while_a_run_is_released_is_not_lost(state: SmallState) -> None:
    """The release waits for the edit, which would otherwise leave a run that nobody can issue or abandon."""
    run = await state.propose()
    async with open_connection(state.dsn) as editor:
        edit = editor.transaction()
        await edit.start()
        await editor.execute(
            "insert into payment_edit (run, what, line, reason, by) values ($1, 'hold', 1, 'doubt', 'Claire')",
            run,
        )
        release = asyncio.create_task(state.release(run))
        await wait_until_blocked(editor)
        await edit.commit()
        with pytest.raises(NoSuchRun, match=f"run {run} was changed while it was released"):
            await release
    assert await state.release(run) == (4, 15_000_035_051)
    assert len(await state.issue(run)) == 2
