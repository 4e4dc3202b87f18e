"""French headings: every heading of every report has one, and no table has one twice."""

import re
from pathlib import Path

import pytest

from reporting.french_headings import HEADINGS, translate_headings
from reporting.report_tables import Column, ReportTable

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
    "statements",
    "situation",
    "special_accounts",
)


@pytest.mark.parametrize("module", MODULES)
def test_every_heading_of_a_report_has_a_french_one(module: str) -> None:
    names = set(re.findall(r'Column\("([^"]+)"', (ROOT / f"reporting/{module}.py").read_text()))
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


def test_the_words_of_the_journal_and_the_general_ledger_are_french() -> None:
    french = translate_headings(
        ReportTable("General ledger", [Column("row"), Column("finding")], [["opening", "balanced"]], (), ())
    )
    assert (french.title, french.rows) == ("Grand livre", [["balance d'entrée", "équilibré"]])
    totals = ReportTable("Totals of the journal", [Column("period")], [], ["all"], ())
    assert translate_headings(totals)[:2] == ("Totaux du livre-journal", [Column("période")])


def test_what_has_no_french_name_stays() -> None:
    table = ReportTable("Keys", [Column("key")], [], (), None)
    assert translate_headings(table) == ("Keys", [Column("key")], [], [], None, None)
