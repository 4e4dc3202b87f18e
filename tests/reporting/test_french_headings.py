"""French headings: every heading of every report has one, and no table has one twice."""

import re
from pathlib import Path

import pytest

from core.catalog import CATALOG
from core.families import Family
from reporting.accruals import AUTOMATIC
from reporting.closing_file import NOT_BEGUN
from reporting.french_headings import HEADINGS, translate_headings
from reporting.french_words import WORDS
from reporting.receipts import Receipts, build_table
from reporting.report_tables import Column, ReportTable
from reporting.suspense import SORTS

ROOT = Path(__file__).parents[2]
MODULES = (
    "budget",
    "trial_balance",
    "journal",
    "general_ledger",
    "commitments",
    "delays",
    "refusals",
    "proofs",
    "submissions",
    "invoices",
    "third_parties",
    "visas",
    "overdue_interest",
    "remaining_amounts",
    "mandatory",
    "accruals",
    "statements",
    "situation",
    "special_accounts",
    "execution",
    "settlement_tables",
    "follow_up_tables",
    "aged_items",
    "public_balance",
    "reconciliation",
    "closing_file",
    "advances",
    "receipts",
    "assets",
    "suspense",
)


@pytest.mark.parametrize("module", MODULES)
def test_every_heading_of_a_report_has_a_french_one(module: str) -> None:
    text = (ROOT / f"reporting/{module}.py").read_text()
    amounts = re.search(r"_MONEY_COLUMNS: .+ = {([^}]+)}", text)
    names = {
        *re.findall(r'Column\("([^"]+)"', text),
        *re.findall(r'"([^"]+)":', amounts[1] if amounts else ""),
    }
    assert names <= HEADINGS.keys()
    assert len({HEADINGS[name] for name in names}) == len(names)


def test_the_order_of_dropping_columns_follows_the_translation() -> None:
    table = ReportTable(
        "Refused lines", [Column("line"), Column("node")], [["1", "n"]], ["all", ""], ("node",)
    )
    french = translate_headings(table)
    assert french == (
        "Lignes refusées", [Column("ligne"), Column("nœud budgétaire")], [["1", "n"]], ["total", ""],
        ["nœud budgétaire"], None,
    )  # fmt: skip


def test_what_is_lowered_of_a_receivable_is_no_depreciation() -> None:
    receipts_table = build_table(Receipts(1_200, [], *[0] * 4))
    french = translate_headings(receipts_table)
    assert french.title == "Titres de perception et recettes, après le lot 1,200"
    assert [column.name for column in french.columns] == [
        *("exercice", "nature de recette", "libellé", "titres émis"),
        *("réductions et annulations", "recouvré", "restes à recouvrer"),
    ]
    statement = translate_headings(ReportTable("Journal", [Column("lowered")], [], (), ()))
    assert statement.columns == [Column("amortissements, dépréciations")]


def test_the_words_of_the_journal_and_the_general_ledger_are_french() -> None:
    french = translate_headings(
        ReportTable("General ledger", [Column("row"), Column("finding")], [["opening", "balanced"]], (), ())
    )
    assert (french.title, french.rows) == ("Grand livre", [["balance d'entrée", "équilibré"]])
    totals = ReportTable("Totals of the journal", [Column("period")], [], ["all"], ())
    assert translate_headings(totals)[:2] == ("Totaux du livre-journal", [Column("période")])


def test_the_words_of_sorts_states_and_recoveries_are_french() -> None:
    """Each word that a report states itself has a French one, and the kinds of the inventory their terms."""
    words = {
        "sort": (*SORTS[1:], AUTOMATIC, *(kind.name for kind in CATALOG if kind.family is Family.INVENTORY)),
        "recovery": ("later", "due", "late"),
        "state": (
            *("requested", "partly_paid", "paid", "partly_rejected", "rejected", "carried", "not visible"),
            *("done", "unfinished", "cancelled", NOT_BEGUN, "not ended", "blocks"),
            *("proven", "refused", "interrupted", "withdrawn"),
        ),
    }
    for column, cells in words.items():
        rows = [[cell] for cell in cells]
        french = translate_headings(ReportTable("Words", [Column(column)], rows, (), ()))
        assert all(row != cell for row, cell in zip(french.rows, rows, strict=True))
    assert WORDS["accrual"] == "charge à payer (manuelle)"


def test_what_has_no_french_name_stays() -> None:
    table = ReportTable("Keys", [Column("key")], [], (), None)
    assert translate_headings(table) == ("Keys", [Column("key")], [], [], None, None)
