"""Credits of statements collect the receivables that they name: once, in parts, and never for another accountant."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from reporting import act_history, act_narrative, code_labels
from reporting.code_names import read_names
from service.database.embedded_server import Database
from service.engine import bank_import
from service.engine.bank_import import ImportOptions, MessageReceipt
from service.terminal.processing_progress import ProgressLines
from settlement.reconciliation.bank_queries import UnmatchedSum
from tests.databases import open_connection
from tests.period_decisions import decide_period
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.service.command_line import run_crescendo
from tests.service.small_state import (
    ANNE,
    UNITS,
    State,
    build_payee_code,
    copy_state,
    create_interruption,
    open_state,
)
from tests.settlement.camt_messages import (
    balance,
    creditor_reference,
    detail,
    document,
    entry,
    free_text,
    statement,
)

OWN, OTHER = (unit for unit, _ in UNITS)
DAY, LATER = "2018-12-14", "2018-12-17"
ACCOUNTANT = "DRFIP-75"


def build_receivable(
    reference: str, amount: str, unit: str = OWN, day: str = "2018-10-01"
) -> dict[str, object]:
    return {
        "reference": reference, "kind": "receivable", "exercise": 2018, "date": day, "fund_centre": unit,
        "commitment_item": "269906", "payee": build_payee_code(1), "amount": amount,
    }  # fmt: skip


ISSUED = [
    build_receivable("TP-2018-0001", "100.00"),
    build_receivable("TP-2018-0002", "40.00"),
    build_receivable("TP-2018-0003", "70.00", OTHER),
    build_receivable("TP-2018-0004", "10.00", day="2018-12-20"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with open_state(database, tmp_path_factory.mktemp("receivables"), 2) as state:
        await state.submit_accepted(ISSUED)
        yield state


@pytest_asyncio.fixture
async def state(template: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, template, tmp_path / "state") as copy:
        yield copy


def find_account(state: State, unit: str = OWN) -> str:
    accountants = bank_import.load_accountants(state.settings)[2018]
    return accountants.accountants[accountants.by_centre[unit]].iban


def format_cents(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def credit(cents: int, remittance: str = "", day: str = DAY, end_to_end: str = "NOTPROVIDED") -> str:
    return entry(format_cents(cents), "CRDT", [detail(end_to_end, remittance=remittance)]).replace(DAY, day)


def write_statement(
    state: State,
    credits_: Sequence[tuple[int, str]],
    *,
    identity: str = "S-1",
    opening: int = 0,
    day: str = DAY,
    unit: str = OWN,
    debit_cents: int = 0,
) -> Path:
    """Write a statement of credits (cents, remittance), and of a debit that is no transfer, whose balances add up."""
    closing = opening + sum(cents for cents, _ in credits_) - debit_cents
    balances = [
        balance(code, format_cents(cents), day=day) for code, cents in (("OPBD", opening), ("CLBD", closing))
    ]
    entries = [credit(cents, remittance, day) for cents, remittance in credits_]
    if debit_cents:
        entries.append(entry(format_cents(debit_cents), "DBIT", [detail("NOTPROVIDED")], day=day))
    path = state.folder / f"{identity}.xml"
    path.write_text(
        document(statement(*balances, *entries, identity=identity, account=find_account(state, unit)))
    )
    return path


async def import_one(state: State, path: Path, *, again: bool = False) -> MessageReceipt:
    result = await state.import_files([path], again=again)
    assert result.rejected == []
    (receipt,) = result.messages
    return receipt


async def list_receipts(state: State) -> list[tuple[str, int, str]]:
    """List what the bank collected: the receivable, cents and day."""
    rows = await state.fetch(
        "select r.reference, e.amount, e.day from entry e join entry r on r.entry_id = e.predecessor"
        " join submission s on s.submission = e.submission where s.sender = 'bank' order by e.entry_id"
    )
    return [(row["reference"], row["amount"], str(row["day"])) for row in rows]


async def list_suspense(state: State) -> list[int]:
    """List the cents of the credits that the bank put on suspense."""
    kind = KIND_NUMBERS["suspense_receipt"]
    rows = await state.fetch("select amount from entry where kind = $1 order by entry_id", kind)
    return [row["amount"] for row in rows]


async def collect_by_hand(
    state: State, receivable: str, amount: str, day: str = DAY, sender: str = "ministry"
) -> None:
    """Post a receipt of the sender of the accountant, of a receivable of ``sender``."""
    await state.fetch(
        "insert into access_key (key, sender, digest, roles, programmes, label)"
        " values ('accountant22', $1, sha256('1'), '{assigned_accountant}', '{}', '') on conflict do nothing",
        ACCOUNTANT,
    )
    row = {"kind": "receipt", "reference": f"H-{receivable}", "exercise": 2018, "date": day, "amount": amount}
    await state.submit_accepted(
        [{**row, "predecessor": receivable, "predecessor_sender": sender}], ACCOUNTANT
    )


class Kill(RuntimeError):
    """Ends an import at a step."""


class KillingReporter(ProgressLines):
    """Raises once a file is stored, before its acts are posted."""

    def report_activity(self, text: str) -> None:
        if text.endswith(" stored"):
            raise Kill


async def check_agreement(state: State) -> None:
    assert (await state.read_status()).agrees
    assert (await state.verify()).findings == []


async def test_a_credit_collects_the_receivable_that_it_names_and_the_same_statement_adds_nothing(
    state: State,
) -> None:
    path = write_statement(
        state,
        [
            (10_000, creditor_reference("TP-2018-0001")),
            (1_500, free_text("VIREMENT DE LA SOCIETE", "TITRE TP-2018-0002, MERCI")),
        ],
    )
    for again in (False, False, True):
        receipt = await import_one(state, path, again=again)
        assert (receipt.receipts, receipt.receipt_cents, receipt.unmatched, receipt.reasons) == (
            2,
            11_500,
            0,
            {},
        )
        assert await list_receipts(state) == [("TP-2018-0001", 10_000, DAY), ("TP-2018-0002", 1_500, DAY)]
    assert not list((state.settings.data / "bank").iterdir())
    await check_agreement(state)


async def test_what_is_not_collected_is_listed_with_its_reason_and_amount(state: State) -> None:
    await state.submit_accepted([build_receivable("TP-2018-0001", "5.00")], sender="MIN-B")
    path = write_statement(
        state,
        [
            (100, free_text("rien d'utile 2018-12")),
            (200, free_text("TP-2018-0002 ET TP-2018-0003")),
            (300, free_text("TP-2018-0003")),
            (400, free_text("TP-2018-0004")),
            (500, free_text("TP-2018-0001")),
            (5_000, free_text("TP-2018-0002")),
            (600, free_text("TP-2018-0002")),
            (700, ""),
        ],
    )
    receipt = await import_one(state, path)
    assert receipt.reasons == {
        "NO_REFERENCE": UnmatchedSum(2, 800),
        "SEVERAL_RECEIVABLES": UnmatchedSum(1, 500),
        "OTHER_ACCOUNTANT": UnmatchedSum(1, 300),
        "BEFORE_RECEIVABLE": UnmatchedSum(1, 400),
        "NOTHING_LEFT": UnmatchedSum(1, 600),
        "EXCESS": UnmatchedSum(1, 1_200),
    }
    assert await list_receipts(state) == [("TP-2018-0002", 200, DAY), ("TP-2018-0002", 3_800, DAY)]
    assert (receipt.suspense, receipt.suspense_cents) == (7, 3_800)
    assert await list_suspense(state) == [100, 300, 400, 500, 1_200, 600, 700]
    assert await state.read_unmatched() == []
    await check_agreement(state)


async def test_a_credit_takes_what_is_left_and_the_excess_is_listed(state: State) -> None:
    first = write_statement(state, [(6_000, free_text("TP-2018-0001"))])
    assert (await import_one(state, first)).reasons == {}
    second = write_statement(
        state, [(6_000, free_text("TP-2018-0001"))], identity="S-2", opening=6_000, day=LATER
    )
    receipt = await import_one(state, second)
    assert (receipt.receipts, receipt.receipt_cents) == (1, 4_000)
    assert receipt.reasons == {"EXCESS": UnmatchedSum(1, 2_000)}
    assert await list_receipts(state) == [("TP-2018-0001", 6_000, DAY), ("TP-2018-0001", 4_000, LATER)]
    assert await list_suspense(state) == [2_000]
    assert await state.read_unmatched() == []
    await check_agreement(state)


async def test_statements_of_one_command_share_what_is_left(state: State) -> None:
    """The acts of the first are not decided yet when the second is matched."""
    first = write_statement(state, [(6_000, free_text("TP-2018-0001"))])
    second = write_statement(state, [(6_000, free_text("TP-2018-0001"))], identity="S-2", opening=6_000)
    result = await state.import_files([first, second])
    assert [message.receipt_cents for message in result.messages] == [6_000, 4_000]
    assert not any(message.refused for message in result.messages)
    await check_agreement(state)


async def test_another_currency_is_refused_whole(state: State) -> None:
    path = write_statement(state, [(6_000, free_text("TP-2018-0001"))])
    path.write_text(path.read_text().replace('Ccy="EUR"', 'Ccy="USD"'))
    (rejected,) = (await state.import_files([path])).rejected
    assert "USD" in rejected.found
    assert await list_receipts(state) == []


async def test_a_notice_collects_nothing_and_its_statement_does(state: State) -> None:
    path = write_statement(state, [(6_000, free_text("TP-2018-0001"))])
    notice = state.folder / "notice.xml"
    text = path.read_text().replace("camt.053", "camt.054").replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn")
    start, end = text.index("<Bal>"), text.rindex("</Bal>") + len("</Bal>")
    notice.write_text((text[:start] + text[end:]).replace("Stmt>", "Ntfctn>"))
    receipt = await import_one(state, notice)
    assert (receipt.receipts, receipt.reasons) == (0, {"NOTICE": UnmatchedSum(1, 6_000)})
    assert (await import_one(state, path)).receipt_cents == 6_000
    await check_agreement(state)


async def test_a_receivable_of_the_year_before_is_collected_in_the_year_of_the_statement(
    state: State,
) -> None:
    day = "2019-01-15"
    path = write_statement(state, [(6_000, free_text("TP-2018-0001"))], day=day)
    assert (await import_one(state, path)).receipts == 1
    ((exercise,),) = await state.fetch(
        "select exercise from entry e join submission s on s.submission = e.submission where s.sender = 'bank'"
    )
    assert exercise == 2019
    await check_agreement(state)


async def test_what_is_on_suspense_stays_there_when_its_receivable_comes_later(state: State) -> None:
    """The accountant identifies it: matching again posts it no second time."""
    path = write_statement(
        state, [(1_000, free_text("TP-2018-0001")), (2_500, creditor_reference("TP-2018-0009"))]
    )
    assert (await import_one(state, path)).reasons == {"NO_REFERENCE": UnmatchedSum(1, 2_500)}
    await check_agreement(state)
    await state.submit_accepted([build_receivable("TP-2018-0009", "25.00")])
    for again in (False, True):
        receipt = await import_one(state, path, again=again)
        assert (receipt.receipts, receipt.receipt_cents, receipt.suspense_cents) == (1, 1_000, 2_500)
        assert receipt.reasons == {"NO_REFERENCE": UnmatchedSum(1, 2_500)}
    assert await list_receipts(state) == [("TP-2018-0001", 1_000, DAY)]
    assert await list_suspense(state) == [2_500]
    await check_agreement(state)


async def test_a_receipt_that_was_refused_is_listed_and_matched_anew(state: State) -> None:
    """The month is closed when the statement comes, and the receivable is reduced before it is open again."""
    path = write_statement(state, [(10_000, free_text("TP-2018-0001"))])
    await decide_period(state.dsn, "2018-12", "close")
    receipt = await import_one(state, path)
    assert receipt.refused == {"PERIOD_CLOSED": 1}
    (movement,) = await state.read_unmatched()
    assert (movement.why, movement.sort, movement.amount) == ("PERIOD_CLOSED", "receipt", 10_000)
    await check_agreement(state)
    reduction = {"kind": "receivable_reduction", "reference": "RD-1", "amount": "30.00"}
    await state.submit_accepted(
        [{**reduction, "predecessor": "TP-2018-0001", "exercise": 2018, "date": "2018-11-30"}]
    )
    await decide_period(state.dsn, "2018-12", "reopen")
    receipt = await import_one(state, path, again=True)
    assert (receipt.receipt_cents, receipt.refused) == (7_000, {})
    assert receipt.reasons == {"EXCESS": UnmatchedSum(1, 3_000)}
    assert await list_suspense(state) == [3_000]
    assert await state.read_unmatched() == []
    await check_agreement(state)


async def test_a_credit_that_was_posted_by_hand_is_not_collected_again(state: State) -> None:
    """A person shared it among two receivables; the one that has something left does not take it once more."""
    path = write_statement(state, [(6_000, free_text("TP-2018-0001 ET TP-2018-0002"))])
    assert (await import_one(state, path)).reasons == {"SEVERAL_RECEIVABLES": UnmatchedSum(1, 6_000)}
    await collect_by_hand(state, "TP-2018-0002", "40.00")
    await collect_by_hand(state, "TP-2018-0001", "20.00")
    receipt = await import_one(state, path, again=True)
    assert receipt.reasons == {"SEVERAL_RECEIVABLES": UnmatchedSum(1, 6_000)}
    assert await list_receipts(state) == []
    await check_agreement(state)


async def test_a_receivable_with_receipts_by_hand_takes_no_credit(state: State) -> None:
    """The month was closed, so a person posted the credit in another one: it is that receipt; a later one is on suspense."""
    path = write_statement(state, [(6_000, free_text("TP-2018-0001")), (1_000, free_text("TP-2018-0002"))])
    await decide_period(state.dsn, "2018-12", "close")
    assert (await import_one(state, path)).refused == {"PERIOD_CLOSED": 2}
    await collect_by_hand(state, "TP-2018-0001", "60.00", day="2018-11-30")
    await decide_period(state.dsn, "2018-12", "reopen")
    receipt = await import_one(state, path, again=True)
    assert (receipt.reasons, receipt.refused) == ({}, {})
    second = write_statement(state, [(500, free_text("TP-2018-0001"))], identity="S-2", opening=7_000)
    assert (await import_one(state, second)).reasons == {"BY_HAND": UnmatchedSum(1, 500)}
    assert await list_receipts(state) == [("TP-2018-0002", 1_000, DAY)]
    assert await list_suspense(state) == [500]
    await check_agreement(state)


async def test_a_receivable_that_the_bank_collected_in_part_takes_further_credits_unless_by_hand(
    state: State,
) -> None:
    await import_one(state, write_statement(state, [(3_000, free_text("TP-2018-0001"))]))
    second = write_statement(
        state, [(2_000, free_text("TP-2018-0001"))], identity="S-2", opening=3_000, day=LATER
    )
    assert (await import_one(state, second)).receipt_cents == 2_000
    await collect_by_hand(state, "TP-2018-0001", "1.00", day=LATER)
    receipt = await import_one(state, second, again=True)
    assert (receipt.receipt_cents, receipt.reasons) == (2_000, {})
    await check_agreement(state)


async def test_a_reference_of_two_receivables_collects_neither_once_one_is_paid(state: State) -> None:
    await state.submit_accepted([build_receivable("TP-2018-0001", "5.00")], sender="MIN-B")
    await collect_by_hand(state, "TP-2018-0001", "5.00", sender="MIN-B")
    path = write_statement(state, [(500, free_text("TP-2018-0001"))])
    assert (await import_one(state, path)).reasons == {"SEVERAL_RECEIVABLES": UnmatchedSum(1, 500)}
    assert await list_receipts(state) == []
    await check_agreement(state)


async def test_a_receipt_that_is_not_decided_yet_is_a_difference(state: State) -> None:
    """The import is killed between storing and posting: until the same command is called again, nothing explains it."""
    path = write_statement(state, [(6_000, free_text("TP-2018-0001"))])
    options = ImportOptions(KillingReporter(), by=ANNE)
    with pytest.raises(Kill):
        await bank_import.import_files(state.context, [path], create_interruption(), options=options)
    assert await state.read_unmatched() == []
    report = await state.read_status()
    assert [account.difference for account in report.accounts if account.statement] == [6_000]
    assert not report.agrees
    assert {finding.check for finding in (await state.verify()).findings} >= {"bank_books"}
    assert (await import_one(state, path)).receipt_cents == 6_000
    await check_agreement(state)


async def test_a_repeated_statement_with_its_entries_exchanged_collects_nothing(state: State) -> None:
    credits_ = [(10_000, free_text("TP-2018-0001")), (500, free_text("x"))]
    await import_one(state, write_statement(state, credits_))
    repeated = write_statement(state, credits_[::-1]).read_text()
    statements = repeated[repeated.index("<Stmt>") : repeated.rindex("</Stmt>") + len("</Stmt>")]
    second = write_statement(state, [(700, free_text("TP-2018-0002"))], identity="S-2", opening=10_500)
    second.write_text(second.read_text().replace("<Stmt>", f"{statements}<Stmt>", 1))
    for again in (False, True):
        receipt = await import_one(state, second, again=again)
        assert (receipt.receipts, receipt.receipt_cents) == (1, 700)
        assert (receipt.reasons, receipt.refused) == ({"TWICE": UnmatchedSum(2, 10_500)}, {})
    assert await list_receipts(state) == [("TP-2018-0001", 10_000, DAY), ("TP-2018-0002", 700, DAY)]
    await check_agreement(state)


async def test_a_receivable_of_several_lines_is_listed(state: State) -> None:
    """Each line is a receivable with the reference of the act."""
    lines = [
        {**build_receivable("TP-2018-0007", amount), "line": line}
        for line, amount in ((1, "10.00"), (2, "5.00"))
    ]
    await state.submit_accepted(lines)
    path = write_statement(state, [(1_500, free_text("TP-2018-0007"))])
    assert (await import_one(state, path)).reasons == {"SEVERAL_RECEIVABLES": UnmatchedSum(1, 1_500)}
    await check_agreement(state)


async def test_a_message_that_repeats_a_statement_collects_nothing_twice(state: State) -> None:
    first = write_statement(state, [(1_000, free_text("TP-2018-0001")), (300, free_text("x"))])
    second = write_statement(state, [(2_000, free_text("TP-2018-0001"))], identity="S-2", opening=1_300)
    await import_one(state, first)
    body = first.read_text()
    statements = body[body.index("<Stmt>") : body.rindex("</Stmt>") + len("</Stmt>")]
    second.write_text(second.read_text().replace("<Stmt>", f"{statements}<Stmt>", 1))
    receipt = await import_one(state, second)
    assert (receipt.receipts, receipt.receipt_cents) == (1, 2_000)
    assert receipt.reasons == {"TWICE": UnmatchedSum(2, 1_300)}
    assert await list_receipts(state) == [("TP-2018-0001", 1_000, DAY), ("TP-2018-0001", 2_000, DAY)]
    await check_agreement(state)


async def test_the_history_of_a_receivable_names_the_entry_of_the_statement(state: State) -> None:
    await import_one(state, write_statement(state, [(12_000, free_text("TP-2018-0001"))]))
    async with open_connection(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        explanation = await act_history.explain(connection, names, "TP-2018-0001")
    (line,) = explanation.accepted
    (credit_,) = line.bank_credits
    assert (credit_.statement, credit_.account, credit_.item) == ("S-1", find_account(state), 1)
    assert (credit_.day, credit_.file, credit_.collected_cents) == (DAY, "S-1.xml", 10_000)
    text = "\n".join(part for part in act_narrative.render(explanation) if isinstance(part, str))
    assert f"by entry 1 of statement S-1 of {find_account(state)}" in text


_OF_FIRST = "predecessor in (select entry_id from entry where reference = 'TP-2018-0001')"
BREACHES = {
    "a receipt of another amount": f"update entry set amount = amount + 1 where {_OF_FIRST}",
    "a receipt of another receivable": "update entry set predecessor = (select entry_id from entry"
    f" where reference = 'TP-2018-0002') where {_OF_FIRST}",
    "a receipt on another day": f"update entry set day = day + 1 where {_OF_FIRST}",
    "a receipt that no statement states": "delete from bank_receipt",
    "a credit that is dropped": "delete from bank_item where why <> 0",
    "a credit of another amount": "update bank_receipt set amount = amount + 1",
    "an import that states another sum": "update bank_attempt set receipt_cents = receipt_cents + 1",
    "a receipt of another accountant": "update entry set accountant = (select accountant from entry"
    f" where reference = 'TP-2018-0003') where {_OF_FIRST}",
    "the credit of a notice": "update bank_statement set opening = null, closing = null",
}  # fmt: skip


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_is_found(state: State, breach: str) -> None:
    await import_one(state, write_statement(state, [(1_000, free_text("TP-2018-0001")), (500, "")]))
    await check_agreement(state)
    async with open_connection(state.dsn) as connection, connection.transaction():
        await connection.execute(f"set local session_replication_role = replica; {BREACHES[breach]}")
        await remake_hashes(connection)
    verification = await state.verify()
    assert list_hash_findings(verification) == []
    assert "bank_receipts" in {finding.check for finding in verification.findings}


async def test_the_command_prints_what_was_collected_and_what_was_not(state: State) -> None:
    path = write_statement(state, [(1_000, free_text("TP-2018-0001")), (500, ""), (250, "")])
    arguments = ("bank", "import", path, "--database", state.dsn, "--data", state.settings.data)
    result = await run_crescendo(*arguments, environment={"CRESCENDO_REFERENCE": str(state.reference)})
    assert result.code == 0, result.err
    assert "collected by S-1.xml: 1 credit of 10.00 euros with receivables." in result.out
    assert "not matched of S-1.xml: NO_REFERENCE 2 (7.50 euros) (crescendo report suspense)." in result.out
