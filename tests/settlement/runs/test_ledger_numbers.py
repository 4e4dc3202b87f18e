"""Two ledgers of one State never write the same name to the bank, and never take the answer to the other one for their own."""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from posting.delays.amounts_due import AmountsDue
from posting.store.ledger_identity import LedgerIdentity, read_number
from posting.store.migrate import migrate
from service.database.embedded_server import Database
from settlement.late_interest.claim_acts import Assignments, ClaimTexts, ProposedClaims, build_acts_table
from settlement.orders.charset import IDENTIFIER_CHARACTERS_MAX
from settlement.orders.end_to_end import format_identifier, parse_identifiers
from tests.databases import EMPTY, create_database, open_connection
from tests.settlement.outgoing_orders import build_cells
from tests.settlement.runs.small_state import SmallState, iban
from tests.settlement.runs.test_issue import read_transfers, release_run
from tests.settlement.runs.test_lifecycle import read_xml

ENTRIES = (1, 61, 2**32, 10**12 - 1)


class IssuedNames(NamedTuple):
    """What a ledger wrote to the bank: names of files and messages, and of transfers."""

    entries: list[int]
    names: set[str]


async def issue_files(dsn: str, folder: Path, number: int) -> IssuedNames:
    """Issue a run in a new ledger with a number; the acts are the same whatever the number."""
    async with open_connection(dsn) as connection:
        await migrate(connection, identity=LedgerIdentity(f"ledger-{number}", number))
        assert await read_number(connection) == number
    folder.mkdir()
    state = await SmallState(dsn, folder).open()
    state.change_rules(transactions_max=2)
    await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)))
    run = await release_run(
        state, *({"reference": f"DP-{at}", "payee": f"P{at}", "amount": f"{at}.00"} for at in range(1, 4))
    )
    files = await state.issue(run)
    entries = await state.fetch_rows("select entry_id from entry order by entry_id")
    return IssuedNames([row["entry_id"] for row in entries], _collect_names(files))


def _collect_names(files: list[dict[str, Any]]) -> set[str]:
    messages = [read_xml(file["path"]) for file in files]
    return {
        *(file["name"] for file in files),
        *(file["message"] for file in files),
        *(message.grp_hdr.msg_id for message in messages),
        *(lot.pmt_inf_id for message in messages for lot in message.pmt_inf),
        *(transfer.pmt_id.end_to_end_id for transfer in read_transfers(files)),
    }


async def test_two_ledgers_with_the_same_acts_have_no_name_in_common(
    database: Database, tmp_path: Path
) -> None:
    async with create_database(database, EMPTY) as dsn:
        first = await issue_files(dsn, tmp_path / "1", 1)
    async with create_database(database, EMPTY) as dsn:
        second = await issue_files(dsn, tmp_path / "2", 2)
    assert first.entries == second.entries
    assert len(first.names) == len(second.names) == 2 + 2 + 3  # files, messages (lots repeat them), transfers
    assert not first.names & second.names
    assert {name.replace("CRSC", "").lstrip("-")[:2] for name in first.names} == {"01"}
    assert {name.replace("CRSC", "").lstrip("-")[:2] for name in second.names} == {"02"}
    assert max(map(len, first.names)) <= IDENTIFIER_CHARACTERS_MAX


@pytest.mark.parametrize("ledger", [1, 2, 98, 99])
def test_an_identifier_is_read_by_its_own_ledger_alone(ledger: int) -> None:
    texts = [format_identifier(entry, ledger) for entry in ENTRIES]
    assert all(text.startswith(f"CRSC{ledger:02}") for text in texts)
    assert parse_identifiers(build_cells(texts), ledger).tolist() == list(ENTRIES)
    others = {1, 2, 98, 99} - {ledger}
    assert not any(parse_identifiers(build_cells(texts), other).any() for other in others)


def test_an_identifier_without_a_ledgers_number_is_not_ours() -> None:
    """Earlier layouts wrote twelve digits and two check digits; and no entry has the number 0."""
    earlier = ["CRSC00000000000195", "CRSC00000000004151"]
    assert not parse_identifiers(build_cells([*earlier, format_identifier(0, 1)]), 1).any()


def test_claims_of_late_interest_name_their_ledger() -> None:
    entries, cents = np.array([7, 8]), np.array([4_000, 4_001])
    days, numbers = np.array([9, 9], np.int32), np.array([1, 1], np.int32)
    due = AmountsDue(entries, entries + 100, cents, cents, days, numbers, numbers)
    claims = ProposedClaims(due, np.arange(2), 2 * cents, np.zeros(2, np.int64))
    centres, areas, items = (pa.array([code] * 2) for code in ("0217-SGAC-ASPR", "0217-07", "31"))
    assignments = Assignments(
        centres, areas, items, np.zeros(2, bool), np.zeros(2, bool), np.array([2018, 2018])
    )
    references = {}
    for ledger in (1, 2):
        earlier = {8: [f"IM-{ledger:02}-8-108"]}
        texts = ClaimTexts(pa.array(["P1", "P2"]), pa.array(["DP-1", "DP-2"]), earlier, ledger, assignments)
        table = build_acts_table(claims, texts, date(2018, 12, 1), item="31", proof=None)
        references[ledger] = table["reference"].to_pylist()
    assert references == {1: ["IM-01-7-107", "IM-01-8-108-2"], 2: ["IM-02-7-107", "IM-02-8-108-2"]}
