"""Third parties that deserve a look: near-duplicates, by IBAN, SIREN or name, and codes that are a SIRET with a wrong key.

Nothing is refused because of them: two establishments of one company share its SIREN, two persons may have one name, and no
field of an act is declared to be a SIRET.  The report shows names and accounts of all payees, so it has no route over HTTP.
"""

from collections.abc import Mapping

import msgspec
import numpy as np

from core.siret import SIRET_DIGITS, find_wrong_keys
from reporting.report_queries import Connection, Row, fetch, fetch_one, find_batch_or_last
from reporting.report_tables import Column, ReportTable

ROWS_MAX = 5_000
"""Rows of each finding; there may be more."""
CHECKS = ("all", "iban", "siren", "name", "siret")
LEGAL_FORMS = (
    *(
        "SA",
        "SAS",
        "SASU",
        "SARL",
        "EURL",
        "SNC",
        "SCS",
        "SCA",
        "SCI",
        "SCM",
        "SCP",
        "SCOP",
        "SELARL",
        "GIE",
        "EI",
        "EIRL",
    ),
    *("STE", "SOCIETE", "ETS", "ETABLISSEMENTS", "CIE", "COMPAGNIE", "ASSOCIATION", "ASSO", "ET"),
)
"""Words that do not distinguish two names: legal forms, their abbreviations, and what goes with them.  The list is ours."""

_FINDINGS: Mapping[str, str] = {
    "iban": "same IBAN",
    "siren": "same SIREN",
    "name": "same name",
    "siret": "wrong SIRET",
}


class ThirdParty(msgspec.Struct, frozen=True):
    """A third party, and what was found."""

    finding: str
    value: str
    """What several third parties share: those of one value are one below the other.  Of a wrong SIRET the SIRET."""
    code: str
    name: str
    iban: str
    entry: int
    """The entry that registered it."""
    merged_into: str = ""
    """The code that stays in use, if this one was merged."""


class ThirdParties(msgspec.Struct, frozen=True):
    """The third parties with a finding, at most ``ROWS_MAX`` of each."""

    batch: int
    third_parties: list[ThirdParty]
    incomplete: list[str]
    """The findings of which there may be more."""


async def load_third_parties(connection: Connection, check: str = "all") -> ThirdParties:
    """Load the findings of one check of ``CHECKS`` or of all; reads all registered third parties."""
    checks = CHECKS[1:] if check == "all" else (check,)
    batch = await find_batch_or_last(connection, None)
    rows = {name: await _fetch_rows(connection, name) for name in checks}
    third_parties = [_build_row(_FINDINGS[name], row) for name in checks for row in rows[name][:ROWS_MAX]]
    incomplete = [_FINDINGS[name] for name in checks if len(rows[name]) > ROWS_MAX]
    return ThirdParties(batch, third_parties, incomplete)


async def _fetch_rows(connection: Connection, check: str) -> list[Row]:
    """Return one row more than the limit if there are more."""
    if check != "siret":
        return await fetch(connection, "third_parties_alike", check, LEGAL_FORMS, ROWS_MAX + 1)
    sirets = await fetch_one(connection, "sirets")
    digits = np.frombuffer(sirets["digits"].encode(), np.uint8).reshape(-1, SIRET_DIGITS) - np.uint8(ord("0"))
    wrong = np.array(sirets["payees"], np.int32)[find_wrong_keys(digits)][: ROWS_MAX + 1]
    return await fetch(connection, "third_parties_of_numbers", wrong.tolist()) if len(wrong) else []


def _build_row(finding: str, row: Row) -> ThirdParty:
    return ThirdParty(
        finding, row["value"], row["code"], row["name"], row["iban"], row["entry_id"], row["merged_into"]
    )


def build_table(result: ThirdParties) -> ReportTable:
    """Build the table with one row per finding and third party."""
    columns = [
        *(Column("finding"), Column("value"), Column("code")),
        *(Column("name"), Column("IBAN"), Column("entry"), Column("merged into")),
    ]
    rows = [
        [
            party.finding,
            party.value,
            party.code,
            party.name,
            party.iban,
            f"{party.entry:,}",
            party.merged_into,
        ]
        for party in result.third_parties
    ]
    more = f"; more than {ROWS_MAX:,} of {', '.join(result.incomplete)}" if result.incomplete else ""
    title = f"Third parties to look at, after batch {result.batch:,}{more}"
    return ReportTable(title, columns, rows, drop_order=("entry", "value", "IBAN"))
