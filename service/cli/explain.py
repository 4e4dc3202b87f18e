"""``crescendo explain``: the whole life of one act."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.errors import CrescendoError
from service import console
from service.commands.options import HERE, Json, Place

if TYPE_CHECKING:
    from reporting.explanation import Explanation
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
    from reporting import story

    found = life(place.settings(), reference, sender)
    if not (found.accepted or found.refused):
        whose = f" of {sender}" if sender else ""
        raise CrescendoError(f"no act {reference!r}{whose} is known: check the spelling, or --data")
    if json:
        console.as_json(found)
    else:
        console.tell(story.tell(found))


def life(settings: "Settings", reference: str, sender: str | None) -> "Explanation":
    """Everything known of a reference."""
    from reporting import explanation
    from service.reading import read

    return read(
        settings, lambda connection, names: explanation.explain(connection, names, reference, sender=sender)
    )
