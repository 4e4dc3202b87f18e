"""``crescendo run``: process files to the end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.errors import InputError
from service import console, interruption, progress, tuning, warmup
from service.commands.options import FILES, HERE, Json, Place
from service.opening import opened
from service.settings import Misuse, Settings

if TYPE_CHECKING:
    from ingest.envelope import Envelope
    from posting.registry import Reference
    from service.app import Result

EXIT_REFUSED = 1
_MANIFEST = ".manifest.json"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Presentation:
    """How the files are presented."""

    sender: Annotated[
        str,
        Parameter(
            show_default=False,
            help="Who sends the files, where neither they nor a manifest beside them say so.",
        ),
    ] = ""
    again: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Present files anew that were processed before: what was refused may now pass, "
            "what was accepted stays as it is.",
        ),
    ] = False


AS_THEY_ARE = Presentation()


def run(
    *files: Annotated[Path, Parameter(help=FILES)],
    presentation: Presentation = AS_THEY_ARE,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Process files to the end, and whatever an earlier run left unfinished; without files, only that.

    Every line is accepted, duplicate, refused with its reason, or suspended until the act it follows comes.
    Whenever a run is stopped or killed, or loses its database, the same command goes on from the last commit.

    Exit codes: 0 processed, whatever was refused line by line; 1 at least one file refused whole or lost from the
    spool, the others processed; 2 wrong usage; 3 the engine cannot go on; 130 interrupted.
    """
    result = process(place.settings(), files, presentation)
    if json:
        console.as_json(result)
    else:
        from service import report

        report.tell(result)
    if result.is_interrupted:
        console.note("Stopped in good order, nothing is lost: the same command goes on from here.")
        return interruption.EXIT_INTERRUPTED
    return EXIT_REFUSED if result.rejected or result.lost else 0


def process(settings: Settings, files: Sequence[Path], presentation: Presentation) -> "Result":
    """Run ``files`` with a bar or lines of progress on standard error."""
    tuning.tune()
    teller = progress.narrator()
    try:
        teller.doing("starting")
        if presentation.sender:
            _declared(presentation)

        async def work(heard: interruption.Interruption) -> "Result":
            # Code and reference data are loaded while the database starts: neither needs the other.
            loading = asyncio.create_task(asyncio.to_thread(_loaded, settings, teller))
            async with opened(settings, teller.doing) as database:
                reference = await loading
                from ingest.intake import Order
                from service import app

                order = Order(_presentable(files), _declared(presentation), presentation.again)
                return await app.process(app.Where(settings, database, reference), order, heard, teller)

        return interruption.run(work)
    finally:
        teller.close()


def _loaded(settings: Settings, teller: progress.Narrator) -> "Reference":
    warmup.load(teller)
    from service import app

    return app.reference_of(settings)


def _declared(presentation: Presentation) -> "Envelope":
    from ingest.envelope import Envelope, checked

    try:
        return checked(Envelope(sender=presentation.sender), "--sender")
    except InputError as error:
        raise Misuse(str(error)) from error


def _presentable(files: Sequence[Path]) -> list[Path]:
    """All but the manifests and imputation files that stand beside their file: they are read with it."""
    return [path for path in files if not ((name := _described(path)) and path.with_name(name).exists())]


def _described(path: Path) -> str:
    """The name of the file that this one stands beside; empty when it is one of its own."""
    from ingest.companions import described

    is_manifest = path.name.endswith(_MANIFEST)
    return path.name.removesuffix(_MANIFEST) if is_manifest else described(path.name)
