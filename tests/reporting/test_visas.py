"""The report of visas: what was requested, decided and used, added up by hand."""

import csv
from datetime import date
from pathlib import Path

import msgspec

from reporting import code_labels
from reporting.code_names import read_names
from reporting.french_headings import translate_headings
from reporting.visas import Visas, build_table, load_visas
from reporting.visibility import Visibility
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import act, grant, process_senders

_PLACE = {"fund_centre": "0217-SGAC-IMMO", "functional_area": "0217-07", "commitment_item": "51"}
_HASH = {"document_hash": "5e" * 32}
_BUDGET = [
    grant("budget_opening_ae", "O1", "9000000.00", "0217"),
    grant("allotment_ae", "A1", "9000000.00", "0217-SGAC"),
    grant("allotment_ae", "A2", "9000000.00", "0217-SGAC-IMMO"),
]
_ACTS = [
    act("visa_request", "D1", "900000.00", _PLACE, date="2018-03-01"),
    act("visa", "V1", "900000.00", predecessor="D1", date="2018-03-11"),
    act("commitment_with_visa", "C1", "200000.00", predecessor="V1", date="2018-03-12"),
    act("commitment_with_visa", "C2", "100000.00", predecessor="V1", date="2018-03-12"),
    act("commitment_reversal", "R1", "200000.00", predecessor="C1", date="2018-03-13"),
    act("commitment_with_visa", "C3", "500000.00", predecessor="V1", date="2018-03-14"),
    act("visa_request", "D2", "700000.00", _PLACE, date="2018-03-01"),
    act("tacit_visa", "V2", "700000.00", predecessor="D2", date="2018-03-17"),
    act("visa_request", "D3", "800000.00", _PLACE, date="2018-03-01"),
    act("visa_refusal", "V3", "800000.00", predecessor="D3", date="2018-03-09"),
    act("visa_override", "V4", "800000.00", _HASH, predecessor="V3", date="2018-04-20"),
    act("commitment_with_visa", "C4", "800000.00", predecessor="V4", date="2018-04-20"),
    act("visa_request", "D4", "600000.00", _PLACE, date="2018-03-01"),
    act("visa_refusal", "V5", "600000.00", predecessor="D4", date="2018-03-02"),
    act("visa_request", "D5", "500000.00", _PLACE, date="2018-03-01"),
]


async def _load(dsn: str, folder: Path, visibility: Visibility | None = None) -> Visas:
    await process_senders(dsn, folder, (("BUDGET", _BUDGET), ("MINISTRY", _ACTS)))
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        visibility = visibility or Visibility()
        return await load_visas(connection, names, day=date(2018, 3, 31), visibility=visibility)


async def test_each_request_has_its_decision_and_what_is_used(dsn: str, tmp_path: Path) -> None:
    """D1 is used after the reversal of C1, which gives nothing back: 900,000.00 less 800,000.00 are left."""
    report = await _load(dsn, tmp_path)
    figures = [
        (
            *(visa.reference, visa.decision, visa.decided_on, visa.days_waited, visa.used_cents // 100),
            *(visa.left_cents // 100, visa.reversed_cents // 100, visa.used_after_reversal_cents // 100),
        )
        for visa in report.visas
    ]
    assert figures == [
        ("D1", "visa", "2018-03-11", 10, 800_000, 100_000, 200_000, 500_000),
        ("D2", "tacit_visa", "2018-03-17", 16, 0, 700_000, 0, 0),
        ("D3", "visa_override", "2018-04-20", 8, 800_000, 0, 0, 0),
        ("D4", "visa_refusal", "2018-03-02", 1, 0, 0, 0, 0),
        ("D5", "pending", None, 30, 0, 0, 0, 0),
    ]
    assert {(visa.ministry, visa.title, visa.day) for visa in report.visas} == {
        ("Transition écologique", 5, "2018-03-01")
    }
    sums = (report.amount_cents, report.used_cents, report.left_cents, report.reversed_cents)
    assert sums == (350_000_000, 160_000_000, 80_000_000, 20_000_000)
    assert report.used_after_reversal_cents == 50_000_000


async def test_the_report_is_encoded_and_laid_out(dsn: str, tmp_path: Path) -> None:
    report = await _load(dsn, tmp_path)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Visas) == report
    table = build_table(report)
    rows = list(csv.reader(table.to_csv().splitlines()))
    assert rows[0] == [column.name for column in table.columns]
    assert rows[1][2:8] == ["D1", "4", "2018-03-01", "900000.00", "visa", "2018-03-11"]
    assert table.footer[-1] == 50_000_000
    french = translate_headings(table)
    assert french.title == f"Visas du contrôleur budgétaire, après le lot {report.batch}"
    assert french.columns[-1].name == "utilisé après une extourne"


async def test_another_sender_sees_none(dsn: str, tmp_path: Path) -> None:
    report = await _load(dsn, tmp_path, Visibility("OTHER"))
    assert (report.visas, report.amount_cents) == ([], 0)
