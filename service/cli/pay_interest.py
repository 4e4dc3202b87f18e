"""``crescendo pay interest``: what is due to those who were paid late, proposed without their asking."""

import asyncio
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.money import euros
from service.cli.options import HERE, Json, Place
from service.cli.time_options import Moment, moment
from service.database.connect import opened
from service.engine import process_tuning
from service.terminal import console, processing_progress, signals

if TYPE_CHECKING:
    from service.engine.late_interest import Claimed, How
    from service.settings import Settings

EXIT_REFUSED = 1


def interest(
    *,
    at: Moment = "",
    dry: Annotated[
        bool,
        Parameter(name="--dry-run", negative="", show_default=False, help="Only say what would be proposed."),
    ] = False,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Propose late interest and compensation for all that was debited behind the end of its term.

    What is proposed enters the journal as requests of their own, with credits of their own, and the next payment run pays
    it at once. What was claimed before, by whomever, is not claimed again. Whenever it is stopped or killed, the same
    command goes on.

    Exit codes: 0 done; 1 some of it was refused, as where credits lack, or nothing was proposed, as the day lies in no open
    period; 2 wrong usage; 3 the engine cannot go on; 130 interrupted.
    """
    from service.engine.late_interest import How

    found = claimed(place.settings(), How(moment(at), dry))
    if json:
        console.as_json(found)
    else:
        tell(found, dry=dry)
    if found.is_interrupted:
        console.note("Stopped in good order, nothing is lost: the same command goes on from here.")
        return signals.EXIT_INTERRUPTED
    return EXIT_REFUSED if found.waits or (found.posted and found.posted.reasons) else 0


def claimed(settings: "Settings", how: "How") -> "Claimed":
    """Propose late interest with progress on standard error."""
    from service.engine import file_processing, kernel_warmup, late_interest

    process_tuning.tune()
    teller = processing_progress.narrator()

    async def work(heard: signals.Interruption) -> "Claimed":
        async with opened(settings, teller.doing) as database:
            await asyncio.to_thread(kernel_warmup.load, teller)
            where = file_processing.Where(
                settings, database, await asyncio.to_thread(file_processing.reference_of, settings)
            )
            return await late_interest.claim(where, how, heard, teller)

    try:
        return signals.run(work)
    finally:
        teller.close()


def tell(found: "Claimed", *, dry: bool = False) -> None:
    """Write what was proposed."""
    from service.cli.processing_report import reasons

    if found.earlier:
        console.say(
            f"Proposed by a call that was stopped, and decided now: {console.count(found.earlier, 'line')}."
        )
    if found.payments:
        done = "to propose" if dry or found.waits or not found.posted else "proposed"
        console.say(
            f"Late interest {done} on {console.count(found.payments, 'request')}: "
            f"{euros(found.cents)} euros. Due for them in all: {euros(found.interest_cents)} of interest, "
            f"{euros(found.compensation_cents)} of compensation."
        )
    elif not found.waits:
        console.say("Nothing was paid late that interest is not claimed for.")
    if found.waits:
        console.say(f"Late interest was not proposed: {found.waits}")
    if found.posted and found.posted.reasons:
        console.show(reasons(found.posted.reasons))
