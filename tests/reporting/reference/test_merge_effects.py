"""What a merge of third parties concerns before it is loaded, and what reports say of it afterwards, added up by hand."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec
import pytest

from core.merges import FILE, Merge
from posting.book.registry import ReferenceData
from posting.store import reference_trial
from reporting import code_labels
from reporting.act_history import explain
from reporting.act_narrative import render
from reporting.code_names import read_names
from reporting.reference.merge_effects import MergeEffect, load_merge_effects
from reporting.reference.row_changes import ChangeType, RowChange
from reporting.third_parties import load_third_parties
from service.cli.reference_output import describe_merge
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, act, process_senders

_OLD, _NEW, _OTHER = ({"payee": code} for code in ("OLD", "NEW", "OTHER"))
_ACCOUNTS = ("FR1420041010050500013M02606", "FR7630006000011234567890189", "DE89370400440532013000")
_DUE = {"fund_centre": "0217-SGAC-ASPR", "commitment_item": "269906"}
_ACTS = [
    *(
        act("third_party", f"T{at}", "", party, payee_name="Fournisseur", iban=iban)
        for at, (party, iban) in enumerate(zip((_OLD, _NEW, _OTHER), _ACCOUNTS, strict=True))
    ),
    act("direct_payment_request", "P1", "20.00", ASPR, _OLD),
    act("payment", "V1", "6.00", predecessor="P1"),
    act("attachment", "S1", "3.00", _OTHER, predecessor="P1"),
    act("payment_request_rejection", "J1", "1.00", predecessor="S1"),
    act("direct_payment_request", "P2", "40.00", ASPR, _OTHER),
    act("attachment", "S2", "15.00", _OLD, predecessor="P2"),
    act("direct_payment_request", "P3", "5.00", ASPR, _OLD),
    act("payment", "V3", "5.00", predecessor="P3"),
    act("receivable", "R1", "8.00", _DUE, _OLD),
    act("receipt", "E1", "2.50", predecessor="R1"),
]
_CHANGE = RowChange(ChangeType.ADDED, "merge of third parties", FILE, [], "OLD", [])
_MERGES = {"OLD": Merge("NEW", date(2018, 4, 1), "Constat du comptable")}
_EFFECT = MergeEffect(
    code="OLD",
    into="NEW",
    first_day="2018-04-01",
    debts=1,
    debts_cents=12_00,
    oppositions=1,
    oppositions_cents=15_00,
    receivables=1,
    receivables_cents=5_50,
)


async def _process(dsn: str, folder: Path, *further: dict[str, str]) -> None:
    await add_accountants(dsn)
    await process_senders(dsn, folder, (("BUDGET", BUDGET), ("MINISTRY", [*_ACTS, *further])))


async def _load(dsn: str) -> list[MergeEffect]:
    async with open_connection(dsn) as connection:
        return await load_merge_effects(connection, [_CHANGE], _MERGES)


async def test_the_open_items_of_the_merged_code_are_added_up(dsn: str, tmp_path: Path) -> None:
    await _process(dsn, tmp_path)
    assert await _load(dsn) == [_EFFECT]
    assert describe_merge(_EFFECT) == (
        "Merge of OLD into NEW: acts of 2018-04-01 or later no longer name OLD. Open of it: 1 debt to it, 12.00 euros;"
        " 1 opposition or assignment in its favour, 15.00 euros; 1 receivable from it, 5.50 euros. The accounts differ:"
        " nothing of this is paid before the bank details of OLD are those of NEW (bank_details)."
    )


async def test_a_provisional_penalty_is_owed_until_it_is_confirmed_or_remitted(
    dsn: str, tmp_path: Path
) -> None:
    """Of 8 euros withheld 3 are confirmed, and 2 of 4 remitted are rejected: 3 are withheld, 2 are a debt of their own."""
    penalty = [
        act("commitment", "C1", "10.00", ASPR),
        act("service", "F1", "10.00", predecessor="C1"),
        act("penalty", "N1", "8.00", _OLD, predecessor="C1"),
        act("penalty_confirmation", "N2", "3.00", predecessor="N1"),
        act("penalty_remission", "N3", "4.00", predecessor="N1"),
        act("payment_request_rejection", "N4", "2.00", predecessor="N3"),
    ]
    await _process(dsn, tmp_path, *penalty)
    assert await _load(dsn) == [msgspec.structs.replace(_EFFECT, debts=3, debts_cents=17_00)]


@pytest.mark.parametrize(("code", "into"), [("OLD", "NOBODY"), ("NOBODY", "NEW")])
async def test_a_merge_of_an_unregistered_code_waits(code: str, into: str, dsn: str, tmp_path: Path) -> None:
    await _process(dsn, tmp_path)
    merges = {code: Merge(into, date(2018, 4, 1), "x")}
    async with open_connection(dsn) as connection:
        (effect,) = await load_merge_effects(
            connection, [msgspec.structs.replace(_CHANGE, code=code)], merges
        )
    assert effect == MergeEffect(code=code, into=into, first_day="2018-04-01", unregistered=["NOBODY"])
    assert describe_merge(effect).endswith(
        "It is in use from the first start after the registration of NOBODY: nothing is merged until then."
    )


async def test_accounts_and_blocks_are_compared(dsn: str, tmp_path: Path) -> None:
    change = act("bank_details", "B1", "", _OLD, CHANGE_FIELDS, payee_name="Fournisseur", iban=_ACCOUNTS[1])
    await _process(dsn, tmp_path, change, act("payee_block", "B2", "", _NEW))
    effect = msgspec.structs.replace(_EFFECT, has_same_account=True, is_blocked=True)
    assert await _load(dsn) == [effect]
    assert "One of both is blocked" in describe_merge(effect)
    assert "Both have one account" in describe_merge(msgspec.structs.replace(effect, is_blocked=False))


@pytest.mark.parametrize(
    ("merges", "words"),
    [
        (_MERGES, ""),
        ({"OLD": Merge("NEW", date(2018, 3, 15), "x")}, "name third party OLD on 2018-03-15 or later"),
        ({"OLD": Merge("NOBODY", date(2018, 3, 15), "x")}, ""),
    ],
)
async def test_a_start_refuses_what_contradicts_the_journal(
    merges: dict[str, Merge], words: str, dsn: str, tmp_path: Path
) -> None:
    await _process(dsn, tmp_path)
    async with open_connection(dsn) as connection:
        breach = await reference_trial.find_breach(
            connection, replace(ReferenceData.load(REFERENCE), merges=merges)
        )
        assert words in str(breach or "")
        assert bool(breach) == bool(words)
        assert await connection.fetchval("select count(*) from third_party_merge") == 0


@pytest.mark.parametrize("merges", [{}, {"OLD": Merge("OTHER", date(2018, 4, 1), "x")}])
async def test_a_merge_in_use_stays(merges: dict[str, Merge], dsn: str, tmp_path: Path) -> None:
    await _process(dsn, tmp_path)
    reference = ReferenceData.load(REFERENCE)
    folder, merged = tmp_path / "later", replace(reference, merges=_MERGES)
    folder.mkdir()
    await process_senders(dsn, folder, (("MINISTRY", [act("payee_block", "B1", "", _OLD)]),), merged)
    async with open_connection(dsn) as connection:
        breach = await reference_trial.find_breach(connection, replace(reference, merges=merges))
        assert "is in use" in str(breach)
        names = await read_names(connection, code_labels.load(REFERENCE))
        text = "\n".join(str(part) for part in render(await explain(connection, names, "P1")))
        assert "OLD Fournisseur, merged into NEW" in text
        parties = (await load_third_parties(connection, "name")).third_parties
    assert [(row.code, row.merged_into) for row in parties] == [("OLD", "NEW"), ("NEW", ""), ("OTHER", "")]
