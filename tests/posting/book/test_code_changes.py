"""Changed meanings of codes: a start with another meaning of a code in use is refused and changes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import pytest_asyncio

from core.errors import ReferenceDataError
from posting.book.registry import ReferenceData
from reporting.verification import verify
from service.database.embedded_server import Database
from tests.databases import create_database, create_named_database, open_connection
from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_rows, process_with
from tests.reference_years import copy_reference, copy_year, remove_lines, replace_text, shift_to_2019
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, WORKS, act

_ACTS = [
    SPENDING[0],
    act("commitment", "C1", "100.00", ASPR),
    act("service", "S1", "60.00", predecessor="C1"),
    act("commitment", "C2", "150.00", WORKS),
    act("direct_payment_request", "C3", "10.00", ASPR, PAID, fund="1-1-00733", commitment_item="21"),
    act("direct_payment_request", "D2", "25.00", ASPR, PAID),
    act("direct_payment_request", "D3", "2.00", ASPR, PAID, account="6153110000"),
    act("payment", "P1", "5.00", predecessor="D2", iban=SPENDING[0]["iban"]),
]
_NEXT = [act("payment_request", "D1", "40.00", PAID, predecessor="C1")]
_USED = "used_codes"
_REQUESTED = "select count(*) from entry where reference = 'D1'"


class Change(NamedTuple):
    """A change of files between two starts, and the error that it causes."""

    file: str
    old: str
    new: str
    message: str


_PUT_BACK = " back: a code "
_CHANGES = (
    Change(
        "programmes.csv",
        'durables",Transition écologique,0',
        'durables",Transition écologique,1',
        "programmes.csv of 2018: 0217 is in use with estimated 0, and the file now has estimated 1",
    ),
    Change(
        "centres.csv",
        "000001,0217-SGAC-IMMO",
        "000001,0217-SGAC-ASPR",
        "centres.csv of 2018: OP-0217-000001 is in use with parent 0217-SGAC-IMMO, and the file now has parent 0217-SGAC-ASPR",
    ),
    Change(
        "roles.csv",
        "31,6188000000,4081000000,4011100000",
        "31,6113110000,4081000000,4211110000",
        "items.csv, roles.csv of 2018: 31 is in use with expense 6188000000, creditor 4011100000, and the file now has "
        "expense 6113110000, creditor 4211110000",
    ),
    Change(
        "items.csv",
        "21,Rémunérations d'activité,2,1,0",
        "21,Rémunérations d'activité,3,0,0",
        "items.csv, roles.csv of 2018: 21 is in use with staff 1, title 2, and the file now has staff 0, title 3",
    ),
    Change(
        "items.csv",
        "51,Investissements: immobilisations corporelles,5,",
        "51,Investissements: immobilisations corporelles,6,",
        "items.csv, roles.csv of 2018: 51 is in use with title 5, and the file now has title 6",
    ),
    Change(
        "funds.csv",
        "1-1-00733,contribution,0217",
        "1-1-00733,assigned_revenue,0177",
        "funds.csv of 2018: 1-1-00733 is in use with family contribution, programme 0217, and the file now has "
        "family assigned_revenue, programme 0177",
    ),
    Change(
        "creditors.csv",
        "61531,4211110000",
        "6188,4678410000,,chart\n61531,4211110000",
        "creditors.csv of 2018: 6188000000 is in use with creditor none, and the file now has creditor 4678410000",
    ),
    Change(
        "creditors.csv",
        "61531,4211110000",
        "61531,4678410000",
        "creditors.csv of 2018: 6153110000 is in use with creditor 4211110000, and the file now has creditor 4678410000",
    ),
    Change(
        "roles.csv",
        "615 616 617 618",
        "6151 6152 6155 616 617 618",
        "roles.csv of 2018: 31 does not admit account 6153110000, although both are in use",
    ),
    Change(
        "late_interest.toml",
        '"31" = "services"\n',
        "",
        "late_interest.toml of 2018: 31 is in use with contract services, and the file now has contract none",
    ),
    Change(
        "late_interest.toml",
        '"31" = "services"',
        '"31" = { "2013-05-01" = "supplies", "2018-07-01" = "services" }',
        "late_interest.toml of 2018: 31 is in use with contract services, and the file now has contract supplies, "
        "services from 2018-07-01",
    ),
    Change(
        "late_interest.toml",
        'expense = "61531"\ncreditor = "4211110000"\ncontract = "none"',
        'expense = "61531"\ncreditor = "4211110000"\ncontract = "item"',
        "late_interest.toml of 2018: 6153110000 is in use with contract that of the item, owed on 4211110000 none, and the "
        "file now has contract that of the item, owed on 4211110000 that of the item",
    ),
    Change(
        "late_interest.toml",
        'expense = "6113110000"',
        'expense = "6188"',
        "late_interest.toml of 2018: 6188000000 is in use with contract that of the item, and the file now has contract none",
    ),
    Change(
        "late_interest.toml",
        'expense = "6113110000"',
        'expense = "6188"\ncreditor = "4011100000"\ncontract = "none"\nsource = "a trial"\n\n'
        '[[accounts]]\nexpense = "6113110000"',
        "late_interest.toml of 2018: 6188000000 is in use with contract that of the item, and the file now has contract that "
        "of the item, owed on 4011100000 none",
    ),
    Change(
        "treasury.csv",
        "transit,5126410000",
        "transit,4286100000",
        "treasury.csv of 2018: transit is in use with account 5126410000, and the file now has account 4286100000",
    ),
)
_REMOVED = (
    Change(
        "centres.csv",
        "0217-SGAC-ASPR",
        "",
        "centres.csv of 2018: 0217-SGAC-ASPR is missing, although it is in use",
    ),
    Change("areas.csv", "0217-07", "", "areas.csv of 2018: 0217-07 is missing, although it is in use"),
    Change("funds.csv", "1-1-00733", "", "funds.csv of 2018: 1-1-00733 is missing, although it is in use"),
)


async def _tables(connection: asyncpg.Connection) -> list[int | None]:
    names = ("reference_text", "reference_meaning", "batch", "entry", "submission", "node_balance", "cell")
    return [await connection.fetchval(f"select count(*) from {name}") for name in names]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def used(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Yield the name of a ledger in which codes of every kind are in use; nobody is connected to it."""
    folder = tmp_path_factory.mktemp("used")
    async with create_named_database(database.dsn, _USED) as dsn:
        await process_rows(dsn, folder, REFERENCE, BUDGET, "TREASURY")
        await process_rows(dsn, folder, REFERENCE, _ACTS)
        async with open_connection(dsn) as connection:
            assert await connection.fetchval("select count(*) from entry") == len(BUDGET) + len(_ACTS) - 1
            # C3 is refused: its fund has no credits
            assert await connection.fetchval("select code from refusal") is not None
        yield _USED


@pytest_asyncio.fixture
async def dsn(database: Database, used: str) -> AsyncIterator[str]:
    """Yield the address of a copy of that ledger."""
    async with create_database(database, used) as address:
        yield address


async def _assert_refused(dsn: str, folder: Path, reference: Path, message: str) -> None:
    """Assert that the start is refused and stores nothing, and that the engine works again with the former files."""
    async with open_connection(dsn) as connection:
        before = await _tables(connection)
        with pytest.raises(ReferenceDataError) as refused:
            await process_rows(dsn, folder, reference, _NEXT)
        assert str(refused.value).startswith(message)
        assert _PUT_BACK in str(refused.value)
        assert await _tables(connection) == before
        await process_rows(dsn, folder, REFERENCE, _NEXT)
        assert await connection.fetchval(_REQUESTED) == 1
    assert (await verify(dsn, folder=REFERENCE, checks=("evidence",))).findings == []


@pytest.mark.parametrize("change", _CHANGES, ids=lambda change_of_file: change_of_file.file)
async def test_a_code_in_use_keeps_its_meaning(dsn: str, tmp_path: Path, change: Change) -> None:
    reference = copy_reference(tmp_path)
    path = change.file if change.file == "late_interest.toml" else f"2018/{change.file}"
    replace_text(reference, path, change.old, change.new)
    await _assert_refused(dsn, tmp_path, reference, change.message)


@pytest.mark.parametrize("change", _REMOVED, ids=lambda change_of_file: change_of_file.file)
async def test_a_code_in_use_is_not_removed(dsn: str, tmp_path: Path, change: Change) -> None:
    reference = copy_reference(tmp_path)
    remove_lines(reference, f"2018/{change.file}", change.old)
    await _assert_refused(dsn, tmp_path, reference, change.message)


async def test_a_nature_in_use_is_not_removed(dsn: str, tmp_path: Path) -> None:
    """Another nature may go, and so may the same of a year without such a request."""
    rent = act("payment_request_without_service", "D9", "1.00", PAID, predecessor="C1", nature="location")
    await process_rows(dsn, tmp_path, REFERENCE, [rent])
    reference = copy_reference(tmp_path)
    copy_year(reference)
    for file in ("2018/before_service.csv", "2019/before_service.csv"):
        remove_lines(reference, file, "nature,publication")
    remove_lines(reference, "2019/before_service.csv", "nature,location")
    await process_rows(dsn, tmp_path, reference, [SPENDING[0] | {"reference": "T9", "payee": "NEW"}])
    remove_lines(reference, "2018/before_service.csv", "nature,location")
    message = "before_service.csv of 2018: nature location is missing, although it is in use by entry "
    await _assert_refused(dsn, tmp_path, reference, message)


async def test_a_nature_in_use_of_a_year_that_has_the_files_of_another_is_not_removed(
    dsn: str, tmp_path: Path
) -> None:
    year = {"exercise": "2019", "date": "2019-01-15"}
    openings = [
        row | year | {"reference": f"{row['reference']}-19"} for row in BUDGET if row["kind"] != "earmark"
    ]
    committed = act("commitment", "C19", "10.00", ASPR, year)
    rent = act(
        "payment_request_without_service", "D19", "1.00", PAID, year, predecessor="C19", nature="location"
    )
    await process_rows(dsn, tmp_path, REFERENCE, [*openings, committed, rent])
    reference = copy_reference(tmp_path)
    remove_lines(reference, "2018/before_service.csv", "nature,location")
    message = "before_service.csv of 2019: nature location is missing, although it is in use by entry "
    await _assert_refused(dsn, tmp_path, reference, message)


async def test_an_item_in_use_is_not_removed(dsn: str, tmp_path: Path) -> None:
    """An item with account assignments in the journal, even if only refused lines named them."""
    reference = copy_reference(tmp_path)
    for file in ("items.csv", "roles.csv"):
        remove_lines(reference, f"2018/{file}", "21,")
    await _assert_refused(
        dsn, tmp_path, reference, "items.csv of 2018: 21 is missing, although it is in use. Put the code back"
    )


async def test_a_programme_in_use_is_not_removed(dsn: str, tmp_path: Path) -> None:
    """With all fund centres below it; the error names the programme first."""
    reference = copy_reference(tmp_path)
    for file, starts in (
        ("programmes.csv", ("0217",)),
        ("centres.csv", ("0217", "OP-0217")),
        ("areas.csv", ("0217",)),
        ("funds.csv", ("1-1-00733", "2-1-00041")),
        ("assigned.csv", ("0217",)),
    ):
        for start in starts:
            remove_lines(reference, f"2018/{file}", start)
    await _assert_refused(
        dsn, tmp_path, reference, "programmes.csv of 2018: 0217 is missing, although it is in use (and "
    )


async def test_an_account_that_was_posted_to_is_not_removed(dsn: str, tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    replace_text(reference, "2018/roles.csv", ",4081000000,", ",4286100000,")
    remove_lines(reference, "2018/accounts.csv", "4081000000")
    remove_lines(reference, "2018/restricted.csv", "408,")
    replace_text(reference, "2018/inventory.csv", ",4081000000,", ",4286100000,")
    await _assert_refused(
        dsn, tmp_path, reference, "items.csv, roles.csv of 2018: 31 is in use with accrued 4081000000"
    )


async def test_several_changed_codes_are_counted(dsn: str, tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    remove_lines(reference, "2018/centres.csv", "OP-0217-000001")
    replace_text(
        reference,
        "2018/programmes.csv",
        'durables",Transition écologique,0',
        'durables",Transition écologique,1',
    )
    message = "programmes.csv of 2018: 0217 is in use with estimated 0, and the file now has estimated 1 (and 1 more). "
    await _assert_refused(dsn, tmp_path, reference, message)
    assert (await verify(dsn, folder=REFERENCE)).findings == []


async def test_new_and_unused_codes_and_labels_may_change(dsn: str, tmp_path: Path) -> None:
    """A code becomes fixed with its first entry, in its meaning at that time."""
    reference = copy_reference(tmp_path)
    replace_text(reference, "2018/centres.csv", "Administration centrale", "Administration du centre")
    replace_text(reference, "2018/accounts.csv", "Fournisseurs - achats", "Créanciers - achats")
    replace_text(reference, "2018/programmes.csv", "Engagements financiers", "Dette")
    replace_text(
        reference,
        "2018/programmes.csv",
        "Cohésion des territoires,Transition écologique,0",
        "Cohésion des territoires,Transition écologique,1",
    )  # unused
    replace_text(
        reference, "2018/roles.csv", "63,6531230000,4081000000", "63,6531230000,4286100000"
    )  # unused
    remove_lines(reference, "2018/centres.csv", "0177-D075-DD75")  # unused
    remove_lines(reference, "2018/creditors.csv", "6537,")  # unused accounts
    replace_text(reference, "2018/roles.csv", "606 607 611", "606 607 631")  # 6113110000 is unused
    by_day = '{ "2013-05-01" = "services", "2018-10-01" = "none", "2031-01-01" = "works" }'
    replace_text(reference, "late_interest.toml", '"31" = "services"', f'"31" = {by_day}')
    replace_text(reference, "late_interest.toml", '"52" = "supplies"', '"63" = "supplies"')  # unused
    with reference.joinpath("2018", "centres.csv").open("a") as centres:
        centres.write("0217-SGAC-NEUF,0217-SGAC,uo,Nouvelle\n")
    await process_rows(dsn, tmp_path, reference, _NEXT)
    opening = act("budget_opening_ae", "O9", "10.00", fund_centre="0177", commitment_item="HT2")
    await process_rows(dsn, tmp_path, reference, [opening], "TREASURY")
    replace_text(
        reference,
        "2018/programmes.csv",
        "Cohésion des territoires,Transition écologique,1",
        "Cohésion des territoires,Transition écologique,0",
    )
    with pytest.raises(
        ReferenceDataError, match="0177 is in use with estimated 1, and the file now has estimated 0"
    ):
        await process_rows(dsn, tmp_path, reference, [])
    async with open_connection(dsn) as connection:
        rows = "select meaning->>'estimated' from reference_meaning join reference_text using (kind, id)"
        order = "where kind = 1 and code = '0177' and year = 2018 order by reference_meaning"
        assert [row[0] for row in await connection.fetch(f"{rows} {order}")] == ["false", "true"]


async def test_another_year_may_have_other_meanings(dsn: str, tmp_path: Path) -> None:
    """A year with its own files may be added and changed until it has entries."""
    reference = copy_reference(tmp_path)
    copy_year(reference)
    replace_text(reference, "2019/roles.csv", "31,6188000000", "31,6113110000")
    await process_rows(dsn, tmp_path, reference, _NEXT)
    replace_text(reference, "2019/roles.csv", "31,6113110000,4081000000", "31,6188000000,4286100000")
    ours = {"exercise": "2019", "date": "2019-02-01"}
    budget = [row | ours for row in shift_to_2019(BUDGET)]
    await process_rows(dsn, tmp_path, reference, budget, "TREASURY")
    await process_rows(dsn, tmp_path, reference, [row | ours for row in shift_to_2019(_ACTS[1:3])])
    assert (await verify(dsn, folder=reference)).findings == []
    replace_text(reference, "2019/roles.csv", "31,6188000000,4286100000", "31,6188000000,4081000000")
    with pytest.raises(ReferenceDataError, match=r"roles\.csv of 2019: 31 is in use with accrued 4286100000"):
        await process_rows(dsn, tmp_path, reference, _NEXT)


async def test_a_year_with_shared_files_keeps_their_meanings(dsn: str, tmp_path: Path) -> None:
    """Other files for that year after its first entries are an error, like a change of the shared files."""
    await process_rows(
        dsn, tmp_path, REFERENCE, [row | {"date": "2019-01-15"} for row in shift_to_2019(BUDGET)], "TREASURY"
    )
    reference = copy_reference(tmp_path)
    copy_year(reference)
    replace_text(
        reference,
        "2019/programmes.csv",
        'durables",Transition écologique,0',
        'durables",Transition écologique,1',
    )
    message = "programmes.csv of 2019: 0217 is in use with estimated 0, and the file now has estimated 1"
    await _assert_refused(dsn, tmp_path, reference, message)


async def test_a_database_without_meanings_stores_them_at_its_next_start(dsn: str, tmp_path: Path) -> None:
    """The meanings of the files at that start count from then on."""
    async with open_connection(dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("truncate reference_meaning")
        await connection.execute("set session_replication_role = origin")
        await process_rows(dsn, tmp_path, REFERENCE, _NEXT)
        years = "select year, count(*) from reference_meaning group by year order by year"
        stored = {row["year"]: row["count"] for row in await connection.fetch(years)}
        assert stored.keys() == {2018, 2019}
        assert stored[2018] == stored[2019] > 50
        await process_rows(dsn, tmp_path, REFERENCE, [act("service", "S7", "1.00", predecessor="C1")])
        assert await connection.fetchval("select count(*) from reference_meaning") == sum(stored.values())
    reference = copy_reference(tmp_path)
    remove_lines(reference, "2018/centres.csv", "OP-0217-000001")
    await _assert_operation_missing(dsn, tmp_path, reference)


async def _assert_operation_missing(dsn: str, folder: Path, reference: Path) -> None:
    with pytest.raises(ReferenceDataError, match="OP-0217-000001 is missing, although it is in use"):
        await process_rows(dsn, folder, reference, [])


async def test_meanings_are_only_added(dsn: str, tmp_path: Path) -> None:
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    async with open_connection(dsn) as connection:
        for change in (
            "update reference_meaning set meaning = '{}'",
            "delete from reference_meaning",
            "truncate reference_meaning",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(change)


async def test_properties_that_were_not_stored_are_no_difference(dsn: str, tmp_path: Path) -> None:
    async with open_connection(dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        less = "update reference_meaning set meaning = meaning - $1::text[] where kind in (3, 5)"
        assert await connection.execute(less, ["creditor", "payroll", "admits", "contract"]) != "UPDATE 0"
        await connection.execute("set session_replication_role = origin")
        await process_rows(dsn, tmp_path, REFERENCE, _NEXT)
        last = "select meaning ?& $1 from reference_meaning where kind = $2 order by reference_meaning desc limit 1"
        assert await connection.fetchval(last, ["creditor", "admits", "contract"], 3)
        assert await connection.fetchval(last, ["creditor", "payroll"], 5)


async def test_what_another_process_stored_is_compared_by_files_that_are_loaded(
    dsn: str, tmp_path: Path
) -> None:
    """A process that loads the book again with the files that it has compared once compares them with what is new."""
    loaded = ReferenceData.load(REFERENCE)
    await process_with(loaded, dsn, tmp_path, rows=[])
    other = copy_reference(tmp_path)
    replace_text(
        other,
        "2018/programmes.csv",
        "Cohésion des territoires,Transition écologique,0",
        "Cohésion des territoires,Transition écologique,1",
    )
    opening = act("budget_opening_ae", "O9", "10.00", fund_centre="0177", commitment_item="HT2")
    await process_rows(dsn, tmp_path, other, [opening], "TREASURY")
    with pytest.raises(ReferenceDataError, match="0177 is in use with estimated 1"):
        await process_with(loaded, dsn, tmp_path, rows=_NEXT)
