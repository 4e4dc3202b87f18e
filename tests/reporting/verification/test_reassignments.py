"""Reassignments: a journal of them is proven, and every planted breach of their rules is found."""

from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from reporting import code_labels
from reporting.act_history import explain
from reporting.code_names import read_names
from reporting.proofs import prove_batch
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, PAID, act, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_LINES = {"line": "1"}, {"line": "2"}
_OTHER_UNIT = ASPR | {"fund_centre": "0217-SGAC-IMMO"}
_REPAID = {"fund_centre": "0217-SGAC-ASPR", "commitment_item": "48560"}
_DEBTOR = act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606")


def _move(reference: str, debit: str, amount: str) -> list[dict[str, str]]:
    return [
        act("reassignment_origin", reference, amount, _LINES[0], predecessor=debit),
        act(
            "reassignment_target", reference, amount, ASPR, _LINES[1], predecessor="#1", account="6113110000"
        ),
    ]


_PAID_AND_MOVED = [
    _DEBTOR,
    act("commitment", "C1", "10.00", ASPR),
    act("payment_request_without_service", "P1", "10.00", PAID, predecessor="C1", nature="location"),
    act("direct_payment_request", "P2", "50.00", ASPR, PAID),
    act("payment", "V1", "10.00", predecessor="P1"),
    act("payment", "V2", "30.00", predecessor="P2"),
    act("payment", "V3", "20.00", predecessor="P2"),
    act("bank_debit", "D1", "10.00", predecessor="V1"),
    act("bank_debit", "D2", "30.00", predecessor="V2"),
    act("bank_debit", "D3", "20.00", predecessor="V3"),
    *_move("R1", "D2", "25.00"),
    act("bank_return", "B2", "30.00", predecessor="D2"),
]
"""Entries 16 to 28, behind those of the budget: D1 is entry 23, D2 24, D3 25, R1 26 and 27."""
_LATER = [
    act("return_identified", "I2", "30.00", predecessor="@28"),
    act("reissue", "N2", "30.00", predecessor="I2"),
    act("bank_debit", "D4", "30.00", predecessor="N2"),
    *_move("R3", "@25", "20.00"),
    *_move("R4", "D4", "30.00"),
    act("direct_payment_request", "P3", "8.00", ASPR, PAID),
    act("payment", "V5", "8.00", predecessor="P3"),
    act("bank_debit", "D5", "8.00", predecessor="V5"),
    act("repayment_receivable", "T3", "3.00", _REPAID, PAID, predecessor="P3"),
    act("receivable_cancellation", "A3", "3.00", predecessor="T3"),
    *_move("R5", "D5", "8.00"),
    act("direct_payment_request", "P4", "1.00", ASPR, PAID),
]
"""Entries 29 to 41, decided by a book that was loaded anew: R3 is 32 and 33; R4 is refused, as R1 moved the expense; T3 is
37, its cancellation 38, R5 39 and 40."""
_FILES = (("BUDGET", BUDGET), ("MINISTRY", _PAID_AND_MOVED), ("MINISTRY", _LATER))
_REDUCTION, _CANCELLATION = KIND_NUMBERS["receivable_reduction"], KIND_NUMBERS["receivable_cancellation"]
_ACCOUNT = "(select id from reference_text where kind = 5 and code = '{}')"
BREACHES = {
    "less brought than is taken away": Breach(
        "update entry set amount = 1999 where entry_id = 33", "reassignments", "entry 32 "
    ),
    "an expense brought on another day": Breach(
        "update entry set day = '2018-03-16' where entry_id = 33", "reassignments", "entry 33 "
    ),
    "a debit moved twice": Breach(
        "update entry set predecessor = 24 where entry_id = 32", "reassignments", "entry 32 "
    ),
    "what was sent again moved too": Breach(
        "update entry set predecessor = 31 where entry_id = 32", "reassignments", "entry 32 "
    ),
    "an expense of a commitment": Breach(
        "update entry set predecessor = 23 where entry_id = 32", "reassignments", "entry 32 "
    ),
    "an account credited that was not charged": Breach(
        f"update entry set credit = {_ACCOUNT.format('6113110000')} where entry_id = 32", "reassignments", "entry 32 "
    ),
    "consumption that is taken from another place": Breach(
        "update entry set cell = (select min(cell) from entry where cell > 0) where entry_id = 32", "predecessors", "entry 32 "
    ),
    "an expense that is asked back": Breach(
        f"update entry set kind = {KIND_NUMBERS['repayment_receivable']}, predecessor = 19 where entry_id = 23",
        "reassignments", "entry 26 ",
    ),
    "an expense that is asked back for good": Breach(
        f"update entry set kind = {_REDUCTION} where entry_id = 38", "reassignments", "entry 39 "
    ),
    "an expense moved before its receivable is cancelled": Breach(
        f"update entry set kind = case entry_id when 38 then {_REDUCTION} else {_CANCELLATION} end, predecessor = 37"
        " where entry_id in (38, 41)",
        "reassignments", "entry 39 ",
    ),
    "a target before its origin": Breach(
        f"update entry set kind = {KIND_NUMBERS['reassignment_target']} where entry_id = 32", "predecessors", "entry 32 "
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_reassignments_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=41)


async def test_batches_are_proven_and_the_debit_names_the_act_that_moved_it(dsn: str, tmp_path: Path) -> None:
    """Of the payment V2 (30) 25 go to another unit, of V3 all 20: each batch takes up as much as its figures say."""
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        proofs = [await prove_batch(connection, names, number) for number in (1, 2, 3)]
        explanation = await explain(connection, names, "D2")
    assert [proof and proof.holds for proof in proofs] == [True] * 3, proofs
    (debit,) = explanation.accepted
    kinds = [follower.kind for follower in debit.followers]
    assert kinds[:3] == ["reassignment_origin", "reassignment_target", "bank_return"]
