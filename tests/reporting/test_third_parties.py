"""Third parties to look at: near-duplicates by IBAN, SIREN and name, and SIRET with a wrong key, by hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from core.iban import add_check_digits
from reporting import third_parties
from reporting.report_catalog import REPORTS
from reporting.third_parties import build_table, load_third_parties
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.reporting.journals import Row, act, process_senders


def _party(code: str, name: str, account: int) -> Row:
    iban = add_check_digits("FR", f"{account:023}")
    return act("third_party", f"T-{code}", "", payee=code, payee_name=name, iban=iban)


PARTIES = [
    _party("73282932000074", "Société Dupont & Fils", 1),  # entry 1: the key is right
    _party("73282932000082", "DUPONT ET FILS S.A.R.L.", 2),  # entry 2: the same SIREN; the key is right
    _party("732829320", "Garage du Centre", 3),  # entry 3: the SIREN itself
    _party("FR-35600000049837", "La Poste", 4),  # entry 4: right by the sum of its digits
    _party("35600000049838", "La Poste, Évreux", 5),  # entry 5: wrong; the SIREN of entry 4
    _party("X1", "Œuvres de l'été", 6),  # entry 6
    _party("X2", "OEUVRES DE L'ETE", 6),  # entry 7: the account and the name of entry 6
    _party("X3", "SARL", 7),  # entry 8: no name besides its legal form
    _party("X4", "S.A.", 8),  # entry 9
    _party("12345678901234567", "Longue Suite", 9),  # entry 10: 17 digits are no SIRET
]


@pytest_asyncio.fixture
async def journal(dsn: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A journal of the third parties above, in their order."""
    await process_senders(dsn, tmp_path, [("MINISTRY", PARTIES)])
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("select count(*) from refusal") == 0
    yield connection
    await connection.close()


async def _find(journal: asyncpg.Connection, check: str = "all") -> list[tuple[str, str, int]]:
    result = await load_third_parties(journal, check)
    return [(row.finding, row.value, row.entry) for row in result.third_parties]


async def test_each_check_finds_its_third_parties(journal: asyncpg.Connection) -> None:
    shared = add_check_digits("FR", f"{6:023}")
    assert await _find(journal, "iban") == [("same IBAN", shared, 6), ("same IBAN", shared, 7)]
    assert await _find(journal, "siren") == [
        *(("same SIREN", "356000000", entry) for entry in (4, 5)),
        *(("same SIREN", "732829320", entry) for entry in (1, 2, 3)),
    ]
    assert await _find(journal, "name") == [
        *(("same name", "DUPONT FILS", entry) for entry in (1, 2)),
        *(("same name", "OEUVRES DE L ETE", entry) for entry in (6, 7)),
    ]
    assert await _find(journal, "siret") == [("wrong SIRET", "35600000049838", 5)]


async def test_all_checks_follow_each_other(journal: asyncpg.Connection) -> None:
    parts = [await _find(journal, check) for check in ("iban", "siren", "name", "siret")]
    assert await _find(journal) == [row for part in parts for row in part]


async def test_the_present_account_counts(journal: asyncpg.Connection, dsn: str, tmp_path: Path) -> None:
    other = add_check_digits("FR", f"{77:023}")
    folder = tmp_path / "later"
    folder.mkdir()
    change = act(
        "bank_details", "BD-1", "", payee="X2", payee_name="Nouveau nom", iban=other, **CHANGE_FIELDS
    )
    await add_accountants(dsn)
    await process_senders(dsn, folder, [("MINISTRY", [change])])
    assert await journal.fetch("select code, field from refusal") == []
    assert await _find(journal, "iban") == []
    assert [row[1:] for row in await _find(journal, "name")] == [("DUPONT FILS", 1), ("DUPONT FILS", 2)]


async def test_a_report_has_a_limit(journal: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(third_parties, "ROWS_MAX", 3)
    result = await load_third_parties(journal, "siren")
    assert (len(result.third_parties), result.incomplete) == (3, ["same SIREN"])
    assert "more than 3 of same SIREN" in build_table(result).title


@pytest.mark.parametrize(("check", "count"), [("siren", 5), ("name", 4), ("siret", 1)])
async def test_a_report_of_exactly_its_limit_has_no_more(
    check: str, count: int, journal: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(third_parties, "ROWS_MAX", count)
    result = await load_third_parties(journal, check)
    assert (len(result.third_parties), result.incomplete) == (count, [])
    assert "more than" not in build_table(result).title


def test_names_and_accounts_have_no_route() -> None:
    (report,) = (report for report in REPORTS if report.name == "third-parties")
    assert report.example is None
