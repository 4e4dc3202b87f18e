"""``crescendo explain``: the whole life of one act."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.errors import CrescendoError
from service.cli.options import HERE, Json, Place
from service.terminal import console

if TYPE_CHECKING:
    from reporting.act_history import Explanation
    from service.settings import Settings


def explain(
    reference: Annotated[str, Parameter(help="The sender's own name for the act.")],
    *,
    sender: Annotated[str | None, Parameter(help="Only of this sender.")] = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Tell the whole life of an act: file, decision, budget before and after, entry, batch, proof.

    Exit codes: 0 found; 3 no act of that reference is known.
    """
    from reporting import act_narrative

    found = life(place.settings(), reference, sender)
    if not (found.accepted or found.refused):
        whose = f" of {sender}" if sender else ""
        raise CrescendoError(f"no act {reference!r}{whose} is known: check the spelling, or --data")
    if json:
        console.as_json(found)
    else:
        console.tell(act_narrative.tell(found))


def life(settings: "Settings", reference: str, sender: str | None) -> "Explanation":
    """Everything known of a reference."""
    from reporting import act_history
    from service.database.report_session import read

    return read(
        settings, lambda connection, names: act_history.explain(connection, names, reference, sender=sender)
    )
