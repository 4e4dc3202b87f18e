"""Output of the commands on reference data: faults and changes in sentences."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.money import format_euros
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.table_layout import escape_controls
from service.terminal import console

if TYPE_CHECKING:
    from reporting.reference.folder_comparison import FolderComparison
    from reporting.reference.folder_faults import Fault, FolderCheck
    from reporting.reference.merge_effects import MergeEffect
    from reporting.reference.row_changes import CodeUse, RowChange

CHANGES_SHOWN = 40
_FILES_SHOWN = 5
_YEARS_APART = 2
_USE_COLUMNS = (
    *(("entries", CellType.COUNT), ("AE opened", CellType.MONEY), ("CP opened", CellType.MONEY)),
    *(("commitments", CellType.COUNT), ("remaining to be paid", CellType.MONEY)),
    *(("debit", CellType.MONEY), ("credit", CellType.MONEY), ("opening balances", CellType.COUNT)),
)
"""The fields of ``CodeUse``, in their order."""


def print_check(check: "FolderCheck") -> None:
    """Print the faults of a folder, and the verdict."""
    if check.is_in_use:
        _print_sentence(f"{check.folder} is in use, and has faults: nothing can be compared with it.")
    for fault in check.faults:
        _print_sentence(f"{fault.place}: {fault.finding}. {fault.remedy}")
    for warning in check.warnings:
        _print_sentence(f"Warning: {warning.place}: {warning.finding}. {warning.remedy}")
    if check.consequences:
        rows = console.format_count(check.consequences, "further row names", "further rows name")
        _print_sentence(f"{rows} a code of these faults: correct the faults, and check again.")
    if check.unread:
        _print_sentence(f"May have more faults, as they were not read to the end: {'; '.join(check.unread)}.")
    years = ", ".join(map(str, check.years)) or "no exercise"
    files = console.format_count(check.files, "file")
    verdict = console.format_count(len(check.faults), "fault") if check.faults else "no fault"
    _print_sentence(f"{check.folder}: {files} of {years}, {verdict}.")


def _print_sentence(text: str) -> None:
    """Print what contains texts of files, which could move the cursor."""
    console.print_line(escape_controls(text))


def build_fault_table(check: "FolderCheck") -> ReportTable:
    """Build the table of faults and warnings, for programs."""
    columns = [Column("severity"), Column("file"), Column("line"), Column("finding"), Column("remedy")]
    rows = [_list_cells("fault", fault) for fault in check.faults]
    rows += [_list_cells("warning", warning) for warning in check.warnings]
    return ReportTable("", columns, rows, drop_order=())


def _list_cells(severity: str, fault: "Fault") -> list[Cell]:
    return [severity, fault.file, fault.line, fault.finding, fault.remedy]


def print_comparison(comparison: "FolderComparison", *, is_full: bool) -> None:
    """Print what a load would change: counts by kind of row, then sentences, removed rows first."""
    _print_sentence(f"{comparison.folder} compared with {comparison.in_use}, which is in use.")
    if comparison.unused_files:
        files = ", ".join(comparison.unused_files[:_FILES_SHOWN])
        more = len(comparison.unused_files) - _FILES_SHOWN
        _print_sentence(
            f"The ledger has not used {comparison.in_use} as it is now: {files}{f' and {more} more' if more > 0 else ''} "
            "changed since its last use. These changes are not listed here."
        )
    if comparison.is_equal:
        _print_sentence("Every file is the same: nothing changes.")
    elif not comparison.changes:
        _print_sentence("Only comments, spaces, the order of rows, or files that nothing reads differ.")
    else:
        _print_changes(comparison.changes, is_full=is_full)
    for merge in comparison.merges:
        _print_sentence(describe_merge(merge))
    if comparison.breach:
        _print_sentence(f"Refused, as accepted acts depend on it: {comparison.breach}")


def _print_changes(changes: "list[RowChange]", *, is_full: bool) -> None:
    from reporting.reference.row_changes import ChangeType

    types = list(ChangeType)
    console.print_table(build_sum_table(changes))
    console.print_line()
    ordered = sorted(changes, key=lambda row: (types.index(row.change), row.use is None or row.use.is_empty))
    for change in ordered if is_full else ordered[:CHANGES_SHOWN]:
        _print_sentence(describe_change(change))
    more = len(ordered) - CHANGES_SHOWN
    if more > 0 and not is_full:
        _print_sentence(f"And {console.format_count(more, 'more change')}: --full lists all.")


def build_sum_table(changes: "list[RowChange]") -> ReportTable:
    """Build the table with the number of changes by kind of row."""
    from reporting.reference.row_changes import ChangeType

    counts = Counter((change.noun, change.change) for change in changes)
    columns = [Column("kind of row"), *(Column(str(change), CellType.COUNT) for change in ChangeType)]
    rows = [
        [noun, *(counts[noun, change] for change in ChangeType)]
        for noun in dict.fromkeys(change.noun for change in changes)
    ]
    return ReportTable("Changes", columns, rows, drop_order=())


def describe_change(change: "RowChange") -> str:
    """Describe a change in one sentence, and what depends on a removed row in another."""
    subject = f"{change.noun} {change.code}{_name_years(change.years)} ({change.file})"
    cells = "; ".join(f'{cell.column} "{cell.before}" becomes "{cell.after}"' for cell in change.cells)
    sentence = f"{change.change}: {subject}{f': {cells}' if cells else ''}."
    return sentence if change.use is None else f"{sentence} {_describe_use(change.use)}"


def describe_merge(merge: "MergeEffect") -> str:
    """Describe what a merge of third parties concerns, and what follows from it."""
    head = f"Merge of {merge.code} into {merge.into}: acts of {merge.first_day} or later no longer name {merge.code}."
    if merge.unregistered:
        codes = " and ".join(merge.unregistered)
        waits = "It is in use from the first start after the registration of"
        return f"{head} {waits} {codes}: nothing is merged until then."
    items = "; ".join(_list_merged_items(merge))
    if not items:
        return f"{head} Nothing is open of it."
    is_owed = merge.debts or merge.oppositions
    return f"{head} Open of it: {items}.{_describe_payment(merge) if is_owed else ''}"


def _describe_payment(merge: "MergeEffect") -> str:
    """Describe to which account the debts of a merged code are paid."""
    if merge.is_blocked:
        return " One of both is blocked: nothing of this is paid before its release."
    if merge.has_same_account:
        return " Both have one account, to which it is paid."
    details = f"the bank details of {merge.code} are those of {merge.into}"
    return f" The accounts differ: nothing of this is paid before {details} (bank_details)."


def _list_merged_items(merge: "MergeEffect") -> Iterator[str]:
    if merge.debts:
        yield f"{console.format_count(merge.debts, 'debt')} to it, {format_euros(merge.debts_cents)} euros"
    if merge.oppositions:
        count = console.format_count(
            merge.oppositions, "opposition or assignment", "oppositions or assignments"
        )
        yield f"{count} in its favour, {format_euros(merge.oppositions_cents)} euros"
    if merge.receivables:
        count = console.format_count(merge.receivables, "receivable")
        yield f"{count} from it, {format_euros(merge.receivables_cents)} euros"


def _name_years(years: list[int]) -> str:
    if not years:
        return ""
    names = [str(year) for year in years]
    return f" of {' and '.join(names)}" if len(names) <= _YEARS_APART else f" of {names[0]} to {names[-1]}"


def _describe_use(use: "CodeUse") -> str:
    if use.is_empty:
        return "Nothing that is stored depends on it."
    return f"It is in use: {'; '.join(_list_uses(use))}."


def _list_uses(use: "CodeUse") -> Iterator[str]:
    if use.entries:
        yield console.format_count(use.entries, "entry", "entries")
    if use.commitments:
        remaining = format_euros(use.remaining_cents)
        yield f"{console.format_count(use.commitments, 'open commitment')}, {remaining} euros remain to be paid"
    if use.ae_opened_cents or use.cp_opened_cents:
        yield f"credits of {format_euros(use.ae_opened_cents)} in AE and {format_euros(use.cp_opened_cents)} in CP"
    if use.debit_cents or use.credit_cents:
        yield f"posted {format_euros(use.debit_cents)} to the debit, {format_euros(use.credit_cents)} to the credit"
    if use.opening_balances:
        yield console.format_count(use.opening_balances, "opening balance")


def build_change_table(comparison: "FolderComparison") -> ReportTable:
    """Build the table of the changes, one row for each cell that differs, for programs."""
    columns = [
        *(Column("change"), Column("kind"), Column("file"), Column("years"), Column("code")),
        *(Column("column"), Column("before"), Column("after")),
        *(Column(name, cell_type) for name, cell_type in _USE_COLUMNS),
    ]
    rows = [row for change in comparison.changes for row in _list_rows(change)]
    return ReportTable("", columns, rows, drop_order=())


def _list_rows(change: "RowChange") -> Iterator[list[Cell]]:
    from msgspec.structs import astuple

    years = " ".join(map(str, change.years))
    head: list[Cell] = [str(change.change), change.noun, change.file, years, change.code]
    uses = list(astuple(change.use)) if change.use else [None] * len(_USE_COLUMNS)
    for cell in change.cells or [None]:
        yield [*head, *((cell.column, cell.before, cell.after) if cell else ("", "", "")), *uses]
