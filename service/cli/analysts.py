"""``crescendo analysts``: what analysts read with their own tools, and the roles by which they read it."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.settings import Settings, UsageError
from service.database import session
from service.database.configured_database import open_or_attach
from service.terminal import console, processing_progress, signals
from service.terminal.processing_progress import ProgressReporter

if TYPE_CHECKING:
    from posting.store.analyst_roles import AnalystRights
    from reporting.analysts.refresh import RefreshResult

app = App(name="analysts", help="Views for analysts: the roles that read them; refresh what they show.")
EXIT_REFUSED = 1
_ROLE_CHARACTERS = 63


@app.command
def grant(
    role: Annotated[
        str, Parameter(help="Role of PostgreSQL; one that is missing is created where that is permitted.")
    ],
    *,
    with_names: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Let it read names, IBANs and persons too; without it that right is taken away.",
        ),
    ] = False,
    password: Annotated[
        str, Parameter(help="Password of a role that is created. Also CRESCENDO_ANALYST_PASSWORD.")
    ] = "",
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Let a role read the views of the schema analysis_v1, and no table.

    Without --with-names it reads neither names nor accounts of third parties, nor persons. Exit code 1 if the role reads more
    than views by other grants, or is missing and this connection may not create it.
    """
    if not 0 < len(role.encode()) <= _ROLE_CHARACTERS:
        raise UsageError(f"the name of the role {role!r} must have 1 to {_ROLE_CHARACTERS} bytes")
    rights = _grant(options.read_settings(), role, with_names=with_names, password=_read_password(password))
    if json:
        console.print_json({**rights._asdict(), "with_names": with_names})
    else:
        _print_rights(rights, with_names=with_names)
    return EXIT_REFUSED if rights.excess else 0


def _read_password(option: str) -> str:
    import os

    return option or os.environ.get("CRESCENDO_ANALYST_PASSWORD", "")


def _grant(settings: Settings, role: str, *, with_names: bool, password: str) -> "AnalystRights":
    reporter = processing_progress.create_reporter()

    async def work(_: signals.Interruption) -> "AnalystRights":
        from posting.store import analyst_roles
        from service.database.owner_connection import open_as_owner

        async with open_as_owner(settings, reporter.report_activity) as owner:
            return await analyst_roles.grant_analyst(owner, role, with_names=with_names, password=password)

    try:
        return signals.run_interruptible(work)
    finally:
        reporter.close()


def _print_rights(rights: "AnalystRights", *, with_names: bool) -> None:
    scope = "names, IBANs and persons included" if with_names else "without names, IBANs and persons"
    created = "Created: the role" if rights.is_new else "The role"
    console.print_line(f"{created} {rights.role} reads the views of analysis_v1, {scope}, and no table.")
    if rights.excess:
        console.print_note(
            f"Warning: {rights.role} reads more than these views: {rights.excess}. Use a role of its own for analysts."
        )


@app.command
def refresh(
    *,
    complete: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Build the indexes of the newest two million entries too: files that are posted later take longer.",
        ),
    ] = False,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Bring what the views show to the end of the journal: titles, codes of third parties, invoices, and missing indexes.

    A service may be at work meanwhile. After an interruption, run the same command again: it continues where it stopped.
    """
    settings = options.read_settings()
    result = session.run_on_database(settings, _build_task(settings, complete=complete), open_or_attach)
    if json:
        console.print_json(result._asdict())
    else:
        indexes = console.format_count(result.indexes, "index", "indexes")
        console.print_line(
            f"The views show the journal up to entry {result.last_entry:,}: {result.detail_lines:,} lines with invoices or "
            f"terms were added, and {indexes} built."
        )
    return 0


def _build_task(settings: Settings, *, complete: bool) -> Any:
    async def task(dsn: str, reporter: ProgressReporter) -> "RefreshResult":
        from core.reference.files import SAMPLE_FOLDER
        from reporting import code_labels
        from reporting.analysts.refresh import refresh_views
        from service.database.command_queries import connect

        reporter.report_activity("reading")
        labels = code_labels.load(settings.reference or SAMPLE_FOLDER)
        async with connect(dsn) as connection:
            return await refresh_views(connection, labels, includes_last=complete)

    return task
