"""Output of the commands on keys, signers and trust."""

from collections.abc import Callable
from typing import Any

from reporting.report_tables import Cell, ReportTable
from service.terminal import console


def print_end(subject: str, ended: bool | None) -> int:
    """Print whether ``subject`` has ended now, had ended before, or does not exist (None); return the exit code."""
    name = f"{subject[:1].upper()}{subject[1:]}"
    sentences = {
        True: f"{name} has ended.",
        False: f"{name} had already ended.",
        None: f"There is no {subject}.",
    }
    console.print_line(sentences[ended])
    return 1 if ended is None else 0


def print_rows(
    rows: list[dict[str, Any]], build_table: Callable[[list[dict[str, Any]]], ReportTable], *, json: bool
) -> None:
    """Print rows as a table, or as JSON."""
    if json:
        console.print_json(rows)
    else:
        console.print_table(build_table(rows))


def format_rights(row: dict[str, Any]) -> list[Cell]:
    """Return roles and programmes as two cells."""
    return [" ".join(row["roles"]), " ".join(row["programmes"]) or "all"]


def format_end(row: dict[str, Any]) -> str:
    """Return the day of the end or expiry, or ``never``."""
    end = row["ended_at"] or row["expires_at"]
    return f"{end:%Y-%m-%d}" if end else "never"
