"""The payment runs for the checks: their tables, and the pages that contain their lines."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping

import pyarrow as pa

from core.errors import SchemaMismatch
from core.tables.columns import read_column_kinds
from core.tables.payment_runs import RunLines
from reporting.verification.snapshot_queries import JournalSnapshot, TablePart

TABLES = (
    *(
        "payment_run",
        "payment_edit",
        "payment_release",
        "payment_abandonment",
        "payment_issue",
        "payment_file",
    ),
    *("payment_end", "payment_submission", "run_accountant"),
)

PAID_LINE = """
create view paid_line as
with edited as (select run, line, arg_max(what, edit) as what from payment_edit where line is not null group by run, line)
select l.* from run_line l left join edited e using (run, line)
where l.left_out = 0 and e.what is distinct from 'hold' or l.left_out in (7, 13) and e.what = 'unhold'
"""
"""The lines that are paid after all edits; an edit may include a returned transfer (7) and new bank details (13), no other."""

_LINES = pa.schema(
    [
        ("run", pa.int32()),
        *((name, kind.arrow) for name, kind in read_column_kinds(RunLines).items()),
        ("remittance", pa.string()),
    ]
)
_DIGESTS = pa.schema([("run", pa.int32()), ("stated", pa.string()), ("computed", pa.string())])
_ACCOUNTS = pa.schema(
    [("run", pa.int32()), ("exercise", pa.int32()), ("code", pa.string()), ("account", pa.string())]
)


async def read_parts(snapshot: JournalSnapshot) -> AsyncIterator[TablePart]:
    """Yield the rows about payment runs, a chunk at a time; at least one part for each table."""
    for name in TABLES:
        async for rows in snapshot.read_table(name):
            yield TablePart(name, rows)
    yield TablePart("run_account", _ACCOUNTS.empty_table())
    async for rows in snapshot.read_table("run_terms"):
        yield TablePart("run_account", _read_accounts(rows))
    yield TablePart("run_line", _LINES.empty_table())
    digests: dict[int, hashlib._Hash] = {}
    async for run, content in snapshot.read_run_pages():
        digests.setdefault(run, hashlib.sha256()).update(content)
        yield TablePart("run_line", _read_lines(run, content))
    stored_digests = await snapshot.read_run_digests()
    yield TablePart(
        "run_digest",
        _compare_digests(stored_digests, {run: digest.hexdigest() for run, digest in digests.items()}),
    )


def _read_lines(run: int, content: bytes) -> pa.Table:
    try:
        table = pa.ipc.open_stream(content).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise SchemaMismatch(f"a page of run {run} cannot be read: {error}") from error
    if table.schema.names != _LINES.names[1:]:
        raise SchemaMismatch(
            f"a page of run {run} has the columns {table.schema.names}, not {_LINES.names[1:]}"
        )
    numbers = pa.array([run], pa.int32()).take(pa.array([0] * len(table)))
    return table.add_column(0, "run", numbers).cast(_LINES)


def _read_accounts(issues: pa.Table) -> pa.Table:
    """Return the operations accounts stored with each issue, by exercise."""
    rows = []
    for run, text in zip(issues["run"].to_pylist(), issues["terms"].to_pylist(), strict=True):
        try:
            terms = json.loads(text)
            by_year = {int(year): accountants for year, accountants in terms.get("years", {}).items()}
            rows += [
                (run, year, code, fields[1])
                for year, accountants in by_year.items()
                for code, fields in accountants.items()
            ]
        except (ValueError, AttributeError, IndexError) as error:
            raise SchemaMismatch(f"the terms of run {run} cannot be read: {error}") from error
    return pa.Table.from_pylist([dict(zip(_ACCOUNTS.names, row, strict=True)) for row in rows], _ACCOUNTS)


def _compare_digests(stored_digests: Mapping[int, str], computed: Mapping[int, str]) -> pa.Table:
    nothing = hashlib.sha256().hexdigest()
    runs = sorted(stored_digests.keys() | computed.keys())
    rows = [
        {"run": run, "stated": stored_digests.get(run, ""), "computed": computed.get(run, nothing)}
        for run in runs
    ]
    return pa.Table.from_pylist(rows, _DIGESTS)
