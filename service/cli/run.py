"""``crescendo run``: process files to the end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from core.errors import InputError
from ingest.sidecars import by_themselves
from service.cli.options import FILES, HERE, Json, Place
from service.database.connect import opened
from service.engine import kernel_warmup, process_tuning
from service.settings import Misuse, Settings
from service.terminal import console, processing_progress, signals

if TYPE_CHECKING:
    from ingest.spool.envelope import Envelope
    from posting.book.registry import Reference
    from service.engine.file_processing import Result

EXIT_REFUSED = 1


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
    atomic: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Accept all acts of a file or none, each file for itself; up to 50,000 lines.",
        ),
    ] = False

    dry_run: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Say what would become of the files, were they run now, and store nothing; up to 1,000,000 lines.",
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
    if presentation.dry_run:
        return _tried(place.settings(), files, presentation, json=json)
    result = process(place.settings(), files, presentation)
    if json:
        console.as_json(result)
    else:
        from service.cli import processing_report

        processing_report.tell(result)
    if result.is_interrupted:
        console.note("Stopped in good order, nothing is lost: the same command goes on from here.")
        return signals.EXIT_INTERRUPTED
    return EXIT_REFUSED if result.rejected or result.lost else 0


def _tried(settings: Settings, files: Sequence[Path], presentation: Presentation, *, json: bool) -> int:
    outlook = _worked(settings, files, presentation, is_dry=True)
    if json:
        console.as_json(outlook)
    else:
        from service.cli import processing_report

        processing_report.tell_outlook(outlook)
    return EXIT_REFUSED if outlook.rejected else 0


def process(settings: Settings, files: Sequence[Path], presentation: Presentation) -> "Result":
    """Run ``files`` with a bar or lines of progress on standard error."""
    return _worked(settings, files, presentation, is_dry=False)


def _worked(settings: Settings, files: Sequence[Path], presentation: Presentation, *, is_dry: bool) -> Any:
    process_tuning.tune()
    teller = processing_progress.narrator()
    try:
        teller.doing("starting")
        if presentation.sender:
            _declared(presentation)

        async def work(heard: signals.Interruption) -> Any:
            # Code and reference data are loaded while the database starts: neither needs the other.
            loading = asyncio.create_task(asyncio.to_thread(_loaded, settings, teller))
            async with opened(settings, teller.doing) as database:
                reference = await loading
                from ingest.queue.file_feed import Order
                from service.engine import dry_run, file_processing

                order = Order(by_themselves(files), _declared(presentation), presentation.again)
                where = file_processing.Where(settings, database, reference)
                if is_dry:
                    return await dry_run.try_out(where, order, teller)
                return await file_processing.process(where, order, heard, teller)

        return signals.run(work)
    finally:
        teller.close()


def _loaded(settings: Settings, teller: processing_progress.Narrator) -> "Reference":
    kernel_warmup.load(teller)
    from service.engine import file_processing

    return file_processing.reference_of(settings)


def _declared(presentation: Presentation) -> "Envelope":
    from ingest.spool.envelope import Envelope, checked

    try:
        return checked(Envelope(sender=presentation.sender, atomic=presentation.atomic), "--sender")
    except InputError as error:
        raise Misuse(str(error)) from error
