"""Where the raw rows are laid out and compared: DuckDB, within a bounded memory."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import psutil
import pyarrow as pa

from core.catalog import CATALOG, Change, Family, Measure, Remainder, Role
from core.nomenclature import Centre, Fund, Item
from reporting.code_labels import Codes
from reporting.sql_statements import statements
from reporting.verification import request_pages
from reporting.verification.chain import LAYOUTS, cut
from reporting.verification.copy_reader import BALANCES, CHAINED, PAGES, Rows
from reporting.verification.findings import FINDINGS_MAX, Check, Finding
from reporting.verification.snapshot_queries import Link

MEMORY_LEAST = 2**30
"""Bytes that DuckDB may hold at least, else a quarter of the machine's; beyond it works on disk, where a step can."""

STEPS = statements("reporting.verification", "journal.sql")
CHECKS: Mapping[str, str] = {
    **statements("reporting.verification", "checks.sql"),
    **statements("reporting.verification", "runs.sql"),
    **statements("reporting.verification", "bank.sql"),
    **statements("reporting.verification", "interest.sql"),
}
_PACKAGE = "reporting.verification"
_EPOCH = date(1970, 1, 1)


class Workbench:
    """Raw rows by table, and what follows from them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, codes: Codes) -> None:
        self._connection = connection
        for stored in (*CHAINED, *BALANCES):
            self.lay(stored.name, stored.schema().empty_table())
        self.lay("request_line", request_pages.lines_of(PAGES.schema().empty_table()))
        for name, table in _vocabulary(codes).items():
            self.lay(name, table)

    def lay(self, name: str, table: pa.Table) -> None:
        """Add rows to a table, which is made with the first."""
        self._connection.register("incoming", table)
        self._connection.execute(f"create table if not exists {name} as select * from incoming limit 0")  # noqa: S608
        self._connection.execute(f"insert into {name} by name select * from incoming")  # noqa: S608
        self._connection.unregister("incoming")

    def lay_rows(self, rows: Rows, links: Sequence[Link], firsts: Sequence[int]) -> None:
        """Add the rows of a window, each with the batch it belongs to."""
        table = rows.arrow()
        if "batch" not in table.column_names:
            ends = cut(rows, links, firsts)
            batch = np.repeat([link.batch for link in links], np.diff(ends))
            table = table.slice(ends[0], len(batch)).append_column("batch", pa.array(batch, pa.int64()))
        if rows.stored is PAGES:
            self.lay("request_line", request_pages.lines_of(table))
            table = table.drop(["page"])
        self.lay(rows.stored.name, table)

    def count(self, name: str) -> int:
        """Rows of a table."""
        ((rows,),) = self._connection.execute(f"select count(*) from {name}").fetchall()  # noqa: S608
        return int(rows)

    def see(self, view: str) -> None:
        """Make a view of what is laid."""
        self._connection.execute(view)

    def prepare(self, step: str) -> None:
        """Run a step of ``journal.sql``."""
        self._connection.execute(STEPS[step])

    def check(self, name: str) -> tuple[Check, list[Finding]]:
        """Where the rule ``name`` does not hold."""
        self._connection.execute(f"create or replace temp table broken as {CHECKS[name]}")
        shown = self._connection.execute(
            "select place, found, expected from broken limit ?", [FINDINGS_MAX]
        ).fetchall()
        return Check(name, rule_of(CHECKS[name]), self.count("broken")), [
            Finding(name, *row) for row in shown
        ]


def rule_of(statement: str) -> str:
    """The rule in words: the comment above the statement."""
    lines = statement.splitlines()
    return " ".join(line.removeprefix("-- ") for line in lines if line.startswith("-- "))


@contextmanager
def workbench(codes: Codes, scratch: Path | None = None) -> Iterator[Workbench]:
    """A workbench with empty tables, and a folder in ``scratch`` for what does not fit in memory."""
    with TemporaryDirectory(prefix="verify-", dir=scratch) as folder:
        settings = {
            "memory_limit": f"{max(psutil.virtual_memory().total // 4, MEMORY_LEAST)}B",
            "threads": os.cpu_count() or 1,
            "temp_directory": folder,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=settings) as connection:
            yield Workbench(connection, codes)


def _vocabulary(codes: Codes) -> dict[str, pa.Table]:
    """The catalog and the nomenclature as tables."""
    layouts = {"layout": list(LAYOUTS)}
    receivables = {"exercise": list(codes.receivables), "code": list(codes.receivables.values())}
    tables = {"known_layout": layouts, "receivable": receivables} | _meanings(codes) | _interest(codes)
    return {**{name: pa.table(each) for name, each in tables.items()}, "kind": _kinds()}


def _meanings(codes: Codes) -> dict[str, dict[str, list[Any]]]:
    """What each code means in each year."""
    centres = [(year, each) for year, meant in codes.years.items() for each in meant.centres.values()]
    items = [(year, each) for year, meant in codes.years.items() for each in meant.items.values()]
    funds = [(year, each) for year, meant in codes.years.items() for each in meant.funds.values()]
    code = {
        "parent": [each.parent for _, each in centres],
        "level": [int(each.level) for _, each in centres],
        "estimated": [codes.programme_of(each.code, year).estimated for year, each in centres],
    }
    return {
        "code": _coded(centres) | code,
        "item": _coded(items) | {"staff": [int(each.staff) for _, each in items]},
        "fund": _coded(funds) | {"family": [int(each.family) for _, each in funds]},
    }


def _coded(things: Sequence[tuple[int, Centre | Item | Fund]]) -> dict[str, list[Any]]:
    return {"year": [year for year, _ in things], "code": [each.code for _, each in things]}


def _interest(codes: Codes) -> dict[str, dict[str, list[Any]]]:
    """The payment term, and what is due behind it: each rule with the days from which on, and before which, it holds."""
    rules, last = codes.interest, date.max
    ruled: dict[str, list[Any]] = {"rule": [], "value": [], "since": [], "until": []}
    for rule, found in (
        ("term_days", codes.term_days),
        ("compensation", rules.compensation),
        ("points", rules.points),
        ("days_a_year", rules.days_a_year),
    ):
        days = [date.min, *(_EPOCH + timedelta(days) for days in found.since[1:].tolist())]
        for since, until, value in zip(days, [*days[1:], last], found.value.tolist(), strict=True):
            for name, one in zip(ruled, (rule, value, since, until), strict=True):
                ruled[name].append(one)
    rates = {"half": list(rules.refinancing), "rate": list(rules.refinancing.values())}
    return {"ruled": ruled, "refinancing": rates}


def _kinds() -> pa.Table:
    """The catalog: signs as numbers, all else by name."""
    rows = [
        {
            "kind": number,
            "name": kind.name,
            "family": kind.family.name,
            "follows": kind.follows.name,
            "mirrors": kind.mirrors,
            "budget": kind.budget.name,
            "measure": Measure.AE.name if kind.measure is Measure.NONE else kind.measure.name,
            "ae_reserved": kind.ae_reserved,
            "ae_consumed": kind.ae_consumed,
            "cp_reserved": kind.cp_reserved,
            "settles": kind.settles,
            "after": kind.after.name,
            "reaches": kind.reaches.name,
            "inherits": kind.inherits,
            "open_sign": 0
            if kind.inherits
            else (kind.feeds is Remainder.OPEN) - (kind.draws is Remainder.OPEN),
            "unbilled_sign": (kind.feeds is Remainder.UNBILLED) - (kind.draws is Remainder.UNBILLED),
            "posts": kind.debit is not Role.NONE,
            "pays": kind.pays,
            "registers": kind.family is Family.THIRD_PARTY,
            "redetails": kind.change is Change.DETAILS,
            "of_payee": kind.is_of_payee,
        }
        for number, kind in enumerate(CATALOG)
        if number
    ]
    return pa.Table.from_pylist(rows)
