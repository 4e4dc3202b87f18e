"""Payment runs as tables and sentences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.money import format_euros
from core.payment_rules import TransferMethod
from reporting.report_tables import CellType, Column, ReportTable
from settlement.runs.exclusions import EXCLUSION_TEXTS, Exclusion


def build_run_table(runs: Sequence[Mapping[str, Any]]) -> ReportTable:
    """Build a table with one row per run."""
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
    rows = [[str(run[name]) if name == "until" else run[name] for name in names] for run in runs]
    order = ("files", "released by", "proposed by", "left out", "refused", "paid")
    return ReportTable("Payment runs", columns, rows, drop_order=order)


def describe_run(run: Mapping[str, Any]) -> Iterator[str | ReportTable]:
    """Return sentences and tables on a run: state, totals, and its lines if requested."""
    yield (
        f"Run {run['run']} is {run['state']}: {run['lines']:,} lines, {format_euros(run['cents'])} euros, due until "
        f"{run['until']}; proposed by {run['proposed_by']}{_format_proof(run['proposed_proof'])}."
    )
    if run["released_by"]:
        yield (
            f"Released by {run['released_by']}{_format_proof(run['released_proof'])}: {run['released_lines']:,} lines, "
            f"{format_euros(run['released_cents'])} euros."
        )
    if run["state"] == "issued":
        yield (
            f"Issued by {run['issued_by']}{_format_proof(run['issued_proof'])}: {run['paid']:,} paid, "
            f"{format_euros(run['paid_cents'])} euros, in "
            f"{run['files']:,} files; {run['refused']:,} refused."
        )
    yield _build_total_table(run["totals"])
    if run["reasons"]:
        yield _build_reason_table(run["reasons"])
    if run["refusals"]:
        yield _build_refusal_table(run["refusals"])
    if run["shown"]:
        yield _build_line_table(run["shown"])


def _format_proof(proof: str | None) -> str:
    """Say how who decided was proved; nothing where he was not."""
    return f" (proved by {proof})" if proof else ""


def build_file_table(files: Sequence[Mapping[str, Any]]) -> ReportTable:
    """Build a table with one row per payment file."""
    columns = [
        *(Column("file"), Column("way"), Column("executed"), Column("transfers", CellType.COUNT)),
        *(Column("euros", CellType.MONEY), Column("SHA-256"), Column("where")),
    ]
    rows = [
        [
            *(file["name"], TransferMethod(file["way"]).name, str(file["executed"]), file["transactions"]),
            *(file["cents"], file["sha256"], file["path"]),
        ]
        for file in files
    ]
    order = ("where", "SHA-256", "way", "executed", "transfers")
    return ReportTable("Payment files", columns, rows, drop_order=order)


def _build_total_table(totals: Sequence[Mapping[str, Any]]) -> ReportTable:
    columns = [
        Column("accountant"),
        Column("way"),
        Column("lines", CellType.COUNT),
        Column("euros", CellType.MONEY),
    ]
    rows = [[total["accountant"], total["way"], total["lines"], total["cents"]] for total in totals]
    return ReportTable("To be paid", columns, rows, drop_order=("way",))


def _build_reason_table(reasons: Sequence[Mapping[str, Any]]) -> ReportTable:
    columns = [
        Column("left out"),
        Column("lines", CellType.COUNT),
        Column("euros", CellType.MONEY),
        Column("why", CellType.PROSE),
    ]
    rows = [
        [reason["reason"], reason["lines"], reason["cents"], _explain_reason(reason["reason"])]
        for reason in reasons
    ]
    return ReportTable("Due, and not paid", columns, rows, drop_order=("why",))


def _explain_reason(reason: str) -> str:
    return "withheld in this run" if reason == "HELD" else EXCLUSION_TEXTS[Exclusion[reason]]


def _build_refusal_table(refusals: Sequence[Mapping[str, Any]]) -> ReportTable:
    columns = [Column("line", CellType.COUNT), Column("refused"), Column("euros", CellType.MONEY)]
    return ReportTable(
        "Refused, and in no file",
        columns,
        [[refusal["line"], refusal["code"], refusal["cents"]] for refusal in refusals],
        drop_order=(),
    )


_LINE_DROP_ORDER = (
    "remittance",
    "way",
    "accountant",
    "entry",
    "details since",
    "name",
    "standing",
    "due",
    "payee",
)


def _build_line_table(lines: Sequence[Mapping[str, Any]]) -> ReportTable:
    names = (
        "line",
        "entry",
        "payee",
        "name",
        "iban",
        "details_since",
        "due",
        "accountant",
        "way",
        "cents",
        "remittance",
        "standing",
    )
    kinds = {
        "line": CellType.COUNT,
        "entry": CellType.COUNT,
        "cents": CellType.MONEY,
        "name": CellType.PROSE,
        "remittance": CellType.PROSE,
    }
    headings = {"cents": "euros", "details_since": "details since"}
    columns = [Column(headings.get(name, name), kinds.get(name, CellType.TEXT)) for name in names]
    rows = [[line[name] for name in names] for line in lines]
    return ReportTable("Lines", columns, rows, drop_order=_LINE_DROP_ORDER)
