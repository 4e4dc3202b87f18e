"""What every handler works with."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import InputError
from core.stage_timing import Stages
from ingest.queue.admission import Admitted
from ingest.queue.inbox import Inbox
from ingest.spool.spool import Spooled
from monitoring.service_metrics import Board
from reporting.code_labels import Codes
from reporting.code_names import Names, read_names
from service.auth.api_keys import Caller
from service.auth.perimeter import Perimeter
from service.auth.sender_pauses import Pauses
from service.database.index_maintenance import Upkeep
from service.http import upload_headers
from service.http.journal_queries import Journal
from service.http.problems import Problem, busy, paused
from service.http.quotas import FILES_WAITING, FORMS_WAITING, REHEARSALS, Queued, Room
from service.http.request_body import Receiver
from service.http.submission_queries import Pool, borrowed
from service.http.submission_waiters import Waiters
from service.http.validation_pool import Proving

FORMS_WAITING_MAX = 20_000
FORM_BYTES_MAX = 2**26
"""Forms that may wait for their turn, and bytes of all that are on their way or wait for their answer; read, a form takes
some three times its bytes."""

FILES_WAITING_MAX = 2_000
"""Submissions that may wait for their turn; each costs a few hundred bytes of memory."""

REHEARSALS_MAX = 50
"""Dry runs that may wait: each is decided by itself."""

FILES_PAUSED_MAX = 200
"""Of them, those of one paused sender: it must not fill the room of the others."""

FILES_MOST = Queued(FILES_WAITING_MAX, FILES_WAITING)
FORMS_MOST = Queued(FORMS_WAITING_MAX, FORMS_WAITING)
REHEARSALS_MOST = Queued(REHEARSALS_MAX, REHEARSALS)


@dataclass(slots=True)
class Desk:
    """The parts behind the handlers, and whether they are open."""

    inbox: Inbox
    receiver: Receiver
    pool: Pool
    codes: Codes
    file_bytes_max: int
    board: Board
    stages: Stages
    pauses: Pauses
    journal: Journal
    shows_metrics_to_all: bool = False
    proving: Proving = field(default_factory=Proving)
    form_room: Room = field(default_factory=lambda: Room(FORM_BYTES_MAX))
    waiters: Waiters = field(default_factory=Waiters)
    upkeep: Upkeep = field(default_factory=Upkeep)
    is_ready: bool = False
    is_draining: bool = False
    _names: Names | None = None
    drained: list[Callable[[], None]] = field(default_factory=list)
    """Called when the service begins to drain."""

    def check_open(self) -> None:
        """Whether something new can be taken in.

        Raises
        ------
        Problem
            Starting or stopping.
        """
        if self.is_draining:
            raise busy("The service is stopping; send it again in a moment")
        if not self.is_ready:
            raise busy("The service is starting")

    def check_sender(self, sender: str, *, is_file: bool) -> None:
        """Whether a sender's work is taken: a paused one's files wait while there is room, its forms cannot.

        Files and forms have each their room, and a sender half of either.  What is on its way in is not counted.

        Raises
        ------
        Problem
            An operator has paused it, or as many wait as can, of all or of this sender.
        """
        reason = self.inbox.paused.get(sender)
        if reason is not None and not (is_file and self.inbox.files.aside(sender) < FILES_PAUSED_MAX):
            raise paused(sender, reason)
        if is_file:
            FILES_MOST.check(len(self.inbox.files), self.inbox.files.of(sender))
        else:
            FORMS_MOST.check(self.inbox.forms_waiting(), self.inbox.forms_waiting(sender))

    def check_rehearsals(self, sender: str) -> None:
        """Whether there is room for one more dry run, and for one more of this sender.

        Raises
        ------
        Problem
            There is none.
        """
        REHEARSALS_MOST.check(self.inbox.rehearsals(), self.inbox.rehearsals(sender))

    async def admit(self, spooled: Spooled, media: str, who: Caller, *, again: bool) -> Admitted:
        """Hold a spooled file against what was said of it and what ``who`` may send, and give it a number.

        Raises
        ------
        InputError, Problem
            The file is refused whole, and is gone.
        """
        try:
            return await self._admitted(spooled, media, who, again=again)
        except InputError as error:
            error.batch_id = spooled.envelope.batch_id
            raise

    async def _admitted(self, spooled: Spooled, media: str, who: Caller, *, again: bool) -> Admitted:
        admission = self.inbox.admission
        try:
            upload_headers.agree(spooled, media)
            if who.programmes and await admission.known(spooled.identity, again=again) is not None:
                # what became of a known file is told at once: it must lie where the key may look
                await admission.prove(spooled, Perimeter(who))
        except (InputError, Problem):
            await admission.refuse(spooled)
            raise
        return await admission.admit(spooled, Perimeter(who), again=again)

    async def names(self) -> Names:
        """What the numbers of the journal stand for."""
        if self._names is not None:
            return self._names
        is_loaded = self.is_ready  # a book that is being loaded may still give numbers to new codes
        async with borrowed(self.pool) as connection:
            found = await read_names(connection, self.codes)
        self._names = found if is_loaded else None
        return found

    def drain(self) -> None:
        """Take nothing new; who waits is answered with how far it is."""
        self.is_draining = True
        self.waiters.close()
        for each in self.drained:
            each()
