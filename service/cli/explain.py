"""``crescendo explain``: the complete history of one act."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.errors import CrescendoError
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.terminal import console

if TYPE_CHECKING:
    from reporting.act_history import Explanation
    from service.configuration.settings import Settings


def explain(
    reference: Annotated[str, Parameter(help="The sender's reference of the act.")],
    *,
    sender: Annotated[str | None, Parameter(help="Only acts of this sender.")] = None,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Show the complete history of an act: file, decision, budget before and after, entry, batch, proof.

    Exit codes: 0 found; 3 there is no act with this reference.
    """
    from reporting import act_narrative

    explanation = read_explanation(options.read_settings(), reference, sender)
    if not (explanation.accepted or explanation.refused):
        of_sender = f" of {sender}" if sender else ""
        raise CrescendoError(
            f"there is no act {reference!r}{of_sender}: check the reference, --sender and --data"
        )
    if json:
        console.print_json(explanation)
    else:
        console.print_parts(act_narrative.render(explanation))


def read_explanation(settings: "Settings", reference: str, sender: str | None) -> "Explanation":
    """Read everything about a reference."""
    from reporting import act_history
    from service.database.report_session import read_report

    return read_report(
        settings, lambda connection, names: act_history.explain(connection, names, reference, sender=sender)
    )
