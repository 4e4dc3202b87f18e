"""A general programme whose commitments an order gives to a special account: what is rejected later is engaged there."""

from pathlib import Path

import pytest

from posting.book.registry import ReferenceData
from reporting.verification import verify
from tests.databases import open_connection
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.reference_years import copy_reference
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, act, grant, process_senders
from tests.reporting.planted_breaches import plant_breach
from tests.succession_years import write_successions

_PLACE = {"fund_centre": "0754-CENT-C001", "functional_area": "0754-01", "commitment_item": "31"}
_CARRY = {"exercise": "2019", "date": "2019-01-21", "reference_sender": "MINISTRY"} | _PLACE
_GOES_ON = {"exercise": "2019", "date": "2019-02-01"}
_CREDITS = [
    grant(
        f"{kind}_{measure}",
        f"N-{measure}-{place}",
        "100.00",
        place,
        budget_year="2019",
        exercise="2019",
        date="2019-01-02",
    )
    for measure in ("ae", "cp")
    for kind, place in (
        ("budget_opening", "0754"),
        ("allotment", "0754-CENT"),
        ("allotment", "0754-CENT-C001"),
    )
]
_ACTS = [
    SPENDING[0],
    act("commitment", "C1", "10.00", ASPR),
    act("service", "S1", "5.00", predecessor="C1"),
    act("payment_request", "D1", "2.00", PAID, predecessor="C1"),
]
"""Entries 17 to 19, behind those of the budget and the third party."""
_CARRIES = [
    act("commitment_carry", "C1", "5.00", _CARRY, predecessor="@17"),
    act("service_carry", "S1", "3.00", _CARRY, predecessor="@18"),
]
"""Entries 26 and 27, behind the credits of 2019: of the 12.50 that the section brings forward 4.50 are free."""
_LATER = [
    act("payment_request_rejection", "J1", "2.00", _GOES_ON, predecessor="@19"),
    act("commitment", "C2", "2.51", _PLACE, _GOES_ON),
    act("commitment", "C3", "2.50", _PLACE, _GOES_ON),
]
"""Entries 28 and 29: the request of the general programme is left to the commitment of the account, and C2 is refused."""
_FILES = (
    ("BUDGET", BUDGET),
    ("MINISTRY", _ACTS),
    ("BUDGET", _CREDITS),
    ("CLOSING", _CARRIES),
    ("MINISTRY", _LATER),
)
_AS_BEFORE = """
set session_replication_role = replica;
update special_balance set carried = 0;
update migration set applied_at = clock_timestamp() where name = '0070_special_carries.sql';
"""
"""The ledger as the migration leaves one of before it."""


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """Return reference data in which an order gives 0217 to the special account, with the same accountant."""
    folder = copy_reference(tmp_path / "used")
    with (folder / "2018" / "assigned.csv").open("a") as file:
        file.write("0754-CENT-C001,ECOL\n")
    write_successions(folder, "0217,,,,0754-CENT-C001,0754-01,Order,2019-01-02")
    return folder


def test_the_plain_model_engages_what_is_rejected_of_a_general_programme(reference: Path) -> None:
    model = Engine(Reference.load(reference))
    outcomes = [outcome for sender, rows in _FILES for outcome, _, _ in model.submit(rows, sender)]
    assert outcomes[-3:] == ["ACCEPTED", "SPECIAL_RECEIPTS_EXCEEDED", "ACCEPTED"]
    assert set(outcomes[:-3]) == {"ACCEPTED"}


@pytest.mark.parametrize(
    ("breach", "check", "place"),
    [
        ("", "", ""),
        ("update entry set amount = 201 where entry_id = 28", "special_engagements", "entry 29 "),
        (
            "update special_balance set carried = carried - 200 where carried = 1000",
            "special_balances",
            "0754 of 2019 ",
        ),
    ],
)
async def test_what_is_rejected_of_a_general_programme_is_engaged(
    dsn: str, tmp_path: Path, reference: Path, *, breach: str, check: str, place: str
) -> None:
    await process_senders(dsn, tmp_path, _FILES, ReferenceData.load(reference))
    async with open_connection(dsn) as connection:
        refusals = await connection.fetch("select reference from refusal")
        assert [row["reference"] for row in refusals] == ["C2"]
        if breach:
            await connection.execute("set session_replication_role = replica")
            places = await plant_breach(connection, dsn, breach, check, folder=reference)
            assert [name for name in places if name.startswith(place)]
    if not breach:
        assert (await verify(dsn, folder=reference)).findings == []


async def test_a_ledger_of_before_derives_what_came_from_a_general_programme(
    dsn: str, tmp_path: Path, reference: Path
) -> None:
    await process_senders(dsn, tmp_path, _FILES, ReferenceData.load(reference))
    async with open_connection(dsn) as connection:
        await connection.execute(_AS_BEFORE)
    folder = tmp_path / "later"
    folder.mkdir()
    rows = [act("prior_withdrawal", "W1", "1.00", _GOES_ON, predecessor="@26")]
    await process_senders(dsn, folder, (("MINISTRY", rows),), ReferenceData.load(reference))
    async with open_connection(dsn) as connection:
        carried = await connection.fetchval(
            "select max(carried) from special_balance group by batch order by batch desc limit 1"
        )
    assert carried == 9_00
