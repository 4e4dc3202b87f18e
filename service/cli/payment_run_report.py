"""Payment runs, for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.money import euros
from core.payment_rules import Way
from reporting.report_tables import Column, Grid, Kind
from settlement.runs.exclusions import FINDINGS, LeftOut


def runs(found: Sequence[Mapping[str, Any]]) -> Grid:
    """One row a run."""
    columns = [
        *(Column("run", Kind.COUNT), Column("state"), Column("until"), Column("lines", Kind.COUNT)),
        *(Column("euros", Kind.MONEY), Column("left out", Kind.COUNT), Column("proposed by")),
        *(
            Column("released by"),
            Column("paid", Kind.COUNT),
            Column("refused", Kind.COUNT),
            Column("files", Kind.COUNT),
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
    rows = [[str(each[name]) if name == "until" else each[name] for name in names] for each in found]
    return Grid("Payment runs", columns, rows)


def told(found: Mapping[str, Any]) -> Iterator[str | Grid]:
    """A run: its state, its totals, its lines where they were asked for."""
    yield (
        f"Run {found['run']} is {found['state']}: {found['lines']:,} lines, {euros(found['cents'])} euros, due until "
        f"{found['until']}; proposed by {found['proposed_by']}."
    )
    if found["released_by"]:
        yield (
            f"Released by {found['released_by']}: {found['released_lines']:,} lines, "
            f"{euros(found['released_cents'])} euros."
        )
    if found["state"] == "issued":
        yield (
            f"Issued by {found['issued_by']}: {found['paid']:,} paid, {euros(found['paid_cents'])} euros, in "
            f"{found['files']:,} files; {found['refused']:,} refused."
        )
    yield _totals(found["totals"])
    if found["reasons"]:
        yield _reasons(found["reasons"])
    if found["refusals"]:
        yield _refusals(found["refusals"])
    if found["shown"]:
        yield _lines(found["shown"])


def listed(found: Sequence[Mapping[str, Any]]) -> Grid:
    """One row a file."""
    columns = [
        *(Column("file"), Column("way"), Column("executed"), Column("transfers", Kind.COUNT)),
        *(Column("euros", Kind.MONEY), Column("SHA-256"), Column("where")),
    ]
    rows = [
        [
            *(each["name"], Way(each["way"]).name, str(each["executed"]), each["transactions"]),
            *(each["cents"], each["sha256"], each["path"]),
        ]
        for each in found
    ]
    return Grid("Payment files", columns, rows)


def _totals(found: Sequence[Mapping[str, Any]]) -> Grid:
    columns = [Column("accountant"), Column("way"), Column("lines", Kind.COUNT), Column("euros", Kind.MONEY)]
    rows = [[each["accountant"], each["way"], each["lines"], each["cents"]] for each in found]
    return Grid("To be paid", columns, rows)


def _reasons(found: Sequence[Mapping[str, Any]]) -> Grid:
    columns = [Column("left out"), Column("lines", Kind.COUNT), Column("euros", Kind.MONEY), Column("why")]
    rows = [[each["reason"], each["lines"], each["cents"], _finding(each["reason"])] for each in found]
    return Grid("Due, and not paid", columns, rows)


def _finding(reason: str) -> str:
    return "held in this run" if reason == "HELD" else FINDINGS[LeftOut[reason]]


def _refusals(found: Sequence[Mapping[str, Any]]) -> Grid:
    columns = [Column("line", Kind.COUNT), Column("refused"), Column("euros", Kind.MONEY)]
    return Grid(
        "Refused, and in no file", columns, [[each["line"], each["code"], each["cents"]] for each in found]
    )


def _lines(found: Sequence[Mapping[str, Any]]) -> Grid:
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
    kinds = {"line": Kind.COUNT, "entry": Kind.COUNT, "cents": Kind.MONEY}
    columns = [Column("euros" if name == "cents" else name, kinds.get(name, Kind.TEXT)) for name in names]
    return Grid("Lines", columns, [[each[name] for name in names] for each in found])
