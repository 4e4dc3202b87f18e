"""Debits and returns that match no transfer are on suspense, until they are cleared or identified with their transfer."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from service.database.embedded_server import Database
from settlement.bank_files import bank_file_reader as reading
from settlement.reconciliation.bank_queries import UnmatchedSum
from tests.databases import open_connection
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.service.cli.test_bank import NOVEMBER, read_balance
from tests.service.cli.test_bank_receipts import check_agreement, import_one
from tests.service.small_state import NEVER, State, copy_state, open_state
from tests.settlement.bank_orders import format_cents
from tests.settlement.camt_messages import balance, detail, document, entry, list_movements, statement

DEBITS, RETURNS = "5129100000", "5129500000"
DAY, LATER = "2018-11-07", "2018-11-08"
OPENING = 100_000_000
Line = tuple[int, str, str, str]
"""A line of a statement: cents, DBIT or CRDT, end-to-end id, reason of a return."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with open_state(database, tmp_path_factory.mktemp("movements"), 6) as state:
        await state.fetch(
            "insert into access_key (key, sender, digest, roles, programmes, label)"
            " values ('accountant22', 'DRFIP-75', sha256('1'), '{assigned_accountant}', '{}', '') on conflict do nothing"
        )
        yield state


@pytest_asyncio.fixture
async def state(template: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, template, tmp_path / "state") as copy:
        yield copy


async def pay(state: State) -> tuple[str, list[tuple[int, str]]]:
    """Send all transfers; return an account of the bank, and cents and end-to-end id of those that it pays."""
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    paths = [path for path in state.list_files(state.simulate_bank(files, NEVER)) if "camt053" in path.name]
    message = reading.read_bank_file(paths[0])
    return message.statements[0].account, [(cents, name) for _, cents, name, _ in list_movements(message)]


def write(state: State, account: str, lines: list[Line], *, opening: int = OPENING, day: str = DAY) -> Path:
    """Write a statement whose balances add up, with the day as its identity."""
    closing = opening + sum(cents if sign == "CRDT" else -cents for cents, sign, _, _ in lines)
    sums = (("OPBD", opening), ("CLBD", closing))
    balances = [balance(code, format_cents(cents), day=day) for code, cents in sums]
    path = state.folder / f"S-{day}.xml"
    text = document(statement(*balances, *map(write_line, lines), identity=f"S-{day}", account=account))
    path.write_text(text.replace("<Dt>2018-12-14", f"<Dt>{day}"))
    return path


def write_line(line: Line) -> str:
    cents, sign, name, reason = line
    return entry(format_cents(cents), sign, [detail(name, reason=reason)])


async def find_last(state: State, kind: str) -> int:
    ((number,),) = await state.fetch("select max(entry_id) from entry where kind = $1", KIND_NUMBERS[kind])
    return number


async def identify(state: State, kind: str, item: int, followed: int, cents: int) -> None:
    """Say that what is on suspense is of a transfer; a return opens the debt again."""
    common = {"reference": f"ID-{item}", "exercise": 2018, "date": LATER, "amount": format_cents(cents)}
    lines = [
        {**common, "line": 1, "kind": "transfer_identification", "predecessor": f"@{item}"},
        {**common, "line": 2, "kind": kind, "predecessor": f"@{followed}"},
    ]
    if kind == "identification_return":
        lines.append({**common, "line": 3, "kind": "return_identified", "predecessor": "#2"})
    await state.submit_accepted(lines, "DRFIP-75")


async def test_what_matches_no_transfer_is_posted_once_and_the_books_are_the_balance_of_the_bank(
    state: State,
) -> None:
    account, sent = await pay(state)
    lines = [
        (700, "DBIT", "FEES", ""),
        (900, "CRDT", "GARBLED", "AC04"),
        (*sent[0][:1], "DBIT", sent[0][1], ""),
    ]
    path = write(state, account, lines)
    for again in (False, False, True):
        receipt = await import_one(state, path, again=again)
        assert (receipt.debits, receipt.suspense, receipt.suspense_cents) == (1, 2, 1_600)
        assert receipt.reasons == {"NOT_OURS": UnmatchedSum(2, 1_600)}
    assert (await read_balance(state, DEBITS), await read_balance(state, RETURNS)) == (700, -900)
    assert await read_balance(state, "5121100000") == 200 - sent[0][0]
    assert await state.read_unmatched() == []
    await check_agreement(state)


async def test_a_file_that_the_command_names_twice_is_matched_again_once(state: State) -> None:
    account, _ = await pay(state)
    path = write(state, account, [(700, "DBIT", "FEES", "")])
    await import_one(state, path)
    result = await state.import_files([path, path], again=True)
    assert {message.attempt for message in result.messages} == {2}
    assert await read_balance(state, DEBITS) == 700
    await check_agreement(state)


async def test_a_return_that_is_identified_reopens_the_debt_of_its_transfer(state: State) -> None:
    account, sent = await pay(state)
    cents, name = sent[0]
    await import_one(state, write(state, account, [(cents, "DBIT", name, "")]))
    second = write(state, account, [(cents, "CRDT", "GARBLED", "AC04")], opening=OPENING - cents, day=LATER)
    await import_one(state, second)
    item, debit = await find_last(state, "suspense_return"), await find_last(state, "bank_debit")
    await identify(state, "identification_return", item, debit, cents)
    assert await read_balance(state, RETURNS) == await read_balance(state, "5121100000") == 0
    assert await read_balance(state, "4671518000") == -cents
    assert (await import_one(state, second, again=True)).suspense_cents == cents
    assert await state.read_unmatched() == []
    await check_agreement(state)


async def test_a_debit_that_is_identified_is_returned_by_the_bank_like_any_other(state: State) -> None:
    account, sent = await pay(state)
    cents, name = sent[0]
    before = len(await state.read_in_transit())
    await import_one(state, write(state, account, [(cents, "DBIT", "GARBLED", "")]))
    transfer = next(item for item in await state.read_in_transit() if item.amount == cents)
    item = await find_last(state, "suspense_debit")
    await identify(state, "identification_debit", item, transfer.transfer, cents)
    assert len(await state.read_in_transit()) == before - 1
    await check_agreement(state)
    second = write(state, account, [(cents, "CRDT", name, "AC04")], opening=OPENING - cents, day=LATER)
    assert (await import_one(state, second)).refused == {}
    assert await read_balance(state, DEBITS) == await read_balance(state, "5121100000") == 0
    await check_agreement(state)


async def test_movements_of_a_statement_from_before_the_rule_stay_listed(state: State) -> None:
    account, _ = await pay(state)
    path = write(state, account, [(700, "DBIT", "FEES", "")])
    async with open_connection(state.dsn) as connection, connection.transaction():
        await connection.execute(
            "set local session_replication_role = replica; update movement_rule set after_message = 1"
        )
    await import_one(state, path)
    receipt = await import_one(state, path, again=True)
    assert receipt.reasons == {"NOT_OURS": UnmatchedSum(1, 700)}
    assert (await state.read_status()).agrees


BREACHES = {
    "an amount of another debit": (
        "bank_suspense",
        "update entry set amount = amount + 1 where kind = $debit",
    ),
    "a day of another return": ("bank_suspense", "update entry set day = day + 1 where kind = $return"),
    "a debit that is a credit": (
        "bank_suspense",
        "update bank_item set sort = 2 where sort = 1 and why <> 0",
    ),
    "a debit of no statement": ("bank_suspense", "delete from bank_suspense where reference ~ '^V'"),
    "a debit that the bank did not make": (
        "bank_books",
        "update entry set amount = amount + 1 where kind = $debit",
    ),
    "an item that the debit does not list": ("bank_items", "delete from bank_item where sort = 1"),
    "a rule that is lost": ("bank_suspense", "delete from movement_rule"),
    "an identification of another account": (
        "identifications",
        "update entry set debit = credit where kind = $identified",
    ),
    "an identification of another amount": (
        "suspense_items",
        "update entry set amount = amount + 1 where kind = $identification",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_is_found(state: State, breach: str) -> None:
    account, sent = await pay(state)
    cents, name = sent[0]
    lines = [(700, "DBIT", "FEES", ""), (cents, "DBIT", name, ""), (cents, "CRDT", "GARBLED", "AC04")]
    await import_one(state, write(state, account, lines))
    item, debit = await find_last(state, "suspense_return"), await find_last(state, "bank_debit")
    await identify(state, "identification_return", item, debit, cents)
    await check_agreement(state)
    check, change = BREACHES[breach]
    kinds = {
        "$debit": "suspense_debit", "$return": "suspense_return", "$identified": "identification_return",
        "$identification": "transfer_identification",
    }  # fmt: skip
    for name, kind in sorted(kinds.items(), reverse=True):
        change = change.replace(name, str(KIND_NUMBERS[kind]))
    async with open_connection(state.dsn) as connection, connection.transaction():
        await connection.execute(f"set local session_replication_role = replica; {change}")
        await remake_hashes(connection)
    verification = await state.verify()
    assert list_hash_findings(verification) == []
    assert check in {finding.check for finding in verification.findings}
