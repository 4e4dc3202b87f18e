"""Credits that collect nothing are on suspense, in the books of the accountant of the account, until they are identified."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from posting.store.migrate import migrate, store_identity
from posting.store.migration_files import list_migrations
from service.cli.bank_credits import describe_accounts, describe_agreement, describe_credits
from service.database.embedded_server import Database
from service.engine import bank_import
from service.engine.bank_import import ImportOptions
from service.terminal.processing_progress import ProgressLines
from settlement.reconciliation.bank_queries import UnmatchedSum
from tests.databases import open_connection
from tests.period_decisions import decide_period
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.service.cli.test_bank_receipts import (
    ACCOUNTANT,
    ISSUED,
    LATER,
    build_receivable,
    check_agreement,
    collect_by_hand,
    import_one,
    list_receipts,
    list_suspense,
    write_statement,
)
from tests.service.small_state import ANNE, State, copy_state, create_interruption, open_state
from tests.settlement.camt_messages import free_text


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with open_state(database, tmp_path_factory.mktemp("suspense"), 2) as state:
        await state.submit_accepted(ISSUED)
        yield state


@pytest_asyncio.fixture
async def state(template: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, template, tmp_path / "state") as copy:
        yield copy


async def find_item(state: State) -> int:
    """Return the entry of the last credit on suspense."""
    kind = KIND_NUMBERS["suspense_receipt"]
    ((entry,),) = await state.fetch("select max(entry_id) from entry where kind = $1", kind)
    return entry


async def identify(state: State, receivable: str, amount: str) -> None:
    """Identify a part of the last credit on suspense: it pays a receivable of the ministry."""
    await state.fetch(
        "insert into access_key (key, sender, digest, roles, programmes, label)"
        " values ('accountant22', $1, sha256('1'), '{assigned_accountant}', '{}', '') on conflict do nothing",
        ACCOUNTANT,
    )
    item = await find_item(state)
    common = {"reference": f"ID-{receivable}", "exercise": 2018, "date": LATER, "amount": amount}
    receipt = {"predecessor": receivable, "predecessor_sender": "ministry"}
    lines = [
        {**common, "kind": "suspense_identification", "line": 1, "predecessor": f"@{item}"},
        {**common, "kind": "identification_receipt", "line": 2, **receipt},
    ]
    await state.submit_accepted(lines, ACCOUNTANT)


async def read_balance(state: State, account: str) -> int:
    """Return the balance of an account, debit less credit."""
    ((cents,),) = await state.fetch(
        "select sum(case when d.code = $1 then e.amount when c.code = $1 then -e.amount else 0 end)::bigint from entry e"
        " left join reference_text d on d.kind = 5 and d.id = e.debit"
        " left join reference_text c on c.kind = 5 and c.id = e.credit",
        account,
    )
    return cents


async def test_the_books_of_the_treasury_are_the_balance_of_the_bank_after_each_statement(
    state: State,
) -> None:
    path = write_statement(state, [(12_000, free_text("TP-2018-0001")), (500, "")])
    for _ in range(2):
        receipt = await import_one(state, path)
        assert (receipt.receipt_cents, receipt.suspense, receipt.suspense_cents) == (10_000, 2, 2_500)
    assert await read_balance(state, "5121100000") == 12_500
    assert await read_balance(state, "4721000000") == -2_500
    assert await state.read_unmatched() == []
    await check_agreement(state)


async def test_the_accountant_identifies_a_credit_in_parts_and_the_receivable_takes_no_less(
    state: State,
) -> None:
    path = write_statement(state, [(6_000, "")])
    await import_one(state, path)
    await identify(state, "TP-2018-0002", "40.00")
    await identify(state, "TP-2018-0001", "20.00")
    assert await read_balance(state, "4721000000") == 0
    assert await read_balance(state, "5121100000") == 6_000
    receipt = await import_one(state, path, again=True)
    assert (receipt.receipts, receipt.suspense_cents) == (0, 6_000)
    second = write_statement(state, [(9_000, free_text("TP-2018-0001"))], identity="S-2", opening=6_000)
    receipt = await import_one(state, second)
    assert (receipt.receipt_cents, receipt.reasons) == (8_000, {"EXCESS": UnmatchedSum(1, 1_000)})
    await check_agreement(state)


async def test_a_receipt_by_hand_is_the_credit_of_its_amount_and_no_other(state: State) -> None:
    await collect_by_hand(state, "TP-2018-0001", "60.00")
    path = write_statement(state, [(6_000, free_text("TP-2018-0001")), (6_000, free_text("TP-2018-0001"))])
    receipt = await import_one(state, path)
    assert (receipt.receipts, receipt.reasons) == (0, {"BY_HAND": UnmatchedSum(1, 6_000)})
    assert await list_suspense(state) == [6_000]
    assert await read_balance(state, "5121100000") == 12_000
    for again in (False, True):
        await import_one(state, path, again=again)
        assert await list_suspense(state) == [6_000]
    assert {account.by_hand for account in (await state.read_status()).accounts} == {0}
    await check_agreement(state)


async def test_a_receipt_by_hand_that_is_no_credit_is_listed_beside_the_account(state: State) -> None:
    path = write_statement(state, [(6_000, free_text("TP-2018-0009"))])
    await import_one(state, path)
    await state.submit_accepted([build_receivable("TP-2018-0009", "60.00")])
    await collect_by_hand(state, "TP-2018-0009", "60.00")
    for again in (False, True):
        assert (await import_one(state, path, again=again)).reasons == {
            "NO_REFERENCE": UnmatchedSum(1, 6_000)
        }
        (account,) = [account for account in (await state.read_status()).accounts if account.statement]
        assert (account.by_hand, account.by_hand_items, account.difference) == (6_000, 1, 0)
    assert await list_suspense(state) == [6_000]
    await check_agreement(state)


async def test_without_a_statement_the_books_are_compared_with_nothing(state: State) -> None:
    await collect_by_hand(state, "TP-2018-0001", "60.00")
    status = await state.read_status()
    assert (status.agrees, status.has_statements) == (True, False)
    (account,) = status.accounts
    assert (account.by_hand, account.by_hand_items, account.bank) == (6_000, 1, None)
    assert describe_agreement(status).startswith("No statement was imported yet")
    assert list(describe_accounts(status.accounts)) == [
        f"{account.account}: 1 receipt by hand of 60.00 euros is no credit of a statement yet."
    ]
    await import_one(state, write_statement(state, [(500, "")]))
    assert describe_agreement(await state.read_status()) == "Books and bank agree to the cent"


async def test_an_import_says_which_movements_are_to_be_identified_and_where_they_are_listed(
    state: State,
) -> None:
    path = write_statement(state, [(500, ""), (250, "")], opening=1_000, debit_cents=300)
    receipt = await import_one(state, path)
    assert receipt.suspense_types == {"credit": UnmatchedSum(2, 750), "debit": UnmatchedSum(1, 300)}
    on_suspense, unmatched = describe_credits(receipt)
    assert on_suspense == (
        "  on suspense by S-1.xml: 2 credits of 7.50 euros and 1 debit of 3.00 euros to identify"
        " (crescendo report suspense)."
    )
    assert unmatched.endswith("(crescendo report suspense).")
    some = msgspec.structs.replace(receipt, unmatched=4)
    assert list(describe_credits(some))[1].endswith("(crescendo report suspense, crescendo bank unmatched).")
    none = msgspec.structs.replace(receipt, suspense=0)
    assert list(describe_credits(none)) == [unmatched.replace("report suspense", "bank unmatched")]


async def test_a_credit_whose_attempt_is_not_decided_yet_is_posted_once_when_it_is_matched_again(
    state: State,
) -> None:
    """Its acts are registered when the import is stopped, and its receivable is issued before they are decided."""
    path = write_statement(state, [(2_500, free_text("TP-2018-0009"))])
    stopped = create_interruption()
    stopped.is_requested = True
    options = ImportOptions(ProgressLines(), by=ANNE)
    assert (await bank_import.import_files(state.context, [path], stopped, options=options)).is_interrupted
    assert await list_suspense(state) == []
    pause = (
        "insert into pause (sender, is_paused, reason, key, by) values ('bank', $1, 'inquiry', '', 'test')"
    )
    await state.fetch(pause, True)
    await state.submit_accepted([build_receivable("TP-2018-0009", "25.00")])
    assert (await import_one(state, path, again=True)).attempt == 1
    await state.fetch(pause, False)
    receipt = await import_one(state, path, again=True)
    assert (receipt.attempt, receipt.receipts, receipt.suspense_cents) == (2, 0, 2_500)
    assert await list_receipts(state) == []
    assert await list_suspense(state) == [2_500]
    await check_agreement(state)


async def test_a_credit_of_a_statement_from_before_the_rule_stays_listed(state: State) -> None:
    """An earlier version told the accountant to post it by hand; which act that was, its statement does not say."""
    path = write_statement(state, [(6_000, ""), (12_000, free_text("TP-2018-0001"))])
    await decide_period(state.dsn, "2018-12", "close")
    assert (await import_one(state, path)).refused == {"PERIOD_CLOSED": 3}
    await decide_period(state.dsn, "2018-12", "reopen")
    async with open_connection(state.dsn) as connection, connection.transaction():
        await connection.execute(
            "set local session_replication_role = replica; update suspense_rule set after_message = 1"
        )
    receipt = await import_one(state, path, again=True)
    assert (receipt.receipt_cents, receipt.suspense_cents) == (10_000, 0)
    assert sorted((item.why, item.amount) for item in await state.read_unmatched()) == [
        ("EXCESS", 2_000),
        ("NO_REFERENCE", 6_000),
    ]
    second = write_statement(state, [(500, "")], identity="S-2", opening=18_000)
    assert (await import_one(state, second)).suspense_cents == 500
    assert await list_suspense(state) == [500]
    assert (await state.read_status()).agrees
    assert (await state.verify("bank_books", "bank_receipts", "bank_suspense")).findings == []


async def test_the_rule_begins_after_the_last_message_of_an_earlier_version(dsn: str) -> None:
    async with open_connection(dsn) as connection:
        await connection.execute(
            "create table migration (name text primary key, digest bytea not null, applied_at timestamptz default now())"
        )
        for migration in list_migrations():
            if migration.name < "0054":
                await connection.execute(migration.sql)
                await connection.execute(
                    "insert into migration values ($1, $2)", migration.name, migration.digest
                )
        await store_identity(connection)
        await connection.execute(
            "insert into bank_message (message, format, identity, file_name, file_hash, size_bytes, statements, movements)"
            " select n, 'camt053', n, n, sha256(n::text::bytea), 1, 1, 1 from generate_series(1, 2) n"
        )
        assert "0054_suspense_receipts.sql" in await migrate(connection)
        assert await connection.fetchval("select after_message from suspense_rule") == 2


async def test_what_a_first_statement_opens_with_beyond_the_books_is_listed(state: State) -> None:
    await import_one(state, write_statement(state, [(500, "")], opening=70_000))
    (account,) = [account for account in (await state.read_status()).accounts if account.statement]
    assert (account.unopened, account.difference) == (70_000, 0)


BREACHES = {
    "an amount of another credit": (
        "bank_suspense",
        "update entry set amount = amount + 1 where kind = $kind",
    ),
    "a day of another credit": ("bank_suspense", "update entry set day = day + 1 where kind = $kind"),
    "a credit of no statement": ("bank_suspense", "delete from bank_suspense"),
    "an import that states another sum": (
        "bank_suspense",
        "update bank_attempt set suspense_cents = suspense_cents + 1",
    ),
    "another accountant": (
        "bank_suspense",
        "update entry set accountant = (select accountant from entry where reference = 'TP-2018-0003') where kind = $kind",
    ),
    "a credit that is a receipt of another amount": (
        "bank_suspense",
        "update bank_hand_receipt set amount = amount + 1",
    ),
    "a rule that is lost": ("bank_suspense", "delete from suspense_rule"),
    "an identification of another amount": (
        "identifications",
        "update entry set amount = amount + 1 where kind = $identification",
    ),
    "an identification of what stands elsewhere": (
        "identifications",
        "update entry set debit = credit where kind = $identification + 1",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_is_found(state: State, breach: str) -> None:
    await collect_by_hand(state, "TP-2018-0002", "10.00")
    await import_one(state, write_statement(state, [(1_000, free_text("TP-2018-0002")), (500, "")]))
    await identify(state, "TP-2018-0001", "2.00")
    await check_agreement(state)
    check, statement = BREACHES[breach]
    for name, kind in (("$kind", "suspense_receipt"), ("$identification", "suspense_identification")):
        statement = statement.replace(name, str(KIND_NUMBERS[kind]))
    async with open_connection(state.dsn) as connection, connection.transaction():
        await connection.execute(f"set local session_replication_role = replica; {statement}")
        await remake_hashes(connection)
    verification = await state.verify()
    assert list_hash_findings(verification) == []
    assert check in {finding.check for finding in verification.findings}
