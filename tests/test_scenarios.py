"""Scenarios: the rules as readable tables, run against an implementation that decides acts.

A file under ``scenarios/`` contains scenarios: a title (``== A12: ...``, with the rules of docs/rules.md
that it shows), then tables separated by blank lines.  The first word of a table's header is its category; columns
are separated by two or more spaces, and ``-`` is an empty cell:

budget   AE and CP to open (programme) or to allot (BOP, UO), each of which must be accepted
payee    third parties to register, each of which must be accepted
file     act lines of the flat act format, each with its ``outcome``, and where relevant the ``sender``, the ``node``
         that lacks credit and the ``missing`` euros.  Rows with the same number are one file; ``HELD then
         X`` means X after the line waited for a later one; a ``line`` of ``1..1001`` stands for 1001 rows
form     act lines like those of a file.  Rows with the same number are one form, whose acts are all accepted or
         none, without holding
left     AE and CP that remain available
consumed  AE and CP consumed so far
frozen   AE and CP that are frozen at a fund centre and below it
reported  AE reported as consumed so far, less what withdrawals of commitments of earlier years lower
remaining  what the commitments of a fund centre engaged, withdrew and paid so far, and what is left to pay
period   months that are closed, reopened or locked, for all accountants or for one ``accountant``
account  debit and credit so far, of all accountants or of one ``accountant``
person   codes and names of persons
role     who may enter, validate or do both (``hand``) by which role, below which fund centre, from which day to which
delegation  what one person lets another validate; several fund centres are separated by a space, ``*`` is all
agreement   senders whose own system separates entry from validation, and for which kinds of act
exercise  from which day on a line must name persons or come under an agreement
merge    third parties that are merged ``into`` others from a first day on, all of them registered before

A line states ``entered_by``, ``validated_by`` and ``delegation`` like any other column.

Lines that begin with ``usual`` give values for the columns that a table leaves out and a kind needs.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from core.catalog import CATALOG, KIND_NUMBERS, ActKind, Family, PayeeChange, Role
from core.directory_entries import DirectoryEntry
from core.outcome_codes import Outcome
from tests import scenario_persons
from tests.accountants import CHANGE_FIELDS
from tests.file_strategies import REFERENCE, Row
from tests.oracle.engine import Engine, LineResult
from tests.oracle.reference import Reference
from tests.oracle.remaining import CommitmentSums

FOLDER = Path(__file__).parent.joinpath("scenarios")
_ALWAYS = {"exercise", "date"}
_CELL = {"fund_centre", "functional_area", "commitment_item", "fund"}
_EXPECTED = {"outcome", "node", "missing"}
_SUBMITTED = {"file", "form", "sender"}
_NAMES_PERSONS = (Family.JOURNAL, Family.ASSET, Family.INVENTORY, Family.INVENTORY_CHANGE)


class Driver(Protocol):
    """The interface of an implementation that decides acts; it begins with the reference data only."""

    def submit(self, rows: list[Row], sender: str = ...) -> list[LineResult]:
        """Decide one file to its end; return each row's outcome by name, the centre that lacks credit or "", missing cents."""
        ...

    def submit_form(self, rows: list[Row]) -> list[LineResult]:
        """Decide one form, its acts all accepted or none; return the same as for a file."""
        ...

    def list_held(self) -> set[int]:
        """Return the rows of the last file or form, from 0, that waited for a later act."""
        ...

    def read_available(self, fields: Row) -> tuple[int, int]:
        """Return the cents of AE and CP available at a ``fund_centre`` (or operation) for item, fund and year."""
        ...

    def read_consumed(self, fields: Row) -> tuple[int, int]:
        """Return the cents of AE and CP consumed there."""
        ...

    def read_frozen(self, fields: Row) -> tuple[int, int]:
        """Return the cents of AE and CP frozen there and below."""
        ...

    def read_reported(self, fields: Row) -> int:
        """Return the cents of AE reported as consumed there."""
        ...

    def read_commitments(self, centre: str, year: int) -> CommitmentSums:
        """Return what the commitments of a fund centre and budget year engaged, withdrew and paid."""
        ...

    def decide_period(self, month: str, action: str, accountant: str) -> None:
        """Close, reopen or lock a month such as ``2018-05``, for one accountant or, if empty, for all."""
        ...

    def change_directory(self, entries: list[DirectoryEntry]) -> None:
        """Add persons, roles, delegations or agreements, which hold from the next file on."""
        ...

    def require_agreements(self, year: int, first_day: date) -> None:
        """Require persons or an agreement from a day of an exercise on."""
        ...

    def merge_third_party(self, code: str, into: str, first_day: date) -> None:
        """Merge a third party into another one, from the next file on."""
        ...

    def read_totals(self, account: str, accountant: str = ...) -> tuple[int, int]:
        """Return the cents of debit and credit of an account, over all periods, of one accountant or of all."""
        ...

    def list_posted_accounts(self) -> set[str]:
        """Return the accounts with a debit or a credit."""
        ...


class ScenarioTable(NamedTuple):
    """One table: its category, and its rows with the place of each."""

    category: str
    rows: list[tuple[str, Row]]


class Scenario(NamedTuple):
    """One title and the tables below it."""

    place: str
    title: str
    usual: Row
    tables: list[ScenarioTable]


def load_scenarios() -> Iterator[Scenario]:
    """Yield every scenario of every file."""
    for path in sorted(FOLDER.glob("*.txt")):
        yield from parse_scenarios(path.name, path.read_text())


def parse_scenarios(name: str, text: str) -> Iterator[Scenario]:
    """Yield every scenario of a file."""
    usual, scenario = {}, None
    for block in _split_blocks(name, text):
        place, first = block[0]
        if first.startswith("== "):
            scenario = Scenario(place, first.removeprefix("== "), dict(usual), [])
            yield scenario
        elif first.startswith("usual"):
            (scenario.usual if scenario else usual).update(_parse_pairs(block))
        else:
            assert scenario, f"{place}: a table before the first title"
            scenario.tables.append(_parse_table(block))


def _split_blocks(name: str, text: str) -> Iterator[list[tuple[str, str]]]:
    """Yield blocks of adjacent lines, each with its place; titles are single blocks, comments are removed."""
    block: list[tuple[str, str]] = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.strip() and not line.startswith("#"):
            block.append((f"{name}:{number}", line))
        if block and (not line.strip() or line.startswith("== ")):
            yield block
            block = []


def _split_cells(line: str) -> list[str]:
    return ["" if cell == "-" else cell for cell in re.split(r" {2,}", line.strip())]


def _parse_pairs(block: list[tuple[str, str]]) -> Row:
    words = [cell.split(" ", 1) for _, line in block for cell in _split_cells(line) if cell != "usual"]
    return dict(words)


def _parse_table(block: list[tuple[str, str]]) -> ScenarioTable:
    category, *_ = header = _split_cells(block[0][1])
    rows: list[tuple[str, Row]] = []
    for place, line in block[1:]:
        cells = _split_cells(line)
        assert len(cells) == len(header), f"{place}: {len(cells)} cells under {len(header)} headings"
        rows += [(place, row) for row in _repeat_row(dict(zip(header, cells, strict=True)))]
    return ScenarioTable(category, rows)


def _repeat_row(row: Row) -> list[Row]:
    first, _, last = row.get("line", "").partition("..")
    return [row | {"line": str(line)} for line in range(int(first), int(last) + 1)] if last else [row]


# ---------------------------------------------------------------------------------------------- running


def play(scenario: Scenario, driver: Driver) -> None:
    """Run every table of ``scenario`` with ``driver``, in order; an assertion gives the place of a difference."""
    for number, table in enumerate(scenario.tables):
        match table.category:
            case "budget" | "payee":
                _set_up(
                    _build_budget_acts(table, number)
                    if table.category == "budget"
                    else _build_payee_acts(table, number),
                    scenario,
                    driver,
                )
            case "file" | "form":
                for rows in _split_files(table):
                    _submit(rows, scenario, driver)
            case "left" | "consumed" | "frozen":
                _compare_figures(table, scenario, driver)
            case "reported":
                _compare_reported(table, scenario, driver)
            case "remaining":
                _compare_remaining(table, scenario, driver)
            case "period":
                for _, row in table.rows:
                    driver.decide_period(row["period"], row["action"], row.get("accountant", ""))
            case "account":
                _compare_accounts(table, driver)
            case "exercise":
                for _, row in table.rows:
                    first = date.fromisoformat(row["agreement_required_from"])
                    driver.require_agreements(int(row["exercise"]), first)
            case "merge":
                for _, row in table.rows:
                    driver.merge_third_party(row["merge"], row["into"], date.fromisoformat(row["first_day"]))
            case category if category in scenario_persons.CATEGORIES:
                rows = [row for _, row in table.rows]
                driver.change_directory(scenario_persons.build_entries(category, rows))
            case _:
                pytest.fail(f"{table.rows[0][0]}: no such table: {table.category}")


def _set_up(rows: list[Row], scenario: Scenario, driver: Driver) -> None:
    results = driver.submit([complete_row(row, scenario.usual) for row in rows])
    refused = [
        (row, outcome) for row, (outcome, _, _) in zip(rows, results, strict=True) if outcome != "ACCEPTED"
    ]
    assert not refused, f"{scenario.place}: setting up failed"


def _build_budget_acts(table: ScenarioTable, number: int) -> list[Row]:
    """Return openings and allotments, each as its own act."""
    rows: list[Row] = []
    for _, row in table.rows:
        act = "allotment" if "-" in row["budget"] else "budget_opening"
        for measure in ("AE", "CP"):
            if row[measure]:
                codes = {
                    "fund_centre": row["budget"],
                    "commitment_item": row["item"],
                    "fund": row.get("fund", ""),
                }
                act_fields = {
                    "kind": f"{act}_{measure.lower()}",
                    "amount": row[measure],
                    "functional_area": "",
                }
                year = {"budget_year": row.get("budget_year", "")}
                year |= {name: row[name] for name in ("exercise", "date") if row.get(name)}
                if act == "budget_opening" and codes["fund"]:
                    year |= {"origin": "transfer"}  # what is opened without a receipt
                rows.append({"reference": f"SET-UP-{number}-{len(rows)}", **act_fields, **codes, **year})
    return rows


def _build_payee_acts(table: ScenarioTable, number: int) -> list[Row]:
    act = {"kind": "third_party"}
    return [row | act | {"reference": f"SET-UP-{number}-{at}"} for at, (_, row) in enumerate(table.rows)]


def _split_files(table: ScenarioTable) -> list[list[tuple[str, Row]]]:
    """Return the files or forms of ``table``."""
    return [list(rows) for _, rows in groupby(table.rows, key=lambda row: row[1][table.category])]


def _submit(rows: list[tuple[str, Row]], scenario: Scenario, driver: Driver) -> None:
    submit: Callable[..., list[LineResult]] = driver.submit_form if "form" in rows[0][1] else driver.submit
    sender = {row["sender"] for _, row in rows if "sender" in row}
    results = submit([complete_row(row, scenario.usual) for _, row in rows], *sender)
    assert len(results) == len(rows), f"{rows[0][0]}: {len(results)} answers to {len(rows)} rows"
    for (place, row), (outcome, node, missing) in zip(rows, results, strict=True):
        result = {"outcome": outcome, "node": node, "missing": _format_euros(missing) if missing else ""}
        expected = {name: row[name].removeprefix("HELD then ") for name in _EXPECTED & row.keys()}
        assert {name: result[name] for name in expected} == expected, place
    waited = {at for at, (_, row) in enumerate(rows) if row["outcome"].startswith("HELD then ")}
    assert driver.list_held() == waited, f"{rows[0][0]}: other lines waited"


def complete_row(row: Row, usual: Row) -> Row:
    """Return the row in the flat act format, with the usual values that its kind needs."""
    kind = CATALOG[KIND_NUMBERS.get(row.get("kind", ""), 0)]
    needed = _ALWAYS | ({"fund_centre"} if kind.names_centre_alone else _CELL if _names_cell(kind) else set())
    needed |= {"payee"} if kind.pays else set()
    needed |= {"received"} if kind.debit is Role.ADVANCE else set()
    needed |= {"document_hash"} if kind.is_minister_decision else set()
    needed |= {"nature"} if kind.before_service else set()
    needed |= CHANGE_FIELDS.keys() if kind.change is PayeeChange.DETAILS else set()
    is_by_hand = kind.family in _NAMES_PERSONS and kind.name != "inventory_reversal"
    needed |= {"entered_by", "validated_by"} if is_by_hand else set()
    usual_fields = {name: text for name, text in usual.items() if name in needed and name not in row}
    own = {name: text for name, text in row.items() if name not in _EXPECTED | _SUBMITTED}
    return {name: text for name, text in (usual_fields | own).items() if text}


def _names_cell(kind: ActKind) -> bool:
    """Return whether lines of a kind have an assignment of their own as a rule."""
    return kind.needs_assignment or (kind.has_assignment and not kind.follows)


def _compare_figures(table: ScenarioTable, scenario: Scenario, driver: Driver) -> None:
    figures = {
        "left": driver.read_available,
        "consumed": driver.read_consumed,
        "frozen": driver.read_frozen,
    }[table.category]
    for place, row in table.rows:
        fields = _name_node(table, row, scenario)
        assert tuple(map(_format_euros, figures(fields))) == (row["AE"], row["CP"]), place


def _compare_reported(table: ScenarioTable, scenario: Scenario, driver: Driver) -> None:
    for place, row in table.rows:
        reported = driver.read_reported(_name_node(table, row, scenario))
        assert _format_euros(reported) == row["AE"], place


def _name_node(table: ScenarioTable, row: Row, scenario: Scenario) -> Row:
    codes = {
        "fund_centre": row[table.category],
        "commitment_item": row["item"],
        "exercise": scenario.usual["exercise"],
    }
    return codes | {name: row[name] for name in ("fund", "budget_year") if row.get(name)}


def _compare_remaining(table: ScenarioTable, scenario: Scenario, driver: Driver) -> None:
    for place, row in table.rows:
        figures = driver.read_commitments(row["remaining"], int(scenario.usual["exercise"]))
        remaining = figures.engaged - figures.withdrawn - figures.paid
        expected = tuple(row[name] for name in ("engaged", "withdrawn", "paid", "left"))
        assert tuple(map(_format_euros, (*figures, remaining))) == expected, place


def _compare_accounts(table: ScenarioTable, driver: Driver) -> None:
    for place, row in table.rows:
        totals = driver.read_totals(row["account"], row.get("accountant", ""))
        assert tuple(map(_format_euros, totals)) == (
            row["debit"],
            row["credit"],
        ), place


def _format_euros(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


# ---------------------------------------------------------------------------------------------- tests

SCENARIOS = list(load_scenarios())


def _list_expected(scenario: Scenario) -> set[str]:
    tables = [table for table in scenario.tables if table.category in _SUBMITTED]
    outcomes = [row["outcome"] for table in tables for _, row in table.rows]
    return {word for outcome in outcomes for word in outcome.split(" then ")}


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference.load(REFERENCE)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.place} {scenario.title}")
def test_the_plain_model_passes_the_scenario(scenario: Scenario, reference: Reference) -> None:
    play(scenario, Engine(reference))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_expected_somewhere(outcome: Outcome) -> None:
    assert any(outcome.name in _list_expected(scenario) for scenario in SCENARIOS)


@pytest.mark.parametrize(
    "rule",
    (
        "A01 A03 A04 A05 A08 A11 A12 A13 A14 A15 A16 A17 A18 A19 A20 A22 A23 A24 A25 A26 A27 A28 A29 A30 A31"
        " A32 A33 A34 A35 A36 A37 A38 A39 A41 A42 A43 A44 A47 A48 A51 A54 A57 A58 A59 A60 A63 A64"
    ).split(),
)
def test_every_rule_of_the_acceptance_list_has_its_scenario(rule: str) -> None:
    assert any(rule in re.findall(r"A\d\d", scenario.title.split(":")[0]) for scenario in SCENARIOS)
