"""Document numbers in a database: the migration gives the same ones, each names its entries, and a gap is found."""

import re
from pathlib import Path

import asyncpg
import pytest

from core.catalog import CATALOG
from core.journals import JOURNAL_OF_KIND, DocumentName
from core.reference.files import SAMPLE_FOLDER
from posting.store.migration_files import Migration, list_migrations
from reporting import act_history
from reporting.code_names import CodeNames
from reporting.document_numbers import fetch_lines_of_document, load_document_names
from reporting.report_queries import Connection
from reporting.verification import verify
from reporting.visibility import WHOLE_JOURNAL
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, act, process_senders
from tests.reporting.ledger_sums import fetch_entries

_MINISTRIES = ("MINISTRY", "OTHER")

_RANGES = """select batch, exercise, accountant, journal, first_number, first_entry, documents, starts from document_range
    order by batch, exercise, accountant, journal"""
_SCANS = "select seq_scan, idx_scan from pg_stat_xact_user_tables where relname = 'document_range'"
_EXTRA = "select batch, exercise, accountant, 15, 1, first_entry, 1, '{{0}}' from document_range"
_BREACHES = (
    ("update document_range set first_number = first_number + 1 where {row}", "numbers from"),
    ("update document_range set documents = documents + 1 where {row}", "documents"),
    ("update document_range set starts = starts || 1000000 where {row}", "documents that begin at other entries"),
    ("delete from document_range where {row}", "no document numbers"),
    (f"insert into document_range {_EXTRA} where {{row}}", "numbers from"),
)  # fmt: skip


async def test_the_migration_gives_the_numbers_that_the_engine_gave(journal: str) -> None:
    async with open_connection(journal) as connection:
        stored_rows = await connection.fetch(_RANGES)
    assert len(stored_rows) > 1
    assert await _number_again(journal) == stored_rows


async def _number_again(dsn: str) -> list[asyncpg.Record]:
    """Number all documents by the migration; return the rows."""
    async with open_connection(dsn) as connection:
        await connection.execute("set session_replication_role = replica; drop table document_range cascade")
        async with connection.transaction():
            await connection.execute(_get_migration().sql)
            (scans,) = await connection.fetch(_SCANS)
        rows = await connection.fetch(_RANGES)
    assert scans["idx_scan"] >= len(rows)  # each finds its last number without the ranges before it
    assert scans["seq_scan"] <= 2  # one for each index
    return rows


def _get_migration() -> Migration:
    (migration,) = [row for row in list_migrations() if row.name.startswith("0080")]
    return migration


async def test_carries_of_equal_references_have_a_document_each(dsn: str, tmp_path: Path) -> None:
    """Two ministries name a commitment alike, and neighbouring lines of one file carry both; the migration agrees."""
    commitment = act("commitment", "EJ-1", "10.00", ASPR)
    carry = {"exercise": "2019", "date": "2019-01-21"} | ASPR
    carries = [
        act(
            "commitment_carry",
            "EJ-1",
            "10.00",
            carry,
            predecessor=f"@{len(BUDGET) + number}",
            reference_sender=sender,
        )
        for number, sender in enumerate(_MINISTRIES, 1)
    ]
    spending = [(sender, [commitment]) for sender in _MINISTRIES]
    await process_senders(dsn, tmp_path, [("BUDGET", BUDGET), *spending, ("closing", carries)])
    async with open_connection(dsn) as connection:
        (counts,) = await connection.fetch("select documents from document_range where journal = 11")
        assert counts["documents"] == len(_MINISTRIES)
        stored_rows = await connection.fetch(_RANGES)
    verification = await verify(dsn, folder=REFERENCE, checks=["document_numbers"])
    assert not [finding for finding in verification.findings if finding.check == "document_numbers"]
    assert await _number_again(dsn) == stored_rows


def test_the_migration_has_the_journal_of_each_kind() -> None:
    """Kinds that are added after it are of no entry that it numbers."""
    for name, numbers in (("journals", JOURNAL_OF_KIND), ("families", [kind.family for kind in CATALOG])):
        (text,) = re.findall(rf"{name} constant smallint\[\] := '{{(.*)}}'", _get_migration().sql)
        by_kind = [int(number) for number in text.split(",")]
        assert by_kind == [int(number) for number in numbers[: len(by_kind)]]


async def test_each_document_has_the_entries_of_one_act(reader: Connection, names: CodeNames) -> None:
    rows = await fetch_entries(reader)
    documents = await load_document_names(reader, names, rows)
    numbered = [row["entry_id"] for row in rows if JOURNAL_OF_KIND[row["kind"]]]
    assert sorted(documents) == numbered
    entries: dict[DocumentName, list[int]] = {}
    for entry in numbered:
        entries.setdefault(documents[entry], []).append(entry)
    for name, of_document in entries.items():
        lines = await fetch_lines_of_document(reader, names, name, visibility=WHOLE_JOURNAL)
        assert [line["entry_id"] for line in lines] == of_document
        assert len({line["reference"] for line in lines}) == 1
    numbers: dict[tuple[object, ...], list[int]] = {}
    for *series, number in entries:
        numbers.setdefault(tuple(series), []).append(number)
    assert len(numbers) > 1
    for of_series in numbers.values():
        assert sorted(of_series) == list(range(1, len(of_series) + 1))


async def test_the_history_of_an_act_names_its_document(reader: Connection, names: CodeNames) -> None:
    (line,) = (await act_history.explain(reader, names, "D3")).accepted
    assert line.document_number.startswith("ECOL/2018/DEP/")
    accountant, year, journal, number = line.document_number.split("/")
    name = DocumentName(accountant, int(year), journal, int(number))
    (same,) = (await act_history.explain_document(reader, names, name)).accepted
    assert same == line
    assert not (await act_history.explain_document(reader, names, name._replace(number=10**6))).accepted


@pytest.mark.parametrize(("statement", "finding_text"), _BREACHES)
async def test_a_planted_gap_is_found_and_named(journal: str, statement: str, finding_text: str) -> None:
    async with open_connection(journal) as connection:
        await connection.execute("set session_replication_role = replica")
        last = "select batch, journal, accountant from document_range order by batch desc limit 1"
        row = f"(batch, journal, accountant) = ({last})"
        await connection.execute(statement.format(row=row))
    verification = await verify(journal, folder=SAMPLE_FOLDER, checks=["document_numbers"])
    places = [finding for finding in verification.findings if finding.check == "document_numbers"]
    assert places, verification.findings
    assert any(finding_text in finding.found for finding in places)
