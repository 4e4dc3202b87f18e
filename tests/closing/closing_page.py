"""Reader of ``docs/closing-year.md``: its tables, its reference files, and its acts as the lines of files by sender."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.accountants import CHANGE_FIELDS
from tests.file_strategies import Row
from tests.reference_years import copy_year, replace_text
from tests.test_scenarios import Scenario, complete_row, parse_scenarios

YEAR = 2018
PAGE = Path(__file__).parents[2] / "docs/closing-year.md"
_BLOCKS = re.compile(r"^```(\w*)\n(.+?)^```$", re.MULTILINE | re.DOTALL)
_FILES = re.compile(r"`(2019/\w+\.csv)`[^`]*:\n\n```csv\n(.+?)^```$", re.MULTILINE | re.DOTALL)
_PLACE_FIELDS = ("fund_centre", "functional_area", "commitment_item", "payee")
_MONTHS = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]"
CALENDAR = f"""
[exercise.2018]
months_open_at_start = {_MONTHS}
complementary_days = 0
last_order_day = 2018-12-19

[exercise.2019]
months_open_at_start = {_MONTHS}
complementary_days = 0
"""
_RENAMED = ("programmes.csv", "centres.csv", "areas.csv", "assigned.csv", "invoice_services.csv")
_MARK = "*"
Sums = dict[tuple[int, str, str], tuple[int, int]]
"""Debit and credit in cents by year, accountant and account."""


class EntryName(NamedTuple):
    """The entry that an act follows, as the page names it: ``OD-1#2/2018`` is the second line of ``OD-1`` of 2018."""

    reference: str
    line: int
    year: int


class ActFile(NamedTuple):
    """Acts of one sender, whose predecessors are names such as ``EJ-1/2018``."""

    sender: str
    rows: list[Row]

    def find_name(self, row: Row) -> EntryName | None:
        """Return what the act follows, if it follows an entry that does not stand in this file."""
        name, _, year = row.get("predecessor", "").partition("/")
        reference, _, line = name.partition("#")
        is_in_file = any((other["reference"], other["exercise"]) == (reference, year) for other in self.rows)
        return EntryName(reference, int(line or 1), int(year)) if year and not is_in_file else None


def cut_year(row: Row) -> Row:
    """Return a line whose predecessor stands in its own file: it is named by its reference alone."""
    return row | ({"predecessor": row["predecessor"].partition("/")[0]} if "predecessor" in row else {})


@cache
def load_page() -> Scenario:
    """Return the tables of the page, in its order."""
    blocks = _BLOCKS.findall(PAGE.read_text(encoding="utf-8"))
    tables = [text for language, text in blocks if not language]
    (page,) = parse_scenarios(PAGE.name, "\n\n".join(["== closing year", *tables]))
    return page


def list_rows(category: str) -> list[Row]:
    """Return the rows of all tables of a category."""
    return [row for table in load_page().tables if table.category == category for _, row in table.rows]


def read_cents(text: str) -> int:
    """Return the cents of an amount of the page; 0 of an empty cell."""
    return int(text.replace(".", "")) if text else 0


def write_reference(reference: Path) -> None:
    """Give 2019 files of its own, with programme 0135 in place of 0177, and the files of the page."""
    reference.joinpath("calendar.toml").write_text(CALENDAR, encoding="utf-8")
    copy_year(reference)
    for name in _RENAMED:
        replace_text(reference, f"2019/{name}", "0177", "0135")
    for name, text in _FILES.findall(PAGE.read_text(encoding="utf-8")):
        reference.joinpath(name).write_text(text, encoding="utf-8")


# ------------------------------------------------------------------------------------------------ acts


def build_payees() -> list[Row]:
    """Build the registrations of third parties."""
    return [
        row
        | {"kind": "third_party", "reference": f"T-{row['payee']}", "exercise": "2018", "date": "2018-01-02"}
        for row in list_rows("payee")
    ]


def build_credits(rows: list[Row]) -> list[Row]:
    """Build what opens credits at programmes and allots them below."""
    acts: list[Row] = []
    for row in rows:
        centre = row["credits"]
        kind = "allotment" if "-" in centre else "budget_opening"
        common = {"exercise": row["year"], "date": row["date"], "commitment_item": "HT2"}
        acts += [
            {
                **common,
                "fund_centre": centre,
                "kind": f"{kind}_{measure.lower()}",
                "reference": f"{centre}-{measure}",
                "amount": row[measure],
            }
            for measure in ("AE", "CP")
        ]
    return acts


def split_files(rows: list[Row]) -> Iterator[ActFile]:
    """Yield the acts of a table as files, each after those that contain what its acts follow, in another sender's."""
    senders = {row["reference"]: row["sender"] for row in rows}
    waves: dict[str, int] = {}
    for row in rows:
        before = row["predecessor"]
        waits = before in senders and senders[before] != row["sender"]
        waves[row["reference"]] = waves.get(before, 0) + waits
    for wave in range(max(waves.values()) + 1):
        own_rows = [row for row in rows if waves[row["reference"]] == wave]
        for sender in sorted({row["sender"] for row in own_rows}):
            yield ActFile(sender, list(_build_lines([row for row in own_rows if row["sender"] == sender])))


def _build_lines(rows: list[Row]) -> Iterator[Row]:
    numbers: dict[str, int] = {}
    for row in rows:
        reference = row["reference"]
        numbers[reference] = numbers.get(reference, 0) + 1
        is_one = sum(other["reference"] == reference for other in rows) == 1
        yield _build_line(row) | ({} if is_one else {"line": str(numbers[reference])})


def _build_line(row: Row) -> Row:
    """Build a line of the act format, whose predecessor names its exercise too."""
    place, year = find_place(row["place"]), row["date"][:4]
    own = {name: row[name] for name in ("reference", "kind", "date", "amount")} | {"exercise": year}
    own |= {"recycling_case": row.get("recycling_case", ""), "account": _find_account(row)}
    if before := row["predecessor"]:
        own["predecessor"] = before if "/" in before else f"{before}/{year}"
    if row["kind"] in ("earmark", "commitment"):
        own["operation"] = place["operation"]
    if row["kind"] == "earmark":
        own["functional_area"] = ""
    if row["kind"] == "justification":
        own["reason"] = "its sender was asked"
    usual = {name: place[name] for name in _PLACE_FIELDS}
    usual |= {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}
    return complete_row(own, usual | {"received": row["date"]})


def _find_account(row: Row) -> str:
    """Return the account that an act states itself."""
    return next((row[side][:-1] for side in ("debit", "credit") if row[side].endswith(_MARK)), "")


@cache
def _load_places() -> Mapping[str, Row]:
    return {row["place"]: row for row in list_rows("place")}


def find_place(name: str) -> Row:
    """Return the place of a name."""
    return _load_places()[name]


# ------------------------------------------------------------------------------------------------ sums


def add_up_page(*, until: str = "C16") -> Sums:
    """Add up the columns debit and credit of the acts, and of what the steps post up to ``until``, but openings."""
    posted = [row for row in list_rows("posted") if row["posted"] <= until and row["posted"] != "C14"]
    return add_up_rows([*list_rows("act"), *posted])


def add_up_rows(rows: list[Row]) -> Sums:
    """Add up the columns debit and credit of acts and of what steps post."""
    sums: Sums = {}
    for row in rows:
        accountant = row["accountant"] if "posted" in row else find_place(row["place"])["accountant"]
        cents = read_cents(row["amount"])
        for place, side in enumerate(("debit", "credit")):
            if cents and (account := row[side].removesuffix(_MARK)):
                key = _find_year(row), accountant, account
                sides = list(sums.get(key, (0, 0)))
                sides[place] += cents
                sums[key] = sides[0], sides[1]
    return sums


def _find_year(row: Row) -> int:
    if "posted" in row:
        return YEAR + (row["kind"] == "inventory_reversal" or row["posted"] == "C16")
    return int(row["date"][:4])


def read_balances(category: str) -> dict[tuple[str, str], int]:
    """Return the balances of a table by accountant and account."""
    return {(row[category], row["account"]): read_cents(row["balance"]) for row in list_rows(category)}
