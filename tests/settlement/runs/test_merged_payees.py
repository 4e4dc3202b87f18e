"""No run pays a debt to a merged code unless it has the account of the code that stays in use, and neither is blocked."""

from pathlib import Path

import pytest

from core.merges import FILE
from reporting.verification import verify
from settlement.runs.exclusions import Exclusion
from tests.accountants import CHANGE_FIELDS
from tests.settlement.runs.small_state import SmallState, iban

_DETAILS = {"kind": "bank_details", "payee": "P1", "payee_name": "Entreprise", "reference": "RIB-P1"}


@pytest.fixture
async def state(dsn: str, tmp_path: Path) -> SmallState:
    """A request to each of P1 and P2, which have accounts 1 and 2, then the merge of P1 into P2."""
    state = await SmallState(dsn, tmp_path).open()
    await state.register_payees(*({"payee": f"P{number}", "iban": iban(number)} for number in (1, 2)))
    await state.post_requests(
        {"reference": "DP-1", "payee": "P1", "amount": "1"},
        {"reference": "DP-2", "payee": "P2", "amount": "2"},
    )
    state.change_rules(new_days=0)
    (state.reference / FILE).write_text("code,into,first_day,reason\nP1,P2,2018-06-01,Constat du comptable\n")
    return state


async def _load_reasons(state: SmallState, run: int) -> dict[int, str]:
    return {line["amount"] // 100: Exclusion(line["left_out"]).name for line in await state.load_lines(run)}


async def test_the_merge_counts_from_the_first_start_with_it(state: SmallState) -> None:
    assert await _load_reasons(state, await state.propose()) == {1: "NONE", 2: "NONE"}


async def test_a_debt_to_another_account_is_left_out(state: SmallState) -> None:
    await state.post_requests({"reference": "DP-3", "payee": "P2", "amount": "3"})
    run = await state.propose()
    assert await _load_reasons(state, run) == {1: "THIRD_PARTY_MERGED", 2: "NONE", 3: "NONE"}
    await state.post([_DETAILS | CHANGE_FIELDS | {"iban": iban(2)}], "accountant")
    run = await state.propose()
    assert (await _load_reasons(state, run))[1] == "NONE"
    await state.release(run)
    (file,) = await state.issue(run)
    assert (file["transactions"], iban(2) in Path(file["path"]).read_text()) == (1, True)
    assert (await verify(state.dsn, folder=state.reference)).findings == []


async def test_a_run_that_was_proposed_before_the_merge_does_not_pay_the_other_account(
    state: SmallState,
) -> None:
    run = await state.propose()
    assert await _load_reasons(state, run) == {1: "NONE", 2: "NONE"}
    await state.release(run)
    (file,) = await state.issue(run)
    refused = await state.fetch_rows("select amount, code from refusal")
    assert (file["transactions"], refused) == (1, [{"amount": 100, "code": 149}])


async def test_a_block_of_the_person_blocks_the_merged_code(state: SmallState) -> None:
    await state.post([_DETAILS | CHANGE_FIELDS | {"iban": iban(2)}], "accountant")
    block = {"kind": "payee_block", "payee": "P2", "reference": "B-1"}
    await state.post([block], "accountant")
    assert await _load_reasons(state, await state.propose()) == {1: "PAYEE_BLOCKED", 2: "PAYEE_BLOCKED"}
