"""The DuckDB session in which the raw rows are loaded and compared, within bounded memory."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import psutil
import pyarrow as pa

from core.catalog import CATALOG, ActKind, Family, Measure, PayeeChange, Remainder, Role
from core.contracts import OPPOSING_KINDS
from core.nomenclature import CommitmentItem, FunctionalArea, Fund, FundCentre
from core.sql_files import read_queries
from reporting.code_labels import CodeLabels
from reporting.verification import chart_tables, document_starts, request_pages, role_tables, year_tables
from reporting.verification.chain import KNOWN_LAYOUT, find_bounds
from reporting.verification.copy_reader import BALANCES, HASHED_TABLES, PAGES, TableRows
from reporting.verification.decree_tables import build_decree_tables
from reporting.verification.findings import FINDINGS_MAX, Check, CheckResult, Finding
from reporting.verification.interest_tables import build_interest_rules
from reporting.verification.snapshot_queries import BatchRow

MEMORY_MIN_BYTES = 2**30
"""The least memory limit of DuckDB; the limit is a quarter of the machine's memory, and larger steps use the disk."""
_ROWS_AT_ONCE = 10_000
"""How many findings beyond those that are named are in memory while they are counted."""

STEPS = read_queries("reporting.verification", "journal.sql")
CHECKS: Mapping[str, str] = read_queries(
    "reporting.verification",
    "checks.sql",
    "spending.sql",
    "decrees.sql",
    "carry_overs.sql",
    "documents.sql",
    "accounts.sql",
    "results.sql",
    "inventory.sql",
    "years.sql",
    "runs.sql",
    "bank.sql",
    "interest.sql",
    "delays.sql",
    "invoices.sql",
    "merges.sql",
    "persons.sql",
    "receipts.sql",
    "advances.sql",
    "reassignments.sql",
    "suspense.sql",
    "assets.sql",
    "retentions.sql",
    "visas.sql",
    "special_accounts.sql",
)
_PACKAGE = "reporting.verification"


class DuckdbSession:
    """The raw rows by table, and the tables derived from them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, codes: CodeLabels) -> None:
        self._connection = connection
        self._tables: set[str] = set()
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        """Those of the checks that run now."""
        self._is_interrupted = False
        for stored_table in (*HASHED_TABLES, *BALANCES):
            self.add_rows(
                stored_table.name, document_starts.read_starts(stored_table.build_schema().empty_table())
            )
        self.add_rows("request_line", request_pages.read_lines(PAGES.build_schema().empty_table()))
        for name, table in _build_vocabulary(codes).items():
            self.add_rows(name, table)

    def add_rows(self, name: str, table: pa.Table) -> None:
        """Add rows to a table, which is created at the first call."""
        self._connection.register("incoming", table)
        target = f"insert into {name} by name" if name in self._tables else f"create table {name} as"
        self._connection.execute(f"{target} select * from incoming")  # noqa: S608
        self._tables.add(name)
        self._connection.unregister("incoming")

    def add_window(self, rows: TableRows, batches: Sequence[BatchRow], firsts: Sequence[int]) -> None:
        """Add the rows of a window, each with its batch."""
        table = rows.to_arrow()
        if "batch" not in table.column_names:
            ends = find_bounds(rows, batches, firsts)
            batch = np.repeat([row.batch for row in batches], np.diff(ends))
            table = table.slice(ends[0], len(batch)).append_column("batch", pa.array(batch, pa.int64()))
        if rows.table is PAGES:
            self.add_rows("request_line", request_pages.read_lines(table))
            table = table.drop(["page"])
        self.add_rows(rows.table.name, document_starts.read_starts(table))

    def count_rows(self, name: str) -> int:
        """Return the number of rows in a table."""
        ((rows,),) = self._connection.execute(f"select count(*) from {name}").fetchall()  # noqa: S608
        return int(rows)

    def create_view(self, view: str) -> None:
        """Create a view of the loaded rows."""
        self._connection.execute(view)

    def interrupt(self) -> None:
        """End the step or the checks that other threads run, and let none begin any more."""
        self._is_interrupted = True
        for connection in (self._connection, *tuple(self._cursors)):
            connection.interrupt()

    def _require_time(self) -> None:
        """Raise if the verification was stopped."""
        if self._is_interrupted:
            raise duckdb.InterruptException("the verification was stopped")

    @contextmanager
    def _open_cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._connection.cursor() as cursor:
            self._cursors.add(cursor)
            try:
                self._require_time()
                yield cursor
            finally:
                self._cursors.discard(cursor)

    def run_step(self, step: str) -> None:
        """Run a step of ``journal.sql``."""
        self._require_time()
        self._connection.execute(STEPS[step])

    def run_check(self, name: str) -> CheckResult:
        """Run the check ``name``: list the places where its rule does not hold.  Several checks may run at once."""
        with self._open_cursor() as cursor:
            cursor.execute(CHECKS[name])
            rows = cursor.fetchmany(FINDINGS_MAX)
            broken = len(rows)
            while following := cursor.fetchmany(_ROWS_AT_ONCE):
                broken += len(following)
        check = Check(name, read_rule(CHECKS[name]), broken)
        return CheckResult(check, [Finding(name, *row) for row in rows])


def read_rule(statement: str) -> str:
    """Return the rule in words: the comment above the statement."""
    lines = statement.splitlines()
    return " ".join(line.removeprefix("-- ") for line in lines if line.startswith("-- "))


@contextmanager
def open_session(codes: CodeLabels, scratch: Path | None = None) -> Iterator[DuckdbSession]:
    """Open a session with empty tables, and a folder in ``scratch`` for data that does not fit in memory."""
    with TemporaryDirectory(prefix="verify-", dir=scratch) as folder:
        settings = {
            "memory_limit": f"{max(psutil.virtual_memory().total // 4, MEMORY_MIN_BYTES)}B",
            "threads": os.cpu_count() or 1,
            "temp_directory": folder,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=settings) as connection:
            yield DuckdbSession(connection, codes)


def _build_vocabulary(codes: CodeLabels) -> dict[str, pa.Table]:
    """Return the catalog and the nomenclature as tables."""
    layouts = {"layout": [KNOWN_LAYOUT]}
    months = {year: exercise.payroll_check_month for year, exercise in codes.exercises.items()}
    tables = (
        {"known_layout": layouts}
        | _build_nomenclature(codes)
        | build_interest_rules(codes)
        | {
            "unserved": year_tables.build_unserved_expenses(codes),
            "recycling": year_tables.build_recycling_cases(codes),
        }
        | {"restoration_rule": year_tables.build_restoration_rules(codes)}
        | build_decree_tables(codes)
        | {
            "visa_rule": year_tables.build_visa_rules(codes),
            "succession": year_tables.build_successions(codes),
        }
        | {
            "special_programme": year_tables.build_special_programmes(codes),
            "special_forbidden": year_tables.build_forbidden_payees(codes),
            "unpaid_programme": year_tables.build_unpaid_programmes(codes),
        }
        | {"exercise_dates": year_tables.build_exercise_dates(codes)}
        | {"payroll_check": {"exercise": list(months), "month": list(months.values())}}
    )
    return {
        **{name: pa.table(table) for name, table in tables.items()},
        **chart_tables.build_chart_tables(
            codes.charts, {year: of_year.receipt_natures for year, of_year in codes.years.items()}
        ),
        "kind": _build_kinds(),
        **document_starts.build_journal_tables(),
        **role_tables.build_role_tables(codes.exercises),
    }


def _build_nomenclature(codes: CodeLabels) -> dict[str, dict[str, list[Any]]]:
    """Return the meaning of each code in each year."""
    centres = [
        (year, centre)
        for year, nomenclature in codes.years.items()
        for centre in nomenclature.centres.values()
    ]
    items = [
        (year, item) for year, nomenclature in codes.years.items() for item in nomenclature.items.values()
    ]
    funds = [
        (year, fund) for year, nomenclature in codes.years.items() for fund in nomenclature.funds.values()
    ]
    areas = [
        (year, area) for year, nomenclature in codes.years.items() for area in nomenclature.areas.values()
    ]
    code = {
        "parent": [centre.parent for _, centre in centres],
        "level": [int(centre.level) for _, centre in centres],
        "estimated": [codes.find_programme(centre.code, year).estimated for year, centre in centres],
    }
    return {
        "code": _build_codes(centres) | code,
        "item": _build_codes(items)
        | {
            "staff": [int(item.staff) for _, item in items],
            "title": [item.title for _, item in items],
        },
        "area": _build_codes(areas) | {"programme": [area.programme for _, area in areas]},
        "fund": _build_codes(funds)
        | {
            "family": [int(fund.family) for _, fund in funds],
            "programme": [fund.programme for _, fund in funds],
        },
    }


def _build_codes(
    coded: Sequence[tuple[int, FundCentre | FunctionalArea | CommitmentItem | Fund]],
) -> dict[str, list[Any]]:
    return {"year": [year for year, _ in coded], "code": [thing.code for _, thing in coded]}


def _find_open_sign(kind: ActKind) -> int:
    """Return how the kind changes what is open of its commitment, which is a carry itself; 0 where it takes up another amount.

    That is a debt, a receipt, or what stands on a suspense account.
    """
    if kind.carries:
        return int(kind.family is Family.COMMITMENT)
    takes_other = kind.inherits or kind.takes_off_suspense or kind.opens_fund
    return 0 if takes_other else (kind.feeds is Remainder.OPEN) - (kind.draws is Remainder.OPEN)


_SIGNS = ("ae_reserved", "ae_consumed", "cp_reserved", "cp_consumed", "settles")


def _build_kinds() -> pa.Table:
    """Return the catalog: signs as numbers, all else by name."""
    rows = [
        {
            "kind": number,
            "name": kind.name,
            "family": kind.family.name,
            "follows": kind.follows.name,
            **{name: getattr(kind, name) for name in ("mirrors", "undoes", "inherits", "carries", "assigns")},
            "budget": kind.budget.name,
            "measure": Measure.AE.name if kind.measure is Measure.NONE else kind.measure.name,
            **{name: getattr(kind, name) for name in _SIGNS},
            "remits": kind.remits,
            "after": kind.after.name,
            "reaches": kind.reaches.name,
            "opposes": kind.name in OPPOSING_KINDS,
            "open_sign": _find_open_sign(kind),
            "unbilled_sign": (kind.feeds is Remainder.UNBILLED) - (kind.draws is Remainder.UNBILLED),
            "posts": kind.debit is not Role.NONE or kind.credit is not Role.NONE,
            "debit_role": kind.debit.name,
            "credit_role": kind.credit.name,
            "pays": kind.pays,
            "registers": kind.family is Family.THIRD_PARTY,
            "redetails": kind.change is PayeeChange.DETAILS,
            "change": kind.change.name,
            "is_interest": kind.is_interest,
            "title_two": kind.title_two.name,
            "before_service": kind.before_service,
            "requester": kind.requester.name,
            "credit_check": kind.check.name,
            "of_payee": kind.is_payee_act,
            "bills": kind.bills,
            "year_rule": kind.year_rule.name,
            "pairs": kind.pairs.name,
        }
        for number, kind in enumerate(CATALOG)
        if number
    ]
    return pa.Table.from_pylist(rows)
