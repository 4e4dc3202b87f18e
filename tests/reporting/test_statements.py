"""Balance sheet and result of the small journal, and what every report of closing adds up to in the year of a small State."""

from pathlib import Path

import pytest

from core.reference.files import SAMPLE_FOLDER
from core.statement_plan import Section
from reporting import code_labels
from reporting.code_names import CodeNames, read_names
from reporting.commitments import load_outstanding_commitments
from reporting.french_headings import translate_headings
from reporting.mandatory import load_mandatory
from reporting.remaining_amounts import load_remaining_amounts
from reporting.report_queries import Connection
from reporting.statements import WITHOUT_LINE, Statements, build_table, load_statements
from reporting.trial_balance import BalanceScope, load_trial_balance
from reporting.visibility import Visibility
from tests.databases import open_connection
from tests.reference_years import copy_reference, remove_lines

_OF_2018 = BalanceScope(2018)


def list_nets(statements: Statements) -> dict[str, int]:
    return {line.line: line.net_cents for line in statements.lines if line.net_cents and not line.is_total}


async def test_the_lines_of_the_small_journal(reader: Connection, names: CodeNames) -> None:
    """D1 25.00, D2 30.00 and D3 25.00 of services and D6 6.00 and D7 70.00 of works are owed; D8 25.00 to the debt."""
    statements = await load_statements(reader, names, _OF_2018)
    balance = await load_trial_balance(reader, names, _OF_2018)
    balances = {row.account: row.balance for row in balance.accounts}
    assert list_nets(statements) == {
        "A11": balances["2318000000"],
        "L20": -balances["4011100000"] - balances["4081000000"],
        "L60": -balances["1853200000"],
        "C11": balances["6188000000"],
        "C63": balances["6650000000"],
    }
    assert list_nets(statements)["A11"] == 7_600
    (year,) = statements.years
    assert (year.difference_cents, statements.unplaced) == (0, [])
    assert year.net_position_cents == year.result_cents == -10_500 - 2_500
    assert year.assets_cents == 7_600


async def test_an_account_without_a_line_is_listed(reader: Connection, tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    remove_lines(reference, "2018/statement_words.csv", "Immobilisations corporelles,")
    names = await read_names(reader, code_labels.load(reference))
    statements = await load_statements(reader, names, _OF_2018)
    (account,) = statements.unplaced
    assert (account.account, account.words, account.balance_cents) == (
        "2318000000",
        "Immobilisations corporelles",
        7_600,
    )
    (year,) = statements.years
    assert (year.assets_cents, year.unplaced_cents, year.difference_cents) == (0, 7_600, 0)
    table = build_table(statements)
    assert [row[-1] for row in table.rows if row[0] == WITHOUT_LINE] == [7_600]
    assert table.format_footer() == ["difference", "", "", "", "0.00"]


async def test_without_the_files_every_account_is_listed(reader: Connection, tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    for name in ("statements.csv", "statement_words.csv"):
        (reference / "2018" / name).unlink()
    names = await read_names(reader, code_labels.load(reference))
    statements = await load_statements(reader, names, _OF_2018)
    assert statements.lines == []
    assert len(statements.unplaced) == 6
    assert [year.difference_cents for year in statements.years] == [0]


async def test_a_total_that_leaves_a_line_out_is_seen_in_the_difference(
    reader: Connection, tmp_path: Path
) -> None:
    reference = copy_reference(tmp_path)
    path = reference / "2018" / "statements.csv"
    path.write_text(path.read_text().replace("A10 A11 A12", "A10 A12"))
    names = await read_names(reader, code_labels.load(reference))
    (year,) = (await load_statements(reader, names, _OF_2018)).years
    assert year.difference_cents == -7_600


async def test_the_table_is_french_too(reader: Connection, names: CodeNames) -> None:
    table = translate_headings(build_table(await load_statements(reader, names, _OF_2018)))
    assert table.title.startswith("Bilan et compte de résultat, après le lot ")
    assert [column.name for column in table.columns] == [
        *("partie", "poste", "brut", "amortissements, dépréciations", "2018"),
    ]
    assert table.rows[1][:4] == ["actif", "Immobilisations corporelles", 7_600, 0]
    assert table.footer[0] == "différence"


@pytest.mark.parametrize("year", sorted(code_labels.load(SAMPLE_FOLDER).charts))
def test_every_account_of_the_sample_has_a_line_and_every_line_is_in_a_total(year: int) -> None:
    chart = code_labels.load(SAMPLE_FOLDER).charts[year]
    plan = chart.statements
    for number, account in chart.accounts.items():
        assert plan.find_line(account.statement, number, 1)
        assert plan.find_line(account.statement, number, -1)
    terms = [code for line in plan.lines for _, code in line.terms]
    last = {line.section: line.code for line in plan.lines}
    assert [line.code for line in plan.lines if line.code not in terms] == [
        *(last[section] for section in (Section.ASSET, Section.LIABILITY, Section.NET_POSITION)),
    ]
    assert len(terms) == len(set(terms))


async def test_the_reports_of_closing_add_up_in_the_year_of_a_state(journal: str) -> None:
    async with open_connection(journal) as connection:
        names = await read_names(connection, code_labels.load(SAMPLE_FOLDER))
        statements = await load_statements(connection, names, BalanceScope())
        assert statements.unplaced == []
        assert {year.difference_cents for year in statements.years} == {0}
        remaining = await load_remaining_amounts(connection, names)
        outstanding = await load_outstanding_commitments(connection, names)
        assert remaining.remaining_cents == outstanding.remaining_cents > 0
        mandatory = await load_mandatory(connection, names)
        assert mandatory.accrued_cents == outstanding.unbilled_cents > 0
        assert 0 < mandatory.owed_cents < outstanding.requested_cents
        senders = await connection.fetch("select distinct sender from submission")
        parts = [
            await load_mandatory(connection, names, visibility=Visibility(row["sender"])) for row in senders
        ]
        assert sum(part.mandatory_cents for part in parts) == mandatory.mandatory_cents
