"""A special account whose programme is suppressed or leaves its section: the others spend what is collected for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from posting.book.registry import ReferenceData
from reporting.verification import verify
from tests.databases import open_connection
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.reference_years import copy_reference, copy_year, remove_lines, replace_text
from tests.reporting.journals import PAID, act, grant, process_senders
from tests.reporting.planted_breaches import plant_breach

_TOWNS = {"fund_centre": "0754-CENT-C001", "functional_area": "0754-01", "commitment_item": "31"}
_DUE = {"fund_centre": "0753-CENT-C001", "commitment_item": "269906"}
_IN_2019 = {"exercise": "2019", "date": "2019-01-11"}
_CREDITS = [
    grant(f"{kind}_{measure}", f"{kind}{measure}{place}", "100.00", place, budget_year="2019", **_IN_2019)
    for measure in ("ae", "cp")
    for kind, place in (
        ("budget_opening", "0754"),
        ("allotment", "0754-CENT"),
        ("allotment", "0754-CENT-C001"),
    )
]
"""Entries 1 to 6."""
_ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606"),
    act("receivable", "R1", "50.00", _DUE, PAID),
    act("receipt", "E1", "20.00", predecessor="R1"),
]
"""Entries 7 to 9; 2018 collects 20 euros, which 2019 does not spend."""
_LATER = [
    act("receipt", "E2", "30.00", _IN_2019, predecessor="@8"),
    act("direct_payment_request", "P1", "42.50", _TOWNS, PAID, _IN_2019),
    act("direct_payment_request", "P2", "0.01", _TOWNS, PAID, _IN_2019),
]
"""Entries 10 and 11: 30 euros are collected beside the 12.50 that 2019 brings forward, and P2 is refused."""
_FILES = (("BUDGET", _CREDITS), ("MINISTRY", _ACTS), ("MINISTRY", _LATER))


def _suppress_tickets(folder: Path) -> Path:
    """Return reference data whose 2019 lacks programme 0753, while its mission goes on with 0754."""
    reference = copy_reference(folder)
    copy_year(reference)
    for name in ("programmes.csv", "centres.csv", "areas.csv", "assigned.csv", "special_sections.csv"):
        remove_lines(reference, f"2019/{name}", "0753")
    remove_lines(reference, "2019/centres.csv", "OP-0753")
    return reference


def _move_tickets(folder: Path) -> Path:
    """Return reference data whose 2019 has programme 0753 in the other section of its account."""
    reference = copy_reference(folder)
    copy_year(reference)
    replace_text(reference, "2019/special_sections.csv", "0753,2,", "0753,1,")
    return reference


CHANGES = [_suppress_tickets, _move_tickets]


@pytest.mark.parametrize("change", CHANGES)
def test_the_plain_model_counts_what_is_collected_for_the_section(
    change: Callable[[Path], Path], tmp_path: Path
) -> None:
    model = Engine(Reference.load(change(tmp_path)))
    outcomes: list[str] = []
    for sender, rows in _FILES:
        outcomes += [outcome for outcome, _, _ in model.submit(rows, sender)]
    assert outcomes == ["ACCEPTED"] * 11 + ["SPECIAL_RECEIPTS_EXCEEDED"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("breach", "check", "place"),
    [
        ("", "", ""),
        ("update entry set amount = 2999 where entry_id = 10", "special_accounts", "entry 11 "),
        ("update special_balance set collected = collected - 1", "special_balances", "0754 of 2019 "),
    ],
)
async def test_what_is_collected_for_a_programme_counts_for_its_section(
    dsn: str, tmp_path: Path, *, change: Callable[[Path], Path], breach: str, check: str, place: str
) -> None:
    reference = change(tmp_path)
    await process_senders(dsn, tmp_path, _FILES, ReferenceData.load(reference))
    async with open_connection(dsn) as connection:
        codes = await connection.fetch("select code from refusal")
        assert len(codes) == 1
        if breach:
            await connection.execute("set session_replication_role = replica")
            places = await plant_breach(connection, dsn, breach, check, folder=reference)
            assert [name for name in places if name.startswith(place)]
    if not breach:
        assert (await verify(dsn, folder=reference)).findings == []
