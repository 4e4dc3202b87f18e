"""The rule book as tables that anyone can read, played against whatever decides acts.

A file under ``scenarios/`` holds scenarios: a title (``== A12: ...``, with the rules of the acceptance list
that it shows), then tables apart by blank lines.  The first word of a table's header says what it is; columns
are two spaces apart or more, and ``-`` is nothing:

budget   AE and CP to open (programme) or to allot (BOP, UO), each of which must be accepted
payee    third parties to register, each of which must be accepted
file     act lines in the words of the flat act format, each with its ``outcome``, and where that matters the ``sender``,
         ``node`` that refused and the ``missing`` euros.  Rows with the same number are one file; ``HELD then
         X`` is X after the line waited for a later one; a ``line`` of ``1..1001`` stands for as many rows
form     act lines like those of a file.  Rows with the same number are one form, whose acts are accepted all or
         not at all, and at once: no line of it waits
left     AE and CP that remain available
consumed  AE and CP consumed so far
account  debit and credit so far

Lines that begin with ``usual`` give values for the columns that a table leaves out and a kind needs.
"""

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from core.catalog import CATALOG, KIND_NUMBERS, BudgetAction
from core.outcome_codes import Outcome
from tests.file_strategies import REFERENCE, Row
from tests.oracle.engine import Engine, LineResult
from tests.oracle.reference import Reference

FOLDER = Path(__file__).parent.joinpath("scenarios")
_ALWAYS = {"exercise", "date"}
_CELL = {"fund_centre", "functional_area", "commitment_item", "fund"}
_EXPECTED = {"outcome", "node", "missing"}
_SUBMITTED = {"file", "form", "sender"}


class Driver(Protocol):
    """What a scenario needs of whoever decides acts; a driver begins with nothing but the reference data."""

    def submit(self, rows: list[Row], sender: str = ...) -> list[LineResult]:
        """Work one file to its end; each row's outcome by name, centre that refused or "", cents missing."""
        ...

    def submit_form(self, rows: list[Row]) -> list[LineResult]:
        """Decide one form at once, its acts all accepted or none; told as of a file."""
        ...

    def list_held(self) -> set[int]:
        """Rows of the last file or form, from 0, that waited for a later act."""
        ...

    def read_available(self, fields: Row) -> tuple[int, int]:
        """Cents of AE and CP available at a ``fund_centre`` (or operation) for item, fund and year."""
        ...

    def read_consumed(self, fields: Row) -> tuple[int, int]:
        """Cents of AE and CP consumed there."""
        ...

    def read_totals(self, account: str) -> tuple[int, int]:
        """Cents of debit and credit of an account, over all periods."""
        ...


class ScenarioTable(NamedTuple):
    """One table: what it is, and its rows with the place of each."""

    category: str
    rows: list[tuple[str, Row]]


class Scenario(NamedTuple):
    """One title and the tables below it."""

    place: str
    title: str
    usual: Row
    tables: list[ScenarioTable]


def scenarios() -> Iterator[Scenario]:
    """Every scenario of every file."""
    for path in sorted(FOLDER.glob("*.txt")):
        usual, found = {}, None
        for block in _split_blocks(path):
            place, first = block[0]
            if first.startswith("== "):
                found = Scenario(place, first.removeprefix("== "), dict(usual), [])
                yield found
            elif first.startswith("usual"):
                (found.usual if found else usual).update(_parse_pairs(block))
            else:
                assert found, f"{place}: a table stands before the first title"
                found.tables.append(_parse_table(block))


def _split_blocks(path: Path) -> Iterator[list[tuple[str, str]]]:
    """Lines that stand together, each with its place; titles stand alone, and comments are gone."""
    block: list[tuple[str, str]] = []
    for number, line in enumerate([*path.read_text().splitlines(), ""], 1):
        if line.strip() and not line.startswith("#"):
            block.append((f"{path.name}:{number}", line))
        if block and (not line.strip() or line.startswith("== ")):
            yield block
            block = []


def _split_cells(line: str) -> list[str]:
    return ["" if cell == "-" else cell for cell in re.split(r" {2,}", line.strip())]


def _parse_pairs(block: list[tuple[str, str]]) -> Row:
    words = [cell.split(" ", 1) for _, line in block for cell in _split_cells(line) if cell != "usual"]
    return dict(words)


def _parse_table(block: list[tuple[str, str]]) -> ScenarioTable:
    sort, *_ = header = _split_cells(block[0][1])
    rows: list[tuple[str, Row]] = []
    for place, line in block[1:]:
        cells = _split_cells(line)
        assert len(cells) == len(header), f"{place}: {len(cells)} cells under {len(header)} headings"
        rows += [(place, row) for row in _repeat_row(dict(zip(header, cells, strict=True)))]
    return ScenarioTable(sort, rows)


def _repeat_row(row: Row) -> list[Row]:
    first, _, last = row.get("line", "").partition("..")
    return [row | {"line": str(line)} for line in range(int(first), int(last) + 1)] if last else [row]


# ---------------------------------------------------------------------------------------------- playing


def play(scenario: Scenario, driver: Driver) -> None:
    """Put every table of ``scenario`` to ``driver``, in order; what differs is told with its place."""
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
            case "left" | "consumed":
                _compare_figures(table, scenario, driver)
            case "account":
                _compare_accounts(table, driver)
            case _:
                pytest.fail(f"{table.rows[0][0]}: no such table: {table.category}")


def _set_up(rows: list[Row], scenario: Scenario, driver: Driver) -> None:
    told = driver.submit([_complete(row, scenario.usual) for row in rows])
    refused = [
        (row, outcome) for row, (outcome, _, _) in zip(rows, told, strict=True) if outcome != "ACCEPTED"
    ]
    assert not refused, f"{scenario.place}: setting up failed"


def _build_budget_acts(table: ScenarioTable, number: int) -> list[Row]:
    """Openings and allotments, each an act of its own."""
    rows: list[Row] = []
    for _, row in table.rows:
        act = "allotment" if "-" in row["budget"] else "budget_opening"
        for measure in ("AE", "CP"):
            if row[measure]:
                named = {
                    "fund_centre": row["budget"],
                    "commitment_item": row["item"],
                    "fund": row.get("fund", ""),
                }
                given = {"kind": f"{act}_{measure.lower()}", "amount": row[measure], "functional_area": ""}
                year = {"budget_year": row.get("budget_year", "")}
                rows.append({"reference": f"SET-UP-{number}-{len(rows)}", **given, **named, **year})
    return rows


def _build_payee_acts(table: ScenarioTable, number: int) -> list[Row]:
    act = {"kind": "third_party"}
    return [row | act | {"reference": f"SET-UP-{number}-{at}"} for at, (_, row) in enumerate(table.rows)]


def _split_files(table: ScenarioTable) -> list[list[tuple[str, Row]]]:
    """The files or forms of ``table``."""
    return [list(rows) for _, rows in groupby(table.rows, key=lambda row: row[1][table.category])]


def _submit(rows: list[tuple[str, Row]], scenario: Scenario, driver: Driver) -> None:
    submit: Callable[..., list[LineResult]] = driver.submit_form if "form" in rows[0][1] else driver.submit
    sender = {row["sender"] for _, row in rows if "sender" in row}
    told = submit([_complete(row, scenario.usual) for _, row in rows], *sender)
    assert len(told) == len(rows), f"{rows[0][0]}: {len(told)} answers to {len(rows)} rows"
    for (place, row), (outcome, node, missing) in zip(rows, told, strict=True):
        found = {"outcome": outcome, "node": node, "missing": _to_cents(missing) if missing else ""}
        expected = {name: row[name].removeprefix("HELD then ") for name in _EXPECTED & row.keys()}
        assert {name: found[name] for name in expected} == expected, place
    waited = {at for at, (_, row) in enumerate(rows) if row["outcome"].startswith("HELD then ")}
    assert driver.list_held() == waited, f"{rows[0][0]}: other lines waited"


def _complete(row: Row, usual: Row) -> Row:
    """The row as the flat act format has it, with the usual values that its kind needs."""
    kind = CATALOG[KIND_NUMBERS.get(row.get("kind", ""), 0)]
    needed = _ALWAYS | (_CELL if kind.budget is not BudgetAction.NONE and not kind.follows else set())
    needed |= {"payee"} if kind.pays else set()
    given = {name: text for name, text in usual.items() if name in needed and name not in row}
    own = {name: text for name, text in row.items() if name not in _EXPECTED | _SUBMITTED}
    return {name: text for name, text in (given | own).items() if text}


def _compare_figures(table: ScenarioTable, scenario: Scenario, driver: Driver) -> None:
    figures = driver.read_available if table.category == "left" else driver.read_consumed
    for place, row in table.rows:
        named = {
            "fund_centre": row[table.category],
            "commitment_item": row["item"],
            "exercise": scenario.usual["exercise"],
        }
        optional = {name: row[name] for name in ("fund", "budget_year") if row.get(name)}
        assert tuple(map(_to_cents, figures(named | optional))) == (row["AE"], row["CP"]), place


def _compare_accounts(table: ScenarioTable, driver: Driver) -> None:
    for place, row in table.rows:
        assert tuple(map(_to_cents, driver.read_totals(row["account"]))) == (row["debit"], row["credit"]), (
            place
        )


def _to_cents(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


# ---------------------------------------------------------------------------------------------- tests

SCENARIOS = list(scenarios())


def _list_expected(scenario: Scenario) -> set[str]:
    tables = [table for table in scenario.tables if table.category in _SUBMITTED]
    outcomes = [row["outcome"] for table in tables for _, row in table.rows]
    return {word for outcome in outcomes for word in outcome.split(" then ")}


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference.load(REFERENCE)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.place} {scenario.title}")
def test_the_plain_model_plays(scenario: Scenario, reference: Reference) -> None:
    play(scenario, Engine(reference))


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_expected_somewhere(outcome: Outcome) -> None:
    assert any(outcome.name in _list_expected(scenario) for scenario in SCENARIOS)


@pytest.mark.parametrize(
    "rule",
    "A11 A12 A13 A14 A16 A17 A18 A19 A20 A23 A24 A25 A26 A27 A32 A33 A34 A35 A39 A47 A48 A51 A54 A57 A58 A59 A60".split(),
)
def test_every_rule_of_the_acceptance_list_has_its_scenario(rule: str) -> None:
    assert any(rule in scenario.title.split(":")[0].split() for scenario in SCENARIOS)
