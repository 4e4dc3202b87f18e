"""The journals for hledger and Beancount: balanced documents, and balances that equal the trial balance to the cent."""

import re
from collections import defaultdict
from io import BytesIO
from pathlib import Path

import pytest

from core.journals import DocumentName
from reporting import code_labels
from reporting.analysts import journal_texts
from reporting.analysts.journal_texts import TextFormat, write_journal
from reporting.analysts.refresh import refresh_views
from reporting.code_names import read_names
from reporting.document_numbers import load_document_names
from tests.accountants import add_accountants
from tests.databases import open_connection
from tests.external_programs import find_program
from tests.file_strategies import REFERENCE
from tests.reporting.analysts.analyst_roles import Connection
from tests.reporting.analysts.text_programs import read_hledger_balances, run_program
from tests.reporting.journals import ASPR, BILLED, BUDGET, PAID, SPENDING, act, process_senders
from tests.reporting.ledger_sums import fetch_entries
from tests.reporting.verification import test_suspense as suspense

YEAR = 2018
POSTING = re.compile(r"^\s+(?:[A-Z][a-z]+:)?(\d{10})  (-?)(\d+)\.(\d\d) EUR$")
BALANCES = "select account, sum(balance_cents)::bigint as cents from analysis_v1.balance where exercise = $1 group by 1"
_PLACE = {"fund_centre": "0177-D075-DD75", "functional_area": "0177-12", "commitment_item": "31"}
_ONE_REFERENCE = [
    SPENDING[0],
    act("commitment", "C1", "100.00", ASPR),
    act("service", "X1", "40.00", predecessor="C1"),
    act("payment_request", "X1", "40.00", PAID, BILLED, predecessor="C1"),
]
_TWO_BOOKS = [
    suspense._post("journal_debit", "OD-9", 1, "5.00", "6188000000"),
    suspense._post("journal_debit", "OD-9", 2, "8.00", "6188000000", **_PLACE),
    suspense._post("journal_credit", "OD-9", 3, "5.00", "4721000000"),
    suspense._post("journal_credit", "OD-9", 4, "8.00", "4721000000", **_PLACE),
]


async def write(connection: Connection, text_format: TextFormat) -> str:
    file = BytesIO()
    count = await write_journal(connection, file, YEAR, text_format=text_format)
    text = file.getvalue().decode()
    assert count == len(read_documents(text))
    return text


def read_documents(text: str) -> list[list[tuple[str, int]]]:
    """Read the postings of each transaction: an account and its cents.  Every other line is a head, a comment or metadata."""
    documents: list[list[tuple[str, int]]] = []
    for block in text.split("\n\n"):
        postings = [match for line in block.splitlines() if (match := POSTING.match(line))]
        if postings:
            documents.append([read_posting(match) for match in postings])
    return documents


def read_posting(match: re.Match[str]) -> tuple[str, int]:
    account, sign, euros, cents = match.groups()
    return account, (int(euros) * 100 + int(cents)) * (-1 if sign else 1)


def add_up(documents: list[list[tuple[str, int]]]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for document in documents:
        for account, cents in document:
            sums[account] += cents
    return dict(sums)


async def read_balances(connection: Connection) -> dict[str, int]:
    return {row["account"]: row["cents"] for row in await connection.fetch(BALANCES, YEAR)}


@pytest.mark.parametrize("text_format", TextFormat)
@pytest.mark.parametrize("ledger", ["year", "busy"])
async def test_balances_equal_the_trial_balance(
    analyst_dsn: str, busy_dsn: str, ledger: str, text_format: TextFormat
) -> None:
    async with open_connection({"year": analyst_dsn, "busy": busy_dsn}[ledger]) as connection:
        documents = read_documents(await write(connection, text_format))
        assert add_up(documents) == await read_balances(connection)
    assert [document for document in documents if sum(cents for _, cents in document)] == []
    assert len(documents) > 10


async def test_a_document_in_several_pieces_is_one_transaction(
    busy_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_connection(busy_dsn) as connection:
        whole = await write(connection, TextFormat.HLEDGER)
        monkeypatch.setattr(journal_texts, "_ENTRIES_AT_ONCE", 1)
        assert await write(connection, TextFormat.HLEDGER) == whole
    assert [len(document) for document in read_documents(whole)].count(
        3
    ) == 1  # an entry by hand of three lines


async def test_a_transaction_is_a_document_of_an_accountant(dsn: str, tmp_path: Path) -> None:
    """Neighbouring acts of one reference are apart, and so are the accountants whose lines alternate in an act."""
    await add_accountants(dsn)
    await process_senders(
        dsn, tmp_path, [("BUDGET", BUDGET), ("MINISTRY", _ONE_REFERENCE), ("DRFIP", _TWO_BOOKS)]
    )
    async with open_connection(dsn) as connection:
        await refresh_views(connection, code_labels.load(REFERENCE))
        text = await write(connection, TextFormat.HLEDGER)
        rows = [row for row in await fetch_entries(connection) if row["debit"] or row["credit"]]
        names = await read_names(connection, code_labels.load(REFERENCE))
        documents = await load_document_names(connection, names, rows)
    first_entries: dict[DocumentName, int] = {}
    for entry, name in documents.items():
        first_entries[name] = min(entry, first_entries.get(name, entry))
    assert [int(entry) for entry in re.findall(r"; entry:(\d+)", text)] == sorted(first_entries.values())
    assert [sum(cents for _, cents in document) for document in read_documents(text)] == [0] * 4


async def test_accounts_have_their_french_titles(busy_dsn: str) -> None:
    async with open_connection(busy_dsn) as connection:
        text = await write(connection, TextFormat.HLEDGER)
        titles = await connection.fetch(
            "select distinct account, account_title from analysis_v1.balance where exercise = $1", YEAR
        )
    declared = dict(re.findall(r"^account (\d{10})  ; (.+)$", text, re.MULTILINE))
    assert declared.keys() == {row["account"] for row in titles}
    assert declared["4011100000"].casefold().startswith("fournisseurs")


async def test_signs_of_the_formats_are_replaced() -> None:
    text = journal_texts._replace_unsafe('a "b"; (c) | d\\e\n')
    assert text == "a _b__ _c_ _ d_e_"


@pytest.mark.outside("hledger")
async def test_hledger_reads_the_same_balances(analyst_dsn: str, tmp_path: Path) -> None:
    async with open_connection(analyst_dsn) as connection:
        path = tmp_path / "year.journal"
        path.write_text(await write(connection, TextFormat.HLEDGER))
        expected = {account: cents for account, cents in (await read_balances(connection)).items() if cents}
    assert read_hledger_balances(path) == expected


@pytest.mark.outside("bean-check")
async def test_beancount_finds_no_fault(analyst_dsn: str, busy_dsn: str, tmp_path: Path) -> None:
    for dsn in (analyst_dsn, busy_dsn):
        async with open_connection(dsn) as connection:
            path = tmp_path / "year.beancount"
            path.write_text(await write(connection, TextFormat.BEANCOUNT))
        words = [str(find_program("bean-check")), "--no-cache", str(path)]
        result = run_program(words)
        assert (result.returncode, result.stdout + result.stderr) == (0, "")
