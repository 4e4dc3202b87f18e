"""``crescendo reference``: the reference data of a ledger: check, comparison, load, acceptance of changed files."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from service.cli import reference_output
from service.cli.caller import ReasonOptions, decide_as
from service.cli.report_output import TABLE, OutputFormat
from service.cli.shared_options import DEFAULT_DATA, DataOptions
from service.configuration.settings import UsageError
from service.terminal import console

if TYPE_CHECKING:
    from reporting.reference.folder_faults import FolderCheck
    from service.configuration.settings import Settings
    from service.engine.reference_loading import FolderDraft

app = App(name="reference", help="Reference data: nomenclatures, charts, calendar and rules.")
EXIT_REFUSED = 1
FolderArgument = Annotated[
    Path, Parameter(help="Folder that contains calendar.toml, and a folder for each exercise.")
]
FullOption = Annotated[
    bool,
    Parameter(
        name="--full",
        negative="",
        show_default=False,
        help=f"List every change. Default: the first {reference_output.CHANGES_SHOWN}.",
    ),
]
_CONSENT = "yes"
_PATHS_SHOWN = 20


@app.command
def accept(
    *, because: Annotated[ReasonOptions, Parameter(name="*")], options: DataOptions = DEFAULT_DATA
) -> int:
    """Accept files that differ from those that the ledger used last: no engine uses them before, once an operator has a login.

    Exit code 1 if they do not differ.
    """
    from posting.store import reference_use
    from service.engine.engine_context import load_reference

    reason, caller = because.require_reason()
    reference = load_reference(options.read_settings())
    try:
        acceptance = decide_as(
            options,
            caller,
            lambda connection, person: reference_use.accept_files(
                connection, reference, reason=reason, by=person
            ),
        )
    except reference_use.RefusedAcceptance as refused:
        console.print_line(str(refused))
        return EXIT_REFUSED
    more = len(acceptance.paths) - _PATHS_SHOWN
    console.print_line(
        f"Acceptance {acceptance.number}: the next start of run or serve uses {reference.folder}."
    )
    for path in acceptance.paths[:_PATHS_SHOWN]:
        console.print_line(f"  {path}")
    if more > 0:
        console.print_line(f"  and {more} more")
    return 0


@app.command
def check(folder: FolderArgument, *, output_format: OutputFormat = TABLE) -> int:
    """Read a folder of reference data as the engine does, and name every fault: file, line, what was found, what to do.

    Exit codes: 0 no fault; 1 faults; 2 there is no such folder.
    """
    from reporting.reference import folder_faults

    _require_folder(folder)
    result = folder_faults.check_folder(folder)
    _write_check(result, output_format)
    return EXIT_REFUSED if result.faults else 0


@app.command
def diff(
    folder: FolderArgument,
    *,
    full: FullOption = False,
    output_format: OutputFormat = TABLE,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Show what a folder of reference data would change of those in use, and what depends on what it removes.

    Exit codes: 0 it may be loaded; 1 it has faults, or accepted acts depend on what it changes; 2 there is no such folder.
    """
    from service.engine import reference_loading

    _require_folder(folder)
    with reference_loading.open_draft(options.read_settings(), folder, needs_ledger=False) as draft:
        return _show_draft(draft, output_format, is_full=full)


@app.command
def load(
    folder: FolderArgument,
    *,
    because: Annotated[ReasonOptions, Parameter(name="*")],
    yes: Annotated[
        bool, Parameter(name="--yes", negative="", show_default=False, help="Load it without a question.")
    ] = False,
    full: FullOption = False,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Load a folder of reference data, after its check and its changes: commands use it at once, a service after a restart.

    A copy is put in the data folder, whole or not at all, and the ledger records who accepted it, why, and its hash. The same
    folder again changes nothing. Beside an engine at work, only additions are loaded.

    Exit codes: 0 loaded, or in use already; 1 it has faults, or accepted acts depend on what it changes; 2 wrong usage, or no
    consent; 3 an engine is at work.
    """
    from reporting.reference.folder_faults import FolderCheck
    from service.engine import reference_loading

    reason, caller = because.require_reason()
    settings = options.read_settings()
    _require_folder(folder)
    _require_own_folder(settings)
    with reference_loading.open_draft(settings, folder, needs_ledger=True) as draft:
        code = _show_draft(draft, TABLE, is_full=full)
        if code or isinstance(draft, FolderCheck):
            return code
        if draft.is_in_use:
            console.print_line("These reference data were loaded last: nothing is loaded.")
            return 0
        draft.check_engine(draft.ledger.engine)
        _require_consent(is_given=yes)
        acceptance = decide_as(
            options, caller, lambda connection, by: draft.accept(connection, reason=reason, by=by)
        )
        draft.use()
    record = f"Acceptance {acceptance}: the" if acceptance else "The"
    console.print_line(f"{record} reference data of {folder} are loaded: {draft.comparison.digest}.")
    console.print_line("Commands use them from now on, the service after its next start: restart it now.")
    return 0


def _show_draft(draft: "FolderDraft | FolderCheck", output_format: OutputFormat, *, is_full: bool) -> int:
    """Show the faults of a folder, or else its changes; return the exit code."""
    from reporting.reference.folder_faults import FolderCheck

    if isinstance(draft, FolderCheck):
        _write_check(draft, output_format)
        return EXIT_REFUSED
    if output_format.is_for_people:
        reference_output.print_comparison(draft.comparison, is_full=is_full)
    else:
        output_format.write(draft.comparison, reference_output.build_change_table)
    return EXIT_REFUSED if draft.comparison.breach else 0


def _write_check(result: "FolderCheck", output_format: OutputFormat) -> None:
    if output_format.is_for_people:
        reference_output.print_check(result)
    else:
        output_format.write(result, reference_output.build_fault_table)


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder. Name the folder that contains calendar.toml")


def _require_own_folder(settings: "Settings") -> None:
    """Check that no setting names another folder, which the next start would use whatever is loaded."""
    if settings.reference is not None and not settings.is_reference_loaded:
        raise UsageError(
            f"the setting reference names {settings.reference}, and the next start would use that folder. Remove the setting "
            f"(CRESCENDO_REFERENCE, or the key of the settings file) everywhere, and load {settings.reference} once without it"
        )


def _require_consent(*, is_given: bool) -> None:
    """Ask for consent, unless it is given already.

    Raises
    ------
    UsageError
        There is no consent, or no terminal to ask for it; nothing was loaded.
    """
    if is_given:
        return
    if sys.stdin is None or not (console.is_terminal(sys.stdin) and console.is_terminal(sys.stderr)):
        raise UsageError("nothing was loaded. Add --yes to load it")
    console.print_note(f"Type {_CONSENT} to load it:")
    # no time limit: a person is asked, and nothing has begun
    if sys.stdin.readline().strip() != _CONSENT:
        raise UsageError("nothing was loaded")
