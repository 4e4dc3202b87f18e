"""The report of special accounts: the figures of two sections in two years, worked by hand from their acts."""

from pathlib import Path

from core.special_accounts import list_earmarked_accounts
from reporting import code_labels
from reporting.code_names import read_names
from reporting.french_headings import translate_headings
from reporting.special_accounts import SpecialAccounts, build_table, load_special_accounts
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import PAID, act, grant, process_senders

_ACCOUNT = "Contrôle de la circulation et du stationnement routiers"
_RADARS = {"fund_centre": "0751-CENT-C001", "functional_area": "0751-01", "commitment_item": "31"}
_TICKETS = {"fund_centre": "0753-CENT-C001", "functional_area": "0753-01", "commitment_item": "31"}
_IN_2019 = {"exercise": "2019", "date": "2019-01-11"}
_CREDITS = [
    grant(kind.format(measure), f"{kind}{programme}{measure}{place}", "500.00", f"{programme}{place}")
    for programme in ("0751", "0753")
    for measure in ("ae", "cp")
    for kind, place in (("budget_opening_{}", ""), ("allotment_{}", "-CENT"), ("allotment_{}", "-CENT-C001"))
]
"""Entries 1 to 12."""


def _due(place: dict[str, str]) -> dict[str, str]:
    return {"fund_centre": place["fund_centre"], "commitment_item": "269906"}


_ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606"),
    act("receivable", "R1", "100.00", _due(_RADARS), PAID),
    act("receivable", "R2", "300.00", _due(_TICKETS), PAID),
    act("receipt", "E1", "90.00", predecessor="R1"),
    act("receipt", "E2", "200.00", predecessor="R2"),
    act("commitment", "C1", "60.00", _RADARS),
    act("direct_payment_request", "P1", "120.00", _TICKETS, PAID),
]
"""Entries 13 to 19."""
_LATER = [
    act("payment", "V1", "50.00", predecessor="P1"),
    act("receipt", "E3", "10.00", _IN_2019, predecessor="@15"),
]
_FILES = (("BUDGET", _CREDITS), ("MINISTRY", _ACTS), ("MINISTRY", _LATER))


async def _load(dsn: str, year: int | None = None, batch: int | None = None, *within: str) -> SpecialAccounts:
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        return await load_special_accounts(
            connection, names, year=year, batch=batch, within=frozenset(within)
        )


def _list_figures(report: SpecialAccounts) -> dict[tuple[int, str], tuple[int | None, ...]]:
    return {
        (row.year, row.section): (
            *(row.brought_cents, row.collected_cents, row.engaged_cents, row.carried_in_cents),
            *(row.ordered_cents, row.paid_cents),
            *(row.free_to_engage_cents, row.free_to_order_cents),
            *(row.carried_cents, row.stated_cents, row.difference_cents),
        )
        for row in report.sections
    }


async def test_each_section_has_the_figures_of_its_acts(dsn: str, tmp_path: Path) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    report = await _load(dsn)
    assert {row.account for row in report.sections} == {_ACCOUNT}
    assert _list_figures(report) == {
        (2018, "1"): (0, 9_000, 6_000, 0, 0, 0, 3_000, 9_000, 9_000, 0, -9_000),
        (2018, "2"): (0, 20_000, 12_000, 0, 12_000, 5_000, 8_000, 8_000, 15_000, 1_250, -13_750),
        (2019, "2"): (1_250, 1_000, 0, 0, 0, 0, 2_250, 2_250, 2_250, None, None),
    }
    assert (await _load(dsn, 2019)).sections == report.sections[2:]
    before = _list_figures(await _load(dsn, 2018, report.batch - 1))
    assert before[2018, "2"] == (0, 20_000, 12_000, 0, 12_000, 0, 8_000, 8_000, 20_000, 1_250, -18_750)


async def test_a_section_is_shown_to_who_may_see_all_of_its_programmes(dsn: str, tmp_path: Path) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    assert {row.section for row in (await _load(dsn, 2018, None, "0751", "0753")).sections} == {"1"}
    codes = code_labels.load(REFERENCE).years[2018]
    (programmes,) = (part.programmes for part in list_earmarked_accounts(codes) if part.section == "2")
    assert {row.section for row in (await _load(dsn, 2018, None, *programmes)).sections} == {"2"}


async def test_the_table_has_the_figures_in_euros_and_french_headings(dsn: str, tmp_path: Path) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    table = build_table(await _load(dsn, 2018))
    assert table.to_csv().splitlines()[1:] == [
        f"2018,{_ACCOUNT},1,0.00,90.00,60.00,0.00,0.00,0.00,30.00,90.00,90.00,0.00,-90.00",
        f"2018,{_ACCOUNT},2,0.00,200.00,120.00,0.00,120.00,50.00,80.00,80.00,150.00,12.50,-137.50",
    ]
    french = translate_headings(table)
    assert french.title == f"Comptes d'affectation spéciale, après le lot {(await _load(dsn)).batch}"
    assert [column.name for column in french.columns][5:9] == ["engagé", "basculé", "ordonnancé", "payé"]
