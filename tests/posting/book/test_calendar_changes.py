"""Changes of the calendar between two starts: the stored rows of a year keep their place."""

from pathlib import Path

import asyncpg
import pytest

from core.errors import ReferenceDataError
from core.outcome_codes import Outcome
from posting.book.registry import ReferenceData
from posting.recovery import book_loading
from posting.store.journal_store import PostgresStore
from tests.file_strategies import REFERENCE
from tests.period_decisions import decide_period
from tests.posting.loaded_engines import process_rows
from tests.reference_years import copy_reference, remove_lines
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, act

_DIRECT = [SPENDING[0], act("direct_payment_request", "D3", "25.00", ASPR, PAID)]
_NEXT = [row | {"exercise": "2019", "date": "2019-01-15"} for row in (*BUDGET, *_DIRECT[1:])]


def _only(folder: Path, year: int) -> Path:
    """Copy the small reference data with one exercise, all of whose months are open."""
    reference = copy_reference(folder)
    months = "months_open_at_start = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]\ncomplementary_days = 0\n"
    (reference / "calendar.toml").write_text(f"[exercise.{year}]\n{months}")
    return reference


async def _count_rows(dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(dsn)
    try:
        tables = ("batch", "entry", "refusal", "node_balance", "account_balance", "cell")
        return {name: await connection.fetchval(f"select count(*) from {name}") for name in tables}
    finally:
        await connection.close()


@pytest.mark.parametrize(("removed_year", "remaining_year"), [(2018, 2019), (2019, 2018)])
async def test_a_year_with_entries_is_never_dropped(
    dsn: str, tmp_path: Path, removed_year: int, remaining_year: int
) -> None:
    """The first or the last year: its figures would go to another year, or have no place."""
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    await process_rows(dsn, tmp_path, REFERENCE, [*_DIRECT, *_NEXT])
    before = await _count_rows(dsn)
    payment = act("payment", "P1", "25.00", predecessor=f"@{len(BUDGET) + 2}", iban=SPENDING[0]["iban"])
    with pytest.raises(
        ReferenceDataError,
        match=rf"calendar\.toml: exercise {removed_year} is missing.*with months_open_at_start",
    ):
        await process_rows(dsn, tmp_path, _only(tmp_path, remaining_year), [payment])
    assert await _count_rows(dsn) == before


@pytest.mark.parametrize(
    ("table", "contents"),
    [("node_balance", "figures of budget nodes"), ("account_balance", "sums of accounts")],
)
async def test_figures_of_a_removed_year_without_assignments_are_detected(
    dsn: str, tmp_path: Path, table: str, contents: str
) -> None:
    """Rows without any account assignment, as after damage, are detected by themselves."""
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    connection = await asyncpg.connect(dsn)
    path = (
        "18 * 131072 * 6 + 6, 0, 0, 0, 0, 0, 0, 0, 0" if table == "node_balance" else "1, 18 * 16 + 3, 5, 5"
    )
    await connection.execute(f"insert into {table} select 1, {path.replace('18', '17')}")
    await connection.close()
    with pytest.raises(
        ReferenceDataError, match=f"exercise 2017 is missing, but the database contains {contents}"
    ):
        async with PostgresStore(dsn).own_lease("test") as store:
            await book_loading.load_book(store, ReferenceData.load(REFERENCE))


async def test_a_year_is_closed_month_by_month(dsn: str, tmp_path: Path) -> None:
    """As the error advises: the year stays and accepts no act; its open requests are rejected, not paid, in the next year."""
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    await process_rows(dsn, tmp_path, REFERENCE, _DIRECT)
    for month in range(3, 13):
        await decide_period(dsn, f"2018-{month}", "close")
    payment = act("payment", "P1", "25.00", predecessor=f"@{len(BUDGET) + 2}", iban=SPENDING[0]["iban"])
    late = act("commitment", "C9", "1.00", ASPR)
    rejection = act("payment_request_rejection", "J1", "25.00", predecessor=f"@{len(BUDGET) + 2}")
    next_year = {"exercise": "2019", "date": "2019-02-01"}
    await process_rows(dsn, tmp_path, REFERENCE, [payment | next_year, rejection | next_year, late])
    connection = await asyncpg.connect(dsn)
    try:
        assert await connection.fetchval("select count(*) from entry where reference = 'J1'") == 1
        codes = await connection.fetch("select reference, code from refusal order by reference")
        assert [tuple(row) for row in codes] == [
            ("C9", Outcome.PERIOD_CLOSED),
            ("P1", Outcome.BUDGET_YEAR_CLOSED),
        ]
    finally:
        await connection.close()


async def test_a_year_without_rows_may_be_removed(dsn: str, tmp_path: Path) -> None:
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    reference = copy_reference(tmp_path)
    remove_lines(reference, "calendar.toml", "[exercise.2019]")
    text = (reference / "calendar.toml").read_text()
    (reference / "calendar.toml").write_text(text[: text.rindex("months_open_at_start")])
    await process_rows(dsn, tmp_path, reference, _DIRECT)
    assert (await _count_rows(dsn))["entry"] == len(BUDGET) + len(_DIRECT)
