"""Reports on a part of the journal: of one sender, or of some programmes; together they are the whole."""

from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from core.senders import BANK, TREASURY
from reporting import code_labels
from reporting.act_history import HistoryOptions, build_histories
from reporting.act_rows import ActLines, find_hidden_entries
from reporting.aged_items import ItemScope, load_aged_items
from reporting.argument_checks import find_sender
from reporting.code_names import CodeNames, read_names
from reporting.delays import DelayScope, load_delays
from reporting.public_balance import load_public_balance
from reporting.refusals import load_refusals
from reporting.report_queries import fetch
from reporting.trial_balance import BY_ACCOUNTANT, BalanceScope, TrialBalance, load_trial_balance
from reporting.visibility import WHOLE_JOURNAL, Visibility, list_centres_within
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_rows
from tests.reporting.journals import ASPR, BUDGET, DEBT, PAID, SPENDING, act

_IBAN = {"iban": SPENDING[0]["iban"]}
_EUROS = 100
_OF_FIRST = [
    SPENDING[0],
    act("commitment", "C1", "100.00", ASPR),
    act("service", "S1", "60.00", predecessor="C1"),
    act("payment_request", "D1", "40.00", PAID, predecessor="C1"),
    act("direct_payment_request", "D2", "5000.00", ASPR, PAID),  # no credit
]
_OF_SECOND = [
    act("direct_payment_request", "D1", "25.00", ASPR, PAID),
    act("direct_payment_request", "D2", "30.00", DEBT, PAID),
    act("direct_payment_request", "D3", "1.00", ASPR, payee="STRANGER"),
    act("direct_payment_request", "D4", "1.00", DEBT, payee="STRANGER"),
]
_DEBIT = KIND_NUMBERS["bank_debit"]
_FIRST, _SECOND, _ACCOUNTANT = "MIN-01", "MIN-02", "ACC-01"


class Journal(NamedTuple):
    """A connection to the journal of two ministries, and its names."""

    connection: asyncpg.Connection
    names: CodeNames


@pytest_asyncio.fixture
async def journal(dsn: str, tmp_path: Path) -> AsyncIterator[Journal]:
    """Post the acts of both ministries, and what the treasury and the bank add to one request of each."""
    for sender, rows in (("BUDGET", BUDGET), (_FIRST, _OF_FIRST), (_SECOND, _OF_SECOND)):
        await process_rows(dsn, tmp_path, REFERENCE, rows, sender)
    async with open_connection(dsn) as connection:
        query = "select entry_id from entry where reference = 'D1' order by entry_id"
        requests = [row["entry_id"] for row in await connection.fetch(query)]
        payments = [
            act("payment", f"P{number}", amount, _IBAN, predecessor=f"@{entry}")
            for number, (entry, amount) in enumerate(zip(requests, ("40.00", "25.00"), strict=True))
        ]
        await process_rows(dsn, tmp_path, REFERENCE, payments, TREASURY)
        query = "select entry_id, amount from entry where reference in ('P0', 'P1') order by entry_id"
        debits = [
            act("bank_debit", f"B{row['entry_id']}", f"{row['amount'] // _EUROS}.00")
            | {"predecessor": f"@{row['entry_id']}"}
            for row in await connection.fetch(query)
        ]
        await process_rows(dsn, tmp_path, REFERENCE, debits, BANK)
        yield Journal(connection, await read_names(connection, code_labels.load(REFERENCE)))


def _limit_to(journal: Journal, sender: str | None, *programmes: str) -> Visibility:
    centres = list_centres_within(journal.names, frozenset(programmes))
    return Visibility(sender, centres, list(programmes) or None)


def _sum_sides(balance: TrialBalance) -> dict[str, tuple[int, int]]:
    return {account.account[:4]: (account.debit, account.credit) for account in balance.accounts}


async def test_the_trial_balance_of_a_sender_has_what_follows_its_acts(journal: Journal) -> None:
    """The payment and the debit of a request belong to the ministry that sent the request."""
    first = await load_trial_balance(*journal, visibility=_limit_to(journal, _FIRST))
    assert _sum_sides(first) == {
        "4011": (4_000, 4_000),
        "4081": (4_000, 6_000),
        "5121": (0, 4_000),
        "5126": (4_000, 4_000),
        "6188": (6_000, 0),
    }
    second = await load_trial_balance(*journal, visibility=_limit_to(journal, _SECOND))
    whole = await load_trial_balance(*journal)
    assert (first.is_balanced, second.is_balanced) == (True, True)
    assert first.debit + second.debit == whole.debit
    assert first.batch == second.batch == whole.batch
    everything = await load_trial_balance(*journal, visibility=Visibility(centres=list(range(200_000))))
    assert everything == whole


async def test_the_balances_by_programme_of_a_sender_are_those_of_its_trial_balance(journal: Journal) -> None:
    for visibility in (
        _limit_to(journal, _FIRST),
        _limit_to(journal, _SECOND),
        _limit_to(journal, _FIRST, "0217"),
    ):
        sums: dict[str, int] = {}
        for row in (await load_public_balance(*journal, visibility=visibility)).rows:
            sums[row.account] = sums.get(row.account, 0) + row.balance_cents
        balance = await load_trial_balance(*journal, visibility=visibility)
        assert sums == {row.account: row.balance_cents for row in balance.accounts if row.balance_cents}


async def test_the_trial_balance_of_programmes_and_of_an_earlier_batch(journal: Journal) -> None:
    debt = _limit_to(journal, None, "0117")
    assert _sum_sides(await load_trial_balance(*journal, visibility=debt)) == {
        "1853": (0, 3_000),
        "6650": (3_000, 0),
    }
    both = _limit_to(journal, _FIRST, "0117")
    assert (await load_trial_balance(*journal, visibility=both)).accounts == []
    last = await load_trial_balance(*journal, visibility=_limit_to(journal, _FIRST))
    earlier = await load_trial_balance(
        *journal, BalanceScope(batch=last.batch - 1), visibility=_limit_to(journal, _FIRST)
    )
    assert last.debit - earlier.debit == 4_000
    other_year = await load_trial_balance(*journal, BalanceScope(2019), visibility=_limit_to(journal, _FIRST))
    assert other_year.accounts == []


async def test_refusals_of_a_sender_and_of_programmes(journal: Journal) -> None:
    """A line refused by a node belongs to that node's programme, any other to a file within the programmes."""
    connection = journal.connection
    for visibility, lines in (
        (_limit_to(journal, _FIRST), {"AE_EXCEEDED": 1}),
        (_limit_to(journal, _SECOND), {"PAYEE_UNKNOWN": 2}),
        (_limit_to(journal, None, "0217"), {"AE_EXCEEDED": 1}),
        (_limit_to(journal, None, "0117"), {}),
        (Visibility(), {"AE_EXCEEDED": 1, "PAYEE_UNKNOWN": 2}),
    ):
        report = await load_refusals(connection, visibility=visibility)
        assert {reason.code: reason.lines for reason in report.reasons} == lines


async def test_refusals_of_crescendo_itself_stand_apart_after_the_others(
    journal: Journal, dsn: str, tmp_path: Path
) -> None:
    """One code is there once for each side, and the most frequent refusal is the last."""
    rows = [act("direct_payment_request", f"T{number}", "5000.00", ASPR, PAID) for number in range(3)]
    await process_rows(dsn, tmp_path, REFERENCE, rows, TREASURY)
    unknown, sent, own = (
        ("senders", "PAYEE_UNKNOWN", 2),
        ("senders", "AE_EXCEEDED", 1),
        ("crescendo", "AE_EXCEEDED", 3),
    )
    programme = _limit_to(journal, None, "0217")
    for sender, visibility, reasons in (
        (None, Visibility(), [unknown, sent, own]),
        (None, programme, [sent, own]),
        (_FIRST, Visibility(), [sent]),
        (_FIRST, programme, [sent]),
        (_SECOND, Visibility(), [unknown]),
        (TREASURY, Visibility(), [own]),
        (TREASURY, programme, [own]),
        (TREASURY, _limit_to(journal, _FIRST), []),
    ):
        report = await load_refusals(journal.connection, sender=sender, visibility=visibility)
        assert [(reason.sent_by, reason.code, reason.lines) for reason in report.reasons] == reasons
        assert report.lines == sum(lines for _, _, lines in reasons)


async def test_a_sender_is_visible_by_a_file_or_by_a_refused_line(journal: Journal) -> None:
    """Which programmes these files name is not known: within programmes, only the lines that a node refused are visible."""
    for sender, visibility, is_visible in (
        (_SECOND, Visibility(), True),
        (_SECOND, _limit_to(journal, _SECOND), True),
        (_SECOND, _limit_to(journal, _FIRST), False),
        (_SECOND, _limit_to(journal, None, "0217"), False),
        (_FIRST, _limit_to(journal, None, "0217"), True),
        (_FIRST, _limit_to(journal, None, "0117"), False),
        ("NOBODY", Visibility(), None),
    ):
        assert await find_sender(journal.connection, sender, visibility) is is_visible


async def test_delays_of_a_sender(journal: Journal) -> None:
    for sender, cents in ((_FIRST, 4_000), (_SECOND, 2_500), ("NOBODY", 0), (None, 6_500)):
        delays = await load_delays(*journal, DelayScope(sender=sender))
        assert (delays.total.cents, delays.total.payments) == (cents, bool(cents) + (sender is None))


async def test_the_trial_balance_of_an_accountant(journal: Journal) -> None:
    """Settlement stays in the books of the accountant of the request; each of the two has equal sides."""
    by_accountant = await load_trial_balance(*journal, BalanceScope(grouping=BY_ACCOUNTANT))
    accountants = {account.accountant for account in by_accountant.accounts}
    assert accountants == {"ADCE", "ECOL"}
    for code in accountants:
        own = [account for account in by_accountant.accounts if account.accountant == code]
        assert sum(account.debit for account in own) == sum(account.credit for account in own) > 0
        balance = await load_trial_balance(*journal, BalanceScope(accountant=code))
        assert _sum_sides(balance) == {row.account[:4]: (row.debit, row.credit) for row in own}
    assert (await load_trial_balance(*journal, BalanceScope(accountant="PACA"))).accounts == []


async def test_a_sender_sees_its_part_of_an_accountants_books(journal: Journal) -> None:
    scope = BalanceScope(accountant="ECOL", grouping=BY_ACCOUNTANT)
    whole = await load_trial_balance(*journal, scope)
    first = await load_trial_balance(*journal, scope, visibility=_limit_to(journal, _FIRST))
    assert {account.accountant for account in first.accounts} == {"ECOL"}
    assert 0 < first.debit == first.credit <= whole.debit
    debt = await load_trial_balance(*journal, scope, visibility=_limit_to(journal, None, "0117"))
    assert debt.accounts == []


async def test_what_crescendo_posts_on_an_act_is_hidden_from_other_senders(journal: Journal) -> None:
    """The payment and the debit of a request are acts of the ministry that sent the request, and of no other."""
    connection, names = journal
    rows = await connection.fetch(
        "select e.*, s.sender from entry e join submission s on s.submission = e.submission "
        "where reference in ('D1', 'P0', 'P1') or kind = $1",
        _DEBIT,
    )
    for sender, is_own in ((_FIRST, True), (_SECOND, False)):
        hidden = await find_hidden_entries(connection, rows, _limit_to(journal, sender), lines=())
        assert len(rows) == 6
        assert len(hidden) == 3
        first_request = min(row["entry_id"] for row in rows)
        assert (first_request in hidden) != is_own
    for visibility in (WHOLE_JOURNAL, _limit_to(journal, _FIRST, "0217")):
        assert await find_hidden_entries(connection, rows, visibility, lines=()) == frozenset()
    lines = ActLines([row for row in rows if row["reference"] == "D1"])
    options = HistoryOptions(visibility=_limit_to(journal, _FIRST))
    first, second = (await build_histories(connection, names, lines, options=options)).accepted
    assert [follower.is_visible for follower in first.followers] == [True, True]
    assert [follower.is_visible for follower in second.followers] == [False, False]
    assert (len(first.transfers), len(second.transfers)) == (1, 0)


async def test_what_an_accountant_sends_on_an_act_is_visible_to_its_sender(
    journal: Journal, dsn: str, tmp_path: Path
) -> None:
    """The suspension of a payment and its end: to the ministry of the request, and to no other."""
    connection, _ = journal
    (request,) = await connection.fetch(
        "select entry_id from entry join submission using (submission) where reference = 'D2' and sender = $1",
        _SECOND,
    )
    suspension = act("term_suspension", "SUS", "", predecessor=f"@{request['entry_id']}")
    resumption = act("term_resumption", "RES", "", predecessor="SUS")
    await process_rows(dsn, tmp_path, REFERENCE, [suspension, resumption], _ACCOUNTANT)
    numbers = await connection.fetch("select entry_id from entry where reference in ('SUS', 'RES')")
    entries = [request["entry_id"], *(row["entry_id"] for row in numbers)]
    chained = await fetch(connection, "entries_by_number", entries)
    assert [row["sender"] for row in chained] == [_SECOND, _ACCOUNTANT, _ACCOUNTANT]
    for rows in (chained, chained[1:], chained[2:]):
        present = {row["entry_id"] for row in rows}
        # an accountant's key reads all acts; a sender that has no such key any more still sees its own
        for sender, hidden in ((_SECOND, set()), (_FIRST, present), (_ACCOUNTANT, {request["entry_id"]})):
            limits = _limit_to(journal, sender)
            assert await find_hidden_entries(connection, rows, limits, lines=()) == hidden & present


async def test_the_senders_of_a_chain_are_read_only_above_the_rows_at_hand(journal: Journal) -> None:
    """If a request is at hand, as a row or as a visible line, no statement is sent; otherwise one climbs, with its plan."""
    connection, _ = journal
    rows = await fetch(connection, "entries_by_number", list(range(1, 1000)))
    requests = [row for row in rows if row["reference"] == "D1"]
    payments = [row for row in rows if row["reference"] in ("P0", "P1")]
    debits = [row for row in rows if row["kind"] == _DEBIT]
    for sender, own in ((_FIRST, {0}), (_SECOND, {1}), ("NOBODY", set())):
        for parts, lines, statements in (
            ((requests, payments, debits), (), 0),
            ((payments, debits), requests, 0),
            ((payments, debits), (), 2),
            ((debits,), (*payments, *requests), 0),
            ((debits,), requests, 2),
        ):
            sent: list[str] = []
            with connection.query_logger(lambda statement, log=sent: log.append(statement.query)):
                hidden = await find_hidden_entries(
                    connection, [*chain.from_iterable(parts)], _limit_to(journal, sender), lines=lines
                )
            await connection.fetch("select")  # asyncpg calls the logger when the loop is free
            assert hidden == {part[number]["entry_id"] for part in parts for number in {0, 1} - own}
            assert len(sent) == statements, sent


async def test_open_items_of_a_sender_have_what_crescendo_opened_for_it(
    journal: Journal, dsn: str, tmp_path: Path
) -> None:
    """The first transfer came back, and one of the second ministry is under way: together they are the whole."""
    row = act("direct_payment_request", "D5", "7.00", ASPR, PAID)
    await process_rows(dsn, tmp_path, REFERENCE, [row], _SECOND)
    query = "select entry_id from entry where reference = 'D5' or kind = $1 order by kind = $1, entry_id"
    request, debit, *_ = [row["entry_id"] for row in await journal.connection.fetch(query, _DEBIT)]
    payment = act("payment", "P2", "7.00", _IBAN, predecessor=f"@{request}")
    await process_rows(dsn, tmp_path, REFERENCE, [payment], TREASURY)
    returned = act("bank_return", "RT1", "40.00", predecessor=f"@{debit}")
    await process_rows(dsn, tmp_path, REFERENCE, [returned], BANK)
    first, second = [await _sum_items(journal, sender) for sender in (_FIRST, _SECOND)]
    assert first == {"4081": -2_000, "4671": -4_000}
    assert second == {"5126": -700}
    assert await _sum_items(journal, None) == first | second
    assert await _sum_items(journal, _FIRST, "0117") == {}


async def _sum_items(journal: Journal, sender: str | None, *programmes: str) -> dict[str, int]:
    visibility = _limit_to(journal, sender, *programmes)
    accounts = (await load_aged_items(*journal, ItemScope(), visibility=visibility)).accounts
    return {row.account[:4]: row.open_cents for row in accounts if row.open_cents}


async def test_a_part_has_its_inventory_and_never_the_result(journal: Journal) -> None:
    """A request of the first ministry is moved to one of the last months: 13 and 14 have the inventory, 15 the result."""
    whole = await _load_part(journal, None)
    for month, is_shown in ((13, True), (14, True), (15, False)):
        await journal.connection.execute(
            f"set session_replication_role = replica; update entry set month = {month} where entry_id ="
            " (select min(entry_id) from entry where reference = 'D1')"
        )
        for last in (None, 15, month):
            assert (await _load_part(journal, last) == whole) == is_shown
        assert await _load_part(journal, 12) < whole


async def _load_part(journal: Journal, month: int | None) -> int:
    """Return the debits that the first ministry sees, up to a month."""
    scope, part = BalanceScope(2018, month=month), Visibility(sender=_FIRST)
    return (await load_trial_balance(journal.connection, journal.names, scope, visibility=part)).debit
