"""Bank files: imported, posted once, and the books equal to the bank's to the cent."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from lxml import etree  # type: ignore[attr-defined]

from core.catalog import KIND_NUMBERS
from reporting import code_labels
from reporting.act_history import explain
from reporting.code_names import read_names
from service.database.embedded_server import Database
from settlement.bank_files import bank_file_reader as reading
from settlement.bank_files.bank_file_reader import BankMessage
from settlement.bank_formats import STATEMENT_FORMATS, BankFormat
from settlement.orders.end_to_end import format_identifier
from settlement.reconciliation.bank_queries import UnmatchedSum
from settlement.runs import run_queries, run_status
from settlement.runs.run_status import LineSelection
from settlement.simulated_bank.transfer_outcomes import REASON_SHARES, OutcomeRates
from tests.crash.database_states import read_state
from tests.databases import open_connection
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.service.small_state import (
    ALWAYS,
    NEVER,
    OFTEN,
    UNITS,
    State,
    build_bank_details,
    build_iban,
    build_request,
    build_third_party,
    copy_state,
    open_state,
    paris_time,
)
from tests.settlement.bank_orders import format_cents
from tests.settlement.camt_messages import balance, detail, document, entry, list_movements, statement

NOVEMBER, DECEMBER = paris_time("2018-11-05"), paris_time("2018-12-03")
SENT = "select entry_id, kind, amount, payee from entry where kind = any($1::int[]) order by entry_id"
LEVELS = 3
"""Programme, BOP and unit: each has all that is spent."""
REMITS = [KIND_NUMBERS["payment"], KIND_NUMBERS["reissue"]]


LAST_DEBIT = f"entry_id = (select max(entry_id) from entry where kind = {KIND_NUMBERS['bank_debit']})"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """A State with sixty payees, each with an open request."""
    async with open_state(database, tmp_path_factory.mktemp("owing"), 60) as state:
        yield state


@pytest_asyncio.fixture
async def state(template: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    """A copy of that State for each test."""
    async with copy_state(database, template, tmp_path / "state") as copy:
        yield copy


async def read_cp_consumed(state: State) -> int:
    rows_ = await state.fetch(
        "select distinct on (node) node, cp_consumed from node_balance order by node, batch desc"
    )
    assert len(rows_) == LEVELS * len(UNITS)
    return sum(row["cp_consumed"] for row in rows_) // LEVELS


async def read_balance(state: State, code: str) -> int:
    """Return debits less credits of an account, from the journal."""
    query = """select coalesce(sum(amount * ((d.code = $1)::int - (c.code = $1)::int)), 0)
               from entry left join reference_text d on d.kind = 5 and d.id = debit
               left join reference_text c on c.kind = 5 and c.id = credit where d.code = $1 or c.code = $1"""
    (row,) = await state.fetch(query, code)
    return int(row[0])


async def read_transfers(state: State) -> list:
    return await state.fetch(SENT, REMITS)


async def test_without_returns_all_payments_are_debited_and_none_is_in_transit(state: State) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    in_transit = await state.read_in_transit()
    assert [transfer.transfer for transfer in in_transit] == [
        row["entry_id"] for row in await read_transfers(state)
    ]
    assert -await read_balance(state, "5126410000") == sum(transfer.amount for transfer in in_transit) > 0
    result = await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    assert result.rejected == []
    status = await state.read_status()
    assert status.agrees
    assert [account.bank for account in status.accounts] == [account.books for account in status.accounts]
    assert await state.read_in_transit() == []
    assert await read_balance(state, "5126410000") == await read_balance(state, "4671518000") == 0
    assert await read_balance(state, "5121100000") == -sum(
        row["amount"] for row in await read_transfers(state)
    )
    assert (await state.count_kinds())["bank_debit"] == 60
    assert status.back == []


@pytest.mark.parametrize("style", STATEMENT_FORMATS)
async def test_books_and_bank_agree_after_any_returns(state: State, style: BankFormat) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    answers = state.simulate_bank(files, OFTEN, style)
    assert answers.returned > 3
    assert answers.rejected > 0
    result = await state.import_files(state.list_files(answers))
    kinds = await state.count_kinds()
    assert kinds["bank_debit"] == 60 - answers.rejected
    assert (kinds["bank_return"], kinds["bank_reject"]) == (answers.returned, answers.rejected)
    status = await state.read_status()
    assert status.agrees
    assert sum(account.transit for account in status.accounts) == 0
    assert sum(total.items for total in status.back) == answers.returned + answers.rejected
    assert await state.read_unmatched() == []
    assert sum(message.unmatched for message in result.messages) == 0
    proof = await state.verify()
    assert proof.findings == []


async def test_importing_the_same_files_again_changes_nothing(state: State) -> None:
    files = state.list_files(state.simulate_bank(await state.pay_due(date(2018, 11, 5), NOVEMBER), OFTEN))
    await state.import_files(files)
    async with open_connection(state.dsn) as connection:
        previous = await read_state(connection)
        messages = await connection.fetch("select * from bank_message")
    again = await state.import_files(files)
    assert all(message.known for message in again.messages)
    assert again.posted is None
    matched_anew = await state.import_files(files, again=True)
    assert {message.attempt for message in matched_anew.messages} == {2}
    async with open_connection(state.dsn) as connection:
        assert await read_state(connection) == previous
        assert await connection.fetch("select * from bank_message") == messages
    assert (await state.read_status()).agrees


async def test_the_order_of_notices_and_statements_does_not_matter(state: State) -> None:
    answers = state.simulate_bank(await state.pay_due(date(2018, 11, 5), NOVEMBER), OFTEN)
    notices = [path for path in state.list_files(answers) if "camt054" in path.name]
    others = [path for path in state.list_files(answers) if "camt054" not in path.name]
    assert notices
    await state.import_files([*notices, *others])
    assert (await state.read_status()).agrees
    assert (await state.count_kinds())["bank_return"] == answers.returned
    assert await state.read_unmatched() == []


async def test_a_notice_before_its_statement_causes_no_difference(state: State) -> None:
    """Its acts are refused, for nothing was debited yet; the statement, when it comes, has them posted (A56)."""
    await state.import_files(
        state.list_files(state.simulate_bank(await state.pay_due(date(2018, 11, 5), NOVEMBER), NEVER))
    )
    await state.submit_accepted([build_third_party(number) for number in range(61, 121)])
    await state.submit_requests(60, "2018-10-20", 61)
    answers = state.simulate_bank(await state.pay_due(date(2018, 12, 3), DECEMBER), OutcomeRates(1, 50_000))
    notices = [path for path in state.list_files(answers) if "camt054" in path.name]
    result = await state.import_files(notices)
    assert result.posted
    assert result.posted.reasons
    status = await state.read_status()
    assert {account.day for account in status.accounts} == {date(2018, 11, 6)}
    assert status.agrees
    assert not any(account.refused_lines for account in status.accounts)
    assert (await state.verify()).findings == []
    assert len(await state.read_unmatched()) == 2 * answers.returned  # the return, and whose it is
    await state.import_files([path for path in state.list_files(answers) if path not in notices])
    assert (await state.read_status()).agrees
    assert await state.read_unmatched() == []
    assert (await state.count_kinds())["bank_return"] == answers.returned


async def test_a_returned_debt_is_paid_again_without_new_credits(state: State) -> None:
    """CP stay unchanged through return and re-issue (rule A26)."""
    answers = state.simulate_bank(await state.pay_due(date(2018, 11, 5), NOVEMBER), OFTEN)
    await state.import_files(state.list_files(answers))
    spent = await read_cp_consumed(state)
    assert spent == sum(row["amount"] for row in await read_transfers(state))
    assert await read_balance(state, "4011100000") == 0
    owed = -await read_balance(state, "4671518000")
    assert owed > 0
    await state.submit_accepted(
        [build_bank_details(number, f"RIB-{number}") for number in range(1, 61)], sender="accountant"
    )
    files = await state.pay_due(date(2018, 12, 3), DECEMBER)
    again = [row for row in await read_transfers(state) if row["kind"] == KIND_NUMBERS["reissue"]]
    assert again
    assert await read_cp_consumed(state) == spent
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    assert await read_cp_consumed(state) == spent
    assert (await state.read_status()).agrees
    assert await state.read_in_transit() == []
    assert -await read_balance(state, "4671518000") == owed - sum(row["amount"] for row in again)


async def read_standings(state: State, run: int) -> Counter[str]:
    """Count the lines of a run by their standing."""
    async with run_queries.open_connection(state.dsn) as connection:
        described = await run_status.describe_run(connection, run, LineSelection(1000))
    return Counter(line["standing"] for line in described["shown"])


async def test_lines_of_a_run_stand_as_the_bank_left_them(state: State) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    assert await read_standings(state, 1) == {"sent": 60}
    answers = state.simulate_bank(files, OFTEN)
    await state.import_files(state.list_files(answers))
    debited = 60 - answers.rejected - answers.returned
    assert await read_standings(state, 1) == {
        "debited": debited,
        "returned": answers.returned,
        "rejected": answers.rejected,
    }
    await state.submit_accepted(
        [build_bank_details(number, f"RIB-{number}") for number in range(1, 61)], sender="accountant"
    )
    await state.pay_due(date(2018, 12, 3), DECEMBER)
    again = [row for row in await read_transfers(state) if row["kind"] == KIND_NUMBERS["reissue"]]
    assert (await read_standings(state, 1))["re-issued"] == len(again) > 0
    assert (await read_standings(state, 2))["sent"] == len(again)


async def test_a_payment_shows_the_account_of_its_run(state: State) -> None:
    """An account that is registered after the issue changes nothing of the transfer."""
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
    await state.submit_accepted([build_bank_details(1, "RIB-1")], sender="accountant")
    async with open_connection(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        (request,) = (await explain(connection, names, "DP-1")).accepted
        (transfer,) = request.transfers
        assert transfer.run == 1
        assert transfer.payee is not None
        assert transfer.payee.iban == build_iban(1)
        for follower in request.followers:
            (line,) = (await explain(connection, names, f"@{follower.entry}")).accepted
            assert line.payee == transfer.payee


async def test_a_returned_payment_is_not_sent_again_to_the_same_account(state: State) -> None:
    await state.import_files(
        state.list_files(
            state.simulate_bank(await state.pay_due(date(2018, 11, 5), NOVEMBER), OutcomeRates(3, 100_000))
        )
    )
    paid_again = await state.pay_due(date(2018, 12, 3), DECEMBER)
    reissued = {row["payee"] for row in await read_transfers(state) if row["kind"] == KIND_NUMBERS["reissue"]}
    items = await state.fetch("select i.reason, e.payee from bank_item i join entry e using (entry_id)")
    allowed = {row["payee"] for row in items if row["reason"] in {"AM04", "ED05", "TM01"}}
    assert reissued <= allowed
    assert paid_again or not reissued


async def test_a_payment_the_bank_calls_a_duplicate_is_never_paid_again(state: State) -> None:
    """AM05 leaves the money with returned transfers and the debt closed; only an act of a person can follow (rule A54)."""
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    answers = state.simulate_bank(files, ALWAYS)
    for path in state.list_files(answers):
        text = path.read_text()
        for code in REASON_SHARES:
            text = text.replace(f"<Cd>{code}</Cd>", "<Cd>AM05</Cd>")
        path.write_text(text)
    await state.import_files(state.list_files(answers))
    kinds = await state.count_kinds()
    assert kinds["bank_return"] + kinds["bank_reject"] == 60
    assert "return_identified" not in kinds
    assert -await read_balance(state, "4671518000") == sum(
        row["amount"] for row in await read_transfers(state)
    )
    await state.submit_accepted(
        [build_bank_details(number, f"RIB-{number}") for number in range(1, 61)], sender="accountant"
    )
    assert await state.pay_due(date(2018, 12, 3), DECEMBER) == []
    assert len(await read_transfers(state)) == 60
    assert (await state.read_status()).agrees


@pytest.mark.parametrize("code", ["MD07", "RR04"])
async def test_deceased_and_sanctioned_payees_are_in_no_run(state: State, code: str) -> None:
    """The bank's message blocks them, and they stay blocked whatever is owed to them (rule A60)."""
    answers = state.simulate_bank(await state.pay_due(date(2018, 11, 5), NOVEMBER), OFTEN)
    blocked = set()
    for path in state.list_files(answers):
        text = path.read_text()
        for reasons in REASON_SHARES:
            text = text.replace(f"<Cd>{reasons}</Cd>", f"<Cd>{code}</Cd>")
        path.write_text(text)
        blocked |= {row[2] for row in list_movements(reading.read_bank_file(path)) if row[0] != "debit"}
    await state.import_files(state.list_files(answers))
    assert (await state.count_kinds())["payee_block"] == len(blocked)
    await state.submit_accepted(
        [build_bank_details(number, f"RIB-{number}") for number in range(1, 61)], sender="accountant"
    )
    await state.submit_accepted(
        [{**build_request(n, "2018-11-20"), "reference": f"DQ-{n}"} for n in range(1, 61)]
    )
    await state.pay_due(date(2018, 12, 31), paris_time("2018-12-21"))
    dead = {
        row["payee"]
        for row in await read_transfers(state)
        if format_identifier(row["entry_id"], ledger=1) in blocked
    }
    assert len(dead) == len(blocked)
    later = await state.fetch(
        "select payee from entry where kind = any($1::int[]) and day > '2018-12-01'", REMITS
    )
    assert not dead & {row["payee"] for row in later}
    assert len(later) == 60 - len(dead)


async def test_an_error_of_ours_blocks_no_payee(state: State) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    answers = state.simulate_bank(files, ALWAYS)
    for path in state.list_files(answers):
        text = path.read_text()
        for code in REASON_SHARES:
            text = text.replace(f"<Cd>{code}</Cd>", "<Cd>AM04</Cd>")
        path.write_text(text)
    await state.import_files(state.list_files(answers))
    assert "payee_block" not in await state.count_kinds()
    assert await state.pay_due(date(2018, 12, 3), DECEMBER)
    assert Counter(row["kind"] for row in await read_transfers(state)) == {REMITS[0]: 60, REMITS[1]: 60}


# ---------------------------------------------------------------------------------- what does not match


async def write_changed_statement(state: State, **how: str) -> tuple[Path, BankMessage]:
    """Write a statement that debits the first payments of one account, with manual changes."""
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    statements = [
        path for path in state.list_files(state.simulate_bank(files, NEVER)) if "camt053" in path.name
    ]
    first = reading.read_bank_file(statements[0])
    entries, net = [], 0
    for number, (_, cents, name, _) in enumerate(list_movements(first)[:3], 1):
        terms = {
            "name": name,
            "cents": str(cents),
            "sign": "DBIT",
            "day": "2018-11-07",
            **(how if number == 1 else {}),
        }
        text = entry(format_cents(int(terms["cents"])), terms["sign"], [detail(terms["name"])])
        entries.append(text.replace("2018-12-14", terms["day"]))
        net += int(terms["cents"]) * (1 if terms["sign"] == "CRDT" else -1)
    balances = balance("OPBD", "1000000.00"), balance("CLBD", format_cents(100_000_000 + net))
    iban = how.get("account", first.statements[0].account)
    path = state.folder / "statement.xml"
    text = document(statement(*balances, *entries, account=iban))
    path.write_text(text.replace("<Dt>2018-12-14", "<Dt>2018-11-07"))
    return path, reading.read_bank_file(path)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"name": "NOTPROVIDED"}, "NOT_OURS"),
        ({"name": "CRSC0100000000000199"}, "NOT_OURS"),
        ({"name": format_identifier(61, ledger=2)}, "NOT_OURS"),
        ({"name": format_identifier(999_999, ledger=1)}, "UNKNOWN_TRANSFER"),
        ({"name": format_identifier(61, ledger=1)}, "UNKNOWN_TRANSFER"),
        ({"cents": "1"}, "AMOUNT_DIFFERS"),
        ({"day": "2018-11-02"}, "BEFORE_ISSUE"),
    ],
)
async def test_a_debit_that_matches_no_transfer_is_on_suspense_and_the_others_posted(
    state: State, how: dict[str, str], why: str
) -> None:
    path, changed = await write_changed_statement(state, **how)
    (message,) = (await state.import_files([path])).messages
    cents = list_movements(changed)[0][1]
    assert (message.debits, message.reasons) == (2, {why: UnmatchedSum(1, cents)})
    assert (message.suspense, message.suspense_cents) == (1, cents)
    assert await read_balance(state, "5129100000") == cents
    assert await state.read_unmatched() == []
    standing = await state.read_status()
    assert standing.agrees
    assert {account.unmatched_items for account in standing.accounts} == {0}
    assert (await state.verify()).findings == []


async def test_a_credit_that_is_no_return_is_on_suspense_and_the_others_posted(state: State) -> None:
    path, changed = await write_changed_statement(state, name="salary", sign="CRDT")
    (message,) = (await state.import_files([path])).messages
    cents = list_movements(changed)[0][1]
    assert (message.debits, message.reasons) == (2, {"NO_REFERENCE": UnmatchedSum(1, cents)})
    assert (message.suspense, message.suspense_cents) == (1, cents)
    assert await state.read_unmatched() == []
    standing = await state.read_status()
    assert standing.agrees
    assert {account.unmatched_items for account in standing.accounts} == {0}
    assert (await state.verify()).findings == []


DAMAGES = (
    (
        "bank_books",
        "delete from entry where entry_id = (select max(entry_id) from entry where kind = 19)",
    ),
    ("bank_books", "update bank_item set amount = amount + 1 where row = 0"),
    (
        "bank_transit",
        "update entry set amount = amount + 1 where entry_id = (select max(entry_id) from entry where kind = 19)",
    ),
    ("bank_items", "delete from bank_item where row = 0"),
    ("bank_items", "update bank_attempt set acts = acts + 1 where acts > 0"),
    (
        "bank_statements",
        "update bank_statement set opening = opening + 1, closing = closing + 1, statement = 5",
    ),
)
"""Checks, and the changes of rows that they must find."""


@pytest.mark.parametrize(("check", "damage"), DAMAGES)
async def test_manual_changes_of_stored_rows_are_detected(state: State, check: str, damage: str) -> None:
    path, message = await write_changed_statement(state, name="NOTPROVIDED")
    await state.import_files([path])
    first = message.statements[0]
    nothing = [balance(code, format_cents(first.closing or 0), day="2018-11-08") for code in ("OPBD", "CLBD")]
    path.write_text(document(statement(*nothing, identity="S-2", account=first.account)))
    await state.import_files([path])
    assert (await state.verify(check)).findings == []
    async with open_connection(state.dsn) as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(f"{damage} where message = 2" if check == "bank_statements" else damage)
        await remake_hashes(connection)
    verification = await state.verify(check)
    assert list_hash_findings(verification) == []
    assert check in {finding.check for finding in verification.findings}


async def test_a_transfer_of_another_account_is_not_posted(state: State) -> None:
    path, _ = await write_changed_statement(state, account="FR7630001007941234567890185")
    await state.import_files([path])
    assert {movement.why for movement in await state.read_unmatched()} == {"OTHER_ACCOUNT"}
    assert "bank_debit" not in await state.count_kinds()


@pytest.mark.parametrize("day", ["2018-11-08", "2018-11-07"])
async def test_a_transfer_that_is_debited_twice_is_on_suspense_the_second_time(
    state: State, day: str
) -> None:
    """Debited again by another statement, on another day or the same; matching again makes no third time."""
    path, message = await write_changed_statement(state)
    await state.import_files([path])
    _, cents, name, _ = list_movements(message)[1]
    first = message.statements[0]
    before, after = first.closing or 0, (first.closing or 0) - cents
    balances = [
        balance(code, format_cents(value), day=day) for code, value in (("OPBD", before), ("CLBD", after))
    ]
    debit = entry(format_cents(cents), "DBIT", [detail(name)]).replace("2018-12-14", day)
    path.write_text(document(statement(*balances, debit, identity="S-2", account=first.account)))
    for again in (False, True):
        assert (await state.import_files([path], again=again)).rejected == []
    assert await state.read_unmatched() == []
    kinds = await state.count_kinds()
    assert (kinds["bank_debit"], kinds["suspense_debit"]) == (3, 1)
    standing = await state.read_status()
    assert standing.agrees
    (busy_account,) = [account for account in standing.accounts if account.bank]
    assert (busy_account.refused, busy_account.unmatched, busy_account.difference) == (0, 0, 0)
    assert (await state.verify()).findings == []


def build_notice(cents: int, name: str, account_: str, day: str) -> str:
    """Build a camt.054 with one debit."""
    text = document(statement(entry(format_cents(cents), "DBIT", [detail(name)]), account=account_))
    text = text.replace("camt.053", "camt.054").replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn")
    return text.replace("Stmt>", "Ntfctn>").replace("2018-12-14</Dt>", f"{day}</Dt>")


@pytest.mark.parametrize("days", [("2018-11-08", "2018-11-09"), ("2018-11-07", "2018-11-07")])
@pytest.mark.parametrize("noticed", ["", "2018-11-06", "2018-11-07"])
async def test_a_transfer_that_three_statements_book_is_on_suspense_for_each_of_the_last_two(
    state: State, noticed: str, days: tuple[str, str]
) -> None:
    """Each is the only movement of its statement, so only the statement distinguishes them; an earlier notice is no fourth."""
    path, message = await write_changed_statement(state)
    _, cents, name, _ = list_movements(message)[1]
    first = message.statements[0]
    if noticed:
        (state.folder / "notice.xml").write_text(build_notice(cents, name, first.account, noticed))
        await state.import_files([state.folder / "notice.xml"])
    await state.import_files([path])
    assert await state.read_unmatched() == []
    closing = first.closing or 0
    for number, day in enumerate(days, 1):
        values = (("OPBD", closing - (number - 1) * cents), ("CLBD", closing - number * cents))
        balances = [balance(code, format_cents(value), day=day) for code, value in values]
        debit = entry(format_cents(cents), "DBIT", [detail(name)]).replace("2018-12-14", day)
        path.write_text(
            document(statement(*balances, debit, identity=f"S-{number + 1}", account=first.account))
        )
        assert (await state.import_files([path])).rejected == []
    assert await state.read_unmatched() == []
    assert (await state.count_kinds())["suspense_debit"] == 2
    standing = await state.read_status()
    assert standing.agrees
    (busy_account,) = [account for account in standing.accounts if account.bank]
    assert (busy_account.refused, busy_account.refused_lines, busy_account.difference) == (0, 0, 0)
    assert (await state.verify()).findings == []


def build_rejection(name: str) -> str:
    """Build a pain.002 that rejects one transfer."""
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.12"><CstmrPmtStsRpt><GrpHdr><MsgId>R-9</MsgId>'
        "<CreDtTm>2018-11-12T07:00:00Z</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId>"
        "<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>PART</GrpSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>"
        "<OrgnlPmtInfId>L</OrgnlPmtInfId><PmtInfSts>PART</PmtInfSts><TxInfAndSts>"
        f"<OrgnlEndToEndId>{name}</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
        "</TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    )


async def test_a_rejection_after_the_debit_blocks_until_the_money_is_back(state: State) -> None:
    """It posts nothing and the books agree, but the status does not until a statement returns the transfer."""
    path, message = await write_changed_statement(state)
    await state.import_files([path])
    _, cents, name, _ = list_movements(message)[1]
    rejection = state.folder / "rejection.xml"
    rejection.write_text(build_rejection(name))
    for again in (False, True):
        assert (await state.import_files([rejection], again=again)).rejected == []
    (unmatched,) = await state.read_unmatched()
    assert (unmatched.why, unmatched.sort) == ("DEBITED", "reject")
    assert "bank_reject" not in await state.count_kinds()
    standing = await state.read_status()
    assert (standing.agrees, standing.rejected_debits) == (False, 1)
    assert not any(account.difference for account in standing.accounts)
    first = message.statements[0]
    before, after = first.closing or 0, (first.closing or 0) + cents
    balances = [
        balance(code, format_cents(value), day="2018-11-13")
        for code, value in (("OPBD", before), ("CLBD", after))
    ]
    back = entry(format_cents(cents), "CRDT", [detail(name)]).replace("2018-12-14", "2018-11-13")
    path.write_text(document(statement(*balances, back, identity="S-2", account=first.account)))
    await state.import_files([path])
    standing = await state.read_status()
    assert (standing.agrees, standing.rejected_debits) == (True, 0)
    assert (await state.verify()).findings == []


async def test_the_debit_of_a_rejected_transfer_is_on_suspense(state: State) -> None:
    path, message = await write_changed_statement(state)
    _, _, name, _ = list_movements(message)[1]
    rejection = state.folder / "rejection.xml"
    rejection.write_text(build_rejection(name))
    await state.import_files([rejection])
    await state.import_files([path])
    kinds = await state.count_kinds()
    assert (kinds["bank_debit"], kinds["bank_reject"], kinds["suspense_debit"]) == (2, 1, 1)
    assert (await state.read_status()).agrees
    assert (await state.verify()).findings == []


async def test_a_statement_repeated_together_with_a_new_one_moves_nothing(state: State) -> None:
    path, message = await write_changed_statement(state)
    await state.import_files([path])
    first = message.statements[0]
    nothing = [balance(code, format_cents(first.closing or 0), day="2018-11-08") for code in ("OPBD", "CLBD")]
    new = document(statement(*nothing, identity="S-2", account=first.account))
    new = new[new.index("<Stmt>") : new.rindex("</Stmt>") + len("</Stmt>")]
    path.write_text(path.read_text().replace("</BkToCstmrStmt>", new + "</BkToCstmrStmt>"))
    result = await state.import_files([path])
    assert result.rejected == []
    assert result.messages[0].debits == 3
    assert await state.read_unmatched() == []
    assert (await state.read_status()).agrees
    assert (await state.verify()).findings == []


@pytest.mark.parametrize("noticed", ["2018-11-06", "2018-11-08"])
async def test_a_notice_that_books_a_debit_on_another_day_than_the_statement(
    state: State, noticed: str
) -> None:
    """There is one movement, in the books on the day of the notice; before that it counts as refused by the engine."""
    path, message = await write_changed_statement(state)
    _, cents, name, _ = list_movements(message)[0]
    account_ = message.statements[0].account
    notice = state.folder / "notice.xml"
    notice.write_text(build_notice(cents, name, account_, noticed))
    assert (await state.import_files([notice])).messages[0].debits == 1
    result = await state.import_files([path])
    assert result.posted
    assert [(reason.code, reason.lines) for reason in result.posted.reasons] == [("REFERENCE_CONFLICT", 1)]
    assert await state.read_unmatched() == []
    assert (await state.count_kinds())["bank_debit"] == 3
    (busy_account,) = [account for account in (await state.read_status()).accounts if account.bank]
    in_transit = noticed > "2018-11-07"
    assert (busy_account.difference, busy_account.refused, busy_account.refused_lines) == (
        0,
        -cents * in_transit,
        int(in_transit),
    )
    assert (await state.verify()).findings == []
    nothing = [
        balance(code, format_cents(message.statements[0].closing or 0), day="2018-11-08")
        for code in ("OPBD", "CLBD")
    ]
    path.write_text(document(statement(*nothing, identity="S-2", account=account_)))
    await state.import_files([path])
    (busy_account,) = [account for account in (await state.read_status()).accounts if account.bank]
    assert (busy_account.difference, busy_account.refused_lines, busy_account.bank) == (
        0,
        0,
        busy_account.books,
    )
    assert (await state.verify()).findings == []


async def test_a_notice_after_its_statement_that_books_another_day(state: State) -> None:
    """The act is refused, but there is no difference and nothing unmatched."""
    path, message = await write_changed_statement(state)
    await state.import_files([path])
    _, cents, name, _ = list_movements(message)[0]
    path.write_text(build_notice(cents, name, message.statements[0].account, "2018-12-14"))
    result = await state.import_files([path])
    assert result.posted
    assert [reason.code for reason in result.posted.reasons] == ["REFERENCE_CONFLICT"]
    assert await state.read_unmatched() == []
    assert (await state.read_status()).agrees
    assert (await state.verify()).findings == []


async def test_a_statement_after_a_missing_one_is_refused_whole(state: State) -> None:
    answers = state.simulate_bank(await state.pay_due(date(2018, 11, 5), NOVEMBER), OutcomeRates(1, 60_000))
    statements = [path for path in state.list_files(answers) if "camt053" in path.name]
    accounts = [reading.read_bank_file(path).statements[0].account for path in statements]
    ((busy, _),) = Counter(accounts).most_common(1)
    account_statements = [path for path, account in zip(statements, accounts, strict=True) if account == busy]
    assert len(account_statements) > 2
    result = await state.import_files([account_statements[0], account_statements[2]])
    (refused,) = result.rejected
    assert refused.error == "EnvelopeMismatch"
    assert account_statements[2].name in refused.where
    assert "before it closed with" in refused.found
    assert (await state.import_files([account_statements[1], account_statements[2]])).rejected == []
    assert await state.import_files(account_statements[::-1])


async def test_a_statement_of_the_same_name_with_other_figures_is_refused(state: State) -> None:
    path, message = await write_changed_statement(state)
    await state.import_files([path])
    first = message.statements[0]
    nothing = statement(balance("OPBD", "7.00"), balance("CLBD", "7.00"), account=first.account)
    path.write_text(document(nothing))
    (refused,) = (await state.import_files([path])).rejected
    assert "imported before with other figures" in refused.found
    path.write_text(path.read_text().replace("S-1", "S-2"))
    (refused,) = (await state.import_files([path])).rejected
    assert "S-1 before it closed with" in refused.found


async def test_a_message_refused_by_the_bank_refuses_all_its_transfers(state: State) -> None:
    files = await state.pay_due(date(2018, 11, 5), NOVEMBER)
    message = etree.parse(str(files[0])).findtext(".//{*}GrpHdr/{*}MsgId")
    report = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.12"><CstmrPmtStsRpt><GrpHdr><MsgId>R-1</MsgId>'
        f"<CreDtTm>2018-11-06T07:00:00Z</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId>"
        "<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf>"
        "</OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>"
    )
    path = state.folder / "refused.xml"
    path.write_text(report)
    result = await state.import_files([path])
    assert result.messages[0].rejects == 30
    assert (await state.count_kinds())["bank_reject"] == 30
    path.write_text(report.replace(str(message), "SOMEBODY-ELSE"))
    await state.import_files([path])
    (unmatched,) = await state.read_unmatched()
    assert (unmatched.why, unmatched.end_to_end) == ("UNKNOWN_MESSAGE", "SOMEBODY-ELSE")
