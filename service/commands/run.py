"""``crescendo run``: process files to the end."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.errors import InputError
from service import console, interruption, progress
from service.commands.options import Json, Place
from service.settings import Misuse

if TYPE_CHECKING:
    from ingest.envelope import Envelope
    from service.app import Result
    from service.settings import Settings

EXIT_REFUSED = 1


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Presentation:
    """How the files are presented."""

    sender: Annotated[
        str, Parameter(help="Who sends the files, where neither a manifest beside them nor they themselves say so.")
    ] = ""
    again: Annotated[
        bool,
        Parameter(negative="", help="Present files anew that were processed before: what was refused may now pass, "
                  "what was accepted stays as it is."),
    ] = False


def run(
    *files: Annotated[Path, Parameter(help="Parquet, Arrow IPC, CSV or JSON Lines, in the flat act format.")],
    presentation: Presentation = Presentation(),
    place: Place = Place(),
    json: Json = False,
) -> int:
    """Process files to the end, and whatever an earlier run left unfinished; without files, only that.

    Every line is accepted, duplicate, refused with its reason, or suspended until the act it follows has come.
    Whenever the run is stopped, killed or loses its database, the same command goes on where the last commit
    left off.

    Exit codes: 0 processed, whatever was refused line by line; 1 at least one file refused whole, the others
    processed; 2 wrong usage; 3 the engine cannot go on; 130 interrupted.
    """
    settings = place.settings()
    declared = _declared(presentation.sender)
    result = processed(settings, _presentable(files), (declared, presentation.again))
    if json:
        console.as_json(result)
    else:
        tell(result)
    if result.is_interrupted:
        console.note("Stopped in good order: nothing is lost. The same command goes on from here.")
        return interruption.EXIT_INTERRUPTED
    return EXIT_REFUSED if result.rejected else 0
