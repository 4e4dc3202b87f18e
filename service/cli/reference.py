"""``crescendo reference``: the reference data of a ledger: acceptance of changed files."""

from typing import Annotated

from cyclopts import App, Parameter

from service.cli.caller import ReasonOptions, decide_as
from service.cli.shared_options import DEFAULT_DATA, DataOptions
from service.terminal import console

app = App(name="reference", help="Reference data: nomenclatures, charts, calendar and rules.")
EXIT_REFUSED = 1
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
