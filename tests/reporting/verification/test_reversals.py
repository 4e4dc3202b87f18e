"""Reversals: a journal of them is proven and reported, and every planted breach of their rule is found."""

from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from core.nomenclature import CentreLevel
from reporting import code_labels
from reporting.act_history import explain
from reporting.code_names import read_names
from reporting.commitments import load_outstanding_commitments
from reporting.proofs import prove_batch
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, WORKS, act, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_ACTS = [
    act("commitment", "C1", "100.00", ASPR),
    act("commitment_increase", "I1", "20.00", predecessor="C1"),
    act("commitment_decrease", "L1", "10.00", predecessor="C1"),
    act("commitment", "C2", "150.00", WORKS),
    act("commitment", "C3", "30.00", ASPR),
]
"""Entries 16 to 20, behind those of the budget."""
_REVERSALS = [
    act("commitment_change_reversal", "X1", "20.00", predecessor="I1"),
    act("commitment_change_reversal", "X2", "10.00", predecessor="L1"),
    act("commitment_reversal", "X3", "150.00", predecessor="C2"),
]
"""Entries 21 to 23, decided by a book that was loaded anew."""
_LATER = [
    act("commitment_reversal", "X4", "100.00", predecessor="C1"),
    act("commitment_increase", "I2", "5.00", predecessor="C2"),
]
"""Entry 24: both changes of its commitment were reversed; nothing follows a reversed commitment, so I2 is refused."""
_FILES = (("BUDGET", BUDGET), ("MINISTRY", _ACTS), ("MINISTRY", _REVERSALS), ("MINISTRY", _LATER))
_REVERSAL = KIND_NUMBERS["commitment_reversal"]
BREACHES = {
    "a part reversed": ("update entry set amount = 1999 where entry_id = 21", "entry 21 "),
    "a commitment reversed while an increase follows": (
        "update entry set predecessor = 20 where entry_id = 21", "entry 24 ",
    ),
    "a commitment reversed twice": (
        f"update entry set kind = {_REVERSAL}, predecessor = 20, amount = 3000 where entry_id in (21, 22)",
        "entry 21 ",
    ),
    "a reversal reversed": (
        f"update entry set predecessor = 21, kind = {KIND_NUMBERS['commitment_change_reversal']} where entry_id = 22",
        "entry 22 ",
    ),
    "an act behind a reversed one": (
        f"update entry set predecessor = 19, kind = {KIND_NUMBERS['commitment_increase']} where entry_id = 24", "entry 23 ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_a_reversal_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    planted = Breach(BREACHES[breach][0], "reversals", BREACHES[breach][1]) if breach else None
    await assert_found(dsn, planted, entries=24)


async def test_reports_and_proofs_follow_a_reversal(dsn: str, tmp_path: Path) -> None:
    """Of the three commitments C3 alone is left: 30.00 are engaged and nothing is withdrawn."""
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        report = await load_outstanding_commitments(connection, names, level=CentreLevel.PROGRAMME)
        assert (report.engaged_cents, report.withdrawn_cents, report.remaining_cents) == (3_000, 0, 3_000)
        assert report.commitments == 1
        rows = await connection.fetch("select batch from batch order by batch")
        proofs = [await prove_batch(connection, names, row["batch"]) for row in rows]
        (reversed_commitment,) = (await explain(connection, names, "C2")).accepted
    assert [part for proof in proofs if proof for part in proof.agreements if not part.holds] == []
    assert [follower.kind for follower in reversed_commitment.followers] == ["commitment_reversal"]
