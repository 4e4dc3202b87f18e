"""``crescendo explain``: the whole life of one act."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.errors import CrescendoError
from service.cli.options import DEFAULT_DATA, DataOptions, JsonOption
from service.terminal import console

if TYPE_CHECKING:
    from reporting.act_history import Explanation
    from service.configuration.settings import Settings


def explain(
    reference: Annotated[str, Parameter(help="The sender's own name for the act.")],
    *,
    sender: Annotated[str | None, Parameter(help="Only of this sender.")] = None,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Tell the whole life of an act: file, decision, budget before and after, entry, batch, proof.

    Exit codes: 0 found; 3 no act of that reference is known.
    """
    from reporting import act_narrative

    found = read_explanation(options.read_settings(), reference, sender)
    if not (found.accepted or found.refused):
        whose = f" of {sender}" if sender else ""
        raise CrescendoError(f"no act {reference!r}{whose} is known: check the spelling, or --data")
    if json:
        console.print_json(found)
    else:
        console.print_parts(act_narrative.render(found))


def read_explanation(settings: "Settings", reference: str, sender: str | None) -> "Explanation":
    """Everything known of a reference."""
    from reporting import act_history
    from service.database.report_session import read_report

    return read_report(
        settings, lambda connection, names: act_history.explain(connection, names, reference, sender=sender)
    )
