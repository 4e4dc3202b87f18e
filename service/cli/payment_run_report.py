"""Payment runs, for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.money import format_euros
from core.payment_rules import TransferMethod
from reporting.report_tables import CellType, Column, ReportTable
from settlement.runs.exclusions import EXCLUSION_TEXTS, Exclusion


def build_run_table(runs: Sequence[Mapping[str, Any]]) -> ReportTable:
    """One row a run."""
    columns = [
        *(Column("run", CellType.COUNT), Column("state"), Column("until"), Column("lines", CellType.COUNT)),
        *(Column("euros", CellType.MONEY), Column("left out", CellType.COUNT), Column("proposed by")),
        *(
            Column("released by"),
            Column("paid", CellType.COUNT),
            Column("refused", CellType.COUNT),
            Column("files", CellType.COUNT),
        ),
    ]
    names = (
        "run",
        "state",
        "until",
        "lines",
        "cents",
        "left_out",
        "proposed_by",
        "released_by",
        "paid",
        "refused",
        "files",
    )
    rows = [[str(each[name]) if name == "until" else each[name] for name in names] for each in runs]
    return ReportTable("Payment runs", columns, rows)


def describe_run(run: Mapping[str, Any]) -> Iterator[str | ReportTable]:
    """A run: its state, its totals, its lines where they were asked for."""
    yield (
        f"Run {run['run']} is {run['state']}: {run['lines']:,} lines, {format_euros(run['cents'])} euros, due until "
        f"{run['until']}; proposed by {run['proposed_by']}."
    )
    if run["released_by"]:
        yield (
            f"Released by {run['released_by']}: {run['released_lines']:,} lines, "
            f"{format_euros(run['released_cents'])} euros."
        )
    if run["state"] == "issued":
        yield (
            f"Issued by {run['issued_by']}: {run['paid']:,} paid, {format_euros(run['paid_cents'])} euros, in "
            f"{run['files']:,} files; {run['refused']:,} refused."
        )
    yield _build_total_table(run["totals"])
    if run["reasons"]:
        yield _build_reason_table(run["reasons"])
    if run["refusals"]:
        yield _build_refusal_table(run["refusals"])
    if run["shown"]:
        yield _build_line_table(run["shown"])


def build_file_table(files: Sequence[Mapping[str, Any]]) -> ReportTable:
    """One row a file."""
    columns = [
        *(Column("file"), Column("way"), Column("executed"), Column("transfers", CellType.COUNT)),
        *(Column("euros", CellType.MONEY), Column("SHA-256"), Column("where")),
    ]
    rows = [
        [
            *(each["name"], TransferMethod(each["way"]).name, str(each["executed"]), each["transactions"]),
            *(each["cents"], each["sha256"], each["path"]),
        ]
        for each in files
    ]
    return ReportTable("Payment files", columns, rows)


def _build_total_table(totals: Sequence[Mapping[str, Any]]) -> ReportTable:
    columns = [
        Column("accountant"),
        Column("way"),
        Column("lines", CellType.COUNT),
        Column("euros", CellType.MONEY),
    ]
    rows = [[each["accountant"], each["way"], each["lines"], each["cents"]] for each in totals]
    return ReportTable("To be paid", columns, rows)


def _build_reason_table(reasons: Sequence[Mapping[str, Any]]) -> ReportTable:
    columns = [
        Column("left out"),
        Column("lines", CellType.COUNT),
        Column("euros", CellType.MONEY),
        Column("why"),
    ]
    rows = [
        [each["reason"], each["lines"], each["cents"], _explain_reason(each["reason"])] for each in reasons
    ]
    return ReportTable("Due, and not paid", columns, rows)


def _explain_reason(reason: str) -> str:
    return "held in this run" if reason == "HELD" else EXCLUSION_TEXTS[Exclusion[reason]]


def _build_refusal_table(refusals: Sequence[Mapping[str, Any]]) -> ReportTable:
    columns = [Column("line", CellType.COUNT), Column("refused"), Column("euros", CellType.MONEY)]
    return ReportTable(
        "Refused, and in no file", columns, [[each["line"], each["code"], each["cents"]] for each in refusals]
    )


def _build_line_table(lines: Sequence[Mapping[str, Any]]) -> ReportTable:
    names = (
        "line",
        "entry",
        "payee",
        "name",
        "iban",
        "due",
        "accountant",
        "way",
        "cents",
        "remittance",
        "standing",
    )
    kinds = {"line": CellType.COUNT, "entry": CellType.COUNT, "cents": CellType.MONEY}
    columns = [Column("euros" if name == "cents" else name, kinds.get(name, CellType.TEXT)) for name in names]
    return ReportTable("Lines", columns, [[each[name] for name in names] for each in lines])
