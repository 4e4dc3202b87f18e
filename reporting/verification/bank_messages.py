"""The bank messages for the checks: the stored rows, and the operations account of each accountant and fund centre."""

from collections.abc import AsyncIterator, Mapping

import pyarrow as pa

from core.accountants import Accountants
from reporting.verification.snapshot_queries import JournalSnapshot, TablePart

TABLES = (
    *("bank_statement", "bank_attempt", "bank_item", "bank_submission"),
    *("bank_receipt", "bank_suspense", "bank_hand_receipt", "suspense_rule", "movement_rule"),
)
_ASSIGNED = pa.schema([("exercise", pa.int32()), ("centre", pa.string()), ("account", pa.string())])
_OF_ACCOUNTANTS = pa.schema([("year", pa.int32()), ("accountant", pa.string()), ("account", pa.string())])


async def read_parts(snapshot: JournalSnapshot, years: Mapping[int, Accountants]) -> AsyncIterator[TablePart]:
    """Yield the rows about bank messages; at least one part for each table."""
    for name in TABLES:
        async for rows in snapshot.read_table(name):
            yield TablePart(name, rows)
    yield TablePart("assigned", build_assigned_accounts(years))
    yield TablePart("accountant_account", build_accounts_of_accountants(years))


def build_assigned_accounts(years: Mapping[int, Accountants]) -> pa.Table:
    """Return the operations account of every fund centre, by exercise."""
    assigned = [(year, of_year.accountants, of_year.by_centre) for year, of_year in years.items()]
    columns = (
        [year for year, _, by_centre in assigned for _ in by_centre],
        [centre for _, _, by_centre in assigned for centre in by_centre],
        [accountants[code].iban for _, accountants, by_centre in assigned for code in by_centre.values()],
    )
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, _ASSIGNED, strict=True)], _ASSIGNED
    )


def build_accounts_of_accountants(years: Mapping[int, Accountants]) -> pa.Table:
    """Return the operations account of every accountant, by year, with or without a fund centre."""
    rows = [
        {"year": year, "accountant": accountant.code, "account": accountant.iban}
        for year, of_year in years.items()
        for accountant in of_year.accountants.values()
    ]
    return pa.Table.from_pylist(rows, _OF_ACCOUNTANTS)
